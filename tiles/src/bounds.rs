//! Boxes around things, and what a camera sees of them.
//!
//! A tile must be found, drawn or passed over without its content being read. For that it has a volume: in our
//! tilesets an [`OrientedBox`] (3D Tiles 1.1, 7.1 "Bounding volumes"), built from an axis-aligned [`Aabb`] in the
//! tileset's ENU frame. A [`Frustum`] tells which boxes a camera can see at all.

use glam::{DMat4, DVec3, DVec4};

/// An axis-aligned box in any metric frame, in metres. Empty until a point is included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aabb {
    /// Least corner.
    pub min: DVec3,
    /// Greatest corner.
    pub max: DVec3,
}

impl Aabb {
    /// The box that contains nothing; including a point makes it that point.
    pub const EMPTY: Self = Self {
        min: DVec3::INFINITY,
        max: DVec3::NEG_INFINITY,
    };

    /// The box with these corners, in any order.
    pub fn from_corners(a: DVec3, b: DVec3) -> Self {
        Self {
            min: a.min(b),
            max: a.max(b),
        }
    }

    /// The smallest box around the points; [`Aabb::EMPTY`] when there are none.
    pub fn from_points(points: impl IntoIterator<Item = DVec3>) -> Self {
        let mut bounds = Self::EMPTY;
        for point in points {
            bounds.include(point);
        }
        bounds
    }

    /// Whether it contains nothing.
    pub fn is_empty(&self) -> bool {
        !self.min.cmple(self.max).all()
    }

    /// Grows so that it contains `point`.
    pub fn include(&mut self, point: DVec3) {
        self.min = self.min.min(point);
        self.max = self.max.max(point);
    }

    /// The smallest box that contains both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }

    /// The same box, `margin` metres larger on every side.
    #[must_use]
    pub fn grown(&self, margin: f64) -> Self {
        Self {
            min: self.min - DVec3::splat(margin),
            max: self.max + DVec3::splat(margin),
        }
    }

    /// Whether `point` lies in it, the border included.
    pub fn contains(&self, point: DVec3) -> bool {
        self.min.cmple(point).all() && point.cmple(self.max).all()
    }

    /// Whether `other` lies wholly in it, the border included. An empty box lies in every box.
    pub fn contains_box(&self, other: &Self) -> bool {
        other.is_empty() || (self.contains(other.min) && self.contains(other.max))
    }

    /// Whether the two share a point, the border included.
    pub fn intersects(&self, other: &Self) -> bool {
        self.min.cmple(other.max).all() && other.min.cmple(self.max).all()
    }

    /// The middle; zero of an empty box.
    pub fn center(&self) -> DVec3 {
        if self.is_empty() {
            DVec3::ZERO
        } else {
            self.min + (self.max - self.min) * 0.5
        }
    }

    /// The extent along each axis; zero of an empty box.
    pub fn size(&self) -> DVec3 {
        if self.is_empty() {
            DVec3::ZERO
        } else {
            self.max - self.min
        }
    }

    /// Distance in metres from `point` to the nearest point of the box; 0 inside, infinite of an empty box.
    pub fn distance_to(&self, point: DVec3) -> f64 {
        if self.is_empty() {
            return f64::INFINITY;
        }
        (point - point.clamp(self.min, self.max)).length()
    }
}

/// A box with any orientation (3D Tiles 1.1, 7.1.1 "Box"), in metres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrientedBox {
    /// The middle.
    pub center: DVec3,
    /// From the middle to the middle of the x, y and z face. They may have zero length and need not be orthogonal.
    pub half_axes: [DVec3; 3],
}

impl OrientedBox {
    /// The same box with orientation; of an empty box the point zero.
    pub fn from_aabb(bounds: &Aabb) -> Self {
        let half = bounds.size() * 0.5;
        Self {
            center: bounds.center(),
            half_axes: [DVec3::X * half.x, DVec3::Y * half.y, DVec3::Z * half.z],
        }
    }

    /// From the 12 numbers of a tileset's `box`: the middle, then the three half axes.
    pub fn from_array(numbers: &[f64; 12]) -> Self {
        let at = |i: usize| DVec3::new(numbers[i], numbers[i + 1], numbers[i + 2]);
        Self {
            center: at(0),
            half_axes: [at(3), at(6), at(9)],
        }
    }

    /// As the 12 numbers of a tileset's `box`.
    pub fn to_array(&self) -> [f64; 12] {
        let [x, y, z] = self.half_axes;
        let mut numbers = [0.0; 12];
        for (slot, vector) in numbers.chunks_exact_mut(3).zip([self.center, x, y, z]) {
            slot.copy_from_slice(&vector.to_array());
        }
        numbers
    }

    /// The box as an affine transform shows it.
    #[must_use]
    pub fn transformed(&self, transform: &DMat4) -> Self {
        Self {
            center: transform.transform_point3(self.center),
            half_axes: self.half_axes.map(|axis| transform.transform_vector3(axis)),
        }
    }

    /// The eight corners.
    pub fn corners(&self) -> [DVec3; 8] {
        let [x, y, z] = self.half_axes;
        std::array::from_fn(|corner| {
            let side = |bit: usize| if corner >> bit & 1 == 1 { 1.0 } else { -1.0 };
            self.center + x * side(0) + y * side(1) + z * side(2)
        })
    }

    /// The smallest axis-aligned box around it.
    pub fn to_aabb(&self) -> Aabb {
        let [x, y, z] = self.half_axes;
        let reach = x.abs() + y.abs() + z.abs();
        Aabb {
            min: self.center - reach,
            max: self.center + reach,
        }
    }

    /// Radius of the sphere about [`OrientedBox::center`] that contains it, in metres.
    pub fn radius(&self) -> f64 {
        let farthest = self
            .corners()
            .into_iter()
            .map(|corner| (corner - self.center).length_squared())
            .fold(0.0, f64::max);
        farthest.sqrt()
    }

    /// Distance in metres from `point` to the nearest point of the box; 0 inside.
    ///
    /// Exact for orthogonal half axes, which is what every writer of `box` volumes makes.
    pub fn distance_to(&self, point: DVec3) -> f64 {
        let offset = point - self.center;
        let (frame, half) = self.orthonormal();
        let outside: f64 = (0..3)
            .map(|i| {
                let beyond = (offset.dot(frame[i]).abs() - half[i]).max(0.0);
                beyond * beyond
            })
            .sum();
        outside.sqrt()
    }

    /// Whether `point` lies in the box grown by `eps` metres on every side.
    pub fn contains(&self, point: DVec3, eps: f64) -> bool {
        let offset = point - self.center;
        let (frame, half) = self.orthonormal();
        (0..3).all(|i| offset.dot(frame[i]).abs() <= half[i] + eps)
    }

    /// Unit directions and half lengths. An axis without length gets the direction that the other two leave, so that
    /// a flat box (a pond, a road) still has three.
    fn orthonormal(&self) -> ([DVec3; 3], [f64; 3]) {
        let half = self.half_axes.map(DVec3::length);
        let mut frame = self.half_axes.map(DVec3::normalize_or_zero);
        for i in 0..3 {
            if half[i] > 0.0 {
                continue;
            }
            let (a, b) = (frame[(i + 1) % 3], frame[(i + 2) % 3]);
            let across = a.cross(b).normalize_or_zero();
            frame[i] = if across != DVec3::ZERO {
                across
            } else if a != DVec3::ZERO {
                a.any_orthonormal_vector()
            } else if b != DVec3::ZERO {
                b.any_orthonormal_vector()
            } else {
                [DVec3::X, DVec3::Y, DVec3::Z][i]
            };
        }
        (frame, half)
    }
}

/// What a camera sees: the space on the inner side of up to six planes.
#[derive(Debug, Clone, PartialEq)]
pub struct Frustum {
    /// Each as (normal pointing in, distance): a point p is inside where `normal . p + distance >= 0`, in metres.
    pub planes: Vec<DVec4>,
}

impl Frustum {
    /// From a view-projection matrix whose clip space has z in 0..=w (WebGPU, wgpu); reversed depth is as good.
    ///
    /// A plane that the projection puts at infinity is left out (Gribb and Hartmann, "Fast Extraction of Viewing
    /// Frustum Planes from the World-View-Projection Matrix", 2001).
    pub fn from_view_projection(view_projection: &DMat4) -> Self {
        let [x, y, z, w] = [0, 1, 2, 3].map(|row| view_projection.row(row));
        let planes = [w + x, w - x, w + y, w - y, z, w - z];
        Self {
            planes: planes
                .into_iter()
                .filter_map(|plane| {
                    let length = plane.truncate().length();
                    // Relative to the largest plane that can occur: an infinite far plane has no direction at all.
                    let direction = length > 1e-12 * plane.w.abs().max(1e-300);
                    (direction && length.is_finite()).then(|| plane / length)
                })
                .collect(),
        }
    }

    /// Whether some part of the box may be visible. False is certain; true may be wrong near the frustum's edges.
    pub fn intersects(&self, volume: &OrientedBox) -> bool {
        self.planes.iter().all(|plane| {
            let normal = plane.truncate();
            let reach: f64 = volume.half_axes.iter().map(|a| normal.dot(*a).abs()).sum();
            normal.dot(volume.center) + plane.w + reach >= 0.0
        })
    }

    /// Whether the point is inside.
    pub fn contains(&self, point: DVec3) -> bool {
        self.planes
            .iter()
            .all(|plane| plane.truncate().dot(point) + plane.w >= 0.0)
    }
}
