//! Cutting triangles at the border of a cell.

use crate::shape::Triangle;
use glam::DVec3;

/// Which side of a line of constant east (0) or north (1) is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Half {
    /// 0 for east, 1 for north.
    pub(crate) axis: usize,
    pub(crate) at: f64,
    /// Whether the greater side is kept.
    pub(crate) greater: bool,
}

impl Half {
    fn depth(&self, point: DVec3) -> f64 {
        let beyond = point[self.axis] - self.at;
        if self.greater { beyond } else { -beyond }
    }
}

/// The parts of the triangles on the kept side (Sutherland and Hodgman, "Reentrant polygon clipping", 1974).
pub(crate) fn clip(triangles: &[Triangle], half: Half) -> Vec<Triangle> {
    let mut kept = Vec::with_capacity(triangles.len());
    for triangle in triangles {
        let depth = triangle.corners.map(|corner| half.depth(corner));
        if depth.iter().all(|&d| d >= 0.0) {
            kept.push(*triangle);
        } else if depth.iter().any(|&d| d > 0.0) {
            kept.extend(cut(triangle, depth, half));
        }
    }
    kept
}

fn cut(triangle: &Triangle, depth: [f64; 3], half: Half) -> impl Iterator<Item = Triangle> {
    let mut polygon: Vec<DVec3> = Vec::with_capacity(4);
    for i in 0..3 {
        let j = (i + 1) % 3;
        let (a, b) = (triangle.corners[i], triangle.corners[j]);
        if depth[i] >= 0.0 {
            polygon.push(a);
        }
        if (depth[i] > 0.0 && depth[j] < 0.0) || (depth[i] < 0.0 && depth[j] > 0.0) {
            polygon.push(crossing(a, b, half));
        }
    }
    let triangle = *triangle;
    let fan = polygon.len().saturating_sub(2);
    (0..fan).filter_map(move |i| {
        let corners = [polygon[0], polygon[i + 1], polygon[i + 2]];
        let piece = Triangle { corners, ..triangle };
        (piece.area() > 1e-9).then_some(piece)
    })
}

/// Where the edge meets the line; the same from both sides, so that neighbours share the point.
fn crossing(a: DVec3, b: DVec3, half: Half) -> DVec3 {
    let (low, high) = if a[half.axis] < b[half.axis] { (a, b) } else { (b, a) };
    let t = (half.at - low[half.axis]) / (high[half.axis] - low[half.axis]);
    let mut point = low + (high - low) * t;
    point[half.axis] = half.at;
    point
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiles::surface::Surface;

    fn triangle(corners: [[f64; 3]; 3]) -> Triangle {
        Triangle {
            corners: corners.map(DVec3::from),
            normal: DVec3::Z,
            color: [1, 2, 3, 255],
            surface: Surface::Road,
            row: 0,
        }
    }

    #[test]
    fn both_sides_together_are_the_whole() {
        let whole = triangle([[0., 0., 1.], [10., 0., 1.], [3., 9., 2.]]);
        for (axis, at) in [(0, 4.0), (1, 2.5), (0, 3.0), (1, 0.0)] {
            let side = |greater| clip(&[whole], Half { axis, at, greater });
            let (less, more) = (side(false), side(true));
            let area: f64 = less.iter().chain(&more).map(Triangle::area).sum();
            assert!((area - whole.area()).abs() < 1e-9, "{axis} {at}");
            for piece in &less {
                assert!(piece.corners.iter().all(|c| c[axis] <= at + 1e-12));
            }
            for piece in &more {
                assert!(piece.corners.iter().all(|c| c[axis] >= at - 1e-12));
            }
        }
    }

    #[test]
    fn neighbours_share_the_points_of_the_cut() {
        let whole = triangle([[0.1, 0.2, 1.], [10.3, 0.4, 1.7], [3., 9., 2.]]);
        let on_line = |greater| {
            let mut points: Vec<[u64; 3]> = clip(
                &[whole],
                Half {
                    axis: 0,
                    at: 4.0,
                    greater,
                },
            )
            .iter()
            .flat_map(|t| t.corners)
            .filter(|c| c.x == 4.0)
            .map(|c| c.to_array().map(f64::to_bits))
            .collect();
            points.sort_unstable();
            points.dedup();
            points
        };
        assert_eq!(on_line(false), on_line(true));
    }
}
