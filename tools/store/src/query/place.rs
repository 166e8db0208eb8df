//! Features near a place, by the R-tree.
//!
//! The R-tree holds boxes in 32 bits, rounded outward: what it does not name is not there, and what it names may lie a
//! metre beside. Where its box lies within the place it is surely there; of the others the footprint is looked at.

use super::area::Area;
use super::{Asked, MOST_COUNTED};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

/// The numbers of the features of a table that meet the place and fulfil the rest, ascending; `None` if there may be
/// more than [`MOST_COUNTED`].
pub(super) fn matches(
    connection: &Connection,
    asked: &Asked<'_>,
    area: &Area,
    alone: bool,
) -> rusqlite::Result<Option<Vec<i64>>> {
    let Some(near) = near(connection, &asked.table.name, area)? else {
        return Ok(None);
    };
    let table = &asked.table.name;
    let sql = format!("SELECT 1 FROM \"{table}\" WHERE fid = ? AND {}", asked.clause.sql());
    let mut look = connection.prepare(&sql)?;
    let mut matches = Vec::with_capacity(near.len());
    let mut values = vec![Value::Null];
    values.extend(asked.clause.values.iter().cloned());
    for (fid, certain) in near {
        // The place is all that was asked for, and is fulfilled.
        if !(certain && alone) {
            values[0] = fid.into();
            if !look.exists(params_from_iter(&values))? {
                continue;
            }
        }
        matches.push(fid);
    }
    Ok(Some(matches))
}

/// The features whose box meets the bounds of the place, ascending, and whether they surely meet it.
fn near(connection: &Connection, table: &str, area: &Area) -> rusqlite::Result<Option<Vec<(i64, bool)>>> {
    let sql = format!(
        "SELECT id, minx, miny, maxx, maxy FROM \"rtree_{table}_geom\"
         WHERE maxx >= ?1 AND minx <= ?3 AND maxy >= ?2 AND miny <= ?4"
    );
    let mut select = connection.prepare_cached(&sql)?;
    let mut near = Vec::new();
    for [west, south, east, north] in area.bounds() {
        let mut rows = select.query(params![west, south, east, north])?;
        while let Some(row) = rows.next()? {
            let bounds = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            near.push((row.get(0)?, area.covers(bounds)));
            if near.len() > 2 * MOST_COUNTED {
                return Ok(None);
            }
        }
    }
    // Parts of a place may overlap.
    near.sort_unstable_by_key(|(fid, certain)| (*fid, !certain));
    near.dedup_by_key(|(fid, _)| *fid);
    Ok((near.len() <= MOST_COUNTED).then_some(near))
}
