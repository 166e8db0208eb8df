//! What the collector removes, and above all what it does not.
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the store writes small letters"
)]
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

use sample::Sample;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::gc::{CollectedWaste, WasteKind};
use store::{Coding, Collection, Error, FailingFiles, Fault, GcOptions, Publisher, RealFiles, gc};

/// A store whose one collection was published with the first building at each of these heights.
fn generations(heights: &[f32]) -> (tempfile::TempDir, PathBuf) {
    let store = tempfile::tempdir().unwrap();
    for &height in heights {
        publish(store.path(), height);
    }
    let directory = store.path().join("city");
    (store, directory)
}

fn publish(store: &Path, first_height: f32) -> String {
    let sample = Sample {
        first_height,
        houses: 2,
        ..Sample::default()
    };
    sample.publish(store, "city", Arc::new(RealFiles)).unwrap().manifest
}

/// Every file below a collection's directory with its length.
fn files(directory: &Path) -> BTreeMap<String, u64> {
    let mut files = BTreeMap::new();
    for prefix in ["", "files/"] {
        for entry in std::fs::read_dir(directory.join(prefix)).unwrap().flatten() {
            let metadata = entry.metadata().unwrap();
            if !metadata.is_dir() {
                files.insert(
                    format!("{prefix}{}", entry.file_name().to_string_lossy()),
                    metadata.len(),
                );
            }
        }
    }
    files
}

fn collected(store: &Path, keep: usize) -> CollectedWaste {
    let mut report = gc(store, GcOptions { keep, dry_run: false }, &RealFiles).unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    assert_eq!(report.collections.len(), 1);
    report.collections.remove(0)
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

fn assert_whole(store: &Path, step: &str) {
    let report = store::verify(store);
    assert!(report.is_whole(), "{step}: {:#?}", report.problems);
}

#[test]
fn the_generations_that_are_kept_stay_whole_and_the_others_go() {
    let (store, directory) = generations(&[11.0, 12.0]);
    let two = files(&directory);
    let second = Collection::open(&directory).unwrap().pointer().manifest.clone();
    // What the first generation alone needs is told apart by a store that never had it.
    let (_fresh, without_first) = generations(&[12.0]);
    let third = publish(store.path(), 13.0);
    let all = files(&directory);

    let options = GcOptions { keep: 2, dry_run: true };
    let planned = gc(store.path(), options, &RealFiles).unwrap().collections.remove(0);
    assert_eq!(files(&directory), all, "a dry run changes nothing");
    let done = collected(store.path(), 2);
    assert_eq!(done, planned);
    assert_eq!(done.kept, [third, second]);

    let left = files(&directory);
    let gone: BTreeMap<String, u64> = all.into_iter().filter(|(name, _)| !left.contains_key(name)).collect();
    let told: BTreeMap<String, u64> = done
        .removed
        .iter()
        .map(|waste| (waste.file.clone(), waste.bytes))
        .collect();
    assert_eq!(told, gone);
    assert_eq!(done.bytes(), gone.values().sum::<u64>());
    for kind in [
        WasteKind::Manifest,
        WasteKind::Geopackage,
        WasteKind::Content,
        WasteKind::CodedForm,
    ] {
        assert!(done.removed.iter().any(|waste| waste.kind == kind), "{kind:?}");
    }
    // Of the second generation every file is there still, but for the manifest, which names the first.
    let kept = files(&without_first);
    for name in kept.keys().filter(|name| !name.starts_with("manifest")) {
        assert!(left.contains_key(name), "{name} of the second generation is gone");
    }
    assert!(two.keys().any(|name| !left.contains_key(name)));
    assert_whole(store.path(), "after collecting");
    let collection = Collection::open(&directory).unwrap();
    for name in kept
        .keys()
        .filter_map(|name| name.strip_prefix("files/"))
        .filter(|name| name.ends_with(".glb"))
    {
        collection.read(name, Coding::Identity).unwrap();
    }
    assert!(collected(store.path(), 2).removed.is_empty(), "nothing is left to do");
}

#[test]
fn a_city_that_went_back_to_what_it_was_keeps_the_two_newest() {
    let (store, directory) = generations(&[11.0, 12.0, 11.0]);
    let collection = Collection::open(&directory).unwrap();
    assert_eq!(collection.manifest().files.len(), 9);
    let done = collected(store.path(), 2);
    // The first generation's files are the third's; only its manifest was its own.
    let removed: Vec<WasteKind> = done.removed.iter().map(|waste| waste.kind).collect();
    assert_eq!(removed, [WasteKind::Manifest]);
    assert_eq!(done.kept.len(), 2);
    assert_whole(store.path(), "after going back");
}

#[test]
fn fewer_than_two_generations_are_never_kept() {
    let (store, _) = generations(&[11.0, 12.0]);
    let done = collected(store.path(), 0);
    assert_eq!((done.kept.len(), done.removed.len()), (2, 0));
}

#[test]
fn leftovers_of_broken_publications_go() {
    let (store, directory) = generations(&[11.0]);
    let whole = files(&directory);
    for name in [
        "spool.0.tmp",
        "features.1.build.tmp",
        "features.1.tmp-journal",
        "report.json.tmp",
        "manifest.0123456789abcdef.json",
        "features.0123456789abcdef.gpkg",
        "search.0123456789abcdef.sqlite",
        "files/roads.0123456789abcdef.glb",
        "files/roads.0123456789abcdef.glb.br",
        "files/roads.0123456789abcdef.glb.zst",
        "files/roads.0123456789abcdef.json.gz",
        "files/roads.0123456789abcdef.glb.7.tmp",
    ] {
        std::fs::write(directory.join(name), b"half").unwrap();
    }
    let done = collected(store.path(), 2);
    assert_eq!((done.removed.len(), done.bytes()), (12, 48));
    assert!(done.removed.is_sorted_by_key(|waste| waste.kind), "manifests go first");
    assert_eq!(done.foreign, Vec::<String>::new());
    assert_eq!(files(&directory), whole);
}

#[test]
fn what_is_not_recognised_is_named_and_left() {
    let (store, directory) = generations(&[11.0]);
    let foreign = [
        "files/readme.txt",
        "files/roads.0123456789ABCDEF.glb",
        "files/roads.0123456789abcdef.glb.old",
        "notes.tmp",
        "tiles.0123456789abcdef.gpkg",
    ];
    for name in foreign {
        std::fs::write(directory.join(name), b"mine").unwrap();
    }
    std::fs::create_dir(directory.join("files/old.0123456789abcdef.glb")).unwrap();
    std::fs::write(store.path().join("README"), b"mine").unwrap();
    std::fs::create_dir(store.path().join("elsewhere")).unwrap();
    let before = files(&directory);
    let report = gc(store.path(), GcOptions::default(), &RealFiles).unwrap();
    assert_eq!(report.foreign, ["README", "elsewhere"]);
    let done = &report.collections[0];
    assert_eq!(done.removed, []);
    let mut expected = foreign.to_vec();
    expected.push("files/old.0123456789abcdef.glb");
    expected.sort_unstable();
    assert_eq!(done.foreign, expected);
    assert_eq!(files(&directory), before);
}

#[cfg(unix)]
#[test]
fn no_link_is_followed_or_removed() {
    use std::os::unix::fs::symlink;
    let (store, directory) = generations(&[11.0]);
    let (outside, other) = generations(&[12.0]);
    let target = outside.path().join("treasure");
    std::fs::write(&target, b"gold").unwrap();
    symlink(&target, directory.join("files/roads.0123456789abcdef.glb")).unwrap();
    symlink("nowhere", directory.join("features.0123456789abcdef.gpkg")).unwrap();
    std::fs::write(other.join("files/roads.0123456789abcdef.glb"), b"waste").unwrap();
    symlink(&other, store.path().join("linked")).unwrap();
    let there = files(&other);
    let report = gc(store.path(), GcOptions::default(), &RealFiles).unwrap();
    assert_eq!(report.foreign, ["linked"]);
    assert_eq!(report.collections[0].removed, []);
    assert_eq!(
        report.collections[0].foreign,
        ["features.0123456789abcdef.gpkg", "files/roads.0123456789abcdef.glb"]
    );
    assert_eq!(std::fs::read(&target).unwrap(), b"gold");
    assert_eq!(files(&other), there);

    // A collection whose content lies behind a link is left as it is.
    std::fs::rename(directory.join("files"), outside.path().join("files")).unwrap();
    symlink(outside.path().join("files"), directory.join("files")).unwrap();
    std::fs::write(outside.path().join("files/roads.fedcba9876543210.glb"), b"waste").unwrap();
    let report = gc(store.path(), GcOptions::default(), &RealFiles).unwrap();
    assert!(
        report.errors[0].to_string().contains("is not a directory of its own"),
        "{:?}",
        report.errors
    );
    assert!(outside.path().join("files/roads.fedcba9876543210.glb").exists());
}

#[test]
fn a_directory_that_is_no_store_is_refused() {
    let (store, directory) = generations(&[11.0]);
    for path in [directory.as_path(), &directory.join("files")] {
        let error = gc(path, GcOptions::default(), &RealFiles).unwrap_err();
        assert!(matches!(error, Error::NotAStore { .. }), "{error}");
        assert!(error.to_string().contains("kortteli tile -o"), "{error}");
    }
    let absent = gc(&store.path().join("absent"), GcOptions::default(), &RealFiles).unwrap_err();
    assert!(absent.to_string().starts_with("cannot list "), "{absent}");
    // Someone else's tileset is not taken for one of ours, and nothing is made in it.
    let theirs = store.path().join("theirs");
    std::fs::create_dir_all(theirs.join("files")).unwrap();
    std::fs::write(theirs.join("tileset.json"), r#"{"asset":{"version":"1.1"},"geometricError":1,"root":{"boundingVolume":{"sphere":[0,0,0,1]},"geometricError":0}}"#).unwrap();
    std::fs::write(theirs.join("files/roads.0123456789abcdef.glb"), b"theirs").unwrap();
    let before = files(&theirs);
    let report = gc(store.path(), GcOptions::default(), &RealFiles).unwrap();
    assert!(
        matches!(report.errors[..], [Error::Pointer { .. }]),
        "{:?}",
        report.errors
    );
    assert_eq!(files(&theirs), before);
}

#[test]
fn of_a_city_whose_manifest_is_damaged_nothing_is_removed() {
    let (store, directory) = generations(&[11.0, 12.0, 13.0]);
    let manifest = Collection::open(&directory).unwrap().pointer().manifest.clone();
    std::fs::write(directory.join(manifest), b"{}").unwrap();
    let before = files(&directory);
    let report = gc(store.path(), GcOptions::default(), &RealFiles).unwrap();
    assert!(
        matches!(report.errors[..], [Error::Incomplete { .. }]),
        "{:?}",
        report.errors
    );
    assert_eq!(files(&directory), before);
}

#[test]
fn what_a_publisher_at_work_has_written_stays() {
    let (store, directory) = generations(&[11.0, 12.0, 13.0]);
    let publisher = Publisher::begin(store.path(), "city", Arc::new(RealFiles)).unwrap();
    publisher.put("roads", "glb", &[7; 4000]).unwrap();
    std::fs::write(directory.join("spool.3.tmp"), b"rows").unwrap();
    let before = files(&directory);
    for dry_run in [false, true] {
        let report = gc(store.path(), GcOptions { keep: 2, dry_run }, &RealFiles).unwrap();
        assert!(
            matches!(report.errors[..], [Error::Locked { .. }]),
            "{:?}",
            report.errors
        );
        assert_eq!(files(&directory), before);
    }
    drop(publisher);
    assert!(
        collected(store.path(), 2)
            .removed
            .iter()
            .any(|waste| waste.file.starts_with("files/roads."))
    );
}

#[test]
fn a_disk_that_cannot_be_written_is_told_and_a_dry_run_needs_none() {
    let (store, _) = generations(&[11.0, 12.0, 13.0]);
    let full = FailingFiles::new(Fault::Fail, 0);
    let report = gc(store.path(), GcOptions::default(), &full).unwrap();
    assert!(
        report.errors[0].to_string().starts_with("cannot remove "),
        "{:?}",
        report.errors
    );
    let dry = FailingFiles::new(Fault::Fail, 0);
    let options = GcOptions { keep: 2, dry_run: true };
    let report = gc(store.path(), options, &dry).unwrap();
    assert_eq!((report.errors.len(), dry.operations()), (0, 0));
    assert!(!report.collections[0].removed.is_empty());
}

#[test]
fn a_collector_stopped_at_any_step_leaves_the_city_whole() {
    let (old, _) = generations(&[11.0, 12.0, 13.0, 14.0]);
    let clean = tempfile::tempdir().unwrap();
    copy(old.path(), clean.path());
    let counted = FailingFiles::new(Fault::Fail, u64::MAX);
    gc(clean.path(), GcOptions::default(), &counted).unwrap();
    let wanted = files(&clean.path().join("city"));
    assert!(counted.operations() > 20, "{} operations", counted.operations());
    for fault in [Fault::Fail, Fault::Kill, Fault::PowerCut] {
        for k in 0..counted.operations() {
            let step = format!("{fault:?} at operation {k}");
            let store = tempfile::tempdir().unwrap();
            copy(old.path(), store.path());
            let report = gc(store.path(), GcOptions::default(), &FailingFiles::new(fault, k)).unwrap();
            assert_eq!(report.errors.len(), 1, "{step} was not noticed");
            assert_whole(store.path(), &step);
            // A generation that is still counted is still whole, so that a larger --keep later does not lie.
            let next = gc(store.path(), GcOptions { keep: 9, dry_run: true }, &RealFiles).unwrap();
            for name in &next.collections[0].kept {
                let bytes = std::fs::read(store.path().join("city").join(name)).unwrap();
                let manifest: store::Manifest = serde_json::from_slice(&bytes).unwrap();
                assert!(
                    manifest
                        .files
                        .keys()
                        .all(|key| store.path().join("city").join(key).exists()),
                    "{step}: {name}"
                );
            }
            collected(store.path(), 2);
            assert_eq!(files(&store.path().join("city")), wanted, "{step}");
        }
    }
}
