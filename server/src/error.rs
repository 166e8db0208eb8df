//! Why a server does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a server could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is another server running there?")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// There is nothing to serve.
    #[error("{} holds no collection that can be served{reason}; make one with `kortteli tile <files> -o {}`", store.display(), store.display())]
    NoCollection {
        /// The store.
        store: PathBuf,
        /// What is wrong with those that are there; empty if there are none.
        reason: String,
    },
    /// The directory for what outlives a restart cannot be used.
    #[error("cannot keep anything in {}: {source}", path.display())]
    State {
        /// The directory.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The system gives no more threads.
    #[error("the system gives no threads for jobs")]
    Threads,
    /// The web viewer's directory cannot be read.
    #[error("cannot read the web viewer in {}: {source}", path.display())]
    Viewer {
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The web viewer's directory holds more than a web viewer has.
    #[error("{} holds more than {limit} MiB; name the directory that `cargo xtask web` wrote", path.display())]
    ViewerTooLarge {
        /// The directory.
        path: PathBuf,
        /// The most that is read, in MiB.
        limit: u64,
    },
    /// The configuration file cannot be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The configuration file holds what it cannot.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    ConfigText {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The letter in the line, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A setting cannot have this value.
    #[error("{name}: {reason}")]
    Setting {
        /// The setting as the operator wrote it: a name in the file, a variable or a flag.
        name: String,
        /// What is wrong and what is allowed.
        reason: String,
    },
}

impl Error {
    /// Whether what the operator wrote is at fault, rather than what was found when it was done.
    pub fn is_setting(&self) -> bool {
        matches!(
            self,
            Self::ConfigFile { .. } | Self::ConfigText { .. } | Self::Setting { .. }
        )
    }
}
