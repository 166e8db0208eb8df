//! Tilesets become part of the tree, and leave it.

use super::tree::{At, Content, Node, State, Subtree};
use super::{Error, SelectionTree, TileId, uri, volume};
use crate::bounds::OrientedBox;
use crate::tileset::{Refine, Tile, Tileset};
use glam::{DMat4, DVec3};

/// The greatest depth of the whole tree. Walking it is recursive, and a browser's stack is a megabyte.
const DEPTH_LIMIT: usize = 256;

/// Where and how a tileset grows onto the tree.
pub(super) struct Sprout<'a> {
    /// Its own URI.
    pub(super) base: &'a str,
    /// From EPSG:4978 to the frame of the tree.
    pub(super) frame: &'a DMat4,
    /// From the tileset's frame to the frame of the tree.
    pub(super) transform: DMat4,
    /// How the tile above refines, for a root that does not say.
    pub(super) refine: Refine,
    /// Level of its root.
    pub(super) depth: usize,
}

impl Sprout<'_> {
    /// The tileset as a subtree, its tiles in breadth-first order, so that siblings lie side by side.
    pub(super) fn grow(&self, tileset: &Tileset) -> Result<Subtree, Error> {
        let mut subtree = Subtree {
            nodes: Vec::new(),
            transforms: vec![self.transform],
            base: self.base.to_owned(),
            host: None,
            generation: 0,
        };
        let mut row: Vec<(&Tile, Option<u32>)> = vec![(&tileset.root, None)];
        let mut done = 0;
        while done < row.len() {
            let (tile, parent) = row[done];
            let mut node = self.node(tile, parent, &mut subtree, done)?;
            node.children = (row.len() as u32, tile.children.len() as u32);
            subtree.nodes.push(node);
            row.extend(tile.children.iter().map(|child| (child, Some(done as u32))));
            done += 1;
        }
        subtree.nodes.shrink_to_fit();
        subtree.transforms.shrink_to_fit();
        Ok(subtree)
    }

    fn node(&self, tile: &Tile, parent: Option<u32>, subtree: &mut Subtree, number: usize) -> Result<Node, Error> {
        let above = parent.map(|parent| &subtree.nodes[parent as usize]);
        let depth = above.map_or(self.depth, |above| usize::from(above.depth) + 1);
        if depth >= DEPTH_LIMIT {
            return Err(Error::TooDeep {
                uri: self.base.to_owned(),
                limit: DEPTH_LIMIT,
            });
        }
        if let Some(what) = fault(tile) {
            return Err(Error::Number {
                uri: self.base.to_owned(),
                tile: number,
                what,
            });
        }
        let refine = tile.refine.unwrap_or(above.map_or(self.refine, |above| above.refine));
        let mut transform = above.map_or(0, |above| above.transform);
        if let Some(own) = &tile.transform {
            let composed = subtree.transforms[transform as usize] * DMat4::from_cols_array(own);
            transform = subtree.transforms.len() as u32;
            subtree.transforms.push(composed);
        }
        let matrix = &subtree.transforms[transform as usize];
        Ok(Node {
            geometric_error: tile.geometric_error * scale(matrix),
            content: content(tile),
            parent,
            transform,
            refine,
            depth: depth as u16,
            ..Node::new(volume::in_frame(&tile.bounding_volume, matrix, self.frame))
        })
    }
}

impl Node {
    /// A tile of which only the volume is known.
    fn new(volume: OrientedBox) -> Self {
        Self {
            volume,
            geometric_error: 0.0,
            content: Content::Nothing,
            children: (0, 0),
            parent: None,
            transform: 0,
            refine: Refine::Replace,
            depth: 0,
            state: State::Absent,
            graft: None,
            bytes: 0,
            slot: 0,
            held_below: 0,
            failures: 0,
            retry_at: 0,
            used: 0,
            wanted: 0,
        }
    }
}

/// The largest factor by which the matrix stretches (3D Tiles 1.1, 6.7.1.1 "Tile transforms" scale the error so).
fn scale(matrix: &DMat4) -> f64 {
    let length = |axis: DVec3| matrix.transform_vector3(axis).length();
    let scale = length(DVec3::X).max(length(DVec3::Y)).max(length(DVec3::Z));
    // A rotation is not quite one after rounding, and errors are compared.
    if (scale - 1.0).abs() < 1e-9 { 1.0 } else { scale }
}

fn content(tile: &Tile) -> Content {
    match &tile.content {
        None => Content::Nothing,
        Some(content) if uri::names_tileset(&content.uri) => Content::Tileset(content.uri.as_str().into()),
        Some(content) => Content::Mesh(content.uri.as_str().into()),
    }
}

/// Why nothing can be drawn with the tile, if so.
fn fault(tile: &Tile) -> Option<&'static str> {
    let whole = |numbers: &[f64; 16]| numbers.iter().all(|number| number.is_finite());
    if !tile.geometric_error.is_finite() || tile.geometric_error < 0.0 {
        Some("a geometric error that is negative or not finite")
    } else if !tile.transform.as_ref().is_none_or(whole) {
        Some("a transform that is not finite")
    } else {
        volume::fault(&tile.bounding_volume)
    }
}

impl SelectionTree {
    /// Answers a request for a tileset: its tiles become part of the tree.
    ///
    /// # Errors
    /// [`Error::NotWaiting`] when the tile does not wait for one; the tree is as before. Otherwise the tileset cannot
    /// be used, and the tile has failed for good.
    pub fn graft(&mut self, tile: TileId, tileset: &Tileset) -> Result<(), Error> {
        let at = self.waiting(tile).ok_or(Error::NotWaiting)?;
        let node = self.node(at);
        if node.has_mesh() {
            return Err(Error::NotWaiting);
        }
        let sprout = Sprout {
            base: &self.resolved(at).unwrap_or_default(),
            frame: &self.frame,
            transform: self.subtrees[at.subtree as usize].transforms[node.transform as usize],
            refine: node.refine,
            depth: usize::from(node.depth) + 1,
        };
        match sprout.grow(tileset) {
            Ok(subtree) => {
                self.take_in(at, subtree);
                Ok(())
            }
            Err(error) => {
                self.give_up(at);
                Err(error)
            }
        }
    }

    fn take_in(&mut self, at: At, mut subtree: Subtree) {
        subtree.host = Some(at);
        self.counts.tiles += subtree.nodes.len();
        let bytes = subtree.bytes();
        // The first place is the tree's own, so it is never free.
        let free = self.subtrees.iter().position(|place| place.nodes.is_empty());
        let place = free.unwrap_or(self.subtrees.len());
        match free {
            Some(place) => {
                subtree.generation = self.subtrees[place].generation;
                self.subtrees[place] = subtree;
            }
            None => self.subtrees.push(subtree),
        }
        self.node_mut(at).graft = Some(place as u32);
        self.hold(at, bytes);
    }

    /// Drops the tileset grafted at `at`, of which nothing may be held or on its way.
    pub(super) fn prune(&mut self, at: At) {
        if let Some(place) = self.node_mut(at).graft.take() {
            let gone = &mut self.subtrees[place as usize];
            self.counts.tiles -= gone.nodes.len();
            self.counts.failed -= gone.nodes.iter().filter(|node| node.state == State::Failed).count();
            *gone = Subtree {
                nodes: Vec::new(),
                transforms: Vec::new(),
                base: String::new(),
                host: None,
                generation: gone.generation + 1,
            };
        }
        self.let_go(at);
    }

    /// Prunes tilesets that have not been of use for long and of which nothing is held.
    pub(super) fn prune_unused(&mut self) {
        // Looking for them in every update would cost more than it gives back.
        const EVERY: u64 = 32;
        if !self.update.is_multiple_of(EVERY) {
            return;
        }
        let keep = self.options.prune_after_updates;
        // Pruning one may free the one around it: deepest first.
        let mut hosts: Vec<At> = self.subtrees.iter().filter_map(|subtree| subtree.host).collect();
        hosts.sort_unstable_by_key(|at| (std::cmp::Reverse(self.node(*at).depth), *at));
        for at in hosts {
            let node = self.node(at);
            if node.held_below == 0 && node.used + keep < self.update {
                self.prune(at);
            }
        }
    }
}
