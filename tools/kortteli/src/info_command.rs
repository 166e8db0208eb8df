//! `kortteli info`

use crate::arguments::InfoArguments;
use crate::words::{bytes, counted, grouped, say};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use store::info::LayerFigures;
use store::{Collection, CollectionFigures};
use tiles::mesh::TileContent;

/// Says what is in a store, a collection or a tile.
pub(crate) fn run(arguments: &InfoArguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.path;
    let kind = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if kind.is_file() {
        tile(path, arguments.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (collections, errors) = if path.join("tileset.json").is_file() {
        (vec![Collection::open(path)?], Vec::new())
    } else {
        store::collections(path)
    };
    if collections.is_empty() && errors.is_empty() {
        bail!(
            "{} holds no collection; name the directory that was given to `kortteli tile -o`",
            path.display()
        );
    }
    let figures: Vec<CollectionFigures> = collections.iter().map(store::figures).collect::<Result<_, _>>()?;
    if arguments.json {
        say(&format!("{:#}\n", json!({ "collections": figures })));
    } else {
        for figures in &figures {
            say(&text(figures));
        }
    }
    for error in &errors {
        eprintln!("error: {error}");
    }
    Ok(if errors.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn text(figures: &CollectionFigures) -> String {
    let mut text = format!("{}: {}\n", figures.name, figures.title);
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "  {name:12} {value}");
    };
    for credit in &figures.attribution {
        line("credit", credit);
    }
    line("licence", figures.license.as_deref().unwrap_or("not stated"));
    for source in &figures.sources {
        line("source", &format!("{}, {}", source.name, bytes(source.length)));
    }
    if let Some(date) = &figures.source_date {
        line("source date", date);
    }
    if let Some([west, south, lowest, east, north, highest]) = figures.extent {
        line(
            "extent",
            &format!("{west:.6}, {south:.6} to {east:.6}, {north:.6} degrees"),
        );
        line("heights", &format!("{lowest:.1} to {highest:.1} m above the ellipsoid"));
    }
    line("coordinates", &coordinates(figures));
    line("objects", &amounts(&figures.counts));
    if !figures.warnings.is_empty() {
        line("warnings", &amounts(&figures.warnings));
    }
    for layer in &figures.layers {
        line("layer", &layer_text(layer));
    }
    if let Some(each) = figures.bytes_per_building {
        let (plain, brotli) = (grouped(each.plain), grouped(each.brotli));
        line(
            "a building",
            &format!("{plain} bytes in the tiles of all levels, {brotli} as sent with Brotli"),
        );
    }
    let sizes = figures.bytes;
    line(
        "size",
        &format!(
            "{} in {}, {} with their compressed forms",
            bytes(sizes.plain),
            counted(figures.files, "file", "files"),
            bytes(sizes.stored)
        ),
    );
    let generations = counted(figures.generations.len() as u64, "generation", "generations");
    line(
        "on disk",
        &format!("{} in {generations}", bytes(figures.directory_bytes)),
    );
    line("published by", &figures.generator);
    text
}

fn coordinates(figures: &CollectionFigures) -> String {
    let name = if figures.crs.is_empty() {
        "not stated"
    } else {
        &figures.crs
    };
    match figures.crs_error {
        Some(error) => format!(
            "{name}; the way back from the tiles is off by {:.3} mm at most",
            error * 1000.0
        ),
        None => format!("{name}; there is no way back from the tiles"),
    }
}

fn amounts(counts: &BTreeMap<String, u64>) -> String {
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{} {name}", grouped(*count)))
        .collect();
    if counts.is_empty() {
        "none".to_owned()
    } else {
        counts.join(", ")
    }
}

fn layer_text(layer: &LayerFigures) -> String {
    format!(
        "{}: {}, {} on {}, {} ({} with Brotli), geometric error up to {:.1} m",
        layer.name,
        counted(layer.features, "feature", "features"),
        counted(layer.tiles, "tile", "tiles"),
        counted(layer.levels, "level", "levels"),
        bytes(layer.bytes.plain),
        bytes(layer.bytes.brotli),
        layer.max_geometric_error,
    )
}

/// Says what is in one tile.
fn tile(path: &Path, as_json: bool) -> anyhow::Result<()> {
    let encoded = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let content =
        tiles::glb::decode(&encoded).with_context(|| format!("{} is not a tile that can be read", path.display()))?;
    let document = tile_document(&content, encoded.len());
    if as_json {
        say(&format!("{document:#}\n"));
        return Ok(());
    }
    let number = |name: &str| document[name].as_u64().unwrap_or_default();
    say(&format!(
        "{}: {}, {}, {}, {}\n",
        path.display(),
        bytes(number("bytes")),
        counted(number("triangles"), "triangle", "triangles"),
        counted(number("vertices"), "vertex", "vertices"),
        counted(number("features"), "feature", "features"),
    ));
    say(&format!("  objects      {}\n", amounts(&kinds(&content))));
    say(&format!("  stands for   {}\n", grouped(number("standsFor"))));
    say(&format!("  credit       {}\n", content.copyright));
    Ok(())
}

fn tile_document(content: &TileContent, length: usize) -> Value {
    json!({
        "bytes": length,
        "vertices": content.mesh.positions.len(),
        "triangles": content.mesh.indices.len() / 3,
        "features": content.features.len(),
        "standsFor": content.features.iter().map(|feature| u64::from(feature.merged)).sum::<u64>(),
        "kinds": kinds(content),
        "origin": content.mesh.origin.to_array(),
        "copyright": content.copyright,
    })
}

fn kinds(content: &TileContent) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for feature in &content.features {
        *kinds.entry(feature.kind.clone()).or_default() += 1;
    }
    kinds
}
