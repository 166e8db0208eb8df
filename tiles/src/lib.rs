//! The shared core of Kortteli.
//!
//! A city model reaches its users as OGC 3D Tiles 1.1: a tree of glTF tiles in an earth-fixed frame. The tiler writes
//! them, the server and the block export read them, the viewers choose and draw them, natively and in a browser. All
//! of them need the same few things: coordinate frames, bounding volumes, the tileset's JSON, the tile's binary, its
//! features, and the choice of tiles for a view. Those live here, once, as pure functions from bytes to bytes: no
//! files, sockets, threads or clocks.

pub mod bounds;
pub mod crs;
pub mod feature;
pub mod geodesy;
pub mod glb;
pub mod mesh;
pub mod pick;
pub mod select;
pub mod surface;
pub mod tileset;
