//! From a published collection to a world: through compact tiles and the fitted reference system.
#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod scenery;

use blocks::{Error, Options, export, export_with_grid};
use glam::DVec3;
use scenery::World;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use store::{Collection, Frame, Publication, Publisher, RealFiles};
use tiles::bounds::Aabb;
use tiles::crs::{FittedCrs, check_points, sample_points};
use tiles::feature::Feature;
use tiles::geodesy::{Enu, EnuFrame, Geodetic};
use tiles::glb::{self, Encoding};
use tiles::mesh::{Mesh, TileContent};
use tiles::surface::Surface;
use tiles::tileset::{BoundingVolume, LayerInfo, Refine, Tile, Tileset};

const ORIGIN: [f64; 3] = [24.9405, 60.1690, 17.6];
const CREDIT: &str = "(c) The people of the test, CC BY 4.0";

/// A grid like EPSG:3879 about here: turned a little against true north, and heights over a round earth.
fn grid(enu: Enu) -> DVec3 {
    let (sin, cos) = (-0.0531f64).to_radians().sin_cos();
    let Enu(p) = enu;
    DVec3::new(
        25_496_700.25 + p.x * cos - p.y * sin,
        6_672_900.5 + p.x * sin + p.y * cos,
        p.z + 0.003 + (p.x * p.x + p.y * p.y) / (2.0 * 6_390_000.0),
    )
}

fn crs() -> FittedCrs {
    let reach = DVec3::new(3000.0, 3000.0, 700.0);
    let domain = Aabb::from_corners(-reach, reach);
    let samples: Vec<_> = sample_points(&domain).into_iter().map(|enu| (enu, grid(enu))).collect();
    let check: Vec<_> = check_points(&domain).into_iter().map(|enu| (enu, grid(enu))).collect();
    FittedCrs::fit(&samples, &check)
        .unwrap()
        .named("EPSG:3879", "EPSG:3900")
}

/// A box of the grid as a tile: easting, northing and height ranges.
fn tile_of(crs: &FittedCrs, id: &str, ranges: [[f64; 2]; 3], surfaces: [Surface; 3]) -> (TileContent, Aabb) {
    let corner = |number: usize| {
        let at = |axis: usize| ranges[axis][number >> axis & 1];
        crs.unproject(DVec3::new(at(0), at(1), at(2))).0
    };
    let origin = corner(0);
    let mut mesh = Mesh {
        origin,
        ..Mesh::default()
    };
    // Corners by number: 1 is east, 2 north, 4 up.
    let faces: [([usize; 4], usize, [f32; 3]); 6] = [
        ([4, 5, 7, 6], 0, [0.0, 0.0, 1.0]),
        ([0, 1, 5, 4], 1, [0.0, -1.0, 0.0]),
        ([1, 3, 7, 5], 1, [1.0, 0.0, 0.0]),
        ([3, 2, 6, 7], 1, [0.0, 1.0, 0.0]),
        ([2, 0, 4, 6], 1, [-1.0, 0.0, 0.0]),
        ([2, 3, 1, 0], 2, [0.0, 0.0, -1.0]),
    ];
    for (corners, role, normal) in faces {
        let surface = surfaces[role];
        if surface == Surface::Interior {
            continue;
        }
        let first = mesh.positions.len() as u32;
        for number in corners {
            mesh.positions.push((corner(number) - origin).as_vec3().to_array());
            mesh.normals.push(normal);
            mesh.colors.push([227, 217, 196, 255]);
            mesh.feature_ids.push(0);
            mesh.surfaces.push(surface as u8);
        }
        mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|number| first + number));
    }
    let bounds = Aabb::from_points((0..8).map(corner));
    let feature = Feature {
        id: id.into(),
        kind: "Building".into(),
        merged: 1,
        ..Feature::default()
    };
    let content = TileContent {
        mesh,
        features: vec![feature],
        copyright: CREDIT.into(),
    };
    (content, bounds)
}

struct Town {
    /// Height of the second house's roof.
    top: f64,
    crs: Option<FittedCrs>,
}

impl Town {
    /// Publishes ground 256 m wide at 4.0 m and two houses on it, with a stand-in over the houses.
    fn publish(&self, store: &Path) -> Collection {
        let crs = crs();
        let publisher = Publisher::begin(store, "town", Arc::new(RealFiles)).unwrap();
        publisher.put("schema", "json", glb::schema_json().as_bytes()).unwrap();
        let leaf = |id: &str, ranges, surfaces| {
            let (content, bounds) = tile_of(&crs, id, ranges, surfaces);
            let bytes = glb::encode(&content, Encoding::Compact, "schema.json").unwrap();
            let name = publisher.put(id, "glb", &bytes).unwrap();
            (
                Tile::new(BoundingVolume::from_aabb(&bounds), 0.0).with_content(name),
                bounds,
            )
        };
        let house = [Surface::Roof, Surface::Wall, Surface::Ground];
        let first = leaf(
            "first",
            [[25_496_700.0, 25_496_712.0], [6_672_900.0, 6_672_912.0], [4.0, 14.0]],
            house,
        );
        let second = leaf(
            "second",
            [
                [25_496_720.3, 25_496_729.9],
                [6_672_895.2, 6_672_910.8],
                [4.0, self.top],
            ],
            house,
        );
        let wrong = leaf(
            "stand-in",
            [[25_496_690.0, 25_496_740.0], [6_672_880.0, 6_672_920.0], [0.0, 40.0]],
            house,
        );
        let sheet = [Surface::LandUse, Surface::Interior, Surface::Interior];
        let ground = leaf(
            "land",
            [[25_496_600.0, 25_496_856.0], [6_672_800.0, 6_673_056.0], [3.0, 4.0]],
            sheet,
        );
        let mut over = wrong.0;
        over.geometric_error = 20.0;
        over.refine = Some(Refine::Replace);
        over.children = vec![first.0, second.0];
        let layers = [("buildings", over, wrong.1), ("terrain", ground.0, ground.1)].map(|(name, root, bounds)| {
            let json = Tileset::new(root).to_json().unwrap();
            let file = publisher.put(name, "json", &json).unwrap();
            (
                LayerInfo {
                    name: name.into(),
                    tileset: format!("files/{file}"),
                    count: 2,
                },
                bounds,
            )
        });
        let mut root = Tile::new(BoundingVolume::from_aabb(&layers[0].1.union(&layers[1].1)), 100.0);
        let frame = EnuFrame::new(Geodetic::from_degrees(ORIGIN[0], ORIGIN[1], ORIGIN[2]));
        root.transform = Some(frame.transform());
        root.refine = Some(Refine::Add);
        for (layer, bounds) in &layers {
            root.children
                .push(Tile::new(BoundingVolume::from_aabb(bounds), 50.0).with_content(layer.tileset.clone()));
        }
        let publication = Publication {
            tileset: Tileset::new(root),
            title: "Test town".into(),
            attribution: vec![CREDIT.into()],
            license: None,
            sources: Vec::new(),
            source_date: None,
            crs: self.crs.clone(),
            crs_name: "EPSG:3879".into(),
            layers: layers.map(|(layer, _)| layer).into(),
            frame: Frame {
                origin: ORIGIN,
                curve: [0.0; 3],
            },
            features: Box::new(std::iter::empty()),
            counts: BTreeMap::new(),
            warnings: BTreeMap::new(),
        };
        publisher.finish(publication).unwrap();
        Collection::open(&store.join("town")).unwrap()
    }
}

fn town(top: f64) -> (tempfile::TempDir, Collection) {
    let store = tempfile::tempdir().unwrap();
    let collection = Town { top, crs: Some(crs()) }.publish(store.path());
    (store, collection)
}

/// A box in degrees around a place in the grid, 60 m to each side.
fn around(easting: f64, northing: f64) -> [f64; 4] {
    let frame = EnuFrame::new(Geodetic::from_degrees(ORIGIN[0], ORIGIN[1], ORIGIN[2]));
    let degrees = |easting: f64, northing: f64| {
        frame
            .to_ecef(crs().unproject(DVec3::new(easting, northing, 4.0)))
            .to_geodetic()
            .degrees()
    };
    let ((west, south), (east, north)) = (
        degrees(easting - 60.0, northing - 60.0),
        degrees(easting + 60.0, northing + 60.0),
    );
    [west, south, east, north]
}

const MIDDLE: [f64; 2] = [25_496_712.0, 6_672_900.0];

fn attempt(collection: &Collection, bbox: [f64; 4], options: &Options) -> Result<Vec<u8>, Error> {
    let mut out = Cursor::new(Vec::new());
    export(collection, bbox, options, &mut out)?;
    Ok(out.into_inner())
}

#[test]
fn round_numbers_stay_round_through_tiles_and_polynomials() {
    let (_store, collection) = town(52.5);
    let mut out = Cursor::new(Vec::new());
    let bbox = around(MIDDLE[0], MIDDLE[1]);
    let summary = export(&collection, bbox, &Options::new().unwrap(), &mut out).unwrap();
    assert_eq!((summary.e0 % 512, summary.n0 % 512, summary.height_offset), (0, 0, 0));
    let world = World::read(out.get_ref());
    let at = |easting: f64, height: f64, northing: f64| {
        let [x, z] = [easting - summary.e0 as f64, summary.n0 as f64 - northing].map(|number| number.floor() as i32);
        world.block(x, height.floor() as i32, z)
    };
    // The first house is 12 x 12 x 10 m on whole metres: 640 cells of shell and nothing beyond its faces.
    let objects: serde_json::Value = serde_json::from_slice(&world.files["objects.json"]).unwrap();
    assert_eq!(objects["first"]["blocks"], 640);
    let [x0, z1] = [25_496_700 - summary.e0, summary.n0 - 6_672_900];
    assert_eq!(objects["first"]["min"], serde_json::json!([x0, 4, z1 - 12]));
    assert_eq!(objects["first"]["max"], serde_json::json!([x0 + 11, 13, z1 - 1]));
    // The stand-in above the leaves is not in the world.
    assert!(objects.get("stand-in").is_none());
    assert_eq!(at(25_496_692.5, 20.5, 6_672_890.5), "air");
    assert_eq!(
        (at(25_496_725.5, 52.2, 6_672_900.5), at(25_496_725.5, 53.0, 6_672_900.5)),
        ("bone_block", "air")
    );
    assert_eq!(
        (at(25_496_760.5, 3.9, 6_672_900.5), at(25_496_760.5, 4.0, 6_672_900.5)),
        ("smooth_sandstone", "air")
    );
    let about: serde_json::Value = serde_json::from_slice(&world.files["kortteli.json"]).unwrap();
    assert!(
        (about["convergenceDegrees"].as_f64().unwrap() + 0.0531).abs() < 0.001,
        "{about}"
    );
    assert_eq!(about["attribution"], serde_json::json!([CREDIT]));
}

#[test]
fn the_grid_dump_holds_what_the_world_holds() {
    let (_store, collection) = town(20.0);
    let (mut out, mut grid) = (Cursor::new(Vec::new()), Vec::new());
    let bbox = around(MIDDLE[0], MIDDLE[1]);
    let summary = export_with_grid(&collection, bbox, &Options::new().unwrap(), &mut out, &mut grid).unwrap();
    let world = World::read(out.get_ref());
    assert_eq!(&grid[..8], b"KORTGRID");
    let length = |at: usize| u32::from_le_bytes(grid[at..at + 4].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&grid[12..12 + length(8)]).unwrap();
    let states: Vec<&str> = header["states"]
        .as_array()
        .unwrap()
        .iter()
        .map(|state| state.as_str().unwrap())
        .collect();
    let (mut at, mut compared) = (12 + length(8), 0);
    let signs = |x: i32, z: i32| [x, z] == [summary.spawn[0].div_euclid(16), (summary.spawn[2] - 2).div_euclid(16)];
    while at < grid.len() {
        let (x, z) = (length(at) as u32 as i32, length(at + 4) as u32 as i32);
        let packed = &grid[at + 12..at + 12 + length(at + 8)];
        let mut numbers = Vec::new();
        flate2::read::ZlibDecoder::new(packed)
            .read_to_end(&mut numbers)
            .unwrap();
        at += 12 + packed.len();
        if signs(x, z) {
            continue;
        }
        for (place, number) in numbers.chunks_exact(2).enumerate() {
            let state = states[usize::from(u16::from_le_bytes([number[0], number[1]]))];
            let name = state.split('[').next().unwrap().trim_start_matches("minecraft:");
            let place = place as i32;
            assert_eq!(
                world.chunk(x, z).block(place % 16, place / 256 - 64, place / 16 % 16),
                name
            );
            compared += 1;
        }
    }
    assert_eq!(compared, (summary.chunks - 1) * 98_304);
}

#[test]
fn a_box_elsewhere_is_told_where_the_city_is() {
    let (_store, collection) = town(20.0);
    let error = attempt(&collection, [25.5, 60.1, 25.6, 60.2], &Options::new().unwrap()).unwrap_err();
    let Error::OutsideCity { city, .. } = &error else {
        unreachable!("{error}")
    };
    assert!(
        city[0] > 24.93 && city[2] < 24.95 && city[1] > 60.16 && city[3] < 60.18,
        "{error}"
    );
    assert!(error.to_string().contains("degrees east"), "{error}");
}

#[test]
fn a_box_of_half_the_country_is_refused_with_its_size() {
    let (_store, collection) = town(20.0);
    let error = attempt(&collection, [24.0, 60.0, 26.0, 61.0], &Options::new().unwrap()).unwrap_err();
    let Error::TooLarge {
        area_km2,
        estimate_bytes,
        ..
    } = error
    else {
        unreachable!("{error}")
    };
    assert!(
        (10_000.0..16_000.0).contains(&area_km2) && estimate_bytes > 30_000_000_000,
        "{area_km2} {estimate_bytes}"
    );
    let mut options = Options::new().unwrap();
    options.area_limit_km2 = 0.001;
    let error = attempt(&collection, around(MIDDLE[0], MIDDLE[1]), &options).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
}

#[test]
fn a_city_that_does_not_fit_the_game_is_refused_with_its_heights() {
    let (_store, collection) = town(330.0);
    let error = attempt(&collection, around(MIDDLE[0], MIDDLE[1]), &Options::new().unwrap()).unwrap_err();
    let Error::Height {
        lowest,
        highest,
        bottom,
        top,
        offset,
    } = error
    else {
        unreachable!("{error}")
    };
    assert!(
        (lowest - 3.0).abs() < 1.1 && (highest - 330.0).abs() < 0.01,
        "{lowest} {highest}"
    );
    assert_eq!((top, offset), (329, 0));
    assert!((3..=4).contains(&bottom));
    // Twenty metres lower it fits.
    let mut options = Options::new().unwrap();
    options.height_offset = Some(-20);
    let world = World::read(&attempt(&collection, around(MIDDLE[0], MIDDLE[1]), &options).unwrap());
    let objects: serde_json::Value = serde_json::from_slice(&world.files["objects.json"]).unwrap();
    assert_eq!(
        (
            objects["second"]["min"][1].as_i64(),
            objects["second"]["max"][1].as_i64()
        ),
        (Some(-16), Some(309))
    );
}

#[test]
fn layers_are_chosen_by_name_and_unknown_ones_are_told_the_known_ones() {
    let (_store, collection) = town(20.0);
    let mut options = Options::new().unwrap();
    options.layers = Some(vec!["terrain".into()]);
    let bbox = around(MIDDLE[0], MIDDLE[1]);
    let world = World::read(&attempt(&collection, bbox, &options).unwrap());
    let objects: serde_json::Value = serde_json::from_slice(&world.files["objects.json"]).unwrap();
    assert_eq!(objects.as_object().unwrap().keys().collect::<Vec<_>>(), ["land"]);
    options.layers = Some(vec!["building".into()]);
    let error = attempt(&collection, bbox, &options).unwrap_err().to_string();
    assert!(error.contains("buildings, terrain"), "{error}");
}

#[test]
fn a_city_without_a_map_grid_is_refused() {
    let store = tempfile::tempdir().unwrap();
    let collection = Town { top: 20.0, crs: None }.publish(store.path());
    let error = attempt(&collection, around(MIDDLE[0], MIDDLE[1]), &Options::new().unwrap()).unwrap_err();
    assert!(matches!(error, Error::NoGrid(_)), "{error}");
}

#[test]
fn a_damaged_tile_is_named() {
    let (store, collection) = town(20.0);
    let files = store.path().join("town/files");
    let entries = std::fs::read_dir(&files).unwrap().map(|entry| entry.unwrap().path());
    let mut tiles = entries.filter(|path| path.extension().is_some_and(|extension| extension == "glb"));
    let tile = tiles.find(|path| path.to_string_lossy().contains("/second.")).unwrap();
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[30] ^= 0xff;
    std::fs::write(&tile, bytes).unwrap();
    let error = attempt(&collection, around(MIDDLE[0], MIDDLE[1]), &Options::new().unwrap()).unwrap_err();
    assert!(error.to_string().contains("second."), "{error}");
}
