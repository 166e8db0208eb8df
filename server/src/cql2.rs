//! CQL2 as text (OGC 21-065r2): what people and GIS programs write into `filter=`.
//!
//! A text from a stranger becomes a tree of [`store::Condition`]s or a message that says where it went wrong. What is
//! understood: comparisons, `AND`, `OR`, `NOT`, `IS NULL`, `LIKE`, `IN`, `BETWEEN`, `CASEI`, `ACCENTI`, dates and
//! `S_INTERSECTS` with any geometry. What the standard has besides is refused by name. Length, depth and the number of
//! conditions are bounded, so that no text costs much to read or makes a statement that SQLite will not take.

mod geometry;
mod parser;
mod token;

use crate::crs::Crs;
use parser::Parser;
use store::Condition;

/// The most bytes of a filter.
pub(crate) const MOST_BYTES: usize = 8 * 1024;
/// How deep brackets and `NOT` may nest.
const MOST_DEPTH: usize = 32;
/// How many conditions a filter may hold: SQLite takes no deeper tree than a thousand.
const MOST_CONDITIONS: usize = 200;

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Where, counted in letters from 1.
    pub(crate) at: usize,
    /// What is wrong and what would be right.
    pub(crate) what: String,
}

/// Reads a filter; `crs` is that of its geometries.
pub(crate) fn parse(text: &str, crs: &Crs<'_>) -> Result<Condition, Refused> {
    if text.len() > MOST_BYTES {
        return Err(Refused {
            at: text.char_indices().take_while(|(byte, _)| *byte < MOST_BYTES).count() + 1,
            what: format!("a filter has at most {MOST_BYTES} bytes"),
        });
    }
    Parser::new(token::tokens(text)?, text.trim_end().chars().count() + 1, crs).filter()
}

#[cfg(test)]
mod tests;
