//! The zip around a world.
//!
//! A world is a folder of `level.dat` and region files; it travels as a zip that a player unpacks into the game's
//! `saves`. Regions are made and written one after the other, so a large city needs no more memory than its densest
//! region. The zip holds no clock's time: the same city gives the same bytes.

mod about;
mod sidecar;
mod text;

pub use about::About;
pub use sidecar::{ObjectBlocks, Sidecar};

use crate::anvil::{Compressed, LevelInfo, Sign, chunk_nbt, compress, level_dat, region_file};
use crate::area::{CHUNK, ChunkArea};
use crate::chunk::{Chunk, Scene};
use crate::export::{Options, Progress, Summary};
use crate::palette::AIR;
use crate::piece::{Source, merge};
use crate::spawn::Spawn;
use crate::{Error, grid_dump};
use rayon::prelude::*;
use std::io::{Seek, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Blocks around an area whose triangles it needs: trees lean over borders, and gaps look at their neighbours.
pub(crate) const MARGIN: i32 = 16;
/// Most signs at the spawn.
const MOST_SIGNS: usize = 8;

/// One chunk, packed.
struct Made {
    packed: Compressed,
    dump: Option<Vec<u8>>,
    blocks: u64,
    sidecar: Sidecar,
}

/// What all chunks of an export share.
struct Job<'a> {
    options: &'a Options,
    signs: Vec<Sign>,
    total: u64,
    done: AtomicU64,
    wants_dump: bool,
}

/// Writes the world of the chunks of `area`.
///
/// # Errors
/// As the source and `out` have them; [`Error::Empty`] where there is nothing.
pub fn write_world<W: Write + Seek>(
    source: &dyn Source,
    area: ChunkArea,
    about: &About,
    options: &Options,
    out: W,
    mut grid: Option<&mut dyn Write>,
) -> Result<Summary, Error> {
    let texts = text::signs(about, MOST_SIGNS);
    let spawn = find_spawn(source, area, about.middle, texts.len() as i32, options)?;
    let spawn = spawn.ok_or(Error::Empty { bbox: about.bbox })?;
    let job = Job {
        options,
        signs: place_signs(&spawn, texts),
        total: area.chunk_count(),
        done: AtomicU64::new(0),
        wants_dump: grid.is_some(),
    };
    let mut zip = Zip::new(out, about);
    zip.put_description(about, &spawn)?;
    if let Some(grid) = grid.as_deref_mut() {
        grid_dump::write_header(grid, &area, &options.palette)?;
    }
    let mut sidecar = Sidecar::default();
    let (mut regions, mut blocks) = (0, 0);
    for ((x, z), part) in area.regions() {
        let made = make_region(source, part, &job)?;
        let mut packed = Vec::with_capacity(made.len());
        for chunk in made {
            blocks += chunk.blocks;
            sidecar.add(chunk.sidecar);
            if let (Some(grid), Some(dump)) = (grid.as_deref_mut(), &chunk.dump) {
                grid.write_all(dump)?;
            }
            packed.push(chunk.packed);
        }
        options.cancel.check()?;
        zip.put(&format!("region/r.{x}.{z}.mca"), &region_file(&packed)?)?;
        regions += 1;
    }
    zip.put("objects.json", &sidecar.to_json()?)?;
    zip.finish()?;
    Ok(Summary {
        chunks: job.total,
        regions,
        blocks,
        objects: sidecar.len() as u64,
        spawn: spawn.feet,
        area: area.blocks(),
        height_offset: about.anchor.offset,
        e0: about.anchor.e0,
        n0: about.anchor.n0,
    })
}

/// Makes the chunks of an area that lies in one region.
fn make_region(source: &dyn Source, area: ChunkArea, job: &Job<'_>) -> Result<Vec<Made>, Error> {
    let scene = scene(source, area, job.options)?;
    let chunks: Vec<(i32, i32)> = area.chunks().collect();
    chunks
        .par_iter()
        .map(|(x, z)| make_chunk(&scene, *x, *z, job))
        .collect()
}

fn scene<'a>(source: &dyn Source, area: ChunkArea, options: &'a Options) -> Result<Scene<'a>, Error> {
    let pieces = source.pieces(&area.footprint(MARGIN))?;
    options.cancel.check()?;
    Ok(Scene::new(merge(&pieces), area, &options.palette))
}

fn make_chunk(scene: &Scene<'_>, x: i32, z: i32, job: &Job<'_>) -> Result<Made, Error> {
    job.options.cancel.check()?;
    let chunk = scene.chunk(x, z);
    let stands_here = |sign: &&Sign| (sign.cell[0].div_euclid(CHUNK), sign.cell[2].div_euclid(CHUNK)) == (x, z);
    let signs: Vec<Sign> = job.signs.iter().filter(stands_here).cloned().collect();
    let nbt = chunk_nbt(&chunk, &signs, &job.options.palette)?;
    let made = Made {
        packed: compress(x, z, &nbt)?,
        dump: job.wants_dump.then(|| grid_dump::record(&chunk)).transpose()?,
        blocks: chunk.blocks.iter().filter(|block| **block != AIR).count() as u64,
        sidecar: Sidecar::of_chunk(&chunk, scene.piece()),
    };
    let progress = Progress {
        chunks: job.done.fetch_add(1, Ordering::Relaxed) + 1,
        total: job.total,
    };
    match &job.options.progress {
        Some(report) if report(progress).is_break() => Err(Error::Stopped),
        _ => Ok(made),
    }
}

/// Looks for the spawn from the middle outward: in the chunks around it, in more, in all.
fn find_spawn(
    source: &dyn Source,
    area: ChunkArea,
    middle: [i32; 2],
    signs: i32,
    options: &Options,
) -> Result<Option<Spawn>, Error> {
    let clamp = |at: i32, start: i32, end: i32| at.div_euclid(CHUNK).clamp(start, end - 1);
    let (x, z) = (clamp(middle[0], area.x0, area.x1), clamp(middle[1], area.z0, area.z1));
    let mut fallback = None;
    for radius in [1, 4, i32::MAX / 2] {
        let window = ChunkArea {
            x0: area.x0.max(x.saturating_sub(radius)),
            z0: area.z0.max(z.saturating_sub(radius)),
            x1: area.x1.min(x.saturating_add(radius + 1)),
            z1: area.z1.min(z.saturating_add(radius + 1)),
        };
        let found = spawns_in(source, window, middle, signs, options)?;
        if found[0].is_some() {
            return Ok(found[0]);
        }
        fallback = found[1].or(found[2]).or(found[3]);
    }
    Ok(fallback)
}

/// The nearest place with room for all signs, for one, for none, and on top of anything.
fn spawns_in(
    source: &dyn Source,
    window: ChunkArea,
    middle: [i32; 2],
    signs: i32,
    options: &Options,
) -> Result<[Option<Spawn>; 4], Error> {
    let mut best = [None; 4];
    for (_, part) in window.regions() {
        let scene = scene(source, part, options)?;
        let chunks: Vec<(i32, i32)> = part.chunks().collect();
        let found = chunks.par_iter().map(|(x, z)| {
            options.cancel.check()?;
            let chunk = scene.chunk(*x, *z);
            let ground = |signs: i32| Spawn::on_ground(&chunk, middle, signs);
            Ok([ground(signs), ground(1), ground(0), Spawn::on_top(&chunk, middle)])
        });
        for found in found.collect::<Result<Vec<_>, Error>>()? {
            for (best, found) in best.iter_mut().zip(found) {
                *best = match (*best, found) {
                    (Some(best), Some(found)) => Some(Spawn::nearer(best, found)),
                    (best, found) => best.or(found),
                };
            }
        }
    }
    Ok(best)
}

/// The signs in a row from the spawn's first place; fewer where there is room for one only.
fn place_signs(spawn: &Spawn, texts: Vec<[String; 4]>) -> Vec<Sign> {
    let Some([x, y, z]) = spawn.signs else {
        return Vec::new();
    };
    let row = texts.into_iter().take(spawn.sign_count as usize).zip(x..);
    row.map(|(lines, x)| Sign { cell: [x, y, z], lines }).collect()
}

/// The zip with the world's folder.
struct Zip<W: Write + Seek> {
    writer: ZipWriter<W>,
    folder: String,
}

impl<W: Write + Seek> Zip<W> {
    fn new(out: W, about: &About) -> Self {
        Self {
            writer: ZipWriter::new(out),
            folder: about.folder(),
        }
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(4))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(bytes.len() > 0x7fff_ffff);
        self.writer.start_file(format!("{}/{name}", self.folder), options)?;
        Ok(self.writer.write_all(bytes)?)
    }

    /// Everything but the regions and what is known after them.
    fn put_description(&mut self, about: &About, spawn: &Spawn) -> Result<(), Error> {
        let json = about.to_json(spawn.feet);
        let level = LevelInfo {
            name: about.world_name(),
            spawn: spawn.feet,
            about: json.clone(),
        };
        self.put("level.dat", &level_dat(&level)?)?;
        self.put("kortteli.json", &serde_json::to_vec_pretty(&json)?)?;
        self.put("README.txt", text::readme(about, spawn.feet).as_bytes())?;
        for (name, content) in text::DATA_PACK {
            self.put(&format!("datapacks/kortteli/{name}"), content.as_bytes())?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Error> {
        self.writer.finish()?.flush()?;
        Ok(())
    }
}

impl Chunk {
    /// The chunk's first column.
    pub fn corner(&self) -> [i32; 2] {
        [self.x * CHUNK, self.z * CHUNK]
    }
}
