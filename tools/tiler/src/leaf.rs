//! Cutting a layer into leaves.
//!
//! How many bytes a group of features takes is known only when it is encoded; estimates have been thirty times off. So a cell of a
//! quadtree is encoded, cut in four when it is too large, and small neighbours are put together again. A building goes whole into the
//! cell of its middle; a piece of ground larger than a quarter of the cell is cut at the border.

use crate::Error;
use crate::clip::{Half, clip};
use crate::content::{Encoded, Encoder, MOST_FEATURES, Part, least_bytes};
use crate::group::Node;
use crate::layer::Form;
use crate::shape::{Shape, Triangle};
use rayon::prelude::*;
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
    pub(crate) fn around(bounds: &Aabb, start: Option<[f64; 3]>) -> Self {
        let [x, y, side] = start.unwrap_or([-512.0, -512.0, 1024.0]);
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

    fn middle(&self) -> [f64; 2] {
        self.min.map(|v| v + self.side / 2.0)
    }

    fn quarter(&self, quarter: usize) -> Self {
        let side = self.side / 2.0;
        let offset = [(quarter & 1) as f64, (quarter >> 1) as f64];
        Self {
            min: [self.min[0] + offset[0] * side, self.min[1] + offset[1] * side],
            side,
        }
    }
}

/// A feature, or the piece of it that lies in a cell.
#[derive(Debug, Clone)]
pub(crate) struct LeafItem {
    /// Number of the shape.
    pub(crate) shape: usize,
    pub(crate) triangles: Arc<[Triangle]>,
    bounds: Aabb,
    /// Not drawn in the leaf; the stand-ins need to know of it.
    pub(crate) underlay: bool,
}

impl LeafItem {
    /// The whole of a shape.
    pub(crate) fn whole(number: usize, shape: &Shape) -> Self {
        Self::new(number, shape.triangles.clone(), false)
    }

    /// Ground of another layer, by its triangles.
    pub(crate) fn underlay(number: usize, triangles: Vec<Triangle>) -> Self {
        Self::new(number, triangles, true)
    }

    fn new(shape: usize, triangles: Vec<Triangle>, underlay: bool) -> Self {
        Self {
            shape,
            bounds: Aabb::from_points(triangles.iter().flat_map(|t| t.corners)),
            triangles: triangles.into(),
            underlay,
        }
    }
}

/// A tile of the finest level.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    pub(crate) items: Vec<LeafItem>,
    /// `None` when nothing of it is drawn.
    pub(crate) encoded: Option<Encoded>,
}

impl Leaf {
    fn bytes(&self) -> usize {
        self.encoded.as_ref().map_or(0, |encoded| encoded.glb.len())
    }
}

/// Cuts leaves for a layer.
pub(crate) struct Cutter<'a> {
    pub(crate) encoder: &'a Encoder<'a>,
    pub(crate) shapes: &'a [Shape],
    /// Told how many features have found their leaf.
    pub(crate) done: &'a (dyn Fn(usize) + Sync),
}

impl Cutter<'_> {
    /// Cuts what lies in a cell.
    pub(crate) fn cut(&self, cell: Cell, items: Vec<LeafItem>) -> Result<Node<Leaf>, Error> {
        let drawn = || items.iter().filter(|item| !item.underlay);
        let triangles: usize = drawn().map(|item| item.triangles.len()).sum();
        let limit = self.encoder.options.tile_bytes;
        let hopeless = least_bytes(triangles, drawn().count()) > 2 * limit || drawn().count() > MOST_FEATURES;
        let divisible =
            cell.side > LEAST_SIDE && (drawn().count() > 1 || drawn().any(|item| self.may_cut(item, &cell)));
        if !hopeless || !divisible {
            let leaf = self.leaf(items)?;
            if leaf.bytes() <= limit || !divisible {
                (self.done)(leaf.items.iter().filter(|item| !item.underlay).count());
                return Ok(Node::Tile(leaf));
            }
            return self.divide(cell, leaf.items);
        }
        self.divide(cell, items)
    }

    fn divide(&self, cell: Cell, items: Vec<LeafItem>) -> Result<Node<Leaf>, Error> {
        let mut quarters: [Vec<LeafItem>; 4] = Default::default();
        for item in items {
            self.distribute(item, &cell, &mut quarters);
        }
        let nodes: Vec<Node<Leaf>> = quarters
            .into_par_iter()
            .enumerate()
            .filter(|(_, items)| !items.is_empty())
            .map(|(quarter, items)| self.cut(cell.quarter(quarter), items))
            .collect::<Result<_, _>>()?;
        self.put_together(nodes)
    }

    fn may_cut(&self, item: &LeafItem, cell: &Cell) -> bool {
        let size = item.bounds.size();
        let ground = item.underlay || self.shapes[item.shape].form == Form::Ground;
        ground && size.x.max(size.y) > cell.side / 4.0
    }

    /// Puts an item into the quarter of its middle, or its pieces into the quarters they lie in.
    fn distribute(&self, item: LeafItem, cell: &Cell, quarters: &mut [Vec<LeafItem>; 4]) {
        let [x, y] = cell.middle();
        let middle = item.bounds.center();
        if !self.may_cut(&item, cell) {
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
                items.push(LeafItem::new(item.shape, piece, item.underlay));
            }
        }
    }

    fn leaf(&self, mut items: Vec<LeafItem>) -> Result<Leaf, Error> {
        items.sort_by_key(|item| item.shape);
        let parts: Vec<Part<'_>> = items
            .iter()
            .filter(|item| !item.underlay)
            .map(|item| Part {
                feature: Cow::Borrowed(&self.shapes[item.shape].feature),
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
        let (mut leaves, mut rest) = (Vec::new(), Vec::new());
        for node in nodes {
            match node {
                Node::Tile(leaf) => leaves.push(leaf),
                group @ Node::Group(_) => rest.push(group),
            }
        }
        leaves.sort_by_key(Leaf::bytes);
        let mut done: Vec<Leaf> = Vec::new();
        for leaf in leaves {
            match done.last_mut() {
                Some(last) => match self.together(last, &leaf)? {
                    Some(both) => *last = both,
                    None => done.push(leaf),
                },
                None => done.push(leaf),
            }
        }
        rest.extend(done.into_iter().map(Node::Tile));
        Ok(Node::of(rest))
    }

    /// Two leaves as one, where that is small enough.
    fn together(&self, a: &Leaf, b: &Leaf) -> Result<Option<Leaf>, Error> {
        let limit = self.encoder.options.tile_bytes;
        // Sharing a header saves a little; more than that cannot be hoped for.
        let saving = 4096.min(a.bytes()).min(b.bytes());
        if a.bytes() + b.bytes() > limit + saving {
            return Ok(None);
        }
        let items = a.items.iter().chain(&b.items).cloned().collect();
        let both = self.leaf(items)?;
        let features = both.items.iter().filter(|item| !item.underlay).count();
        Ok((both.bytes() <= limit && features <= MOST_FEATURES).then_some(both))
    }
}
