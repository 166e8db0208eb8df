//! A pull parser over elements.
//!
//! The reader of each noun asks for the next child of the element it stands in, and must have read a child to its end
//! before it asks again. Names are compared by namespace and local name; nothing is allocated for an event. Lines are
//! counted on the way, so that every object and every warning knows where it was written.

use std::io;
use std::ops::Range;

use quick_xml::errors::SyntaxError;
use quick_xml::events::Event;

use crate::namespace::{Bindings, Namespace};
use crate::source::Source;

/// How deep elements may be nested; real files stay under 60.
const MAX_DEPTH: u32 = 200;

/// Why reading cannot go on where it is.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file ends, or no more of it can be understood.
    End {
        /// Where.
        line: u64,
        /// How it ends.
        message: String,
    },
    /// A tag does not match: what follows can be read again from the next member on.
    Mismatch {
        /// Where.
        line: u64,
        /// What does not match.
        message: String,
        /// Whether the cursor stands on the next member already.
        at_member: bool,
    },
    /// A document type declaration.
    DocumentType {
        /// Where.
        line: u64,
    },
    /// The disk, or the compressed stream, fails.
    Io {
        /// Where.
        line: u64,
        /// What the system says.
        source: io::Error,
    },
}

/// Where one attribute lies in the tag.
#[derive(Debug, Clone)]
struct Attribute {
    name: Range<usize>,
    value: Range<usize>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Start,
    End,
    Text,
}

/// The place of the reader in the document.
#[derive(Debug)]
pub(crate) struct Cursor {
    xml: quick_xml::Reader<Source>,
    /// The bytes of the current event; a tag with its angle brackets.
    event: Vec<u8>,
    name: Range<usize>,
    namespace: Namespace,
    attributes: Vec<Attribute>,
    bindings: Bindings,
    /// `srsDimension` and the depth from which it holds.
    dimensions: Vec<(u32, u8)>,
    text: String,
    depth: u32,
    line: u64,
    empty_element: bool,
    too_deep: Option<u64>,
    unknown_entity: Option<(u64, String)>,
}

impl Cursor {
    /// A cursor before the root element.
    pub(crate) fn new(source: Source) -> Self {
        let mut xml = quick_xml::Reader::from_reader(source);
        xml.config_mut().allow_dangling_amp = true;
        Self {
            xml,
            event: Vec::with_capacity(64 * 1024),
            name: 0..0,
            namespace: Namespace::None,
            attributes: Vec::new(),
            bindings: Bindings::default(),
            dimensions: Vec::new(),
            text: String::new(),
            depth: 0,
            line: 1,
            empty_element: false,
            too_deep: None,
            unknown_entity: None,
        }
    }

    /// Goes to the next child of the element that the cursor stands in; `false` at the end of that element. The text
    /// passed on the way is in [`Cursor::passed_text`].
    pub(crate) fn child(&mut self) -> Result<bool, Stop> {
        self.text.clear();
        loop {
            match self.advance(true)? {
                Token::Start if self.depth > MAX_DEPTH => {
                    self.too_deep.get_or_insert(self.line);
                    self.skip()?;
                }
                Token::Start if self.is_member() && self.depth > 2 => return Err(self.swallowed()),
                Token::Start => return Ok(true),
                Token::End => return Ok(false),
                Token::Text => {}
            }
        }
    }

    /// Goes to the next element at whatever depth below `floor`; `false` at the end of the element at `floor`.
    pub(crate) fn descend(&mut self, floor: u32) -> Result<bool, Stop> {
        loop {
            match self.advance(false)? {
                Token::Start if self.is_member() && self.depth > 2 => return Err(self.swallowed()),
                Token::Start => return Ok(true),
                Token::End if self.depth < floor => return Ok(false),
                Token::End | Token::Text => {}
            }
        }
    }

    /// Goes to the end of the element that the cursor stands on.
    pub(crate) fn skip(&mut self) -> Result<(), Stop> {
        let floor = self.depth;
        while self.descend(floor)? {}
        Ok(())
    }

    /// Reads the element that the cursor stands on to its end: its text without that of its children, trimmed.
    pub(crate) fn text(&mut self) -> Result<&str, Stop> {
        self.text.clear();
        loop {
            match self.advance(true)? {
                Token::Start => self.skip()?,
                Token::End => return Ok(self.text.trim()),
                Token::Text => {}
            }
        }
    }

    /// The text between the last two tags.
    pub(crate) fn passed_text(&self) -> &str {
        self.text.trim()
    }

    /// The local name of the element that the cursor stands on.
    pub(crate) fn local(&self) -> &[u8] {
        self.event.get(self.name.clone()).unwrap_or_default()
    }

    /// The local name as text.
    pub(crate) fn local_text(&self) -> String {
        String::from_utf8_lossy(self.local()).into_owned()
    }

    /// The name as written, with its prefix.
    pub(crate) fn written_name(&self) -> String {
        let name = self.event.get(1..self.name.end).unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    }

    /// The namespace of the element that the cursor stands on.
    pub(crate) fn namespace(&self) -> Namespace {
        self.namespace
    }

    /// The prefix of the element that the cursor stands on.
    pub(crate) fn prefix(&self) -> &[u8] {
        let end = self.name.start.saturating_sub(1);
        self.event.get(1..end).unwrap_or_default()
    }

    /// The bindings that hold here.
    pub(crate) fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// The line of the current event, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// How deep the element that the cursor stands on is nested; the root is 1.
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// The innermost `srsDimension` that holds here.
    pub(crate) fn dimension(&self) -> Option<u8> {
        self.dimensions.last().map(|(_, dimension)| *dimension)
    }

    /// The file being read.
    pub(crate) fn source(&self) -> &Source {
        self.xml.get_ref()
    }

    /// The line where elements were nested too deep, once.
    pub(crate) fn take_too_deep(&mut self) -> Option<u64> {
        self.too_deep.take()
    }

    /// An entity that XML does not define, with its line, once.
    pub(crate) fn take_unknown_entity(&mut self) -> Option<(u64, String)> {
        self.unknown_entity.take()
    }

    /// Whether the tag has attributes other than namespace declarations.
    pub(crate) fn has_attributes(&self) -> bool {
        !self.attributes.is_empty()
    }

    /// `gml:id`.
    pub(crate) fn gml_id(&self) -> Option<String> {
        self.attribute_in(Namespace::Gml, b"id")
    }

    /// `xlink:href`.
    pub(crate) fn href(&self) -> Option<String> {
        self.attribute_in(Namespace::XLink, b"href")
    }

    /// An attribute without a prefix.
    pub(crate) fn attribute(&self, name: &[u8]) -> Option<String> {
        self.attributes
            .iter()
            .find(|attribute| self.slice(&attribute.name) == name)
            .map(|attribute| self.unescaped(&attribute.value))
    }

    /// The bytes of an attribute in a namespace, not unescaped.
    pub(crate) fn raw_attribute_in(&self, namespace: Namespace, local: &[u8]) -> Option<&[u8]> {
        self.attributes
            .iter()
            .find(|attribute| {
                let name = self.slice(&attribute.name);
                name.strip_suffix(local)
                    .and_then(|rest| rest.strip_suffix(b":"))
                    .is_some_and(|prefix| self.bindings.resolve(prefix) == namespace)
            })
            .map(|attribute| self.slice(&attribute.value))
    }

    fn attribute_in(&self, namespace: Namespace, local: &[u8]) -> Option<String> {
        self.raw_attribute_in(namespace, local).map(unescape)
    }

    fn unescaped(&self, value: &Range<usize>) -> String {
        unescape(self.slice(value))
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.event.get(range.clone()).unwrap_or_default()
    }

    /// After a tag that did not match: goes on to the next member of the model. From here on, end tags are taken as
    /// they come; a member inside a member shows the next mismatch.
    pub(crate) fn resume_at_member(&mut self) -> Result<bool, Stop> {
        let config = self.xml.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        loop {
            self.enter_member_level();
            match self.advance(false) {
                Ok(Token::Start) if self.is_member() => {
                    self.settle_at_member();
                    return Ok(true);
                }
                Ok(Token::End) if self.event.ends_with(b"CityModel>") => return Ok(false),
                Ok(_) | Err(Stop::Mismatch { .. }) => {}
                Err(stop) => return Err(stop),
            }
        }
    }

    /// Where a member was found inside another one: takes it as the member it is.
    pub(crate) fn settle_at_member(&mut self) {
        self.depth = 2;
        self.enter_scopes();
    }

    fn enter_member_level(&mut self) {
        self.depth = 1;
        self.enter_scopes();
    }

    fn enter_scopes(&mut self) {
        self.bindings.leave(self.depth);
        while self.dimensions.last().is_some_and(|(depth, _)| *depth > self.depth) {
            self.dimensions.pop();
        }
    }

    /// Whether the cursor stands on a member of a city model.
    fn is_member(&self) -> bool {
        self.local() == b"cityObjectMember" && self.namespace == Namespace::Core
    }

    fn swallowed(&self) -> Stop {
        Stop::Mismatch {
            line: self.line,
            message: "a member begins inside another one, so an end tag is missing before it".to_owned(),
            at_member: true,
        }
    }

    fn advance(&mut self, keep_text: bool) -> Result<Token, Stop> {
        if self.empty_element {
            self.empty_element = false;
            self.leave();
            return Ok(Token::End);
        }
        loop {
            self.line += memchr::memchr_iter(b'\n', &self.event).count() as u64;
            self.event.clear();
            self.xml.get_mut().renew();
            let (name, tag, empty) = match self.xml.read_event_into(&mut self.event) {
                Ok(Event::Start(tag)) => (tag.name().as_ref().len(), tag.len(), false),
                Ok(Event::Empty(tag)) => (tag.name().as_ref().len(), tag.len(), true),
                Ok(Event::End(_)) => {
                    self.leave();
                    return Ok(Token::End);
                }
                Ok(Event::Text(text)) => {
                    if keep_text {
                        self.text.push_str(&text);
                    }
                    return Ok(Token::Text);
                }
                Ok(Event::CData(text)) => {
                    if keep_text {
                        self.text.push_str(&text);
                    }
                    return Ok(Token::Text);
                }
                Ok(Event::GeneralRef(reference)) => {
                    if keep_text && !push_reference(&mut self.text, &reference) {
                        let name = reference.to_string();
                        self.unknown_entity.get_or_insert((self.line, name));
                    }
                    return Ok(Token::Text);
                }
                Ok(Event::DocType(_)) => return Err(Stop::DocumentType { line: self.line }),
                Ok(Event::Eof) => {
                    return Err(Stop::End {
                        line: self.line,
                        message: "the file ends here, before its closing tag".to_owned(),
                    });
                }
                Ok(Event::Decl(_) | Event::PI(_) | Event::Comment(_)) => continue,
                Err(error) => return Err(stop(&error, self.line)),
            };
            self.enter(name, tag, empty);
            return Ok(Token::Start);
        }
    }

    /// Takes in a start tag: `name` and `tag` are lengths, after the opening bracket.
    fn enter(&mut self, name: usize, tag: usize, empty: bool) {
        self.depth += 1;
        self.empty_element = empty;
        self.attributes.clear();
        if tag > name {
            self.read_attributes(1 + name, 1 + tag);
        }
        let written = self.event.get(1..=name).unwrap_or_default();
        let colon = memchr::memchr(b':', written);
        let prefix = written.get(..colon.unwrap_or(0)).unwrap_or_default();
        self.namespace = self.bindings.resolve(prefix);
        self.name = 1 + colon.map_or(0, |at| at + 1)..1 + name;
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.enter_scopes();
    }

    fn read_attributes(&mut self, mut at: usize, end: usize) {
        while let Some((attribute, next)) = next_attribute(&self.event, at, end) {
            let name = self.event.get(attribute.name.clone()).unwrap_or_default();
            if name.starts_with(b"xmlns") {
                let uri = unescape(self.slice(&attribute.value));
                match name {
                    b"xmlns" => self.bindings.bind(b"", uri.trim(), self.depth),
                    [b'x', b'm', b'l', b'n', b's', b':', prefix @ ..] => {
                        self.bindings.bind(prefix, uri.trim(), self.depth);
                    }
                    _ => {}
                }
            } else {
                if name == b"srsDimension" {
                    let dimension = self.slice(&attribute.value).trim_ascii();
                    let number = std::str::from_utf8(dimension).ok().and_then(|text| text.parse().ok());
                    // What is no number fails every check of the coordinates later on, with its line.
                    self.dimensions.push((self.depth, number.unwrap_or(0)));
                }
                self.attributes.push(attribute);
            }
            at = next;
        }
    }
}

/// The attribute that begins at or after `at`, and where to go on.
fn next_attribute(tag: &[u8], at: usize, end: usize) -> Option<(Attribute, usize)> {
    let rest = tag.get(at..end)?;
    let start = at + rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let equals = start + memchr::memchr(b'=', tag.get(start..end)?)?;
    let name = tag.get(start..equals)?.trim_ascii_end();
    let after = tag.get(equals + 1..end)?;
    let open = equals + 1 + after.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let quote = *tag.get(open)?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let close = open + 1 + memchr::memchr(quote, tag.get(open + 1..end)?)?;
    let attribute = Attribute {
        name: start..start + name.len(),
        value: open + 1..close,
    };
    Some((attribute, close + 1))
}

/// What cannot be unescaped stays as it is written.
fn unescape(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    match quick_xml::escape::unescape(&text) {
        Ok(unescaped) => unescaped.into_owned(),
        Err(_) => text.into_owned(),
    }
}

/// Adds the character that a reference stands for; one that XML does not define stays as written, and is `false`.
fn push_reference(text: &mut String, reference: &quick_xml::events::BytesRef<'_>) -> bool {
    let character = match reference.as_ref() {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    };
    match character {
        Some(character) => text.push(character),
        None => {
            text.push('&');
            text.push_str(reference);
            text.push(';');
        }
    }
    character.is_some()
}

fn stop(error: &quick_xml::Error, line: u64) -> Stop {
    let message = error.to_string();
    match error {
        quick_xml::Error::Io(source) => Stop::Io {
            line,
            source: io::Error::new(source.kind(), source.to_string()),
        },
        quick_xml::Error::IllFormed(_) => Stop::Mismatch {
            line,
            message,
            at_member: false,
        },
        quick_xml::Error::Syntax(SyntaxError::InvalidBangMarkup) => Stop::End {
            line,
            message: format!("the file cannot be read on from here: {message}"),
        },
        _ => Stop::End {
            line,
            message: format!("the file ends inside something that begins here: {message}"),
        },
    }
}
