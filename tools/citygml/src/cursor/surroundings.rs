//! What holds around an element, so that a walk can begin at it.
//!
//! The middle of a file says nothing by itself: prefixes are bound at the root, and so is the number of coordinates of a
//! point. Whoever reads from there on needs those, and the names of the elements that are still open.

use super::{Cursor, OpenNames};
use crate::namespace::Binding;
use crate::source::Source;

/// What holds around an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surroundings {
    /// How deep the element around is nested.
    depth: u32,
    bindings: Vec<Binding>,
    dimensions: Vec<(u32, u8)>,
    open: OpenNames,
}

impl Surroundings {
    /// What holds around the element that the cursor stands on.
    pub(crate) fn of(cursor: &Cursor) -> Self {
        let depth = cursor.depth.saturating_sub(1);
        let mut open = cursor.open.clone();
        if !cursor.empty_element {
            open.forget_innermost();
        }
        Self {
            depth,
            bindings: cursor.bindings.up_to(depth).to_vec(),
            dimensions: cursor.dimensions_up_to(depth).to_vec(),
            open,
        }
    }
}

impl Cursor {
    /// A cursor before an element around which this holds; the source begins there.
    pub(crate) fn within(source: Source, around: &Surroundings) -> Self {
        let mut cursor = Self::new(source);
        cursor.depth = around.depth;
        cursor.bindings = around.bindings.clone().into();
        cursor.dimensions.clone_from(&around.dimensions);
        cursor.open = around.open.clone();
        cursor.leave_scopes();
        cursor
    }

    fn dimensions_up_to(&self, depth: u32) -> &[(u32, u8)] {
        let count = self.dimensions.partition_point(|(at, _)| *at <= depth);
        self.dimensions.get(..count).unwrap_or_default()
    }
}
