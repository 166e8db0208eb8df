//! The threads that do the work.

use super::output::{Made, Work};
use super::process::Failure;
use super::queue::Task;
use super::{Jobs, now};
use rayon::ThreadPool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often what has been kept long enough is looked for, at most.
const SWEEP: Duration = Duration::from_secs(30);

/// The threads; they end when they are joined.
pub(crate) struct Workers {
    jobs: Arc<Jobs>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts as many as runs may be made at a time, each with a pool of threads.
    ///
    /// # Errors
    /// As the system has them when it gives no more threads.
    pub(crate) fn start(jobs: &Arc<Jobs>) -> std::io::Result<Self> {
        let mut workers = Self {
            jobs: Arc::clone(jobs),
            threads: Vec::new(),
        };
        for number in 0..jobs.limits.running.max(1) {
            let jobs = Arc::clone(jobs);
            // A pool for each: a thread that waits in one run would else begin another inside it.
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(jobs.limits.threads())
                .thread_name(move |thread| format!("job-{number}-{thread}"))
                .build()
                .map_err(std::io::Error::other)?;
            let builder = std::thread::Builder::new().name(format!("jobs-{number}"));
            // The log of the thread that starts it, which a test may have set for itself.
            let log = tracing::dispatcher::get_default(Clone::clone);
            let thread = builder.spawn(move || tracing::dispatcher::with_default(&log, || jobs.work(&pool)))?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// Interrupts what is being made, which is made again after the next start, and waits for the threads.
    pub(crate) fn join(&mut self) {
        self.jobs.stopping.store(true, Ordering::Relaxed);
        self.jobs.queue().interrupt();
        self.jobs.bell.notify_all();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread for jobs ended early");
            }
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.join();
    }
}

impl Jobs {
    fn work(&self, pool: &ThreadPool) {
        while let Some(task) = self.next() {
            self.write_or_log(&task.run);
            let begun = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(|| self.make(&task, pool)));
            let outcome = outcome.unwrap_or_else(|_| Err(Failure::Inside("it panicked".to_owned())));
            self.end(&task, outcome, begun.elapsed());
        }
    }

    /// Waits for a run. None when the server stops.
    fn next(&self) -> Option<Task> {
        let sweep = (self.limits.expiry / 4).clamp(Duration::from_millis(50), SWEEP);
        let mut queue = self.queue();
        loop {
            if self.stopping.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(task) = queue.take(now()) {
                return Some(task);
            }
            let old = queue.expire(now());
            if old.is_empty() {
                let waited = self.bell.wait_timeout(queue, sweep);
                queue = waited.unwrap_or_else(PoisonError::into_inner).0;
            } else {
                drop(queue);
                for name in old {
                    self.remove(&name);
                }
                queue = self.queue();
            }
        }
    }

    fn make(&self, task: &Task, pool: &ThreadPool) -> Result<(Vec<Made>, String), Failure> {
        let record = &task.record;
        let process = self
            .process(&record.process)
            .ok_or_else(|| Failure::Impossible("The server no longer makes this.".to_owned()))?;
        let served = self
            .shelf
            .get(&record.collection)
            .ok_or_else(|| Failure::Impossible("The collection is no longer served.".to_owned()))?;
        let work = Work::new(
            self.folder.of(&task.run),
            task.budget,
            Arc::clone(&task.progress),
            task.cancel.clone(),
        );
        let made = pool.install(|| process.run(&served.collection, &record.inputs, &work))?;
        Ok((made, served.collection.pointer().manifest.clone()))
    }

    fn end(&self, task: &Task, outcome: Result<(Vec<Made>, String), Failure>, took: Duration) {
        let process = &task.record.process;
        let outcome = match outcome {
            Err(Failure::Stopped) if self.stopping.load(Ordering::Relaxed) => {
                self.queue().put_back(&task.run);
                return self.write_or_log(&task.run);
            }
            Err(Failure::Stopped) => Err("Nobody waited for it any more.".to_owned()),
            Err(Failure::Impossible(reason)) => Err(reason),
            Err(Failure::NoRoom) => {
                tracing::error!(process, "there is no room for the results of a job");
                Err("There is not enough room on the server's disk. Nothing was lost; try again later.".to_owned())
            }
            Err(Failure::Inside(error)) => {
                tracing::error!(process, error, "a job failed");
                Err("It could not be made. The operator has been told.".to_owned())
            }
            Ok(made) => Ok(made),
        };
        let (status, ms) = (
            if outcome.is_ok() { "made" } else { "not made" },
            took.as_millis() as u64,
        );
        tracing::info!(
            process,
            status,
            ms,
            estimate = task.record.estimate.seconds,
            "a job ended"
        );
        let is_kept = self.queue().finish(&task.run, outcome, took.as_secs_f64(), now());
        if is_kept {
            self.write_or_log(&task.run);
        } else {
            self.remove(&task.run);
        }
    }
}
