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
use crate::shape::{Shape, Triangle};
use crate::standin::{Pieces, Stock};
use rstar::{AABB, RTree, RTreeObject};
use std::collections::BTreeMap;

/// What colour, semantics and detail count for, in metres.
const LOST_DETAIL: f64 = 1.0;

/// The error of `made`, which stands for `stock`, against it; metres.
pub(crate) fn error_against(stock: &Stock<'_>, made: &Pieces, shapes: &[Shape]) -> f64 {
    let volumes = volumes(stock, made, shapes);
    let ground = ground(stock, made, shapes);
    [LOST_DETAIL, made.fate.left_out, volumes, ground]
        .into_iter()
        .fold(0.0, f64::max)
}

/// The two-sided distance of buildings and small things.
fn volumes(stock: &Stock<'_>, made: &Pieces, shapes: &[Shape]) -> f64 {
    let before = outer(&stock.volumes(made, shapes));
    let after = outer(&made.volumes());
    two_sided(&before, &after).unwrap_or(0.0)
}

fn two_sided(a: &[Corners], b: &[Corners]) -> Option<f64> {
    let there = one_sided(a.iter().copied(), &Surface::new(b.iter().copied()))?;
    let back = one_sided(b.iter().copied(), &Surface::new(a.iter().copied()))?;
    Some(there.max(back))
}

/// Of ground: the widest strip of the wrong colour, and the greatest difference in height.
fn ground(stock: &Stock<'_>, made: &Pieces, shapes: &[Shape]) -> f64 {
    let before = stock.grounds(made, shapes);
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

/// The greatest difference in height where both lie over each other: taken at the corners of both.
fn height_difference(a: &[Ground], b: &[Ground]) -> f64 {
    let sheets = |grounds: &[Ground]| -> Vec<Corners> {
        let level = grounds.iter().flat_map(|g| &g.triangles).filter(|t| t.normal.z > STEEP);
        level.map(|t| t.corners).collect()
    };
    let (a, b) = (sheets(a), sheets(b));
    let over = |from: &[Corners], to: &[Corners]| {
        let tree = RTree::bulk_load(to.iter().copied().map(Sheet).collect());
        let mut worst = 0.0_f64;
        for &corner in from.iter().flatten() {
            let at = AABB::from_point([corner.x, corner.y]);
            let heights = tree
                .locate_in_envelope_intersecting(at)
                .filter_map(|sheet| height_at(&sheet.0, corner));
            // Pieces may overlap; the nearest in height is what stands for this point.
            if let Some(least) = heights.map(|z| (z - corner.z).abs()).min_by(f64::total_cmp) {
                worst = worst.max(least);
            }
        }
        worst
    };
    over(&a, &b).max(over(&b, &a))
}
