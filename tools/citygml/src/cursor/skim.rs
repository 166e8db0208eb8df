//! Skimming: going through an object without reading it.
//!
//! The first walk through a file needs the ids, the links and a handful of names; nine tags out of ten have no attribute and
//! say nothing. Skimming stops only at those that can matter. Whether tags match is not asked here: the walk that reads
//! the objects asks it, and a member that begins inside another one shows the worst.

use std::io::BufRead;

use super::{Cursor, Stop};
use crate::markup::{Markup, measure_name};

impl Cursor {
    /// Goes to the next start tag below `floor` that has an attribute, or whose local name matters; `false` at the end of the
    /// element at `floor`. What the cursor then stands on can be asked for its name and attributes; to read it like any other
    /// element, call [`Cursor::open_entered`] first.
    pub(crate) fn skim(&mut self, floor: u32, matters: fn(&[u8]) -> bool) -> Result<bool, Stop> {
        self.pass_markup();
        if std::mem::take(&mut self.empty_element) {
            self.leave();
            if self.depth < floor {
                return Ok(false);
            }
        }
        loop {
            match self.next_markup()? {
                Markup::Start(length) => {
                    if self.stands_on(length, matters)? {
                        return Ok(true);
                    }
                }
                Markup::End(_) if self.depth <= floor => {
                    self.step(false)?;
                    return Ok(false);
                }
                Markup::End(length) => {
                    self.source.consume(length);
                    self.leave();
                }
                Markup::CData(length) | Markup::Comment(length) => self.source.consume(length),
                // The parser knows what to say.
                Markup::DocumentType | Markup::Unknown => {
                    self.step(false)?;
                }
            }
        }
    }

    /// The text up to the next tag, trimmed.
    pub(crate) fn skim_text(&mut self) -> Result<String, Stop> {
        self.pass_markup();
        if std::mem::take(&mut self.empty_element) {
            self.leave();
            return Ok(String::new());
        }
        self.keep_only_text()
    }

    /// Whether the start tag at the front of the text is worth a stop; if not, it is passed over.
    fn stands_on(&mut self, length: usize, matters: fn(&[u8]) -> bool) -> Result<bool, Stop> {
        let tag = self.source.available().get(..length).unwrap_or_default();
        let (name, colon) = measure_name(tag.get(1..).unwrap_or_default());
        let has_attributes = name + 3 < length;
        let local = tag.get(colon.map_or(1, |at| at + 2)..=name).unwrap_or_default();
        if !has_attributes && !matters(local) && local != b"cityObjectMember" {
            self.depth += u32::from(!tag.ends_with(b"/>"));
            self.source.consume(length);
            return Ok(false);
        }
        self.enter(length);
        if self.is_member() {
            return Err(self.swallowed());
        }
        Ok(true)
    }

    /// Expects the end of the tag that the cursor has entered.
    pub(crate) fn open_entered(&mut self) {
        if !self.empty_element {
            let name = self.source.available().get(1..=self.name);
            self.open.push(name.unwrap_or_default());
        }
    }
}
