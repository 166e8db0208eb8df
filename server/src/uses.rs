//! How much the city is used, and nothing of who uses it.
//!
//! A city that gives its model away wants to know whether anybody takes it. So successes are counted by day, collection
//! and kind of use. A count has no address, no agent, no cookie and no time but the day, so nobody can be found in it.

use axum::http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use time::{Date, OffsetDateTime};

/// The file in the state directory.
const FILE: &str = "use-counts.json";
/// The most days that are kept: ten years.
const MOST_DAYS: usize = 3660;

/// A kind of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A tile, or a tileset that leads to some.
    Tiles,
    /// Features as documents.
    Items,
    /// A model of a part of the city.
    Extract,
    /// A block world.
    Blocks,
    /// The viewer was opened.
    Viewer,
    /// A file of the whole city.
    Downloads,
}

impl Kind {
    /// Every kind, in the order in which they are shown.
    pub(crate) const ALL: [Self; 6] = [
        Self::Viewer,
        Self::Tiles,
        Self::Items,
        Self::Downloads,
        Self::Extract,
        Self::Blocks,
    ];

    /// Its name in documents.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tiles => "tiles",
            Self::Items => "items",
            Self::Extract => "extract",
            Self::Blocks => "blocks",
            Self::Viewer => "viewer",
            Self::Downloads => "downloads",
        }
    }

    /// The kind of use that a pattern of addresses is.
    pub(crate) fn of(pattern: &str) -> Option<Self> {
        let Some(rest) = pattern.strip_prefix("/collections/{collectionId}/") else {
            return match pattern {
                "/viewer/" => Some(Self::Viewer),
                _ if pattern.starts_with("/jobs/") && pattern.contains("/results/") => Some(Self::Blocks),
                _ => None,
            };
        };
        let (first, second) = rest.split_once('/').unwrap_or((rest, ""));
        match (first, second) {
            ("3dtiles", "tileset.json" | "files/{name}") => Some(Self::Tiles),
            ("3dtiles", plain) if plain.starts_with("plain/") => Some(Self::Tiles),
            ("3dtiles", "{name}") | ("3dtiles.3tz", _) => Some(Self::Downloads),
            ("items", _) => Some(Self::Items),
            ("extract", _) => Some(Self::Extract),
            _ => None,
        }
    }

    /// Whether an answer is a use: something was given, or the client has it already. A part that begins later than
    /// the file is the rest of a use that was counted.
    pub(crate) fn is_use(method: &Method, status: StatusCode) -> bool {
        method == Method::GET && (status == StatusCode::OK || status == StatusCode::NOT_MODIFIED)
    }
}

/// Counts of one collection's kinds.
pub(crate) type Counts = BTreeMap<Kind, u64>;
/// Counts by collection.
pub(crate) type Day = BTreeMap<String, Counts>;

/// What the file holds.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// 1
    version: u32,
    /// By date, as 2026-11-23 (UTC).
    days: BTreeMap<String, Day>,
}

type Running = Arc<[AtomicU64; Kind::ALL.len()]>;

/// The counts.
pub(crate) struct Uses {
    file: Option<PathBuf>,
    /// What was counted since [`Self::gather`].
    running: RwLock<HashMap<String, Running>>,
    days: Mutex<BTreeMap<Date, Day>>,
    began: Date,
    /// Whether something was counted since the file was written.
    changed: AtomicBool,
}

/// The day it is (UTC).
pub(crate) fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

/// A date as 2026-11-23.
pub(crate) fn written(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

/// A date that is written as 2026-11-23.
pub(crate) fn read_date(text: &str) -> Option<Date> {
    if !text.bytes().all(|letter| letter.is_ascii_digit() || letter == b'-') {
        return None;
    }
    let mut parts = text.splitn(3, '-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month: u8 = parts.next().filter(|month| month.len() == 2)?.parse().ok()?;
    let day = parts.next().filter(|day| day.len() == 2)?.parse().ok()?;
    Date::from_calendar_date(year, month.try_into().ok()?, day).ok()
}

impl Uses {
    /// The counts kept in `directory`, or new ones in memory alone.
    pub(crate) fn open(directory: Option<&Path>) -> Self {
        let file = directory.map(|directory| directory.join(FILE));
        let days = file.as_deref().map(read).unwrap_or_default();
        Self {
            file,
            running: RwLock::default(),
            days: Mutex::new(days),
            began: today(),
            changed: AtomicBool::new(false),
        }
    }

    /// Whether a restart keeps them.
    pub(crate) fn are_kept(&self) -> bool {
        self.file.is_some()
    }

    /// The first day that is known of.
    pub(crate) fn first(&self) -> Date {
        let days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        days.keys().next().copied().unwrap_or(self.began)
    }

    /// Counts one use; `collection` must be one that is served, or empty where there is none.
    pub(crate) fn count(&self, collection: &str, kind: Kind) {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = running.get(collection) {
            counts[kind as usize].fetch_add(1, Ordering::Relaxed);
            return;
        }
        drop(running);
        let mut running = self.running.write().unwrap_or_else(PoisonError::into_inner);
        let counts = running.entry(collection.to_owned()).or_default();
        counts[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Puts what was counted since the last time under today's date.
    fn gather(&self) {
        let running: Vec<(String, Running)> = {
            let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
            running
                .iter()
                .map(|(name, counts)| (name.clone(), Arc::clone(counts)))
                .collect()
        };
        let mut days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        for (collection, counts) in running {
            for kind in Kind::ALL {
                let count = counts[kind as usize].swap(0, Ordering::Relaxed);
                if count > 0 {
                    self.changed.store(true, Ordering::Relaxed);
                    let day = days.entry(today()).or_default();
                    *day.entry(collection.clone()).or_default().entry(kind).or_default() += count;
                }
            }
        }
        while days.len() > MOST_DAYS {
            days.pop_first();
        }
    }

    /// The days from `from` to `to`, both included, that something was counted on.
    pub(crate) fn between(&self, from: Date, to: Date) -> BTreeMap<Date, Day> {
        self.gather();
        let days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
        if from > to {
            return BTreeMap::new();
        }
        days.range(from..=to).map(|(date, day)| (*date, day.clone())).collect()
    }

    /// Gathers, and writes the file if anything was counted. Writes to disk.
    pub(crate) fn keep(&self) {
        self.gather();
        let Some(file) = self.file.as_deref() else { return };
        if !self.changed.swap(false, Ordering::Relaxed) {
            return;
        }
        let days = {
            let days = self.days.lock().unwrap_or_else(PoisonError::into_inner);
            days.iter().map(|(date, day)| (written(*date), day.clone())).collect()
        };
        if let Err(error) = write(file, &Kept { version: 1, days }) {
            self.changed.store(true, Ordering::Relaxed);
            tracing::warn!(%error, "cannot write the use counts");
        }
    }
}

fn write(file: &Path, kept: &Kept) -> std::io::Result<()> {
    let bytes = serde_json::to_vec_pretty(kept)?;
    // A crash leaves the old counts or the new ones, never half of either.
    let beside = file.with_extension("json.tmp");
    let mut open = std::fs::File::create(&beside)?;
    std::io::Write::write_all(&mut open, &bytes)?;
    open.sync_all()?;
    std::fs::rename(&beside, file)
}

/// The counts of a file. One that cannot be read is set aside: a count is no reason for a city to be dark.
fn read(file: &Path) -> BTreeMap<Date, Day> {
    let read = match std::fs::read(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return BTreeMap::new(),
        Err(error) => Err(error.to_string()),
        Ok(bytes) => serde_json::from_slice::<Kept>(&bytes).map_err(|error| error.to_string()),
    };
    match read {
        Ok(kept) if kept.version == 1 => {
            let days = kept.days.into_iter();
            days.filter_map(|(date, day)| Some((read_date(&date)?, day))).collect()
        }
        wrong => {
            let reason = wrong.err().unwrap_or_else(|| "it is of another version".to_owned());
            let aside = file.with_extension("json.unreadable");
            let moved = std::fs::rename(file, &aside).is_ok();
            tracing::warn!(file = %file.display(), reason, moved, "cannot read the use counts; beginning anew");
            BTreeMap::new()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    fn total(uses: &Uses, collection: &str, kind: Kind) -> u64 {
        let days = uses.between(Date::MIN, Date::MAX);
        let counts = days.values().filter_map(|day| day.get(collection)?.get(&kind));
        counts.sum()
    }

    #[test]
    fn counts_outlive_a_restart_and_the_file_holds_nothing_else() {
        let state = tempfile::tempdir().unwrap();
        let uses = Uses::open(Some(state.path()));
        uses.keep();
        assert!(!state.path().join(FILE).exists(), "nothing happened");
        for _ in 0..3 {
            uses.count("helsinki", Kind::Tiles);
        }
        uses.count("", Kind::Viewer);
        uses.keep();
        drop(uses);
        let uses = Uses::open(Some(state.path()));
        assert_eq!(total(&uses, "helsinki", Kind::Tiles), 3);
        uses.count("helsinki", Kind::Tiles);
        uses.keep();
        let text = std::fs::read_to_string(state.path().join(FILE)).unwrap();
        let today = written(today());
        let expected = format!(
            "{{\"version\":1,\"days\":{{\"{today}\":{{\"\":{{\"viewer\":1}},\"helsinki\":{{\"tiles\":4}}}}}}}}"
        );
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(found.to_string(), expected);
        assert_eq!(
            std::fs::read_dir(state.path()).unwrap().count(),
            1,
            "no temporary file stays"
        );
    }

    #[test]
    fn a_broken_file_is_set_aside() {
        let state = tempfile::tempdir().unwrap();
        for broken in [
            "",
            "{",
            "{\"version\":2,\"days\":{}}",
            "{\"version\":1,\"days\":{},\"visitors\":[]}",
        ] {
            std::fs::write(state.path().join(FILE), broken).unwrap();
            let uses = Uses::open(Some(state.path()));
            uses.count("city", Kind::Items);
            uses.keep();
            assert_eq!(total(&Uses::open(Some(state.path())), "city", Kind::Items), 1);
            let aside = std::fs::read_to_string(state.path().join("use-counts.json.unreadable")).unwrap();
            assert_eq!(aside, broken);
            std::fs::remove_file(state.path().join(FILE)).unwrap();
        }
    }

    #[test]
    fn counting_by_many_threads_loses_nothing() {
        let uses = Uses::open(None);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        uses.count("city", Kind::Tiles);
                        uses.gather();
                    }
                });
            }
        });
        assert_eq!(total(&uses, "city", Kind::Tiles), 4000);
    }

    #[test]
    fn dates_are_read_as_they_are_written() {
        let date = Date::from_calendar_date(2026, time::Month::February, 3).unwrap();
        assert_eq!(written(date), "2026-02-03");
        assert_eq!(read_date("2026-02-03"), Some(date));
        for wrong in [
            "",
            "2026",
            "2026-2-3",
            "2026-02-30",
            "26-02-03",
            "2026-02-03-01",
            "2026-02-0x",
            "+026-02-03",
        ] {
            assert_eq!(read_date(wrong), None, "{wrong}");
        }
    }
}
