//! Where the world's zero lies in the city.
//!
//! Two classes export two halves of a district and want to join them; a teacher exports the same street a year later
//! and wants to find yesterday's bench. So a block's place must depend on the city alone, never on the box that was
//! asked for. An [`Anchor`] is fixed by the origin of the city's tiles, which a collection keeps for ever: easting and
//! northing of that origin rounded down to whole regions of 512 blocks, and a height offset that is 0 wherever the
//! game has room for it.
//!
//! Axes: x = easting - e0, z = n0 - northing, y = height + offset, one block a metre, so the grid's north is the
//! game's north (-z) and the sun rises in the east.

use glam::DVec3;
use serde::{Deserialize, Serialize};

/// Length of a block in grid units: coordinates are kept in 1/1024 m.
pub const UNITS: i32 = 1024;
/// Blocks along a side of a region file.
pub const REGION: i64 = 512;
/// Lowest block of the game.
pub const Y_MIN: i32 = -64;
/// One above the highest block of the game.
pub const Y_MAX: i32 = 320;
/// A coordinate this many units from a cell's face is put on it; see [`Anchor::snap`].
pub const CAPTURE: i32 = 2;
/// No coordinate is further from the anchor than this many units (524 km).
const REACH: f64 = (1 << 29) as f64;

/// A point of the world in 1/1024 block: x east, y up, z south.
pub type Point = [i32; 3];

/// The world's zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// Easting of x = 0 in whole metres, a multiple of 512.
    pub e0: i64,
    /// Northing of z = 0 in whole metres, a multiple of 512.
    pub n0: i64,
    /// What is added to a height to get y.
    pub offset: i32,
}

impl Anchor {
    /// The anchor of the city whose tiles have their origin at this easting, northing and height.
    ///
    /// Origins between 64 m below and 128 m above zero leave y = height. Other cities move by a multiple of 64, so
    /// that their origin comes to lie between y 32 and 96.
    pub fn of_city(origin: DVec3) -> Self {
        let floor = |metres: f64| (metres / REGION as f64).floor() as i64 * REGION;
        let offset = if (-64.0..=128.0).contains(&origin.z) {
            0
        } else {
            -64 * ((origin.z - 64.0) / 64.0).round() as i32
        };
        Self {
            e0: floor(origin.x),
            n0: floor(origin.y),
            offset,
        }
    }

    /// The point with this easting, northing and height, in blocks.
    pub fn to_blocks(&self, projected: DVec3) -> DVec3 {
        DVec3::new(
            projected.x - self.e0 as f64,
            projected.z + f64::from(self.offset),
            self.n0 as f64 - projected.y,
        )
    }

    /// Easting, northing and height of a point in blocks.
    pub fn to_projected(&self, blocks: DVec3) -> DVec3 {
        DVec3::new(
            blocks.x + self.e0 as f64,
            self.n0 as f64 - blocks.z,
            blocks.y - f64::from(self.offset),
        )
    }

    /// The same point in whole units.
    ///
    /// Tiles are exact to a millimetre or two, and cities are full of round numbers: a roof at 45.000 m comes out of a
    /// tile as 45.0004 and would reach into another cell. So a coordinate within [`CAPTURE`] units (2 mm) of a cell's
    /// face is put on that face. Points that coincide stay together, so closed shells stay closed.
    pub fn snap(&self, projected: DVec3) -> Point {
        self.to_blocks(projected).to_array().map(snap_coordinate)
    }
}

/// See [`Anchor::snap`]; `blocks` along one axis.
pub fn snap_coordinate(blocks: f64) -> i32 {
    let units = (blocks * f64::from(UNITS)).round().clamp(-REACH, REACH) as i32;
    let above = units.rem_euclid(UNITS);
    if above <= CAPTURE {
        units - above
    } else if above >= UNITS - CAPTURE {
        units + UNITS - above
    } else {
        units
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helsinki_keeps_its_heights_and_its_grid() {
        let anchor = Anchor::of_city(DVec3::new(25_496_907.2, 6_673_191.07, 17.3));
        assert_eq!(anchor.e0, 25_496_576);
        assert_eq!(anchor.n0, 6_673_064 / 512 * 512);
        assert_eq!((anchor.e0 % 512, anchor.n0 % 512, anchor.offset), (0, 0, 0));
        let place = DVec3::new(25_497_345.0, 6_673_056.25, 45.0);
        assert_eq!(anchor.to_projected(anchor.to_blocks(place)), place);
    }

    #[test]
    fn a_mountain_city_is_lowered_by_a_multiple_of_64() {
        let anchor = Anchor::of_city(DVec3::new(2_683_000.0, 1_247_000.0, 430.0));
        assert_eq!(anchor.offset % 64, 0);
        assert!((32..=96).contains(&(430 + anchor.offset)), "{anchor:?}");
    }

    #[test]
    fn east_is_x_and_north_is_minus_z() {
        let anchor = Anchor::of_city(DVec3::new(1000.0, 2000.0, 0.0));
        let here = anchor.to_blocks(DVec3::new(1000.0, 2000.0, 5.0));
        let there = anchor.to_blocks(DVec3::new(1010.0, 2020.0, 7.0));
        assert_eq!(there - here, DVec3::new(10.0, 2.0, -20.0));
    }

    #[test]
    fn millimetre_noise_about_a_face_is_taken_out_and_nothing_else() {
        for noise in [-0.002, -0.0005, 0.0, 0.0005, 0.002] {
            assert_eq!(snap_coordinate(45.0 + noise), 45 * 1024);
            assert_eq!(snap_coordinate(-3.0 + noise), -3 * 1024);
        }
        assert_eq!(snap_coordinate(45.003), 45 * 1024 + 3);
        assert_eq!(snap_coordinate(44.997), 45 * 1024 - 3);
        assert_eq!(snap_coordinate(0.5), 512);
    }
}
