//! What a column of the world stands on.
//!
//! Roads, parks, water and terrain are thin sheets in the model; in a block world they are the top of solid ground.
//! Each column asks what lies over its middle, and settles it:
//!
//! * the ground reaches up to the surface, to the nearest block; the surface is its top block;
//! * of surfaces within [`HEADROOM`] of the lowest one, the more particular is seen (a road, not the terrain below it);
//!   anything higher is a deck, one block thick, with air under it: a bridge, an overpass;
//! * water fills its column from the bed to its surface; what passes over it is a deck;
//! * where the model shows no ground, as below buildings, the floor of the building is taken for it; and a column
//!   between others that have ground, in the hair's breadth left between two surfaces, has what its neighbours have.

use crate::anchor::{Point, UNITS};
use crate::piece::{Owner, Triangle};
use crate::shell::{Whole, normal};
use tiles::surface::Surface;

/// What lies higher above the lowest surface than this, in units, is a deck over it.
pub const HEADROOM: i32 = 3 * UNITS;
/// How far above water a road must be to be a bridge and not a causeway, in units.
const CLEARANCE: i32 = UNITS + UNITS / 2;
/// Land lower than this above water is the water's own edge, in units.
const SHORE: i32 = UNITS / 4;
/// Blocks of water where the model has no bed.
const DEPTH: i32 = 3;
/// Columns to each side in which a neighbour counts for a column without ground.
pub const GAP: i32 = 2;

/// A surface over the middle of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    /// In units.
    height: i32,
    owner: u32,
    surface: Surface,
}

/// What a column stands on. Layers are the y of blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ground {
    /// The highest solid layer.
    pub top: i32,
    /// Whose surface the highest layer is; none below water and below buildings.
    pub cover: Option<u32>,
    /// The highest layer of water, and whose it is.
    pub water: Option<(i32, u32)>,
}

/// A column: its ground and the decks above it, each with its layer and owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// The ground, if there is any.
    pub ground: Option<Ground>,
    /// Decks, from below.
    pub decks: Vec<(i32, u32)>,
}

/// A rectangle of columns.
#[derive(Debug, Clone)]
pub struct Raster {
    x0: i32,
    z0: i32,
    width: i32,
    depth: i32,
    hits: Vec<Vec<Hit>>,
}

/// Whether surfaces of this kind are ground.
pub fn is_ground(surface: Surface) -> bool {
    rank(surface).is_some()
}

/// How particular a ground surface is: the greater is seen.
fn rank(surface: Surface) -> Option<u8> {
    Some(match surface {
        Surface::Road => 7,
        Surface::Railway => 6,
        Surface::Square => 5,
        Surface::Water => 4,
        Surface::PlantCover => 3,
        Surface::LandUse => 2,
        Surface::Terrain => 1,
        _ => return None,
    })
}

/// Whether a surface can be the floor of a building.
fn is_floor(triangle: &Triangle, surface: Surface) -> bool {
    match surface {
        Surface::Ground => true,
        Surface::Unknown if triangle.facing[1] == 0 => normal(&triangle.corners)[1] < 0,
        Surface::Unknown => triangle.facing[1] < 0,
        _ => false,
    }
}

/// The highest layer whose middle lies below `height`.
pub fn layer_below(height: i32) -> i32 {
    (height - UNITS / 2 - 1).div_euclid(UNITS)
}

impl Raster {
    /// An empty raster of columns from `x0`, `z0`.
    pub fn new(x0: i32, z0: i32, width: i32, depth: i32) -> Self {
        let count = (width.max(0) * depth.max(0)) as usize;
        Self {
            x0,
            z0,
            width,
            depth,
            hits: vec![Vec::new(); count],
        }
    }

    /// Adds a triangle with its owner; kinds that are neither ground nor floor are passed over.
    pub fn add(&mut self, triangle: &Triangle, owner: &Owner) {
        let surface = owner.surface;
        if !is_ground(surface) && !is_floor(triangle, surface) {
            return;
        }
        // Products of three numbers this small fit into 64 bits.
        let narrow = triangle.corners.iter().all(|corner| {
            (0..3).all(|axis| (i64::from(corner[axis]) - i64::from(triangle.corners[0][axis])).abs() < 1 << 19)
        });
        if narrow {
            self.sample::<i64>(triangle, surface);
        } else {
            self.sample::<i128>(triangle, surface);
        }
    }

    fn sample<T: Whole>(&mut self, triangle: &Triangle, surface: Surface) {
        let Some(sheet) = Sheet::<T>::new(&triangle.corners) else {
            return;
        };
        let bounds = |axis: usize, start: i32, count: i32| {
            let numbers = triangle.corners.map(|corner| corner[axis]);
            let low = numbers.iter().min().copied().unwrap_or_default();
            let high = numbers.iter().max().copied().unwrap_or_default();
            // The first and last column whose middle lies between.
            let first = (low - UNITS / 2 + UNITS - 1).div_euclid(UNITS);
            let last = (high - UNITS / 2).div_euclid(UNITS);
            first.max(start)..=last.min(start + count - 1)
        };
        for z in bounds(2, self.z0, self.depth) {
            for x in bounds(0, self.x0, self.width) {
                if let Some(height) = sheet.height(x * UNITS + UNITS / 2, z * UNITS + UNITS / 2) {
                    let at = self.index(x, z);
                    self.hits[at].push(Hit {
                        height,
                        owner: triangle.owner,
                        surface,
                    });
                }
            }
        }
    }

    fn index(&self, x: i32, z: i32) -> usize {
        ((z - self.z0) * self.width + (x - self.x0)) as usize
    }

    /// Settles every column; those that need a neighbour are right at least [`GAP`] columns inside the raster.
    pub fn settle(mut self) -> Columns {
        let list = self.hits.iter_mut().map(settle).collect();
        let mut columns = Columns { list, ..self.frame() };
        columns.close_gaps();
        columns
    }

    fn frame(&self) -> Columns {
        Columns {
            x0: self.x0,
            z0: self.z0,
            width: self.width,
            depth: self.depth,
            list: Vec::new(),
        }
    }
}

/// Settled columns.
#[derive(Debug, Clone)]
pub struct Columns {
    x0: i32,
    z0: i32,
    width: i32,
    depth: i32,
    list: Vec<Column>,
}

impl Columns {
    /// The column at x, z; `None` outside the raster.
    pub fn at(&self, x: i32, z: i32) -> Option<&Column> {
        let (dx, dz) = (x - self.x0, z - self.z0);
        let inside = (0..self.width).contains(&dx) && (0..self.depth).contains(&dz);
        inside.then(|| self.list.get((dz * self.width + dx) as usize)).flatten()
    }

    fn ground(&self, x: i32, z: i32) -> Option<Ground> {
        self.at(x, z)?.ground
    }

    /// Gives columns between grounded ones the ground of the nearest of them.
    fn close_gaps(&mut self) {
        let mut found = Vec::new();
        for z in self.z0..self.z0 + self.depth {
            for x in self.x0..self.x0 + self.width {
                if self.ground(x, z).is_none()
                    && let Some(ground) = self.between(x, z)
                {
                    found.push((((z - self.z0) * self.width + x - self.x0) as usize, ground));
                }
            }
        }
        for (at, ground) in found {
            self.list[at].ground = Some(ground);
        }
    }

    /// The nearest ground on a line through the column that has ground on both sides.
    fn between(&self, x: i32, z: i32) -> Option<Ground> {
        let mut best: Option<(i32, Ground)> = None;
        for (dx, dz) in [(1, 0), (0, 1), (1, 1), (1, -1)] {
            let side = |sign: i32| {
                (1..=GAP).find_map(|step| {
                    let ground = self.ground(x + sign * step * dx, z + sign * step * dz)?;
                    Some((step * step * (dx * dx + dz * dz), ground))
                })
            };
            let (Some(one), Some(other)) = (side(-1), side(1)) else {
                continue;
            };
            let nearer = if other.0 < one.0 { other } else { one };
            if best.is_none_or(|(distance, _)| nearer.0 < distance) {
                best = Some(nearer);
            }
        }
        best.map(|(_, ground)| ground)
    }
}

/// The plane of a triangle over the ground.
struct Sheet<T> {
    corners: [[T; 3]; 3],
    origin: Point,
    normal: [T; 3],
}

impl<T: Whole> Sheet<T> {
    /// `None` for a triangle that stands upright or has no area.
    fn new(corners: &[Point; 3]) -> Option<Self> {
        let origin = corners[0];
        let local = corners.map(|corner| -> [T; 3] {
            std::array::from_fn(|axis| T::from(i64::from(corner[axis]) - i64::from(origin[axis])))
        });
        let (a, b) = (local[1], local[2]);
        let normal = [
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ];
        let zero = T::from(0);
        if normal[1] == zero {
            return None;
        }
        // Upward, so that one side of each edge is the inside.
        let down = normal[1] < zero;
        Some(Self {
            corners: if down { [local[0], local[2], local[1]] } else { local },
            origin,
            normal: if down { normal.map(|number| -number) } else { normal },
        })
    }

    /// The height in units, rounded down, at x, z; `None` outside. Edges and corners are inside.
    fn height(&self, x: i32, z: i32) -> Option<i32> {
        let x = T::from(i64::from(x) - i64::from(self.origin[0]));
        let z = T::from(i64::from(z) - i64::from(self.origin[2]));
        let zero = T::from(0);
        for (from, to) in [(0, 1), (1, 2), (2, 0)] {
            let (from, to) = (self.corners[from], self.corners[to]);
            let side = (to[2] - from[2]) * (x - from[0]) - (to[0] - from[0]) * (z - from[2]);
            if side < zero {
                return None;
            }
        }
        let rise = (-(self.normal[0] * x + self.normal[2] * z)).quotient(self.normal[1]);
        Some(self.origin[1].saturating_add(rise.narrow()))
    }
}

/// What the hits of one column come to.
fn settle(hits: &mut Vec<Hit>) -> Column {
    hits.sort_unstable();
    hits.dedup();
    let (land, floors): (Vec<Hit>, Vec<Hit>) = hits.iter().partition(|hit| is_ground(hit.surface));
    let water = land.iter().rev().find(|hit| hit.surface == Surface::Water).copied();
    let land: Vec<Hit> = land.into_iter().filter(|hit| hit.surface != Surface::Water).collect();
    if let Some(water) = water
        && let Some(column) = flooded(water, &land)
    {
        return column;
    }
    if let Some(lowest) = land.first() {
        return dry(&land, lowest.height);
    }
    let ground = floors.first().map(|floor| Ground {
        top: layer_below(floor.height),
        cover: None,
        water: None,
    });
    Column {
        ground,
        decks: Vec::new(),
    }
}

/// A column of land: the most particular surface near the lowest, and decks above.
fn dry(land: &[Hit], lowest: i32) -> Column {
    let near = |hit: &&Hit| hit.height <= lowest.saturating_add(HEADROOM);
    let seen = land
        .iter()
        .filter(near)
        .max_by_key(|hit| (rank(hit.surface), hit.height, u32::MAX - hit.owner));
    let ground = seen.map(|hit| Ground {
        top: layer_below(hit.height),
        cover: Some(hit.owner),
        water: None,
    });
    let top = ground.map_or(i32::MIN, |ground| ground.top);
    let above = land.iter().filter(|hit| !near(hit));
    Column {
        ground,
        decks: decks(above, top),
    }
}

/// A column of water; `None` where land covers it.
fn flooded(water: Hit, land: &[Hit]) -> Option<Column> {
    let is_way = |hit: &Hit| matches!(hit.surface, Surface::Road | Surface::Railway | Surface::Square);
    let covers = |hit: &Hit| {
        let above = hit.height - water.height;
        if is_way(hit) {
            above > -CLEARANCE && above < CLEARANCE
        } else {
            above > SHORE
        }
    };
    if land.iter().any(covers) {
        return None;
    }
    let surface = layer_below(water.height);
    let bed = land
        .iter()
        .filter(|hit| !is_way(hit) && hit.height < water.height - UNITS)
        .max_by_key(|hit| hit.height);
    let top = bed.map_or(surface - DEPTH, |bed| layer_below(bed.height).min(surface - 1));
    let ways = land
        .iter()
        .filter(|hit| is_way(hit) && hit.height >= water.height + CLEARANCE);
    Some(Column {
        ground: Some(Ground {
            top,
            cover: None,
            water: Some((surface, water.owner)),
        }),
        decks: decks(ways, surface),
    })
}

/// The layers of decks above `top`, one each.
fn decks<'a>(hits: impl Iterator<Item = &'a Hit>, top: i32) -> Vec<(i32, u32)> {
    let mut decks: Vec<(i32, u32)> = Vec::new();
    for hit in hits {
        let layer = layer_below(hit.height);
        if layer > top && decks.last().is_none_or(|last| last.0 < layer) {
            decks.push((layer, hit.owner));
        }
    }
    decks
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    const U: i32 = UNITS;

    /// Columns under rectangles of (surface, height in blocks, x range, z range).
    fn columns(sheets: &[(Surface, f64, [i32; 2], [i32; 2])]) -> Columns {
        let mut raster = Raster::new(-4, -4, 24, 24);
        for (row, (surface, height, x, z)) in sheets.iter().enumerate() {
            let owner = Owner {
                feature: 0,
                surface: *surface,
                color: [0; 3],
            };
            let y = (height * f64::from(U)) as i32;
            let corner = |x: i32, z: i32| [x * U, y, z * U];
            let [a, b, c, d] = [
                corner(x[0], z[0]),
                corner(x[0], z[1]),
                corner(x[1], z[1]),
                corner(x[1], z[0]),
            ];
            for corners in [[a, b, c], [a, c, d]] {
                raster.add(
                    &Triangle {
                        corners,
                        facing: [0; 3],
                        owner: row as u32,
                    },
                    &owner,
                );
            }
        }
        raster.settle()
    }

    const EVERYWHERE: [i32; 2] = [-4, 20];

    #[test]
    fn ground_at_four_metres_has_its_top_block_below_that_level() {
        let found = columns(&[(Surface::LandUse, 4.0, EVERYWHERE, EVERYWHERE)]);
        let ground = Ground {
            top: 3,
            cover: Some(0),
            water: None,
        };
        assert!(
            found
                .list
                .iter()
                .all(|column| column.ground == Some(ground) && column.decks.is_empty())
        );
        assert_eq!(
            [4.4, 4.5, 4.6].map(|height| layer_below((height * f64::from(U)) as i32)),
            [3, 3, 4]
        );
    }

    #[test]
    fn a_road_is_seen_before_the_terrain_it_lies_on() {
        let found = columns(&[
            (Surface::Terrain, 4.3, EVERYWHERE, EVERYWHERE),
            (Surface::Road, 3.9, [0, 4], [0, 4]),
        ]);
        assert_eq!(found.at(2, 2).unwrap().ground.unwrap().cover, Some(1));
        assert_eq!(found.at(6, 2).unwrap().ground.unwrap().cover, Some(0));
    }

    #[test]
    fn a_bridge_leaves_the_water_below_it() {
        let found = columns(&[
            (Surface::Water, 0.0, EVERYWHERE, EVERYWHERE),
            (Surface::Road, 4.0, [0, 4], [0, 4]),
        ]);
        let column = found.at(2, 2).unwrap();
        assert_eq!(
            column.ground,
            Some(Ground {
                top: -4,
                cover: None,
                water: Some((-1, 0))
            })
        );
        assert_eq!(column.decks, [(3, 1)]);
        assert!(found.at(5, 5).unwrap().decks.is_empty());
    }

    #[test]
    fn an_overpass_is_a_deck_and_an_island_is_dry() {
        let found = columns(&[
            (Surface::Terrain, 5.0, EVERYWHERE, EVERYWHERE),
            (Surface::Road, 12.0, [0, 4], [0, 4]),
            (Surface::Water, 4.0, [10, 14], [0, 4]),
        ]);
        assert_eq!(found.at(2, 2).unwrap().decks, [(11, 1)]);
        assert_eq!(found.at(2, 2).unwrap().ground.unwrap().top, 4);
        assert_eq!(found.at(12, 2).unwrap().ground.unwrap().water, None);
    }

    #[test]
    fn terrain_below_the_water_is_its_bed() {
        let found = columns(&[
            (Surface::Terrain, -6.0, EVERYWHERE, EVERYWHERE),
            (Surface::Water, 0.0, EVERYWHERE, EVERYWHERE),
        ]);
        assert_eq!(found.at(0, 0).unwrap().ground.unwrap().top, -7);
    }

    #[test]
    fn a_building_without_ground_stands_on_its_floor() {
        let found = columns(&[
            (Surface::Ground, 4.0, [0, 4], [0, 4]),
            (Surface::LandUse, 4.0, [4, 20], EVERYWHERE),
        ]);
        assert_eq!(
            found.at(2, 2).unwrap().ground,
            Some(Ground {
                top: 3,
                cover: None,
                water: None
            })
        );
        assert_eq!(found.at(-3, 2).unwrap().ground, None);
    }

    #[test]
    fn a_hair_between_two_sheets_is_closed_and_the_border_does_not_creep() {
        let found = columns(&[
            (Surface::LandUse, 4.0, [-4, 5], [-4, 10]),
            (Surface::Road, 4.0, [6, 20], [-4, 10]),
        ]);
        let ground = found.at(5, 0).unwrap().ground.unwrap();
        assert_eq!((ground.top, ground.cover), (3, Some(0)));
        assert_eq!(found.at(5, 10).unwrap().ground, None);
        assert_eq!(found.at(0, 11).unwrap().ground, None);
    }

    #[test]
    fn slopes_are_exact_and_the_middle_of_every_column_is_met_once_covered() {
        let mut raster = Raster::new(0, 0, 8, 8);
        let owner = Owner {
            feature: 0,
            surface: Surface::Terrain,
            color: [0; 3],
        };
        // From y 0 at x 0 to y 8 at x 8, facing up.
        let [a, b, c, d] = [[0, 0, 0], [0, 0, 8 * U], [8 * U, 8 * U, 8 * U], [8 * U, 8 * U, 0]];
        for corners in [[a, b, c], [c, a, d]] {
            raster.add(
                &Triangle {
                    corners,
                    facing: [0; 3],
                    owner: 0,
                },
                &owner,
            );
        }
        let found = raster.settle();
        for x in 0..8 {
            // The surface over the middle of column x is at x + 1/2: the layer below is x - 1.
            assert!(
                (0..8).all(|z| found.at(x, z).unwrap().ground.unwrap().top == x - 1),
                "{x}"
            );
        }
    }
}
