//! The camera as drawing needs it: its axes, its opening, and one matrix relative to itself.

use glam::{DMat4, DVec2, DVec3};
use session::Camera;

/// A session's camera, taken apart for one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eye {
    /// East, north, up in metres in the tileset's frame.
    pub position: DVec3,
    /// Where it looks, unit length.
    pub forward: DVec3,
    /// To the right in the picture, unit length.
    pub right: DVec3,
    /// Up in the picture, unit length.
    pub up: DVec3,
    /// Half the picture's width and height at distance 1.
    pub half: DVec2,
    /// Nothing nearer than this along the view is drawn, metres.
    pub near: f64,
    /// Width and height of the picture in physical pixels, at least 1.
    pub size: [u32; 2],
    /// From camera-relative ENU to clip space: depth 1 at the near plane, 0 at infinity.
    pub clip_from_relative: DMat4,
}

impl Eye {
    /// The eye of `camera` with its near plane at `near` metres.
    pub fn new(camera: &Camera, near: f64) -> Self {
        let tall = (camera.fovy * 0.5).tan();
        let mut clip_from_relative = camera.projection() * camera.view_rotation();
        // With depth reversed and without a far plane the near plane is the one number that makes up clip z.
        clip_from_relative.w_axis.z = near;
        let pixels = |length: f64| length.round().clamp(1.0, 16384.0) as u32;
        Self {
            position: camera.eye(),
            forward: camera.pose.forward(),
            right: camera.pose.right(),
            up: camera.pose.up(),
            half: DVec2::new(tall * camera.aspect(), tall),
            near,
            size: [pixels(camera.viewport.width), pixels(camera.viewport.height)],
            clip_from_relative,
        }
    }

    /// Angle of a pixel in the middle of the picture, radians.
    pub fn pixel_angle(&self) -> f64 {
        2.0 * self.half.y / f64::from(self.size[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use session::{Pose, Viewport};

    #[test]
    fn depth_is_one_at_the_near_plane_and_falls_with_distance() {
        let pose = Pose {
            target: DVec3::new(7.0, 8.0, 9.0),
            distance: 300.0,
            heading: 1.0,
            pitch: -0.4,
        };
        let camera = Camera::new(
            pose,
            Viewport {
                width: 1600.0,
                height: 900.0,
            },
        );
        let eye = Eye::new(&camera, 2.5);
        for (away, depth) in [(2.5, 1.0), (25.0, 0.1), (2500.0, 0.001)] {
            let clip = eye.clip_from_relative * (eye.forward * away).extend(1.0);
            assert!((clip.z / clip.w - depth).abs() < 1e-12, "{away}");
        }
        let corner = eye.forward + eye.right * eye.half.x + eye.up * eye.half.y;
        let clip = eye.clip_from_relative * corner.extend(1.0);
        assert!((clip.truncate().truncate() / clip.w - DVec2::ONE).length() < 1e-12);
    }
}
