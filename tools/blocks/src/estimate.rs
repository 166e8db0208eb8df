//! What an export will take, before it is made.
//!
//! A class that asks for its part of the city wants to know whether it comes before the bell. Nothing is made to find
//! out: the tree of tiles tells how much there is to read, the area how much there is to write. The rates below are
//! measured; a reader who knows its own machine better scales the time.

use crate::Error;
use crate::anchor::Y_MIN;
use crate::area::{CHUNK, check_box};
use crate::city::City;
use crate::export::{Options, checked_area};
use serde::Serialize;
use store::Collection;

/// Bytes of a zipped world for each column: 2.6 to 3.5 in the sample city and in a synthetic one.
pub(crate) const BYTES_A_COLUMN: f64 = 3.0;
/// Blocks of houses, trees and streets for each column, besides the ground.
const BLOCKS_ABOVE_GROUND: f64 = 3.0;
/// Processor time for a chunk, in seconds.
const SECONDS_A_CHUNK: f64 = 0.0009;
/// Processor time for a megabyte of tiles, decoded and sorted once, in seconds.
const SECONDS_A_MEGABYTE: f64 = 0.25;
/// Processor time for finding out what there is, in seconds.
const SECONDS_TO_BEGIN: f64 = 0.05;

/// What an export will take, about.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// The area in square kilometres, grown to whole chunks.
    pub area_km2: f64,
    /// Chunks that will be made; exact.
    pub chunks: u64,
    /// Blocks that are not air.
    pub blocks: u64,
    /// Length of the zip in bytes.
    pub bytes: u64,
    /// Processor time in seconds on the machine that the rates were measured on.
    pub seconds: f64,
}

/// Says what [`crate::export()`] will take; makes nothing.
///
/// # Errors
/// Those of the export that can be known before: for boxes, layers and heights that cannot be.
pub fn estimate(collection: &Collection, bbox: [f64; 4], options: &Options) -> Result<Estimate, Error> {
    check_box(bbox)?;
    let city = City::open(collection, options.layers.as_deref(), options.height_offset)?.stopping(&options.cancel);
    let area = checked_area(&city, bbox, options.area_limit_km2)?;
    city.check_heights(&area)?;
    let columns = (area.chunk_count() * (CHUNK * CHUNK) as u64) as f64;
    let depth = city.ground(&area) - f64::from(Y_MIN) + BLOCKS_ABOVE_GROUND;
    let megabytes = city.bytes_to_read(&area) as f64 / 1e6;
    Ok(Estimate {
        area_km2: area.km2(),
        chunks: area.chunk_count(),
        blocks: (columns * depth.max(1.0)) as u64,
        bytes: (columns * BYTES_A_COLUMN) as u64,
        seconds: SECONDS_TO_BEGIN + area.chunk_count() as f64 * SECONDS_A_CHUNK + megabytes * SECONDS_A_MEGABYTE,
    })
}
