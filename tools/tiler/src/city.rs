//! The run: from files to a published collection.

use crate::content::Encoder;
use crate::crs::{frame_about, origin_of};
use crate::layer::{Form, Layer};
use crate::leaf::{Cell, Cutter, LeafItem};
use crate::levels::{Levels, Tree};
use crate::measure::Measures;
use crate::read::{Read, read};
use crate::shape::{Shape, Triangle, shape};
use crate::{Error, Options, Progress, Stage, TileSummary, publish};
use citygml::Report;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use store::{Frame, Publisher};
use tiles::bounds::Aabb;
use tiles::geodesy::EnuFrame;

/// Everything that the inputs gave, in one frame.
pub(crate) struct City {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) measures: Measures,
    pub(crate) frame: Frame,
    pub(crate) enu: EnuFrame,
    pub(crate) bounds: Aabb,
    /// Easting, northing, height.
    pub(crate) grid_bounds: Aabb,
    pub(crate) read: Read,
}

/// See [`crate::tile`].
pub(crate) fn tile(
    inputs: &[PathBuf],
    options: &Options,
    publisher: Publisher,
    report: &Report,
    progress: &dyn Progress,
) -> Result<TileSummary, Error> {
    let city = gather(inputs, options, &publisher, report, progress)?;
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
    let trees = layers(&city, &encoder, &publisher, progress)?;
    publish::publish(inputs, city, &trees, &schema, options, publisher, report, progress)
}

/// Reads the inputs and brings their objects into one frame.
fn gather(
    inputs: &[PathBuf],
    options: &Options,
    publisher: &Publisher,
    report: &Report,
    progress: &dyn Progress,
) -> Result<City, Error> {
    let mut read = read(inputs, options, report, progress)?;
    let records = std::mem::take(&mut read.records);
    let geodetic = records
        .iter()
        .fold(Aabb::EMPTY, |all, record| all.union(&record.geodetic));
    let grid_bounds = records.iter().fold(Aabb::EMPTY, |all, record| all.union(&record.city));
    let previous = publisher.previous().map(|manifest| manifest.frame);
    let origin = previous.map_or_else(|| origin_of(&geodetic), |frame| frame.origin);
    let enu = frame_about(origin);
    let paths: Vec<&PathBuf> = inputs.iter().collect();
    let shaped: Vec<_> = records
        .into_par_iter()
        .filter_map(|record| {
            let path = paths[record.source];
            shape(record, &enu, path, report)
        })
        .collect();
    let mut measures = Measures::default();
    let mut shapes = Vec::with_capacity(shaped.len());
    for (shape, own) in shaped {
        measures.add(&own);
        shapes.push(shape);
    }
    // Rows are in order of id, whatever the order of the inputs.
    shapes.sort_by(|a: &Shape, b| a.feature.id.cmp(&b.feature.id));
    if shapes.is_empty() {
        return Err(nothing(inputs.len(), read.objects, report));
    }
    let bounds = shapes.iter().fold(Aabb::EMPTY, |all, shape| all.union(&shape.bounds));
    let cell = Cell::around(&bounds, previous.map(|frame| frame.curve));
    Ok(City {
        shapes,
        measures,
        frame: Frame {
            origin,
            curve: [cell.min[0], cell.min[1], cell.side],
        },
        enu,
        bounds,
        grid_bounds,
        read,
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

/// The trees of all layers that have something in them.
fn layers(
    city: &City,
    encoder: &Encoder<'_>,
    publisher: &Publisher,
    progress: &dyn Progress,
) -> Result<BTreeMap<Layer, Tree>, Error> {
    let cut = AtomicU64::new(0);
    let stood = AtomicU64::new(0);
    let mut trees = BTreeMap::new();
    for layer in Layer::ALL {
        let items = items_of(layer, &city.shapes);
        if items.iter().all(|item| item.underlay) {
            continue;
        }
        let cutter = Cutter {
            encoder,
            shapes: &city.shapes,
            done: &|features| {
                let done = cut.fetch_add(features as u64, Ordering::Relaxed) + features as u64;
                progress.at(Stage::Leaves, done, city.shapes.len() as u64);
            },
        };
        let [x, y, side] = city.frame.curve;
        let leaves = cutter.cut(Cell { min: [x, y], side }, items)?;
        let levels = Levels {
            encoder,
            shapes: &city.shapes,
            put: &|glb| Ok(publisher.put(layer.name(), "glb", glb)?),
            done: &|total| {
                let done = stood.fetch_add(1, Ordering::Relaxed) + 1;
                progress.at(Stage::StandIns, done, total.max(done));
            },
        };
        trees.extend(levels.build(leaves)?.map(|tree| (layer, tree)));
    }
    Ok(trees)
}

/// What lies in a layer; in the terrain also the land of the others, for the underlay.
fn items_of(layer: Layer, shapes: &[Shape]) -> Vec<LeafItem> {
    let numbered = || shapes.iter().enumerate();
    let mut items: Vec<LeafItem> = numbered()
        .filter(|(_, shape)| shape.layer == layer)
        .map(|(number, shape)| LeafItem::whole(number, shape))
        .collect();
    if layer == Layer::Terrain {
        let others = numbered().filter(|(_, shape)| is_land(shape));
        items.extend(others.filter_map(|(number, shape)| {
            let land: Vec<Triangle> = shape.triangles.iter().filter_map(|t| on_ground(t, shape)).collect();
            (!land.is_empty()).then(|| LeafItem::underlay(number, land))
        }));
    }
    items
}

/// Ground of other layers that is land: not water, not what stands on posts or hangs.
fn is_land(shape: &Shape) -> bool {
    match shape.form {
        Form::Ground => matches!(shape.layer, Layer::Roads | Layer::Green),
        Form::Block => shape.layer == Layer::Buildings && shape.feature.kind == "Building",
        Form::Item => false,
    }
}

/// A face as a piece of land: ground as it is, a building by what faces up, laid on its lowest point.
fn on_ground(triangle: &Triangle, shape: &Shape) -> Option<Triangle> {
    if triangle.normal.z <= crate::outline::STEEP {
        return None;
    }
    let mut land = *triangle;
    if shape.form == Form::Block {
        for corner in &mut land.corners {
            corner.z = shape.bounds.min.z;
        }
        land.normal = glam::DVec3::Z;
    }
    Some(land)
}
