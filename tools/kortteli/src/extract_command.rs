//! `kortteli extract`

use crate::arguments::{ExtractArguments, Membership};
use crate::progress;
use crate::words::{bytes, counted, say, time};
use anyhow::Context;
use extract::{Extract, Limits, Lod, Objects, Request, extract};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Writes a box of a city as a GLB.
pub(crate) fn run(arguments: &ExtractArguments) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let collection = crate::collection::open(&arguments.store, arguments.collection.as_deref())?;
    let bar = progress::tiles();
    let shown = bar.clone();
    let request = Request {
        lod: if arguments.lod == 1 { Lod::One } else { Lod::Two },
        origin: arguments.origin.map(|origin| origin.0),
        layers: arguments.layers.clone(),
        objects: match arguments.objects {
            Membership::Centred => Objects::Centred,
            Membership::Touching => Objects::Touching,
        },
        limits: Limits {
            area_km2: arguments.area_limit,
            ..Limits::default()
        },
        progress: Some(Arc::new(move |at: extract::Progress| {
            shown.set_length(at.total);
            shown.set_position(at.tiles);
            ControlFlow::Continue(())
        })),
        ..Request::new(arguments.bbox.0)
    };
    let extracted = extract(&collection, &request);
    bar.finish_and_clear();
    let extracted = extracted?;
    write(&extracted.glb, &arguments.output)?;
    say(&summary(&extracted, &arguments.output, begun));
    Ok(ExitCode::SUCCESS)
}

/// Writes beside the target and renames: a file that is cut off half-way is not left in its place.
fn write(glb: &[u8], output: &Path) -> anyhow::Result<()> {
    let mut temporary = output.to_path_buf().into_os_string();
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    let written = std::fs::write(temporary, glb).and_then(|()| std::fs::rename(temporary, output));
    if written.is_err() {
        let _ = std::fs::remove_file(temporary);
    }
    written.with_context(|| format!("cannot write {}", output.display()))
}

fn summary(extracted: &Extract, output: &Path, begun: Instant) -> String {
    let layers: Vec<String> = extracted
        .layers
        .iter()
        .map(|(name, objects)| format!("{name} {objects}"))
        .collect();
    let [lon, lat, height] = extracted.origin;
    format!(
        "{}: {}, {} in {}\n\
         Objects: {}.\n\
         Metres; x is east, y up, z south. The origin is --origin {lon},{lat},{height}: give it to the neighbours of this box, and they fit.\n",
        output.display(),
        counted(extracted.triangles as u64, "triangle", "triangles"),
        bytes(extracted.glb.len() as u64),
        time(begun.elapsed()),
        layers.join(", "),
    )
}
