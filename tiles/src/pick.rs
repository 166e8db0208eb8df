//! What a ray meets first in a tile.
//!
//! A click must name the feature under it, and a camera must not pass through a wall. A tile may have some ten
//! thousand triangles; testing each on every movement of the mouse is too slow, so they lie in a tree of boxes ([`Bvh`]). A ray
//! along the seam of two triangles must hit one of them, so the test of a triangle is a watertight one.

mod tree;

use crate::bounds::Aabb;
use crate::mesh::Mesh;
use crate::surface::Surface;
use glam::DVec3;
pub use tree::Bvh;

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

impl Triangles<'_> {
    /// The vertex numbers of a triangle; none where there is no such triangle.
    fn corners(&self, triangle: usize) -> Option<[usize; 3]> {
        let corners = self.indices.get(3 * triangle..)?.first_chunk::<3>()?;
        Some(corners.map(|corner| corner as usize))
    }

    /// The corners of a triangle relative to the origin; none where a vertex is missing.
    fn points(&self, triangle: usize) -> Option<[DVec3; 3]> {
        let [a, b, c] = self.corners(triangle)?;
        let point = |vertex: usize| {
            let [x, y, z] = *self.positions.get(vertex)?;
            Some(DVec3::new(x.into(), y.into(), z.into()))
        };
        Some([point(a)?, point(b)?, point(c)?])
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

/// A ray as the tests need it: relative to the tile's origin, of unit length, and sheared so that it runs along one axis
/// (Woop, Benthin and Wald, "Watertight Ray/Triangle Intersection", JCGT 2013).
struct LocalRay {
    origin: DVec3,
    direction: DVec3,
    /// The axis along which the ray is longest, then the other two.
    axes: [usize; 3],
    shear: [f64; 3],
}

impl LocalRay {
    /// None where the ray has no direction.
    fn new(ray: &Ray, origin: DVec3) -> Option<Self> {
        let direction = ray.direction.try_normalize()?;
        let origin = ray.origin - origin;
        if !origin.is_finite() {
            return None;
        }
        let size = direction.abs();
        let longest = (0..3).fold(0, |best, axis| if size[axis] > size[best] { axis } else { best });
        let axes = [longest, (longest + 1) % 3, (longest + 2) % 3];
        let shear = [
            1.0 / direction[longest],
            direction[axes[1]] / direction[longest],
            direction[axes[2]] / direction[longest],
        ];
        Some(Self {
            origin,
            direction,
            axes,
            shear,
        })
    }

    /// Distance to a triangle, whichever side it shows.
    fn meets(&self, points: [DVec3; 3]) -> Option<f64> {
        let [z, x, y] = self.axes;
        let [sz, sx, sy] = self.shear;
        let [a, b, c] = points.map(|point| {
            let p = point - self.origin;
            (p[x] - sx * p[z], p[y] - sy * p[z], sz * p[z])
        });
        let u = c.0 * b.1 - c.1 * b.0;
        let v = a.0 * c.1 - a.1 * c.0;
        let w = b.0 * a.1 - b.1 * a.0;
        if (u < 0.0 || v < 0.0 || w < 0.0) && (u > 0.0 || v > 0.0 || w > 0.0) {
            return None;
        }
        let determinant = u + v + w;
        if determinant == 0.0 {
            return None;
        }
        let distance = (u * a.2 + v * b.2 + w * c.2) / determinant;
        (distance >= 0.0 && distance.is_finite()).then_some(distance)
    }

    /// Distance at which the ray enters a box; none where it misses or enters beyond `limit`.
    fn enters(&self, bounds: &Aabb, limit: f64) -> Option<f64> {
        let (mut near, mut far) = (0.0_f64, limit);
        for axis in 0..3 {
            let (low, high) = (bounds.min[axis], bounds.max[axis]);
            let (origin, direction) = (self.origin[axis], self.direction[axis]);
            if direction == 0.0 {
                if origin < low || origin > high {
                    return None;
                }
                continue;
            }
            let (t0, t1) = ((low - origin) / direction, (high - origin) / direction);
            near = near.max(t0.min(t1));
            // Widened by more than the rounding of a quotient (Ize, "Robust BVH Ray Traversal", JCGT 2013).
            far = far.min(t0.max(t1) * (1.0 + 4.0 * f64::EPSILON));
        }
        (near <= far).then_some(near)
    }
}
