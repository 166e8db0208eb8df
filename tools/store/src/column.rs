//! Columns for attributes that nobody knows beforehand.
//!
//! CityGML objects carry generic attributes of any name and type, and a table needs columns before its first row. So
//! every row is looked at once, and each attribute name gets the narrowest type that all of its values share.

use crate::feature::AttributeNote;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many columns a table may get for attributes; `SQLite` allows 2000 in all. The rarest attributes beyond it share
/// one column as a JSON object.
const MOST_COLUMNS: usize = 900;
/// A code list of more different codes is not listed.
const MOST_CODES: usize = 1000;
/// The name of the column that the rarest attributes share.
pub(crate) const REST: &str = "other_attributes";

/// A column type of the GeoPackage (clause 1.1.1.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Boolean,
    Integer,
    Real,
    /// A calendar day, as `2021-04-15`.
    Date,
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
            Self::Date => "DATE",
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
            Value::String(text) if is_date(text) => Some(Self::Date),
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

/// Whether a text is a day of the calendar as ISO 8601 writes it, `2021-04-15`, and nothing else.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        let part = parts.next().filter(|part| part.len() == digits)?;
        part.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| part.parse::<u32>().ok())?
    };
    let (10, Some(year), Some(month), Some(day)) = (text.len(), number(4), number(2), number(2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// One attribute column of a feature table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// The attribute's own name.
    pub(crate) attribute: String,
    /// The unit of its numbers.
    pub(crate) unit: Option<String>,
    /// The column's name: unique in the table whatever the case.
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
}

/// What was seen of an attribute in one unit so far.
#[derive(Debug, Clone)]
struct Seen {
    unit: Option<String>,
    kind: Option<ColumnType>,
    count: u64,
}

/// The code list of an attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct CodeList {
    /// Where it is, as written, if all values say the same.
    pub(crate) place: Option<String>,
    /// The codes that occur and what they mean.
    pub(crate) codes: BTreeMap<String, Option<String>>,
    several: bool,
    counted: u64,
}

impl CodeList {
    fn add(&mut self, note: &AttributeNote, value: &Value) {
        if self.counted == 0 {
            self.place.clone_from(&note.code_list);
        } else if self.place != note.code_list {
            self.several = true;
        }
        let Value::String(code) = value else { return };
        self.counted += 1;
        if let Some(label) = self.codes.get_mut(code) {
            // Of several labels the first in the alphabet, so that the order of rows does not matter.
            let least = label.take().into_iter().chain(note.label.clone()).min();
            *label = least;
        } else if self.codes.len() <= MOST_CODES {
            self.codes.insert(code.clone(), note.label.clone());
        }
    }
}

/// What was seen of an attribute so far.
#[derive(Debug, Default)]
struct Attribute {
    /// By unit, the values that no fixed column keeps whole.
    units: Vec<Seen>,
    /// All values.
    count: u64,
    list: CodeList,
}

/// The attributes of one table while its rows go by.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    seen: BTreeMap<String, Attribute>,
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
    /// Looks at a value; `needs_column` says that no fixed column keeps it whole.
    pub(crate) fn see(
        &mut self,
        attribute: &str,
        unit: Option<&str>,
        value: &Value,
        note: Option<&AttributeNote>,
        needs_column: bool,
    ) {
        if !self.seen.contains_key(attribute) {
            self.seen.insert(attribute.to_owned(), Attribute::default());
        }
        let Some(seen) = self.seen.get_mut(attribute) else {
            return;
        };
        seen.count += 1;
        if let Some(note) = note.filter(|note| note.code_list.is_some() || note.label.is_some()) {
            seen.list.add(note, value);
        }
        if !needs_column {
            return;
        }
        let kind = ColumnType::of(value);
        match seen.units.iter_mut().find(|seen| seen.unit.as_deref() == unit) {
            Some(seen) => {
                seen.count += 1;
                seen.kind = match (seen.kind, kind) {
                    (Some(a), Some(b)) => Some(a.join(b)),
                    (a, b) => a.or(b),
                };
            }
            None => seen.units.push(Seen {
                unit: unit.map(str::to_owned),
                kind,
                count: 1,
            }),
        }
    }

    /// Where the codes of an attribute are listed, if all of its values that are codes say the same.
    pub(crate) fn code_list(&self, attribute: &str) -> Option<&str> {
        let list = &self.seen.get(attribute)?.list;
        if list.several { None } else { list.place.as_deref() }
    }

    /// The codes of an attribute and what they mean, if every value is a code and some are explained.
    pub(crate) fn codes(&self, attribute: &str) -> Option<&BTreeMap<String, Option<String>>> {
        let Attribute { count, list, .. } = self.seen.get(attribute)?;
        let all = list.counted == *count && list.codes.len() <= MOST_CODES && !list.several;
        let explained = list.codes.values().any(Option::is_some);
        (all && explained).then_some(&list.codes)
    }

    /// Columns in order of attribute name and unit, with names that none of `taken` (lower case) has.
    pub(crate) fn columns(&self, taken: &[&str]) -> Columns {
        let units = |(name, attribute): (_, &'_ Attribute)| {
            let units = attribute.units.iter().cloned();
            units
                .map(move |seen| (Clone::clone(name), seen))
                .collect::<Vec<(String, Seen)>>()
        };
        let mut kept: Vec<(String, Seen)> = self.seen.iter().flat_map(units).collect();
        let by_name = |(a, s): &(String, Seen), (b, t): &(String, Seen)| (a, &s.unit).cmp(&(b, &t.unit));
        let rest = kept.len() > MOST_COLUMNS;
        if rest {
            kept.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| by_name(a, b)));
            kept.truncate(MOST_COLUMNS);
        }
        kept.sort_by(by_name);
        let mut taken: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
        taken.insert(REST.to_owned());
        let columns = kept.into_iter().map(|(attribute, seen)| Column {
            name: unique(&snake_case(&attribute), &mut taken),
            attribute,
            unit: seen.unit,
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
            discovery.see("a", None, value, None, true);
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
        assert_eq!(types(&[json!("2021-04-15"), json!("2000-02-29")]), ColumnType::Date);
        assert_eq!(types(&[json!("2021-04-15"), json!("spring 2021")]), ColumnType::Text);
        for no_day in [
            "2021-02-29",
            "1900-02-29",
            "2021-13-01",
            "2021-4-15",
            "2021-04-00",
            "2021-04-15-",
            "2021-04",
            "-021-04-15",
        ] {
            assert_eq!(types(&[json!(no_day)]), ColumnType::Text, "{no_day}");
        }
    }

    #[test]
    fn numbers_in_different_units_get_columns_of_their_own() {
        let mut discovery = Discovery::default();
        for unit in [Some("m"), None, Some("ft"), Some("m")] {
            discovery.see("width", unit, &json!(1.5), None, true);
        }
        let columns = discovery.columns(&[]).columns;
        let columns: Vec<_> = columns
            .iter()
            .map(|column| (column.name.as_str(), column.unit.as_deref()))
            .collect();
        assert_eq!(
            columns,
            [("width", None), ("width_2", Some("ft")), ("width_3", Some("m"))]
        );
    }

    #[test]
    fn codes_are_listed_where_every_value_is_one_and_some_are_explained() {
        let note = |label: Option<&str>| AttributeNote {
            attribute: "roofType".to_owned(),
            code_list: Some("roofs.xml".to_owned()),
            label: label.map(str::to_owned),
            ..AttributeNote::default()
        };
        let mut discovery = Discovery::default();
        discovery.see("roofType", None, &json!("1000"), Some(&note(Some("flat"))), false);
        discovery.see("roofType", None, &json!("1010"), Some(&note(None)), false);
        let codes = discovery.codes("roofType").cloned().unwrap_or_default();
        assert_eq!(
            codes,
            BTreeMap::from([("1000".to_owned(), Some("flat".to_owned())), ("1010".to_owned(), None)])
        );
        assert_eq!(discovery.code_list("roofType"), Some("roofs.xml"));
        discovery.see("roofType", None, &json!("unknown"), None, false);
        assert_eq!(discovery.codes("roofType"), None, "one value is no code");
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
            discovery.see(attribute, None, &json!(1), None, true);
        }
        let columns = discovery.columns(&["name"]);
        let names: Vec<_> = columns.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["height_source", "height_source_2", "height_source_3", "name_2"]);
    }

    #[test]
    fn the_rarest_of_too_many_attributes_share_a_column() {
        let mut discovery = Discovery::default();
        for number in 0..MOST_COLUMNS + 50 {
            discovery.see(&format!("rare{number}"), None, &json!(number), None, true);
        }
        for _ in 0..2 {
            discovery.see("zz_common", None, &json!(1), None, true);
        }
        let columns = discovery.columns(&[]);
        assert!(columns.rest);
        assert_eq!(columns.columns.len(), MOST_COLUMNS);
        assert!(columns.columns.iter().any(|column| column.attribute == "zz_common"));
    }
}
