//! A small city as files, loaded, looked at and picked without a window.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod scene;

use glam::{DVec2, DVec3};
use serde_json::json;
use session::strings::Language;
use session::{Command, Details};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tiles::bounds::OrientedBox;
use tiles::feature::Feature;
use tiles::geodesy::{EnuFrame, Geodetic};
use tiles::glb::{Encoding, encode};
use tiles::mesh::{Mesh, TileContent};
use tiles::select::Options;
use tiles::surface::Surface;
use viewer::gpu::Quality;
use viewer::headless::Headless;
use viewer::viewer::Beginning;

const SIZE: [u32; 2] = [480, 270];
const PATIENCE: Duration = Duration::from_mins(1);

fn feature(id: &str, kind: &str) -> Feature {
    Feature {
        id: id.to_owned(),
        kind: kind.to_owned(),
        name: format!("The {id}"),
        merged: 1,
        ..Feature::default()
    }
}

fn write_tile(folder: &Path, name: &str, mesh: Mesh, features: Vec<Feature>) -> serde_json::Value {
    let bounds = scene::bounds(&mesh);
    let content = TileContent {
        mesh,
        features,
        copyright: "The testers".to_owned(),
    };
    std::fs::write(
        folder.join(name),
        encode(&content, Encoding::Compact, "schema.json").unwrap(),
    )
    .unwrap();
    json!({
        "boundingVolume": { "box": OrientedBox::from_aabb(&bounds).to_array() },
        "geometricError": 0.0,
        "content": { "uri": name }
    })
}

fn layer(folder: &Path, name: &str, tile: &serde_json::Value) -> serde_json::Value {
    let json = json!({ "asset": { "version": "1.1" }, "geometricError": 50.0, "root": tile });
    std::fs::write(folder.join(name), json.to_string()).unwrap();
    json!({ "boundingVolume": tile["boundingVolume"], "geometricError": 50.0, "content": { "uri": name } })
}

/// A city of two layers: a tower on a meadow. Gives the address of its first tileset.
fn write_city(folder: &Path) -> PathBuf {
    let mut meadow = Mesh {
        origin: DVec3::new(10.0, 0.0, 0.0),
        ..Mesh::default()
    };
    let corners = [
        [-100.0, -100.0, 0.0],
        [100.0, -100.0, 0.0],
        [100.0, 100.0, 0.0],
        [-100.0, 100.0, 0.0],
    ];
    scene::face(&mut meadow, corners, [110, 160, 90, 255], 0, Surface::PlantCover);
    let mut tower = Mesh {
        origin: DVec3::new(0.0, 0.0, 20.0),
        ..Mesh::default()
    };
    scene::block(
        &mut tower,
        [-10.0, -10.0, -20.0],
        [10.0, 10.0, 20.0],
        [200, 60, 40, 255],
        [60, 60, 220, 255],
        0,
    );
    let ground = write_tile(folder, "ground.glb", meadow, vec![feature("meadow", "PlantCover")]);
    let tower = write_tile(folder, "tower.glb", tower, vec![feature("tower", "Building")]);
    let frame = EnuFrame::new(Geodetic::from_degrees(24.95, 60.17, 20.0));
    let tileset = json!({
        "asset": { "version": "1.1", "extras": { "kortteli": {
            "title": "Test town", "manifest": "m", "features": "f", "search": "s",
            "layers": [
                { "name": "buildings", "tileset": "buildings.json", "count": 1 },
                { "name": "green", "tileset": "green.json", "count": 1 }
            ],
            "attribution": ["The testers"]
        } } },
        "geometricError": 500.0,
        "root": {
            "transform": frame.transform(),
            "boundingVolume": { "box": [10, 0, 20, 110, 0, 0, 0, 110, 0, 0, 0, 25] },
            "geometricError": 500.0,
            "refine": "ADD",
            "children": [layer(folder, "buildings.json", &tower), layer(folder, "green.json", &ground)]
        }
    });
    let path = folder.join("tileset.json");
    std::fs::write(&path, tileset.to_string()).unwrap();
    path
}

fn open(url: &Path) -> Headless {
    let begin = Beginning {
        url: url.to_str().unwrap().to_owned(),
        language: Language::En,
        selection: Options {
            retries: 1,
            retry_after_updates: 2,
            ..Options::default()
        },
    };
    Headless::new(SIZE, Some(Quality::LOW), begin).unwrap()
}

/// Where the tower's roof and the meadow beside it are seen.
fn places(headless: &mut Headless) -> [DVec2; 2] {
    let camera = *headless.viewer().session().camera();
    [DVec3::new(0.0, 0.0, 40.0), DVec3::new(70.0, -60.0, 0.0)].map(|point| camera.project(point).unwrap())
}

fn color(pixels: &[u8], at: DVec2) -> [u8; 3] {
    let at = (at.y as usize * SIZE[0] as usize + at.x as usize) * 4;
    pixels[at..at + 3].try_into().unwrap()
}

#[test]
fn a_city_of_files_is_loaded_drawn_picked_and_switched_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut headless = open(&write_city(folder.path()));
    assert!(
        headless.open(PATIENCE),
        "{:?}",
        headless.viewer().session().snapshot().error
    );
    assert!(headless.settle(PATIENCE), "{:?}", headless.viewer().figures());
    let [roof, meadow] = places(&mut headless);
    let pixels = headless.photograph().unwrap();
    assert!(headless.viewer().settled());
    let [r, g, b] = color(&pixels, roof);
    assert!(b > 150 && r < 120, "the roof is blue: {r} {g} {b}");
    let [r, g, b] = color(&pixels, meadow);
    assert!(g > r && g > b, "the meadow is green: {r} {g} {b}");

    let found = headless.viewer().pick(roof).unwrap();
    assert_eq!((found.feature.id.as_str(), found.hit.surface), ("tower", Surface::Roof));
    assert!((found.hit.point.z - 40.0).abs() < 0.01, "{}", found.hit.point);
    assert_eq!(headless.viewer().pick(meadow).unwrap().feature.name, "The meadow");
    assert!(
        headless.viewer().pick(DVec2::new(240.0, 2.0)).is_none(),
        "nothing is in the sky"
    );

    headless.apply(Command::SetLayer {
        layer: "buildings".to_owned(),
        visible: false,
    });
    assert!(headless.settle(PATIENCE));
    let bare = headless.photograph().unwrap();
    let [r, g, b] = color(&bare, roof);
    assert!(g > r && g > b, "the meadow is where the tower was: {r} {g} {b}");
    assert_eq!(headless.viewer().pick(roof).unwrap().feature.id, "meadow");

    headless.apply(Command::SetLayer {
        layer: "buildings".to_owned(),
        visible: true,
    });
    assert!(headless.settle(PATIENCE));
    assert_eq!(
        headless.photograph().unwrap(),
        pixels,
        "and back again it is the same picture"
    );
}

#[test]
fn a_click_selects_shows_what_the_tile_knows_and_highlights() {
    use viewer::gesture::{Modifiers, Phase, PointerEvent, PointerKind};
    let folder = tempfile::tempdir().unwrap();
    let mut headless = open(&write_city(folder.path()));
    assert!(headless.open(PATIENCE) && headless.settle(PATIENCE));
    let [roof, meadow] = places(&mut headless);
    let plain = headless.photograph().unwrap();
    let click = |headless: &mut Headless, at: DVec2| {
        for phase in [Phase::Down, Phase::Up] {
            let modifiers = Modifiers::default();
            let event = PointerEvent {
                phase,
                id: 0,
                kind: PointerKind::Mouse,
                button: 0,
                at,
                modifiers,
            };
            headless.viewer().pointer(event);
        }
    };
    click(&mut headless, roof);
    let selected = headless.viewer().session().snapshot().selected.unwrap();
    assert_eq!((selected.id.as_str(), selected.title.as_str()), ("tower", "The tower"));
    assert_eq!(
        selected.details,
        Details::Failed,
        "files have no server to ask for more"
    );
    let lit = headless.photograph().unwrap();
    let ([before, _, _], [after, _, blue]) = (color(&plain, roof), color(&lit, roof));
    assert!(
        after > before + 60 && blue < 150,
        "the roof is highlighted: {before} {after} {blue}"
    );
    assert_eq!(color(&plain, meadow), color(&lit, meadow));
    click(&mut headless, DVec2::new(240.0, 2.0));
    assert!(
        headless.viewer().session().snapshot().selected.is_none(),
        "a click into the sky lets go"
    );
    assert_eq!(headless.photograph().unwrap(), plain);
}

#[test]
fn a_tile_that_is_no_tile_is_left_out_and_the_rest_of_the_city_stands() {
    let folder = tempfile::tempdir().unwrap();
    let url = write_city(folder.path());
    std::fs::write(folder.path().join("tower.glb"), b"<html>no tile</html>").unwrap();
    let mut headless = open(&url);
    assert!(headless.open(PATIENCE) && headless.settle(PATIENCE));
    let [roof, _] = places(&mut headless);
    assert_eq!(headless.viewer().pick(roof).unwrap().feature.id, "meadow");
    assert_eq!(headless.viewer().figures().tiles.failed, 1);
}

#[test]
fn a_city_that_is_not_there_or_is_none_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("tileset.json");
    for text in [
        None,
        Some("{}"),
        Some("<html></html>"),
        Some(r#"{"asset":{"version":"9.9"}}"#),
    ] {
        if let Some(text) = text {
            std::fs::write(&wrong, text).unwrap();
        }
        let mut headless = open(&wrong);
        assert!(!headless.open(PATIENCE), "{text:?}");
        let error = headless.viewer().session().snapshot().error.unwrap();
        assert_eq!(error, "The city model could not be read.");
    }
}
