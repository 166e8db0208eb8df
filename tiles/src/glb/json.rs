//! The JSON of a tile: that part of glTF 2.0 and of four extensions which tiles use.
//!
//! One model for both ways. Reading leaves out what it does not know; what would change the geometry if it were left
//! out (a node's rotation, a sparse accessor) is in the model, so that the reader can refuse it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

pub(super) const MESHOPT: &str = "EXT_meshopt_compression";
pub(super) const QUANTIZATION: &str = "KHR_mesh_quantization";
pub(super) const MESH_FEATURES: &str = "EXT_mesh_features";
pub(super) const STRUCTURAL_METADATA: &str = "EXT_structural_metadata";

pub(super) const BYTE: u16 = 5120;
pub(super) const UNSIGNED_BYTE: u16 = 5121;
pub(super) const SHORT: u16 = 5122;
pub(super) const UNSIGNED_SHORT: u16 = 5123;
pub(super) const UNSIGNED_INT: u16 = 5125;
pub(super) const FLOAT: u16 = 5126;

pub(super) const ARRAY_BUFFER: u16 = 34962;
pub(super) const ELEMENT_ARRAY_BUFFER: u16 = 34963;

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Gltf {
    pub(super) asset: Asset,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extensions_used: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extensions_required: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scene: Option<usize>,
    pub(super) scenes: Vec<Scene>,
    pub(super) nodes: Vec<Node>,
    pub(super) meshes: Vec<Mesh>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) materials: Vec<Material>,
    pub(super) accessors: Vec<Accessor>,
    pub(super) buffer_views: Vec<BufferView>,
    pub(super) buffers: Vec<Buffer>,
    pub(super) extensions: RootExtensions,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Asset {
    pub(super) version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) generator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copyright: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Scene {
    #[serde(default)]
    pub(super) nodes: Vec<usize>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Node {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mesh: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) translation: Option<[f64; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rotation: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scale: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) matrix: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) children: Vec<usize>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Mesh {
    pub(super) primitives: Vec<Primitive>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Primitive {
    pub(super) attributes: BTreeMap<String, usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) indices: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) material: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<u32>,
    #[serde(default)]
    pub(super) extensions: PrimitiveExtensions,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PrimitiveExtensions {
    #[serde(rename = "EXT_mesh_features", default, skip_serializing_if = "Option::is_none")]
    pub(super) mesh_features: Option<MeshFeatures>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MeshFeatures {
    pub(super) feature_ids: Vec<FeatureId>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeatureId {
    pub(super) feature_count: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attribute: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) property_table: Option<usize>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Material {
    pub(super) pbr_metallic_roughness: Pbr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) alpha_mode: Option<String>,
    pub(super) double_sided: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Pbr {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metallic_factor: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) roughness_factor: Option<f32>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accessor {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) buffer_view: Option<usize>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) byte_offset: usize,
    pub(super) component_type: u16,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) normalized: bool,
    pub(super) count: usize,
    #[serde(rename = "type")]
    pub(super) shape: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<Vec<f32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max: Option<Vec<f32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sparse: Option<Value>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BufferView {
    pub(super) buffer: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) byte_offset: usize,
    pub(super) byte_length: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) byte_stride: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<u16>,
    #[serde(default, skip_serializing_if = "ViewExtensions::is_empty")]
    pub(super) extensions: ViewExtensions,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ViewExtensions {
    #[serde(rename = "EXT_meshopt_compression", default, skip_serializing_if = "Option::is_none")]
    pub(super) meshopt: Option<Meshopt>,
}

impl ViewExtensions {
    fn is_empty(&self) -> bool {
        self.meshopt.is_none()
    }
}

/// `EXT_meshopt_compression` of a buffer view: where its compressed form is.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meshopt {
    pub(super) buffer: usize,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) byte_offset: usize,
    pub(super) byte_length: usize,
    pub(super) byte_stride: usize,
    pub(super) count: usize,
    pub(super) mode: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) filter: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Buffer {
    pub(super) byte_length: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) uri: Option<String>,
    #[serde(default, skip_serializing_if = "BufferExtensions::is_empty")]
    pub(super) extensions: BufferExtensions,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct BufferExtensions {
    #[serde(rename = "EXT_meshopt_compression", default, skip_serializing_if = "Option::is_none")]
    pub(super) meshopt: Option<Fallback>,
}

impl BufferExtensions {
    fn is_empty(&self) -> bool {
        self.meshopt.is_none()
    }
}

/// `EXT_meshopt_compression` of a buffer: it has no bytes, it is only what the views decompress into.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Fallback {
    #[serde(default)]
    pub(super) fallback: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct RootExtensions {
    #[serde(rename = "EXT_structural_metadata", default, skip_serializing_if = "Option::is_none")]
    pub(super) structural_metadata: Option<StructuralMetadata>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StructuralMetadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) schema_uri: Option<String>,
    #[serde(default)]
    pub(super) property_tables: Vec<PropertyTable>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PropertyTable {
    pub(super) class: String,
    pub(super) count: usize,
    #[serde(default)]
    pub(super) properties: BTreeMap<String, PropertyColumn>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertyColumn {
    pub(super) values: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) string_offsets: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) string_offset_type: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
