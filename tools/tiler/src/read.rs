//! Reading the inputs: objects are made ready by all threads and taken in by one, in the order of the inputs.

use crate::crs::{frame_about, origin_of};
use crate::intake::Intake;
use crate::prepare::{Prepared, Site, prepare};
use crate::source::{Source, in_file};
use crate::{Error, Options, Progress, Stage};
use citygml::{CityObject, Reader, Report, Warning};
use glam::DVec3;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::Frame;
use tiles::bounds::Aabb;

/// Objects that are made ready together.
const BATCH: usize = 256;

/// The square that the quadtree begins with, unless an earlier generation says: least east and north, side, in metres.
const CURVE: [f64; 3] = [-512.0, -512.0, 1024.0];

/// What the inputs gave.
#[derive(Default)]
pub(crate) struct Read {
    /// Top-level objects read.
    pub(crate) objects: u64,
    /// By class.
    pub(crate) kinds: BTreeMap<String, u64>,
    pub(crate) title: String,
    /// Whom to credit.
    pub(crate) attribution: Vec<String>,
    /// How coordinates were transformed, a line each.
    pub(crate) operations: Vec<String>,
    /// The reference system of the first input.
    pub(crate) crs: Option<crate::crs::SourceCrs>,
    /// Origin and curve: those of the previous generation, else fixed by the first objects read.
    pub(crate) frame: Option<Frame>,
}

/// Reads every input into the intake.
pub(crate) fn read(
    inputs: &[PathBuf],
    options: &Options,
    previous: Option<Frame>,
    report: &Report,
    progress: &dyn Progress,
    intake: &mut Intake<'_>,
) -> Result<Read, Error> {
    let readers = inputs
        .iter()
        .map(|path| Reader::open(path, report))
        .collect::<Result<Vec<_>, _>>()?;
    let total: u64 = readers.iter().map(|reader| reader.header().bytes).sum();
    let mut read = Read {
        title: title(&readers, options),
        attribution: crate::credit::attribution(&readers, options),
        frame: previous,
        ..Read::default()
    };
    let mut before = 0;
    for reader in &readers {
        let at = |bytes: u64| progress.at(Stage::Read, before + bytes, total);
        read_one(reader, options, report, &at, &mut read, intake)?;
        before += reader.header().bytes;
    }
    Ok(read)
}

fn title(readers: &[Reader<'_>], options: &Options) -> String {
    let named = options
        .title
        .clone()
        .or_else(|| readers.iter().find_map(|r| r.header().name.clone()));
    named.unwrap_or_else(|| {
        let first = readers.first().and_then(|r| r.path().file_name());
        first.unwrap_or_default().display().to_string()
    })
}

fn read_one(
    reader: &Reader<'_>,
    options: &Options,
    report: &Report,
    at: &dyn Fn(u64),
    read: &mut Read,
    intake: &mut Intake<'_>,
) -> Result<(), Error> {
    let mut source = Source::new(reader.path(), reader.header(), options, report)?;
    let mut batch: Vec<CityObject> = Vec::with_capacity(BATCH);
    let mut settled = false;
    let mut failed = None;
    let mut take = |batch: &mut Vec<CityObject>, source: &mut Source<'_>, read: &mut Read| {
        if !std::mem::replace(&mut settled, true) {
            source.settle_axes(batch)?;
        }
        read.take(batch, source, intake)?;
        batch.clear();
        Ok::<_, Error>(())
    };
    let outcome = reader.try_for_each(
        |object| {
            batch.push(object);
            if batch.len() < BATCH {
                return true;
            }
            failed = take(&mut batch, &mut source, read).err();
            failed.is_none()
        },
        at,
    );
    if let Some(error) = failed {
        return Err(error);
    }
    outcome?;
    take(&mut batch, &mut source, read)?;
    read.note_operation(&source, report)
}

impl Read {
    fn take(&mut self, batch: &[CityObject], source: &Source<'_>, intake: &mut Intake<'_>) -> Result<(), Error> {
        self.objects += batch.len() as u64;
        for object in batch {
            *self.kinds.entry(object.kind.clone()).or_default() += 1;
        }
        let Some(site) = self.site(batch, source) else {
            return Ok(());
        };
        let ready: Vec<Prepared> = batch
            .par_iter()
            .filter_map(|object| prepare(object, source, &site))
            .collect();
        for prepared in ready {
            intake.take(prepared, source.path)?;
        }
        Ok(())
    }

    /// Where the collection lies; fixed by the first objects that have coordinates, once and for all.
    fn site(&mut self, batch: &[CityObject], source: &Source<'_>) -> Option<Site> {
        if self.frame.is_none() {
            let origin = origin_of(&geodetic_bounds(batch, source)?);
            self.frame = Some(Frame { origin, curve: CURVE });
        }
        let frame = self.frame?;
        let [east, north, side] = frame.curve;
        Some(Site {
            enu: frame_about(frame.origin),
            middle: [east + side / 2.0, north + side / 2.0],
        })
    }

    /// Says how the input was transformed; a coarse operation is a warning.
    fn note_operation(&mut self, source: &Source<'_>, report: &Report) -> Result<(), Error> {
        let (operation, accuracy) = source.describe().map_err(|error| in_file(source.path, error))?;
        let crs = &source.crs;
        let metres = accuracy.map_or_else(|| "unknown accuracy".to_owned(), |metres| format!("within {metres} m"));
        let line = format!(
            "{} + {}: {operation} ({metres})",
            crs.horizontal_name(),
            crs.vertical_name()
        );
        if accuracy.is_none_or(|metres| metres > 1.0) {
            let message = format!("the way to WGS 84 is coarse: {line}.");
            let advice = "Transform the input to another reference system, if that is not good enough.";
            report.warn(Warning::new("coarse-operation", message, advice).in_file(source.path));
        }
        if !self.operations.contains(&line) {
            self.operations.push(line);
        }
        if let Some(credit) = crs.credit()
            && !self.attribution.iter().any(|known| known == credit)
        {
            self.attribution.push(credit.to_owned());
        }
        self.crs.get_or_insert_with(|| crs.clone());
        Ok(())
    }
}

/// Longitude, latitude (degrees) and ellipsoidal height of the objects; `None` where none has coordinates.
fn geodetic_bounds(batch: &[CityObject], source: &Source<'_>) -> Option<Aabb> {
    let mut bounds: Option<Aabb> = None;
    for object in batch {
        let transformer = source.transformer(None, object)?;
        for point in points(object) {
            if let Ok(geodetic) = transformer.geodetic(point) {
                let (lon, lat) = geodetic.degrees();
                let at = DVec3::new(lon, lat, geodetic.height);
                bounds.get_or_insert(Aabb::from_corners(at, at)).include(at);
            }
        }
    }
    bounds
}

fn points(object: &CityObject) -> Vec<[f64; 3]> {
    let polygons = object.geometries.iter().flat_map(|geometry| &geometry.polygons);
    let mut all: Vec<[f64; 3]> = polygons.flat_map(|polygon| polygon.exterior.iter().copied()).collect();
    all.extend(object.children.iter().flat_map(points));
    all
}
