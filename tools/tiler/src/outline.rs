//! Outlines in the plan: joining, closing and simplifying them.

mod narrow;

use crate::boxes::Boxes;
use crate::overlay;
pub(crate) use crate::overlay::Plan;
use crate::shape::Triangle;
use earcut::Earcut;
use geo::algorithm::buffer::{Buffer, BufferStyle, LineJoin};
use geo::{Area, BoundingRect, Contains, Coord, LineString, MinimumRotatedRect, Polygon, Simplify};
use glam::{DVec2, DVec3};

/// A join sharper than this (radians) is cut off rather than drawn to its point.
const SHARPEST_JOIN: f64 = 0.6;

/// Faces steeper than this have no plan to speak of (upward component of the normal).
pub(crate) const STEEP: f64 = 0.1;

/// The area that triangles cover in the plan.
pub(crate) fn plan_of<'a>(triangles: impl IntoIterator<Item = &'a Triangle>) -> Plan {
    overlay::union_of_rings(triangles.into_iter().filter_map(|triangle| flat(&triangle.corners)))
}

/// A triangle as an anticlockwise ring; `None` when it stands upright.
fn flat(corners: &[DVec3; 3]) -> Option<Vec<[f64; 2]>> {
    let [a, b, c] = corners.map(|corner| [corner.x, corner.y]);
    let doubled = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
    match doubled {
        area if area.abs() < 1e-8 => None,
        area if area > 0.0 => Some(vec![a, b, c]),
        _ => Some(vec![a, c, b]),
    }
}

/// Fills what is narrower than `width`: alleys, courtyards, notches (a morphological closing).
pub(crate) fn closed(plan: &Plan, width: f64) -> Plan {
    let mut all = Vec::with_capacity(plan.0.len());
    for (group, narrow) in narrow::apart(plan, width) {
        let own = Plan::new(group.into_iter().map(|at| plan.0[at].clone()).collect());
        if narrow {
            // Corners kept sharp can cut into what was there; it is put back.
            all.extend(overlay::union([
                &shifted(&shifted(&own, width / 2.0), -width / 2.0),
                &own,
            ]));
        } else {
            all.extend(own);
        }
    }
    // Sharp corners of one group can reach into another.
    overlay::union([&Plan::new(all)])
}

/// The same, with an outline that stays outside of the original when it is [`simplified`] by `tolerance`.
pub(crate) fn closed_and_grown(plan: &Plan, width: f64, tolerance: f64) -> Plan {
    let grown = shifted(plan, tolerance);
    overlay::union([&shifted(&shifted(&grown, width / 2.0), -width / 2.0), &grown])
}

/// The outline moved outward (inward, when negative) by a distance, corners kept sharp.
pub(crate) fn shifted(plan: &Plan, distance: f64) -> Plan {
    plan.buffer_with_style(BufferStyle::new(distance).line_join(LineJoin::Miter(SHARPEST_JOIN)))
}

/// What becomes of a ring that would lose most of its area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collapse {
    /// A tower stays a tower: a rectangle of its area.
    Rectangle,
    /// A road stays a road: a smaller tolerance.
    Refine,
}

/// Whether a circle of this diameter might fit into the plan; never `false` when one does.
pub(crate) fn may_hold_circle(plan: &Plan, diameter: f64) -> bool {
    // Joins cut straight take away less than the circle would.
    let style = BufferStyle::new(-diameter / 2.0).line_join(LineJoin::Bevel);
    !plan.buffer_with_style(style).0.is_empty()
}

/// An upper bound of the diameter of the largest circle inside a polygon: it has no more area than the polygon, and is no wider.
pub(crate) fn widest_circle(polygon: &Polygon) -> f64 {
    let narrow = polygon
        .bounding_rect()
        .map_or(0.0, |rect| rect.width().min(rect.height()));
    narrow.min((polygon.unsigned_area() * 4.0 / std::f64::consts::PI).sqrt())
}

/// Takes away what is narrower than `width`: alleys between squares, paths (a morphological opening).
pub(crate) fn opened(plan: &Plan, width: f64) -> Plan {
    shifted(&shifted(plan, -width / 2.0), width / 2.0)
}

/// The outline with points left out where it moves by less than `tolerance`, and holes of less area than `least_hole` filled.
pub(crate) fn simplified(plan: &Plan, tolerance: f64, least_hole: f64, collapse: Collapse) -> Plan {
    let (mut exteriors, mut holes) = (Vec::new(), Vec::new());
    for polygon in plan {
        let simple = simple_ring(polygon.exterior(), tolerance);
        let small = collapse == Collapse::Rectangle && longer_side(polygon) < 4.0 * tolerance;
        let collapsed = simple.is_none() && small;
        exteriors.extend(if small {
            nearer(simple, rectangle(polygon), polygon.exterior())
        } else {
            simple.or_else(|| Some(refined(polygon.exterior(), tolerance)))
        });
        if collapsed {
            // The rectangle has the area without the holes.
            continue;
        }
        let kept = polygon
            .interiors()
            .iter()
            .filter(|hole| alone((*hole).clone()).unsigned_area() > least_hole);
        holes.extend(kept.filter_map(|hole| simple_ring(hole, tolerance)));
    }
    // Simplified rings can cross themselves and each other: what they enclose counts, however often.
    let filled = overlay::filled(&exteriors);
    if holes.is_empty() {
        return filled;
    }
    overlay::difference(&filled, &overlay::filled(&holes))
}

/// Of a simple ring and a rectangle the one that covers more nearly what `ring` does; a ring of more than five corners is taken.
fn nearer(simple: Option<LineString>, rectangle: Option<LineString>, ring: &LineString) -> Option<LineString> {
    let (Some(a), Some(b)) = (&simple, &rectangle) else {
        return simple.or(rectangle);
    };
    if a.0.len() > 6 {
        return simple;
    }
    let truth = overlay::filled([ring]);
    let wrong = |ring: &LineString| area(&overlay::difference_of_either([&overlay::filled([ring])], [&truth]));
    if wrong(a) <= wrong(b) { simple } else { rectangle }
}

/// A ring as a polygon without holes.
fn alone(ring: LineString) -> Polygon {
    Polygon::new(ring, Vec::new())
}

/// The ring at the largest tolerance that leaves most of its area.
fn refined(ring: &LineString, tolerance: f64) -> LineString {
    let mut tolerances = (1..6).map(|halvings| tolerance / f64::from(1 << halvings));
    tolerances
        .find_map(|tolerance| simple_ring(ring, tolerance))
        .unwrap_or_else(|| ring.clone())
}

/// The ring with fewer points; `None` when its area changes by more than a third.
fn simple_ring(ring: &LineString, tolerance: f64) -> Option<LineString> {
    let area = |ring: &LineString| Polygon::new(ring.clone(), Vec::new()).signed_area();
    let start = farthest_corner(ring)?;
    let open = &ring.0[..ring.0.len() - 1];
    let turned: LineString = open[start..].iter().chain(&open[..=start]).copied().collect();
    let simple = turned.simplify(tolerance);
    let kept = area(&simple) / area(ring);
    (simple.0.len() >= 4 && (0.67..1.5).contains(&kept)).then_some(simple)
}

/// The corner farthest from the middle: one that every simplification should keep.
fn farthest_corner(ring: &LineString) -> Option<usize> {
    let open = &ring.0[..ring.0.len().checked_sub(1)?];
    let middle = open.iter().fold(DVec2::ZERO, |sum, c| sum + DVec2::new(c.x, c.y)) / open.len().max(1) as f64;
    let distance = |c: &Coord| DVec2::new(c.x, c.y).distance_squared(middle);
    (0..open.len()).max_by(|&a, &b| distance(&open[a]).total_cmp(&distance(&open[b])).then(b.cmp(&a)))
}

/// The smallest rectangle around a polygon, shrunk to the polygon's area.
fn rectangle(polygon: &Polygon) -> Option<LineString> {
    let around = polygon.minimum_rotated_rect()?;
    let scale = (polygon.unsigned_area() / around.unsigned_area().max(1e-9))
        .sqrt()
        .min(1.0);
    let corners = &around.exterior().0;
    let [a, b, c, d] = *corners.first_chunk::<4>()?;
    let middle = Coord {
        x: f64::midpoint(a.x, c.x),
        y: f64::midpoint(a.y, c.y),
    };
    let moved = [a, b, c, d, a].map(|p| middle + (p - middle) * scale);
    Some(LineString::new(moved.to_vec()))
}

/// Square metres.
pub(crate) fn area(plan: &Plan) -> f64 {
    plan.unsigned_area()
}

/// A point inside a polygon: the middle of its widest part at a height where no corner lies. `None` of one without area.
pub(crate) fn inside(polygon: &Polygon) -> Option<Coord> {
    let rings = || std::iter::once(polygon.exterior()).chain(polygon.interiors());
    let mut heights: Vec<f64> = rings().flat_map(|ring| &ring.0).map(|c| c.y).collect();
    heights.sort_unstable_by(f64::total_cmp);
    let gap = heights
        .windows(2)
        .max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])))?;
    let y = f64::midpoint(gap[0], gap[1]);
    let crossed = rings()
        .flat_map(|ring| ring.0.windows(2))
        .filter(|edge| (edge[0].y < y) != (edge[1].y < y));
    let mut across: Vec<f64> = crossed
        .map(|edge| edge[0].x + (edge[1].x - edge[0].x) * (y - edge[0].y) / (edge[1].y - edge[0].y))
        .collect();
    across.sort_unstable_by(f64::total_cmp);
    let (pairs, _) = across.as_chunks::<2>();
    let widest = pairs.iter().max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])))?;
    Some(Coord {
        x: f64::midpoint(widest[0], widest[1]),
        y,
    })
}

/// Finds the polygon of a plan that a point lies in.
pub(crate) struct Homes<'a> {
    plan: &'a Plan,
    boxes: Boxes,
}

impl<'a> Homes<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let boxes: Vec<_> = plan.iter().map(|polygon| overlay::around(polygon.exterior())).collect();
        Self {
            plan,
            boxes: Boxes::new(&boxes),
        }
    }

    /// The number of the polygon, the first where several hold the point.
    pub(crate) fn of(&self, point: Coord) -> Option<usize> {
        let at = DVec2::new(point.x, point.y);
        let mut home: Option<usize> = None;
        self.boxes.over(at, at, |number| {
            if home.is_none_or(|found| number < found) && self.plan.0[number].contains(&point) {
                home = Some(number);
            }
        });
        home
    }
}

fn longer_side(polygon: &Polygon) -> f64 {
    polygon
        .bounding_rect()
        .map_or(0.0, |rect| rect.width().max(rect.height()))
}

/// The longer side of the bounding box.
pub(crate) fn extent(plan: &Plan) -> f64 {
    plan.bounding_rect().map_or(0.0, |rect| rect.width().max(rect.height()))
}

/// The diagonal of the bounding box.
pub(crate) fn diagonal(plan: &Plan) -> f64 {
    plan.bounding_rect()
        .map_or(0.0, |rect| rect.width().hypot(rect.height()))
}

/// The middle of the bounding box.
pub(crate) fn middle(plan: &Plan) -> DVec2 {
    plan.bounding_rect().map_or(DVec2::ZERO, |rect| {
        let c = rect.center();
        DVec2::new(c.x, c.y)
    })
}

/// The rings of a polygon without their repeated last points.
pub(crate) fn open_rings(polygon: &Polygon) -> impl Iterator<Item = &[Coord]> {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.map(|ring| &ring.0[..ring.0.len().saturating_sub(1)])
}

/// Cuts a polygon into anticlockwise triangles.
pub(crate) fn cut(polygon: &Polygon, earcut: &mut Earcut<f64>) -> Vec<[Coord; 3]> {
    let mut points: Vec<Coord> = Vec::new();
    let mut starts: Vec<u32> = Vec::new();
    for ring in open_rings(polygon) {
        if !points.is_empty() {
            starts.push(points.len() as u32);
        }
        points.extend(ring);
    }
    let mut indices: Vec<u32> = Vec::new();
    earcut.earcut(points.iter().map(|p| [p.x, p.y]), &starts, &mut indices);
    let (triangles, _) = indices.as_chunks::<3>();
    triangles
        .iter()
        .filter_map(|corners| {
            let [a, b, c] = corners.map(|i| points[i as usize]);
            let doubled = (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y);
            match doubled {
                area if area.abs() < 1e-8 => None,
                area if area > 0.0 => Some([a, b, c]),
                _ => Some([a, c, b]),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rings: Vec<Vec<[f64; 2]>>) -> Plan {
        overlay::union_of_rings(rings)
    }

    #[test]
    fn closing_fills_alleys_and_notches_and_leaves_the_rest_as_it_was() {
        let house = |x: f64| vec![[x, 0.], [x + 8., 0.], [x + 8., 9.], [x, 9.]];
        let row = plan(vec![house(0.), house(9.), house(40.)]);
        let done = closed(&row, 2.0);
        assert_eq!(done.0.len(), 2);
        assert!((area(&done) - (17. * 9. + 72.)).abs() < 1e-3);
        assert_eq!(done.0[1], row.0[2]);
    }

    #[test]
    fn the_point_inside_lies_inside_and_finds_its_way_home() {
        let horseshoe = vec![
            [0., 0.],
            [9., 0.],
            [9., 9.],
            [6., 9.],
            [6., 3.],
            [4., 3.],
            [4., 9.],
            [0., 9.],
        ];
        let all = plan(vec![horseshoe, vec![[20., 0.], [24., 5.], [20., 9.]]]);
        let homes = Homes::new(&all);
        for (number, polygon) in all.iter().enumerate() {
            let found = inside(polygon).map(|point| (polygon.contains(&point), homes.of(point)));
            assert_eq!(found, Some((true, Some(number))));
        }
        assert_eq!(homes.of(Coord { x: 5.0, y: 6.0 }), None);
    }
}
