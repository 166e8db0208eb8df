//! Bad input: each fault has its own message with file, line, `gml:id` and advice, and the rest of the city is tiled.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use citygml::Report;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tiler::{Error, Heights, Options, Silent, TileSummary, tile};

const GRID: &str = "urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::3900";

/// The six faces of a box of 10 m at an offset east of Senate Square, outward, as rings of corners.
fn faces(east: f64) -> Vec<Vec<[f64; 3]>> {
    let (x, y, z) = (25_497_300.0 + east, 6_672_980.0, 4.0);
    let (a, b) = (x + 10.0, y + 10.0);
    let top = z + 10.0;
    vec![
        vec![[x, y, z], [x, b, z], [a, b, z], [a, y, z]],
        vec![[x, y, top], [a, y, top], [a, b, top], [x, b, top]],
        vec![[x, y, z], [a, y, z], [a, y, top], [x, y, top]],
        vec![[a, y, z], [a, b, z], [a, b, top], [a, y, top]],
        vec![[a, b, z], [x, b, z], [x, b, top], [a, b, top]],
        vec![[x, b, z], [x, y, z], [x, y, top], [x, b, top]],
    ]
}

fn building(id: &str, faces: &[Vec<[f64; 3]>]) -> String {
    let mut text = format!(
        "<core:cityObjectMember><bldg:Building gml:id=\"{id}\"><bldg:lod1Solid><gml:Solid><gml:exterior><gml:CompositeSurface>\n"
    );
    for face in faces {
        text.push_str("<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>");
        for [x, y, z] in face.iter().chain(face.first()) {
            write!(text, "{x} {y} {z} ").unwrap();
        }
        text.push_str("</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>\n");
    }
    text.push_str(
        "</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod1Solid></bldg:Building></core:cityObjectMember>\n",
    );
    text
}

fn city(srs_name: &str, members: &[String]) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<core:CityModel xmlns:core=\"http://www.opengis.net/citygml/2.0\" \
         xmlns:bldg=\"http://www.opengis.net/citygml/building/2.0\" xmlns:gml=\"http://www.opengis.net/gml\" \
         xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n<gml:boundedBy><gml:Envelope srsName=\"{srs_name}\" srsDimension=\"3\">\
         <gml:lowerCorner>25497300 6672980 4</gml:lowerCorner><gml:upperCorner>25497400 6672990 14</gml:upperCorner>\
         </gml:Envelope></gml:boundedBy>\n{}</core:CityModel>\n",
        members.concat()
    )
}

struct Tiled {
    result: Result<TileSummary, Error>,
    report: Report,
}

fn tiled(text: &str, options: &Options) -> Tiled {
    let folder = tempfile::tempdir().unwrap();
    let input: PathBuf = folder.path().join("city.gml");
    std::fs::write(&input, text).unwrap();
    let publisher = store::Publisher::begin(&folder.path().join("store"), "city", Arc::new(store::RealFiles)).unwrap();
    let report = Report::new();
    let result = tile(&[input], options, publisher, &report, &Silent);
    Tiled { result, report }
}

/// Tiles a sound box and the faulty members: the warning of this code must name file, line and object, and advise.
fn warned(code: &str, id: &str, members: Vec<String>) -> TileSummary {
    let mut all = vec![building("sound", &faces(0.0))];
    all.extend(members);
    let Tiled { result, report } = tiled(&city(GRID, &all), &Options::default());
    let groups = report.warnings();
    let group = groups
        .iter()
        .find(|g| g.code == code)
        .unwrap_or_else(|| panic!("no {code} in {}", report.to_json()));
    let example = &group.examples[0];
    assert_eq!(example.file.as_deref().and_then(Path::file_name).unwrap(), "city.gml");
    assert!(example.line.is_some_and(|line| line > 3), "{example:?}");
    assert_eq!(example.id.as_deref(), Some(id), "{example:?}");
    assert!(!example.message.is_empty() && !example.advice.is_empty(), "{example:?}");
    result.unwrap()
}

#[test]
fn a_solid_with_a_hole_is_named_and_still_stands() {
    let mut faces = faces(20.0);
    faces.pop();
    let summary = warned("open-solid", "holed", vec![building("holed", &faces)]);
    assert_eq!(summary.tiled, 2);
}

#[test]
fn a_face_out_of_plane_is_named_and_still_filled() {
    let mut faces = faces(20.0);
    faces[1][2][2] += 0.5;
    let summary = warned("bent-face", "bent", vec![building("bent", &faces)]);
    assert_eq!(summary.tiled, 2);
}

#[test]
fn a_building_outside_of_the_geoid_grid_is_left_out_and_the_rest_tiled() {
    let mut faces = faces(0.0);
    for corner in faces.iter_mut().flatten() {
        corner[1] -= 900_000.0;
    }
    let summary = warned("misplaced", "far", vec![building("far", &faces)]);
    assert_eq!((summary.tiled, summary.left_out), (1, 1));
}

#[test]
fn a_building_without_geometry_is_left_out_and_named() {
    let empty = "<core:cityObjectMember>\n<bldg:Building gml:id=\"empty\"/></core:cityObjectMember>\n".to_owned();
    let summary = warned("no-geometry", "empty", vec![empty]);
    assert_eq!((summary.tiled, summary.left_out), (1, 1));
}

#[test]
fn a_dangling_link_is_named_and_the_rest_of_the_building_stands() {
    let mut text = building("linked", &faces(20.0));
    let cut = text.find("<gml:surfaceMember>").unwrap();
    text.insert_str(cut, "<gml:surfaceMember xlink:href=\"#nowhere\"/>\n");
    let summary = warned("xlink-dangling", "linked", vec![text]);
    assert_eq!(summary.tiled, 2);
}

#[test]
fn of_two_buildings_with_one_id_one_is_tiled_and_both_lines_are_named() {
    let members = vec![building("twin", &faces(20.0)), building("twin", &faces(40.0))];
    let summary = warned("duplicate-id", "twin", members);
    assert_eq!(summary.tiled, 2);
}

fn refused(srs_name: &str, options: &Options, needles: &[&str]) {
    let text = city(srs_name, &[building("sound", &faces(0.0))]);
    let message = tiled(&text, options).result.unwrap_err().to_string();
    for needle in needles.iter().chain(&["city.gml"]) {
        assert!(message.contains(needle), "{needle:?} is not in {message:?}");
    }
}

#[test]
fn an_unknown_reference_system_is_an_error_that_names_the_option() {
    refused(
        "urn:ogc:def:crs:EPSG::987654",
        &Options::default(),
        &["987654", "--crs"],
    );
}

#[test]
fn heights_above_a_geoid_without_a_grid_are_an_error_that_names_grid_and_option() {
    let n60 = "urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::5717";
    refused(n60, &Options::default(), &["5717", "--geoid", "--heights ellipsoidal"]);
    let ellipsoidal = Options {
        heights: Heights::Ellipsoidal,
        ..Options::default()
    };
    let text = city(n60, &[building("sound", &faces(0.0))]);
    assert_eq!(tiled(&text, &ellipsoidal).result.unwrap().tiled, 1);
}

#[test]
fn a_reference_system_without_heights_is_an_error_that_says_what_to_add() {
    refused("EPSG:3879", &Options::default(), &["--crs", "--heights"]);
}

#[test]
fn a_city_of_which_nothing_can_be_drawn_is_an_error() {
    let empty = "<core:cityObjectMember><bldg:Building gml:id=\"empty\"/></core:cityObjectMember>".to_owned();
    let Tiled { result, .. } = tiled(&city(GRID, &[empty]), &Options::default());
    assert!(result.unwrap_err().to_string().contains("nothing was tiled"));
}

#[test]
fn limits_that_no_tree_can_keep_are_refused() {
    let sound = city(GRID, &[building("sound", &faces(0.0))]);
    for (options, needles) in [
        (
            Options {
                tile_bytes: 100,
                ..Options::default()
            },
            ["--tile-bytes", "16384"],
        ),
        (
            Options {
                tileset_tiles: 2,
                ..Options::default()
            },
            ["--tileset-tiles", "less than 3"],
        ),
    ] {
        let message = tiled(&sound, &options).result.unwrap_err().to_string();
        assert!(needles.iter().all(|needle| message.contains(needle)), "{message}");
    }
}
