//! What changes when little changes, and what does not when only the means do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

use citygml::Report;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Collection, Publisher, RealFiles};
use tempfile::TempDir;
use tiler::{Options, Silent, tile};

/// Columns and rows of the made city.
const SIDE: usize = 100;

/// A city of boxes of many sizes, in rows; `moved` is shifted by some metres.
fn city(folder: &Path, moved: Option<usize>) -> PathBuf {
    let mut text = String::from(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gml="http://www.opengis.net/gml">
<gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::3900" srsDimension="3"/></gml:boundedBy>
"#,
    );
    for number in 0..SIDE * SIDE {
        let mut next = number as u64 + 1;
        let mut vary = |least: f64, most: f64| {
            next = next.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            least + (most - least) * (next >> 40) as f64 / (1_u64 << 24) as f64
        };
        let size = [vary(8.0, 24.0), vary(8.0, 24.0), vary(4.0, 40.0)];
        let shift = if moved == Some(number) { 1.5 } else { 0.0 };
        let low = [
            25_496_000.0 + (number % SIDE) as f64 * 30.0 + vary(0.0, 3.0) + shift,
            6_674_000.0 + (number / SIDE) as f64 * 30.0 + vary(0.0, 3.0),
            5.0,
        ];
        building(&mut text, number, low, size);
    }
    text.push_str("</core:CityModel>\n");
    let path = folder.join("boxes.gml");
    std::fs::write(&path, text).unwrap();
    path
}

fn building(text: &mut String, number: usize, [x, y, z]: [f64; 3], [w, d, h]: [f64; 3]) {
    write!(
        text,
        "<core:cityObjectMember><bldg:Building gml:id=\"box-{number}\"><gml:name>Box {number}</gml:name><bldg:lod1Solid><gml:Solid><gml:exterior><gml:CompositeSurface>"
    )
    .unwrap();
    let p = |i: usize| {
        [
            x + w * (i & 1) as f64,
            y + d * (i >> 1 & 1) as f64,
            z + h * (i >> 2) as f64,
        ]
    };
    for face in [
        [0, 2, 3, 1],
        [4, 5, 7, 6],
        [0, 1, 5, 4],
        [1, 3, 7, 5],
        [3, 2, 6, 7],
        [2, 0, 4, 6],
    ] {
        text.push_str("<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>");
        for corner in face.iter().chain([&face[0]]) {
            let [x, y, z] = p(*corner);
            write!(text, "{x:.3} {y:.3} {z:.3} ").unwrap();
        }
        text.push_str("</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>");
    }
    text.push_str(
        "</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod1Solid></bldg:Building></core:cityObjectMember>\n",
    );
}

fn options() -> Options {
    Options {
        tile_bytes: 64 * 1024,
        ..Options::default()
    }
}

/// Tiles into a store; answers how many files are new, and the names of all tiles.
fn tiled(store: &Path, input: &Path, options: &Options) -> (u64, BTreeSet<String>, usize) {
    let publisher = Publisher::begin(store, "boxes", Arc::new(RealFiles)).unwrap();
    let report = Report::new();
    let summary = tile(&[input.to_owned()], options, publisher, &report, &Silent).unwrap();
    assert_eq!(report.total(), 0, "{:#}", report.to_json());
    assert_eq!(summary.tiled, (SIDE * SIDE) as u64);
    let depth = summary
        .levels
        .iter()
        .map(|level| usize::from(level.level))
        .max()
        .unwrap();
    let collection = Collection::open(&store.join("boxes")).unwrap();
    let names = collection
        .manifest()
        .files
        .keys()
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "glb"));
    (summary.published.unwrap().new_files, names.cloned().collect(), depth)
}

#[test]
fn one_building_moved_among_ten_thousand_changes_its_own_tile_and_those_above_it() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("store");
    let (_, before, depth) = tiled(&store, &city(folder.path(), None), &options());
    assert!(depth >= 2, "the city is large enough to tell: {depth}");
    let (new, again, _) = tiled(&store, &city(folder.path(), None), &options());
    assert_eq!((new, &again), (0, &before), "an unchanged city changes no file");
    for number in [0, 4711, 9999] {
        let (_, after, _) = tiled(&store, &city(folder.path(), Some(number)), &options());
        let changed: Vec<&String> = after.difference(&before).collect();
        assert!(!changed.is_empty());
        assert!(
            changed.len() <= depth + 2,
            "box-{number} changes {} tiles of {depth} levels: {changed:?}",
            changed.len()
        );
    }
}

#[test]
fn threads_and_memory_leave_every_name_as_it_is() {
    let folder = TempDir::new().unwrap();
    let input = city(folder.path(), None);
    let with = |threads: usize, memory: u64| {
        let options = Options {
            threads: Some(threads),
            memory: Some(memory),
            ..options()
        };
        let store = folder.path().join(format!("store-{threads}-{memory}"));
        tiled(&store, &input, &options).1
    };
    let truth = with(1, 1 << 20);
    assert_eq!(with(3, 1 << 20), truth);
    assert_eq!(with(3, 4 << 30), truth);
}
