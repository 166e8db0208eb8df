//! Reading a collection.
//!
//! A request brings a name, and names from strangers must never become paths. So everything that can be read is listed
//! by the manifests: a name is looked up there first, and only then is a path made, of the name as the manifest holds
//! it. A generation that is being replaced stays readable for those who still hold its pointer.

use crate::database::Database;
use crate::error::io;
use crate::feature_table::{self, FeatureTable};
use crate::generations::Generations;
use crate::name::ContentName;
use crate::outline::{self, Outline, Window};
use crate::publisher::{FILES, POINTER, hash_file};
use crate::query::{self, Page, Query};
use crate::{Coding, Error, FeatureRow, FileEntry, Manifest, Property, property, search};
use rusqlite::params;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tiles::tileset::{Pointer, Tileset};

/// How many generations before the current one stay readable.
pub(crate) const EARLIER_GENERATIONS: usize = 3;

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
    /// Files under `files/` by name, of this generation and earlier ones.
    files: HashMap<String, FileEntry>,
    /// The databases and the manifest.
    downloads: HashMap<String, FileEntry>,
    features: Database,
    tables: Vec<FeatureTable>,
    properties: Vec<Property>,
    search: Database,
}

impl Collection {
    /// Opens the collection in `directory` and checks that every file of its manifest is there with its length.
    ///
    /// # Errors
    /// [`Error::NotACollection`] without a pointer; [`Error::Pointer`], [`Error::Json`] and [`Error::Incomplete`] for
    /// a store that is not whole.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        let (tileset, pointer, pointer_bytes) = read_pointer(directory)?;
        let manifest = read_manifest(directory, &pointer.manifest)?;
        let mut files = HashMap::with_capacity(manifest.files.len());
        for (key, entry) in &manifest.files {
            check_file(&directory.join(key), entry.length)?;
            if let Some(name) = content_name(key) {
                files.insert(name.to_owned(), with_present_codings(directory, key, entry));
            }
        }
        let generations = Generations::from(directory, &pointer.manifest);
        for (_, earlier) in generations.skip(1).take(EARLIER_GENERATIONS) {
            for (key, entry) in &earlier.files {
                if let Some(name) = content_name(key)
                    && !files.contains_key(name)
                    && check_file(&directory.join(key), entry.length).is_ok()
                {
                    files.insert(name.to_owned(), with_present_codings(directory, key, entry));
                }
            }
        }
        let features = Database::open(&listed(directory, &manifest, &pointer.features, "features")?)?;
        let tables = features.with(feature_table::tables)?;
        let search = Database::open(&listed(directory, &manifest, &pointer.search, "search")?)?;
        let downloads = downloads(directory, &pointer, &manifest)?;
        let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let directory = directory.to_path_buf();
        Ok(Self {
            directory,
            name,
            pointer,
            tileset,
            pointer_bytes,
            manifest,
            files,
            downloads,
            features,
            properties: property::merged(&tables),
            tables,
            search,
        })
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
    pub fn file(&self, name: &str) -> Option<&FileEntry> {
        self.files.get(name)
    }

    /// Where a file that [`file`](Collection::file) knows lies, in one of the codings its entry lists.
    pub fn path(&self, name: &str, coding: Coding) -> Option<PathBuf> {
        let (name, entry) = self.files.get_key_value(name)?;
        let listed = coding == Coding::Identity || entry.codings.iter().any(|coded| coded.coding == coding);
        listed.then(|| self.directory.join(FILES).join(format!("{name}{}", coding.suffix())))
    }

    /// Looks a name beside the pointer up: the GeoPackage, the search index or the manifest, with where it lies.
    pub fn download(&self, name: &str) -> Option<(PathBuf, &FileEntry)> {
        let (name, entry) = self.downloads.get_key_value(name)?;
        Some((self.directory.join(name), entry))
    }

    /// The bytes of a file under `files/`, in one of the codings its entry lists.
    ///
    /// # Errors
    /// [`Error::NoSuchFile`] for a name no manifest holds, [`Error::Io`] as the disk says.
    pub fn read(&self, name: &str, coding: Coding) -> Result<Vec<u8>, Error> {
        let path = self
            .path(name, coding)
            .ok_or_else(|| Error::NoSuchFile { name: name.to_owned() })?;
        std::fs::read(&path).map_err(io("cannot read", &path))
    }

    /// Everything known of a feature. Attributes come in the order of the table's columns.
    ///
    /// # Errors
    /// [`Error::Database`] as SQLite says.
    pub fn feature(&self, id: &str) -> Result<Option<FeatureRow>, Error> {
        self.features.with(|connection| {
            for table in &self.tables {
                if let Some(row) = table.feature(connection, id)? {
                    return Ok(Some(row));
                }
            }
            Ok(None)
        })
    }

    /// The ids of the features that are parts of the one with this id.
    ///
    /// # Errors
    /// [`Error::Database`] as SQLite says.
    pub fn parts(&self, id: &str) -> Result<Vec<String>, Error> {
        self.features.with(|connection| {
            let mut parts = Vec::new();
            for table in &self.tables {
                parts.extend(table.parts(connection, id)?);
            }
            Ok(parts)
        })
    }

    /// Hands every feature over, layer by layer in order of id, until `take` returns false.
    ///
    /// # Errors
    /// [`Error::Database`] as SQLite says.
    pub fn for_each_feature(&self, mut take: impl FnMut(FeatureRow) -> bool) -> Result<(), Error> {
        self.features.with(|connection| {
            for table in &self.tables {
                if !table.for_each(connection, &mut take)? {
                    break;
                }
            }
            Ok(())
        })
    }

    /// What the features of this collection may say of themselves, layers joined: first what every feature has, then
    /// the attributes in the order of the tables' columns.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// A page of the features that a query matches: buildings first, then the other layers, each in order of id; in
    /// order of relevance for a query with words.
    ///
    /// # Errors
    /// [`Error::UnknownProperty`] and [`Error::Comparison`] for a condition that makes no sense,
    /// [`Error::TooSlow`] when the page was not found within `budget`, [`Error::Database`] as SQLite says.
    pub fn query(&self, query: &Query, budget: Duration) -> Result<Page, Error> {
        let tables: Vec<&FeatureTable> = self.tables.iter().collect();
        query::run(query, budget, &tables, &self.properties, &self.features, &self.search)
    }

    /// Hands over where the features of a layer lie that meet a window, in no order, until `take` returns false; nothing
    /// for a layer that is not there.
    ///
    /// # Errors
    /// [`Error::Database`] as SQLite says.
    pub fn outlines(&self, layer: &str, window: &Window, mut take: impl FnMut(Outline) -> bool) -> Result<(), Error> {
        let Some(table) = self.tables.iter().find(|table| table.name == layer) else {
            return Ok(());
        };
        self.features
            .with(|connection| outline::for_each(connection, table, window, &mut take))
    }

    /// The features whose name, address or id hold words that begin with the given ones, best first. A
    /// feature whose id the text is comes first.
    ///
    /// # Errors
    /// [`Error::Database`] as SQLite says.
    pub fn search(&self, text: &str, limit: usize) -> Result<Vec<SearchHit>, Error> {
        let Some(query) = search::query(text) else {
            return Ok(Vec::new());
        };
        self.search.with(|connection| {
            let mut select = connection.prepare_cached(search::SELECT)?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            select
                .query_map(params![query, limit, text.trim()], search::hit)?
                .collect()
        })
    }
}

/// The collections of a store that open, by name, and the errors of those that do not.
pub fn collections(store: &Path) -> (Vec<Collection>, Vec<Error>) {
    let (mut opened, mut errors) = (Vec::new(), Vec::new());
    for directory in directories(store) {
        match Collection::open(&directory) {
            Ok(collection) => opened.push(collection),
            Err(error) => errors.push(error),
        }
    }
    (opened, errors)
}

/// The directories of a store that hold a pointer, by name.
pub(crate) fn directories(store: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(store).into_iter().flatten().flatten();
    let mut directories: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.join(POINTER).is_file())
        .collect();
    directories.sort();
    directories
}

/// The manifest that the pointer in `directory` names, with that name.
pub(crate) fn current_manifest(directory: &Path) -> Result<(String, Manifest), Error> {
    let (_, pointer, _) = read_pointer(directory)?;
    let manifest = read_manifest(directory, &pointer.manifest)?;
    Ok((pointer.manifest, manifest))
}

/// The pointer as tileset, as what it names, and as bytes.
pub(crate) fn read_pointer(directory: &Path) -> Result<(Tileset, Pointer, Vec<u8>), Error> {
    let path = directory.join(POINTER);
    let bytes = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::NotACollection {
                path: directory.to_path_buf(),
            });
        }
        read => read.map_err(io("cannot read", &path))?,
    };
    let not_json = |source| Error::Json {
        path: path.clone(),
        source,
    };
    let tileset: Tileset = serde_json::from_slice(&bytes).map_err(not_json)?;
    let extras = tileset.asset.extras.as_ref().and_then(|extras| extras.get("kortteli"));
    let Some(extras) = extras else {
        return Err(Error::Pointer {
            path,
            missing: "the names of the collection's parts",
        });
    };
    let pointer: Pointer = serde_json::from_value(extras.clone()).map_err(not_json)?;
    Ok((tileset, pointer, bytes))
}

/// The manifest of this name, which must have the hash that its name says.
pub(crate) fn read_manifest(directory: &Path, name: &str) -> Result<Manifest, Error> {
    let path = directory.join(POINTER);
    let content = ContentName::parse(name).ok_or(Error::Pointer {
        path,
        missing: "a plain manifest name",
    })?;
    let path = directory.join(name);
    let bytes = std::fs::read(&path).map_err(io("cannot read", &path))?;
    if !content.matches(&bytes) {
        let problem = "has other bytes than were published".to_owned();
        return Err(Error::Incomplete { path, problem });
    }
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|source| Error::Json {
        path: path.clone(),
        source,
    })?;
    let stray = manifest
        .files
        .keys()
        .find(|key| ContentName::parse(content_name(key).unwrap_or(key)).is_none());
    match stray {
        Some(name) => Err(Error::Name {
            name: name.clone(),
            what: "file name",
        }),
        None => Ok(manifest),
    }
}

/// The name under `files/` of a manifest's key.
pub(crate) fn content_name(key: &str) -> Option<&str> {
    key.strip_prefix(FILES)?.strip_prefix('/')
}

fn listed(directory: &Path, manifest: &Manifest, name: &str, missing: &'static str) -> Result<PathBuf, Error> {
    let (known, _) = manifest.files.get_key_value(name).ok_or_else(|| Error::Pointer {
        path: directory.join(POINTER),
        missing,
    })?;
    Ok(directory.join(known))
}

fn downloads(directory: &Path, pointer: &Pointer, manifest: &Manifest) -> Result<HashMap<String, FileEntry>, Error> {
    let beside = manifest.files.iter().filter(|(key, _)| content_name(key).is_none());
    let mut downloads: HashMap<_, _> = beside.map(|(key, entry)| (key.clone(), entry.clone())).collect();
    let (hash, length) = hash_file(&directory.join(&pointer.manifest))?;
    let hash = hash.to_hex().to_string();
    downloads.insert(
        pointer.manifest.clone(),
        FileEntry {
            length,
            hash,
            codings: Vec::new(),
        },
    );
    Ok(downloads)
}

/// A regular file of this length; a link could lead anywhere.
fn check_file(path: &Path, length: u64) -> Result<(), Error> {
    let problem = match std::fs::symlink_metadata(path) {
        Err(_) => "is missing".to_owned(),
        Ok(metadata) if !metadata.is_file() => "is not a regular file".to_owned(),
        Ok(metadata) if metadata.len() != length => {
            format!("has {} bytes instead of {length}", metadata.len())
        }
        Ok(_) => return Ok(()),
    };
    Err(Error::Incomplete {
        path: path.to_path_buf(),
        problem,
    })
}

/// A coded form that is gone costs bandwidth, not the city.
fn with_present_codings(directory: &Path, key: &str, entry: &FileEntry) -> FileEntry {
    let mut entry = entry.clone();
    entry
        .codings
        .retain(|coded| check_file(&directory.join(format!("{key}{}", coded.coding.suffix())), coded.length).is_ok());
    entry
}
