//! What came of a tiling run: the closing words, and `report.json`.

use crate::words::{bytes, counted, grouped, time};
use anyhow::Context;
use citygml::{Report, Warnings};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;
use tiler::TileSummary;

/// How many examples of a warning the closing words show; `report.json` has more.
const EXAMPLES: usize = 3;

/// The report as JSON.
pub(crate) fn document(
    inputs: &[std::path::PathBuf],
    outcome: Result<&TileSummary, &str>,
    report: &Report,
    took: Duration,
) -> Value {
    let mut document = json!({
        "generator": concat!("kortteli ", env!("CARGO_PKG_VERSION")),
        "inputs": inputs.iter().map(|input| input.to_string_lossy()).collect::<Vec<_>>(),
        "outcome": if outcome.is_ok() { "published" } else { "failed" },
        "seconds": took.as_secs_f64(),
    });
    match outcome {
        Ok(summary) => {
            document["summary"] = serde_json::to_value(summary).unwrap_or_default();
            document["published"] = published(summary);
        }
        Err(error) => document["error"] = json!(error),
    }
    let found = report.to_json();
    document["warnings"] = found["warnings"].clone();
    document["notes"] = found["notes"].clone();
    document
}

fn published(summary: &TileSummary) -> Value {
    summary.published.as_ref().map_or(Value::Null, |published| {
        json!({
            "manifest": published.manifest, "features": published.features, "search": published.search,
            "featureCount": published.feature_count, "files": published.files, "newFiles": published.new_files,
            "bytes": published.bytes, "changed": published.changed,
        })
    })
}

/// Puts the report into the collection's directory, if there is one.
pub(crate) fn write(directory: &Path, document: &Value) -> anyhow::Result<()> {
    if !directory.is_dir() {
        return Ok(());
    }
    let path = directory.join("report.json");
    let temporary = directory.join("report.json.tmp");
    let text = format!("{document:#}\n");
    std::fs::write(&temporary, text).with_context(|| format!("cannot write {}", temporary.display()))?;
    std::fs::rename(&temporary, &path).with_context(|| format!("cannot write {}", path.display()))
}

/// The closing words of a run that published.
pub(crate) fn summary(collection: &str, summary: &TileSummary, report: &Report, took: Duration) -> String {
    let mut text = String::new();
    let kinds: Vec<String> = summary
        .kinds
        .iter()
        .map(|(kind, count)| format!("{} {kind}", grouped(*count)))
        .collect();
    let _ = writeln!(text, "Objects: {}", kinds.join(", "));
    if summary.left_out > 0 {
        let left_out = counted(summary.left_out, "object", "objects");
        let _ = writeln!(text, "Left out: {left_out} of which nothing can be drawn");
    }
    for operation in &summary.operations {
        let _ = writeln!(text, "Coordinates: {operation}");
    }
    levels(&mut text, summary);
    text.push_str(&warnings(report));
    if let Some(published) = &summary.published {
        let what = if published.changed {
            "Published"
        } else {
            "Nothing changed in"
        };
        let _ = writeln!(
            text,
            "{what} {collection}: {}, {} ({} new), {} in {}",
            counted(published.feature_count, "feature", "features"),
            counted(published.files, "file", "files"),
            grouped(published.new_files),
            bytes(published.bytes),
            time(took),
        );
    }
    text
}

fn levels(text: &mut String, summary: &TileSummary) {
    let mut layers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let (mut tiles, mut all) = (0, 0);
    for level in &summary.levels {
        tiles += level.tiles;
        all += level.bytes;
        let name = match level.level {
            0 => counted(level.tiles, "leaf", "leaves"),
            above => format!("{} on level {above}", grouped(level.tiles)),
        };
        let figures = format!("{name} ({})", bytes(level.bytes));
        layers.entry(level.layer).or_default().push(figures);
    }
    let _ = writeln!(text, "Tiles: {}, {}", grouped(tiles), bytes(all));
    for (layer, levels) in layers {
        let _ = writeln!(text, "  {layer}: {}", levels.join(", "));
    }
}

/// Warnings by code, with examples.
pub(crate) fn warnings(report: &Report) -> String {
    let mut text = String::new();
    let (warnings, notes) = (report.warnings(), report.notes());
    group(&mut text, "warning", "warnings", &warnings);
    group(&mut text, "note", "notes", &notes);
    text
}

fn group(text: &mut String, one: &str, many: &str, groups: &[Warnings]) {
    let total: u64 = groups.iter().map(|group| group.count).sum();
    if total == 0 {
        return;
    }
    let _ = writeln!(text, "{}:", counted(total, one, many));
    for group in groups {
        let _ = writeln!(text, "  {} {}", grouped(group.count), group.code);
        for example in group.examples.iter().take(EXAMPLES) {
            let _ = writeln!(text, "    {example}");
        }
        if group.count > EXAMPLES as u64 {
            let _ = writeln!(text, "    and {} more", grouped(group.count - EXAMPLES as u64));
        }
    }
}
