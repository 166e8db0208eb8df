//! Coordinates of files to longitude, latitude and ellipsoidal height.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::io::Cursor;
use tiff::encoder::{TiffEncoder, colortype::Gray32Float};
use tiff::tags::Tag;
use tiler::crs::{Error, SourceCrs, Transformer};
use tiler::geoid::{self, Grid};
use tiler::{Axis, Options};
use tiles::geodesy::Geodetic;

const HELSINKI: &str = "urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::3900";
/// EPSG:3879 + N2000, easting first, and what PROJ 9.7.1 makes of it with FIN2023N2000.
const EAST_NORTH: [f64; 3] = [25497750.0, 6676280.0, 2.68];
const EXPECTED: (f64, f64, f64) = (24.9594331545, 60.1993151098, 20.2747);

fn settled(name: &str, example: [f64; 3]) -> Result<SourceCrs, Error> {
    let mut crs = SourceCrs::new(name, &Options::default())?;
    crs.settle_axes(&[example], Axis::Detect)?;
    Ok(crs)
}

#[test]
fn the_check_value_is_met_within_a_millimetre_in_either_axis_order() {
    let [east, north, height] = EAST_NORTH;
    let truth = Geodetic::from_degrees(EXPECTED.0, EXPECTED.1, EXPECTED.2).to_ecef();
    for written in [EAST_NORTH, [north, east, height]] {
        let crs = settled(HELSINKI, written).unwrap();
        let found = Transformer::new(&crs).unwrap().geodetic(written).unwrap();
        let off = (found.to_ecef().0 - truth.0).length();
        assert!(off < 1e-3, "{written:?} is {off} m off");
    }
}

#[test]
fn coordinates_in_neither_order_within_the_area_of_use_are_an_error_that_names_the_option() {
    let error = settled(HELSINKI, [500.0, 700.0, 0.0]).unwrap_err();
    assert!(matches!(error, Error::AxisOrder { found: "neither", .. }));
    assert!(error.to_string().contains("--axis"), "{error}");
}

#[test]
fn coordinates_in_both_orders_within_the_area_of_use_are_an_error() {
    let error = settled("EPSG:4979", [24.0, 25.0, 10.0]).unwrap_err();
    assert!(matches!(error, Error::AxisOrder { found: "both", .. }), "{error}");
}

#[test]
fn a_vertical_system_in_place_of_a_horizontal_one_is_an_error_and_no_panic() {
    let error = SourceCrs::new("EPSG:3900", &Options::default()).unwrap_err();
    assert!(matches!(error, Error::WrongKind { .. }), "{error}");
    let error = SourceCrs::new("EPSG:99999", &Options::default()).unwrap_err();
    assert!(matches!(error, Error::NoSuchCode { code: 99999, .. }), "{error}");
}

/// Nodes at 24, 25, 26 E and 61, 60 N; north row first.
const VALUES: [f32; 6] = [10.0, 12.0, 14.0, 20.0, 22.0, 24.0];

fn ascii() -> Vec<u8> {
    let header = "ncols 3\nnrows 2\nxllcenter 24\nyllcenter 60\ncellsize 1\nNODATA_value -9999\n";
    let values: Vec<String> = VALUES.iter().map(ToString::to_string).collect();
    format!("{header}{}\n", values.join(" ")).into_bytes()
}

fn gtx() -> Vec<u8> {
    let first = [60.0_f64, 24.0, 1.0, 1.0].into_iter().flat_map(f64::to_be_bytes);
    let size = [2_i32, 3].into_iter().flat_map(i32::to_be_bytes);
    let values = VALUES.chunks(3).rev().flatten().flat_map(|v| v.to_be_bytes());
    first.chain(size).chain(values).collect()
}

fn geotiff(area: bool) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    let mut image = encoder.new_image::<Gray32Float>(3, 2).unwrap();
    // A pixel that is an area has its corner half a step north-west of its node.
    let corner = if area { [23.5, 61.5] } else { [24.0, 61.0] };
    let tie = [0.0, 0.0, 0.0, corner[0], corner[1], 0.0];
    let raster: u16 = if area { 1 } else { 2 };
    image
        .encoder()
        .write_tag(Tag::ModelPixelScaleTag, &[1.0, 1.0, 0.0][..])
        .unwrap();
    image.encoder().write_tag(Tag::ModelTiepointTag, &tie[..]).unwrap();
    image
        .encoder()
        .write_tag(Tag::GeoKeyDirectoryTag, &[1_u16, 1, 0, 1, 1025, 0, 1, raster][..])
        .unwrap();
    image.write_data(&VALUES).unwrap();
    file.into_inner()
}

#[test]
fn every_grid_format_gives_the_same_heights_between_its_nodes() {
    let grids = [
        ("a.asc", ascii()),
        ("a.gtx", gtx()),
        ("area.tif", geotiff(true)),
        ("point.tif", geotiff(false)),
    ];
    for (name, bytes) in grids {
        let grid = Grid::parse(name, &bytes).unwrap();
        let at = |lon: f64, lat: f64| grid.height(lon, lat);
        assert_eq!(grid.extent(), [24.0, 60.0, 26.0, 61.0], "{name}");
        assert_eq!(at(24.0, 61.0), Some(10.0), "{name}");
        assert_eq!(at(26.0, 60.0), Some(24.0), "{name}");
        assert!((at(24.5, 60.25).unwrap() - 18.5).abs() < 1e-6, "{name}");
        assert_eq!(at(26.1, 60.5), None, "{name}");
        assert_eq!(at(25.0, 59.9), None, "{name}");
    }
}

#[test]
fn a_node_without_a_value_has_no_height_around_it() {
    let text = String::from_utf8(ascii()).unwrap().replace("14", "-9999");
    let grid = Grid::parse("gap.asc", text.as_bytes()).unwrap();
    assert_eq!(grid.height(25.5, 60.5), None);
    assert!(grid.height(24.5, 60.5).is_some());
}

#[test]
fn what_is_no_grid_is_an_error_that_says_which_formats_are_known() {
    for bytes in [
        &b""[..],
        b"<html>",
        b"ncols 3\nnrows 2\n1 2",
        b"II*\0broken",
        &gtx()[..50],
    ] {
        for name in ["x.asc", "x.gtx", "x.tif"] {
            let error = Grid::parse(name, bytes).unwrap_err();
            assert!(error.to_string().contains("GeoTIFF"), "{error}");
        }
    }
}

#[test]
fn the_shipped_grid_asks_for_its_credit() {
    let (grid, credit) = geoid::shipped(3900).unwrap().unwrap();
    assert!(credit.contains("National Land Survey of Finland"));
    assert!((grid.height(EXPECTED.0, EXPECTED.1).unwrap() - 17.5947).abs() < 1e-3);
}
