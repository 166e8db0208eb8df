//! Small tilesets, and a generator of large and unkind ones.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tiles::tileset::Tileset;

/// Files by name. The first tileset is `root.json`.
#[derive(Clone, Default)]
pub struct Shelf {
    tilesets: BTreeMap<String, Tileset>,
    bytes: BTreeMap<String, u64>,
}

/// What a mesh takes in memory unless a test says otherwise.
pub const BYTES: u64 = 1000;

impl Shelf {
    pub fn with(root: &Value) -> Self {
        Self::default().and("root.json", root)
    }

    pub fn and(mut self, name: &str, root: &Value) -> Self {
        let whole = json!({"asset": {"version": "1.1"}, "geometricError": 1000.0, "root": root});
        self.tilesets
            .insert(name.to_owned(), serde_json::from_value(whole).unwrap());
        self
    }

    pub fn weighing(mut self, name: &str, bytes: u64) -> Self {
        self.bytes.insert(name.to_owned(), bytes);
        self
    }

    pub fn root(&self) -> &Tileset {
        self.tileset("root.json")
    }

    pub fn tileset(&self, name: &str) -> &Tileset {
        self.tilesets.get(name).unwrap_or_else(|| panic!("no tileset {name}"))
    }

    pub fn bytes(&self, name: &str) -> u64 {
        self.bytes.get(name).copied().unwrap_or(BYTES)
    }
}

/// A flat box about a middle, so many metres from there to each side.
pub fn square(east: f64, north: f64, half: f64) -> Value {
    json!({"box": [east, north, 5.0, half, 0, 0, 0, half, 0, 0, 0, 5.0]})
}

/// A tile: its name is its content, or it has none.
#[allow(clippy::needless_pass_by_value, reason = "reads better at the calls")]
pub fn tile(name: &str, volume: Value, error: f64, children: Vec<Value>) -> Value {
    let mut tile = json!({"boundingVolume": volume, "geometricError": error, "children": children});
    if !name.is_empty() {
        tile["content"] = json!({"uri": name});
    }
    tile
}

/// Four quarters of a square of 800 m, each of them complete, and a coarse one for all: 10 m of error.
pub fn quarters() -> Value {
    let quarter = |name: &str, east: f64, north: f64| tile(name, square(east, north, 200.0), 0.0, vec![]);
    let all = vec![
        quarter("sw", -200.0, -200.0),
        quarter("se", 200.0, -200.0),
        quarter("nw", -200.0, 200.0),
        quarter("ne", 200.0, 200.0),
    ];
    tile("all", square(0.0, 0.0, 400.0), 10.0, all)
}

/// Numbers that look random and are the same every time (xorshift64*).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15 | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// From 0 to below 1.
    pub fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn below(&mut self, count: u64) -> u64 {
        (self.part() * count as f64) as u64
    }

    pub fn chance(&mut self, part: f64) -> bool {
        self.part() < part
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.part()
    }
}

/// A random tree over a square of 2 km, in several files, with tiles of every kind.
pub struct Wild {
    shelf: Shelf,
    dice: Dice,
    names: u32,
    /// Part of the inner tiles that have no content.
    empty: f64,
    /// Part of them that refine by ADD.
    additive: f64,
    /// Part of them that are another file.
    external: f64,
    levels: u32,
}

impl Wild {
    pub fn new(seed: u64) -> Self {
        let dice = Dice::new(seed);
        Self {
            shelf: Shelf::default(),
            dice,
            names: 0,
            empty: 0.12,
            additive: 0.1,
            external: 0.15,
            levels: 4,
        }
    }

    /// The same with more files.
    pub fn in_files(self, external: f64) -> Self {
        Self { external, ..self }
    }

    pub fn grow(mut self) -> Shelf {
        let root = self.tile([-1000.0, -1000.0, 1000.0, 1000.0], self.levels);
        self.shelf.and("root.json", &root)
    }

    fn name(&mut self, ending: &str) -> String {
        self.names += 1;
        format!("{}{ending}", self.names)
    }

    fn tile(&mut self, area: [f64; 4], levels: u32) -> Value {
        let inner = levels > 0 && !self.dice.chance(0.1);
        if inner && levels < self.levels && self.dice.chance(self.external) {
            let name = self.name(".json");
            let root = self.tile(area, levels - 1);
            self.shelf = std::mem::take(&mut self.shelf).and(&name, &root);
            return tile(&name, volume(area), error(area), vec![]);
        }
        let mut made = if inner {
            let children = self
                .parts(area)
                .into_iter()
                .map(|part| self.tile(part, levels - 1))
                .collect();
            let name = if self.dice.chance(self.empty) {
                String::new()
            } else {
                self.name(".glb")
            };
            tile(&name, volume(area), error(area), children)
        } else {
            tile(&self.name(".glb"), volume(area), 0.0, vec![])
        };
        if inner {
            made["refine"] = json!(if self.dice.chance(self.additive) {
                "ADD"
            } else {
                "REPLACE"
            });
        }
        if let Some(uri) = made.pointer("/content/uri").and_then(Value::as_str) {
            let bytes = 200 + self.dice.below(2000);
            self.shelf = std::mem::take(&mut self.shelf).weighing(uri, bytes);
        }
        made
    }

    /// Halves or quarters, each a little smaller than its place.
    fn parts(&mut self, [west, south, east, north]: [f64; 4]) -> Vec<[f64; 4]> {
        let (x, y) = ((west + east) * 0.5, (south + north) * 0.5);
        let parts = match self.dice.below(3) {
            0 => vec![[west, south, x, north], [x, south, east, north]],
            1 => vec![[west, south, east, y], [west, y, east, north]],
            _ => vec![
                [west, south, x, y],
                [x, south, east, y],
                [west, y, x, north],
                [x, y, east, north],
            ],
        };
        let mut shrink = |[w, s, e, n]: [f64; 4]| {
            let margin = (e - w).min(n - s) * 0.1 * self.dice.part();
            [w + margin, s + margin, e - margin, n - margin]
        };
        parts.into_iter().map(&mut shrink).collect()
    }
}

fn volume([west, south, east, north]: [f64; 4]) -> Value {
    let (x, y) = ((west + east) * 0.5, (south + north) * 0.5);
    json!({"box": [x, y, 15.0, (east - west) * 0.5, 0, 0, 0, (north - south) * 0.5, 0, 0, 0, 15.0]})
}

/// A hundredth of the longer side.
fn error([west, south, east, north]: [f64; 4]) -> f64 {
    (east - west).max(north - south) * 0.01
}
