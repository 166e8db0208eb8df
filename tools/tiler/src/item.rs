//! What tiles are filled with: features, or pieces of them, as triangles.

use crate::layer::{Form, Layer};
use crate::shape::Triangle;
use crate::spill::Spill;
use crate::{Error, index};
use glam::DVec3;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tiles::bounds::Aabb;
use tiles::feature::Feature;
use tiles::surface::Surface;

/// What a tile knows of a feature.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subject {
    /// See [`number_of`].
    pub(crate) number: u64,
    pub(crate) layer: Layer,
    pub(crate) form: Form,
    pub(crate) feature: Feature,
}

/// A number that stands for an id: the same whatever else the city holds, so that what is chosen by it stays.
pub(crate) fn number_of(id: &str) -> u64 {
    let hash = blake3::hash(id.as_bytes());
    hash.as_bytes()
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// A feature, or the piece of it that lies in a cell.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) subject: Arc<Subject>,
    pub(crate) triangles: Arc<[Triangle]>,
    pub(crate) bounds: Aabb,
    /// Not drawn in the leaf; the stand-ins need to know of it.
    pub(crate) underlay: bool,
}

impl Item {
    pub(crate) fn new(subject: Arc<Subject>, triangles: Vec<Triangle>, underlay: bool) -> Self {
        Self {
            subject,
            bounds: Aabb::from_points(triangles.iter().flat_map(|t| t.corners)),
            triangles: triangles.into(),
            underlay,
        }
    }

    /// Where its middle lies along the curve about `middle`.
    pub(crate) fn place(&self, middle: [f64; 2]) -> u64 {
        let center = self.bounds.center();
        index::place_of(center.x - middle[0], center.y - middle[1])
    }

    /// As bytes: the subject's length, the subject, one byte, triangles.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) -> Result<(), postcard::Error> {
        let subject = postcard::to_stdvec(&*self.subject)?;
        bytes.extend((subject.len() as u32).to_le_bytes());
        bytes.extend(subject);
        bytes.push(u8::from(self.underlay));
        bytes.extend((self.triangles.len() as u32).to_le_bytes());
        for triangle in &*self.triangles {
            write_triangle(triangle, bytes);
        }
        Ok(())
    }

    /// The items of bytes that [`Item::write`] has written one after the other.
    pub(crate) fn read_all(mut bytes: &[u8], spill: &Spill) -> Result<Vec<Self>, Error> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let item = Self::read(&mut bytes).ok_or_else(|| spill.failed("a record is damaged"))?;
            all.push(item);
        }
        Ok(all)
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let length = u32::from_le_bytes(*take::<4>(bytes)?) as usize;
        let (subject, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        let subject = postcard::from_bytes(subject).ok()?;
        let [underlay] = *take::<1>(bytes)?;
        let count = u32::from_le_bytes(*take::<4>(bytes)?) as usize;
        let triangles = bytes.get(..count.checked_mul(TRIANGLE_BYTES)?)?;
        *bytes = &bytes[triangles.len()..];
        let triangles = triangles.as_chunks::<TRIANGLE_BYTES>().0;
        Some(Self::new(
            Arc::new(subject),
            triangles.iter().filter_map(read_triangle).collect(),
            underlay == 1,
        ))
    }
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(first)
}

/// Four points of three `f64`, colour, row, surface.
const TRIANGLE_BYTES: usize = 4 * 24 + 4 + 4 + 1;

fn write_triangle(triangle: &Triangle, bytes: &mut Vec<u8>) {
    for point in triangle.corners.iter().chain([&triangle.normal]) {
        for axis in point.to_array() {
            bytes.extend(axis.to_le_bytes());
        }
    }
    bytes.extend(triangle.color);
    bytes.extend(triangle.row.to_le_bytes());
    bytes.push(triangle.surface as u8);
}

fn read_triangle(bytes: &[u8; TRIANGLE_BYTES]) -> Option<Triangle> {
    let number = |at: usize| Some(f64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let point = |i: usize| Some(DVec3::new(number(24 * i)?, number(24 * i + 8)?, number(24 * i + 16)?));
    Some(Triangle {
        corners: [point(0)?, point(1)?, point(2)?],
        normal: point(3)?,
        color: *bytes.get(96..)?.first_chunk()?,
        row: u32::from_le_bytes(*bytes.get(100..)?.first_chunk()?),
        surface: Surface::from_number(bytes[104]),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn items_come_back_as_they_were() {
        let triangle = |n: f64| Triangle {
            corners: [DVec3::new(n, 0.1, -2.5), DVec3::X * n, DVec3::Y / 3.0],
            normal: DVec3::new(0.6, 0.0, 0.8),
            color: [1, 2, 3, 255],
            surface: Surface::Roof,
            row: 70_000,
        };
        let item = |id: &str, count: u32, underlay| {
            let subject = Subject {
                number: number_of(id),
                layer: Layer::Roads,
                form: Form::Ground,
                feature: Feature {
                    id: id.to_owned(),
                    height: Some(1.5),
                    ..Feature::default()
                },
            };
            let triangles = (0..count).map(|n| triangle(f64::from(n))).collect();
            Item::new(Arc::new(subject), triangles, underlay)
        };
        let items = [item("ä", 3, false), item("", 1, true)];
        let mut bytes = Vec::new();
        for item in &items {
            item.write(&mut bytes).unwrap();
        }
        let spill = Spill::new(&std::env::temp_dir()).unwrap();
        let back = Item::read_all(&bytes, &spill).unwrap();
        assert_eq!(format!("{back:?}"), format!("{items:?}"));
        assert!(Item::read_all(&bytes[..bytes.len() - 1], &spill).is_err());
    }
}
