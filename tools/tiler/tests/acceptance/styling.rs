//! Styles hold at every distance: what stands for a feature says of it what the feature itself says.

use crate::sample::{Held, held, shared};
use std::collections::{BTreeMap, BTreeSet};
use tiles::feature::Feature;

/// The layers that have stand-ins, with how many there are at least.
const LAYERS: [(&str, usize); 4] = [("buildings", 8), ("green", 5), ("roads", 1), ("furniture", 3)];

#[test]
fn every_row_of_every_stand_in_says_of_its_feature_what_the_leaf_says() {
    let collection = shared();
    for (layer, least) in LAYERS {
        let tiles = held(&collection, layer);
        let leaves: BTreeMap<&str, &Feature> = features(tiles.iter().filter(|tile| tile.leaf)).collect();
        let stand_ins: Vec<&Held> = tiles.iter().filter(|tile| !tile.leaf).collect();
        assert!(stand_ins.len() >= least, "{layer} has {} stand-ins", stand_ins.len());
        for (id, row) in features(stand_ins.into_iter()) {
            assert!(row.merged >= 1, "{layer}: {id} stands for nothing");
            // How many a row stands for is the one thing that differs.
            let expected = Feature {
                merged: row.merged,
                ..leaves[id].clone()
            };
            assert_eq!(row, &expected, "{layer}");
        }
    }
}

#[test]
fn the_attributes_that_styles_ask_for_are_there_at_the_coarsest_level() {
    let tiles = held(&shared(), "buildings");
    let root = tiles.iter().find(|tile| tile.depth == 0).unwrap();
    let rows = &root.content.features;
    let share = |has: fn(&Feature) -> bool| rows.iter().filter(|row| has(row)).count() as f64 / rows.len() as f64;
    assert!(rows.len() > 40, "{} rows", rows.len());
    assert!(share(|row| row.kind == "Building") > 0.99);
    assert!(share(|row| row.height.is_some_and(|metres| metres > 2.0)) > 0.99);
    assert!(share(|row| row.ground_level.is_some()) > 0.99);
    let functions: BTreeSet<&str> = rows.iter().map(|row| row.function.as_str()).collect();
    assert!(functions.len() > 3, "nothing to colour by: {functions:?}");
}

#[test]
fn every_vertex_of_every_level_has_a_row_and_every_row_is_drawn() {
    let collection = shared();
    for layer in collection.pointer().layers.iter().map(|layer| layer.name.as_str()) {
        for tile in held(&collection, layer) {
            let (mesh, rows) = (&tile.content.mesh, tile.content.features.len());
            assert_eq!(
                mesh.feature_ids.len(),
                mesh.positions.len(),
                "{layer} at {:?}",
                tile.path
            );
            let drawn: BTreeSet<usize> = mesh
                .indices
                .iter()
                .map(|&vertex| usize::from(mesh.feature_ids[vertex as usize]))
                .collect();
            assert!(
                drawn.iter().copied().eq(0..rows),
                "{layer} at {:?}: {} of {rows} rows are drawn, the last is {:?}",
                tile.path,
                drawn.len(),
                drawn.last()
            );
        }
    }
}

fn features<'a>(tiles: impl Iterator<Item = &'a Held>) -> impl Iterator<Item = (&'a str, &'a Feature)> {
    tiles
        .flat_map(|tile| &tile.content.features)
        .map(|feature| (feature.id.as_str(), feature))
}
