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

use crate::distance::{Corners, Surface, one_sided};
use crate::outer::{height_at, outer};
use crate::outline::{self, Plan, STEEP};
use crate::overlay;
use crate::shape::Triangle;
use crate::standin::{Pieces, Stock};
use glam::{DVec2, DVec3};
use rstar::{AABB, RTree, RTreeObject};
use std::collections::BTreeMap;

/// What colour, semantics and detail count for, in metres.
const LOST_DETAIL: f64 = 1.0;

/// The error of `made`, which stands for `stock`, against it; metres.
pub(crate) fn error_against(stock: &Stock, made: &Pieces) -> f64 {
    let volumes = volumes(stock, made);
    let ground = ground(stock, made);
    [LOST_DETAIL, made.fate.left_out, volumes, ground]
        .into_iter()
        .fold(0.0, f64::max)
}

/// The two-sided distance of buildings and small things.
fn volumes(stock: &Stock, made: &Pieces) -> f64 {
    let before = outer(&stock.volumes(made));
    let after = outer(&made.volumes());
    two_sided(&before, &after).unwrap_or(0.0)
}

fn two_sided(a: &[Corners], b: &[Corners]) -> Option<f64> {
    let there = one_sided(a.iter().copied(), &Surface::new(b.iter().copied()))?;
    let back = one_sided(b.iter().copied(), &Surface::new(a.iter().copied()))?;
    Some(there.max(back))
}

/// Of ground: the widest strip of the wrong colour, and the greatest difference in height.
fn ground(stock: &Stock, made: &Pieces) -> f64 {
    let before = stock.grounds(made);
    let after = made.grounds();
    let empty = Plan::new(Vec::new());
    let mut worst = height_difference(&before, &after);
    let plans = |grounds: &[Ground]| -> BTreeMap<_, Plan> {
        let mut kinds: BTreeMap<_, Vec<&Plan>> = BTreeMap::new();
        for ground in grounds {
            kinds.entry(ground.kind).or_default().push(&ground.plan);
        }
        kinds
            .into_iter()
            .map(|(kind, plans)| (kind, overlay::union(plans)))
            .collect()
    };
    let (before, after) = (plans(&before), plans(&after));
    for kind in before.keys().chain(after.keys()) {
        let (a, b) = (before.get(kind).unwrap_or(&empty), after.get(kind).unwrap_or(&empty));
        worst = worst.max(widest(&overlay::difference_of_either(a, b)));
    }
    worst
}

/// Ground of one kind.
pub(crate) struct Ground {
    pub(crate) kind: (tiles::surface::Surface, crate::appearance::Color),
    pub(crate) plan: Plan,
    pub(crate) triangles: Vec<Triangle>,
}

/// Widths that are tried, in metres: each is a quarter more than the one before.
const WIDTHS: usize = 40;

/// An upper bound of the diameter of the largest circle inside a plan: the smallest width that an erosion leaves nothing of.
fn widest(plan: &Plan) -> f64 {
    let width = |i: usize| 0.1 * 1.25_f64.powi(i as i32);
    if plan.0.is_empty() {
        return 0.0;
    }
    let (mut low, mut high) = (0, WIDTHS);
    while low < high {
        let middle = usize::midpoint(low, high);
        if outline::may_hold_circle(plan, width(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    width(low)
}

struct Sheet(Corners);

impl RTreeObject for Sheet {
    type Envelope = AABB<[f64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        let [a, b, c] = self.0;
        let (low, high) = (a.min(b).min(c), a.max(b).max(c));
        AABB::from_corners([low.x, low.y], [high.x, high.y])
    }
}

/// The greatest difference in height where both lie over each other. Two planes differ most at a corner of the piece of plan that they
/// share, so those are looked at; where pieces of one ground lie over each other, the nearest in height is what stands for a point.
fn height_difference(a: &[Ground], b: &[Ground]) -> f64 {
    let sheets = |grounds: &[Ground]| -> Vec<Corners> {
        let level = grounds.iter().flat_map(|g| &g.triangles).filter(|t| t.normal.z > STEEP);
        level.map(|t| t.corners).collect()
    };
    let (a, b) = (sheets(a), sheets(b));
    let over = |from: &[Corners], to: &[Corners]| {
        let tree = RTree::bulk_load(to.iter().copied().map(Sheet).collect());
        let worst = from.iter().map(|sheet| most_above(sheet, &tree));
        worst.fold(0.0_f64, f64::max)
    };
    over(&a, &b).max(over(&b, &a))
}

/// How far a triangle is above or below the sheets at most, where there are any.
fn most_above(triangle: &Corners, sheets: &RTree<Sheet>) -> f64 {
    let mut worst = 0.0_f64;
    for other in sheets.locate_in_envelope_intersecting(Sheet(*triangle).envelope()) {
        for corner in shared_plan(triangle, &other.0) {
            let Some(own) = plane_height(triangle, corner) else {
                continue;
            };
            let point = DVec3::new(corner.x, corner.y, own);
            let here = plane_height(&other.0, corner);
            let others = sheets.locate_in_envelope_intersecting(AABB::from_point([corner.x, corner.y]));
            let heights = here
                .into_iter()
                .chain(others.filter_map(|sheet| height_at(&sheet.0, point)));
            let least = heights.map(|z| (z - own).abs()).min_by(f64::total_cmp);
            worst = worst.max(least.unwrap_or(0.0));
        }
    }
    worst
}

/// The corners of the plan that two triangles share (Sutherland and Hodgman, "Reentrant polygon clipping", 1974).
fn shared_plan(a: &Corners, b: &Corners) -> Vec<DVec2> {
    let mut rest: Vec<DVec2> = a.iter().map(|corner| corner.truncate()).collect();
    let edges = [(b[0], b[1]), (b[1], b[2]), (b[2], b[0])].map(|(p, q)| (p.truncate(), q.truncate()));
    let turned = (edges[0].1 - edges[0].0).perp_dot(edges[1].1 - edges[1].0).signum();
    for (from, to) in edges {
        let side = |point: DVec2| turned * (to - from).perp_dot(point - from);
        let before = std::mem::take(&mut rest);
        for (&here, &next) in before.iter().zip(before.iter().cycle().skip(1)) {
            let (at, then) = (side(here), side(next));
            if at >= 0.0 {
                rest.push(here);
            }
            if (at > 0.0 && then < 0.0) || (at < 0.0 && then > 0.0) {
                rest.push(here.lerp(next, at / (at - then)));
            }
        }
    }
    rest
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
        let found = most_above(&flat, &RTree::bulk_load(vec![Sheet(steep)]));
        assert!((found - 10.0).abs() < 1e-9, "{found}");
    }

    #[test]
    fn triangles_beside_each_other_share_no_plan() {
        let p = DVec3::new;
        let a = [p(0., 0., 0.), p(1., 0., 0.), p(0., 1., 0.)];
        assert!(shared_plan(&a, &a.map(|corner| corner + p(3., 0., 0.))).is_empty());
        assert_eq!(shared_plan(&a, &a.map(|corner| corner * 0.5)).len(), 3);
    }
}
