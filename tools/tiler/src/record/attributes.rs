//! What is said of an object: the row of a tile's property table and that of the GeoPackage.

use citygml::{Address, Attribute, AttributeValue, CityObject, Code};
use serde_json::Value;
use store::FeatureRow;
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
    FeatureRow {
        id: object.id.clone(),
        parent,
        layer: layer.to_owned(),
        kind: object.kind.clone(),
        name: object.name.clone(),
        address: object.addresses.first().map(line).filter(|line| !line.is_empty()),
        attributes: attributes(object),
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

fn attributes(object: &CityObject) -> Vec<(String, Value)> {
    let mut list: Vec<(String, Value)> = Vec::new();
    for (name, codes) in [
        ("class", &object.class),
        ("function", &object.function),
        ("usage", &object.usage),
    ] {
        let values: Vec<&str> = codes.iter().map(|code| code.value.as_str()).collect();
        if !values.is_empty() {
            list.push((name.to_owned(), values.join("; ").into()));
        }
    }
    if let Some(description) = &object.description {
        list.push(("description".to_owned(), description.clone().into()));
    }
    list.extend(
        object
            .names
            .iter()
            .skip(1)
            .map(|name| ("otherName".to_owned(), name.clone().into())),
    );
    list.extend(object.attributes.iter().map(named_value));
    for reference in &object.external_references {
        if let Some(target) = reference.uri.as_ref().or(reference.name.as_ref()) {
            list.push(("externalReference".to_owned(), target.clone().into()));
        }
    }
    distinct(list)
}

fn named_value(attribute: &Attribute) -> (String, Value) {
    let value = match &attribute.value {
        AttributeValue::Integer(number) => (*number).into(),
        AttributeValue::Real(number) => (*number).into(),
        AttributeValue::Measure { value, uom } if is_metre(uom) => (*value).into(),
        other => other.to_string().into(),
    };
    (attribute.name.clone(), value)
}

/// Numbers the names that occur more than once, because a table has one column a name.
fn distinct(list: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let mut seen = std::collections::BTreeMap::<String, u32>::new();
    list.into_iter()
        .map(|(name, value)| {
            let count = seen.entry(name.clone()).or_default();
            *count += 1;
            if *count == 1 {
                (name, value)
            } else {
                (format!("{name} {count}"), value)
            }
        })
        .collect()
}
