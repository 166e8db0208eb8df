//! A pull parser over elements.
//!
//! The reader of each noun asks for the next child of the element it stands in, and must have read a child to its end
//! before it asks again. Names are compared by namespace and local name; a tag is looked at where it lies in the text, and
//! nothing is allocated for it. The text is cut into tags here and not by quick-xml because reading a city is little else
//! than that, and this does it in half the time; a test holds the two beside each other on every file there is.

mod open_names;
mod recover;
mod skim;
mod step;
mod surroundings;

use std::io;

use crate::cursor::open_names::OpenNames;
use crate::limits;
use crate::markup::{Attribute, push_unescaped};
use crate::namespace::{Bindings, Namespace};
use crate::source::Source;

pub(crate) use crate::cursor::surroundings::Surroundings;

/// Tags that do not match, and the like.
pub(crate) const BROKEN_XML: &str = "broken-xml";
/// What goes beyond [`limits`].
pub(crate) const TOO_LARGE: &str = "too-large";

/// Why reading cannot go on where it is.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file ends.
    End {
        /// Where.
        line: u64,
        /// How.
        message: String,
    },
    /// A tag does not match, or something is larger than it may be: what follows can be read again from the next member on.
    Broken {
        /// What kind of fault it is: a code of the report.
        code: &'static str,
        /// Where.
        line: u64,
        /// What is wrong.
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

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Start,
    End,
}

/// The place of the reader in the document.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) source: Source,
    /// The length of the markup that the cursor stands on: it begins the available text, and is consumed by the next step.
    pub(crate) markup: usize,
    /// The length of the name in it, and where its local part begins, behind `<`.
    name: usize,
    local: usize,
    namespace: Namespace,
    attributes: Vec<Attribute>,
    bindings: Bindings,
    /// `srsDimension` and the depth from which it holds.
    dimensions: Vec<(u32, u8)>,
    /// The deepest level at which a binding or a dimension was declared.
    scoped: u32,
    open: OpenNames,
    text: Vec<u8>,
    /// How deep the element that the cursor stands on is nested; the root is 1.
    pub(crate) depth: u32,
    pub(crate) empty_element: bool,
    /// Whether the tag that the cursor stands on binds more prefixes than may be bound.
    overbound: bool,
    too_deep: Option<u64>,
    too_long: Option<u64>,
    unknown_entity: Option<(u64, String)>,
}

impl Cursor {
    /// A cursor before the root element.
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            markup: 0,
            name: 0,
            local: 0,
            namespace: Namespace::None,
            attributes: Vec::new(),
            bindings: Bindings::default(),
            dimensions: Vec::new(),
            scoped: 0,
            open: OpenNames::default(),
            text: Vec::new(),
            depth: 0,
            empty_element: false,
            overbound: false,
            too_deep: None,
            too_long: None,
            unknown_entity: None,
        }
    }

    /// Goes to the next child of the element that the cursor stands in; `false` at the end of that element. The text
    /// passed on the way is in [`Cursor::passed_text`].
    pub(crate) fn child(&mut self) -> Result<bool, Stop> {
        self.text.clear();
        loop {
            match self.step(true)? {
                Token::Start if self.depth > limits::DEPTH => {
                    let line = self.line();
                    self.too_deep.get_or_insert(line);
                    self.skip()?;
                }
                Token::Start if self.is_member() && self.depth > 2 => return Err(self.swallowed()),
                Token::Start => return Ok(true),
                Token::End => return Ok(false),
            }
        }
    }

    /// Goes to the end of the element that the cursor stands on.
    pub(crate) fn skip(&mut self) -> Result<(), Stop> {
        let floor = self.depth;
        loop {
            match self.step(false)? {
                Token::Start if self.is_member() && self.depth > 2 => return Err(self.swallowed()),
                Token::End if self.depth < floor => return Ok(()),
                Token::Start | Token::End => {}
            }
        }
    }

    /// Reads the element that the cursor stands on to its end: its text without that of its children, trimmed.
    pub(crate) fn text(&mut self) -> Result<&str, Stop> {
        self.text_bytes()?;
        Ok(self.passed_text())
    }

    /// The same as bytes, not trimmed: for long lists of numbers.
    pub(crate) fn text_bytes(&mut self) -> Result<&[u8], Stop> {
        self.text.clear();
        while self.step(true)? == Token::Start {
            if self.is_member() && self.depth > 2 {
                return Err(self.swallowed());
            }
            self.skip()?;
        }
        Ok(&self.text)
    }

    #[cfg(test)]
    pub(crate) fn clear_text(&mut self) {
        self.text.clear();
    }

    /// The text between the last two tags, trimmed.
    pub(crate) fn passed_text(&self) -> &str {
        // The source gives UTF-8 and it was cut at ASCII characters only.
        std::str::from_utf8(&self.text).unwrap_or_default().trim()
    }

    /// The markup that the cursor stands on.
    fn tag(&self) -> &[u8] {
        self.source.available().get(..self.markup).unwrap_or_default()
    }

    /// The local name of the element that the cursor stands on.
    pub(crate) fn local(&self) -> &[u8] {
        self.tag().get(self.local..=self.name).unwrap_or_default()
    }

    /// The local name as text.
    pub(crate) fn local_text(&self) -> String {
        String::from_utf8_lossy(self.local()).into_owned()
    }

    /// The name as written, with its prefix.
    pub(crate) fn written_name(&self) -> String {
        let name = self.tag().get(1..=self.name).unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    }

    /// The namespace of the element that the cursor stands on.
    pub(crate) fn namespace(&self) -> Namespace {
        self.namespace
    }

    /// The prefix of the element that the cursor stands on.
    pub(crate) fn prefix(&self) -> &[u8] {
        let end = self.local.saturating_sub(1);
        self.tag().get(1..end).unwrap_or_default()
    }

    /// The bindings that hold here.
    pub(crate) fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// The line where the current tag begins, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.source.line()
    }

    /// How many bytes of text lie before the current tag: a name for the place of an element in the file.
    pub(crate) fn offset(&self) -> u64 {
        self.source.consumed()
    }

    /// How many bytes of text lie before the end of the current tag.
    pub(crate) fn end_of_tag(&self) -> u64 {
        self.offset() + self.markup as u64
    }

    /// The innermost `srsDimension` that holds here.
    pub(crate) fn dimension(&self) -> Option<u8> {
        self.dimensions.last().map(|(_, dimension)| *dimension)
    }

    /// The line where elements were nested too deep, once.
    pub(crate) fn take_too_deep(&mut self) -> Option<u64> {
        self.too_deep.take()
    }

    /// The line where a text in several pieces went beyond [`limits::TEXT_BYTES`], once.
    pub(crate) fn take_too_long(&mut self) -> Option<u64> {
        self.too_long.take()
    }

    /// An entity that XML does not define, with its line, once.
    pub(crate) fn take_unknown_entity(&mut self) -> Option<(u64, String)> {
        self.unknown_entity.take()
    }

    /// `gml:id`.
    pub(crate) fn gml_id(&self) -> Option<String> {
        self.raw_attribute_in(Namespace::Gml, b"id")
            .map(unescaped)
            .map(limits::name)
    }

    /// `xlink:href`.
    pub(crate) fn href(&self) -> Option<String> {
        self.raw_attribute_in(Namespace::XLink, b"href").map(unescaped)
    }

    /// `srsName`, unless it is blank.
    pub(crate) fn srs_name(&self) -> Option<String> {
        let name = self.attribute(b"srsName").filter(|name| !name.trim().is_empty());
        name.map(limits::name)
    }

    /// An attribute without a prefix.
    pub(crate) fn attribute(&self, name: &[u8]) -> Option<String> {
        let tag = self.tag();
        self.attributes
            .iter()
            .find(|attribute| tag.get(attribute.name.clone()) == Some(name))
            .and_then(|attribute| tag.get(attribute.value.clone()))
            .map(unescaped)
    }

    /// The bytes of an attribute in a namespace, with references as they are written.
    pub(crate) fn raw_attribute_in(&self, namespace: Namespace, local: &[u8]) -> Option<&[u8]> {
        let tag = self.tag();
        let found = self.attributes.iter().find(|attribute| {
            let name = tag.get(attribute.name.clone()).unwrap_or_default();
            name.strip_suffix(local)
                .and_then(|rest| rest.strip_suffix(b":"))
                .is_some_and(|prefix| self.bindings.resolve(prefix) == namespace)
        });
        tag.get(found?.value.clone())
    }

    /// Whether the cursor stands on a member of a city model.
    pub(crate) fn is_member(&self) -> bool {
        self.local() == b"cityObjectMember" && self.namespace == Namespace::Core
    }

    pub(crate) fn swallowed(&self) -> Stop {
        Stop::Broken {
            code: BROKEN_XML,
            line: self.line(),
            message: "a member begins inside another one, so an end tag is missing before it".to_owned(),
            at_member: true,
        }
    }

    fn mismatch(&self, message: String) -> Stop {
        self.broken(BROKEN_XML, message)
    }

    fn broken(&self, code: &'static str, message: String) -> Stop {
        Stop::Broken {
            code,
            line: self.line(),
            message,
            at_member: false,
        }
    }

    fn too_large(&self, what: &str, limit: usize) -> Stop {
        self.broken(
            TOO_LARGE,
            format!("{what} longer than {limit} bytes begins or stands here"),
        )
    }
}

fn unescaped(raw: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    push_unescaped(raw, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}
