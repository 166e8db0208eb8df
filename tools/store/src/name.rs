//! Names that hold the hash of their content.
//!
//! A cache keeps a name for a year, so a name must never mean other bytes. With the hash in it, it cannot.

use crate::Error;

/// How many hexadecimal digits of the hash a name holds: 64 bits, so that a store of a million files meets a clash by
/// chance once in thirty million stores.
pub(crate) const HASH_DIGITS: usize = 16;
const LONGEST_STEM: usize = 64;

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

impl<'a> ContentName<'a> {
    /// Takes a name apart; `None` if it is not of this form.
    pub fn parse(name: &'a str) -> Option<Self> {
        let (rest, extension) = name.rsplit_once('.')?;
        let (stem, hash) = rest.rsplit_once('.')?;
        let hex = hash.len() == HASH_DIGITS && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (hex && is_plain(stem) && is_plain(extension)).then_some(Self { stem, hash, extension })
    }

    /// Whether the name's hash is that of `bytes`.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        blake3::hash(bytes).to_hex().starts_with(self.hash)
    }
}

/// Letters, digits, `-` and `_`: the same on every file system, and no way out of a directory.
pub(crate) fn is_plain(name: &str) -> bool {
    (1..=LONGEST_STEM).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// `name` if it is plain.
pub(crate) fn plain<'a>(name: &'a str, what: &'static str) -> Result<&'a str, Error> {
    if is_plain(name) {
        Ok(name)
    } else {
        Err(Error::Name {
            name: name.to_owned(),
            what,
        })
    }
}

/// The name of content with the given full hash.
pub(crate) fn named(stem: &str, hash: &blake3::Hash, extension: &str) -> String {
    let hex = hash.to_hex();
    format!("{stem}.{}.{extension}", &hex.as_str()[..HASH_DIGITS])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_the_hash_of_its_bytes() {
        let name = named("roads-3", &blake3::hash(b"abc"), "glb");
        assert_eq!(name, "roads-3.6437b3ac38465133.glb");
        let parsed = ContentName::parse(&name).unwrap();
        assert!(parsed.matches(b"abc"));
        assert!(!parsed.matches(b"abd"));
    }

    #[test]
    fn what_is_not_a_content_name_is_refused() {
        for name in [
            "",
            "a.glb",
            "a.6437b3ac3846513.glb",
            "a.6437B3AC38465133.glb",
            "../a.6437b3ac38465133.glb",
            "a.6437b3ac38465133.glb.br",
            ".6437b3ac38465133.glb",
        ] {
            assert_eq!(ContentName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn a_collection_name_cannot_leave_its_directory() {
        for name in ["..", ".", "a/b", "a\\b", "", "a b", "\u{e4}", "a\0"] {
            assert!(plain(name, "collection name").is_err(), "{name:?}");
        }
        assert!(plain("helsinki-2026_b", "collection name").is_ok());
    }
}
