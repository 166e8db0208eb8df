//! A pull parser over elements.
//!
//! The reader of each noun asks for the next child of the element it stands in, and must have read a child to its end
//! before it asks again. Names are compared by namespace and local name; a tag is looked at where it lies in the text, and
//! nothing is allocated for it. The text is cut into tags here and not by quick-xml because reading a city is little else
//! than that, and this does it in half the time; a test holds the two beside each other on every file there is.

use std::io::{self, BufRead};

use crate::markup::{Attribute, Markup, measure, measure_name, next_attribute, push_unescaped};
use crate::namespace::{Bindings, Namespace};
use crate::source::Source;

/// How deep elements may be nested; real files stay under 60.
const MAX_DEPTH: u32 = 200;

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

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Start,
    End,
}

/// The names of the elements that are open, to be compared with their end tags.
#[derive(Debug, Default)]
struct OpenNames {
    names: Vec<u8>,
    starts: Vec<usize>,
    /// After a mismatch, end tags are taken as they come.
    unchecked: bool,
}

impl OpenNames {
    fn push(&mut self, name: &[u8]) {
        self.starts.push(self.names.len());
        self.names.extend_from_slice(name);
    }

    /// Closes the innermost element; the error is the name that was expected.
    fn pop(&mut self, name: &[u8]) -> Result<(), String> {
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

    /// Forgets what is open below the root, and opens this one there.
    fn restart(&mut self, name: &[u8]) {
        let root = self.starts.get(1).copied().unwrap_or(self.names.len());
        self.names.truncate(root);
        self.starts.truncate(1);
        self.push(name);
    }
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
    too_deep: Option<u64>,
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
            too_deep: None,
            unknown_entity: None,
        }
    }

    /// Goes to the next child of the element that the cursor stands in; `false` at the end of that element. The text
    /// passed on the way is in [`Cursor::passed_text`].
    pub(crate) fn child(&mut self) -> Result<bool, Stop> {
        self.text.clear();
        loop {
            match self.step(true)? {
                Token::Start if self.depth > MAX_DEPTH => {
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

    /// The innermost `srsDimension` that holds here.
    pub(crate) fn dimension(&self) -> Option<u8> {
        self.dimensions.last().map(|(_, dimension)| *dimension)
    }

    /// The line where elements were nested too deep, once.
    pub(crate) fn take_too_deep(&mut self) -> Option<u64> {
        self.too_deep.take()
    }

    /// An entity that XML does not define, with its line, once.
    pub(crate) fn take_unknown_entity(&mut self) -> Option<(u64, String)> {
        self.unknown_entity.take()
    }

    /// `gml:id`.
    pub(crate) fn gml_id(&self) -> Option<String> {
        self.raw_attribute_in(Namespace::Gml, b"id").map(unescaped)
    }

    /// `xlink:href`.
    pub(crate) fn href(&self) -> Option<String> {
        self.raw_attribute_in(Namespace::XLink, b"href").map(unescaped)
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

    /// After a tag that did not match: goes on to the next member of the model; `false` where the model ends.
    pub(crate) fn resume_at_member(&mut self) -> Result<bool, Stop> {
        self.open.unchecked = true;
        while !self.tag().ends_with(b"CityModel>") {
            // As if inside a member, whatever has gone by: what is bound at the root must not be left.
            self.depth = 2;
            match self.step(false) {
                Ok(Token::Start) if self.is_member() => {
                    self.settle_at_member();
                    return Ok(true);
                }
                Ok(_) | Err(Stop::Mismatch { .. }) => {}
                Err(stop) => return Err(stop),
            }
        }
        Ok(false)
    }

    /// Takes the member that the cursor stands on, wherever it was found, as a child of the root.
    pub(crate) fn settle_at_member(&mut self) {
        self.depth = 1;
        self.leave_scopes();
        self.enter(self.markup);
        self.open.unchecked = false;
        let name = self.source.available().get(1..=self.name);
        self.open.restart(name.unwrap_or_default());
    }

    /// Whether the cursor stands on a member of a city model.
    pub(crate) fn is_member(&self) -> bool {
        self.local() == b"cityObjectMember" && self.namespace == Namespace::Core
    }

    pub(crate) fn swallowed(&self) -> Stop {
        Stop::Mismatch {
            line: self.line(),
            message: "a member begins inside another one, so an end tag is missing before it".to_owned(),
            at_member: true,
        }
    }

    /// Goes to the next tag; the text before it is kept on demand.
    pub(crate) fn step(&mut self, keep_text: bool) -> Result<Token, Stop> {
        self.pass_markup();
        if self.empty_element {
            self.empty_element = false;
            self.leave();
            return Ok(Token::End);
        }
        loop {
            let markup = if keep_text {
                self.keep_text()?;
                self.next_markup()?
            } else {
                self.next_markup()?
            };
            match markup {
                Markup::Start(length) => {
                    self.enter(length);
                    if !self.empty_element {
                        let name = self.source.available().get(1..=self.name);
                        self.open.push(name.unwrap_or_default());
                    }
                    if self.name == 0 {
                        return Err(self.mismatch("a tag has no name".to_owned()));
                    }
                    return Ok(Token::Start);
                }
                Markup::End(length) => {
                    self.close(length)?;
                    return Ok(Token::End);
                }
                Markup::CData(length) => {
                    let inside = self.source.available().get(9..length - 3);
                    if keep_text {
                        self.text.extend_from_slice(inside.unwrap_or_default());
                    }
                    self.source.consume(length);
                }
                Markup::Comment(length) => self.source.consume(length),
                Markup::DocumentType => return Err(Stop::DocumentType { line: self.line() }),
                Markup::Unknown => {
                    self.markup = 2;
                    let message = "\"<!\" begins nothing that XML knows".to_owned();
                    return Err(self.mismatch(message));
                }
            }
        }
    }

    fn mismatch(&self, message: String) -> Stop {
        Stop::Mismatch {
            line: self.line(),
            message,
            at_member: false,
        }
    }

    /// Consumes what the cursor stands on.
    pub(crate) fn pass_markup(&mut self) {
        let length = std::mem::take(&mut self.markup);
        self.source.consume(length);
    }

    /// The text before the next markup, trimmed.
    pub(crate) fn keep_only_text(&mut self) -> Result<String, Stop> {
        self.text.clear();
        self.keep_text()?;
        Ok(self.passed_text().to_owned())
    }

    /// Takes in the text before the next markup.
    fn keep_text(&mut self) -> Result<(), Stop> {
        if self.source.available().first() == Some(&b'<') {
            return Ok(());
        }
        let end = loop {
            match memchr::memchr(b'<', self.source.available()) {
                Some(end) => break end,
                None if self.grow()? => {}
                None => break self.source.available().len(),
            }
        };
        let text = self.source.available().get(..end).unwrap_or_default();
        let unknown = push_unescaped(text, &mut self.text);
        if let Some(name) = unknown.filter(|_| self.unknown_entity.is_none()) {
            self.unknown_entity = Some((self.line(), name));
        }
        self.source.consume(end);
        Ok(())
    }

    /// Passes over the text before the next markup and measures that.
    pub(crate) fn next_markup(&mut self) -> Result<Markup, Stop> {
        loop {
            let available = self.source.available();
            if available.first() != Some(&b'<') {
                let text = memchr::memchr(b'<', available).unwrap_or(available.len());
                self.source.consume(text);
            }
            if let Some(markup) = measure(self.source.available()) {
                return Ok(markup);
            }
            if !self.grow()? {
                return Err(self.end_of_file());
            }
        }
    }

    fn end_of_file(&self) -> Stop {
        let inside = !self.source.available().is_empty();
        let message = if inside {
            "the file ends inside a tag that begins here"
        } else {
            "the file ends here, before its closing tag"
        };
        Stop::End {
            line: self.line(),
            message: message.to_owned(),
        }
    }

    fn grow(&mut self) -> Result<bool, Stop> {
        let line = self.line();
        self.source.grow().map_err(|source| Stop::Io { line, source })
    }

    /// Takes in the start tag of this length.
    pub(crate) fn enter(&mut self, length: usize) {
        self.markup = length;
        self.depth += 1;
        let tag = self.source.available().get(..length).unwrap_or_default();
        self.empty_element = tag.ends_with(b"/>");
        let (name, prefix) = measure_name(tag.get(1..).unwrap_or_default());
        self.name = name;
        self.local = prefix.map_or(1, |colon| colon + 2);
        self.attributes.clear();
        let inner = length - if self.empty_element { 2 } else { 1 };
        if self.name + 1 < inner {
            self.read_attributes(inner);
        }
        self.namespace = self.bindings.resolve(self.prefix());
    }

    /// Takes in an end tag.
    fn close(&mut self, length: usize) -> Result<(), Stop> {
        self.markup = length;
        let tag = self.source.available().get(2..length - 1);
        let name = tag.unwrap_or_default().trim_ascii_end();
        if let Err(expected) = self.open.pop(name) {
            let found = String::from_utf8_lossy(name);
            let message = format!("</{expected}> was expected here, and </{found}> stands here");
            return Err(self.mismatch(message));
        }
        self.leave();
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.scoped > self.depth {
            self.leave_scopes();
        }
    }

    fn leave_scopes(&mut self) {
        self.bindings.leave(self.depth);
        while self.dimensions.last().is_some_and(|(depth, _)| *depth > self.depth) {
            self.dimensions.pop();
        }
        let dimension = self.dimensions.last().map_or(0, |(depth, _)| *depth);
        self.scoped = self.bindings.deepest().max(dimension);
    }

    /// Reads the attributes between the name and `inner`, the end of the tag.
    fn read_attributes(&mut self, inner: usize) {
        let tag = self.source.available().get(..inner).unwrap_or_default();
        let mut at = self.name + 1;
        while let Some((attribute, next)) = next_attribute(tag, at) {
            at = next;
            let value = tag.get(attribute.value.clone()).unwrap_or_default();
            match tag.get(attribute.name.clone()).unwrap_or_default() {
                b"xmlns" => {
                    self.bindings.bind(b"", unescaped(value).trim(), self.depth);
                    self.scoped = self.depth;
                }
                [b'x', b'm', b'l', b'n', b's', b':', prefix @ ..] => {
                    self.bindings.bind(prefix, unescaped(value).trim(), self.depth);
                    self.scoped = self.depth;
                }
                name => {
                    if name == b"srsDimension" {
                        self.dimensions.push((self.depth, dimension(value)));
                        self.scoped = self.depth;
                    }
                    self.attributes.push(attribute);
                }
            }
        }
    }

    /// Has the parser take in the tag that skimming stands on.
    pub(crate) fn open_skimmed(&mut self) {
        if !self.empty_element {
            let name = self.source.available().get(1..=self.name);
            self.open.push(name.unwrap_or_default());
        }
    }
}

/// What is no number fails every check of the coordinates later on, where the line is known.
fn dimension(value: &[u8]) -> u8 {
    let text = std::str::from_utf8(value.trim_ascii());
    text.ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn unescaped(raw: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    push_unescaped(raw, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}
