//! A session as a user interface drives it: commands as JSON in, snapshots out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

use serde_json::{Value, json};
use session::strings::Language;
use session::{City, Command, Details, Error, Session, Snapshot, Viewport};
use tiles::tileset::Tileset;

fn tileset() -> Tileset {
    serde_json::from_str(include_str!("fixtures/city.json")).unwrap()
}

fn session() -> Session {
    let city = City::from_tileset(&tileset()).unwrap();
    Session::new(
        city,
        Viewport {
            width: 1280.0,
            height: 720.0,
        },
        Language::En,
    )
}

#[allow(clippy::needless_pass_by_value, reason = "reads better at the calls")]
fn apply(session: &mut Session, command: Value) {
    let command: Command = serde_json::from_value(command.clone()).unwrap_or_else(|error| panic!("{command}: {error}"));
    session.apply(command);
}

fn cathedral(id: &str) -> Value {
    json!({"id": id, "kind": "Building", "name": "Helsinki Cathedral", "class": "1080", "function": "", "usage": "",
           "address": "", "roof_type": "1090", "height": 41.0, "ground_level": 4.0, "storeys": null, "year": 1852,
           "merged": 1})
}

#[test]
fn a_city_is_read_from_its_first_tileset() {
    let session = session();
    let snapshot = session.snapshot();
    assert_eq!(snapshot.title, "Small Helsinki");
    assert_eq!(
        snapshot.credits,
        ["Map data (c) the mappers", "Heights (c) the surveyors"]
    );
    let layers: Vec<(&str, &str, u64)> = snapshot
        .layers
        .iter()
        .map(|l| (l.name.as_str(), l.label.as_str(), l.count))
        .collect();
    // In the order of the root's children, whatever the order of the list; a child that nobody names keeps its number.
    assert_eq!(
        layers,
        [("buildings", "Buildings", 445), ("water", "Water", 3), ("3", "3", 0)]
    );
    let (lon, lat) = session.city().frame.origin().degrees();
    assert!((lon - 24.945).abs() < 1e-9 && (lat - 60.171).abs() < 1e-9);
    assert!((session.city().bounds.min.z + 5.0).abs() < 1e-6 && (session.city().bounds.max.x - 650.0).abs() < 1e-6);
}

#[test]
fn a_tileset_that_is_nowhere_on_the_earth_is_an_error_and_one_without_a_pointer_is_not() {
    let mut tileset = tileset();
    tileset.root.transform = None;
    assert_eq!(
        City::from_tileset(&tileset),
        Err(Error::Nowhere("its coordinates are not earth-fixed"))
    );
    let mut damaged = self::tileset();
    damaged.asset.extras = Some(json!({"kortteli": {"title": 7}}));
    assert!(matches!(City::from_tileset(&damaged), Err(Error::Pointer(_))));
    let mut foreign = self::tileset();
    foreign.asset.extras = Some(json!({"copyright": "(c) somebody"}));
    let city = City::from_tileset(&foreign).unwrap();
    assert_eq!(
        (city.title.as_str(), city.credits),
        ("", vec!["(c) somebody".to_owned()])
    );
    assert_eq!(city.layers.len(), 3);
}

#[test]
fn the_home_view_is_filled_by_the_city_up_to_a_skyline_in_the_upper_third() {
    for (width, height) in [(1280.0, 720.0), (640.0, 360.0), (390.0, 800.0)] {
        let mut session = session();
        apply(
            &mut session,
            json!({"command": "resize", "width": width, "height": height}),
        );
        let (bounds, camera) = (session.city().bounds, *session.camera());
        let (mut shown, mut skyline) = (0, height);
        for (x, y) in (0..40).flat_map(|i| (0..40).map(move |j| ((i as f64 + 0.5) / 40.0, (j as f64 + 0.5) / 40.0))) {
            let hit = camera.ray(x * width, y * height);
            let along = (bounds.min.z - hit.origin.z) / hit.direction.z;
            let point = hit.at(along).with_z(bounds.center().z);
            if along > 0.0 && bounds.contains(point) {
                shown += 1;
                skyline = f64::min(skyline, y * height);
            }
        }
        assert!(
            shown > 40 * 40 / 2,
            "{width} x {height}: {shown} of 1600 pixels show the city"
        );
        let skyline = skyline / height;
        assert!(
            (0.1..0.4).contains(&skyline),
            "{width} x {height}: skyline at {skyline}"
        );
    }
}

#[test]
fn one_gets_back_to_the_home_view() {
    let mut session = session();
    let home = session.snapshot().camera;
    apply(
        &mut session,
        json!({"command": "zoom", "x": 100, "y": 600, "factor": 0.1}),
    );
    apply(&mut session, json!({"command": "orbitBy", "dx": 90, "dy": 30}));
    assert_ne!(session.snapshot().camera, home);
    apply(&mut session, json!({"command": "home"}));
    assert_eq!(session.snapshot().camera, home);
}

#[test]
fn a_window_that_gets_its_size_late_begins_with_the_whole_city_too() {
    let city = City::from_tileset(&tileset()).unwrap();
    let mut late = Session::new(
        city,
        Viewport {
            width: 1.0,
            height: 1.0,
        },
        Language::En,
    );
    apply(&mut late, json!({"command": "resize", "width": 1280, "height": 720}));
    assert_eq!(late.snapshot().camera, session().snapshot().camera);
    apply(&mut late, json!({"command": "orbitBy", "dx": 40, "dy": 0}));
    let turned = late.snapshot().camera;
    apply(&mut late, json!({"command": "resize", "width": 500, "height": 900}));
    assert_eq!(late.snapshot().camera, turned, "where somebody has gone they stay");
}

#[test]
fn a_camera_that_is_set_reads_back() {
    let mut session = session();
    let pose = json!({"lon": 24.9522, "lat": 60.1690, "height": 62.5, "heading": 350.0, "pitch": -20.0});
    let mut command = pose.clone();
    command["command"] = json!("setCamera");
    apply(&mut session, command);
    let camera = serde_json::to_value(session.snapshot().camera).unwrap();
    for (name, tolerance) in [
        ("lon", 1e-9),
        ("lat", 1e-9),
        ("height", 1e-6),
        ("heading", 1e-9),
        ("pitch", 1e-9),
    ] {
        let (is, should) = (camera[name].as_f64().unwrap(), pose[name].as_f64().unwrap());
        assert!((is - should).abs() < tolerance, "{name}: {is}");
    }
    let distance = camera["distance"].as_f64().unwrap();
    // 62.5 m above the ellipsoid is 47.5 m above the ground at -5 m in the frame, whose zero is at 20 m.
    assert!(
        (distance - 47.5 / 20.0_f64.to_radians().sin()).abs() < 0.3,
        "{distance}"
    );
}

#[test]
fn a_point_that_is_taken_hold_of_stays_under_the_cursor() {
    let mut session = session();
    let held = session.camera().ground_point(640.0, 500.0, 12.0);
    apply(
        &mut session,
        json!({"command": "panStart", "x": 640, "y": 500, "hit": held.to_array()}),
    );
    apply(&mut session, json!({"command": "panTo", "x": 200, "y": 650}));
    let pixel = session.camera().project(held).unwrap();
    assert!((pixel.x - 200.0).abs() < 1e-6 && (pixel.y - 650.0).abs() < 1e-6);
    apply(&mut session, json!({"command": "panEnd"}));
    let before = session.snapshot().camera;
    apply(&mut session, json!({"command": "panTo", "x": 900, "y": 100}));
    assert_eq!(session.snapshot().camera, before, "nothing is held any more");
}

#[test]
fn a_key_and_a_swipe_move_as_far_as_they_say() {
    let mut session = session();
    let target = session.camera().pose.target;
    apply(&mut session, json!({"command": "panBy", "dx": 0, "dy": 100}));
    let seen = session.camera().project(target).unwrap();
    assert!((seen.x - 640.0).abs() < 1e-6 && (seen.y - 460.0).abs() < 1e-6, "{seen}");
    let distance = session.camera().pose.distance;
    apply(&mut session, json!({"command": "step", "step": "zoomIn"}));
    assert!((session.camera().pose.distance / distance - 0.8).abs() < 1e-9);
}

#[test]
fn a_flight_takes_its_time_and_a_hand_ends_it() {
    let mut session = session();
    let place = json!({"place": "point", "lon": 24.9470, "lat": 60.1700});
    apply(
        &mut session,
        json!({"command": "flyTo", "place": place, "seconds": 1.0}),
    );
    assert!(session.snapshot().flying);
    assert!(session.advance(0.6));
    let halfway = session.snapshot().camera;
    assert!(!session.advance(0.6));
    let there = session.snapshot();
    assert!(!there.flying && (there.camera.target[0] - 24.9470).abs() < 1e-9);
    assert_ne!(halfway.lon, there.camera.lon);
    assert!(
        (there.camera.target[2] - 15.0).abs() < 0.1,
        "on the ground: {}",
        there.camera.target[2]
    );

    apply(&mut session, json!({"command": "home", "seconds": 2.0}));
    session.advance(0.5);
    apply(&mut session, json!({"command": "lookBy", "dx": 5, "dy": 0}));
    assert!(!session.snapshot().flying && !session.advance(0.5));
}

#[test]
fn flying_to_a_box_shows_all_of_it() {
    let mut session = session();
    let bbox = [24.9440, 60.1702, 18.0, 24.9466, 60.1711, 66.0];
    apply(
        &mut session,
        json!({"command": "flyTo", "place": {"place": "box", "bbox": bbox}}),
    );
    for (lon, lat, height) in [(0, 1, 2), (3, 1, 2), (0, 4, 5), (3, 4, 2), (3, 4, 5)] {
        let corner = tiles::geodesy::Geodetic::from_degrees(bbox[lon], bbox[lat], bbox[height]).to_ecef();
        let pixel = session.camera().project(session.city().frame.to_enu(corner).0).unwrap();
        assert!(
            (0.0..1280.0).contains(&pixel.x) && (0.0..720.0).contains(&pixel.y),
            "{pixel}"
        );
    }
    assert!(session.camera().pose.distance < 600.0);
}

#[test]
fn a_click_selects_and_the_attributes_come_later() {
    let mut session = session();
    assert_eq!(session.wanted_attributes(), None);
    apply(
        &mut session,
        json!({"command": "select", "feature": cathedral("a"), "point": [10.0, 20.0, 30.0]}),
    );
    assert_eq!(session.wanted_attributes(), Some("a"));
    let selected = session.snapshot().selected.unwrap();
    assert_eq!(
        (selected.title.as_str(), selected.details),
        ("Helsinki Cathedral", Details::Wanted)
    );

    let late = json!({"command": "setAttributes", "id": "b", "attributes": {"architect": "nobody"}});
    apply(&mut session, late);
    assert_eq!(
        session.wanted_attributes(),
        Some("a"),
        "attributes of another feature change nothing"
    );
    let come = json!({"command": "setAttributes", "id": "a", "bbox": [24.9519, 60.1700, 20.0, 24.9529, 60.1706, 61.0],
                      "attributes": {"architect": "C. L. Engel", "name:sv": "Helsingfors domkyrka"}});
    apply(&mut session, come);
    assert_eq!(session.wanted_attributes(), None);
    apply(&mut session, json!({"command": "setLanguage", "language": "sv"}));
    let selected = session.snapshot().selected.unwrap();
    assert_eq!(selected.title, "Helsingfors domkyrka");
    let row = |label: &str| {
        selected
            .rows
            .iter()
            .find(|row| row.label == label)
            .map(|row| row.value.as_str())
    };
    assert_eq!(row("Taktyp"), Some("kupoltak"));
    assert_eq!(row("Arkitekt"), Some("C. L. Engel"));

    apply(
        &mut session,
        json!({"command": "flyTo", "place": {"place": "selected"}}),
    );
    assert!((session.snapshot().camera.target[0] - 24.9524).abs() < 1e-6);
    apply(&mut session, json!({"command": "clearSelection"}));
    assert_eq!(session.snapshot().selected, None);
}

#[test]
fn clicking_the_same_feature_again_keeps_its_attributes_and_another_one_does_not() {
    let mut session = session();
    apply(&mut session, json!({"command": "select", "feature": cathedral("a")}));
    apply(
        &mut session,
        json!({"command": "setAttributes", "id": "a", "attributes": {}}),
    );
    apply(&mut session, json!({"command": "select", "feature": cathedral("a")}));
    assert_eq!(session.wanted_attributes(), None);
    apply(&mut session, json!({"command": "select", "feature": cathedral("b")}));
    assert_eq!(session.wanted_attributes(), Some("b"));
    apply(&mut session, json!({"command": "attributesFailed", "id": "b"}));
    assert_eq!(session.snapshot().selected.unwrap().details, Details::Failed);
}

#[test]
fn the_clock_follows_the_calendar_and_the_sun_the_clock() {
    let mut session = session();
    assert_eq!(
        session.snapshot().time.utc_offset_minutes,
        120,
        "the whole hour nearest to 24.9 degrees east"
    );
    apply(&mut session, json!({"command": "setUtcOffset", "minutes": 180}));
    apply(
        &mut session,
        json!({"command": "setDate", "year": 2026, "month": 3, "day": 21}),
    );
    apply(&mut session, json!({"command": "setTimeOfDay", "hours": 6.0}));
    let morning = session.snapshot().time;
    assert_eq!(morning.iso, "2026-03-21T06:00+03:00");
    apply(
        &mut session,
        json!({"command": "setDate", "year": 2026, "month": 2, "day": 30}),
    );
    apply(&mut session, json!({"command": "setTimeOfDay", "hours": 25.0}));
    apply(&mut session, json!({"command": "setUtcOffset", "minutes": 9000}));
    assert_eq!(session.snapshot().time, morning, "what is no time changes nothing");
    apply(&mut session, json!({"command": "setTimeOfDay", "hours": 13.4}));
    let noon = session.snapshot().time;
    assert!(
        morning.sun_altitude < 0.0 && (noon.sun_altitude - 30.0).abs() < 0.5,
        "{}",
        noon.sun_altitude
    );
    assert!(session.sun().direction().y < -0.8, "at noon the sun is in the south");
}

#[test]
fn layers_go_off_and_on_by_name_and_are_called_as_the_user_speaks() {
    let mut session = session();
    apply(
        &mut session,
        json!({"command": "setLayer", "layer": "water", "visible": false}),
    );
    apply(
        &mut session,
        json!({"command": "setLayer", "layer": "trees on the moon", "visible": false}),
    );
    assert_eq!(session.layers(), [true, false, true]);
    apply(&mut session, json!({"command": "setLanguage", "language": "fi"}));
    let water = &session.snapshot().layers[1];
    assert_eq!((water.label.as_str(), water.visible), ("Vesistöt", false));
}

#[test]
fn the_picture_is_settled_when_the_host_says_so_and_until_something_moves() {
    let mut session = session();
    let settled = json!({"command": "report", "progress": {"settled": true, "tiles": {"loaded": 12}}});
    apply(&mut session, settled.clone());
    assert!(session.snapshot().settled);
    assert_eq!(session.snapshot().progress.tiles.loaded, 12);
    apply(&mut session, json!({"command": "setLanguage", "language": "fi"}));
    assert!(session.snapshot().settled, "words move nothing");
    for motion in [
        json!({"command": "orbitBy", "dx": 1, "dy": 0}),
        json!({"command": "setLayer", "layer": "water", "visible": false}),
        json!({"command": "setTimeOfDay", "hours": 9}),
        json!({"command": "resize", "width": 800, "height": 600}),
        json!({"command": "home", "seconds": 1}),
    ] {
        apply(&mut session, settled.clone());
        let revision = session.revision();
        apply(&mut session, motion.clone());
        assert!(!session.snapshot().settled && session.revision() > revision, "{motion}");
    }
}

#[test]
fn numbers_that_are_none_change_nothing() {
    let mut session = session();
    apply(&mut session, json!({"command": "panStart", "x": 640, "y": 500}));
    let before = session.snapshot();
    let nan = f64::NAN;
    for command in [
        Command::OrbitBy {
            dx: nan,
            dy: 0.0,
            about: None,
        },
        Command::OrbitBy {
            dx: 1.0,
            dy: 0.0,
            about: Some([nan; 3]),
        },
        Command::LookBy { dx: 0.0, dy: nan },
        Command::PanTo { x: nan, y: 1.0 },
        Command::Zoom {
            x: 1.0,
            y: 1.0,
            factor: nan,
            hit: None,
        },
        Command::Zoom {
            x: 1.0,
            y: 1.0,
            factor: -1.0,
            hit: None,
        },
        Command::Pinch {
            from: [[nan; 2]; 2],
            to: [[1.0; 2]; 2],
            hit: None,
        },
        Command::Resize {
            width: f64::INFINITY,
            height: nan,
        },
        Command::SetCamera {
            lon: nan,
            lat: 1.0,
            height: 1.0,
            heading: 1.0,
            pitch: 1.0,
        },
        Command::SetTimeOfDay { hours: nan },
        Command::FlyTo {
            place: session::Place::Box { bbox: [nan; 6] },
            seconds: 0.0,
        },
        Command::FlyTo {
            place: session::Place::Selected,
            seconds: 0.0,
        },
        Command::Focus { point: [nan; 3] },
    ] {
        session.apply(command.clone());
        assert_eq!(session.snapshot().camera, before.camera, "{command:?}");
    }
    assert_eq!(session.snapshot().time, before.time);
}

#[test]
fn an_error_is_told_in_the_users_language_and_goes_away() {
    let mut session = session();
    apply(&mut session, json!({"command": "setLanguage", "language": "fi"}));
    apply(
        &mut session,
        json!({"command": "showError", "message": "error.tileset"}),
    );
    assert_eq!(
        session.snapshot().error.as_deref(),
        Some("Kaupunkimallia ei voitu lukea.")
    );
    apply(&mut session, json!({"command": "showError", "message": "HTTP 418"}));
    assert_eq!(session.snapshot().error.as_deref(), Some("HTTP 418"));
    apply(&mut session, json!({"command": "dismissError"}));
    assert_eq!(session.snapshot().error, None);
}

#[test]
fn a_session_replayed_from_its_commands_is_the_same_and_a_snapshot_survives_json() {
    let commands = json!([
        {"command": "resize", "width": 900, "height": 700},
        {"command": "zoom", "x": 200, "y": 300, "factor": 0.3},
        {"command": "pinch", "from": [[100, 100], [300, 120]], "to": [[90, 130], [340, 100]]},
        {"command": "orbitBy", "dx": 40, "dy": 11, "about": [30.0, 20.0, 5.0]},
        {"command": "focus", "point": [12.0, 30.0, 14.0]},
        {"command": "step", "step": "turnLeft"},
        {"command": "select", "feature": cathedral("a")},
        {"command": "setTimeOfDay", "hours": 18.5}
    ]);
    let replay = || {
        let mut session = session();
        commands
            .as_array()
            .unwrap()
            .iter()
            .for_each(|command| apply(&mut session, command.clone()));
        session.snapshot()
    };
    let snapshot = replay();
    assert_eq!(snapshot, replay());
    let text = serde_json::to_string(&snapshot).unwrap();
    let again: Snapshot = serde_json::from_str(&text).unwrap();
    assert_eq!(again.selected, snapshot.selected);
    assert!(text.contains("\"utcOffsetMinutes\"") && text.contains("\"cityTarget\""));
}
