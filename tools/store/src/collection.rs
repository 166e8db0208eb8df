//! Reading a collection.

use crate::{Coding, Error, FeatureRow, FileEntry, Manifest};
use std::path::{Path, PathBuf};
use tiles::tileset::{Pointer, Tileset};

/// One feature that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchHit {
    /// The feature's id.
    pub id: String,
    /// The layer it belongs to.
    pub layer: String,
    /// Its class, for example `Building`.
    pub kind: String,
    /// Its name, or empty.
    pub name: String,
    /// Its address, or empty.
    pub address: String,
    /// Longitude and latitude in degrees of its middle.
    pub position: Option<[f64; 2]>,
}

/// A published generation, open for reading.
pub struct Collection {
    directory: PathBuf,
    name: String,
    pointer: Pointer,
    tileset: Tileset,
    pointer_bytes: Vec<u8>,
    manifest: Manifest,
}

impl Collection {
    /// Opens the collection in `directory` and checks that every file of its manifest is there with its length.
    ///
    /// # Errors
    /// [`Error::NotACollection`] without a pointer; [`Error::Pointer`], [`Error::Json`] and [`Error::Incomplete`] for
    /// a store that is not whole.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        Err(Error::NotACollection { path: directory.to_path_buf() })
    }

    /// The collection's name: its directory's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The collection's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What the pointer names.
    pub fn pointer(&self) -> &Pointer {
        &self.pointer
    }

    /// The root tileset.
    pub fn tileset(&self) -> &Tileset {
        &self.tileset
    }

    /// The pointer's bytes.
    pub fn tileset_json(&self) -> &[u8] {
        &self.pointer_bytes
    }

    /// The generation's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Looks a name under `files/` up, in this generation and in the earlier ones that are still stored.
    pub fn file(&self, _name: &str) -> Option<&FileEntry> {
        None
    }

    /// The bytes of a file under `files/`, in one of the codings its entry lists.
    ///
    /// # Errors
    /// [`Error::NoSuchFile`] for a name no manifest holds, [`Error::Io`] as the disk says.
    pub fn read(&self, name: &str, _coding: Coding) -> Result<Vec<u8>, Error> {
        Err(Error::NoSuchFile { name: name.to_owned() })
    }

    /// Everything known of a feature.
    ///
    /// # Errors
    /// [`Error::Database`] as SQLite says.
    pub fn feature(&self, _id: &str) -> Result<Option<FeatureRow>, Error> {
        Ok(None)
    }

    /// The features whose name, address or id hold words that begin with the given ones, best first.
    ///
    /// # Errors
    /// [`Error::Database`] as SQLite says.
    pub fn search(&self, _text: &str, _limit: usize) -> Result<Vec<SearchHit>, Error> {
        Ok(Vec::new())
    }
}

/// The collections of a store that open, by name, and the errors of those that do not.
pub fn collections(_store: &Path) -> (Vec<Collection>, Vec<Error>) {
    (Vec::new(), Vec::new())
}
