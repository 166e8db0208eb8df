//! From a block back to the feature it belongs to.
//!
//! A pupil points at a wall and asks which building that is. `objects.json` lists for every feature of the world the
//! box of its blocks and how many they are, so that a block leads to the few features it can belong to.

use crate::Error;
use crate::anchor::Y_MIN;
use crate::area::CHUNK;
use crate::chunk::{Chunk, NOBODY};
use crate::piece::Piece;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// The blocks of one feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectBlocks {
    /// The CityGML class.
    pub kind: String,
    /// `gml:name`, or empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How many blocks.
    pub blocks: u64,
    /// Least x, y, z.
    pub min: [i32; 3],
    /// Greatest x, y, z.
    pub max: [i32; 3],
}

/// The blocks of every feature, by `gml:id`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sidecar {
    objects: BTreeMap<String, ObjectBlocks>,
}

impl Sidecar {
    /// What one chunk holds of the features of its piece.
    pub fn of_chunk(chunk: &Chunk, piece: &Piece) -> Self {
        let mut rows: HashMap<u32, ObjectBlocks> = HashMap::new();
        let [x0, z0] = chunk.corner();
        for (at, owner) in chunk.owners.iter().enumerate().filter(|(_, owner)| **owner != NOBODY) {
            let Some(owner) = piece.owners.get(*owner as usize) else {
                continue;
            };
            let at = at as i32;
            let cell = [x0 + at % CHUNK, Y_MIN + at / (CHUNK * CHUNK), z0 + at / CHUNK % CHUNK];
            let object = rows.entry(owner.feature).or_insert_with(|| ObjectBlocks {
                kind: String::new(),
                name: String::new(),
                blocks: 0,
                min: cell,
                max: cell,
            });
            object.include(1, cell, cell);
        }
        let mut sidecar = Self::default();
        for (row, mut object) in rows {
            if let Some(feature) = piece.features.get(row as usize) {
                object.kind.clone_from(&feature.kind);
                object.name.clone_from(&feature.name);
                sidecar.objects.insert(feature.id.clone(), object);
            }
        }
        sidecar
    }

    /// Adds what another part of the world holds.
    pub fn add(&mut self, other: Self) {
        for (id, object) in other.objects {
            match self.objects.get_mut(&id) {
                Some(known) => known.include(object.blocks, object.min, object.max),
                None => {
                    self.objects.insert(id, object);
                }
            }
        }
    }

    /// How many features have blocks.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// The blocks of a feature.
    pub fn get(&self, id: &str) -> Option<&ObjectBlocks> {
        self.objects.get(id)
    }

    /// The file `objects.json`: an object with a member for every id, one a line.
    ///
    /// # Errors
    /// As the encoder has them; none is known.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        let mut json = b"{".to_vec();
        for (number, (id, object)) in self.objects.iter().enumerate() {
            json.extend_from_slice(if number == 0 { b"\n" } else { b",\n" });
            serde_json::to_writer(&mut json, id)?;
            json.push(b':');
            serde_json::to_writer(&mut json, object)?;
        }
        json.extend_from_slice(b"\n}\n");
        Ok(json)
    }
}

impl ObjectBlocks {
    fn include(&mut self, blocks: u64, min: [i32; 3], max: [i32; 3]) {
        self.blocks += blocks;
        for axis in 0..3 {
            self.min[axis] = self.min[axis].min(min[axis]);
            self.max[axis] = self.max[axis].max(max[axis]);
        }
    }
}
