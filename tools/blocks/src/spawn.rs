//! Where players come into the world.
//!
//! In the street, not in a wall, under water or on a roof; as near the middle of the box as may be; with room for the
//! signs that say whose data this is.

use crate::anchor::{Y_MAX, Y_MIN};
use crate::area::CHUNK;
use crate::chunk::{Chunk, row};
use crate::palette::AIR;

/// How far north of the spawn the signs stand.
const SIGNS_NORTH: i32 = 2;

/// A place to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spawn {
    /// The block that a player's feet are in.
    pub feet: [i32; 3],
    /// Of the first sign; the others stand to the east of it.
    pub signs: Option<[i32; 3]>,
    /// How many signs there is room for.
    pub sign_count: i32,
    /// How far from the wanted place, squared, in blocks.
    distance: i64,
}

impl Spawn {
    /// How far from the wanted place, squared, in blocks.
    pub fn distance(&self) -> i64 {
        self.distance
    }

    /// The nearer one; of equally near ones the one further north, then west.
    #[must_use]
    pub fn nearer(self, other: Self) -> Self {
        let key = |spawn: &Self| (spawn.distance, spawn.feet[2], spawn.feet[0]);
        if key(&other) < key(&self) { other } else { self }
    }

    /// The nearest place on open ground of this chunk, with `signs` columns of the same level two blocks north.
    pub fn on_ground(chunk: &Chunk, wanted: [i32; 2], signs: i32) -> Option<Self> {
        let level = |x: i32, z: i32| {
            let inside = (0..CHUNK).contains(&x) && (0..CHUNK).contains(&z);
            if inside {
                chunk.open_ground[(z * CHUNK + x) as usize]
            } else {
                None
            }
        };
        let mut best: Option<Self> = None;
        for z in 0..CHUNK {
            for x in 0..CHUNK {
                let Some(top) = level(x, z).filter(|top| top + 2 < Y_MAX) else {
                    continue;
                };
                let first = x - (signs - 1) / 2;
                if !(first..first + signs).all(|x| level(x, z - SIGNS_NORTH) == Some(top)) {
                    continue;
                }
                let at = |x: i32, z: i32| [chunk.x * CHUNK + x, top + 1, chunk.z * CHUNK + z];
                let found = Self {
                    signs: (signs > 0).then(|| at(first, z - SIGNS_NORTH)),
                    sign_count: signs,
                    ..Self::at(at(x, z), wanted)
                };
                best = Some(best.map_or(found, |best| best.nearer(found)));
            }
        }
        best
    }

    /// The nearest place on top of whatever stands in this chunk.
    pub fn on_top(chunk: &Chunk, wanted: [i32; 2]) -> Option<Self> {
        let mut best: Option<Self> = None;
        for z in 0..CHUNK {
            for x in 0..CHUNK {
                let top = (Y_MIN..Y_MAX - 2).rev().find(|y| chunk.blocks[row(x, *y, z)] != AIR);
                if let Some(top) = top {
                    let found = Self::at([chunk.x * CHUNK + x, top + 1, chunk.z * CHUNK + z], wanted);
                    best = Some(best.map_or(found, |best| best.nearer(found)));
                }
            }
        }
        best
    }

    fn at(feet: [i32; 3], wanted: [i32; 2]) -> Self {
        let (dx, dz) = (i64::from(feet[0] - wanted[0]), i64::from(feet[2] - wanted[1]));
        Self {
            feet,
            signs: None,
            sign_count: 0,
            distance: dx * dx + dz * dz,
        }
    }
}

/// Breaks a text into lines that fit a sign; words longer than a line are cut.
pub fn sign_lines(text: &str) -> Vec<String> {
    const WIDTH: usize = 15;
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        let fits = |line: &String| line.chars().count() + 1 + letters.len() <= WIDTH;
        match lines.last_mut().filter(|line| fits(line)) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.extend(letters.chunks(WIDTH).map(|part| part.iter().collect::<String>())),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_a_sign_and_lose_nothing() {
        let text = "(c) OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright";
        let lines = sign_lines(text);
        assert!(lines.iter().all(|line| line.chars().count() <= 15), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        assert_eq!(lines[0], "(c)");
    }
}
