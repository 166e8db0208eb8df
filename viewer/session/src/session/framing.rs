//! Where the eye must be to see something.

use super::Session;
use crate::camera::{Camera, Pose, Viewport};
use crate::city::City;
use crate::command::Place;
use glam::DVec3;
use std::f64::consts::{FRAC_PI_2, TAU};
use tiles::bounds::{Aabb, OrientedBox};
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

/// The view that a session begins with: as the city tells, or all of it at a slant from the south-south-west, whence in
/// the afternoon the faces are lit.
///
/// A view that shows the last corner of a city shows mostly what is around it. So what must be seen is the city's inner
/// part, in its full height; it reaches from the lower edge to a skyline in the upper third, and the city's own edges
/// fill the sides.
pub(super) fn home(city: &City, viewport: Viewport) -> Camera {
    const HEADING: f64 = 20.0 * std::f64::consts::PI / 180.0;
    const PITCH: f64 = -26.0 * std::f64::consts::PI / 180.0;
    const INNER: f64 = 0.5;
    let (center, half) = (city.bounds.center(), city.bounds.size() * 0.5);
    let slanting = Pose {
        target: center,
        distance: 1.0,
        heading: HEADING,
        pitch: PITCH,
    };
    let mut camera = Camera::new(city.home.unwrap_or(slanting), viewport);
    if city.home.is_none() {
        let reach = half * DVec3::new(INNER, INNER, 1.0);
        let inner = Aabb::from_corners(center - reach, center + reach);
        camera.pose = below_the_skyline(&camera, &inner);
        camera.pose.distance = camera.pose.distance.clamp(50.0, city.farthest());
        camera.refocus(city.ground);
    }
    camera
}

/// The camera's pose, moved so that `bounds` reach from the lower edge of the picture to where the skyline belongs, or so far
/// away that half their width is seen, where that takes more distance.
fn below_the_skyline(camera: &Camera, bounds: &Aabb) -> Pose {
    /// Height in the picture of the highest that is seen: 0 is the middle, 1 the upper edge.
    const SKYLINE: f64 = 0.45;
    /// The share of the width that must be seen: in an upright picture depth shows more of the city than width.
    const BESIDE: f64 = 0.5;
    let half = (camera.fovy * 0.5).tan();
    let axes = camera.pose.axes();
    let corners = OrientedBox::from_aabb(bounds).corners();
    let seen = corners.map(|corner| axes.transpose() * (corner - bounds.center()));
    // With the eye at a distance d and raised by s along the picture, a corner (x, y, z) is seen at height
    // (y - s) / (d - z) / half, which must lie between -1 and the skyline, and at x / (d - z) / half / aspect.
    let low = |d: f64| {
        seen.iter()
            .map(|c| c.y + half * (d - c.z))
            .fold(f64::INFINITY, f64::min)
    };
    let high = |d: f64| {
        seen.iter()
            .map(|c| c.y - SKYLINE * half * (d - c.z))
            .fold(f64::NEG_INFINITY, f64::max)
    };
    let mut distance = 0.0_f64;
    for a in &seen {
        let beside = a.z + BESIDE * a.x.abs() / (half * camera.aspect());
        let pairs = seen
            .iter()
            .map(|b| (b.y + SKYLINE * half * b.z - a.y + half * a.z) / (half * (1.0 + SKYLINE)));
        distance = pairs.fold(distance.max(beside), f64::max);
    }
    let raised = f64::midpoint(low(distance), high(distance));
    Pose {
        target: bounds.center() + axes.y_axis * raised,
        distance,
        ..camera.pose
    }
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
