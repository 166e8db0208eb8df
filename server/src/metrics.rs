//! Figures for whoever operates the server, as Prometheus reads them.

use crate::places::Place;
use crate::shelf::Collections;
use axum::http::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::{Arc, OnceLock, RwLock};
use std::time::{Duration, SystemTime};

type Labels = Vec<(&'static str, String)>;

/// Upper bounds of the histogram of durations, in seconds: a tile from memory takes a tenth of the first, an extract
/// some of the last.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// What is counted of one pattern of addresses and one class of status.
struct Series {
    requests: Counter,
    bytes: Counter,
    seconds: Histogram,
}

/// Every figure.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    bytes: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram>,
    /// By place, then by class of status; made when first needed, so that nothing is told of what never happened.
    series: Vec<[OnceLock<Series>; 5]>,
    pub(crate) connections: Gauge,
    pub(crate) accepted: Counter,
    pub(crate) cache: CacheFigures,
    pub(crate) generations: Arc<GenerationFigures>,
    memory: Gauge,
    handles: Gauge,
}

/// How the memory of tiles does.
#[derive(Debug, Default, Clone)]
pub(crate) struct CacheFigures {
    pub(crate) hits: Counter,
    pub(crate) misses: Counter,
    pub(crate) bytes: Gauge,
}

/// What became of new generations.
#[derive(Debug, Default)]
pub(crate) struct GenerationFigures {
    /// Takings over, by collection.
    pub(crate) swaps: Family<Labels, Counter>,
    /// Generations that did not open.
    pub(crate) failures: Counter,
    current: Family<Labels, Gauge>,
    lock: RwLock<()>,
}

impl GenerationFigures {
    /// Counts a collection that was opened.
    pub(crate) fn opened(&self, collection: &str) {
        self.swaps
            .get_or_create_owned(&vec![("collection", collection.to_owned())])
            .inc();
    }

    /// Tells which generations are served now.
    pub(crate) fn serving(&self, collections: &Collections) {
        let _whole = self.lock.write();
        self.current.clear();
        for (name, served) in collections {
            let manifest = served.collection.pointer().manifest.clone();
            let labels = vec![("collection", name.clone()), ("manifest", manifest)];
            self.current.get_or_create_owned(&labels).set(1);
        }
    }
}

impl Metrics {
    /// For these places.
    pub(crate) fn new(places: &[Place]) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("kortteli"),
            requests: Family::default(),
            bytes: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            series: places.iter().map(|_| Default::default()).collect(),
            connections: Gauge::default(),
            accepted: Counter::default(),
            cache: CacheFigures::default(),
            generations: Arc::default(),
            memory: Gauge::default(),
            handles: Gauge::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        let (requests, bytes, seconds) = (&self.requests, &self.bytes, &self.seconds);
        registry.register("requests", "Requests answered", requests.clone());
        registry.register("answer_bytes", "Bytes of bodies, as sent", bytes.clone());
        registry.register(
            "answer_seconds",
            "Time to make an answer, without sending it",
            seconds.clone(),
        );
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("connections_accepted", "Connections accepted", self.accepted.clone());
        registry.register("cache_hits", "Tiles found in memory", self.cache.hits.clone());
        registry.register("cache_misses", "Tiles read from disk", self.cache.misses.clone());
        registry.register("cache_bytes", "Bytes of tiles in memory", self.cache.bytes.clone());
        let generations = &self.generations;
        registry.register(
            "generations_opened",
            "Generations taken over",
            generations.swaps.clone(),
        );
        registry.register(
            "generation_failures",
            "Times a generation that did not open was looked at",
            generations.failures.clone(),
        );
        registry.register(
            "generation",
            "The generations being served",
            generations.current.clone(),
        );
        registry.register("resident_memory_bytes", "Memory of the process", self.memory.clone());
        registry.register("open_handles", "Open file handles of the process", self.handles.clone());
        let started = Gauge::<i64>::default();
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        started.set(now.as_secs() as i64);
        registry.register("start_time_seconds", "When the server started, in Unix time", started);
    }

    /// Counts an answer.
    pub(crate) fn answered(&self, place: &Place, status: StatusCode, bytes: u64, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        let Some(slot) = self.series.get(place.number).map(|classes| &classes[class]) else {
            return;
        };
        let series = slot.get_or_init(|| self.series_of(place, class));
        series.requests.inc();
        series.bytes.inc_by(bytes);
        series.seconds.observe(took.as_secs_f64());
    }

    fn series_of(&self, place: &Place, class: usize) -> Series {
        let labels = vec![("route", place.pattern.clone()), ("status", format!("{}xx", class + 1))];
        Series {
            requests: self.requests.get_or_create_owned(&labels),
            bytes: self.bytes.get_or_create_owned(&labels),
            seconds: self.seconds.get_or_create_owned(&labels),
        }
    }

    /// The figures as text (`OpenMetrics` 1.0). Reads from the system.
    pub(crate) fn text(&self) -> String {
        if let Some(bytes) = resident_memory() {
            self.memory.set(bytes);
        }
        if let Ok(handles) = std::fs::read_dir("/proc/self/fd") {
            self.handles.set(handles.count() as i64);
        }
        let _whole = self.generations.lock.read();
        let mut text = String::new();
        // Writing to a string fails only where a metric does.
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "cannot write the metrics");
        }
        text
    }
}

/// Bytes of the process in memory, where the system tells.
fn resident_memory() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
