//! The levels above the leaves.
//!
//! Each level stands for the whole layer: its tiles group those of the level below, in the order of the quadtree, so that what a group weighs
//! comes to at most four tiles; the stand-in of a group weighs at most a quarter of that, so no tile ever outgrows its limit. The level whose
//! groups are one is the root.

use crate::Error;
use crate::content::{Encoded, Encoder};
use crate::error_measure::error_against;
use crate::group::{Node, grouped};
use crate::leaf::{Leaf, LeafItem};
use crate::shape::Shape;
use crate::standin::{Pieces, STEPS, Stock};
use rayon::prelude::*;
use tiles::bounds::Aabb;

/// A stand-in weighs at most this part of what it stands for.
const SHARE: usize = 4;
/// A level of at most this many tiles' weight becomes one tile.
const LAST_SHARE: usize = 6;
/// More levels than any city has.
const MOST_LEVELS: u16 = 24;

/// A tile of a layer's tree.
pub(crate) struct Tile {
    /// Steps above the leaves.
    pub(crate) level: u16,
    pub(crate) children: Vec<usize>,
    /// The file it was put under.
    pub(crate) name: String,
    /// Length of the file.
    pub(crate) bytes: usize,
    pub(crate) triangles: u64,
    /// Around its content and that of all tiles below.
    pub(crate) hull: Aabb,
    /// Metres.
    pub(crate) error: f64,
    /// Numbers of the shapes drawn in it, if it is a leaf.
    pub(crate) shapes: Vec<usize>,
    made_of: Made,
}

/// What the level above is made from.
enum Made {
    Items(Vec<LeafItem>),
    /// With the index of its step.
    Pieces(Box<Pieces>, usize),
    Spent,
}

/// A layer's tiles; the last is the root.
pub(crate) struct Tree {
    pub(crate) tiles: Vec<Tile>,
}

/// Builds the levels of one layer.
pub(crate) struct Levels<'a> {
    pub(crate) encoder: &'a Encoder<'a>,
    pub(crate) shapes: &'a [Shape],
    /// Puts a tile into the store and answers its name.
    pub(crate) put: &'a (dyn Fn(&[u8]) -> Result<String, Error> + Sync),
    /// Told of every stand-in made, and how many the level has.
    pub(crate) done: &'a (dyn Fn(u64) + Sync),
}

impl Levels<'_> {
    /// Stores the leaves and builds every level above them.
    pub(crate) fn build(&self, leaves: Node<Leaf>) -> Result<Option<Tree>, Error> {
        let mut tiles = Vec::new();
        let mut found = Vec::new();
        let mut node = leaves.map(&mut |leaf| {
            found.push(leaf);
            found.len() - 1
        });
        let names: Vec<String> = found
            .par_iter()
            .map(|leaf| {
                leaf.encoded
                    .as_ref()
                    .map_or(Ok(String::new()), |encoded| (self.put)(&encoded.glb))
            })
            .collect::<Result<_, _>>()?;
        for (leaf, name) in found.into_iter().zip(names) {
            tiles.push(leaf_tile(leaf, name));
        }
        for level in 1..MOST_LEVELS {
            let limit = SHARE * self.encoder.options.tile_bytes;
            if let Node::Tile(root) = node {
                return Ok(finish(tiles, root));
            }
            // The last group may be larger: a level between would show less than it costs.
            let all: usize = node.tiles().iter().map(|&&tile| tiles[tile].bytes).sum();
            let last = all <= LAST_SHARE * self.encoder.options.tile_bytes || level + 1 == MOST_LEVELS;
            let limit = if last { usize::MAX } else { limit };
            let groups = grouped(node, limit, &|tile| tiles[tile].bytes);
            node = self.level(level, groups, &mut tiles)?;
        }
        Ok(None)
    }

    /// One level: a tile for each group.
    fn level(&self, level: u16, groups: Node<Vec<usize>>, tiles: &mut Vec<Tile>) -> Result<Node<usize>, Error> {
        let mut list = Vec::new();
        let node = groups.map(&mut |group| {
            list.push(group);
            list.len() - 1
        });
        let made: Vec<Option<Tile>> = list
            .par_iter()
            .map(|group| {
                let made = self.stand_in(level, group, tiles);
                (self.done)(list.len() as u64);
                made
            })
            .collect::<Result<_, _>>()?;
        let mut places = Vec::with_capacity(list.len());
        for (group, made) in list.iter().zip(made) {
            let Some(tile) = made else {
                // Nothing would be saved: the tile below stays in its place.
                places.push(group[0]);
                continue;
            };
            for &child in group {
                tiles[child].made_of = Made::Spent;
            }
            places.push(tiles.len());
            tiles.push(tile);
        }
        Ok(node.map(&mut |place| places[place]))
    }

    /// The tile that stands for a group; `None` where a single tile is as small already.
    fn stand_in(&self, level: u16, group: &[usize], tiles: &[Tile]) -> Result<Option<Tile>, Error> {
        let below: Vec<&Tile> = group.iter().map(|&tile| &tiles[tile]).collect();
        let weight: usize = below.iter().map(|tile| tile.bytes).sum();
        let stock = stock(&below);
        let finest = below.iter().map(|tile| tile.step()).min().unwrap_or_default();
        let (pieces, step, encoded) = self.small_enough(&stock, weight / SHARE, finest)?;
        if group.len() == 1 && encoded.glb.len() >= weight / SHARE * 2 {
            return Ok(None);
        }
        let own = error_against(&stock, &pieces, self.shapes);
        let error = own + below.iter().map(|tile| tile.error).fold(0.0, f64::max);
        let hull = below.iter().fold(encoded.bounds, |hull, tile| hull.union(&tile.hull));
        let drawn = below.iter().enumerate().filter(|(_, tile)| !tile.name.is_empty());
        Ok(Some(Tile {
            level,
            children: drawn.map(|(at, _)| group[at]).collect(),
            name: (self.put)(&encoded.glb)?,
            bytes: encoded.glb.len(),
            triangles: encoded.triangles,
            hull,
            error,
            shapes: Vec::new(),
            made_of: Made::Pieces(Box::new(pieces), step),
        }))
    }

    /// The finest step whose tile has at most `limit` bytes; the coarsest where none has.
    fn small_enough(&self, stock: &Stock<'_>, limit: usize, finest: usize) -> Result<(Pieces, usize, Encoded), Error> {
        let attempt = |step: usize| {
            let pieces = stock.coarsen(STEPS[step], self.shapes);
            let encoded = self.encoder.encode(&pieces.parts(self.shapes))?;
            Ok::<_, Error>((pieces, step, encoded))
        };
        let (mut low, mut high) = (finest, STEPS.len() - 1);
        let mut best = None;
        while low < high {
            let middle = usize::midpoint(low, high);
            let made = attempt(middle)?;
            if made.2.glb.len() <= limit {
                best = Some(made);
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        match best {
            Some(best) if best.1 == low => Ok(best),
            _ => attempt(low),
        }
    }
}

fn leaf_tile(leaf: Leaf, name: String) -> Tile {
    let drawn = leaf.items.iter().filter(|item| !item.underlay);
    let mut shapes: Vec<usize> = drawn.map(|item| item.shape).collect();
    shapes.dedup();
    let encoded = leaf.encoded.as_ref();
    Tile {
        level: 0,
        children: Vec::new(),
        name,
        bytes: encoded.map_or(0, |encoded| encoded.glb.len()),
        triangles: encoded.map_or(0, |encoded| encoded.triangles),
        hull: encoded.map_or(Aabb::EMPTY, |encoded| encoded.bounds),
        error: 0.0,
        shapes,
        made_of: Made::Items(leaf.items),
    }
}

impl Tile {
    fn step(&self) -> usize {
        match self.made_of {
            Made::Pieces(_, step) => step,
            _ => 0,
        }
    }
}

fn stock<'a>(below: &[&'a Tile]) -> Stock<'a> {
    let mut stock = Stock::default();
    for tile in below {
        match &tile.made_of {
            Made::Items(items) => stock.items.extend(items),
            Made::Pieces(pieces, _) => stock.pieces.push(pieces),
            Made::Spent => {}
        }
    }
    stock
}

/// The tree with its root last; `None` when nothing is drawn.
fn finish(mut tiles: Vec<Tile>, root: usize) -> Option<Tree> {
    if tiles[root].name.is_empty() {
        return None;
    }
    for tile in &mut tiles {
        tile.made_of = Made::Spent;
    }
    debug_assert_eq!(root + 1, tiles.len(), "the root is made last");
    Some(Tree { tiles })
}
