//! Bytes put aside on disk.
//!
//! A city is larger than memory; what one stage made waits here for the next. Records are compressed (LZ4), because a triangle's numbers
//! repeat, and the system's page cache keeps what it has room for. The file has no name: it is gone when the run ends, however it ends.

use crate::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Blob {
    pub(crate) at: u64,
    pub(crate) length: u32,
}

/// A file of records; any thread may put and get.
pub(crate) struct Spill {
    directory: PathBuf,
    file: Mutex<Open>,
}

struct Open {
    file: File,
    end: u64,
    /// Not written yet; begins at `end`.
    waiting: Vec<u8>,
}

/// Written in pieces of this size.
const BUFFER: usize = 1 << 20;

impl Spill {
    /// An empty one in a directory that has room.
    pub(crate) fn new(directory: &Path) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(directory).map_err(|source| aside(directory, source))?;
        Ok(Self {
            directory: directory.to_owned(),
            file: Mutex::new(Open {
                file,
                end: 0,
                waiting: Vec::new(),
            }),
        })
    }

    /// Puts bytes that were [`pack`]ed.
    pub(crate) fn put(&self, packed: &[u8]) -> Result<Blob, Error> {
        let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let length = u32::try_from(packed.len()).map_err(|_| aside(&self.directory, too_large()))?;
        let at = open.end + open.waiting.len() as u64;
        open.waiting.extend_from_slice(packed);
        if open.waiting.len() >= BUFFER {
            open.write_out().map_err(|source| aside(&self.directory, source))?;
        }
        Ok(Blob { at, length })
    }

    /// The bytes that were packed.
    pub(crate) fn get(&self, blob: Blob) -> Result<Vec<u8>, Error> {
        let failed = |source| aside(&self.directory, source);
        let mut packed = vec![0; blob.length as usize];
        {
            let mut open = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            if blob.at + u64::from(blob.length) > open.end {
                open.write_out().map_err(failed)?;
            }
            open.file.seek(SeekFrom::Start(blob.at)).map_err(failed)?;
            open.file.read_exact(&mut packed).map_err(failed)?;
        }
        lz4_flex::decompress_size_prepended(&packed).map_err(|source| failed(std::io::Error::other(source)))
    }

    /// What stops a run when this file fails.
    pub(crate) fn failed(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        aside(&self.directory, std::io::Error::other(source))
    }

    /// Puts a value.
    pub(crate) fn put_value(&self, value: &impl Serialize) -> Result<Blob, Error> {
        let bytes = postcard::to_stdvec(value).map_err(|source| self.failed(source))?;
        self.put(&pack(&bytes))
    }

    /// A value that was put.
    pub(crate) fn get_value<T: DeserializeOwned>(&self, blob: Blob) -> Result<T, Error> {
        postcard::from_bytes(&self.get(blob)?).map_err(|source| self.failed(source))
    }
}

impl Open {
    fn write_out(&mut self) -> std::io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&self.waiting)?;
        self.end += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}

/// Compresses bytes for [`Spill::put`]; apart from it so that threads do not wait for each other.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    lz4_flex::compress_prepend_size(bytes)
}

fn aside(directory: &Path, source: std::io::Error) -> Error {
    Error::Aside {
        path: directory.to_owned(),
        source,
    }
}

fn too_large() -> std::io::Error {
    std::io::Error::other("a record is larger than 4 GiB")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn what_is_put_is_got_whether_it_is_written_yet_or_not() {
        let spill = Spill::new(&std::env::temp_dir()).unwrap();
        let record = |n: usize| -> Vec<u8> { (0..n * 700).map(|i| (i * 31 % 251) as u8).collect() };
        let blobs: Vec<Blob> = (0..3000).map(|n| spill.put(&pack(&record(n % 90))).unwrap()).collect();
        for n in [2999, 0, 1500, 2998, 7] {
            assert_eq!(spill.get(blobs[n]).unwrap(), record(n % 90));
        }
    }
}
