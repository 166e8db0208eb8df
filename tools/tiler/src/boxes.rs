//! A tree of boxes for finding what is near, below or beside.
//!
//! Measuring a stand-in asks millions of such questions about some thousands of triangles that never change. So the tree is built once by
//! halving along the longest side and lies in one block of memory; a question allocates nothing.

use glam::{DVec2, DVec3};
use tiles::bounds::Aabb;

/// The most things in a leaf.
const LEAF: usize = 4;
/// Halving makes no deeper tree than this of things numbered by `u32`.
const DEEPEST: usize = 40;

/// Boxes of things that are known by their numbers.
pub(crate) struct Boxes {
    /// Each inner node is followed by its first half.
    nodes: Vec<Node>,
    /// The numbers of the things, leaf by leaf.
    order: Vec<u32>,
}

struct Node {
    bounds: Aabb,
    /// Of a leaf, where its things begin in the order; else the node of the second half.
    at: u32,
    /// How many things a leaf has; none of an inner node.
    count: u32,
}

impl Boxes {
    /// The tree of these boxes; their places are the numbers.
    pub(crate) fn new(boxes: &[Aabb]) -> Self {
        let mut order: Vec<u32> = (0..boxes.len() as u32).collect();
        let mut nodes = Vec::with_capacity(boxes.len());
        if !boxes.is_empty() {
            grow(&mut nodes, boxes, &mut order, 0);
        }
        Self { nodes, order }
    }

    /// Calls `visit` with the number of every thing whose leaf lies over the rectangle of the plan: all that lie over it, and some others.
    pub(crate) fn over(&self, low: DVec2, high: DVec2, visit: impl FnMut(usize)) {
        self.over_and_above(low, high, f64::NEG_INFINITY, visit);
    }

    /// The same of what reaches as high as `height`.
    pub(crate) fn over_and_above(&self, low: DVec2, high: DVec2, height: f64, mut visit: impl FnMut(usize)) {
        let mut stack = Stack::default();
        stack.push_if(!self.nodes.is_empty(), 0);
        while let Some(at) = stack.pop() {
            let node = &self.nodes[at as usize];
            let (min, max) = (node.bounds.min, node.bounds.max);
            if min.x > high.x || max.x < low.x || min.y > high.y || max.y < low.y || max.z < height {
                continue;
            }
            if node.count > 0 {
                self.things(node).iter().for_each(|&thing| visit(thing as usize));
            } else {
                stack.push_if(true, node.at);
                stack.push_if(true, at + 1);
            }
        }
    }

    /// The thing nearest to a point and its squared distance, by the squared distances that `measure` tells; `None` when none is nearer
    /// than `least` (squared). `measure` is also told the least so far: what is not nearer it need not measure well.
    pub(crate) fn nearest(
        &self,
        point: DVec3,
        least: f64,
        mut measure: impl FnMut(usize, f64) -> f64,
    ) -> Option<(usize, f64)> {
        let mut best = (None, least);
        let mut stack = Stack::default();
        stack.push_if(!self.nodes.is_empty(), 0);
        while let Some(at) = stack.pop() {
            let node = &self.nodes[at as usize];
            if away(&node.bounds, point) >= best.1 {
                continue;
            }
            if node.count > 0 {
                for &thing in self.things(node) {
                    let distance = measure(thing as usize, best.1);
                    if distance < best.1 {
                        best = (Some(thing as usize), distance);
                    }
                }
                continue;
            }
            let halves = [at + 1, node.at];
            let [first, second] = halves.map(|half| away(&self.nodes[half as usize].bounds, point));
            let [near, far] = if first <= second { [0, 1] } else { [1, 0] };
            stack.push_if(first.max(second) < best.1, halves[far]);
            stack.push_if(first.min(second) < best.1, halves[near]);
        }
        Some((best.0?, best.1))
    }

    fn things(&self, node: &Node) -> &[u32] {
        &self.order[node.at as usize..][..node.count as usize]
    }
}

/// The things in groups: two whose boxes touch in the plan and that are `linked` are in one, and so are the friends of friends. Groups and
/// their members are in ascending order.
pub(crate) fn groups(boxes: &[Aabb], mut linked: impl FnMut(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let tree = Boxes::new(boxes);
    let mut chains = Chains::new(boxes.len());
    for (one, bounds) in boxes.iter().enumerate() {
        tree.over(bounds.min.truncate(), bounds.max.truncate(), |other| {
            let touch = other < one && meet_in_plan(bounds, &boxes[other]);
            if touch && !chains.linked(one, other) && linked(one, other) {
                chains.link(one, other);
            }
        });
    }
    chains.groups()
}

/// Whether two boxes share a point of the plan.
pub(crate) fn meet_in_plan(a: &Aabb, b: &Aabb) -> bool {
    let (a_low, a_high) = (a.min.truncate(), a.max.truncate());
    a_low.cmple(b.max.truncate()).all() && b.min.truncate().cmple(a_high).all()
}

/// Things that are linked, and the friends of their friends (a union-find).
pub(crate) struct Chains {
    /// One that each is linked to: the first of a chain leads it.
    leader: Vec<usize>,
}

impl Chains {
    /// So many things, each for itself.
    pub(crate) fn new(count: usize) -> Self {
        Self {
            leader: (0..count).collect(),
        }
    }

    pub(crate) fn linked(&mut self, one: usize, other: usize) -> bool {
        self.first_of(one) == self.first_of(other)
    }

    pub(crate) fn link(&mut self, one: usize, other: usize) {
        let (a, b) = (self.first_of(one), self.first_of(other));
        self.leader[a.max(b)] = a.min(b);
    }

    /// The chains and their members in ascending order.
    pub(crate) fn groups(mut self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = vec![Vec::new(); self.leader.len()];
        for thing in 0..self.leader.len() {
            groups[self.first_of(thing)].push(thing);
        }
        groups.retain(|group| !group.is_empty());
        groups
    }

    /// The first of a thing's chain; the way to it is made shorter.
    fn first_of(&mut self, mut thing: usize) -> usize {
        while self.leader[thing] != thing {
            self.leader[thing] = self.leader[self.leader[thing]];
            thing = self.leader[thing];
        }
        thing
    }
}

/// Adds the node of these things, and those below it. `first` is where they begin in the order.
fn grow(nodes: &mut Vec<Node>, boxes: &[Aabb], things: &mut [u32], first: usize) {
    let bounds = things
        .iter()
        .fold(Aabb::EMPTY, |all, &thing| all.union(&boxes[thing as usize]));
    let place = nodes.len();
    let leaf = things.len() <= LEAF;
    nodes.push(Node {
        bounds,
        at: first as u32,
        count: if leaf { things.len() as u32 } else { 0 },
    });
    if leaf {
        return;
    }
    let size = bounds.size();
    let axis = usize::from(size.y > size.x) * usize::from(size.y >= size.z)
        + 2 * usize::from(size.z > size.x) * usize::from(size.z > size.y);
    let middle = |thing: u32| boxes[thing as usize].min[axis] + boxes[thing as usize].max[axis];
    let half = things.len() / 2;
    // By number where places are equal, so that the tree is always the same.
    things.select_nth_unstable_by(half, |&a, &b| middle(a).total_cmp(&middle(b)).then(a.cmp(&b)));
    let (one, other) = things.split_at_mut(half);
    grow(nodes, boxes, one, first);
    nodes[place].at = nodes.len() as u32;
    grow(nodes, boxes, other, first + half);
}

/// Squared distance of a point from a box.
fn away(bounds: &Aabb, point: DVec3) -> f64 {
    (point - point.clamp(bounds.min, bounds.max)).length_squared()
}

/// Nodes still to be looked at.
struct Stack {
    nodes: [u32; DEEPEST],
    count: usize,
}

impl Default for Stack {
    fn default() -> Self {
        Self {
            nodes: [0; DEEPEST],
            count: 0,
        }
    }
}

impl Stack {
    fn push_if(&mut self, wanted: bool, node: u32) {
        if wanted {
            self.nodes[self.count] = node;
            self.count += 1;
        }
    }

    fn pop(&mut self) -> Option<u32> {
        self.count = self.count.checked_sub(1)?;
        Some(self.nodes[self.count])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Boxes of up to two metres in a field of fifty, always the same.
    fn field(count: u32) -> Vec<Aabb> {
        let part = |i: u32, by: u32| f64::from(i.wrapping_mul(by) % 1009) / 1009.0;
        (0..count)
            .map(|i| {
                let corner = DVec3::new(part(i, 7919), part(i, 104_729), part(i, 1301)) * 50.0;
                Aabb::from_corners(corner, corner + DVec3::new(part(i, 31), part(i, 37), part(i, 41)) * 2.0)
            })
            .collect()
    }

    #[test]
    fn the_nearest_is_the_one_that_asking_all_finds() {
        let boxes = field(500);
        let tree = Boxes::new(&boxes);
        for query in field(60).iter().map(|bounds| bounds.min + DVec3::splat(0.3)) {
            let truth = boxes.iter().map(|b| away(b, query)).fold(f64::INFINITY, f64::min);
            let found = tree.nearest(query, f64::INFINITY, |thing, _| away(&boxes[thing], query));
            assert_eq!(found.map(|(_, distance)| distance), Some(truth));
            assert!(
                tree.nearest(query, truth, |thing, _| away(&boxes[thing], query))
                    .is_none()
            );
        }
    }

    #[test]
    fn nothing_that_lies_over_a_rectangle_is_passed_over() {
        let boxes = field(500);
        let tree = Boxes::new(&boxes);
        for query in field(60) {
            let (low, high) = (query.min.truncate(), query.max.truncate());
            let mut found = Vec::new();
            tree.over(low, high, |thing| found.push(thing));
            let over = |b: &Aabb| b.min.truncate().cmple(high).all() && low.cmple(b.max.truncate()).all();
            let truth: Vec<usize> = (0..boxes.len()).filter(|&thing| over(&boxes[thing])).collect();
            assert!(truth.iter().all(|thing| found.contains(thing)));
            assert!(found.len() < boxes.len() / 4);
        }
    }

    #[test]
    fn groups_are_chains_of_neighbours_that_are_linked() {
        let at = |x: f64| Aabb::from_corners(DVec3::new(x, 0.0, 0.0), DVec3::new(x + 1.5, 1.0, 0.0));
        let row = [at(0.0), at(9.0), at(1.0), at(2.0), at(10.0), at(20.0)];
        assert_eq!(groups(&row, |_, _| true), [vec![0, 2, 3], vec![1, 4], vec![5]]);
        let odd = |a: usize, b: usize| (a, b) != (3, 2);
        assert_eq!(groups(&row, odd), [vec![0, 2], vec![1, 4], vec![3], vec![5]]);
    }

    #[test]
    fn of_nothing_there_is_nothing_and_of_equals_there_is_a_tree() {
        assert!(
            Boxes::new(&[])
                .nearest(DVec3::ZERO, f64::INFINITY, |_, _| 0.0)
                .is_none()
        );
        let same = vec![Aabb::from_corners(DVec3::ZERO, DVec3::ONE); 10_000];
        let mut found = 0;
        Boxes::new(&same).over(DVec2::ZERO, DVec2::ZERO, |_| found += 1);
        assert_eq!(found, same.len());
    }
}
