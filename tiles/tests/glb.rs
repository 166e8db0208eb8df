//! Tiles written as GLBs: what is in them, and that it is what was put in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed test panics"
)]

mod boxes;

use boxes::{add_box, city};
use glam::{DVec3, Vec3};
use gltf::material::AlphaMode::{Blend, Opaque};
use serde_json::Value;
use tiles::feature::Feature;
use tiles::glb::{self, Encoding, Error, decode, encode, schema_json, to_plain};
use tiles::mesh::{Mesh, TileContent};
use tiles::surface::Surface;

const SCHEMA: &str = "schema.0123456789abcdef.json";
/// Half of the finest step of positions, and what rounding the written-down half adds.
const HALF_STEP: f32 = 0.5 / 1024.0 + 1e-6;

fn both() -> [Encoding; 2] {
    [Encoding::Plain, Encoding::Compact]
}

fn chunks(glb: &[u8]) -> (Value, &[u8]) {
    let length = u32::from_le_bytes(glb[12..16].try_into().unwrap()) as usize;
    let json = serde_json::from_slice(&glb[20..20 + length]).unwrap();
    (json, &glb[20 + length + 8..])
}

/// A vertex's position, normal, colour, feature and surface, all but the last two of which are nearly exact.
type Corner = (Vec3, Vec3, [u8; 4], u16, u8);

fn corner(mesh: &Mesh, index: u32) -> Corner {
    let i = index as usize;
    (
        Vec3::from(mesh.positions[i]),
        Vec3::from(mesh.normals[i]),
        mesh.colors[i],
        mesh.feature_ids[i],
        mesh.surfaces[i],
    )
}

/// Every triangle, beginning at its corner that comes first in a fixed order, sorted.
fn triangles(mesh: &Mesh) -> Vec<[Corner; 3]> {
    let whole = |v: Vec3| v.round().to_array().map(|x| x as i32);
    let key = |c: &Corner| (c.3, c.4, whole(c.1), whole(c.0 * 8.0));
    let mut all: Vec<[Corner; 3]> = mesh
        .indices
        .chunks_exact(3)
        .map(|t| {
            let mut t = [corner(mesh, t[0]), corner(mesh, t[1]), corner(mesh, t[2])];
            let first = (0..3).min_by_key(|&i| key(&t[i])).unwrap();
            t.rotate_left(first);
            t
        })
        .collect();
    all.sort_by_key(|t| t.each_ref().map(key));
    all
}

#[test]
fn a_tile_comes_back_with_every_triangle_within_half_a_millimetre() {
    // Corners at multiples of 1/8 m plus 0.3 mm, so that rounding neither moves nor swaps a key of the comparison.
    let mut content = city(300);
    for position in content.mesh.positions.iter_mut().flatten() {
        *position = (*position * 8.0).round() / 8.0 + 0.0003;
    }
    for encoding in both() {
        let back = decode(&encode(&content, encoding, SCHEMA).unwrap()).unwrap();
        assert_eq!(back.features, content.features);
        assert_eq!(back.copyright, content.copyright);
        assert_eq!(back.mesh.origin, content.mesh.origin);
        let (expected, found) = (triangles(&content.mesh), triangles(&back.mesh));
        assert_eq!(expected.len(), 300 * 12);
        assert_eq!(found.len(), expected.len());
        for (a, b) in expected.iter().flatten().zip(found.iter().flatten()) {
            assert!((a.0 - b.0).abs().max_element() <= HALF_STEP, "{a:?} became {b:?}");
            assert!(a.1.dot(b.1) > 0.4_f32.to_radians().cos(), "{a:?} became {b:?}");
            assert_eq!((a.2, a.3, a.4), (b.2, b.3, b.4));
        }
    }
}

#[test]
fn both_encodings_hold_the_same_numbers() {
    for content in [city(1), city(30), city(1999)] {
        let plain = encode(&content, Encoding::Plain, SCHEMA).unwrap();
        let compact = encode(&content, Encoding::Compact, SCHEMA).unwrap();
        assert_eq!(decode(&plain).unwrap(), decode(&compact).unwrap());
        assert_eq!(to_plain(&compact).unwrap(), plain, "byte for byte");
        assert_eq!(to_plain(&plain).unwrap(), plain);
        assert_eq!(encode(&content, Encoding::Compact, SCHEMA).unwrap(), compact);
    }
}

#[test]
fn a_compact_tile_is_less_than_half_of_the_plain_one_and_less_than_a_third_where_coordinates_do_not_repeat() {
    for (content, times) in [(city(1999), 2), (ground(80), 3)] {
        let [plain, compact] = both().map(|encoding| encode(&content, encoding, SCHEMA).unwrap().len());
        assert!(compact * times < plain, "{compact} of {plain} bytes");
    }
}

#[test]
fn an_independent_reader_finds_the_same_triangles() {
    let content = city(50);
    let glb = encode(&content, Encoding::Plain, SCHEMA).unwrap();
    let ours = decode(&glb).unwrap().mesh;
    let foreign = gltf::Gltf::from_slice(&glb).expect("core glTF: the reader validates it");
    assert_eq!(foreign.extensions_required().count(), 0);
    let bin = foreign.blob.as_deref().unwrap();
    let node = foreign.default_scene().unwrap().nodes().next().unwrap();
    assert_eq!(node.transform().decomposed().0, [-812.25, 17.125, -431.5]);
    let mut indices = Vec::new();
    for primitive in node.mesh().unwrap().primitives() {
        let reader = primitive.reader(|_| Some(bin));
        let positions: Vec<[f32; 3]> = reader.read_positions().unwrap().map(|[x, y, z]| [x, -z, y]).collect();
        assert_eq!(positions, ours.positions);
        let box_ = primitive.bounding_box();
        for axis in 0..3 {
            let all = || reader.read_positions().unwrap().map(|p| p[axis]);
            assert_eq!(box_.min[axis], all().fold(f32::INFINITY, f32::min));
            assert_eq!(box_.max[axis], all().fold(f32::NEG_INFINITY, f32::max));
        }
        let normals = reader.read_normals().unwrap();
        assert!(normals.zip(&ours.normals).all(|([x, y, z], n)| [x, -z, y] == *n));
        let colors = reader.read_colors(0).unwrap().into_rgba_f32();
        for (linear, srgb) in colors.zip(&ours.colors) {
            assert!((linear[0] - to_linear(srgb[0])).abs() < 1e-5);
            assert!((linear[3] - f32::from(srgb[3]) / 255.0).abs() < 1e-5);
        }
        indices.extend(reader.read_indices().unwrap().into_u32());
    }
    assert_eq!(indices, ours.indices);
}

fn to_linear(byte: u8) -> f32 {
    let c = f32::from(byte) / 255.0;
    if c <= 0.04045 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

#[test]
fn glass_is_a_second_primitive_that_blends() {
    let glb = encode(&city(8), Encoding::Plain, SCHEMA).unwrap();
    let foreign = gltf::Gltf::from_slice(&glb).unwrap();
    let mesh = foreign.meshes().next().unwrap();
    let found: Vec<_> = mesh
        .primitives()
        .map(|p| (p.material().alpha_mode(), p.indices().unwrap().count() / 3))
        .collect();
    // Rows 0 and 7 have a window.
    assert_eq!(found, [(Opaque, 8 * 12 - 4), (Blend, 4)]);
    assert!(mesh.primitives().all(|p| p.material().double_sided()));
    let only_opaque = encode(&without_glass(8), Encoding::Plain, SCHEMA).unwrap();
    let foreign = gltf::Gltf::from_slice(&only_opaque).unwrap();
    assert_eq!(foreign.meshes().next().unwrap().primitives().count(), 1);
}

fn without_glass(count: u16) -> TileContent {
    let mut content = city(count);
    for color in &mut content.mesh.colors {
        color[3] = 255;
    }
    content
}

#[test]
fn the_json_says_who_made_it_and_what_it_needs() {
    let content = city(3);
    let (plain, _) = chunks(&encode(&content, Encoding::Plain, SCHEMA).unwrap());
    assert_eq!(plain["asset"]["copyright"], "City of Boxes, CC BY 4.0");
    assert_eq!(plain["asset"]["generator"], "kortteli");
    assert_eq!(
        plain["extensionsUsed"],
        serde_json::json!(["EXT_mesh_features", "EXT_structural_metadata"])
    );
    assert_eq!(plain.get("extensionsRequired"), None);
    let (compact, _) = chunks(&encode(&content, Encoding::Compact, SCHEMA).unwrap());
    assert_eq!(
        compact["extensionsRequired"],
        serde_json::json!(["EXT_meshopt_compression", "KHR_mesh_quantization"])
    );
    for json in [plain, compact] {
        let metadata = &json["extensions"]["EXT_structural_metadata"];
        assert_eq!(metadata["schemaUri"], SCHEMA);
        for primitive in json["meshes"][0]["primitives"].as_array().unwrap() {
            let sets = &primitive["extensions"]["EXT_mesh_features"]["featureIds"];
            assert_eq!(
                sets,
                &serde_json::json!([
                    { "featureCount": 3, "attribute": 0, "label": "feature", "propertyTable": 0 },
                    // Up to that of a window.
                    { "featureCount": 8, "attribute": 1, "label": "surface", "propertyTable": 1 },
                ])
            );
        }
    }
}

#[test]
fn compressed_views_use_the_codec_versions_that_the_extension_allows() {
    let glb = encode(&ground(30), Encoding::Compact, SCHEMA).unwrap();
    let (json, bin) = chunks(&glb);
    assert_eq!(
        json["buffers"][1]["extensions"]["EXT_meshopt_compression"]["fallback"],
        true
    );
    let mut modes = Vec::new();
    for view in json["bufferViews"].as_array().unwrap() {
        let packed = &view["extensions"]["EXT_meshopt_compression"];
        if packed.is_null() {
            assert_eq!(view["buffer"], 0);
            continue;
        }
        assert_eq!((&view["buffer"], &packed["buffer"]), (&Value::from(1), &Value::from(0)));
        let size = packed["byteStride"].as_u64().unwrap() * packed["count"].as_u64().unwrap();
        assert_eq!(view["byteLength"], size);
        let header = bin[packed["byteOffset"].as_u64().unwrap_or(0) as usize];
        let mode = packed["mode"].as_str().unwrap();
        assert_eq!(header, if mode == "ATTRIBUTES" { 0xA0 } else { 0xE1 });
        modes.push((mode.to_owned(), packed["filter"].as_str().map(str::to_owned)));
    }
    let count = |mode: &str, filter: Option<&str>| {
        let is = |(m, f): &&(String, Option<String>)| m == mode && f.as_deref() == filter;
        modes.iter().filter(is).count()
    };
    assert_eq!(count("ATTRIBUTES", Some("EXPONENTIAL")), 1);
    assert_eq!(count("ATTRIBUTES", None), 1);
    assert_eq!(count("TRIANGLES", None), 1);
}

/// Ground: a grid of points that lie at no common height, each of which is used by up to six triangles.
fn ground(side: u32) -> TileContent {
    let mut content = city(1);
    content.mesh = Mesh::default();
    let mesh = &mut content.mesh;
    for (i, j) in (0..=side).flat_map(|i| (0..=side).map(move |j| (i, j))) {
        let (x, y) = (i as f32 * 3.7 + (j as f32).sin(), j as f32 * 4.1 + (i as f32).cos());
        mesh.positions.push([x, y, (x * 0.05).sin() * 4.0 + (y * 0.07).cos()]);
        mesh.normals.push([0.0, 0.0, 1.0]);
        mesh.colors.push([120, 140, 90, 255]);
        mesh.feature_ids.push(0);
        mesh.surfaces.push(Surface::Terrain as u8);
        if i < side && j < side {
            let (here, next) = (i * (side + 1) + j, (i + 1) * (side + 1) + j);
            mesh.indices.extend([here, next, next + 1, here, next + 1, here + 1]);
        }
    }
    content
}

/// How a compact tile stores the attribute: the view's stride if it says one, and the filter of its compression.
fn stored(json: &Value, attribute: &str) -> (Option<u64>, Option<String>) {
    let accessor = &json["meshes"][0]["primitives"][0]["attributes"][attribute];
    let accessor = &json["accessors"][accessor.as_u64().unwrap() as usize];
    let view = &json["bufferViews"][accessor["bufferView"].as_u64().unwrap() as usize];
    let packed = view["extensions"].get("EXT_meshopt_compression");
    let filter = packed.map(|packed| packed["filter"].as_str().unwrap_or("none").to_owned());
    (view["byteStride"].as_u64(), filter)
}

#[test]
fn what_repeats_its_coordinates_stores_them_as_they_are_and_the_rest_goes_through_the_filter() {
    let (buildings, _) = chunks(&encode(&city(300), Encoding::Compact, SCHEMA).unwrap());
    assert_eq!(stored(&buildings, "POSITION"), (None, None), "tight floats");
    assert_eq!(stored(&buildings, "NORMAL"), (Some(4), None));
    let ground = encode(&ground(30), Encoding::Compact, SCHEMA).unwrap();
    let (json, _) = chunks(&ground);
    assert_eq!(stored(&json, "POSITION"), (None, Some("EXPONENTIAL".to_owned())));
    for attribute in ["NORMAL", "COLOR_0", "_FEATURE_ID_0", "_FEATURE_ID_1"] {
        assert_eq!(
            stored(&json, attribute),
            (Some(20), Some("none".to_owned())),
            "{attribute}"
        );
    }
    let plain = to_plain(&ground).unwrap();
    assert_eq!(decode(&plain).unwrap(), decode(&ground).unwrap());
}

#[test]
fn vertex_attributes_lie_at_multiples_of_four_bytes() {
    // glTF 2.0, clause 3.6.2.4.
    for (content, encoding) in [city(40), ground(9)]
        .iter()
        .flat_map(|content| both().map(|e| (content, e)))
    {
        let (json, _) = chunks(&encode(content, encoding, SCHEMA).unwrap());
        for accessor in json["meshes"][0]["primitives"][0]["attributes"]
            .as_object()
            .unwrap()
            .values()
        {
            let accessor = &json["accessors"][accessor.as_u64().unwrap() as usize];
            let view = &json["bufferViews"][accessor["bufferView"].as_u64().unwrap() as usize];
            for offset in [&accessor["byteOffset"], &view["byteOffset"], &view["byteStride"]] {
                assert_eq!(offset.as_u64().unwrap_or(0) % 4, 0, "{accessor} of {view}");
            }
        }
    }
}

#[test]
fn property_tables_lie_at_multiples_of_eight_bytes_and_leave_out_empty_columns() {
    for encoding in both() {
        let glb = encode(&city(40), encoding, SCHEMA).unwrap();
        let (json, bin) = chunks(&glb);
        assert_eq!((glb.len() - bin.len()) % 8, 0, "the binary chunk");
        assert_eq!(json["buffers"][0]["byteLength"], bin.len());
        let tables = json["extensions"]["EXT_structural_metadata"]["propertyTables"]
            .as_array()
            .unwrap();
        assert_eq!(tables.len(), 2);
        let properties = tables[0]["properties"].as_object().unwrap();
        // No box has a class or a usage.
        assert!(!properties.contains_key("class") && !properties.contains_key("usage"));
        assert_eq!(properties.len(), 11);
        for column in tables
            .iter()
            .flat_map(|t| t["properties"].as_object().unwrap().values())
        {
            for view in ["values", "stringOffsets"]
                .iter()
                .filter_map(|key| column[key].as_u64())
            {
                let view = &json["bufferViews"][view as usize];
                assert_eq!(view["byteOffset"].as_u64().unwrap() % 8, 0);
                assert!(view["byteLength"].as_u64().unwrap() > 0);
                assert_eq!(view.get("target"), None);
            }
        }
        assert_eq!(tables[1]["count"], 8, "up to the last surface that occurs, a window");
    }
}

#[test]
fn a_feature_keeps_every_attribute_and_every_gap() {
    let mut content = city(2);
    content.features = vec![
        Feature {
            id: "BID_äö-1".to_owned(),
            kind: "BuildingPart".to_owned(),
            name: "Tuomiokirkko \u{1F3DB}".to_owned(),
            class: "1060".to_owned(),
            function: "1040".to_owned(),
            usage: "1041".to_owned(),
            address: "Unioninkatu 29, 00170 Helsinki".to_owned(),
            roof_type: "1030".to_owned(),
            height: Some(62.25),
            ground_level: Some(-0.5),
            storeys: Some(0),
            year: Some(-44),
            merged: u32::MAX,
        },
        Feature {
            id: "x".to_owned(),
            height: Some(f32::NAN),
            merged: 1,
            ..Feature::default()
        },
    ];
    for encoding in both() {
        let back = decode(&encode(&content, encoding, SCHEMA).unwrap()).unwrap().features;
        assert_eq!(back[0], content.features[0]);
        let absent = Feature {
            height: None,
            ..content.features[1].clone()
        };
        assert_eq!(back[1], absent, "a height that is not a number is absent");
    }
}

#[test]
fn long_columns_of_strings_get_wider_offsets() {
    let mut content = city(200);
    content.features[7].address = "a very long street ".repeat(5000);
    let glb = encode(&content, Encoding::Compact, SCHEMA).unwrap();
    assert_eq!(decode(&glb).unwrap().features, content.features);
    let (json, _) = chunks(&glb);
    let columns = &json["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"];
    assert_eq!(columns["address"]["stringOffsetType"], "UINT32");
    assert_eq!(columns["id"]["stringOffsetType"], "UINT16");
    let (json, _) = chunks(&encode(&city(2), Encoding::Compact, SCHEMA).unwrap());
    let columns = &json["extensions"]["EXT_structural_metadata"]["propertyTables"][0]["properties"];
    assert_eq!(columns["id"]["stringOffsetType"], "UINT8");
}

#[test]
fn indices_take_sixteen_bits_as_long_as_they_fit() {
    for (boxes, component_type) in [(2700, 5123), (2800, 5125)] {
        let content = city(boxes);
        let glb = encode(&content, Encoding::Compact, SCHEMA).unwrap();
        let (json, _) = chunks(&glb);
        let accessor = &json["meshes"][0]["primitives"][0]["indices"];
        let accessor = &json["accessors"][accessor.as_u64().unwrap() as usize];
        assert_eq!(accessor["componentType"], component_type);
        assert_eq!(decode(&glb).unwrap().mesh.indices.len(), usize::from(boxes) * 36);
    }
}

#[test]
fn a_stand_in_on_a_coarse_grid_takes_fewer_bytes() {
    let size = |grid: f32| {
        let mut content = city(1999);
        for position in content.mesh.positions.iter_mut().flatten() {
            *position = (*position / grid).round() * grid;
        }
        let glb = encode(&content, Encoding::Compact, SCHEMA).unwrap();
        let back = decode(&glb).unwrap();
        assert!(back.mesh.positions.iter().flatten().all(|c| c % grid == 0.0));
        glb.len()
    };
    let (coarse, fine) = (size(0.25), size(1.0 / 1024.0));
    assert!(coarse * 10 < fine * 9, "{coarse} of {fine} bytes");
}

#[test]
fn a_tile_far_larger_than_a_city_gets_a_coarser_step_instead_of_an_error() {
    for (reach, step) in [(8191.0, 1.0 / 1024.0), (16_000.0, 1.0 / 512.0), (500_000.0, 1.0 / 16.0)] {
        let mut content = city(1);
        content.mesh.positions[0] = [reach + 0.3, -reach, 0.1];
        let before = content.mesh.positions[0];
        let glb = encode(&content, Encoding::Compact, SCHEMA).unwrap();
        let mesh = decode(&glb).unwrap().mesh;
        let far = mesh.positions.iter().find(|p| p[1] < -8000.0).unwrap();
        for axis in 0..3 {
            assert!((far[axis] - before[axis]).abs() <= step / 2.0, "{far:?}");
        }
    }
}

#[test]
fn equal_corners_are_welded_and_vanished_triangles_left_out() {
    let mut content = city(1);
    let copy = content.mesh.indices.clone();
    let first = content.mesh.positions.len() as u32;
    let mut twin = Mesh::default();
    add_box(&mut twin, 0, Vec3::new(1.0, 2.0, 3.0), Vec3::splat(0.0001));
    content.mesh.positions.extend(&twin.positions);
    content.mesh.normals.extend(&twin.normals);
    content.mesh.colors.extend(&twin.colors);
    content.mesh.feature_ids.extend(&twin.feature_ids);
    content.mesh.surfaces.extend(&twin.surfaces);
    content.mesh.indices.extend(twin.indices.iter().map(|i| first + i));
    // And each triangle of the box once more, over vertices of its own.
    let again = content.mesh.positions.len() as u32;
    content.mesh.positions.extend_from_within(..24);
    content.mesh.normals.extend_from_within(..24);
    content.mesh.colors.extend_from_within(..24);
    content.mesh.feature_ids.extend_from_within(..24);
    content.mesh.surfaces.extend_from_within(..24);
    content.mesh.indices.extend(copy.iter().map(|i| again + i));
    let back = decode(&encode(&content, Encoding::Compact, SCHEMA).unwrap())
        .unwrap()
        .mesh;
    assert_eq!((back.positions.len(), back.indices.len() / 3), (24, 24));
}

#[test]
fn a_normal_without_length_becomes_up() {
    let mut content = city(1);
    content.mesh.normals.fill([0.0; 3]);
    let back = decode(&encode(&content, Encoding::Plain, SCHEMA).unwrap()).unwrap();
    assert!(back.mesh.normals.iter().all(|normal| *normal == [0.0, 0.0, 1.0]));
}

#[test]
fn content_that_contradicts_itself_is_refused_with_a_reason() {
    type Case = (&'static str, fn(&mut TileContent));
    let cases: [Case; 12] = [
        ("is not finite", |c| c.mesh.origin = DVec3::new(0.0, f64::NAN, 0.0)),
        ("NaN m from the tile's origin", |c| c.mesh.positions[5][1] = f32::NAN),
        ("1000000000 m from the tile's origin", |c| c.mesh.positions[5][1] = 1e9),
        ("is not finite", |c| c.mesh.normals[3][0] = f32::INFINITY),
        ("48 positions, but", |c| c.mesh.colors.truncate(7)),
        ("index 48 of 48 vertices", |c| c.mesh.indices[10] = 48),
        ("71 indices are not whole triangles", |c| c.mesh.indices.truncate(71)),
        ("0 indices are not whole triangles", |c| c.mesh.indices.clear()),
        ("feature id 2 of 2 features", |c| c.mesh.feature_ids[1] = 2),
        ("surface number 23 is not known", |c| c.mesh.surfaces[1] = 23),
        ("feature 1 has no id", |c| c.features[1].id.clear()),
        ("no triangle is larger", |c| c.mesh.positions.fill([1.0, 2.0, 3.0])),
    ];
    for (reason, spoil) in cases {
        let mut content = city(2);
        spoil(&mut content);
        let error = encode(&content, Encoding::Compact, SCHEMA).unwrap_err();
        assert!(matches!(error, Error::Content(_)), "{error:?}");
        assert!(error.to_string().contains(reason), "{error} should say: {reason}");
    }
    let mut content = city(1);
    content.features = vec![content.features[0].clone(); glb::MAX_FEATURES + 1];
    let error = encode(&content, Encoding::Plain, SCHEMA).unwrap_err();
    assert!(error.to_string().contains("65536 features, not 1 to 65535"), "{error}");
}

/// Tiles that are published name this schema: what it says may be added to, never changed.
#[test]
fn the_metadata_schema_is_the_published_one() {
    let published = include_str!("fixtures/schema.json");
    assert!(
        schema_json() == published,
        "if the change only adds, put this into tests/fixtures/schema.json:\n{}",
        schema_json()
    );
}

#[test]
fn the_metadata_schema_follows_the_rules_for_identifiers_and_gaps() {
    let schema: Value = serde_json::from_str(&schema_json()).unwrap();
    let identifier = |name: &str| {
        let mut letters = name.chars();
        letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    assert!(identifier(schema["id"].as_str().unwrap()));
    for (name, class) in schema["classes"].as_object().unwrap() {
        assert!(identifier(name));
        for (name, property) in class["properties"].as_object().unwrap() {
            assert!(identifier(name));
            // A property may be required or have a value for "none", not both.
            assert_ne!(property["required"] == true, property.get("noData").is_some(), "{name}");
            assert_eq!(
                property["type"] == "SCALAR",
                property.get("componentType").is_some(),
                "{name}"
            );
        }
    }
}
