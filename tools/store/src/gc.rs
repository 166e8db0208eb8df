//! Removing what no generation needs.
//!
//! Each publication leaves the files of the one before, for those who still look at it, and a city that is published
//! every night fills its disk with nights. So the newest generations are kept and the files that none of them names go.
//!
//! What must not go is guarded in four ways. The collection's lock is held, so that nothing of a publisher at work is
//! taken for waste, and none begins meanwhile. Only names that a publisher gives are removed; any other file is named
//! in the report and left. Nothing is reached through a link. And a collection whose current generation cannot be read
//! is not touched.

use crate::collection::read_manifest;
use crate::error::io;
use crate::generations::Generations;
use crate::name::{ContentName, is_plain};
use crate::publisher::{FILES, LOCK, POINTER, REPORT, is_temporary, lock};
use crate::{Coding, Error, FileOps, collection};
use serde::Serialize;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;

/// The fewest generations that stay: the current one, and the one that its readers may still hold.
pub const LEAST_KEPT: usize = 2;

/// What to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GcOptions {
    /// How many generations of each collection stay, with the current one; fewer than [`LEAST_KEPT`] mean
    /// [`LEAST_KEPT`].
    pub keep: usize,
    /// Whether only to say what would be removed.
    pub dry_run: bool,
}

impl Default for GcOptions {
    fn default() -> Self {
        Self {
            keep: LEAST_KEPT,
            dry_run: false,
        }
    }
}

/// A file that was removed, or would be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Waste {
    /// What kind of file it is.
    pub kind: WasteKind,
    /// Its path below the collection's directory.
    pub file: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// The kinds of removed files, in the order in which they are removed: once a generation's manifest is gone nobody
/// counts on its files, so a collector that is stopped leaves no generation that is half there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WasteKind {
    /// A manifest.
    Manifest,
    /// A GeoPackage.
    Geopackage,
    /// A search index.
    SearchIndex,
    /// A tile, a tileset or a schema.
    Content,
    /// A compressed form of content.
    CodedForm,
    /// What an interrupted publisher left.
    Leftover,
}

/// What was done in one collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CollectedWaste {
    /// The collection's name.
    pub collection: String,
    /// The manifests of the generations that stay, newest first.
    pub kept: Vec<String>,
    /// What was removed, in that order.
    pub removed: Vec<Waste>,
    /// What was not recognised and left, as paths below the collection's directory.
    pub foreign: Vec<String>,
}

impl CollectedWaste {
    /// Bytes of all removed files.
    pub fn bytes(&self) -> u64 {
        self.removed.iter().map(|waste| waste.bytes).sum()
    }
}

/// What was done in a store.
#[derive(Debug, Default)]
pub struct GcReport {
    /// By collection, in order of name.
    pub collections: Vec<CollectedWaste>,
    /// What beside the collections was not recognised and left.
    pub foreign: Vec<String>,
    /// Why a collection was left as it is, or a file could not be removed.
    pub errors: Vec<Error>,
}

/// Removes, in every collection of `store`, the files that none of the kept generations names. A collection that fails
/// does not keep the others from being cleaned; its error is in the report.
///
/// # Errors
/// [`Error::NotAStore`] for a directory without any collection, [`Error::Io`] if it cannot be listed. Nothing was
/// removed then.
pub fn gc(store: &Path, options: GcOptions, ops: &dyn FileOps) -> Result<GcReport, Error> {
    let mut report = GcReport::default();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(store).map_err(io("cannot list", store))? {
        let entry = entry.map_err(io("cannot list", store))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if directory && is_plain(&name) && is_regular(&entry.path().join(POINTER)) {
            names.push(name);
        } else {
            report.foreign.push(name);
        }
    }
    if names.is_empty() {
        return Err(Error::NotAStore {
            path: store.to_path_buf(),
        });
    }
    names.sort();
    report.foreign.sort();
    for name in names {
        let directory = store.join(&name);
        let mut waste = CollectedWaste {
            collection: name,
            ..CollectedWaste::default()
        };
        report
            .errors
            .extend(collect(&directory, options, ops, &mut waste).err());
        report.collections.push(waste);
    }
    Ok(report)
}

fn collect(directory: &Path, options: GcOptions, ops: &dyn FileOps, done: &mut CollectedWaste) -> Result<(), Error> {
    // Before anything is made there, even the lock: is it a collection that Kortteli published?
    collection::read_pointer(directory)?;
    let files = directory.join(FILES);
    if !files.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        let problem = "is not a directory of its own".to_owned();
        return Err(Error::Incomplete { path: files, problem });
    }
    let _lock = hold(directory, options.dry_run)?;
    let known = known(directory, options.keep.max(LEAST_KEPT), &mut done.kept)?;
    let waste = waste(directory, &known, &mut done.foreign)?;
    if options.dry_run {
        done.removed = waste;
        return Ok(());
    }
    remove(directory, waste, ops, &mut done.removed)
}

/// The collection's lock. A dry run makes no lock where there is none: it may look at a disk that is read-only.
fn hold(directory: &Path, dry_run: bool) -> Result<Option<File>, Error> {
    if dry_run && !directory.join(LOCK).exists() {
        return Ok(None);
    }
    match lock(directory) {
        Err(Error::Io { .. }) if dry_run => Ok(None),
        locked => locked.map(Some),
    }
}

/// Every path below the directory that belongs to the newest `keep` generations. The current one must be readable: of
/// a collection that is damaged nobody knows what it needs.
fn known(directory: &Path, keep: usize, kept: &mut Vec<String>) -> Result<HashSet<String>, Error> {
    let (_, pointer, _) = collection::read_pointer(directory)?;
    read_manifest(directory, &pointer.manifest)?;
    let mut known: HashSet<String> = [POINTER, LOCK, REPORT, FILES].map(str::to_owned).into();
    for (name, manifest) in Generations::from(directory, &pointer.manifest).take(keep) {
        for (key, entry) in manifest.files {
            let coded = entry.codings.iter().map(|coded| coded.coding.suffix());
            known.extend(coded.map(|suffix| format!("{key}{suffix}")));
            known.insert(key);
        }
        known.insert(name.clone());
        kept.push(name);
    }
    Ok(known)
}

/// What is in the collection's two directories and not known, sorted into waste and foreign files.
fn waste(directory: &Path, known: &HashSet<String>, foreign: &mut Vec<String>) -> Result<Vec<Waste>, Error> {
    let mut waste = Vec::new();
    for (place, prefix) in [(directory.to_path_buf(), ""), (directory.join(FILES), "files/")] {
        for entry in std::fs::read_dir(&place).map_err(io("cannot list", &place))? {
            let entry = entry.map_err(io("cannot list", &place))?;
            let name = entry.file_name();
            let file = format!("{prefix}{}", name.to_string_lossy());
            if known.contains(&file) {
                continue;
            }
            // This asks for the entry itself and not for what a link leads to.
            let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file);
            match (metadata, kind(&name, !prefix.is_empty())) {
                (Some(metadata), Some(kind)) => waste.push(Waste {
                    kind,
                    file,
                    bytes: metadata.len(),
                }),
                _ => foreign.push(file),
            }
        }
    }
    waste.sort();
    foreign.sort();
    Ok(waste)
}

/// What a name would be if a publisher had given it, under `files/` or beside the pointer.
fn kind(name: &OsStr, in_files: bool) -> Option<WasteKind> {
    // A name that is not Unicode is nobody's of ours.
    let name = name.to_str()?;
    if is_temporary(Path::new(name)) {
        return Some(WasteKind::Leftover);
    }
    if in_files {
        let mut codings = Coding::COMPRESSED.iter();
        let coded = codings.find_map(|coding| name.strip_suffix(coding.suffix()));
        ContentName::parse(coded.unwrap_or(name))?;
        return Some(coded.map_or(WasteKind::Content, |_| WasteKind::CodedForm));
    }
    let parts = ContentName::parse(name)?;
    match (parts.stem, parts.extension) {
        ("manifest", "json") => Some(WasteKind::Manifest),
        ("features", "gpkg") => Some(WasteKind::Geopackage),
        ("search", "sqlite") => Some(WasteKind::SearchIndex),
        _ => None,
    }
}

fn remove(directory: &Path, waste: Vec<Waste>, ops: &dyn FileOps, removed: &mut Vec<Waste>) -> Result<(), Error> {
    let mut manifests = waste.iter().any(|waste| waste.kind == WasteKind::Manifest);
    let nothing = waste.is_empty();
    for waste in waste {
        if manifests && waste.kind != WasteKind::Manifest {
            ops.sync_dir(directory).map_err(io("cannot synchronise", directory))?;
            manifests = false;
        }
        let path = directory.join(&waste.file);
        ops.remove(&path).map_err(io("cannot remove", &path))?;
        removed.push(waste);
    }
    if nothing {
        return Ok(());
    }
    for place in [directory.join(FILES), directory.to_path_buf()] {
        ops.sync_dir(&place).map_err(io("cannot synchronise", &place))?;
    }
    Ok(())
}

/// Whether there is a file, and no link to one.
fn is_regular(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
}
