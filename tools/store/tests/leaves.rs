//! Finding the tiles that hold the full model.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the sample is shared with other tests"
)]

mod sample;

use glam::DVec3;
use sample::Sample;
use std::cell::RefCell;
use std::sync::Arc;
use store::{Collection, Error, RealFiles};
use tiles::tileset::{BoundingVolume, Tile};

fn opened(sample: &Sample) -> (tempfile::TempDir, Collection) {
    let store = tempfile::tempdir().unwrap();
    sample.publish(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let collection = Collection::open(&store.path().join("helsinki")).unwrap();
    (store, collection)
}

#[test]
fn leaves_are_found_and_stand_ins_are_not() {
    let (_store, collection) = opened(&Sample::default());
    let layers = &collection.pointer().layers;
    let names = |layer: usize| -> Vec<String> {
        let leaves = collection.leaves(&layers[layer], |_| true).unwrap();
        leaves.into_iter().map(|leaf| leaf.name).collect()
    };
    let buildings = names(0);
    assert_eq!(buildings.len(), 2, "{buildings:?}");
    assert!(buildings[0].starts_with("buildings-0.") && buildings[1].starts_with("buildings-1."));
    assert!(names(1)[0].starts_with("water-0."), "{:?}", names(1));
}

#[test]
fn what_lies_elsewhere_is_passed_over() {
    let (_store, collection) = opened(&Sample::default());
    let layer = &collection.pointer().layers[0];
    // The church stands at the origin, in the first leaf only.
    let near = collection
        .leaves(layer, |volume| volume.contains(DVec3::new(10.0, 10.0, 1.0), 0.0))
        .unwrap();
    assert_eq!(near.len(), 1);
    let asked = RefCell::new(0);
    let none = collection.leaves(layer, |_| {
        *asked.borrow_mut() += 1;
        false
    });
    assert_eq!(
        (none.unwrap().len(), asked.into_inner()),
        (0, 1),
        "nothing below the root is asked for"
    );
}

#[test]
fn a_tileset_that_leads_outside_or_nowhere_is_an_error() {
    let outside = Sample {
        spoil_tileset: |stem, tileset| {
            if stem == "buildings" {
                tileset.root.children[0].content.as_mut().unwrap().uri = "../../other/secret.json".to_owned();
            }
        },
        ..Sample::default()
    };
    let (_store, collection) = opened(&outside);
    let layer = &collection.pointer().layers[0];
    let error = collection.leaves(layer, |_| true).unwrap_err();
    assert!(matches!(error, Error::Tileset { .. }), "{error}");

    let (_store, collection) = opened(&Sample::default());
    let mut layer = collection.pointer().layers[0].clone();
    layer.tileset = "files/none.0123456789abcdef.json".to_owned();
    let error = collection.leaves(&layer, |_| true).unwrap_err();
    assert!(matches!(error, Error::NoSuchFile { .. }), "{error}");
}

#[test]
fn a_tileset_that_leads_back_to_itself_ends() {
    let (_store, collection) = opened(&Sample::default());
    let layer = &collection.pointer().layers[0];
    let own = std::fs::read_dir(collection.directory().join("files")).unwrap();
    let path = own
        .map(|entry| entry.unwrap().path())
        .find(|path| path.ends_with(layer.tileset.trim_start_matches("files/")))
        .unwrap();
    // Reading does not hash: so a file that names itself can be written.
    let mut tileset = tiles::tileset::Tileset::from_json(&std::fs::read(&path).unwrap()).unwrap();
    let itself = layer.tileset.trim_start_matches("files/");
    tileset.root.children[0].content.as_mut().unwrap().uri = itself.to_owned();
    std::fs::write(&path, tileset.to_json().unwrap()).unwrap();
    assert_eq!(collection.leaves(layer, |_| true).unwrap().len(), 1);
}

#[test]
fn a_volume_that_is_not_a_box_is_an_error_that_names_the_tile() {
    let sphere = Sample {
        spoil_tileset: |stem, tileset| {
            if stem == "buildings" {
                let mut tile = Tile::new(BoundingVolume::Sphere([0.0, 0.0, 0.0, 9.0]), 0.0);
                tile.content.clone_from(&tileset.root.children[0].content);
                tileset.root.children[0] = tile;
            }
        },
        ..Sample::default()
    };
    let (_store, collection) = opened(&sphere);
    let error = collection
        .leaves(&collection.pointer().layers[0], |_| true)
        .unwrap_err();
    assert!(error.to_string().contains("buildings-0."), "{error}");
}
