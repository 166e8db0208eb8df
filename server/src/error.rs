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
}
