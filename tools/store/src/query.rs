//! Questions about many features: where they are, what they say of themselves, what they are called.
//!
//! Anybody may ask anything, of a city with a million features, on a small computer. Three ways lead to an answer, each
//! with a bound. Where a place is asked for, the R-tree names the few features that may be there, and only those are
//! looked at. Where words are asked for, the full-text index names the best. Otherwise the table is walked from where
//! the last page ended, so that every page costs the same however far one has come; a condition that hardly any
//! feature fulfils would walk it whole, and is stopped when its time is over.
//!
//! How many features match is said where that is known for nothing, or found by looking at no more than
//! [`MOST_COUNTED`] of them; the bound is in steps, not in seconds, so that the same question has the same answer.

pub(crate) mod area;
pub(crate) mod condition;
pub(crate) mod functions;
mod place;
mod walk;
mod words;

use crate::database::Database;
use crate::feature_table::FeatureTable;
use crate::{Error, FeatureRow, Property};
use area::Area;
use condition::{Clause, Condition};
use rusqlite::{Connection, ErrorCode};
use std::time::{Duration, Instant};

/// The most matches that are counted.
pub const MOST_COUNTED: usize = 10_000;
/// Between two looks at the clock, in steps of SQLite's machine.
const STEPS: i32 = 1000;
/// A page ends when its footprints have this many corners, whatever its limit: a page must fit in memory.
const MOST_CORNERS: usize = 1 << 20;

/// A question.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only features whose footprint meets this.
    pub area: Option<Area>,
    /// Only features between these heights: metres above the ellipsoid.
    pub heights: Option<[f64; 2]>,
    /// Only features that fulfil this.
    pub condition: Option<Condition>,
    /// Only features whose name, address or id hold words that begin with these.
    pub words: Option<String>,
    /// Where the page before ended.
    pub after: Option<Cursor>,
    /// The most features of a page.
    pub limit: usize,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// After this feature, in the order of layers and ids. It holds for a later generation too.
    After {
        /// The feature's layer.
        layer: String,
        /// The feature's id.
        id: String,
    },
    /// After this many matches, in the order of relevance.
    Offset(u64),
}

/// Some of the features that match.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The features, without the tiles that show them.
    pub features: Vec<FeatureRow>,
    /// Where the page ended, if there are more.
    pub next: Option<Cursor>,
    /// How many features match in all, if that is known.
    pub matched: Option<u64>,
}

/// What a page is filled with: features until it is full.
struct Filling {
    page: Page,
    limit: usize,
    corners: usize,
}

impl Filling {
    fn new(limit: usize) -> Self {
        Self {
            page: Page::default(),
            limit,
            corners: 0,
        }
    }

    fn is_full(&self) -> bool {
        self.page.features.len() >= self.limit || self.corners > MOST_CORNERS
    }

    fn take(&mut self, row: FeatureRow) {
        self.corners += row.footprint.iter().flatten().map(Vec::len).sum::<usize>();
        self.page.features.push(row);
    }

    /// Says that there are more after the last feature.
    fn goes_on(&mut self) {
        self.page.next = self.page.features.last().map(|row| Cursor::After {
            layer: row.layer.clone(),
            id: row.id.clone(),
        });
    }
}

/// A query in the terms of one table.
struct Asked<'a> {
    table: &'a FeatureTable,
    /// What the rows must fulfil.
    clause: Clause,
}

/// Answers a query.
pub(crate) fn run(
    query: &Query,
    budget: Duration,
    tables: &[&FeatureTable],
    properties: &[Property],
    features: &Database,
    search: &Database,
) -> Result<Page, Error> {
    if let Some(condition) = &query.condition {
        condition.check(properties)?;
    }
    let mut tables = tables.to_vec();
    // What most people come for stands first.
    tables.sort_by_key(|table| table.name != "buildings");
    let asked = tables
        .iter()
        .map(|table| {
            Ok(Asked {
                table,
                clause: clause(query, table)?,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let clock = Clock {
        begun: Instant::now(),
        budget,
    };
    match &query.words {
        Some(words) => words::page(query, words, &asked, features, search, clock),
        None => clock.watch(features, |connection| walk::page(query, &asked, connection, clock)),
    }
}

fn clause(query: &Query, table: &FeatureTable) -> Result<Clause, Error> {
    let mut clause = Clause::default();
    if let Some([low, high]) = query.heights {
        clause.and("\"highest\" >= ? AND \"lowest\" <= ?", [low.into(), high.into()]);
    }
    if let Some(condition) = &query.condition {
        clause.and_condition(condition, table)?;
    }
    if let Some(area) = &query.area {
        clause.and_condition(&Condition::Intersects(area.clone()), table)?;
    }
    Ok(clause)
}

/// When a query began, and how long it may take.
#[derive(Clone, Copy)]
struct Clock {
    begun: Instant,
    budget: Duration,
}

impl Clock {
    /// Does `work` on a connection that is interrupted when the time is over.
    fn watch<T>(self, database: &Database, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        let outcome = database.with(|connection| {
            self.wind(connection);
            let outcome = work(connection);
            connection.progress_handler(0, None::<fn() -> bool>);
            outcome
        });
        match outcome {
            Err(Error::Database { source, .. }) if is_interrupt(&source) => Err(Error::TooSlow {
                seconds: self.budget.as_secs_f64(),
            }),
            outcome => outcome,
        }
    }

    /// Interrupts the connection's work when the time is over.
    fn wind(self, connection: &Connection) {
        let deadline = self.begun + self.budget;
        connection.progress_handler(STEPS, Some(move || Instant::now() >= deadline));
    }

    /// Does `work` that may take this many thousand steps, and answers `None` if it was not done by then.
    fn within_steps<T>(
        self,
        connection: &Connection,
        thousands: u32,
        work: impl FnOnce() -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Option<T>> {
        let mut left = thousands;
        let deadline = self.begun + self.budget;
        let count = move || {
            left = left.saturating_sub(1);
            left == 0 || Instant::now() >= deadline
        };
        connection.progress_handler(STEPS, Some(count));
        let outcome = work();
        self.wind(connection);
        match outcome {
            Ok(done) => Ok(Some(done)),
            Err(error) if is_interrupt(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_interrupt(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}
