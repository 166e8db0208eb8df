//! Columns for attributes that nobody knows beforehand.
//!
//! CityGML objects carry generic attributes of any name and type, and a table needs columns before its first row. So
//! every row is looked at once, and each attribute name gets the narrowest type that all of its values share.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many columns a table may get for attributes; `SQLite` allows 2000 in all. The rarest attributes beyond it share
/// one column as a JSON object.
const MOST_COLUMNS: usize = 900;
/// The name of the column that the rarest attributes share.
pub(crate) const REST: &str = "other_attributes";

/// A column type of the GeoPackage (clause 1.1.1.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Boolean,
    Integer,
    Real,
    Text,
    /// Text that holds JSON, because some value is a list or an object.
    Json,
}

impl ColumnType {
    /// The type's name in `CREATE TABLE`.
    pub(crate) const fn sql(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::Integer => "INTEGER",
            Self::Real => "REAL",
            Self::Text | Self::Json => "TEXT",
        }
    }

    /// The narrowest type for a value; `None` for null, which fits all.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Boolean),
            Value::Number(number) if number.is_i64() => Some(Self::Integer),
            Value::Number(_) => Some(Self::Real),
            Value::String(_) => Some(Self::Text),
            Value::Array(_) | Value::Object(_) => Some(Self::Json),
        }
    }

    /// The narrowest type for values of both types.
    fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Integer, Self::Real) | (Self::Real, Self::Integer) => Self::Real,
            (Self::Json, _) | (_, Self::Json) => Self::Json,
            _ => Self::Text,
        }
    }
}

/// One attribute column of a feature table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// The attribute's own name.
    pub(crate) attribute: String,
    /// The column's name: unique in the table whatever the case.
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
}

/// What was seen of an attribute so far.
#[derive(Debug, Clone, Copy)]
struct Seen {
    kind: Option<ColumnType>,
    count: u64,
}

/// The attributes of one table while its rows go by.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    seen: BTreeMap<String, Seen>,
}

/// The columns of one table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// By attribute name.
    pub(crate) columns: Vec<Column>,
    /// Whether there were too many attributes, so that [`REST`] holds the rarest.
    pub(crate) rest: bool,
}

impl Discovery {
    pub(crate) fn see(&mut self, attribute: &str, value: &Value) {
        let kind = ColumnType::of(value);
        if let Some(seen) = self.seen.get_mut(attribute) {
            seen.count += 1;
            seen.kind = match (seen.kind, kind) {
                (Some(a), Some(b)) => Some(a.join(b)),
                (a, b) => a.or(b),
            };
        } else {
            self.seen.insert(attribute.to_owned(), Seen { kind, count: 1 });
        }
    }

    /// Columns in order of attribute name, with names that none of `taken` (lower case) has.
    pub(crate) fn columns(&self, taken: &[&str]) -> Columns {
        let mut kept: Vec<_> = self.seen.iter().collect();
        let rest = kept.len() > MOST_COLUMNS;
        if rest {
            kept.sort_by(|(a, s), (b, t)| t.count.cmp(&s.count).then_with(|| a.cmp(b)));
            kept.truncate(MOST_COLUMNS);
            kept.sort_by_key(|(attribute, _)| *attribute);
        }
        let mut taken: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
        taken.insert(REST.to_owned());
        let columns = kept.into_iter().map(|(attribute, seen)| Column {
            attribute: attribute.clone(),
            name: unique(&snake_case(attribute), &mut taken),
            kind: seen.kind.unwrap_or(ColumnType::Text),
        });
        Columns {
            columns: columns.collect(),
            rest,
        }
    }
}

/// The name in small letters, digits and `_`, as the GeoPackage recommends; letters of other alphabets stay.
pub(crate) fn snake_case(attribute: &str) -> String {
    let mut name = String::with_capacity(attribute.len() + 4);
    let mut before = '_';
    let mut letters = attribute.chars().peekable();
    while let Some(letter) = letters.next() {
        let begins_word = letters.peek().is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit() && begins_word) {
            name.push('_');
        }
        if letter.is_alphanumeric() {
            name.extend(letter.to_lowercase());
        } else if before.is_alphanumeric() {
            name.push('_');
        }
        before = letter;
    }
    let name = name.trim_matches('_');
    match name.chars().next() {
        None => "attribute".to_owned(),
        Some(first) if first.is_numeric() => format!("n_{name}"),
        Some(_) => name.to_owned(),
    }
}

/// `name`, or `name_2` and so on where it is taken; then taken too.
pub(crate) fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}_{number}");
        number += 1;
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn types(values: &[Value]) -> ColumnType {
        let mut discovery = Discovery::default();
        for value in values {
            discovery.see("a", value);
        }
        discovery.columns(&[]).columns[0].kind
    }

    #[test]
    fn a_column_gets_the_narrowest_type_of_its_values() {
        assert_eq!(types(&[json!(1), json!(null), json!(2)]), ColumnType::Integer);
        assert_eq!(types(&[json!(1), json!(2.5)]), ColumnType::Real);
        assert_eq!(types(&[json!(true)]), ColumnType::Boolean);
        assert_eq!(types(&[json!("x")]), ColumnType::Text);
        assert_eq!(types(&[json!("x"), json!(1)]), ColumnType::Text);
        assert_eq!(types(&[json!(true), json!(1)]), ColumnType::Text);
        assert_eq!(types(&[json!(["x"]), json!(1)]), ColumnType::Json);
        assert_eq!(types(&[json!(["x"])]), ColumnType::Json);
        assert_eq!(types(&[json!(null)]), ColumnType::Text);
    }

    #[test]
    fn column_names_are_plain_and_differ_in_more_than_case() {
        assert_eq!(snake_case("heightSource"), "height_source");
        assert_eq!(snake_case("addr:street"), "addr_street");
        assert_eq!(snake_case("LOD2 Volume (m3)"), "lod2_volume_m3");
        assert_eq!(snake_case("\u{41a}\u{430}"), "\u{43a}\u{430}");
        assert_eq!(snake_case("3D"), "n_3d");
        assert_eq!(snake_case("LOD2Volume"), "lod2_volume");
        assert_eq!(snake_case("--"), "attribute");

        let mut discovery = Discovery::default();
        for attribute in ["height source", "heightSource", "HeightSource", "name"] {
            discovery.see(attribute, &json!(1));
        }
        let columns = discovery.columns(&["name"]);
        let names: Vec<_> = columns.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["height_source", "height_source_2", "height_source_3", "name_2"]);
    }

    #[test]
    fn the_rarest_of_too_many_attributes_share_a_column() {
        let mut discovery = Discovery::default();
        for number in 0..MOST_COLUMNS + 50 {
            discovery.see(&format!("rare{number}"), &json!(number));
        }
        for _ in 0..2 {
            discovery.see("zz_common", &json!(1));
        }
        let columns = discovery.columns(&[]);
        assert!(columns.rest);
        assert_eq!(columns.columns.len(), MOST_COLUMNS);
        assert!(columns.columns.iter().any(|column| column.attribute == "zz_common"));
    }
}
