//! Writing a tile.
//!
//! One mesh under one node. Opaque and translucent triangles are two primitives over the same attributes.

use super::json::{
    self, Accessor, Asset, Buffer, BufferExtensions, BufferView, Fallback, FeatureId, Gltf, Material, MeshFeatures,
    Meshopt, Node, Pbr, Primitive, PrimitiveExtensions, RootExtensions, Scene,
};
use super::layout::{self, Form};
use super::meshopt::{self, Codec};
use super::pack::Packed;
use super::{Encoding, Error, container, metadata};
use crate::mesh::TileContent;
use glam::DVec3;
use std::collections::BTreeMap;

/// Number of the buffer that a compact tile's views decompress into.
const FALLBACK: usize = 1;

/// Writes `packed` with all that `content` says beyond its mesh.
pub(super) fn write(
    packed: &Packed,
    content: &TileContent,
    encoding: Encoding,
    schema_uri: &str,
) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::new(encoding);
    let attributes = writer.attributes(packed)?;
    // Rows of surfaces that the tile does not have would cost 300 bytes.
    let surfaces = packed
        .vertices
        .iter()
        .map(|vertex| usize::from(vertex.surface) + 1)
        .max()
        .unwrap_or(1);
    let features = mesh_features(content.features.len(), surfaces);
    let mut primitives = Vec::new();
    let mut materials = Vec::new();
    let (opaque, translucent) = packed.indices.split_at(packed.opaque);
    for (indices, blend) in [(opaque, false), (translucent, true)] {
        if indices.is_empty() {
            continue;
        }
        primitives.push(Primitive {
            attributes: attributes.clone(),
            indices: Some(writer.indices(indices, packed.vertices.len())?),
            material: Some(materials.len()),
            mode: None,
            extensions: PrimitiveExtensions {
                mesh_features: Some(features.clone()),
            },
        });
        materials.push(material(blend));
    }
    let structural_metadata = metadata::write(&content.features, surfaces, schema_uri, &mut writer);
    let (buffer_views, accessors, buffers, bin) = writer.finish();
    let gltf = Gltf {
        asset: Asset {
            version: "2.0".to_owned(),
            generator: Some("kortteli".to_owned()),
            copyright: Some(content.copyright.clone()).filter(|text| !text.is_empty()),
        },
        extensions_used: extensions(encoding, true),
        extensions_required: extensions(encoding, false),
        scene: Some(0),
        scenes: vec![Scene { nodes: vec![0] }],
        nodes: vec![node(content.mesh.origin)],
        meshes: vec![json::Mesh { primitives }],
        materials,
        accessors,
        buffer_views,
        buffers,
        extensions: RootExtensions {
            structural_metadata: Some(structural_metadata),
        },
    };
    let text = serde_json::to_vec(&gltf).map_err(|error| Error::Content(error.to_string()))?;
    container::join(text, &bin)
}

/// Collects views, accessors and their bytes.
pub(super) struct Writer {
    encoding: Encoding,
    views: Vec<BufferView>,
    accessors: Vec<Accessor>,
    bin: Vec<u8>,
    /// Length of what compressed views decompress into.
    fallback: usize,
}

impl Writer {
    fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            views: Vec::new(),
            accessors: Vec::new(),
            bin: Vec::new(),
            fallback: 0,
        }
    }

    /// Adds a column of a property table: never compressed, at a multiple of 8 bytes.
    pub(super) fn property_view(&mut self, bytes: &[u8]) -> usize {
        let byte_offset = self.append(bytes, 8);
        self.views.push(BufferView {
            byte_offset,
            byte_length: bytes.len(),
            ..BufferView::default()
        });
        self.views.len() - 1
    }

    /// Writes every vertex attribute and names its accessor.
    fn attributes(&mut self, packed: &Packed) -> Result<BTreeMap<String, usize>, Error> {
        let mut attributes = BTreeMap::new();
        for group in layout::groups(packed, self.encoding) {
            let (bytes, stride) = (group.interleaved(), group.stride());
            let compressed = match group.codec {
                Some(codec) => Some((meshopt::compress_vertices(&bytes, stride)?, codec)),
                None => None,
            };
            let view = self.view(&bytes, stride, compressed, json::ARRAY_BUFFER);
            if !group.is_tight() {
                self.views[view].byte_stride = Some(stride);
            }
            let mut byte_offset = 0;
            for attribute in &group.attributes {
                let mut accessor = accessor(attribute.form, view, packed.vertices.len());
                accessor.byte_offset = byte_offset;
                byte_offset += attribute.width;
                if attribute.name == "POSITION" {
                    (accessor.min, accessor.max) = corners(packed);
                }
                attributes.insert(attribute.name.to_owned(), self.accessors.len());
                self.accessors.push(accessor);
            }
        }
        Ok(attributes)
    }

    /// Writes triangles, in 16 bits where those name every vertex (65535 is the standard's restart index).
    fn indices(&mut self, indices: &[u32], vertices: usize) -> Result<usize, Error> {
        let (component_type, width, bytes) = if u16::try_from(vertices).is_ok() {
            let short: Vec<[u8; 2]> = indices.iter().map(|&i| (i as u16).to_le_bytes()).collect();
            (json::UNSIGNED_SHORT, 2, short.into_flattened())
        } else {
            let long: Vec<[u8; 4]> = indices.iter().map(|i| i.to_le_bytes()).collect();
            (json::UNSIGNED_INT, 4, long.into_flattened())
        };
        let compressed = match self.encoding {
            Encoding::Plain => None,
            Encoding::Compact => Some((meshopt::compress_triangles(indices)?, Codec::Triangles)),
        };
        let view = self.view(&bytes, width, compressed, json::ELEMENT_ARRAY_BUFFER);
        let scalar = Form {
            component_type,
            normalized: false,
            shape: "SCALAR",
        };
        self.accessors.push(accessor(scalar, view, indices.len()));
        Ok(self.accessors.len() - 1)
    }

    /// Adds a view of elements of `stride` bytes: as they are, or compressed with a place in the fallback buffer.
    fn view(&mut self, bytes: &[u8], stride: usize, compressed: Option<(Vec<u8>, Codec)>, target: u16) -> usize {
        let mut view = BufferView {
            byte_length: bytes.len(),
            target: Some(target),
            ..BufferView::default()
        };
        if let Some((stream, codec)) = compressed {
            let (mode, filter) = codec.names();
            view.extensions.meshopt = Some(Meshopt {
                buffer: 0,
                byte_offset: self.append(&stream, 4),
                byte_length: stream.len(),
                byte_stride: stride,
                count: bytes.len() / stride,
                mode: mode.to_owned(),
                filter: filter.map(str::to_owned),
            });
            view.buffer = FALLBACK;
            view.byte_offset = self.fallback;
            self.fallback = (self.fallback + bytes.len()).next_multiple_of(4);
        } else {
            view.byte_offset = self.append(bytes, 4);
        }
        self.views.push(view);
        self.views.len() - 1
    }

    /// Appends bytes at a multiple of `alignment`; answers where they begin.
    fn append(&mut self, bytes: &[u8], alignment: usize) -> usize {
        let begin = self.bin.len().next_multiple_of(alignment);
        self.bin.resize(begin, 0);
        self.bin.extend_from_slice(bytes);
        begin
    }

    fn finish(mut self) -> (Vec<BufferView>, Vec<Accessor>, Vec<Buffer>, Vec<u8>) {
        self.bin.resize(self.bin.len().next_multiple_of(4), 0);
        let mut buffers = vec![Buffer {
            byte_length: self.bin.len(),
            ..Buffer::default()
        }];
        if self.fallback > 0 {
            buffers.push(Buffer {
                byte_length: self.fallback,
                uri: None,
                extensions: BufferExtensions {
                    meshopt: Some(Fallback { fallback: true }),
                },
            });
        }
        (self.views, self.accessors, buffers, self.bin)
    }
}

fn accessor(form: Form, view: usize, count: usize) -> Accessor {
    Accessor {
        buffer_view: Some(view),
        component_type: form.component_type,
        normalized: form.normalized,
        count,
        shape: form.shape.to_owned(),
        ..Accessor::default()
    }
}

/// The least and the greatest coordinates of all vertices, in metres: an accessor of positions must tell them.
fn corners(packed: &Packed) -> (Option<Vec<f32>>, Option<Vec<f32>>) {
    let corner = |pick: fn(i32, i32) -> i32, start| {
        let whole = packed.vertices.iter().fold([start; 3], |corner, vertex| {
            std::array::from_fn(|axis| pick(corner[axis], vertex.position[axis]))
        });
        Some(packed.metres(whole).to_vec())
    };
    (corner(i32::min, i32::MAX), corner(i32::max, i32::MIN))
}

/// The extensions that occur, or those without which the tile cannot be read.
fn extensions(encoding: Encoding, with_optional: bool) -> Vec<String> {
    let mut names = Vec::new();
    if with_optional {
        names.extend([json::MESH_FEATURES, json::STRUCTURAL_METADATA]);
    }
    if encoding == Encoding::Compact {
        names.extend([json::MESHOPT, json::QUANTIZATION]);
    }
    names.into_iter().map(str::to_owned).collect()
}

fn node(origin: DVec3) -> Node {
    Node {
        mesh: Some(0),
        translation: Some([origin.x + 0.0, origin.z + 0.0, -origin.y + 0.0]),
        ..Node::default()
    }
}

/// City models have their faces turned inside out often enough that both sides must be drawn.
fn material(blend: bool) -> Material {
    Material {
        pbr_metallic_roughness: Pbr {
            metallic_factor: Some(0.0),
            roughness_factor: None,
        },
        alpha_mode: blend.then(|| "BLEND".to_owned()),
        double_sided: true,
    }
}

fn mesh_features(features: usize, surfaces: usize) -> MeshFeatures {
    let set = |attribute, table, count, label: &str| FeatureId {
        feature_count: count,
        attribute: Some(attribute),
        label: Some(label.to_owned()),
        property_table: Some(table),
    };
    MeshFeatures {
        feature_ids: vec![
            set(0, metadata::FEATURE_TABLE, features, metadata::FEATURE),
            set(1, metadata::SURFACE_TABLE, surfaces, metadata::SURFACE),
        ],
    }
}
