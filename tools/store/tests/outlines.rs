//! Outlines for a map, of the sample city.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests say what they expect by failing"
)]
#![allow(dead_code, reason = "the sample is shared with other tests")]

mod sample;

use store::{Collection, Outline, Window};

const WORLD: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];

fn outlines(collection: &Collection, layer: &str, bbox: [f64; 4], detail: f64) -> Vec<Outline> {
    let mut found = Vec::new();
    let window = Window {
        bbox,
        detail: [detail; 2],
    };
    collection
        .outlines(layer, &window, |outline| {
            found.push(outline);
            true
        })
        .unwrap();
    found
}

#[test]
fn what_is_small_comes_as_a_box_and_what_is_large_with_its_footprint() {
    let store = tempfile::tempdir().unwrap();
    drop(sample::publish(store.path()));
    let collection = Collection::open(&store.path().join("helsinki")).unwrap();
    let mut with_footprint = 0;
    collection
        .for_each_feature(|row| {
            with_footprint += usize::from(row.layer == "buildings" && !row.footprint.is_empty());
            true
        })
        .unwrap();
    let large = outlines(&collection, "buildings", WORLD, 0.0);
    assert!(with_footprint > 2 && large.len() == with_footprint, "{large:?}");
    assert!(
        large
            .iter()
            .all(|outline| matches!(outline, Outline::Footprint(rings) if rings[0][0].len() > 3))
    );
    let small = outlines(&collection, "buildings", WORLD, 1.0);
    assert_eq!(small.len(), large.len());
    let inside = |outline: &Outline| matches!(outline, Outline::Box([w, s, e, n]) if w < e && s < n && (24.0..26.0).contains(w) && (60.0..61.0).contains(s));
    assert!(small.iter().all(inside), "{small:?}");
    assert_eq!(outlines(&collection, "buildings", [0.0, 0.0, 1.0, 1.0], 0.0), []);
    assert_eq!(outlines(&collection, "moon", WORLD, 0.0), []);
}

#[test]
fn whoever_takes_no_more_gets_no_more() {
    let store = tempfile::tempdir().unwrap();
    drop(sample::publish(store.path()));
    let collection = Collection::open(&store.path().join("helsinki")).unwrap();
    let window = Window {
        bbox: WORLD,
        detail: [0.0; 2],
    };
    let mut taken = 0;
    collection
        .outlines("buildings", &window, |_| {
            taken += 1;
            taken < 2
        })
        .unwrap();
    assert_eq!(taken, 2);
}
