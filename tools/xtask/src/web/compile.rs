//! From crates to wasm modules with their JavaScript glue.

use super::Sources;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

/// The packages, and the name of the library that each of them makes.
const MODULES: &[(&str, &str)] = &[("kortteli-viewer", "viewer"), ("decoder", "decoder")];

/// Compiles the modules: `viewer.wasm`, `viewer.js`, `decoder.wasm`, `decoder.js`.
pub(super) fn modules(root: &Path, target_directory: &Path, release: bool) -> anyhow::Result<Sources> {
    let profile = if release { "wasm-release" } else { "wasm-dev" };
    cargo_build(root, target_directory, profile)?;
    let mut sources = Sources::new();
    for (_, library) in MODULES {
        let input = target_directory
            .join(TARGET)
            .join(profile)
            .join(format!("{library}.wasm"));
        bind(&input, release, &mut sources)?;
    }
    Ok(sources)
}

/// Runs `cargo build`. `KORTTELI_WASM_CARGO` replaces the command up to `build`, for machines whose wasm-capable Rust
/// is not the one in use.
fn cargo_build(root: &Path, target_directory: &Path, profile: &str) -> anyhow::Result<()> {
    let (program, arguments) = cargo_command()?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .arg("build")
        .args(["--lib", "--target", TARGET, "--profile", profile])
        .arg("--target-dir")
        .arg(target_directory)
        .arg("--config")
        .arg(remapped_paths(root))
        .current_dir(root);
    for (package, _) in MODULES {
        command.args(["--package", package]);
    }
    let status = command
        .status()
        .with_context(|| format!("running {}", command.get_program().display()))?;
    if !status.success() {
        bail!("the web viewer did not compile ({status})");
    }
    Ok(())
}

fn cargo_command() -> anyhow::Result<(String, Vec<String>)> {
    if let Ok(line) = std::env::var("KORTTELI_WASM_CARGO") {
        let mut words = line.split_whitespace().map(str::to_owned);
        let program = words.next().context("KORTTELI_WASM_CARGO is empty")?;
        return Ok((program, words.collect()));
    }
    require_target()?;
    Ok((
        std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
        Vec::new(),
    ))
}

/// Fails, with the command to run, when Rust's standard library for wasm is not installed.
fn require_target() -> anyhow::Result<()> {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .with_context(|| format!("running {rustc}"))?;
    let directory = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if !output.status.success() || !directory.is_dir() {
        bail!(
            "Rust's {TARGET} target is not installed. Run `rustup target add {TARGET}`, or set KORTTELI_WASM_CARGO to \
             a cargo command that has it (CONTRIBUTING.md, \"Without rustup\")"
        );
    }
    Ok(())
}

/// A cargo setting that keeps the paths of this machine out of what ships.
fn remapped_paths(root: &Path) -> String {
    let home = std::env::var("HOME").unwrap_or_default();
    let cargo_home = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let flags = [(root.display().to_string(), "kortteli"), (cargo_home, "cargo")]
        .map(|(from, to)| format!("\"--remap-path-prefix={from}={to}\""));
    format!("target.{TARGET}.rustflags=[{}]", flags.join(", "))
}

/// Adds the module, its glue, and the JavaScript that crates brought along, under names without folders.
fn bind(input: &Path, release: bool, sources: &mut Sources) -> anyhow::Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(input)
        .typescript(false)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true);
    let mut output = bindgen
        .web(true)
        .and_then(Bindgen::generate_output)
        .with_context(|| format!("binding {}", input.display()))?;
    let stem = input
        .file_stem()
        .and_then(|stem| stem.to_str())
        .context("a module without a name")?;
    let mut glue = output
        .js()
        .replace(&format!("'{stem}_bg.wasm'"), &format!("'./{stem}.wasm'"));
    for (path, script) in brought_along(&output) {
        let name = path.replace('/', "-");
        glue = glue.replace(&format!("./snippets/{path}"), &format!("./{name}"));
        sources.insert(name, script.into_bytes());
    }
    let wasm = output.wasm_mut().emit_wasm();
    sources.insert(
        format!("{stem}.wasm"),
        if release { smaller_on_the_wire(wasm)? } else { wasm },
    );
    sources.insert(format!("{stem}.js"), glue.into_bytes());
    Ok(())
}

/// Scripts of crates, by their path under `./snippets/`.
fn brought_along(output: &wasm_bindgen_cli_support::Output) -> Vec<(String, String)> {
    let inline = output.snippets().iter().flat_map(|(folder, scripts)| {
        let named = move |(number, script): (usize, &String)| (format!("{folder}/inline{number}.js"), script.clone());
        scripts.iter().enumerate().map(named)
    });
    let modules = output
        .local_modules()
        .iter()
        .map(|(path, script)| (path.clone(), script.clone()));
    inline.chain(modules).collect()
}

/// Runs `wasm-opt -O` where it is installed and keeps its answer only if that is smaller once compressed: it shrinks
/// the module but sometimes makes it compress worse.
fn smaller_on_the_wire(wasm: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let folder = std::env::temp_dir().join(format!("kortteli-wasm-opt-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let answer = optimised(&folder, &wasm);
    std::fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    let Some(optimised) = answer? else { return Ok(wasm) };
    let before = super::publish::brotli(&wasm, 9)?.len();
    let after = super::publish::brotli(&optimised, 9)?.len();
    println!(
        "wasm-opt: {} -> {} bytes, compressed {before} -> {after}",
        wasm.len(),
        optimised.len()
    );
    Ok(if after < before { optimised } else { wasm })
}

/// The module after `wasm-opt`, or `None` where that is not installed or refuses the module.
fn optimised(folder: &Path, wasm: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
    let (from, to) = (folder.join("in.wasm"), folder.join("out.wasm"));
    std::fs::write(&from, wasm).with_context(|| format!("writing {}", from.display()))?;
    let program = std::env::var("WASM_OPT").unwrap_or_else(|_| "wasm-opt".to_owned());
    let output = Command::new(&program)
        .args(["-O", "--all-features"])
        .arg(&from)
        .arg("-o")
        .arg(&to)
        .output();
    match output {
        Err(error) => println!("wasm-opt: not run ({program}: {error})"),
        Ok(output) if !output.status.success() => {
            println!(
                "wasm-opt: refused the module: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(_) => {
            return Ok(Some(
                std::fs::read(&to).with_context(|| format!("reading {}", to.display()))?,
            ));
        }
    }
    Ok(None)
}
