//! Tilesets as JSON.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed test panics"
)]

use glam::DVec3;
use serde_json::{Value, json};
use tiles::bounds::Aabb;
use tiles::tileset::{BoundingVolume, Error, LayerInfo, MAX_DEPTH, Pointer, Refine, Tile, Tileset};

const FOREIGN: &[u8] = include_bytes!("fixtures/tileset.json");

fn volume() -> BoundingVolume {
    BoundingVolume::from_aabb(&Aabb::from_corners(
        DVec3::new(-1.0, -2.0, -3.0),
        DVec3::new(1.0, 2.0, 3.0),
    ))
}

fn leaf() -> Tile {
    Tile::new(volume(), 0.0).with_content("files/leaf.0123.glb")
}

#[test]
fn a_foreign_tileset_is_read_and_what_is_unknown_left_out() {
    let tileset = Tileset::from_json(FOREIGN).unwrap();
    assert_eq!(tileset.asset.tileset_version.as_deref(), Some("7"));
    assert_eq!(tileset.asset.extras, Some(json!({ "ion": { "movable": true } })));
    assert_eq!(tileset.geometric_error, 500.0);
    let root = &tileset.root;
    assert_eq!(root.refine, Some(Refine::Add));
    assert_eq!(root.transform.unwrap()[12..15], [10.0, 20.0, 30.0]);
    assert_eq!(
        root.bounding_volume,
        BoundingVolume::Region([0.43, 1.05, 0.44, 1.06, -5.0, 120.5])
    );
    // Of a box and a sphere the box is the tighter one.
    let child = &root.children[0];
    let middle = child.bounding_volume.as_box().unwrap().center;
    assert_eq!(middle, DVec3::new(1.0, 2.0, 3.0));
    let content = child.content.as_ref().unwrap();
    assert_eq!(content.uri, "files/a.glb");
    assert_eq!(
        content.bounding_volume,
        Some(BoundingVolume::Sphere([1.0, 2.0, 3.0, 2.5]))
    );
    let depths: Vec<_> = tileset
        .tiles()
        .map(|(depth, tile)| (depth, tile.geometric_error))
        .collect();
    assert_eq!(depths, [(0, 250.0), (1, 0.1), (2, 0.0), (1, 0.0)]);
}

#[test]
fn a_tileset_written_is_the_tileset_read() {
    let tileset = Tileset::from_json(FOREIGN).unwrap();
    let json = tileset.to_json().unwrap();
    assert_eq!(Tileset::from_json(&json).unwrap(), tileset);
    assert_eq!(Tileset::from_json(&json).unwrap().to_json().unwrap(), json);
}

#[test]
fn numbers_come_back_to_the_last_bit() {
    let mut tile = leaf();
    tile.transform = Some(std::array::from_fn(|i| (i as f64 + 0.1).sin() * 6.4e6));
    tile.geometric_error = 0.1 + 0.2;
    let tileset = Tileset::new(tile);
    let back = Tileset::from_json(&tileset.to_json().unwrap()).unwrap();
    assert_eq!(back, tileset);
}

#[test]
fn the_json_has_the_members_of_the_standard_and_no_empty_ones() {
    let mut root = Tile::new(volume(), 12.5);
    root.refine = Some(Refine::Replace);
    root.children.push(leaf());
    let json: Value = serde_json::from_slice(&Tileset::new(root).to_json().unwrap()).unwrap();
    let expected = json!({
        "asset": { "version": "1.1" },
        "geometricError": 12.5,
        "root": {
            "boundingVolume": { "box": [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0] },
            "geometricError": 12.5,
            "refine": "REPLACE",
            "children": [{
                "boundingVolume": { "box": [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0] },
                "geometricError": 0.0,
                "content": { "uri": "files/leaf.0123.glb" },
            }],
        },
    });
    assert_eq!(json, expected);
}

#[test]
fn the_first_tileset_of_a_collection_names_its_parts() {
    let mut tileset = Tileset::new(leaf());
    assert!(matches!(tileset.pointer(), Err(Error::NoPointer)));
    tileset.asset.extras = Some(json!({ "other": 1 }));
    assert!(matches!(tileset.pointer(), Err(Error::NoPointer)));
    let pointer = Pointer {
        title: "Helsinki".to_owned(),
        manifest: "manifest.01.json".to_owned(),
        features: "features.02.gpkg".to_owned(),
        search: "search.03.sqlite".to_owned(),
        crs: None,
        layers: vec![LayerInfo {
            name: "buildings".to_owned(),
            tileset: "files/buildings.04.json".to_owned(),
            count: 445,
        }],
        attribution: vec!["City of Helsinki".to_owned(), "© OpenStreetMap contributors".to_owned()],
    };
    tileset.set_pointer(&pointer).unwrap();
    let back = Tileset::from_json(&tileset.to_json().unwrap()).unwrap();
    assert_eq!(back.pointer().unwrap(), pointer);
    let extras = back.asset.extras.unwrap();
    assert_eq!(extras["other"], 1);
    assert_eq!(extras["copyright"], "City of Helsinki; © OpenStreetMap contributors");
    assert_eq!(extras["kortteli"]["layers"][0]["tileset"], "files/buildings.04.json");
    let mut damaged = Tileset::new(leaf());
    damaged.asset.extras = Some(json!({ "kortteli": { "manifest": 7 } }));
    assert!(matches!(damaged.pointer(), Err(Error::Json(_))));
}

/// The fixture with one text replaced, read.
fn changed(from: &str, to: &str) -> Error {
    let text = std::str::from_utf8(FOREIGN).unwrap();
    assert!(text.contains(from), "{from}");
    Tileset::from_json(text.replacen(from, to, 1).as_bytes()).unwrap_err()
}

#[test]
fn a_tileset_that_cannot_be_used_says_why() {
    for (from, to, reason) in [
        ("\"1.1\"", "\"2.0\"", "3D Tiles version \"2.0\" is not supported"),
        (
            "\"extensionsUsed\"",
            "\"extensionsRequired\": [\"X_y\"], \"extensionsUsed\"",
            "requires the extension X_y",
        ),
        (
            "\"geometricError\": 0.1",
            "\"geometricError\": -0.1",
            "tile root/0: geometric error -0.1",
        ),
        ("[0, 0, 0, 1]", "[0, 0, 0, -1]", "tile root/0/0: bounding volume"),
        ("\"b.glb\"", "\"\"", "tile root/0/0: content without uri"),
        ("-5, 120.5", "500, 120.5", "tile root: bounding volume"),
        ("\"region\"", "\"cylinder\"", "needs a box, a region or a sphere"),
        ("[0.43, 1.05,", "[0.43,", "invalid length"),
        ("\"geometricError\": 500", "\"geometricError\": 1e999", "out of range"),
        ("\"REPLACE\"", "\"BOTH\"", "unknown variant"),
    ] {
        let error = changed(from, to).to_string();
        assert!(error.contains(reason), "{error} should say: {reason}");
    }
    for bytes in [&b""[..], b"<html>", b"{}", b"null", &FOREIGN[..700]] {
        assert!(matches!(Tileset::from_json(bytes), Err(Error::Json(_))));
    }
}

#[test]
fn what_json_cannot_say_is_not_written() {
    let spoilt: [fn(&mut Tile); 5] = [
        |tile| tile.geometric_error = f64::NAN,
        |tile| tile.geometric_error = f64::INFINITY,
        |tile| tile.transform = Some([f64::NAN; 16]),
        |tile| tile.bounding_volume = BoundingVolume::Box([f64::INFINITY; 12]),
        |tile| {
            if let Some(content) = &mut tile.content {
                content.bounding_volume = Some(BoundingVolume::Sphere([f64::NAN; 4]));
            }
        },
    ];
    for spoil in spoilt {
        let mut root = Tile::new(volume(), 1.0);
        root.children = vec![leaf(), leaf()];
        spoil(&mut root.children[1]);
        let mut tileset = Tileset::new(root);
        let error = tileset.to_json().unwrap_err().to_string();
        assert!(error.starts_with("tile root/1: "), "{error}");
        tileset.root.children.pop();
        tileset.geometric_error = f64::NAN;
        assert!(tileset.to_json().is_err());
    }
}

#[test]
fn a_tree_as_deep_as_readers_can_read_is_written_and_no_deeper() {
    let deep = |levels: usize| {
        let mut tile = leaf();
        for _ in 1..levels {
            let mut parent = Tile::new(volume(), 1.0);
            parent.children.push(tile);
            tile = parent;
        }
        Tileset::new(tile)
    };
    let json = deep(MAX_DEPTH).to_json().unwrap();
    assert_eq!(Tileset::from_json(&json).unwrap().tiles().count(), MAX_DEPTH);
    let error = deep(MAX_DEPTH + 1).to_json().unwrap_err().to_string();
    assert!(error.contains("more than 60 levels"), "{error}");
}
