//! What is said of an object: the row of a tile's property table and that of the GeoPackage.

use citygml::{Address, Attribute, AttributeValue, CityObject, Code};
use serde_json::Value;
use store::{AttributeNote, FeatureRow};
use tiles::feature::Feature;

/// The styling attributes of a top-level object. `heights` are its lowest and highest point in the city's heights.
pub(super) fn feature(object: &CityObject, heights: (Option<f64>, Option<f64>)) -> Feature {
    let (ground, top) = heights;
    let extent = ground.zip(top).map(|(ground, top)| top - ground);
    let number = |name: &str| attribute(object, name).and_then(AttributeValue::as_f64);
    Feature {
        id: object.id.clone(),
        kind: object.kind.clone(),
        name: object.name.clone().unwrap_or_default(),
        class: first(&object.class),
        function: first(&object.function),
        usage: first(&object.usage),
        address: object.addresses.first().map(line).unwrap_or_default(),
        roof_type: attribute(object, "roofType")
            .map(ToString::to_string)
            .unwrap_or_default(),
        height: measured_height(object).or(extent).map(|metres| metres as f32),
        ground_level: ground.map(|metres| metres as f32),
        storeys: number("storeysAboveGround").and_then(whole),
        year: attribute(object, "yearOfConstruction")
            .or_else(|| attribute(object, "dateOfConstruction"))
            .and_then(year),
        merged: 1,
    }
}

/// The GeoPackage's row of an object, with heights, extent, footprint and tiles still to come.
pub(super) fn row(object: &CityObject, parent: Option<String>, layer: &str) -> FeatureRow {
    let (attributes, notes) = attributes(object);
    FeatureRow {
        id: object.id.clone(),
        parent,
        layer: layer.to_owned(),
        kind: object.kind.clone(),
        name: object.name.clone(),
        address: object.addresses.first().map(line).filter(|line| !line.is_empty()),
        attributes,
        notes,
        ..FeatureRow::default()
    }
}

fn attribute<'a>(object: &'a CityObject, name: &str) -> Option<&'a AttributeValue> {
    object.attributes.iter().find(|a| a.name == name).map(|a| &a.value)
}

fn first(codes: &[Code]) -> String {
    codes.first().map(|code| code.value.clone()).unwrap_or_default()
}

/// `measuredHeight` where it is in metres.
fn measured_height(object: &CityObject) -> Option<f64> {
    match attribute(object, "measuredHeight")? {
        AttributeValue::Measure { value, uom } if is_metre(uom) => Some(*value),
        AttributeValue::Measure { .. } => None,
        other => other.as_f64(),
    }
}

/// The spellings of the metre that occur in real files.
fn is_metre(uom: &str) -> bool {
    let last = uom.rsplit([':', '#', '/']).next().unwrap_or(uom);
    matches!(last, "" | "m" | "metre" | "meter" | "9001")
}

fn whole(number: f64) -> Option<u16> {
    (number.fract() == 0.0 && (0.0..=f64::from(u16::MAX)).contains(&number)).then_some(number as u16)
}

/// The year of `1907`, `1907-05-01` or the number 1907.
fn year(value: &AttributeValue) -> Option<i16> {
    let text = value.to_string();
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let year: i16 = digits[..end].parse().ok()?;
    Some(if digits.len() < text.len() { -year } else { year })
}

/// `Street number, postal code town`.
fn line(address: &Address) -> String {
    let join = |parts: [&Option<String>; 2]| {
        let parts: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
        parts.join(" ")
    };
    let parts = [
        join([&address.street, &address.number]),
        join([&address.postal_code, &address.locality]),
    ];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// A value with what the source says of it besides.
struct Stated {
    name: String,
    value: Value,
    unit: Option<String>,
    code_list: Option<String>,
}

impl Stated {
    fn plain(name: &str, value: impl Into<Value>) -> Self {
        Self {
            name: name.to_owned(),
            value: value.into(),
            unit: None,
            code_list: None,
        }
    }
}

/// All that is said of an object, with units and code lists as notes.
fn attributes(object: &CityObject) -> (Vec<(String, Value)>, Vec<AttributeNote>) {
    let mut list: Vec<Stated> = Vec::new();
    for (name, codes) in [
        ("class", &object.class),
        ("function", &object.function),
        ("usage", &object.usage),
    ] {
        let values: Vec<&str> = codes.iter().map(|code| code.value.as_str()).collect();
        if !values.is_empty() {
            list.push(Stated {
                code_list: codes.iter().find_map(|code| code.code_space.clone()),
                ..Stated::plain(name, values.join("; "))
            });
        }
    }
    let description = object.description.iter();
    list.extend(description.map(|text| Stated::plain("description", text.clone())));
    let others = object.names.iter().skip(1);
    list.extend(others.map(|name| Stated::plain("otherName", name.clone())));
    list.extend(object.attributes.iter().map(stated));
    let references = object.external_references.iter();
    let targets = references.filter_map(|reference| reference.uri.as_ref().or(reference.name.as_ref()));
    list.extend(targets.map(|target| Stated::plain("externalReference", target.clone())));
    distinct(&mut list);
    let notes = list
        .iter()
        .filter(|stated| stated.unit.is_some() || stated.code_list.is_some());
    let notes = notes.map(|stated| AttributeNote {
        attribute: stated.name.clone(),
        unit: stated.unit.clone(),
        code_list: stated.code_list.clone(),
        label: None,
    });
    let notes = notes.collect();
    (
        list.into_iter().map(|stated| (stated.name, stated.value)).collect(),
        notes,
    )
}

fn stated(attribute: &Attribute) -> Stated {
    let plain = |value: Value| Stated::plain(&attribute.name, value);
    match &attribute.value {
        AttributeValue::Integer(number) => plain((*number).into()),
        AttributeValue::Real(number) => plain((*number).into()),
        // That column is in metres.
        AttributeValue::Measure { uom, .. } if attribute.name == "measuredHeight" && !is_metre(uom) => {
            plain(attribute.value.to_string().into())
        }
        AttributeValue::Measure { value, uom } => Stated {
            unit: Some(uom.clone()).filter(|uom| !uom.is_empty()),
            ..plain((*value).into())
        },
        AttributeValue::Code(code) => Stated {
            code_list: code.code_space.clone(),
            ..plain(code.value.clone().into())
        },
        other => plain(other.to_string().into()),
    }
}

/// Numbers the names that occur more than once, because a table has one column a name.
fn distinct(list: &mut [Stated]) {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    for stated in list {
        let count = seen.entry(stated.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            stated.name = format!("{} {count}", stated.name);
        }
    }
}
