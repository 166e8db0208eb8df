//! The walk through the tree that decides what to draw and what is wanted.
//!
//! See [`super`] for the rules; this is where they are kept.

use super::tree::{At, Content, Node, State, Subtree};
use super::{Priority, View};
use crate::tileset::Refine;

/// Something that the walk would like to have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    pub(super) at: At,
    pub(super) priority: Priority,
    /// The error in pixels that goes away when it is there.
    pub(super) gain: f64,
}

/// What became of a tile in the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Outside every view, or of a hidden layer: nothing is needed here.
    Culled,
    /// What is on the list to be drawn shows all of it that any view sees.
    Covered,
    /// Something of it is missing on the list.
    Missing,
}

impl Outcome {
    fn and(self, other: Self) -> Self {
        if self == Self::Missing || other == Self::Missing {
            Self::Missing
        } else {
            Self::Covered
        }
    }
}

/// How a tile looks in the views.
#[derive(Debug, Clone, Copy)]
struct Sight {
    /// The views that see it, by bit.
    seen_by: u32,
    /// Pixels that one metre of error takes where it is nearest; infinite where a view is inside it.
    pixels: f64,
}

/// What the tiles above hand down.
#[derive(Debug, Clone, Copy)]
struct Above {
    /// The views that see the tile above.
    seen_by: u32,
    /// The error of what would be drawn without this tile, in metres.
    error: f64,
    /// Whether something coarser can be drawn in this tile's place, now or when it has come.
    stands_in: bool,
}

/// One walk.
pub(super) struct Visit<'a> {
    pub(super) subtrees: &'a mut [Subtree],
    pub(super) views: &'a [View],
    /// [`View::pixels`] of each.
    pub(super) pixels: Vec<f64>,
    pub(super) hidden: &'a [bool],
    /// Largest error in pixels that is not refined.
    pub(super) threshold: f64,
    pub(super) update: u64,
    pub(super) preload_siblings: bool,
    pub(super) found: Found,
}

/// What a walk finds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) render: Vec<At>,
    pub(super) seen_by: Vec<u32>,
    /// Absent tiles that may be asked for now.
    pub(super) wants: Vec<Want>,
    /// Tiles that the final picture needs and that are not there.
    pub(super) missing: usize,
    pub(super) retrying: usize,
    pub(super) visited: usize,
    pub(super) culled: usize,
    pub(super) kicked: usize,
    pub(super) depth: usize,
}

/// A mask that has every view.
fn all(views: &[View]) -> u32 {
    u32::MAX
        .checked_shr(32_u32.saturating_sub(views.len() as u32))
        .unwrap_or(0)
}

impl Visit<'_> {
    /// Walks the whole tree.
    pub(super) fn run(mut self) -> Found {
        let above = Above {
            seen_by: all(self.views),
            error: f64::INFINITY,
            stands_in: false,
        };
        self.tile(At { subtree: 0, node: 0 }, above);
        self.found
    }

    fn node(&self, at: At) -> &Node {
        &self.subtrees[at.subtree as usize].nodes[at.node as usize]
    }

    fn node_mut(&mut self, at: At) -> &mut Node {
        &mut self.subtrees[at.subtree as usize].nodes[at.node as usize]
    }

    /// How the views see the tile; none if no view does.
    fn sight(&self, at: At, seen_above: u32) -> Option<Sight> {
        let volume = &self.node(at).volume;
        let mut sight = Sight {
            seen_by: 0,
            pixels: 0.0,
        };
        for (number, view) in self.views.iter().enumerate().take(32) {
            let bit = 1 << number;
            if seen_above & bit != 0 && view.frustum.intersects(volume) {
                let pixels = self.pixels[number] / view.distance(volume).max(1e-7);
                sight.pixels = sight.pixels.max(pixels);
                sight.seen_by |= bit;
            }
        }
        (sight.seen_by != 0).then_some(sight)
    }

    fn tile(&mut self, at: At, above: Above) -> Outcome {
        let Some(sight) = self.sight(at, above.seen_by) else {
            self.found.culled += 1;
            return Outcome::Culled;
        };
        self.found.visited += 1;
        let (update, threshold) = (self.update, self.threshold);
        let node = self.node_mut(at);
        node.used = update;
        let depth = usize::from(node.depth);
        // Without a mesh there is nothing to draw in the place of what is below, at no distance.
        let must = !node.has_mesh() || node.state == State::Failed;
        let fine = !must && node.geometric_error * sight.pixels <= threshold;
        let leaf = node.children.1 == 0;
        self.found.depth = self.found.depth.max(depth);
        match self.node(at).content {
            Content::Tileset(_) => self.tileset(at, sight, above),
            Content::Nothing if leaf => Outcome::Covered,
            _ if leaf || fine => self.mesh(at, sight, above),
            _ => self.refined(at, sight, above),
        }
    }

    /// A tile whose content is another tileset: that is walked in its place.
    fn tileset(&mut self, at: At, sight: Sight, above: Above) -> Outcome {
        let Some(subtree) = self.node(at).graft else {
            self.want_missing(at, sight, above);
            return Outcome::Missing;
        };
        let below = Above {
            seen_by: sight.seen_by,
            ..above
        };
        Outcome::Covered.and(self.tile(At { subtree, node: 0 }, below))
    }

    /// A tile that is fine enough: it is drawn, or until it is there what is held below it.
    fn mesh(&mut self, at: At, sight: Sight, above: Above) -> Outcome {
        if self.node(at).drawable() {
            self.draw(at, sight);
            return Outcome::Covered;
        }
        self.want_missing(at, sight, above);
        self.draw_below(at, sight.seen_by)
    }

    /// A tile that is too coarse: what is below is drawn, in its place when all of that can be.
    fn refined(&mut self, at: At, sight: Sight, above: Above) -> Outcome {
        let node = self.node(at);
        let (mesh, drawable, refine) = (node.has_mesh(), node.drawable(), node.refine);
        let replaced = mesh && refine == Refine::Replace;
        let hopeful = replaced && node.state != State::Failed;
        let below = Above {
            seen_by: sight.seen_by,
            error: if mesh { node.geometric_error } else { above.error },
            stands_in: above.stands_in || hopeful,
        };
        let first = self.found.render.len();
        let covered = self.children(at, below);
        if !mesh {
            return covered;
        }
        if replaced && covered == Outcome::Covered {
            self.want_behind(at, sight, above);
            self.preload_culled(at, below);
            return Outcome::Covered;
        }
        if !drawable {
            self.want_missing(at, sight, above);
            return Outcome::Missing;
        }
        if replaced {
            self.found.render.truncate(first);
            self.found.seen_by.truncate(first);
            self.found.kicked += 1;
        }
        self.draw(at, sight);
        Outcome::Covered
    }

    fn children(&mut self, at: At, above: Above) -> Outcome {
        let (first, count) = self.node(at).children;
        let root = at == (At { subtree: 0, node: 0 });
        (first..first + count)
            .enumerate()
            .fold(Outcome::Covered, |outcome, (layer, node)| {
                if root && self.hidden.get(layer).copied().unwrap_or(false) {
                    outcome
                } else {
                    outcome.and(self.tile(At { node, ..at }, above))
                }
            })
    }

    fn draw(&mut self, at: At, sight: Sight) {
        self.found.render.push(at);
        self.found.seen_by.push(sight.seen_by);
    }

    /// Draws what is held below a tile that is itself not there, as after zooming out.
    fn draw_below(&mut self, at: At, seen_above: u32) -> Outcome {
        let node = self.node(at);
        if node.held_below == 0 || node.refine == Refine::Add && node.has_mesh() {
            return Outcome::Missing;
        }
        let (first, count) = node.children;
        let graft = node.graft.map(|subtree| At { subtree, node: 0 });
        let below: Vec<At> = (first..first + count)
            .map(|node| At { node, ..at })
            .chain(graft)
            .collect();
        below.into_iter().fold(Outcome::Covered, |outcome, child| {
            outcome.and(self.held(child, seen_above))
        })
    }

    /// Draws a tile if it is held, else what is held below it.
    fn held(&mut self, at: At, seen_above: u32) -> Outcome {
        let Some(sight) = self.sight(at, seen_above) else {
            return Outcome::Culled;
        };
        let update = self.update;
        let node = self.node_mut(at);
        let empty = matches!(node.content, Content::Nothing) && node.children.1 == 0;
        if node.drawable() {
            node.used = update;
            self.draw(at, sight);
            return Outcome::Covered;
        }
        if empty {
            return Outcome::Covered;
        }
        if node.held_below > 0 {
            node.used = update;
        }
        self.draw_below(at, sight.seen_by)
    }

    /// Wants a tile without which the picture is not final.
    fn want_missing(&mut self, at: At, sight: Sight, above: Above) {
        let priority = if above.stands_in {
            Priority::Normal
        } else {
            Priority::Urgent
        };
        self.want(at, priority, above.error * sight.pixels);
    }

    /// Wants a tile that finer ones hide: it is what will be drawn when the view moves on. The topmost of its branch
    /// comes first, because when it is missing there may be nothing.
    fn want_behind(&mut self, at: At, sight: Sight, above: Above) {
        let priority = if above.stands_in {
            Priority::Preload
        } else {
            Priority::Normal
        };
        self.want(at, priority, above.error * sight.pixels);
    }

    /// Wants the meshes right below a refined tile that no view sees.
    fn preload_culled(&mut self, at: At, above: Above) {
        if !self.preload_siblings {
            return;
        }
        let (first, count) = self.node(at).children;
        let update = self.update;
        for child in (first..first + count).map(|node| At { node, ..at }) {
            let node = self.node_mut(child);
            if node.used == update || !node.has_mesh() {
                continue;
            }
            // Fresher than what was passed long ago, but no more than that: it may be evicted.
            node.used = node.used.max(update - 1);
            if node.state == State::Absent || node.state == State::Loading {
                let gain = above.error * self.nearest(child);
                self.want(child, Priority::Preload, gain);
            }
        }
    }

    /// Pixels that a metre of error takes at the tile, seen or not.
    fn nearest(&self, at: At) -> f64 {
        let volume = &self.node(at).volume;
        let pixels = self
            .views
            .iter()
            .zip(&self.pixels)
            .map(|(view, pixels)| pixels / view.distance(volume).max(1e-7));
        pixels.fold(0.0, f64::max)
    }

    fn want(&mut self, at: At, priority: Priority, gain: f64) {
        let update = self.update;
        let node = self.node_mut(at);
        node.wanted = update;
        let (state, waits) = (node.state, node.retry_at > update);
        if matches!(state, State::Loaded | State::Failed) {
            return;
        }
        if priority > Priority::Preload {
            self.found.missing += 1;
        }
        match state {
            State::Absent if waits => self.found.retrying += 1,
            State::Absent => self.found.wants.push(Want { at, priority, gain }),
            _ => {}
        }
    }
}
