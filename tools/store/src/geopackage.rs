//! The GeoPackage: every feature with every attribute, for people with GIS programs and for the server.
//!
//! Planners open a city in QGIS and ask the attributes that no tile carries. An OGC GeoPackage is the one file that all
//! of their programs read, and it is an `SQLite` database, so it is also what the server answers from. The file is a
//! function of the features alone: rows in order of id, no clock.

mod table;
mod value;

use crate::column::{ColumnType, Discovery};
use crate::error::database;
use crate::feature::AttributeNote;
use crate::spool::{Attribute, Spool};
use crate::{Error, Publication};
use rusqlite::{Connection, params};
use std::collections::BTreeSet;
use std::path::Path;
pub(crate) use table::ATTRIBUTE;
use table::Table;

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

/// The tiles of the feature number `fid` have the numbers from `fid << TILES_SHIFT` on in `feature_tiles`, so that they
/// are found without an index, which would be a fifth of the file. No two features have one number, in whatever layers.
pub(crate) const TILES_SHIFT: u32 = 20;

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

/// Looks at an attribute of a row.
pub(crate) fn discover(discovery: &mut Discovery, attribute: &Attribute, note: Option<&AttributeNote>) {
    let Attribute { name, unit, value } = attribute;
    discovery.see(name, unit.as_deref(), value, note, !fits_fixed(attribute));
}

/// Whether a fixed column keeps the value whole.
fn fits_fixed(attribute: &Attribute) -> bool {
    let value = &attribute.value;
    let fixed = FIXED.iter().find(|(name, ..)| *name == attribute.name);
    is_metric(attribute)
        && fixed.is_some_and(|(_, _, kind)| match kind {
            ColumnType::Text => value.is_string(),
            ColumnType::Integer => value.is_i64(),
            _ => value.is_number(),
        })
}

/// The fixed columns' numbers are counts, years and metres; one in another unit is not for them.
fn is_metric(attribute: &Attribute) -> bool {
    attribute.unit.as_ref().is_none_or(|unit| {
        let last = unit.rsplit([':', '#', '/']).next().unwrap_or(unit);
        matches!(
            last.to_ascii_lowercase().as_str(),
            "m" | "metre" | "metres" | "meter" | "meters"
        )
    })
}

/// Writes the GeoPackage of all spooled features to a new file at `path`. Rows are only ever added, so no page of the
/// file is left unused.
pub(crate) fn write(spool: &Spool, path: &Path, publication: &Publication) -> Result<(), Error> {
    let mut connection = crate::database::create(path).map_err(database(path))?;
    fill(&mut connection, path, spool, publication)?;
    connection.close().map_err(|(_, error)| database(path)(error))
}

fn fill(connection: &mut Connection, path: &Path, spool: &Spool, publication: &Publication) -> Result<(), Error> {
    let pragmas = format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 4096;
         PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536;
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {USER_VERSION};"
    );
    connection.execute_batch(&pragmas).map_err(database(path))?;
    connection
        .execute_batch(include_str!("geopackage.sql"))
        .map_err(database(path))?;
    let transaction = connection.transaction().map_err(database(path))?;
    let last_change = last_change(&transaction, publication).map_err(database(path))?;
    let mut taken = BTreeSet::from(["feature_tiles".to_owned()]);
    let mut last_fid = 0;
    for (layer, discovery) in spool.layers() {
        let table = Table::new(layer, discovery, &mut taken);
        table
            .create(&transaction, &publication.title, &last_change)
            .map_err(database(path))?;
        last_fid = table.fill(&transaction, path, spool, last_fid)?;
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
    connection.execute(
        "INSERT INTO gpkg_contents(table_name, data_type, identifier, description, last_change, srs_id)
         VALUES ('feature_tiles', 'attributes', 'feature_tiles', 'The tiles that show a feature', ?1, 0)",
        params![last_change],
    )?;
    Ok(())
}
