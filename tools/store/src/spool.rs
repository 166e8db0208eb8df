//! The first of two passes over a collection's features.
//!
//! The tables' columns are known only when every row has been seen, rows come in any order from a tiler that cannot
//! keep them, and a published file must not depend on that order. So they are first written to a database of their
//! own, from which the published ones are made in order of id.

use crate::column::Discovery;
use crate::error::database;
use crate::{Error, FeatureRow};
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Every feature of a publication, in a temporary database.
pub(crate) struct Spool {
    connection: Connection,
    path: PathBuf,
    discovered: BTreeMap<String, Discovery>,
    facts: Facts,
}

/// What is known of all features together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    /// How many there are.
    pub(crate) count: u64,
    /// West, south, lowest, east, north, highest.
    pub(crate) extent: Option<[f64; 6]>,
    /// The highest that has a name and is no part of another, with its height.
    highest: Option<(f64, String)>,
}

impl Facts {
    fn add(&mut self, row: &FeatureRow) {
        self.count += 1;
        extend(&mut self.extent, row.bbox);
        let height = row.top.zip(row.ground).map(|(top, ground)| top - ground);
        if let (Some(height), Some(_), None) = (height, &row.name, &row.parent) {
            // Of equally high ones the first by id, so that the order of rows does not matter.
            let higher = self
                .highest
                .as_ref()
                .is_none_or(|(highest, id)| height > *highest || height == *highest && row.id < *id);
            if higher {
                self.highest = Some((height, row.id.clone()));
            }
        }
    }

    /// The id of a feature worth showing.
    pub(crate) fn example(&self) -> Option<String> {
        self.highest.as_ref().map(|(_, id)| id.clone())
    }
}

impl Spool {
    /// Writes `rows` to a new database at `path`.
    pub(crate) fn fill(path: &Path, rows: impl Iterator<Item = std::io::Result<FeatureRow>>) -> Result<Self, Error> {
        let mut connection = create(path).map_err(database(path))?;
        let mut discovered: BTreeMap<String, Discovery> = BTreeMap::new();
        let mut facts = Facts::default();
        let transaction = connection.transaction().map_err(database(path))?;
        {
            let sql = "INSERT INTO spooled(id, layer, row) VALUES (?1, ?2, ?3)";
            let mut insert = transaction.prepare(sql).map_err(database(path))?;
            for row in rows {
                let row = row.map_err(|source| Error::Rows { source })?;
                let mut row = finite(row);
                row.attributes = merged(row.attributes);
                facts.add(&row);
                crate::geopackage::discover(discovered.entry(row.layer.clone()).or_default(), &row);
                let document = "a feature";
                let json = serde_json::to_vec(&row).map_err(|source| Error::Serialize { document, source })?;
                match insert.execute(params![row.id, row.layer, json]) {
                    Err(error) if is_constraint(&error) => {
                        return Err(Error::DuplicateFeature { id: row.id });
                    }
                    outcome => outcome.map_err(database(path))?,
                };
            }
        }
        transaction.commit().map_err(database(path))?;
        let path = path.to_path_buf();
        Ok(Self {
            connection,
            path,
            discovered,
            facts,
        })
    }

    /// What is known of all features together.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The layers that have features, with what was seen of their attributes.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (&str, &Discovery)> {
        self.discovered
            .iter()
            .map(|(layer, discovery)| (layer.as_str(), discovery))
    }

    /// Hands every feature of a layer over, or of all layers, in order of id.
    pub(crate) fn for_each(
        &self,
        layer: Option<&str>,
        mut take: impl FnMut(FeatureRow) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let sql = "SELECT row FROM spooled WHERE ?1 IS NULL OR layer = ?1 ORDER BY id";
        let mut select = self.connection.prepare(sql).map_err(database(&self.path))?;
        let mut rows = select.query(params![layer]).map_err(database(&self.path))?;
        while let Some(row) = rows.next().map_err(database(&self.path))? {
            let json: Vec<u8> = row.get(0).map_err(database(&self.path))?;
            let row = serde_json::from_slice(&json).map_err(|source| Error::Json {
                path: self.path.clone(),
                source,
            })?;
            take(row)?;
        }
        Ok(())
    }
}

/// A database that is remade after a crash needs no journal and no fsync.
fn create(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         CREATE TABLE spooled(id TEXT PRIMARY KEY, layer TEXT NOT NULL, row BLOB NOT NULL) WITHOUT ROWID;",
    )?;
    Ok(connection)
}

fn is_constraint(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

/// The row without numbers that are none: JSON has no word for them, and nobody could use them.
fn finite(mut row: FeatureRow) -> FeatureRow {
    row.bbox = row.bbox.filter(|bbox| bbox.iter().all(|number| number.is_finite()));
    row.ground = row.ground.filter(|height| height.is_finite());
    row.top = row.top.filter(|height| height.is_finite());
    row.footprint
        .retain(|polygon| polygon.iter().flatten().flatten().all(|number| number.is_finite()));
    row
}

/// An attribute that occurs several times becomes one with a list, at its first place.
fn merged(attributes: Vec<(String, serde_json::Value)>) -> Vec<(String, serde_json::Value)> {
    use serde_json::Value;
    let mut once: Vec<(String, Value)> = Vec::with_capacity(attributes.len());
    let mut places: BTreeMap<String, (usize, bool)> = BTreeMap::new();
    for (name, value) in attributes {
        match places.get_mut(&name) {
            None => {
                places.insert(name.clone(), (once.len(), false));
                once.push((name, value));
            }
            Some((place, listed)) => {
                let first = &mut once[*place].1;
                if *listed {
                    if let Value::Array(values) = first {
                        values.push(value);
                    }
                } else {
                    *first = Value::Array(vec![first.take(), value]);
                    *listed = true;
                }
            }
        }
    }
    once
}

fn extend(extent: &mut Option<[f64; 6]>, bbox: Option<[f64; 6]>) {
    let Some(bbox) = bbox else { return };
    let all = extent.get_or_insert(bbox);
    for axis in 0..3 {
        all[axis] = all[axis].min(bbox[axis]);
        all[axis + 3] = all[axis + 3].max(bbox[axis + 3]);
    }
}
