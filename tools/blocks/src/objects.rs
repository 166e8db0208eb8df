//! Trees, lamps and benches.
//!
//! A trunk of forty centimetres that stands across the corner of four cells would become a pillar of two by two
//! blocks, and its crown a hollow shell. Things smaller than a few blocks are better built than voxelized: what the
//! model says of their place, height, width and colour is kept, and they are put together from the blocks the game has
//! for them. They stand where there is air, so they never cut into a building.

use crate::anchor::{Point, UNITS};
use crate::area::CHUNK;
use crate::palette::{AIR, BlockId, Palette};
use crate::piece::{Feature, Piece};
use crate::shell::Cell;
use std::collections::{BTreeMap, HashMap};
use tiles::surface::Surface;

/// Points this close above the lowest one, in units, are what an object stands on.
const FOOT: i32 = UNITS / 4;

/// A block of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// Trunks and posts go before leaves: of two objects that meet, the smaller number stays.
    order: (u8, u32),
    /// The cell.
    pub cell: Cell,
    /// What to put there.
    pub block: BlockId,
    /// The owner's row.
    pub owner: u32,
}

/// The objects of a piece: their blocks by chunk, and the owners that are built this way and not from surfaces.
#[derive(Debug, Default)]
pub struct Objects {
    stamps: HashMap<(i32, i32), Vec<Stamp>>,
    built: Vec<bool>,
}

/// What is known of one object before it is built.
struct Outline {
    /// The owner that stands for the whole.
    owner: u32,
    surface: Surface,
    all: Extent,
    /// The parts that are greener than red or blue.
    green: Extent,
    green_color: [u8; 3],
    points: Vec<Point>,
}

/// Least and greatest coordinates in units.
#[derive(Clone, Copy)]
struct Extent {
    min: Point,
    max: Point,
}

impl Extent {
    const EMPTY: Self = Self {
        min: [i32::MAX; 3],
        max: [i32::MIN; 3],
    };

    fn include(&mut self, point: Point) {
        for (axis, number) in point.into_iter().enumerate() {
            self.min[axis] = self.min[axis].min(number);
            self.max[axis] = self.max[axis].max(number);
        }
    }

    fn is_empty(&self) -> bool {
        self.min[0] > self.max[0]
    }

    fn blocks(&self) -> [f64; 3] {
        std::array::from_fn(|axis| f64::from(self.max[axis] - self.min[axis]) / f64::from(UNITS))
    }
}

impl Objects {
    /// Builds the trees and the furniture of a merged piece.
    pub fn new(piece: &Piece, palette: &Palette) -> Self {
        let mut built = vec![false; piece.owners.len()];
        let mut stamps = HashMap::<_, Vec<Stamp>>::new();
        for (feature, outline) in outlines(piece) {
            let Some(feature_row) = piece.features.get(feature as usize) else {
                continue;
            };
            let mut blocks = Vec::new();
            let is_built = match outline.surface {
                Surface::Tree => tree(&outline, palette, &mut blocks),
                _ => furniture(&outline, feature_row, palette, &mut blocks),
            };
            if !is_built {
                continue;
            }
            for (row, owner) in piece.owners.iter().enumerate() {
                built[row] |= owner.feature == feature && is_object(owner.surface);
            }
            for stamp in blocks {
                let [x, _, z] = stamp.cell;
                stamps
                    .entry((x.div_euclid(CHUNK), z.div_euclid(CHUNK)))
                    .or_default()
                    .push(stamp);
            }
        }
        for list in stamps.values_mut() {
            list.sort_unstable();
        }
        Self { stamps, built }
    }

    /// The blocks in a chunk; the first one for a cell counts.
    pub fn in_chunk(&self, x: i32, z: i32) -> &[Stamp] {
        self.stamps.get(&(x, z)).map_or(&[], Vec::as_slice)
    }

    /// Whether an owner's surfaces are left out because its object is built.
    pub fn is_built(&self, owner: u32) -> bool {
        self.built.get(owner as usize).copied().unwrap_or(false)
    }
}

/// Whether surfaces of this kind belong to an object.
fn is_object(surface: Surface) -> bool {
    matches!(surface, Surface::Tree | Surface::Furniture)
}

/// The outlines of all objects, by feature.
fn outlines(piece: &Piece) -> BTreeMap<u32, Outline> {
    let mut outlines = BTreeMap::<u32, Outline>::new();
    for triangle in &piece.triangles {
        let Some(owner) = piece
            .owners
            .get(triangle.owner as usize)
            .filter(|owner| is_object(owner.surface))
        else {
            continue;
        };
        let outline = outlines.entry(owner.feature).or_insert_with(|| Outline {
            owner: triangle.owner,
            surface: owner.surface,
            all: Extent::EMPTY,
            green: Extent::EMPTY,
            green_color: owner.color,
            points: Vec::new(),
        });
        outline.owner = outline.owner.min(triangle.owner);
        let [red, green, blue] = owner.color;
        let is_green = green > red && green > blue;
        if is_green {
            outline.green_color = owner.color;
        }
        for corner in triangle.corners {
            outline.all.include(corner);
            outline.points.push(corner);
            if is_green {
                outline.green.include(corner);
            }
        }
    }
    outlines
}

impl Outline {
    /// The column that the object stands in, and its lowest cell: the first one above ground of the same height.
    fn foot(&self) -> Cell {
        let low = self.all.min[1];
        let mut foot = Extent::EMPTY;
        for point in self.points.iter().filter(|point| point[1] <= low + FOOT) {
            foot.include(*point);
        }
        let middle = |axis: usize| (i64::from(foot.min[axis]) + i64::from(foot.max[axis])).div_euclid(2);
        let cell = |axis: usize| middle(axis).div_euclid(i64::from(UNITS)) as i32;
        [cell(0), crate::ground::layer_below(low) + 1, cell(2)]
    }
}

/// A trunk with a crown: an ellipsoid in the extent of the green parts.
fn tree(outline: &Outline, palette: &Palette, stamps: &mut Vec<Stamp>) -> bool {
    let Some(blocks) = palette.tree(outline.green_color) else {
        return false;
    };
    let foot = outline.foot();
    let mut crown = outline.green;
    if crown.is_empty() || crown.min[1] <= outline.all.min[1] {
        // One colour: the trunk is the lower third.
        crown = outline.all;
        crown.min[1] += (crown.max[1] - crown.min[1]) / 3;
    }
    let top = crate::ground::layer_below(crown.max[1]).max(foot[1] + 1);
    let middle = (crown.min[1] / 2 + crown.max[1] / 2).div_euclid(UNITS);
    let order = |kind: u8| (kind, outline.owner);
    for y in foot[1]..=middle.clamp(foot[1], top - 1) {
        stamps.push(Stamp {
            order: order(0),
            cell: [foot[0], y, foot[2]],
            block: blocks.log,
            owner: outline.owner,
        });
    }
    for cell in ellipsoid(&crown) {
        stamps.push(Stamp {
            order: order(1),
            cell,
            block: blocks.leaves,
            owner: outline.owner,
        });
    }
    // However thin it is, a tree ends in leaves.
    stamps.push(Stamp {
        order: order(1),
        cell: [foot[0], top, foot[2]],
        block: blocks.leaves,
        owner: outline.owner,
    });
    true
}

/// The cells whose middle lies in the ellipsoid that fills `extent`.
fn ellipsoid(extent: &Extent) -> Vec<Cell> {
    let low = extent.min.map(|number| number.div_euclid(UNITS));
    let high = extent.max.map(|number| number.div_euclid(UNITS));
    // Twice the distance from the middle, over the full width: whole numbers but for the last division.
    let part = |axis: usize, cell: i32| {
        let width = i64::from(extent.max[axis] - extent.min[axis]).max(1);
        let twice = 2 * i64::from(cell * UNITS + UNITS / 2) - i64::from(extent.min[axis]) - i64::from(extent.max[axis]);
        let ratio = twice as f64 / width as f64;
        ratio * ratio
    };
    let mut cells = Vec::new();
    for x in low[0]..=high[0] {
        for y in low[1]..=high[1] {
            for z in low[2]..=high[2] {
                if part(0, x) + part(1, y) + part(2, z) <= 1.0 {
                    cells.push([x, y, z]);
                }
            }
        }
    }
    cells
}

/// A post of one column, if the palette has a rule for it.
fn furniture(outline: &Outline, feature: &Feature, palette: &Palette, stamps: &mut Vec<Stamp>) -> bool {
    let size = outline.all.blocks();
    let Some(blocks) = palette.furniture(&feature.function, size) else {
        return false;
    };
    let [x, low, z] = outline.foot();
    let top = crate::ground::layer_below(outline.all.max[1]).max(low);
    for y in low..=top {
        let block = if y == top && top > low { blocks.top } else { blocks.post };
        stamps.push(Stamp {
            order: (0, outline.owner),
            cell: [x, y, z],
            block,
            owner: outline.owner,
        });
    }
    stamps.iter().all(|stamp| stamp.block != AIR)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    /// A piece with one object of boxes: (x, y and z ranges in blocks, colour).
    fn object(surface: Surface, function: &str, boxes: &[([[f64; 2]; 3], [u8; 3])]) -> Piece {
        let mut piece = Piece::default();
        piece.features.push(Feature {
            id: "it".into(),
            function: function.into(),
            ..Feature::default()
        });
        for (ranges, color) in boxes {
            let at = |corner: usize| -> Point {
                std::array::from_fn(|axis| (ranges[axis][corner >> axis & 1] * 1024.0) as i32)
            };
            for corners in [[0, 1, 2], [1, 3, 2], [4, 6, 5], [5, 6, 7]] {
                piece.push(corners.map(at), 0, surface, *color);
            }
        }
        crate::piece::merge(&[piece])
    }

    fn built(piece: &Piece) -> (Palette, Vec<Stamp>) {
        let palette = Palette::minecraft().unwrap();
        let objects = Objects::new(piece, &palette);
        assert!((0..piece.owners.len() as u32).all(|owner| objects.is_built(owner)));
        let mut stamps: Vec<Stamp> = objects.stamps.values().flatten().copied().collect();
        stamps.sort_unstable();
        (palette, stamps)
    }

    #[test]
    fn a_tree_of_eight_metres_has_a_trunk_in_its_column_and_a_round_crown() {
        let trunk = ([[8.3, 8.7], [4.0, 6.6], [8.3, 8.7]], [107, 79, 54]);
        let crown = ([[6.0, 11.0], [6.2, 12.0], [6.0, 11.0]], [93, 138, 69]);
        let (palette, stamps) = built(&object(Surface::Tree, "", &[trunk, crown]));
        let name = |stamp: &Stamp| palette.state(stamp.block).name.clone();
        let logs: Vec<Cell> = stamps
            .iter()
            .filter(|stamp| name(stamp).contains("log"))
            .map(|stamp| stamp.cell)
            .collect();
        assert_eq!(logs, (4..=9).map(|y| [8, y, 8]).collect::<Vec<_>>());
        let leaves: Vec<Cell> = stamps
            .iter()
            .filter(|stamp| name(stamp).contains("leaves"))
            .map(|stamp| stamp.cell)
            .collect();
        assert_eq!(leaves.iter().map(|cell| cell[1]).max(), Some(11));
        assert_eq!(leaves.iter().map(|cell| cell[1]).min(), Some(6));
        let widest = leaves.iter().filter(|cell| cell[1] == 8).count();
        assert!((12..=21).contains(&widest), "{widest}");
    }

    #[test]
    fn a_street_lamp_is_a_post_with_a_light_on_top() {
        let lamp = ([[3.2, 3.8], [4.0, 10.3], [3.2, 3.8]], [74, 77, 80]);
        let (palette, stamps) = built(&object(Surface::Furniture, "street_lamp", &[lamp]));
        assert_eq!(
            stamps.iter().map(|stamp| stamp.cell).collect::<Vec<_>>(),
            (4..=9).map(|y| [3, y, 3]).collect::<Vec<_>>()
        );
        assert_eq!(palette.state(stamps[5].block).name, "minecraft:lantern");
        assert!(palette.state(stamps[0].block).name.ends_with("_wall"));
    }

    #[test]
    fn a_bench_is_a_slab_and_a_kiosk_is_left_to_its_surfaces() {
        let bench = ([[3.1, 4.9], [4.0, 4.5], [3.2, 3.7]], [138, 106, 69]);
        let (palette, stamps) = built(&object(Surface::Furniture, "bench", &[bench]));
        assert_eq!(stamps.len(), 1);
        assert!(palette.state(stamps[0].block).name.ends_with("_slab"));
        let kiosk = object(
            Surface::Furniture,
            "",
            &[([[0.0, 4.0], [4.0, 7.0], [0.0, 3.0]], [90; 3])],
        );
        assert!(!Objects::new(&kiosk, &palette).is_built(0));
    }
}
