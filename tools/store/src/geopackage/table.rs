//! One layer's table, from its columns to its indexes.

use super::value::{fixed, found, json};
use super::{BEGIN, BOUNDS, FIXED, TILES_SHIFT, fits_fixed, is_metric};
use crate::column::{ColumnType, Columns, Discovery, REST, snake_case, unique};
use crate::error::database;
use crate::spool::{Spool, Spooled};
use crate::{Error, geometry_blob};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Statement, ToSql, Transaction, params};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What the description of an attribute's column begins with; readers know attributes by it.
pub(crate) const ATTRIBUTE: &str = "attribute";
/// The parameter of the first fixed attribute, after the number, the geometry and the columns of the beginning.
const FIRST_FIXED: usize = 3 + BEGIN.len();
/// The parameter of the first bound.
const FIRST_BOUND: usize = FIRST_FIXED + FIXED.len();
/// The parameter of the first attribute that was found.
const FIRST_FOUND: usize = FIRST_BOUND + BOUNDS.len();

/// One layer's table.
pub(super) struct Table<'a> {
    layer: &'a str,
    discovery: &'a Discovery,
    /// Plain enough to stand in SQL.
    name: String,
    columns: Columns,
}

/// What `gpkg_data_columns` says of a column.
struct Described {
    name: String,
    sql: &'static str,
    /// The attribute's own name.
    title: String,
    description: Option<String>,
    media: Option<&'static str>,
    is_attribute: bool,
}

impl<'a> Table<'a> {
    pub(super) fn new(layer: &'a str, discovery: &'a Discovery, taken: &mut BTreeSet<String>) -> Self {
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
            discovery,
            name: unique(&name, taken),
            columns: discovery.columns(&own),
        }
    }

    /// The columns after `fid` and `geom`, in their order.
    fn layout(&self) -> Vec<Described> {
        let own = |name: &str, sql, meaning: &str| Described {
            name: name.to_owned(),
            sql,
            title: name.to_owned(),
            description: Some(meaning.to_owned()),
            media: None,
            is_attribute: false,
        };
        let begin = BEGIN.iter().map(|&(name, sql, meaning)| own(name, sql, meaning));
        let fixed = FIXED.iter().map(|&(attribute, name, kind)| Described {
            title: attribute.to_owned(),
            description: self.describe_fixed(attribute),
            is_attribute: true,
            ..own(name, kind.sql(), "")
        });
        let bounds = BOUNDS.iter().map(|&(name, meaning)| own(name, "REAL", meaning));
        let found = self.columns.columns.iter().map(|column| Described {
            title: column.attribute.clone(),
            description: Some(self.describe(&column.attribute, column.unit.as_deref())),
            media: (column.kind == ColumnType::Json).then_some("application/json"),
            is_attribute: true,
            ..own(&column.name, column.kind.sql(), "")
        });
        let rest = Described {
            media: Some("application/json"),
            ..own(REST, "TEXT", "further attributes as a JSON object")
        };
        begin
            .chain(fixed)
            .chain(bounds)
            .chain(found)
            .chain(self.columns.rest.then_some(rest))
            .collect()
    }

    fn describe_fixed(&self, attribute: &str) -> Option<String> {
        match attribute {
            "measuredHeight" => Some("height in metres".to_owned()),
            _ => self
                .discovery
                .code_list(attribute)
                .map(|list| format!("code of the list {list}")),
        }
    }

    fn describe(&self, attribute: &str, unit: Option<&str>) -> String {
        match (unit, self.discovery.code_list(attribute)) {
            (Some(unit), _) => format!("{ATTRIBUTE} in {unit}"),
            (None, Some(list)) => format!("{ATTRIBUTE}, code of the list {list}"),
            (None, None) => ATTRIBUTE.to_owned(),
        }
    }

    /// Makes the table and says what it is.
    pub(super) fn create(&self, connection: &Connection, title: &str, last_change: &str) -> rusqlite::Result<()> {
        let table = &self.name;
        let layout = self.layout();
        let columns = layout
            .iter()
            .map(|column| format!("\"{}\" {}", column.name, column.sql));
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
            "INSERT INTO gpkg_data_columns(table_name, column_name, name, title, description, mime_type, constraint_name)
             VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for column in layout {
            let list = self.list_codes(connection, &column)?;
            let Described {
                name,
                title,
                description,
                media,
                ..
            } = column;
            describe.execute(params![table, name, title, description, media, list])?;
        }
        connection.execute_batch(&include_str!("../rtree.sql").replace("{t}", table))
    }

    /// Lists the codes of an attribute and what they mean (Annex F.9), and answers the list's name.
    fn list_codes(&self, connection: &Connection, column: &Described) -> rusqlite::Result<Option<String>> {
        let codes = self
            .discovery
            .codes(&column.title)
            .filter(|_| column.is_attribute && column.sql == "TEXT");
        let Some(codes) = codes else {
            return Ok(None);
        };
        let list = format!("{}_{}_codes", self.name, column.name);
        let mut insert = connection.prepare(
            "INSERT INTO gpkg_data_column_constraints(constraint_name, constraint_type, value, description)
             VALUES (?1, 'enum', ?2, ?3)",
        )?;
        for (code, label) in codes {
            insert.execute(params![list, code, label])?;
        }
        Ok(Some(list))
    }

    /// Copies the layer's features into the table, with numbers after `last_fid`, and answers the last one's number.
    pub(super) fn fill(
        &self,
        connection: &Transaction<'_>,
        path: &Path,
        spool: &Spool,
        last_fid: i64,
    ) -> Result<i64, Error> {
        let prepare = |sql: &str| connection.prepare(sql).map_err(database(path));
        let marks = vec!["?"; 2 + self.layout().len()].join(", ");
        let mut insert = prepare(&format!("INSERT INTO \"{}\" VALUES ({marks})", self.name))?;
        let mut bounds = prepare(&format!(
            "INSERT INTO \"rtree_{}_geom\" VALUES (?1, ?2, ?3, ?4, ?5)",
            self.name
        ))?;
        let mut tiles = prepare("INSERT INTO feature_tiles(fid, feature_id, tile, level) VALUES (?1, ?2, ?3, ?4)")?;
        let mut all: Option<[f64; 4]> = None;
        let slots = self.slots();
        let mut fid = last_fid;
        spool.for_each(self.layer, |row| {
            fid += 1;
            self.bind(&mut insert, fid, &slots, &row)?.map_err(database(path))?;
            if let Some([x0, x1, y0, y1]) = row.geometry.and_then(geometry_blob::stored_envelope) {
                bounds.execute(params![fid, x0, x1, y0, y1]).map_err(database(path))?;
                let [w, e, s, n] = all.unwrap_or([x0, x1, y0, y1]);
                all = Some([w.min(x0), e.max(x1), s.min(y0), n.max(y1)]);
            }
            for (tile, (file, level)) in (fid << TILES_SHIFT..).zip(&row.tiles) {
                tiles
                    .execute(params![tile, row.id, file, level])
                    .map_err(database(path))?;
            }
            Ok(())
        })?;
        self.index(connection, all).map_err(database(path))?;
        Ok(fid)
    }

    fn index(&self, connection: &Connection, all: Option<[f64; 4]>) -> rusqlite::Result<()> {
        let table = &self.name;
        connection.execute_batch(&format!(
            "CREATE UNIQUE INDEX \"{table}_by_id\" ON \"{table}\"(id);
             CREATE INDEX \"{table}_by_parent\" ON \"{table}\"(parent) WHERE parent IS NOT NULL;"
        ))?;
        connection.execute_batch(&include_str!("../rtree_triggers.sql").replace("{t}", table))?;
        if let Some([w, e, s, n]) = all {
            let sql = "UPDATE gpkg_contents SET min_x = ?2, max_x = ?3, min_y = ?4, max_y = ?5 WHERE table_name = ?1";
            connection.execute(sql, params![table, w, e, s, n])?;
        }
        Ok(())
    }

    /// The parameters of an attribute's columns, by unit.
    fn slots(&self) -> Slots<'_> {
        let mut slots = Slots::new();
        for (number, column) in self.columns.columns.iter().enumerate() {
            let slot = (column.unit.as_deref(), FIRST_FOUND + number, column.kind);
            slots.entry(&column.attribute).or_default().push(slot);
        }
        slots
    }

    /// Inserts a row. Parameters that are not bound are NULL.
    fn bind(
        &self,
        insert: &mut Statement<'_>,
        fid: i64,
        slots: &Slots<'_>,
        row: &Spooled<'_>,
    ) -> Result<rusqlite::Result<usize>, Error> {
        insert.clear_bindings();
        let mut left: BTreeMap<&str, &Value> = BTreeMap::new();
        let mut bound = begin(insert, fid, row);
        for attribute in &row.attributes {
            let (name, value) = (attribute.name.as_str(), &attribute.value);
            if let Some(place) = FIXED.iter().position(|(fixed, ..)| *fixed == name)
                && is_metric(attribute)
            {
                bound = bound.and_then(|()| bind(insert, FIRST_FIXED + place, fixed(value, FIXED[place].2)));
                if fits_fixed(attribute) {
                    continue;
                }
            }
            let slots = slots.get(name).map(Vec::as_slice).unwrap_or_default();
            match slots.iter().find(|(unit, ..)| *unit == attribute.unit.as_deref()) {
                Some(&(_, parameter, kind)) => {
                    let value = found(value, kind)?;
                    bound = bound.and_then(|()| bind(insert, parameter, value));
                }
                None => {
                    left.insert(name, value);
                }
            }
        }
        if self.columns.rest && !left.is_empty() {
            let parameter = FIRST_FOUND + self.columns.columns.len();
            let value = Sql::Text(json(&left)?);
            bound = bound.and_then(|()| bind(insert, parameter, value));
        }
        Ok(bound.and_then(|()| insert.raw_execute()))
    }
}

/// Unit, parameter and type of each of an attribute's columns, by the attribute's name.
type Slots<'a> = BTreeMap<&'a str, Vec<(Option<&'a str>, usize, ColumnType)>>;

fn bind(insert: &mut Statement<'_>, parameter: usize, value: impl ToSql) -> rusqlite::Result<()> {
    insert.raw_bind_parameter(parameter, value)
}

/// Binds what every feature has.
fn begin(insert: &mut Statement<'_>, fid: i64, row: &Spooled<'_>) -> rusqlite::Result<()> {
    bind(insert, 1, fid)?;
    bind(insert, 2, row.geometry)?;
    bind(insert, 3, row.id)?;
    bind(insert, 4, row.parent)?;
    bind(insert, 5, row.kind)?;
    bind(insert, 6, row.name)?;
    bind(insert, 7, row.address)?;
    for (number, bound) in row.bounds.iter().enumerate() {
        bind(insert, FIRST_BOUND + number, bound)?;
    }
    Ok(())
}
