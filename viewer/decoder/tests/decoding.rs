//! A tile's bytes become what a graphics card takes, and any other bytes an error.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use decoder::DecodedTile;
use glam::DVec3;
use tiles::feature::Feature;
use tiles::glb::{self, Encoding};
use tiles::mesh::{About, Mesh, TileContent, VERTEX_BYTES};

/// A window pane before a wall, two features.
fn pane_before_a_wall() -> TileContent {
    let square = |y: f32| [[0.0, y, 0.0], [8.0, y, 0.0], [8.0, y, 4.0], [0.0, y, 4.0]];
    let feature = |id: &str| Feature {
        id: id.to_owned(),
        kind: "Building".to_owned(),
        merged: 1,
        ..Feature::default()
    };
    TileContent {
        mesh: Mesh {
            origin: DVec3::new(512.0, -1024.0, 16.0),
            positions: [square(0.0), square(1.0)].concat(),
            normals: vec![[0.0, -1.0, 0.0]; 8],
            colors: [[[120, 160, 200, 96]; 4], [[200, 190, 180, 255]; 4]].concat(),
            feature_ids: vec![0, 0, 0, 0, 1, 1, 1, 1],
            surfaces: vec![7, 7, 7, 7, 2, 2, 2, 2],
            indices: vec![0, 1, 2, 0, 2, 3, 4, 5, 6, 4, 6, 7],
        },
        features: vec![feature("pane"), feature("wall")],
        copyright: "© the surveyor".to_owned(),
    }
}

#[test]
fn both_encodings_of_a_tile_decode_to_vertices_indices_and_attributes() {
    for encoding in [Encoding::Plain, Encoding::Compact] {
        let content = pane_before_a_wall();
        let bytes = glb::encode(&content, encoding, "schema.json").unwrap();
        let mut tile = DecodedTile::from_glb(&bytes).unwrap();
        let about: About = serde_json::from_str(&tile.about()).unwrap();
        assert_eq!(about, content.about(), "{encoding:?}");
        let (vertices, indices) = (tile.take_vertices(), tile.take_indices());
        assert_eq!(vertices.len(), 8 * VERTEX_BYTES, "{encoding:?}");
        assert_eq!(indices.len(), 12, "{encoding:?}");
        let back = Mesh::from_interleaved(content.mesh.origin, &vertices, indices);
        let heights = back.positions.iter().map(|position| position[2]).fold(0.0, f32::max);
        assert!((heights - 4.0).abs() < 0.001, "{encoding:?}: {heights}");
    }
}

#[test]
fn opaque_triangles_are_the_leading_ones() {
    let bytes = glb::encode(&pane_before_a_wall(), Encoding::Compact, "schema.json").unwrap();
    let mut tile = DecodedTile::from_glb(&bytes).unwrap();
    assert_eq!(tile.opaque(), 6);
    let (vertices, indices) = (tile.take_vertices(), tile.take_indices());
    let opacity = |corner: u32| vertices[corner as usize * VERTEX_BYTES + 19];
    assert!(indices[..6].iter().all(|&corner| opacity(corner) == 255));
    assert!(indices[6..].iter().all(|&corner| opacity(corner) == 96));
}

#[test]
fn bytes_that_are_no_tile_are_an_error_that_says_so() {
    for bytes in [&b""[..], b"<html>404</html>", b"glTF\x02\0\0\0\x0c\0\0\0"] {
        let error = DecodedTile::from_glb(bytes).unwrap_err();
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn taking_twice_gives_nothing_the_second_time() {
    let bytes = glb::encode(&pane_before_a_wall(), Encoding::Plain, "schema.json").unwrap();
    let mut tile = DecodedTile::from_glb(&bytes).unwrap();
    assert!(!tile.take_vertices().is_empty());
    assert!(tile.take_vertices().is_empty());
}
