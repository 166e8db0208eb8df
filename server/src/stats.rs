//! What the use counts say of a range of days, beside another of the same length.

mod page;
mod texts;

pub(crate) use page::{privacy, stats};

use crate::uses::{Counts, Day, Kind, Uses, written};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use time::{Date, Duration};

/// The most days of a range.
pub(crate) const MOST_DAYS: i64 = 3660;

/// What a range is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// As many days right before it.
    Previous,
    /// The same days a year (52 weeks, so that weekdays meet) earlier.
    Year,
}

/// Days that are looked at, and those they are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: Date,
    pub(crate) to: Date,
    pub(crate) comparison: Comparison,
}

impl Range {
    /// How many days it has.
    pub(crate) fn days(&self) -> i64 {
        (self.to - self.from).whole_days() + 1
    }

    /// The first and last day that it is compared with.
    pub(crate) fn before(&self) -> (Date, Date) {
        let days = Duration::days(match self.comparison {
            Comparison::Previous => self.days(),
            Comparison::Year => 364,
        });
        (self.from.saturating_sub(days), self.to.saturating_sub(days))
    }
}

/// The counts of a range and of what it is compared with.
pub(crate) struct Summary {
    pub(crate) range: Range,
    /// The days that something was counted on.
    pub(crate) days: BTreeMap<Date, Day>,
    /// By collection and kind: the count of the range and of the other.
    pub(crate) collections: BTreeMap<String, BTreeMap<Kind, (u64, u64)>>,
    /// The first day that is known of.
    pub(crate) since: Date,
    /// Whether a restart keeps the counts.
    pub(crate) kept: bool,
}

impl Summary {
    /// The counts of `range`; of one collection alone if it is named.
    pub(crate) fn of(uses: &Uses, range: Range, collection: Option<&str>) -> Self {
        let wanted = |day: Day| -> Day {
            day.into_iter()
                .filter(|(name, _)| collection.is_none_or(|wanted| wanted == name))
                .collect()
        };
        let between = |from, to| {
            uses.between(from, to)
                .into_iter()
                .map(|(date, day)| (date, wanted(day)))
        };
        let days: BTreeMap<Date, Day> = between(range.from, range.to).collect();
        let (from, to) = range.before();
        let mut collections: BTreeMap<String, BTreeMap<Kind, (u64, u64)>> = BTreeMap::new();
        let mut add = |day: &Day, side: fn(&mut (u64, u64)) -> &mut u64| {
            for (name, counts) in day {
                for (kind, count) in counts {
                    let pair = collections.entry(name.clone()).or_default().entry(*kind).or_default();
                    *side(pair) += count;
                }
            }
        };
        for day in days.values() {
            add(day, |pair| &mut pair.0);
        }
        for (_, day) in between(from, to) {
            add(&day, |pair| &mut pair.1);
        }
        Self {
            range,
            days,
            collections,
            since: uses.first(),
            kept: uses.are_kept(),
        }
    }

    /// The counts of all collections by kind, and of what the range is compared with.
    pub(crate) fn totals(&self) -> BTreeMap<Kind, (u64, u64)> {
        let mut totals: BTreeMap<Kind, (u64, u64)> = BTreeMap::new();
        for (kind, (count, before)) in self.collections.values().flatten() {
            let total = totals.entry(*kind).or_default();
            total.0 += count;
            total.1 += before;
        }
        totals
    }

    /// As a document.
    pub(crate) fn json(&self) -> Value {
        let (from, to) = self.range.before();
        let daily: Vec<Value> = self
            .days
            .iter()
            .map(|(date, day)| json!({ "date": written(*date), "collections": by_name(day) }))
            .collect();
        let collections: Map<String, Value> = self
            .collections
            .iter()
            .map(|(name, kinds)| (name.clone(), pairs(kinds)))
            .collect();
        json!({
            "from": written(self.range.from),
            "to": written(self.range.to),
            "comparedWith": { "from": written(from), "to": written(to) },
            "countedSince": written(self.since),
            "keptAcrossRestarts": self.kept,
            "totals": pairs(&self.totals()),
            "collections": collections,
            "days": daily,
            "links": [
                { "href": "?f=json", "rel": "self", "type": "application/json", "title": "This document" },
                { "href": "?f=html", "rel": "alternate", "type": "text/html", "title": "This document for people" },
                { "href": "privacy", "rel": "privacy-policy", "type": "text/html", "title": "What is kept and what is not" },
            ],
        })
    }
}

fn by_name(day: &Day) -> Map<String, Value> {
    let named = |counts: &Counts| {
        counts
            .iter()
            .map(|(kind, count)| (kind.word().to_owned(), json!(count)))
            .collect()
    };
    day.iter()
        .map(|(name, counts)| (name.clone(), Value::Object(named(counts))))
        .collect()
}

fn pairs(kinds: &BTreeMap<Kind, (u64, u64)>) -> Value {
    let pairs = kinds
        .iter()
        .map(|(kind, (count, before))| (kind.word().to_owned(), json!({ "count": count, "before": before })));
    Value::Object(pairs.collect())
}
