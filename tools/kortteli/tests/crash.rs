//! Tiling through a disk that fails at every operation, one after the other: a whole city is always served.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Coding, Collection, FailingFiles, Fault, FileOps, Publisher, RealFiles};

const BOXES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/boxes.gml");

fn tile(store: &Path, title: &str, ops: Arc<dyn FileOps>) -> Result<(), String> {
    let publisher = Publisher::begin(store, "boxes", ops).map_err(|error| error.to_string())?;
    let options = tiler::Options {
        title: Some(title.to_owned()),
        threads: Some(1),
        ..tiler::Options::default()
    };
    let inputs = [PathBuf::from(BOXES)];
    let tiled = tiler::tile(&inputs, &options, publisher, &citygml::Report::new(), &tiler::Silent);
    tiled.map(|_| ()).map_err(|error| error.to_string())
}

/// The title of the city in the store, after every file that a viewer can ask for was read.
fn served(store: &Path) -> String {
    let report = store::verify(store);
    assert!(report.is_whole(), "{:#?}", report.problems);
    let collection = Collection::open(&store.join("boxes")).unwrap();
    for key in collection
        .manifest()
        .files
        .keys()
        .filter_map(|key| key.strip_prefix("files/"))
    {
        collection.read(key, Coding::Identity).unwrap();
    }
    assert!(collection.feature("tower").unwrap().is_some());
    collection.pointer().title.clone()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Lets every operation of a second publication fail once, each over a fresh copy of the first.
fn over_an_old_city(fault: Fault) {
    let old = tempfile::tempdir().unwrap();
    tile(old.path(), "Old", Arc::new(RealFiles)).unwrap();
    for k in 0.. {
        let store = tempfile::tempdir().unwrap();
        copy(old.path(), store.path());
        let tiled = tile(store.path(), "New", Arc::new(FailingFiles::new(fault, k)));
        let title = served(store.path());
        if tiled.is_ok() {
            assert_eq!(title, "New");
            assert!(k > 15, "{k} operations");
            return;
        }
        // The last operation brings the new pointer's name to the disk: until then either may be there.
        let pointer_swapped = std::fs::read(store.path().join("boxes/tileset.json")).unwrap()
            != std::fs::read(old.path().join("boxes/tileset.json")).unwrap();
        assert_eq!(title, if pointer_swapped { "New" } else { "Old" }, "{fault:?} at {k}");
    }
}

#[test]
fn a_refused_operation_of_tile_leaves_a_city_that_serves_whole() {
    over_an_old_city(Fault::Fail);
}

#[test]
fn a_killed_tile_leaves_a_city_that_serves_whole() {
    over_an_old_city(Fault::Kill);
}

#[test]
fn a_power_cut_while_tiling_leaves_a_city_that_serves_whole() {
    over_an_old_city(Fault::PowerCut);
}
