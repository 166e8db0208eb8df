//! Attributes: those of the schema, the generic ones, and those of extensions.
//!
//! An attribute is an element that holds text. Its type is not in the file (that would take the schema), so a unit makes it a
//! measure, a code space a code, and the few numbers and dates of the schema are known by name. A structured attribute, as
//! extensions have them, becomes one attribute for each text in it, named by the path.

use crate::cursor::{Cursor, Stop};
use crate::namespace::Namespace;
use crate::{Attribute, AttributeValue, Code, limits};

const INTEGERS: &[&[u8]] = &[
    b"storeysAboveGround",
    b"storeysBelowGround",
    b"yearOfConstruction",
    b"yearOfDemolition",
];

const DATES: &[&[u8]] = &[
    b"creationDate",
    b"terminationDate",
    b"dateOfConstruction",
    b"dateOfDemolition",
    b"dateOfRenovation",
    b"validFrom",
    b"validTo",
];

/// What the tag of a text says of its type.
#[derive(Debug, Default)]
pub(crate) struct Hints {
    integer: bool,
    date: bool,
    uom: Option<String>,
    code_space: Option<String>,
}

impl Hints {
    /// What the tag that the cursor stands on says.
    pub(crate) fn of(cursor: &Cursor) -> Self {
        Self {
            integer: INTEGERS.contains(&cursor.local()),
            date: DATES.contains(&cursor.local()),
            uom: cursor.attribute(b"uom"),
            code_space: cursor.attribute(b"codeSpace"),
        }
    }

    /// The value that a text stands for. What is not of its type stays text.
    pub(crate) fn value(self, text: &str) -> AttributeValue {
        if let Some(uom) = self.uom {
            return real(text).map_or_else(
                || AttributeValue::Text(text.to_owned()),
                |value| AttributeValue::Measure { value, uom },
            );
        }
        if self.code_space.is_some() {
            return AttributeValue::Code(Code {
                value: text.to_owned(),
                code_space: self.code_space,
            });
        }
        if self.date {
            return AttributeValue::Date(text.to_owned());
        }
        match text.parse() {
            Ok(number) if self.integer => AttributeValue::Integer(number),
            _ => AttributeValue::Text(text.to_owned()),
        }
    }
}

fn real(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether the cursor stands on a generic attribute or a set of them.
pub(crate) fn is_generic(cursor: &Cursor) -> bool {
    let local = cursor.local();
    match cursor.namespace() {
        Namespace::Generics => local.ends_with(b"Attribute") || local.ends_with(b"AttributeSet"),
        Namespace::Core => local == b"genericAttribute",
        _ => false,
    }
}

/// Reads a generic attribute, a set, or (in CityGML 3.0) the property that holds one. `path` is what the names of members
/// begin with.
pub(crate) fn read_generic(cursor: &mut Cursor, path: &str, into: &mut Vec<Attribute>) -> Result<(), Stop> {
    let kind = cursor.local_text();
    let mut name = join(path, &cursor.attribute(b"name").unwrap_or_default());
    let mut value = None;
    while cursor.child()? {
        match cursor.local() {
            b"name" => name = join(path, cursor.text()?),
            b"value" => {
                let uom = cursor.attribute(b"uom");
                value = Some(generic_value(&kind, cursor.text()?, uom));
            }
            _ if is_generic(cursor) => read_generic(cursor, &name, into)?,
            _ => cursor.skip()?,
        }
    }
    let empty = AttributeValue::Text(String::new());
    if let Some(value) = value.filter(|value| !name.is_empty() && *value != empty) {
        into.push(Attribute {
            name,
            value,
            generic: true,
        });
    }
    Ok(())
}

fn join(path: &str, name: &str) -> String {
    limits::name(if path.is_empty() || name.is_empty() {
        format!("{path}{name}")
    } else {
        format!("{path}/{name}")
    })
}

fn generic_value(kind: &str, text: &str, uom: Option<String>) -> AttributeValue {
    let owned = || AttributeValue::Text(text.to_owned());
    match kind.trim_end_matches("Attribute").to_ascii_lowercase().as_str() {
        "int" => text.parse().map_or_else(|_| owned(), AttributeValue::Integer),
        "double" => real(text).map_or_else(owned, AttributeValue::Real),
        "measure" => real(text).map_or_else(owned, |value| AttributeValue::Measure {
            value,
            uom: uom.unwrap_or_default(),
        }),
        "date" => AttributeValue::Date(text.to_owned()),
        "uri" => AttributeValue::Uri(text.to_owned()),
        "code" => AttributeValue::Code(Code {
            value: text.to_owned(),
            code_space: None,
        }),
        _ => owned(),
    }
}

/// Reads the element that the cursor stands on, inside the property `path`: its text, or the texts of its children. Answers
/// whether something in it is no attribute (a geometry) and was left out.
pub(crate) fn read_structured(cursor: &mut Cursor, path: &str, into: &mut Vec<Attribute>) -> Result<bool, Stop> {
    if cursor.namespace() == Namespace::Gml {
        cursor.skip()?;
        return Ok(true);
    }
    let name = step(path, cursor.local());
    let hints = Hints::of(cursor);
    if !cursor.child()? {
        push_text(name, hints, cursor.passed_text(), into);
        return Ok(false);
    }
    let mut left_out = false;
    loop {
        left_out |= read_structured(cursor, &name, into)?;
        if !cursor.child()? {
            return Ok(left_out);
        }
    }
}

/// Adds an attribute, unless it is empty.
pub(crate) fn push_text(name: String, hints: Hints, text: &str, into: &mut Vec<Attribute>) {
    if !text.is_empty() {
        into.push(Attribute {
            name,
            value: hints.value(text),
            generic: false,
        });
    }
}

/// Properties begin with a small letter and name something; types begin with a capital and only stand in between.
fn step(path: &str, local: &[u8]) -> String {
    if local.first().is_some_and(u8::is_ascii_uppercase) {
        path.to_owned()
    } else {
        join(path, &String::from_utf8_lossy(local))
    }
}
