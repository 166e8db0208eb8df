//! Boxes of a small city, opened with the `gltf` crate.
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

mod model;
#[path = "../../store/tests/sample/mod.rs"]
mod sample;

use extract::{Error, Limits, Lod, Objects, Request, estimate, extract};
use glam::DVec3;
use model::Model;
use proptest::prelude::*;
use sample::Sample;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use store::{Collection, RealFiles};
use tiles::geodesy::{Enu, EnuFrame, Geodetic};

/// The sample's own zero.
const ORIGIN: [f64; 3] = [24.9525, 60.1703, 20.0];

static CITY: LazyLock<(tempfile::TempDir, Collection)> = LazyLock::new(|| published(&Sample::default()));

fn published(sample: &Sample) -> (tempfile::TempDir, Collection) {
    let store = tempfile::tempdir().unwrap();
    sample.publish(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let collection = Collection::open(&store.path().join("helsinki")).unwrap();
    (store, collection)
}

/// A box in metres of the sample's frame, as west, south, east, north in degrees.
fn metres(west: f64, south: f64, east: f64, north: f64) -> [f64; 4] {
    let frame = EnuFrame::new(Geodetic::from_degrees(ORIGIN[0], ORIGIN[1], ORIGIN[2]));
    let degrees = |x, y| frame.to_ecef(Enu(DVec3::new(x, y, 0.0))).to_geodetic().degrees();
    let ((w, s), (e, n)) = (degrees(west, south), degrees(east, north));
    [w, s, e, n]
}

fn everything() -> Request {
    Request {
        origin: Some(ORIGIN),
        ..Request::new(metres(-100.0, -100.0, 300.0, 100.0))
    }
}

fn taken(request: &Request) -> Model {
    Model::open(&extract(&CITY.1, request).unwrap().glb)
}

fn near(a: [f64; 3], b: [f64; 3]) -> bool {
    (DVec3::from(a) - DVec3::from(b)).length() < 0.002
}

#[test]
fn each_building_is_a_node_with_its_id_its_size_its_place_and_its_attributes() {
    let model = taken(&everything());
    let church = &model.nodes["church"];
    assert_eq!(church.layer, "buildings");
    // East 0 to 20, north 0 to 20, up 0 to 12: x, y up, z south.
    assert!(
        near(church.min, [0.0, 0.0, -20.0]) && near(church.max, [20.0, 12.0, 0.0]),
        "{church:?}"
    );
    assert!(
        near(church.translation, [10.0, 0.0, -10.0]),
        "its zero is the middle of its base: {church:?}"
    );
    let house = &model.nodes["house_3"];
    assert!(
        near(house.min, [160.0, 0.0, -40.0]) && near(house.max, [170.0, 9.0, -30.0]),
        "{house:?}"
    );
    assert!(house.max[2] < 0.0, "what is north of the origin has negative z");
    assert_eq!(church.extras["name"], "Tuomiokirkko \u{2013} Storkyrkan");
    assert_eq!(church.extras["id"], "church");
    assert_eq!(church.extras["address"], "Unioninkatu 29, 00170 Helsinki");
    assert_eq!(church.extras["nameSwedish"], "Storkyrkan");
    assert_eq!(church.extras["lod"], 2);
    assert_eq!(model.nodes["house_0"].extras["Floor area (m2)"], 250.0);
    assert_eq!(model.nodes["church_tower"].extras["parent"], "church");
    assert_eq!(
        model.materials,
        ["WaterBody", "WallSurface"]
            .map(str::to_owned)
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
    );
}

#[test]
fn the_file_says_where_it_lies_and_whom_to_credit() {
    let taken = extract(&CITY.1, &everything()).unwrap();
    let document = Model::open(&taken.glb).document;
    let asset = &document["asset"];
    assert_eq!(asset["copyright"], "(c) The people of the sample");
    let about = &asset["extras"];
    assert_eq!(about["origin"]["longitude"], ORIGIN[0]);
    assert_eq!(about["origin"]["ellipsoidalHeight"], ORIGIN[2]);
    assert_eq!(about["license"], "https://opendatacommons.org/licenses/odbl/1-0/");
    assert_eq!(about["sourceCrs"], "EPSG:3879 + EPSG:3900");
    assert_eq!(about["lod"], 2);
    let manifest = &CITY.1.pointer().manifest;
    let version = about["datasetVersion"].as_str().unwrap();
    assert!(
        version.len() == 16 && manifest.contains(version),
        "{version} of {manifest}"
    );
    assert_eq!(document["scenes"][0]["extras"], *about);
    assert!(document.get("extensionsUsed").is_none() && document.get("extensionsRequired").is_none());
    assert_eq!(taken.layers, [("buildings".to_owned(), 6), ("water".to_owned(), 1)]);
    assert_eq!(taken.origin, ORIGIN);
}

#[test]
fn the_same_question_has_the_same_bytes() {
    let bytes = || extract(&CITY.1, &everything()).unwrap().glb;
    assert_eq!(bytes(), bytes());
}

#[test]
fn neighbours_hold_each_building_once_and_their_ground_meets_bit_for_bit() {
    // An edge through the church, house 0 and the pond.
    let (lon, lat) = (metres(8.0, 0.0, 9.0, 1.0)[0], metres(0.0, -25.0, 1.0, 0.0)[1]);
    let [west, south, east, north] = everything().bbox;
    let quarters = [
        [west, south, lon, lat],
        [lon, south, east, lat],
        [west, lat, lon, north],
        [lon, lat, east, north],
    ];
    let models: Vec<Option<Model>> = quarters
        .iter()
        .map(|bbox| {
            let request = Request {
                bbox: *bbox,
                ..everything()
            };
            match extract(&CITY.1, &request) {
                Ok(taken) => Some(Model::open(&taken.glb)),
                Err(Error::Empty { .. }) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .collect();
    let buildings: Vec<String> = models
        .iter()
        .flatten()
        .flat_map(|model| model.nodes.iter().filter(|(_, node)| node.layer == "buildings"))
        .map(|(id, _)| id.clone())
        .collect();
    let once: BTreeSet<&String> = buildings.iter().collect();
    assert_eq!((buildings.len(), once.len()), (6, 6), "{buildings:?}");
    // The church's middle is east of the edge: it is there, whole.
    assert!(near(models[3].as_ref().unwrap().nodes["church"].min, [0.0, 0.0, -20.0]));
    // The pond lies across the parallel: below it the south, above it the north.
    let [south, north] = [1, 3].map(|number| &models[number].as_ref().unwrap().nodes["pond"]);
    let shared = |node: &model::Node, z: f32| -> BTreeSet<[u32; 3]> {
        let on = node.positions.iter().filter(|position| (position[2] - z).abs() < 1e-3);
        on.map(|position| position.map(f32::to_bits)).collect()
    };
    let seam = shared(south, 25.0);
    assert!(seam.len() >= 4, "{seam:?}");
    assert_eq!(seam, shared(north, 25.0));
    assert!(
        near(south.min, [60.0, 0.0, 25.0]) && near(south.max, [90.0, 0.5, 40.0]),
        "{south:?}"
    );
    assert!(
        near(north.min, [60.0, 0.0, 10.0]) && near(north.max, [90.0, 0.5, 25.0]),
        "{north:?}"
    );
    assert!(
        near(south.translation, [0.0; 3]),
        "ground has no zero of its own, or seams would be rounded differently"
    );
}

#[test]
fn what_touches_the_box_comes_whole_where_that_is_asked_for() {
    let corner = Request {
        bbox: metres(-5.0, -5.0, 1.0, 1.0),
        objects: Objects::Touching,
        ..everything()
    };
    let model = taken(&corner);
    assert_eq!(model.nodes.keys().collect::<Vec<_>>(), ["church"]);
    assert!(near(model.nodes["church"].max, [20.0, 12.0, 0.0]));
    let centred = Request {
        objects: Objects::Centred,
        ..corner
    };
    assert!(matches!(extract(&CITY.1, &centred), Err(Error::Empty { .. })));
}

#[test]
fn at_level_one_each_building_is_one_block() {
    let model = taken(&Request {
        lod: Lod::One,
        ..everything()
    });
    assert_eq!(model.nodes.len(), 7);
    let church = &model.nodes["church"];
    assert_eq!(church.extras["lod"], 1);
    assert_eq!(church.triangles, 12, "four walls, a roof and a floor");
    assert!(
        near(church.min, [0.0, 0.0, -20.0]) && near(church.max, [20.0, 12.0, 0.0]),
        "{church:?}"
    );
    assert!(
        church.outward > 0.999 * 20.0 * 20.0 * 12.0,
        "its faces turn outward: {}",
        church.outward
    );
    assert_eq!(model.nodes["pond"].extras["lod"], 2);
    assert!(model.materials.contains(&"RoofSurface".to_owned()));
}

#[test]
fn a_building_covered_by_its_parts_is_a_block_for_each() {
    let (_store, collection) = published(&Sample {
        // The tower stands over the whole church.
        spoil_rows: |rows| {
            let (footprint, bbox) = (rows[0].footprint.clone(), rows[0].bbox.unwrap());
            let low = [bbox[0], bbox[1], bbox[2] + 12.0, bbox[3], bbox[4], bbox[5] + 29.0];
            rows[1].footprint = footprint;
            rows[1].bbox = Some(low);
        },
        ..Sample::default()
    });
    let request = Request {
        lod: Lod::One,
        ..everything()
    };
    let church = &Model::open(&extract(&collection, &request).unwrap().glb).nodes["church"];
    assert!(
        near(church.min, [0.0, 12.0, -20.0]) && near(church.max, [20.0, 41.0, 0.0]),
        "{church:?}"
    );
}

#[test]
fn a_building_without_a_footprint_stays_as_the_tiles_hold_it() {
    let (_store, collection) = published(&Sample {
        spoil_rows: |rows| rows[0].footprint.clear(),
        ..Sample::default()
    });
    let request = Request {
        lod: Lod::One,
        ..everything()
    };
    let church = &Model::open(&extract(&collection, &request).unwrap().glb).nodes["church"];
    assert_eq!(church.extras["lod"], 2);
    assert!(near(church.max, [20.0, 12.0, 0.0]));
}

#[test]
fn a_building_spread_over_two_leaves_is_one_node_in_one_box() {
    // House 3 of the second leaf is the church's other half: one id, two leaves.
    let (_store, collection) = published(&Sample {
        spoil: |stem, content| {
            if stem == "buildings-1" {
                content.features.last_mut().unwrap().id = "church".to_owned();
            }
        },
        spoil_rows: |rows| {
            let last = rows.iter().position(|row| row.id == "house_3").unwrap();
            let other = rows.remove(last);
            rows[0].tiles.insert(1, other.tiles[0].clone());
            let (own, far) = (rows[0].bbox.unwrap(), other.bbox.unwrap());
            rows[0].bbox = Some([own[0], own[1], own[2], far[3], far[4], own[5]]);
        },
        ..Sample::default()
    });
    let halves = [
        metres(-100.0, -100.0, 100.0, 100.0),
        metres(100.0, -100.0, 300.0, 100.0),
    ];
    let mut found = Vec::new();
    for bbox in halves {
        let request = Request { bbox, ..everything() };
        match extract(&collection, &request) {
            Ok(taken) => found.extend(Model::open(&taken.glb).nodes.remove("church")),
            Err(error) => assert!(matches!(error, Error::Empty { .. }), "{error}"),
        }
    }
    assert_eq!(found.len(), 1);
    assert!(
        near(found[0].min, [0.0, 0.0, -40.0]) && near(found[0].max, [170.0, 12.0, 0.0]),
        "{:?}",
        found[0]
    );
}

#[test]
fn an_origin_that_is_not_given_lies_on_the_ground_in_the_middle() {
    // Over the pond, whose water stands half a metre above the sample's zero.
    let over_water = extract(&CITY.1, &Request::new(metres(50.0, -60.0, 100.0, 10.0))).unwrap();
    let [lon, lat, height] = over_water.origin;
    assert!((height - 20.5).abs() < 0.002, "{height}");
    let middle = metres(75.0, -25.0, 80.0, 0.0);
    assert!((lon - middle[0]).abs() < 1e-7 && (lat - middle[1]).abs() < 1e-7);
    // No ground there: the foot of the nearest building.
    let dry = extract(&CITY.1, &Request::new(metres(-20.0, -5.0, 30.0, 25.0))).unwrap();
    assert!((dry.origin[2] - 20.0).abs() < 0.002, "{:?}", dry.origin);
}

#[test]
fn a_far_origin_knows_that_the_earth_is_round() {
    let far = Request {
        origin: Some([24.9525, 60.3503, 20.0]),
        ..everything()
    };
    let church = &taken(&far).nodes["church"];
    // 20 km away the ground lies d^2 / 2R = 31 m lower; R along the meridian is 6 384 km there.
    let south = church.translation[2];
    assert!((south - 20_055.0).abs() < 60.0, "{south}");
    assert!(
        (church.translation[1] + south * south / 2.0 / 6_384_000.0).abs() < 0.05,
        "{church:?}"
    );
}

#[test]
fn requests_that_cannot_be_say_what_is_wrong() {
    let wrong = |change: fn(&mut Request)| {
        let mut request = everything();
        change(&mut request);
        extract(&CITY.1, &request).unwrap_err()
    };
    assert!(matches!(wrong(|r| r.bbox.swap(0, 2)), Error::Box { .. }));
    assert!(matches!(wrong(|r| r.bbox[0] = f64::NAN), Error::Box { .. }));
    assert!(matches!(
        wrong(|r| r.origin = Some([24.95, 61.17, 20.0])),
        Error::Origin { .. }
    ));
    assert!(matches!(
        wrong(|r| r.origin = Some([24.95, f64::INFINITY, 0.0])),
        Error::Origin { .. }
    ));
    assert!(matches!(
        wrong(|r| r.bbox = [10.0, 50.0, 10.001, 50.001]),
        Error::OutsideCity { .. }
    ));
    let layer = wrong(|r| r.layers = Some(vec!["buildings".into(), "trees".into()]));
    assert_eq!(
        layer.to_string(),
        "the collection has no layer \"trees\"; it has buildings, water"
    );
    let area = wrong(|r| r.bbox = [24.9, 60.1, 25.0, 60.2]);
    assert!(matches!(area, Error::TooLarge { limit_km2: 1.0, .. }), "{area}");
    let bytes = wrong(|r| {
        r.limits = Limits {
            bytes: 1000,
            ..r.limits
        }
    });
    assert!(matches!(bytes, Error::TooManyBytes { limit: 1000 }), "{bytes}");
    assert_eq!("2".parse::<Lod>().unwrap(), Lod::Two);
    assert!(matches!("3".parse::<Lod>(), Err(Error::Lod(_))));
}

#[test]
fn chosen_layers_come_alone() {
    let request = Request {
        layers: Some(vec!["water".to_owned()]),
        ..everything()
    };
    assert_eq!(taken(&request).nodes.keys().collect::<Vec<_>>(), ["pond"]);
}

#[test]
fn progress_is_told_and_may_stop_the_extract() {
    let told = Arc::new(AtomicU64::new(0));
    let teller = Arc::clone(&told);
    let mut request = everything();
    request.progress = Some(Arc::new(move |at| {
        teller.store(at.tiles * 100 + at.total, Ordering::Relaxed);
        ControlFlow::Continue(())
    }));
    extract(&CITY.1, &request).unwrap();
    assert_eq!(told.load(Ordering::Relaxed), 303);
    request.progress = Some(Arc::new(|_| ControlFlow::Break(())));
    assert!(matches!(extract(&CITY.1, &request), Err(Error::Stopped)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However a city is cut into boxes, each building is in one of them.
    #[test]
    fn any_four_boxes_around_a_point_hold_each_building_once(x in -40.0f64..240.0, y in -40.0f64..60.0) {
        let (lon, lat) = { let at = metres(x, y, x + 1.0, y + 1.0); (at[0], at[1]) };
        let [west, south, east, north] = everything().bbox;
        let quarters = [[west, south, lon, lat], [lon, south, east, lat], [west, lat, lon, north], [lon, lat, east, north]];
        let mut buildings = Vec::new();
        for bbox in quarters {
            let request = Request { bbox, layers: Some(vec!["buildings".to_owned()]), ..everything() };
            match extract(&CITY.1, &request) {
                Ok(taken) => buildings.extend(Model::open(&taken.glb).nodes.into_keys()),
                Err(error) => prop_assert!(matches!(error, Error::Empty { .. } | Error::OutsideCity { .. }), "{}", error),
            }
        }
        buildings.sort();
        prop_assert_eq!(buildings, ["church", "church_tower", "house_0", "house_1", "house_2", "house_3"]);
    }
}

#[test]
fn an_estimate_counts_what_an_extract_holds_and_refuses_what_it_refuses() {
    let (request, collection) = (everything(), &CITY.1);
    let (before, made) = (
        estimate(collection, &request).unwrap(),
        extract(collection, &request).unwrap(),
    );
    let objects: usize = made.layers.iter().map(|(_, count)| count).sum();
    let near = |estimated: u64, real: usize| (0.5..2.0).contains(&(estimated as f64 / real as f64));
    assert!(near(before.features, objects), "{before:?} of {objects}");
    assert!(
        near(before.triangles, made.triangles),
        "{before:?} of {}",
        made.triangles
    );
    assert!(near(before.bytes, made.glb.len()), "{before:?} of {}", made.glb.len());
    let half = Request {
        bbox: metres(-100.0, -100.0, 100.0, 100.0),
        ..everything()
    };
    let half = estimate(collection, &half).unwrap();
    assert!(
        half.triangles < before.triangles && half.area_km2 < 0.6 * before.area_km2,
        "{half:?}"
    );
    let refused = |change: fn(&mut Request)| {
        let mut request = everything();
        change(&mut request);
        let reasons = [
            estimate(collection, &request).unwrap_err().to_string(),
            extract(collection, &request).unwrap_err().to_string(),
        ];
        assert_eq!(reasons[0], reasons[1]);
    };
    refused(|request| request.bbox.swap(0, 2));
    refused(|request| request.bbox = [10.0, 50.0, 10.001, 50.001]);
    refused(|request| request.limits.area_km2 = 0.001);
    refused(|request| request.origin = Some([0.0; 3]));
    refused(|request| request.layers = Some(vec!["moon".to_owned()]));
}
