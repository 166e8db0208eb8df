//! Where the eye must be to see something.

use super::Session;
use crate::camera::{Camera, Pose, Viewport};
use crate::city::City;
use crate::command::Place;
use glam::DVec3;
use std::f64::consts::{FRAC_PI_2, TAU};
use tiles::bounds::Aabb;
use tiles::geodesy::Geodetic;

impl Session {
    pub(super) fn fly_to(&mut self, place: &Place, seconds: f64) {
        let to = match place {
            Place::Box { bbox } if !bbox.iter().all(|number| number.is_finite()) => None,
            Place::Point { lon, lat, height } => Some(self.near(self.point(*lon, *lat, *height))),
            Place::Box { bbox } => Some(self.around(bbox)),
            Place::Selected => self.at_selected(),
        };
        if let Some(to) = to.filter(|pose| pose.target.is_finite() && pose.distance.is_finite()) {
            self.fly(to, seconds);
        }
    }

    fn at_selected(&self) -> Option<Pose> {
        let selection = self.selection.as_ref()?;
        let box_of = selection.bbox.as_ref().map(|bbox| self.around(bbox));
        box_of.or_else(|| selection.point.map(|point| self.near(point)))
    }

    /// Degrees to east, north, up; on the ground where no height is given.
    fn point(&self, lon: f64, lat: f64, height: Option<f64>) -> DVec3 {
        let enu = |height| {
            self.city
                .frame
                .to_enu(Geodetic::from_degrees(lon, lat, height).to_ecef())
                .0
        };
        // Up there and up here are so nearly the same that one correction is enough.
        enu(height.unwrap_or_else(|| self.city.ground - enu(0.0).z))
    }

    /// A view of a point from as near as a street is long.
    fn near(&self, target: DVec3) -> Pose {
        let pose = self.camera.pose;
        Pose {
            target,
            distance: pose.distance.clamp(30.0, 400.0),
            pitch: slanting(pose.pitch),
            ..pose
        }
    }

    /// A view of all of a box.
    fn around(&self, &[west, south, low, east, north, high]: &[f64; 6]) -> Pose {
        let corners = [(west, south), (east, south), (west, north), (east, north)];
        let corners = corners
            .iter()
            .flat_map(|(lon, lat)| [low, high].map(|h| self.point(*lon, *lat, Some(h))));
        let bounds = Aabb::from_points(corners);
        let pose = Pose {
            target: bounds.center(),
            pitch: slanting(self.camera.pose.pitch),
            ..self.camera.pose
        };
        let distance = self.camera.distance_to_see(&bounds, &pose) * 1.1;
        Pose {
            distance: distance.clamp(30.0, self.city.farthest()),
            ..pose
        }
    }
}

/// The view that a session begins with: as the city tells, or all of it seen from the south.
pub(super) fn home(city: &City, viewport: Viewport) -> Camera {
    const PITCH: f64 = -35.0 * std::f64::consts::PI / 180.0;
    let center = city.bounds.center();
    let far = Pose {
        target: center,
        distance: 1.0,
        heading: 0.0,
        pitch: PITCH,
    };
    let mut camera = Camera::new(city.home.unwrap_or(far), viewport);
    if city.home.is_none() {
        let distance = camera.distance_to_see(&city.bounds, &far).clamp(50.0, city.farthest());
        camera.pose = Pose { distance, ..far };
        camera.refocus(city.ground);
    }
    camera
}

/// Puts the eye somewhere; it then turns about the ground it looks at, if that is not too far off.
pub(super) fn place(camera: &mut Camera, eye: DVec3, heading: f64, pitch: f64, ground: f64) {
    let pitch = pitch.clamp(-FRAC_PI_2, FRAC_PI_2 * 0.95);
    let heading = heading.rem_euclid(TAU);
    let ahead = Pose {
        target: eye,
        distance: 0.0,
        heading,
        pitch,
    }
    .forward();
    let along = (ground - eye.z) / ahead.z;
    let reach = ((eye.z - ground).abs() * 20.0).max(100.0);
    let distance = if ahead.z < 0.0 && (1.0..reach).contains(&along) {
        along
    } else {
        reach.min(100.0)
    };
    camera.pose = Pose {
        target: eye + ahead * distance,
        distance,
        heading,
        pitch,
    };
}

/// A pitch from which buildings are seen well: the present one if it is such.
fn slanting(pitch: f64) -> f64 {
    let [steep, flat, usual] = [-65.0_f64, -15.0, -35.0].map(f64::to_radians);
    if (steep..=flat).contains(&pitch) { pitch } else { usual }
}
