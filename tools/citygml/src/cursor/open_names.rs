//! Which elements are open: an end tag must name the innermost.

use crate::limits;

/// The names of the elements that are open, to be compared with their end tags.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct OpenNames {
    names: Vec<u8>,
    starts: Vec<usize>,
    /// After a mismatch, tags are taken as they come.
    pub(super) unchecked: bool,
}

impl OpenNames {
    /// `false` where too many are open.
    pub(super) fn push(&mut self, name: &[u8]) -> bool {
        if self.unchecked {
            return true;
        }
        if self.names.len() + self.starts.len() * size_of::<usize>() > limits::OPEN_NAME_BYTES {
            return false;
        }
        self.starts.push(self.names.len());
        self.names.extend_from_slice(name);
        true
    }

    /// Closes the innermost element; the error is the name that was expected.
    pub(super) fn pop(&mut self, name: &[u8]) -> Result<(), String> {
        if self.unchecked {
            return Ok(());
        }
        let start = self.starts.pop().unwrap_or(0);
        let expected = self.names.get(start..).unwrap_or_default();
        let answer = if expected == name {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(expected).into_owned())
        };
        self.names.truncate(start);
        answer
    }

    /// Forgets the innermost element.
    pub(super) fn forget_innermost(&mut self) {
        let start = self.starts.pop().unwrap_or(0);
        self.names.truncate(start);
    }

    /// Forgets what is open below the root, and opens this one there.
    pub(super) fn restart(&mut self, name: &[u8]) {
        let root = self.starts.get(1).copied().unwrap_or(self.names.len());
        self.names.truncate(root);
        self.starts.truncate(1);
        self.unchecked = false;
        self.push(name);
    }
}
