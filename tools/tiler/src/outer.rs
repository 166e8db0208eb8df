//! The surface that is seen.
//!
//! Parts of a building stand against each other and on each other; the walls between them are in the data and nobody ever sees them. A
//! distance between surfaces that counted them would say that a good stand-in is tens of metres off. A point is hidden when it lies inside
//! a volume: when more faces look up above it than look down.

use crate::boxes::Boxes;
use crate::content::is_hidden_kind;
use crate::distance::{Corners, halves};
use crate::shape::Triangle;
use glam::DVec3;
use tiles::bounds::Aabb;

/// How far in front of a face one looks, in metres.
const BEFORE: f64 = 0.02;
/// Hidden faces larger than this are looked at piece by piece, in metres.
const LARGE: f64 = 8.0;
/// Faces partly hidden are cut down to this size, in metres.
const SMALL: f64 = 1.0;
/// Faces this close above the lowest point that look down stand on the ground, in metres.
const ON_GROUND: f64 = 0.5;

struct Lid {
    corners: Corners,
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
                up: t.normal.z > 0.0,
            })
            .collect();
        let bounds: Vec<Aabb> = lids.iter().map(|lid| Aabb::from_points(lid.corners)).collect();
        Self {
            boxes: Boxes::new(&bounds),
            lids,
        }
    }

    fn hides(&self, point: DVec3) -> bool {
        let at = point.truncate();
        let mut balance = 0;
        self.boxes.over_and_above(at, at, point.z, |number| {
            let lid = &self.lids[number];
            if height_at(&lid.corners, point).is_some_and(|z| z > point.z) {
                balance += if lid.up { 1 } else { -1 };
            }
        });
        balance > 0
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

/// The part of the surface that is seen from outside, at a resolution of a metre; what is in doubt counts as seen.
pub(crate) fn outer(triangles: &[Triangle]) -> Vec<Corners> {
    let volume = Volume::new(triangles);
    let lowest = triangles
        .iter()
        .flat_map(|t| t.corners)
        .map(|c| c.z)
        .fold(f64::INFINITY, f64::min);
    let mut seen = Vec::new();
    for triangle in triangles {
        let high = triangle.corners.iter().map(|c| c.z).fold(f64::NEG_INFINITY, f64::max);
        let on_ground = triangle.normal.z < -0.7 && high < lowest + ON_GROUND;
        if !is_hidden_kind(triangle.surface) && !on_ground {
            visit(triangle.corners, triangle.normal, &volume, &mut seen);
        }
    }
    seen
}

fn visit(corners: Corners, normal: DVec3, volume: &Volume, seen: &mut Vec<Corners>) {
    let middle = (corners[0] + corners[1] + corners[2]) / 3.0;
    let near = |corner: DVec3| middle + (corner - middle) * 0.9;
    let hides = |point: DVec3| volume.hides(point + normal * BEFORE);
    let hidden = hides(middle);
    let alike = corners.iter().all(|&corner| hides(near(corner)) == hidden);
    let size = corners.iter().map(|c| c.distance(middle)).fold(0.0, f64::max);
    match (alike, hidden) {
        (true, false) => seen.push(corners),
        (true, true) if size <= LARGE => {}
        (false, _) if size <= SMALL => seen.push(corners),
        _ => {
            for half in halves(&corners) {
                visit(half, normal, volume, seen);
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

    fn area(corners: &[Corners]) -> f64 {
        corners
            .iter()
            .map(|[a, b, c]| (*b - *a).cross(*c - *a).length() / 2.0)
            .sum()
    }

    #[test]
    fn of_a_box_everything_but_its_bottom_is_seen() {
        let seen = outer(&triangles(cuboid(DVec3::ZERO, DVec3::new(2., 3., 4.))));
        assert!((area(&seen) - (2. * 3. + 2. * (2. + 3.) * 4.)).abs() < 1e-9);
    }

    #[test]
    fn the_wall_between_two_boxes_is_hidden_as_far_as_both_reach() {
        let mut both = triangles(cuboid(DVec3::ZERO, DVec3::new(10., 10., 10.)));
        both.extend(triangles(cuboid(DVec3::new(10., 0., 0.), DVec3::new(20., 10., 16.))));
        let seen = area(&outer(&both));
        // Roofs, three outer walls each, and the higher one's wall above the lower.
        let truth = 200. + 3. * 100. + 3. * 160. + 60.;
        assert!((truth..truth + 25.).contains(&seen), "{seen} {truth}");
    }

    #[test]
    fn the_ground_under_a_canopy_does_not_hide_its_posts() {
        let mut both = triangles(cuboid(DVec3::ZERO, DVec3::new(1., 1., 5.)));
        both.extend(triangles(cuboid(DVec3::new(-4., -4., 5.), DVec3::new(5., 5., 6.))));
        let seen = area(&outer(&both));
        // Four post walls, the canopy's top, rim and underside.
        let truth = 4. * 5. + 81. + 4. * 9. + 81.;
        assert!((seen - truth).abs() < 4.0, "{seen} {truth}");
    }
}
