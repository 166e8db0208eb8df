//! From one tag to the next.

use std::io::BufRead;

use super::{Cursor, Stop, TOO_LARGE, Token, unescaped};
use crate::limits;
use crate::markup::{Markup, measure, measure_name, next_attribute, push_unescaped};

impl Cursor {
    /// Goes to the next tag; the text before it is kept on demand.
    pub(crate) fn step(&mut self, keep_text: bool) -> Result<Token, Stop> {
        self.pass_markup();
        if self.empty_element {
            self.empty_element = false;
            self.leave();
            return Ok(Token::End);
        }
        loop {
            if keep_text {
                self.keep_text()?;
            }
            match self.next_markup()? {
                Markup::Start(length) => return self.open(length),
                Markup::End(length) => return self.close(length),
                Markup::CData(length) => {
                    let inside = self.source.available().get(9..length - 3);
                    if keep_text && has_room(&self.text, length) {
                        self.text.extend_from_slice(inside.unwrap_or_default());
                    } else if keep_text {
                        self.too_long.get_or_insert(self.source.line());
                    }
                    self.source.consume(length);
                }
                Markup::Comment(length) => self.source.consume(length),
                Markup::DocumentType => return Err(Stop::DocumentType { line: self.line() }),
                Markup::Unknown => {
                    self.markup = "<!".len();
                    return Err(self.mismatch("\"<!\" begins nothing that XML knows".to_owned()));
                }
            }
        }
    }

    /// Takes in the start tag of this length, and expects its end.
    pub(super) fn open(&mut self, length: usize) -> Result<Token, Stop> {
        self.enter(length);
        let name = self.source.available().get(1..=self.name);
        if !self.empty_element && !self.open.push(name.unwrap_or_default()) {
            return Err(self.too_large(
                "a row of elements that are not closed, with names",
                limits::OPEN_NAME_BYTES,
            ));
        }
        if std::mem::take(&mut self.overbound) {
            let message = format!("more than {} namespaces are declared here", limits::NAMESPACES);
            return Err(self.broken(TOO_LARGE, message));
        }
        if self.name == 0 {
            return Err(self.mismatch("a tag has no name".to_owned()));
        }
        Ok(Token::Start)
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
                None if self.source.available().len() > limits::TEXT_BYTES => break limits::TEXT_BYTES + 1,
                None if self.grow()? => {}
                None => break self.source.available().len(),
            }
        };
        if end > limits::TEXT_BYTES {
            return Err(self.text_too_large());
        }
        let text = self.source.available().get(..end).unwrap_or_default();
        let mut unknown = None;
        if has_room(&self.text, end) {
            unknown = push_unescaped(text, &mut self.text);
        } else {
            self.too_long.get_or_insert(self.source.line());
        }
        if let Some(name) = unknown.filter(|_| self.unknown_entity.is_none()) {
            self.unknown_entity = Some((self.line(), name));
        }
        self.source.consume(end);
        Ok(())
    }

    /// Passes over the text before the next markup and measures that.
    pub(crate) fn next_markup(&mut self) -> Result<Markup, Stop> {
        let mut passed = 0;
        loop {
            let available = self.source.available();
            if available.first() != Some(&b'<') {
                let text = memchr::memchr(b'<', available).unwrap_or(available.len());
                self.source.consume(text);
                passed += text;
                if passed > limits::TEXT_BYTES {
                    return Err(self.text_too_large());
                }
            }
            let markup = measure(self.source.available());
            self.check_length(markup)?;
            if let Some(markup) = markup {
                return Ok(markup);
            }
            if !self.grow()? {
                return Err(self.end_of_file());
            }
        }
    }

    fn text_too_large(&mut self) -> Stop {
        self.too_large("a text", limits::TEXT_BYTES)
    }

    /// Whether the markup at the front of the text, which ends where that ends or behind it, is longer than it may be.
    fn check_length(&mut self, markup: Option<Markup>) -> Result<(), Stop> {
        let available = self.source.available();
        let length = match markup {
            Some(Markup::Start(length) | Markup::End(length) | Markup::CData(length) | Markup::Comment(length)) => {
                length
            }
            Some(Markup::DocumentType | Markup::Unknown) => 0,
            None => available.len(),
        };
        if length <= limits::TAG_BYTES {
            return Ok(());
        }
        let (what, limit) = match available.get(1) {
            Some(b'!' | b'?') => ("a comment or CDATA section", limits::TEXT_BYTES),
            _ => ("a tag", limits::TAG_BYTES),
        };
        if length <= limit {
            return Ok(());
        }
        // What follows is taken as text, up to the next tag.
        self.markup = "<".len();
        Err(self.too_large(what, limit))
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

    /// Takes in the end tag of this length.
    pub(super) fn close(&mut self, length: usize) -> Result<Token, Stop> {
        self.markup = length;
        let tag = self.source.available().get(2..length - 1);
        let name = tag.unwrap_or_default().trim_ascii_end();
        if let Err(expected) = self.open.pop(name) {
            let found = String::from_utf8_lossy(name);
            let message = format!("</{expected}> was expected here, and </{found}> stands here");
            return Err(self.mismatch(message));
        }
        self.leave();
        Ok(Token::End)
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.scoped > self.depth {
            self.leave_scopes();
        }
    }

    pub(super) fn leave_scopes(&mut self) {
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
                    self.overbound |= !self.bindings.bind(b"", unescaped(value).trim(), self.depth);
                }
                [b'x', b'm', b'l', b'n', b's', b':', prefix @ ..] => {
                    self.overbound |= !self.bindings.bind(prefix, unescaped(value).trim(), self.depth);
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
        self.scoped = self.scoped.max(self.bindings.deepest());
    }
}

/// A text is cut where it would become too long: the pieces of one may be many.
fn has_room(text: &[u8], more: usize) -> bool {
    text.len() + more <= limits::TEXT_BYTES
}

/// What is no number fails every check of the coordinates later on, where the line is known.
fn dimension(value: &[u8]) -> u8 {
    let text = std::str::from_utf8(value.trim_ascii());
    text.ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}
