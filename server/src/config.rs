//! What can be set.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// How a server runs.
#[derive(Debug, Clone)]
pub struct Config {
    /// The store: a directory of collections.
    pub store: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The directory of the built web viewer.
    pub viewer: Option<PathBuf>,
    /// How much a client may ask of the server.
    pub limits: Limits,
}

impl Config {
    /// A server of `store` on the loopback address, port 8080.
    pub fn new(store: PathBuf) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        Self {
            store,
            listen,
            viewer: None,
            limits: Limits::default(),
        }
    }
}

/// How much a client may ask of the server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most connections at a time; more wait for one to end.
    pub connections: usize,
    /// How long a client may take to send the head of a request, and how long a connection may idle between requests.
    pub header_timeout: Duration,
    /// The most bytes of a request's head.
    pub header_bytes: usize,
    /// How long a client may take nothing of an answer before it is cut off.
    pub stall_timeout: Duration,
    /// How long answers may go on after the server was told to stop.
    pub drain: Duration,
    /// How often the store is looked at for a new generation.
    pub poll: Duration,
    /// The most bytes of tiles kept in memory.
    pub cache_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            header_timeout: Duration::from_secs(5),
            header_bytes: 16 * 1024,
            stall_timeout: Duration::from_secs(30),
            drain: Duration::from_secs(20),
            poll: Duration::from_secs(2),
            cache_bytes: 128 << 20,
        }
    }
}
