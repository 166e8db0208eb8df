//! Accepting connections, and ending them in good order.
//!
//! The ready-made loop of the framework sets no timer and no limit: two hundred half-sent requests stay open for ever.
//! This one closes a connection whose request does not come, whose answer is not taken, or that comes when there are
//! too many; and when the server is told to stop, it lets answers that have begun come to their end.

use crate::app::{App, Shared, router};
use crate::cache::Cache;
use crate::connection::Patient;
use crate::jobs::{Jobs, Workers};
use crate::shelf::Shelf;
use crate::viewer_files::ViewerFiles;
use crate::{Config, Error, Limits};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// The most header lines of a request.
const MOST_HEADERS: usize = 64;
/// How long to wait when the system has no more file handles.
const OUT_OF_HANDLES: Duration = Duration::from_millis(200);

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: App,
    workers: Workers,
}

impl Server {
    /// Opens the store and the viewer and begins to listen.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting that cannot be, [`Error::NoCollection`] for a store with nothing to serve, [`Error::Viewer`] and [`Error::ViewerTooLarge`] for
    /// a directory that is no viewer, [`Error::State`] and [`Error::Threads`] where jobs cannot be kept or worked on,
    /// [`Error::Listen`] where the address is taken.
    pub async fn bind(config: &Config) -> Result<Self, Error> {
        config.validate()?;
        let shelf = Arc::new(Shelf::open(&config.store)?);
        let viewer = config.viewer.as_deref().map(ViewerFiles::read).transpose()?;
        let listen = |source| Error::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let jobs = Jobs::open(config.state_dir.as_deref(), &config.jobs, Arc::clone(&shelf))?;
        let workers = Workers::start(&jobs).map_err(|_| Error::Threads)?;
        let cache = Cache::new(config.limits.cache_bytes);
        let app = Arc::new(Shared {
            shelf,
            jobs,
            cache,
            viewer,
            public_base: config.public_base()?,
            config: config.clone(),
            draining: AtomicBool::new(false),
        });
        Ok(Self {
            listener,
            address,
            app,
            workers,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The names of the collections it serves.
    pub fn collections(&self) -> Vec<String> {
        self.app.shelf.current().keys().cloned().collect()
    }

    /// Serves until `stop` is done, then lets answers that have begun come to their end.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let Self {
            listener,
            app,
            mut workers,
            ..
        } = self;
        let limits = app.config.limits;
        let refresher = tokio::spawn(refresh(Arc::clone(&app), limits.poll));
        let connections = GracefulShutdown::new();
        let permits = Arc::new(Semaphore::new(limits.connections));
        let router = router(Arc::clone(&app));
        let accepting = async {
            loop {
                // The semaphore is never closed.
                let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
                    return;
                };
                let stream = accept(&listener).await;
                let connection = connections.watch(connection(stream, router.clone(), &limits));
                tokio::spawn(async move {
                    // A client that breaks off or is too slow is its own affair.
                    let _ = connection.await;
                    drop(permit);
                });
            }
        };
        tokio::select! {
            () = accepting => {}
            () = stop => {}
        }
        app.draining.store(true, Ordering::Relaxed);
        drop(listener);
        let interrupted = tokio::task::spawn_blocking(move || workers.join());
        refresher.abort();
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

async fn accept(listener: &TcpListener) -> TcpStream {
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

type Service = TowerToHyperService<Router>;

fn connection(
    stream: TcpStream,
    router: Router,
    limits: &Limits,
) -> http1::Connection<TokioIo<Patient<TcpStream>>, Service> {
    // Answers are written in as few pieces as they are; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(Patient::new(stream, limits.stall_timeout));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_header_size(limits.header_bytes)
        .max_headers(MOST_HEADERS)
        .serve_connection(io, TowerToHyperService::new(router))
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
