//! The levels above the leaves.
//!
//! Each level stands for the whole layer: its tiles group those of the level below, in the order of the quadtree, so that what a group weighs
//! comes to at most four tiles; the stand-in of a group weighs at most a quarter of that, so no tile ever outgrows its limit. The level whose
//! groups are one is the root.

use crate::Error;
use crate::content::{Encoded, Encoder};
use crate::error_measure::error_against;
use crate::group::{Node, grouped};
use crate::item::Item;
use crate::plan::Kept;
use crate::spill::{Blob, Spill};
use crate::standin::{Pieces, STEPS, Stock};
use rayon::prelude::*;
use tiles::bounds::Aabb;

/// A stand-in weighs at most this part of what it stands for.
const SHARE: usize = 4;
/// A level of at most this many tiles' weight becomes one tile.
const LAST_SHARE: usize = 6;
/// A tile this near to its limit need not be filled up further.
const CLOSE: f64 = 0.85;
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
    made_of: Made,
}

/// What the level above is made from, where it was put aside.
#[derive(Debug, Clone, Copy)]
enum Made {
    Items(Blob),
    /// With the index of its step.
    Pieces(Blob, usize),
}

/// A layer's tiles; the last is the root.
pub(crate) struct Tree {
    pub(crate) tiles: Vec<Tile>,
    /// Numbers of features with the leaves that draw them, ascending.
    pub(crate) shown: Vec<(u64, u32)>,
}

/// Builds the levels of one layer.
pub(crate) struct Levels<'a> {
    pub(crate) encoder: &'a Encoder<'a>,
    pub(crate) spill: &'a Spill,
    /// How many stand-ins are made at once.
    pub(crate) at_once: usize,
    /// Puts a tile into the store and answers its name.
    pub(crate) put: &'a (dyn Fn(&[u8]) -> Result<String, Error> + Sync),
    /// Told of every stand-in made, and how many the level has.
    pub(crate) done: &'a (dyn Fn(u64) + Sync),
}

impl Levels<'_> {
    /// Stores the leaves and builds every level above them.
    pub(crate) fn build(&self, leaves: Node<Kept>) -> Result<Option<Tree>, Error> {
        let mut found = Vec::new();
        let mut node = leaves.map(&mut |leaf| {
            found.push(leaf);
            found.len() - 1
        });
        let mut shown = Vec::new();
        for (number, leaf) in found.iter().enumerate() {
            shown.extend(leaf.features.iter().map(|&feature| (feature, number as u32)));
        }
        shown.sort_unstable();
        let mut tiles: Vec<Tile> = found
            .into_par_iter()
            .map(|leaf| self.leaf(&leaf))
            .collect::<Result<_, _>>()?;
        for level in 1..MOST_LEVELS {
            let limit = SHARE * self.encoder.options.tile_bytes;
            if let Node::Tile(root) = node {
                return Ok(finish(tiles, root, shown));
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
        let mut made: Vec<Option<Tile>> = Vec::with_capacity(list.len());
        for some in list.chunks(self.at_once.max(1)) {
            let next: Vec<_> = some
                .par_iter()
                .map(|group| {
                    let made = self.stand_in(level, group, tiles);
                    (self.done)(list.len() as u64);
                    made
                })
                .collect::<Result<_, _>>()?;
            made.extend(next);
        }
        let mut places = Vec::with_capacity(list.len());
        for (group, made) in list.iter().zip(made) {
            let Some(tile) = made else {
                // Nothing would be saved: the tile below stays in its place.
                places.push(group[0]);
                continue;
            };
            places.push(tiles.len());
            tiles.push(tile);
        }
        Ok(node.map(&mut |place| places[place]))
    }

    /// The tile that stands for a group; `None` where a single tile is as small already.
    fn stand_in(&self, level: u16, group: &[usize], tiles: &[Tile]) -> Result<Option<Tile>, Error> {
        let below: Vec<&Tile> = group.iter().map(|&tile| &tiles[tile]).collect();
        let weight: usize = below.iter().map(|tile| tile.bytes).sum();
        let stock = self.stock(&below)?;
        let finest = below.iter().map(|tile| tile.step()).min().unwrap_or_default();
        let (pieces, step, encoded) = self.small_enough(&stock, weight / SHARE, finest)?;
        if group.len() == 1 && encoded.glb.len() >= weight / SHARE * 2 {
            return Ok(None);
        }
        let own = error_against(&stock, &pieces);
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
            made_of: Made::Pieces(self.spill.put_value(&pieces)?, step),
        }))
    }

    /// Puts a leaf into the store.
    fn leaf(&self, leaf: &Kept) -> Result<Tile, Error> {
        let name = match leaf.glb {
            Some(glb) => (self.put)(&self.spill.get(glb)?)?,
            None => String::new(),
        };
        Ok(Tile {
            level: 0,
            children: Vec::new(),
            name,
            bytes: leaf.bytes,
            triangles: leaf.triangles,
            hull: leaf.hull,
            error: 0.0,
            made_of: Made::Items(leaf.items),
        })
    }

    /// What the tiles are made of.
    fn stock(&self, below: &[&Tile]) -> Result<Stock, Error> {
        let mut stock = Stock::default();
        for tile in below {
            match tile.made_of {
                Made::Items(items) => stock.items.extend(Item::read_all(&self.spill.get(items)?, self.spill)?),
                Made::Pieces(pieces, _) => stock.pieces.push(self.spill.get_value(pieces)?),
            }
        }
        Ok(stock)
    }

    /// The finest step whose tile has at most `limit` bytes, or one that comes close to it; the coarsest where none has so few.
    ///
    /// A step is tried by making the whole stand-in, so what matters is to begin near the end: ground is small as soon as it has no more
    /// than outlines, buildings need a certain coarseness to come down to a quarter. From there the steps left are halved; how fast they
    /// shrink is too uneven for a better guess.
    fn small_enough(&self, stock: &Stock, limit: usize, finest: usize) -> Result<(Pieces, usize, Encoded), Error> {
        let attempt = |step: usize| {
            let pieces = stock.coarsen(STEPS[step]);
            let encoded = self.encoder.encode(&pieces.parts())?;
            Ok::<_, Error>((pieces, step, encoded))
        };
        let (mut low, mut high) = (finest, STEPS.len() - 1);
        let mut best = None;
        let mut next = stock.likely_step().clamp(low, high);
        while low < high {
            let made = attempt(next)?;
            let bytes = made.2.glb.len();
            if bytes <= limit {
                best = Some(made);
                high = next;
                if bytes as f64 > limit as f64 * CLOSE {
                    break;
                }
            } else {
                low = next + 1;
            }
            next = usize::midpoint(low, high);
        }
        match best {
            Some(best) if best.1 == high => Ok(best),
            _ => attempt(high),
        }
    }
}

impl Tile {
    fn step(&self) -> usize {
        match self.made_of {
            Made::Pieces(_, step) => step,
            Made::Items(_) => 0,
        }
    }
}

/// The tree with its root last; `None` when nothing is drawn.
fn finish(tiles: Vec<Tile>, root: usize, shown: Vec<(u64, u32)>) -> Option<Tree> {
    debug_assert_eq!(root + 1, tiles.len(), "the root is made last");
    (!tiles[root].name.is_empty()).then_some(Tree { tiles, shown })
}
