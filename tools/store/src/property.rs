//! What the features of a collection may say of themselves.
//!
//! Every layer is a table of its own with columns of its own, and a person who asks for all houses above 30 m knows
//! nothing of tables. So the columns of all tables are joined by the name of what they hold.

use crate::feature_table::{Described, FeatureTable};
use crate::geopackage::ATTRIBUTE;

/// The columns that are no property of a feature: its box is a member of its own.
const NOT_PROPERTIES: [&str; 6] = ["west", "south", "lowest", "east", "north", "highest"];

/// The kind of a property's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyKind {
    /// Letters.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A calendar day, as `2021-04-15`.
    Date,
    /// A list or an object; no condition can be made of it but whether it is there.
    Json,
}

/// A property of a collection's features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// Its name: that of CityGML, or `id`, `layer`, `kind`, `name`, `address`, `parent`, `ground` and `top`.
    pub name: String,
    /// The kind that conditions compare.
    pub kind: PropertyKind,
    /// Whether some features have values of another kind, for example a list where others have one word.
    pub mixed: bool,
    /// What it means, where that is known.
    pub description: Option<String>,
    /// The unit of its numbers, as the source writes it, where all tables say the same.
    pub unit: Option<String>,
    /// The code list its values are of, as the source writes it.
    pub code_list: Option<String>,
    /// The codes that occur, with what they mean; empty where values are no codes or there are too many.
    pub codes: Vec<(String, Option<String>)>,
}

impl Property {
    fn layer(tables: &[FeatureTable]) -> Self {
        Self {
            name: "layer".to_owned(),
            kind: PropertyKind::Text,
            mixed: false,
            description: Some("the layer of the city that it belongs to".to_owned()),
            unit: None,
            code_list: None,
            codes: tables.iter().map(|table| (table.name.clone(), None)).collect(),
        }
    }

    fn of(column: &Described) -> Self {
        let description = column.description.as_deref();
        let attribute = description.and_then(|text| text.strip_prefix(ATTRIBUTE));
        let metres = matches!(column.column.as_str(), "ground" | "top" | "measured_height");
        Self {
            name: column.name.clone(),
            kind: kind(column),
            mixed: false,
            description: description
                .filter(|text| !text.starts_with(ATTRIBUTE) && !text.contains(CODE_LIST))
                .map(str::to_owned),
            unit: if metres {
                Some("m".to_owned())
            } else {
                attribute.and_then(|text| text.strip_prefix(" in ")).map(str::to_owned)
            },
            code_list: description
                .and_then(|text| text.split_once(CODE_LIST))
                .map(|(_, list)| list.to_owned()),
            codes: column.codes.clone(),
        }
    }

    /// Joins what another column says of the same property.
    fn join(&mut self, other: Self, same_table: bool) {
        if self.kind != other.kind {
            match (self.kind, other.kind) {
                _ if same_table => self.mixed = true,
                (PropertyKind::Integer, PropertyKind::Number) | (PropertyKind::Number, PropertyKind::Integer) => {
                    self.kind = PropertyKind::Number;
                }
                _ => self.mixed = true,
            }
        }
        if self.unit != other.unit {
            self.unit = None;
        }
        self.description = self.description.take().or(other.description);
        self.code_list = self.code_list.take().or(other.code_list);
        if self.codes.is_empty() || other.codes.is_empty() {
            // Where one table has values that are no codes, the codes are not all there is.
            self.codes.clear();
        } else {
            let new = other
                .codes
                .into_iter()
                .filter(|(code, _)| self.codes.iter().all(|(known, _)| known != code));
            let new: Vec<_> = new.collect();
            self.codes.extend(new);
            self.codes.sort();
        }
    }
}

/// What stands before the name of a code list in a column's description.
const CODE_LIST: &str = "code of the list ";

fn kind(column: &Described) -> PropertyKind {
    match column.sql.as_str() {
        _ if column.json => PropertyKind::Json,
        "BOOLEAN" => PropertyKind::Boolean,
        "INTEGER" => PropertyKind::Integer,
        "REAL" => PropertyKind::Number,
        "DATE" => PropertyKind::Date,
        _ => PropertyKind::Text,
    }
}

/// The properties of all tables, by the order in which they are first met.
pub(crate) fn merged(tables: &[FeatureTable]) -> Vec<Property> {
    let mut merged = vec![Property::layer(tables)];
    for table in tables {
        let mut met: Vec<&str> = Vec::new();
        for column in table.columns.iter().filter(|column| is_property(column)) {
            let property = Property::of(column);
            let same_table = met.contains(&column.name.as_str());
            met.push(&column.name);
            match merged.iter_mut().find(|known| known.name == property.name) {
                Some(known) => known.join(property, same_table),
                None => merged.push(property),
            }
        }
    }
    merged
}

fn is_property(column: &Described) -> bool {
    !NOT_PROPERTIES.contains(&column.column.as_str())
}

/// The columns of a table that conditions on a property compare: the fixed one if there is one, otherwise those that
/// hold no lists, otherwise all.
pub(crate) fn columns<'a>(table: &'a FeatureTable, name: &str) -> Vec<&'a str> {
    let named: Vec<&Described> = table
        .columns
        .iter()
        .filter(|column| is_property(column) && column.name == name)
        .collect();
    let chosen: Vec<&Described> = match named.iter().find(|column| column.fixed) {
        Some(fixed) => vec![fixed],
        None if named.iter().any(|column| !column.json) => named.into_iter().filter(|column| !column.json).collect(),
        None => named,
    };
    chosen.into_iter().map(|column| column.column.as_str()).collect()
}
