//! The blocks as the exporter knows them, for checking a world with other programs.
//!
//! A reader of the world shows that container and content agree; whether they say what was meant shows only in
//! comparison with the grid before it was packed. The dump is that grid, in a form that takes ten lines to read:
//!
//! ```text
//! 8 bytes   "KORTGRID"
//! u32       length of the JSON that follows
//! JSON      { "version": 1, "chunks": <count>, "area": [x0, z0, x1, z1],  chunk coordinates, greater ends outside
//!             "yMin": -64, "height": 384, "states": ["minecraft:air", "minecraft:oak_log[axis=y]", ...] }
//! then for each chunk, by region and in a region by z and x:
//! i32, i32  x, z
//! u32       length of what follows
//! zlib      384 * 16 * 16 numbers u16 of `states`, by y from -64, then z, then x
//! ```
//!
//! All numbers are little-endian. Signs at the spawn are in the world and not in the dump.

use crate::Error;
use crate::anchor::Y_MIN;
use crate::area::ChunkArea;
use crate::chunk::{Chunk, HEIGHT};
use crate::palette::{BlockState, Palette};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::io::Write;

/// The first bytes of a dump.
const MAGIC: &[u8; 8] = b"KORTGRID";

/// Writes what comes before the chunks.
///
/// # Errors
/// As the output has them.
pub fn write_header(out: &mut dyn Write, area: &ChunkArea, palette: &Palette) -> Result<(), Error> {
    let header = serde_json::json!({
        "version": 1,
        "chunks": area.chunk_count(),
        "area": [area.x0, area.z0, area.x1, area.z1],
        "yMin": Y_MIN,
        "height": HEIGHT,
        "states": palette.states().iter().map(state_text).collect::<Vec<_>>(),
    });
    let header = serde_json::to_vec(&header)?;
    out.write_all(MAGIC)?;
    out.write_all(&(header.len() as u32).to_le_bytes())?;
    out.write_all(&header)?;
    Ok(())
}

/// One chunk's record.
///
/// # Errors
/// As the encoder has them; none is known.
pub fn record(chunk: &Chunk) -> Result<Vec<u8>, Error> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(3));
    let numbers: Vec<u8> = chunk.blocks.iter().flat_map(|block| block.0.to_le_bytes()).collect();
    encoder.write_all(&numbers)?;
    let packed = encoder.finish()?;
    let mut record = Vec::with_capacity(packed.len() + 12);
    record.extend_from_slice(&chunk.x.to_le_bytes());
    record.extend_from_slice(&chunk.z.to_le_bytes());
    record.extend_from_slice(&(packed.len() as u32).to_le_bytes());
    record.extend_from_slice(&packed);
    Ok(record)
}

/// As commands of the game write a state: `minecraft:oak_log[axis=y]`.
pub fn state_text(state: &BlockState) -> String {
    if state.properties.is_empty() {
        return state.name.clone();
    }
    let properties: Vec<String> = state
        .properties
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("{}[{}]", state.name, properties.join(","))
}
