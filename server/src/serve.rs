//! Accepting connections, and ending them in good order.
//!
//! The ready-made loop of the framework sets no timer and no limit: two hundred half-sent requests stay open for ever.
//! This one closes a connection whose request does not come, whose answer is not taken, or that comes when there are
//! too many; and when the server is told to stop, it lets answers that have begun come to their end.

use crate::app::{App, Shared, places, router};
use crate::cache::Cache;
use crate::connection;
use crate::front::Front;
use crate::jobs::{Jobs, Workers};
use crate::metrics::Metrics;
use crate::queries::Queries;
use crate::routes::metrics;
use crate::shelf::Shelf;
use crate::uses::Uses;
use crate::viewer_files::ViewerFiles;
use crate::workshop::Workshop;
use crate::{Config, Error, Limits};
use hyper_util::server::graceful::GracefulShutdown;
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};

/// How long to wait when the system has no more file handles.
const OUT_OF_HANDLES: Duration = Duration::from_millis(200);
/// Connections that wait to be accepted. Where there are more, the system drops those that come, and their clients try
/// again after a second or more.
const BACKLOG: u32 = 4096;
/// How often use counts are written to disk.
const KEEP_COUNTS: Duration = Duration::from_secs(15);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    /// For the figures.
    metrics: Option<(TcpListener, SocketAddr)>,
    app: App,
    workers: Workers,
}

impl Server {
    /// Opens the store and the viewer and begins to listen.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting that cannot be, [`Error::State`] for a state directory that cannot be made,
    /// [`Error::NoCollection`] for a store with nothing to serve, [`Error::Viewer`] and [`Error::ViewerTooLarge`] for
    /// a directory that is no viewer, [`Error::Threads`] where jobs cannot be worked on, [`Error::Listen`] where an
    /// address is taken.
    #[allow(clippy::unused_async, reason = "it must be called within a runtime, which this says")]
    pub async fn bind(config: &Config) -> Result<Self, Error> {
        config.validate()?;
        let places = places();
        let metrics = Metrics::new(places.all());
        let shelf = Arc::new(Shelf::open(&config.store, Arc::clone(&metrics.generations))?);
        let viewer = config.viewer.as_deref().map(ViewerFiles::read).transpose()?;
        if let Some(directory) = &config.state_dir {
            made(directory)?;
        }
        let (listener, address) = listen(config.listen)?;
        let figures = match config.metrics_listen {
            Some(address) => Some(listen(address)?),
            None => None,
        };
        let jobs = Jobs::open(config.state_dir.as_deref(), &config.jobs, Arc::clone(&shelf))?;
        let workers = Workers::start(&jobs).map_err(|_| Error::Threads)?;
        let app = Arc::new(Shared {
            shelf,
            jobs,
            cache: Cache::new(config.limits.cache_bytes, metrics.cache.clone()),
            workshop: Workshop::default(),
            viewer,
            queries: Queries::default(),
            public_base: config.public_base()?,
            uses: Uses::open(config.state_dir.as_deref()),
            config: config.clone(),
            places,
            metrics,
            draining: AtomicBool::new(false),
        });
        Ok(Self {
            listener,
            address,
            metrics: figures,
            app,
            workers,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it tells its figures, if it does.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(_, address)| *address)
    }

    /// The names of the collections it serves.
    pub fn collections(&self) -> Vec<String> {
        self.app.shelf.current().keys().cloned().collect()
    }

    /// Serves until `stop` is done, then lets answers that have begun come to their end.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let Self {
            listener,
            metrics,
            app,
            mut workers,
            ..
        } = self;
        let limits = app.config.limits;
        let refresher = tokio::spawn(refresh(Arc::clone(&app), limits.poll));
        let keeper = tokio::spawn(keep(Arc::clone(&app)));
        let figures = metrics.map(|(listener, _)| tokio::spawn(metrics::serve(listener, Arc::clone(&app))));
        let connections = GracefulShutdown::new();
        let (tell, stopping) = watch::channel(false);
        let front = Front::new(Arc::clone(&app), router(Arc::clone(&app)));
        if !app.uses.are_kept() {
            tracing::info!("no state_dir is set: use counts are kept in memory alone");
        }
        tokio::select! {
            () = accept_all(&listener, &front, &limits, &connections, &stopping) => {}
            () = stop => {}
        }
        app.draining.store(true, Ordering::Relaxed);
        drop(listener);
        tell.send_replace(true);
        let interrupted = tokio::task::spawn_blocking(move || workers.join());
        refresher.abort();
        keeper.abort();
        tracing::info!(connections = connections.count(), "stopping");
        if tokio::time::timeout(limits.drain, connections.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("some answers were cut off");
        }
        if interrupted.await.is_err() {
            tracing::error!("jobs could not be interrupted");
        }
        if let Some(figures) = figures {
            figures.abort();
        }
        let kept = tokio::task::spawn_blocking(move || app.uses.keep());
        if kept.await.is_err() {
            tracing::error!("writing the use counts failed");
        }
    }
}

fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let refuse = |source| Error::Listen { address, source };
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }
    .map_err(refuse)?;
    // A restart must not wait for connections of the last run to fade.
    socket.set_reuseaddr(cfg!(unix)).map_err(refuse)?;
    socket.bind(address).map_err(refuse)?;
    let listener = socket.listen(BACKLOG).map_err(refuse)?;
    let found = listener.local_addr().map_err(refuse)?;
    Ok((listener, found))
}

fn made(directory: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(directory).map_err(|source| Error::State {
        path: directory.to_path_buf(),
        source,
    })
}

async fn accept_all(
    listener: &TcpListener,
    front: &Front,
    limits: &Limits,
    connections: &GracefulShutdown,
    stopping: &watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(limits.connections));
    // The semaphore is never closed.
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        let stream = accept(listener).await;
        let (watcher, stopping) = (connections.watcher(), stopping.clone());
        let (front, limits) = (front.another(), *limits);
        let open = front.opened();
        tokio::spawn(async move {
            connection::serve(stream, front, limits, watcher, stopping).await;
            drop((permit, open));
        });
    }
}

/// Checks the settings and what they name, but for the store and the addresses.
///
/// # Errors
/// [`Error::Setting`], [`Error::Viewer`] and [`Error::ViewerTooLarge`].
pub fn check(config: &Config) -> Result<(), Error> {
    config.validate()?;
    config.viewer.as_deref().map(ViewerFiles::read).transpose()?;
    Ok(())
}

pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => {
                // A client that was gone before it was accepted is nothing; without handles, others must end first.
                if error.kind() != std::io::ErrorKind::ConnectionAborted
                    && error.kind() != std::io::ErrorKind::ConnectionReset
                {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(OUT_OF_HANDLES).await;
                }
            }
        }
    }
}

/// Takes over new generations.
async fn refresh(app: App, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let app = Arc::clone(&app);
        if tokio::task::spawn_blocking(move || app.shelf.refresh()).await.is_err() {
            tracing::error!("looking for new generations failed");
        }
    }
}

/// Writes the use counts now and then.
async fn keep(app: App) {
    loop {
        tokio::time::sleep(KEEP_COUNTS).await;
        let app = Arc::clone(&app);
        if tokio::task::spawn_blocking(move || app.uses.keep()).await.is_err() {
            tracing::error!("writing the use counts failed");
        }
    }
}
