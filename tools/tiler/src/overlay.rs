//! Unions and differences of outlines.
//!
//! `geo`'s boolean operations ask `i_overlay` for shapes that are valid by OGC's rules, and that part of `i_overlay` 4.5 panics on rings
//! that touch themselves (iShape-Rust/iOverlay#79). Real outlines do. So `i_overlay` is asked directly, for shapes whose holes may touch
//! their border; everything here that reads them is at ease with that.

mod rings;

use crate::boxes::groups;
use geo::{Coord, LineString, MultiPolygon, Polygon};
use glam::DVec3;
use i_overlay::core::fill_rule::FillRule;
use i_overlay::core::overlay_rule::OverlayRule;
use i_overlay::core::solver::Solver;
use i_overlay::float::overlay::{FloatOverlay, OverlayOptions};
use rings::{borders, may_touch, simple_polygon};
use tiles::bounds::Aabb;

/// Polygons in the east-north plane, exteriors anticlockwise, holes clockwise; metres.
pub(crate) type Plan = MultiPolygon<f64>;

type Contours = Vec<Vec<[f64; 2]>>;

/// What any of the plans covers. Each must have its rings in the order that [`Plan`] says.
///
/// What touches nothing else stays as it is, and what lies apart is joined apart: of a city's outlines that is most.
pub(crate) fn union<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Plan {
    let polygons: Vec<&Polygon> = plans.into_iter().flatten().collect();
    let boxes: Vec<Aabb> = polygons.iter().map(|polygon| around(polygon.exterior())).collect();
    let mut all = Vec::with_capacity(polygons.len());
    let together = |a: usize, b: usize| {
        // One may lie within the other; else they share a point only where their edges do.
        let nested = boxes[a].contains_box(&boxes[b]) || boxes[b].contains_box(&boxes[a]);
        nested || may_touch(polygons[a].exterior(), polygons[b].exterior())
    };
    for group in groups(&boxes, together) {
        if let [only] = *group {
            all.push(polygons[only].clone());
            continue;
        }
        let contours: Contours = group.iter().flat_map(|&at| polygon_contours(polygons[at])).collect();
        all.extend(overlay(
            &contours,
            &Vec::new(),
            OverlayRule::Subject,
            FillRule::Positive,
        ));
    }
    Plan::new(all)
}

/// What anticlockwise rings cover together.
pub(crate) fn union_of_rings(rings: impl IntoIterator<Item = Vec<[f64; 2]>>) -> Plan {
    let contours = borders(rings.into_iter().collect());
    if let [only] = &*contours
        && let Some(polygon) = simple_polygon(only)
    {
        return Plan::new(vec![polygon]);
    }
    overlay(&contours, &Vec::new(), OverlayRule::Subject, FillRule::Positive)
}

/// What rings enclose, in whatever order they run and however often they cross.
pub(crate) fn filled<'a>(rings: impl IntoIterator<Item = &'a LineString>) -> Plan {
    let contours: Contours = rings.into_iter().map(contour).collect();
    if let [only] = &*contours
        && let Some(polygon) = simple_polygon(only)
    {
        return Plan::new(vec![polygon]);
    }
    overlay(&contours, &Vec::new(), OverlayRule::Subject, FillRule::NonZero)
}

/// What an odd number of the rings encloses.
pub(crate) fn enclosed<'a>(rings: impl IntoIterator<Item = &'a LineString>) -> Plan {
    let contours: Contours = rings.into_iter().map(contour).collect();
    overlay(&contours, &Vec::new(), OverlayRule::Subject, FillRule::EvenOdd)
}

/// What `a` covers and `b` does not.
pub(crate) fn difference(a: &Plan, b: &Plan) -> Plan {
    both([a], [b], OverlayRule::Difference)
}

/// What any plan of the ones covers and none of the others, and the other way round.
pub(crate) fn difference_of_either<'a>(
    ones: impl IntoIterator<Item = &'a Plan>,
    others: impl IntoIterator<Item = &'a Plan>,
) -> Plan {
    both(ones, others, OverlayRule::Xor)
}

fn both<'a>(
    ones: impl IntoIterator<Item = &'a Plan>,
    others: impl IntoIterator<Item = &'a Plan>,
    rule: OverlayRule,
) -> Plan {
    let ones: Contours = ones.into_iter().flat_map(contours).collect();
    let others: Contours = others.into_iter().flat_map(contours).collect();
    overlay(&ones, &others, rule, FillRule::Positive)
}

fn overlay(a: &Contours, b: &Contours, rule: OverlayRule, fill: FillRule) -> Plan {
    let (a, b) = (&on_grid(a), &on_grid(b));
    let options = OverlayOptions::<f64>::default();
    let shapes = FloatOverlay::with_subj_and_clip_custom(a, b, options, Solver::default()).overlay(rule, fill);
    MultiPolygon::new(shapes.into_iter().filter_map(polygon).collect())
}

/// Points as tiles store them, on multiples of 2^-10 m. `i_overlay` works with whole numbers of its own; from this grid they come without
/// rounding, so that edges that meet in the data meet there. Where they only nearly met, it has been seen to go round and round.
fn on_grid(contours: &Contours) -> Contours {
    let rounded = |v: f64| (v * 1024.0).round() / 1024.0;
    contours
        .iter()
        .map(|ring| ring.iter().map(|point| point.map(rounded)).collect())
        .collect()
}

fn polygon(shape: Contours) -> Option<Polygon> {
    let mut rings = shape
        .into_iter()
        .map(|ring| LineString::new(ring.into_iter().map(Coord::from).collect()));
    let exterior = rings.next()?;
    // `Polygon::new` closes the rings.
    Some(Polygon::new(exterior, rings.collect()))
}

fn contours(plan: &Plan) -> impl Iterator<Item = Vec<[f64; 2]>> {
    plan.iter().flat_map(polygon_contours)
}

fn polygon_contours(polygon: &Polygon) -> impl Iterator<Item = Vec<[f64; 2]>> {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.map(contour)
}

/// The box around a ring, at height 0.
pub(crate) fn around(ring: &LineString) -> Aabb {
    Aabb::from_points(ring.0.iter().map(|c| DVec3::new(c.x, c.y, 0.0)))
}

fn contour(ring: &LineString) -> Vec<[f64; 2]> {
    let open = ring.0.len().saturating_sub(1);
    ring.0[..open].iter().map(|c| [c.x, c.y]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Area;

    fn square(x: f64, y: f64, side: f64) -> Plan {
        union_of_rings([vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]]])
    }

    #[test]
    fn areas_add_up() {
        let (a, b) = (square(0., 0., 10.), square(5., 5., 10.));
        assert!((union([&a, &b]).unsigned_area() - 175.).abs() < 1e-6);
        assert!((difference(&a, &b).unsigned_area() - 75.).abs() < 1e-6);
        assert!((difference_of_either([&a], [&b]).unsigned_area() - 150.).abs() < 1e-6);
    }

    #[test]
    fn a_hole_stays_a_hole() {
        let ring = difference(&square(0., 0., 10.), &square(2., 2., 6.));
        assert_eq!(ring.0.len(), 1);
        assert_eq!(ring.0[0].interiors().len(), 1);
        assert!((union([&ring, &square(20., 0., 1.)]).unsigned_area() - 65.).abs() < 1e-6);
    }

    #[test]
    fn rings_that_touch_themselves_and_each_other_are_no_harm() {
        // Squares corner to corner around a middle: their union has holes that touch at points.
        let around: Vec<Plan> = (0..5)
            .flat_map(|i| (0..5).map(move |j| (i, j)))
            .filter(|(i, j)| (i + j) % 2 == 0)
            .map(|(i, j)| square(f64::from(i) * 3., f64::from(j) * 3., 3.))
            .collect();
        let all = union(&around);
        assert!((all.unsigned_area() - 13. * 9.).abs() < 1e-6);
        let again = difference_of_either([&all], [&square(0., 0., 15.)]);
        assert!((again.unsigned_area() - 12. * 9.).abs() < 1e-6);
    }
}
