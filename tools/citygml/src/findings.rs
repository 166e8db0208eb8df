//! What the reader has to say, in words.
//!
//! Each kind of finding has one code, one sentence and one advice, here and nowhere else; the noun that finds it gives the
//! line and the id.

use std::path::PathBuf;

use crate::ring::{BadRing, Mended};
use crate::{Report, Warning};

/// Where findings of one file go. The walks that only collect say nothing, so that nothing is said twice.
#[derive(Debug, Clone)]
pub(crate) struct Findings<'r> {
    report: Option<&'r Report>,
    file: PathBuf,
}

impl<'r> Findings<'r> {
    pub(crate) fn new(report: &'r Report, file: PathBuf) -> Self {
        Self {
            report: Some(report),
            file,
        }
    }

    /// Findings that nobody hears.
    pub(crate) fn silent() -> Self {
        Self {
            report: None,
            file: PathBuf::new(),
        }
    }

    /// Something was lost, mended or guessed.
    pub(crate) fn warn(&self, code: &str, line: u64, id: Option<&str>, message: impl Into<String>, advice: &str) {
        if let Some(report) = self.report {
            report.warn(self.finding(code, line, id, message.into(), advice));
        }
    }

    /// Something was left out by design.
    pub(crate) fn note(&self, code: &str, line: u64, id: Option<&str>, message: impl Into<String>, advice: &str) {
        if let Some(report) = self.report {
            report.note(self.finding(code, line, id, message.into(), advice));
        }
    }

    fn finding(&self, code: &str, line: u64, id: Option<&str>, message: String, advice: &str) -> Warning {
        let warning = Warning::new(code, message, advice)
            .in_file(self.file.clone())
            .at_line(line);
        match id {
            Some(id) => warning.about(id),
            None => warning,
        }
    }

    /// A ring could not be used; `what` became of it.
    pub(crate) fn bad_ring(&self, line: u64, id: Option<&str>, bad: &BadRing, what: &str) {
        let (code, message) = match bad {
            BadRing::Number(word) => ("bad-number", format!("\"{word}\" is not a finite number; {what}.")),
            BadRing::Count { numbers, dimension } => (
                "bad-coordinate-count",
                format!("{numbers} numbers are no whole number of points of {dimension} coordinates; {what}."),
            ),
            BadRing::Short(points) => (
                "ring-too-short",
                format!("a ring has {points} different points instead of three or more; {what}."),
            ),
            BadRing::Curve(kind) => (
                "curve-in-ring",
                format!("a ring is made of {kind}, which has no straight lines; {what}."),
            ),
        };
        self.warn(
            code,
            line,
            id,
            message,
            "Mend the ring in the source, or export it again.",
        );
    }

    /// A ring was mended.
    pub(crate) fn mended_ring(&self, line: u64, id: Option<&str>, mended: Mended) {
        if mended.open {
            self.warn(
                "ring-not-closed",
                line,
                id,
                "the last point of a ring does not repeat the first; it was taken as closed.",
                "A point may be missing: look at the face in the source.",
            );
        }
        if mended.flat {
            self.warn(
                "two-dimensional",
                line,
                id,
                "coordinates have no height; 0 was put in.",
                "Export with three coordinates, or write srsDimension=\"3\" if they have them.",
            );
        }
        if mended.repeated > 0 {
            self.note(
                "repeated-points",
                line,
                id,
                format!("{} repeated points of a ring were left out.", mended.repeated),
                "Nothing need be done.",
            );
        }
    }
}
