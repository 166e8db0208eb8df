//! A host without a network: it answers when it is told to.

use crate::tilesets::Shelf;
use glam::dcamera::rh::proj::directx;
use glam::dcamera::rh::view::look_at_mat4;
use glam::{DMat4, DVec3};
use std::collections::BTreeMap;
use tiles::bounds::Frustum;
use tiles::select::{ContentKind, Options, Request, Selection, SelectionTree, TileId, View};

/// Height of the picture in pixels.
pub const HEIGHT: f64 = 1000.0;
/// Vertical opening angle: at one metre of distance a metre takes 500 pixels, 1000 in the whole picture.
pub const FOVY: f64 = std::f64::consts::FRAC_PI_2;

/// An eye at `from` that looks at `to`.
pub fn view(from: [f64; 3], to: [f64; 3]) -> View {
    let (from, to) = (DVec3::from(from), DVec3::from(to));
    let up = if (to - from).truncate().length() < 1e-6 {
        DVec3::Y
    } else {
        DVec3::Z
    };
    let projection = directx::perspective_infinite_reverse(FOVY, 1.5, 0.1);
    let frustum = Frustum::from_view_projection(&(projection * look_at_mat4(from, to, up)));
    View::new(from, frustum, HEIGHT, FOVY)
}

/// Looks straight down from a height, so that everything within `1.5 * height` east and west is seen.
pub fn from_above(east: f64, north: f64, height: f64) -> View {
    view([east, north, height], [east, north, 0.0])
}

/// Options under which only what the view needs is loaded.
pub fn plain() -> Options {
    Options {
        preload_siblings: false,
        ..Options::default()
    }
}

/// The tree, and what the host has done for it.
pub struct Host {
    pub tree: SelectionTree,
    shelf: Shelf,
    /// Requests begun and neither answered nor cancelled.
    pub waiting: BTreeMap<TileId, Request>,
    /// Meshes held, with their names.
    pub meshes: BTreeMap<TileId, String>,
}

impl Host {
    pub fn new(shelf: Shelf, options: Options) -> Self {
        let root = shelf.root();
        let tree = SelectionTree::new(root, "root.json", DMat4::IDENTITY, options).unwrap();
        Self {
            tree,
            shelf,
            waiting: BTreeMap::new(),
            meshes: BTreeMap::new(),
        }
    }

    /// One frame. Checks what must hold in every frame.
    pub fn frame(&mut self, views: &[View]) -> Selection {
        let selection = self.tree.update(views);
        for tile in &selection.cancel {
            assert!(self.waiting.remove(tile).is_some(), "cancels what is not on its way");
        }
        for tile in &selection.unload {
            assert!(self.meshes.remove(tile).is_some(), "unloads what is not there");
        }
        for request in &selection.load {
            assert!(
                !self.meshes.contains_key(&request.tile),
                "{} is there already",
                request.uri
            );
            let before = self.waiting.insert(request.tile, request.clone());
            assert_eq!(before, None, "{} is on its way already", request.uri);
        }
        assert!(self.waiting.len() <= self.tree.options().maximum_requests);
        assert_eq!(selection.statistics.loading, self.waiting.len());
        assert_eq!(selection.statistics.loaded, self.meshes.len());
        assert_eq!(selection.render.len(), selection.seen_by.len());
        for tile in &selection.render {
            assert!(self.meshes.contains_key(tile), "draws what is not there");
        }
        selection
    }

    /// Names of what is drawn, in order.
    pub fn drawn(&self, selection: &Selection) -> Vec<String> {
        let mut names: Vec<String> = selection.render.iter().map(|tile| self.meshes[tile].clone()).collect();
        names.sort();
        names
    }

    /// Names of what is on its way, most wanted first within a frame's answer.
    pub fn asked(selection: &Selection) -> Vec<&str> {
        selection.load.iter().map(|request| request.uri.as_str()).collect()
    }

    /// Answers the request for a file, with success.
    pub fn answer(&mut self, uri: &str) {
        let request = self.waiting.values().find(|request| request.uri == uri).cloned();
        let request = request.unwrap_or_else(|| panic!("nobody waits for {uri}: {:?}", self.waiting.values()));
        self.waiting.remove(&request.tile);
        match request.kind {
            ContentKind::Mesh => {
                assert!(
                    self.tree.loaded(request.tile, self.shelf.bytes(uri)),
                    "{uri} was not taken"
                );
                self.meshes.insert(request.tile, uri.to_owned());
            }
            ContentKind::Tileset => self.tree.graft(request.tile, self.shelf.tileset(uri)).unwrap(),
        }
    }

    /// Answers the requests for files, with success.
    pub fn answer_each(&mut self, uris: &[&str]) {
        for uri in uris {
            self.answer(uri);
        }
    }

    /// Answers the request for a file, without success.
    pub fn fail(&mut self, uri: &str) {
        let tile = self.tile(uri);
        self.waiting.remove(&tile);
        assert!(self.tree.failed(tile));
    }

    /// The tile that waits for a file.
    pub fn tile(&self, uri: &str) -> TileId {
        let request = self.waiting.values().find(|request| request.uri == uri);
        request.unwrap_or_else(|| panic!("nobody waits for {uri}")).tile
    }

    /// Answers everything that is on its way.
    pub fn answer_all(&mut self) {
        let all: Vec<String> = self.waiting.values().map(|request| request.uri.clone()).collect();
        for uri in &all {
            self.answer(uri);
        }
    }

    /// Frames, each answered at once, until the picture is final and nothing is left to do.
    pub fn settle(&mut self, views: &[View]) -> Selection {
        for _ in 0..2000 {
            let selection = self.frame(views);
            if selection.idle {
                return selection;
            }
            self.answer_all();
        }
        panic!("it never comes to rest");
    }
}
