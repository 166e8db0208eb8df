//! A palette file.
//!
//! ```json
//! {
//!   "name": "Minecraft", "game": "Java Edition 1.21.1",
//!   "colors":   { "bricks": "#976253" },                 average sRGB colour of a block
//!   "states":   { "oak_log": { "axis": "y" } },          properties of blocks that have some
//!   "surfaces": { "RoofSurface": ["deepslate_tiles"] },  blocks for a kind of surface, by the names of `Surface::name`
//!   "earth":    { "bedrock": "bedrock", "rock": "stone", "soil": "dirt", "bed": "clay",
//!                 "foundation": "stone", "water": "water" },
//!   "trees":    [{ "log": "oak_log", "leaves": "oak_leaves", "color": "#4a7b2c" }],
//!   "furniture":[{ "function": "street_lamp", "post": "stone_brick_wall", "top": "lantern" },
//!                { "maxSize": [1.5, 1.5, 1.5], "post": "stone_brick_wall" }],
//!   "sign": "oak_sign"
//! }
//! ```
//!
//! Names without a colon belong to `minecraft:`. The first rule of `furniture` that fits is taken.

use super::oklab::Oklab;
use super::{BlockId, Earth, FurnitureBlocks, Palette, TreeBlocks};
use serde::Deserialize;
use std::collections::BTreeMap;
use tiles::surface::Surface;

/// A block with its properties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockState {
    /// With its namespace, for example `minecraft:oak_log`.
    pub name: String,
    /// Name and value, in order of name.
    pub properties: BTreeMap<String, String>,
}

/// A kind of tree.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// The trunk.
    pub log: String,
    /// The crown.
    pub leaves: String,
    /// The crown's colour in the model that it is meant for, for example `#4a7b2c`.
    pub color: String,
}

/// A rule for furniture.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Furniture {
    /// The `function` it is for; absent: any.
    pub function: Option<String>,
    /// No wider (x), higher (y) or deeper (z) than this many blocks; absent: any size.
    pub max_size: Option<[f64; 3]>,
    /// At least this many blocks high.
    #[serde(default)]
    pub min_height: f64,
    /// Every cell but the highest, or the only one.
    pub post: String,
    /// The highest cell of several; absent: as `post`.
    pub top: Option<String>,
}

/// Names of what the ground is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fittings {
    bedrock: String,
    rock: String,
    soil: String,
    bed: String,
    foundation: String,
    water: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PaletteFile {
    name: String,
    #[serde(rename = "game")]
    _game: String,
    colors: BTreeMap<String, String>,
    #[serde(default)]
    states: BTreeMap<String, BTreeMap<String, String>>,
    surfaces: BTreeMap<String, Vec<String>>,
    earth: Fittings,
    trees: Vec<Tree>,
    furniture: Vec<Furniture>,
    sign: String,
}

impl Furniture {
    /// Whether the rule fits.
    pub fn matches(&self, function: &str, size: [f64; 3]) -> bool {
        let fits = |limit: [f64; 3]| (0..3).all(|axis| size[axis] <= limit[axis]);
        self.function.as_deref().is_none_or(|wanted| wanted == function)
            && self.max_size.is_none_or(fits)
            && size[1] >= self.min_height
    }
}

/// States in the order of first use.
struct States<'a> {
    properties: &'a BTreeMap<String, BTreeMap<String, String>>,
    list: Vec<BlockState>,
}

impl States<'_> {
    fn intern(&mut self, name: &str) -> Result<BlockId, String> {
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:/.-".contains(c);
        if name.is_empty() || !name.chars().all(valid) {
            return Err(format!("{name:?} is not the name of a block"));
        }
        let state = BlockState {
            name: if name.contains(':') {
                name.to_owned()
            } else {
                format!("minecraft:{name}")
            },
            properties: self.properties.get(name).cloned().unwrap_or_default(),
        };
        let known = self.list.iter().position(|known| *known == state);
        let row = known.unwrap_or_else(|| {
            self.list.push(state);
            self.list.len() - 1
        });
        u16::try_from(row)
            .map(BlockId)
            .map_err(|_| "more than 65 536 blocks".to_owned())
    }
}

fn color(text: &str, of: &str) -> Result<Oklab, String> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let [_, r, g, b] = number
        .ok_or_else(|| format!("the colour {text:?} of {of} is not like \"#976253\""))?
        .to_be_bytes();
    Ok(Oklab::from_srgb([r, g, b]))
}

impl PaletteFile {
    pub(super) fn build(self) -> Result<Palette, String> {
        let mut states = States {
            properties: &self.states,
            list: Vec::new(),
        };
        states.intern("air")?;
        let surfaces = self.surfaces(&mut states)?;
        let earth = Earth {
            bedrock: states.intern(&self.earth.bedrock)?,
            rock: states.intern(&self.earth.rock)?,
            soil: states.intern(&self.earth.soil)?,
            bed: states.intern(&self.earth.bed)?,
            foundation: states.intern(&self.earth.foundation)?,
            water: states.intern(&self.earth.water)?,
        };
        let mut trees = Vec::new();
        for tree in &self.trees {
            let (log, leaves) = (states.intern(&tree.log)?, states.intern(&tree.leaves)?);
            trees.push((color(&tree.color, &tree.leaves)?, TreeBlocks { log, leaves }));
        }
        let mut furniture = Vec::new();
        for rule in &self.furniture {
            let post = states.intern(&rule.post)?;
            let top = states.intern(rule.top.as_ref().unwrap_or(&rule.post))?;
            furniture.push((rule.clone(), FurnitureBlocks { post, top }));
        }
        let sign = states.intern(&self.sign)?;
        Ok(Palette {
            name: self.name,
            states: states.list,
            surfaces,
            earth,
            trees,
            furniture,
            sign,
        })
    }

    fn surfaces(&self, states: &mut States<'_>) -> Result<BTreeMap<Surface, Vec<(Oklab, BlockId)>>, String> {
        let mut surfaces = BTreeMap::new();
        for (name, blocks) in &self.surfaces {
            let surface = Surface::ALL.into_iter().find(|surface| surface.name() == name);
            let surface = surface.ok_or_else(|| format!("{name:?} is not a kind of surface"))?;
            let mut choices = Vec::new();
            for block in blocks {
                let text = self.colors.get(block).ok_or_else(|| format!("{block} has no colour"))?;
                choices.push((color(text, block)?, states.intern(block)?));
            }
            surfaces.insert(surface, choices);
        }
        if surfaces.get(&Surface::Unknown).is_none_or(Vec::is_empty) {
            return Err("the surface Unknown needs blocks; it stands in for what is not listed".to_owned());
        }
        Ok(surfaces)
    }
}
