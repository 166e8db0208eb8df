//! The first of two passes over a collection's features.
//!
//! The tables' columns are known only when every row has been seen, rows come in any order from a tiler that cannot
//! keep them, and a published file must not depend on that order. So they are first written to a database of their
//! own, from which the published ones are made in order of id. Rows that come in that order need no sorting.

use crate::column::Discovery;
use crate::error::database;
use crate::feature::AttributeNote;
use crate::{Error, FeatureRow, geometry_blob, search};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OpenFlags, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const SCHEMA: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA cache_size = -16384;
    CREATE TABLE spooled(
      number INTEGER PRIMARY KEY, layer TEXT NOT NULL, id TEXT NOT NULL, parent TEXT, kind TEXT NOT NULL, name TEXT,
      names TEXT, address TEXT, geometry BLOB, ground REAL, top REAL, west REAL, south REAL, lowest REAL, east REAL,
      north REAL, highest REAL, attributes TEXT NOT NULL, tiles TEXT NOT NULL);";
const INSERT: &str = "INSERT INTO spooled VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
const COLUMNS: &str =
    "id, parent, kind, name, address, geometry, ground, top, west, south, lowest, east, north, highest,
    attributes, tiles";

/// Every feature of a publication, in a temporary database.
pub(crate) struct Spool {
    path: PathBuf,
    discovered: BTreeMap<String, Discovery>,
    facts: Facts,
    /// Whether the rows came in order of id.
    ascending: bool,
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

/// An attribute of a spooled row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) unit: Option<String>,
    pub(crate) value: Value,
}

impl Serialize for Attribute {
    /// As a list, which is read faster than an object.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.name, &self.unit, &self.value).serialize(serializer)
    }
}

/// One feature as it comes back from the spool.
pub(crate) struct Spooled<'a> {
    pub(crate) id: &'a str,
    pub(crate) parent: Option<&'a str>,
    pub(crate) kind: &'a str,
    pub(crate) name: Option<&'a str>,
    pub(crate) address: Option<&'a str>,
    /// As [`geometry_blob`] writes it.
    pub(crate) geometry: Option<&'a [u8]>,
    /// Ground, top, west, south, lowest, east, north, highest.
    pub(crate) bounds: [Option<f64>; 8],
    pub(crate) attributes: Vec<Attribute>,
    /// Names and levels.
    pub(crate) tiles: Vec<(String, u16)>,
}

impl Spool {
    /// Writes `rows` to a new database at `path`.
    pub(crate) fn fill(path: &Path, rows: impl Iterator<Item = std::io::Result<FeatureRow>>) -> Result<Self, Error> {
        let mut connection = crate::database::create(path).map_err(database(path))?;
        connection.execute_batch(SCHEMA).map_err(database(path))?;
        let mut spool = Self {
            path: path.to_path_buf(),
            discovered: BTreeMap::new(),
            facts: Facts::default(),
            ascending: true,
        };
        let transaction = connection.transaction().map_err(database(path))?;
        {
            let mut insert = transaction.prepare_cached(INSERT).map_err(database(path))?;
            let mut last: Option<String> = None;
            for row in rows {
                let row = row.map_err(|source| Error::Rows { source })?;
                let id = row.id.clone();
                spool.ascending &= last.is_none_or(|last| last < id);
                spool.add(row, &mut insert)?;
                last = Some(id);
            }
        }
        spool.index(&transaction)?;
        transaction.commit().map_err(database(path))?;
        Ok(spool)
    }

    fn add(&mut self, row: FeatureRow, insert: &mut CachedStatement<'_>) -> Result<(), Error> {
        let row = finite(row);
        self.facts.add(&row);
        let discovery = self.discovered.entry(row.layer.clone()).or_default();
        let attributes = attributes(row.attributes, &row.notes);
        for attribute in &attributes {
            let note = row.notes.iter().find(|note| note.attribute == attribute.name);
            crate::geopackage::discover(discovery, attribute, note);
        }
        let tiles: Vec<(&str, u16)> = row.tiles.iter().map(|tile| (tile.file.as_str(), tile.level)).collect();
        let bound = |number: usize| row.bbox.map(|bbox| bbox[number]);
        let values = params![
            row.layer,
            row.id,
            row.parent,
            row.kind,
            row.name,
            search::other_names(&attributes),
            row.address,
            geometry_blob::encode(&row.footprint),
            row.ground,
            row.top,
            bound(0),
            bound(1),
            bound(2),
            bound(3),
            bound(4),
            bound(5),
            json(&attributes)?,
            json(&tiles)?,
        ];
        insert.execute(values).map(|_| ()).map_err(database(&self.path))
    }

    /// Makes the order of ids, where the rows did not come in it, and finds ids that were given twice.
    fn index(&self, connection: &Connection) -> Result<(), Error> {
        let sql = if self.ascending {
            "CREATE INDEX by_layer ON spooled(layer);"
        } else {
            "CREATE UNIQUE INDEX by_id ON spooled(id); CREATE INDEX by_layer ON spooled(layer, id);"
        };
        match connection.execute_batch(sql) {
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                let sql = "SELECT id FROM spooled GROUP BY id HAVING count(*) > 1 LIMIT 1";
                let id = connection.query_row(sql, [], |row| row.get(0));
                Err(Error::DuplicateFeature {
                    id: id.map_err(database(&self.path))?,
                })
            }
            made => made.map_err(database(&self.path)),
        }
    }

    /// What is known of all features together.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Where the database lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The column of the table `spooled` whose order is that of the ids.
    pub(crate) fn order(&self) -> &'static str {
        if self.ascending { "number" } else { "id" }
    }

    /// The layers that have features, with what was seen of their attributes.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (&str, &Discovery)> {
        self.discovered
            .iter()
            .map(|(layer, discovery)| (layer.as_str(), discovery))
    }

    /// Hands every feature of a layer over, in order of id. Several threads may do this at once.
    pub(crate) fn for_each(
        &self,
        layer: &str,
        mut take: impl FnMut(Spooled<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(database(&self.path))?;
        let order = self.order();
        let sql = format!("SELECT {COLUMNS} FROM spooled WHERE layer = ?1 ORDER BY {order}");
        let mut select = connection.prepare(&sql).map_err(database(&self.path))?;
        let mut rows = select.query(params![layer]).map_err(database(&self.path))?;
        while let Some(row) = rows.next().map_err(database(&self.path))? {
            take(self.spooled(row)?)?;
        }
        Ok(())
    }

    fn spooled<'a>(&self, row: &'a Row<'_>) -> Result<Spooled<'a>, Error> {
        let json = |source| Error::Json {
            path: self.path.clone(),
            source,
        };
        let text = |number: usize| -> Result<Option<&'a str>, Error> {
            Ok(match row.get_ref(number).map_err(database(&self.path))? {
                ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok(),
                _ => None,
            })
        };
        let mut bounds = [None; 8];
        for (place, bound) in bounds.iter_mut().enumerate() {
            *bound = row.get(6 + place).map_err(database(&self.path))?;
        }
        Ok(Spooled {
            id: text(0)?.unwrap_or_default(),
            parent: text(1)?,
            kind: text(2)?.unwrap_or_default(),
            name: text(3)?,
            address: text(4)?,
            geometry: row
                .get_ref(5)
                .and_then(|value| Ok(value.as_blob_or_null()?))
                .map_err(database(&self.path))?,
            bounds,
            attributes: serde_json::from_str(text(14)?.unwrap_or_default()).map_err(json)?,
            tiles: serde_json::from_str(text(15)?.unwrap_or_default()).map_err(json)?,
        })
    }
}

fn json<T: Serialize>(value: &T) -> Result<String, Error> {
    let document = "a feature";
    serde_json::to_string(value).map_err(|source| Error::Serialize { document, source })
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

/// The attributes, each name once, numbers with their units.
fn attributes(attributes: Vec<(String, Value)>, notes: &[AttributeNote]) -> Vec<Attribute> {
    let with_unit = |(name, value): (String, Value)| {
        let note = notes.iter().find(|note| note.attribute == name && value.is_number());
        let unit = note.and_then(|note| note.unit.clone());
        Attribute { name, unit, value }
    };
    merged(attributes).into_iter().map(with_unit).collect()
}

/// An attribute that occurs several times becomes one with a list, at its first place.
fn merged(attributes: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let names: BTreeSet<&str> = attributes.iter().map(|(name, _)| name.as_str()).collect();
    if names.len() == attributes.len() {
        return attributes;
    }
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
