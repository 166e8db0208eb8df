//! Which elements are open: an end tag must name the innermost.

/// The names of the elements that are open, to be compared with their end tags.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct OpenNames {
    names: Vec<u8>,
    starts: Vec<usize>,
    /// After a mismatch, end tags are taken as they come.
    pub(super) unchecked: bool,
}

impl OpenNames {
    pub(super) fn push(&mut self, name: &[u8]) {
        self.starts.push(self.names.len());
        self.names.extend_from_slice(name);
    }

    /// Closes the innermost element; the error is the name that was expected.
    pub(super) fn pop(&mut self, name: &[u8]) -> Result<(), String> {
        let start = self.starts.pop().unwrap_or(0);
        let expected = self.names.get(start..).unwrap_or_default();
        let matches = self.unchecked || expected == name;
        let answer = if matches {
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
        self.push(name);
    }
}
