//! The leaves of a layer that is larger than memory.
//!
//! The quadtree is walked by the index: a cell that holds far more than a leaf is cut in four without its records being read, as
//! [`crate::leaf`] would cut it. What is left are cells that can be loaded one by one. Their leaves are put aside again, with what
//! the level above needs of them.

use crate::Error;
use crate::group::Node;
use crate::index::{Index, Square, corner_of};
use crate::item::Item;
use crate::leaf::{Cell, Cutter, Leaf, fits, is_hopeless, may_fit, put_together};
use crate::spill::{Blob, Spill, pack};
use rayon::prelude::*;
use tiles::bounds::Aabb;

/// A leaf that was put aside.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// Its items; see [`Item::read_all`].
    pub(crate) items: Blob,
    /// The tile; `None` when nothing of it is drawn.
    pub(crate) glb: Option<Blob>,
    pub(crate) bytes: usize,
    pub(crate) triangles: u64,
    pub(crate) hull: Aabb,
    /// Numbers of the features drawn in it, ascending.
    pub(crate) features: Vec<u64>,
}

/// Cuts a layer of the index into leaves.
pub(crate) struct Planner<'a> {
    pub(crate) cutter: Cutter<'a>,
    pub(crate) index: &'a Index,
    pub(crate) spill: &'a Spill,
    /// East and north of the middle of the curve, in metres.
    pub(crate) middle: [f64; 2],
    /// How many cells are in memory at once.
    pub(crate) at_once: usize,
    /// Told how many features have found their leaf.
    pub(crate) done: &'a (dyn Fn(usize) + Sync),
}

/// A cell to be loaded.
struct Load<'a> {
    cell: Cell,
    squares: &'a [Square],
}

impl Planner<'_> {
    /// The leaves of these squares, which lie in the cell.
    pub(crate) fn leaves(&self, cell: Cell, squares: &[Square]) -> Result<Node<Kept>, Error> {
        let mut loads = Vec::new();
        let plan = self.divide(cell, squares, &mut |load| {
            loads.push(load);
            loads.len() - 1
        });
        let mut cut: Vec<Option<Node<Kept>>> = Vec::with_capacity(loads.len());
        for some in loads.chunks(self.at_once.max(1)) {
            let made: Vec<_> = some.par_iter().map(|load| self.load(load)).collect::<Result<_, _>>()?;
            cut.extend(made.into_iter().map(Some));
        }
        self.assemble(plan, &mut cut)
    }

    fn divide<'s>(&self, cell: Cell, squares: &'s [Square], load: &mut impl FnMut(Load<'s>) -> usize) -> Node<usize> {
        let sum = |of: fn(&Square) -> usize| squares.iter().map(of).sum();
        let limit = self.cutter.encoder.options.tile_bytes;
        let hopeless = is_hopeless(sum(|s| s.triangles), sum(|s| s.features), limit);
        if !hopeless || squares.len() < 2 {
            return Node::Tile(load(Load { cell, squares }));
        }
        let quarters = quarters(&cell, self.middle, squares).into_iter();
        let nodes = quarters.map(|(quarter, squares)| self.divide(cell.quarter(quarter), squares, load));
        Node::of(nodes.collect())
    }

    fn load(&self, load: &Load<'_>) -> Result<Node<Kept>, Error> {
        let mut items = Vec::new();
        for entry in self.index.entries(load.squares, self.spill)? {
            items.extend(Item::read_all(&self.spill.get(entry.blob)?, self.spill)?);
        }
        let drawn = items.iter().filter(|item| !item.underlay).count();
        let mut failed = None;
        let node = self.cutter.cut(load.cell, items)?.map(&mut |leaf| {
            let kept = self.keep(&leaf);
            kept.map_err(|error| failed = Some(error)).ok()
        });
        (self.done)(drawn);
        match failed {
            Some(error) => Err(error),
            None => node.all().ok_or_else(|| self.spill.failed("a leaf was not kept")),
        }
    }

    fn keep(&self, leaf: &Leaf) -> Result<Kept, Error> {
        let mut bytes = Vec::new();
        for item in &leaf.items {
            item.write(&mut bytes).map_err(|source| self.spill.failed(source))?;
        }
        let drawn = leaf.items.iter().filter(|item| !item.underlay);
        let mut features: Vec<u64> = drawn.map(|item| item.subject.number).collect();
        features.sort_unstable();
        features.dedup();
        let encoded = leaf.encoded.as_ref();
        Ok(Kept {
            items: self.spill.put(&pack(&bytes))?,
            glb: encoded.map(|encoded| self.spill.put(&pack(&encoded.glb))).transpose()?,
            bytes: leaf.bytes(),
            triangles: encoded.map_or(0, |encoded| encoded.triangles),
            hull: encoded.map_or(Aabb::EMPTY, |encoded| encoded.bounds),
            features,
        })
    }

    /// Puts what was cut into its places, and small neighbours of different loads together.
    fn assemble(&self, plan: Node<usize>, cut: &mut [Option<Node<Kept>>]) -> Result<Node<Kept>, Error> {
        match plan {
            Node::Tile(load) => cut
                .get_mut(load)
                .and_then(Option::take)
                .ok_or_else(|| self.spill.failed("a cell was cut twice")),
            Node::Group(nodes) => {
                let nodes = nodes
                    .into_iter()
                    .map(|node| self.assemble(node, cut))
                    .collect::<Result<_, _>>()?;
                put_together(nodes, &|kept: &Kept| kept.bytes, |a, b| self.together(a, b))
            }
        }
    }

    /// Two leaves as one, where that is small enough.
    fn together(&self, a: &Kept, b: &Kept) -> Result<Option<Kept>, Error> {
        let limit = self.cutter.encoder.options.tile_bytes;
        if !may_fit(a.bytes, b.bytes, limit) {
            return Ok(None);
        }
        let mut items = Vec::new();
        for kept in [a, b] {
            items.extend(Item::read_all(&self.spill.get(kept.items)?, self.spill)?);
        }
        let both = self.cutter.leaf(items)?;
        fits(&both, limit).then(|| self.keep(&both)).transpose()
    }
}

/// The squares of a cell by its quarters: they lie one after the other along the curve.
fn quarters<'s>(cell: &Cell, middle: [f64; 2], squares: &'s [Square]) -> Vec<(usize, &'s [Square])> {
    let [x, y] = cell.middle();
    let quarter = |square: &Square| {
        let [east, north] = corner_of(square.place);
        usize::from(east + middle[0] >= x) + 2 * usize::from(north + middle[1] >= y)
    };
    squares
        .chunk_by(|a, b| quarter(a) == quarter(b))
        .map(|run| (quarter(&run[0]), run))
        .collect()
}
