//! The tree of tiles that selection walks, and what is known of each tile.
//!
//! Tilesets of one city refer to each other; the tree holds each as a [`Subtree`] of its own, so that forgetting one
//! gives its memory back whole. A tile is addressed inside by [`At`], outside by [`TileId`].

use super::budget::Memory;
use super::graft::Sprout;
use super::{ContentKind, Error, Options, TileId, uri};
use crate::bounds::OrientedBox;
use crate::tileset::{Refine, Tileset};
use glam::DMat4;

/// A tile's place in the tree, as long as nothing is pruned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) subtree: u32,
    pub(super) node: u32,
}

/// Where a tile's content stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Not here. After a failure a further try waits for its update.
    Absent,
    /// Asked for.
    Loading,
    /// Here: the host holds the mesh, or the tileset is grafted as this subtree.
    Loaded,
    /// Failed too often.
    Failed,
}

/// What a tile refers to.
#[derive(Debug)]
pub(super) enum Content {
    Nothing,
    Mesh(Box<str>),
    Tileset(Box<str>),
}

/// One tile.
#[derive(Debug)]
pub(super) struct Node {
    /// In the frame of the tree.
    pub(super) volume: OrientedBox,
    /// In metres, after the transform's scale.
    pub(super) geometric_error: f64,
    pub(super) content: Content,
    /// First child and number of children.
    pub(super) children: (u32, u32),
    /// None of a tileset's root.
    pub(super) parent: Option<u32>,
    /// Number of the transform in the subtree's list.
    pub(super) transform: u32,
    pub(super) refine: Refine,
    pub(super) depth: u16,
    pub(super) state: State,
    /// The subtree that an external tileset's content is.
    pub(super) graft: Option<u32>,
    /// Bytes of the content as last loaded; 0 if it never was.
    pub(super) bytes: u64,
    /// Place in the list of what is held.
    pub(super) slot: u32,
    /// How many tiles below this one are held, tilesets included.
    pub(super) held_below: u32,
    pub(super) failures: u32,
    /// The update before which a failed request is not tried again.
    pub(super) retry_at: u64,
    /// The last update that needed the tile.
    pub(super) used: u64,
    /// The last update that asked for the tile.
    pub(super) wanted: u64,
}

impl Node {
    pub(super) fn has_mesh(&self) -> bool {
        matches!(self.content, Content::Mesh(_))
    }

    /// Whether it can be drawn now.
    pub(super) fn drawable(&self) -> bool {
        self.has_mesh() && self.state == State::Loaded
    }
}

/// One tileset.
#[derive(Debug)]
pub(super) struct Subtree {
    pub(super) nodes: Vec<Node>,
    /// From tile to the frame of the tree, each once.
    pub(super) transforms: Vec<DMat4>,
    /// The URI that contents are relative to.
    pub(super) base: String,
    /// The tile whose content this is.
    pub(super) host: Option<At>,
    /// How many tilesets were in this place before.
    pub(super) generation: u32,
}

impl Subtree {
    /// How much memory it takes.
    pub(super) fn bytes(&self) -> u64 {
        let name = |node: &Node| match &node.content {
            Content::Nothing => 0,
            Content::Mesh(uri) | Content::Tileset(uri) => uri.len(),
        };
        let names: usize = self.nodes.iter().map(name).sum();
        let parts = size_of_val(self.nodes.as_slice()) + size_of_val(self.transforms.as_slice());
        (size_of::<Self>() + parts + names + self.base.len()) as u64
    }
}

/// What a host may want to know of a tile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TileInfo<'a> {
    /// The tile's volume in the frame of the tree, metres.
    pub volume: OrientedBox,
    /// How far its content is from the full model, metres.
    pub geometric_error: f64,
    /// From the tile's own frame to the frame of the tree: where its content goes.
    pub transform: DMat4,
    /// How its children relate to it.
    pub refine: Refine,
    /// Its level; the root is 0.
    pub depth: usize,
    /// What it refers to, if anything.
    pub content: Option<ContentKind>,
    /// Its content's URI as the tileset writes it.
    pub uri: Option<&'a str>,
    /// Whether its content is held.
    pub loaded: bool,
}

/// All tiles of a city that are known, what is held of them, and what they were last used for.
///
/// Made from the first [`Tileset`]; external ones are grafted in as they arrive. Each frame the host calls
/// [`SelectionTree::update`] and does what the [`super::Selection`] says.
#[derive(Debug)]
pub struct SelectionTree {
    /// The first is the one the tree was made from; pruned ones are empty until their place is taken again.
    pub(super) subtrees: Vec<Subtree>,
    pub(super) options: Options,
    /// From EPSG:4978 to the frame of the tree.
    pub(super) frame: DMat4,
    /// The layers that are switched off, by child number of the root.
    pub(super) hidden: Vec<bool>,
    /// What is held: meshes and grafted tilesets.
    pub(super) held: Vec<At>,
    pub(super) in_flight: Vec<At>,
    pub(super) update: u64,
    pub(super) memory: Memory,
    pub(super) counts: Counts,
}

/// Running totals.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) tiles: usize,
    pub(super) meshes: usize,
    pub(super) failed: usize,
    pub(super) requested_ever: u64,
    pub(super) loaded_ever: u64,
    pub(super) unloaded_ever: u64,
    pub(super) cancelled_ever: u64,
}

impl SelectionTree {
    /// The tree of one tileset and of everything it refers to.
    ///
    /// `base` is the tileset's own URI, absolute or relative. `frame` leads from the tileset's frame, which is
    /// earth-fixed (EPSG:4978), to the one in which the host gives its views and wants transforms:
    /// [`DMat4::IDENTITY`] to stay earth-fixed, the inverse of [`crate::geodesy::EnuFrame::transform`] for east,
    /// north, up.
    ///
    /// # Errors
    /// [`Error::TooDeep`] and [`Error::Number`], see there.
    pub fn new(tileset: &Tileset, base: &str, frame: DMat4, options: Options) -> Result<Self, Error> {
        let first = Sprout {
            base,
            frame: &frame,
            transform: frame,
            refine: Refine::Replace,
            depth: 0,
        }
        .grow(tileset)?;
        Ok(Self {
            hidden: vec![false; tileset.root.children.len()],
            memory: Memory::new(options.maximum_screen_space_error, first.bytes()),
            counts: Counts {
                tiles: first.nodes.len(),
                ..Counts::default()
            },
            subtrees: vec![first],
            options,
            frame,
            held: Vec::new(),
            in_flight: Vec::new(),
            update: 0,
        })
    }

    /// How tiles are chosen.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Chooses tiles otherwise from now on.
    pub fn set_options(&mut self, options: Options) {
        self.memory.reconsider(&options);
        self.options = options;
    }

    /// How many layers there are: the children of the root.
    pub fn layers(&self) -> usize {
        self.hidden.len()
    }

    /// Whether the layer, a child number of the root, is drawn and loaded. False of a layer that is not there.
    pub fn layer_visible(&self, layer: usize) -> bool {
        self.hidden.get(layer).is_some_and(|hidden| !hidden)
    }

    /// Switches a layer, a child number of the root, on or off. What is held of it may stay, for switching it on again.
    pub fn set_layer_visible(&mut self, layer: usize, visible: bool) {
        if let Some(hidden) = self.hidden.get_mut(layer) {
            *hidden = !visible;
        }
    }

    /// The top tile.
    pub fn root(&self) -> TileId {
        self.id(At { subtree: 0, node: 0 })
    }

    /// The tiles right below: the children, or the root of the tileset that is the tile's content.
    pub fn children(&self, tile: TileId) -> impl Iterator<Item = TileId> + '_ {
        let at = self.at(tile);
        let (first, count) = at.map_or((0, 0), |at| self.node(at).children);
        let below = (first..first + count).map(move |node| TileId { node, ..tile });
        let graft = at.and_then(|at| self.node(at).graft);
        below.chain(graft.map(|subtree| self.id(At { subtree, node: 0 })))
    }

    /// The tile right above, across tilesets.
    pub fn parent(&self, tile: TileId) -> Option<TileId> {
        self.above(self.at(tile)?).map(|at| self.id(at))
    }

    /// The child number of the root under which the tile is; none of the root and of a pruned tile.
    pub fn layer(&self, tile: TileId) -> Option<usize> {
        let mut at = self.at(tile)?;
        while let Some(above) = self.above(at) {
            if above == (At { subtree: 0, node: 0 }) && at.subtree == 0 {
                return Some((at.node - self.node(above).children.0) as usize);
            }
            at = above;
        }
        None
    }

    /// What is known of a tile; none once its tileset has been pruned.
    pub fn tile(&self, tile: TileId) -> Option<TileInfo<'_>> {
        let at = self.at(tile)?;
        let node = self.node(at);
        let (content, uri) = match &node.content {
            Content::Nothing => (None, None),
            Content::Mesh(uri) => (Some(ContentKind::Mesh), Some(&**uri)),
            Content::Tileset(uri) => (Some(ContentKind::Tileset), Some(&**uri)),
        };
        Some(TileInfo {
            volume: node.volume,
            geometric_error: node.geometric_error,
            transform: self.subtrees[at.subtree as usize].transforms[node.transform as usize],
            refine: node.refine,
            depth: usize::from(node.depth),
            content,
            uri,
            loaded: node.state == State::Loaded,
        })
    }

    /// Where the tile's content is, resolved; none of a tile without content.
    pub fn uri(&self, tile: TileId) -> Option<String> {
        self.resolved(self.at(tile)?)
    }

    pub(super) fn resolved(&self, at: At) -> Option<String> {
        match &self.node(at).content {
            Content::Nothing => None,
            Content::Mesh(uri) | Content::Tileset(uri) => {
                Some(uri::resolve(&self.subtrees[at.subtree as usize].base, uri))
            }
        }
    }

    pub(super) fn id(&self, at: At) -> TileId {
        let generation = self.subtrees[at.subtree as usize].generation;
        TileId {
            subtree: at.subtree,
            generation,
            node: at.node,
        }
    }

    /// The tile's place, if it is still there.
    pub(super) fn at(&self, tile: TileId) -> Option<At> {
        let subtree = self.subtrees.get(tile.subtree as usize)?;
        let there = subtree.generation == tile.generation && (tile.node as usize) < subtree.nodes.len();
        there.then_some(At {
            subtree: tile.subtree,
            node: tile.node,
        })
    }

    pub(super) fn node(&self, at: At) -> &Node {
        &self.subtrees[at.subtree as usize].nodes[at.node as usize]
    }

    pub(super) fn node_mut(&mut self, at: At) -> &mut Node {
        &mut self.subtrees[at.subtree as usize].nodes[at.node as usize]
    }

    /// The tile right above, across tilesets.
    pub(super) fn above(&self, at: At) -> Option<At> {
        match self.node(at).parent {
            Some(node) => Some(At { node, ..at }),
            None => self.subtrees[at.subtree as usize].host,
        }
    }
}
