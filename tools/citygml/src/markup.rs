//! XML, as far as it is a matter of bytes: where a piece of markup ends, what attributes a tag has, what a reference stands
//! for.
//!
//! Everything here works on a slice that begins with the piece, and answers `None` where the slice ends before it does; the
//! cursor then gets more text and asks again. The grammar is that of XML 1.0 without document types; what XML forbids and
//! nobody could misread (`a > b` in a text, a missing `;`) is let pass.

use std::ops::Range;

/// A piece of markup at the front of a text, with its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Markup {
    /// `<a b="c">` or `<a/>`
    Start(usize),
    /// `</a>`
    End(usize),
    /// `<![CDATA[...]]>`
    CData(usize),
    /// A comment or a processing instruction.
    Comment(usize),
    /// `<!DOCTYPE`
    DocumentType,
    /// `<!` and nothing that XML knows.
    Unknown,
}

/// Measures the markup at the front of a text that begins with `<`.
pub(crate) fn measure(text: &[u8]) -> Option<Markup> {
    match text.get(1)? {
        b'/' => memchr::memchr(b'>', text).map(|at| Markup::End(at + 1)),
        b'?' => ends(text, b"?>", 2).map(Markup::Comment),
        b'!' => measure_declaration(text),
        _ => tag_length(text).map(Markup::Start),
    }
}

fn measure_declaration(text: &[u8]) -> Option<Markup> {
    const LONGEST: usize = "<![CDATA[".len();
    if text.starts_with(b"<!--") {
        ends(text, b"-->", 4).map(Markup::Comment)
    } else if text.starts_with(b"<![CDATA[") {
        ends(text, b"]]>", LONGEST).map(Markup::CData)
    } else if text.len() < LONGEST {
        None
    } else if text.get(..LONGEST)?.eq_ignore_ascii_case(b"<!DOCTYPE") {
        Some(Markup::DocumentType)
    } else {
        Some(Markup::Unknown)
    }
}

/// Where `end` ends, searched from `from` on.
fn ends(text: &[u8], end: &[u8], from: usize) -> Option<usize> {
    let at = memchr::memmem::find(text.get(from..)?, end)?;
    Some(from + at + end.len())
}

/// A tag ends at the first `>` outside quotes.
fn tag_length(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(b'>', b'"', b'\'', text.get(at..)?)?;
        let found = *text.get(at)?;
        at += 1;
        if found == b'>' {
            return Some(at);
        }
        at += memchr::memchr(found, text.get(at..)?)? + 1;
    }
}

/// The length of the name at the front of a text, and where its colon is.
pub(crate) fn measure_name(text: &[u8]) -> (usize, Option<usize>) {
    let mut colon = None;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'>' | b'/' | b' ' | b'\n' | b'\r' | b'\t' => return (at, colon),
            b':' if colon.is_none() => colon = Some(at),
            _ => {}
        }
    }
    (text.len(), colon)
}

/// Where one attribute lies in its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// The attribute of a tag that begins at or after `at`, and where to go on. What is no attribute ends the list.
pub(crate) fn next_attribute(tag: &[u8], at: usize) -> Option<(Attribute, usize)> {
    let start = at + tag.get(at..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let equals = start + memchr::memchr(b'=', tag.get(start..)?)?;
    let name = tag.get(start..equals)?.trim_ascii_end();
    let after = tag.get(equals + 1..)?;
    let open = equals + 1 + after.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let quote = *tag.get(open)?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let close = open + 1 + memchr::memchr(quote, tag.get(open + 1..)?)?;
    let attribute = Attribute {
        name: start..start + name.len(),
        value: open + 1..close,
    };
    Some((attribute, close + 1))
}

/// Adds a text with its references replaced. Answers the name of the first entity that XML does not define; that stays as it
/// is written, like an `&` that begins no reference.
pub(crate) fn push_unescaped(mut text: &[u8], into: &mut Vec<u8>) -> Option<String> {
    let mut unknown = None;
    while let Some(at) = memchr::memchr(b'&', text) {
        let (plain, rest) = text.split_at(at);
        into.extend_from_slice(plain);
        let end = rest.iter().take(MOST_IN_REFERENCE).position(|byte| *byte == b';');
        let name = end.and_then(|end| rest.get(1..end)).unwrap_or_default();
        if let Some(character) = character(name) {
            into.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            text = rest.get(name.len() + 2..).unwrap_or_default();
        } else {
            if is_name(name) && unknown.is_none() {
                unknown = Some(String::from_utf8_lossy(name).into_owned());
            }
            into.push(b'&');
            text = rest.get(1..).unwrap_or_default();
        }
    }
    into.extend_from_slice(text);
    unknown
}

/// The longest reference that is looked for: far longer than any that XML defines.
const MOST_IN_REFERENCE: usize = 64;

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// The character that a reference stands for: `lt`, `#228`, `#xE4`, ...
fn character(name: &[u8]) -> Option<char> {
    match name {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x', digits @ ..] => from_digits(digits, 16),
        [b'#', digits @ ..] => from_digits(digits, 10),
        _ => None,
    }
}

fn from_digits(digits: &[u8], radix: u32) -> Option<char> {
    let digits = std::str::from_utf8(digits)
        .ok()
        .filter(|digits| !digits.starts_with('+'))?;
    let number = u32::from_str_radix(digits, radix).ok()?;
    char::from_u32(number).filter(|character| *character != '\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unescaped(text: &str) -> (String, Option<String>) {
        let mut into = Vec::new();
        let unknown = push_unescaped(text.as_bytes(), &mut into);
        (String::from_utf8_lossy(&into).into_owned(), unknown)
    }

    #[test]
    fn a_tag_ends_at_the_first_bracket_outside_quotes() {
        assert_eq!(measure(b"<a b='>' c=\"'>\">text"), Some(Markup::Start(16)));
        assert_eq!(measure(b"<a b='>"), None);
        assert_eq!(measure(b"</a >x"), Some(Markup::End(5)));
    }

    #[test]
    fn comments_and_cdata_end_at_their_own_ends() {
        assert_eq!(measure(b"<!-- <a> > -->x"), Some(Markup::Comment(14)));
        assert_eq!(measure(b"<!-->x-->"), Some(Markup::Comment(9)));
        assert_eq!(measure(b"<![CDATA[ ]> ]]>x"), Some(Markup::CData(16)));
        assert_eq!(measure(b"<?xml version='1.0'?>"), Some(Markup::Comment(21)));
        assert_eq!(measure(b"<!-"), None);
        assert_eq!(measure(b"<!doctype a>"), Some(Markup::DocumentType));
        assert_eq!(measure(b"<!ELEMENT a ()>"), Some(Markup::Unknown));
    }

    #[test]
    fn attributes_are_found_whatever_the_quotes_and_spaces() {
        let tag = b" a='1'\n b:c = \"x y\" ";
        let (first, next) = next_attribute(tag, 0).unwrap_or((
            Attribute {
                name: 0..0,
                value: 0..0,
            },
            0,
        ));
        assert_eq!((&tag[first.name], &tag[first.value]), (&b"a"[..], &b"1"[..]));
        let (second, next) = next_attribute(tag, next).unwrap_or((
            Attribute {
                name: 0..0,
                value: 0..0,
            },
            0,
        ));
        assert_eq!((&tag[second.name], &tag[second.value]), (&b"b:c"[..], &b"x y"[..]));
        assert_eq!(next_attribute(tag, next), None);
    }

    #[test]
    fn references_become_characters_and_unknown_ones_are_named() {
        assert_eq!(unescaped("a &lt; b &amp;&#228;&#xE4;"), ("a < b &ää".to_owned(), None));
        assert_eq!(unescaped("AT&T & Co"), ("AT&T & Co".to_owned(), None));
        assert_eq!(unescaped("&nbsp;x"), ("&nbsp;x".to_owned(), Some("nbsp".to_owned())));
        assert_eq!(unescaped("&#0;&#xD800;"), ("&#0;&#xD800;".to_owned(), None));
    }
}
