//! From where the city is seen.

use crate::bounds::{Frustum, OrientedBox};
use glam::{DVec3, DVec4};

/// One way in which tiles are seen: a camera, or the space whose shadows a camera sees.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The eye, in metres, in the frame of the tree (see [`super::SelectionTree::new`]).
    pub position: DVec3,
    /// What can be seen, in the same frame.
    pub frustum: Frustum,
    /// Height of the picture in pixels.
    pub viewport_height: f64,
    /// Vertical opening angle in radians.
    pub fovy: f64,
    /// How many times more error is allowed than in an ordinary view, where it is 1. More than 1 for shadows.
    pub coarseness: f64,
}

impl View {
    /// An ordinary perspective view.
    pub fn new(position: DVec3, frustum: Frustum, viewport_height: f64, fovy: f64) -> Self {
        Self {
            position,
            frustum,
            viewport_height,
            fovy,
            coarseness: 1.0,
        }
    }

    /// The view in which everything is seen that throws a shadow into this one.
    ///
    /// `toward_sun` is a direction, `length` how far in metres along it things can be that still throw a shadow: the
    /// height of the tallest thing over the sine of the sun's altitude. Bound the frustum by a far plane before, else
    /// the shadows of the whole horizon are asked for.
    #[must_use]
    pub fn of_casters(&self, toward_sun: DVec3, length: f64, coarseness: f64) -> Self {
        Self {
            frustum: swept(&self.frustum, toward_sun, length),
            coarseness,
            ..self.clone()
        }
    }

    /// Pixels that one metre takes at one metre of distance, over the coarseness.
    pub(super) fn pixels(&self) -> f64 {
        let pixels = self.viewport_height / (2.0 * (self.fovy * 0.5).tan() * self.coarseness);
        if pixels.is_finite() { pixels.max(0.0) } else { 0.0 }
    }

    /// Distance in metres from the eye to the nearest point of the volume.
    pub(super) fn distance(&self, volume: &OrientedBox) -> f64 {
        volume.distance_to(self.position)
    }
}

/// The space that the frustum passes through when it is moved `length` metres along `direction`.
///
/// Exact for a frustum whose planes all touch it. A plane is moved along when it faces forward; the edge between a
/// plane that faces forward and one that faces back sweeps a plane of its own, which is the sum of the two that is
/// parallel to the direction (one step of Fourier-Motzkin elimination).
#[must_use]
pub fn swept(frustum: &Frustum, direction: DVec3, length: f64) -> Frustum {
    let along = direction.normalize_or_zero() * length.max(0.0);
    let slope = |plane: &DVec4| plane.truncate().dot(along);
    let moved = |plane: &DVec4| *plane - DVec4::W * slope(plane).min(0.0);
    let mut planes: Vec<DVec4> = frustum.planes.iter().map(moved).collect();
    for ahead in frustum.planes.iter().filter(|plane| slope(plane) < 0.0) {
        for behind in frustum.planes.iter().filter(|plane| slope(plane) > 0.0) {
            let edge = *ahead * slope(behind) - *behind * slope(ahead);
            let size = edge.truncate().length();
            if size > 1e-9 * along.length() {
                planes.push(edge / size);
            }
        }
    }
    Frustum { planes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::dcamera::rh::proj::directx;
    use glam::dcamera::rh::view::look_at_mat4;

    fn frustum() -> Frustum {
        let look = look_at_mat4(DVec3::new(0.0, -100.0, 50.0), DVec3::ZERO, DVec3::Z);
        Frustum::from_view_projection(&(directx::perspective(0.9, 1.5, 1.0, 300.0) * look))
    }

    #[test]
    fn a_swept_frustum_holds_exactly_the_points_that_reach_the_frustum_on_their_way() {
        let (seen, toward) = (frustum(), DVec3::new(0.6, 0.2, 0.5).normalize());
        let casters = swept(&seen, toward, 120.0);
        let mut inside = 0;
        for i in 0..20_000_u32 {
            // A fixed, even scatter (Roberts' R3 sequence).
            let part = |g: f64| (0.5 + f64::from(i) * g).fract() - 0.5;
            let point = 600.0 * DVec3::new(part(0.819_172_5), part(0.671_043_6), part(0.549_700_5));
            let reaches = (0..=2400).any(|step| seen.contains(point - toward * (f64::from(step) * 0.05)));
            if reaches {
                inside += 1;
                assert!(casters.contains(point), "{point} throws its shadow into the view");
            } else {
                let deep = casters.planes.iter().all(|p| p.truncate().dot(point) + p.w > 0.1);
                assert!(!deep, "{point} throws no shadow into the view");
            }
        }
        assert!(inside > 200, "the scatter hits the volume: {inside}");
    }

    #[test]
    fn an_endless_frustum_can_be_swept_too() {
        let look = look_at_mat4(DVec3::ZERO, DVec3::Y, DVec3::Z);
        let endless = directx::perspective_infinite_reverse(1.0, 1.0, 0.5) * look;
        let seen = Frustum::from_view_projection(&endless);
        let casters = swept(&seen, DVec3::Z, 100.0);
        assert!(casters.contains(DVec3::new(0.0, 10.0, 90.0)));
        assert!(!casters.contains(DVec3::new(0.0, 10.0, 120.0)));
        assert!(!casters.contains(DVec3::new(0.0, -10.0, 50.0)));
    }
}
