//! What features say of themselves, as JSON Schema (2020-12): what they can be asked for by (OGC 19-079r2, 6.2), and what
//! an answer holds (OGC API - Features - Part 5).

use crate::shelf::Served;
use serde_json::{Map, Value, json};
use store::{Property, PropertyKind};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What the features of a collection can be asked for by.
pub(crate) fn queryables(served: &Served) -> Value {
    let mut properties = Map::new();
    properties.insert("geometry".to_owned(), geometry());
    for property in served.collection.properties() {
        if property.kind != PropertyKind::Json {
            properties.insert(property.name.clone(), described(property, typed(property)));
        }
    }
    document("queryables", served, &properties, false)
}

/// What the features of a collection hold.
pub(crate) fn schema(served: &Served) -> Value {
    let mut properties = Map::new();
    properties.insert("geometry".to_owned(), geometry());
    for property in served.collection.properties() {
        // Where some values are lists and others words, any is right.
        let typed = if property.mixed { Map::new() } else { typed(property) };
        properties.insert(property.name.clone(), described(property, typed));
    }
    // The rarest of very many attributes have no column of their own, and so none here.
    document("schema", served, &properties, true)
}

fn document(id: &str, served: &Served, properties: &Map<String, Value>, additional: bool) -> Value {
    json!({
        "$schema": DIALECT,
        "$id": id,
        "type": "object",
        "title": served.collection.pointer().title,
        "properties": properties,
        "additionalProperties": additional,
    })
}

fn geometry() -> Value {
    json!({
        "title": "geometry",
        "description": "what the feature covers of the ground",
        "format": "geometry-multipolygon",
        "x-ogc-role": "primary-geometry",
    })
}

/// The type of a property's values.
fn typed(property: &Property) -> Map<String, Value> {
    let mut typed = Map::new();
    let kind = match property.kind {
        PropertyKind::Text | PropertyKind::Date => "string",
        PropertyKind::Integer => "integer",
        PropertyKind::Number => "number",
        PropertyKind::Boolean => "boolean",
        PropertyKind::Json => return typed,
    };
    typed.insert("type".to_owned(), json!(kind));
    if property.kind == PropertyKind::Date {
        typed.insert("format".to_owned(), json!("date"));
    }
    if property.codes.iter().any(|(_, meaning)| meaning.is_some()) {
        let codes = property.codes.iter().map(|(code, meaning)| match meaning {
            Some(meaning) => json!({ "const": code, "title": meaning }),
            None => json!({ "const": code }),
        });
        typed.insert("oneOf".to_owned(), codes.collect());
    } else if !property.codes.is_empty() {
        typed.insert(
            "enum".to_owned(),
            property.codes.iter().map(|(code, _)| json!(code)).collect(),
        );
    }
    typed
}

fn described(property: &Property, mut schema: Map<String, Value>) -> Value {
    schema.insert("title".to_owned(), json!(property.name));
    if let Some(description) = &property.description {
        schema.insert("description".to_owned(), json!(description));
    }
    if let Some(unit) = &property.unit {
        // Sources write units as words, or as names whose last part is the word: `urn:adv:uom:m`.
        let word = unit.rsplit([':', '#', '/']).next().unwrap_or(unit);
        schema.insert("x-ogc-unit".to_owned(), json!(word));
    }
    if let Some(list) = &property.code_list {
        schema.insert("x-ogc-codelistUri".to_owned(), json!(list));
    }
    match property.name.as_str() {
        "id" => schema.insert("x-ogc-role".to_owned(), json!("id")),
        "kind" => schema.insert("x-ogc-role".to_owned(), json!("type")),
        _ => None,
    };
    Value::Object(schema)
}
