//! One object of the city, in the frame of the file.

use glam::DVec3;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use store::FeatureRow;
use tiles::feature::Feature;
use tiles::surface::Surface;

/// Bytes of a vertex in the file: position, normal, colour.
pub(crate) const VERTEX_BYTES: u64 = 32;

/// What is drawn in one material: the kind of surface, and whether light shines through.
pub(crate) type Finish = (Surface, bool);

/// Triangles in glTF's axes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shape {
    /// Where the shape's own zero lies: east, north, up in metres from the file's origin.
    pub(crate) pivot: DVec3,
    pub(crate) positions: Vec<[f32; 3]>,
    pub(crate) normals: Vec<[f32; 3]>,
    /// sRGB and opacity.
    pub(crate) colors: Vec<[u8; 4]>,
    /// Three vertex numbers a triangle.
    pub(crate) parts: BTreeMap<Finish, Vec<u32>>,
}

/// One corner: east, north, up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Vertex {
    pub(crate) position: DVec3,
    pub(crate) normal: DVec3,
    pub(crate) color: [u8; 4],
}

impl Shape {
    /// A shape whose zero is the middle of the base of these points, on whole 1024ths of a metre: as a number in JSON it
    /// stays short and exact.
    pub(crate) fn about(points: impl Iterator<Item = DVec3>) -> Self {
        let bounds = tiles::bounds::Aabb::from_points(points);
        let base = bounds.center().with_z(bounds.min.z);
        let pivot = if bounds.is_empty() {
            DVec3::ZERO
        } else {
            (base * 1024.0).round() / 1024.0
        };
        Self {
            pivot,
            ..Self::default()
        }
    }

    /// Adds a vertex; answers its number.
    pub(crate) fn vertex(&mut self, vertex: &Vertex) -> u32 {
        self.positions.push(to_gltf(vertex.position - self.pivot));
        let normal = to_gltf(vertex.normal.normalize_or(DVec3::Z));
        self.normals.push(normal);
        self.colors.push(vertex.color);
        (self.positions.len() - 1) as u32
    }

    /// Adds a triangle of vertices that were added; one without area in the file's numbers is left out.
    pub(crate) fn triangle(&mut self, corners: [u32; 3], surface: Surface) {
        let [a, b, c] = corners.map(|corner| self.positions[corner as usize]);
        if a == b || b == c || a == c {
            return;
        }
        let translucent = corners.iter().any(|&corner| self.colors[corner as usize][3] < 255);
        self.parts.entry((surface, translucent)).or_default().extend(corners);
    }

    /// How many triangles.
    pub(crate) fn triangles(&self) -> usize {
        self.parts.values().map(|indices| indices.len() / 3).sum()
    }

    /// About how many bytes it takes in the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.positions.len() as u64 * VERTEX_BYTES + self.triangles() as u64 * 12
    }
}

/// East, north, up to x, y, z. Adding zero makes -0 into 0.
fn to_gltf(enu: DVec3) -> [f32; 3] {
    [enu.x as f32 + 0.0, enu.z as f32 + 0.0, -enu.y as f32 + 0.0]
}

/// An object with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object {
    /// The level of detail of its shape: 1 for a block.
    pub(crate) lod: u8,
    pub(crate) properties: Map<String, Value>,
    pub(crate) shape: Shape,
}

impl Object {
    pub(crate) fn new(properties: Map<String, Value>, shape: Shape) -> Self {
        Self {
            lod: 2,
            properties,
            shape,
        }
    }
}

/// What is known of a feature, under the names that its GeoJSON has.
pub(crate) fn properties(layer: &str, feature: &Feature, row: Option<&FeatureRow>) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut own = |name: &str, value: Value| {
        if !value.is_null() && value != "" {
            properties.insert(name.to_owned(), value);
        }
    };
    own("id", json!(feature.id));
    own("layer", json!(layer));
    let Some(row) = row else {
        own("kind", json!(feature.kind));
        own("name", json!(feature.name));
        own("address", json!(feature.address));
        own("function", json!(feature.function));
        own("measuredHeight", json!(feature.height));
        return properties;
    };
    own("kind", json!(row.kind));
    own("name", json!(row.name));
    own("address", json!(row.address));
    own("ground", json!(row.ground));
    own("top", json!(row.top));
    own("parent", json!(row.parent));
    for (name, value) in &row.attributes {
        // What the object itself says under one of the names above is the same or less.
        properties.entry(name.clone()).or_insert_with(|| value.clone());
    }
    properties
}
