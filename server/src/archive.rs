//! A collection as one file: a 3D Tiles archive (3TZ 1.3).
//!
//! An archive is a zip whose last entry, `@3dtilesIndex1@`, tells where each other one begins, by the MD5 of its name; so
//! programs read tiles out of it without unpacking. It may have gigabytes, and whoever downloads it over a bad line wants to
//! go on where it broke off. So nothing is packed: the store has each file compressed by gzip, whose middle is what a zip
//! holds and whose end is the checksum that a zip wants. What is left to make are headers, and with the lengths of the files
//! the whole archive is known before its first byte is read: its length, its tag, and where any part of it begins.
//!
//! (The `zip` crate writes archives from their beginning on and cannot tell their length before.)

use axum::body::Bytes;
use md5::{Digest, Md5};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;
use store::{Coding, Collection};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWrite, AsyncWriteExt};

/// What an archive is called in `Content-Type`.
pub(crate) const MEDIA_TYPE: &str = "application/vnd.maxar.archive.3tz+zip";
/// The name of the index (3TZ 1.3).
const INDEX: &str = "@3dtilesIndex1@";
/// gzip's header without a name, and its end: checksum and length (RFC 1952).
const GZIP_HEADER: u64 = 10;
const GZIP_TRAILER: u64 = 8;
/// Methods of compression (APPNOTE.TXT 6.3.10, 4.4.5).
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Version 4.5 knows files beyond 4 GiB.
const VERSION: u16 = 45;
/// 1980-01-01 00:00, the least there is: the same city is the same archive.
const DATE: u16 = 0x21;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
const LOCAL_HEADER: u32 = 0x0403_4b50;
const CENTRAL_HEADER: u32 = 0x0201_4b50;
const END_64: u32 = 0x0606_4b50;
const LOCATOR_64: u32 = 0x0706_4b50;
const END: u32 = 0x0605_4b50;

/// Where the bytes of an entry are.
enum Body {
    Memory(Bytes),
    File { path: PathBuf, skip: u64 },
}

struct Entry {
    name: String,
    method: u16,
    checksum: u32,
    /// As stored in the archive, and as they are.
    packed: u64,
    length: u64,
    /// Where its header begins.
    offset: u64,
    body: Body,
}

/// An archive, laid out.
pub(crate) struct Archive {
    entries: Vec<Entry>,
    /// What follows the entries.
    directory: Bytes,
    /// Where that begins.
    directory_offset: u64,
    /// BLAKE3 of the directory, which holds the checksum of every file: 16 hexadecimal digits.
    pub(crate) hash: String,
}

impl Archive {
    /// Lays a collection out. Reads the ends of its files, and those whole that are not compressed.
    pub(crate) fn of(collection: &Collection) -> io::Result<Self> {
        let mut entries = vec![memory(
            "tileset.json",
            Bytes::copy_from_slice(collection.tileset_json()),
        )];
        for (path, entry) in &collection.manifest().files {
            let Some(name) = path.strip_prefix("files/") else {
                continue;
            };
            let gzip = entry.codings.iter().find(|coded| coded.coding == Coding::Gzip);
            let coding = gzip.map_or(Coding::Identity, |coded| coded.coding);
            let file = collection.path(name, coding).ok_or(io::ErrorKind::NotFound)?;
            entries.push(match gzip {
                Some(coded) => deflated(path, file, coded.length, entry.length)?,
                None => stored(path, file, entry.length)?,
            });
        }
        Ok(Self::laid_out(entries))
    }

    fn laid_out(mut entries: Vec<Entry>) -> Self {
        let mut offset = 0;
        for entry in &mut entries {
            entry.offset = offset;
            offset = entry.end();
        }
        let mut index = memory(INDEX, index(&entries));
        index.offset = offset;
        let directory_offset = index.end();
        entries.push(index);
        let directory = Bytes::from(directory(&entries, directory_offset));
        let hash = blake3::hash(&directory).to_hex()[..16].to_owned();
        Self {
            entries,
            directory,
            directory_offset,
            hash,
        }
    }

    /// The length of a collection's archive in bytes and how many files it holds, without a look at any of them.
    pub(crate) fn size_of(collection: &Collection) -> (u64, u64) {
        let tileset = memory("tileset.json", Bytes::copy_from_slice(collection.tileset_json()));
        let mut entries = vec![tileset];
        for (path, entry) in &collection.manifest().files {
            if !path.starts_with("files/") {
                continue;
            }
            let gzip = entry.codings.iter().find(|coded| coded.coding == Coding::Gzip);
            let deflated = gzip.map(|coded| coded.length.saturating_sub(GZIP_HEADER + GZIP_TRAILER));
            entries.push(Entry {
                packed: deflated.unwrap_or(entry.length),
                length: entry.length,
                ..memory(path, Bytes::new())
            });
        }
        let count = entries.len() as u64;
        (Self::laid_out(entries).length(), count)
    }

    /// How many entries there are.
    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }

    /// Writes one entry, after those before it; returns where it ends.
    pub(crate) fn write_entry(&self, number: usize, out: &mut impl Write) -> io::Result<u64> {
        let entry = self.entries.get(number).ok_or(io::ErrorKind::NotFound)?;
        out.write_all(&entry.local_header())?;
        match &entry.body {
            Body::Memory(bytes) => out.write_all(bytes)?,
            Body::File { path, skip } => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(*skip))?;
                if io::copy(&mut file.take(entry.packed), out)? != entry.packed {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(entry.end())
    }

    /// Writes what follows the entries.
    pub(crate) fn write_directory(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.directory)
    }

    /// In bytes.
    pub(crate) fn length(&self) -> u64 {
        self.directory_offset + self.directory.len() as u64
    }

    /// Writes a part of the archive.
    pub(crate) async fn write(&self, range: Range<u64>, out: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
        let first = self.entries.partition_point(|entry| entry.end() <= range.start);
        for entry in self.entries[first..]
            .iter()
            .take_while(|entry| entry.offset < range.end)
        {
            let header = entry.local_header();
            let body = entry.offset + header.len() as u64;
            out.write_all(part(&header, entry.offset, &range)).await?;
            match &entry.body {
                Body::Memory(bytes) => out.write_all(part(bytes, body, &range)).await?,
                Body::File { path, skip } => {
                    let wanted = range.start.max(body)..range.end.min(body + entry.packed);
                    if wanted.start < wanted.end {
                        let mut file = tokio::fs::File::open(path).await?;
                        file.seek(SeekFrom::Start(skip + wanted.start - body)).await?;
                        let length = wanted.end - wanted.start;
                        if tokio::io::copy(&mut file.take(length), out).await? != length {
                            return Err(io::ErrorKind::UnexpectedEof.into());
                        }
                    }
                }
            }
        }
        out.write_all(part(&self.directory, self.directory_offset, &range))
            .await?;
        out.flush().await
    }
}

/// What of `bytes`, which lie at `offset`, is in the range.
fn part<'a>(bytes: &'a [u8], offset: u64, range: &Range<u64>) -> &'a [u8] {
    let clip = |at: u64| at.saturating_sub(offset).min(bytes.len() as u64) as usize;
    let (start, end) = (clip(range.start), clip(range.end));
    &bytes[start..end.max(start)]
}

impl Entry {
    fn end(&self) -> u64 {
        self.offset + 30 + self.name.len() as u64 + self.packed
    }

    /// APPNOTE.TXT 6.3.10, 4.3.7. Lengths stand here and not behind the file, as 3TZ wants; no tile has 4 GiB.
    fn local_header(&self) -> Vec<u8> {
        let mut header = Vec::with_capacity(30 + self.name.len());
        header.extend(LOCAL_HEADER.to_le_bytes());
        self.shared(&mut header);
        header.extend(self.name.as_bytes());
        header
    }

    /// What local and central header have in common: from the version needed to the length of extra fields (none).
    fn shared(&self, header: &mut Vec<u8>) {
        for short in [VERSION, FLAGS, self.method, 0, DATE] {
            header.extend(short.to_le_bytes());
        }
        for long in [self.checksum, self.packed as u32, self.length as u32] {
            header.extend(long.to_le_bytes());
        }
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend(0u16.to_le_bytes());
    }
}

fn memory(name: &str, bytes: Bytes) -> Entry {
    Entry {
        name: name.to_owned(),
        method: STORED,
        checksum: crc32fast::hash(&bytes),
        packed: bytes.len() as u64,
        length: bytes.len() as u64,
        offset: 0,
        body: Body::Memory(bytes),
    }
}

/// A file that the store has as gzip: the stream between header and end.
fn deflated(name: &str, path: PathBuf, coded: u64, length: u64) -> io::Result<Entry> {
    let wrong = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} is not plain gzip", path.display()),
        )
    };
    let mut file = File::open(&path)?;
    let mut header = [0; GZIP_HEADER as usize];
    file.read_exact(&mut header)?;
    // Deflate without name, comment or extra fields.
    if header[..4] != [0x1f, 0x8b, 8, 0] || coded < GZIP_HEADER + GZIP_TRAILER {
        return Err(wrong());
    }
    file.seek(SeekFrom::Start(coded - GZIP_TRAILER))?;
    let mut trailer = [0; GZIP_TRAILER as usize];
    file.read_exact(&mut trailer)?;
    let word = |at: usize| u32::from_le_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
    if u64::from(word(4)) != length {
        return Err(wrong());
    }
    Ok(Entry {
        name: name.to_owned(),
        method: DEFLATED,
        checksum: word(0),
        packed: coded - GZIP_HEADER - GZIP_TRAILER,
        length,
        offset: 0,
        body: Body::File {
            path,
            skip: GZIP_HEADER,
        },
    })
}

/// A file as it is.
fn stored(name: &str, path: PathBuf, length: u64) -> io::Result<Entry> {
    let mut file = File::open(&path)?;
    let mut checksum = crc32fast::Hasher::new();
    let mut piece = vec![0; 64 << 10];
    let mut read = 0;
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            break;
        }
        checksum.update(&piece[..count]);
        read += count as u64;
    }
    if read != length || u32::try_from(length).is_err() {
        let reason = format!("{} has {read} bytes instead of {length}", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    Ok(Entry {
        name: name.to_owned(),
        method: STORED,
        checksum: checksum.finalize(),
        packed: length,
        length,
        offset: 0,
        body: Body::File { path, skip: 0 },
    })
}

/// The MD5 of each name with where its entry begins, in order of the MD5 as two little-endian numbers (3TZ 1.3).
fn index(entries: &[Entry]) -> Bytes {
    let mut rows: Vec<([u64; 2], u64)> = entries
        .iter()
        .map(|entry| {
            let hash: [u8; 16] = Md5::digest(entry.name.as_bytes()).into();
            let (words, _) = hash.as_chunks::<8>();
            (
                [u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])],
                entry.offset,
            )
        })
        .collect();
    rows.sort_unstable();
    let numbers = rows.into_iter().flat_map(|([low, high], offset)| [low, high, offset]);
    numbers.flat_map(u64::to_le_bytes).collect()
}

/// The central directory and its end (APPNOTE.TXT 6.3.10, 4.3.12 to 4.3.16).
fn directory(entries: &[Entry], offset: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        out.extend(CENTRAL_HEADER.to_le_bytes());
        out.extend(VERSION.to_le_bytes());
        entry.shared(&mut out);
        let far = u32::try_from(entry.offset).is_err();
        if far {
            // The length of extra fields that `shared` wrote as none.
            let at = out.len() - 2;
            out[at..].copy_from_slice(&12u16.to_le_bytes());
        }
        // No comment, first disk, no attributes.
        out.extend([0; 10]);
        out.extend(u32::try_from(entry.offset).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(entry.name.as_bytes());
        if far {
            out.extend([1u16, 8].map(u16::to_le_bytes).concat());
            out.extend(entry.offset.to_le_bytes());
        }
    }
    end(&mut out, entries.len() as u64, offset);
    out
}

fn end(out: &mut Vec<u8>, count: u64, offset: u64) {
    let length = out.len() as u64;
    if count >= u64::from(u16::MAX) || offset + length >= u64::from(u32::MAX) {
        let at = offset + length;
        out.extend(END_64.to_le_bytes());
        out.extend(44u64.to_le_bytes());
        out.extend([VERSION, VERSION].map(u16::to_le_bytes).concat());
        out.extend([0; 8]);
        out.extend([count, count, length, offset].map(u64::to_le_bytes).concat());
        out.extend(LOCATOR_64.to_le_bytes());
        out.extend(0u32.to_le_bytes());
        out.extend(at.to_le_bytes());
        out.extend(1u32.to_le_bytes());
    }
    let short = |number: u64| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
    let long = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    out.extend(END.to_le_bytes());
    out.extend([0; 4]);
    out.extend(short(count));
    out.extend(short(count));
    out.extend(long(length));
    out.extend(long(offset));
    out.extend([0; 2]);
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_entries_than_16_bits_count_are_all_found() {
        let entries = (0..70_000).map(|number| memory(&format!("files/{number}"), Bytes::from(vec![number as u8])));
        let archive = Archive::laid_out(entries.collect());
        let mut bytes = Vec::new();
        archive.write(0..archive.length(), &mut bytes).await.unwrap();
        assert_eq!(bytes.len() as u64, archive.length());
        let mut zip = zip::ZipArchive::new(io::Cursor::new(bytes)).unwrap();
        assert_eq!(zip.len(), 70_001);
        let mut read = Vec::new();
        zip.by_name("files/69999").unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, [69_999_u32 as u8]);
    }

    #[test]
    fn what_begins_beyond_4_gib_says_so_in_64_bits() {
        let far = |name: &str| Entry {
            packed: 3 << 30,
            body: Body::File {
                path: PathBuf::new(),
                skip: 0,
            },
            ..memory(name, Bytes::new())
        };
        let archive = Archive::laid_out(vec![far("a"), far("b"), far("c")]);
        assert!(archive.length() > 9 << 30);
        let header = archive
            .directory
            .windows(47)
            .position(|bytes| bytes[..4] == CENTRAL_HEADER.to_le_bytes() && bytes[46] == b'c');
        let header = &archive.directory[header.unwrap()..];
        assert_eq!(header[30..32], 12u16.to_le_bytes(), "the length of the extra field");
        assert_eq!(header[42..46], u32::MAX.to_le_bytes());
        assert_eq!(header[47..51], [1, 0, 8, 0]);
        assert_eq!(header[51..59], (2u64 * ((3 << 30) + 31)).to_le_bytes());
        let end = archive.directory.len() - 22;
        assert_eq!(archive.directory[end + 16..end + 20], u32::MAX.to_le_bytes());
        assert_eq!(archive.directory[end - 20..end - 16], LOCATOR_64.to_le_bytes());
    }
}
