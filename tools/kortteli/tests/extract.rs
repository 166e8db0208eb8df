//! Boxes of the sample city, measured against the CityGML they come from.
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
    reason = "the reader is shared with other tests"
)]

#[path = "../../extract/tests/model/mod.rs"]
mod model;

use glam::DVec3;
use model::{Model, Node};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};
use store::Collection;
use tiles::geodesy::EnuFrame;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/samples/helsinki");
const ORIGIN: &str = "24.9525,60.1695,22";
/// The cathedral and the houses around its square.
const SQUARE: &str = "24.949,60.168,24.956,60.1715";

fn kortteli(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kortteli"))
        .args(arguments)
        .output()
        .unwrap()
}

fn extract(store: &Path, bbox: &str, more: &[&str]) -> Model {
    let file = store.join("extract.glb");
    let [store, output] = [store, &file].map(|path| path.to_str().unwrap().to_owned());
    let mut arguments = vec!["extract", &store, "--bbox", bbox, "--origin", ORIGIN, "-o", &output];
    arguments.extend(more);
    let ended = kortteli(&arguments);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    Model::open(&std::fs::read(file).unwrap())
}

/// The coordinates of a building with all its parts, as the source has them at its highest level of detail: easting,
/// northing, height.
fn source(gml: &str, id: &str) -> Vec<DVec3> {
    let begin = gml
        .find(&format!("<bldg:Building gml:id=\"{id}\""))
        .expect("the building is in the source");
    let end = begin + gml[begin..].find("</bldg:Building>").unwrap();
    let mut text = gml[begin..end].to_owned();
    if text.contains("<bldg:lod2") {
        for coarse in ["lod0FootPrint", "lod1Solid"] {
            while let Some(at) = text.find(&format!("<bldg:{coarse}>")) {
                let close = format!("</bldg:{coarse}>");
                let after = at + text[at..].find(&close).unwrap() + close.len();
                text.replace_range(at..after, "");
            }
        }
    }
    let lists = text.split("<gml:posList").skip(1).map(|list| {
        let list = &list[list.find('>').unwrap() + 1..];
        &list[..list.find('<').unwrap()]
    });
    let numbers: Vec<f64> = lists
        .flat_map(str::split_ascii_whitespace)
        .map(|number| number.parse().unwrap())
        .collect();
    numbers
        .as_chunks::<3>()
        .0
        .iter()
        .map(|&point| DVec3::from(point))
        .collect()
}

/// The farthest that two points are apart on the map, and the difference of heights. Neither depends on where north is, and the
/// map's scale is 1 within 5 km of its middle meridian (EPSG:3879, 25 degrees east).
fn size(points: &[DVec3], up: fn(&DVec3) -> f64, flat: fn(&DVec3) -> [f64; 2]) -> [f64; 2] {
    let mut widest = 0.0f64;
    for a in points {
        for b in points {
            let ([ax, ay], [bx, by]) = (flat(a), flat(b));
            widest = widest.max((ax - bx).hypot(ay - by));
        }
    }
    let heights = points.iter().map(up);
    let (low, high) = heights.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), h| {
        (low.min(h), high.max(h))
    });
    [widest, high - low]
}

fn size_of(node: &Node) -> [f64; 2] {
    let points: Vec<DVec3> = node.positions.iter().map(|p| DVec3::from(p.map(f64::from))).collect();
    size(&points, |p| p.y, |p| [p.x, p.z])
}

#[test]
fn the_sample_city_comes_in_boxes_true_to_the_centimetre_that_fit() {
    let place = tempfile::tempdir().unwrap();
    let store = place.path().join("store");
    let inputs = ["helsinki-centre.gml.gz", "helsinki-centre-context.gml.gz"].map(|name| format!("{SAMPLES}/{name}"));
    let path = store.to_str().unwrap();
    let arguments = [
        "tile",
        &inputs[0],
        &inputs[1],
        "-o",
        path,
        "--tile-bytes",
        "48K",
        "--brotli",
        "1",
    ];
    let tiled = kortteli(&[&arguments[..], &["--tileset-tiles", "6"]].concat());
    assert!(tiled.status.success(), "{}", String::from_utf8_lossy(&tiled.stderr));
    let collection = Collection::open(&store.join("city")).unwrap();
    let mut gml = String::new();
    let file = std::fs::File::open(&inputs[0]).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut gml).unwrap();
    buildings_are_as_large_as_in_the_source_and_where_it_says(&store, &collection, &gml);
    blocks_are_one_a_building(&store);
    neighbours_fit(&store);
    mistakes_are_named(path);
}

fn buildings_are_as_large_as_in_the_source_and_where_it_says(store: &Path, collection: &Collection, gml: &str) {
    let model = extract(store, SQUARE, &[]);
    let layers: BTreeSet<&str> = model.nodes.values().map(|node| node.layer.as_str()).collect();
    assert_eq!(
        layers,
        BTreeSet::from(["buildings", "furniture", "green", "roads", "terrain"])
    );
    let buildings: Vec<(&String, &Node)> = model
        .nodes
        .iter()
        .filter(|(_, node)| node.layer == "buildings")
        .collect();
    assert!(buildings.len() > 30, "{}", buildings.len());
    let crs = collection.pointer().crs.as_ref().unwrap();
    let frame = EnuFrame::from_transform(&collection.tileset().root.transform.unwrap());
    let origin = EnuFrame::new(tiles::geodesy::Geodetic::from_degrees(24.9525, 60.1695, 22.0));
    for (id, node) in buildings {
        let points = source(gml, id);
        let expected = size(&points, |p| p.z, |p| [p.x, p.y]);
        let found = size_of(node);
        for (expected, found) in expected.iter().zip(found) {
            assert!(
                (expected - found).abs() < 0.01,
                "{id}: {expected} m in the source, {found} m"
            );
        }
        let places = points
            .iter()
            .map(|point| origin.to_enu(frame.to_ecef(crs.unproject(*point))).0);
        let (mut min, mut max) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for place in places {
            let place = DVec3::new(place.x, place.z, -place.y);
            (min, max) = (min.min(place), max.max(place));
        }
        assert!(
            (min - DVec3::from(node.min)).abs().max_element() < 0.01,
            "{id}: {min} {:?}",
            node.min
        );
        assert!(
            (max - DVec3::from(node.max)).abs().max_element() < 0.01,
            "{id}: {max} {:?}",
            node.max
        );
    }
    let cathedral = &model.nodes["osm_w419479428"];
    assert_eq!(cathedral.extras["name"], "Helsingin tuomiokirkko");
    assert_eq!(cathedral.extras["wikidata"], "Q738015");
    assert!(cathedral.max[2] < 0.0, "the cathedral is north of the origin");
    assert!(
        model.document["asset"]["copyright"]
            .as_str()
            .unwrap()
            .contains("OpenStreetMap")
    );
}

fn blocks_are_one_a_building(store: &Path) {
    let [full, blocks] = ["2", "1"].map(|lod| extract(store, SQUARE, &["--layers", "buildings", "--lod", lod]));
    let names = |model: &Model| model.nodes.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&full), names(&blocks));
    let triangles = |model: &Model| model.nodes.values().map(|node| node.triangles).sum::<usize>();
    assert!(
        triangles(&blocks) < triangles(&full),
        "{} of {}",
        triangles(&blocks),
        triangles(&full)
    );
    for (id, block) in &blocks.nodes {
        assert_eq!(block.extras["lod"], 1, "{id}");
        let model = &full.nodes[id];
        let higher = (block.max[1] - model.max[1]).abs();
        assert!(higher < 0.01, "{id}: the block's top is off by {higher} m");
        assert!(block.outward > 0.0, "{id} is inside out");
    }
}

/// Positions of a node that lie on a parallel or meridian are those of both sides.
fn neighbours_fit(store: &Path) {
    let (west, east) = ("24.949,60.168,24.9525,60.1715", "24.9525,60.168,24.956,60.1715");
    let whole = extract(store, SQUARE, &[]);
    let [west, east] = [west, east].map(|bbox| extract(store, bbox, &[]));
    let objects = |model: &Model| -> Vec<String> {
        let objects = model
            .nodes
            .iter()
            .filter(|(_, node)| node.layer == "buildings" || node.layer == "furniture");
        objects.map(|(id, _)| id.clone()).collect()
    };
    let mut both = [objects(&west), objects(&east)].concat();
    both.sort();
    assert_eq!(both, objects(&whole), "each in one of the halves");
    // The edge is the meridian of the origin: x is 0 there, but for the tilt of heights.
    let seam = |model: &Model| -> BTreeSet<[u32; 3]> {
        let ground = model
            .nodes
            .values()
            .filter(|node| matches!(node.layer.as_str(), "terrain" | "roads" | "water"));
        let points = ground.flat_map(|node| &node.positions).filter(|p| p[0].abs() < 2e-4);
        points.map(|p| p.map(f32::to_bits)).collect()
    };
    let (west, east) = (seam(&west), seam(&east));
    assert!(west.len() > 50, "{}", west.len());
    assert_eq!(west, east, "{} and {} corners on the edge", west.len(), east.len());
}

fn mistakes_are_named(store: &str) {
    let wrong = |arguments: &[&str]| {
        let ended = kortteli(&[&["extract", store, "-o", "/nowhere/x.glb"], arguments].concat());
        (
            ended.status.code().unwrap(),
            String::from_utf8_lossy(&ended.stderr).into_owned(),
        )
    };
    let (code, told) = wrong(&["--bbox", "24.9,60.1,25.0,60.2"]);
    assert!(code == 1 && told.contains("km2 allowed"), "{told}");
    let (code, told) = wrong(&["--bbox", "24.95,60.168,24.951,60.169", "--layers", "houses"]);
    assert!(code == 1 && told.contains("it has terrain, water"), "{told}");
    let (code, told) = wrong(&["--bbox", "24.95,60.168,24.951,60.169", "--origin", "24.95,61,0"]);
    assert!(code == 2 && told.contains("km from the box"), "{told}");
    let (code, told) = wrong(&["--bbox", "24.95,60.168,24.951,60.169", "--lod", "3"]);
    assert!(code == 2 && told.contains("1..=2"), "{told}");
    let (code, told) = wrong(&["--bbox", "10,50,10.001,50.001"]);
    assert!(code == 1 && told.contains("outside the city"), "{told}");
    let (code, told) = wrong(&["--bbox", "24.95,60.168,24.951,60.169"]);
    assert!(code == 1 && told.contains("cannot write /nowhere/x.glb"), "{told}");
}
