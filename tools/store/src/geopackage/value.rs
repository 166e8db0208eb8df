//! Attribute values as `SQLite` keeps them.

use crate::Error;
use crate::column::ColumnType;
use rusqlite::types::Value as Sql;
use serde_json::Value;

/// A value in a fixed column: the first of a list, the year of a date, the number in a text.
pub(super) fn fixed(value: &Value, kind: ColumnType) -> Sql {
    match (value, kind) {
        (Value::Array(values), _) => values.first().map_or(Sql::Null, |first| fixed(first, kind)),
        (Value::String(text), ColumnType::Text) => Sql::Text(text.clone()),
        (Value::Number(number), ColumnType::Text) => Sql::Text(number.to_string()),
        (Value::String(text), ColumnType::Integer) => {
            let digits = text.trim().split('-').next().unwrap_or_default();
            digits.parse().map_or(Sql::Null, Sql::Integer)
        }
        (Value::String(text), _) => text.trim().parse().map_or(Sql::Null, Sql::Real),
        (Value::Number(number), ColumnType::Integer) => number.as_i64().map_or(Sql::Null, Sql::Integer),
        (Value::Number(number), _) => number.as_f64().map_or(Sql::Null, Sql::Real),
        _ => Sql::Null,
    }
}

/// A value in a column whose type all of its values share.
pub(super) fn found(value: &Value, kind: ColumnType) -> Result<Sql, Error> {
    Ok(match (value, kind) {
        (Value::Null, _) => Sql::Null,
        (_, ColumnType::Json) => Sql::Text(json(value)?),
        (Value::Bool(truth), ColumnType::Boolean) => Sql::Integer(i64::from(*truth)),
        (Value::Number(number), ColumnType::Integer) => number.as_i64().map_or(Sql::Null, Sql::Integer),
        (Value::Number(number), ColumnType::Real) => number.as_f64().map_or(Sql::Null, Sql::Real),
        (Value::String(text), _) => Sql::Text(text.clone()),
        (other, _) => Sql::Text(json(other)?),
    })
}

/// A value that no column type holds, as JSON.
pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    let document = "an attribute";
    serde_json::to_string(value).map_err(|source| Error::Serialize { document, source })
}
