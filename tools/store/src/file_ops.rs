//! The seam over file operations.
//!
//! That a crash at any step leaves the old city whole can only be believed when every step has been made to fail. So
//! the publisher changes the disk through this trait alone.

use std::io;
use std::path::Path;

/// Everything a publisher does to a disk.
pub trait FileOps: Send + Sync {
    /// Makes a directory and those above it.
    ///
    /// # Errors
    /// As the system says.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Writes a whole new file, replacing one of that name.
    ///
    /// # Errors
    /// As the system says; part of the file may then exist.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Lets another writer, such as SQLite, make the file.
    ///
    /// # Errors
    /// What the writer returns; part of the file may then exist.
    fn produce(&self, path: &Path, writer: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()>;
    /// Brings a file's bytes to the disk.
    ///
    /// # Errors
    /// As the system says.
    fn fsync(&self, path: &Path) -> io::Result<()>;
    /// Gives a file its name, replacing one of that name in one step.
    ///
    /// # Errors
    /// As the system says; nothing changed then.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Brings a directory's names to the disk.
    ///
    /// # Errors
    /// As the system says.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The disk itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealFiles;

impl FileOps for RealFiles {
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        std::fs::write(path, bytes)
    }

    fn produce(&self, path: &Path, writer: &mut dyn FnMut(&Path) -> io::Result<()>) -> io::Result<()> {
        writer(path)
    }

    fn fsync(&self, path: &Path) -> io::Result<()> {
        // Windows flushes only handles that may write.
        std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)?
            .sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        // Only Unix can open a directory; elsewhere a rename is journalled with the file.
        if cfg!(unix) {
            std::fs::File::open(path)?.sync_all()
        } else {
            Ok(())
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }
}
