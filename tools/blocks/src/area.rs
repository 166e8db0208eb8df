//! What part of the world an export covers.
//!
//! People give a box of longitudes and latitudes; the world is made of chunks of 16 by 16 columns in 512 by 512
//! regions. A chunk is written whole or not at all, or two exports could not be joined: so the box grows outward to
//! whole chunks.

use crate::Error;
use crate::anchor::UNITS;
use glam::DVec3;

/// Columns along a side of a chunk.
pub const CHUNK: i32 = 16;
/// Chunks along a side of a region.
pub const REGION_CHUNKS: i32 = 32;

/// A rectangle of chunks, in chunk coordinates; the greater ends are outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkArea {
    /// Least x.
    pub x0: i32,
    /// Least z.
    pub z0: i32,
    /// One past the greatest x.
    pub x1: i32,
    /// One past the greatest z.
    pub z1: i32,
}

/// A rectangle of columns in grid units, as [`crate::anchor::Point`]; borders included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Least x and z.
    pub min: [i32; 2],
    /// Greatest x and z.
    pub max: [i32; 2],
}

impl ChunkArea {
    /// The smallest area around these points, given in blocks.
    pub fn around(points: impl IntoIterator<Item = DVec3>) -> Self {
        let (mut min, mut max) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for point in points {
            min = min.min(point);
            max = max.max(point);
        }
        let side = f64::from(CHUNK);
        let (x0, z0) = ((min.x / side).floor() as i32, (min.z / side).floor() as i32);
        Self {
            x0,
            z0,
            x1: ((max.x / side).ceil() as i32).max(x0 + 1),
            z1: ((max.z / side).ceil() as i32).max(z0 + 1),
        }
    }

    /// How many chunks.
    pub fn chunk_count(&self) -> u64 {
        (i64::from(self.x1 - self.x0).max(0) * i64::from(self.z1 - self.z0).max(0)) as u64
    }

    /// In square kilometres.
    pub fn km2(&self) -> f64 {
        self.chunk_count() as f64 * f64::from(CHUNK * CHUNK) / 1e6
    }

    /// The chunks, by z and then x.
    pub fn chunks(self) -> impl Iterator<Item = (i32, i32)> {
        (self.z0..self.z1).flat_map(move |z| (self.x0..self.x1).map(move |x| (x, z)))
    }

    /// The part of the area that lies in each region it touches, with the region's coordinates; by z and then x.
    pub fn regions(self) -> impl Iterator<Item = ((i32, i32), Self)> {
        let of = |chunk: i32| chunk.div_euclid(REGION_CHUNKS);
        let (xs, zs) = (of(self.x0)..=of(self.x1 - 1), of(self.z0)..=of(self.z1 - 1));
        zs.flat_map(move |z| xs.clone().map(move |x| (x, z)))
            .map(move |(x, z)| {
                let part = Self {
                    x0: self.x0.max(x * REGION_CHUNKS),
                    z0: self.z0.max(z * REGION_CHUNKS),
                    x1: self.x1.min((x + 1) * REGION_CHUNKS),
                    z1: self.z1.min((z + 1) * REGION_CHUNKS),
                };
                ((x, z), part)
            })
    }

    /// Whether the chunk belongs to it.
    pub fn contains(&self, x: i32, z: i32) -> bool {
        (self.x0..self.x1).contains(&x) && (self.z0..self.z1).contains(&z)
    }

    /// The columns, `margin` blocks more on every side.
    pub fn footprint(&self, margin: i32) -> Footprint {
        let low = |chunk: i32| (chunk * CHUNK - margin) * UNITS;
        let high = |chunk: i32| (chunk * CHUNK + margin) * UNITS;
        Footprint {
            min: [low(self.x0), low(self.z0)],
            max: [high(self.x1), high(self.z1)],
        }
    }

    /// Least x and z and greatest x and z, in blocks, the last ones included.
    pub fn blocks(&self) -> [i32; 4] {
        [
            self.x0 * CHUNK,
            self.z0 * CHUNK,
            self.x1 * CHUNK - 1,
            self.z1 * CHUNK - 1,
        ]
    }
}

impl Footprint {
    /// Whether the two share a point.
    pub fn intersects(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.min[axis] <= other.max[axis] && other.min[axis] <= self.max[axis])
    }
}

/// Checks west, south, east, north in degrees.
///
/// # Errors
/// [`Error::Box`] with the reason.
pub fn check_box(bbox: [f64; 4]) -> Result<(), Error> {
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
        return Ok(());
    };
    Err(Error::Box { bbox, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_grows_to_whole_chunks_and_falls_apart_into_regions() {
        let area = ChunkArea::around([DVec3::new(-3.0, 0.0, 500.0), DVec3::new(17.0, 0.0, 513.0)]);
        assert_eq!(
            area,
            ChunkArea {
                x0: -1,
                z0: 31,
                x1: 2,
                z1: 33
            }
        );
        assert_eq!(area.chunk_count(), 6);
        let regions: Vec<_> = area.regions().collect();
        assert_eq!(
            regions.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            [(-1, 0), (0, 0), (-1, 1), (0, 1)]
        );
        assert_eq!(regions.iter().map(|(_, part)| part.chunk_count()).sum::<u64>(), 6);
        assert_eq!(area.blocks(), [-16, 496, 31, 527]);
    }

    #[test]
    fn a_box_on_chunk_borders_does_not_grow() {
        let area = ChunkArea::around([DVec3::new(0.0, 0.0, 16.0), DVec3::new(32.0, 0.0, 32.0)]);
        assert_eq!(
            area,
            ChunkArea {
                x0: 0,
                z0: 1,
                x1: 2,
                z1: 2
            }
        );
    }

    #[test]
    fn wrong_boxes_are_told_what_is_right() {
        let reason = |bbox| match check_box(bbox) {
            Err(Error::Box { reason, .. }) => reason,
            other => format!("{other:?}").leak(),
        };
        assert!(reason([24.95, 60.17, 24.94, 60.18]).contains("date line"));
        assert!(reason([24.94, 60.18, 24.95, 60.17]).contains("north of the first"));
        assert!(reason([60.17, 124.94, 60.18, 124.95]).contains("longitude comes first"));
        assert!(reason([f64::NAN, 60.0, 25.0, 61.0]).contains("missing"));
        assert!(check_box([24.94, 60.17, 24.95, 60.18]).is_ok());
    }
}
