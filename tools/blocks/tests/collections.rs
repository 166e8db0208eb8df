//! From a published collection to a world: through compact tiles and the fitted reference system.
#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod scenery;
mod town;

use blocks::{Cancel, Error, Options, estimate, export, export_with_grid};
use scenery::World;
use std::io::{Cursor, Read};
use std::ops::ControlFlow;
use std::sync::Arc;
use store::Collection;
use town::{CREDIT, Town, crs};

/// A box in degrees around a place in the grid, 60 m to each side.
fn around(easting: f64, northing: f64) -> [f64; 4] {
    town::around(easting, northing, 60.0)
}

fn town(top: f64) -> (tempfile::TempDir, Collection) {
    let store = tempfile::tempdir().unwrap();
    let collection = Town {
        top,
        reach: 128.0,
        crs: Some(crs()),
    }
    .publish(store.path());
    (store, collection)
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
    let collection = Town {
        top: 20.0,
        reach: 128.0,
        crs: None,
    }
    .publish(store.path());
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

#[test]
fn an_estimate_is_near_what_comes_of_it() {
    let (_store, collection) = town(20.0);
    let bbox = around(MIDDLE[0], MIDDLE[1]);
    let options = Options::new().unwrap();
    let estimated = estimate(&collection, bbox, &options).unwrap();
    let mut out = Cursor::new(Vec::new());
    let summary = export(&collection, bbox, &options, &mut out).unwrap();
    assert_eq!(estimated.chunks, summary.chunks);
    let ratio = estimated.blocks as f64 / summary.blocks as f64;
    assert!((0.8..1.25).contains(&ratio), "{estimated:?} and {summary:?}");
    // A flat meadow packs better than a city; the README and its like are there in any case.
    let ratio = estimated.bytes as f64 / out.get_ref().len() as f64;
    assert!(
        (0.5..4.0).contains(&ratio),
        "{estimated:?} and {} bytes",
        out.get_ref().len()
    );
    assert!(matches!(
        estimate(&collection, [24.0, 60.0, 26.0, 61.0], &options),
        Err(Error::TooLarge { .. })
    ));
}

#[test]
fn a_cancelled_export_stops_before_the_next_chunk() {
    let (_store, collection) = town(20.0);
    let cancel = Cancel::default();
    let switch = cancel.clone();
    let options = Options {
        cancel,
        progress: Some(Arc::new(move |at: blocks::Progress| {
            assert!(at.chunks <= 8, "{at:?} after it was cancelled");
            switch.cancel();
            ControlFlow::Continue(())
        })),
        ..Options::new().unwrap()
    };
    let error = attempt(&collection, around(MIDDLE[0], MIDDLE[1]), &options).unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error}");
    // Nothing is read for one that was cancelled before it began.
    let error = attempt(&collection, around(MIDDLE[0], MIDDLE[1]), &options).unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error}");
}
