//! What is held, how much of it fits, and what goes first.
//!
//! Tiles are held until the bytes are needed for others; then those go that have been without use the longest. What
//! the present view needs never goes: when that alone is too much, the error aimed at is raised little by little until
//! it fits, as `CesiumJS` does (`memoryAdjustedScreenSpaceError`), so that a small machine sees the whole city, coarser.

use super::tree::{At, State};
use super::{Options, SelectionTree, TileId, View};
use std::cmp::Reverse;

/// By how much the error aimed at is raised or lowered in one update.
const STEP: f64 = 1.02;
/// The error is lowered again only when what is needed takes less than this part of the budget.
const ROOMY: f64 = 0.8;
/// Preloading stops at this part of the budget, so that it never makes anything else go.
pub(super) const PRELOAD_PART: f64 = 0.9;

/// The state of the budget.
#[derive(Debug)]
pub(super) struct Memory {
    /// Bytes of everything held.
    pub(super) bytes: u64,
    /// Bytes of all contents that ever came, and their number: what to expect of the next.
    arrived: (u64, u64),
    /// The error aimed at, in pixels.
    pub(super) threshold: f64,
    /// Whether the error may be lowered: not for the same views for which it was raised, or it would swing for ever.
    may_lower: bool,
    views: Vec<View>,
}

impl Memory {
    pub(super) fn new(threshold: f64, bytes: u64) -> Self {
        Self {
            bytes,
            arrived: (0, 0),
            threshold,
            may_lower: true,
            views: Vec::new(),
        }
    }

    /// Starts afresh with other options.
    pub(super) fn reconsider(&mut self, options: &Options) {
        self.threshold = options.maximum_screen_space_error;
        self.may_lower = true;
    }

    /// Tells what is looked at.
    pub(super) fn look(&mut self, views: &[View]) {
        if self.views != views {
            self.views = views.to_vec();
            self.may_lower = true;
        }
    }

    /// How many bytes a content is likely to take that took `last` when it was last held, if ever.
    pub(super) fn expected(&self, last: u64) -> u64 {
        match (last, self.arrived) {
            (0, (_, 0)) => 0,
            (0, (bytes, count)) => bytes / count,
            _ => last,
        }
    }
}

/// What can go, least missed last.
pub(super) struct Evictable(Vec<At>);

impl SelectionTree {
    /// Answers a request for something to draw: the host holds it, in `bytes` of memory, decoded and for the graphics
    /// processor together.
    ///
    /// False when the tile does not wait for it any more; then the host must drop it.
    #[must_use]
    pub fn loaded(&mut self, tile: TileId, bytes: u64) -> bool {
        match self.waiting(tile) {
            Some(at) if self.node(at).has_mesh() => {
                self.counts.meshes += 1;
                self.hold(at, bytes);
                true
            }
            _ => false,
        }
    }

    /// The tile's place if it was asked for and neither answered nor cancelled.
    pub(super) fn waiting(&self, tile: TileId) -> Option<At> {
        self.at(tile).filter(|at| self.node(*at).state == State::Loading)
    }

    /// Counts a content as held.
    pub(super) fn hold(&mut self, at: At, bytes: u64) {
        self.in_flight.retain(|other| *other != at);
        let slot = self.held.len() as u32;
        self.held.push(at);
        let node = self.node_mut(at);
        node.state = State::Loaded;
        node.bytes = bytes;
        node.slot = slot;
        node.failures = 0;
        self.memory.bytes += bytes;
        self.memory.arrived.0 += bytes;
        self.memory.arrived.1 += 1;
        self.counts.loaded_ever += 1;
        self.count_above(at, |held| held + 1);
    }

    /// Counts a content as held no more.
    pub(super) fn let_go(&mut self, at: At) {
        let node = self.node_mut(at);
        node.state = State::Absent;
        let (slot, bytes, mesh) = (node.slot as usize, node.bytes, node.has_mesh());
        self.counts.meshes -= usize::from(mesh);
        self.memory.bytes -= bytes;
        self.counts.unloaded_ever += 1;
        self.held.swap_remove(slot);
        if let Some(moved) = self.held.get(slot).copied() {
            self.node_mut(moved).slot = slot as u32;
        }
        self.count_above(at, |held| held - 1);
    }

    fn count_above(&mut self, at: At, count: impl Fn(u32) -> u32) {
        let mut at = at;
        while let Some(above) = self.above(at) {
            let node = self.node_mut(above);
            node.held_below = count(node.held_below);
            at = above;
        }
    }

    /// Everything held that this update does not need, least missed last.
    pub(super) fn evictable(&self) -> Evictable {
        let mut unused: Vec<At> = self
            .held
            .iter()
            .copied()
            .filter(|at| self.node(*at).used < self.update)
            .collect();
        // What stands in where nothing else does goes last of all; of the same age the finer goes first.
        unused.sort_unstable_by_key(|at| {
            let node = self.node(*at);
            (Reverse(self.is_top(*at)), Reverse(node.used), node.depth, *at)
        });
        Evictable(unused)
    }

    /// Whether nothing above could be drawn in the tile's place.
    fn is_top(&self, at: At) -> bool {
        let mut at = at;
        while let Some(above) = self.above(at) {
            if self.node(above).has_mesh() {
                return false;
            }
            at = above;
        }
        true
    }

    /// Forgets what can go until no more than `limit` bytes are held, or nothing more can go. Whether it fits then.
    pub(super) fn shrink_to(&mut self, limit: u64, evictable: &mut Evictable, unload: &mut Vec<TileId>) -> bool {
        while self.memory.bytes > limit {
            let Some(at) = evictable.0.pop() else {
                return false;
            };
            let node = self.node(at);
            if node.has_mesh() {
                unload.push(self.id(at));
                self.let_go(at);
            } else if node.held_below == 0 {
                self.prune(at);
            }
        }
        true
    }

    /// Raises or lowers the error aimed at. `stuck`: what the view needs does not fit. Whether the error changed.
    pub(super) fn adjust(&mut self, stuck: bool) -> bool {
        let base = self.options.maximum_screen_space_error;
        let before = self.memory.threshold;
        if stuck {
            self.memory.threshold = (before.max(1e-3) * STEP).min(1e12);
            self.memory.may_lower = false;
        } else if before > base && self.memory.may_lower && self.needed_bytes() < self.roomy_bytes() {
            self.memory.threshold = (before / STEP).max(base);
        }
        self.memory.threshold != before
    }

    /// Bytes of what the present view needs.
    fn needed_bytes(&self) -> u64 {
        let needed = self
            .held
            .iter()
            .map(|at| self.node(*at))
            .filter(|node| node.used == self.update);
        needed.map(|node| node.bytes).sum()
    }

    fn roomy_bytes(&self) -> u64 {
        (self.options.maximum_bytes as f64 * ROOMY) as u64
    }
}
