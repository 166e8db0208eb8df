//! Pages in the order of relevance.

use super::{Asked, Clock, Cursor, Filling, MOST_COUNTED, Page, Query};
use crate::database::Database;
use crate::{Error, search};
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params, params_from_iter};

/// One page of what the words find, of the best [`MOST_COUNTED`].
pub(super) fn page(
    query: &Query,
    words: &str,
    asked: &[Asked<'_>],
    features: &Database,
    search: &Database,
    clock: Clock,
) -> Result<Page, Error> {
    let hits = hits(words, search, clock)?;
    let skipped = match query.after {
        Some(Cursor::Offset(offset)) => offset as usize,
        _ => 0,
    };
    clock.watch(features, |connection| {
        let mut filling = Filling::new(query.limit);
        let mut matched = 0;
        for (layer, id) in hits.iter().take(MOST_COUNTED) {
            let Some(asked) = asked.iter().find(|asked| asked.table.name == *layer) else {
                continue;
            };
            let sql = format!("SELECT * FROM \"{layer}\" WHERE id = ? AND {}", asked.clause.sql());
            let mut values: Vec<Value> = vec![id.clone().into()];
            values.extend(asked.clause.values.iter().cloned());
            let wanted = matched >= skipped && filling.page.next.is_none();
            let mut select = connection.prepare_cached(&sql)?;
            let found = if wanted {
                select
                    .query_row(params_from_iter(&values), |row| asked.table.row(row))
                    .optional()?
                    .map(Some)
            } else {
                (asked.clause.is_empty() || select.exists(params_from_iter(&values))?).then_some(None)
            };
            match found {
                None => continue,
                Some(Some(_)) if filling.is_full() => filling.page.next = Some(Cursor::Offset(matched as u64)),
                Some(Some(row)) => filling.take(row),
                Some(None) => {}
            }
            matched += 1;
        }
        filling.page.matched = (hits.len() <= MOST_COUNTED).then_some(matched as u64);
        Ok(filling.page)
    })
}

/// Layer and id of what the words find, best first: at most one more than [`MOST_COUNTED`].
fn hits(words: &str, search: &Database, clock: Clock) -> Result<Vec<(String, String)>, Error> {
    let Some(query) = search::query(words) else {
        return Ok(Vec::new());
    };
    clock.watch(search, |connection| {
        let mut select = connection.prepare_cached(search::SELECT)?;
        select
            .query_map(params![query, MOST_COUNTED as i64 + 1, words.trim()], |row| {
                Ok((row.get(1)?, row.get(0)?))
            })?
            .collect()
    })
}
