//! `kortteli blocks`

use crate::arguments::BlocksArguments;
use crate::progress;
use crate::words::{bytes, counted, say, time};
use anyhow::Context;
use blocks::export::{Options, Summary, export, export_with_grid};
use blocks::palette::Palette;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use store::Collection;

/// Writes a block world.
pub(crate) fn run(arguments: &BlocksArguments) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let collection = crate::collection::open(&arguments.store, arguments.collection.as_deref())?;
    let bar = progress::chunks();
    let shown = bar.clone();
    let mut options = Options::new()?;
    options.layers.clone_from(&arguments.layers);
    options.height_offset = arguments.height_offset;
    options.area_limit_km2 = arguments.area_limit;
    if let Some(path) = &arguments.palette {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        options.palette = Palette::from_json(&text).with_context(|| path.display().to_string())?;
    }
    options.progress = Some(Arc::new(move |at: blocks::export::Progress| {
        shown.set_length(at.total);
        shown.set_position(at.chunks);
        ControlFlow::Continue(())
    }));
    let written = write(&collection, arguments, &options);
    bar.finish_and_clear();
    let summary = written?;
    let [x, y, z] = summary.spawn;
    say(&format!(
        "{}: {} of {} in {}, {} in {}\n\
         Players begin at {x}, {y}, {z}. Block 0, 0 is at easting {}, northing {}; y is the height {:+} m.\n\
         Unzip it into the game's saves folder.\n",
        arguments.output.display(),
        counted(summary.blocks, "block", "blocks"),
        counted(summary.objects, "object", "objects"),
        counted(summary.chunks, "chunk", "chunks"),
        bytes(std::fs::metadata(&arguments.output).map_or(0, |metadata| metadata.len())),
        time(begun.elapsed()),
        summary.e0,
        summary.n0,
        summary.height_offset,
    ));
    Ok(ExitCode::SUCCESS)
}

/// Writes beside the target and renames: a world that is cut off half-way is not left in its place.
fn write(collection: &Collection, arguments: &BlocksArguments, options: &Options) -> anyhow::Result<Summary> {
    let mut temporary = arguments.output.clone().into_os_string();
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    let file = File::create(temporary).with_context(|| format!("cannot write {}", temporary.display()))?;
    let out = BufWriter::new(file);
    let exported = match &arguments.dump_grid {
        None => export(collection, arguments.bbox.0, options, out),
        Some(path) => {
            let grid = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
            let mut grid = BufWriter::new(grid);
            let exported = export_with_grid(collection, arguments.bbox.0, options, out, &mut grid);
            grid.flush()
                .with_context(|| format!("cannot write {}", path.display()))?;
            exported
        }
    };
    if exported.is_err() {
        let _ = std::fs::remove_file(temporary);
    }
    let summary = exported?;
    let output = &arguments.output;
    std::fs::rename(temporary, output).with_context(|| format!("cannot write {}", output.display()))?;
    Ok(summary)
}
