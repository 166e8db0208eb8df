//! Block-game worlds from tiles.
//!
//! A teacher draws a box around the school and wants to stand in it: in a block game, true to north and to the metre,
//! knowing which building is which. The city is at hand as tiles: triangles in an east-north-up frame, each with the
//! kind of surface it belongs to and the id of its feature. A block world is another thing: whole cells of one metre,
//! of some hundred materials, in the axes of the city's own map grid.
//!
//! ```text
//! store leaves --city--> pieces in the city's grid, 1/1024 m --chunk--> columns of blocks --anvil--> world.zip
//!                                                       shell, ground, objects, palette
//! ```
//!
//! * [`anchor`]: where block 0, 0, 0 lies in the city. Fixed for a city, so separate exports join block for block.
//! * [`city`]: the leaves of a collection, brought to that grid as [`piece`]s.
//! * [`shell`]: which cells a triangle occupies, exactly, in integers.
//! * [`ground`]: what a column stands on; [`objects`]: trees and street furniture.
//! * [`palette`]: which block a surface of some colour becomes; a file of `assets/palettes/`.
//! * [`chunk`]: puts the above together, 16 by 16 columns at a time. A chunk depends on the city alone and not on the
//!   box that was asked for.
//! * [`anvil`]: Java Edition's files; [`world`]: the zip around them.
//!
//! [`export()`] does it all; [`estimate()`] says before what it will take.

pub mod anchor;
pub mod anvil;
pub mod area;
mod cancel;
pub mod chunk;
pub mod city;
mod error;
mod estimate;
pub mod export;
pub mod grid_dump;
pub mod ground;
pub mod objects;
pub mod palette;
pub mod piece;
pub mod shell;
pub mod spawn;
pub mod world;

pub use cancel::Cancel;
pub use error::Error;
pub use estimate::{Estimate, estimate};
pub use export::{Options, Progress, Summary, export, export_from, export_with_grid};
