//! Reading the published databases from many threads.

use crate::Error;
use crate::error::database;
use crate::query::functions;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// How many idle connections are kept: one for each thread that usually reads.
const MOST_IDLE: usize = 16;

/// How many prepared statements a connection keeps: those of every table that answer by id.
const STATEMENTS: usize = 64;

/// Opens a new database that one thread will fill.
pub(crate) fn create(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

/// A database that never changes, with a connection for each reader.
pub(crate) struct Database {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Database {
    /// Opens the database, and thereby checks that it is one.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let database = Self {
            path: path.to_path_buf(),
            idle: Mutex::default(),
        };
        database.with(|connection| {
            connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0))
        })?;
        Ok(database)
    }

    /// Runs `work` on a connection of its own.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect().map_err(database(&self.path))?,
        };
        let outcome = work(&connection).map_err(database(&self.path));
        let mut idle = self.idle();
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
        outcome
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let escaped = self
            .path
            .to_string_lossy()
            .replace('%', "%25")
            .replace('?', "%3f")
            .replace('#', "%23");
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        // Immutable: SQLite then takes no locks and looks for no journal, also on a read-only disk.
        let connection = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        functions::register(&connection)?;
        Ok(connection)
    }
}
