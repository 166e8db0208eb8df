//! Jobs: what takes too long for one answer (OGC API - Processes 1.0, 18-062r2).
//!
//! A class of thirty asks for the same square within a minute, closes half of its browsers, and wants its worlds before
//! the bell. So a wish and the work for it are two things. A *run* is the work: its identity is the hash of the data's
//! version, the process and the inputs, so equal wishes share one run and one result. A *holder* is a wish: every
//! request gets a token of 128 random bits, which is its job's address and the only way to it. Whoever dismisses a job
//! lets go of the run, and the run stops when nobody holds it. Jobs of others can be neither listed nor ended.
//!
//! * [`process`]: what can be made, behind one trait: [`block_world`], [`city_model`] and [`city_archive`].
//! * [`queue`]: who waits for what. In memory, without clock or disk.
//! * [`record`]: what outlives the process. A run that a restart interrupts begins again.
//! * [`output`]: files that are there whole or not at all.
//!
//! The work is done by threads of its own, fewer than the machine has, so that tiles go on being served.

mod block_world;
mod city_archive;
mod city_model;
mod output;
mod process;
mod queue;
mod record;
mod worker;

pub(crate) use output::Made;
pub(crate) use process::{Estimate, Process, Refusal};
pub(crate) use queue::View;
pub(crate) use record::Phase;
pub(crate) use worker::Workers;

use crate::shelf::{Served, Shelf};
use crate::{Error, JobLimits};
use process::Order;
use queue::{Bounds, Queue};
use record::{Folder, Holder, Record};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// Changes when equal inputs begin to give other results.
const RECIPE: &str = "1";
/// The most holders of all runs: each takes a few hundred bytes.
const MOST_HOLDERS: usize = 10_000;
/// Estimates at a time.
const ESTIMATES: usize = 4;
/// Those who follow their jobs at a time; each has a connection.
const FOLLOWERS: usize = 1000;

/// What handlers and workers share of the jobs.
pub(crate) struct Jobs {
    processes: Vec<Box<dyn Process>>,
    shelf: Arc<Shelf>,
    queue: Mutex<Queue>,
    /// Rung when something waits, and at the end.
    bell: Condvar,
    folder: Folder,
    /// Held while records are written, so that the newest is written last.
    writing: Mutex<()>,
    limits: JobLimits,
    stopping: AtomicBool,
    estimating: Semaphore,
    following: Arc<Semaphore>,
}

/// The estimate of an order, and when it would be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quote {
    pub(crate) estimate: Estimate,
    pub(crate) inputs: Value,
    pub(crate) collection: String,
    /// Seconds of work at the pace of late.
    pub(crate) seconds: f64,
    /// Seconds until it would begin.
    pub(crate) wait: f64,
}

/// A result that can be sent.
pub(crate) struct Found {
    pub(crate) made: Made,
    pub(crate) path: PathBuf,
    /// Seconds that it is still kept.
    pub(crate) kept: u64,
}

impl Jobs {
    /// Opens the directory of the runs and takes over those that are in it.
    ///
    /// # Errors
    /// [`Error::State`] where the directory cannot be used.
    pub(crate) fn open(state: Option<&Path>, limits: &JobLimits, shelf: Arc<Shelf>) -> Result<Arc<Self>, Error> {
        let failed = |source| Error::State {
            path: state.map_or_else(std::env::temp_dir, Path::to_path_buf),
            source,
        };
        let folder = Folder::open(state).map_err(failed)?;
        let mut queue = Queue::new(Bounds {
            running: limits.running,
            queued: limits.queued,
            holders: MOST_HOLDERS,
            bytes: limits.disk_bytes as u64,
            kept: limits.expiry.as_secs().max(1),
        });
        for (name, record) in folder.read().map_err(failed)? {
            if record.phase.is_over() || !record.holders.is_empty() {
                queue.restore(name, record);
            } else {
                folder.remove(&name).map_err(failed)?;
            }
        }
        Ok(Arc::new(Self {
            processes: processes(limits),
            shelf,
            queue: Mutex::new(queue),
            bell: Condvar::new(),
            folder,
            writing: Mutex::default(),
            limits: limits.clone(),
            stopping: AtomicBool::new(false),
            estimating: Semaphore::new(ESTIMATES),
            following: Arc::new(Semaphore::new(FOLLOWERS)),
        }))
    }

    /// The processes there are.
    pub(crate) fn processes(&self) -> &[Box<dyn Process>] {
        &self.processes
    }

    /// The process of this name.
    pub(crate) fn process(&self, id: &str) -> Option<&dyn Process> {
        self.processes
            .iter()
            .find(|process| process.id() == id)
            .map(AsRef::as_ref)
    }

    /// Leave to read the store for an estimate: a few at a time.
    pub(crate) fn may_estimate(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        self.estimating.try_acquire().map_err(|_| Refusal::Busy { seconds: 1 })
    }

    /// A seat for somebody who follows a job; none when all are taken.
    pub(crate) fn follow(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.following).try_acquire_owned().ok()
    }

    /// What an order would take. Reads from disk.
    pub(crate) fn quote(&self, process: &str, inputs: &Map<String, Value>) -> Result<Quote, Refusal> {
        let process = self.process(process).ok_or(Refusal::NoProcess)?;
        let (order, served) = self.read(process, inputs)?;
        let estimate = process.estimate(&served.collection, &order.inputs)?;
        let queue = self.queue();
        Ok(Quote {
            seconds: queue.at_pace(estimate.seconds),
            wait: queue.seconds_to_wait(),
            estimate,
            inputs: order.inputs,
            collection: order.collection,
        })
    }

    /// Takes an order and returns the token of the new job. Reads from disk and writes to it.
    pub(crate) fn submit(&self, process: &str, inputs: &Map<String, Value>, raw: bool) -> Result<String, Refusal> {
        let process = self.process(process).ok_or(Refusal::NoProcess)?;
        let (order, served) = self.read(process, inputs)?;
        let estimate = process.estimate(&served.collection, &order.inputs)?;
        let now = now();
        let holder = Holder {
            token: random::<16>()?,
            created: now,
            raw,
        };
        let token = holder.token.clone();
        let generation = served.collection.pointer().manifest.clone();
        let record = begun(process.id(), order, generation, estimate, now);
        let name = format!("{}-{}", record.identity, random::<8>()?);
        let (run, is_new, removed) = self.queue().submit(name, record, holder)?;
        for name in removed {
            self.remove(&name);
        }
        if let Err(error) = self.write(&run) {
            tracing::error!(%error, "cannot write the record of a job");
            self.dismiss(&token);
            return Err(Refusal::Disk);
        }
        if is_new {
            self.bell.notify_one();
        }
        Ok(token)
    }

    fn read(&self, process: &dyn Process, inputs: &Map<String, Value>) -> Result<(Order, Arc<Served>), Refusal> {
        let collections = self.shelf.current();
        let order = process.read(inputs, &collections)?;
        let served = collections.get(&order.collection).cloned().ok_or(Refusal::Inside)?;
        Ok((order, served))
    }

    /// What the job of this token has come to.
    pub(crate) fn view(&self, token: &str) -> Option<View> {
        self.queue().view(token)
    }

    /// Ends a job: the run goes on for others who hold it. Writes to disk.
    pub(crate) fn dismiss(&self, token: &str) -> Option<View> {
        let (view, removed) = self.queue().dismiss(token)?;
        match removed {
            Some(name) => self.remove(&name),
            None => self.write_or_log(&view.run),
        }
        Some(view)
    }

    /// A result of a job by the name of its file.
    pub(crate) fn result(&self, token: &str, file: &str) -> Option<Found> {
        let view = self.view(token)?;
        let made = view.record.results.iter().find(|made| made.file == file)?;
        Some(Found {
            made: made.clone(),
            path: self.folder.of(&view.run).join(&made.file),
            kept: view.expires.unwrap_or_default().saturating_sub(now()),
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the record of a run as it is now.
    fn write(&self, run: &str) -> std::io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let record = self.queue().record(run);
        record.map_or(Ok(()), |record| self.folder.write(run, &record))
    }

    fn write_or_log(&self, run: &str) {
        if let Err(error) = self.write(run) {
            tracing::error!(%error, "cannot write the record of a job");
        }
    }

    fn remove(&self, run: &str) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.folder.remove(run) {
            tracing::error!(%error, "cannot remove a job's files");
        }
    }
}

/// What can be ordered.
fn processes(limits: &JobLimits) -> Vec<Box<dyn Process>> {
    let block_world = block_world::BlockWorld {
        area_km2: limits.area_km2,
    };
    let city_model = city_model::CityModel {
        limits: extract::Limits {
            area_km2: limits.area_km2,
            bytes: limits.extract_bytes as u64,
        },
    };
    vec![
        Box::new(block_world),
        Box::new(city_model),
        Box::new(city_archive::CityArchive),
    ]
}

/// A record of an order that was just read.
fn begun(process: &str, order: Order, generation: String, estimate: Estimate, now: u64) -> Record {
    let identity = identity(process, &generation, &order);
    Record {
        process: process.to_owned(),
        collection: order.collection,
        generation,
        inputs: order.inputs,
        identity,
        estimate,
        phase: Phase::Accepted,
        reason: None,
        created: now,
        started: None,
        finished: None,
        touched: now,
        holders: Vec::new(),
        results: Vec::new(),
    }
}

/// The hash of what decides a result: 16 hexadecimal digits. Collections may share a manifest's bytes, so their names
/// count too.
fn identity(process: &str, generation: &str, order: &Order) -> String {
    let parts = serde_json::json!([RECIPE, process, order.collection, generation, order.inputs]);
    blake3::hash(parts.to_string().as_bytes()).to_hex()[..16].to_owned()
}

/// Random bytes from the system as hexadecimal digits.
fn random<const N: usize>() -> Result<String, Refusal> {
    use std::fmt::Write as _;
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        Refusal::Inside
    })?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
