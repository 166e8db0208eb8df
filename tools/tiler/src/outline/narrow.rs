//! Where an outline is narrow from outside.
//!
//! Closing what is narrow moves every edge out and in again, and most outlines come back as they were. So it is asked first whether there is
//! anything to close: two edges that face each other across less than the width.

use super::Plan;
use crate::boxes::{Boxes, Chains, meet_in_plan};
use geo::{LineString, Polygon};
use glam::DVec2;
use tiles::bounds::Aabb;

/// An edge faces what reaches this far before it, in metres.
const BEFORE: f64 = 1e-3;

/// An edge with the inside to its left.
#[derive(Debug, Clone, Copy)]
struct Edge {
    from: DVec2,
    to: DVec2,
}

/// Polygons of a plan that have to be closed together, and whether there is anything to close at all.
pub(super) fn apart(plan: &Plan, width: f64) -> Vec<(Vec<usize>, bool)> {
    let edges: Vec<(usize, Edge)> = plan
        .iter()
        .enumerate()
        .flat_map(|(number, polygon)| edges_of(polygon).into_iter().map(move |edge| (number, edge)))
        .collect();
    let boxes: Vec<Aabb> = edges.iter().map(|(_, edge)| edge.around()).collect();
    let tree = Boxes::new(&boxes);
    let mut chains = Chains::new(plan.0.len());
    let mut narrow = vec![false; plan.0.len()];
    for (at, (one, edge)) in edges.iter().enumerate() {
        let near = boxes[at].grown(width);
        tree.over(near.min.truncate(), near.max.truncate(), |beside| {
            let (other, face) = &edges[beside];
            // Each pair once; and where it is known already that there is something to close, nothing new is learnt.
            let known = narrow[*one] && (one == other || chains.linked(*one, *other));
            if beside < at && !known && meet_in_plan(&near, &boxes[beside]) && edge.is_narrow_to(face, width) {
                narrow[*one] = true;
                narrow[*other] = true;
                chains.link(*one, *other);
            }
        });
    }
    let groups = chains.groups().into_iter();
    groups
        .map(|group| {
            let narrow = narrow[group[0]];
            (group, narrow)
        })
        .collect()
}

fn edges_of(polygon: &Polygon) -> Vec<Edge> {
    let edges = |ring: &LineString| {
        let points = ring.0.iter().map(|c| DVec2::new(c.x, c.y));
        points
            .clone()
            .zip(points.skip(1))
            .map(|(from, to)| Edge { from, to })
            .collect::<Vec<_>>()
    };
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.flat_map(edges).collect()
}

impl Edge {
    /// The box around it, laid flat.
    fn around(&self) -> Aabb {
        Aabb::from_points([self.from.extend(0.0), self.to.extend(0.0)])
    }

    /// Whether the two face each other across less than `width`; neighbours that share a corner do not count.
    fn is_narrow_to(&self, other: &Self, width: f64) -> bool {
        let neighbours = self.to == other.from || other.to == self.from;
        !neighbours && self.is_before(other) && other.is_before(self) && self.distance(other) < width
    }

    /// Whether a part of the other lies on its outer side.
    fn is_before(&self, other: &Self) -> bool {
        let along = (self.to - self.from).normalize_or_zero();
        let side = |point: DVec2| (point - self.from).perp_dot(along);
        side(other.from).max(side(other.to)) > BEFORE
    }

    /// Metres between the two; 0 where they cross.
    fn distance(&self, other: &Self) -> f64 {
        let sides = |edge: &Self, other: &Self| {
            let along = edge.to - edge.from;
            along.perp_dot(other.from - edge.from) * along.perp_dot(other.to - edge.from)
        };
        if sides(self, other) < 0.0 && sides(other, self) < 0.0 {
            return 0.0;
        }
        let ends = [
            self.off(other.from),
            self.off(other.to),
            other.off(self.from),
            other.off(self.to),
        ];
        ends.into_iter().fold(f64::INFINITY, f64::min)
    }

    fn off(&self, point: DVec2) -> f64 {
        let along = self.to - self.from;
        let at = (point - self.from).dot(along) / along.length_squared().max(1e-12);
        (self.from + along * at.clamp(0.0, 1.0)).distance(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay;

    fn plan(rings: &[&[[f64; 2]]]) -> Plan {
        overlay::union_of_rings(rings.iter().map(|ring| ring.to_vec()))
    }

    #[test]
    fn a_notch_is_narrow_and_a_bend_is_not() {
        let bend = plan(&[&[[0., 0.], [9., 0.], [9., 3.], [3., 3.], [3., 9.], [0., 9.]]]);
        assert_eq!(apart(&bend, 20.0), [(vec![0], false)]);
        let notch = plan(&[&[
            [0., 0.],
            [9., 0.],
            [9., 9.],
            [6., 9.],
            [6., 3.],
            [4., 3.],
            [4., 9.],
            [0., 9.],
        ]]);
        assert_eq!(apart(&notch, 1.9), [(vec![0], false)]);
        assert_eq!(apart(&notch, 2.1), [(vec![0], true)]);
    }

    #[test]
    fn a_courtyard_is_narrow_as_soon_as_the_width_reaches_across_it() {
        let outer = plan(&[&[[0., 0.], [9., 0.], [9., 9.], [0., 9.]]]);
        let inner = plan(&[&[[3., 3.], [6., 3.], [6., 6.], [3., 6.]]]);
        let court = overlay::difference(&outer, &inner);
        assert_eq!(apart(&court, 2.9), [(vec![0], false)]);
        assert_eq!(apart(&court, 3.1), [(vec![0], true)]);
    }

    #[test]
    fn houses_across_an_alley_belong_together_and_those_across_a_street_do_not() {
        let house = |x: f64| vec![[x, 0.], [x + 8., 1.], [x + 8., 9.], [x, 9.]];
        let row = overlay::union_of_rings([house(0.), house(10.), house(30.)]);
        assert_eq!(apart(&row, 2.5), [(vec![0, 1], true), (vec![2], false)]);
        assert!(apart(&row, 1.5).iter().all(|(_, narrow)| !narrow));
    }
}
