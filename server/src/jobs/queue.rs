//! Who waits for what: the runs in memory, and what happens to them. No disk, no clock, no threads.

use super::output::Made;
use super::process::Refusal;
use super::record::{Holder, Phase, Record};
use blocks::Cancel;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// The longest that somebody is asked to wait before asking again, and the shortest, in seconds.
const WAIT: [f64; 2] = [5.0, 600.0];
/// How much of its newest run the pace takes over.
const NEWEST: f64 = 0.3;

/// Bounds of the queue.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Runs at a time.
    pub(crate) running: usize,
    /// Runs that wait.
    pub(crate) queued: usize,
    /// Holders of all runs.
    pub(crate) holders: usize,
    /// Bytes of results, kept and expected.
    pub(crate) bytes: u64,
    /// Seconds that a run is kept after it was last asked for.
    pub(crate) kept: u64,
}

/// A run and what of it is not kept.
pub(crate) struct Run {
    pub(crate) record: Record,
    pub(crate) progress: Arc<AtomicU8>,
    pub(crate) cancel: Cancel,
}

/// What a worker takes from the queue.
pub(crate) struct Task {
    pub(crate) run: String,
    pub(crate) record: Record,
    pub(crate) progress: Arc<AtomicU8>,
    pub(crate) cancel: Cancel,
    /// Bytes that its results may take.
    pub(crate) budget: u64,
}

/// What a holder is told of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    pub(crate) run: String,
    pub(crate) record: Record,
    pub(crate) holder: Holder,
    pub(crate) progress: u8,
    /// How many runs come before it.
    pub(crate) ahead: usize,
    /// Seconds until it is done, about; none when it is.
    pub(crate) seconds: Option<f64>,
    /// When it is no longer kept, in seconds since 1970; none before its end.
    pub(crate) expires: Option<u64>,
}

/// All runs.
pub(crate) struct Queue {
    bounds: Bounds,
    runs: BTreeMap<String, Run>,
    /// Runs by identity: those that a new order may join.
    identities: HashMap<String, String>,
    /// Runs by token.
    tokens: HashMap<String, String>,
    waiting: VecDeque<String>,
    /// Seconds that a run takes for each second of its estimate.
    pace: f64,
}

impl Queue {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            runs: BTreeMap::new(),
            identities: HashMap::new(),
            tokens: HashMap::new(),
            waiting: VecDeque::new(),
            pace: 1.0,
        }
    }

    /// Takes over a run that was kept; what was not at its end waits again.
    pub(crate) fn restore(&mut self, run: String, mut record: Record) {
        if !record.phase.is_over() {
            record.phase = Phase::Accepted;
            record.started = None;
            self.waiting.push_back(run.clone());
        }
        self.insert(run, record);
    }

    fn insert(&mut self, run: String, record: Record) {
        for holder in &record.holders {
            self.tokens.insert(holder.token.clone(), run.clone());
        }
        if record.phase != Phase::Failed {
            self.identities.insert(record.identity.clone(), run.clone());
        }
        let progress = if record.phase == Phase::Successful { 100 } else { 0 };
        let entry = Run {
            record,
            progress: Arc::new(AtomicU8::new(progress)),
            cancel: Cancel::default(),
        };
        self.runs.insert(run, entry);
    }

    /// Adds a holder to the run of an equal order, or the new run. Returns the run, whether it is new, and the runs
    /// whose results have to go for it.
    pub(crate) fn submit(
        &mut self,
        name: String,
        record: Record,
        holder: Holder,
    ) -> Result<(String, bool, Vec<String>), Refusal> {
        if self.tokens.len() >= self.bounds.holders {
            return Err(self.busy());
        }
        let now = holder.created;
        if let Some(known) = self.identities.get(&record.identity).cloned()
            && let Some(run) = self.runs.get_mut(&known)
        {
            run.record.touched = now;
            self.tokens.insert(holder.token.clone(), known.clone());
            run.record.holders.push(holder);
            return Ok((known, false, Vec::new()));
        }
        if self.waiting.len() >= self.bounds.queued {
            return Err(self.busy());
        }
        let removed = self.make_room(record.estimate.bytes, now)?;
        let record = Record {
            holders: vec![holder],
            ..record
        };
        self.insert(name.clone(), record);
        self.waiting.push_back(name.clone());
        Ok((name, true, removed))
    }

    fn busy(&self) -> Refusal {
        let seconds = self.seconds_of_all() / self.bounds.running.max(1) as f64;
        Refusal::Busy {
            seconds: seconds.clamp(WAIT[0], WAIT[1]).ceil() as u64,
        }
    }

    /// Removes the oldest results that nobody holds until there is room for `bytes` more.
    fn make_room(&mut self, bytes: u64, now: u64) -> Result<Vec<String>, Refusal> {
        let free = |queue: &Self| queue.bounds.bytes.checked_sub(queue.bytes() + bytes).is_some();
        let mut spare: Vec<(u64, String)> = self
            .runs
            .iter()
            .filter(|(_, run)| run.record.phase.is_over() && run.record.holders.is_empty())
            .map(|(name, run)| (run.record.touched, name.clone()))
            .collect();
        spare.sort();
        let mut removed = Vec::new();
        for (_, name) in spare {
            if free(self) {
                break;
            }
            self.remove(&name);
            removed.push(name);
        }
        if free(self) {
            return Ok(removed);
        }
        let over = self.runs.values().filter(|run| run.record.phase.is_over());
        let first = over.map(|run| run.record.touched + self.bounds.kept).min();
        let seconds = first.unwrap_or(now).saturating_sub(now) as f64;
        Err(Refusal::NoRoom {
            seconds: seconds.clamp(WAIT[0], WAIT[1]) as u64,
        })
    }

    /// Bytes that results take and will take.
    fn bytes(&self) -> u64 {
        let bytes = |run: &Run| match run.record.phase {
            Phase::Successful | Phase::Failed => run.record.bytes(),
            Phase::Accepted | Phase::Running => run.record.estimate.bytes,
        };
        self.runs.values().map(bytes).sum()
    }

    /// The next run, which is then running.
    pub(crate) fn take(&mut self, now: u64) -> Option<Task> {
        let name = self.waiting.pop_front()?;
        let others = self.bytes();
        let run = self.runs.get_mut(&name)?;
        run.record.phase = Phase::Running;
        run.record.started = Some(now);
        run.progress.store(1, Ordering::Relaxed);
        let own = run.record.estimate.bytes;
        Some(Task {
            run: name,
            record: run.record.clone(),
            progress: Arc::clone(&run.progress),
            cancel: run.cancel.clone(),
            budget: self.bounds.bytes.saturating_sub(others.saturating_sub(own)),
        })
    }

    /// Puts a run that was interrupted back to the front of the queue.
    pub(crate) fn put_back(&mut self, name: &str) {
        if let Some(run) = self.runs.get_mut(name) {
            run.record.phase = Phase::Accepted;
            run.record.started = None;
            self.waiting.push_front(name.to_owned());
        }
    }

    /// Ends a run with its results or the reason why there are none. False if nobody waits for it any more: it is gone.
    pub(crate) fn finish(
        &mut self,
        name: &str,
        outcome: Result<(Vec<Made>, String), String>,
        took: f64,
        now: u64,
    ) -> bool {
        let Some(run) = self.runs.get_mut(name) else {
            return false;
        };
        if run.record.holders.is_empty() && outcome.is_err() {
            self.remove(name);
            return false;
        }
        let record = &mut run.record;
        record.finished = Some(now);
        record.touched = now;
        match outcome {
            Ok((results, generation)) => {
                record.phase = Phase::Successful;
                record.results = results;
                record.generation = generation;
                run.progress.store(100, Ordering::Relaxed);
                let identity = record.identity.clone();
                self.identities.entry(identity).or_insert_with(|| name.to_owned());
                let newest = took / record.estimate.seconds.max(0.01);
                self.pace = (self.pace * (1.0 - NEWEST) + newest * NEWEST).clamp(0.05, 50.0);
            }
            Err(reason) => {
                record.phase = Phase::Failed;
                record.reason = Some(reason);
                // The next order of the same is a new attempt.
                if self.identities.get(&record.identity).is_some_and(|known| known == name) {
                    self.identities.remove(&record.identity);
                }
            }
        }
        true
    }

    /// What whoever knows `token` is told.
    pub(crate) fn view(&self, token: &str) -> Option<View> {
        let name = self.tokens.get(token)?;
        let run = self.runs.get(name)?;
        let holder = run.record.holders.iter().find(|holder| holder.token == token)?;
        let over = run.record.phase.is_over();
        Some(View {
            run: name.clone(),
            record: run.record.clone(),
            holder: holder.clone(),
            progress: run.progress.load(Ordering::Relaxed),
            ahead: self.waiting.iter().position(|waiting| waiting == name).unwrap_or(0),
            seconds: (!over).then(|| self.seconds_until(name)),
            expires: over.then_some(run.record.touched + self.bounds.kept),
        })
    }

    /// Takes a holder away. A run that nobody waits for any more is stopped; one that had not begun is removed, and its
    /// name returned for its files.
    pub(crate) fn dismiss(&mut self, token: &str) -> Option<(View, Option<String>)> {
        let view = self.view(token)?;
        self.tokens.remove(token);
        let run = self.runs.get_mut(&view.run)?;
        run.record.holders.retain(|holder| holder.token != token);
        if !run.record.holders.is_empty() {
            return Some((view, None));
        }
        match run.record.phase {
            Phase::Successful => Some((view, None)),
            Phase::Running => {
                run.cancel.cancel();
                // Whoever asks for the same now begins anew.
                let identity = run.record.identity.clone();
                self.identities.remove(&identity);
                Some((view, None))
            }
            Phase::Accepted | Phase::Failed => {
                let name = view.run.clone();
                self.remove(&name);
                Some((view, Some(name)))
            }
        }
    }

    /// Removes the runs that have been kept long enough; returns their names.
    pub(crate) fn expire(&mut self, now: u64) -> Vec<String> {
        let old = |run: &Run| run.record.phase.is_over() && run.record.touched + self.bounds.kept <= now;
        let names = self
            .runs
            .iter()
            .filter(|(_, run)| old(run))
            .map(|(name, _)| name.clone());
        let names: Vec<String> = names.collect();
        for name in &names {
            self.remove(name);
        }
        names
    }

    fn remove(&mut self, name: &str) {
        let Some(run) = self.runs.remove(name) else { return };
        for holder in &run.record.holders {
            self.tokens.remove(&holder.token);
        }
        if self
            .identities
            .get(&run.record.identity)
            .is_some_and(|known| known == name)
        {
            self.identities.remove(&run.record.identity);
        }
        self.waiting.retain(|waiting| waiting != name);
    }

    /// The record of a run, to be written.
    pub(crate) fn record(&self, name: &str) -> Option<Record> {
        self.runs.get(name).map(|run| run.record.clone())
    }

    /// Stops every run that is being made; they are put back by whoever makes them.
    pub(crate) fn interrupt(&self) {
        for run in self.runs.values().filter(|run| run.record.phase == Phase::Running) {
            run.cancel.cancel();
        }
    }

    /// How many wait, and how many are being made.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let running = self.runs.values().filter(|run| run.record.phase == Phase::Running);
        (self.waiting.len(), running.count())
    }

    /// Seconds of work for an estimate, at the pace of late.
    pub(crate) fn at_pace(&self, seconds: f64) -> f64 {
        seconds * self.pace
    }

    /// Seconds until one more order would begin.
    pub(crate) fn seconds_to_wait(&self) -> f64 {
        let (waiting, running) = self.counts();
        if waiting + running < self.bounds.running {
            return 0.0;
        }
        self.seconds_of_all() / self.bounds.running.max(1) as f64
    }

    fn seconds_of_all(&self) -> f64 {
        let active = self.runs.values().filter(|run| !run.record.phase.is_over());
        active.map(|run| self.seconds_left(run)).sum()
    }

    fn seconds_left(&self, run: &Run) -> f64 {
        let done = f64::from(run.progress.load(Ordering::Relaxed)) / 100.0;
        self.at_pace(run.record.estimate.seconds) * (1.0 - done)
    }

    fn seconds_until(&self, name: &str) -> f64 {
        let Some(run) = self.runs.get(name) else { return 0.0 };
        if run.record.phase == Phase::Running {
            return self.seconds_left(run);
        }
        let before = self.waiting.iter().take_while(|waiting| *waiting != name);
        let before: f64 = before
            .filter_map(|name| self.runs.get(name))
            .map(|run| self.seconds_left(run))
            .sum();
        let running = self.runs.values().filter(|run| run.record.phase == Phase::Running);
        let running: Vec<f64> = running.map(|run| self.seconds_left(run)).collect();
        let free = self.bounds.running > running.len() && before == 0.0;
        let wait = if free {
            0.0
        } else {
            (before + running.iter().sum::<f64>()) / self.bounds.running.max(1) as f64
        };
        wait + self.seconds_left(run)
    }
}
