//! Names that hold the hash of their content.

/// A name of the form `stem.<16 hexadecimal digits>.extension`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContentName<'a> {
    /// What the file is, for people.
    pub stem: &'a str,
    /// The first 16 hexadecimal digits of the content's BLAKE3.
    pub hash: &'a str,
    /// The extension without dot.
    pub extension: &'a str,
}
