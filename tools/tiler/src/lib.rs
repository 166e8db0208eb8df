//! From CityGML to a tree of tiles.
//!
//! A city model is a list of objects in a national grid, one file of gigabytes; a viewer wants the few hundred
//! kilobytes that matter for what it looks at, in an earth-fixed frame. [`tile`] reads objects as a stream, moves them
//! into one east-north-up frame ([`crs`], [`geoid`]), cleans and triangulates their faces, and cuts them into leaves by
//! measured bytes. Above the leaves it builds coarser levels of real stand-ins, measures how far each is from what it
//! stands for, and publishes the whole through [`store::Publisher`]. A bad object is reported and left out; the rest is tiled.

pub mod crs;
pub mod geoid;
#[doc(hidden)]
pub mod geometry;
pub mod triangulate;

mod appearance;
mod boxes;
mod city;
mod clip;
mod content;
mod credit;
mod distance;
mod error;
mod error_measure;
mod footprint;
mod group;
mod index;
mod intake;
mod item;
mod layer;
mod leaf;
mod levels;
mod measure;
mod options;
mod outer;
mod outline;
mod overlay;
mod plan;
mod prepare;
mod progress;
mod publish;
mod read;
mod record;
mod rows;
mod shape;
mod solid;
mod source;
mod spill;
mod standin;
mod summary;
mod tilesets;

pub use error::Error;
pub use options::{Axis, Heights, Options};
pub use progress::{Progress, Silent, Stage};
pub use summary::{LevelSummary, TileSummary};

use std::path::PathBuf;

/// Tiles the inputs and publishes them as one generation of a collection.
///
/// # Errors
/// See [`Error`]; nothing is published then.
pub fn tile(
    inputs: &[PathBuf],
    options: &Options,
    publisher: store::Publisher,
    report: &citygml::Report,
    progress: &dyn Progress,
) -> Result<TileSummary, Error> {
    if inputs.is_empty() {
        return Err(Error::NoInput);
    }
    if options.tile_bytes < Options::LEAST_TILE_BYTES {
        return Err(Error::Option {
            option: "--tile-bytes",
            message: format!(
                "{} is less than {}, below which a tile is mostly its own header",
                options.tile_bytes,
                Options::LEAST_TILE_BYTES
            ),
        });
    }
    if options.tileset_tiles < Options::LEAST_TILESET_TILES {
        return Err(Error::Option {
            option: "--tileset-tiles",
            message: format!(
                "{} is less than {}: a tile and two below it",
                options.tileset_tiles,
                Options::LEAST_TILESET_TILES
            ),
        });
    }
    let threads = options.threads.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|_| Error::Threads(threads))?;
    pool.install(|| city::tile(inputs, options, publisher, report, progress))
}
