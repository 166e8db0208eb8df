//! An extract as the `gltf` crate, an independent reader, sees it.

use glam::{DMat4, DVec3};
use std::collections::BTreeMap;

/// A file.
pub struct Model {
    /// Its JSON.
    pub document: serde_json::Value,
    /// The objects by name.
    pub nodes: BTreeMap<String, Node>,
    /// Names of the materials.
    pub materials: Vec<String>,
}

/// An object.
#[derive(Debug, Clone)]
pub struct Node {
    /// The name of the node above.
    pub layer: String,
    /// The node's own place.
    pub translation: [f64; 3],
    pub extras: serde_json::Value,
    /// Positions as the file holds them.
    pub positions: Vec<[f32; 3]>,
    /// Least corner in the scene.
    pub min: [f64; 3],
    /// Greatest corner in the scene.
    pub max: [f64; 3],
    pub triangles: usize,
    /// The volume inside the faces, positive where they turn outward.
    pub outward: f64,
}

impl Model {
    /// Opens a file, which must be valid by the reader's own rules.
    pub fn open(glb: &[u8]) -> Self {
        let parsed = gltf::Gltf::from_slice(glb).expect("a valid GLB");
        let binary = gltf::binary::Glb::from_slice(glb).expect("a GLB");
        let blob = parsed.blob.as_deref().expect("a binary chunk");
        let mut nodes = BTreeMap::new();
        for layer in parsed.scenes().next().expect("a scene").nodes() {
            let name = layer.name().unwrap().to_owned();
            for node in layer.children() {
                let id = node.name().unwrap().to_owned();
                let again = nodes.insert(id.clone(), read(&node, &name, blob));
                assert!(again.is_none(), "{id} is there twice");
            }
        }
        Self {
            document: serde_json::from_slice(&binary.json).unwrap(),
            nodes,
            materials: parsed
                .materials()
                .map(|material| material.name().unwrap().to_owned())
                .collect(),
        }
    }
}

fn read(node: &gltf::Node<'_>, layer: &str, blob: &[u8]) -> Node {
    let extras = node.extras().as_ref().expect("extras");
    let matrix = DMat4::from_cols_array_2d(&node.transform().matrix().map(|column| column.map(f64::from)));
    let translation = matrix.w_axis.truncate();
    let mut found = Node {
        layer: layer.to_owned(),
        translation: translation.to_array(),
        extras: serde_json::from_str(extras.get()).unwrap(),
        positions: Vec::new(),
        min: [f64::INFINITY; 3],
        max: [f64::NEG_INFINITY; 3],
        triangles: 0,
        outward: 0.0,
    };
    for primitive in node.mesh().expect("a mesh").primitives() {
        let reader = primitive.reader(|_| Some(blob));
        let positions: Vec<[f32; 3]> = reader.read_positions().expect("positions").collect();
        let normals: Vec<[f32; 3]> = reader.read_normals().expect("normals").collect();
        assert_eq!(positions.len(), normals.len());
        let unit = |normal: &[f32; 3]| (normal.iter().map(|c| c * c).sum::<f32>() - 1.0).abs() < 1e-4;
        assert!(normals.iter().all(unit), "normals are of unit length");
        let places: Vec<DVec3> = positions
            .iter()
            .map(|position| matrix.transform_point3(DVec3::from(position.map(f64::from))))
            .collect();
        let indices: Vec<u32> = reader.read_indices().expect("indices").into_u32().collect();
        for corners in indices.as_chunks::<3>().0 {
            let [a, b, c] = corners.map(|corner| places[corner as usize]);
            found.outward += (a - translation).dot((b - translation).cross(c - translation)) / 6.0;
        }
        for index in &indices {
            let place = places[*index as usize];
            found.min = DVec3::from(found.min).min(place).to_array();
            found.max = DVec3::from(found.max).max(place).to_array();
        }
        found.triangles += indices.len() / 3;
        found.positions = positions;
    }
    found
}
