//! Where a page ended, as a client carries it to the next one.
//!
//! Clients must not take it apart, so it does not look as if they could: letters and digits, nothing to escape.

use crate::problem::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::Cursor;

/// The longest that is read: ids are short.
const MOST_LETTERS: usize = 2048;

/// As a parameter.
pub(crate) fn write(cursor: &Cursor) -> String {
    let text = match cursor {
        Cursor::After { layer, id } => format!("a{layer}\n{id}"),
        Cursor::Offset(offset) => format!("o{offset}"),
    };
    URL_SAFE_NO_PAD.encode(text)
}

/// From a parameter; `by_relevance` says which kind fits the query.
///
/// # Errors
/// A problem about `cursor`.
pub(crate) fn read(text: Option<&str>, by_relevance: bool) -> Result<Option<Cursor>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match decoded(text) {
        Some(cursor) if matches!(cursor, Cursor::Offset(_)) == by_relevance => Ok(Some(cursor)),
        _ => {
            let detail = "The parameter cursor is not one that this query gave. Take it from the next link, unchanged.";
            Err(Problem::parameter("cursor", detail))
        }
    }
}

fn decoded(text: &str) -> Option<Cursor> {
    if text.len() > MOST_LETTERS {
        return None;
    }
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    if let Some(offset) = text.strip_prefix('o') {
        return offset.parse().ok().map(Cursor::Offset);
    }
    let (layer, id) = text.strip_prefix('a')?.split_once('\n')?;
    Some(Cursor::After {
        layer: layer.to_owned(),
        id: id.to_owned(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_and_nothing_else_does() {
        let after = Cursor::After {
            layer: "buildings".to_owned(),
            id: "{A b/c?d\n\u{e4}}".to_owned(),
        };
        for cursor in [after, Cursor::Offset(300)] {
            let text = write(&cursor);
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
                "{text}"
            );
            let by_relevance = matches!(cursor, Cursor::Offset(_));
            assert_eq!(read(Some(&text), by_relevance).unwrap(), Some(cursor));
            assert!(read(Some(&text), !by_relevance).is_err());
        }
        assert_eq!(read(None, false).unwrap(), None);
        for bad in ["", "x", "!!", "YQ", "b2I", &"YQ".repeat(4000)] {
            assert!(read(Some(bad), false).is_err(), "{bad}");
        }
    }
}
