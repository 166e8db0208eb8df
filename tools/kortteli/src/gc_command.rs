//! `kortteli gc`

use crate::arguments::GcArguments;
use crate::words::{bytes, counted, say};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;
use store::gc::{CollectedWaste, WasteKind};
use store::{GcOptions, GcReport, RealFiles};

/// Removes what no kept generation needs.
pub(crate) fn run(arguments: &GcArguments) -> anyhow::Result<ExitCode> {
    let options = GcOptions {
        keep: arguments.keep,
        dry_run: arguments.dry_run,
    };
    let report = store::gc(&arguments.store, options, &RealFiles)?;
    if arguments.json {
        say(&format!("{:#}\n", document(&report, arguments.dry_run)));
    } else {
        for collection in &report.collections {
            print(collection, arguments.dry_run);
        }
        for name in &report.foreign {
            say(&format!("left {name}: it is no collection\n"));
        }
    }
    for error in &report.errors {
        eprintln!("error: {error}");
    }
    Ok(if report.errors.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn document(report: &GcReport, dry_run: bool) -> Value {
    json!({
        "dryRun": dry_run,
        "bytes": report.collections.iter().map(CollectedWaste::bytes).sum::<u64>(),
        "collections": report.collections,
        "foreign": report.foreign,
        "errors": report.errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn print(collection: &CollectedWaste, dry_run: bool) {
    let name = &collection.collection;
    let mut kinds: BTreeMap<WasteKind, (u64, u64)> = BTreeMap::new();
    for waste in &collection.removed {
        let (files, bytes) = kinds.entry(waste.kind).or_default();
        *files += 1;
        *bytes += waste.bytes;
    }
    say(&format!(
        "{name}: {} kept, {} {} {}\n",
        counted(collection.kept.len() as u64, "generation", "generations"),
        counted(collection.removed.len() as u64, "file", "files"),
        if dry_run { "would be removed," } else { "removed," },
        bytes(collection.bytes()),
    ));
    for (kind, (files, length)) in kinds {
        let (one, many) = noun(kind);
        say(&format!("  {}, {}\n", counted(files, one, many), bytes(length)));
    }
    for file in &collection.foreign {
        say(&format!("  left {name}/{file}: Kortteli did not make it\n"));
    }
}

fn noun(kind: WasteKind) -> (&'static str, &'static str) {
    match kind {
        WasteKind::Manifest => ("manifest", "manifests"),
        WasteKind::Geopackage => ("GeoPackage", "GeoPackages"),
        WasteKind::SearchIndex => ("search index", "search indexes"),
        WasteKind::Content => ("tile or tileset", "tiles and tilesets"),
        WasteKind::CodedForm => ("compressed form", "compressed forms"),
        WasteKind::Leftover => ("leftover of a broken publication", "leftovers of broken publications"),
    }
}
