//! What a feature covers of the ground, for the GeoPackage.

use crate::crs::degrees;
use crate::outline::{self, STEEP};
use crate::shape::Shape;
use glam::DVec3;
use store::Footprint;
use tiles::geodesy::EnuFrame;

/// The footprint of every row of a shape: as the file has it, else what its faces cover; of an object with parts, all of them together.
pub(crate) fn footprints(shape: &Shape, frame: &EnuFrame) -> Vec<Footprint> {
    (0..shape.rows.len())
        .map(|row| {
            let written = written(shape, row, frame);
            if written.is_empty() {
                covered(shape, row, frame)
            } else {
                written
            }
        })
        .collect()
}

fn written(shape: &Shape, row: usize, frame: &EnuFrame) -> Footprint {
    let own = shape.footprints.iter().filter(|(owner, _)| *owner == row);
    own.map(|(_, rings)| {
        rings
            .iter()
            .map(|ring| {
                ring.iter()
                    .chain(ring.first())
                    .map(|&point| lon_lat(point, frame))
                    .collect()
            })
            .collect()
    })
    .collect()
}

/// The plan of the faces that look up.
fn covered(shape: &Shape, row: usize, frame: &EnuFrame) -> Footprint {
    let within = descendants(shape, row);
    let up = shape
        .triangles
        .iter()
        .filter(|t| t.normal.z > STEEP && within.contains(&(t.row as usize)));
    let plan = outline::plan_of(up);
    plan.iter()
        .map(|polygon| {
            let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
            rings
                .map(|ring| {
                    ring.0
                        .iter()
                        .map(|c| lon_lat(DVec3::new(c.x, c.y, shape.bounds.min.z), frame))
                        .collect()
                })
                .collect()
        })
        .collect()
}

/// A row and those of its parts, which come after it.
fn descendants(shape: &Shape, row: usize) -> Vec<usize> {
    let mut within = vec![row];
    for (number, child) in shape.rows.iter().enumerate().skip(row + 1) {
        let parent = child.parent.as_deref();
        if within.iter().any(|&above| parent == Some(&*shape.rows[above].id)) {
            within.push(number);
        }
    }
    within
}

fn lon_lat(point: DVec3, frame: &EnuFrame) -> [f64; 2] {
    let [lon, lat, _] = degrees(frame, point);
    [lon, lat]
}
