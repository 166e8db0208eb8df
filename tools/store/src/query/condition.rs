//! Conditions on what features say of themselves, and how they are put to SQLite.
//!
//! The tree is that of CQL2 (OGC 21-065r2) without its text: whoever parses a text makes it. Names are looked up in
//! the collection's properties and values are always parameters, so nothing of a stranger's text becomes SQL.

use super::area::Area;
use super::functions::{fold_accents, fold_case};
use crate::feature_table::FeatureTable;
use crate::{Error, Property, PropertyKind, property};
use rusqlite::types::Value;
use std::fmt::Write;

/// What a feature must fulfil. Where a value is missing, a comparison is neither true nor false, as in SQL.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Every one.
    All(Vec<Condition>),
    /// At least one.
    Any(Vec<Condition>),
    /// The contrary.
    Not(Box<Condition>),
    /// The same for every feature.
    Always(bool),
    /// Two values compared.
    Compare {
        /// The first.
        left: Operand,
        /// How.
        comparison: Comparison,
        /// The second.
        right: Operand,
    },
    /// A value within bounds, which belong to it.
    Between {
        /// The value.
        value: Operand,
        /// The lower bound.
        low: Operand,
        /// The upper bound.
        high: Operand,
    },
    /// A value that is one of a list.
    In {
        /// The value.
        value: Operand,
        /// The list.
        list: Vec<Operand>,
    },
    /// A text like a pattern: `%` stands for any letters, `_` for one, and `\` takes the meaning from the next.
    Like {
        /// The text.
        value: Operand,
        /// The pattern, a text, perhaps folded.
        pattern: Operand,
    },
    /// A property that a feature does not have.
    IsNull(String),
    /// A footprint that is not known.
    NoFootprint,
    /// A footprint that meets a place.
    Intersects(Area),
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    const fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// Which letters are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Those that differ in case.
    Case,
    /// Those that differ in their marks.
    Accents,
}

/// A value of a condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// The value of a property.
    Property(String),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Boolean(bool),
    /// A calendar day, as `2021-04-15`.
    Date(String),
    /// A text in which some letters are alike.
    Folded(Fold, Box<Operand>),
}

/// What can be compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Boolean,
    Date,
}

impl Kind {
    const fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Boolean => "true or false",
            Self::Date => "a date",
        }
    }
}

impl Operand {
    /// The kind of its value.
    fn kind(&self, properties: &[Property]) -> Result<Kind, Error> {
        Ok(match self {
            Self::Property(name) => match find(properties, name)?.kind {
                PropertyKind::Integer | PropertyKind::Number => Kind::Number,
                PropertyKind::Text => Kind::Text,
                PropertyKind::Boolean => Kind::Boolean,
                PropertyKind::Date => Kind::Date,
                PropertyKind::Json => {
                    let problem = format!("{name} holds lists or objects: ask only whether it IS NULL");
                    return Err(Error::Comparison { problem });
                }
            },
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::Boolean(_) => Kind::Boolean,
            Self::Date(_) => Kind::Date,
            Self::Folded(_, inner) => match inner.kind(properties)? {
                Kind::Text => Kind::Text,
                other => {
                    let problem = format!("{} is {}; only a text can be folded", inner.words(), other.words());
                    return Err(Error::Comparison { problem });
                }
            },
        })
    }

    fn words(&self) -> String {
        match self {
            Self::Property(name) => name.clone(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) | Self::Date(text) => format!("'{text}'"),
            Self::Boolean(truth) => truth.to_string(),
            Self::Folded(_, inner) => inner.words(),
        }
    }

    /// Writes the operand for a table.
    fn write(&self, clause: &mut Clause, table: &FeatureTable) {
        match self {
            Self::Property(name) if name == "layer" => clause.push_value(table.name.clone().into()),
            Self::Property(name) => clause.sql.push_str(&column(table, name)),
            Self::Number(number) => clause.push_value((*number).into()),
            Self::Text(text) | Self::Date(text) => clause.push_value(text.clone().into()),
            Self::Boolean(truth) => clause.push_value(i64::from(*truth).into()),
            Self::Folded(fold, inner) => {
                clause.sql.push_str(match fold {
                    Fold::Case => "fold_case(",
                    Fold::Accents => "fold_accents(",
                });
                inner.write(clause, table);
                clause.sql.push(')');
            }
        }
    }

    /// The text of a pattern, folded.
    fn pattern(&self) -> Result<String, Error> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Folded(Fold::Case, inner) => Ok(fold_case(&inner.pattern()?)),
            Self::Folded(Fold::Accents, inner) => Ok(fold_accents(&inner.pattern()?)),
            other => Err(Error::Comparison {
                problem: format!("{} is no pattern: LIKE takes a text in quotes", other.words()),
            }),
        }
    }
}

fn find<'a>(properties: &'a [Property], name: &str) -> Result<&'a Property, Error> {
    properties
        .iter()
        .find(|property| property.name == name)
        .ok_or_else(|| Error::UnknownProperty { name: name.to_owned() })
}

/// The columns of a property as SQL, the last that has a value; `NULL` in a table that has none.
fn column(table: &FeatureTable, name: &str) -> String {
    let quoted = |column: &str| format!("\"{}\"", column.replace('"', "\"\""));
    match property::columns(table, name).as_slice() {
        [] => "NULL".to_owned(),
        [one] => quoted(one),
        several => {
            let quoted: Vec<String> = several.iter().rev().map(|column| quoted(column)).collect();
            format!("coalesce({})", quoted.join(", "))
        }
    }
}

impl Condition {
    /// Whether all names are those of properties and all comparisons make sense.
    ///
    /// # Errors
    /// [`Error::UnknownProperty`] or [`Error::Comparison`].
    pub(crate) fn check(&self, properties: &[Property]) -> Result<(), Error> {
        let same = |value: &Operand, others: &[&Operand]| {
            others.iter().try_for_each(|other| comparable(value, other, properties))
        };
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|part| part.check(properties)),
            Self::Not(inner) => inner.check(properties),
            Self::Compare { left, right, .. } => same(left, &[right]),
            Self::Between { value, low, high } => same(value, &[low, high]),
            Self::In { value, list } => same(value, &list.iter().collect::<Vec<_>>()),
            Self::Like { value, pattern } => {
                pattern.pattern()?;
                same(value, &[pattern])
            }
            Self::IsNull(name) => find(properties, name).map(|_| ()),
            Self::Always(_) | Self::NoFootprint | Self::Intersects(_) => Ok(()),
        }
    }

    /// The places that every match meets.
    pub(crate) fn areas(&self) -> Vec<&Area> {
        match self {
            Self::Intersects(area) => vec![area],
            Self::All(parts) => parts.iter().flat_map(Self::areas).collect(),
            _ => Vec::new(),
        }
    }

    fn write(&self, clause: &mut Clause, table: &FeatureTable) -> Result<(), Error> {
        match self {
            Self::All(parts) => clause.joined(parts, " AND ", "1", table)?,
            Self::Any(parts) => clause.joined(parts, " OR ", "0", table)?,
            Self::Not(inner) => {
                clause.sql.push_str("NOT (");
                inner.write(clause, table)?;
                clause.sql.push(')');
            }
            Self::Always(truth) => clause.sql.push(if *truth { '1' } else { '0' }),
            Self::Compare {
                left,
                comparison,
                right,
            } => {
                left.write(clause, table);
                let _ = write!(clause.sql, " {} ", comparison.sql());
                right.write(clause, table);
            }
            Self::Between { value, low, high } => {
                value.write(clause, table);
                clause.sql.push_str(" BETWEEN ");
                low.write(clause, table);
                clause.sql.push_str(" AND ");
                high.write(clause, table);
            }
            Self::In { value, list } => {
                value.write(clause, table);
                clause.sql.push_str(" IN (");
                for (number, one) in list.iter().enumerate() {
                    clause.sql.push_str(if number == 0 { "" } else { ", " });
                    one.write(clause, table);
                }
                clause.sql.push(')');
            }
            Self::Like { value, pattern } => {
                value.write(clause, table);
                clause.sql.push_str(" GLOB ");
                clause.push_value(glob(&pattern.pattern()?).into());
            }
            Self::IsNull(name) if name == "layer" => clause.sql.push('0'),
            Self::IsNull(name) => {
                let columns = property::columns(table, name);
                let all = columns
                    .iter()
                    .map(|column| format!("\"{}\" IS NULL", column.replace('"', "\"\"")));
                let all: Vec<String> = all.collect();
                clause.sql.push_str(&if all.is_empty() {
                    "1".to_owned()
                } else {
                    all.join(" AND ")
                });
            }
            Self::NoFootprint => clause.sql.push_str("geom IS NULL"),
            Self::Intersects(area) => {
                clause.sql.push_str("meets(geom, ");
                let text = serde_json::to_string(area).map_err(|source| Error::Serialize {
                    document: "a place",
                    source,
                })?;
                clause.push_value(text.into());
                clause.sql.push(')');
            }
        }
        Ok(())
    }
}

fn comparable(left: &Operand, right: &Operand, properties: &[Property]) -> Result<(), Error> {
    let (left_kind, right_kind) = (left.kind(properties)?, right.kind(properties)?);
    let dates =
        |kind: Kind, other: &Operand| kind == Kind::Date && matches!(other, Operand::Text(text) if is_day(text));
    if left_kind == right_kind || dates(left_kind, right) || dates(right_kind, left) {
        return Ok(());
    }
    Err(Error::Comparison {
        problem: format!(
            "{} is {} and {} is {}: they cannot be compared",
            left.words(),
            left_kind.words(),
            right.words(),
            right_kind.words()
        ),
    })
}

/// Whether a text looks like a day: people leave the word DATE away.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// A pattern as SQLite's `GLOB` takes it, which unlike its `LIKE` tells capitals from small letters.
fn glob(pattern: &str) -> String {
    let mut glob = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' if glob.ends_with('*') && !glob.ends_with("[*]") => {}
            '%' => glob.push('*'),
            '_' => glob.push('?'),
            '\\' => literal(&mut glob, letters.next().unwrap_or('\\')),
            other => literal(&mut glob, other),
        }
    }
    glob
}

fn literal(glob: &mut String, letter: char) {
    match letter {
        '*' | '?' | '[' => {
            let _ = write!(glob, "[{letter}]");
        }
        other => glob.push(other),
    }
}

/// A piece of SQL and its parameters, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clause {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Clause {
    /// Whether it asks anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }

    /// The clause, or one that is always true.
    pub(crate) fn sql(&self) -> &str {
        if self.sql.is_empty() { "1" } else { &self.sql }
    }

    /// Asks for this too.
    pub(crate) fn and(&mut self, sql: &str, values: impl IntoIterator<Item = Value>) {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        let _ = write!(self.sql, "({sql})");
        self.values.extend(values);
    }

    /// Asks for this too.
    pub(crate) fn and_condition(&mut self, condition: &Condition, table: &FeatureTable) -> Result<(), Error> {
        let mut other = Self::default();
        condition.write(&mut other, table)?;
        self.and(&other.sql, other.values);
        Ok(())
    }

    fn push_value(&mut self, value: Value) {
        self.sql.push('?');
        self.values.push(value);
    }

    fn joined(&mut self, parts: &[Condition], word: &str, none: &str, table: &FeatureTable) -> Result<(), Error> {
        if parts.is_empty() {
            self.sql.push_str(none);
        }
        for (number, part) in parts.iter().enumerate() {
            self.sql.push_str(if number == 0 { "(" } else { word });
            self.sql.push('(');
            part.write(self, table)?;
            self.sql.push(')');
        }
        if !parts.is_empty() {
            self.sql.push(')');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_keep_their_meaning_and_letters_theirs() {
        assert_eq!(glob("Smith%"), "Smith*");
        assert_eq!(glob("a_c"), "a?c");
        assert_eq!(glob("100\\%"), "100%");
        assert_eq!(glob("a*b?c[d"), "a[*]b[?]c[[]d");
        assert_eq!(glob("%%%"), "*");
        assert_eq!(glob("*%"), "[*]*");
        assert_eq!(glob("end\\"), "end\\");
    }
}
