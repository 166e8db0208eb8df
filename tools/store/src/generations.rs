//! A collection's generations, newest first.
//!
//! People look at a city while it is published again, so those before the current generation are still asked for. Each
//! manifest names the one that it replaced; the times of files say nothing once a store was copied.

use crate::Manifest;
use crate::collection::read_manifest;
use std::path::Path;

/// The generations from the one whose manifest is `name` backward, until one was removed or does not read. The names
/// hold hashes, so no chain of them closes.
pub(crate) struct Generations<'a> {
    directory: &'a Path,
    next: Option<String>,
}

impl<'a> Generations<'a> {
    /// Begins with the manifest `name` in the collection's `directory`.
    pub(crate) fn from(directory: &'a Path, name: &str) -> Self {
        Self {
            directory,
            next: Some(name.to_owned()),
        }
    }
}

impl Iterator for Generations<'_> {
    /// A manifest's name and the manifest.
    type Item = (String, Manifest);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.next.take()?;
        let manifest = read_manifest(self.directory, &name).ok()?;
        self.next.clone_from(&manifest.previous);
        Some((name, manifest))
    }
}
