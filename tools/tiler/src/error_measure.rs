//! How wrong a stand-in is.
//!
//! A viewer draws a stand-in as long as its error would be smaller than some pixels on the screen; a number that is made up shows as holes
//! or as wasted bandwidth. The error of a tile is measured against the level below and is the greatest of
//!
//! * the two-sided distance of the surfaces that are seen ([`crate::outer`], [`crate::distance`]), of buildings and small things;
//! * of ground, the widest strip that has the wrong colour, and the greatest difference in height;
//! * the diameter of what is left out;
//! * one metre, because colours and details are lost.
//!
//! The level below has its own error, which is added (triangle inequality): errors only grow upward.

use crate::boxes::{Boxes, meet_in_plan};
use crate::distance::{Corners, Surface, one_sided};
use crate::outer::Outer;
use crate::outline::{self, Plan, STEEP};
use crate::overlay;
use crate::shape::Triangle;
use crate::standin::{Pieces, Stock};
use geo::Polygon;
use glam::{DVec2, DVec3};
use smallvec::SmallVec;
use std::collections::BTreeMap;
use tiles::bounds::Aabb;

/// What colour, semantics and detail count for, in metres.
const LOST_DETAIL: f64 = 1.0;

/// The error of `made`, which stands for `stock`, against it; metres.
///
/// It is the greatest of several, so each is asked only whether it is greater than those before, the cheap ones first.
pub(crate) fn error_against(stock: &Stock, made: &Pieces) -> f64 {
    let least = LOST_DETAIL.max(made.fate.left_out);
    let flat = ground(stock, made, least);
    volumes(stock, made, flat)
}

/// The two-sided distance of buildings and small things, or `least` where that is more.
fn volumes(stock: &Stock, made: &Pieces, least: f64) -> f64 {
    let surface = |triangles: &[Triangle]| Surface::new(Outer::new(triangles));
    let (mut before, mut after) = (surface(&stock.volumes(made)), surface(&made.volumes()));
    let there = one_sided(&mut before, &mut after, least);
    let back = one_sided(&mut after, &mut before, least.max(there));
    // Where nothing of one is seen there is no distance.
    [there, back]
        .into_iter()
        .filter(|far| far.is_finite())
        .fold(least, f64::max)
}

/// Of ground: the widest strip of the wrong colour, and the greatest difference in height; or `least` where that is more.
fn ground(stock: &Stock, made: &Pieces, least: f64) -> f64 {
    let before = stock.grounds(made);
    let after = made.grounds();
    let mut worst = height_difference(&before, &after, least);
    let mut kinds: BTreeMap<_, [Vec<&Plan>; 2]> = BTreeMap::new();
    for (side, grounds) in [&before, &after].into_iter().enumerate() {
        for ground in grounds {
            kinds.entry(ground.kind).or_default()[side].push(&ground.plan);
        }
    }
    for [before, after] in kinds.into_values() {
        worst = widest(&overlay::difference_of_either(before, after), worst);
    }
    worst
}

/// Ground of one kind.
pub(crate) struct Ground {
    pub(crate) kind: (tiles::surface::Surface, crate::appearance::Color),
    pub(crate) plan: Plan,
    /// What of it can be stood on.
    pub(crate) faces: Vec<Corners>,
}

/// The corners of the triangles that have a plan to speak of.
pub(crate) fn level_faces<'a>(triangles: impl Iterator<Item = &'a Triangle>) -> Vec<Corners> {
    triangles.filter(|t| t.normal.z > STEEP).map(|t| t.corners).collect()
}

/// Widths that are tried, in metres: each is a quarter more than the one before.
const WIDTHS: usize = 40;

/// An upper bound of the diameter of the largest circle inside a plan, or `least` where that is more: the smallest of the widths that an
/// erosion leaves nothing of.
fn widest(plan: &Plan, least: f64) -> f64 {
    let width = |i: usize| 0.1 * 1.25_f64.powi(i as i32);
    // Most of it is slivers, too small for any circle that matters.
    let large: Vec<(f64, &Polygon)> = plan
        .iter()
        .map(|polygon| (outline::widest_circle(polygon), polygon))
        .filter(|(bound, _)| *bound > least)
        .collect();
    let most = large.iter().map(|(bound, _)| *bound).fold(0.0, f64::max);
    let plan = Plan::new(large.into_iter().map(|(_, polygon)| polygon.clone()).collect());
    if plan.0.is_empty() || !outline::may_hold_circle(&plan, least) {
        return least;
    }
    let first = |above: f64| (0..WIDTHS).find(|&i| width(i) >= above).unwrap_or(WIDTHS);
    let (mut low, mut high) = (first(least), first(most));
    while low < high {
        let middle = usize::midpoint(low, high);
        if outline::may_hold_circle(&plan, width(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    width(low).min(most)
}

/// Triangles of ground, to be found by their place.
struct Sheets {
    corners: Vec<Corners>,
    boxes: Boxes,
}

impl Sheets {
    fn new(corners: Vec<Corners>) -> Self {
        let bounds: Vec<Aabb> = corners.iter().map(in_plan).collect();
        Self {
            boxes: Boxes::new(&bounds),
            corners,
        }
    }
}

/// The box around a triangle, laid flat: only its place in the plan matters.
fn in_plan(corners: &Corners) -> Aabb {
    Aabb::from_points(corners.map(|corner| corner.truncate().extend(0.0)))
}

/// A convex piece of the plan.
type Part = SmallVec<[DVec2; 8]>;

/// The greatest difference in height where both lie over each other, or `least` where that is more. Two planes differ most at a corner of
/// the piece of plan that they share, so those are looked at; where pieces of one ground lie over each other, the nearest in height is what
/// stands for a point.
fn height_difference(a: &[Ground], b: &[Ground], least: f64) -> f64 {
    let sheets = |grounds: &[Ground]| Sheets::new(grounds.iter().flat_map(|ground| &ground.faces).copied().collect());
    let (a, b) = (sheets(a), sheets(b));
    let over = |from: &Sheets, to: &Sheets, least: f64| {
        let each = from.corners.iter();
        each.fold(least, |worst, sheet| most_above(sheet, to, worst))
    };
    over(&b, &a, over(&a, &b, least))
}

/// How far a triangle is above or below the sheets at most, where there are any; or `least` where that is more.
///
/// Over each piece of plan that it shares with a sheet, the corners tell how far that one sheet is at most. Where sheets lie over each
/// other, what counts is the nearest: a piece is forgiven as far as nearer sheets lie over it.
fn most_above(triangle: &Corners, sheets: &Sheets, least: f64) -> f64 {
    let around = Aabb::from_points(*triangle);
    let (low, high) = (around.min.truncate(), around.max.truncate());
    let mut pieces: Vec<(f64, Part, usize)> = Vec::new();
    let mut nearer: Vec<(f64, Part, usize)> = Vec::new();
    sheets.boxes.over(low, high, |number| {
        let other = &sheets.corners[number];
        if !meet_in_plan(&around, &Aabb::from_points(*other)) {
            return;
        }
        let at_most = most_between(triangle, other);
        if at_most <= least {
            nearer.push((at_most, Part::new(), number));
            return;
        }
        let piece = shared_plan(triangle, other);
        let off = |&corner: &DVec2| Some((plane_height(triangle, corner)? - plane_height(other, corner)?).abs());
        let most = piece.iter().filter_map(off).fold(0.0, f64::max);
        pieces.push((most, piece, number));
    });
    if pieces.iter().all(|(most, ..)| *most <= least) {
        return least;
    }
    pieces.extend(nearer);
    // The furthest first: what no nearer sheet lies over is as far as it is.
    pieces.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
    for (at, (most, piece, _)) in pieces.iter().enumerate() {
        if *most <= least {
            break;
        }
        let mut rest = vec![piece.clone()];
        for (_, _, nearer) in &pieces[at + 1..] {
            rest = rest
                .iter()
                .flat_map(|part| outside(part, &sheets.corners[*nearer]))
                .collect();
            if rest.is_empty() {
                break;
            }
        }
        if rest.iter().any(|part| plan_area(part) > SLIVER) {
            return *most;
        }
    }
    least
}

/// How far two triangles are above each other at most: no further than the corners of either are from the plane of the other.
fn most_between(a: &Corners, b: &Corners) -> f64 {
    let off = |corners: &Corners, plane: &Corners| {
        let offs = corners.map(|corner| plane_height(plane, corner.truncate()).map(|z| (corner.z - z).abs()));
        offs.into_iter()
            .fold(0.0, |most: f64, off| most.max(off.unwrap_or(f64::INFINITY)))
    };
    off(a, b).min(off(b, a))
}

/// What is left of a piece of plan smaller than this comes from rounding, in square metres.
const SLIVER: f64 = 1e-4;

fn plan_area(part: &[DVec2]) -> f64 {
    let Some(&first) = part.first() else {
        return 0.0;
    };
    let doubled = part.windows(2).map(|edge| (edge[0] - first).perp_dot(edge[1] - first));
    doubled.sum::<f64>().abs() / 2.0
}

/// The parts of a convex piece of plan that lie outside of a triangle, each convex.
fn outside(part: &[DVec2], triangle: &Corners) -> Vec<Part> {
    let [a, b, c] = triangle.map(DVec3::truncate);
    let turned = (b - a).perp_dot(c - a).signum();
    let mut rest = Part::from_slice(part);
    let mut beyond = Vec::new();
    for (from, to) in [(a, b), (b, c), (c, a)] {
        let side = |point: DVec2| turned * (to - from).perp_dot(point - from);
        beyond.push(kept(&rest, |point| -side(point)));
        rest = kept(&rest, side);
    }
    beyond.retain(|part| plan_area(part) > SLIVER * 1e-3);
    beyond
}

/// The part of a convex piece where `side` is not negative (Sutherland and Hodgman, "Reentrant polygon clipping", 1974).
fn kept(piece: &[DVec2], side: impl Fn(DVec2) -> f64) -> Part {
    let mut rest = Part::new();
    for (&here, &next) in piece.iter().zip(piece.iter().cycle().skip(1)) {
        let (at, then) = (side(here), side(next));
        if at >= 0.0 {
            rest.push(here);
        }
        if (at > 0.0 && then < 0.0) || (at < 0.0 && then > 0.0) {
            rest.push(here.lerp(next, at / (at - then)));
        }
    }
    rest
}

/// The corners of the plan that two triangles share.
fn shared_plan(a: &Corners, b: &Corners) -> Part {
    let edges = [(b[0], b[1]), (b[1], b[2]), (b[2], b[0])].map(|(p, q)| (p.truncate(), q.truncate()));
    let turned = (edges[0].1 - edges[0].0).perp_dot(edges[1].1 - edges[1].0).signum();
    let whole = a.iter().map(|corner| corner.truncate()).collect();
    edges.into_iter().fold(whole, |rest: Part, (from, to)| {
        kept(&rest, |point| turned * (to - from).perp_dot(point - from))
    })
}

/// The height of a triangle's plane over a point of the plan; `None` of one that stands upright.
fn plane_height([a, b, c]: &Corners, point: DVec2) -> Option<f64> {
    let normal = (*b - *a).cross(*c - *a);
    let off = point - a.truncate();
    (normal.z.abs() > 1e-9).then(|| a.z - (normal.x * off.x + normal.y * off.y) / normal.z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ridge_across_a_flat_sheet_is_found_where_no_corner_of_either_lies() {
        let p = DVec3::new;
        // The edges cross at (5, 5), where one is 10 m high and the other 0.
        let flat = [p(0., 0., 0.), p(10., 0., 0.), p(10., 10., 0.)];
        let steep = [p(10., 0., 10.), p(0., 10., 10.), p(-10., -10., -50.)];
        let found = most_above(&flat, &Sheets::new(vec![steep]), 0.0);
        assert!((found - 10.0).abs() < 1e-9, "{found}");
    }

    #[test]
    fn ground_under_a_bridge_is_as_far_as_the_ground_that_stands_for_it_and_no_further() {
        let p = DVec3::new;
        let ground = [p(0., 0., 0.), p(10., 0., 0.), p(0., 10., 0.)];
        let bridge = ground.map(|corner| corner + p(0., 0., 8.0));
        // The ground that stands for it comes in two pieces, half a metre lower.
        let low = |a, b, c| [a, b, c].map(|corner: DVec3| corner - p(0., 0., 0.5));
        let middle = p(5., 5., 0.);
        let pieces = [
            low(p(0., 0., 0.), p(10., 0., 0.), middle),
            low(p(0., 0., 0.), middle, p(0., 10., 0.)),
        ];
        let all = Sheets::new(vec![bridge, pieces[0], pieces[1]]);
        assert!((most_above(&ground, &all, 0.0) - 0.5).abs() < 1e-9);
        // Where one of the pieces is missing only the bridge is left.
        let half = Sheets::new(vec![bridge, pieces[0]]);
        assert!((most_above(&ground, &half, 0.0) - 8.0).abs() < 1e-9);
    }

    #[test]
    fn triangles_beside_each_other_share_no_plan() {
        let p = DVec3::new;
        let a = [p(0., 0., 0.), p(1., 0., 0.), p(0., 1., 0.)];
        assert!(shared_plan(&a, &a.map(|corner| corner + p(3., 0., 0.))).is_empty());
        assert_eq!(shared_plan(&a, &a.map(|corner| corner * 0.5)).len(), 3);
    }
}
