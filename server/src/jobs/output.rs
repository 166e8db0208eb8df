//! Where a run puts what it makes.
//!
//! A file is written under a temporary name and renamed when it is whole, so a server that is killed leaves nothing that
//! looks like a result. A run has a budget of bytes: one that writes more than its share fails as if the disk were full,
//! before the disk is.

use super::process::Failure;
use blocks::Cancel;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What ends the names of files that are being written.
pub(crate) const TEMPORARY: &str = ".tmp";

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Made {
    /// The output that it is.
    pub(crate) output: String,
    /// Its name in the run's directory and in addresses.
    pub(crate) file: String,
    /// The name under which it is kept by whoever downloads it.
    pub(crate) download: String,
    pub(crate) media_type: String,
    pub(crate) bytes: u64,
    /// BLAKE3, the first 32 hexadecimal digits.
    pub(crate) hash: String,
}

/// What a run has to work with.
pub(crate) struct Work {
    directory: PathBuf,
    budget: u64,
    progress: Arc<AtomicU8>,
    pub(crate) cancel: Cancel,
}

impl Work {
    pub(crate) fn new(directory: PathBuf, budget: u64, progress: Arc<AtomicU8>, cancel: Cancel) -> Self {
        Self {
            directory,
            budget,
            progress,
            cancel,
        }
    }

    /// What says how much is done; it never goes back.
    pub(crate) fn reporter(&self) -> impl Fn(u64, u64) + Send + Sync + 'static {
        let progress = Arc::clone(&self.progress);
        move |done, total| tell(&progress, done, total)
    }

    /// Writes one result with `write`, whole or not at all.
    pub(crate) fn write(
        &self,
        made: Made,
        write: impl FnOnce(&mut Output) -> Result<(), Failure>,
    ) -> Result<Made, Failure> {
        let whole = self.directory.join(&made.file);
        let temporary = self.directory.join(format!("{}{TEMPORARY}", made.file));
        let written = self.write_under(&temporary, write).and_then(|(bytes, hash)| {
            std::fs::rename(&temporary, &whole)?;
            Ok(Made { bytes, hash, ..made })
        });
        if written.is_err() {
            // What failed once may fail again; the next start removes it.
            let _ = std::fs::remove_file(&temporary);
        }
        written
    }

    fn write_under(
        &self,
        temporary: &Path,
        write: impl FnOnce(&mut Output) -> Result<(), Failure>,
    ) -> Result<(u64, String), Failure> {
        let mut output = Output {
            file: BufWriter::new(File::create(temporary)?),
            at: 0,
            end: 0,
            budget: self.budget,
        };
        write(&mut output)?;
        output.flush()?;
        output.file.get_ref().sync_all()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(temporary)?)?;
        Ok((output.end, hasher.finalize().to_hex()[..32].to_owned()))
    }
}

/// Working is 1 to 99: nought is waiting, a hundred is a result.
fn tell(progress: &AtomicU8, done: u64, total: u64) {
    let percent = 1 + (done.min(total) * 98).checked_div(total).unwrap_or(0);
    progress.fetch_max(percent as u8, Ordering::Relaxed);
}

/// A file under its budget.
pub(crate) struct Output {
    file: BufWriter<File>,
    at: u64,
    end: u64,
    budget: u64,
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.at + bytes.len() as u64 > self.budget {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.file.write(bytes)?;
        self.at += written as u64;
        self.end = self.end.max(self.at);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Output {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if is_full(&error) {
            Self::NoRoom
        } else {
            Self::Inside(error.to_string())
        }
    }
}

/// Whether an error of writing says that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}

/// Writes a small file whole or not at all.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(TEMPORARY);
    let temporary = PathBuf::from(temporary);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    })();
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    fn work(directory: &Path, budget: u64) -> Work {
        Work::new(directory.to_path_buf(), budget, Arc::default(), Cancel::default())
    }

    fn made() -> Made {
        Made {
            output: "world".to_owned(),
            file: "world.zip".to_owned(),
            download: "city.zip".to_owned(),
            media_type: "application/zip".to_owned(),
            bytes: 0,
            hash: String::new(),
        }
    }

    #[test]
    fn a_file_over_its_budget_is_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let failure = work(directory.path(), 10).write(made(), |out| Ok(out.write_all(&[7; 11])?));
        assert!(matches!(failure, Err(Failure::NoRoom)), "{failure:?}");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_is_rewound_counts_its_bytes_once() {
        let directory = tempfile::tempdir().unwrap();
        let made = work(directory.path(), 10).write(made(), |out| {
            out.write_all(&[7; 10])?;
            out.seek(SeekFrom::Start(2))?;
            Ok(out.write_all(&[8; 3])?)
        });
        let made = made.unwrap();
        let bytes = std::fs::read(directory.path().join("world.zip")).unwrap();
        assert_eq!(bytes, [7, 7, 8, 8, 8, 7, 7, 7, 7, 7]);
        assert_eq!(
            (made.bytes, made.hash),
            (10, blake3::hash(&bytes).to_hex()[..32].to_owned())
        );
    }

    #[test]
    fn progress_stays_within_its_bounds_and_never_goes_back() {
        let directory = tempfile::tempdir().unwrap();
        let work = work(directory.path(), 0);
        let (report, mut seen) = (work.reporter(), Vec::new());
        for (done, total) in [(0, 0), (0, 9), (9, 9), (1, 9), (99, 9)] {
            report(done, total);
            seen.push(work.progress.load(Ordering::Relaxed));
        }
        assert_eq!(seen, [1, 1, 99, 99, 99]);
    }
}
