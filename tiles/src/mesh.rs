//! The geometry of a tile, decoded.

use crate::feature::Feature;
use glam::DVec3;
use serde::{Deserialize, Serialize};

/// Bytes of one vertex in [`Mesh::interleaved`].
pub const VERTEX_BYTES: usize = 24;

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

/// What a decoded tile says besides its triangles: the part that travels as JSON between a decoder and a viewer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// [`Mesh::origin`].
    pub origin: [f64; 3],
    /// The features, by row.
    pub features: Vec<Feature>,
    /// Whom to credit.
    pub copyright: String,
}

impl TileContent {
    /// What travels beside the vertices.
    pub fn about(&self) -> About {
        About {
            origin: self.mesh.origin.to_array(),
            features: self.features.clone(),
            copyright: self.copyright.clone(),
        }
    }
}

impl Mesh {
    /// The vertices as a graphics card takes them: [`VERTEX_BYTES`] little-endian bytes a vertex.
    ///
    /// | offset | type | what |
    /// |---|---|---|
    /// | 0 | 3 x f32 | position: east, north, up in metres from `origin` |
    /// | 12 | 3 x i8, normalised | normal |
    /// | 15 | u8 | 0 |
    /// | 16 | 4 x u8, normalised | sRGB colour, opacity |
    /// | 20 | u16 | row of the feature |
    /// | 22 | u8 | number of the surface |
    /// | 23 | u8 | height above the lowest vertex of the feature in this tile, in steps of 0.25 m, at most 255 |
    pub fn interleaved(&self) -> Vec<u8> {
        let base = self.feature_bases();
        let mut bytes = Vec::with_capacity(self.positions.len() * VERTEX_BYTES);
        for (vertex, position) in self.positions.iter().enumerate() {
            for axis in position {
                bytes.extend_from_slice(&axis.to_le_bytes());
            }
            let normal = self.normals.get(vertex).copied().unwrap_or([0.0, 0.0, 1.0]);
            for axis in normal {
                bytes.push(((axis.clamp(-1.0, 1.0) * 127.0).round() as i8).cast_unsigned());
            }
            bytes.push(0);
            bytes.extend_from_slice(&self.colors.get(vertex).copied().unwrap_or([255; 4]));
            let row = self.feature_ids.get(vertex).copied().unwrap_or(0);
            bytes.extend_from_slice(&row.to_le_bytes());
            bytes.push(self.surfaces.get(vertex).copied().unwrap_or(0));
            let above = position[2] - base.get(usize::from(row)).copied().unwrap_or(position[2]);
            bytes.push((above * 4.0).round().clamp(0.0, 255.0) as u8);
        }
        bytes
    }

    /// The mesh that [`Mesh::interleaved`] wrote; normals have the precision of a byte. Bytes after the last whole
    /// vertex are left out.
    pub fn from_interleaved(origin: DVec3, bytes: &[u8], indices: Vec<u32>) -> Self {
        let mut mesh = Self {
            origin,
            indices,
            ..Self::default()
        };
        for vertex in bytes.as_chunks::<VERTEX_BYTES>().0 {
            let float = |at: usize| f32::from_le_bytes([vertex[at], vertex[at + 1], vertex[at + 2], vertex[at + 3]]);
            let normal = |at: usize| f32::from(vertex[at].cast_signed()) / 127.0;
            mesh.positions.push([float(0), float(4), float(8)]);
            mesh.normals.push([normal(12), normal(13), normal(14)]);
            mesh.colors.push([vertex[16], vertex[17], vertex[18], vertex[19]]);
            mesh.feature_ids.push(u16::from_le_bytes([vertex[20], vertex[21]]));
            mesh.surfaces.push(vertex[22]);
        }
        mesh
    }

    /// The indices with opaque triangles first, and how many indices those are. A triangle is opaque when all its
    /// corners are; one that names a missing vertex is left out.
    pub fn opaque_first(&self) -> (Vec<u32>, usize) {
        let mut opaque = Vec::with_capacity(self.indices.len());
        let mut blended = Vec::new();
        let known = self.positions.len().min(self.colors.len());
        for triangle in self.indices.as_chunks::<3>().0 {
            if triangle.iter().any(|&corner| corner as usize >= known) {
                continue;
            }
            if triangle.iter().all(|&corner| self.colors[corner as usize][3] == 255) {
                opaque.extend_from_slice(triangle);
            } else {
                blended.extend_from_slice(triangle);
            }
        }
        let count = opaque.len();
        opaque.append(&mut blended);
        (opaque, count)
    }

    /// The lowest `up` of each feature row.
    fn feature_bases(&self) -> Vec<f32> {
        let rows = self.feature_ids.iter().max().map_or(0, |&row| usize::from(row) + 1);
        let mut bases = vec![f32::INFINITY; rows];
        for (&row, position) in self.feature_ids.iter().zip(&self.positions) {
            let base = &mut bases[usize::from(row)];
            *base = base.min(position[2]);
        }
        bases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mesh() -> Mesh {
        Mesh {
            origin: DVec3::new(10.0, 20.0, 3.0),
            positions: vec![[0.0, 0.0, 4.0], [1.0, 0.0, 4.0], [0.0, 1.5, 16.5], [0.0, 1.0, 900.0]],
            normals: vec![[0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
            colors: vec![[1, 2, 3, 255], [4, 5, 6, 255], [7, 8, 9, 255], [7, 8, 9, 90]],
            feature_ids: vec![0, 513, 513, 513],
            surfaces: vec![1, 2, 22, 0],
            indices: vec![0, 1, 3, 2, 1, 0, 0, 1, 9],
        }
    }

    #[test]
    fn interleaved_vertices_lie_where_the_table_says_and_come_back() {
        let mesh = mesh();
        let bytes = mesh.interleaved();
        assert_eq!(bytes.len(), 4 * VERTEX_BYTES);
        assert_eq!(&bytes[24..28], &1.0_f32.to_le_bytes());
        assert_eq!(&bytes[36..40], &[0, 129, 0, 0], "the second vertex looks south");
        assert_eq!(&bytes[40..48], &[4, 5, 6, 255, 1, 2, 2, 0]);
        assert_eq!(bytes[71], 50, "12.5 m above the lowest vertex of its feature");
        assert_eq!(bytes[95], 255, "height above the base saturates");
        let back = Mesh::from_interleaved(mesh.origin, &bytes, mesh.indices.clone());
        assert_eq!(back, mesh);
    }

    #[test]
    fn opaque_triangles_come_first_and_broken_ones_are_left_out() {
        let (indices, opaque) = mesh().opaque_first();
        assert_eq!((indices, opaque), (vec![2, 1, 0, 0, 1, 3], 3));
    }
}
