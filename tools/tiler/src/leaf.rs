//! Cutting a layer into leaves.
//!
//! How many bytes a group of features takes is known only when it is encoded; estimates have been thirty times off. So a cell of a
//! quadtree is encoded, cut in four when it is too large, and small neighbours are put together again. A building goes whole into the
//! cell of its middle; a piece of ground larger than a quarter of the cell is cut at the border.
//!
//! Cells that hold far too much are cut by the index alone, without their records being read ([`crate::plan`]); what is decided here
//! depends on a cell's content and on nothing else, so the leaves do not depend on how much memory there was.

use crate::Error;
use crate::clip::{Half, clip};
use crate::content::{Encoded, Encoder, MOST_FEATURES, Part, few_bytes};
use crate::group::Node;
use crate::item::Item;
use crate::layer::Form;
use std::borrow::Cow;
use std::sync::Arc;
use tiles::bounds::Aabb;

/// A square of the quadtree, in metres of the ENU frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cell {
    pub(crate) min: [f64; 2],
    pub(crate) side: f64,
}

/// Cells smaller than this are not cut.
const LEAST_SIDE: f64 = 8.0;

impl Cell {
    /// The square that covers the bounds: the given one, doubled about its middle as often as is needed.
    pub(crate) fn around(bounds: &Aabb, [x, y, side]: [f64; 3]) -> Self {
        let mut cell = Self { min: [x, y], side };
        while !cell.covers(bounds) && cell.side < 1e9 {
            cell = Self {
                min: cell.min.map(|v| v - cell.side / 2.0),
                side: cell.side * 2.0,
            };
        }
        cell
    }

    fn covers(&self, bounds: &Aabb) -> bool {
        (0..2).all(|axis| self.min[axis] <= bounds.min[axis] && bounds.max[axis] <= self.min[axis] + self.side)
    }

    pub(crate) fn middle(&self) -> [f64; 2] {
        self.min.map(|v| v + self.side / 2.0)
    }

    pub(crate) fn quarter(&self, quarter: usize) -> Self {
        let side = self.side / 2.0;
        let offset = [(quarter & 1) as f64, (quarter >> 1) as f64];
        Self {
            min: [self.min[0] + offset[0] * side, self.min[1] + offset[1] * side],
            side,
        }
    }
}

/// A tile of the finest level.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) items: Vec<Item>,
    /// `None` when nothing of it is drawn.
    pub(crate) encoded: Option<Encoded>,
}

impl Leaf {
    pub(crate) fn bytes(&self) -> usize {
        self.encoded.as_ref().map_or(0, |encoded| encoded.glb.len())
    }
}

/// Whether so much in one cell can hardly be one leaf, and is not encoded to find out. Where it could have been, the quarters are put
/// together again.
pub(crate) fn is_hopeless(triangles: usize, features: usize, limit: usize) -> bool {
    few_bytes(triangles, features) > limit || features > MOST_FEATURES
}

/// Cuts leaves.
pub(crate) struct Cutter<'a> {
    pub(crate) encoder: &'a Encoder<'a>,
}

impl Cutter<'_> {
    /// Cuts what lies in a cell.
    pub(crate) fn cut(&self, cell: Cell, items: Vec<Item>) -> Result<Node<Leaf>, Error> {
        let drawn = || items.iter().filter(|item| !item.underlay);
        let triangles: usize = drawn().map(|item| item.triangles.len()).sum();
        let limit = self.encoder.options.tile_bytes;
        let divisible = cell.side > LEAST_SIDE && (drawn().count() > 1 || drawn().any(|item| may_cut(item, &cell)));
        if divisible && is_hopeless(triangles, drawn().count(), limit) {
            return self.divide(cell, items);
        }
        let leaf = self.leaf(items)?;
        if leaf.bytes() <= limit || !divisible {
            return Ok(Node::Tile(leaf));
        }
        self.divide(cell, leaf.items)
    }

    fn divide(&self, cell: Cell, items: Vec<Item>) -> Result<Node<Leaf>, Error> {
        let mut quarters: [Vec<Item>; 4] = Default::default();
        for item in items {
            distribute(item, &cell, &mut quarters);
        }
        let nodes = quarters
            .into_iter()
            .enumerate()
            .filter(|(_, items)| !items.is_empty())
            .map(|(quarter, items)| self.cut(cell.quarter(quarter), items))
            .collect::<Result<_, _>>()?;
        self.put_together(nodes)
    }

    /// A leaf of these items.
    pub(crate) fn leaf(&self, mut items: Vec<Item>) -> Result<Leaf, Error> {
        // Rows in order of id; pieces of one feature stay in the order in which they came.
        items.sort_by(|a, b| {
            let key = |item: &Item| (item.underlay, item.subject.number);
            let (one, other) = (&a.subject.feature.id, &b.subject.feature.id);
            one.cmp(other).then_with(|| key(a).cmp(&key(b)))
        });
        let parts: Vec<Part<'_>> = items
            .iter()
            .filter(|item| !item.underlay)
            .map(|item| Part {
                feature: Cow::Borrowed(&item.subject.feature),
                triangles: Cow::Borrowed(&*item.triangles),
            })
            .collect();
        let encoded = if parts.is_empty() {
            None
        } else {
            Some(self.encoder.encode(&parts)?)
        };
        Ok(Leaf { items, encoded })
    }

    /// Puts the smallest leaves of a group together while they fit into one.
    fn put_together(&self, nodes: Vec<Node<Leaf>>) -> Result<Node<Leaf>, Error> {
        let limit = self.encoder.options.tile_bytes;
        put_together(nodes, &Leaf::bytes, |a, b| {
            if !may_fit(a.bytes(), b.bytes(), limit) {
                return Ok(None);
            }
            let items = a.items.iter().chain(&b.items).cloned().collect();
            let both = self.leaf(items)?;
            Ok(fits(&both, limit).then_some(both))
        })
    }
}

/// Whether two leaves of so many bytes might be one: sharing a header saves a little, more than that cannot be hoped for.
pub(crate) fn may_fit(a: usize, b: usize, limit: usize) -> bool {
    a + b <= limit + 4096.min(a).min(b)
}

/// Whether a leaf is small enough to be one.
pub(crate) fn fits(leaf: &Leaf, limit: usize) -> bool {
    let features = leaf.items.iter().filter(|item| !item.underlay).count();
    leaf.bytes() <= limit && features <= MOST_FEATURES
}

/// Puts leaves of a group together, the smallest first, while `together` makes one of two.
pub(crate) fn put_together<T>(
    nodes: Vec<Node<T>>,
    bytes: &impl Fn(&T) -> usize,
    together: impl Fn(&T, &T) -> Result<Option<T>, Error>,
) -> Result<Node<T>, Error> {
    let (mut leaves, mut rest) = (Vec::new(), Vec::new());
    for node in nodes {
        match node {
            Node::Tile(leaf) => leaves.push(leaf),
            group @ Node::Group(_) => rest.push(group),
        }
    }
    leaves.sort_by_key(bytes);
    let mut done: Vec<T> = Vec::new();
    for leaf in leaves {
        match done.last_mut() {
            Some(last) => match together(last, &leaf)? {
                Some(both) => *last = both,
                None => done.push(leaf),
            },
            None => done.push(leaf),
        }
    }
    rest.extend(done.into_iter().map(Node::Tile));
    Ok(Node::of(rest))
}

fn may_cut(item: &Item, cell: &Cell) -> bool {
    let size = item.bounds.size();
    let ground = item.underlay || item.subject.form == Form::Ground;
    ground && size.x.max(size.y) > cell.side / 4.0
}

/// Puts an item into the quarter of its middle, or its pieces into the quarters they lie in.
fn distribute(item: Item, cell: &Cell, quarters: &mut [Vec<Item>; 4]) {
    let [x, y] = cell.middle();
    let middle = item.bounds.center();
    if !may_cut(&item, cell) {
        let quarter = usize::from(middle.x >= x) + 2 * usize::from(middle.y >= y);
        quarters[quarter].push(item);
        return;
    }
    for (quarter, items) in quarters.iter_mut().enumerate() {
        let half = |axis: usize, at: f64| Half {
            axis,
            at,
            greater: quarter >> axis & 1 == 1,
        };
        let piece = clip(&clip(&item.triangles, half(0, x)), half(1, y));
        if !piece.is_empty() {
            items.push(Item::new(Arc::clone(&item.subject), piece, item.underlay));
        }
    }
}
