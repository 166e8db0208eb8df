//! One chunk as NBT.

use super::DATA_VERSION;
use crate::Error;
use crate::anchor::{Y_MAX, Y_MIN};
use crate::area::CHUNK;
use crate::chunk::{Chunk, HEIGHT, row, tops};
use crate::palette::{BlockId, BlockState, Palette};
use fastnbt::LongArray;
use serde::Serialize;
use std::collections::BTreeMap;

/// Blocks of a section: 16 by 16 by 16.
const SECTION: usize = 4096;
/// Fewest bits a block takes in a section of several.
const LEAST_BITS: u32 = 4;
/// Bits of a height: 0 to 384.
const HEIGHT_BITS: u32 = 9;

/// A sign to put into a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    /// Where it stands.
    pub cell: [i32; 3],
    /// Its four lines.
    pub lines: [String; 4],
}

#[derive(Serialize)]
struct ChunkNbt<'a> {
    #[serde(rename = "DataVersion")]
    data_version: i32,
    #[serde(rename = "xPos")]
    x: i32,
    #[serde(rename = "zPos")]
    z: i32,
    #[serde(rename = "yPos")]
    y: i32,
    #[serde(rename = "Status")]
    status: &'static str,
    #[serde(rename = "LastUpdate")]
    last_update: i64,
    #[serde(rename = "InhabitedTime")]
    inhabited_time: i64,
    #[serde(rename = "isLightOn")]
    is_light_on: bool,
    sections: Vec<SectionNbt<'a>>,
    block_entities: Vec<SignNbt>,
    block_ticks: [i8; 0],
    fluid_ticks: [i8; 0],
    #[serde(rename = "PostProcessing")]
    post_processing: Vec<[i16; 0]>,
    #[serde(rename = "Heightmaps")]
    heightmaps: Heightmaps,
    structures: Structures,
}

#[derive(Serialize)]
struct SectionNbt<'a> {
    #[serde(rename = "Y")]
    y: i8,
    block_states: BlockStates<'a>,
    biomes: Biomes,
}

#[derive(Serialize)]
struct BlockStates<'a> {
    palette: Vec<StateNbt<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<LongArray>,
}

#[derive(Serialize)]
struct StateNbt<'a> {
    #[serde(rename = "Name")]
    name: &'a str,
    #[serde(rename = "Properties", skip_serializing_if = "BTreeMap::is_empty")]
    properties: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Biomes {
    palette: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Heightmaps {
    motion_blocking: LongArray,
    motion_blocking_no_leaves: LongArray,
    ocean_floor: LongArray,
    world_surface: LongArray,
}

#[derive(Serialize)]
struct Structures {
    starts: Empty,
    #[serde(rename = "References")]
    references: Empty,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct SignNbt {
    id: &'static str,
    #[serde(rename = "keepPacked")]
    keep_packed: bool,
    x: i32,
    y: i32,
    z: i32,
    is_waxed: bool,
    front_text: SignText,
    back_text: SignText,
}

#[derive(Serialize)]
struct SignText {
    has_glowing_text: bool,
    color: &'static str,
    messages: [String; 4],
}

/// The chunk as an NBT document. `signs` are those that stand in it; their blocks are put in.
///
/// # Errors
/// As the encoder has them.
pub fn chunk_nbt(chunk: &Chunk, signs: &[Sign], palette: &Palette) -> Result<Vec<u8>, Error> {
    let mut blocks = std::borrow::Cow::Borrowed(&chunk.blocks);
    for sign in signs {
        let [x, y, z] = sign.cell;
        if (Y_MIN..Y_MAX).contains(&y) {
            blocks.to_mut()[row(x.rem_euclid(CHUNK), y, z.rem_euclid(CHUNK))] = palette.sign();
        }
    }
    let sections = blocks
        .chunks_exact(SECTION)
        .zip(Y_MIN / CHUNK..)
        .map(|(section, y)| SectionNbt {
            y: y as i8,
            block_states: block_states(section, palette),
            biomes: Biomes {
                palette: ["minecraft:plains"],
            },
        });
    let document = ChunkNbt {
        data_version: DATA_VERSION,
        x: chunk.x,
        z: chunk.z,
        y: Y_MIN / CHUNK,
        status: "minecraft:full",
        last_update: 0,
        inhabited_time: 0,
        is_light_on: false,
        sections: sections.collect(),
        block_entities: signs.iter().map(sign_nbt).collect(),
        block_ticks: [],
        fluid_ticks: [],
        post_processing: (0..HEIGHT / CHUNK).map(|_| []).collect(),
        heightmaps: heightmaps(&blocks, palette),
        structures: Structures {
            starts: Empty {},
            references: Empty {},
        },
    };
    Ok(fastnbt::to_bytes(&document)?)
}

/// The four heightmaps: of each column, how many layers lie up to and with the highest block that counts.
fn heightmaps(blocks: &[BlockId], palette: &Palette) -> Heightmaps {
    let counts: Vec<[bool; 4]> = palette.states().iter().map(counts).collect();
    let tops = tops(blocks, |block| counts[usize::from(block.0)]);
    let [motion_blocking, motion_blocking_no_leaves, ocean_floor, world_surface] = tops.map(|tops| {
        pack(
            tops.into_iter()
                .map(|top| top.map_or(0, |top| (top - Y_MIN + 1) as u64)),
            HEIGHT_BITS,
        )
    });
    Heightmaps {
        motion_blocking,
        motion_blocking_no_leaves,
        ocean_floor,
        world_surface,
    }
}

/// In which heightmaps a block counts, in the order of [`Heightmaps`].
fn counts(state: &BlockState) -> [bool; 4] {
    let name = state.name.trim_start_matches("minecraft:");
    let is_block = name != "air";
    let is_solid = is_block && !matches!(name, "water" | "lava");
    [is_block, is_block && !name.ends_with("_leaves"), is_solid, is_block]
}

/// A section's blocks as a list of states and packed numbers of that list; a section of one block needs no numbers.
fn block_states<'a>(section: &[BlockId], palette: &'a Palette) -> BlockStates<'a> {
    let mut numbers = vec![u16::MAX; palette.states().len()];
    let mut used = Vec::new();
    for block in section {
        let number = &mut numbers[usize::from(block.0)];
        if *number == u16::MAX {
            *number = used.len() as u16;
            used.push(*block);
        }
    }
    let data = (used.len() > 1).then(|| {
        let bits = LEAST_BITS.max(used.len().next_power_of_two().trailing_zeros());
        pack(
            section.iter().map(|block| u64::from(numbers[usize::from(block.0)])),
            bits,
        )
    });
    let states = used.into_iter().map(|block| {
        let state = palette.state(block);
        StateNbt {
            name: &state.name,
            properties: &state.properties,
        }
    });
    BlockStates {
        palette: states.collect(),
        data,
    }
}

/// Numbers of `bits` bits in longs, from the lowest bits; none is split over two.
fn pack(numbers: impl Iterator<Item = u64>, bits: u32) -> LongArray {
    let each = 64 / bits;
    let mut longs = Vec::new();
    let (mut long, mut count) = (0u64, 0);
    for number in numbers {
        long |= number << (count * bits);
        count += 1;
        if count == each {
            longs.push(long as i64);
            (long, count) = (0, 0);
        }
    }
    if count > 0 {
        longs.push(long as i64);
    }
    LongArray::new(longs)
}

fn sign_nbt(sign: &Sign) -> SignNbt {
    let text = |lines: &[String; 4]| SignText {
        has_glowing_text: false,
        color: "black",
        messages: std::array::from_fn(|line| serde_json::Value::from(lines[line].as_str()).to_string()),
    };
    SignNbt {
        id: "minecraft:sign",
        keep_packed: false,
        x: sign.cell[0],
        y: sign.cell[1],
        z: sign.cell[2],
        is_waxed: true,
        front_text: text(&sign.lines),
        back_text: text(&std::array::from_fn(|_| String::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_five_bits_are_twelve_to_a_long() {
        let packed = pack(0..25, 5);
        assert_eq!(packed.len(), 3);
        let read: Vec<i64> = (0..25).map(|at| packed[at / 12] >> (at % 12 * 5) & 31).collect();
        assert_eq!(read, (0..25).collect::<Vec<_>>());
        assert_eq!(pack((0..256).map(|_| 384), 9).len(), 37);
    }
}
