//! Where a file can be cut.
//!
//! The first walk keeps the places between members, so that later ones can begin at any of them, each in a thread of its
//! own. A file of a billion bytes has a million members; of those so many are kept that the list stays small.

use std::sync::Arc;

use crate::cursor::{Cursor, Surroundings};

/// How many places are kept: in a file of 64 GB one for each megabyte.
const MOST_SPLITS: usize = 1 << 16;

/// A place between two members.
#[derive(Debug, Clone)]
pub(crate) struct Split {
    /// How many bytes of decoded text lie before it.
    pub(crate) offset: u64,
    /// The line, counted from 1.
    pub(crate) line: u64,
    /// Whether it lies inside the member element, between two objects of it.
    pub(crate) in_member: bool,
    /// Whether the name and the description of the model have been met.
    pub(crate) named: bool,
    pub(crate) described: bool,
    /// Most places have the same.
    pub(crate) around: Arc<Surroundings>,
}

/// The places of a file, in order.
#[derive(Debug, Default)]
pub(crate) struct Splits {
    list: Vec<Split>,
    /// How far they lie apart at least, in bytes.
    gap: u64,
}

impl Splits {
    /// The places.
    pub(crate) fn list(&self) -> &[Split] {
        &self.list
    }

    /// Whether a place here would be kept.
    pub(crate) fn wants(&self, offset: u64) -> bool {
        self.list.last().is_none_or(|last| offset >= last.offset + self.gap)
    }

    /// Keeps the place before the element that the cursor stands on.
    pub(crate) fn keep(&mut self, cursor: &Cursor, in_member: bool, named: bool, described: bool) {
        let around = Surroundings::of(cursor);
        let known = self.list.last().map(|last| &last.around);
        let around = match known {
            Some(known) if **known == around => Arc::clone(known),
            _ => Arc::new(around),
        };
        self.list.push(Split {
            offset: cursor.offset(),
            line: cursor.line(),
            in_member,
            named,
            described,
            around,
        });
        if self.list.len() >= MOST_SPLITS {
            self.thin_out();
        }
    }

    /// Drops about every other place.
    fn thin_out(&mut self) {
        let spread = self.list.last().map_or(0, |last| last.offset) / MOST_SPLITS as u64;
        self.gap = (2 * spread).max(2 * self.gap).max(1);
        let mut next = 0;
        self.list.retain(|split| {
            let keep = split.offset >= next;
            if keep {
                next = split.offset + self.gap;
            }
            keep
        });
    }
}
