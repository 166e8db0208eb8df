//! Moving the camera by hand.
//!
//! A hand on the map expects three things: what it holds stays under it, what it zooms at stays where it is, and the
//! view turns about what it looks at. So each motion here keeps one point of the city on its pixel, exactly; there is
//! no inertia and no smoothing, because then the point would not be under the cursor.

use crate::camera::{Camera, Pose};
use crate::command::Step;
use glam::{DVec2, DVec3};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// The eye never comes nearer to what it looks at, in metres.
const NEAREST: f64 = 1.0;
/// Turning about a point of the ground keeps the eye above it by at least this angle.
const LOWEST: f64 = -PI / 180.0;
/// Turning the head looks up no further than this.
const HIGHEST: f64 = 85.0 * PI / 180.0;
/// A drag over the picture's height turns by this angle.
const TURN: f64 = PI;
/// Lines of sight flatter than this do not meet the ground in any way that a hand could steer.
const GRAZING: f64 = 0.02;

impl Camera {
    /// Where the line of sight through the pixel meets the level plane at height `ground`; where it does not, a point
    /// on it as far off as the target.
    pub fn ground_point(&self, x: f64, y: f64, ground: f64) -> DVec3 {
        let ray = self.ray(x, y);
        let along = (ground - ray.origin.z) / ray.direction.z;
        let meets = ray.direction.z.abs() > GRAZING && along > 0.0;
        ray.at(if meets { along } else { self.pose.distance })
    }

    /// Turns the view by a drag, so that `about` stays on its pixel.
    pub(crate) fn orbit(&mut self, drag: DVec2, about: DVec3) {
        let turn = TURN / self.viewport.height.max(1.0);
        let lowest = self.pose.pitch.max(LOWEST);
        let pitch = (self.pose.pitch - drag.y * turn).clamp(-FRAC_PI_2, lowest);
        self.turn_about(about, self.pose.heading + drag.x * turn, pitch);
    }

    /// Turns the view to a heading and pitch, so that `about` stays on its pixel.
    pub(crate) fn turn_about(&mut self, about: DVec3, heading: f64, pitch: f64) {
        let seen = self.pose.axes().transpose() * (about - self.eye());
        let turned = Pose {
            heading: heading.rem_euclid(TAU),
            pitch,
            ..self.pose
        };
        let eye = about - turned.axes() * seen;
        self.pose = Pose {
            target: eye + turned.forward() * turned.distance,
            ..turned
        };
        self.refocus(about.z);
    }

    /// Turns the head by a drag: what is under the cursor goes along.
    pub(crate) fn look(&mut self, drag: DVec2) {
        let turn = self.fovy / self.viewport.height.max(1.0);
        let eye = self.eye();
        let pose = &mut self.pose;
        pose.heading = (pose.heading - drag.x * turn).rem_euclid(TAU);
        pose.pitch = (pose.pitch + drag.y * turn).clamp(-FRAC_PI_2, HIGHEST);
        pose.target = eye + pose.forward() * pose.distance;
    }

    /// Moves level so that `held` is under the pixel again.
    pub(crate) fn pan(&mut self, held: DVec3, x: f64, y: f64) {
        let ray = self.ray(x, y);
        let along = (held.z - ray.origin.z) / ray.direction.z;
        let reach = 20.0 * held.distance(ray.origin).max(self.pose.distance);
        let meets = ray.direction.z.abs() > GRAZING && along > 0.0 && along < reach;
        // Where the ground is not to be had (a wall above the eye, the sky) the point is held in the picture's plane.
        let forward = self.pose.forward();
        let facing = forward.dot(held - ray.origin) / forward.dot(ray.direction);
        let here = ray.at(if meets { along } else { facing });
        let shift = held - here;
        if shift.is_finite() {
            self.pose.target += DVec3::new(shift.x, shift.y, 0.0);
        }
    }

    /// Moves by a factor towards or away from `point`, which stays on its pixel. At most `farthest` metres away.
    pub(crate) fn zoom(&mut self, point: DVec3, factor: f64, farthest: f64) {
        let reach = self.eye().distance(point);
        if !factor.is_finite() || factor <= 0.0 || reach <= 0.0 {
            return;
        }
        let least = (NEAREST / self.pose.distance).max(NEAREST / reach);
        let most = farthest / self.pose.distance;
        let factor = if factor < 1.0 {
            factor.max(least.min(1.0))
        } else {
            factor.min(most.max(1.0))
        };
        self.pose.target = point + (self.pose.target - point) * factor;
        self.pose.distance = (self.pose.distance * factor).max(NEAREST);
    }

    /// Two fingers: `held`, the point between them, goes along with them while the view zooms and turns about it.
    pub(crate) fn pinch(&mut self, held: DVec3, from: [DVec2; 2], to: [DVec2; 2], farthest: f64) {
        let (before, after) = (from[1] - from[0], to[1] - to[0]);
        if before.length() > 0.0 && after.length() > 0.0 {
            self.zoom(held, before.length() / after.length(), farthest);
            let turned = after.y.atan2(after.x) - before.y.atan2(before.x);
            self.turn_about(held, self.pose.heading - turned, self.pose.pitch);
        }
        let middle = (to[0] + to[1]) * 0.5;
        self.pan(held, middle.x, middle.y);
    }

    /// One press of a key.
    pub(crate) fn step(&mut self, step: Step, farthest: f64) {
        const ZOOM: f64 = 0.8;
        const ANGLE: f64 = 5.0 * PI / 180.0;
        let pose = self.pose;
        let (sin, cos) = pose.heading.sin_cos();
        let way = pose.distance * 0.1;
        let level = DVec3::new(sin, cos, 0.0) * way;
        let turn = TURN / self.viewport.height.max(1.0);
        match step {
            Step::Forward => self.pose.target += level,
            Step::Back => self.pose.target -= level,
            Step::Right => self.pose.target += pose.right() * way,
            Step::Left => self.pose.target -= pose.right() * way,
            Step::ZoomIn => self.zoom(pose.target, ZOOM, farthest),
            Step::ZoomOut => self.zoom(pose.target, 1.0 / ZOOM, farthest),
            Step::TurnLeft => self.orbit(DVec2::new(-ANGLE / turn, 0.0), pose.target),
            Step::TurnRight => self.orbit(DVec2::new(ANGLE / turn, 0.0), pose.target),
            Step::TiltUp => self.orbit(DVec2::new(0.0, -ANGLE / turn), pose.target),
            Step::TiltDown => self.orbit(DVec2::new(0.0, ANGLE / turn), pose.target),
            Step::North => self.turn_about(pose.target, 0.0, pose.pitch),
            Step::Top => self.turn_about(pose.target, pose.heading, -FRAC_PI_2),
        }
    }

    /// Keeps the eye, and turns from now on about the point ahead that is as far off as `point`.
    pub(crate) fn focus(&mut self, point: DVec3) {
        let eye = self.eye();
        let ahead = self.pose.forward().dot(point - eye);
        if ahead >= NEAREST {
            self.pose.distance = ahead;
            self.pose.target = eye + self.pose.forward() * ahead;
        }
    }

    /// Keeps the eye and puts the target on the level plane at height `ground`, if it is looked at within reach.
    pub(crate) fn refocus(&mut self, ground: f64) {
        let forward = self.pose.forward();
        let along = (ground - self.eye().z) / forward.z;
        if forward.z < -GRAZING && along >= NEAREST && along < 20.0 * self.pose.distance {
            let eye = self.eye();
            self.pose.distance = along;
            self.pose.target = eye + forward * along;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::camera::Viewport;

    fn camera() -> Camera {
        let pose = Pose {
            target: DVec3::new(700.0, -250.0, 6.0),
            distance: 420.0,
            heading: 0.7,
            pitch: -0.5,
        };
        Camera::new(
            pose,
            Viewport {
                width: 1280.0,
                height: 720.0,
            },
        )
    }

    fn seen(camera: &Camera, point: DVec3, x: f64, y: f64) -> bool {
        camera.project(point).unwrap().distance(DVec2::new(x, y)) < 1e-6
    }

    #[test]
    fn a_pan_keeps_the_held_point_under_the_cursor_and_the_height() {
        let mut camera = camera();
        let held = camera.ground_point(300.0, 500.0, 12.0);
        let height = camera.eye().z;
        for (x, y) in [(320.0, 480.0), (900.0, 300.0), (40.0, 700.0)] {
            camera.pan(held, x, y);
            assert!(seen(&camera, held, x, y));
            assert!((camera.eye().z - height).abs() < 1e-9);
        }
    }

    #[test]
    fn a_drag_into_the_sky_moves_the_city_no_further_than_the_eye_can_follow() {
        let mut camera = Camera {
            pose: Pose {
                pitch: -0.1,
                ..camera().pose
            },
            ..camera()
        };
        let held = camera.ground_point(640.0, 600.0, 6.0);
        let before = camera.eye();
        camera.pan(held, 640.0, 0.0);
        assert!(
            camera.eye().distance(before) < 20.0 * camera.pose.distance,
            "{}",
            camera.eye().distance(before)
        );
    }

    #[test]
    fn a_zoom_keeps_the_point_under_the_cursor_and_comes_nearer_by_the_factor() {
        let mut camera = camera();
        let roof = camera.ray(1000.0, 250.0).at(300.0);
        camera.zoom(roof, 0.5, 1e5);
        assert!(seen(&camera, roof, 1000.0, 250.0));
        assert!((camera.eye().distance(roof) - 150.0).abs() < 1e-9);
        assert!((camera.pose.distance - 210.0).abs() < 1e-9);
    }

    #[test]
    fn a_zoom_ends_a_metre_before_the_wall_and_at_the_farthest() {
        let mut camera = camera();
        let wall = camera.ray(600.0, 300.0).at(200.0);
        for _ in 0..200 {
            camera.zoom(wall, 0.8, 1e5);
        }
        assert!(
            (camera.eye().distance(wall) - 1.0).abs() < 1e-6,
            "{}",
            camera.eye().distance(wall)
        );
        for _ in 0..200 {
            camera.zoom(wall, 1.3, 5000.0);
        }
        assert!((camera.pose.distance - 5000.0).abs() < 1e-6);
    }

    #[test]
    fn an_orbit_keeps_its_point_in_place_and_the_eye_above_the_ground() {
        let mut camera = camera();
        let corner = camera.ground_point(200.0, 600.0, 6.0);
        for drag in [
            DVec2::new(130.0, 40.0),
            DVec2::new(-700.0, 90.0),
            DVec2::new(33.0, -60.0),
        ] {
            camera.orbit(drag, corner);
            assert!(seen(&camera, corner, 200.0, 600.0));
        }
        camera.orbit(DVec2::new(0.0, -5000.0), camera.pose.target);
        assert!((camera.pose.pitch - LOWEST).abs() < 1e-12 && camera.eye().z > camera.pose.target.z);
        camera.orbit(DVec2::new(0.0, 5000.0), camera.pose.target);
        assert!((camera.pose.pitch + FRAC_PI_2).abs() < 1e-12);
    }

    #[test]
    fn an_orbit_about_the_target_keeps_target_and_distance() {
        let mut camera = camera();
        let before = camera.pose;
        camera.orbit(DVec2::new(200.0, -30.0), before.target);
        assert!(camera.pose.target.distance(before.target) < 1e-9);
        assert!((camera.pose.distance - before.distance).abs() < 1e-9);
        assert!(
            camera.pose.heading > before.heading,
            "dragging to the right turns the view clockwise"
        );
    }

    #[test]
    fn looking_about_leaves_the_eye_where_it_is() {
        let mut camera = camera();
        let eye = camera.eye();
        let sign = camera.ray(640.0, 360.0).at(50.0);
        camera.look(DVec2::new(80.0, 200.0));
        assert!(camera.eye().distance(eye) < 1e-9);
        let now = camera.project(sign).unwrap();
        assert!(
            now.x > 700.0 && now.y > 520.0,
            "the picture goes with the cursor: {now}"
        );
        camera.look(DVec2::new(0.0, 9000.0));
        assert!((camera.pose.pitch - HIGHEST).abs() < 1e-12);
    }

    #[test]
    fn two_fingers_keep_what_is_between_them() {
        let mut camera = camera();
        let from = [DVec2::new(500.0, 400.0), DVec2::new(700.0, 400.0)];
        let held = camera.ground_point(600.0, 400.0, 6.0);
        // Twice as far apart, turned a quarter clockwise, and moved.
        let to = [DVec2::new(650.0, 180.0), DVec2::new(650.0, 580.0)];
        let (distance, heading) = (camera.eye().distance(held), camera.pose.heading);
        camera.pinch(held, from, to, 1e5);
        assert!(seen(&camera, held, 650.0, 380.0));
        let turned = (camera.pose.heading - heading).rem_euclid(TAU);
        assert!(
            (turned - 1.5 * PI).abs() < 1e-9,
            "the view turns against the fingers: {turned}"
        );
        assert!((camera.eye().distance(held) / distance - 0.5).abs() < 0.05);
    }

    #[test]
    fn fingers_that_lie_on_each_other_do_no_harm() {
        let mut camera = camera();
        let same = [DVec2::new(500.0, 400.0); 2];
        let held = camera.ground_point(500.0, 400.0, 6.0);
        camera.pinch(held, same, same, 1e5);
        assert!(camera.eye().is_finite() && seen(&camera, held, 500.0, 400.0));
    }

    #[test]
    fn focus_changes_what_the_view_turns_about_and_nothing_on_the_picture() {
        let mut camera = camera();
        let (eye, forward) = (camera.eye(), camera.pose.forward());
        let facade = camera.ray(640.0, 360.0).at(95.0);
        camera.focus(facade);
        assert!((camera.pose.distance - 95.0).abs() < 1e-9 && camera.pose.target.distance(facade) < 1e-9);
        assert!(camera.eye().distance(eye) < 1e-9 && camera.pose.forward().distance(forward) < 1e-12);
        camera.focus(eye - forward * 10.0);
        assert!(
            (camera.pose.distance - 95.0).abs() < 1e-9,
            "a point behind the eye is no focus"
        );
    }

    #[test]
    fn keys_move_along_the_ground_as_the_picture_lies() {
        let mut camera = Camera {
            pose: Pose {
                heading: FRAC_PI_2,
                ..camera().pose
            },
            ..camera()
        };
        let before = camera.pose.target;
        camera.step(Step::Forward, 1e5);
        assert!(camera.pose.target.distance(before + DVec3::X * 42.0) < 1e-9);
        camera.step(Step::Left, 1e5);
        assert!(camera.pose.target.distance(before + DVec3::new(42.0, 42.0, 0.0)) < 1e-9);
        camera.step(Step::North, 1e5);
        assert!(camera.pose.heading.abs() < 1e-12);
        camera.step(Step::Top, 1e5);
        assert!((camera.pose.pitch + FRAC_PI_2).abs() < 1e-12);
        camera.step(Step::TurnRight, 1e5);
        assert!((camera.pose.heading.to_degrees() - 5.0).abs() < 1e-9);
    }
}
