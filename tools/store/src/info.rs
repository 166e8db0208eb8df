//! What a collection consists of, in figures.
//!
//! Whoever runs a server wants to know how large a city is and what makes it large; whoever takes a city over wants to
//! know where it is from and under which terms. All of it is in the manifest and the tilesets, but not in words.

use crate::collection::content_name;
use crate::generations::Generations;
use crate::publisher::FILES;
use crate::{Coding, Collection, Error, FileEntry, Source};
use serde::Serialize;
use std::collections::BTreeMap;
use tiles::tileset::{LayerInfo, Tile, Tileset};

/// The layer whose features are counted as buildings.
const BUILDINGS: &str = "buildings";
/// Deeper trees than this are a loop of tilesets that refer to one another.
const DEEPEST: usize = 64;

/// Lengths of files, three ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lengths {
    /// Bytes of the files themselves.
    pub plain: u64,
    /// Bytes as most browsers are sent them: the Brotli form where there is one.
    pub brotli: u64,
    /// Bytes on the disk: the files and all of their compressed forms.
    pub stored: u64,
}

impl Lengths {
    fn add(&mut self, entry: &FileEntry) {
        let brotli = entry.codings.iter().find(|coded| coded.coding == Coding::Br);
        self.plain += entry.length;
        self.brotli += brotli.map_or(entry.length, |coded| coded.length);
        self.stored += entry.length + entry.codings.iter().map(|coded| coded.length).sum::<u64>();
    }
}

/// One layer's tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerFigures {
    /// The layer's name.
    pub name: String,
    /// How many features it holds.
    pub features: u64,
    /// How many tiles with a mesh.
    pub tiles: u64,
    /// How many of them lie above one another at most.
    pub levels: u64,
    /// Their lengths.
    pub bytes: Lengths,
    /// The largest geometric error of a tile with a mesh, in metres.
    pub max_geometric_error: f64,
}

/// A collection in figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CollectionFigures {
    /// The collection's name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// The program and version that published it.
    pub generator: String,
    /// Whom to credit.
    pub attribution: Vec<String>,
    /// The licence as a link.
    pub license: Option<String>,
    /// The input files.
    pub sources: Vec<Source>,
    /// Newest date of the sources, as RFC 3339.
    pub source_date: Option<String>,
    /// The coordinate reference system the city was given in.
    pub crs: String,
    /// How far the way back from the tiles to those coordinates is off at worst, in metres; `None` if there is none.
    pub crs_error: Option<f64>,
    /// West, south, lowest, east, north, highest of all features: degrees, and metres above the ellipsoid.
    pub extent: Option<[f64; 6]>,
    /// How many objects of each kind.
    pub counts: BTreeMap<String, u64>,
    /// Warnings of the tiling by code.
    pub warnings: BTreeMap<String, u64>,
    /// The layers in drawing order.
    pub layers: Vec<LayerFigures>,
    /// How many files the generation has, without their compressed forms.
    pub files: u64,
    /// Lengths of all of them.
    pub bytes: Lengths,
    /// Lengths of the buildings' tiles of all levels, divided by the number of buildings.
    pub bytes_per_building: Option<Lengths>,
    /// The manifests of the generations that can be read, newest first.
    pub generations: Vec<String>,
    /// Bytes of all files in the collection's directory, those of earlier generations too.
    pub directory_bytes: u64,
}

/// The figures of an open collection.
///
/// # Errors
/// [`Error::Io`] and [`Error::Json`] for a tileset that does not read, [`Error::Io`] if the directory cannot be listed.
pub fn figures(collection: &Collection) -> Result<CollectionFigures, Error> {
    let (manifest, pointer) = (collection.manifest(), collection.pointer());
    let layers: Vec<LayerFigures> = pointer
        .layers
        .iter()
        .map(|layer| layer_figures(collection, layer))
        .collect::<Result<_, _>>()?;
    let mut bytes = Lengths::default();
    for entry in manifest.files.values() {
        bytes.add(entry);
    }
    let generations = Generations::from(collection.directory(), &pointer.manifest);
    Ok(CollectionFigures {
        name: collection.name().to_owned(),
        title: pointer.title.clone(),
        generator: manifest.generator.clone(),
        attribution: manifest.attribution.clone(),
        license: manifest.license.clone(),
        sources: manifest.sources.clone(),
        source_date: manifest.source_date.clone(),
        crs: manifest.crs.clone(),
        crs_error: pointer.crs.as_ref().map(tiles::crs::FittedCrs::max_error),
        extent: manifest.extent,
        counts: manifest.counts.clone(),
        warnings: manifest.warnings.clone(),
        bytes_per_building: layers.iter().find(|layer| layer.name == BUILDINGS).and_then(share),
        layers,
        files: manifest.files.len() as u64,
        bytes,
        generations: generations.map(|(name, _)| name).collect(),
        directory_bytes: directory_bytes(collection)?,
    })
}

fn layer_figures(collection: &Collection, layer: &LayerInfo) -> Result<LayerFigures, Error> {
    let mut figures = LayerFigures {
        name: layer.name.clone(),
        features: layer.count,
        tiles: 0,
        levels: 0,
        bytes: Lengths::default(),
        max_geometric_error: 0.0,
    };
    if let Some(name) = content_name(&layer.tileset) {
        let tileset = tileset(collection, name)?;
        add_tile(collection, &tileset.root, 0, 0, &mut figures)?;
    }
    Ok(figures)
}

/// Adds a tile and those below it. `level` counts the tiles with a mesh above it, `depth` the tilesets.
fn add_tile(
    collection: &Collection,
    tile: &Tile,
    level: u64,
    depth: usize,
    figures: &mut LayerFigures,
) -> Result<(), Error> {
    let mut below = level;
    let name = tile.content.as_ref().map(|content| content.uri.as_str());
    if let Some((name, entry)) = name.and_then(|name| Some((name, collection.file(name)?))) {
        if std::path::Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            if depth < DEEPEST {
                let external = tileset(collection, name)?;
                add_tile(collection, &external.root, level, depth + 1, figures)?;
            }
        } else {
            below += 1;
            figures.tiles += 1;
            figures.bytes.add(entry);
            figures.levels = figures.levels.max(below);
            figures.max_geometric_error = figures.max_geometric_error.max(tile.geometric_error);
        }
    }
    tile.children
        .iter()
        .try_for_each(|child| add_tile(collection, child, below, depth, figures))
}

fn tileset(collection: &Collection, name: &str) -> Result<Tileset, Error> {
    let bytes = collection.read(name, Coding::Identity)?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Json {
        path: collection.directory().join(FILES).join(name),
        source,
    })
}

fn share(layer: &LayerFigures) -> Option<Lengths> {
    let each = |bytes: u64| bytes.checked_div(layer.features);
    Some(Lengths {
        plain: each(layer.bytes.plain)?,
        brotli: each(layer.bytes.brotli)?,
        stored: each(layer.bytes.stored)?,
    })
}

fn directory_bytes(collection: &Collection) -> Result<u64, Error> {
    let mut bytes = 0;
    for place in [collection.directory().to_path_buf(), collection.directory().join(FILES)] {
        let failed = |source| Error::Io {
            what: "cannot list",
            path: place.clone(),
            source,
        };
        for entry in std::fs::read_dir(&place).map_err(failed)? {
            // A file that went meanwhile takes no place.
            let metadata = entry.map_err(failed)?.metadata().ok();
            bytes += metadata
                .filter(std::fs::Metadata::is_file)
                .map_or(0, |metadata| metadata.len());
        }
    }
    Ok(bytes)
}
