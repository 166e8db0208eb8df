//! The two chunks of a GLB (glTF 2.0, clause 4 "GLB File Format Specification").

use super::Error;

const MAGIC: u32 = 0x4654_6C67;
const JSON: u32 = 0x4E4F_534A;
const BIN: u32 = 0x004E_4942;
const HEADER: usize = 12;
const CHUNK_HEADER: usize = 8;

/// The chunks that matter. Unknown ones are passed over, as the standard asks.
pub(super) struct Chunks<'a> {
    pub(super) json: &'a [u8],
    /// Empty when the file has none.
    pub(super) bin: &'a [u8],
}

/// Takes a GLB apart.
pub(super) fn split(glb: &[u8]) -> Result<Chunks<'_>, Error> {
    let bad = |what: &str| Error::Container(what.to_owned());
    if word(glb, 0) != Some(MAGIC) {
        return Err(bad("it does not begin with \"glTF\""));
    }
    match word(glb, 4) {
        Some(2) => {}
        Some(version) => return Err(Error::Container(format!("its version is {version}, not 2"))),
        None => return Err(bad("the header is cut short")),
    }
    let length = word(glb, 8).ok_or_else(|| bad("the header is cut short"))? as usize;
    let glb = glb
        .get(..length)
        .ok_or_else(|| Error::Container(format!("it is cut short: {} of {length} bytes", glb.len())))?;
    let mut chunks = Chunks { json: &[], bin: &[] };
    let mut at = HEADER;
    let mut number = 0;
    while at < glb.len() {
        let (kind, data) = chunk(glb, at).ok_or_else(|| bad("a chunk is cut short"))?;
        match (number, kind) {
            (0, JSON) => chunks.json = data,
            (0, _) => return Err(bad("the first chunk is not JSON")),
            (1, BIN) => chunks.bin = data,
            _ => {}
        }
        at += CHUNK_HEADER + data.len();
        number += 1;
    }
    if number == 0 {
        return Err(bad("it has no JSON"));
    }
    Ok(chunks)
}

/// Puts a GLB together. The binary chunk begins at a multiple of 8 bytes, which `EXT_structural_metadata` needs;
/// `bin` must be padded to 4 bytes.
pub(super) fn join(mut json: Vec<u8>, bin: &[u8]) -> Result<Vec<u8>, Error> {
    while !(HEADER + 2 * CHUNK_HEADER + json.len()).is_multiple_of(8) {
        json.push(b' ');
    }
    let length = HEADER + 2 * CHUNK_HEADER + json.len() + bin.len();
    let too_long = |_| Error::Content("the tile is longer than 4 GiB".to_owned());
    let words = [
        MAGIC,
        2,
        u32::try_from(length).map_err(too_long)?,
        json.len() as u32,
        JSON,
    ];
    let mut glb = Vec::with_capacity(length);
    glb.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    glb.extend_from_slice(&json);
    glb.extend((bin.len() as u32).to_le_bytes());
    glb.extend(BIN.to_le_bytes());
    glb.extend_from_slice(bin);
    Ok(glb)
}

/// Kind and data of the chunk at `at`.
fn chunk(glb: &[u8], at: usize) -> Option<(u32, &[u8])> {
    let length = word(glb, at)? as usize;
    let kind = word(glb, at + 4)?;
    let data = glb.get(at + CHUNK_HEADER..)?.get(..length)?;
    Some((kind, data))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}
