//! What can go wrong with an extract.

/// Why there is no extract.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The four numbers are not a box.
    #[error("{bbox:?} is not a box of longitudes and latitudes: {reason}")]
    Box {
        /// West, south, east, north as given, in degrees.
        bbox: [f64; 4],
        /// What is wrong with them.
        reason: &'static str,
    },
    /// The three numbers are not an origin for the box.
    #[error("{origin:?} cannot be the origin: {reason}")]
    Origin {
        /// Longitude, latitude in degrees, ellipsoidal height in metres, as given.
        origin: [f64; 3],
        /// What is wrong with them.
        reason: String,
    },
    /// A level of detail that there is not.
    #[error("there is no level of detail {0:?}; give 1 (buildings as blocks) or 2 (the full model)")]
    Lod(String),
    /// A layer that the collection does not have.
    #[error("the collection has no layer {layer:?}; it has {}", known.join(", "))]
    Layer {
        /// The name asked for.
        layer: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The box is larger than the limit.
    #[error("the box covers {area_km2:.2} km2, more than the {limit_km2} km2 allowed; choose a smaller box")]
    TooLarge {
        /// What it covers, in square kilometres.
        area_km2: f64,
        /// The limit, in square kilometres.
        limit_km2: f64,
    },
    /// The model of the box is larger than the limit.
    #[error(
        "the model of this box takes more than the {} MB allowed; choose a smaller box, fewer layers or level of detail 1",
        limit / 1_000_000
    )]
    TooManyBytes {
        /// The limit in bytes.
        limit: u64,
    },
    /// The box and the city have nothing in common.
    #[error(
        "the box {bbox:?} lies outside the city, which reaches from {:.5} to {:.5} degrees east and from {:.5} to {:.5} degrees north",
        city[0], city[2], city[1], city[3]
    )]
    OutsideCity {
        /// West, south, east, north as given, in degrees.
        bbox: [f64; 4],
        /// The same of the city.
        city: [f64; 4],
    },
    /// The box lies in the city, but nothing is in it.
    #[error("nothing of the chosen layers lies in the box {bbox:?}")]
    Empty {
        /// West, south, east, north as given, in degrees.
        bbox: [f64; 4],
    },
    /// The progress callback asked to stop.
    #[error("the extract was stopped")]
    Stopped,
    /// A tile that cannot be read.
    #[error("the tile {name}: {source}")]
    Tile {
        /// Its name in the store.
        name: String,
        /// Why.
        source: tiles::glb::Error,
    },
    /// The file could not be put together.
    #[error("the glTF file could not be written: {0}")]
    Container(#[from] tiles::glb::Error),
    /// The file's JSON could not be written.
    #[error("the glTF file's JSON could not be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}
