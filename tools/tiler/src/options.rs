//! What can be set for a run.

use std::path::PathBuf;

/// How a collection is tiled.
#[derive(Debug, Clone)]
pub struct Options {
    /// The collection's title; otherwise the `gml:name` of the first input that has one, else its file name.
    pub title: Option<String>,
    /// The most bytes an encoded tile should have; at least [`Options::LEAST_TILE_BYTES`]. A single feature that is
    /// larger makes a larger tile.
    pub tile_bytes: usize,
    /// The most tiles in one tileset; at least [`Options::LEAST_TILESET_TILES`]. What is more is cut out as tilesets of its own.
    pub tileset_tiles: usize,
    /// A geoid grid (ESRI ASCII `.asc`, GTX `.gtx`, GeoTIFF `.tif`): ellipsoidal height = height in the file + grid.
    pub geoid: Option<PathBuf>,
    /// What the heights of the input are measured from.
    pub heights: Heights,
    /// The order of the horizontal axes in the input.
    pub axis: Axis,
    /// How the tiles are stored.
    pub encoding: tiles::glb::Encoding,
    /// How many threads work; `None` for one per processor. The result does not depend on it.
    pub threads: Option<usize>,
    /// About how many bytes of memory the run may take; `None` for half of a gigabyte a thread. The result does not depend on it.
    pub memory: Option<u64>,
    /// Where intermediate results are put aside; `None` for the collection's own directory. They take room as the geometry does.
    pub temp: Option<PathBuf>,
    /// Whether a warning makes the run fail, before anything is published.
    pub strict: bool,
    /// The only level of detail to take; otherwise the highest of each object.
    pub lod: Option<u8>,
    /// The reference system of the input, in place of what the files say, for example `EPSG:3879+3900`.
    pub source_crs: Option<String>,
    /// Whom to credit, one text each; otherwise taken from the inputs' `gml:description`.
    pub attribution: Vec<String>,
    /// The licence as a link.
    pub license: Option<String>,
}

impl Options {
    /// Below this, a tile is mostly its own header.
    pub const LEAST_TILE_BYTES: usize = 16 * 1024;
    /// A tile with two others below it: with fewer, tiles without a mesh would stand above each other for ever.
    pub const LEAST_TILESET_TILES: usize = 3;
    /// Some 125 KB of JSON, a third of that as it is sent: small enough to wait for, large enough that few are needed on the way from the
    /// root of a city to a street.
    pub const TILESET_TILES: usize = 512;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            title: None,
            tile_bytes: 1 << 20,
            tileset_tiles: Self::TILESET_TILES,
            geoid: None,
            heights: Heights::Declared,
            axis: Axis::Detect,
            encoding: tiles::glb::Encoding::Compact,
            threads: None,
            memory: None,
            temp: None,
            strict: false,
            lod: None,
            source_crs: None,
            attribution: Vec::new(),
            license: None,
        }
    }
}

/// What the heights of the input are measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heights {
    /// As the reference system says.
    Declared,
    /// The ellipsoid, whatever the reference system says.
    Ellipsoidal,
}

/// The order of the horizontal axes in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// The order that falls into the area of use of the reference system.
    Detect,
    /// Easting (or longitude) first.
    EastNorth,
    /// Northing (or latitude) first.
    NorthEast,
}
