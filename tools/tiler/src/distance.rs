//! How far two surfaces are apart at most.
//!
//! The two-sided (Hausdorff) distance of triangle soups, as an upper bound that is proven and tight to within 3 %: a triangle is
//! never further from a surface than its corners are from any one triangle of it (the distance to a convex set is convex), nor than
//! its middle is plus its radius. Where that is not good enough, the triangle is cut and asked again (branch and bound).

use crate::boxes::Boxes;
use crate::outer::Outer;
use glam::DVec3;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use tiles::bounds::Aabb;

/// A triangle's corners, in metres.
pub(crate) type Corners = [DVec3; 3];

/// A bound within this factor of the truth is good enough,
const TIGHT: f64 = 1.03;
/// or within this many metres.
const CLOSE: f64 = 0.05;
/// After this many cuts the bound is taken as it is; it is still a bound.
const MOST_CUTS: usize = 200_000;

/// One of so many faces is looked at before the others.
const FEW: usize = 61;

/// A surface from which and to which distances are measured, as far as it is seen.
pub(crate) struct Surface {
    outer: Outer,
    boxes: Boxes,
}

impl Surface {
    pub(crate) fn new(outer: Outer) -> Self {
        let bounds: Vec<Aabb> = (0..outer.len())
            .map(|face| Aabb::from_points(*outer.face(face)))
            .collect();
        Self {
            boxes: Boxes::new(&bounds),
            outer,
        }
    }

    /// The nearest piece and its distance, looked for from `hint`, a piece that may well be it; `None` when nothing is seen.
    fn nearest(&mut self, point: DVec3, hint: Option<usize>) -> Option<(usize, f64)> {
        let Self { outer, boxes } = self;
        let mut best = hint.map(|hint| (hint, distance_squared(point, outer.piece(hint))));
        let first = best.map_or(f64::INFINITY, |(_, first)| first);
        boxes.nearest(point, first, |face, least| {
            if distance_squared(point, outer.face(face)) >= least {
                return f64::INFINITY;
            }
            let pieces = outer.seen(face);
            let distances = pieces.map(|piece| (piece, distance_squared(point, outer.piece(piece))));
            let Some(nearest) = distances.min_by(|a, b| a.1.total_cmp(&b.1)) else {
                return f64::INFINITY;
            };
            if nearest.1 < least {
                best = Some(nearest);
            }
            nearest.1
        });
        best.map(|(piece, distance)| (piece, distance.sqrt()))
    }
}

/// A piece of the surface asked about, by how far it may be at most.
struct Piece {
    bound: f64,
    corners: Corners,
    /// The piece nearest to its middle.
    nearest: Option<usize>,
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

/// An upper bound of how far any point of `from` is from `to`, in metres; what is within `enough` is not looked at more closely, so that
/// a result up to it says no more than that. Infinite when nothing of `to` is seen and something of `from` is.
pub(crate) fn one_sided(from: &mut Surface, to: &mut Surface, enough: f64) -> f64 {
    let mut search = Search {
        to,
        enough,
        known: 0.0,
        settled: 0.0,
        heap: BinaryHeap::new(),
    };
    // A few here and there first: the sooner something far away is known, the less needs a close look.
    let few = (0..from.outer.len()).step_by(FEW);
    let others = (0..from.outer.len()).filter(|face| face % FEW != 0);
    let mut hint = None;
    for face in few.chain(others) {
        // What is near enough need not be seen.
        if let Some(near) = search.is_near(from.outer.face(face), hint) {
            hint = Some(near);
            continue;
        }
        for piece in from.outer.seen(face) {
            hint = search.ask(*from.outer.piece(piece), hint, f64::INFINITY);
        }
    }
    let mut cuts = 0;
    while let Some(piece) = search.heap.pop() {
        cuts += 1;
        if piece.bound <= search.limit() || cuts > MOST_CUTS {
            // It has the greatest bound of all that are left.
            return search.settled.max(piece.bound);
        }
        for half in halves(&piece.corners) {
            search.ask(half, piece.nearest, piece.bound);
        }
    }
    search.settled
}

/// The state of a branch and bound.
struct Search<'a> {
    to: &'a mut Surface,
    enough: f64,
    /// The greatest distance that a point is known to have.
    known: f64,
    /// The greatest bound among the pieces that need no further look.
    settled: f64,
    /// Those that do.
    heap: BinaryHeap<Piece>,
}

impl Search<'_> {
    /// A bound up to this is good enough.
    fn limit(&self) -> f64 {
        self.enough.max(self.known * TIGHT).max(self.known + CLOSE)
    }

    /// Settles a face that may or may not be seen, if it is near enough however that is: then answers a piece that is near it.
    fn is_near(&mut self, corners: &Corners, hint: Option<usize>) -> Option<usize> {
        let by_hint = self.farthest_corner(corners, hint);
        if by_hint <= self.limit() {
            self.settled = self.settled.max(by_hint);
            return hint;
        }
        let (middle, radius) = circle(corners);
        let (nearest, distance) = self.to.nearest(middle, hint)?;
        let bound = (distance + radius).min(self.farthest_corner(corners, Some(nearest)));
        (bound <= self.limit()).then(|| {
            self.settled = self.settled.max(bound);
            nearest
        })
    }

    /// Looks at a piece that is seen and not further away than `most`; answers a piece of the surface that is near it. `hint` is one that
    /// may be: where it is near enough itself, no nearer one is looked for.
    fn ask(&mut self, corners: Corners, hint: Option<usize>, most: f64) -> Option<usize> {
        let by_hint = self.farthest_corner(&corners, hint).min(most);
        if by_hint <= self.limit() {
            self.settled = self.settled.max(by_hint);
            return hint;
        }
        let (middle, radius) = circle(&corners);
        let Some((nearest, distance)) = self.to.nearest(middle, hint) else {
            self.settled = f64::INFINITY;
            return None;
        };
        self.known = self.known.max(distance);
        let bound = by_hint
            .min(distance + radius)
            .min(self.farthest_corner(&corners, Some(nearest)));
        if bound <= self.limit() {
            self.settled = self.settled.max(bound);
        } else {
            self.heap.push(Piece {
                bound,
                corners,
                nearest: Some(nearest),
            });
        }
        Some(nearest)
    }

    /// How far the corners are from one piece of the surface; no point between them is further.
    fn farthest_corner(&self, corners: &Corners, from: Option<usize>) -> f64 {
        let Some(from) = from else {
            return f64::INFINITY;
        };
        let from = self.to.outer.piece(from);
        let distances = corners.iter().map(|&corner| distance_squared(corner, from));
        distances.fold(0.0, f64::max).sqrt()
    }
}

/// The middle of a triangle and how far its corners are from there.
fn circle(corners: &Corners) -> (DVec3, f64) {
    let middle = (corners[0] + corners[1] + corners[2]) / 3.0;
    let radius = corners.iter().map(|c| c.distance_squared(middle)).fold(0.0, f64::max);
    (middle, radius.sqrt())
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
mod tests {
    use super::*;

    fn surface(faces: &[Corners]) -> Surface {
        Surface::new(Outer::of_seen(faces.to_vec()))
    }

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
            let bound = one_sided(&mut surface(&from), &mut surface(&to), 0.0);
            let truth = oracle(&from, &to);
            assert!(bound >= truth - 1e-9, "{bound} < {truth}");
            assert!(bound <= truth * TIGHT + 0.6, "{bound} is far above {truth}");
        }
    }

    #[test]
    fn what_is_near_enough_is_not_measured_and_what_is_not_is() {
        let mut next = numbers();
        let mut soup = |count: usize| -> Vec<Corners> {
            (0..count)
                .map(|_| std::array::from_fn(|_| DVec3::new(next() * 30.0, next() * 30.0, next() * 8.0)))
                .collect()
        };
        let (from, to) = (soup(20), soup(20));
        let truth = oracle(&from, &to);
        let (mut from, mut to) = (surface(&from), surface(&to));
        for enough in [0.5, 0.8, 0.99].map(|part| part * truth) {
            let bound = one_sided(&mut from, &mut to, enough);
            assert!((truth - 1e-9..=truth * TIGHT + 0.6).contains(&bound), "{bound} {truth}");
        }
        assert!(one_sided(&mut from, &mut to, truth * 1.5) <= truth * 1.5);
    }

    #[test]
    fn a_flat_roof_is_as_far_from_its_prism_as_it_is_higher() {
        let roof = |z: f64| {
            let p = |x: f64, y: f64| DVec3::new(x, y, z);
            surface(&[
                [p(0., 0.), p(20., 0.), p(20., 20.)],
                [p(0., 0.), p(20., 20.), p(0., 20.)],
            ])
        };
        let bound = one_sided(&mut roof(12.5), &mut roof(10.0), 0.0);
        assert!((bound - 2.5).abs() < 1e-9);
    }

    #[test]
    fn nothing_has_no_distance_from_something() {
        let t = [DVec3::ZERO, DVec3::X, DVec3::Y];
        let (mut some, mut none) = (surface(&[t]), surface(&[]));
        assert_eq!(one_sided(&mut some, &mut none, 0.0), f64::INFINITY);
        assert_eq!(one_sided(&mut none, &mut some, 0.0), 0.0);
    }
}
