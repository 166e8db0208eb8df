//! Warnings: what was wrong with the input, where, and what became of it.
//!
//! One bad building never stops a city, but nobody may be left in the dark about it. Every stage of the pipeline takes
//! a `&Report` and adds typed warnings. A file can hold a million dangling links, so the report keeps the first
//! [`Report::EXAMPLES`] of each code and counts the rest: its memory is bounded by the number of codes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// One thing that was wrong, and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The kind of warning: a short name that never changes, for example `dangling-xlink`.
    pub code: String,
    /// The file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The line in it, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The `gml:id` concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong, and what was done.
    pub message: String,
    /// What the owner of the data can do.
    pub advice: String,
}

impl Warning {
    /// A warning without a place; add one with the builder methods.
    pub fn new(code: &str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            file: None,
            line: None,
            id: None,
            message: message.into(),
            advice: advice.into(),
        }
    }

    /// The same warning, in this file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The same warning, on this line.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same warning, about this `gml:id`.
    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// What examples are sorted by.
    fn place(&self) -> (Option<&Path>, Option<u64>, Option<&str>, &str) {
        (self.file.as_deref(), self.line, self.id.as_deref(), &self.message)
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}:{line}: ", file.display())?,
            (Some(file), None) => write!(f, "{}: ", file.display())?,
            (None, _) => {}
        }
        if let Some(id) = &self.id {
            write!(f, "{id}: ")?;
        }
        write!(f, "{} {} [{}]", self.message, self.advice, self.code)
    }
}

/// All warnings of one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warnings {
    /// The code.
    pub code: String,
    /// How many there were.
    pub count: u64,
    /// The first of them, at most [`Report::EXAMPLES`].
    pub examples: Vec<Warning>,
}

/// What a run has to say: warnings, which mean that something was lost or mended, and notes, which mean that something
/// was left out by design.
#[derive(Debug, Default)]
pub struct Report {
    warnings: Mutex<BTreeMap<String, Warnings>>,
    notes: Mutex<BTreeMap<String, Warnings>>,
}

impl Report {
    /// How many examples are kept of each code.
    pub const EXAMPLES: usize = 20;

    /// An empty report.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a warning: something was lost, mended or guessed.
    pub fn warn(&self, warning: Warning) {
        record(&self.warnings, warning);
    }

    /// Adds a note: something was left out by design (rooms, textures, ...). Notes do not count as warnings.
    pub fn note(&self, note: Warning) {
        record(&self.notes, note);
    }

    /// How many warnings there are of each code.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        counts(&self.warnings)
    }

    /// How many notes there are of each code.
    pub fn note_counts(&self) -> BTreeMap<String, u64> {
        counts(&self.notes)
    }

    /// How many warnings there are.
    pub fn total(&self) -> u64 {
        self.counts().values().sum()
    }

    /// The warnings by code, the code in alphabetical order, the examples in the order of file and line.
    pub fn warnings(&self) -> Vec<Warnings> {
        groups(&self.warnings)
    }

    /// The notes by code, in the same order.
    pub fn notes(&self) -> Vec<Warnings> {
        groups(&self.notes)
    }

    /// The warnings by code, which the report then forgets.
    pub fn take(&self) -> Vec<Warnings> {
        let taken = groups(&self.warnings);
        lock(&self.warnings).clear();
        taken
    }

    /// The report as JSON: `{"warnings": [{code, count, examples: [...]}], "notes": [...]}`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "warnings": self.warnings(), "notes": self.notes() })
    }
}

type Groups = BTreeMap<String, Warnings>;

/// A panic elsewhere while the lock was held leaves a whole map behind: it is used on.
fn lock(groups: &Mutex<Groups>) -> std::sync::MutexGuard<'_, Groups> {
    groups.lock().unwrap_or_else(PoisonError::into_inner)
}

fn record(groups: &Mutex<Groups>, warning: Warning) {
    let mut groups = lock(groups);
    let group = groups.entry(warning.code.clone()).or_insert_with(|| Warnings {
        code: warning.code.clone(),
        count: 0,
        examples: Vec::new(),
    });
    group.count += 1;
    keep_first(&mut group.examples, warning);
}

/// Keeps the first examples by file and line, whatever order the threads report them in.
fn keep_first(examples: &mut Vec<Warning>, warning: Warning) {
    let at = examples.partition_point(|kept| kept.place() <= warning.place());
    if at < Report::EXAMPLES {
        examples.insert(at, warning);
        examples.truncate(Report::EXAMPLES);
    }
}

fn counts(groups: &Mutex<Groups>) -> BTreeMap<String, u64> {
    lock(groups)
        .iter()
        .map(|(code, group)| (code.clone(), group.count))
        .collect()
}

fn groups(groups: &Mutex<Groups>) -> Vec<Warnings> {
    lock(groups).values().cloned().collect()
}
