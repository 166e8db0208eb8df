//! The tree of boxes.

use super::{Hit, LocalRay, Ray, Triangles};
use crate::bounds::Aabb;
use crate::surface::Surface;
use bytemuck::{Pod, Zeroable};
use glam::DVec3;

/// Triangles in a leaf. More make the tree smaller and the search slower.
const LEAF: usize = 4;
/// Deeper than any tree that halves 2^32 triangles.
const MAX_DEPTH: usize = 64;
const NODE_WORDS: usize = size_of::<Node>() / size_of::<u32>();

/// A tree of boxes over the triangles of one tile. It does not hold the triangles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bvh {
    /// The root is the first; children lie behind their parent.
    nodes: Vec<Node>,
    /// Numbers of triangles, leaf by leaf.
    triangles: Vec<u32>,
}

/// A box and what is in it: either `count` triangles from number `first` of the list on, or, where `count` is 0, two nodes, of
/// which the first follows and the second is number `first`.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C)]
struct Node {
    min: [f32; 3],
    max: [f32; 3],
    first: u32,
    count: u32,
}

impl Node {
    fn bounds(&self) -> Aabb {
        let corner = |[x, y, z]: [f32; 3]| DVec3::new(x.into(), y.into(), z.into());
        Aabb {
            min: corner(self.min),
            max: corner(self.max),
        }
    }
}

/// A triangle while the tree is built.
#[derive(Clone, Copy)]
struct Item {
    number: u32,
    bounds: Aabb,
}

impl Bvh {
    /// Builds the tree. Triangles with a missing vertex or a position that is not finite are left out.
    pub fn build(triangles: Triangles<'_>) -> Self {
        let count = u32::try_from(triangles.indices.len() / 3).unwrap_or(u32::MAX);
        let mut items: Vec<Item> = (0..count)
            .filter_map(|number| {
                let points = triangles.points(number as usize)?;
                let finite = points.iter().all(|point| point.is_finite());
                finite.then(|| Item {
                    number,
                    bounds: Aabb::from_points(points),
                })
            })
            .collect();
        let mut tree = Self::default();
        if !items.is_empty() {
            let triangles = items.len();
            tree.add(&mut items, 0);
            debug_assert_eq!(tree.triangles.len(), triangles);
        }
        tree
    }

    /// Adds the node of these items, which begin at `offset` of the whole list, and all below it. Each half has half of the
    /// items, so this recurs at most 30 times.
    fn add(&mut self, items: &mut [Item], offset: u32) {
        let bounds = items
            .iter()
            .fold(Aabb::EMPTY, |bounds, item| bounds.union(&item.bounds));
        let number = self.nodes.len();
        self.nodes.push(Node {
            min: bounds.min.to_array().map(|c| c as f32),
            max: bounds.max.to_array().map(|c| c as f32),
            first: offset,
            count: items.len() as u32,
        });
        if items.len() <= LEAF {
            self.triangles.extend(items.iter().map(|item| item.number));
            return;
        }
        let centers = Aabb::from_points(items.iter().map(|item| item.bounds.center()));
        let size = centers.size();
        let axis = (0..3).fold(0, |best, axis| if size[axis] > size[best] { axis } else { best });
        let middle = items.len() / 2;
        items.select_nth_unstable_by(middle, |a, b| {
            let [a_center, b_center] = [a, b].map(|item| item.bounds.min[axis] + item.bounds.max[axis]);
            a_center.total_cmp(&b_center).then(a.number.cmp(&b.number))
        });
        let (low, high) = items.split_at_mut(middle);
        self.add(low, offset);
        let second = self.nodes.len() as u32;
        self.add(high, offset + middle as u32);
        if let Some(node) = self.nodes.get_mut(number) {
            (node.first, node.count) = (second, 0);
        }
    }

    /// The nearest hit of either side of a triangle. `triangles` must be those that the tree was built from; others
    /// give wrong hits or none.
    pub fn nearest(&self, triangles: Triangles<'_>, ray: &Ray) -> Option<Hit> {
        self.nearest_where(triangles, ray, |_| true)
    }

    /// As [`Bvh::nearest`], but only among features whose row `visible` accepts (hidden or filtered ones let the ray
    /// through).
    pub fn nearest_where(&self, triangles: Triangles<'_>, ray: &Ray, visible: impl Fn(u16) -> bool) -> Option<Hit> {
        let local = LocalRay::new(ray, triangles.origin)?;
        let mut found: Option<Hit> = None;
        let mut waiting = Vec::with_capacity(MAX_DEPTH);
        let enter = |node: u32, limit| {
            let bounds = self.nodes.get(node as usize)?.bounds();
            Some((local.enters(&bounds, limit)?, node))
        };
        waiting.extend(enter(0, f64::INFINITY));
        while let Some((near, number)) = waiting.pop() {
            let limit = found.map_or(f64::INFINITY, |hit| hit.distance);
            let Some(node) = self.nodes.get(number as usize).filter(|_| near <= limit) else {
                continue;
            };
            if node.count == 0 {
                // The nearer child is looked into first, so it is pushed last.
                let mut children = [enter(number + 1, limit), enter(node.first, limit)];
                if let [Some((a, _)), Some((b, _))] = children
                    && a < b
                {
                    children.swap(0, 1);
                }
                waiting.extend(children.into_iter().flatten());
            } else {
                let nearest = self
                    .leaf(node)
                    .iter()
                    .filter_map(|&triangle| hit(&triangles, triangle as usize, &local))
                    .filter(|hit| hit.distance < limit && visible(hit.feature))
                    .min_by(|a, b| a.distance.total_cmp(&b.distance));
                found = nearest.or(found);
            }
        }
        found
    }

    /// Whether every node but the root is the child of exactly one that lies before it, so that a search visits each once
    /// at most, and every leaf has its triangles.
    fn is_whole(&self) -> bool {
        let mut has_parent = vec![false; self.nodes.len()];
        for (number, node) in self.nodes.iter().enumerate() {
            if node.count != 0 {
                if self.leaf(node).len() != node.count as usize {
                    return false;
                }
                continue;
            }
            for child in [number + 1, node.first as usize] {
                match has_parent.get_mut(child) {
                    Some(taken) if child > number && !*taken => *taken = true,
                    _ => return false,
                }
            }
        }
        has_parent.iter().skip(1).all(|&taken| taken)
    }

    /// The triangles of a leaf.
    fn leaf(&self, node: &Node) -> &[u32] {
        let rest = self.triangles.get(node.first as usize..);
        rest.and_then(|rest| rest.get(..node.count as usize))
            .unwrap_or_default()
    }

    /// The tree as plain words, to be handed from a Web Worker.
    pub fn to_words(&self) -> Vec<u32> {
        let mut words = vec![self.nodes.len() as u32];
        words.extend_from_slice(bytemuck::cast_slice(&self.nodes));
        words.extend_from_slice(&self.triangles);
        words
    }

    /// The tree from the words of [`Bvh::to_words`]; none when they are not such words.
    pub fn from_words(words: &[u32]) -> Option<Self> {
        let (&count, rest) = words.split_first()?;
        let length = (count as usize).checked_mul(NODE_WORDS)?;
        let (nodes, triangles) = rest.split_at_checked(length)?;
        let tree = Self {
            nodes: bytemuck::cast_slice(nodes).to_vec(),
            triangles: triangles.to_vec(),
        };
        tree.is_whole().then_some(tree)
    }
}

/// Where the ray meets a triangle, if it does.
fn hit(triangles: &Triangles<'_>, triangle: usize, ray: &LocalRay) -> Option<Hit> {
    let points = triangles.points(triangle)?;
    let distance = ray.meets(points)?;
    let [a, b, c] = points;
    let [corner, _, _] = triangles.corners(triangle)?;
    Some(Hit {
        distance,
        point: triangles.origin + ray.origin + ray.direction * distance,
        normal: (b - a).cross(c - a).normalize_or_zero(),
        triangle,
        feature: triangles.feature_ids.get(corner).copied()?,
        surface: Surface::from_number(triangles.surfaces.get(corner).copied()?),
    })
}
