//! The collections that are being served.
//!
//! A publisher replaces a pointer while clients are in the middle of a city. So a new generation is opened whole beside
//! the old one and takes its place in one step; a request keeps the generation it began with. A generation that does
//! not open changes nothing: the old one stays, and the reason is logged once.

use crate::Error;
use crate::metrics::GenerationFigures;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use store::Collection;

/// One collection, open.
pub(crate) struct Served {
    pub(crate) collection: Collection,
    /// BLAKE3 of the pointer, the first 16 hexadecimal digits.
    pub(crate) pointer_hash: String,
    /// The id of a feature worth showing.
    pub(crate) example: Option<(String, Option<String>)>,
}

/// Collections by name.
pub(crate) type Collections = BTreeMap<String, Arc<Served>>;

/// The collections of a store, as they are now.
pub(crate) struct Shelf {
    store: PathBuf,
    current: RwLock<Arc<Collections>>,
    /// What was last logged of a collection, so that it is logged once.
    complaints: Mutex<HashMap<PathBuf, String>>,
    figures: Arc<GenerationFigures>,
}

impl Shelf {
    /// Opens every collection of a store.
    pub(crate) fn open(store: &Path, figures: Arc<GenerationFigures>) -> Result<Self, Error> {
        let shelf = Self {
            store: store.to_path_buf(),
            current: RwLock::default(),
            complaints: Mutex::default(),
            figures,
        };
        shelf.refresh();
        if shelf.current().is_empty() {
            let complaints = shelf.complaints.lock().unwrap_or_else(PoisonError::into_inner);
            let reasons: Vec<&str> = complaints.values().map(String::as_str).collect();
            let reason = if reasons.is_empty() {
                String::new()
            } else {
                format!(": {}", reasons.join("; "))
            };
            return Err(Error::NoCollection {
                store: store.to_path_buf(),
                reason,
            });
        }
        Ok(shelf)
    }

    /// The collections as they are now; they stay open as long as the answer is held.
    pub(crate) fn current(&self) -> Arc<Collections> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The collection of this name.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Served>> {
        self.current().get(name).cloned()
    }

    /// Looks at the store and takes over what changed. Reads from disk.
    pub(crate) fn refresh(&self) {
        let before = self.current();
        let mut after = Collections::new();
        for directory in self.directories() {
            let Some(name) = directory.file_name().map(|name| name.to_string_lossy().into_owned()) else {
                continue;
            };
            let known = before.get(&name);
            if let Some(served) = known.filter(|served| is_current(served, &directory)) {
                after.insert(name, Arc::clone(served));
                continue;
            }
            match open(&directory) {
                Ok(served) => {
                    self.complaints
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .remove(&directory);
                    tracing::info!(
                        collection = name,
                        manifest = served.collection.pointer().manifest,
                        "serving"
                    );
                    self.figures.opened(&name);
                    after.insert(name, Arc::new(served));
                }
                Err(error) => {
                    self.figures.failures.inc();
                    self.complain(&directory, &error.to_string());
                    after.extend(known.map(|served| (name, Arc::clone(served))));
                }
            }
        }
        for gone in before.keys().filter(|name| !after.contains_key(*name)) {
            tracing::info!(collection = gone, "no longer in the store");
        }
        self.figures.serving(&after);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
    }

    /// The directories with a pointer, and those that had one when last seen and still exist.
    fn directories(&self) -> Vec<PathBuf> {
        let known = self.current();
        let entries = std::fs::read_dir(&self.store).into_iter().flatten().flatten();
        let mut directories: Vec<PathBuf> = entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .filter(|path| {
                let known = path
                    .file_name()
                    .is_some_and(|name| known.contains_key(&*name.to_string_lossy()));
                known || path.join("tileset.json").is_file()
            })
            .collect();
        directories.sort();
        directories
    }

    fn complain(&self, directory: &Path, reason: &str) {
        let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
        if complaints.get(directory).is_none_or(|last| last != reason) {
            tracing::error!(directory = %directory.display(), reason, "cannot open the collection's new generation");
            complaints.insert(directory.to_path_buf(), reason.to_owned());
        }
    }
}

fn is_current(served: &Served, directory: &Path) -> bool {
    std::fs::read(directory.join("tileset.json")).is_ok_and(|bytes| bytes == served.collection.tileset_json())
}

fn open(directory: &Path) -> Result<Served, store::Error> {
    let collection = Collection::open(directory)?;
    let pointer_hash = blake3::hash(collection.tileset_json()).to_hex()[..16].to_owned();
    let example = match &collection.manifest().example {
        Some(id) => collection.feature(id)?.map(|row| (row.id, row.name)),
        None => None,
    };
    Ok(Served {
        collection,
        pointer_hash,
        example,
    })
}
