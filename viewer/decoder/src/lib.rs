//! Tile decoding in a Web Worker.
//!
//! A browser gives WebAssembly one thread, and decoding a tile on it would stall the picture. So this small module is
//! loaded by `viewer/web/worker.js` in Workers of their own: a tile's bytes go in, and what a graphics card takes comes
//! out, as typed arrays that are handed over to the viewer without a copy.
//!
//! ```js
//! const tile = decode(new Uint8Array(await response.arrayBuffer()));   // throws an Error that says what is wrong
//! const about = tile.about;                                            // JSON text of tiles::mesh::About
//! const opaque = tile.opaque;                                          // how many leading indices are opaque
//! const vertices = tile.take_vertices();                               // Uint8Array, tiles::mesh::Mesh::interleaved
//! const indices = tile.take_indices();                                 // Uint32Array
//! tile.free();
//! ```

use tiles::glb;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

/// A tile ready for the graphics card.
#[wasm_bindgen]
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DecodedTile {
    vertices: Vec<u8>,
    indices: Vec<u32>,
    opaque: u32,
    about: String,
}

/// Decodes a GLB of either encoding.
///
/// # Errors
/// A JavaScript `Error` that says what is wrong with the bytes.
#[wasm_bindgen]
pub fn decode(glb: &[u8]) -> Result<DecodedTile, JsValue> {
    DecodedTile::from_glb(glb).map_err(|error| JsError::new(&error.to_string()).into())
}

impl DecodedTile {
    /// [`decode`] without JavaScript.
    ///
    /// # Errors
    /// As [`glb::decode`]; [`glb::Error::Content`] when the tile's attributes cannot be told as JSON.
    pub fn from_glb(glb: &[u8]) -> Result<Self, glb::Error> {
        let content = glb::decode(glb)?;
        let about = serde_json::to_string(&content.about()).map_err(|error| glb::Error::Content(error.to_string()))?;
        let (indices, opaque) = content.mesh.opaque_first();
        Ok(Self {
            vertices: content.mesh.interleaved(),
            indices,
            opaque: opaque as u32,
            about,
        })
    }
}

#[wasm_bindgen]
impl DecodedTile {
    /// How many leading indices belong to opaque triangles; those after them are drawn blended.
    #[wasm_bindgen(getter)]
    pub fn opaque(&self) -> u32 {
        self.opaque
    }

    /// The origin, the features and the credits, as JSON of `tiles::mesh::About`.
    #[wasm_bindgen(getter)]
    pub fn about(&self) -> String {
        self.about.clone()
    }

    /// The vertices as `tiles::mesh::Mesh::interleaved` lays them out; a second call gives nothing.
    pub fn take_vertices(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.vertices)
    }

    /// Three vertex numbers a triangle, opaque ones first; a second call gives nothing.
    pub fn take_indices(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.indices)
    }
}
