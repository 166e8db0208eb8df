//! Pieces of a file, each to be read by any thread.

use std::io::{self, BufRead, Read};
use std::path::Path;

use crate::document::Document;
use crate::source::{Part, Source};
use crate::split::Split;
use crate::survey::Survey;
use crate::{Error, Version};

/// A run of members of a file: [`Reader::chunks`](crate::Reader::chunks) cuts it off,
/// [`Reader::read_chunk`](crate::Reader::read_chunk) reads it.
#[derive(Debug)]
pub struct Chunk {
    index: usize,
    /// Where it begins; `None` for the beginning of the file.
    start: Option<Split>,
    bytes: Bytes,
    /// Whether another one follows.
    part: bool,
    end_position: u64,
}

/// Where the bytes of a chunk are.
#[derive(Debug)]
enum Bytes {
    /// Still in the file.
    InFile(Part),
    /// Here, as text; behind it the file fails, where it does.
    Here { text: Vec<u8>, failure: Option<io::Error> },
    /// In a file that must be decoded from its beginning on, because there are too many to be kept.
    Behind { offset: u64, line: u64, length: u64 },
    /// The file cannot be opened any more.
    Nowhere(io::Error),
}

impl Chunk {
    /// The number of the chunk in its file, counted from 0: the order of the file is the order of these.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The line on which it begins, counted from 1.
    pub fn line(&self) -> u64 {
        self.start.as_ref().map_or(1, |split| split.line)
    }

    /// How many bytes of the file, as [`Header::bytes`](crate::Header::bytes) counts them, have been read when this chunk
    /// and all before it have: for a progress bar. Of a compressed file it is a little more than that.
    pub fn end_position(&self) -> u64 {
        self.end_position
    }

    pub(crate) fn open(self, path: &Path, version: Version) -> Result<Document, Error> {
        let (offset, line) = begins(self.start.as_ref());
        let source = match self.bytes {
            Bytes::InFile(part) => Source::open_part(path, &part),
            Bytes::Here { text, failure } => Ok(Source::of_text(text, failure, offset, line)),
            Bytes::Behind { offset, line, length } => Source::open_behind(path, offset, line, length),
            Bytes::Nowhere(error) => Err(error),
        };
        let source = source.map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        let document = match &self.start {
            Some(split) => Document::from_split(source, split, version),
            None => Document::begin(source, path)?,
        };
        Ok(if self.part { document.ending_early() } else { document })
    }
}

fn begins(split: Option<&Split>) -> (u64, u64) {
    split.map_or((0, 1), |split| (split.offset, split.line))
}

/// The chunks of a file, in order.
#[derive(Debug)]
pub struct Chunks<'a> {
    path: &'a Path,
    survey: &'a Survey,
    /// The length of the file on disk.
    length: u64,
    target: u64,
    index: usize,
    /// Where the next chunk begins: the number of the split behind which it is, or the beginning of the file.
    at: Option<usize>,
    done: bool,
    /// Of a file whose bytes are not those of its text.
    source: Option<Source>,
}

impl<'a> Chunks<'a> {
    pub(crate) fn new(path: &'a Path, survey: &'a Survey, length: u64, target: u64) -> Self {
        Self {
            path,
            survey,
            length,
            target: target.max(1),
            index: 0,
            at: None,
            done: false,
            source: None,
        }
    }

    /// The first split that is far enough behind the beginning of the chunk.
    fn next_split(&self) -> Option<usize> {
        let splits = self.survey.splits.list();
        let start = self.at.and_then(|at| splits.get(at));
        let least = begins(start).0.saturating_add(self.target);
        let next = splits.partition_point(|split| split.offset < least);
        (next < splits.len()).then_some(next)
    }

    /// The bytes up to here; `None`: up to the end of the file.
    fn bytes(&mut self, start: Option<&Split>, end: Option<u64>) -> (Bytes, u64) {
        let Some(plain_from) = self.survey.plain_from else {
            return self.decoded(start, end);
        };
        let (offset, line) = begins(start);
        let part = Part {
            plain_from,
            offset,
            line,
            length: end.map_or(u64::MAX, |end| end - offset),
        };
        let position = end.map_or(self.length, |end| plain_from + end);
        (Bytes::InFile(part), position)
    }

    fn decoded(&mut self, start: Option<&Split>, end: Option<u64>) -> (Bytes, u64) {
        let (offset, line) = begins(start);
        let end = end.or(self.survey.closed.then_some(self.survey.end));
        let known = end.unwrap_or(self.survey.end).saturating_sub(offset);
        if known > self.survey.member_bytes.saturating_add(self.target) {
            let length = end.map_or(u64::MAX, |_| known);
            return (Bytes::Behind { offset, line, length }, self.length);
        }
        let source = match self.source.take().map_or_else(|| Source::open(self.path), Ok) {
            Ok(source) => self.source.insert(source),
            Err(error) => return (Bytes::Nowhere(error), self.length),
        };
        let (text, failure) = match skip_to(source, offset) {
            Ok(()) => take_text(source, end),
            Err(error) => (Vec::new(), Some(error)),
        };
        self.done |= failure.is_some();
        let position = if end.is_some() { source.position() } else { self.length };
        (Bytes::Here { text, failure }, position)
    }
}

/// Behind a piece that was left to whoever reads it, its text must be passed over.
fn skip_to(source: &mut Source, offset: u64) -> io::Result<()> {
    let before = offset.saturating_sub(source.consumed());
    io::copy(&mut source.take(before), &mut io::sink())?;
    Ok(())
}

/// The text up to here, and what fails before that.
fn take_text(source: &mut Source, end: Option<u64>) -> (Vec<u8>, Option<io::Error>) {
    let mut text = Vec::new();
    loop {
        let missing = end.map_or(u64::MAX, |end| end.saturating_sub(source.consumed()));
        if missing == 0 {
            return (text, None);
        }
        let available = match source.fill_buf() {
            Ok(available) => available,
            Err(error) => return (text, Some(error)),
        };
        let taken = available.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
        if taken == 0 {
            return (text, None);
        }
        text.extend_from_slice(available.get(..taken).unwrap_or_default());
        source.consume(taken);
    }
}

impl Iterator for Chunks<'_> {
    type Item = Chunk;

    fn next(&mut self) -> Option<Chunk> {
        if self.done {
            return None;
        }
        let splits = self.survey.splits.list();
        let start = self.at.and_then(|at| splits.get(at));
        self.at = self.next_split();
        let end = self.at.and_then(|at| splits.get(at)).map(|split| split.offset);
        self.done = end.is_none();
        let (bytes, end_position) = self.bytes(start, end);
        let chunk = Chunk {
            index: self.index,
            start: start.cloned(),
            part: end.is_some() && !matches!(bytes, Bytes::Here { failure: Some(_), .. }),
            bytes,
            end_position,
        };
        self.index += 1;
        Some(chunk)
    }
}
