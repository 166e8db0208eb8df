//! Writing a generation of a collection.
//!
//! Every file gets its bytes under a temporary name and only then the name that others may ask for. The pointer comes
//! last, after every file it leads to, and the directories that hold their names, are on the disk. So whenever the work
//! stops, the pointer on the disk names files that are all there.
//!
//! A disk takes milliseconds to secure one file and hardly longer for many at once. So tiles are secured together at the
//! end. A power cut before it can leave a name over bytes that are not its own; no generation lists it, and the next
//! publisher reads what no generation lists before it relies on it.

use crate::error::io;
use crate::geopackage;
use crate::listing::{Listed, Listing};
use crate::manifest::{CodedLength, Manifest};
use crate::name::{named, plain};
use crate::spool::{Facts, Spool};
use crate::{Coding, Error, FileOps, Publication, Published, search};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The pointer's name.
pub(crate) const POINTER: &str = "tileset.json";
/// Where the content lies.
pub(crate) const FILES: &str = "files";
/// The lock; it stays, and the system releases it when its holder ends, however that happens.
pub(crate) const LOCK: &str = "publish.lock";
/// The tiling report for people, which belongs to no generation.
pub(crate) const REPORT: &str = "report.json";
/// How many files are brought to the disk at once: one by one, each would wait for the disk's journal alone.
const SYNC_THREADS: usize = 16;
/// Marks names that only a publisher at work uses.
pub(crate) const TEMPORARY: &str = ".tmp";

/// Writes one generation of a collection; nothing of it is seen before [`Publisher::finish`] succeeds.
pub struct Publisher {
    root: PathBuf,
    ops: Arc<dyn FileOps>,
    brotli: u8,
    /// The current generation's manifest with its name; its files are in `known`.
    previous: Option<(String, Manifest)>,
    known: Listing,
    written: Mutex<Listing>,
    temporaries: AtomicU64,
    new_files: AtomicU64,
    /// Holds the system's lock until the publisher is dropped.
    _lock: File,
}

impl Publisher {
    /// Takes the collection's lock and clears what an interrupted publisher left.
    ///
    /// # Errors
    /// [`Error::Name`] for a collection name that is not plain, [`Error::Locked`] while another publisher works,
    /// [`Error::Io`] as the disk says.
    pub fn begin(store: &Path, collection: &str, ops: Arc<dyn FileOps>) -> Result<Self, Error> {
        let root = store.join(plain(collection, "collection name")?);
        let files = root.join(FILES);
        ops.create_dir_all(&files).map_err(io("cannot create", &files))?;
        for parent in [store, root.as_path()] {
            ops.sync_dir(parent).map_err(io("cannot synchronise", parent))?;
        }
        let lock = lock(&root)?;
        for directory in [&root, &files] {
            remove_temporaries(directory, &*ops)?;
        }
        let mut previous = crate::collection::current_manifest(&root).ok();
        let known = previous
            .as_mut()
            .map(|(_, manifest)| std::mem::take(&mut manifest.files));
        Ok(Self {
            root,
            ops,
            brotli: Coding::BROTLI_QUALITY,
            known: Listing::of(known.unwrap_or_default()),
            previous,
            written: Mutex::default(),
            temporaries: AtomicU64::new(0),
            new_files: AtomicU64::new(0),
            _lock: lock,
        })
    }

    /// How hard Brotli tries, 0 to 11, on files that are new; otherwise [`Coding::BROTLI_QUALITY`]. A file that is
    /// already stored keeps the forms it has, because servers hold their lengths.
    #[must_use]
    pub fn with_brotli(mut self, quality: u8) -> Self {
        self.brotli = quality;
        self
    }

    /// The manifest of the generation that this one replaces, if there is a readable one. Its `files` are left out: a
    /// city has very many.
    pub fn previous(&self) -> Option<&Manifest> {
        self.previous.as_ref().map(|(_, manifest)| manifest)
    }

    /// The collection's directory.
    pub fn directory(&self) -> &Path {
        &self.root
    }

    /// Stores a file under `files/` and returns its name, `stem.<hash>.extension`. May be called from many threads, which
    /// wait for one another only to list the name; the same bytes under the same stem are stored once.
    ///
    /// Of a file that the previous generation lists, only the lengths on the disk are looked at: its name says what is
    /// in it, and whether that is so is `verify`'s work.
    ///
    /// # Errors
    /// [`Error::Name`] for a stem or extension that is not plain, [`Error::Io`] as the disk says.
    pub fn put(&self, stem: &str, extension: &str, bytes: &[u8]) -> Result<String, Error> {
        plain(stem, "file name")?;
        plain(extension, "file extension")?;
        let hash = blake3::hash(bytes);
        let name = named(stem, &hash, extension);
        let key = format!("{FILES}/{name}");
        if self.written().get(&key).is_some() {
            return Ok(name);
        }
        let listed = match self.known.get(&key) {
            Some(listed) if self.is_present(&key, listed) => *listed,
            _ => Listed::new(bytes.len() as u64, hash, &self.put_forms(&key, bytes)?),
        };
        self.written().insert(&key, listed);
        Ok(name)
    }

    /// Whether a file and its compressed forms are there with their lengths.
    fn is_present(&self, key: &str, listed: &Listed) -> bool {
        let has = |suffix: &str, length: u64| {
            let metadata = self.root.join(format!("{key}{suffix}")).symlink_metadata();
            metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() == length)
        };
        has("", listed.length)
            && listed
                .codings()
                .iter()
                .all(|coded| has(coded.coding.suffix(), coded.length))
    }

    /// Writes what is not there yet of a file and its compressed forms, and answers the forms' lengths.
    fn put_forms(&self, key: &str, bytes: &[u8]) -> Result<Vec<CodedLength>, Error> {
        let path = self.root.join(key);
        let known = std::fs::read(&path).is_ok_and(|present| present == bytes);
        let mut codings = Vec::new();
        for coding in Coding::COMPRESSED {
            codings.extend(self.put_coded(key, coding, bytes, known)?);
        }
        // The file itself comes after its coded forms: where it is, they are.
        if !known {
            self.write_unsecured(&path, bytes)?;
            self.new_files.fetch_add(1, Ordering::Relaxed);
        }
        Ok(codings)
    }

    /// One coded form of a file, or `None` where it does not pay.
    fn put_coded(&self, key: &str, coding: Coding, bytes: &[u8], known: bool) -> Result<Option<CodedLength>, Error> {
        let path = self.root.join(format!("{key}{}", coding.suffix()));
        let length = bytes.len() as u64;
        let present = std::fs::read(&path).ok();
        if let Some(present) = &present
            && coding.decode(present, length).is_ok_and(|decoded| decoded == bytes)
        {
            let length = present.len() as u64;
            return Ok(Some(CodedLength { coding, length }));
        }
        if known && present.is_none() && !self.previous_lists(key, coding) {
            return Ok(None);
        }
        let coded = coding
            .encode_with(bytes, self.brotli)
            .map_err(io("cannot compress", &path))?;
        if !Coding::pays(coded.len() as u64, length) {
            if present.is_some() {
                self.ops.remove(&path).map_err(io("cannot remove", &path))?;
            }
            return Ok(None);
        }
        self.write_unsecured(&path, &coded)?;
        let length = coded.len() as u64;
        Ok(Some(CodedLength { coding, length }))
    }

    fn previous_lists(&self, key: &str, coding: Coding) -> bool {
        let listed = self.known.get(key).map(Listed::codings).unwrap_or_default();
        listed.iter().any(|coded| coded.coding == coding)
    }

    /// Writes the databases and the manifest, then the pointer. Files of the generation are those that were
    /// [`put`](Publisher::put).
    ///
    /// # Errors
    /// [`Error::DuplicateFeature`] for an id given twice, [`Error::Database`] and [`Error::Io`] as SQLite and the disk
    /// say. The old generation is whole and current then.
    pub fn finish(mut self, publication: Publication) -> Result<Published, Error> {
        let Publication { features, .. } = publication;
        let publication = Publication {
            features: Box::new(std::iter::empty()),
            ..publication
        };
        let spool_path = self.temporary(&self.root.join("spool"));
        let spool = self.spool(&spool_path, features)?;
        // One reads the spool while the other writes.
        let (features, search) = std::thread::scope(|scope| {
            let search = scope.spawn(|| self.database("search", "sqlite", |path| search::write(&spool, path)));
            let features = self.database("features", "gpkg", |path| geopackage::write(&spool, path, &publication));
            (features, search.join())
        });
        let (features, search) = (
            features?,
            search.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
        );
        let facts = spool.facts().clone();
        drop(spool);
        self.ops.remove(&spool_path).map_err(io("cannot remove", &spool_path))?;

        self.known = Listing::default();
        self.secure_files()?;
        let mut manifest = self.manifest(&publication, &facts);
        let manifest_name = self.put_manifest(&mut manifest)?;
        for directory in [self.root.join(FILES), self.root.clone()] {
            self.ops
                .sync_dir(&directory)
                .map_err(io("cannot synchronise", &directory))?;
        }
        let pointer = crate::publication::pointer(publication, &manifest_name, &features, &search)?;
        let changed = self.swap_pointer(&json("the pointer", &pointer)?)?;
        Ok(Published {
            manifest: manifest_name,
            features,
            search,
            feature_count: facts.count,
            files: manifest.files.len() as u64,
            new_files: self.new_files.load(Ordering::Relaxed),
            bytes: manifest.files.values().map(|entry| entry.length).sum(),
            changed,
        })
    }

    /// Writes the manifest, unless it says what the current one says, and returns its name.
    fn put_manifest(&self, manifest: &mut Manifest) -> Result<String, Error> {
        let document = "the manifest";
        let mut bytes = json(document, manifest)?;
        let mut name = named("manifest", &blake3::hash(&bytes), "json");
        if let Some((current, _)) = self.previous.as_ref().filter(|(current, _)| *current != name) {
            manifest.previous = Some(current.clone());
            bytes = json(document, manifest)?;
            name = named("manifest", &blake3::hash(&bytes), "json");
        }
        self.write_new(&self.root.join(&name), &bytes)?;
        Ok(name)
    }

    fn spool(
        &self,
        path: &Path,
        features: Box<dyn Iterator<Item = std::io::Result<crate::FeatureRow>> + Send>,
    ) -> Result<Spool, Error> {
        let mut features = Some(features);
        let mut made = None;
        let produced = self.ops.produce(path, &mut |path| {
            let rows = features.take().into_iter().flatten();
            made = Some(Spool::fill(path, rows));
            Ok(())
        });
        produced.map_err(io("cannot write", path))?;
        made.unwrap_or_else(|| {
            Err(Error::NoSuchFile {
                name: "spool".to_owned(),
            })
        })
    }

    /// Lets `writer` make a database, names it by its content and lists it.
    fn database(
        &self,
        stem: &str,
        extension: &str,
        writer: impl Fn(&Path) -> Result<(), Error>,
    ) -> Result<String, Error> {
        let temporary = self.temporary(&self.root.join(stem));
        let mut outcome = Ok(());
        let produced = self.ops.produce(&temporary, &mut |path| {
            outcome = writer(path);
            Ok(())
        });
        produced.map_err(io("cannot write", &temporary))?;
        outcome?;
        let (hash, length) = hash_file(&temporary)?;
        let name = named(stem, &hash, extension);
        let path = self.root.join(&name);
        if hash_file(&path).is_ok_and(|(present, _)| present == hash) {
            self.ops.remove(&temporary).map_err(io("cannot remove", &temporary))?;
        } else {
            self.secure(&temporary, &path)?;
            self.new_files.fetch_add(1, Ordering::Relaxed);
        }
        self.written().insert(&name, Listed::new(length, hash, &[]).secured());
        Ok(name)
    }

    fn manifest(&self, publication: &Publication, facts: &Facts) -> Manifest {
        Manifest {
            generator: concat!("kortteli ", env!("CARGO_PKG_VERSION")).to_owned(),
            title: publication.title.clone(),
            attribution: publication.attribution.clone(),
            license: publication.license.clone(),
            sources: publication.sources.clone(),
            source_date: publication.source_date.clone(),
            crs: publication.crs_name.clone(),
            frame: publication.frame,
            extent: facts.extent,
            example: facts.example(),
            // What an unchanged city would say; `put_manifest` names the generation that a changed one replaces.
            previous: self.previous().and_then(|manifest| manifest.previous.clone()),
            counts: publication.counts.clone(),
            warnings: publication.warnings.clone(),
            files: std::mem::take(&mut *self.written()).into_files(),
        }
    }

    /// Brings to the disk what [`put`](Publisher::put) wrote, or found without knowing that it is there to stay.
    fn secure_files(&self) -> Result<(), Error> {
        let written = self.written();
        let left = Mutex::new(written.unsecured());
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || -> Result<(), Error> {
            while let Some(key) = next() {
                let path = self.root.join(key);
                self.ops.fsync(&path).map_err(io("cannot synchronise", &path))?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..SYNC_THREADS).map(|_| scope.spawn(work)).collect();
            let outcomes = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            let outcomes: Vec<_> = outcomes
                .map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect();
            outcomes.into_iter().collect()
        })
    }

    /// Puts the pointer in its place, unless it already is.
    fn swap_pointer(&self, bytes: &[u8]) -> Result<bool, Error> {
        let path = self.root.join(POINTER);
        if std::fs::read(&path).is_ok_and(|present| present == bytes) {
            return Ok(false);
        }
        self.write_whole(&path, bytes)?;
        self.ops
            .sync_dir(&self.root)
            .map_err(io("cannot synchronise", &self.root))?;
        Ok(true)
    }

    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        if std::fs::read(path).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        self.write_whole(path, bytes)
    }

    fn write_whole(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let temporary = self.temporary(path);
        self.ops
            .write(&temporary, bytes)
            .map_err(io("cannot write", &temporary))?;
        self.secure(&temporary, path)
    }

    /// Gives a file its bytes and its name; [`secure_files`](Publisher::secure_files) brings it to the disk.
    fn write_unsecured(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let temporary = self.temporary(path);
        self.ops
            .write(&temporary, bytes)
            .map_err(io("cannot write", &temporary))?;
        self.ops.rename(&temporary, path).map_err(io("cannot rename to", path))
    }

    fn secure(&self, temporary: &Path, path: &Path) -> Result<(), Error> {
        self.ops.fsync(temporary).map_err(io("cannot synchronise", temporary))?;
        self.ops.rename(temporary, path).map_err(io("cannot rename to", path))
    }

    /// A name that no other thread of this publisher uses.
    fn temporary(&self, path: &Path) -> PathBuf {
        let number = self.temporaries.fetch_add(1, Ordering::Relaxed);
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}{TEMPORARY}"));
        PathBuf::from(name)
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Listing> {
        // Each insertion is one step: a thread that panicked left the map whole.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Publisher {
    /// What is still temporary belongs to a publication that failed, and can be gigabytes.
    fn drop(&mut self) {
        for directory in [self.root.clone(), self.root.join(FILES)] {
            let _ = remove_temporaries(&directory, &*self.ops);
        }
    }
}

pub(crate) fn lock(root: &Path) -> Result<File, Error> {
    let path = root.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io("cannot open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Locked {
            path: root.to_path_buf(),
        }),
        Err(std::fs::TryLockError::Error(source)) => Err(io("cannot lock", &path)(source)),
    }
}

fn remove_temporaries(directory: &Path, ops: &dyn FileOps) -> Result<(), Error> {
    let entries = std::fs::read_dir(directory).map_err(io("cannot list", directory))?;
    for entry in entries {
        let path = entry.map_err(io("cannot list", directory))?.path();
        if is_temporary(&path) {
            ops.remove(&path).map_err(io("cannot remove", &path))?;
        }
    }
    Ok(())
}

/// Whether a name is a publisher's own: what it is for, a number (or `build`, for a database in the making, or `json`,
/// for the report), `.tmp`; SQLite adds `-journal` to it.
pub(crate) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix("-journal").unwrap_or(&name);
    let mark = name.strip_suffix(TEMPORARY).and_then(|name| name.rsplit_once('.'));
    mark.is_some_and(|(_, mark)| {
        matches!(mark, "build" | "json") || !mark.is_empty() && mark.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn json<T: serde::Serialize>(document: &'static str, value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|source| Error::Serialize { document, source })
}

/// Hash and length of a file, read in pieces.
pub(crate) fn hash_file(path: &Path) -> Result<(blake3::Hash, u64), Error> {
    let mut hasher = blake3::Hasher::new();
    let mut file = File::open(path).map_err(io("cannot open", path))?;
    let length = std::io::copy(&mut file, &mut hasher).map_err(io("cannot read", path))?;
    Ok((hasher.finalize(), length))
}
