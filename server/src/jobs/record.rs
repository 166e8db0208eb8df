//! What outlives the process: a directory for each run, with its record and its results.
//!
//! ```text
//! <state>/jobs/
//!   lock                  held while a server uses the directory
//!   <run>/run.json        the record, replaced in one rename
//!   <run>/<file>          a result, renamed into place when it is whole
//! ```
//!
//! A directory without a record is what a kill left behind, and so is every name that ends in `.tmp`: both are removed
//! at the start. Nothing else in the state directory is touched.

use super::output::{Made, TEMPORARY, write_whole};
use super::process::Estimate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

const RECORD: &str = "run.json";

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// It waits for its turn.
    Accepted,
    /// It is being made.
    Running,
    /// Its results are there.
    Successful,
    /// There will be none.
    Failed,
}

impl Phase {
    /// Whether it has come to its end.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Successful | Self::Failed)
    }

    /// As a status code of OGC 18-062r2, `statusCode.yaml`.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Successful => "successful",
            Self::Failed => "failed",
        }
    }
}

/// One who waits for a run: whoever knows the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) token: String,
    /// Seconds since 1970.
    pub(crate) created: u64,
    /// Whether the results were asked for as they are and not as a document (OGC 18-062r2, 7.11.2.4).
    pub(crate) raw: bool,
}

/// What is known of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) process: String,
    pub(crate) collection: String,
    /// The manifest of the generation that the order was read for, or that the results were made from.
    pub(crate) generation: String,
    pub(crate) inputs: Value,
    /// The hash of the four above: equal orders have equal identities.
    pub(crate) identity: String,
    pub(crate) estimate: Estimate,
    pub(crate) phase: Phase,
    /// Why it failed.
    pub(crate) reason: Option<String>,
    /// Seconds since 1970, as all the following.
    pub(crate) created: u64,
    pub(crate) started: Option<u64>,
    pub(crate) finished: Option<u64>,
    /// When it was last asked for or came to its end: it is kept for a while from then.
    pub(crate) touched: u64,
    pub(crate) holders: Vec<Holder>,
    pub(crate) results: Vec<Made>,
}

impl Record {
    /// Bytes that its results take.
    pub(crate) fn bytes(&self) -> u64 {
        self.results.iter().map(|made| made.bytes).sum()
    }
}

/// The directory of all runs, locked.
pub(crate) struct Folder {
    path: PathBuf,
    /// Held while the folder is.
    _lock: File,
    /// Removed when the server ends, where nobody named a directory.
    _temporary: Option<tempfile::TempDir>,
}

impl Folder {
    /// Opens the directory for runs below `state`, or a temporary one.
    pub(crate) fn open(state: Option<&Path>) -> io::Result<Self> {
        let (path, temporary) = if let Some(state) = state {
            (state.join("jobs"), None)
        } else {
            let temporary = tempfile::Builder::new().prefix("kortteli-jobs-").tempdir()?;
            (temporary.path().to_path_buf(), Some(temporary))
        };
        create_private(&path)?;
        let lock = File::create(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another server uses it"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        Ok(Self {
            path,
            _lock: lock,
            _temporary: temporary,
        })
    }

    /// Where a run's files are.
    pub(crate) fn of(&self, run: &str) -> PathBuf {
        self.path.join(run)
    }

    /// The runs that were kept, by name; removes what is not whole.
    pub(crate) fn read(&self) -> io::Result<Vec<(String, Record)>> {
        let mut runs = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if !is_run(&name) {
                continue;
            }
            match read_record(&entry.path()) {
                Some(record) => {
                    remove_temporary(&entry.path())?;
                    runs.push((name, record));
                }
                None => std::fs::remove_dir_all(entry.path())?,
            }
        }
        runs.sort_by(|(a, left), (b, right)| (left.created, a).cmp(&(right.created, b)));
        Ok(runs)
    }

    /// Writes a run's record; makes its directory where it is not there.
    pub(crate) fn write(&self, run: &str, record: &Record) -> io::Result<()> {
        let directory = self.of(run);
        create_private(&directory)?;
        write_whole(&directory.join(RECORD), &serde_json::to_vec_pretty(record)?)
    }

    /// Removes a run with its results; the record first, so that half a run is none.
    pub(crate) fn remove(&self, run: &str) -> io::Result<()> {
        let directory = self.of(run);
        let gone = |done: io::Result<()>| match done {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        };
        gone(std::fs::remove_file(directory.join(RECORD)))?;
        gone(std::fs::remove_dir_all(directory))
    }
}

/// Whether a name is one that a run has: 16 hexadecimal digits twice.
fn is_run(name: &str) -> bool {
    let hexadecimal = |part: &str| part.len() == 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.split_once('-')
        .is_some_and(|(a, b)| hexadecimal(a) && hexadecimal(b))
}

/// A record whose results are all there with their length.
fn read_record(directory: &Path) -> Option<Record> {
    let record: Record = serde_json::from_slice(&std::fs::read(directory.join(RECORD)).ok()?).ok()?;
    let is_there = |made: &Made| {
        let name = &made.file;
        !name.contains(['/', '\\'])
            && std::fs::metadata(directory.join(name)).is_ok_and(|file| file.is_file() && file.len() == made.bytes)
    };
    record.results.iter().all(is_there).then_some(record)
}

fn remove_temporary(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(TEMPORARY) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// A directory that only this user may look into: the records hold tokens.
fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;
    use serde_json::json;

    const RUN: &str = "0123456789abcdef-0123456789abcdef";

    fn record() -> Record {
        Record {
            process: "block-world".to_owned(),
            collection: "town".to_owned(),
            generation: "manifest.0.json".to_owned(),
            inputs: json!({}),
            identity: "0123456789abcdef".to_owned(),
            estimate: Estimate {
                seconds: 1.0,
                bytes: 2,
                details: json!({}),
            },
            phase: Phase::Accepted,
            reason: None,
            created: 3,
            started: None,
            finished: None,
            touched: 3,
            holders: Vec::new(),
            results: Vec::new(),
        }
    }

    #[test]
    fn what_a_kill_leaves_behind_is_removed_and_what_is_whole_stays() {
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::open(Some(state.path())).unwrap();
        folder.write(RUN, &record()).unwrap();
        std::fs::write(folder.of(RUN).join("world.zip.tmp"), "half").unwrap();
        let half = folder.of("fedcba9876543210-0123456789abcdef");
        std::fs::create_dir(&half).unwrap();
        std::fs::write(half.join("run.json.tmp"), "{").unwrap();
        let foreign = folder.of("notes of the operator");
        std::fs::create_dir(&foreign).unwrap();
        assert_eq!(folder.read().unwrap(), [(RUN.to_owned(), record())]);
        assert!(!folder.of(RUN).join("world.zip.tmp").exists());
        assert!(!half.exists() && foreign.exists());
    }

    #[test]
    fn a_run_whose_result_is_cut_off_is_no_run() {
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::open(Some(state.path())).unwrap();
        let result = Made {
            output: "world".to_owned(),
            file: "world.zip".to_owned(),
            download: "world.zip".to_owned(),
            media_type: "application/zip".to_owned(),
            bytes: 5,
            hash: String::new(),
        };
        let successful = Record {
            results: vec![result],
            ..record()
        };
        folder.write(RUN, &successful).unwrap();
        std::fs::write(folder.of(RUN).join("world.zip"), "12345").unwrap();
        assert_eq!(folder.read().unwrap().len(), 1);
        std::fs::write(folder.of(RUN).join("world.zip"), "123").unwrap();
        assert_eq!(folder.read().unwrap(), []);
        assert!(!folder.of(RUN).exists());
    }

    #[test]
    fn two_servers_cannot_share_a_directory() {
        let state = tempfile::tempdir().unwrap();
        let first = Folder::open(Some(state.path())).unwrap();
        assert!(Folder::open(Some(state.path())).is_err());
        drop(first);
        assert!(Folder::open(Some(state.path())).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look_at_the_tokens() {
        use std::os::unix::fs::PermissionsExt;
        let state = tempfile::tempdir().unwrap();
        let folder = Folder::open(Some(&state.path().join("deep"))).unwrap();
        folder.write(RUN, &record()).unwrap();
        for path in [folder.of(""), folder.of(RUN)] {
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", path.display());
        }
    }
}
