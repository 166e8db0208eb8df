//! Hashes: short names for ids, and ids for what has none.
//!
//! A file may hold millions of ids and links. Sets of them keep 64 bits of each instead of its text: with a hundred million
//! ids the chance that any two meet is below one in three thousand, and what would follow is one wrong warning.

/// 64 bits that stand for a `gml:id`.
pub(crate) fn id_hash(id: &[u8]) -> u64 {
    let mut hash = Hash::default();
    hash.bytes(id);
    hash.finish()
}

/// A hash that is the same on every machine and in every version: the ids that it makes are published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0x243f_6a88_85a3_08d3)
    }
}

impl Hash {
    /// Takes in a text, and where it ends.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            self.number(chunk.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)));
        }
        let rest = chunks.remainder();
        self.number(rest.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte)));
        self.number(bytes.len() as u64);
    }

    /// Takes in a number: the two halves of a 128-bit product folded together, as in wyhash.
    pub(crate) fn number(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number ^ 0x9e37_79b9_7f4a_7c15) * 0xa076_1d64_78bd_642f_u128;
        self.0 = (product as u64) ^ ((product >> 64) as u64) ^ self.0.rotate_left(23);
    }

    /// Takes in a point.
    pub(crate) fn point(&mut self, point: &[f64; 3]) {
        for coordinate in point {
            // + 0.0 makes one of the two zeros.
            self.number((coordinate + 0.0).to_bits());
        }
    }

    /// The hash of all that was taken in.
    pub(crate) fn finish(mut self) -> u64 {
        self.number(0xe703_7ed1_a0b4_28db);
        self.0
    }
}

/// A quick hasher for sets of small numbers that the reader itself gave out. What a file can choose (ids) is kept in sets
/// with the hasher of the standard library, which a hostile file cannot make slow.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Quick(Hash);

impl std::hash::Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.bytes(bytes);
    }

    fn write_u8(&mut self, number: u8) {
        self.0.number(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.0.number(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0.number(number);
    }

    fn write_isize(&mut self, number: isize) {
        self.0.number(number as u64);
    }
}

/// A set of small numbers.
pub(crate) type QuickSet<T> = std::collections::HashSet<T, std::hash::BuildHasherDefault<Quick>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_ids_have_different_hashes_and_they_never_change() {
        let hashes: std::collections::HashSet<u64> = (0..100_000)
            .map(|i| id_hash(format!("UUID_building_{i}").as_bytes()))
            .collect();
        assert_eq!(hashes.len(), 100_000);
        assert_ne!(id_hash(b""), id_hash(b"\0"));
    }
}
