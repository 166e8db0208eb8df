//! The eye: where it is, and what it sees.
//!
//! A city is tens of kilometres wide and is looked at from a metre away. `f32` has seven digits, a tenth of a
//! millimetre in a kilometre and a centimetre in a hundred, so a camera in `f32` makes houses tremble. Here everything
//! is `f64` in the city's ENU frame; `f32` begins where a matrix goes to the graphics processor, and such a matrix is
//! always relative to an origin near what it draws ([`Camera::view_proj_relative_to`]).

use glam::dcamera::rh::proj::directx;
use glam::{DMat3, DMat4, DVec2, DVec3, DVec4, Mat4};
use serde::{Deserialize, Serialize};
use tiles::bounds::{Aabb, Frustum, OrientedBox};
use tiles::select::View;

/// Vertical opening angle in radians: 45 degrees, about that of a picture at arm's length.
const FOVY: f64 = std::f64::consts::FRAC_PI_4;

/// The picture's size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Viewport {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// Where the eye is and where it looks, by the point it turns about.
///
/// Metres and radians, in the city's ENU frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// The point in the middle of the picture that the eye turns about.
    pub target: DVec3,
    /// From the eye to the target.
    pub distance: f64,
    /// Where the eye looks, clockwise from north.
    pub heading: f64,
    /// Where the eye looks, up from the horizon; negative is down.
    pub pitch: f64,
}

/// A half line of sight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ray {
    /// The eye.
    pub origin: DVec3,
    /// Of length 1.
    pub direction: DVec3,
}

impl Ray {
    /// The point so many metres along it.
    pub fn at(&self, distance: f64) -> DVec3 {
        self.origin + self.direction * distance
    }
}

/// A perspective camera.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    /// Where it is.
    pub pose: Pose,
    /// What it fills.
    pub viewport: Viewport,
    /// Vertical opening angle in radians.
    pub fovy: f64,
}

impl Pose {
    /// Where the eye looks.
    pub fn forward(&self) -> DVec3 {
        let ((sin_h, cos_h), (sin_p, cos_p)) = (self.heading.sin_cos(), self.pitch.sin_cos());
        DVec3::new(cos_p * sin_h, cos_p * cos_h, sin_p)
    }

    /// To the right of the picture: always level.
    pub fn right(&self) -> DVec3 {
        let (sin, cos) = self.heading.sin_cos();
        DVec3::new(cos, -sin, 0.0)
    }

    /// To the top of the picture.
    pub fn up(&self) -> DVec3 {
        self.right().cross(self.forward())
    }

    /// The eye.
    pub fn eye(&self) -> DVec3 {
        self.target - self.forward() * self.distance
    }

    /// Right, up and back as columns: from the picture's axes to east, north, up.
    pub fn axes(&self) -> DMat3 {
        DMat3::from_cols(self.right(), self.up(), -self.forward())
    }
}

impl Camera {
    /// A camera of the usual opening angle.
    pub fn new(pose: Pose, viewport: Viewport) -> Self {
        Self {
            pose,
            viewport,
            fovy: FOVY,
        }
    }

    /// The eye, east, north, up in metres.
    pub fn eye(&self) -> DVec3 {
        self.pose.eye()
    }

    /// Distance in metres of the near plane. With reversed infinite depth in `f32` it costs no precision to have it
    /// near: the relative error of a depth is the same for any.
    pub fn near(&self) -> f64 {
        (self.pose.distance * 1e-3).clamp(0.05, 10.0)
    }

    /// Width over height.
    pub fn aspect(&self) -> f64 {
        self.viewport.width.max(1.0) / self.viewport.height.max(1.0)
    }

    /// From east, north, up relative to the eye to the picture's axes (x right, y up, z towards the viewer).
    pub fn view_rotation(&self) -> DMat4 {
        DMat4::from_mat3(self.pose.axes().transpose())
    }

    /// From the picture's axes to clip space with reversed depth, 1 at the near plane and 0 at infinity (WebGPU).
    pub fn projection(&self) -> DMat4 {
        directx::perspective_infinite_reverse(self.fovy, self.aspect(), self.near())
    }

    /// From east, north, up to clip space, in `f64`.
    pub fn view_proj(&self) -> DMat4 {
        self.projection() * self.view_rotation() * DMat4::from_translation(-self.eye())
    }

    /// From east, north, up relative to `origin` to clip space, for a graphics processor.
    ///
    /// Put `origin` within a few hundred metres of what is drawn with it (a tile's own origin): then the picture is
    /// steady however far both are from the frame's zero, because that distance is taken off in `f64`.
    pub fn view_proj_relative_to(&self, origin: DVec3) -> Mat4 {
        let shift = DMat4::from_translation(origin - self.eye());
        (self.projection() * self.view_rotation() * shift).as_mat4()
    }

    /// What is seen.
    pub fn frustum(&self) -> Frustum {
        Frustum::from_view_projection(&self.view_proj())
    }

    /// What is seen up to so many metres ahead.
    pub fn frustum_within(&self, reach: f64) -> Frustum {
        let mut frustum = self.frustum();
        let back = -self.pose.forward();
        let plane = self.eye() - back * reach;
        frustum.planes.push(DVec4::from((back, -back.dot(plane))));
        frustum
    }

    /// The view for choosing tiles.
    pub fn view(&self) -> View {
        View::new(self.eye(), self.frustum(), self.viewport.height, self.fovy)
    }

    /// The view for choosing the tiles that throw a shadow on what is seen up to `reach` metres ahead. `sun` points at
    /// the sun; `tallest` is how high in metres things rise above what they may shade. None when the sun is down.
    pub fn casters(&self, sun: DVec3, reach: f64, tallest: f64) -> Option<View> {
        // Shadows are seen from far off and at a slant: half the detail will do.
        const COARSENESS: f64 = 2.0;
        let altitude = sun.normalize_or_zero().z;
        let seen = View {
            frustum: self.frustum_within(reach),
            ..self.view()
        };
        // Near sunset shadows are endless; so long ones are faint and cut off at the reach.
        (altitude > 0.0).then(|| seen.of_casters(sun, (tallest / altitude).min(reach), COARSENESS))
    }

    /// The line of sight through a pixel, counted from the top left corner.
    pub fn ray(&self, x: f64, y: f64) -> Ray {
        let half = (self.fovy * 0.5).tan();
        let right = (2.0 * x / self.viewport.width.max(1.0) - 1.0) * half * self.aspect();
        let up = (1.0 - 2.0 * y / self.viewport.height.max(1.0)) * half;
        let direction = self.pose.axes() * DVec3::new(right, up, -1.0);
        Ray {
            origin: self.eye(),
            direction: direction.normalize(),
        }
    }

    /// The pixel where a point is seen; none behind the eye.
    pub fn project(&self, point: DVec3) -> Option<DVec2> {
        let clip = self.projection() * self.view_rotation() * (point - self.eye()).extend(1.0);
        (clip.w > 0.0).then(|| {
            let ndc = clip.truncate() / clip.w;
            let (width, height) = (self.viewport.width, self.viewport.height);
            DVec2::new((ndc.x + 1.0) * 0.5 * width, (1.0 - ndc.y) * 0.5 * height)
        })
    }

    /// The middle of the picture in pixels.
    pub fn middle(&self) -> DVec2 {
        DVec2::new(self.viewport.width, self.viewport.height) * 0.5
    }

    /// How far the eye must be from the middle of `bounds`, when it looks as in `pose`, to see all of them.
    pub fn distance_to_see(&self, bounds: &Aabb, pose: &Pose) -> f64 {
        let half = (self.fovy * 0.5).tan();
        let axes = pose.axes().transpose();
        let needed = OrientedBox::from_aabb(bounds).corners().map(|corner| {
            let seen = axes * (corner - bounds.center());
            seen.z + (seen.x.abs() / (half * self.aspect())).max(seen.y.abs() / half)
        });
        needed.into_iter().fold(0.0, f64::max)
    }

    /// How many metres a pixel is wide at the target.
    pub fn metres_per_pixel(&self) -> f64 {
        2.0 * (self.fovy * 0.5).tan() * self.pose.distance / self.viewport.height.max(1.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use glam::{Vec3, Vec4};

    fn camera(target: DVec3, distance: f64, heading: f64, pitch: f64) -> Camera {
        let viewport = Viewport {
            width: 1600.0,
            height: 900.0,
        };
        Camera::new(
            Pose {
                target,
                distance,
                heading,
                pitch,
            },
            viewport,
        )
    }

    /// The pixel as a graphics processor computes it: everything in `f32`.
    fn pixel_on_gpu(matrix: Mat4, relative: Vec3, viewport: Viewport) -> DVec2 {
        let clip: Vec4 = matrix * relative.extend(1.0);
        let (x, y) = (clip.x / clip.w, clip.y / clip.w);
        DVec2::new(
            (f64::from(x) + 1.0) * 0.5 * viewport.width,
            (1.0 - f64::from(y)) * 0.5 * viewport.height,
        )
    }

    #[test]
    fn the_eye_looks_where_heading_and_pitch_say() {
        let north = camera(DVec3::ZERO, 100.0, 0.0, -std::f64::consts::FRAC_PI_4);
        assert!(north.eye().distance(DVec3::new(0.0, -70.710_678, 70.710_678)) < 1e-6);
        let east = camera(DVec3::ZERO, 100.0, std::f64::consts::FRAC_PI_2, 0.0);
        assert!(east.eye().distance(DVec3::new(-100.0, 0.0, 0.0)) < 1e-9);
        let down = camera(DVec3::ZERO, 100.0, 0.0, -std::f64::consts::FRAC_PI_2);
        assert!(down.eye().distance(DVec3::new(0.0, 0.0, 100.0)) < 1e-9);
        assert!(down.pose.up().distance(DVec3::Y) < 1e-9, "seen from above north is up");
    }

    #[test]
    fn what_lies_east_of_the_target_is_seen_on_the_right_and_what_is_higher_further_up() {
        let camera = camera(DVec3::new(5000.0, -3000.0, 10.0), 400.0, 0.0, -0.6);
        let middle = camera.project(camera.pose.target).unwrap();
        assert!(middle.distance(DVec2::new(800.0, 450.0)) < 1e-6);
        let east = camera.project(camera.pose.target + DVec3::X * 20.0).unwrap();
        let above = camera.project(camera.pose.target + DVec3::Z * 20.0).unwrap();
        assert!(east.x > 830.0 && (east.y - 450.0).abs() < 1e-6, "{east}");
        assert!(above.y < 430.0 && (above.x - 800.0).abs() < 1e-6, "{above}");
        assert_eq!(camera.project(camera.eye() - camera.pose.forward()), None);
    }

    #[test]
    fn a_pixels_ray_passes_through_what_is_seen_there() {
        let camera = camera(DVec3::new(120.0, 40.0, 4.0), 350.0, 2.5, -0.4);
        for (x, y) in [(3.0, 5.0), (800.0, 450.0), (1599.0, 20.0), (400.5, 899.5)] {
            let point = camera.ray(x, y).at(217.0);
            assert!(camera.project(point).unwrap().distance(DVec2::new(x, y)) < 1e-6);
        }
    }

    #[test]
    fn depth_is_reversed_and_endless() {
        let camera = camera(DVec3::ZERO, 1000.0, 0.0, 0.0);
        let depth = |metres: f64| {
            let clip = camera.view_proj() * camera.ray(800.0, 450.0).at(metres).extend(1.0);
            clip.z / clip.w
        };
        assert!((depth(camera.near()) - 1.0).abs() < 1e-9);
        assert!(depth(1e3) > depth(1e4) && depth(1e7) > 0.0);
    }

    #[test]
    fn the_frustum_holds_what_is_on_the_picture_and_nothing_else() {
        let camera = camera(DVec3::new(-800.0, 300.0, 0.0), 250.0, 4.0, -0.3);
        let frustum = camera.frustum();
        for (x, y, seen) in [
            (1.0, 1.0, true),
            (1599.0, 899.0, true),
            (-5.0, 450.0, false),
            (800.0, 905.0, false),
            (1605.0, 3.0, false),
        ] {
            assert_eq!(frustum.contains(camera.ray(x, y).at(5e4)), seen, "{x} {y}");
        }
        assert!(!frustum.contains(camera.ray(800.0, 450.0).at(-1.0)));
        let within = camera.frustum_within(600.0);
        assert!(within.contains(camera.ray(800.0, 450.0).at(599.0)));
        assert!(!within.contains(camera.ray(800.0, 450.0).at(601.0)));
    }

    #[test]
    fn ten_kilometres_out_a_point_a_metre_away_stays_still_to_a_twentieth_of_a_pixel() {
        let place = DVec3::new(9_000.123, -4_500.456, 31.789);
        // A tile's origin, and a vertex of it as the tile keeps it.
        let origin = place + DVec3::new(-180.0, 140.0, -20.0);
        let vertex = (place - origin).as_vec3();
        let truth = origin + vertex.as_dvec3();
        let (mut worst, mut worst_naive) = (0.0_f64, 0.0_f64);
        for step in 0..200 {
            // The eye moves one metre sideways in steps of five millimetres, one metre from the wall.
            let aside = DVec3::new(0.6, 0.8, 0.0) * (f64::from(step) * 0.005 - 0.5);
            let camera = camera(place + aside, 1.0, 0.3, -0.05);
            let exact = camera.project(truth).unwrap();
            let drawn = pixel_on_gpu(camera.view_proj_relative_to(origin), vertex, camera.viewport);
            let naive = pixel_on_gpu(camera.view_proj().as_mat4(), truth.as_vec3(), camera.viewport);
            worst = worst.max(exact.distance(drawn));
            worst_naive = worst_naive.max(exact.distance(naive));
        }
        assert!(worst < 0.05, "{worst} pixels");
        assert!(
            worst_naive > 0.5,
            "without the near origin it would tremble: {worst_naive} pixels"
        );
    }

    #[test]
    fn from_the_distance_to_see_a_box_it_just_fits() {
        let bounds = Aabb::from_corners(DVec3::new(-300.0, -900.0, 0.0), DVec3::new(200.0, 700.0, 60.0));
        for (heading, pitch) in [(0.0, -0.6), (1.2, -0.2), (4.0, -1.5)] {
            let mut camera = camera(bounds.center(), 1.0, heading, pitch);
            camera.pose.distance = camera.distance_to_see(&bounds, &camera.pose);
            let corners = OrientedBox::from_aabb(&bounds).corners();
            let ndc = corners.map(|corner| camera.project(corner).unwrap() / camera.middle() - 1.0);
            let widest = ndc.iter().map(|p| p.x.abs().max(p.y.abs())).fold(0.0, f64::max);
            assert!((widest - 1.0).abs() < 1e-9, "{widest}");
        }
    }

    #[test]
    fn casters_are_looked_for_towards_the_sun_and_only_by_day() {
        let camera = camera(DVec3::ZERO, 200.0, 0.0, -0.5);
        let sun = DVec3::new(1.0, 0.0, 1.0).normalize();
        let view = camera.casters(sun, 600.0, 100.0).unwrap();
        // East of the picture, high: its shadow falls into the middle. To the west: not.
        assert!(!camera.frustum().contains(DVec3::new(95.0, -150.0, 96.0)));
        assert!(view.frustum.contains(DVec3::new(80.0, 0.0, 80.0)));
        assert!(!view.frustum.contains(DVec3::new(-400.0, 0.0, 80.0)));
        assert_eq!(camera.casters(DVec3::new(1.0, 0.0, -0.1), 600.0, 100.0), None);
    }
}
