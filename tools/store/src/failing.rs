//! A disk that fails on command.
//!
//! Tests make operation `k` of a publication fail, for every `k`, in three ways: the operation is refused (a full
//! disk), the process is killed at it, or the power goes out and what no fsync had secured is gone. Only the last one
//! shows a missing fsync.

use crate::{FileOps, RealFiles};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// How a [`FailingFiles`] fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One operation is refused, all others work.
    Fail,
    /// The process is gone: the operation is half done, and everything after it is refused.
    Kill,
    /// The power is gone: as [`Fault::Kill`], and what no fsync had brought to the disk is lost.
    PowerCut,
}

/// What a directory would be after a power cut: a name that is not synchronised may still mean what it meant before.
type Unsynced = BTreeMap<PathBuf, Option<Vec<u8>>>;

#[derive(Default)]
struct State {
    count: u64,
    dead: bool,
    /// Files whose bytes no fsync has secured.
    dirty: BTreeSet<PathBuf>,
    /// What names meant when their directory was last synchronised.
    unsynced: Unsynced,
    /// The newest name: a journal may keep it and lose older ones of other directories.
    newest: Option<PathBuf>,
}

/// A disk whose operation number `k` (from 0) fails.
pub struct FailingFiles {
    fault: Fault,
    at: u64,
    state: Mutex<State>,
}

impl FailingFiles {
    /// Fails at operation `at`; `u64::MAX` never fails and only counts.
    pub fn new(fault: Fault, at: u64) -> Self {
        Self {
            fault,
            at,
            state: Mutex::new(State::default()),
        }
    }

    /// How many operations were asked for so far.
    pub fn operations(&self) -> u64 {
        self.lock().count
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Counts an operation; `half` is what a killed process leaves of it.
    fn step(&self, half: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let mut state = self.lock();
        let number = state.count;
        state.count += 1;
        if state.dead {
            return Err(refused());
        }
        if number != self.at {
            return Ok(());
        }
        if self.fault != Fault::Fail {
            half()?;
            state.dead = true;
        }
        if self.fault == Fault::PowerCut {
            state.lose_what_is_not_secured()?;
        }
        Err(refused())
    }

    fn remember(&self, path: &Path) {
        let before = std::fs::read(path).ok();
        let mut state = self.lock();
        state.unsynced.entry(path.to_path_buf()).or_insert(before);
        state.newest = Some(path.to_path_buf());
    }
}

impl State {
    fn lose_what_is_not_secured(&mut self) -> io::Result<()> {
        for path in &self.dirty {
            if let Ok(bytes) = std::fs::read(path) {
                std::fs::write(path, &bytes[..bytes.len() / 2])?;
            }
        }
        let newest = self.newest.take();
        for (path, before) in std::mem::take(&mut self.unsynced) {
            match before {
                _ if newest.as_ref() == Some(&path) => {}
                Some(bytes) => std::fs::write(&path, bytes)?,
                None if path.exists() => std::fs::remove_file(&path)?,
                None => {}
            }
        }
        Ok(())
    }
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "made to fail")
}

impl FileOps for FailingFiles {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.step(|| Ok(()))?;
        RealFiles.create_dir_all(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.step(|| std::fs::write(path, &bytes[..bytes.len() / 2]))?;
        self.lock().dirty.insert(path.to_path_buf());
        RealFiles.write(path, bytes)
    }

    fn produce(&self, path: &Path, writer: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        self.step(|| std::fs::write(path, b"SQLite format 3\0"))?;
        self.lock().dirty.insert(path.to_path_buf());
        RealFiles.produce(path, writer)
    }

    fn fsync(&self, path: &Path) -> io::Result<()> {
        self.step(|| Ok(()))?;
        // Remembering it is enough: no real power is cut, and real disks are slow.
        self.lock().dirty.remove(path);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|| Ok(()))?;
        self.remember(to);
        RealFiles.rename(from, to)?;
        let mut state = self.lock();
        if state.dirty.remove(from) {
            state.dirty.insert(to.to_path_buf());
        }
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step(|| Ok(()))?;
        self.lock().unsynced.retain(|name, _| name.parent() != Some(path));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(|| Ok(()))?;
        RealFiles.remove(path)
    }
}
