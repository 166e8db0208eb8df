//! Region files.
//!
//! A region file begins with two tables of 1024 entries, where each chunk lies and when it was written, and goes on in
//! sectors of 4 KiB. Ours are written whole and in order, and times are zero, so the same blocks give the same bytes.

use crate::Error;
use crate::area::REGION_CHUNKS;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

/// Bytes of a sector.
const SECTOR: usize = 4096;
/// Sectors of the two tables.
const HEADER: usize = 2;
/// The byte that says a chunk is compressed with zlib.
const ZLIB: u8 = 2;
/// Most sectors of a chunk.
const MOST_SECTORS: usize = 255;

/// A compressed chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compressed {
    /// The chunk's x.
    pub x: i32,
    /// The chunk's z.
    pub z: i32,
    /// Its NBT document, zlib.
    pub bytes: Vec<u8>,
}

/// Compresses a chunk's NBT document.
///
/// # Errors
/// As the encoder has them; none is known.
pub fn compress(x: i32, z: i32, nbt: &[u8]) -> Result<Compressed, Error> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(nbt.len() / 4), Compression::new(6));
    encoder.write_all(nbt)?;
    let bytes = encoder.finish()?;
    Ok(Compressed { x, z, bytes })
}

/// Lays the chunks of one region out as its file.
///
/// # Errors
/// [`Error::ChunkTooLarge`] for a chunk that takes more than 255 sectors.
pub fn region_file(chunks: &[Compressed]) -> Result<Vec<u8>, Error> {
    let mut file = vec![0u8; HEADER * SECTOR];
    let mut ordered: Vec<&Compressed> = chunks.iter().collect();
    ordered.sort_by_key(|chunk| place(chunk));
    for chunk in ordered {
        let length = chunk.bytes.len() + 1;
        let sectors = (length + 4).div_ceil(SECTOR);
        if sectors > MOST_SECTORS {
            return Err(Error::ChunkTooLarge {
                x: chunk.x,
                z: chunk.z,
                bytes: length,
            });
        }
        let first = file.len() / SECTOR;
        let entry = (first << 8 | sectors) as u32;
        let at = place(chunk) * 4;
        file[at..at + 4].copy_from_slice(&entry.to_be_bytes());
        file.extend_from_slice(&(length as u32).to_be_bytes());
        file.push(ZLIB);
        file.extend_from_slice(&chunk.bytes);
        file.resize((first + sectors) * SECTOR, 0);
    }
    Ok(file)
}

/// The chunk's entry in the tables.
fn place(chunk: &Compressed) -> usize {
    (chunk.z.rem_euclid(REGION_CHUNKS) * REGION_CHUNKS + chunk.x.rem_euclid(REGION_CHUNKS)) as usize
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    #[test]
    fn chunks_lie_in_whole_sectors_that_do_not_overlap() {
        let chunk = |x, z, length| Compressed {
            x,
            z,
            bytes: vec![7; length],
        };
        let chunks = [
            chunk(-1, 5, 9000),
            chunk(-32, 0, 10),
            chunk(-3, 31, 4091),
            chunk(-2, 31, 4092),
        ];
        let file = region_file(&chunks).unwrap();
        assert_eq!(file.len() % SECTOR, 0);
        let mut taken = vec![false; file.len() / SECTOR];
        for chunk in &chunks {
            let at = place(chunk) * 4;
            let first = u32::from_be_bytes([0, file[at], file[at + 1], file[at + 2]]) as usize;
            let count = usize::from(file[at + 3]);
            assert!(first >= HEADER);
            for sector in &mut taken[first..first + count] {
                assert!(!std::mem::replace(sector, true));
            }
            let start = first * SECTOR;
            let length = u32::from_be_bytes(file[start..start + 4].try_into().unwrap()) as usize;
            assert_eq!((length, file[start + 4]), (chunk.bytes.len() + 1, ZLIB));
            assert_eq!(length.div_ceil(SECTOR).max((length + 4).div_ceil(SECTOR)), count);
            assert_eq!(file[start + 5..start + 4 + length], chunk.bytes);
        }
        assert!(taken[HEADER..].iter().all(|taken| *taken));
        assert!(file[SECTOR..HEADER * SECTOR].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_chunk_of_a_mebibyte_is_refused() {
        let chunk = Compressed {
            x: 0,
            z: 0,
            bytes: vec![0; 1 << 20],
        };
        assert!(matches!(region_file(&[chunk]), Err(Error::ChunkTooLarge { .. })));
    }
}
