//! From a collection to a world, in one call.

use crate::area::{ChunkArea, check_box};
use crate::city::City;
use crate::estimate::BYTES_A_COLUMN;
use crate::palette::Palette;
use crate::piece::Source;
use crate::world::{About, write_world};
use crate::{Cancel, Error};
use glam::DVec3;
use std::io::{Seek, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use store::Collection;

/// The area in square kilometres that an export covers at most unless told otherwise.
pub const AREA_LIMIT_KM2: f64 = 4.0;

/// What to export, and how.
#[derive(Clone)]
pub struct Options {
    /// The layers to include by name; `None`: all.
    pub layers: Option<Vec<String>>,
    /// Which blocks surfaces become.
    pub palette: Palette,
    /// What is added to a height to get y; `None`: the city's own ([`crate::anchor::Anchor::of_city`]). Exports join
    /// only where it is the same.
    pub height_offset: Option<i32>,
    /// The largest area, in square kilometres.
    pub area_limit_km2: f64,
    /// Is told after every chunk how far the export is; breaking stops it with [`Error::Stopped`].
    pub progress: Option<Arc<ProgressFn>>,
    /// Stops the export with [`Error::Stopped`], also between chunks.
    pub cancel: Cancel,
}

/// What [`Options::progress`] calls, from any thread.
pub type ProgressFn = dyn Fn(Progress) -> ControlFlow<()> + Send + Sync;

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Chunks made.
    pub chunks: u64,
    /// Chunks to make.
    pub total: u64,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Chunks written.
    pub chunks: u64,
    /// Region files written.
    pub regions: u64,
    /// Blocks that are not air.
    pub blocks: u64,
    /// Features with at least one block.
    pub objects: u64,
    /// Where players come into the world: x, y, z.
    pub spawn: [i32; 3],
    /// Least x and z and greatest x and z of the blocks.
    pub area: [i32; 4],
    /// What is added to a height to get y.
    pub height_offset: i32,
    /// Easting of x = 0.
    pub e0: i64,
    /// Northing of z = 0.
    pub n0: i64,
}

impl Options {
    /// All layers in the palette for Minecraft, up to [`AREA_LIMIT_KM2`].
    ///
    /// # Errors
    /// As [`Palette::minecraft`].
    pub fn new() -> Result<Self, Error> {
        Ok(Self {
            layers: None,
            palette: Palette::minecraft()?,
            height_offset: None,
            area_limit_km2: AREA_LIMIT_KM2,
            progress: None,
            cancel: Cancel::default(),
        })
    }
}

/// Writes the part of a collection in a box of west, south, east, north, in degrees, as a zipped world of Java
/// Edition. After an error `out` holds no world; throw it away.
///
/// # Errors
/// For boxes, heights and layers that cannot be, see [`Error`]; else those of the store and of `out`.
pub fn export<W: Write + Seek>(
    collection: &Collection,
    bbox: [f64; 4],
    options: &Options,
    out: W,
) -> Result<Summary, Error> {
    run(collection, bbox, options, out, None)
}

/// The same, and writes the blocks as a [`crate::grid_dump`] to `grid`.
///
/// # Errors
/// As [`export`].
pub fn export_with_grid<W: Write + Seek>(
    collection: &Collection,
    bbox: [f64; 4],
    options: &Options,
    out: W,
    grid: &mut dyn Write,
) -> Result<Summary, Error> {
    run(collection, bbox, options, out, Some(grid))
}

/// Writes a world from any source of pieces: the chunks of `area`, described by `about`.
///
/// # Errors
/// As the source and `out` have them.
pub fn export_from<W: Write + Seek>(
    source: &dyn Source,
    area: ChunkArea,
    about: &About,
    options: &Options,
    out: W,
    grid: Option<&mut dyn Write>,
) -> Result<Summary, Error> {
    write_world(source, area, about, options, out, grid)
}

fn run<W: Write + Seek>(
    collection: &Collection,
    bbox: [f64; 4],
    options: &Options,
    out: W,
    grid: Option<&mut dyn Write>,
) -> Result<Summary, Error> {
    check_box(bbox)?;
    let city = City::open(collection, options.layers.as_deref(), options.height_offset)?.stopping(&options.cancel);
    let area = checked_area(&city, bbox, options.area_limit_km2)?;
    city.check_heights(&area)?;
    let about = describe(collection, &city, bbox, &area, options);
    write_world(&city, area, &about, options, out, grid)
}

/// The chunks of the box, if the city reaches there and the limit allows.
pub(crate) fn checked_area(city: &City<'_>, bbox: [f64; 4], limit_km2: f64) -> Result<ChunkArea, Error> {
    let bounds = city.lon_lat_bounds();
    let [west, south, east, north] = bbox;
    let outside = Error::OutsideCity { bbox, city: bounds };
    if west > bounds[2] || east < bounds[0] || south > bounds[3] || north < bounds[1] {
        return Err(outside);
    }
    let area = city.area(bbox);
    if area.km2() > limit_km2 {
        return Err(Error::TooLarge {
            area_km2: area.km2(),
            limit_km2,
            estimate_bytes: (area.km2() * 1e6 * BYTES_A_COLUMN) as u64,
        });
    }
    if city.touches(&area) { Ok(area) } else { Err(outside) }
}

fn describe(collection: &Collection, city: &City<'_>, bbox: [f64; 4], area: &ChunkArea, options: &Options) -> About {
    let pointer = collection.pointer();
    let manifest = collection.manifest();
    let middle = city.place(bbox[0].midpoint(bbox[2]), bbox[1].midpoint(bbox[3]));
    About {
        collection: collection.name().to_owned(),
        title: pointer.title.clone(),
        horizontal: city.crs().horizontal.clone(),
        vertical: city.crs().vertical.clone(),
        anchor: city.anchor(),
        convergence: city.convergence(DVec3::new(middle.x, f64::from(city.anchor().offset), middle.z)),
        bbox,
        blocks: area.blocks(),
        middle: [middle.x.floor() as i32, middle.z.floor() as i32],
        layers: city.layers().to_vec(),
        palette: options.palette.name().to_owned(),
        attribution: pointer.attribution.clone(),
        license: manifest.license.clone(),
        sources: manifest.sources.iter().map(|source| source.name.clone()).collect(),
        source_date: manifest.source_date.clone(),
    }
}
