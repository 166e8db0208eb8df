//! Reading the inputs into records.

use crate::record::{Record, record};
use crate::source::{Source, in_file};
use crate::{Error, Options, Progress, Stage};
use citygml::{CityObject, Reader, Report, Warning};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

/// Objects that are turned into records together.
const BATCH: usize = 256;

/// What the inputs gave.
#[derive(Default)]
pub(crate) struct Read {
    pub(crate) records: Vec<Record>,
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
}

/// Reads every input.
pub(crate) fn read(
    inputs: &[PathBuf],
    options: &Options,
    report: &Report,
    progress: &dyn Progress,
) -> Result<Read, Error> {
    let readers = inputs
        .iter()
        .map(|path| Reader::open(path, report))
        .collect::<Result<Vec<_>, _>>()?;
    let total: u64 = readers.iter().map(|reader| reader.header().bytes).sum();
    let mut read = Read {
        title: title(&readers, options),
        attribution: crate::credit::attribution(&readers, options),
        ..Read::default()
    };
    let mut before = 0;
    for (index, reader) in readers.iter().enumerate() {
        let at = |bytes: u64| progress.at(Stage::Read, before + bytes, total);
        read_one(index, reader, options, report, &at, &mut read)?;
        before += reader.header().bytes;
    }
    unique(&mut read.records, inputs, report);
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
    index: usize,
    reader: &Reader<'_>,
    options: &Options,
    report: &Report,
    at: &dyn Fn(u64),
    read: &mut Read,
) -> Result<(), Error> {
    let mut source = Source::new(index, reader.path(), reader.header(), options, report)?;
    let mut batch: Vec<CityObject> = Vec::with_capacity(BATCH);
    let mut settled = false;
    let mut failed = None;
    let take = |batch: &mut Vec<CityObject>, source: &mut Source<'_>, settled: &mut bool, read: &mut Read| {
        if !std::mem::replace(settled, true) {
            source.settle_axes(batch)?;
        }
        read.take(batch, source);
        batch.clear();
        Ok::<_, Error>(())
    };
    let outcome = reader.try_for_each(
        |object| {
            batch.push(object);
            if batch.len() < BATCH {
                return true;
            }
            failed = take(&mut batch, &mut source, &mut settled, read).err();
            failed.is_none()
        },
        at,
    );
    if let Some(error) = failed {
        return Err(error);
    }
    outcome?;
    take(&mut batch, &mut source, &mut settled, read)?;
    read.note_operation(&source, report)
}

impl Read {
    fn take(&mut self, batch: &[CityObject], source: &Source<'_>) {
        self.objects += batch.len() as u64;
        for object in batch {
            *self.kinds.entry(object.kind.clone()).or_default() += 1;
        }
        let records: Vec<Record> = batch.par_iter().filter_map(|object| record(object, source)).collect();
        self.records.extend(records);
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

/// Leaves out objects whose id, or that of a part, an earlier input has.
fn unique(records: &mut Vec<Record>, inputs: &[PathBuf], report: &Report) {
    let mut seen: HashSet<String> = HashSet::new();
    records.retain(|record| {
        let twice = record.rows.iter().find(|row| seen.contains(&row.id));
        if let Some(row) = twice {
            let message = format!(
                "the gml:id {} occurs in an earlier input; the object is left out.",
                row.id
            );
            let advice = "Give each object an id of its own, or tile the inputs as collections of their own.";
            let path = &inputs[record.source];
            report.warn(crate::record::warning(
                "duplicate-id",
                path,
                record.line,
                &row.id,
                &message,
                advice,
            ));
            return false;
        }
        seen.extend(record.rows.iter().map(|row| row.id.clone()));
        true
    });
}
