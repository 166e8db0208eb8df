//! Pages in the order of layers and ids.

use super::area::Area;
use super::{Asked, Clock, Cursor, Filling, MOST_COUNTED, Page, Query, place};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

/// How long counting may take, in thousands of steps: some ten thousand rows of a plain comparison. Nobody waits for a
/// number much longer than for the page.
const COUNTING: u32 = 200;

/// One page.
pub(super) fn page(
    query: &Query,
    asked: &[Asked<'_>],
    connection: &Connection,
    clock: Clock,
) -> rusqlite::Result<Page> {
    let (first, after) = begin(query.after.as_ref(), asked, connection)?;
    let areas = query
        .condition
        .as_ref()
        .map(|condition| condition.areas())
        .unwrap_or_default();
    let area = query.area.as_ref().or(areas.first().copied());
    let alone = query.area.is_some() && query.condition.is_none() && query.heights.is_none();
    let mut filling = Filling::new(query.limit);
    let mut matched = Some(0);
    for (number, asked) in asked.iter().enumerate() {
        let near = match area {
            Some(area) => place::matches(connection, asked, area, alone)?,
            None => None,
        };
        let wanted = number >= first && filling.page.next.is_none();
        let after = if number == first { after } else { 0 };
        if wanted {
            match &near {
                Some(near) => fill_from(&mut filling, asked, connection, near, after)?,
                None => fill(&mut filling, asked, connection, after)?,
            }
        }
        let count = match (&near, matched) {
            (_, None) => None,
            (Some(near), Some(_)) => Some(near.len() as u64),
            (None, Some(_)) => count(asked, area, connection, clock)?,
        };
        matched = matched.zip(count).map(|(all, more)| all + more);
        if matched.is_none() && filling.page.next.is_some() {
            break;
        }
    }
    let unfiltered = area.is_none() && asked.iter().all(|asked| asked.clause.is_empty());
    filling.page.matched = matched.filter(|matched| unfiltered || *matched <= MOST_COUNTED as u64);
    Ok(filling.page)
}

/// The table that a page begins in, and the number after which it does.
fn begin(after: Option<&Cursor>, asked: &[Asked<'_>], connection: &Connection) -> rusqlite::Result<(usize, i64)> {
    let Some(Cursor::After { layer, id }) = after else {
        return Ok((0, 0));
    };
    let rank = |name: &str| (name != "buildings", name.to_owned());
    let place = asked.iter().position(|asked| rank(&asked.table.name) >= rank(layer));
    match place {
        None => Ok((asked.len(), 0)),
        Some(place) if asked[place].table.name != *layer => Ok((place, 0)),
        Some(place) => {
            // Numbers are in the order of ids. The feature itself may be gone since.
            let sql = format!("SELECT fid FROM \"{layer}\" WHERE id <= ?1 ORDER BY id DESC LIMIT 1");
            let fid = connection.query_row(&sql, params![id], |row| row.get(0)).optional()?;
            Ok((place, fid.unwrap_or(0)))
        }
    }
}

/// Walks the table.
fn fill(filling: &mut Filling, asked: &Asked<'_>, connection: &Connection, after: i64) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT * FROM \"{}\" WHERE fid > ? AND {} ORDER BY fid LIMIT ?",
        asked.table.name,
        asked.clause.sql()
    );
    let left = filling.limit - filling.page.features.len();
    let mut values: Vec<Value> = vec![after.into()];
    values.extend(asked.clause.values.iter().cloned());
    values.push(i64::try_from(left + 1).unwrap_or(i64::MAX).into());
    let mut select = connection.prepare(&sql)?;
    let mut rows = select.query(params_from_iter(&values))?;
    while let Some(row) = rows.next()? {
        if filling.is_full() {
            filling.goes_on();
            break;
        }
        filling.take(asked.table.row(row)?);
    }
    Ok(())
}

/// Takes the features whose numbers are known.
fn fill_from(
    filling: &mut Filling,
    asked: &Asked<'_>,
    connection: &Connection,
    near: &[i64],
    after: i64,
) -> rusqlite::Result<()> {
    let mut select = connection.prepare_cached(&format!("SELECT * FROM \"{}\" WHERE fid = ?1", asked.table.name))?;
    for fid in near.iter().skip(near.partition_point(|fid| *fid <= after)) {
        if filling.is_full() {
            filling.goes_on();
            break;
        }
        let row = select.query_row(params![fid], |row| asked.table.row(row))?;
        filling.take(row);
    }
    Ok(())
}

/// How many features of a table match, if that is no work or little.
fn count(
    asked: &Asked<'_>,
    area: Option<&Area>,
    connection: &Connection,
    clock: Clock,
) -> rusqlite::Result<Option<u64>> {
    if asked.clause.is_empty() {
        return Ok(Some(
            asked.table.fids.map_or(0, |[first, last]| (last - first + 1) as u64),
        ));
    }
    if area.is_some() {
        // The R-tree has named too many already.
        return Ok(None);
    }
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM \"{}\" WHERE {} LIMIT {})",
        asked.table.name,
        asked.clause.sql(),
        MOST_COUNTED + 1
    );
    clock.within_steps(connection, COUNTING, || {
        connection.query_row(&sql, params_from_iter(&asked.clause.values), |row| row.get(0))
    })
}
