//! Every shader must be valid before a person's driver sees it, on every interface that we draw by.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use naga::valid::{Capabilities, ValidationFlags, Validator};
use std::collections::BTreeSet;
use viewer::shader;

fn module(program: &shader::Program) -> naga::Module {
    match naga::front::wgsl::parse_str(program.source) {
        Ok(module) => module,
        Err(error) => panic!("{}: {}", program.name, error.emit_to_string(program.source)),
    }
}

#[test]
fn every_program_is_valid_without_any_optional_capability() {
    for program in &shader::ALL {
        let module = module(program);
        let mut validator = Validator::new(ValidationFlags::all(), Capabilities::empty());
        if let Err(error) = validator.validate(&module) {
            panic!("{}: {}", program.name, error.emit_to_string(program.source));
        }
        let names: BTreeSet<_> = module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
        assert!(names.contains("vertex"), "{} has a vertex stage", program.name);
    }
}

#[test]
fn no_program_needs_what_webgl2_lacks() {
    for program in &shader::ALL {
        let module = module(program);
        for (_, global) in module.global_variables.iter() {
            let allowed = matches!(global.space, naga::AddressSpace::Uniform | naga::AddressSpace::Handle);
            assert!(allowed, "{}: {:?} is {:?}", program.name, global.name, global.space);
        }
        // 16 KiB is the least that WebGL2 and WebGPU promise of a uniform block.
        let mut layouter = naga::proc::Layouter::default();
        layouter.update(module.to_ctx()).unwrap();
        for (_, global) in module.global_variables.iter() {
            if global.space == naga::AddressSpace::Uniform {
                assert!(layouter[global.ty].size <= 16 << 10, "{}", program.name);
            }
        }
    }
}

#[test]
fn every_file_of_the_folder_is_part_of_a_program() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shaders");
    let mut files = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let used = shader::ALL.iter().any(|program| program.source.contains(&text));
        assert!(used, "{} is in no program", path.display());
        files += 1;
    }
    assert!(files >= shader::ALL.len());
}
