//! Rings that need no sweep.
//!
//! A sweep over all edges is what an overlay costs, and most edges do not matter: those between two triangles of one roof run once in each
//! direction and say nothing of what the roof covers. Often a single simple ring is left, and that is the answer.

use geo::{Coord, LineString, Polygon};

/// Rings of more corners than this are left to the sweep, which is faster there than comparing every edge with every other.
const MOST_CORNERS: usize = 64;

/// Pairs of rings with more pairs of edges than these are taken to touch.
const MOST_PAIRS: usize = 4096;

/// Corners this close to the line between their neighbours are none, in metres.
const ON_LINE: f64 = 1e-7;

/// Rings that wind as often about every point as the given ones, without the edges that two of them run along in opposite directions.
pub(super) fn borders(rings: Vec<Vec<[f64; 2]>>) -> Vec<Vec<[f64; 2]>> {
    if rings.len() < 2 {
        return rings;
    }
    let (points, rings) = numbered(&rings);
    walked(&uncancelled(&rings), &points)
}

/// The distinct points, and the rings by their numbers.
fn numbered(rings: &[Vec<[f64; 2]>]) -> (Vec<[f64; 2]>, Vec<Vec<u32>>) {
    // By their bits, which are compared faster than numbers; any order will do that is always the same.
    let all = rings.iter().flatten().enumerate();
    let mut places: Vec<([u64; 2], u32)> = all.map(|(at, point)| (point.map(f64::to_bits), at as u32)).collect();
    places.sort_unstable();
    let mut points: Vec<[f64; 2]> = Vec::new();
    let mut numbers = vec![0; places.len()];
    for same in places.chunk_by(|a, b| a.0 == b.0) {
        for &(_, at) in same {
            numbers[at as usize] = points.len() as u32;
        }
        points.push(same[0].0.map(f64::from_bits));
    }
    let mut rest = numbers.as_slice();
    let by_number = rings.iter().map(|ring| {
        let (own, others) = rest.split_at(ring.len());
        rest = others;
        own.to_vec()
    });
    let by_number = by_number.collect();
    (points, by_number)
}

/// Directed edges, in order, after those in opposite directions have cancelled each other.
fn uncancelled(rings: &[Vec<u32>]) -> Vec<(u32, u32)> {
    // Both ends in one number, the lesser first.
    let mut edges: Vec<(u64, bool)> = Vec::new();
    for ring in rings {
        let pairs = ring.iter().zip(ring.iter().cycle().skip(1)).filter(|(a, b)| a != b);
        edges.extend(pairs.map(|(&a, &b)| (u64::from(a.min(b)) << 32 | u64::from(a.max(b)), a < b)));
    }
    edges.sort_unstable();
    let mut left = Vec::new();
    for same in edges.chunk_by(|a, b| a.0 == b.0) {
        let (a, b) = ((same[0].0 >> 32) as u32, same[0].0 as u32);
        let ahead = same.iter().filter(|(_, ahead)| *ahead).count();
        let back = same.len() - ahead;
        let edge = if ahead > back { (a, b) } else { (b, a) };
        left.extend(std::iter::repeat_n(edge, ahead.abs_diff(back)));
    }
    left.sort_unstable();
    left
}

/// The edges as rings: at every point as many arrive as leave.
fn walked(edges: &[(u32, u32)], points: &[[f64; 2]]) -> Vec<Vec<[f64; 2]>> {
    // Where the edges that leave a point begin, and how many of them have been walked.
    let mut from: Vec<usize> = vec![0; points.len() + 1];
    for &(a, _) in edges {
        from[a as usize + 1] += 1;
    }
    for at in 1..from.len() {
        from[at] += from[at - 1];
    }
    let mut next = from.clone();
    let mut rings = Vec::new();
    for start in 0..points.len() {
        while next[start] < from[start + 1] {
            let mut ring = Vec::new();
            let mut at = start;
            while next[at] < from[at + 1] {
                ring.push(points[at]);
                let edge = edges[next[at]];
                next[at] += 1;
                at = edge.1 as usize;
                if at == start {
                    break;
                }
            }
            rings.push(ring);
        }
    }
    rings
}

/// The polygon inside a ring, turned anticlockwise; `None` when the ring has many corners, meets itself or has no area: then it takes a sweep.
pub(super) fn simple_polygon(ring: &[[f64; 2]]) -> Option<Polygon> {
    if ring.len() > MOST_CORNERS {
        return None;
    }
    let mut ring = ring.to_vec();
    drop_corners_on_lines(&mut ring);
    let area: f64 = (0..ring.len())
        .map(|i| turn(ring[0], ring[i], ring[(i + 1) % ring.len()]))
        .sum();
    if ring.len() < 3 || area.abs() < 1e-6 || meets_itself(&ring) {
        return None;
    }
    if area < 0.0 {
        ring.reverse();
    }
    let exterior = LineString::new(ring.into_iter().map(Coord::from).collect());
    Some(Polygon::new(exterior, Vec::new()))
}

fn drop_corners_on_lines(ring: &mut Vec<[f64; 2]>) {
    let mut at = 0;
    while ring.len() > 3 && at < ring.len() {
        let n = ring.len();
        let (a, b, c) = (ring[(at + n - 1) % n], ring[at], ring[(at + 1) % n]);
        let length = (c[0] - a[0]).hypot(c[1] - a[1]);
        let ahead = (b[0] - a[0]) * (c[0] - b[0]) + (b[1] - a[1]) * (c[1] - b[1]) >= 0.0;
        if ahead && turn(a, b, c).abs() <= ON_LINE * length {
            ring.remove(at);
        } else {
            at += 1;
        }
    }
}

/// Whether two edges that are not neighbours share a point, or neighbours lie on each other.
fn meets_itself(ring: &[[f64; 2]]) -> bool {
    let n = ring.len();
    let edge = |i: usize| (ring[i], ring[(i + 1) % n]);
    (0..n).any(|i| {
        let (a, b) = edge(i);
        let (_, c) = edge((i + 1) % n);
        let folded = turn(a, b, c).abs() < ON_LINE * ON_LINE && n > 2;
        folded || (i + 2..n).filter(|&j| (j + 1) % n != i).any(|j| meet((a, b), edge(j)))
    })
}

/// Whether edges of two closed rings share a point; also said of rings with too many corners to look.
pub(super) fn may_touch(one: &LineString, other: &LineString) -> bool {
    let edges = |ring: &LineString| -> Vec<Edge> {
        let pairs = ring.0.windows(2);
        pairs
            .map(|pair| ([pair[0].x, pair[0].y], [pair[1].x, pair[1].y]))
            .collect()
    };
    one.0.len() * other.0.len() > MOST_PAIRS || {
        let (ones, others) = (edges(one), edges(other));
        ones.iter().any(|&a| others.iter().any(|&b| meet(a, b)))
    }
}

type Edge = ([f64; 2], [f64; 2]);

fn meet((a, b): Edge, (c, d): Edge) -> bool {
    let beside =
        |axis: usize| a[axis].max(b[axis]) < c[axis].min(d[axis]) || c[axis].max(d[axis]) < a[axis].min(b[axis]);
    if beside(0) || beside(1) {
        return false;
    }
    turn(a, b, c) * turn(a, b, d) <= 0.0 && turn(c, d, a) * turn(c, d, b) <= 0.0
}

/// Twice the area of a triangle, positive when it is anticlockwise.
fn turn(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Area;

    #[test]
    fn of_a_field_of_triangles_only_the_border_is_left() {
        let mut rings = Vec::new();
        for i in 0..10 {
            for j in 0..10 {
                let p = |dx: i32, dy: i32| [f64::from(i + dx), f64::from(j + dy)];
                rings.push(vec![p(0, 0), p(1, 0), p(1, 1)]);
                rings.push(vec![p(0, 0), p(1, 1), p(0, 1)]);
            }
        }
        let left = borders(rings);
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].len(), 40);
        let polygon = simple_polygon(&left[0]);
        assert_eq!(polygon.as_ref().map(|p| p.exterior().0.len()), Some(5));
        assert_eq!(polygon.map(|p| p.unsigned_area()), Some(100.0));
    }

    #[test]
    fn rings_on_each_other_stay_as_often_as_they_are() {
        let square = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let left = borders(vec![square.clone(), square.clone(), square]);
        assert_eq!(left.len(), 3);
        assert!(left.iter().all(|ring| ring.len() == 4));
    }

    #[test]
    fn a_ring_that_meets_itself_is_not_simple() {
        let bow = [[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 3.0]];
        assert_eq!(simple_polygon(&bow), None);
        let touching = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 0.0], [0.0, 4.0]];
        assert_eq!(simple_polygon(&touching), None);
        let spike = [[0.0, 0.0], [4.0, 0.0], [6.0, 0.0], [4.0, 0.0], [4.0, 4.0]];
        assert_eq!(simple_polygon(&spike), None);
        let clockwise = [[0.0, 0.0], [0.0, 4.0], [4.0, 0.0]];
        assert_eq!(simple_polygon(&clockwise).map(|p| p.signed_area()), Some(8.0));
    }
}
