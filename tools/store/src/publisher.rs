//! Writing a generation of a collection.

use crate::{Error, FileOps, Manifest, Publication, Published};
use std::path::Path;
use std::sync::Arc;

/// Writes one generation of a collection; nothing of it is seen before [`Publisher::finish`] succeeds.
pub struct Publisher {
    previous: Option<Manifest>,
}

impl Publisher {
    /// Takes the collection's lock and clears what an interrupted publisher left.
    ///
    /// # Errors
    /// [`Error::Name`] for a collection name that is not plain, [`Error::Locked`] while another publisher works,
    /// [`Error::Io`] as the disk says.
    pub fn begin(_store: &Path, _collection: &str, _ops: Arc<dyn FileOps>) -> Result<Self, Error> {
        Ok(Self { previous: None })
    }

    /// The manifest of the generation that this one replaces, if there is a readable one.
    pub fn previous(&self) -> Option<&Manifest> {
        self.previous.as_ref()
    }

    /// Stores a file under `files/` and returns its name, `stem.<hash>.extension`. May be called from many threads;
    /// the same bytes under the same stem are stored once.
    ///
    /// # Errors
    /// [`Error::Name`] for a stem or extension that is not plain, [`Error::Io`] as the disk says.
    pub fn put(&self, _stem: &str, _extension: &str, _bytes: &[u8]) -> Result<String, Error> {
        Ok(String::new())
    }

    /// Writes the databases and the manifest, then the pointer. Files of the generation are those that were
    /// [`put`](Publisher::put).
    ///
    /// # Errors
    /// [`Error::DuplicateFeature`] for an id given twice, [`Error::Database`] and [`Error::Io`] as SQLite and the disk
    /// say. The old generation is whole and current then.
    pub fn finish(self, publication: Publication) -> Result<Published, Error> {
        drop(publication);
        Err(Error::NoSuchFile { name: String::new() })
    }
}
