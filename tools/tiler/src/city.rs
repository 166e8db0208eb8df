//! The run: from files to a published collection.

use crate::content::Encoder;
use crate::index::{Index, Square};
use crate::intake::{Facts, Intake};
use crate::layer::Layer;
use crate::leaf::{Cell, Cutter};
use crate::levels::{Levels, Tree};
use crate::plan::Planner;
use crate::read::{Read, read};
use crate::rows::Rows;
use crate::spill::Spill;
use crate::{Error, Options, Progress, Stage, TileSummary, publish};
use citygml::Report;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{Frame, Publisher};
use tiles::bounds::Aabb;

/// Everything that the inputs gave, in one frame.
pub(crate) struct City {
    pub(crate) index: Index,
    pub(crate) rows: Rows,
    pub(crate) facts: Facts,
    pub(crate) read: Read,
    pub(crate) frame: Frame,
    /// ENU.
    pub(crate) bounds: Aabb,
    /// Easting, northing, height.
    pub(crate) grid_bounds: Aabb,
}

/// See [`crate::tile`].
pub(crate) fn tile(
    inputs: &[PathBuf],
    options: &Options,
    publisher: Publisher,
    report: &Report,
    progress: &dyn Progress,
) -> Result<TileSummary, Error> {
    let aside = options.temp.clone().unwrap_or_else(|| publisher.directory().to_owned());
    let spill = Spill::new(&aside)?;
    let budget = Budget::new(options);
    let mut intake = Intake::new(&spill, &aside, budget.places, report)?;
    let previous = publisher.previous().map(|manifest| manifest.frame);
    let read = read(inputs, options, previous, report, progress, &mut intake)?;
    let (index, rows, facts) = intake.finish()?;
    let city = gathered(inputs.len(), read, index, rows, facts, report)?;
    if options.strict && report.total() > 0 {
        return Err(Error::Strict { count: report.total() });
    }
    let schema = publisher.put("schema", "json", tiles::glb::schema_json().as_bytes())?;
    let copyright = city.read.attribution.join("; ");
    let encoder = Encoder {
        options,
        copyright: &copyright,
        schema: &schema,
    };
    let work = Work {
        city: &city,
        encoder: &encoder,
        publisher: &publisher,
        spill: &spill,
        at_once: budget.at_once,
        progress,
    };
    let trees = work.layers()?;
    publish::publish(inputs, city, &trees, options, publisher, report, progress)
}

/// How memory is divided.
struct Budget {
    /// For places while they are sorted, in bytes.
    places: usize,
    /// How many cells or groups of tiles are worked on at once.
    at_once: usize,
}

/// Set aside for the program itself, in bytes: an estimate.
const BASE: u64 = 64 << 20;
/// The memory that one cell or group is reckoned with, as a multiple of the bytes of a tile: an estimate by the sizes of triangles and of their
/// copies, not a measured bound. It decides how many are worked on at once and nothing else.
const WORK_SHARE: u64 = 60;

impl Budget {
    fn new(options: &Options) -> Self {
        let threads = rayon::current_num_threads();
        let memory = options.memory.unwrap_or(threads as u64 * (512 << 20));
        let rest = memory.saturating_sub(BASE);
        let each = WORK_SHARE * options.tile_bytes as u64;
        let at_once = usize::try_from(rest * 3 / 4 / each)
            .unwrap_or(usize::MAX)
            .clamp(1, 16 * threads);
        Self {
            places: usize::try_from(rest / 8).unwrap_or(usize::MAX),
            at_once,
        }
    }
}

fn gathered(inputs: usize, read: Read, index: Index, rows: Rows, facts: Facts, report: &Report) -> Result<City, Error> {
    let (Some(bounds), Some(grid_bounds), Some(frame)) = (facts.bounds, facts.city, read.frame) else {
        return Err(nothing(inputs, read.objects, report));
    };
    let cell = Cell::around(&bounds, frame.curve);
    Ok(City {
        index,
        rows,
        facts,
        frame: Frame {
            curve: [cell.min[0], cell.min[1], cell.side],
            ..frame
        },
        read,
        bounds,
        grid_bounds,
    })
}

fn nothing(inputs: usize, read: u64, report: &Report) -> Error {
    let worst = report.counts().into_iter().max_by_key(|(_, count)| *count);
    Error::Nothing {
        inputs,
        read,
        because: worst.map_or_else(String::new, |(code, count)| {
            format!(" ({count} times {code}; see the report)")
        }),
    }
}

/// Makes the trees of a city.
struct Work<'a> {
    city: &'a City,
    encoder: &'a Encoder<'a>,
    publisher: &'a Publisher,
    spill: &'a Spill,
    at_once: usize,
    progress: &'a dyn Progress,
}

impl Work<'_> {
    /// The trees of all layers that have something in them.
    fn layers(&self) -> Result<BTreeMap<Layer, Tree>, Error> {
        let (cut, stood) = (AtomicU64::new(0), AtomicU64::new(0));
        let total = self.city.facts.tiled();
        let [x, y, side] = self.city.frame.curve;
        let cell = Cell { min: [x, y], side };
        let squares = &self.city.index.squares;
        let layer_of = |own: &[Square]| Layer::ALL.into_iter().find(|layer| *layer as u8 == own[0].layer);
        let layers: Vec<(Layer, &[Square])> = squares
            .chunk_by(|a, b| a.layer == b.layer)
            .filter(|own| own.iter().any(|square| square.features > 0))
            .filter_map(|own| Some((layer_of(own)?, own)))
            .collect();
        // Side by side, because the upper levels of one layer are too few tiles for every core.
        let trees: Vec<_> = layers
            .into_par_iter()
            .map(|(layer, own)| {
                let planner = Planner {
                    cutter: Cutter { encoder: self.encoder },
                    index: &self.city.index,
                    spill: self.spill,
                    middle: cell.middle(),
                    at_once: self.at_once,
                    done: &|features| {
                        let done = cut.fetch_add(features as u64, Ordering::Relaxed) + features as u64;
                        self.progress.at(Stage::Leaves, done.min(total), total);
                    },
                };
                let levels = Levels {
                    encoder: self.encoder,
                    spill: self.spill,
                    at_once: self.at_once,
                    put: &|glb| Ok(self.publisher.put(layer.name(), "glb", glb)?),
                    done: &|total| {
                        let done = stood.fetch_add(1, Ordering::Relaxed) + 1;
                        self.progress.at(Stage::StandIns, done, total.max(done));
                    },
                };
                let tree = levels.build(planner.leaves(cell, own)?)?;
                Ok(tree.map(|tree| (layer, tree)))
            })
            .collect::<Result<_, Error>>()?;
        Ok(trees.into_iter().flatten().collect())
    }
}
