//! A tile as a binary glTF 2.0 file.
//!
//! A tile must load in viewers that we have never seen, be small on the wire, and still say of every triangle which
//! feature and which surface it belongs to. So it is a GLB in one of two encodings of the same numbers:
//! [`Encoding::Plain`] uses nothing but core glTF, [`Encoding::Compact`] is a fraction of the size and needs two extensions.
//! In both, `EXT_mesh_features` and `EXT_structural_metadata` carry the features (no reader is required to know them).
//!
//! | attribute | plain | compact |
//! |---|---|---|
//! | `POSITION` | `f32` x 3, multiples of 2^-10 m | the same, as they are or by meshopt's exponential filter |
//! | `NORMAL` | `f32` x 3 | `i8` x 3, normalised |
//! | `COLOR_0` | `u16` x 4, normalised, linear | the same |
//! | `_FEATURE_ID_0` | `u16`, row in the table of class `feature` | the same |
//! | `_FEATURE_ID_1` | `u8`, row in the table of class `surface` | the same |
//!
//! Axes are glTF's: x east, y up, z south; the node's translation is the mesh's origin. Triangles with a translucent
//! corner are a second primitive with `alphaMode` `BLEND`, over the same vertices.
//!
//! Content is rounded when it is encoded (positions by at most 0.5 mm, normals by at most 0.4 degrees, colours not at all),
//! equal vertices are welded, triangles that vanish are left out, and the rest is put in the order that caches and codecs
//! like. Both encodings decode to the same [`TileContent`], bit for bit.

mod color;
mod container;
mod json;
mod layout;
mod meshopt;
mod metadata;
mod pack;
mod read;
mod write;

use crate::mesh::TileContent;
use pack::{Order, Packed};

/// How a tile's numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Core glTF 2.0: floats, no required extension.
    Plain,
    /// `EXT_meshopt_compression` (vertex codec version 0) and `KHR_mesh_quantization`, both required.
    Compact,
}

/// Why a tile could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The content contradicts itself or does not fit into a tile.
    #[error("the content cannot be written as a tile: {0}")]
    Content(String),
    /// The file is not a GLB, or cut short.
    #[error("not a binary glTF 2.0 file: {0}")]
    Container(String),
    /// The JSON is not glTF, or its parts do not fit each other or the data.
    #[error("the glTF is not valid: {0}")]
    Invalid(String),
    /// Valid, but not what tiles use.
    #[error("the glTF cannot be read as a tile: {0}")]
    Unsupported(String),
    /// More of something than a tile may have: [`MAX_VERTICES`], [`MAX_FEATURES`], or 256 MiB decompressed.
    #[error("the tile has too many {0}")]
    TooLarge(&'static str),
}

/// The most vertices, and the most triangles, that a tile may have.
pub const MAX_VERTICES: usize = 1 << 22;

/// The most features that a tile may have: rows that a `u16` names, less one kept for "none".
pub const MAX_FEATURES: usize = 65_535;

/// The most bytes that the compressed views of one tile may become.
const MAX_DECOMPRESSED: usize = 1 << 28;

/// Writes a tile. `schema_uri` is where [`schema_json`] is published, relative to the tile.
///
/// Positions are rounded to a step of 2^-10 m up to 8 km from the mesh's origin, of twice that up to 16 km, and so on; where
/// all of them are multiples of a larger power of two, that is the step (so rounding stand-ins coarsely makes them
/// smaller). A normal of zero length becomes up; a height that is not finite counts as absent.
///
/// # Errors
/// [`Error::Content`] for lists that do not fit each other, a number that is not finite, no feature or one without id, and
/// when no triangle remains; [`Error::TooLarge`].
pub fn encode(content: &TileContent, encoding: Encoding, schema_uri: &str) -> Result<Vec<u8>, Error> {
    let packed = Packed::new(content, Order::Optimized)?;
    write::write(&packed, content, encoding, schema_uri)
}

/// Reads a tile of either encoding, or a GLB of another writer with the same property tables and one mesh.
///
/// Every index and feature id of the result is in range and every coordinate finite.
///
/// # Errors
/// Any bytes that are not a tile, or a tile beyond the limits; memory stays bounded by them whatever the bytes say.
pub fn decode(glb: &[u8]) -> Result<TileContent, Error> {
    read::read(glb).map(|tile| tile.content)
}

/// The same tile as core glTF 2.0: of a compact tile, what [`encode`] writes for [`Encoding::Plain`], byte for byte; a tile
/// without required extensions as it is.
///
/// # Errors
/// As [`decode`].
pub fn to_plain(glb: &[u8]) -> Result<Vec<u8>, Error> {
    let tile = read::read(glb)?;
    if tile.plain {
        return Ok(glb.to_vec());
    }
    let packed = Packed::new(&tile.content, Order::Kept)?;
    write::write(&packed, &tile.content, Encoding::Plain, &tile.schema_uri)
}

/// The metadata schema that every tile refers to: JSON with the classes `feature` and `surface` (3D Metadata
/// Specification). It only ever grows.
pub fn schema_json() -> String {
    let mut text = format!("{:#}", metadata::schema());
    text.push('\n');
    text
}

/// A binary glTF file of a document and its buffer, for what is not a tile. `bin` must be padded to 4 bytes.
///
/// # Errors
/// [`Error::Content`] for more than 4 GiB.
pub fn container(json: Vec<u8>, bin: &[u8]) -> Result<Vec<u8>, Error> {
    container::join(json, bin)
}

/// sRGB colour and opacity as a tile's `COLOR_0` has them: linear light, 0 to 65535.
pub fn linear_color(srgb: [u8; 4]) -> [u16; 4] {
    color::to_linear(srgb)
}
