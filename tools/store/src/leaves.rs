//! The leaves of a collection: the tiles that hold the full model.
//!
//! Who takes a piece of a city home wants the few leaves of it, and a city may have tens of thousands in hundreds of
//! tilesets. A tile's volume holds those of all tiles below it, so what lies elsewhere is passed over unread.

use crate::publisher::FILES;
use crate::{Coding, Collection, Error};
use glam::DMat4;
use std::collections::HashSet;
use tiles::bounds::OrientedBox;
use tiles::tileset::{LayerInfo, Refine, Tile, Tileset};

/// A tile with content that nothing stands in for.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// Its name under `files/`.
    pub name: String,
    /// From the tile's frame to the collection's ENU frame.
    pub transform: DMat4,
    /// Its volume in the collection's ENU frame, in metres.
    pub volume: OrientedBox,
}

/// A tileset that is still to be read.
struct External {
    name: String,
    transform: DMat4,
}

impl Collection {
    /// The leaves of a layer whose volume (in the collection's ENU frame, metres) is `wanted`, in the order of the tree.
    /// Nothing below a tile that is not wanted is looked at.
    ///
    /// # Errors
    /// [`Error::Tileset`] for a tree that cannot be followed, and those of [`Collection::read`].
    pub fn leaves(&self, layer: &LayerInfo, wanted: impl Fn(&OrientedBox) -> bool) -> Result<Vec<Leaf>, Error> {
        let mut walk = Walk {
            wanted: &wanted,
            leaves: Vec::new(),
            waiting: Vec::new(),
        };
        walk.waiting.push(External {
            name: file_name(&layer.tileset)?,
            transform: DMat4::IDENTITY,
        });
        // Each file once: a tileset that leads back to itself ends here.
        let mut seen = HashSet::new();
        while let Some(External { name, transform }) = walk.waiting.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let json = self.read(&name, Coding::Identity)?;
            let tileset = Tileset::from_json(&json).map_err(|error| Error::Tileset {
                name,
                reason: error.to_string(),
            })?;
            walk.tile(&tileset.root, transform, Refine::Replace)?;
        }
        Ok(walk.leaves)
    }
}

struct Walk<'a> {
    wanted: &'a dyn Fn(&OrientedBox) -> bool,
    leaves: Vec<Leaf>,
    waiting: Vec<External>,
}

impl Walk<'_> {
    fn tile(&mut self, tile: &Tile, parent: DMat4, refine: Refine) -> Result<(), Error> {
        let transform = tile
            .transform
            .map_or(parent, |own| parent * DMat4::from_cols_array(&own));
        let refine = tile.refine.unwrap_or(refine);
        let volume = tile.bounding_volume.as_box().ok_or_else(|| Error::Tileset {
            name: tile
                .content
                .as_ref()
                .map(|content| content.uri.clone())
                .unwrap_or_default(),
            reason: "a volume is not a box".to_owned(),
        })?;
        let volume = volume.transformed(&transform);
        if !(self.wanted)(&volume) {
            return Ok(());
        }
        if let Some(content) = &tile.content {
            let name = file_name(&content.uri)?;
            let is_tileset = std::path::Path::new(&name)
                .extension()
                .is_some_and(|extension| extension == "json");
            if is_tileset {
                self.waiting.push(External { name, transform });
            } else if tile.children.is_empty() || refine == Refine::Add {
                self.leaves.push(Leaf {
                    name,
                    transform,
                    volume,
                });
            }
        }
        tile.children
            .iter()
            .try_for_each(|child| self.tile(child, transform, refine))
    }
}

/// The name under `files/` that an address in one of the collection's tilesets means.
fn file_name(uri: &str) -> Result<String, Error> {
    let name = uri.trim_start_matches("./");
    let name = name
        .strip_prefix(FILES)
        .and_then(|name| name.strip_prefix('/'))
        .unwrap_or(name);
    if name.is_empty() || name.contains(['/', '\\', ':']) {
        return Err(Error::Tileset {
            name: uri.to_owned(),
            reason: "it lies outside the collection".to_owned(),
        });
    }
    Ok(name.to_owned())
}
