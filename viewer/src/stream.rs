//! From chosen tiles to requests, and from answers back.
//!
//! Whoever fetches (a thread pool on the desktop, the page on the web) is told what is wanted under a number, and
//! answers with that number, or is told that the answer is not wanted any more. Numbers are never used again, so a
//! late answer does no harm.

use crate::tile::Decoded;
use serde_json::Value;
use std::collections::HashMap;
use tiles::select::{ContentKind, Priority, Selection, SelectionTree, TileId};
use tiles::tileset::Tileset;

/// What an answer is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The text of a JSON file.
    Json,
    /// A GLB, decoded.
    Tile,
    /// The JSON of a feature's attributes.
    Item,
}

impl Kind {
    /// As the page is told it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Tile => "tile",
            Self::Item => "item",
        }
    }
}

/// Something to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Answers carry it.
    pub id: u32,
    /// From where.
    pub url: String,
    /// What.
    pub kind: Kind,
    /// How urgently.
    pub priority: Priority,
}

/// For what a request is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// The tileset that everything begins with.
    Root,
    Tile(TileId),
    Tileset(TileId),
    /// The attributes of the feature with this id.
    Item(String),
}

/// What an answer brings about.
#[derive(Debug)]
pub enum Arrival {
    /// The city itself.
    Root(Box<Tileset>),
    /// The city cannot be had, and why.
    NoRoot(String),
    /// The tree has grown or a tile failed: choose anew.
    Tree,
    /// A tile, to be uploaded and then counted by [`Stream::holds`].
    Tile(TileId, Box<Decoded>),
    /// The attributes of a feature, as the server's item has them; none if they cannot be had.
    Item(String, Option<Value>),
    /// Nobody waits for it any more.
    Nothing,
}

/// Requests and the tree they serve.
#[derive(Debug, Default)]
pub struct Stream {
    tree: Option<SelectionTree>,
    pending: HashMap<u32, Wanted>,
    of_tile: HashMap<TileId, u32>,
    next: u32,
    asks: Vec<Ask>,
    cancels: Vec<u32>,
}

impl Stream {
    /// Asks for the first tileset.
    pub fn open(&mut self, url: &str) {
        self.ask(url.to_owned(), Kind::Json, Priority::Urgent, Wanted::Root);
    }

    /// Asks for a feature's attributes.
    pub fn open_item(&mut self, url: String, id: &str) {
        self.ask(url, Kind::Item, Priority::Urgent, Wanted::Item(id.to_owned()));
    }

    /// Chooses from this tree from now on.
    pub fn plant(&mut self, tree: SelectionTree) {
        self.tree = Some(tree);
    }

    /// The tree, once the first tileset has come.
    pub fn tree(&mut self) -> Option<&mut SelectionTree> {
        self.tree.as_mut()
    }

    /// What to fetch, and which requests to break off, since the last call.
    pub fn take_asks(&mut self) -> (Vec<Ask>, Vec<u32>) {
        (std::mem::take(&mut self.asks), std::mem::take(&mut self.cancels))
    }

    /// How many requests are out.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Turns a selection into requests and cancellations.
    pub fn follow(&mut self, selection: &Selection) {
        for tile in &selection.cancel {
            if let Some(id) = self.of_tile.remove(tile) {
                self.pending.remove(&id);
                self.cancels.push(id);
            }
        }
        for request in &selection.load {
            let (kind, wanted) = match request.kind {
                ContentKind::Mesh => (Kind::Tile, Wanted::Tile(request.tile)),
                ContentKind::Tileset => (Kind::Json, Wanted::Tileset(request.tile)),
            };
            let id = self.ask(request.uri.clone(), kind, request.priority, wanted);
            self.of_tile.insert(request.tile, id);
        }
    }

    fn ask(&mut self, url: String, kind: Kind, priority: Priority, wanted: Wanted) -> u32 {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        self.pending.insert(id, wanted);
        self.asks.push(Ask {
            id,
            url,
            kind,
            priority,
        });
        id
    }

    fn take(&mut self, id: u32) -> Option<Wanted> {
        let wanted = self.pending.remove(&id)?;
        if let Wanted::Tile(tile) | Wanted::Tileset(tile) = &wanted {
            self.of_tile.remove(tile);
        }
        Some(wanted)
    }

    /// A JSON answer.
    pub fn json(&mut self, id: u32, text: &str) -> Arrival {
        match self.take(id) {
            Some(Wanted::Root) => match read_tileset(text) {
                Ok(tileset) => Arrival::Root(Box::new(tileset)),
                Err(message) => Arrival::NoRoot(message),
            },
            Some(Wanted::Tileset(tile)) => {
                self.graft(tile, text);
                Arrival::Tree
            }
            Some(Wanted::Item(feature)) => Arrival::Item(feature, serde_json::from_str(text).ok()),
            Some(Wanted::Tile(tile)) => {
                self.tile_failed(tile, "text instead of a tile");
                Arrival::Tree
            }
            None => Arrival::Nothing,
        }
    }

    fn graft(&mut self, tile: TileId, text: &str) {
        let Some(tree) = &mut self.tree else {
            return;
        };
        let grafted = read_tileset(text).and_then(|tileset| tree.graft(tile, &tileset).map_err(|e| e.to_string()));
        if let Err(message) = grafted {
            log::warn!("a part of the city is left out: {message}");
            // Does nothing when the tree has given the tile up itself.
            tree.failed(tile);
        }
    }

    /// A decoded tile.
    pub fn tile(&mut self, id: u32, decoded: Decoded) -> Arrival {
        match self.take(id) {
            Some(Wanted::Tile(tile)) => Arrival::Tile(tile, Box::new(decoded)),
            _ => Arrival::Nothing,
        }
    }

    /// No answer, or none that can be used.
    pub fn failed(&mut self, id: u32, message: &str) -> Arrival {
        match self.take(id) {
            Some(Wanted::Root) => Arrival::NoRoot(message.to_owned()),
            Some(Wanted::Tile(tile) | Wanted::Tileset(tile)) => {
                self.tile_failed(tile, message);
                Arrival::Tree
            }
            Some(Wanted::Item(feature)) => Arrival::Item(feature, None),
            None => Arrival::Nothing,
        }
    }

    fn tile_failed(&mut self, tile: TileId, message: &str) {
        log::warn!("a tile could not be loaded: {message}");
        if let Some(tree) = &mut self.tree {
            tree.failed(tile);
        }
    }

    /// The tile is uploaded and takes so many bytes. False when it is not wanted any more and must be dropped.
    pub fn holds(&mut self, tile: TileId, bytes: u64) -> bool {
        self.tree.as_mut().is_some_and(|tree| tree.loaded(tile, bytes))
    }
}

fn read_tileset(text: &str) -> Result<Tileset, String> {
    Tileset::from_json(text.as_bytes()).map_err(|error| error.to_string())
}
