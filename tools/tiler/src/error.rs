//! What stops a run.

use std::path::PathBuf;

/// Why a city cannot be tiled. What concerns one object only is a [`citygml::Warning`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No input was given.
    #[error("no input file was given")]
    NoInput,
    /// An option that cannot be.
    #[error("{option}: {message}")]
    Option {
        /// The option as the command line spells it.
        option: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] citygml::Error),
    /// The reference system is missing or unknown, or cannot be used.
    #[error("{}: {source}", path.display())]
    Crs {
        /// The input.
        path: PathBuf,
        /// What is wrong.
        source: crate::crs::Error,
    },
    /// A geoid grid cannot be used.
    #[error(transparent)]
    Geoid(#[from] crate::geoid::Error),
    /// The inputs hold no object that can be drawn.
    #[error(
        "nothing was tiled: {read} objects were read from {inputs} inputs and none has a shape that can be drawn{because}"
    )]
    Nothing {
        /// Inputs.
        inputs: usize,
        /// Objects read.
        read: u64,
        /// The most frequent warning, as a half sentence, or empty.
        because: String,
    },
    /// There were warnings, and the run is strict.
    #[error("{count} warnings in a strict run; nothing was published")]
    Strict {
        /// How many.
        count: u64,
    },
    /// A tile cannot be written.
    #[error("tile {name}: {source}")]
    Tile {
        /// The tile's place in the tree.
        name: String,
        /// What is wrong.
        source: tiles::glb::Error,
    },
    /// The way back to the city's coordinates cannot be fitted.
    #[error(transparent)]
    Fit(#[from] tiles::crs::Error),
    /// A tileset cannot be written as JSON.
    #[error("the tileset cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The threads cannot be started.
    #[error("{0} threads cannot be started")]
    Threads(usize),
    /// The store says no.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// An input cannot be read for its hash.
    #[error("{}: {source}", path.display())]
    Io {
        /// The input.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// What is made between two stages cannot be put aside.
    #[error("{}: intermediate results cannot be kept there: {source}. Make room, or name another place with --temp", path.display())]
    Aside {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
