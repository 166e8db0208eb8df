//! Which block a surface becomes.
//!
//! What a surface *is* decides which blocks come into question, and its colour which of them: a red roof becomes
//! terracotta and not red wool, a grey one slate. The choice is data: a palette file lists the blocks for each kind of
//! surface with their average colours, and this module finds the nearest in Oklab (Ottosson, 2020), where equal
//! distances look equally different.

mod file;
mod oklab;

pub use file::{BlockState, Fittings, Furniture, Tree};

use crate::Error;
use file::PaletteFile;
use oklab::Oklab;
use std::collections::BTreeMap;
use tiles::surface::Surface;

/// A block state by its row in [`Palette::states`]; row 0 is air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct BlockId(pub u16);

/// Nothing.
pub const AIR: BlockId = BlockId(0);

/// The blocks that the ground is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earth {
    /// The lowest layer.
    pub bedrock: BlockId,
    /// Below the soil.
    pub rock: BlockId,
    /// The layers below the surface.
    pub soil: BlockId,
    /// Below water.
    pub bed: BlockId,
    /// Below buildings.
    pub foundation: BlockId,
    /// Water.
    pub water: BlockId,
}

/// A palette ready for use.
#[derive(Debug, Clone)]
pub struct Palette {
    name: String,
    states: Vec<BlockState>,
    surfaces: BTreeMap<Surface, Vec<(Oklab, BlockId)>>,
    earth: Earth,
    trees: Vec<(Oklab, TreeBlocks)>,
    furniture: Vec<(Furniture, FurnitureBlocks)>,
    sign: BlockId,
}

/// What a tree is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeBlocks {
    /// The trunk.
    pub log: BlockId,
    /// The crown.
    pub leaves: BlockId,
}

/// What a piece of furniture is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FurnitureBlocks {
    /// Every cell but the highest, or the only one.
    pub post: BlockId,
    /// The highest cell of several.
    pub top: BlockId,
}

impl Palette {
    /// The palette `assets/palettes/minecraft.json`, which is part of the program.
    ///
    /// # Errors
    /// [`Error::Palette`] if the file is not right; a test keeps it so.
    pub fn minecraft() -> Result<Self, Error> {
        Self::from_json(include_str!("../../../assets/palettes/minecraft.json"))
    }

    /// Reads a palette file; the module `file` says how it is made up.
    ///
    /// # Errors
    /// [`Error::Palette`] with what is wrong.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let file: PaletteFile = serde_json::from_str(json).map_err(|error| Error::Palette(error.to_string()))?;
        file.build().map_err(Error::Palette)
    }

    /// Its name, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every block state it can give, by [`BlockId`].
    pub fn states(&self) -> &[BlockState] {
        &self.states
    }

    /// The state of a block.
    pub fn state(&self, block: BlockId) -> &BlockState {
        self.states.get(usize::from(block.0)).unwrap_or(&self.states[0])
    }

    /// The block for a kind of surface and an sRGB colour.
    pub fn surface(&self, surface: Surface, color: [u8; 3]) -> BlockId {
        let blocks = self
            .surfaces
            .get(&surface)
            .or_else(|| self.surfaces.get(&Surface::Unknown));
        blocks.and_then(|blocks| nearest(blocks, color)).unwrap_or(AIR)
    }

    /// What the ground is made of.
    pub fn earth(&self) -> &Earth {
        &self.earth
    }

    /// The blocks for a tree whose crown has this sRGB colour.
    pub fn tree(&self, color: [u8; 3]) -> Option<TreeBlocks> {
        nearest(&self.trees, color)
    }

    /// The blocks for a piece of furniture of this function and size in blocks; `None` where it should be built from
    /// its surfaces.
    pub fn furniture(&self, function: &str, size: [f64; 3]) -> Option<FurnitureBlocks> {
        let found = self.furniture.iter().find(|(rule, _)| rule.matches(function, size));
        found.map(|(_, blocks)| *blocks)
    }

    /// The sign at the spawn.
    pub fn sign(&self) -> BlockId {
        self.sign
    }
}

/// The nearest by colour; of equally near ones the first in the file.
fn nearest<T: Copy>(choices: &[(Oklab, T)], color: [u8; 3]) -> Option<T> {
    let wanted = Oklab::from_srgb(color);
    let mut best: Option<(f32, T)> = None;
    for (known, choice) in choices {
        let distance = known.distance(&wanted);
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, *choice));
        }
    }
    best.map(|(_, choice)| choice)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    fn name(palette: &Palette, surface: Surface, color: [u8; 3]) -> String {
        palette.state(palette.surface(surface, color)).name.clone()
    }

    #[test]
    fn the_kind_decides_before_the_colour() {
        let palette = Palette::minecraft().unwrap();
        let grey = [128, 128, 128];
        let blocks: Vec<String> = [
            Surface::Roof,
            Surface::Wall,
            Surface::Road,
            Surface::PlantCover,
            Surface::Water,
            Surface::Window,
        ]
        .iter()
        .map(|surface| name(&palette, *surface, grey))
        .collect();
        assert!(blocks[3].contains("grass") || blocks[3].contains("moss"), "{blocks:?}");
        assert_eq!(blocks[4], "minecraft:water");
        assert!(blocks[5].contains("glass"), "{blocks:?}");
    }

    #[test]
    fn colours_find_blocks_that_look_like_them() {
        let palette = Palette::minecraft().unwrap();
        assert!(name(&palette, Surface::Wall, [250, 250, 245]).contains("quartz"));
        assert!(name(&palette, Surface::Roof, [110, 160, 130]).contains("copper"));
        assert!(name(&palette, Surface::Wall, [237, 222, 16]).contains("gold"));
        assert!(name(&palette, Surface::Wall, [150, 96, 82]).contains("brick"));
    }

    #[test]
    fn nothing_in_it_falls_burns_or_glows_but_lamps() {
        let palette = Palette::minecraft().unwrap();
        for blocks in palette.surfaces.values() {
            for (_, block) in blocks {
                let name = &palette.state(*block).name;
                let bad = [
                    "sand",
                    "gravel",
                    "concrete_powder",
                    "wool",
                    "planks",
                    "log",
                    "glowstone",
                    "lantern",
                    "tnt",
                ];
                let stone = name.contains("sandstone");
                assert!(
                    stone
                        || !bad
                            .iter()
                            .any(|word| name.trim_start_matches("minecraft:").ends_with(word)),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn every_kind_of_surface_has_blocks() {
        let palette = Palette::minecraft().unwrap();
        for surface in Surface::ALL {
            assert_ne!(palette.surface(surface, [90, 120, 60]), AIR, "{surface:?}");
        }
    }

    #[test]
    fn a_wrong_file_is_told_what_is_wrong() {
        let error = |json: &str| Palette::from_json(json).unwrap_err().to_string();
        assert!(error("[]").contains("palette"));
        let whole = include_str!("../../../assets/palettes/minecraft.json");
        assert!(error(&whole.replace("\"RoofSurface\"", "\"RoofSurfaces\"")).contains("RoofSurfaces"));
        assert!(
            error(&whole.replacen("\"white_concrete\": \"#", "\"white_concrete\": \"", 1)).contains("white_concrete")
        );
    }
}
