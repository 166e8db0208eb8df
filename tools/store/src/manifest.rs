//! The manifest: what a generation of a collection consists of.
//!
//! The server answers a request by finding its name here, so a name that no manifest holds is refused before any path
//! is made of it. `verify` finds every byte that changed since publication by the hashes.

use crate::Coding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One precompressed form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodedLength {
    /// The content coding.
    pub coding: Coding,
    /// Length of the coded file in bytes.
    pub length: u64,
}

/// One immutable file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Length in bytes, without content coding.
    pub length: u64,
    /// BLAKE3 of the bytes, 64 hexadecimal digits; the name holds the first 16.
    pub hash: String,
    /// The precompressed forms beside it, smallest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codings: Vec<CodedLength>,
}

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// File name without directories.
    pub name: String,
    /// Length in bytes.
    pub length: u64,
    /// BLAKE3 of the bytes, 64 hexadecimal digits.
    pub hash: String,
}

/// What stays fixed over a collection's generations, so that unchanged buildings keep their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The ENU frame's origin: longitude and latitude in degrees, height above the ellipsoid in metres.
    pub origin: [f64; 3],
    /// The square that the space-filling curve covers: least east, least north, side, in metres of the ENU frame.
    pub curve: [f64; 3],
}

/// Everything one publication consists of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The program and version that published.
    pub generator: String,
    /// The collection's title.
    pub title: String,
    /// Whom to credit, one text each.
    pub attribution: Vec<String>,
    /// The licence as a link, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The input files.
    pub sources: Vec<Source>,
    /// Newest date of the sources, as RFC 3339, where they tell one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_date: Option<String>,
    /// The name of the coordinate reference system the city was given in.
    pub crs: String,
    /// The fixed frame.
    pub frame: Frame,
    /// West, south, lowest, east, north, highest of all features: degrees, and metres above the ellipsoid.
    pub extent: Option<[f64; 6]>,
    /// The id of a feature worth showing as an example: the highest that has a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The manifest of the generation that this one replaced; `None` for a collection's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// What was counted while tiling, for example `buildings`.
    pub counts: BTreeMap<String, u64>,
    /// Warnings by code.
    pub warnings: BTreeMap<String, u64>,
    /// Every file by its path below the collection's directory.
    pub files: BTreeMap<String, FileEntry>,
}
