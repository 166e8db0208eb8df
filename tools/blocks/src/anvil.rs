//! Java Edition's files.
//!
//! The game keeps a world as `level.dat` (what kind of world it is) and region files of 32 by 32 chunks, each chunk a
//! compressed NBT document. Written is what version 1.21.1 writes: data version 3955 and the folder layout before 26.1,
//! which newer versions of the game convert on opening.

mod chunk_nbt;
mod level;
mod region;

pub use chunk_nbt::{Sign, chunk_nbt};
pub use level::{LevelInfo, level_dat};
pub use region::{Compressed, compress, region_file};

/// The data version of Java Edition 1.21.1.
pub const DATA_VERSION: i32 = 3955;
