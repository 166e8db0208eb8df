//! One update: what the walk found becomes requests, cancellations and evictions.

use super::budget::{Evictable, PRELOAD_PART};
use super::tree::{At, Content, SelectionTree, State};
use super::visit::{Found, Visit, Want};
use super::{ContentKind, Priority, Request, Selection, Statistics, TileId, View};

/// What became of the requests.
struct Begun {
    /// Something is needed and does not fit.
    refused: bool,
    /// Wanted, but not begun.
    left: usize,
}

impl SelectionTree {
    /// Chooses the tiles for these views; at most 32, further ones are not looked at.
    ///
    /// One call is one frame. The host carries out what the answer says before the next one.
    pub fn update(&mut self, views: &[View]) -> Selection {
        self.update += 1;
        self.memory.look(views);
        let mut found = self.walk(views);
        let mut selection = Selection {
            cancel: self.cancel_unwanted(),
            ..Selection::default()
        };
        let mut evictable = None;
        let fits = self.evict_excess(&mut evictable, &mut selection);
        let wants = std::mem::take(&mut found.wants);
        let begun = self.begin(wants, &mut evictable, &mut selection);
        let stuck = !fits || (begun.refused && self.in_flight.is_empty());
        let changed = self.adjust(stuck);
        self.prune_unused();
        selection.settled = found.missing == 0 && !changed;
        selection.idle = selection.settled && self.in_flight.is_empty() && begun.left == 0;
        selection.render = found.render.iter().map(|at| self.id(*at)).collect();
        selection.seen_by = std::mem::take(&mut found.seen_by);
        selection.statistics = self.statistics(&found);
        selection
    }

    /// Answers a request: there was no answer, or none that could be used. It is tried again after a while, as the
    /// options say; until then, and for good after the last try, coarser tiles stay in its place.
    ///
    /// False when the tile does not wait any more.
    pub fn failed(&mut self, tile: TileId) -> bool {
        let Some(at) = self.waiting(tile) else {
            return false;
        };
        let (update, options) = (self.update, self.options.clone());
        let node = self.node_mut(at);
        node.failures += 1;
        if node.failures > options.retries {
            self.give_up(at);
            return true;
        }
        let doubled = 1_u64.checked_shl(node.failures - 1).unwrap_or(u64::MAX);
        node.retry_at = update.saturating_add(options.retry_after_updates.saturating_mul(doubled)) + 1;
        node.state = State::Absent;
        self.in_flight.retain(|other| *other != at);
        true
    }

    /// Tries everything again that failed, as when the network is back.
    pub fn retry_failed(&mut self) {
        for node in self.subtrees.iter_mut().flat_map(|subtree| &mut subtree.nodes) {
            node.failures = 0;
            node.retry_at = 0;
            if node.state == State::Failed {
                node.state = State::Absent;
            }
        }
        self.counts.failed = 0;
    }

    /// Counts the tile as failed for good.
    pub(super) fn give_up(&mut self, at: At) {
        self.in_flight.retain(|other| *other != at);
        self.node_mut(at).state = State::Failed;
        self.counts.failed += 1;
    }

    fn walk(&mut self, views: &[View]) -> Found {
        Visit {
            subtrees: &mut self.subtrees,
            views,
            pixels: views.iter().map(View::pixels).collect(),
            hidden: &self.hidden,
            threshold: self.memory.threshold,
            update: self.update,
            preload_siblings: self.options.preload_siblings,
            found: Found::default(),
        }
        .run()
    }

    /// Breaks off requests that nothing asks for any more.
    fn cancel_unwanted(&mut self) -> Vec<TileId> {
        let all = std::mem::take(&mut self.in_flight);
        let (wanted, unwanted): (Vec<At>, Vec<At>) =
            all.into_iter().partition(|at| self.node(*at).wanted == self.update);
        self.in_flight = wanted;
        self.counts.cancelled_ever += unwanted.len() as u64;
        for at in &unwanted {
            self.node_mut(*at).state = State::Absent;
        }
        unwanted.into_iter().map(|at| self.id(at)).collect()
    }

    /// Evicts what is over the budget already. Whether it fits then.
    fn evict_excess(&mut self, evictable: &mut Option<Evictable>, selection: &mut Selection) -> bool {
        let limit = self.options.maximum_bytes;
        if self.memory.bytes <= limit {
            return true;
        }
        let evictable = evictable.insert(self.evictable());
        self.shrink_to(limit, evictable, &mut selection.unload)
    }

    /// Begins as many of the requests as may be, most wanted first.
    fn begin(&mut self, mut wants: Vec<Want>, evictable: &mut Option<Evictable>, selection: &mut Selection) -> Begun {
        let free = self.options.maximum_requests.saturating_sub(self.in_flight.len());
        let total = wants.len();
        put_first(&mut wants, free);
        let needed = wants.iter().filter(|want| want.priority > Priority::Preload).count();
        let mut expected: u64 = self
            .in_flight
            .iter()
            .map(|at| self.memory.expected(self.node(*at).bytes))
            .sum();
        let mut begun = Begun {
            refused: false,
            left: total,
        };
        for want in &wants {
            let bytes = self.memory.expected(self.node(want.at).bytes);
            let fits = match want.priority {
                Priority::Preload => needed == 0 && self.may_preload(expected + bytes),
                _ => self.make_room(expected + bytes, evictable, selection) || self.is_dire(*want),
            };
            if !fits {
                begun.refused = want.priority > Priority::Preload;
                break;
            }
            expected += bytes;
            begun.left -= 1;
            self.request(*want, selection);
        }
        // What does not fit is not to come: there is nothing to wait for.
        if needed == 0 && begun.left > 0 && self.in_flight.is_empty() {
            begun.left = 0;
        }
        begun
    }

    /// Preloads take a quarter of the requests and only room that is free.
    fn may_preload(&self, expected: u64) -> bool {
        let slots = (self.options.maximum_requests / 4).max(1);
        let room = self.options.maximum_bytes as f64 * PRELOAD_PART;
        self.in_flight.len() < slots && (self.memory.bytes + expected) as f64 <= room
    }

    fn make_room(&mut self, bytes: u64, evictable: &mut Option<Evictable>, selection: &mut Selection) -> bool {
        let limit = self.options.maximum_bytes.saturating_sub(bytes);
        if self.memory.bytes <= limit {
            return bytes <= self.options.maximum_bytes;
        }
        let unused = match evictable.take() {
            Some(evictable) => evictable,
            None => self.evictable(),
        };
        let evictable = evictable.insert(unused);
        self.shrink_to(limit, evictable, &mut selection.unload)
    }

    /// Whether there is nothing in the tile's place and nothing on its way: then even a budget that is too small for
    /// anything must bend.
    fn is_dire(&self, want: Want) -> bool {
        want.priority == Priority::Urgent && self.in_flight.is_empty()
    }

    fn request(&mut self, want: Want, selection: &mut Selection) {
        let kind = match self.node(want.at).content {
            Content::Tileset(_) => ContentKind::Tileset,
            _ => ContentKind::Mesh,
        };
        self.node_mut(want.at).state = State::Loading;
        self.in_flight.push(want.at);
        self.counts.requested_ever += 1;
        selection.load.push(Request {
            tile: self.id(want.at),
            uri: self.resolved(want.at).unwrap_or_default(),
            priority: want.priority,
            kind,
        });
    }

    fn statistics(&self, found: &Found) -> Statistics {
        Statistics {
            update: self.update,
            selected: found.render.len(),
            visited: found.visited,
            culled: found.culled,
            kicked: found.kicked,
            depth: found.depth,
            loading: self.in_flight.len(),
            missing: found.missing,
            retrying: found.retrying,
            loaded: self.counts.meshes,
            failed: self.counts.failed,
            bytes: self.memory.bytes,
            tiles: self.counts.tiles,
            tilesets: self.subtrees.iter().filter(|subtree| !subtree.nodes.is_empty()).count(),
            screen_space_error: self.memory.threshold,
            requested_ever: self.counts.requested_ever,
            loaded_ever: self.counts.loaded_ever,
            unloaded_ever: self.counts.unloaded_ever,
            cancelled_ever: self.counts.cancelled_ever,
        }
    }
}

/// Sorts the `count` most wanted to the front and drops the others.
fn put_first(wants: &mut Vec<Want>, count: usize) {
    let order = |a: &Want, b: &Want| {
        let priority = b.priority.cmp(&a.priority);
        priority.then(b.gain.total_cmp(&a.gain)).then(a.at.cmp(&b.at))
    };
    if count < wants.len() {
        wants.select_nth_unstable_by(count, order);
        wants.truncate(count);
    }
    wants.sort_unstable_by(order);
}
