//! The codecs of `EXT_meshopt_compression`, which is required of vertices to be version 0 and of indices version 1.

use super::Error;
use super::json::Meshopt;
use meshoptimizer_rs::codec::{self, BufferView, Filter, IndexEncoding, Mode, VertexEncoding};
use meshoptimizer_rs::{Limits, Workspace};

/// How a view is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// Vertex attributes as they are.
    Attributes,
    /// Vertex attributes as 8 bits of exponent and 24 of mantissa, to be decoded to floats.
    Exponential,
    /// Triangles.
    Triangles,
}

impl Codec {
    /// `mode` and `filter` as the extension spells them.
    pub(super) fn names(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Attributes => ("ATTRIBUTES", None),
            Self::Exponential => ("ATTRIBUTES", Some("EXPONENTIAL")),
            Self::Triangles => ("TRIANGLES", None),
        }
    }
}

/// Compresses vertex attributes of `stride` bytes, a multiple of 4.
pub(super) fn compress_vertices(bytes: &[u8], stride: usize) -> Result<Vec<u8>, Error> {
    let version_0 = VertexEncoding::new(0, 2).map_err(failed)?;
    let count = bytes.len() / stride;
    codec::encode_vertex_buffer(bytes, count, stride, version_0, &mut Workspace::default()).map_err(failed)
}

/// Compresses triangles. Decoded, each may begin at another of its three corners.
pub(super) fn compress_triangles(indices: &[u32]) -> Result<Vec<u8>, Error> {
    let version_1 = IndexEncoding::new(1).map_err(failed)?;
    codec::encode_index_buffer(indices, version_1, &mut Workspace::default()).map_err(failed)
}

/// The triangles as they come back from [`compress_triangles`].
pub(super) fn rotated_by_codec(indices: &[u32]) -> Result<Vec<u32>, Error> {
    let stream = compress_triangles(indices)?;
    let bytes = codec::decode_index_buffer(indices.len(), 4, &stream, &mut Workspace::default()).map_err(failed)?;
    Ok(bytes
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect())
}

/// Decompresses a view. `budget` is how many bytes may still be decoded; it is charged before anything is allocated.
pub(super) fn decompress(
    stream: &[u8],
    layout: &Meshopt,
    byte_length: usize,
    budget: &mut usize,
) -> Result<Vec<u8>, Error> {
    let invalid = |error| Error::Invalid(format!("EXT_meshopt_compression: {error}"));
    let mode = Mode::parse(&layout.mode).map_err(invalid)?;
    let filter = Filter::parse(layout.filter.as_deref().unwrap_or("NONE")).map_err(invalid)?;
    let view = BufferView::new(mode, filter, layout.count, layout.byte_stride).map_err(invalid)?;
    view.validate_parent(byte_length, None).map_err(invalid)?;
    *budget = budget
        .checked_sub(view.byte_length())
        .ok_or(Error::TooLarge("bytes, decompressed,"))?;
    let limits = Limits {
        max_bytes: view.byte_length().saturating_mul(2),
        ..Limits::default()
    };
    view.decode(stream, &mut Workspace::new(limits)).map_err(invalid)
}

/// An encoder's refusal: it can only mean that we gave it nonsense.
pub(super) fn failed(error: meshoptimizer_rs::Error) -> Error {
    Error::Content(format!("meshopt: {error}"))
}
