//! The sample city against what its source says of it (`assets/samples/helsinki/SOURCE.md`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

use citygml::Report;
use glam::DVec3;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Coding, Collection};
use tempfile::TempDir;
use tiler::{Options, Silent, TileSummary, tile};
use tiles::mesh::TileContent;
use tiles::tileset::{Tile, Tileset};

const CREDIT: &str = "(c) OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright";
const GEOID_CREDIT: &str = "National Land Survey of Finland";

struct City {
    folder: TempDir,
    summary: TileSummary,
    report: Report,
}

impl City {
    fn collection(&self) -> Collection {
        Collection::open(&self.folder.path().join("helsinki")).unwrap()
    }
}

fn sample() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples/helsinki");
    ["helsinki-centre.gml.gz", "helsinki-centre-context.gml.gz"]
        .map(|name| folder.join(name))
        .to_vec()
}

fn tiled(threads: usize) -> City {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        tile_bytes: 32 * 1024,
        threads: Some(threads),
        ..Options::default()
    };
    let report = Report::new();
    let publisher = store::Publisher::begin(folder.path(), "helsinki", Arc::new(store::RealFiles)).unwrap();
    let summary = tile(&sample(), &options, publisher, &report, &Silent).unwrap();
    City {
        folder,
        summary,
        report,
    }
}

/// A tile with content: how deep under its layer's root, whether it is a leaf, its error, and what it holds.
struct Held {
    depth: usize,
    leaf: bool,
    error: f64,
    content: TileContent,
    bytes: usize,
}

fn held(collection: &Collection, layer: &str) -> Vec<Held> {
    let name = collection
        .manifest()
        .files
        .keys()
        .find(|name| {
            let parts: Vec<&str> = name.trim_start_matches("files/").split('.').collect();
            parts.first() == Some(&layer) && parts.last() == Some(&"json")
        })
        .unwrap()
        .clone();
    let tileset = Tileset::from_json(
        &collection
            .read(name.trim_start_matches("files/"), Coding::Identity)
            .unwrap(),
    )
    .unwrap();
    let mut all = Vec::new();
    descend(collection, &tileset.root, 0, &mut all);
    all
}

fn descend(collection: &Collection, tile: &Tile, depth: usize, all: &mut Vec<Held>) {
    if let Some(content) = &tile.content {
        let bytes = collection.read(&content.uri, Coding::Identity).unwrap();
        all.push(Held {
            depth,
            leaf: tile.children.is_empty(),
            error: tile.geometric_error,
            content: tiles::glb::decode(&bytes).unwrap(),
            bytes: bytes.len(),
        });
    }
    for child in &tile.children {
        descend(collection, child, depth + 1, all);
    }
}

#[test]
fn every_building_is_in_the_leaves_exactly_once_and_under_one_stand_in_a_level() {
    let city = tiled(2);
    assert_eq!(city.report.total(), 0, "{:#}", city.report.to_json());
    let tiles = held(&city.collection(), "buildings");
    let mut seen = BTreeMap::new();
    for feature in tiles.iter().filter(|t| t.leaf).flat_map(|t| &t.content.features) {
        *seen.entry(feature.id.as_str()).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 445);
    assert!(seen.values().all(|count| *count == 1));
    assert!(seen.contains_key("osm_w419479428"), "the cathedral is there");
    // A merged block says how many it stands for: each level still counts all 445.
    for depth in tiles.iter().map(|t| t.depth).collect::<BTreeSet<_>>() {
        let cut = tiles.iter().filter(|t| t.depth == depth || (t.leaf && t.depth < depth));
        let count: u32 = cut.flat_map(|t| &t.content.features).map(|f| f.merged).sum();
        assert_eq!(count, 445, "at depth {depth}");
    }
}

#[test]
fn volumes_and_areas_agree_with_the_source_within_a_thousandth() {
    let summary = tiled(2).summary;
    let near = |what: &str, found: f64, said: f64| {
        assert!(
            (found / said - 1.0).abs() < 1e-3,
            "{what}: {found}, SOURCE.md says {said}"
        );
    };
    assert_eq!(summary.solids.get(&2), Some(&588));
    near("volume of the LoD2 solids", summary.volume[&2], 10_013_769.8);
    near("roofs", summary.area["RoofSurface"], 598_918.5);
    near("walls", summary.area["WallSurface"], 1_494_421.6);
    near("ground", summary.area["GroundSurface"], 496_403.7);
    near("ceilings", summary.area["OuterCeilingSurface"], 97_271.6);
}

#[test]
fn each_level_weighs_a_quarter_of_the_one_below_and_errs_no_less() {
    let (_folder, collection) = tiled(2).collection_kept();
    for layer in ["buildings", "green", "roads", "furniture"] {
        let tiles = held(&collection, layer);
        let deepest = tiles.iter().map(|t| t.depth).max().unwrap();
        // A cut through the tree at a depth: what is drawn when nothing deeper is.
        let weight = |depth: usize| -> usize {
            tiles
                .iter()
                .filter(|t| t.depth == depth || (t.leaf && t.depth < depth))
                .map(|t| t.bytes)
                .sum()
        };
        for depth in 0..deepest {
            assert!(
                tiles.iter().any(|t| t.depth == depth),
                "{layer} has nothing at depth {depth}"
            );
            assert!(
                weight(depth) * 4 <= weight(depth + 1),
                "{layer}: {} over {}",
                weight(depth),
                weight(depth + 1)
            );
        }
        for tile in &tiles {
            assert_eq!(tile.leaf, tile.error == 0.0, "only a leaf is without error");
        }
    }
}

#[test]
fn the_skyline_stays_when_only_stand_ins_are_drawn() {
    let (_folder, collection) = tiled(2).collection_kept();
    let tiles = held(&collection, "buildings");
    let leaves = skyline(tiles.iter().filter(|t| t.leaf));
    let top = |line: &BTreeMap<i64, f64>| line.values().copied().fold(f64::MIN, f64::max);
    // Prisms, one a building or part, and then the blocks they merge into: within a storey on average.
    for (depth, bound) in [(1, 1.0), (0, 3.5)] {
        let level = skyline(tiles.iter().filter(|t| t.depth == depth || (t.leaf && t.depth < depth)));
        let columns: Vec<f64> = leaves
            .iter()
            .filter_map(|(at, top)| level.get(at).map(|other| (top - other).abs()))
            .collect();
        assert!(
            columns.len() * 100 >= leaves.len() * 97,
            "{} of {} columns",
            columns.len(),
            leaves.len()
        );
        let mean = columns.iter().sum::<f64>() / columns.len() as f64;
        assert!(
            mean < bound,
            "at depth {depth} the skyline is {mean:.2} m off on average"
        );
        // The highest point of the city is the one that people know it by.
        assert!(
            (top(&leaves) - top(&level)).abs() < 1.0,
            "{} {}",
            top(&leaves),
            top(&level)
        );
    }
}

/// Seen from the south: for each column of 5 m east to west, the height of the highest vertex-bounded edge in it.
fn skyline<'a>(tiles: impl Iterator<Item = &'a Held>) -> BTreeMap<i64, f64> {
    let mut line = BTreeMap::new();
    for mesh in tiles.map(|t| &t.content.mesh) {
        let at = |i: u32| mesh.origin + DVec3::from(mesh.positions[i as usize].map(f64::from));
        for corner in mesh.indices.as_chunks::<3>().0 {
            for (a, b) in [(0, 1), (1, 2), (2, 0)] {
                raise(&mut line, at(corner[a]), at(corner[b]));
            }
        }
    }
    line
}

fn raise(line: &mut BTreeMap<i64, f64>, a: DVec3, b: DVec3) {
    let steps = ((b.x - a.x).abs() / 2.5).ceil().max(1.0);
    for step in 0..=steps as u32 {
        let point = a.lerp(b, f64::from(step) / steps);
        let top = line.entry((point.x / 5.0).floor() as i64).or_insert(f64::MIN);
        *top = top.max(point.z);
    }
}

#[test]
fn one_thread_and_two_make_the_same_files() {
    let (one, two) = (tiled(1), tiled(2));
    let files = |city: &City| city.collection().manifest().files.clone();
    assert_eq!(files(&one), files(&two));
}

#[test]
fn the_credits_are_in_every_tile_and_the_store_verifies() {
    let city = tiled(2);
    let collection = city.collection();
    for layer in ["buildings", "terrain", "roads", "water", "green", "furniture"] {
        for tile in held(&collection, layer) {
            let copyright = &tile.content.copyright;
            assert!(
                copyright.contains(CREDIT) && copyright.contains(GEOID_CREDIT),
                "{layer}: {copyright}"
            );
        }
    }
    let report = store::verify(city.folder.path());
    assert!(report.problems.is_empty(), "{:?}", report.problems.first());
}

impl City {
    /// The collection, and the folder that must outlive it.
    fn collection_kept(self) -> (TempDir, Collection) {
        let collection = self.collection();
        (self.folder, collection)
    }
}
