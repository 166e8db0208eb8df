//! What is made for a request rather than read: extracts, plain tiles, and how archives are laid out.
//!
//! Making takes memory and time, and anybody may ask. So only so much is made at once, the others wait their turn for a
//! while, what a client no longer waits for is stopped, and what was made stays in the cache.

use crate::archive::Archive;
use crate::problem::Problem;
use axum::http::StatusCode;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many extracts are made at once, besides those to order: each may take three times
/// [`crate::Limits::extract_bytes`] of memory.
const EXTRACTS: usize = 2;
/// How many tiles are made plain at once.
const TILES: usize = 4;
/// How many archives' layouts are kept: some hundred bytes for each file of a collection.
const ARCHIVES: usize = 4;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// Places at the benches.
pub(crate) struct Workshop {
    extracts: Semaphore,
    tiles: Semaphore,
    /// By the hash of the pointer, newest first.
    archives: Mutex<VecDeque<(String, Arc<Archive>)>>,
}

impl Default for Workshop {
    fn default() -> Self {
        Self {
            extracts: Semaphore::new(EXTRACTS),
            tiles: Semaphore::new(TILES),
            archives: Mutex::default(),
        }
    }
}

impl Workshop {
    /// A place to make an extract.
    pub(crate) async fn extract(&self) -> Result<SemaphorePermit<'_>, Problem> {
        place(&self.extracts).await
    }

    /// A place to make a plain tile.
    pub(crate) async fn tile(&self) -> Result<SemaphorePermit<'_>, Problem> {
        place(&self.tiles).await
    }

    /// The archive of the generation whose pointer has this hash, if it is laid out.
    pub(crate) fn archive(&self, pointer_hash: &str) -> Option<Arc<Archive>> {
        let archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        let known = archives.iter().find(|(hash, _)| hash == pointer_hash);
        known.map(|(_, archive)| Arc::clone(archive))
    }

    /// Keeps an archive's layout for a while.
    pub(crate) fn keep(&self, pointer_hash: &str, archive: Archive) -> Arc<Archive> {
        let archive = Arc::new(archive);
        let mut archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        archives.push_front((pointer_hash.to_owned(), Arc::clone(&archive)));
        archives.truncate(ARCHIVES);
        archive
    }
}

async fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Problem> {
    match tokio::time::timeout(PATIENCE, places.acquire()).await {
        Ok(Ok(permit)) => Ok(permit),
        // The semaphore is never closed: what is left is that the time is up.
        _ => Err(Problem::of(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too much is being made for others now. Ask again in a while.",
        )
        .retry_after(PATIENCE.as_secs())),
    }
}

/// Tells work on another thread that nobody waits for it any more: set when it is dropped.
#[derive(Default)]
pub(crate) struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// What the work looks at.
    pub(crate) fn is_over(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
