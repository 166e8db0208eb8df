//! Which tiles to draw, to load and to forget.
//!
//! A city does not fit into memory, let alone into a frame. For every frame somebody has to choose the tiles that show
//! the city with less error than an eye can see, fetch those that are missing, and forget those that are no longer of
//! use, without the picture ever tearing open while tiles come late, out of order or not at all. That choice is here:
//! no graphics, no network, no clock, the same answer for the same calls. The host fetches, decodes and draws.
//!
//! # How a host uses it
//!
//! ```no_run
//! # use tiles::select::{ContentKind, Options, Request, SelectionTree, View};
//! # fn fetch(_: &Request) {}
//! # fn abort(_: tiles::select::TileId) {}
//! # fn forget(_: tiles::select::TileId) {}
//! # fn draw(_: tiles::select::TileId) {}
//! # fn views() -> Vec<View> { Vec::new() }
//! # fn example(tileset: &tiles::tileset::Tileset) -> Result<(), tiles::select::Error> {
//! let mut tree = SelectionTree::new(tileset, "https://host/tileset.json", glam::DMat4::IDENTITY, Options::default())?;
//! loop {
//!     let selection = tree.update(&views());
//!     selection.cancel.iter().for_each(|tile| abort(*tile));
//!     selection.unload.iter().for_each(|tile| forget(*tile));
//!     selection.load.iter().for_each(fetch); // answered later: tree.loaded, tree.graft or tree.failed
//!     selection.render.iter().for_each(|tile| draw(*tile));
//! #   if selection.settled { return Ok(()); }
//! }
//! # }
//! ```
//!
//! # What becomes of a tile in a frame
//!
//! The tree is walked from the root down, and each tile answers whether what is now on the list to be drawn *covers*
//! it. The rules follow cesium-native's documented algorithm (doc/topics/selection-algorithm-details.md there), whose
//! words are in brackets; nothing is remembered from the frame before but what is held, so that the picture cannot
//! depend on the way that led to it.
//!
//! | The tile | is | and is covered |
//! |---|---|---|
//! | outside every view, or of a hidden layer | passed over (culled): nothing is needed of it | trivially |
//! | fine enough, held | drawn | yes |
//! | fine enough, not held | wanted; meanwhile what is held below it is drawn (ancestor meets SSE) | if that is all of it |
//! | too coarse, REPLACE, all children covered | replaced by them | yes |
//! | too coarse, REPLACE, a child not covered, held | drawn in the place of all below (kicking) | yes |
//! | too coarse, REPLACE, a child not covered, not held | wanted; what there is of the children is drawn | no |
//! | too coarse, ADD, held | drawn, and its children besides | yes |
//! | without content, or failed for good | walked through, however far off it is | if all children are |
//! | an external tileset | wanted; once grafted, its root is walked in its place | as its root is |
//!
//! *Fine enough* is a screen-space error of at most [`Options::maximum_screen_space_error`] pixels in every view that
//! sees the tile: `geometric error * viewport height / (distance * 2 tan(fovy / 2))`, the distance from the eye to the
//! nearest point of the box. Pixels are whichever the host counts in [`View::viewport_height`]: give half of them on a
//! display with two for one to load less.
//!
//! From the last column follows the promise: *if anything is held on the way from the root to a leaf that is in view,
//! the leaf's place is drawn, once*. A picture that is there can get coarser while finer tiles come (a neighbour moves
//! into the view and its parent has to stand in for both), but it does not tear open. Cesium leaves the neighbour
//! blank instead, unless told to forbid holes; here siblings are preloaded so that it seldom happens.
//!
//! # What becomes of a request
//!
//! ```text
//!            wanted, room, a free slot             loaded / graft
//!   absent ----------------------------> loading ------------------> held
//!     ^  ^          not wanted: cancel      |                          |
//!     |  +----------------------------------+                          |
//!     |  |  failed: waits, twice as long each time                     |
//!     |  +----------------------------------+---> failed for good      |
//!     |                                       (too often; retry_failed)|
//!     +----------------------------------------------------------------+
//!                       not used the longest, bytes needed: unload
//! ```
//!
//! Wanted tiles are sorted by [`Priority`], then by the error in pixels that goes away when they come: the error of
//! the tile that would be drawn instead, at the distance of the tile itself. That puts near before far and coarse
//! before fine, so each level appears as it comes. A tile that finer ones hide is wanted too, last of all: it is what
//! will be drawn when the view moves on.
//!
//! # What is kept
//!
//! Everything that was loaded, until [`Options::maximum_bytes`] are needed for something else. What the walk came past
//! in this frame is never unloaded: not what is drawn, not the coarser tiles behind it, not what waits for its
//! siblings. If that alone is too much, the error aimed at is raised by 2 % a frame until it fits, and lowered again
//! when there is room and the view has changed. Tilesets that were grafted in count with the bytes of their trees, and
//! are dropped whole when nothing of them is held.

mod budget;
mod graft;
mod schedule;
mod tree;
mod uri;
mod view;
mod visit;
mod volume;

pub use tree::{SelectionTree, TileInfo};
pub use view::{View, swept};

use serde::{Deserialize, Serialize};

/// Names a tile of a [`SelectionTree`].
///
/// It stays valid until the external tileset that brought the tile is pruned; afterwards it names nothing, and never
/// another tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// Which tileset of the tree.
    pub(crate) subtree: u32,
    /// Which of the tilesets that have been in that place.
    pub(crate) generation: u32,
    /// Which tile of the tileset.
    pub(crate) node: u32,
}

/// How tiles are chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    /// A tile is refined when its error on the screen is larger than this many pixels.
    pub maximum_screen_space_error: f64,
    /// How many bytes of loaded tiles and of tile trees to hold, as the host counts them in [`SelectionTree::loaded`].
    pub maximum_bytes: u64,
    /// How many requests may be on their way at once.
    pub maximum_requests: usize,
    /// Whether tiles just outside the view are loaded when nothing else is to do, so that panning finds them there.
    pub preload_siblings: bool,
    /// How often a failed request is tried again.
    pub retries: u32,
    /// How many updates to wait before the first further try; each further wait is twice as long.
    pub retry_after_updates: u64,
    /// After how many updates without use an external tileset without loaded tiles is pruned.
    pub prune_after_updates: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            maximum_screen_space_error: 16.0,
            maximum_bytes: 512 << 20,
            maximum_requests: 20,
            preload_siblings: true,
            retries: 3,
            retry_after_updates: 120,
            prune_after_updates: 600,
        }
    }
}

/// How much a tile is wanted; later is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// May be of use soon: a neighbour outside the view, a coarser tile behind the ones drawn.
    Preload,
    /// The picture gets finer by it.
    Normal,
    /// Where it belongs there is nothing at all to draw.
    Urgent,
}

/// What a request will bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentKind {
    /// Something to draw: answer with [`SelectionTree::loaded`].
    Mesh,
    /// The JSON of an external tileset: answer with [`SelectionTree::graft`].
    Tileset,
}

/// Something that the host is to fetch.
///
/// The host answers each request once, by [`SelectionTree::loaded`], [`SelectionTree::graft`] or
/// [`SelectionTree::failed`], unless it is cancelled before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// For which tile.
    pub tile: TileId,
    /// From where, resolved against the URI of its tileset.
    pub uri: String,
    /// How urgently.
    pub priority: Priority,
    /// What it is.
    pub kind: ContentKind,
}

/// What to do in this frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// The tiles to draw, each of them loaded.
    pub render: Vec<TileId>,
    /// For each tile of `render` the views that see it: bit *n* is view *n*.
    pub seen_by: Vec<u32>,
    /// What to start fetching, most wanted first. Never a tile that is already on its way.
    pub load: Vec<Request>,
    /// Requests to break off; their answers will not be taken.
    pub cancel: Vec<TileId>,
    /// Loaded tiles to forget. None of them is drawn.
    pub unload: Vec<TileId>,
    /// The picture is final for these views: nothing that would change it is missing, on its way or waiting for a
    /// further try. Preloading may still go on. A host that draws on demand calls update until this is true.
    pub settled: bool,
    /// Settled, and nothing at all is on its way or waiting.
    pub idle: bool,
    /// Numbers for the curious.
    pub statistics: Statistics,
}

/// Counts of one update. Names follow `CesiumJS` where it has the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Statistics {
    /// Number of the update, from 1.
    pub update: u64,
    /// Tiles to draw.
    pub selected: usize,
    /// Tiles looked at and not culled.
    pub visited: usize,
    /// Tiles found to be outside every view.
    pub culled: usize,
    /// Times that a coarser tile had to stay because finer ones were missing.
    pub kicked: usize,
    /// Deepest level visited; the root is 0.
    pub depth: usize,
    /// Requests on their way.
    pub loading: usize,
    /// Tiles that are wanted now and not there yet, those on their way included, preloads not.
    pub missing: usize,
    /// Tiles wanted and waiting for a further try.
    pub retrying: usize,
    /// Tiles with something to draw that are held.
    pub loaded: usize,
    /// Tiles that failed for good.
    pub failed: usize,
    /// Bytes of everything held.
    pub bytes: u64,
    /// Tiles in the tree.
    pub tiles: usize,
    /// Tilesets in the tree.
    pub tilesets: usize,
    /// The error in pixels that was aimed at: [`Options::maximum_screen_space_error`], or more when memory is short.
    pub screen_space_error: f64,
    /// Requests begun since the tree was made.
    pub requested_ever: u64,
    /// Tiles and tilesets arrived since the tree was made.
    pub loaded_ever: u64,
    /// Tiles and tilesets forgotten since the tree was made.
    pub unloaded_ever: u64,
    /// Requests broken off since the tree was made.
    pub cancelled_ever: u64,
}

/// Why a tileset cannot become part of a [`SelectionTree`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The tile is not waiting for a tileset: it was cancelled, pruned, or never asked for.
    #[error("the tile does not wait for a tileset any more")]
    NotWaiting,
    /// Tiles nest too deep; an external tileset that contains itself ends here.
    #[error("tileset {uri}: tiles nest deeper than {limit} levels")]
    TooDeep {
        /// The tileset.
        uri: String,
        /// The greatest depth.
        limit: usize,
    },
    /// A number that nothing can be drawn with.
    #[error("tileset {uri}: tile number {tile} in breadth-first order has {what}")]
    Number {
        /// The tileset.
        uri: String,
        /// Which tile, in breadth-first order from 0.
        tile: usize,
        /// What is wrong.
        what: &'static str,
    },
}
