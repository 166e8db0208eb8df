//! What can go wrong with an export.

/// Why no world was made. When one of these is returned, what was written so far is not a world.
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
    /// The box touches the city, but nothing stands in it.
    #[error("nothing of the chosen layers lies in the box {bbox:?}")]
    Empty {
        /// West, south, east, north as given, in degrees.
        bbox: [f64; 4],
    },
    /// The box is larger than the limit.
    #[error(
        "the box covers {area_km2:.1} km2, more than the {limit_km2:.1} km2 allowed; the world would take about {:.0} MB. Choose a smaller box or raise the limit",
        *estimate_bytes as f64 / 1e6
    )]
    TooLarge {
        /// What it covers after growing to whole chunks, in square kilometres.
        area_km2: f64,
        /// The limit, in square kilometres.
        limit_km2: f64,
        /// About how large the zip would be, in bytes.
        estimate_bytes: u64,
    },
    /// The city does not fit between the game's lowest and highest block.
    #[error(
        "the city reaches from {lowest:.1} m to {highest:.1} m here, which is y {bottom} to {top} with a height offset of {offset}; the game has y -64 to 319. Choose another height offset"
    )]
    Height {
        /// Lowest point of the city in the box, in metres of its own heights.
        lowest: f64,
        /// Highest point.
        highest: f64,
        /// The block of the lowest point.
        bottom: i64,
        /// The block of the highest point.
        top: i64,
        /// What is added to a height to get y.
        offset: i32,
    },
    /// The collection's pointer has no fitted reference system, so its grid is not known.
    #[error(
        "the collection {0:?} does not say which map grid it is in; tile it from a source with a coordinate reference system"
    )]
    NoGrid(String),
    /// A layer that the collection does not have.
    #[error("the collection has no layer {layer:?}; it has {}", known.join(", "))]
    Layer {
        /// The name asked for.
        layer: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A palette file that cannot be used.
    #[error("the palette cannot be used: {0}")]
    Palette(String),
    /// The progress callback asked to stop.
    #[error("the export was stopped")]
    Stopped,
    /// A tile that cannot be read.
    #[error("the tile {name}: {source}")]
    Tile {
        /// Its name in the store.
        name: String,
        /// Why.
        source: tiles::glb::Error,
    },
    /// A layer's tree of tiles that cannot be read.
    #[error("the tileset {name}: {reason}")]
    Tileset {
        /// Its name in the store.
        name: String,
        /// Why.
        reason: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The game's binary format could not be written.
    #[error("the world's data could not be encoded: {0}")]
    Nbt(#[from] fastnbt::error::Error),
    /// The zip could not be written.
    #[error("the zip could not be written: {0}")]
    Zip(#[from] zip::result::ZipError),
    /// The output could not be written.
    #[error("the world could not be written: {0}")]
    Io(#[from] std::io::Error),
    /// The world's description could not be written.
    #[error("the world's description could not be written: {0}")]
    Json(#[from] serde_json::Error),
    /// A compressed chunk of 1 MiB or more, which a region file cannot hold.
    #[error("chunk {x}, {z} takes {bytes} bytes; a region file holds less than 1 MiB a chunk")]
    ChunkTooLarge {
        /// The chunk's x.
        x: i32,
        /// The chunk's z.
        z: i32,
        /// Its compressed length.
        bytes: usize,
    },
}
