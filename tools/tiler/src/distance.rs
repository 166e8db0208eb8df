//! How far two surfaces are apart at most.
//!
//! The two-sided (Hausdorff) distance of triangle soups, as an upper bound that is proven and tight to within a tenth: a triangle is
//! never further from a surface than its corners are from any one triangle of it (the distance to a convex set is convex), nor than
//! its middle is plus its radius. Where that is not good enough, the triangle is cut and asked again (branch and bound).

use glam::DVec3;
use rstar::{AABB, PointDistance, RTree, RTreeObject};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A triangle's corners, in metres.
pub(crate) type Corners = [DVec3; 3];

/// A bound within this factor of the truth is good enough,
const TIGHT: f64 = 1.1;
/// or within this many metres.
const CLOSE: f64 = 0.05;
/// After this many cuts the bound is taken as it is; it is still a bound.
const MOST_CUTS: usize = 200_000;

struct Target(Corners);

impl RTreeObject for Target {
    type Envelope = AABB<[f64; 3]>;

    fn envelope(&self) -> Self::Envelope {
        let [a, b, c] = self.0;
        AABB::from_corners(a.min(b).min(c).to_array(), a.max(b).max(c).to_array())
    }
}

impl PointDistance for Target {
    fn distance_2(&self, point: &[f64; 3]) -> f64 {
        distance_squared((*point).into(), &self.0)
    }
}

/// A surface to which distances are measured.
pub(crate) struct Surface(RTree<Target>);

impl Surface {
    pub(crate) fn new(triangles: impl IntoIterator<Item = Corners>) -> Self {
        Self(RTree::bulk_load(triangles.into_iter().map(Target).collect()))
    }

    /// The nearest triangle and its distance.
    fn nearest(&self, point: DVec3) -> Option<(Corners, f64)> {
        let found = self.0.nearest_neighbor(point.to_array())?;
        Some((found.0, distance_squared(point, &found.0).sqrt()))
    }
}

/// A piece of the surface asked about, by how far it may be at most.
struct Piece {
    bound: f64,
    corners: Corners,
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Piece {}
impl PartialOrd for Piece {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Piece {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

/// An upper bound of how far any point of `from` is from `to`; `None` when `to` is empty and `from` is not.
pub(crate) fn one_sided(from: impl IntoIterator<Item = Corners>, to: &Surface) -> Option<f64> {
    let mut heap = BinaryHeap::new();
    // The greatest distance that a point is known to have.
    let mut known = 0.0_f64;
    for corners in from {
        let (bound, reached) = bounds(&corners, to)?;
        known = known.max(reached);
        heap.push(Piece { bound, corners });
    }
    let mut cuts = 0;
    while let Some(piece) = heap.pop() {
        cuts += 1;
        if piece.bound <= (known * TIGHT).max(known + CLOSE) || cuts > MOST_CUTS {
            return Some(piece.bound);
        }
        for corners in halves(&piece.corners) {
            let (bound, reached) = bounds(&corners, to)?;
            known = known.max(reached);
            let bound = bound.min(piece.bound);
            heap.push(Piece { bound, corners });
        }
    }
    Some(0.0)
}

/// How far a triangle may be from the surface, and how far its middle is.
fn bounds(corners: &Corners, to: &Surface) -> Option<(f64, f64)> {
    let middle = (corners[0] + corners[1] + corners[2]) / 3.0;
    let (nearest, distance) = to.nearest(middle)?;
    let radius = corners.iter().map(|c| c.distance(middle)).fold(0.0, f64::max);
    let convex = corners
        .iter()
        .map(|&c| distance_squared(c, &nearest))
        .fold(0.0, f64::max)
        .sqrt();
    Some((convex.min(distance + radius), distance))
}

/// The triangle cut across its longest side.
pub(crate) fn halves(corners: &Corners) -> [Corners; 2] {
    let [a, b, c] = *corners;
    let sides = [a.distance_squared(b), b.distance_squared(c), c.distance_squared(a)];
    let (a, b, c) = if sides[0] >= sides[1] && sides[0] >= sides[2] {
        (a, b, c)
    } else if sides[1] >= sides[2] {
        (b, c, a)
    } else {
        (c, a, b)
    };
    let middle = (a + b) / 2.0;
    [[a, middle, c], [middle, b, c]]
}

/// Squared distance of a point from a triangle (Ericson, Real-Time Collision Detection, 5.1.5).
fn distance_squared(p: DVec3, [a, b, c]: &Corners) -> f64 {
    p.distance_squared(nearest_on(p, *a, *b, *c))
}

fn nearest_on(p: DVec3, a: DVec3, b: DVec3, c: DVec3) -> DVec3 {
    let (ab, ac, ap) = (b - a, c - a, p - a);
    let (d1, d2) = (ab.dot(ap), ac.dot(ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return a;
    }
    let bp = p - b;
    let (d3, d4) = (ab.dot(bp), ac.dot(bp));
    if d3 >= 0.0 && d4 <= d3 {
        return b;
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        return a + ab * ratio(d1, d1 - d3);
    }
    let cp = p - c;
    let (d5, d6) = (ab.dot(cp), ac.dot(cp));
    if d6 >= 0.0 && d5 <= d6 {
        return c;
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        return a + ac * ratio(d2, d2 - d6);
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 - d3 >= 0.0 && d5 - d6 >= 0.0 {
        return b + (c - b) * ratio(d4 - d3, (d4 - d3) + (d5 - d6));
    }
    let sum = va + vb + vc;
    a + ab * ratio(vb, sum) + ac * ratio(vc, sum)
}

/// 0 where both are.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Points of a triangle, `n` steps along each side.
    fn samples([a, b, c]: Corners, n: u32) -> impl Iterator<Item = DVec3> {
        (0..=n).flat_map(move |i| {
            (0..=n - i).map(move |j| {
                let (u, v) = (f64::from(i) / f64::from(n), f64::from(j) / f64::from(n));
                a + (b - a) * u + (c - a) * v
            })
        })
    }

    fn oracle(from: &[Corners], to: &[Corners]) -> f64 {
        from.iter()
            .flat_map(|t| samples(*t, 60))
            .map(|p| to.iter().map(|t| distance_squared(p, t)).fold(f64::INFINITY, f64::min))
            .fold(0.0, f64::max)
            .sqrt()
    }

    /// Numbers between 0 and 1 that look random and are always the same.
    fn numbers() -> impl FnMut() -> f64 {
        let mut state = 7_u64;
        move || {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        }
    }

    #[test]
    fn the_bound_is_never_below_a_dense_sampling_and_close_to_it() {
        let mut next = numbers();
        let mut soup = |count: usize| -> Vec<Corners> {
            (0..count)
                .map(|_| std::array::from_fn(|_| DVec3::new(next() * 30.0, next() * 30.0, next() * 8.0)))
                .collect()
        };
        for _ in 0..12 {
            let (from, to) = (soup(5), soup(6));
            let bound = one_sided(from.iter().copied(), &Surface::new(to.iter().copied())).unwrap();
            let truth = oracle(&from, &to);
            assert!(bound >= truth - 1e-9, "{bound} < {truth}");
            assert!(bound <= truth * TIGHT + 0.6, "{bound} is far above {truth}");
        }
    }

    #[test]
    fn a_flat_roof_is_as_far_from_its_prism_as_it_is_higher() {
        let square = |z: f64| {
            let p = |x: f64, y: f64| DVec3::new(x, y, z);
            [
                [p(0., 0.), p(20., 0.), p(20., 20.)],
                [p(0., 0.), p(20., 20.), p(0., 20.)],
            ]
        };
        let bound = one_sided(square(12.5), &Surface::new(square(10.0))).unwrap();
        assert!((bound - 2.5).abs() < 1e-9);
    }

    #[test]
    fn nothing_has_no_distance_from_something() {
        let t = [DVec3::ZERO, DVec3::X, DVec3::Y];
        assert_eq!(one_sided([t], &Surface::new([])), None);
        assert_eq!(one_sided([], &Surface::new([t])), Some(0.0));
    }
}
