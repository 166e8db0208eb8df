//! Content codings: a file as it travels.
//!
//! Compressing at every request costs more than sending, so the store keeps the compressed forms beside each file,
//! written once. A form that saves less than a tenth is not worth a decoder's time on a phone and is not kept.

use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// Brotli's window as a power of two: 4 MiB, more than any tile.
const BROTLI_WINDOW: i32 = 22;
/// Of a synthetic city's tiles, level 12 leaves 5 % less and takes three times as long; what can read Zstandard can read Brotli.
const ZSTD_LEVEL: i32 = 6;
/// Level 6 leaves 1.5 % less of the same tiles and takes half as long again (measured with zlib).
const GZIP_LEVEL: u32 = 5;

/// A content coding (RFC 9110, 8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Coding {
    /// The bytes themselves.
    Identity,
    /// Brotli (RFC 7932).
    Br,
    /// Zstandard (RFC 8878).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
}

impl Coding {
    /// The codings that the store keeps beside a file.
    pub const COMPRESSED: [Self; 3] = [Self::Br, Self::Zstd, Self::Gzip];

    /// How hard Brotli tries where nothing else is said: past this, time grows many times over for a few per cent.
    pub const BROTLI_QUALITY: u8 = 5;

    /// The token of `Accept-Encoding` and `Content-Encoding`.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Br => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// What follows the file's name, with its dot; empty for identity.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Br => ".br",
            Self::Zstd => ".zst",
            Self::Gzip => ".gz",
        }
    }

    /// Encodes `bytes`. The same bytes always give the same answer.
    ///
    /// # Errors
    /// As the encoder says; none is known for bytes in memory.
    pub fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.encode_with(bytes, Self::BROTLI_QUALITY)
    }

    /// Encodes `bytes`, with Brotli's quality from 0 to 11; higher ones mean 11. The same bytes and quality always give
    /// the same answer.
    ///
    /// # Errors
    /// As [`encode`](Coding::encode).
    pub fn encode_with(self, bytes: &[u8], brotli_quality: u8) -> io::Result<Vec<u8>> {
        match self {
            Self::Identity => Ok(bytes.to_vec()),
            Self::Br => {
                let mut out = Vec::with_capacity(bytes.len() / 2);
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: i32::from(brotli_quality.min(11)),
                    lgwin: BROTLI_WINDOW,
                    size_hint: bytes.len(),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &bytes[..], &mut out, &parameters)?;
                Ok(out)
            }
            Self::Zstd => zstd::bulk::compress(bytes, ZSTD_LEVEL),
            Self::Gzip => {
                // The builder's header holds no time and no name.
                let level = flate2::Compression::new(GZIP_LEVEL);
                let mut encoder = flate2::write::GzEncoder::new(Vec::with_capacity(bytes.len() / 2), level);
                encoder.write_all(bytes)?;
                encoder.finish()
            }
        }
    }

    /// Decodes `bytes`, refusing to grow past `limit` bytes.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] for bytes that do not decode or decode to more than `limit`.
    pub fn decode(self, bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        let taken = limit.saturating_add(1);
        match self {
            Self::Identity => return Ok(bytes.to_vec()),
            Self::Br => brotli::Decompressor::new(bytes, 64 * 1024)
                .take(taken)
                .read_to_end(&mut out)?,
            Self::Zstd => zstd::Decoder::new(bytes)?.take(taken).read_to_end(&mut out)?,
            Self::Gzip => flate2::read::GzDecoder::new(bytes).take(taken).read_to_end(&mut out)?,
        };
        if out.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "decodes to more than its entry says",
            ));
        }
        Ok(out)
    }

    /// Whether a coded length is worth keeping: at least a tenth smaller.
    pub const fn pays(coded: u64, length: u64) -> bool {
        coded.saturating_mul(10) <= length.saturating_mul(9)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::Coding;

    #[test]
    fn every_coding_gives_the_bytes_back_and_is_repeatable() {
        let bytes: Vec<u8> = (0..20_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        for coding in [Coding::Identity, Coding::Br, Coding::Zstd, Coding::Gzip] {
            let coded = coding.encode(&bytes).unwrap();
            assert_eq!(coded, coding.encode(&bytes).unwrap(), "{coding:?}");
            assert_eq!(coding.decode(&coded, bytes.len() as u64).unwrap(), bytes, "{coding:?}");
            assert!(
                coding == Coding::Identity || coded.len() < bytes.len() / 2,
                "{coding:?} made {}",
                coded.len()
            );
        }
    }

    #[test]
    fn a_bomb_stops_at_its_limit() {
        let zeros = vec![0u8; 1 << 20];
        for coding in Coding::COMPRESSED {
            let coded = coding.encode(&zeros).unwrap();
            assert!(coding.decode(&coded, 1000).is_err(), "{coding:?}");
        }
    }

    #[test]
    fn a_form_pays_from_a_tenth_on() {
        assert!(Coding::pays(90, 100));
        assert!(!Coding::pays(91, 100));
        assert!(!Coding::pays(1, 0));
    }
}
