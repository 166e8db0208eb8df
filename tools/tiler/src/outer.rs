//! The surface that is seen.
//!
//! Parts of a building stand against each other and on each other; the walls between them are in the data and nobody ever sees them. A
//! distance between surfaces that counted them would say that a good stand-in is tens of metres off. A point is hidden when it lies inside
//! a volume: when more faces look up above it than look down.

use crate::boxes::{Boxes, meet_in_plan};
use crate::content::is_hidden_kind;
use crate::distance::{Corners, halves};
use crate::shape::Triangle;
use glam::DVec3;
use std::ops::Range;
use tiles::bounds::Aabb;

/// How far in front of a face one looks, in metres: right before it, and as far as eaves reach. A wall under them is no wall between two
/// houses, though there is a roof above it; and what stands behind something thinner than this is as near to what is seen.
const BEFORE: [f64; 2] = [0.02, 1.0];
/// Hidden faces larger than this are looked at piece by piece, in metres.
const LARGE: f64 = 8.0;
/// Faces partly hidden are cut down to this size, in metres.
const SMALL: f64 = 1.0;
/// Faces this close above the lowest point that look down stand on the ground, in metres.
const ON_GROUND: f64 = 0.5;

struct Lid {
    corners: Corners,
    bounds: Aabb,
    up: bool,
}

/// Faces that look up or down, for telling what is inside.
struct Volume {
    lids: Vec<Lid>,
    boxes: Boxes,
}

impl Volume {
    fn new(triangles: &[Triangle]) -> Self {
        let level = triangles.iter().filter(|t| t.normal.z.abs() > 0.01);
        let lids: Vec<Lid> = level
            .map(|t| Lid {
                corners: t.corners,
                bounds: Aabb::from_points(t.corners),
                up: t.normal.z > 0.0,
            })
            .collect();
        let bounds: Vec<Aabb> = lids.iter().map(|lid| lid.bounds).collect();
        Self {
            boxes: Boxes::new(&bounds),
            lids,
        }
    }

    /// The lids that may hide a point before this face.
    fn over(&self, corners: &Corners) -> Vec<u32> {
        let around = Aabb::from_points(*corners).grown(BEFORE[1]);
        let mut lids = Vec::new();
        let (low, high) = (around.min.truncate(), around.max.truncate());
        self.boxes.over_and_above(low, high, around.min.z, |number| {
            if self.lids[number].reaches_over(&around) {
                lids.push(number as u32);
            }
        });
        lids
    }

    /// Whether these lids hide a point.
    fn hides(&self, lids: &[u32], point: DVec3) -> bool {
        let over = |&number: &u32| {
            let lid = &self.lids[number as usize];
            let above = height_at(&lid.corners, point).is_some_and(|z| z > point.z);
            i32::from(above) * if lid.up { 1 } else { -1 }
        };
        lids.iter().map(over).sum::<i32>() > 0
    }
}

impl Lid {
    /// Whether it may lie over a point of the box.
    fn reaches_over(&self, around: &Aabb) -> bool {
        meet_in_plan(&self.bounds, around) && self.bounds.max.z >= around.min.z
    }
}

/// The height of a triangle over a point of the plan; `None` beside it.
pub(crate) fn height_at([a, b, c]: &Corners, point: DVec3) -> Option<f64> {
    let (ab, ac, ap) = (*b - *a, *c - *a, point - *a);
    let doubled = ab.x * ac.y - ab.y * ac.x;
    if doubled.abs() < 1e-12 {
        return None;
    }
    let u = (ap.x * ac.y - ap.y * ac.x) / doubled;
    let v = (ab.x * ap.y - ab.y * ap.x) / doubled;
    (u >= 0.0 && v >= 0.0 && u + v <= 1.0).then_some(a.z + u * ab.z + v * ac.z)
}

/// Faces of which only what is seen from outside counts, at a resolution of a metre; what is in doubt counts as seen.
///
/// Telling it takes a while and most faces are never asked for, so each is looked at when it is.
pub(crate) struct Outer {
    faces: Vec<(Corners, DVec3)>,
    volume: Volume,
    /// Where the pieces of each face begin and end, of those that were asked for.
    known: Vec<Option<(u32, u32)>>,
    pieces: Vec<Corners>,
}

impl Outer {
    pub(crate) fn new(triangles: &[Triangle]) -> Self {
        let lowest = triangles
            .iter()
            .flat_map(|t| t.corners)
            .map(|c| c.z)
            .fold(f64::INFINITY, f64::min);
        let counts = |triangle: &&Triangle| {
            let high = triangle.corners.iter().map(|c| c.z).fold(f64::NEG_INFINITY, f64::max);
            let on_ground = triangle.normal.z < -0.7 && high < lowest + ON_GROUND;
            !is_hidden_kind(triangle.surface) && !on_ground
        };
        let faces: Vec<_> = triangles.iter().filter(counts).map(|t| (t.corners, t.normal)).collect();
        Self {
            volume: Volume::new(triangles),
            known: vec![None; faces.len()],
            pieces: Vec::new(),
            faces,
        }
    }

    /// Faces that are all seen.
    pub(crate) fn of_seen(faces: Vec<Corners>) -> Self {
        Self {
            volume: Volume::new(&[]),
            known: (0..faces.len() as u32).map(|face| Some((face, face + 1))).collect(),
            faces: faces.iter().map(|&corners| (corners, DVec3::Z)).collect(),
            pieces: faces,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.faces.len()
    }

    /// A face, seen or not.
    pub(crate) fn face(&self, number: usize) -> &Corners {
        &self.faces[number].0
    }

    /// Numbers of the pieces of a face that are seen.
    pub(crate) fn seen(&mut self, face: usize) -> Range<usize> {
        let (begin, end) = self.known[face].unwrap_or_else(|| {
            let begin = self.pieces.len() as u32;
            let (corners, normal) = self.faces[face];
            let lids = self.volume.over(&corners);
            visit(corners, normal, &self.volume, &lids, &mut self.pieces);
            (begin, self.pieces.len() as u32)
        });
        self.known[face] = Some((begin, end));
        begin as usize..end as usize
    }

    /// A piece that is seen.
    pub(crate) fn piece(&self, number: usize) -> &Corners {
        &self.pieces[number]
    }
}

/// Adds what is seen of a face; `lids` are those that may hide it.
fn visit(corners: Corners, normal: DVec3, volume: &Volume, lids: &[u32], seen: &mut Vec<Corners>) {
    if lids.is_empty() {
        seen.push(corners);
        return;
    }
    let middle = (corners[0] + corners[1] + corners[2]) / 3.0;
    let near = |corner: DVec3| middle + (corner - middle) * 0.9;
    let hides = |point: DVec3| BEFORE.iter().all(|&before| volume.hides(lids, point + normal * before));
    let hidden = hides(middle);
    let alike = corners.iter().all(|&corner| hides(near(corner)) == hidden);
    let size = corners.iter().map(|c| c.distance(middle)).fold(0.0, f64::max);
    match (alike, hidden) {
        (true, false) => seen.push(corners),
        (true, true) if size <= LARGE => {}
        (false, _) if size <= SMALL => seen.push(corners),
        _ => {
            for half in halves(&corners) {
                let around = Aabb::from_points(half).grown(BEFORE[1]);
                let over = |number: &&u32| volume.lids[**number as usize].reaches_over(&around);
                let lids: Vec<u32> = lids.iter().filter(over).copied().collect();
                visit(half, normal, volume, &lids, seen);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solid::tests::cuboid;
    use tiles::surface::Surface;

    pub(crate) fn triangles(faces: Vec<Vec<Vec<DVec3>>>) -> Vec<Triangle> {
        faces
            .into_iter()
            .flat_map(|rings| {
                let r = rings[0].clone();
                let normal = (r[1] - r[0]).cross(r[2] - r[0]).normalize();
                [[r[0], r[1], r[2]], [r[0], r[2], r[3]]].map(|corners| Triangle {
                    corners,
                    normal,
                    color: [0; 4],
                    surface: Surface::Wall,
                    row: 0,
                })
            })
            .collect()
    }

    /// Of what is seen.
    fn area(triangles: &[Triangle]) -> f64 {
        let mut outer = Outer::new(triangles);
        let pieces: Vec<usize> = (0..outer.len()).flat_map(|face| outer.seen(face)).collect();
        pieces
            .iter()
            .map(|&piece| outer.piece(piece))
            .map(|[a, b, c]| (*b - *a).cross(*c - *a).length() / 2.0)
            .sum()
    }

    #[test]
    fn of_a_box_everything_but_its_bottom_is_seen() {
        let seen = area(&triangles(cuboid(DVec3::ZERO, DVec3::new(2., 3., 4.))));
        assert!((seen - (2. * 3. + 2. * (2. + 3.) * 4.)).abs() < 1e-9);
    }

    #[test]
    fn the_wall_between_two_boxes_is_hidden_as_far_as_both_reach() {
        let mut both = triangles(cuboid(DVec3::ZERO, DVec3::new(10., 10., 10.)));
        both.extend(triangles(cuboid(DVec3::new(10., 0., 0.), DVec3::new(20., 10., 16.))));
        let seen = area(&both);
        // Roofs, three outer walls each, and the higher one's wall above the lower.
        let truth = 200. + 3. * 100. + 3. * 160. + 60.;
        assert!((truth..truth + 25.).contains(&seen), "{seen} {truth}");
    }

    #[test]
    fn walls_under_eaves_are_seen() {
        let mut house = triangles(cuboid(DVec3::ZERO, DVec3::new(10., 10., 6.)));
        // A roof without an underside that reaches half a metre beyond the walls.
        let p = |x: f64, y: f64| DVec3::new(x, y, 6.5);
        house.extend(triangles(vec![vec![vec![
            p(-0.5, -0.5),
            p(10.5, -0.5),
            p(10.5, 10.5),
            p(-0.5, 10.5),
        ]]]));
        let seen = area(&house);
        let walls_and_roof = 4. * 60. + 11. * 11.;
        assert!(seen >= walls_and_roof, "{seen} {walls_and_roof}");
    }

    #[test]
    fn the_ground_under_a_canopy_does_not_hide_its_posts() {
        let mut both = triangles(cuboid(DVec3::ZERO, DVec3::new(1., 1., 5.)));
        both.extend(triangles(cuboid(DVec3::new(-4., -4., 5.), DVec3::new(5., 5., 6.))));
        let seen = area(&both);
        // Four post walls, the canopy's top, rim and underside.
        let truth = 4. * 5. + 81. + 4. * 9. + 81.;
        assert!((seen - truth).abs() < 4.0, "{seen} {truth}");
    }
}
