//! What SQLite cannot do by itself: geometry, and letters that are alike.

use super::area::{Area, Prepared};
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Error, Result};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Makes the functions known to a connection: `meets(geometry, area)`, `fold_case(text)` and `fold_accents(text)`.
pub(crate) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("meets", 2, flags, meets)?;
    connection.create_scalar_function("fold_case", 1, flags, |context| folded(context, fold_case))?;
    connection.create_scalar_function("fold_accents", 1, flags, |context| folded(context, fold_accents))
}

fn meets(context: &Context<'_>) -> Result<Option<bool>> {
    // The place is the same for every row: it is made ready once.
    let area = context.get_or_create_aux(
        1,
        |value| -> Result<Prepared, Box<dyn std::error::Error + Send + Sync>> {
            let area: Area = serde_json::from_str(value.as_str()?)?;
            Ok(area.prepared())
        },
    )?;
    let blob = context
        .get_raw(0)
        .as_blob_or_null()
        .map_err(|error| Error::UserFunctionError(error.into()))?;
    Ok(blob.map(|blob| area.meets(blob)))
}

fn folded(context: &Context<'_>, fold: fn(&str) -> String) -> Result<Option<String>> {
    let text = context
        .get_raw(0)
        .as_str_or_null()
        .map_err(|error| Error::UserFunctionError(error.into()))?;
    Ok(text.map(fold))
}

/// The text with letters that differ in case alone made equal. Capitals and back, because only that makes "Straße" and
/// "STRASSE" equal, as full case folding does (Unicode 3.13).
pub(crate) fn fold_case(text: &str) -> String {
    text.to_uppercase().to_lowercase()
}

/// The text without the marks of its letters.
pub(crate) fn fold_accents(text: &str) -> String {
    text.nfd().filter(|letter| !is_combining_mark(*letter)).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_are_alike_fold_together() {
        assert_eq!(fold_case("Stra\u{df}e"), fold_case("STRASSE"));
        assert_eq!(
            fold_case("\u{39f}\u{3b4}\u{3bf}\u{3c2}"),
            fold_case("\u{39f}\u{394}\u{39f}\u{3a3}")
        );
        assert_ne!(fold_case("Aleksi"), fold_case("\u{c4}leksi"));
        assert_eq!(fold_accents("d\u{e9}b\u{e1}rqu\u{e9}r"), "debarquer");
        assert_eq!(fold_accents("T\u{f6}\u{f6}l\u{f6}"), "Toolo");
        assert_ne!(fold_accents("A"), fold_accents("a"));
    }
}
