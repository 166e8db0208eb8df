//! Everything that the inputs gave, put aside and sorted.

use crate::index::{Entry, Index, Sorter};
use crate::layer::Layer;
use crate::measure::Measures;
use crate::prepare::Prepared;
use crate::record::warning;
use crate::rows::Rows;
use crate::spill::Spill;
use crate::{Error, item};
use citygml::Report;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use tiles::bounds::Aabb;

/// Takes prepared objects in the order of the inputs.
///
/// What stays in memory for each object is the number of its id and of those of its parts. Numbers are 64 bits of a hash: among a million
/// ids the odds that two share one, so that one object is reported and left out, are below one in ten million.
pub(crate) struct Intake<'a> {
    spill: &'a Spill,
    sorter: Sorter<'a>,
    rows: Rows,
    seen: HashSet<u64>,
    facts: Facts,
    report: &'a Report,
}

/// What is known of all objects together.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    pub(crate) measures: Measures,
    /// ENU; `None` before the first object.
    pub(crate) bounds: Option<Aabb>,
    /// Easting, northing, height.
    pub(crate) city: Option<Aabb>,
    /// Objects by layer.
    pub(crate) layers: BTreeMap<Layer, u64>,
}

impl Facts {
    pub(crate) fn tiled(&self) -> u64 {
        self.layers.values().sum()
    }
}

impl<'a> Intake<'a> {
    /// Keeps at most `memory` bytes of places in memory while they are sorted.
    pub(crate) fn new(spill: &'a Spill, directory: &Path, memory: usize, report: &'a Report) -> Result<Self, Error> {
        Ok(Self {
            spill,
            sorter: Sorter::new(spill, memory),
            rows: Rows::new(directory)?,
            seen: HashSet::new(),
            facts: Facts::default(),
            report,
        })
    }

    /// Takes an object, unless an earlier one has its id.
    pub(crate) fn take(&mut self, prepared: Prepared, path: &Path) -> Result<(), Error> {
        let numbers: Vec<u64> = prepared.ids.iter().map(|id| item::number_of(id)).collect();
        if let Some(twice) = numbers.iter().position(|number| self.seen.contains(number)) {
            self.report.warn(duplicate(&prepared.ids[twice], path, prepared.line));
            return Ok(());
        }
        self.seen.extend(numbers);
        self.rows.add(&prepared.rows, prepared.ids.len() as u64)?;
        for (entry, bytes) in prepared.pieces {
            let blob = self.spill.put(&bytes)?;
            self.sorter.add(Entry { blob, ..entry })?;
        }
        let facts = &mut self.facts;
        facts.measures.add(&prepared.measures);
        let grow = |all: &mut Option<Aabb>, own: &Aabb| *all = Some(all.map_or(*own, |all| all.union(own)));
        grow(&mut facts.bounds, &prepared.bounds);
        grow(&mut facts.city, &prepared.city);
        *facts.layers.entry(prepared.layer).or_default() += 1;
        Ok(())
    }

    /// All objects in order of their places, and their rows.
    pub(crate) fn finish(self) -> Result<(Index, Rows, Facts), Error> {
        drop(self.seen);
        Ok((self.sorter.finish()?, self.rows, self.facts))
    }
}

fn duplicate(id: &str, path: &Path, line: u64) -> citygml::Warning {
    let message = format!("the gml:id {id} occurs in an earlier input; the object is left out.");
    let advice = "Give each object an id of its own, or tile the inputs as collections of their own.";
    warning("duplicate-id", path, line, id, &message, advice)
}
