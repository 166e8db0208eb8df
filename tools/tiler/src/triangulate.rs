//! Polygons to triangles.
//!
//! A face of a city model is a ring in space, perhaps with holes, that ought to be flat and often is not quite. It is laid into its
//! best plane, cut into triangles there by ear clipping, and the area is compared: where ear clipping fails (rings that cross
//! themselves), the ring is mended first and cut again.

use crate::overlay;
use earcut::Earcut;
use geo::{Coord, LineString};
use glam::{DVec2, DVec3};

/// Points closer than this are one, in metres.
const SAME_POINT: f64 = 1e-3;
/// Faces smaller than this are none, in square metres.
const LEAST_AREA: f64 = 1e-6;
/// The part of the area by which triangles and polygon may differ before the polygon counts as broken.
const AREA_TOLERANCE: f64 = 1e-3;

/// A plane through a face, with axes in it.
#[derive(Debug, Clone, Copy)]
struct Plane {
    origin: DVec3,
    u: DVec3,
    v: DVec3,
    normal: DVec3,
}

impl Plane {
    /// The plane across the ring's vector area (Newell), through its middle; `None` for a ring without area.
    fn of(ring: &[DVec3]) -> Option<Self> {
        let origin = ring.iter().sum::<DVec3>() / ring.len() as f64;
        let area = vector_area(ring);
        if area.length() < LEAST_AREA {
            return None;
        }
        let normal = area.normalize();
        let u = normal.any_orthonormal_vector();
        Some(Self {
            origin,
            u,
            v: normal.cross(u),
            normal,
        })
    }

    fn flatten(&self, point: DVec3) -> [f64; 2] {
        let d = point - self.origin;
        [d.dot(self.u), d.dot(self.v)]
    }

    fn lift(&self, at: DVec2) -> DVec3 {
        self.origin + self.u * at.x + self.v * at.y
    }

    fn distance(&self, point: DVec3) -> f64 {
        (point - self.origin).dot(self.normal).abs()
    }
}

/// Half the sum of cross products: its length is the ring's area, its direction the normal (Newell's method).
pub(crate) fn vector_area(ring: &[DVec3]) -> DVec3 {
    let Some(&first) = ring.first() else {
        return DVec3::ZERO;
    };
    let pairs = ring.iter().zip(ring.iter().skip(1));
    pairs.map(|(&a, &b)| (a - first).cross(b - first)).sum::<DVec3>() / 2.0
}

/// What became of a face.
#[derive(Debug, Clone)]
pub struct Triangulated {
    /// Corners of triangles, three by three, anticlockwise seen against the normal.
    pub triangles: Vec<[DVec3; 3]>,
    /// Unit normal of the best plane.
    pub normal: DVec3,
    /// Greatest distance of a corner from the best plane, in metres.
    pub deviation: f64,
    /// Area of the triangles, in square metres.
    pub area: f64,
    /// Whether rings crossed themselves or each other and had to be mended.
    pub mended: bool,
}

/// Drops points that repeat their neighbour and spikes that return on themselves.
pub(crate) fn clean_ring(ring: &mut Vec<DVec3>) {
    ring.dedup_by(|a, b| a.distance_squared(*b) < SAME_POINT * SAME_POINT);
    loop {
        let before = ring.len();
        while ring.len() > 1 && ring[0].distance_squared(ring[ring.len() - 1]) < SAME_POINT * SAME_POINT {
            ring.pop();
        }
        let n = ring.len();
        if n < 3 {
            break;
        }
        let spike = (0..n).find(|&i| {
            let (a, c) = (ring[(i + n - 1) % n], ring[(i + 1) % n]);
            a.distance_squared(c) < SAME_POINT * SAME_POINT
        });
        if let Some(i) = spike {
            // The tip goes, and with it one of the two points at its foot.
            ring.remove(i);
            ring.remove(i % (n - 1));
        }
        if ring.len() == before {
            break;
        }
    }
    if ring.len() < 3 {
        ring.clear();
    }
}

/// Cuts a face (outer ring, then holes, cleaned of repeated points and spikes) into triangles; `None` when it has no area.
pub fn triangulate(rings: &[Vec<DVec3>], earcut: &mut Earcut<f64>) -> Option<Triangulated> {
    let exterior = rings.first().filter(|ring| ring.len() >= 3)?;
    let plane = Plane::of(exterior)?;
    let holes = || rings[1..].iter().filter(|ring| ring.len() >= 3);
    let area = vector_area(exterior).length() - holes().map(|ring| vector_area(ring).length()).sum::<f64>();
    let points: Vec<DVec3> = std::iter::once(exterior).chain(holes()).flatten().copied().collect();
    let mut starts = Vec::new();
    let mut at = exterior.len();
    for hole in holes() {
        starts.push(at as u32);
        at += hole.len();
    }
    let deviation = points.iter().map(|&p| plane.distance(p)).fold(0.0, f64::max);
    let mut triangles = cut(&points, &starts, &plane, earcut);
    let mut found = total_area(&triangles, &plane);
    let mended = (found - area).abs() > AREA_TOLERANCE * area.abs().max(1e-3);
    if mended {
        triangles = cut_mended(rings, &plane, earcut);
        found = total_area(&triangles, &plane);
    }
    (found > LEAST_AREA).then_some(Triangulated {
        triangles,
        normal: plane.normal,
        deviation,
        area: found,
        mended,
    })
}

fn cut(points: &[DVec3], holes: &[u32], plane: &Plane, earcut: &mut Earcut<f64>) -> Vec<[DVec3; 3]> {
    let mut indices: Vec<u32> = Vec::new();
    earcut.earcut(points.iter().map(|&p| plane.flatten(p)), holes, &mut indices);
    let (corners, _) = indices.as_chunks::<3>();
    corners
        .iter()
        .filter_map(|&[a, b, c]| facing(points[a as usize], points[b as usize], points[c as usize], plane))
        .collect()
}

/// The triangle turned so that it faces along the plane's normal; `None` when it is a line.
fn facing(a: DVec3, b: DVec3, c: DVec3, plane: &Plane) -> Option<[DVec3; 3]> {
    let area = (b - a).cross(c - a).dot(plane.normal);
    match area {
        area if area.abs() < 1e-9 => None,
        area if area < 0.0 => Some([a, c, b]),
        _ => Some([a, b, c]),
    }
}

fn total_area(triangles: &[[DVec3; 3]], plane: &Plane) -> f64 {
    triangles
        .iter()
        .map(|[a, b, c]| (b - a).cross(c - a).dot(plane.normal) / 2.0)
        .sum()
}

/// Mends rings that cross by an even-odd union in the plane, then cuts what is left. Points come back into the plane.
fn cut_mended(rings: &[Vec<DVec3>], plane: &Plane, earcut: &mut Earcut<f64>) -> Vec<[DVec3; 3]> {
    let flat = |ring: &Vec<DVec3>| -> LineString {
        ring.iter()
            .chain(ring.first())
            .map(|&p| Coord::from(plane.flatten(p)))
            .collect()
    };
    let flat: Vec<LineString> = rings.iter().filter(|ring| ring.len() >= 3).map(flat).collect();
    let mended = overlay::enclosed(&flat);
    let mut triangles = Vec::new();
    for polygon in &mended {
        let mut points = Vec::new();
        let mut starts = Vec::new();
        for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
            if !points.is_empty() {
                starts.push(points.len() as u32);
            }
            let open = ring.0.len().saturating_sub(1);
            points.extend(ring.0[..open].iter().map(|c| plane.lift(DVec2::new(c.x, c.y))));
        }
        triangles.extend(cut(&points, &starts, plane, earcut));
    }
    triangles
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn ring(points: &[[f64; 3]]) -> Vec<DVec3> {
        points.iter().map(|&p| p.into()).collect()
    }

    fn area_of(rings: &[Vec<DVec3>]) -> Option<Triangulated> {
        triangulate(rings, &mut Earcut::new())
    }

    #[test]
    fn a_wall_with_a_window_keeps_its_area_and_faces_out() {
        let wall = ring(&[[0., 0., 0.], [10., 0., 0.], [10., 0., 5.], [0., 0., 5.]]);
        let window = ring(&[[4., 0., 1.], [4., 0., 3.], [6., 0., 3.], [6., 0., 1.]]);
        let done = area_of(&[wall, window]).unwrap();
        assert!((done.area - 46.0).abs() < 1e-9);
        assert!((done.normal - DVec3::NEG_Y).length() < 1e-9);
        assert!(!done.mended);
        for [a, b, c] in done.triangles {
            assert!((b - a).cross(c - a).dot(done.normal) > 0.0);
        }
    }

    #[test]
    fn a_ring_that_crosses_itself_is_filled_where_it_encloses() {
        // A bow tie of unequal halves: its signed area is 25 - 9 times a factor, its enclosed area the sum.
        let tie = ring(&[[0., 0., 0.], [8., 8., 0.], [8., 0., 0.], [0., 5., 0.]]);
        let done = area_of(&[tie]).unwrap();
        assert!(done.mended);
        let flat = |p: [f64; 3]| Coord { x: p[0], y: p[1] };
        let crossing = 40.0 / 13.0;
        let halves = [
            [[0., 0., 0.], [crossing, crossing, 0.], [0., 5., 0.]],
            [[8., 8., 0.], [8., 0., 0.], [crossing, crossing, 0.]],
        ];
        let expected: f64 = halves
            .iter()
            .map(|t| geo::Area::unsigned_area(&geo::Triangle::new(flat(t[0]), flat(t[1]), flat(t[2]))))
            .sum();
        assert!((done.area - expected).abs() < 1e-3, "{} {expected}", done.area);
    }

    #[test]
    fn a_face_out_of_plane_is_cut_and_its_deviation_told() {
        let bent = ring(&[[0., 0., 0.], [10., 0., 0.], [10., 10., 0.8], [0., 10., 0.]]);
        let done = area_of(&[bent]).unwrap();
        assert_eq!(done.triangles.len(), 2);
        assert!((done.deviation - 0.2).abs() < 0.01, "{}", done.deviation);
    }

    #[test]
    fn a_face_without_area_is_none() {
        assert!(area_of(&[ring(&[[0., 0., 0.], [1., 0., 0.], [2., 0., 0.]])]).is_none());
        assert!(area_of(&[]).is_none());
    }

    #[test]
    fn cleaning_drops_repeated_points_and_spikes() {
        let mut square = ring(&[
            [0., 0., 0.],
            [0.0004, 0., 0.],
            [4., 0., 0.],
            [9., 0., 0.],
            [4., 0., 0.],
            [4., 4., 0.],
            [0., 4., 0.],
            [0., 0., 0.],
        ]);
        clean_ring(&mut square);
        assert_eq!(square, ring(&[[0., 0., 0.], [4., 0., 0.], [4., 4., 0.], [0., 4., 0.]]));
        let mut line = ring(&[[0., 0., 0.], [4., 0., 0.], [0., 0., 0.]]);
        clean_ring(&mut line);
        assert!(line.is_empty());
    }
}
