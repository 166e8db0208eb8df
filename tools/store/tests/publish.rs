//! What a publisher leaves on the disk.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the store writes small letters"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests say what they expect by failing"
)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the sample is shared with other tests"
)]

mod sample;

use sample::Sample;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use store::{Coding, Collection, ContentName, Error, Publisher, RealFiles};

/// Every file below a directory with its bytes.
fn tree(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for place in ["", "files/"] {
        for entry in std::fs::read_dir(directory.join(place)).unwrap().flatten() {
            if entry.path().is_file() {
                let name = format!("{place}{}", entry.file_name().to_string_lossy());
                files.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_published_city_opens_and_gives_its_files_in_every_coding() {
    let store = tempfile::tempdir().unwrap();
    let published = sample::publish(store.path());
    let collection = Collection::open(&store.path().join("helsinki")).unwrap();
    assert_eq!(collection.name(), "helsinki");
    assert_eq!(collection.pointer().title, "Sample city");
    assert_eq!(collection.pointer().manifest, published.manifest);
    assert_eq!(collection.manifest().frame.origin, [24.9525, 60.1703, 20.0]);
    assert_eq!(published.feature_count, 7);
    let mut compressed = 0;
    for key in collection
        .manifest()
        .files
        .keys()
        .filter_map(|key| key.strip_prefix("files/"))
    {
        let entry = collection.file(key).unwrap();
        let bytes = collection.read(key, Coding::Identity).unwrap();
        assert!(ContentName::parse(key).unwrap().matches(&bytes), "{key}");
        assert!(entry.codings.is_sorted_by_key(|coded| coded.length));
        for coded in &entry.codings {
            let small = collection.read(key, coded.coding).unwrap();
            assert!(small.len() * 10 <= bytes.len() * 9, "{key} {:?}", coded.coding);
            assert_eq!(coded.coding.decode(&small, entry.length).unwrap(), bytes);
            compressed += 1;
        }
    }
    assert!(compressed >= 6, "JSON and tiles compress: {compressed}");
}

#[test]
fn the_same_city_has_the_same_bytes_whatever_the_order_and_the_place() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sample::publish(one.path());
    let reversed = Sample {
        reversed: true,
        ..Sample::default()
    };
    reversed.publish(other.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let (one, other) = (tree(&one.path().join("helsinki")), tree(&other.path().join("helsinki")));
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert!(one == other, "some bytes differ");
}

#[test]
fn publishing_again_writes_nothing() {
    let store = tempfile::tempdir().unwrap();
    sample::publish(store.path());
    let directory = store.path().join("helsinki");
    let times = |directory: &Path| -> BTreeMap<String, std::time::SystemTime> {
        let names = tree(directory).into_keys();
        names
            .map(|name| {
                (
                    name.clone(),
                    directory.join(name).metadata().unwrap().modified().unwrap(),
                )
            })
            .collect()
    };
    let before = times(&directory);
    let again = sample::publish(store.path());
    assert_eq!((again.new_files, again.changed), (0, false));
    assert_eq!(times(&directory), before);
}

#[test]
fn one_changed_building_changes_its_leaf_and_what_is_above() {
    let store = tempfile::tempdir().unwrap();
    sample::publish(store.path());
    let directory = store.path().join("helsinki");
    let before = tree(&directory);
    let changed = Sample {
        first_height: 13.0,
        ..Sample::default()
    };
    let published = changed.publish(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    assert!(published.changed);
    let after = tree(&directory);
    let fresh: Vec<&str> = after
        .keys()
        .filter(|name| !before.contains_key(*name) && name.starts_with("files/"))
        .filter(|name| name.ends_with(".glb") || name.ends_with(".json"))
        .map(|name| name.split('.').next().unwrap())
        .collect();
    assert_eq!(fresh, ["files/buildings-0", "files/buildings-2", "files/buildings"]);
    // The generation before stays readable for those who hold its pointer.
    let collection = Collection::open(&directory).unwrap();
    for name in before
        .keys()
        .filter_map(|name| name.strip_prefix("files/"))
        .filter(|name| name.ends_with(".glb"))
    {
        assert!(collection.file(name).is_some(), "{name}");
        assert_eq!(
            collection.read(name, Coding::Identity).unwrap(),
            before[&format!("files/{name}")]
        );
    }
}

#[test]
fn a_damaged_file_is_mended_by_publishing_again() {
    let store = tempfile::tempdir().unwrap();
    sample::publish(store.path());
    let directory = store.path().join("helsinki");
    let whole = tree(&directory);
    for name in whole.keys().filter(|name| name.starts_with("files/")) {
        std::fs::write(directory.join(name), b"rot").unwrap();
    }
    let features = whole.keys().find(|name| name.ends_with(".gpkg")).unwrap();
    std::fs::write(directory.join(features), b"rot").unwrap();
    sample::publish(store.path());
    assert!(tree(&directory) == whole);
}

#[test]
fn the_leftovers_of_an_interrupted_publisher_are_removed() {
    let store = tempfile::tempdir().unwrap();
    sample::publish(store.path());
    let directory = store.path().join("helsinki");
    let whole = tree(&directory);
    for name in [
        "spool.0.tmp",
        "features.1.tmp-journal",
        "files/roads.0123456789abcdef.glb.7.tmp",
    ] {
        std::fs::write(directory.join(name), b"half").unwrap();
    }
    sample::publish(store.path());
    assert!(tree(&directory) == whole);
}

#[test]
fn two_publishers_do_not_work_on_one_collection() {
    let store = tempfile::tempdir().unwrap();
    let first = Publisher::begin(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let second = Publisher::begin(store.path(), "helsinki", Arc::new(RealFiles));
    assert!(matches!(second, Err(Error::Locked { .. })));
    assert!(Publisher::begin(store.path(), "espoo", Arc::new(RealFiles)).is_ok());
    drop(first);
    assert!(Publisher::begin(store.path(), "helsinki", Arc::new(RealFiles)).is_ok());
}

#[test]
fn names_that_are_not_plain_are_refused() {
    let store = tempfile::tempdir().unwrap();
    for name in ["..", "a/b", "", "a b"] {
        let begun = Publisher::begin(store.path(), name, Arc::new(RealFiles));
        assert!(matches!(begun, Err(Error::Name { .. })), "{name}");
    }
    let publisher = Publisher::begin(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    assert!(matches!(
        publisher.put("../tileset", "json", b""),
        Err(Error::Name { .. })
    ));
    assert!(matches!(
        publisher.put("tileset", "json/..", b""),
        Err(Error::Name { .. })
    ));
}

#[test]
fn many_threads_may_store_tiles_at_once() {
    let store = tempfile::tempdir().unwrap();
    let publisher = Publisher::begin(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let names: Vec<Vec<String>> = std::thread::scope(|scope| {
        let work = || {
            (0..50u8)
                .map(|number| publisher.put("tile", "bin", &[number; 4000]).unwrap())
                .collect()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(names.iter().all(|list| *list == names[0]));
    drop(publisher);
    let files = tree(&store.path().join("helsinki"));
    assert_eq!(files.keys().filter(|name| name.ends_with(".bin")).count(), 50);
    assert!(!files.keys().any(|name| name.ends_with(".tmp")));
}

#[test]
fn a_feature_given_twice_is_named() {
    let store = tempfile::tempdir().unwrap();
    let twice = Sample {
        spoil_rows: |rows| rows.push(rows[3].clone()),
        ..Sample::default()
    };
    let error = twice
        .publish(store.path(), "helsinki", Arc::new(RealFiles))
        .unwrap_err();
    assert_eq!(error.to_string(), "the feature house_1 was given twice");
    let left = tree(&store.path().join("helsinki"));
    assert!(!left.keys().any(|name| name.contains(".tmp")), "{:?}", left.keys());
    assert!(matches!(
        Collection::open(&store.path().join("helsinki")),
        Err(Error::NotACollection { .. })
    ));
}
