//! The files of a generation while it is written.
//!
//! A city has very many files, and the tiler needs the memory: a file is kept here in some 100 bytes, a third of what
//! the manifest's own model takes.

use crate::{CodedLength, Coding, FileEntry};
use std::collections::BTreeMap;

/// Lengths and hash of one file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listed {
    pub(crate) length: u64,
    hash: blake3::Hash,
    /// Lengths of the forms of [`Coding::COMPRESSED`]; 0 where there is none, as no coded form is empty.
    coded: [u64; 3],
    /// Whether an fsync brought all of it to the disk.
    secured: bool,
}

impl Listed {
    /// A file with these compressed forms.
    pub(crate) fn new(length: u64, hash: blake3::Hash, codings: &[CodedLength]) -> Self {
        let coded = Coding::COMPRESSED.map(|coding| {
            let coded = codings.iter().find(|coded| coded.coding == coding);
            coded.map_or(0, |coded| coded.length)
        });
        Self {
            length,
            hash,
            coded,
            secured: false,
        }
    }

    /// The same, known to be on the disk.
    pub(crate) fn secured(self) -> Self {
        Self { secured: true, ..self }
    }

    /// The compressed forms, smallest first.
    pub(crate) fn codings(&self) -> Vec<CodedLength> {
        let coded = Coding::COMPRESSED.into_iter().zip(self.coded);
        let mut codings: Vec<CodedLength> = coded
            .filter(|(_, length)| *length > 0)
            .map(|(coding, length)| CodedLength { coding, length })
            .collect();
        codings.sort_by_key(|coded| (coded.length, coded.coding));
        codings
    }
}

/// Files by their path below the collection's directory.
#[derive(Debug, Default)]
pub(crate) struct Listing(BTreeMap<Box<str>, Listed>);

impl Listing {
    /// The files of a published manifest, but for those whose hash is none.
    pub(crate) fn of(files: BTreeMap<String, FileEntry>) -> Self {
        let listed = files.into_iter().filter_map(|(key, entry)| {
            let hash = blake3::Hash::from_hex(&entry.hash).ok()?;
            Some((key.into(), Listed::new(entry.length, hash, &entry.codings).secured()))
        });
        Self(listed.collect())
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Listed> {
        self.0.get(key)
    }

    pub(crate) fn insert(&mut self, key: &str, listed: Listed) {
        self.0.insert(key.into(), listed);
    }

    /// The paths of all files and compressed forms that no fsync has brought to the disk yet.
    pub(crate) fn unsecured(&self) -> impl Iterator<Item = String> {
        let unsecured = self.0.iter().filter(|(_, listed)| !listed.secured);
        unsecured.flat_map(|(key, listed)| {
            let suffixes = listed.codings().into_iter().map(|coded| coded.coding.suffix());
            suffixes.chain([""]).map(move |suffix| format!("{key}{suffix}"))
        })
    }

    /// The files as the manifest has them.
    pub(crate) fn into_files(self) -> BTreeMap<String, FileEntry> {
        let entry = |(key, listed): (Box<str>, Listed)| {
            let entry = FileEntry {
                length: listed.length,
                hash: listed.hash.to_hex().to_string(),
                codings: listed.codings(),
            };
            (key.into(), entry)
        };
        self.0.into_iter().map(entry).collect()
    }
}
