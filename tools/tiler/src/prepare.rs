//! One object made ready: its rows, and its triangles cut into pieces that can be put aside.
//!
//! This is the part of the intake that every thread does for itself.

use crate::clip::{Half, clip};
use crate::footprint::footprints;
use crate::index::Entry;
use crate::item::{Item, Subject, number_of};
use crate::layer::{Form, Layer};
use crate::measure::Measures;
use crate::record::record;
use crate::shape::{Shape, Triangle, shape};
use crate::source::Source;
use crate::spill::{Blob, pack};
use crate::{outline, rows};
use citygml::CityObject;
use earcut::Earcut;
use glam::DVec3;
use std::sync::Arc;
use tiles::bounds::Aabb;
use tiles::geodesy::EnuFrame;
use tiles::surface::Surface;

/// Where a collection lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// `None` before anything has coordinates.
    pub(crate) enu: Option<EnuFrame>,
    /// East and north of the middle of the quadtree, in metres.
    pub(crate) middle: [f64; 2],
}

impl Site {
    /// For objects without coordinates: of them nothing is ever placed.
    pub(crate) const NOWHERE: Self = Self {
        enu: None,
        middle: [0.0; 2],
    };
}

/// An object ready to be put aside.
pub(crate) struct Prepared {
    pub(crate) layer: Layer,
    /// The ids of the object and its parts.
    pub(crate) ids: Vec<String>,
    pub(crate) line: u64,
    /// See [`rows::pack`].
    pub(crate) rows: Vec<u8>,
    /// Its pieces with their packed bytes; they have no blob yet.
    pub(crate) pieces: Vec<(Entry, Vec<u8>)>,
    pub(crate) measures: Measures,
    /// ENU.
    pub(crate) bounds: Aabb,
    /// Easting, northing, height.
    pub(crate) city: Aabb,
}

/// Pieces of ground put aside are no larger than this, in metres.
const PIECE: f64 = 512.0;

/// Makes an object ready; reports and answers `None` when nothing of it can be drawn.
pub(crate) fn prepare(object: &CityObject, source: &Source<'_>, site: &Site) -> Option<Prepared> {
    let record = record(object, source)?;
    let enu = site.enu?;
    let (line, city) = (record.line, record.city);
    let (mut shape, measures) = shape(record, &enu, source.path, source.report)?;
    let footprints = footprints(&shape, &enu);
    for (row, footprint) in shape.rows.iter_mut().zip(footprints) {
        row.footprint = footprint;
    }
    let number = number_of(&shape.feature.id);
    let packed = rows::pack(number, &shape.rows);
    let pieces = pieces(&mut shape, number, site);
    let (Ok(rows), Some(pieces)) = (packed, pieces) else {
        let advice = "Look at its attributes: one of them cannot be written down.";
        let message = "it cannot be put aside; the object is left out.";
        source.warn("not-kept", object, line, message, advice);
        return None;
    };
    Some(Prepared {
        layer: shape.layer,
        ids: shape.rows.into_iter().map(|row| row.id).collect(),
        line,
        rows,
        pieces,
        measures,
        bounds: shape.bounds,
        city,
    })
}

/// The pieces of a shape, and of the land under other layers.
fn pieces(shape: &mut Shape, number: u64, site: &Site) -> Option<Vec<(Entry, Vec<u8>)>> {
    let land = if is_land(shape) { land(shape) } else { Vec::new() };
    let subject = |layer, form, feature| {
        Arc::new(Subject {
            number,
            layer,
            form,
            feature,
        })
    };
    let drawn = subject(shape.layer, shape.form, shape.feature.clone());
    let triangles = std::mem::take(&mut shape.triangles);
    let mut items = match shape.form {
        Form::Ground => cut(triangles, site.middle)
            .into_iter()
            .map(|piece| Item::new(Arc::clone(&drawn), piece, false))
            .collect(),
        Form::Block | Form::Item => vec![Item::new(drawn, triangles, false)],
    };
    let under = subject(Layer::Terrain, Form::Ground, tiles::feature::Feature::default());
    let land = cut(land, site.middle).into_iter();
    items.extend(land.map(|piece| Item::new(Arc::clone(&under), piece, true)));
    items.iter().map(|item| put_by(item, site)).collect()
}

fn put_by(item: &Item, site: &Site) -> Option<(Entry, Vec<u8>)> {
    let mut bytes = Vec::new();
    item.write(&mut bytes).ok()?;
    let entry = Entry {
        layer: item.subject.layer as u8,
        place: item.place(site.middle),
        number: item.subject.number,
        blob: Blob { at: 0, length: 0 },
        triangles: item.triangles.len() as u32,
        drawn: u32::from(!item.underlay),
    };
    Some((entry, pack(&bytes)))
}

/// Ground cut at lines [`PIECE`] apart, so that a river is not one thing that every tile along it must load.
fn cut(triangles: Vec<Triangle>, middle: [f64; 2]) -> Vec<Vec<Triangle>> {
    if triangles.is_empty() {
        return Vec::new();
    }
    let bounds = Aabb::from_points(triangles.iter().flat_map(|t| t.corners));
    // Number of the first and the last strip; what ends on a line is not in the strip beyond.
    let lines = |axis: usize| {
        let strip = |at: f64| (at - middle[axis]) / PIECE;
        let low = strip(bounds.min[axis]).floor();
        (low, (strip(bounds.max[axis]).ceil() - 1.0).max(low))
    };
    let spans = [lines(0), lines(1)].map(|(low, high)| high - low);
    let axis = usize::from(spans[1] > spans[0]);
    let size = bounds.size();
    if spans[axis] < 1.0 || size.x.max(size.y) <= PIECE {
        return vec![triangles];
    }
    let (low, high) = lines(axis);
    let at = middle[axis] + f64::midpoint(low, high + 1.0).floor() * PIECE;
    let half = |greater| clip(&triangles, Half { axis, at, greater });
    let (lesser, greater) = (half(false), half(true));
    [cut(lesser, middle), cut(greater, middle)].concat()
}

/// Ground of other layers that is land: not water, not what stands on posts or hangs.
fn is_land(shape: &Shape) -> bool {
    match shape.form {
        Form::Ground => matches!(shape.layer, Layer::Roads | Layer::Green),
        Form::Block => shape.layer == Layer::Buildings && shape.feature.kind == "Building",
        Form::Item => false,
    }
}

/// A shape as a piece of land: ground as it is, of a building what it covers, laid on its lowest point.
fn land(shape: &Shape) -> Vec<Triangle> {
    let up = shape.triangles.iter().filter(|t| t.normal.z > outline::STEEP);
    if shape.form == Form::Ground {
        return up.copied().collect();
    }
    let mut earcut = Earcut::new();
    let plan = outline::plan_of(up);
    let cut = plan.iter().flat_map(|polygon| outline::cut(polygon, &mut earcut));
    cut.map(|corners| Triangle {
        corners: corners.map(|c| DVec3::new(c.x, c.y, shape.bounds.min.z)),
        normal: DVec3::Z,
        color: [0; 4],
        surface: Surface::Ground,
        row: 0,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_two_kilometres_is_cut_into_pieces_that_lose_nothing() {
        let p = |x: f64, y: f64| DVec3::new(x, y, 1.0);
        let triangle = |corners| Triangle {
            corners,
            normal: DVec3::Z,
            color: [0; 4],
            surface: Surface::LandUse,
            row: 0,
        };
        let field = vec![
            triangle([p(-1024., -512.), p(1024., -512.), p(1024., 512.)]),
            triangle([p(-1024., -512.), p(1024., 512.), p(-1024., 512.)]),
        ];
        for middle in [[0.0, 0.0], [100.0, -7.5]] {
            let pieces = cut(field.clone(), middle);
            assert!(pieces.len() >= 8, "{}", pieces.len());
            let area: f64 = pieces.iter().flatten().map(Triangle::area).sum();
            assert!((area - 2048.0 * 1024.0).abs() < 1e-3, "{area}");
            for piece in &pieces {
                let size = Aabb::from_points(piece.iter().flat_map(|t| t.corners)).size();
                assert!(size.x.max(size.y) <= PIECE + 1e-9, "{size}");
            }
        }
    }
}
