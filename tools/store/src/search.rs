//! The search index: names, addresses and ids as people type them.
//!
//! Someone looks for "Mannerheimintie 3" or "tuomiokirkko" and types neither the case nor the dots of the letters, nor
//! the end of the word. `SQLite`'s FTS5 answers that; it lies in a file of its own so that GIS programs do not show its
//! tables.

use crate::Error;
use crate::error::database;
use crate::spool::{Attribute, Spool};
use rusqlite::{Connection, params};
use serde_json::Value;
use std::path::Path;

/// FTS5 gathers words in memory before it writes them: 32 MiB make few pieces that need merging afterwards.
const SCHEMA: &str = r#"
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -32768;
CREATE TABLE feature(
  number INTEGER PRIMARY KEY, id TEXT NOT NULL, layer TEXT NOT NULL, kind TEXT NOT NULL,
  name TEXT, names TEXT, address TEXT, longitude REAL, latitude REAL);
CREATE VIRTUAL TABLE words USING fts5(
  name, names, address, id, content = 'feature', content_rowid = 'number',
  tokenize = "unicode61 remove_diacritics 2", prefix = '2 3');
INSERT INTO words(words, rank) VALUES ('hashsize', 33554432);
"#;

/// Writes the index of all spooled features to a new file at `path`.
pub(crate) fn write(spool: &Spool, path: &Path) -> Result<(), Error> {
    let build = path.with_extension("build.tmp");
    if build.exists() {
        std::fs::remove_file(&build).map_err(crate::error::io("cannot remove", &build))?;
    }
    let connection = crate::database::create(&build).map_err(database(&build))?;
    // FTS5 leaves holes where it merged its pieces; the copy has none.
    let built = fill(&connection, spool).map_err(database(&build)).and_then(|()| {
        let target = path.to_string_lossy();
        connection
            .execute("VACUUM INTO ?1", params![target])
            .map_err(database(path))
    });
    drop(connection);
    let _ = std::fs::remove_file(&build);
    built.map(|_| ())
}

fn fill(connection: &Connection, spool: &Spool) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)?;
    connection.execute("ATTACH DATABASE ?1 AS spool", params![spool.path().to_string_lossy()])?;
    let transaction = connection.unchecked_transaction()?;
    let order = spool.order();
    transaction.execute_batch(&format!(
        "INSERT INTO feature(id, layer, kind, name, names, address, longitude, latitude)
           SELECT id, layer, kind, name, names, address, (west + east) / 2, (south + north) / 2
           FROM spool.spooled ORDER BY {order};
         INSERT INTO words(words) VALUES ('rebuild');
         INSERT INTO words(words) VALUES ('optimize');
         INSERT INTO words(words, rank) VALUES ('hashsize', 1048576);"
    ))?;
    transaction.commit()
}

/// The object's names in other languages and spellings: attributes that are called `name...` or end with `Name`. A
/// number behind them only tells several of one name apart.
pub(crate) fn other_names(attributes: &[Attribute]) -> Option<String> {
    let is_name = |attribute: &&Attribute| {
        let name = attribute
            .name
            .trim_end_matches(|letter: char| letter.is_ascii_digit())
            .trim_end();
        name.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("name")) || name.ends_with("Name")
    };
    let names: Vec<&str> = attributes
        .iter()
        .filter(is_name)
        .flat_map(|attribute| match &attribute.value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        })
        .filter_map(Value::as_str)
        .collect();
    (!names.is_empty()).then(|| names.join("; "))
}

/// The FTS5 query for what a person typed: every word, the last ones unfinished. `None` if there is no word in it.
pub(crate) fn query(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(|word| format!("\"{}\"*", word.replace('"', "\"\"")))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Hits of a query, best first: what has the whole text (third parameter) as its id, then names, addresses and ids.
pub(crate) const SELECT: &str = "SELECT f.id, f.layer, f.kind, f.name, f.address, f.longitude, f.latitude
    FROM words JOIN feature AS f ON f.number = words.rowid
    WHERE words MATCH ?1 ORDER BY f.id = ?3 DESC, bm25(words, 10.0, 8.0, 4.0, 2.0), f.id LIMIT ?2";

/// One row of [`SELECT`].
pub(crate) fn hit(row: &rusqlite::Row<'_>) -> rusqlite::Result<crate::SearchHit> {
    let position: (Option<f64>, Option<f64>) = (row.get(5)?, row.get(6)?);
    Ok(crate::SearchHit {
        id: row.get(0)?,
        layer: row.get(1)?,
        kind: row.get(2)?,
        name: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
        address: row.get::<_, Option<String>>(4)?.unwrap_or_default(),
        position: position
            .0
            .zip(position.1)
            .map(|(longitude, latitude)| [longitude, latitude]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_in_other_languages_are_searched_and_other_attributes_are_not() {
        let attributes = [
            ("otherName", json!("Storkyrkan")),
            ("otherName 2", json!("Cathedral")),
            ("name:sv", json!(["Domkyrkan", "Nikolaikyrkan"])),
            ("heightSource", json!("tag")),
            ("nimi", json!("no name in this language")),
            ("nameless", json!(7)),
        ];
        let attributes = attributes.map(|(name, value)| Attribute {
            name: name.to_owned(),
            unit: None,
            value,
        });
        let names = other_names(&attributes);
        assert_eq!(
            names.as_deref(),
            Some("Storkyrkan; Cathedral; Domkyrkan; Nikolaikyrkan")
        );
        assert_eq!(other_names(&attributes[3..]), None);
    }
}
