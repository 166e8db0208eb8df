//! The box that is asked for.

use crate::Error;
use glam::{DVec2, DVec3};
use tiles::bounds::{Aabb, OrientedBox};
use tiles::geodesy::{Enu, EnuFrame, Geodetic};

/// Mean radius of the earth in metres (IUGG, R1).
const RADIUS: f64 = 6_371_008.8;

/// A box of longitudes and latitudes in degrees. Its west and south edges belong to it, its east and north edges to its
/// neighbours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub(crate) west: f64,
    pub(crate) south: f64,
    pub(crate) east: f64,
    pub(crate) north: f64,
}

impl Area {
    /// Checks west, south, east, north in degrees.
    ///
    /// # Errors
    /// [`Error::Box`] with the reason.
    pub fn new(bbox: [f64; 4]) -> Result<Self, Error> {
        let [west, south, east, north] = bbox;
        let reason = if bbox.iter().any(|number| !number.is_finite()) {
            "a number is missing"
        } else if west.abs() > 180.0 || east.abs() > 180.0 {
            "a longitude is not between -180 and 180"
        } else if south.abs() > 90.0 || north.abs() > 90.0 {
            "a latitude is not between -90 and 90; longitude comes first"
        } else if south >= north {
            "the second latitude must be north of the first; give west,south,east,north"
        } else if west >= east {
            "the second longitude must be east of the first; give west,south,east,north, and no box over the date line"
        } else {
            return Ok(Self {
                west,
                south,
                east,
                north,
            });
        };
        Err(Error::Box { bbox, reason })
    }

    /// In square kilometres, to a per cent.
    pub fn km2(&self) -> f64 {
        let height = self.north.to_radians().sin() - self.south.to_radians().sin();
        RADIUS * RADIUS * (self.east - self.west).to_radians() * height / 1e6
    }

    /// Whether a point belongs to it: on the west and south edges it does, on the others not.
    pub fn holds(&self, lon: f64, lat: f64) -> bool {
        (self.west..self.east).contains(&lon) && (self.south..self.north).contains(&lat)
    }

    /// Whether it shares a point with another box, as west, south, east, north.
    pub fn meets(&self, [west, south, east, north]: [f64; 4]) -> bool {
        west <= self.east && self.west <= east && south <= self.north && self.south <= north
    }

    /// Longitude and latitude of its middle.
    pub fn middle(&self) -> [f64; 2] {
        [self.west.midpoint(self.east), self.south.midpoint(self.north)]
    }

    /// What it covers of a frame, with a margin for what a flat frame does not know: its parallels are bent, and a
    /// point moves a little with its height.
    pub(crate) fn in_frame(&self, frame: &EnuFrame) -> Plane {
        let mut bounds = Aabb::EMPTY;
        for step in 0..=8 {
            let t = f64::from(step) / 8.0;
            let lon = self.west + (self.east - self.west) * t;
            let lat = self.south + (self.north - self.south) * t;
            for [lon, lat] in [[lon, self.south], [lon, self.north], [self.west, lat], [self.east, lat]] {
                let point = Geodetic::from_degrees(lon, lat, frame.origin().height);
                bounds.include(frame.to_enu(point.to_ecef()).0);
            }
        }
        let reach = bounds.min.abs().max(bounds.max.abs());
        let margin = 2.0 + reach.x.max(reach.y) * 2e-4;
        Plane {
            min: bounds.min.truncate() - margin,
            max: bounds.max.truncate() + margin,
            margin,
        }
    }
}

/// A rectangle of east and north in a frame, in metres.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    min: DVec2,
    max: DVec2,
    /// How far it reaches beyond what is wanted.
    margin: f64,
}

impl Plane {
    /// The rectangle around one point.
    pub(crate) fn around(point: DVec2, margin: f64) -> Self {
        Self {
            min: point - margin,
            max: point + margin,
            margin,
        }
    }

    /// Whether a volume of the frame reaches above or below it.
    pub(crate) fn meets(&self, volume: &OrientedBox) -> bool {
        let bounds = volume.to_aabb();
        bounds.min.truncate().cmple(self.max).all() && self.min.cmple(bounds.max.truncate()).all()
    }

    /// How much of a volume lies above or below what is wanted, from 0 to 1; of one without width or depth, its middle
    /// decides for that side.
    pub(crate) fn share(&self, volume: &OrientedBox) -> f64 {
        let bounds = volume.to_aabb();
        let (min, max) = (self.min + self.margin, self.max - self.margin);
        let side = |axis: usize| {
            let (from, to) = (bounds.min[axis], bounds.max[axis]);
            if to - from < 1e-3 {
                return f64::from(u8::from((min[axis]..=max[axis]).contains(&from.midpoint(to))));
            }
            (to.min(max[axis]) - from.max(min[axis])).max(0.0) / (to - from)
        };
        side(0) * side(1)
    }
}

/// West, south, east and north in degrees of a box in a frame whose points `degrees` tells.
pub(crate) fn lon_lat_bounds(bounds: &Aabb, degrees: impl Fn(Enu) -> [f64; 3]) -> [f64; 4] {
    let mut found = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    for corner in 0..8 {
        let pick = |bit: usize| if corner >> bit & 1 == 1 { bounds.max } else { bounds.min };
        let [lon, lat, _] = degrees(Enu(DVec3::new(pick(0).x, pick(1).y, pick(2).z)));
        found = [
            found[0].min(lon),
            found[1].min(lat),
            found[2].max(lon),
            found[3].max(lat),
        ];
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    #[test]
    fn a_box_knows_its_size_and_whose_its_edges_are() {
        // A hundredth of a degree at 60 degrees north: 557.8 m by 1114.1 m (GeographicLib, WGS 84).
        let area = Area::new([24.94, 60.17, 24.95, 60.18]).unwrap();
        assert!((area.km2() - 0.6185).abs() < 0.01, "{}", area.km2());
        assert!(area.holds(24.94, 60.17) && !area.holds(24.95, 60.17) && !area.holds(24.94, 60.18));
    }

    #[test]
    fn a_volume_that_reaches_over_the_box_counts_with_what_it_has_of_it() {
        let plane = Plane {
            min: DVec2::splat(-2.0),
            max: DVec2::splat(12.0),
            margin: 2.0,
        };
        let share = |min: [f64; 3], max: [f64; 3]| {
            let bounds = Aabb::from_corners(DVec3::from(min), DVec3::from(max));
            plane.share(&OrientedBox::from_aabb(&bounds))
        };
        assert!((share([1.0, 1.0, 0.0], [9.0, 9.0, 5.0]) - 1.0).abs() < 1e-9);
        assert!((share([5.0, 5.0, 0.0], [15.0, 15.0, 5.0]) - 0.25).abs() < 1e-9);
        assert!(share([10.5, 0.0, 0.0], [11.0, 5.0, 5.0]) < 1e-9);
        assert!((share([5.0, 2.0, 0.0], [5.0, 8.0, 5.0]) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn wrong_boxes_are_told_what_is_right() {
        let reason = |bbox| Area::new(bbox).unwrap_err().to_string();
        assert!(reason([24.95, 60.17, 24.94, 60.18]).contains("date line"));
        assert!(reason([24.94, 60.18, 24.95, 60.17]).contains("north of the first"));
        assert!(reason([60.17, 124.94, 60.18, 124.95]).contains("longitude comes first"));
        assert!(reason([f64::NAN, 60.0, 25.0, 61.0]).contains("missing"));
        assert!(reason([0.0, 60.0, 200.0, 61.0]).contains("-180 and 180"));
    }

    #[test]
    fn a_far_box_is_found_in_a_flat_frame() {
        let frame = EnuFrame::new(Geodetic::from_degrees(24.9, 60.2, 18.0));
        let area = Area::new([25.1, 60.3, 25.11, 60.31]).unwrap();
        let plane = area.in_frame(&frame);
        for (lon, lat, height) in [(25.1, 60.3, -20.0), (25.105, 60.31, 300.0), (25.11, 60.305, 80.0)] {
            let point = frame.to_enu(Geodetic::from_degrees(lon, lat, height).to_ecef()).0;
            let spot = OrientedBox::from_aabb(&Aabb::from_points([point]));
            assert!(plane.meets(&spot), "{lon} {lat} {height}: {point}");
        }
        let elsewhere = frame.to_enu(Geodetic::from_degrees(25.12, 60.305, 20.0).to_ecef()).0;
        assert!(!plane.meets(&OrientedBox::from_aabb(&Aabb::from_points([elsewhere]))));
    }
}
