//! The file: binary glTF 2.0 (ISO/IEC 12113) without extensions.
//!
//! A scene holds a node for each layer, and below that a node for each object, with a mesh of one primitive for each
//! kind of surface. Kinds of surface are materials, so that an engine can give all roofs another one; colours are those of
//! the vertices. All numbers of one sort lie in one buffer view.

use crate::gather::Gathered;
use crate::object::{Finish, Object, Shape};
use crate::{Error, RECIPE, Request};
use serde_json::{Value, json};
use store::{Collection, ContentName};
use tiles::glb;

const UNSIGNED_SHORT: u32 = 5123;
const UNSIGNED_INT: u32 = 5125;
const FLOAT: u32 = 5126;
const ARRAY_BUFFER: u32 = 34962;
const ELEMENT_ARRAY_BUFFER: u32 = 34963;

/// Numbers of the buffer views.
const POSITIONS: usize = 0;
const NORMALS: usize = 1;
const COLORS: usize = 2;
const TRIANGLES: usize = 3;

/// What the file says of itself: `asset.extras`.
pub(crate) fn about(collection: &Collection, request: &Request, gathered: &Gathered) -> Value {
    let (pointer, manifest) = (collection.pointer(), collection.manifest());
    let version = ContentName::parse(&pointer.manifest).map(|name| name.hash);
    let [longitude, latitude, height] = gathered.origin;
    let layers: Vec<&str> = gathered.layers.iter().map(|layer| layer.name.as_str()).collect();
    let mut about = json!({
        "title": pointer.title,
        "collection": collection.name(),
        "datasetVersion": version,
        "recipe": RECIPE,
        "bbox": request.bbox,
        "lod": request.lod.number(),
        "objects": request.objects.name(),
        "layers": layers,
        "origin": {
            "longitude": longitude, "latitude": latitude, "ellipsoidalHeight": height, "crs": "EPSG:4979",
        },
        "axes": "metres; x east, y up, z south; tangent to the ellipsoid at the origin",
        "sourceCrs": manifest.crs,
        "attribution": pointer.attribution,
    });
    if let Some(license) = &manifest.license {
        about["license"] = json!(license);
    }
    if let Some(date) = &manifest.source_date {
        about["sourceDate"] = json!(date);
    }
    about
}

/// Writes the file.
pub(crate) fn write(gathered: &Gathered, title: &str, about: &Value) -> Result<Vec<u8>, Error> {
    let objects = || gathered.layers.iter().flat_map(|layer| layer.objects.values());
    let mut writer = Writer {
        // 65535 is the standard's restart index, so it names no vertex.
        wide: objects().any(|object| object.shape.positions.len() > usize::from(u16::MAX)),
        ..Writer::default()
    };
    let mut roots = Vec::new();
    for layer in &gathered.layers {
        let objects = layer.objects.iter();
        let children: Vec<usize> = objects.map(|(id, object)| writer.object(id, object)).collect();
        roots.push(writer.nodes.len());
        writer.nodes.push(json!({ "name": layer.name, "children": children }));
    }
    let (views, bin) = writer.buffer();
    let document = json!({
        "asset": asset(about),
        "scene": 0,
        // Programs that show nothing of the asset show this.
        "scenes": [{ "name": title, "nodes": roots, "extras": about }],
        "nodes": writer.nodes,
        "meshes": writer.meshes,
        "materials": writer.materials.iter().copied().map(material).collect::<Vec<_>>(),
        "accessors": writer.accessors,
        "bufferViews": views,
        "buffers": [{ "byteLength": bin.len() }],
    });
    Ok(glb::container(serde_json::to_vec(&document)?, &bin)?)
}

fn asset(about: &Value) -> Value {
    let credits: Vec<&str> = about["attribution"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut asset = json!({ "version": "2.0", "generator": "kortteli" });
    if !credits.is_empty() {
        asset["copyright"] = json!(credits.join("; "));
    }
    asset["extras"] = about.clone();
    asset
}

/// City models have their faces turned inside out often enough that both sides must be drawn.
fn material((surface, translucent): Finish) -> Value {
    let mut name = surface.name().to_owned();
    if translucent {
        name.push_str(", translucent");
    }
    let mut material = json!({ "name": name, "pbrMetallicRoughness": { "metallicFactor": 0 }, "doubleSided": true });
    if translucent {
        material["alphaMode"] = json!("BLEND");
    }
    material
}

/// Collects nodes and meshes with their numbers.
#[derive(Default)]
struct Writer {
    /// Whether vertices are named by 32 bits.
    wide: bool,
    nodes: Vec<Value>,
    meshes: Vec<Value>,
    materials: Vec<Finish>,
    accessors: Vec<Value>,
    positions: Vec<u8>,
    normals: Vec<u8>,
    colors: Vec<u8>,
    triangles: Vec<u8>,
}

impl Writer {
    /// Adds an object; answers the number of its node.
    fn object(&mut self, id: &str, object: &Object) -> usize {
        let shape = &object.shape;
        let attributes = self.vertices(shape);
        let parts = shape.parts.iter();
        let primitives: Vec<Value> = parts
            .map(|(finish, indices)| {
                let known = self.materials.iter().position(|known| known == finish);
                let material = known.unwrap_or_else(|| {
                    self.materials.push(*finish);
                    self.materials.len() - 1
                });
                json!({ "attributes": attributes, "indices": self.indices(indices), "material": material })
            })
            .collect();
        let mut extras = object.properties.clone();
        extras.insert("lod".to_owned(), json!(object.lod));
        let mut node = json!({ "name": id, "mesh": self.meshes.len() });
        self.meshes.push(json!({ "name": id, "primitives": primitives }));
        let pivot = shape.pivot;
        if pivot != glam::DVec3::ZERO {
            node["translation"] = json!([pivot.x + 0.0, pivot.z + 0.0, -pivot.y + 0.0]);
        }
        node["extras"] = Value::Object(extras);
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn vertices(&mut self, shape: &Shape) -> Value {
        let count = shape.positions.len();
        let corner = |pick: fn(f32, f32) -> f32, start: f32| {
            let corner = shape.positions.iter().fold([start; 3], |corner, position| {
                std::array::from_fn(|axis| pick(corner[axis], position[axis]))
            });
            json!(corner)
        };
        let mut positions = accessor(POSITIONS, self.positions.len(), FLOAT, count, "VEC3");
        positions["min"] = corner(f32::min, f32::INFINITY);
        positions["max"] = corner(f32::max, f32::NEG_INFINITY);
        let normals = accessor(NORMALS, self.normals.len(), FLOAT, count, "VEC3");
        let mut colors = accessor(COLORS, self.colors.len(), UNSIGNED_SHORT, count, "VEC4");
        colors["normalized"] = json!(true);
        for position in &shape.positions {
            self.positions.extend(position.iter().flat_map(|c| c.to_le_bytes()));
        }
        for normal in &shape.normals {
            self.normals.extend(normal.iter().flat_map(|c| c.to_le_bytes()));
        }
        for color in &shape.colors {
            let linear = glb::linear_color(*color);
            self.colors.extend(linear.iter().flat_map(|c| c.to_le_bytes()));
        }
        let first = self.accessors.len();
        self.accessors.extend([positions, normals, colors]);
        json!({ "POSITION": first, "NORMAL": first + 1, "COLOR_0": first + 2 })
    }

    fn indices(&mut self, indices: &[u32]) -> usize {
        let kind = if self.wide { UNSIGNED_INT } else { UNSIGNED_SHORT };
        let accessor = accessor(TRIANGLES, self.triangles.len(), kind, indices.len(), "SCALAR");
        self.accessors.push(accessor);
        if self.wide {
            self.triangles
                .extend(indices.iter().flat_map(|index| index.to_le_bytes()));
        } else {
            self.triangles
                .extend(indices.iter().flat_map(|&index| (index as u16).to_le_bytes()));
        }
        self.accessors.len() - 1
    }

    /// The buffer views, and the buffer.
    fn buffer(&mut self) -> (Vec<Value>, Vec<u8>) {
        let strided = [
            (12, &mut self.positions),
            (12, &mut self.normals),
            (8, &mut self.colors),
        ];
        let mut bin: Vec<u8> = Vec::new();
        let mut views = Vec::new();
        for (stride, bytes) in strided {
            views.push(json!({
                "buffer": 0, "byteOffset": bin.len(), "byteLength": bytes.len(), "byteStride": stride,
                "target": ARRAY_BUFFER,
            }));
            // Moved piece by piece: twice the numbers of a whole city need not be held.
            bin.append(bytes);
            bytes.shrink_to_fit();
        }
        views.push(json!({
            "buffer": 0, "byteOffset": bin.len(), "byteLength": self.triangles.len(), "target": ELEMENT_ARRAY_BUFFER,
        }));
        bin.append(&mut self.triangles);
        bin.resize(bin.len().next_multiple_of(4), 0);
        (views, bin)
    }
}

fn accessor(view: usize, byte_offset: usize, component_type: u32, count: usize, shape: &str) -> Value {
    json!({
        "bufferView": view, "byteOffset": byte_offset, "componentType": component_type, "count": count, "type": shape,
    })
}
