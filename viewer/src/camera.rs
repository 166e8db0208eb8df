//! The camera, in double precision.
//!
//! A city is kilometres wide and is looked at from a metre away. In `f32` its far corner would move in steps of a
//! millimetre, so place and direction are `f64` in the tileset's ENU frame, and what reaches the graphics card is
//! relative to the camera.

use glam::{DMat4, DVec2, DVec3, DVec4};
use tiles::bounds::Frustum;
use tiles::pick::Ray;

/// A perspective camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Where it is: east, north, up in metres in the tileset's frame.
    pub position: DVec3,
    /// Where it looks, unit length.
    pub forward: DVec3,
    /// Up in the picture, unit length and at right angles to `forward`.
    pub up: DVec3,
    /// Angle from the bottom to the top of the picture, radians.
    pub fovy: f64,
    /// Nothing nearer than this is drawn, metres.
    pub near: f64,
    /// Width and height of the picture in physical pixels, at least 1.
    pub viewport: [u32; 2],
}

impl Camera {
    /// A camera at `position` that looks at `target`, up as near to the zenith as can be.
    pub fn looking_at(position: DVec3, target: DVec3, fovy: f64, viewport: [u32; 2]) -> Self {
        let forward = (target - position).try_normalize().unwrap_or(DVec3::Y);
        let right = forward.cross(DVec3::Z).try_normalize().unwrap_or(DVec3::X);
        Self {
            position,
            forward,
            up: right.cross(forward),
            fovy,
            near: 0.1,
            viewport: viewport.map(|side| side.max(1)),
        }
    }

    /// To the right in the picture, unit length.
    pub fn right(&self) -> DVec3 {
        self.forward.cross(self.up)
    }

    /// Width divided by height.
    pub fn aspect(&self) -> f64 {
        f64::from(self.viewport[0]) / f64::from(self.viewport[1])
    }

    /// Half the picture's width and height at distance 1.
    pub fn half_extent(&self) -> DVec2 {
        let tall = (self.fovy * 0.5).tan();
        DVec2::new(tall * self.aspect(), tall)
    }

    /// Pixels that a thing of one metre covers at one metre.
    pub fn pixels_per_radian(&self) -> f64 {
        f64::from(self.viewport[1]) * 0.5 / self.half_extent().y
    }

    /// From camera-relative ENU to clip space: depth 1 at the near plane, 0 at infinity.
    pub fn clip_from_relative(&self) -> DMat4 {
        let half = self.half_extent();
        let [r, u, f] = [self.right() / half.x, self.up / half.y, self.forward];
        DMat4::from_cols(
            DVec4::new(r.x, u.x, 0.0, f.x),
            DVec4::new(r.y, u.y, 0.0, f.y),
            DVec4::new(r.z, u.z, 0.0, f.z),
            DVec4::new(0.0, 0.0, self.near, 0.0),
        )
    }

    /// What the camera sees, in the tileset's frame.
    pub fn frustum(&self) -> Frustum {
        let to_relative = DMat4::from_translation(-self.position);
        Frustum::from_view_projection(&(self.clip_from_relative() * to_relative))
    }

    /// The ray through a place of the picture: physical pixels from the top left corner.
    pub fn ray(&self, pixel: DVec2) -> Ray {
        let size = DVec2::new(f64::from(self.viewport[0]), f64::from(self.viewport[1]));
        let ndc = (pixel / size * 2.0 - DVec2::ONE) * DVec2::new(1.0, -1.0) * self.half_extent();
        Ray {
            origin: self.position,
            direction: (self.forward + self.right() * ndc.x + self.up * ndc.y).normalize(),
        }
    }

    /// Where a point of the tileset's frame appears: physical pixels from the top left corner; none behind the camera.
    pub fn project(&self, point: DVec3) -> Option<DVec2> {
        let clip = self.clip_from_relative() * (point - self.position).extend(1.0);
        if clip.w <= 0.0 {
            return None;
        }
        let size = DVec2::new(f64::from(self.viewport[0]), f64::from(self.viewport[1]));
        let ndc = DVec2::new(clip.x, -clip.y) / clip.w;
        Some((ndc * 0.5 + DVec2::splat(0.5)) * size)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn camera() -> Camera {
        Camera::looking_at(
            DVec3::new(100.0, -50.0, 80.0),
            DVec3::new(400.0, 300.0, 10.0),
            0.9,
            [1600, 900],
        )
    }

    #[test]
    fn a_ray_through_a_pixel_passes_through_what_appears_there() {
        let camera = camera();
        let pixel = DVec2::new(300.0, 700.0);
        let ray = camera.ray(pixel);
        let again = camera.project(ray.origin + ray.direction * 250.0).unwrap();
        assert!((again - pixel).length() < 1e-6, "{again}");
        let centre = camera.project(DVec3::new(400.0, 300.0, 10.0)).unwrap();
        assert!((centre - DVec2::new(800.0, 450.0)).length() < 1e-6);
    }

    #[test]
    fn depth_is_one_at_the_near_plane_and_falls_with_distance() {
        let camera = camera();
        for (away, depth) in [(0.1, 1.0), (1.0, 0.1), (1000.0, 0.0001)] {
            let clip = camera.clip_from_relative() * (camera.forward * away).extend(1.0);
            assert!((clip.z / clip.w - depth).abs() < 1e-12);
        }
    }

    #[test]
    fn the_frustum_holds_what_is_in_the_picture_and_nothing_behind() {
        let frustum = camera().frustum();
        assert!(frustum.contains(DVec3::new(400.0, 300.0, 10.0)));
        assert!(!frustum.contains(DVec3::new(-400.0, -300.0, 80.0)));
    }
}
