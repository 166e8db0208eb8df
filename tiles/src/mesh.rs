//! The geometry of a tile, decoded.

use crate::feature::Feature;
use glam::DVec3;

/// Triangles about a near origin, with what each vertex belongs to.
///
/// Positions are east, north, up in metres relative to [`Mesh::origin`], so that `f32` keeps them to well below a
/// millimetre. All per-vertex lists have the same length. Faces are flat: corners of different faces share no vertex
/// unless normal, colour, feature and surface are equal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mesh {
    /// Where the mesh's zero lies in the tileset's ENU frame, in metres.
    pub origin: DVec3,
    /// East, north, up in metres from `origin`.
    pub positions: Vec<[f32; 3]>,
    /// Unit normals in the same axes, pointing out.
    pub normals: Vec<[f32; 3]>,
    /// sRGB colour and opacity, 0 to 255.
    pub colors: Vec<[u8; 4]>,
    /// Row of the vertex in the tile's features.
    pub feature_ids: Vec<u16>,
    /// Number of the vertex's [`crate::surface::Surface`].
    pub surfaces: Vec<u8>,
    /// Three vertex numbers a triangle, anticlockwise seen from outside.
    pub indices: Vec<u32>,
}

/// What one GLB holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TileContent {
    /// The triangles.
    pub mesh: Mesh,
    /// The features, by row.
    pub features: Vec<Feature>,
    /// `asset.copyright`: whom to credit.
    pub copyright: String,
}
