//! Plain tiles, made of compact ones when they are asked for.
//!
//! The store keeps tiles small by two extensions of glTF that some engines do not read. For those the same tree stands a
//! second time under `plain/`, in core glTF 2.0. Nothing of it is stored and nothing is prepared: a plain tile lies at the
//! address of the recipe that makes it and of the name of the tile that it is made of, which holds the hash of its bytes.
//! So its own bytes never change, any server makes the same ones, and the tilesets below the root are those of the store,
//! because names in them are relative. Only the root has to name other addresses.

use crate::app::App;
use crate::shelf::Served;
use axum::body::Bytes;
use std::sync::Arc;
use store::{Coding, Collection};
use tiles::tileset::{Pointer, Tile, Tileset};

/// The version of what [`tiles::glb::to_plain`] writes, as a segment of addresses. It must change whenever the same
/// tile would become other bytes, or caches would keep the old ones for a year.
pub(crate) const RECIPE: &str = "r1";
/// What a collection of plain tiles beside another is called (`kortteli tile --encoding both`).
const SUFFIX: &str = "-plain";

/// Where the plain tiles of a collection come from.
pub(crate) enum Source {
    /// They are stored: in the collection itself, or in another made of the same files.
    Stored(Arc<Served>),
    /// They are made.
    Made(Arc<Served>),
}

/// Finds the source for a collection. Reads a tile the first time.
pub(crate) fn source(app: &App, name: &str, served: Arc<Served>) -> Result<Source, store::Error> {
    if is_plain(app, &served)? {
        return Ok(Source::Stored(served));
    }
    let sibling = app.shelf.get(&format!("{name}{SUFFIX}"));
    let same = |other: &Arc<Served>| other.collection.manifest().sources == served.collection.manifest().sources;
    match sibling.filter(same) {
        Some(sibling) if is_plain(app, &sibling)? => Ok(Source::Stored(sibling)),
        _ => Ok(Source::Made(served)),
    }
}

/// Whether a collection was written in plain tiles: one tile tells for all.
fn is_plain(app: &App, served: &Served) -> Result<bool, store::Error> {
    let key = format!("plain/{}", served.pointer_hash);
    if let Some(known) = app.cache.get(&key) {
        return Ok(known == "yes");
    }
    let tile = served.collection.manifest().files.keys().find_map(|path| {
        let name = path.strip_prefix("files/")?;
        std::path::Path::new(name)
            .extension()
            .is_some_and(|extension| extension == "glb")
            .then_some(name)
    });
    let plain = match tile {
        Some(tile) => {
            let glb = served.collection.read(tile, Coding::Identity)?;
            tiles::glb::to_plain(&glb).is_ok_and(|plain| plain == glb)
        }
        None => false,
    };
    app.cache
        .put(key, Bytes::from_static(if plain { b"yes" } else { b"no" }));
    Ok(plain)
}

/// The root of the plain tree.
pub(crate) fn root(collection: &Collection) -> Result<Vec<u8>, tiles::tileset::Error> {
    let mut tileset: Tileset = collection.tileset().clone();
    tileset.schema_uri = tileset.schema_uri.map(|uri| moved(&uri));
    move_contents(&mut tileset.root);
    let mut pointer: Pointer = collection.pointer().clone();
    for layer in &mut pointer.layers {
        layer.tileset = moved(&layer.tileset);
    }
    for beside in [&mut pointer.manifest, &mut pointer.features, &mut pointer.search] {
        beside.insert_str(0, "../");
    }
    tileset.set_pointer(&pointer)?;
    tileset.to_json()
}

fn move_contents(tile: &mut Tile) {
    if let Some(content) = &mut tile.content {
        content.uri = moved(&content.uri);
    }
    tile.children.iter_mut().for_each(move_contents);
}

/// The address, from the plain root, of what the store's own root calls `files/<name>`.
fn moved(uri: &str) -> String {
    match uri.trim_start_matches("./").strip_prefix("files/") {
        Some(name) => format!("{RECIPE}/{name}"),
        None => format!("../{uri}"),
    }
}
