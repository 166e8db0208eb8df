//! Rows of the GeoPackage as features again.

use crate::column::REST;
use crate::geopackage::{FIXED, TILES_SHIFT};
use crate::{FeatureRow, TileRef, geometry_blob};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Number, Value};

/// What a column means for a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meaning {
    /// `fid`, or one of the columns that every table has.
    Own,
    /// An attribute under its own name.
    Attribute { name: String, json: bool },
    /// The object of attributes that had no column.
    Rest,
}

/// A column as the GeoPackage describes it.
pub(crate) struct Described {
    /// The column's name.
    pub(crate) column: String,
    /// The name of what it holds: the attribute's own, or the column's.
    pub(crate) name: String,
    /// The type's name in `CREATE TABLE`.
    pub(crate) sql: String,
    /// Whether it holds JSON.
    pub(crate) json: bool,
    pub(crate) description: Option<String>,
    /// The codes that occur and what they mean.
    pub(crate) codes: Vec<(String, Option<String>)>,
    /// Whether the column is one that every table has for this attribute.
    pub(crate) fixed: bool,
}

/// A feature table and how to read it.
pub(crate) struct FeatureTable {
    pub(crate) name: String,
    meanings: Vec<Meaning>,
    /// The boolean columns: `SQLite` itself has none.
    booleans: Vec<bool>,
    /// Every column but the geometry's and the number's, in order.
    pub(crate) columns: Vec<Described>,
    /// The numbers of the first and the last feature; rows are numbered without a gap.
    pub(crate) fids: Option<[i64; 2]>,
}

/// The feature tables of a GeoPackage.
pub(crate) fn tables(connection: &Connection) -> rusqlite::Result<Vec<FeatureTable>> {
    let sql = "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY table_name";
    let mut select = connection.prepare(sql)?;
    let names = select
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    names
        .into_iter()
        .map(|name| FeatureTable::read(connection, name))
        .collect()
}

impl FeatureTable {
    fn read(connection: &Connection, name: String) -> rusqlite::Result<Self> {
        let sql = "SELECT c.name, c.type, d.title, d.mime_type, d.description LIKE 'attribute%', d.description,
                     d.constraint_name
                   FROM pragma_table_info(?1) AS c
                   LEFT JOIN gpkg_data_columns AS d ON d.table_name = ?1 AND d.column_name = c.name
                   ORDER BY c.cid";
        let mut select = connection.prepare(sql)?;
        let mut rows = select.query(params![name])?;
        let (mut meanings, mut booleans, mut columns) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let column: String = row.get(0)?;
            let kind: String = row.get(1)?;
            let title: Option<String> = row.get(2)?;
            let json = row.get::<_, Option<String>>(3)?.is_some();
            let is_attribute = row.get::<_, Option<bool>>(4)?.unwrap_or(false);
            booleans.push(kind == "BOOLEAN");
            let fixed = FIXED.iter().any(|(_, fixed, _)| *fixed == column);
            if let Some(title) = title.as_ref().filter(|_| column != REST) {
                columns.push(Described {
                    column: column.clone(),
                    name: title.clone(),
                    sql: kind,
                    json,
                    description: row.get(5)?,
                    codes: codes(connection, row.get(6)?)?,
                    fixed,
                });
            }
            meanings.push(match title {
                Some(name) if is_attribute || fixed => Meaning::Attribute { name, json },
                _ if column == REST => Meaning::Rest,
                _ => Meaning::Own,
            });
        }
        let sql = format!("SELECT (SELECT min(fid) FROM \"{name}\"), (SELECT max(fid) FROM \"{name}\")");
        let fids: (Option<i64>, Option<i64>) = connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self {
            name,
            meanings,
            booleans,
            columns,
            fids: fids.0.zip(fids.1).map(|(first, last)| [first, last]),
        })
    }

    /// The feature with this id.
    pub(crate) fn feature(&self, connection: &Connection, id: &str) -> rusqlite::Result<Option<FeatureRow>> {
        let mut select = connection.prepare_cached(&format!("SELECT * FROM \"{}\" WHERE id = ?1", self.name))?;
        select
            .query_row(params![id], |row| self.row_with_tiles(connection, row))
            .optional()
    }

    /// Hands every feature over in order of id; stops when `take` returns false.
    pub(crate) fn for_each(
        &self,
        connection: &Connection,
        take: &mut dyn FnMut(FeatureRow) -> bool,
    ) -> rusqlite::Result<bool> {
        let mut select = connection.prepare(&format!("SELECT * FROM \"{}\" ORDER BY fid", self.name))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            if !take(self.row_with_tiles(connection, row)?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The ids of the features whose parent is `id`.
    pub(crate) fn parts(&self, connection: &Connection, id: &str) -> rusqlite::Result<Vec<String>> {
        let sql = format!("SELECT id FROM \"{}\" WHERE parent = ?1 ORDER BY id", self.name);
        let mut select = connection.prepare_cached(&sql)?;
        select.query_map(params![id], |row| row.get(0))?.collect()
    }

    fn row_with_tiles(&self, connection: &Connection, row: &Row<'_>) -> rusqlite::Result<FeatureRow> {
        let tiles = tiles(connection, row.get("fid")?)?;
        Ok(FeatureRow {
            tiles,
            ..self.row(row)?
        })
    }

    /// A row of `SELECT *`, without the tiles that show it.
    pub(crate) fn row(&self, row: &Row<'_>) -> rusqlite::Result<FeatureRow> {
        let id: String = row.get("id")?;
        let geometry: Option<Vec<u8>> = row.get("geom")?;
        let bbox: [Option<f64>; 6] = [
            row.get("west")?,
            row.get("south")?,
            row.get("lowest")?,
            row.get("east")?,
            row.get("north")?,
            row.get("highest")?,
        ];
        let all: Vec<f64> = bbox.into_iter().flatten().collect();
        Ok(FeatureRow {
            parent: row.get("parent")?,
            layer: self.name.clone(),
            kind: row.get("kind")?,
            name: row.get("name")?,
            address: row.get("address")?,
            footprint: geometry.as_deref().and_then(geometry_blob::decode).unwrap_or_default(),
            bbox: all.try_into().ok(),
            ground: row.get("ground")?,
            top: row.get("top")?,
            attributes: self.attributes(row)?,
            notes: Vec::new(),
            tiles: Vec::new(),
            id,
        })
    }

    fn attributes(&self, row: &Row<'_>) -> rusqlite::Result<Vec<(String, Value)>> {
        let mut attributes: Vec<(String, Value)> = Vec::new();
        for (number, meaning) in self.meanings.iter().enumerate() {
            let value = row.get_ref(number)?;
            match meaning {
                _ if value == ValueRef::Null => {}
                Meaning::Own => {}
                Meaning::Rest => {
                    if let Value::Object(members) = parsed(value) {
                        attributes.extend(members);
                    }
                }
                Meaning::Attribute { name, json } => {
                    let value = if *json {
                        parsed(value)
                    } else {
                        plain(value, self.booleans[number])
                    };
                    // A fixed column may hold a part of what the attribute's own column holds whole.
                    match attributes.iter_mut().find(|(known, _)| known == name) {
                        Some(known) => known.1 = value,
                        None => attributes.push((name.clone(), value)),
                    }
                }
            }
        }
        Ok(attributes)
    }
}

/// The codes that a column may hold (Annex F.9), in their order.
fn codes(connection: &Connection, list: Option<String>) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let sql = "SELECT value, description FROM gpkg_data_column_constraints
               WHERE constraint_name = ?1 AND constraint_type = 'enum' ORDER BY value";
    let Some(list) = list else { return Ok(Vec::new()) };
    let mut select = connection.prepare_cached(sql)?;
    select
        .query_map(params![list], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn tiles(connection: &Connection, fid: i64) -> rusqlite::Result<Vec<TileRef>> {
    let sql = "SELECT tile, level FROM feature_tiles WHERE fid >= ?1 AND fid < ?2 ORDER BY fid";
    let mut select = connection.prepare_cached(sql)?;
    select
        .query_map(params![fid << TILES_SHIFT, (fid + 1) << TILES_SHIFT], |row| {
            Ok(TileRef {
                file: row.get(0)?,
                level: row.get(1)?,
            })
        })?
        .collect()
}

fn parsed(value: ValueRef<'_>) -> Value {
    let text = value.as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn plain(value: ValueRef<'_>, boolean: bool) -> Value {
    match value {
        ValueRef::Integer(number) if boolean => Value::Bool(number != 0),
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        ValueRef::Text(text) => Value::String(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Null | ValueRef::Blob(_) => Value::Null,
    }
}
