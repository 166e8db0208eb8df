//! Content codings: a file as it travels.
//!
//! Compressing at every request costs more than sending (docs: brotli on the fly made a tile server slower), so the
//! store keeps the compressed forms beside each file, written once.

use serde::{Deserialize, Serialize};

/// A content coding (RFC 9110, 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Coding {
    /// The bytes themselves.
    Identity,
    /// Brotli (RFC 7932).
    Br,
    /// Zstandard (RFC 8878).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
}
