//! Objects without a `gml:id` that are alike.
//!
//! An id that is made from the shape of an object is the same for two that have one shape; the second is then called by
//! its number. Which one is the second cannot be known by whoever reads a piece of the file, so it is found out beforehand,
//! by reading the objects without an id once more. Most files have none.

use std::collections::HashMap;

use crate::hash::id_hash;
use crate::walk::Walk;
use crate::{Error, Reader};

/// How much of a file is looked at together, in bytes.
const PIECE: u64 = 1 << 20;

/// An object without a `gml:id`: where the top-level object begins, and the how manyth of those in it (a group may hold
/// several).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Nameless {
    pub(crate) place: u64,
    pub(crate) nth: u32,
}

/// The objects of which one before is alike.
#[derive(Debug, Default)]
pub(crate) struct Twins(HashMap<Nameless, u32>);

impl Twins {
    /// Reads the objects without an id.
    pub(crate) fn find(reader: &Reader<'_>) -> Result<Self, Error> {
        let mut twins = Self::default();
        if reader.survey.nameless.is_empty() {
            return Ok(twins);
        }
        let mut counts: HashMap<u64, u32> = HashMap::new();
        for chunk in reader.chunks(PIECE) {
            let document = chunk.open(reader.path(), reader.header().version)?;
            let _ = Walk::only_nameless(reader, document).through(|object, at| {
                if !object.id_generated {
                    return true;
                }
                let count = counts.entry(id_hash(object.id.as_bytes())).or_insert(0);
                *count += 1;
                if *count > 1 {
                    twins.0.insert(at.nameless, *count);
                }
                true
            })?;
        }
        Ok(twins)
    }

    /// The number of an object, where one before is alike: 2 for the second.
    pub(crate) fn count(&self, nameless: Nameless) -> Option<u32> {
        self.0.get(&nameless).copied()
    }
}
