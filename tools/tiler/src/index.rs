//! Where every record lies, in the order of the quadtree.
//!
//! Records come in the order of the input and are needed square by square. Their places are sorted by a space-filling curve (Morton 1966):
//! then every square of the quadtree is one run of them. There may be more places than memory should hold, so they are sorted in runs that
//! are written out and merged (Knuth, The Art of Computer Programming 3, 5.4).

use crate::Error;
use crate::spill::{Blob, Spill, pack};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Side of the squares that the curve visits, in metres.
pub(crate) const SQUARE: f64 = 64.0;

/// A record's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Number of the layer.
    pub(crate) layer: u8,
    /// Along the curve.
    pub(crate) place: u64,
    /// Number of the feature.
    pub(crate) number: u64,
    pub(crate) blob: Blob,
    /// What it adds to the triangles of a tile.
    pub(crate) triangles: u32,
    /// Whether it is drawn (1) or only known of (0).
    pub(crate) drawn: u32,
}

const ENTRY_BYTES: usize = 32;

impl Entry {
    fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        let counts = (self.triangles << 1) | self.drawn;
        let head = (u64::from(self.layer) << 56) | self.blob.at;
        bytes[..8].copy_from_slice(&head.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.place.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.blob.length.to_le_bytes());
        bytes[28..32].copy_from_slice(&counts.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let long = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let short = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
        let (head, counts) = (long(0)?, short(28)?);
        Some(Self {
            layer: (head >> 56) as u8,
            place: long(8)?,
            number: long(16)?,
            blob: Blob {
                at: head & ((1 << 56) - 1),
                length: short(24)?,
            },
            triangles: counts >> 1,
            drawn: counts & 1,
        })
    }
}

/// The place of a point, in metres from the middle of the curve: its square's column and row, interleaved.
pub(crate) fn place_of(east: f64, north: f64) -> u64 {
    spread(square(east)) | spread(square(north)) << 1
}

/// The square of a coordinate, counted from far beyond any city.
fn square(metres: f64) -> u32 {
    ((metres / SQUARE).floor() as i32).cast_unsigned() ^ (1 << 31)
}

/// The bits of a number, each followed by a zero.
fn spread(number: u32) -> u64 {
    let mut n = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        n = (n | (n << shift)) & mask;
    }
    n
}

/// Least east and north of a place's square, in metres from the middle of the curve.
pub(crate) fn corner_of(place: u64) -> [f64; 2] {
    [place, place >> 1].map(|bits| f64::from((gathered(bits) ^ (1 << 31)).cast_signed()) * SQUARE)
}

/// Every other bit of a number: undoes [`spread`].
fn gathered(bits: u64) -> u32 {
    let mut n = bits & 0x5555_5555_5555_5555;
    for (shift, mask) in [
        (1, 0x3333_3333_3333_3333),
        (2, 0x0F0F_0F0F_0F0F_0F0F),
        (4, 0x00FF_00FF_00FF_00FF),
        (8, 0x0000_FFFF_0000_FFFF),
        (16, 0x0000_0000_FFFF_FFFF),
    ] {
        n = (n | (n >> shift)) & mask;
    }
    n as u32
}

/// Takes places in any order.
pub(crate) struct Sorter<'a> {
    spill: &'a Spill,
    /// How many are held before they are written out.
    limit: usize,
    held: Vec<Entry>,
    runs: Vec<Vec<Block>>,
}

/// Sorted places that lie together on disk.
struct Block {
    blob: Blob,
    count: usize,
}

/// Places in a block.
const BLOCK: usize = 1024;

impl<'a> Sorter<'a> {
    /// Holds at most `memory` bytes of places.
    pub(crate) fn new(spill: &'a Spill, memory: usize) -> Self {
        Self {
            spill,
            limit: (memory / size_of::<Entry>()).max(BLOCK),
            held: Vec::new(),
            runs: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, entry: Entry) -> Result<(), Error> {
        self.held.push(entry);
        if self.held.len() >= self.limit {
            self.held.sort_unstable();
            let run = write(self.spill, self.held.drain(..))?;
            self.runs.push(run);
        }
        Ok(())
    }

    /// All of them in order.
    pub(crate) fn finish(mut self) -> Result<Index, Error> {
        self.held.sort_unstable();
        if self.runs.is_empty() {
            return Index::new(write(self.spill, self.held)?, self.spill);
        }
        let last = write(self.spill, self.held)?;
        self.runs.push(last);
        let mut readers: Vec<RunReader<'_>> = self.runs.iter().map(|run| RunReader::new(run, self.spill)).collect();
        let mut heads = BinaryHeap::new();
        for (number, reader) in readers.iter_mut().enumerate() {
            heads.extend(reader.next()?.map(|entry| Reverse((entry, number))));
        }
        let mut merged = Writer::new(self.spill);
        while let Some(Reverse((entry, number))) = heads.pop() {
            merged.add(entry)?;
            heads.extend(readers[number].next()?.map(|entry| Reverse((entry, number))));
        }
        Index::new(merged.finish()?, self.spill)
    }
}

struct Writer<'a> {
    spill: &'a Spill,
    waiting: Vec<Entry>,
    blocks: Vec<Block>,
}

impl<'a> Writer<'a> {
    fn new(spill: &'a Spill) -> Self {
        Self {
            spill,
            waiting: Vec::with_capacity(BLOCK),
            blocks: Vec::new(),
        }
    }

    fn add(&mut self, entry: Entry) -> Result<(), Error> {
        self.waiting.push(entry);
        if self.waiting.len() == BLOCK {
            self.write_out()?;
        }
        Ok(())
    }

    fn write_out(&mut self) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let bytes: Vec<u8> = self.waiting.iter().flat_map(|entry| entry.to_bytes()).collect();
        self.blocks.push(Block {
            blob: self.spill.put(&pack(&bytes))?,
            count: self.waiting.len(),
        });
        self.waiting.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Block>, Error> {
        self.write_out()?;
        Ok(self.blocks)
    }
}

fn write(spill: &Spill, entries: impl IntoIterator<Item = Entry>) -> Result<Vec<Block>, Error> {
    let mut writer = Writer::new(spill);
    for entry in entries {
        writer.add(entry)?;
    }
    writer.finish()
}

fn read(block: &Block, spill: &Spill) -> Result<Vec<Entry>, Error> {
    let bytes = spill.get(block.blob)?;
    let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
    Ok(entries.iter().filter_map(|bytes| Entry::from_bytes(bytes)).collect())
}

struct RunReader<'a> {
    blocks: std::slice::Iter<'a, Block>,
    spill: &'a Spill,
    read: std::vec::IntoIter<Entry>,
}

impl<'a> RunReader<'a> {
    fn new(run: &'a [Block], spill: &'a Spill) -> Self {
        Self {
            blocks: run.iter(),
            spill,
            read: Vec::new().into_iter(),
        }
    }

    fn next(&mut self) -> Result<Option<Entry>, Error> {
        loop {
            if let Some(entry) = self.read.next() {
                return Ok(Some(entry));
            }
            let Some(block) = self.blocks.next() else {
                return Ok(None);
            };
            self.read = read(block, self.spill)?.into_iter();
        }
    }
}

/// A square in which records lie, and how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Square {
    pub(crate) layer: u8,
    pub(crate) place: u64,
    /// Number of its first record, and how many there are.
    pub(crate) first: usize,
    pub(crate) records: usize,
    /// Of those that are drawn.
    pub(crate) triangles: usize,
    pub(crate) features: usize,
}

/// All places in order of layer, place and number of the feature.
pub(crate) struct Index {
    blocks: Vec<Block>,
    /// Number of the first record of each block.
    starts: Vec<usize>,
    pub(crate) squares: Vec<Square>,
}

impl Index {
    fn new(blocks: Vec<Block>, spill: &Spill) -> Result<Self, Error> {
        let mut starts = Vec::with_capacity(blocks.len());
        let mut squares: Vec<Square> = Vec::new();
        let mut count = 0;
        for block in &blocks {
            starts.push(count);
            for entry in read(block, spill)? {
                let same = |square: &&mut Square| (square.layer, square.place) == (entry.layer, entry.place);
                if let Some(square) = squares.last_mut().filter(same) {
                    square.add(&entry);
                } else {
                    squares.push(Square::of(&entry, count));
                }
                count += 1;
            }
        }
        Ok(Self {
            blocks,
            starts,
            squares,
        })
    }

    /// The places of a run of squares of one layer.
    pub(crate) fn entries(&self, squares: &[Square], spill: &Spill) -> Result<Vec<Entry>, Error> {
        let (Some(first), Some(last)) = (squares.first(), squares.last()) else {
            return Ok(Vec::new());
        };
        let (begin, end) = (first.first, last.first + last.records);
        let mut all = Vec::with_capacity(end - begin);
        let at = self.starts.partition_point(|&start| start <= begin).saturating_sub(1);
        for (block, &start) in self.blocks[at..].iter().zip(&self.starts[at..]) {
            if start >= end {
                break;
            }
            let entries = read(block, spill)?;
            let from = begin.saturating_sub(start).min(block.count);
            let to = (end - start).min(block.count);
            all.extend(&entries[from..to]);
        }
        Ok(all)
    }
}

impl Square {
    /// With its first record, which has this number.
    fn of(entry: &Entry, first: usize) -> Self {
        let mut square = Self {
            layer: entry.layer,
            place: entry.place,
            first,
            records: 0,
            triangles: 0,
            features: 0,
        };
        square.add(entry);
        square
    }

    fn add(&mut self, entry: &Entry) {
        self.records += 1;
        if entry.drawn == 1 {
            self.triangles += entry.triangles as usize;
            self.features += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn entries(count: u64) -> Vec<Entry> {
        (0..count)
            .map(|n| Entry {
                layer: (n % 3) as u8,
                place: n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52,
                number: n.wrapping_mul(0xD134_2543_DE82_EF95),
                blob: Blob { at: n * 10, length: 9 },
                triangles: n as u32 % 7,
                drawn: u32::from(n % 5 > 0),
            })
            .collect()
    }

    #[test]
    fn places_sorted_in_many_runs_are_the_same_as_in_one() {
        let spill = Spill::new(&std::env::temp_dir()).unwrap();
        let mut truth = entries(10_000);
        let sorted = |memory: usize| {
            let mut sorter = Sorter::new(&spill, memory);
            for entry in entries(10_000) {
                sorter.add(entry).unwrap();
            }
            sorter.finish().unwrap()
        };
        truth.sort_unstable();
        for memory in [0, 100_000, 1 << 30] {
            let index = sorted(memory);
            assert_eq!(index.entries(&index.squares, &spill).unwrap(), truth);
            assert_eq!(index.squares.iter().map(|square| square.records).sum::<usize>(), 10_000);
            // A run in the middle.
            let some = &index.squares[1000..1800];
            let (from, last) = (some[0].first, some[799]);
            assert_eq!(
                index.entries(some, &spill).unwrap(),
                truth[from..last.first + last.records]
            );
            let drawn = truth.iter().filter(|entry| entry.drawn == 1).count();
            assert_eq!(index.squares.iter().map(|square| square.features).sum::<usize>(), drawn);
        }
    }

    #[test]
    fn a_place_knows_the_corner_of_its_square() {
        for (east, north) in [(0.0, 0.0), (-0.5, 63.9), (-64_000.0, 1_000_000.0), (777.0, -1.0)] {
            let corner = [east, north].map(|metres: f64| (metres / SQUARE).floor() * SQUARE);
            assert_eq!(corner_of(place_of(east, north)), corner);
        }
    }

    #[test]
    fn the_curve_visits_a_quarter_whole_before_the_next() {
        let mut places: Vec<(u64, (i32, i32))> = (-4..4)
            .flat_map(|x| (-4..4).map(move |y| (place_of(f64::from(x) * SQUARE, f64::from(y) * SQUARE + 1.0), (x, y))))
            .collect();
        places.sort_unstable();
        let quarters: Vec<usize> = places
            .iter()
            .map(|(_, (x, y))| usize::from(*x >= 0) + 2 * usize::from(*y >= 0))
            .collect();
        assert_eq!(quarters, [[0; 16], [1; 16], [2; 16], [3; 16]].concat());
    }
}
