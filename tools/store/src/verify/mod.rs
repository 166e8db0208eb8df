//! Checking a store whole.
//!
//! Disks rot, copies stop half-way, and tools write what they should not. Nobody looks into a hundred thousand tiles,
//! so this does: every file against its hash, every tile against its box, every tree against the rules that viewers
//! rely on, every feature against the tiles that should show it. It reads everything and changes nothing.

mod features;
mod files;
mod tree;

use crate::collection::{self, directories};
use crate::error::Error;
use std::path::{Path, PathBuf};

/// Something that is wrong in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// A stable short name, for example `hash`.
    pub code: &'static str,
    /// The file it was found in, relative to the store.
    pub file: PathBuf,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub advice: &'static str,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            code,
            file,
            what,
            advice,
        } = self;
        write!(f, "{}: {what} [{code}]; {advice}", file.display())
    }
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

impl VerifyReport {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty()
    }
}

/// What to do about bytes that are not those that were published.
const PUBLISH_AGAIN: &str = "publish the collection again, or copy the file from a whole store";
/// What to do about a file whose length is right and whose bytes are not: a publisher trusts the length.
const REMOVE_AND_PUBLISH: &str = "remove it and publish the collection again, or copy the file from a whole store";
/// What to do about content that was published wrong.
const TILER_FAULT: &str = "tile the collection again; if that does not help, report it as a fault of the tiler";

/// The report while one collection is checked.
struct Checker<'a> {
    /// The collection's directory, relative to the store.
    place: PathBuf,
    directory: &'a Path,
    report: &'a mut VerifyReport,
}

impl Checker<'_> {
    /// Adds a problem with the file of this path below the collection's directory.
    fn problem(&mut self, code: &'static str, file: &str, what: impl Into<String>, advice: &'static str) {
        let file = self.place.join(file);
        let what = what.into();
        self.report.problems.push(Problem {
            code,
            file,
            what,
            advice,
        });
    }

    fn note(&mut self, note: impl AsRef<str>) {
        self.report
            .notes
            .push(format!("{}: {}", self.place.display(), note.as_ref()));
    }
}

/// Checks every collection of a store: hashes, names, JSON, boxes, geometric errors, features.
pub fn verify(store: &Path) -> VerifyReport {
    let mut report = VerifyReport::default();
    let directories = directories(store);
    if directories.is_empty() {
        report.problems.push(Problem {
            code: "no-collection",
            file: store.to_path_buf(),
            what: "no directory in it holds a tileset.json".to_owned(),
            advice: "name the directory that was given to `kortteli tile -o`",
        });
    }
    for directory in directories {
        let place = PathBuf::from(directory.file_name().unwrap_or_default());
        report.collections += 1;
        check(&mut Checker {
            place,
            directory: &directory,
            report: &mut report,
        });
    }
    report
}

fn check(checker: &mut Checker<'_>) {
    let (tileset, pointer, _) = match collection::read_pointer(checker.directory) {
        Ok(read) => read,
        Err(error) => return checker.problem("pointer", "tileset.json", error.to_string(), PUBLISH_AGAIN),
    };
    let manifest = match collection::read_manifest(checker.directory, &pointer.manifest) {
        Ok(manifest) => manifest,
        Err(error) => {
            let (code, file) = match error {
                Error::Name { .. } => ("name", pointer.manifest.as_str()),
                Error::Pointer { .. } => ("pointer", "tileset.json"),
                _ => ("manifest", pointer.manifest.as_str()),
            };
            return checker.problem(code, file, error.to_string(), PUBLISH_AGAIN);
        }
    };
    files::check(checker, &pointer, &manifest);
    let tree = tree::check(checker, &tileset, &pointer, &manifest);
    if manifest.files.contains_key(&pointer.features) {
        features::check(checker, &pointer, &tree);
    }
}
