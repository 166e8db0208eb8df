//! How much is made to order.

use super::quantity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How much is made to order: block worlds and other jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JobLimits {
    /// The most jobs that are worked on at a time.
    pub running: usize,
    /// The most jobs that wait. Whoever comes then is asked to come again.
    pub queued: usize,
    /// The threads that work on one job. 0 shares half of the processors among the jobs, at least one to each, so that
    /// tiles go on being served.
    pub threads: usize,
    /// The largest area of a job, in square kilometres.
    pub area_km2: f64,
    /// The most bytes of vertices and triangles of an extract that is made to order. Each job that runs may take three
    /// times as much memory, whatever its area.
    #[serde(with = "quantity::size")]
    #[schemars(with = "String")]
    pub extract_bytes: usize,
    /// The most bytes of results that are kept. The oldest that nobody holds go first; when all are held, new orders are
    /// asked to come again.
    #[serde(with = "quantity::size")]
    #[schemars(with = "String")]
    pub disk_bytes: usize,
    /// How long a result is kept after it was made or last ordered.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub expiry: Duration,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            running: 2,
            queued: 50,
            threads: 0,
            area_km2: 4.0,
            extract_bytes: 200 << 20,
            disk_bytes: 10 << 30,
            expiry: Duration::from_hours(24),
        }
    }
}

impl JobLimits {
    /// The threads that work on one job, at least one.
    pub(crate) fn threads(&self) -> usize {
        if self.threads > 0 {
            return self.threads;
        }
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        (processors / 2 / self.running.max(1)).max(1)
    }

    /// The first setting that cannot be, and what is allowed.
    pub(super) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        if !(1..=64).contains(&self.running) {
            Some(("jobs.running", "it must be from 1 to 64"))
        } else if self.queued > 10_000 {
            Some(("jobs.queued", "it must be at most 10000"))
        } else if self.threads > 1024 {
            Some(("jobs.threads", "it must be at most 1024"))
        } else if !(self.area_km2 > 0.0 && self.area_km2 <= 1000.0) {
            Some(("jobs.area_km2", "it must be above 0 and at most 1000"))
        } else if self.extract_bytes > 1 << 30 {
            Some(("jobs.extract_bytes", "it must be at most 1G"))
        } else if self.expiry < Duration::from_secs(1) || self.expiry > Duration::from_hours(24 * 366) {
            Some(("jobs.expiry", "it must be from 1s to 366days"))
        } else {
            None
        }
    }
}
