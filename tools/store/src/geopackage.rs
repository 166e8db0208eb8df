//! The GeoPackage: every feature with every attribute, for people with GIS programs and for the server.
//!
//! Planners open a city in QGIS and ask the attributes that no tile carries. An OGC GeoPackage is the one file that all
//! of their programs read, and it is an `SQLite` database, so it is also what the server answers from. The file is a
//! function of the features alone: rows in order of id, no clock.

use crate::column::{Column, ColumnType, Columns, Discovery, REST, snake_case, unique};
use crate::error::database;
use crate::spool::Spool;
use crate::{Error, FeatureRow, Publication, TileRef, geometry_blob};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Transaction, params, params_from_iter};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// `GPKG`
const APPLICATION_ID: u32 = 0x4750_4B47;
/// Version 1.3, which every GDAL of the last years knows.
const USER_VERSION: u32 = 10300;
/// `last_change` where the sources tell no date: a file must not depend on the day it was made.
const NO_DATE: &str = "1970-01-01T00:00:00.000Z";

/// Attributes that have a column of a fixed name and type in every table: attribute, column, type.
pub(crate) const FIXED: [(&str, &str, ColumnType); 7] = [
    ("class", "class", ColumnType::Text),
    ("function", "function", ColumnType::Text),
    ("usage", "usage", ColumnType::Text),
    ("roofType", "roof_type", ColumnType::Text),
    ("yearOfConstruction", "year", ColumnType::Integer),
    ("storeysAboveGround", "storeys", ColumnType::Integer),
    ("measuredHeight", "measured_height", ColumnType::Real),
];

/// The columns before the attributes, with type and meaning. The fixed attributes follow `address`.
const BEGIN: [(&str, &str, &str); 5] = [
    ("id", "TEXT NOT NULL", "gml:id"),
    ("parent", "TEXT", "gml:id of the object this one is a part of"),
    ("kind", "TEXT NOT NULL", "CityGML class"),
    ("name", "TEXT", "gml:name"),
    ("address", "TEXT", "street, number, postal code and town"),
];
const BOUNDS: [(&str, &str); 8] = [
    ("ground", "lowest point in metres in the city's vertical reference"),
    ("top", "highest point in metres in the city's vertical reference"),
    ("west", "least longitude in degrees"),
    ("south", "least latitude in degrees"),
    ("lowest", "lowest point in metres above the ellipsoid"),
    ("east", "greatest longitude in degrees"),
    ("north", "greatest latitude in degrees"),
    ("highest", "highest point in metres above the ellipsoid"),
];

/// Looks at the attributes of `row` that no fixed column keeps whole.
pub(crate) fn discover(discovery: &mut Discovery, row: &FeatureRow) {
    for (attribute, value) in &row.attributes {
        if !fits_fixed(attribute, value) {
            discovery.see(attribute, value);
        }
    }
}

fn fits_fixed(attribute: &str, value: &Value) -> bool {
    FIXED.iter().any(|(name, _, kind)| {
        *name == attribute
            && match kind {
                ColumnType::Text => value.is_string(),
                ColumnType::Integer => value.is_i64(),
                _ => value.is_number(),
            }
    })
}

/// Writes the GeoPackage of all spooled features to a new file at `path`.
pub(crate) fn write(spool: &Spool, path: &Path, publication: &Publication) -> Result<(), Error> {
    let build = path.with_extension("build.tmp");
    if build.exists() {
        std::fs::remove_file(&build).map_err(crate::error::io("cannot remove", &build))?;
    }
    let mut connection = Connection::open(&build).map_err(database(&build))?;
    let built = fill(&mut connection, &build, spool, publication)
        // The copy has its pages in order and none unused.
        .and_then(|()| {
            let target = path.to_string_lossy();
            let copied = connection.execute("VACUUM INTO ?1", params![target]);
            copied.map_err(database(path))
        });
    drop(connection);
    let _ = std::fs::remove_file(&build);
    built.map(|_| ())
}

fn fill(connection: &mut Connection, path: &Path, spool: &Spool, publication: &Publication) -> Result<(), Error> {
    let pragmas = format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 4096;
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {USER_VERSION};"
    );
    connection.execute_batch(&pragmas).map_err(database(path))?;
    connection
        .execute_batch(include_str!("geopackage.sql"))
        .map_err(database(path))?;
    let transaction = connection.transaction().map_err(database(path))?;
    let last_change = last_change(&transaction, publication).map_err(database(path))?;
    let mut taken = BTreeSet::from(["feature_tiles".to_owned()]);
    for (layer, discovery) in spool.layers() {
        let table = Table::new(layer, discovery, &mut taken);
        table
            .create(&transaction, &publication.title, &last_change)
            .map_err(database(path))?;
        table.fill(&transaction, path, spool)?;
    }
    finish_tiles(&transaction, &last_change).map_err(database(path))?;
    transaction.commit().map_err(database(path))
}

fn last_change(connection: &Connection, publication: &Publication) -> rusqlite::Result<String> {
    let date = publication.source_date.as_deref();
    let sql = "SELECT coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', ?1), ?2)";
    connection.query_row(sql, params![date, NO_DATE], |row| row.get(0))
}

fn finish_tiles(connection: &Connection, last_change: &str) -> rusqlite::Result<()> {
    connection.execute_batch("CREATE INDEX feature_tiles_by_feature ON feature_tiles(feature_id);")?;
    connection.execute(
        "INSERT INTO gpkg_contents(table_name, data_type, identifier, description, last_change, srs_id)
         VALUES ('feature_tiles', 'attributes', 'feature_tiles', 'The tiles that show a feature', ?1, 0)",
        params![last_change],
    )?;
    Ok(())
}

/// One layer's table.
struct Table<'a> {
    layer: &'a str,
    /// Plain enough to stand in SQL.
    name: String,
    columns: Columns,
}

impl<'a> Table<'a> {
    fn new(layer: &'a str, discovery: &Discovery, taken: &mut BTreeSet<String>) -> Self {
        let fixed = FIXED.iter().map(|(_, column, _)| *column);
        let begin = BEGIN.iter().map(|(column, _, _)| *column);
        let bounds = BOUNDS.iter().map(|(column, _)| *column);
        let own: Vec<&str> = ["fid", "geom"]
            .into_iter()
            .chain(begin)
            .chain(fixed)
            .chain(bounds)
            .collect();
        let name = match snake_case(layer) {
            reserved if reserved.starts_with("gpkg") || reserved.starts_with("sqlite") => {
                format!("layer_{reserved}")
            }
            name => name,
        };
        Self {
            layer,
            name: unique(&name, taken),
            columns: discovery.columns(&own),
        }
    }

    /// Column name, type, the attribute's own name, meaning, media type.
    fn layout(&self) -> Vec<(&str, &str, &str, &str, Option<&str>)> {
        let begin = BEGIN
            .iter()
            .map(|&(name, sql, meaning)| (name, sql, name, meaning, None));
        let fixed = FIXED
            .iter()
            .map(|&(attribute, name, kind)| (name, kind.sql(), attribute, "", None));
        let bounds = BOUNDS
            .iter()
            .map(|&(name, meaning)| (name, "REAL", name, meaning, None));
        let found = self.columns.columns.iter().map(|Column { attribute, name, kind }| {
            let media = (*kind == ColumnType::Json).then_some("application/json");
            (name.as_str(), kind.sql(), attribute.as_str(), "attribute", media)
        });
        let rest = (
            REST,
            "TEXT",
            REST,
            "further attributes as a JSON object",
            Some("application/json"),
        );
        begin
            .chain(fixed)
            .chain(bounds)
            .chain(found)
            .chain(self.columns.rest.then_some(rest))
            .collect()
    }

    fn create(&self, connection: &Connection, title: &str, last_change: &str) -> rusqlite::Result<()> {
        let table = &self.name;
        let layout = self.layout();
        let columns = layout.iter().map(|(name, sql, ..)| format!("\"{name}\" {sql}"));
        let columns = columns.collect::<Vec<_>>().join(", ");
        connection.execute_batch(&format!(
            "CREATE TABLE \"{table}\" (fid INTEGER PRIMARY KEY, geom MULTIPOLYGON, {columns});"
        ))?;
        connection.execute(
            "INSERT INTO gpkg_contents(table_name, data_type, identifier, description, last_change, srs_id)
             VALUES (?1, 'features', ?1, ?2, ?3, 4326)",
            params![table, title, last_change],
        )?;
        connection.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?1, 'geom', 'MULTIPOLYGON', 4326, 0, 0)",
            params![table],
        )?;
        let mut describe = connection.prepare(
            "INSERT INTO gpkg_data_columns(table_name, column_name, name, title, description, mime_type)
             VALUES (?1, ?2, ?2, ?3, nullif(?4, ''), ?5)",
        )?;
        for (name, _, attribute, meaning, media) in layout {
            describe.execute(params![table, name, attribute, meaning, media])?;
        }
        Ok(())
    }

    fn fill(&self, connection: &Transaction<'_>, path: &Path, spool: &Spool) -> Result<(), Error> {
        let width = 1 + self.layout().len();
        let marks = vec!["?"; width].join(", ");
        let sql = format!("INSERT INTO \"{}\" VALUES (NULL, {marks})", self.name);
        let mut insert = connection.prepare(&sql).map_err(database(path))?;
        let mut bounds = Vec::new();
        let mut tiles = connection
            .prepare("INSERT INTO feature_tiles(feature_id, tile, level) VALUES (?1, ?2, ?3)")
            .map_err(database(path))?;
        spool.for_each(Some(self.layer), |row| {
            insert
                .execute(params_from_iter(self.values(&row)?))
                .map_err(database(path))?;
            if let Some(envelope) = geometry_blob::envelope(&row.footprint) {
                bounds.push((connection.last_insert_rowid(), envelope));
            }
            for TileRef { file, level } in &row.tiles {
                tiles.execute(params![row.id, file, level]).map_err(database(path))?;
            }
            Ok(())
        })?;
        self.index(connection, &bounds).map_err(database(path))
    }

    fn index(&self, connection: &Connection, bounds: &[(i64, [f64; 4])]) -> rusqlite::Result<()> {
        let table = &self.name;
        connection.execute_batch(&format!(
            "CREATE UNIQUE INDEX \"{table}_by_id\" ON \"{table}\"(id);
             CREATE INDEX \"{table}_by_parent\" ON \"{table}\"(parent) WHERE parent IS NOT NULL;"
        ))?;
        connection.execute_batch(&include_str!("rtree.sql").replace("{t}", table))?;
        let sql = format!("INSERT INTO \"rtree_{table}_geom\" VALUES (?1, ?2, ?3, ?4, ?5)");
        let mut insert = connection.prepare(&sql)?;
        let mut all: Option<[f64; 4]> = None;
        for &(fid, [x0, x1, y0, y1]) in bounds {
            insert.execute(params![fid, x0, x1, y0, y1])?;
            let [w, e, s, n] = all.unwrap_or([x0, x1, y0, y1]);
            all = Some([w.min(x0), e.max(x1), s.min(y0), n.max(y1)]);
        }
        if let Some([w, e, s, n]) = all {
            let sql = "UPDATE gpkg_contents SET min_x = ?2, max_x = ?3, min_y = ?4, max_y = ?5 WHERE table_name = ?1";
            connection.execute(sql, params![table, w, e, s, n])?;
        }
        Ok(())
    }

    /// The row's values in the order of the columns, without `fid`.
    fn values(&self, row: &FeatureRow) -> Result<Vec<Sql>, Error> {
        let text = |value: &Option<String>| value.clone().map_or(Sql::Null, Sql::Text);
        let real = |value: Option<f64>| value.map_or(Sql::Null, Sql::Real);
        let mut values = vec![
            geometry_blob::encode(&row.footprint).map_or(Sql::Null, Sql::Blob),
            Sql::Text(row.id.clone()),
            text(&row.parent),
            Sql::Text(row.kind.clone()),
            text(&row.name),
            text(&row.address),
        ];
        let mut left: BTreeMap<&str, &Value> = BTreeMap::new();
        for (attribute, value) in &row.attributes {
            left.insert(attribute, value);
        }
        for (attribute, _, kind) in FIXED {
            let value = left.get(attribute).copied();
            values.push(value.map_or(Sql::Null, |value| fixed(value, kind)));
            if value.is_some_and(|value| fits_fixed(attribute, value)) {
                left.remove(attribute);
            }
        }
        values.extend([real(row.ground), real(row.top)]);
        values.extend((0..6).map(|number| real(row.bbox.map(|bbox| bbox[number]))));
        for column in &self.columns.columns {
            let value = left.remove(column.attribute.as_str());
            values.push(value.map_or(Ok(Sql::Null), |value| found(value, column.kind))?);
        }
        if self.columns.rest {
            values.push(if left.is_empty() {
                Sql::Null
            } else {
                Sql::Text(json(&left)?)
            });
        }
        Ok(values)
    }
}

/// A value in a fixed column: the first of a list, the year of a date, the number in a text.
fn fixed(value: &Value, kind: ColumnType) -> Sql {
    match (value, kind) {
        (Value::Array(values), _) => values.first().map_or(Sql::Null, |first| fixed(first, kind)),
        (Value::String(text), ColumnType::Text) => Sql::Text(text.clone()),
        (Value::Number(number), ColumnType::Text) => Sql::Text(number.to_string()),
        (Value::String(text), ColumnType::Integer) => {
            let digits = text.trim().split('-').next().unwrap_or_default();
            digits.parse().map_or(Sql::Null, Sql::Integer)
        }
        (Value::String(text), _) => text.trim().parse().map_or(Sql::Null, Sql::Real),
        (Value::Number(number), ColumnType::Integer) => number.as_i64().map_or(Sql::Null, Sql::Integer),
        (Value::Number(number), _) => number.as_f64().map_or(Sql::Null, Sql::Real),
        _ => Sql::Null,
    }
}

/// A value in a column whose type all of its values share.
fn found(value: &Value, kind: ColumnType) -> Result<Sql, Error> {
    Ok(match (value, kind) {
        (Value::Null, _) => Sql::Null,
        (_, ColumnType::Json) => Sql::Text(json(value)?),
        (Value::Bool(truth), ColumnType::Boolean) => Sql::Integer(i64::from(*truth)),
        (Value::Number(number), ColumnType::Integer) => number.as_i64().map_or(Sql::Null, Sql::Integer),
        (Value::Number(number), ColumnType::Real) => number.as_f64().map_or(Sql::Null, Sql::Real),
        (Value::String(text), _) => Sql::Text(text.clone()),
        (other, _) => Sql::Text(json(other)?),
    })
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    let document = "an attribute";
    serde_json::to_string(value).map_err(|source| Error::Serialize { document, source })
}
