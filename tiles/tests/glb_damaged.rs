//! Whatever the bytes are, reading a tile ends in a tile that makes sense or in an error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed test panics"
)]

mod boxes;

use boxes::city;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::LazyLock;
use tiles::glb::{Encoding, Error, decode, encode, to_plain};
use tiles::mesh::{Mesh, TileContent};
use tiles::surface::Surface;

static TILES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [Encoding::Plain, Encoding::Compact].map(|encoding| encode(&city(9), encoding, "s.json").unwrap())
});

/// Reads the bytes every way there is; what is read must be usable without further checks.
fn read(bytes: &[u8]) {
    if let Ok(content) = decode(bytes) {
        let mesh = &content.mesh;
        let count = mesh.positions.len();
        assert!(
            [
                mesh.normals.len(),
                mesh.colors.len(),
                mesh.feature_ids.len(),
                mesh.surfaces.len()
            ] == [count; 4]
        );
        assert!(mesh.indices.len().is_multiple_of(3));
        assert!(mesh.indices.iter().all(|&index| (index as usize) < count));
        assert!(
            mesh.feature_ids
                .iter()
                .all(|&id| usize::from(id) < content.features.len())
        );
        assert!(mesh.surfaces.iter().all(|&s| usize::from(s) < Surface::ALL.len()));
        assert!(mesh.positions.iter().flatten().all(|c| c.is_finite()));
    }
    let _ = to_plain(bytes);
}

/// The tile with its JSON changed by `change`.
fn with_json(glb: &[u8], change: impl FnOnce(String) -> String) -> Vec<u8> {
    let length = u32::from_le_bytes(glb[12..16].try_into().unwrap()) as usize;
    let mut json = change(String::from_utf8(glb[20..20 + length].to_vec()).unwrap()).into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');
    let bin = &glb[20 + length..];
    let mut changed = glb[..8].to_vec();
    changed.extend((20 + json.len() as u32 + bin.len() as u32).to_le_bytes());
    changed.extend((json.len() as u32).to_le_bytes());
    changed.extend(&glb[16..20]);
    changed.extend(json);
    changed.extend(bin);
    changed
}

#[test]
fn a_tile_cut_short_anywhere_is_an_error() {
    for tile in TILES.iter() {
        for length in 0..tile.len() {
            let error = decode(&tile[..length]).map(drop).expect_err("a tile cut short");
            assert!(matches!(error, Error::Container(_)), "{length}: {error}");
        }
    }
}

#[test]
fn what_is_not_a_tile_is_named() {
    let [plain, compact] = &*TILES;
    let replaced = |tile: &[u8], from: &str, to: &str| {
        with_json(tile, |json| {
            assert!(json.contains(from), "{from} is not in {json}");
            json.replacen(from, to, 1)
        })
    };
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "does not begin with"),
        (b"<!DOCTYPE html><html>".to_vec(), "does not begin with"),
        (b"glTF\x01\0\0\0\x14\0\0\0\0\0\0\0\0\0\0\0".to_vec(), "version is 1"),
        (b"glTF\x02\0\0\0\x0c\0\0\0".to_vec(), "has no JSON"),
        (replaced(plain, "\"asset\"", "\"asset"), "not valid"),
        (
            replaced(plain, "\"version\":\"2.0\"", "\"version\":\"1.0\""),
            "glTF version",
        ),
        (
            replaced(
                plain,
                "\"scene\":0",
                "\"scene\":0,\"extensionsRequired\":[\"KHR_draco_mesh_compression\"]",
            ),
            "KHR_draco_mesh_compression",
        ),
        (replaced(plain, "\"mesh\":0", "\"mesh\":7"), "mesh is not there"),
        (
            replaced(plain, "\"mesh\":0", "\"mesh\":0,\"scale\":[2,2,2]"),
            "more than a translation",
        ),
        (
            replaced(plain, "\"mesh\":0", "\"mesh\":0,\"children\":[0]"),
            "nodes in nodes",
        ),
        (
            replaced(plain, "\"translation\"", "\"translation\":[0,0,1e999],\"x\""),
            "not valid",
        ),
        (
            replaced(plain, "\"componentType\":5126", "\"componentType\":5130"),
            "does not fit",
        ),
        (
            replaced(plain, "\"class\":\"feature\"", "\"class\":\"tree\""),
            "no property table of class feature",
        ),
        (
            replaced(plain, "\"buffers\":[{", "\"buffers\":[{\"uri\":\"a.bin\","),
            "buffers outside",
        ),
        (
            replaced(compact, "\"mode\":\"ATTRIBUTES\"", "\"mode\":\"MAGIC\""),
            "EXT_meshopt_compression",
        ),
    ];
    for (bytes, reason) in cases {
        let error = decode(&bytes).map(drop).expect_err(reason);
        assert!(error.to_string().contains(reason), "{error} should say: {reason}");
    }
}

#[test]
fn a_small_file_cannot_ask_for_much_memory() {
    let [plain, compact] = &*TILES;
    let huge = |tile: &[u8], member: &str, number: &str| {
        with_json(tile, |json| {
            let at = json.find(member).expect("the member") + member.len();
            let end = at + json[at..].find([',', '}']).unwrap();
            format!("{}{number}{}", &json[..at], &json[end..])
        })
    };
    for number in ["4000000000", "18446744073709551615", "1e300", "-1"] {
        for member in ["count", "byteLength", "byteOffset", "values"] {
            assert!(
                decode(&huge(plain, &format!("\"{member}\":"), number)).is_err(),
                "{member} {number}"
            );
        }
        // The first offset of a compact tile lies in the buffer that has no bytes, and means nothing.
        for member in ["count", "byteLength", "byteStride", "values"] {
            assert!(
                decode(&huge(compact, &format!("\"{member}\":"), number)).is_err(),
                "{member} {number}"
            );
        }
        // The table of features is the last thing in the JSON that has a count, but for the table of surfaces.
        let table = with_json(plain, |json| {
            json.replacen(
                "\"class\":\"feature\",\"count\":9",
                &format!("\"class\":\"feature\",\"count\":{number}"),
                1,
            )
        });
        assert!(decode(&table).is_err(), "{number} features");
    }
    // A view that is decompressed again and again: each use is charged.
    let views = with_json(compact, |json| {
        let begin = json.find("\"bufferViews\":[").unwrap() + 15;
        let end = begin + json[begin..].find("},{").unwrap() + 1;
        let view = json[begin..end].to_owned();
        let copies = format!("{view},").repeat(200_000);
        format!("{}{copies}{}", &json[..begin], &json[begin..])
    });
    let error = decode(&views).map(drop).unwrap_err();
    assert!(matches!(error, Error::TooLarge(_) | Error::Invalid(_)), "{error}");
}

/// Numbers of a JSON text: where each begins and ends.
fn numbers(json: &str) -> Vec<(usize, usize)> {
    let bytes = json.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    (1..bytes.len())
        .filter(|&i| digit(i) && matches!(bytes[i - 1], b':' | b'[' | b','))
        .map(|i| (i, (i..bytes.len()).find(|&j| !digit(j)).unwrap()))
        .collect()
}

fn some_mesh() -> impl Strategy<Value = TileContent> {
    let vertex = (
        [-900.0..900.0_f32, -900.0..900.0_f32, -50.0..200.0_f32],
        [-1.0..1.0_f32, -1.0..1.0_f32, -1.0..1.0_f32],
        any::<[u8; 4]>(),
        0..5_u16,
        0..23_u8,
    );
    (
        vec(vertex, 3..60),
        vec(any::<prop::sample::Index>(), 3..200),
        any::<bool>(),
    )
        .prop_map(|(vertices, picks, opaque)| {
            let mut content = city(5);
            let mut mesh = Mesh {
                origin: content.mesh.origin,
                ..Mesh::default()
            };
            for (position, normal, mut color, feature, surface) in vertices {
                if opaque {
                    color[3] = 255;
                }
                mesh.positions.push(position);
                mesh.normals.push(normal);
                mesh.colors.push(color);
                mesh.feature_ids.push(feature);
                mesh.surfaces.push(surface);
            }
            let whole = picks.len() / 3 * 3;
            mesh.indices = picks[..whole]
                .iter()
                .map(|pick| pick.index(mesh.positions.len()) as u32)
                .collect();
            // At least one triangle has three corners.
            mesh.indices[..3].copy_from_slice(&[0, 1, 2]);
            content.mesh = mesh;
            content
        })
}

/// Bits of position and normal, colour, feature and surface.
type Corner = (Vec<u32>, [u8; 4], u16, u8);

/// Every triangle as the bits of its corners, begun at the least, in a fixed order.
fn triangles(mesh: &Mesh) -> Vec<Vec<Corner>> {
    let corner = |&index: &u32| {
        let i = index as usize;
        let floats = mesh.positions[i].iter().chain(&mesh.normals[i]);
        let bits = floats.map(|float| float.to_bits()).collect();
        (bits, mesh.colors[i], mesh.feature_ids[i], mesh.surfaces[i])
    };
    let mut all: Vec<Vec<_>> = mesh
        .indices
        .chunks_exact(3)
        .map(|t| {
            let mut t: Vec<_> = t.iter().map(corner).collect();
            let least = (0..3).min_by_key(|&i| t[i].clone()).unwrap();
            t.rotate_left(least);
            t
        })
        .collect();
    all.sort();
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_an_error_and_not_a_panic(bytes in vec(any::<u8>(), 0..300), as_json in any::<bool>()) {
        read(&bytes);
        if as_json {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            read(&with_json(&TILES[0], |_| text));
        }
    }

    #[test]
    fn damaged_bytes_never_panic(
        which in 0..2_usize,
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut tile = TILES[which].clone();
        for (place, byte) in damage {
            let at = place.index(tile.len());
            tile[at] = byte;
        }
        read(&tile);
    }

    #[test]
    fn damaged_streams_never_panic(damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut tile = TILES[1].clone();
        let begin = 28 + u32::from_le_bytes(tile[12..16].try_into().unwrap()) as usize;
        for (place, byte) in damage {
            let at = begin + place.index(tile.len() - begin);
            tile[at] = byte;
        }
        read(&tile);
    }

    #[test]
    fn numbers_that_lie_never_panic(
        which in 0..2_usize,
        lies in vec((any::<prop::sample::Index>(), prop_oneof![
            Just("0".to_owned()), Just("1".to_owned()), Just("65536".to_owned()), Just("4294967295".to_owned()),
            Just("18446744073709551615".to_owned()), Just("5121".to_owned()), Just("1e38".to_owned()),
            (0..5000_u32).prop_map(|n| n.to_string()),
        ]), 1..4),
    ) {
        let tile = with_json(&TILES[which], |mut json| {
            for (place, lie) in lies {
                let all = numbers(&json);
                let (begin, end) = all[place.index(all.len())];
                json.replace_range(begin..end, &lie);
            }
            json
        });
        read(&tile);
    }

    #[test]
    fn a_tile_written_again_is_the_same_tile(content in some_mesh()) {
        let compact = encode(&content, Encoding::Compact, "s.json").unwrap();
        let plain = encode(&content, Encoding::Plain, "s.json").unwrap();
        prop_assert_eq!(&to_plain(&compact).unwrap(), &plain);
        let once = decode(&compact).unwrap();
        prop_assert_eq!(&once, &decode(&plain).unwrap());
        let twice = decode(&encode(&once, Encoding::Compact, "s.json").unwrap()).unwrap();
        prop_assert_eq!(triangles(&once.mesh), triangles(&twice.mesh));
        prop_assert_eq!(once.features, twice.features);
    }
}
