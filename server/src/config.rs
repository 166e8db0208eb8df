//! What can be set: one file, the same names in the environment and on the command line.
//!
//! A server that is left alone for years is set up once by somebody who will have forgotten how. So there is one file
//! with one name for each thing, a word that is misspelt in it is an error with its line and column, what is in force
//! can be printed as such a file, and the reference is made of the comments below.

mod jobs;
mod quantity;
mod reference;
mod source;

use crate::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

pub use jobs::JobLimits;
pub use reference::{Key, reference};

/// How a server runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The store: a directory of collections, as `kortteli tile` writes it. There is no default.
    pub store: PathBuf,
    /// Address and port to listen on; port 0 takes a free one. Use `0.0.0.0` or `[::]` to be reached from other
    /// machines, best behind a proxy that speaks TLS.
    pub listen: SocketAddr,
    /// Address and port of the listener for `/metrics` (Prometheus) and nothing else. Leave it on the loopback address
    /// unless the network in front of it is closed. Not set: no metrics are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_listen: Option<SocketAddr>,
    /// The directory of the built web viewer, as `cargo xtask web` writes it. Not set: the viewer's address says how to
    /// get one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub viewer: Option<PathBuf>,
    /// The address under which the public reaches this server, for example `https://3d.example.org/city/`. Links become
    /// absolute with it. Not set: links are relative, which is right behind every proxy and under every prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// A directory for what must outlive a restart: use counts, jobs and their results. It is made if it is not there.
    /// Not set: use counts are kept in memory alone and begin anew with each start, and jobs end with the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_dir: Option<PathBuf>,
    /// What is written to standard error.
    pub log: LogSettings,
    /// How much a client may ask of the server.
    pub limits: Limits,
    /// How much is made to order.
    pub jobs: JobLimits,
}

/// What is written to standard error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `text` for people, `json` with one object a line for programs.
    pub format: LogFormat,
    /// The least important lines that are written: `error`, `warn`, `info`, `debug` or `trace`, or a filter as
    /// `warn,server::request=info`. The environment's `RUST_LOG` goes before it.
    pub level: String,
    /// Whether every request has a line: method, pattern of the address, status, duration, bytes, coding and the names
    /// of the query's parameters. Never their values, nor who asked.
    pub requests: bool,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// How much a client may ask of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The most connections at a time; more wait for one to end.
    pub connections: usize,
    /// How long a client may take to send the head of a request, from its first byte.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub header_timeout: Duration,
    /// How long a connection may stay open without a request. A proxy that keeps connections should close them sooner.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub idle_timeout: Duration,
    /// The most bytes of a request's head.
    #[serde(with = "quantity::size")]
    #[schemars(with = "String")]
    pub header_bytes: usize,
    /// The most bytes of a request's body.
    #[serde(with = "quantity::size")]
    #[schemars(with = "String")]
    pub body_bytes: usize,
    /// How long a client may take to send the body of a request.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub body_timeout: Duration,
    /// How long a client may take nothing of an answer before it is cut off.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub stall_timeout: Duration,
    /// The most requests at a time on one HTTP/2 connection.
    pub streams: u32,
    /// How long answers may go on after the server was told to stop.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub drain: Duration,
    /// How often the store is looked at for a new generation.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub poll: Duration,
    /// The most bytes of tiles kept in memory.
    #[serde(with = "quantity::size")]
    #[schemars(with = "String")]
    pub cache_bytes: usize,
    /// The largest box of an extract, in hectares: 100 are a square kilometre.
    pub extract_hectares: u32,
    /// The most bytes of vertices and triangles of an extract. Two extracts are made at once, and each may take three
    /// times as much memory. Those that are made to order have a limit of their own, `jobs.extract_bytes`.
    #[serde(with = "quantity::size")]
    #[schemars(with = "String")]
    pub extract_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: PathBuf::new(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            metrics_listen: None,
            viewer: None,
            public_url: None,
            state_dir: None,
            log: LogSettings::default(),
            limits: Limits::default(),
            jobs: JobLimits::default(),
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".to_owned(),
            requests: true,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            header_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_mins(1),
            header_bytes: 16 * 1024,
            body_bytes: 64 * 1024,
            body_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            streams: 100,
            drain: Duration::from_secs(20),
            poll: Duration::from_secs(2),
            cache_bytes: 128 << 20,
            extract_hectares: 100,
            extract_bytes: 64 << 20,
        }
    }
}

impl Config {
    /// A server of `store` on the loopback address, port 8080.
    pub fn new(store: PathBuf) -> Self {
        Self {
            store,
            ..Self::default()
        }
    }

    /// Checks what the types do not: that numbers are in their bounds and that the public address is one.
    ///
    /// # Errors
    /// [`Error::Setting`] with the name of the first setting that cannot be, and what is allowed.
    pub fn validate(&self) -> Result<(), Error> {
        let refuse = |name: &str, reason: &str| {
            Err(Error::Setting {
                name: name.to_owned(),
                reason: reason.to_owned(),
            })
        };
        if self.store.as_os_str().is_empty() {
            return refuse("store", "it must name a directory of collections");
        }
        self.public_base()?;
        let limits = &self.limits;
        if limits.connections == 0 || limits.connections > tokio::sync::Semaphore::MAX_PERMITS {
            return refuse("limits.connections", "it must be at least 1");
        }
        if limits.streams == 0 {
            return refuse("limits.streams", "it must be at least 1");
        }
        // Below this, ordinary browsers are refused; the HTTP library's own least is the same.
        if !(8 * 1024..=1 << 20).contains(&limits.header_bytes) {
            return refuse("limits.header_bytes", "it must be from 8K to 1M");
        }
        let durations = [
            ("limits.header_timeout", limits.header_timeout),
            ("limits.idle_timeout", limits.idle_timeout),
            ("limits.body_timeout", limits.body_timeout),
            ("limits.stall_timeout", limits.stall_timeout),
            ("limits.poll", limits.poll),
        ];
        for (name, duration) in durations {
            if duration < Duration::from_millis(10) || duration > Duration::from_hours(24) {
                return refuse(name, "it must be from 10ms to 24h");
            }
        }
        if let Some((name, reason)) = self.jobs.wrong() {
            return refuse(name, reason);
        }
        if limits.drain > Duration::from_hours(24) {
            return refuse("limits.drain", "it must be at most 24h");
        }
        Ok(())
    }

    /// The public address, which ends in a slash.
    pub(crate) fn public_base(&self) -> Result<Option<Url>, Error> {
        let Some(text) = &self.public_url else {
            return Ok(None);
        };
        let refuse = |reason: &str| Error::Setting {
            name: "public_url".to_owned(),
            reason: reason.to_owned(),
        };
        let mut url = Url::parse(text).map_err(|error| refuse(&format!("{error}; write it as https://host/path/")))?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(refuse(
                "it must be https:// or http:// with host and path, and neither user, query nor fragment",
            ));
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(Some(url))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests say what they expect by failing")]
mod tests;
