//! Ground, cut at the box.
//!
//! Two neighbours must fit without a gap that one falls through. So both cut the triangle as the tile holds it, at the
//! same meridian or parallel, and reckon the new corner from the same two points in the same order: what they get is the
//! same to the last bit. Meridians first, then parallels: a corner at a corner of the box comes out alike on both sides of
//! a meridian.

use crate::area::Area;
use crate::object::Vertex;
use glam::DVec3;

/// A corner of ground with where it lies on the earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Corner {
    /// Longitude and latitude in degrees.
    pub(crate) degrees: [f64; 2],
    pub(crate) vertex: Vertex,
}

/// Whether all of these lie in the area, its edges included.
pub(crate) fn inside(corners: &[Corner; 3], area: &Area) -> bool {
    corners.iter().all(|corner| {
        let [lon, lat] = corner.degrees;
        (area.west..=area.east).contains(&lon) && (area.south..=area.north).contains(&lat)
    })
}

/// The part of a triangle that lies in the area: a polygon turning the same way, or fewer than three corners.
pub(crate) fn cut(corners: &[Corner; 3], area: &Area) -> Vec<Corner> {
    let edges = [
        (0, area.west, 1.0),
        (0, area.east, -1.0),
        (1, area.south, 1.0),
        (1, area.north, -1.0),
    ];
    let mut polygon = corners.to_vec();
    for (axis, at, side) in edges {
        let within = |corner: &Corner| (corner.degrees[axis] - at) * side >= 0.0;
        let mut kept = Vec::with_capacity(polygon.len() + 1);
        for (corner, next) in polygon.iter().zip(polygon.iter().cycle().skip(1)) {
            if within(corner) {
                kept.push(*corner);
            }
            if within(corner) != within(next) {
                kept.push(crossing(corner, next, axis, at));
            }
        }
        polygon = kept;
    }
    polygon
}

/// Where an edge crosses a meridian (axis 0) or a parallel (axis 1), whichever way it is walked.
fn crossing(one: &Corner, other: &Corner, axis: usize, at: f64) -> Corner {
    let (a, b) = if one.degrees[axis] <= other.degrees[axis] {
        (one, other)
    } else {
        (other, one)
    };
    let t = ((at - a.degrees[axis]) / (b.degrees[axis] - a.degrees[axis])).clamp(0.0, 1.0);
    let mut degrees = [0, 1].map(|i| a.degrees[i] + (b.degrees[i] - a.degrees[i]) * t);
    degrees[axis] = at;
    let between = |from: DVec3, to: DVec3| from + (to - from) * t;
    Corner {
        degrees,
        vertex: Vertex {
            position: between(a.vertex.position, b.vertex.position),
            normal: between(a.vertex.normal, b.vertex.normal),
            color: std::array::from_fn(|i| {
                let [from, to] = [a.vertex.color[i], b.vertex.color[i]].map(f64::from);
                (from + (to - from) * t).round() as u8
            }),
        },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn corner(lon: f64, lat: f64, height: f64) -> Corner {
        Corner {
            degrees: [lon, lat],
            vertex: Vertex {
                position: DVec3::new(lon * 1e5 + height * 0.1, lat * 1e5, height),
                normal: DVec3::Z,
                color: [10, 20, 30, 255],
            },
        }
    }

    fn area_of(polygon: &[Corner]) -> f64 {
        let at = |i: usize| polygon[i % polygon.len()].degrees;
        let doubled = (0..polygon.len()).map(|i| at(i)[0] * at(i + 1)[1] - at(i + 1)[0] * at(i)[1]);
        doubled.sum::<f64>() / 2.0
    }

    /// The corners on a meridian or parallel.
    fn on(polygon: &[Corner], axis: usize, at: f64) -> Vec<[u64; 3]> {
        let on = polygon.iter().filter(|corner| corner.degrees[axis] == at);
        let mut bits: Vec<_> = on
            .map(|corner| corner.vertex.position.to_array().map(f64::to_bits))
            .collect();
        bits.sort_unstable();
        bits.dedup();
        bits
    }

    proptest! {
        #[test]
        fn four_boxes_around_a_point_share_their_edges_bit_for_bit_and_lose_nothing(
            numbers in prop::array::uniform9(-1.0f64..1.0), lon in -0.4f64..0.4, lat in -0.4f64..0.4,
        ) {
            let [a, b, c, d, e, f, g, h, i] = numbers;
            let mut triangle = [corner(a, b, c), corner(d, e, f), corner(g, h, i)];
            if area_of(&triangle) < 0.0 {
                triangle.swap(1, 2);
            }
            let boxes = [[-2.0, -2.0, lon, lat], [lon, -2.0, 2.0, lat], [-2.0, lat, lon, 2.0], [lon, lat, 2.0, 2.0]];
            let pieces = boxes.map(|bbox| cut(&triangle, &Area::new(bbox).unwrap()));
            let total: f64 = pieces.iter().filter(|piece| piece.len() > 2).map(|piece| area_of(piece)).sum();
            prop_assert!((total - area_of(&triangle)).abs() < 1e-12);
            prop_assert!(pieces.iter().filter(|piece| piece.len() > 2).all(|piece| area_of(piece) >= -1e-15));
            prop_assert_eq!(on(&pieces[0], 0, lon), on(&pieces[1], 0, lon));
            prop_assert_eq!(on(&pieces[2], 0, lon), on(&pieces[3], 0, lon));
            prop_assert_eq!(on(&pieces[0], 1, lat), on(&pieces[2], 1, lat));
            prop_assert_eq!(on(&pieces[1], 1, lat), on(&pieces[3], 1, lat));
        }
    }

    #[test]
    fn what_lies_wholly_inside_stays_as_it_is() {
        let area = Area::new([0.0, 0.0, 1.0, 1.0]).unwrap();
        let triangle = [corner(0.1, 0.1, 0.0), corner(0.9, 0.1, 0.0), corner(0.5, 0.9, 3.0)];
        assert!(inside(&triangle, &area));
        assert_eq!(cut(&triangle, &area), triangle);
        let outside = [corner(1.1, 0.1, 0.0), corner(1.9, 0.1, 0.0), corner(1.5, 0.9, 3.0)];
        assert!(cut(&outside, &area).len() < 3);
    }
}
