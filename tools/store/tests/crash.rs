//! Publishing through a disk that fails: whatever happens, and whenever, the old city or the new one is there whole.
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
use std::path::Path;
use std::sync::Arc;
use store::{Collection, Error, FailingFiles, Fault, RealFiles};

fn small() -> Sample {
    Sample {
        houses: 2,
        ..Sample::default()
    }
}

fn next() -> Sample {
    Sample {
        title: "Next city".to_owned(),
        first_height: 15.0,
        ..small()
    }
}

/// How many operations the publication of `sample` over what is in `store` takes.
fn operations(sample: &Sample, store: &Path) -> u64 {
    let ops = Arc::new(FailingFiles::new(Fault::Fail, u64::MAX));
    sample.publish(store, "city", Arc::<FailingFiles>::clone(&ops)).unwrap();
    ops.operations()
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

/// The title of the city in the store, after checking that it is whole.
fn whole_title(store: &Path, step: &str) -> String {
    let report = store::verify(store);
    assert!(report.is_whole(), "{step}: {:#?}", report.problems);
    Collection::open(&store.join("city")).unwrap().pointer().title.clone()
}

fn over_an_old_city(fault: Fault) {
    let old = tempfile::tempdir().unwrap();
    small().publish(old.path(), "city", Arc::new(RealFiles)).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    copy(old.path(), scratch.path());
    let count = operations(&next(), scratch.path());
    assert!(count > 40, "{count} operations");
    let mut outcomes = (0, 0);
    for k in 0..count {
        let step = format!("{fault:?} at operation {k} of {count}");
        let store = tempfile::tempdir().unwrap();
        copy(old.path(), store.path());
        let published = next().publish(store.path(), "city", Arc::new(FailingFiles::new(fault, k)));
        assert!(published.is_err(), "{step} was not noticed");
        match whole_title(store.path(), &step).as_str() {
            "Sample city" => outcomes.0 += 1,
            "Next city" => outcomes.1 += 1,
            other => panic!("{step}: {other}"),
        }
        // What the failure left does not disturb the next attempt.
        if k % 5 == 0 {
            next().publish(store.path(), "city", Arc::new(RealFiles)).unwrap();
            assert_eq!(whole_title(store.path(), &step), "Next city");
        }
    }
    // Only after the pointer's rename can the new city be there without success.
    assert!(outcomes.0 >= count - 1, "{outcomes:?}");
}

fn over_nothing(fault: Fault) {
    let scratch = tempfile::tempdir().unwrap();
    let count = operations(&small(), scratch.path());
    for k in 0..count {
        let step = format!("{fault:?} at operation {k} of {count}");
        let store = tempfile::tempdir().unwrap();
        let published = small().publish(store.path(), "city", Arc::new(FailingFiles::new(fault, k)));
        assert!(published.is_err(), "{step} was not noticed");
        match Collection::open(&store.path().join("city")) {
            Err(Error::NotACollection { .. }) => {}
            Ok(_) => assert_eq!(whole_title(store.path(), &step), "Sample city"),
            Err(error) => panic!("{step}: {error}"),
        }
    }
}

#[test]
fn a_refused_operation_leaves_the_old_city_whole() {
    over_an_old_city(Fault::Fail);
}

#[test]
fn a_killed_publisher_leaves_the_old_city_whole() {
    over_an_old_city(Fault::Kill);
}

#[test]
fn a_power_cut_leaves_the_old_city_whole() {
    over_an_old_city(Fault::PowerCut);
}

#[test]
fn a_refused_operation_leaves_nothing_or_a_whole_city() {
    over_nothing(Fault::Fail);
}

#[test]
fn a_killed_publisher_leaves_nothing_or_a_whole_city() {
    over_nothing(Fault::Kill);
}

#[test]
fn a_power_cut_leaves_nothing_or_a_whole_city() {
    over_nothing(Fault::PowerCut);
}
