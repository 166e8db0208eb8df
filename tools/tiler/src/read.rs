//! Reading the inputs: objects are made ready by all threads and taken in by one, in the order of the inputs.

use crate::crs::{frame_about, origin_of};
use crate::intake::Intake;
use crate::prepare::{Prepared, Site, prepare};
use crate::source::{Source, in_file};
use crate::{Error, Options, Progress, Stage};
use citygml::{Chunk, ChunkSummary, CityObject, Reader, Report, Warning};
use glam::DVec3;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use store::Frame;
use tiles::bounds::Aabb;

/// Bytes of a file that one thread reads in one go.
const CHUNK: u64 = 1 << 20;
/// How many of these are in memory for each thread.
const CHUNKS_A_THREAD: usize = 4;

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
    let mut chunks = reader.chunks(CHUNK);
    let mut summaries = Vec::new();
    // The first objects that have coordinates settle what the others are made with.
    for chunk in chunks.by_ref() {
        let (mut first, end) = (Vec::new(), chunk.end_position());
        summaries.push(reader.read_chunk(chunk, |object| first.push(object))?);
        source.settle_axes(&first)?;
        let site = read.settle_site(&first, &source);
        let made = site.unwrap_or(Site::NOWHERE);
        let ready = first.par_iter().map(|object| made_ready(object, &source, &made));
        read.take(ready.collect(), &source, intake)?;
        at(end);
        if site.is_some() {
            break;
        }
    }
    let site = read.site().unwrap_or(Site::NOWHERE);
    let at_once = rayon::current_num_threads() * CHUNKS_A_THREAD;
    loop {
        let some: Vec<Chunk> = chunks.by_ref().take(at_once).collect();
        let Some(end) = some.last().map(Chunk::end_position) else {
            break;
        };
        let made: Vec<(ChunkSummary, Vec<Ready>)> = some
            .into_par_iter()
            .with_max_len(1)
            .map(|chunk| {
                let mut ready = Vec::new();
                let summary = reader.read_chunk(chunk, |object| ready.push(made_ready(&object, &source, &site)))?;
                Ok::<_, Error>((summary, ready))
            })
            .collect::<Result<_, _>>()?;
        for (summary, ready) in made {
            summaries.push(summary);
            read.take(ready, &source, intake)?;
        }
        at(end);
    }
    reader.finish(summaries);
    read.note_operation(&source, report)
}

/// An object's class, and itself made ready where it can be drawn.
type Ready = (String, Option<Prepared>);

fn made_ready(object: &CityObject, source: &Source<'_>, site: &Site) -> Ready {
    (object.kind.clone(), prepare(object, source, site))
}

impl Read {
    fn take(&mut self, ready: Vec<Ready>, source: &Source<'_>, intake: &mut Intake<'_>) -> Result<(), Error> {
        for (kind, prepared) in ready {
            self.objects += 1;
            *self.kinds.entry(kind).or_default() += 1;
            if let Some(prepared) = prepared {
                intake.take(prepared, source.path)?;
            }
        }
        Ok(())
    }

    /// Fixes where the collection lies, once and for all, by the first objects that have coordinates; `None` where these have none.
    fn settle_site(&mut self, first: &[CityObject], source: &Source<'_>) -> Option<Site> {
        if self.frame.is_none() {
            self.frame = geodetic_bounds(first, source).map(|bounds| Frame {
                origin: origin_of(&bounds),
                curve: CURVE,
            });
        }
        self.site()
    }

    fn site(&self) -> Option<Site> {
        let frame = self.frame?;
        let [east, north, side] = frame.curve;
        Some(Site {
            enu: Some(frame_about(frame.origin)),
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
fn geodetic_bounds(objects: &[CityObject], source: &Source<'_>) -> Option<Aabb> {
    let mut bounds: Option<Aabb> = None;
    for object in objects {
        let mut own = geodetic_bounds(&object.children, source);
        for geometry in &object.geometries {
            let Some(transformer) = source.transformer(geometry.srs_name.as_deref(), object) else {
                continue;
            };
            let points = geometry.polygons.iter().flat_map(|polygon| &polygon.exterior);
            for geodetic in points.filter_map(|&point| transformer.geodetic(point).ok()) {
                let (lon, lat) = geodetic.degrees();
                let at = DVec3::new(lon, lat, geodetic.height);
                own.get_or_insert(Aabb::from_corners(at, at)).include(at);
            }
        }
        bounds = match (bounds, own) {
            (Some(a), Some(b)) => Some(a.union(&b)),
            (a, b) => a.or(b),
        };
    }
    bounds
}
