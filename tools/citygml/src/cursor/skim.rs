//! Skimming: going through an object without reading it.
//!
//! The first walk through a file needs the ids, the links and a handful of names; nine tags out of ten have no attribute and
//! say nothing. Skimming stops only at those that can matter. Whether tags match is asked here too: the walk that reads the
//! objects loses one with a wrong tag and goes on at the next member, and both walks must meet the same members.

use std::io::BufRead;

use super::{Cursor, Stop};
use crate::markup::{Markup, measure_name};

impl Cursor {
    /// Goes to the next start tag below `floor` that has an attribute, or whose local name matters; `false` at the end of the
    /// element at `floor`.
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
                    self.close(length)?;
                    self.pass_markup();
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
        if name > 0 && !has_attributes && !matters(local) && local != b"cityObjectMember" {
            if !tag.ends_with(b"/>") {
                if !self.open.push(tag.get(1..=name).unwrap_or_default()) {
                    return self.open(length).map(|_| true);
                }
                self.depth += 1;
            }
            self.source.consume(length);
            return Ok(false);
        }
        self.open(length)?;
        if self.is_member() {
            return Err(self.swallowed());
        }
        Ok(true)
    }
}
