//! The sample city against what its source says of it (`assets/samples/helsinki/SOURCE.md`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod oracle;
mod sample;
mod skyline;
mod styling;

use sample::{City, held, shared, tiled};
use std::collections::{BTreeMap, BTreeSet};

const CREDIT: &str = "(c) OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright";
const GEOID_CREDIT: &str = "National Land Survey of Finland";

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
    let collection = shared();
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
fn one_thread_and_two_make_the_same_files() {
    let (one, two) = (tiled(1), tiled(2));
    let files = |city: &City| city.collection().manifest().files.clone();
    assert_eq!(files(&one), files(&two));
}

#[test]
fn the_credits_are_in_every_tile_and_the_store_verifies() {
    let collection = shared();
    for layer in ["buildings", "terrain", "roads", "water", "green", "furniture"] {
        for tile in held(&collection, layer) {
            let copyright = &tile.content.copyright;
            assert!(
                copyright.contains(CREDIT) && copyright.contains(GEOID_CREDIT),
                "{layer}: {copyright}"
            );
        }
    }
    let report = store::verify(collection.directory().parent().unwrap());
    assert!(report.problems.is_empty(), "{:?}", report.problems.first());
}
