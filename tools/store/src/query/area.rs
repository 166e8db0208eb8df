//! Places that features are asked for.

use crate::{Footprint, geometry_blob};
use geo::{Coord, Geometry, Intersects, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon, Rect};
use serde::{Deserialize, Serialize};

/// West, south, east and north in degrees.
type Bounds = [f64; 4];

/// A place on the ground: boxes, polygons, lines and points, of longitude and latitude in degrees. What meets one of
/// them meets the place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Area {
    /// West, south, east, north; a box over the antimeridian is given as two.
    pub boxes: Vec<[f64; 4]>,
    /// Polygons of rings.
    pub polygons: Footprint,
    /// Lines of points.
    pub lines: Vec<Vec<[f64; 2]>>,
    /// Points.
    pub points: Vec<[f64; 2]>,
}

impl Area {
    /// The bounds of every part.
    pub(crate) fn bounds(&self) -> Vec<Bounds> {
        let polygons = self.polygons.iter().map(|rings| around(rings.iter().flatten()));
        let lines = self.lines.iter().map(|line| around(line.iter()));
        let points = self.points.iter().map(|&[x, y]| Some([x, y, x, y]));
        let boxes = self.boxes.iter().map(|bounds| Some(*bounds));
        boxes.chain(polygons).chain(lines).chain(points).flatten().collect()
    }

    /// Whether whatever lies within these bounds surely meets the place.
    pub(crate) fn covers(&self, [west, south, east, north]: Bounds) -> bool {
        self.boxes
            .iter()
            .any(|&[w, s, e, n]| w <= west && s <= south && e >= east && n >= north)
    }

    pub(crate) fn prepared(&self) -> Prepared {
        let boxes = self
            .boxes
            .iter()
            .map(|&[w, s, e, n]| Rect::new((w, s), (e, n)).to_polygon());
        let polygons = self.polygons.iter().map(|rings| polygon(rings));
        let polygons = MultiPolygon::new(boxes.chain(polygons).collect());
        let lines = MultiLineString::new(self.lines.iter().map(|line| string(line)).collect());
        let points = MultiPoint::new(self.points.iter().map(|&[x, y]| Point::new(x, y)).collect());
        let mut parts = Vec::new();
        if !polygons.0.is_empty() {
            parts.push(Geometry::MultiPolygon(polygons));
        }
        if !lines.0.is_empty() {
            parts.push(Geometry::MultiLineString(lines));
        }
        if !points.0.is_empty() {
            parts.push(Geometry::MultiPoint(points));
        }
        Prepared {
            area: self.clone(),
            bounds: self.bounds(),
            parts,
        }
    }
}

/// A place, ready for many questions.
pub(crate) struct Prepared {
    area: Area,
    bounds: Vec<Bounds>,
    parts: Vec<Geometry>,
}

impl Prepared {
    /// Whether a footprint as the GeoPackage stores it meets the place. Bytes that are no footprint do not.
    pub(crate) fn meets(&self, blob: &[u8]) -> bool {
        let Some([west, east, south, north]) = geometry_blob::stored_envelope(blob) else {
            return false;
        };
        let near = |&[w, s, e, n]: &Bounds| w <= east && e >= west && s <= north && n >= south;
        if !self.bounds.iter().any(near) {
            return false;
        }
        if self.area.covers([west, south, east, north]) {
            return true;
        }
        let footprint = geometry_blob::decode(blob).unwrap_or_default();
        let footprint = MultiPolygon::new(footprint.iter().map(|rings| polygon(rings)).collect());
        self.parts.iter().any(|part| footprint.intersects(part))
    }
}

fn around<'a>(points: impl Iterator<Item = &'a [f64; 2]>) -> Option<Bounds> {
    points.fold(None, |bounds, &[x, y]| {
        let [w, s, e, n] = bounds.unwrap_or([x, y, x, y]);
        Some([w.min(x), s.min(y), e.max(x), n.max(y)])
    })
}

fn string(points: &[[f64; 2]]) -> LineString {
    points.iter().map(|&[x, y]| Coord { x, y }).collect()
}

fn polygon(rings: &[Vec<[f64; 2]>]) -> Polygon {
    let mut rings = rings.iter().map(|ring| string(ring));
    let exterior = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
    Polygon::new(exterior, rings.collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    /// A square with a courtyard.
    fn house() -> Vec<u8> {
        let ring = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b], [a, a]];
        geometry_blob::encode(&vec![vec![ring(0.0, 9.0), ring(3.0, 6.0)]]).unwrap()
    }

    fn in_box(bounds: Bounds) -> bool {
        let area = Area {
            boxes: vec![bounds],
            ..Area::default()
        };
        area.prepared().meets(&house())
    }

    #[test]
    fn a_box_meets_what_is_in_it_what_crosses_it_and_what_it_lies_in() {
        assert!(in_box([-1.0, -1.0, 10.0, 10.0]), "around");
        assert!(in_box([8.0, 8.0, 10.0, 10.0]), "a corner");
        assert!(in_box([1.0, 1.0, 2.0, 2.0]), "within");
        assert!(in_box([9.0, 9.0, 10.0, 10.0]), "one point");
        assert!(!in_box([4.0, 4.0, 5.0, 5.0]), "the courtyard");
        assert!(!in_box([9.1, 0.0, 10.0, 9.0]), "beside");
    }

    #[test]
    fn polygons_lines_and_points_meet_exactly() {
        let triangle = Area {
            polygons: vec![vec![vec![[9.5, 5.0], [9.5, 9.5], [5.0, 9.5], [9.5, 5.0]]]],
            ..Area::default()
        };
        assert!(triangle.prepared().meets(&house()), "its slanted side cuts the corner");
        let beyond = Area {
            polygons: vec![vec![vec![[9.5, 8.8], [9.5, 9.5], [8.8, 9.5], [9.5, 8.8]]]],
            ..Area::default()
        };
        assert!(!beyond.prepared().meets(&house()), "only its box meets the house");
        let line = |points: &[[f64; 2]]| Area {
            lines: vec![points.to_vec()],
            ..Area::default()
        };
        assert!(line(&[[-1.0, 1.0], [10.0, 1.0]]).prepared().meets(&house()));
        assert!(!line(&[[4.0, 4.0], [5.0, 5.0]]).prepared().meets(&house()));
        let point = |x, y| Area {
            points: vec![[x, y]],
            ..Area::default()
        };
        assert!(point(1.0, 1.0).prepared().meets(&house()));
        assert!(!point(4.5, 4.5).prepared().meets(&house()));
        assert!(!Area::default().prepared().meets(&house()));
        assert!(!point(1.0, 1.0).prepared().meets(b"no footprint"));
    }
}
