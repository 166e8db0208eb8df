//! Every row of the GeoPackage against the tiles that should show it.

use super::tree::Tree;
use super::{Checker, TILER_FAULT};
use crate::FeatureRow;
use crate::database::Database;
use crate::feature_table;
use std::collections::BTreeMap;
use tiles::tileset::Pointer;

/// What of a row is needed when all have been seen.
struct Row {
    parent: Option<String>,
    parts: Vec<String>,
    tiled: bool,
}

pub(super) fn check(checker: &mut Checker<'_>, pointer: &Pointer, tree: &Tree) {
    let rows = Database::open(&checker.directory.join(&pointer.features)).and_then(|database| {
        let mut rows = Vec::new();
        database.with(|connection| {
            for table in feature_table::tables(connection)? {
                table.for_each(connection, &mut |mut row| {
                    row.attributes = Vec::new();
                    row.footprint = Vec::new();
                    rows.push(row);
                    true
                })?;
            }
            Ok(())
        })?;
        Ok(rows)
    });
    let rows = match rows {
        Ok(rows) => rows,
        Err(error) => {
            return checker.problem("geopackage", &pointer.features, error.to_string(), super::PUBLISH_AGAIN);
        }
    };
    checker.report.features += rows.len() as u64;
    let relations = relations(&rows);
    for row in &rows {
        check_row(checker, pointer, tree, row, &relations);
    }
    check_known(checker, tree, &relations);
}

fn relations(rows: &[FeatureRow]) -> BTreeMap<String, Row> {
    let mut relations: BTreeMap<String, Row> = BTreeMap::new();
    for row in rows {
        let tiled = !row.tiles.is_empty();
        relations.insert(
            row.id.clone(),
            Row {
                parent: row.parent.clone(),
                parts: Vec::new(),
                tiled,
            },
        );
    }
    for row in rows {
        if let Some(parent) = row.parent.as_ref().and_then(|parent| relations.get_mut(parent)) {
            parent.parts.push(row.id.clone());
        }
    }
    relations
}

/// The row's id, those of what it is a part of, and those of its parts: its geometry may lie under any of them.
fn related<'a>(id: &'a str, relations: &'a BTreeMap<String, Row>) -> Vec<&'a str> {
    let mut ids = vec![id];
    let mut above = relations.get(id).and_then(|row| row.parent.as_deref());
    while let Some(parent) = above.filter(|parent| !ids.contains(parent)) {
        ids.push(parent);
        above = relations.get(parent).and_then(|row| row.parent.as_deref());
    }
    let mut next = vec![id];
    while let Some(id) = next.pop() {
        for part in relations.get(id).map(|row| row.parts.as_slice()).unwrap_or_default() {
            if !ids.contains(&part.as_str()) {
                ids.push(part);
                next.push(part);
            }
        }
    }
    ids
}

fn check_row(
    checker: &mut Checker<'_>,
    pointer: &Pointer,
    tree: &Tree,
    row: &FeatureRow,
    relations: &BTreeMap<String, Row>,
) {
    let related = related(&row.id, relations);
    let mut wrong = |code, what: String| checker.problem(code, &pointer.features, what, TILER_FAULT);
    if let Some(parent) = row.parent.as_ref().filter(|parent| !relations.contains_key(*parent)) {
        wrong(
            "parent",
            format!("the feature {} is a part of {parent}, which has no row", row.id),
        );
    }
    if row.tiles.is_empty() {
        if !related.iter().any(|id| relations.get(*id).is_some_and(|row| row.tiled)) {
            wrong("lost-feature", format!("the feature {} lies in no tile", row.id));
        }
        return;
    }
    let mut in_leaf = false;
    for tile in &row.tiles {
        let Some(seen) = tree.get(&tile.file) else {
            wrong(
                "lost-tile",
                format!(
                    "the feature {} names the tile {}, which is not in the tree",
                    row.id, tile.file
                ),
            );
            continue;
        };
        if seen.leaf != (tile.level == 0) {
            let is = if seen.leaf { "a leaf" } else { "not a leaf" };
            wrong(
                "level",
                format!(
                    "the feature {} calls {} level {}, which is {is}",
                    row.id, tile.file, tile.level
                ),
            );
        }
        in_leaf |= seen.leaf && related.iter().any(|id| seen.ids.contains(*id));
    }
    if !in_leaf {
        wrong(
            "lost-feature",
            format!("no leaf that the feature {} names holds it", row.id),
        );
    }
}

/// Every id that a pick can return must have a row.
fn check_known(checker: &mut Checker<'_>, tree: &Tree, relations: &BTreeMap<String, Row>) {
    for (name, seen) in tree {
        for id in seen.ids.iter().filter(|id| !relations.contains_key(*id)) {
            let what = format!("the feature {id} has no row in the GeoPackage");
            checker.problem("unknown-feature", &format!("files/{name}"), what, TILER_FAULT);
        }
    }
}
