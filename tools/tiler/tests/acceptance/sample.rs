//! The sample city, tiled.

use citygml::Report;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Coding, Collection};
use tempfile::TempDir;
use tiler::{Options, Silent, TileSummary, tile};
use tiles::mesh::TileContent;
use tiles::tileset::{Tile, Tileset};

pub struct City {
    folder: TempDir,
    pub summary: TileSummary,
    pub report: Report,
}

impl City {
    pub fn collection(&self) -> Collection {
        Collection::open(&self.folder.path().join("helsinki")).unwrap()
    }
}

fn sample() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples/helsinki");
    ["helsinki-centre.gml.gz", "helsinki-centre-context.gml.gz"]
        .map(|name| folder.join(name))
        .to_vec()
}

pub fn tiled(threads: usize) -> City {
    let folder = tempfile::tempdir().unwrap();
    let (summary, report) = tile_into(folder.path(), threads);
    City {
        folder,
        summary,
        report,
    }
}

fn tile_into(folder: &Path, threads: usize) -> (TileSummary, Report) {
    let options = Options {
        tile_bytes: 48 * 1024,
        threads: Some(threads),
        ..Options::default()
    };
    let report = Report::new();
    let publisher = store::Publisher::begin(folder, "helsinki", Arc::new(store::RealFiles)).unwrap();
    let summary = tile(&sample(), &options, publisher, &report, &Silent).unwrap();
    (summary, report)
}

/// The sample as this very program tiles it: made once, whichever test comes first, because each test is a process of its own.
pub fn shared() -> Collection {
    let program = std::env::current_exe().unwrap();
    let made = std::fs::metadata(&program).unwrap().modified().unwrap();
    let age = made.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("sample-{age}"));
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    if !folder.exists() {
        let unfinished = folder.with_extension("part");
        drop(std::fs::remove_dir_all(&unfinished));
        tile_into(&unfinished, 2);
        std::fs::rename(&unfinished, &folder).unwrap();
    }
    Collection::open(&folder.join("helsinki")).unwrap()
}

/// A tile with content: how deep under its layer's root, whether it is a leaf, its error, and what it holds.
pub struct Held {
    pub depth: usize,
    /// Which child of which child it is.
    pub path: Vec<usize>,
    pub leaf: bool,
    pub error: f64,
    pub content: TileContent,
    pub bytes: usize,
}

pub fn held(collection: &Collection, layer: &str) -> Vec<Held> {
    let layers = &collection.pointer().layers;
    let tileset = &layers.iter().find(|info| info.name == layer).unwrap().tileset;
    let mut all = Vec::new();
    let root = tileset_of(collection, tileset.trim_start_matches("files/")).root;
    descend(collection, &root, &[], &mut all);
    all
}

fn tileset_of(collection: &Collection, name: &str) -> Tileset {
    Tileset::from_json(&collection.read(name, Coding::Identity).unwrap()).unwrap()
}

fn descend(collection: &Collection, tile: &Tile, path: &[usize], all: &mut Vec<Held>) {
    if let Some(content) = &tile.content {
        if Path::new(&content.uri).extension() == Some("json".as_ref()) {
            return descend(collection, &tileset_of(collection, &content.uri).root, path, all);
        }
        let bytes = collection.read(&content.uri, Coding::Identity).unwrap();
        all.push(Held {
            depth: path.len(),
            path: path.to_vec(),
            leaf: tile.children.is_empty(),
            error: tile.geometric_error,
            content: tiles::glb::decode(&bytes).unwrap(),
            bytes: bytes.len(),
        });
    }
    for (number, child) in tile.children.iter().enumerate() {
        descend(collection, child, &[path, &[number]].concat(), all);
    }
}
