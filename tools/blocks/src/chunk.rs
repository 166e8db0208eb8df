//! Sixteen by sixteen columns of blocks.
//!
//! Here the parts come together: ground, decks, shells and objects, in this order. A [`Scene`] holds what lies around
//! a region, sorted by chunk; [`Scene::chunk`] makes one chunk, on any thread, out of nothing but the city.

use crate::anchor::{UNITS, Y_MAX, Y_MIN};
use crate::area::{CHUNK, ChunkArea};
use crate::ground::{self, Column, Columns, Raster};
use crate::objects::Objects;
use crate::palette::{AIR, BlockId, Palette};
use crate::piece::{Owner, Piece, Triangle};
use crate::shell::{Cell, CellBox, cells, clipped_area};
use std::collections::HashMap;
use tiles::surface::Surface;

/// Blocks from the lowest to the highest.
pub const HEIGHT: i32 = Y_MAX - Y_MIN;
/// Blocks of a chunk.
pub const VOLUME: usize = (CHUNK * CHUNK * HEIGHT) as usize;
/// No owner.
pub const NOBODY: u32 = u32::MAX;
/// Layers of soil below the surface.
const SOIL: i32 = 3;

/// A chunk's blocks. The block at x, y, z of the chunk is at `(y + 64) * 256 + z * 16 + x`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The chunk's x: its first column is at 16 times this.
    pub x: i32,
    /// The chunk's z.
    pub z: i32,
    /// The blocks.
    pub blocks: Vec<BlockId>,
    /// Whose each block is: the owner's row in the scene, or [`NOBODY`].
    pub owners: Vec<u32>,
    /// Of each column, the top layer of dry ground that nothing covers.
    pub open_ground: [Option<i32>; 256],
}

/// The row of a cell of the chunk in its lists; x and z from 0 to 15, y from -64 to 319.
pub fn row(x: i32, y: i32, z: i32) -> usize {
    (((y - Y_MIN) * CHUNK + z) * CHUNK + x) as usize
}

/// A part of the city, ready to be made into chunks.
pub struct Scene<'a> {
    piece: Piece,
    palette: &'a Palette,
    objects: Objects,
    /// The block of each owner's surfaces.
    blocks: Vec<BlockId>,
    /// Triangles of shells by chunk.
    shells: HashMap<(i32, i32), Vec<u32>>,
    /// Triangles of ground and floors by chunk, each also where it lies within the margin.
    grounds: HashMap<(i32, i32), Vec<u32>>,
}

/// Which of two roles a cell takes; the greater one. 0: no blocks of its own.
fn priority(surface: Surface) -> u8 {
    match surface {
        Surface::Door => 12,
        Surface::Window => 11,
        Surface::Installation => 10,
        Surface::Roof => 9,
        Surface::Wall => 8,
        Surface::OuterFloor => 7,
        Surface::OuterCeiling => 6,
        Surface::Bridge => 5,
        Surface::Ground => 4,
        Surface::Unknown => 3,
        Surface::Tunnel | Surface::Generic => 2,
        Surface::Furniture | Surface::Tree => 1,
        // Openings are open, rooms are empty, and the ground is not a shell.
        Surface::Closure
        | Surface::Interior
        | Surface::Road
        | Surface::Square
        | Surface::Railway
        | Surface::Water
        | Surface::PlantCover
        | Surface::LandUse
        | Surface::Terrain => 0,
    }
}

impl<'a> Scene<'a> {
    /// A scene of a merged piece ([`crate::piece::merge`]) for the chunks of `area`.
    pub fn new(piece: Piece, area: ChunkArea, palette: &'a Palette) -> Self {
        let objects = Objects::new(&piece, palette);
        let blocks = piece
            .owners
            .iter()
            .map(|owner| palette.surface(owner.surface, owner.color))
            .collect();
        let mut scene = Self {
            palette,
            objects,
            blocks,
            shells: HashMap::new(),
            grounds: HashMap::new(),
            piece,
        };
        scene.sort(area);
        scene
    }

    /// Puts each triangle to the chunks it may concern.
    fn sort(&mut self, area: ChunkArea) {
        for (number, triangle) in self.piece.triangles.iter().enumerate() {
            let Some(owner) = self.piece.owners.get(triangle.owner as usize) else {
                continue;
            };
            let number = number as u32;
            if priority(owner.surface) > 0 && !self.objects.is_built(triangle.owner) {
                for chunk in chunks_of(triangle, 1, area) {
                    self.shells.entry(chunk).or_default().push(number);
                }
            }
            if ground::is_ground(owner.surface) || matches!(owner.surface, Surface::Ground | Surface::Unknown) {
                for chunk in chunks_of(triangle, ground::GAP * UNITS, area) {
                    self.grounds.entry(chunk).or_default().push(number);
                }
            }
        }
    }

    /// The merged piece.
    pub fn piece(&self) -> &Piece {
        &self.piece
    }

    /// Makes the chunk at `x`, `z`.
    pub fn chunk(&self, x: i32, z: i32) -> Chunk {
        let mut chunk = Chunk {
            x,
            z,
            blocks: vec![AIR; VOLUME],
            owners: vec![NOBODY; VOLUME],
            open_ground: [None; 256],
        };
        let columns = self.columns(x, z);
        let rock = self.lay_rock(&mut chunk, &columns);
        for dz in 0..CHUNK {
            for dx in 0..CHUNK {
                if let Some(column) = columns.at(x * CHUNK + dx, z * CHUNK + dz) {
                    self.fill(&mut chunk, dx, dz, column, rock);
                }
            }
        }
        self.shells(&mut chunk);
        self.put_objects(&mut chunk);
        chunk.find_open_ground(&columns);
        chunk
    }

    /// The settled columns of the chunk and a margin around it.
    fn columns(&self, x: i32, z: i32) -> Columns {
        let side = CHUNK + 2 * ground::GAP;
        let mut raster = Raster::new(x * CHUNK - ground::GAP, z * CHUNK - ground::GAP, side, side);
        for number in self.grounds.get(&(x, z)).into_iter().flatten() {
            let triangle = &self.piece.triangles[*number as usize];
            raster.add(triangle, &self.piece.owners[triangle.owner as usize]);
        }
        raster.settle()
    }

    /// Lays the layers that are rock in every column at once; returns the first layer above them.
    fn lay_rock(&self, chunk: &mut Chunk, columns: &Columns) -> i32 {
        let tops = (0..CHUNK * CHUNK).map(|at| {
            let column = columns.at(chunk.x * CHUNK + at % CHUNK, chunk.z * CHUNK + at / CHUNK);
            column
                .and_then(|column| column.ground)
                .map_or(Y_MIN, |ground| ground.top)
        });
        let end = tops.min().map_or(Y_MIN, |top| (top.min(Y_MAX) - SOIL).max(Y_MIN));
        if end > Y_MIN {
            chunk.blocks[..row(0, Y_MIN + 1, 0)].fill(self.palette.earth().bedrock);
            chunk.blocks[row(0, Y_MIN + 1, 0)..row(0, end, 0)].fill(self.palette.earth().rock);
        }
        end
    }

    /// Fills a column from the first layer that is not laid to its surface, and lays its decks.
    fn fill(&self, chunk: &mut Chunk, x: i32, z: i32, column: &Column, laid: i32) {
        let earth = self.palette.earth();
        if let Some(ground) = column.ground {
            let (below, surface) = match (ground.cover, ground.water) {
                (Some(owner), _) => (earth.soil, (self.blocks[owner as usize], owner)),
                (None, Some(_)) => (earth.bed, (earth.bed, NOBODY)),
                (None, None) => (earth.foundation, (earth.foundation, NOBODY)),
            };
            chunk.put(x, Y_MIN, z, earth.bedrock, NOBODY);
            for y in laid.max(Y_MIN + 1)..ground.top {
                let block = if y < ground.top - SOIL { earth.rock } else { below };
                chunk.put(x, y, z, block, NOBODY);
            }
            if ground.top > Y_MIN {
                chunk.put(x, ground.top, z, surface.0, surface.1);
            }
            if let Some((level, owner)) = ground.water {
                for y in (ground.top + 1).max(Y_MIN + 1)..=level {
                    chunk.put(x, y, z, earth.water, owner);
                }
            }
        }
        for (layer, owner) in &column.decks {
            chunk.put(x, *layer, z, self.blocks[*owner as usize], *owner);
        }
    }

    /// Lays the shells: of a cell's surfaces the one with the highest role, then the largest part, then the least id.
    fn shells(&self, chunk: &mut Chunk) {
        let Some(triangles) = self.shells.get(&(chunk.x, chunk.z)) else {
            return;
        };
        let mut claims = Claims::new(chunk.x, chunk.z);
        for number in triangles {
            let (triangle, owner) = self.triangle(*number);
            claims.claim(triangle, priority(owner.surface));
        }
        let contested = claims.contested;
        let mut parts: Vec<(u32, u32, u64)> = Vec::new();
        if contested {
            for number in triangles {
                let (triangle, owner) = self.triangle(*number);
                claims.measure(triangle, priority(owner.surface), &mut parts);
            }
            claims.settle(parts);
        }
        for (at, claim) in claims.cells.iter().enumerate().filter(|(_, claim)| **claim != 0) {
            let owner = claim & Claims::OWNER;
            chunk.blocks[at] = self.blocks[owner as usize];
            chunk.owners[at] = owner;
        }
    }

    fn triangle(&self, number: u32) -> (&Triangle, &Owner) {
        let triangle = &self.piece.triangles[number as usize];
        (triangle, &self.piece.owners[triangle.owner as usize])
    }

    fn put_objects(&self, chunk: &mut Chunk) {
        for stamp in self.objects.in_chunk(chunk.x, chunk.z) {
            let [x, y, z] = stamp.cell;
            let (x, z) = (x - chunk.x * CHUNK, z - chunk.z * CHUNK);
            if (Y_MIN..Y_MAX).contains(&y) && chunk.blocks[row(x, y, z)] == AIR {
                chunk.put(x, y, z, stamp.block, stamp.owner);
            }
        }
    }
}

/// The chunks of `area` within `margin` units of the triangle.
fn chunks_of(triangle: &Triangle, margin: i32, area: ChunkArea) -> impl Iterator<Item = (i32, i32)> + use<> {
    let range = |axis: usize, start: i32, end: i32| {
        let numbers = triangle.corners.map(|corner| corner[axis]);
        let [low, high] =
            [numbers.iter().min(), numbers.iter().max()].map(|number| number.copied().unwrap_or_default());
        let chunk = |units: i32| units.div_euclid(UNITS * CHUNK);
        chunk(low - margin).max(start)..(chunk(high + margin) + 1).min(end)
    };
    let (xs, zs) = (range(0, area.x0, area.x1), range(2, area.z0, area.z1));
    zs.flat_map(move |z| xs.clone().map(move |x| (x, z)))
}

impl Chunk {
    /// Puts a block; what lies outside the game's height is left out.
    pub fn put(&mut self, x: i32, y: i32, z: i32, block: BlockId, owner: u32) {
        if (Y_MIN..Y_MAX).contains(&y) {
            self.blocks[row(x, y, z)] = block;
            self.owners[row(x, y, z)] = owner;
        }
    }

    fn find_open_ground(&mut self, columns: &Columns) {
        let [tops] = tops(&self.blocks, |block| [block != AIR]);
        for (at, top) in (0..CHUNK * CHUNK).zip(tops) {
            let column = columns.at(self.x * CHUNK + at % CHUNK, self.z * CHUNK + at / CHUNK);
            let ground = column.and_then(|column| column.ground);
            let open = ground.filter(|ground| ground.cover.is_some() && Some(ground.top) == top);
            self.open_ground[at as usize] = open.map(|ground| ground.top);
        }
    }
}

/// Of each column the highest layer whose block counts, for several ways of counting at once; by z and then x.
pub fn tops<const N: usize>(blocks: &[BlockId], counts: impl Fn(BlockId) -> [bool; N]) -> [[Option<i32>; 256]; N] {
    let mut tops = [[None; 256]; N];
    let mut missing = 256 * N;
    // Layer by layer, since a layer lies together in memory and most of them are empty.
    for (layer, y) in blocks.chunks_exact(256).rev().zip((Y_MIN..Y_MAX).rev()) {
        if layer.iter().all(|block| *block == AIR) {
            continue;
        }
        for (at, block) in layer.iter().enumerate() {
            for (way, counts) in counts(*block).into_iter().enumerate() {
                if counts && tops[way][at].is_none() {
                    tops[way][at] = Some(y);
                    missing -= 1;
                }
            }
        }
        if missing == 0 {
            break;
        }
    }
    tops
}

/// Who claims the cells of a chunk.
struct Claims {
    origin: Cell,
    bounds: CellBox,
    /// Role above, owner below; 0: nobody. [`Claims::OWNER`] as owner: several.
    cells: Vec<u32>,
    contested: bool,
}

impl Claims {
    const OWNER: u32 = (1 << 27) - 1;

    fn new(x: i32, z: i32) -> Self {
        let origin = [x * CHUNK, Y_MIN, z * CHUNK];
        Self {
            origin,
            bounds: CellBox {
                min: origin,
                max: [origin[0] + CHUNK, Y_MAX, origin[2] + CHUNK],
            },
            cells: vec![0; VOLUME],
            contested: false,
        }
    }

    fn at(&self, cell: Cell) -> usize {
        row(cell[0] - self.origin[0], cell[1], cell[2] - self.origin[2])
    }

    fn claim(&mut self, triangle: &Triangle, priority: u8) {
        let claim = u32::from(priority) << 27 | triangle.owner & Self::OWNER;
        let bounds = self.bounds;
        cells(triangle, &bounds, |cell| {
            let at = self.at(cell);
            let known = self.cells[at];
            if claim >> 27 > known >> 27 {
                self.cells[at] = claim;
            } else if claim >> 27 == known >> 27 && claim != known {
                self.cells[at] = known | Self::OWNER;
                self.contested = true;
            }
        });
    }

    /// Collects the parts of the triangle in cells that several owners of its role claim.
    fn measure(&self, triangle: &Triangle, priority: u8, parts: &mut Vec<(u32, u32, u64)>) {
        let wanted = u32::from(priority) << 27 | Self::OWNER;
        cells(triangle, &self.bounds, |cell| {
            let at = self.at(cell);
            if self.cells[at] == wanted {
                parts.push((at as u32, triangle.owner, clipped_area(&triangle.corners, cell)));
            }
        });
    }

    /// Gives contested cells to the owner with the largest part; of equal ones to the first by id.
    fn settle(&mut self, mut parts: Vec<(u32, u32, u64)>) {
        parts.sort_unstable();
        for of_cell in parts.chunk_by(|a, b| a.0 == b.0) {
            let mut best: Option<(u64, u32)> = None;
            for of_owner in of_cell.chunk_by(|a, b| a.1 == b.1) {
                let sum = of_owner.iter().map(|part| part.2).sum();
                if best.is_none_or(|(most, _)| sum > most) {
                    best = Some((sum, of_owner[0].1));
                }
            }
            if let Some((_, owner)) = best {
                let at = of_cell[0].0 as usize;
                self.cells[at] = self.cells[at] & !Self::OWNER | owner;
            }
        }
    }
}
