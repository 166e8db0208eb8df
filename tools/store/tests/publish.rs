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
use store::{Coding, Collection, ContentName, Error, FileOps, Publisher, RealFiles};

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
fn of_an_unchanged_file_only_the_length_is_looked_at() {
    let store = tempfile::tempdir().unwrap();
    sample::publish(store.path());
    let directory = store.path().join("helsinki");
    let whole = tree(&directory);
    let name = whole.keys().find(|name| name.ends_with(".glb.br")).unwrap();
    let rotten = vec![7; whole[name].len()];
    std::fs::write(directory.join(name), &rotten).unwrap();
    sample::publish(store.path());
    assert_eq!(std::fs::read(directory.join(name)).unwrap(), rotten);
    // What `verify` then advises mends it.
    let report = store::verify(store.path());
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].advice.starts_with("remove it and publish"));
    std::fs::remove_file(directory.join(name)).unwrap();
    sample::publish(store.path());
    assert!(tree(&directory) == whole);
}

#[test]
fn brotli_may_try_harder_on_new_files_and_leaves_the_old_ones() {
    let (easy, hard) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let text: Vec<u8> = (0..30_000u32)
        .flat_map(|n| (n * n % 251).to_string().into_bytes())
        .collect();
    let put = |store: &Path, quality: u8, stem: &str| {
        let publisher = Publisher::begin(store, "city", Arc::new(RealFiles)).unwrap();
        let name = publisher.with_brotli(quality).put(stem, "json", &text).unwrap();
        std::fs::read(store.join(format!("city/files/{name}.br"))).unwrap()
    };
    let (one, eleven) = (put(easy.path(), 1, "roads"), put(hard.path(), 11, "roads"));
    assert!(
        eleven.len() < one.len(),
        "{} bytes at 11, {} at 1",
        eleven.len(),
        one.len()
    );
    assert_eq!(Coding::Br.decode(&eleven, text.len() as u64).unwrap(), text);
    assert!(put(easy.path(), 11, "roads") == one, "a server may hold its length");
    assert!(put(easy.path(), 11, "paths") == eleven);
}

/// A disk that refuses to make anything, or hands a database to a device that is full.
struct Refusing {
    creates: Option<std::io::ErrorKind>,
    full: bool,
}

impl FileOps for Refusing {
    fn create_dir_all(&self, path: &Path) -> std::io::Result<()> {
        self.creates
            .map_or_else(|| RealFiles.create_dir_all(path), |kind| Err(kind.into()))
    }
    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        RealFiles.write(path, bytes)
    }
    fn produce(&self, path: &Path, writer: &mut dyn FnMut(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
        let full = Path::new("/dev/full");
        writer(if self.full { full } else { path })
    }
    fn fsync(&self, path: &Path) -> std::io::Result<()> {
        RealFiles.fsync(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> std::io::Result<()> {
        RealFiles.rename(from, to)
    }
    fn sync_dir(&self, path: &Path) -> std::io::Result<()> {
        RealFiles.sync_dir(path)
    }
    fn remove(&self, path: &Path) -> std::io::Result<()> {
        RealFiles.remove(path)
    }
}

#[test]
fn a_store_that_cannot_be_written_is_named() {
    let store = tempfile::tempdir().unwrap();
    let file = store.path().join("city");
    std::fs::write(&file, "a file").unwrap();
    for path in [store.path(), &file] {
        let error = Publisher::begin(path, "city", Arc::new(RealFiles))
            .err()
            .unwrap()
            .to_string();
        assert!(error.starts_with("cannot create ") && error.contains("city"), "{error}");
    }
    let read_only = Refusing {
        creates: Some(std::io::ErrorKind::ReadOnlyFilesystem),
        full: false,
    };
    let error = Publisher::begin(store.path(), "town", Arc::new(read_only))
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("town/files: read-only filesystem"), "{error}");
}

#[test]
fn a_directory_in_the_place_of_a_file_is_named_and_the_old_city_stays() {
    let store = tempfile::tempdir().unwrap();
    sample::publish(store.path());
    let directory = store.path().join("helsinki");
    let name = tree(&directory)
        .into_keys()
        .find(|name| name.ends_with(".gpkg"))
        .unwrap();
    let other = tempfile::tempdir().unwrap();
    let next = Sample {
        first_height: 13.0,
        ..Sample::default()
    };
    next.publish(other.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let taken = tree(&other.path().join("helsinki"))
        .into_keys()
        .find(|name| name.ends_with(".gpkg"))
        .unwrap();
    assert_ne!(name, taken);
    std::fs::create_dir(directory.join(&taken)).unwrap();
    let error = next
        .publish(store.path(), "helsinki", Arc::new(RealFiles))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("cannot rename to ") && error.contains(&taken),
        "{error}"
    );
    assert!(store::verify(store.path()).is_whole());
    assert_eq!(Collection::open(&directory).unwrap().pointer().features, name);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_for_a_database_is_named_and_the_old_city_stays() {
    let store = tempfile::tempdir().unwrap();
    sample::publish(store.path());
    let before = tree(&store.path().join("helsinki"));
    let full = Refusing {
        creates: None,
        full: true,
    };
    let error = Sample::default()
        .publish(store.path(), "helsinki", Arc::new(full))
        .unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert!(tree(&store.path().join("helsinki")) == before);
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
