//! The bytes of a file as UTF-8 text, whatever they are on disk.
//!
//! Files come plain or gzipped, as UTF-8 with or without a byte order mark, as ISO-8859-15 or UTF-16, and now and then
//! with a stray byte that belongs to no encoding. A stray byte must not stop a city: it becomes the replacement character,
//! and the line of the first one is kept for the report.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Decoder, Encoding, UTF_8};
use flate2::bufread::MultiGzDecoder;

/// How much is read at once.
const CHUNK: usize = 128 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A part of a file of which the bytes are those of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Where the text begins in the file.
    pub(crate) plain_from: u64,
    /// Where the part begins in the text.
    pub(crate) offset: u64,
    /// The line there, counted from 1.
    pub(crate) line: u64,
    /// In bytes.
    pub(crate) length: u64,
}

/// A file being read, decompressed and decoded.
pub(crate) struct Source {
    inner: Box<dyn Read + Send>,
    /// None where the bytes are known to be UTF-8.
    decoder: Option<Decoder>,
    /// Where the text begins in the file, when its bytes there are those of the text so far.
    plain_from: Option<u64>,
    raw: Box<[u8]>,
    raw_at: usize,
    raw_end: usize,
    raw_done: bool,
    /// Decoded text; what is before `text_at` has been consumed.
    text: Vec<u8>,
    text_at: usize,
    text_end: usize,
    finished: bool,
    /// What stopped the reading, until it is told: what came before comes first.
    failure: Option<io::Error>,
    consumed: u64,
    /// Line breaks before `counted`, which is at or before `text_at`.
    lines: Cell<u64>,
    counted: Cell<usize>,
    malformed: Option<u64>,
    unknown_encoding: Option<String>,
    position: Arc<AtomicU64>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// Opens a file; gzip is known by its first bytes, not by the name.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let position = Arc::default();
        let file = Counted {
            file: File::open(path)?,
            position: Arc::clone(&position),
        };
        let mut plain = BufReader::with_capacity(CHUNK, file);
        let zipped = plain.fill_buf()?.starts_with(&[0x1f, 0x8b]);
        if zipped {
            return Self::decoding(Box::new(MultiGzDecoder::new(plain)), position);
        }
        let mut source = Self::decoding(Box::new(plain), position)?;
        let mark = source.head().starts_with(BYTE_ORDER_MARK);
        source.plain_from = Some(if mark { BYTE_ORDER_MARK.len() as u64 } else { 0 });
        Ok(source)
    }

    /// Opens a part of a file that [`Source::plain_from`] answers for.
    pub(crate) fn open_part(path: &Path, part: &Part) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(part.plain_from + part.offset))?;
        let mut source = Self::new(Box::new(file.take(part.length)), Arc::default());
        source.decoder = None;
        source.begin_at(part.offset, part.line);
        Ok(source)
    }

    /// A part of a file that has been decoded already; behind it comes the failure, where there is one.
    pub(crate) fn of_text(text: Vec<u8>, failure: Option<io::Error>, offset: u64, line: u64) -> Self {
        let mut source = Self::new(Box::new(io::empty()), Arc::default());
        source.decoder = None;
        source.finished = failure.is_none();
        source.failure = failure;
        source.text_end = text.len();
        source.text = text;
        source.begin_at(offset, line);
        source
    }

    /// A part of a file that must be decoded from its beginning, and has too much text to be kept.
    pub(crate) fn open_behind(path: &Path, offset: u64, line: u64, length: u64) -> io::Result<Self> {
        let mut before = Self::open(path)?;
        io::copy(&mut (&mut before).take(offset), &mut io::sink())?;
        let mut source = Self::new(Box::new(before.take(length)), Arc::default());
        source.decoder = None;
        source.begin_at(offset, line);
        Ok(source)
    }

    /// Reads on behind the end of the model, where the checksum of a compressed file stands; not far, since what follows
    /// there may be anything.
    pub(crate) fn check_end(&mut self) -> io::Result<()> {
        if self.plain_from.is_none() {
            io::copy(&mut self.take(CHUNK as u64), &mut io::sink())?;
        }
        Ok(())
    }

    fn begin_at(&mut self, offset: u64, line: u64) {
        self.consumed = offset;
        self.lines.set(line - 1);
    }

    /// Bytes as if they were a file.
    #[cfg(test)]
    #[allow(clippy::unwrap_used, reason = "for tests")]
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let inner = Box::new(io::Cursor::new(bytes.to_vec()));
        Self::decoding(inner, Arc::default()).unwrap()
    }

    fn decoding(inner: Box<dyn Read + Send>, position: Arc<AtomicU64>) -> io::Result<Self> {
        let mut source = Self::new(inner, position);
        source.raw = vec![0; CHUNK].into();
        source.fill_raw()?;
        source.choose_decoder();
        Ok(source)
    }

    fn new(inner: Box<dyn Read + Send>, position: Arc<AtomicU64>) -> Self {
        Self {
            inner,
            decoder: Some(UTF_8.new_decoder()),
            plain_from: None,
            raw: Box::default(),
            raw_at: 0,
            raw_end: 0,
            raw_done: false,
            text: Vec::new(),
            text_at: 0,
            text_end: 0,
            finished: false,
            failure: None,
            consumed: 0,
            lines: Cell::new(0),
            counted: Cell::new(0),
            malformed: None,
            unknown_encoding: None,
            position,
        }
    }

    /// The first bytes, decompressed, before anything was consumed.
    pub(crate) fn head(&self) -> &[u8] {
        self.raw.get(..self.raw_end).unwrap_or_default()
    }

    /// How many bytes of the file on disk have been read.
    pub(crate) fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    /// Where the text begins in the file, when the bytes of the file are those of the text: it is neither compressed nor in
    /// another encoding than UTF-8, and nothing in it had to be replaced.
    pub(crate) fn plain_from(&self) -> Option<u64> {
        let utf_8 = self.decoder.as_ref().is_none_or(|decoder| decoder.encoding() == UTF_8);
        self.plain_from.filter(|_| utf_8 && self.malformed.is_none())
    }

    /// The line of the first byte that the encoding does not know, once it has been read.
    pub(crate) fn malformed(&self) -> Option<u64> {
        self.malformed
    }

    /// The encoding that the file declares, where it is none that is known.
    pub(crate) fn unknown_encoding(&self) -> Option<&str> {
        self.unknown_encoding.as_deref()
    }

    /// A byte order mark wins over the declaration, as XML says.
    fn choose_decoder(&mut self) {
        let label = declared_encoding(self.head());
        match label.as_deref().map(str::as_bytes).map(Encoding::for_label) {
            // The declaration could be read as ASCII, so it is not UTF-16 whatever it says.
            Some(Some(encoding)) if encoding.is_ascii_compatible() => {
                self.decoder = Some(encoding.new_decoder());
            }
            Some(None) => self.unknown_encoding = label,
            _ if self.head().starts_with(b"<\0") => {
                self.decoder = Some(encoding_rs::UTF_16LE.new_decoder());
            }
            _ if self.head().starts_with(b"\0<") => {
                self.decoder = Some(encoding_rs::UTF_16BE.new_decoder());
            }
            _ => {}
        }
    }

    fn fill_raw(&mut self) -> io::Result<()> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        self.raw_at = 0;
        self.raw_end = 0;
        // A gzip stream may hand out a few bytes at a time: the head should be whole.
        while self.raw_end < 4096 && !self.raw_done {
            let free = self.raw.get_mut(self.raw_end..).unwrap_or_default();
            match self.inner.read(free) {
                Ok(0) => self.raw_done = true,
                Ok(n) => self.raw_end += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What came before the damage is still handed on.
                Err(error) if self.raw_end > 0 => {
                    self.failure = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// How many bytes of text have been consumed.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The line at which the next byte stands, counted from 1. Lines are counted only when somebody asks.
    pub(crate) fn line(&self) -> u64 {
        let new = self.text.get(self.counted.get()..self.text_at);
        let breaks = memchr::memchr_iter(b'\n', new.unwrap_or_default()).count();
        self.lines.set(self.lines.get() + breaks as u64);
        self.counted.set(self.text_at);
        self.lines.get() + 1
    }

    /// The text that has been decoded and not been consumed.
    pub(crate) fn available(&self) -> &[u8] {
        self.text.get(self.text_at..self.text_end).unwrap_or_default()
    }

    /// Decodes more text behind what is available; `false` at the end of the file.
    pub(crate) fn grow(&mut self) -> io::Result<bool> {
        if self.finished {
            return Ok(false);
        }
        self.line();
        self.text.copy_within(self.text_at..self.text_end, 0);
        self.text_end -= self.text_at;
        self.text_at = 0;
        self.counted.set(0);
        let room = self.text_end + self.text_end.max(CHUNK);
        if self.text.len() < room {
            self.text.resize(room + CHUNK, 0);
        }
        let before = self.text_end;
        // A long piece is looked through anew whenever it has grown: it should grow by much, not by a little.
        while self.text_end <= before + before / 2 && !self.finished {
            match self.take_in() {
                Err(error) if self.text_end > before => {
                    self.failure = Some(error);
                    break;
                }
                done => done?,
            }
        }
        Ok(self.text_end > before)
    }

    fn take_in(&mut self) -> io::Result<()> {
        if self.decoder.is_some() {
            return self.decode();
        }
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        let free = self.text.get_mut(self.text_end..).unwrap_or_default();
        match self.inner.read(free) {
            Ok(0) => self.finished = true,
            Ok(n) => self.text_end += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn decode(&mut self) -> io::Result<()> {
        if self.raw_at == self.raw_end && !self.raw_done {
            self.fill_raw()?;
        }
        let Some(decoder) = &mut self.decoder else {
            return Ok(());
        };
        let raw = self.raw.get(self.raw_at..self.raw_end).unwrap_or_default();
        let last = self.raw_done;
        let free = self.text.get_mut(self.text_end..).unwrap_or_default();
        let (result, read, written, replaced) = decoder.decode_to_utf8(raw, free, last);
        self.raw_at += read;
        if replaced && self.malformed.is_none() {
            self.malformed = Some(self.malformed_line(written));
        }
        self.text_end += written;
        self.finished = last && result == encoding_rs::CoderResult::InputEmpty;
        Ok(())
    }

    /// The line of the first replacement character in what has just been decoded.
    fn malformed_line(&self, written: usize) -> u64 {
        let new = self.text.get(self.text_end..self.text_end + written);
        let at = memchr::memmem::find(new.unwrap_or_default(), "\u{fffd}".as_bytes());
        let before = self
            .text
            .get(self.text_at..self.text_end + at.unwrap_or(0))
            .unwrap_or_default();
        self.line() + memchr::memchr_iter(b'\n', before).count() as u64
    }
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let n = available.read(into)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.text_at == self.text_end {
            self.grow()?;
        }
        Ok(self.available())
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.text_end - self.text_at);
        self.text_at += n;
        self.consumed += n as u64;
    }
}

/// The label in `<?xml ... encoding="label"?>`.
fn declared_encoding(head: &[u8]) -> Option<String> {
    let end = memchr::memmem::find(head.get(..head.len().min(1024))?, b"?>")?;
    let declaration = std::str::from_utf8(head.get(..end)?).ok()?;
    let (_, after) = declaration.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value.get(1..)?.split(quote).next()?;
    Some(label.trim().to_owned())
}

/// A file that tells how far it has been read.
struct Counted {
    file: File,
    position: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(into)?;
        self.position.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn decoded(bytes: &[u8]) -> (String, Source) {
        let mut source = Source::from_bytes(bytes);
        let mut text = String::new();
        source.read_to_string(&mut text).unwrap();
        (text, source)
    }

    #[test]
    fn a_file_in_iso_8859_15_is_read_as_it_declares() {
        let (text, source) = decoded(b"<?xml version='1.0' encoding='ISO-8859-15'?><a>\xa4\xe4</a>");
        assert!(text.ends_with("<a>€ä</a>"), "{text}");
        assert_eq!(source.malformed(), None);
    }

    #[test]
    fn a_byte_order_mark_disappears_and_utf_16_becomes_utf_8() {
        assert_eq!(decoded(b"\xef\xbb\xbf<a/>").0, "<a/>");
        assert_eq!(decoded(b"\xff\xfe<\0a\0/\0>\0").0, "<a/>");
        assert_eq!(decoded(b"\0<\0a\0/\0>").0, "<a/>");
    }

    #[test]
    fn a_stray_byte_is_replaced_and_its_line_is_kept() {
        let (text, source) = decoded(b"<a>\n\nT\xf6\xf6l\xf6</a>");
        assert_eq!(text, "<a>\n\nT\u{fffd}\u{fffd}l\u{fffd}</a>");
        assert_eq!(source.malformed(), Some(3));
    }

    #[test]
    fn an_encoding_that_nobody_knows_is_named() {
        let (_, source) = decoded(b"<?xml version=\"1.0\" encoding=\"klingon-1\"?><a/>");
        assert_eq!(source.unknown_encoding(), Some("klingon-1"));
    }
}
