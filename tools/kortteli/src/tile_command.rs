//! `kortteli tile`

use crate::arguments::{Axis, Encoding, Heights, TileArguments};
use crate::progress::Bars;
use crate::report;
use crate::words::say;
use anyhow::Context;
use citygml::Report;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use store::{Publisher, RealFiles};
use tiles::glb;

/// Tiles and publishes, once or in both encodings.
pub(crate) fn run(arguments: &TileArguments) -> anyhow::Result<ExitCode> {
    let plain = || format!("{}-plain", arguments.collection);
    let runs = match arguments.encoding {
        Encoding::Compact => vec![(arguments.collection.clone(), glb::Encoding::Compact)],
        Encoding::Plain => vec![(arguments.collection.clone(), glb::Encoding::Plain)],
        Encoding::Both => vec![
            (arguments.collection.clone(), glb::Encoding::Compact),
            (plain(), glb::Encoding::Plain),
        ],
    };
    for (collection, encoding) in runs {
        tile(arguments, &collection, encoding)?;
    }
    say(&format!("Next: kortteli serve {}\n", arguments.output.display()));
    Ok(ExitCode::SUCCESS)
}

fn tile(arguments: &TileArguments, collection: &str, encoding: glb::Encoding) -> anyhow::Result<()> {
    let begun = Instant::now();
    // A wrong input is found before anything is made for it.
    for input in &arguments.inputs {
        std::fs::metadata(input).with_context(|| format!("cannot read {}", input.display()))?;
    }
    let (found, bars) = (Report::new(), Bars::new());
    let publisher = Publisher::begin(&arguments.output, collection, Arc::new(RealFiles))?.with_brotli(arguments.brotli);
    let directory = publisher.directory().to_path_buf();
    let tiled = tiler::tile(
        &arguments.inputs,
        &options(arguments, encoding),
        publisher,
        &found,
        &bars,
    );
    bars.finish();
    let message = tiled.as_ref().map_err(ToString::to_string);
    let outcome = message.as_ref().map(|summary| *summary).map_err(String::as_str);
    let document = report::document(&arguments.inputs, outcome, &found, begun.elapsed());
    report::write(&directory, &document)?;
    match tiled {
        Ok(summary) => {
            say(&report::summary(collection, &summary, &found, begun.elapsed()));
            Ok(())
        }
        Err(error) => {
            eprint!("{}", report::warnings(&found));
            Err(error.into())
        }
    }
}

fn options(arguments: &TileArguments, encoding: glb::Encoding) -> tiler::Options {
    tiler::Options {
        title: arguments.title.clone(),
        tile_bytes: arguments.tile_bytes,
        tileset_tiles: arguments.tileset_tiles,
        geoid: arguments.geoid.clone(),
        heights: match arguments.heights {
            Heights::Geoid => tiler::Heights::Declared,
            Heights::Ellipsoidal => tiler::Heights::Ellipsoidal,
        },
        axis: match arguments.axis {
            Axis::Auto => tiler::Axis::Detect,
            Axis::EastNorth => tiler::Axis::EastNorth,
            Axis::NorthEast => tiler::Axis::NorthEast,
        },
        encoding,
        threads: arguments.threads,
        memory: arguments.memory.or_else(half_of_memory),
        temp: arguments.temp.clone(),
        strict: arguments.strict,
        lod: arguments.lod,
        source_crs: arguments.crs.clone(),
        attribution: arguments.attribution.clone(),
        license: arguments.license.clone(),
    }
}

/// Half of the memory that this process may have (of the machine's, or of its control group's), in bytes; `None` where that is not known.
fn half_of_memory() -> Option<u64> {
    let system = sysinfo::System::new_with_specifics(
        sysinfo::RefreshKind::nothing().with_memory(sysinfo::MemoryRefreshKind::nothing().with_ram()),
    );
    let limit = system.cgroup_limits().map(|limits| limits.total_memory);
    let least = limit
        .into_iter()
        .chain([system.total_memory()])
        .filter(|bytes| *bytes > 0)
        .min();
    least.map(|bytes| bytes / 2)
}
