//! What PROJ's database says of a reference system.

use super::Error;
use crate::geoid::{VerticalCrs, vertical_crs, vertical_crs_named};
use proj::Proj;
use serde_json::Value;

/// A reference system as declared: its horizontal part as PROJ takes it, and its heights.
pub(super) struct Declared {
    /// `EPSG:3879`, or the name where there is no code.
    pub(super) name: String,
    /// What PROJ understands: a code, or PROJJSON.
    pub(super) definition: String,
    /// Whether the first axis goes north.
    pub(super) north_first: bool,
    /// West, south, east, north in degrees.
    pub(super) area: Option<[f64; 4]>,
    pub(super) vertical: Height,
}

/// What a reference system says of heights.
pub(super) enum Height {
    /// Nothing.
    None,
    /// A third, ellipsoidal axis.
    Ellipsoid,
    /// A vertical system, and its row in the catalogue.
    Gravity { name: String, crs: Option<VerticalCrs> },
}

/// Looks the codes of `name` up: one horizontal, three-dimensional or compound, or a horizontal and a vertical one.
pub(super) fn look_up(name: &str, codes: &[u32]) -> Result<Declared, Error> {
    let mut found = describe(name, codes.first().copied().unwrap_or_default())?;
    if let Some(&code) = codes.get(1) {
        let json = projjson(name, code)?;
        if json["type"] != "VerticalCRS" {
            return Err(wrong_kind(&format!("EPSG:{code}"), &json));
        }
        found.vertical = height_of(&json, Some(code))?;
    }
    Ok(found)
}

fn describe(name: &str, code: u32) -> Result<Declared, Error> {
    let label = format!("EPSG:{code}");
    let json = projjson(name, code)?;
    let mut vertical = Height::None;
    let (horizontal, label, definition) = if json["type"] == "CompoundCRS" {
        let (horizontal, height) = (&json["components"][0], &json["components"][1]);
        vertical = height_of(height, epsg_of(height))?;
        let (label, definition) = match epsg_of(horizontal) {
            Some(code) => (format!("EPSG:{code}"), format!("EPSG:{code}")),
            None => (text(horizontal, "name"), standalone(horizontal)),
        };
        (horizontal, label, definition)
    } else {
        (&json, label.clone(), label)
    };
    if !matches!(horizontal["type"].as_str(), Some("ProjectedCRS" | "GeographicCRS")) {
        return Err(wrong_kind(&label, horizontal));
    }
    let axes = axes(horizontal);
    if axes.len() == 3 {
        vertical = Height::Ellipsoid;
    }
    Ok(Declared {
        name: label,
        definition,
        north_first: axes.first().is_some_and(goes_north),
        area: area(&json),
        vertical,
    })
}

/// Some polar systems have two axes that both go south; their names tell them apart.
fn goes_north(axis: &Value) -> bool {
    let abbreviation = axis["abbreviation"].as_str().unwrap_or_default();
    match axis["direction"].as_str() {
        Some("east" | "west") => false,
        _ => !abbreviation.starts_with(['E', 'e']),
    }
}

fn projjson(name: &str, code: u32) -> Result<Value, Error> {
    let unknown = || Error::NoSuchCode {
        code,
        name: name.to_owned(),
    };
    let crs = Proj::new(&format!("EPSG:{code}")).map_err(|_| unknown())?;
    let text = crs.to_projjson(Some(false), None, None).map_err(|_| unknown())?;
    serde_json::from_str(&text).map_err(|_| unknown())
}

/// A component as a document of its own.
fn standalone(component: &Value) -> String {
    let mut json = component.clone();
    if let Value::Object(members) = &mut json {
        let schema = "https://proj.org/schemas/v0.7/projjson.schema.json";
        members.insert("$schema".to_owned(), schema.into());
    }
    json.to_string()
}

fn height_of(json: &Value, code: Option<u32>) -> Result<Height, Error> {
    let name = code.map_or_else(|| text(json, "name"), |code| format!("EPSG:{code}"));
    let axes = axes(json);
    let unit = axes.first().map(|axis| &axis["unit"]);
    if unit.is_some_and(|unit| unit != "metre") {
        return Err(Error::HeightUnit {
            crs: name,
            unit: unit.map_or_else(String::new, |unit| match unit {
                Value::String(unit) => unit.clone(),
                other => text(other, "name"),
            }),
        });
    }
    let crs = code
        .and_then(vertical_crs)
        .or_else(|| vertical_crs_named(&text(json, "name")));
    let name = crs.map_or(name, |crs| format!("EPSG:{}", crs.epsg));
    Ok(Height::Gravity { name, crs })
}

fn axes(json: &Value) -> &[Value] {
    json["coordinate_system"]["axis"].as_array().map_or(&[], Vec::as_slice)
}

fn text(json: &Value, key: &str) -> String {
    json[key].as_str().unwrap_or_default().to_owned()
}

fn epsg_of(json: &Value) -> Option<u32> {
    let code = json["id"]["code"].as_u64()?;
    (json["id"]["authority"] == "EPSG")
        .then_some(code)
        .and_then(|code| code.try_into().ok())
}

fn area(json: &Value) -> Option<[f64; 4]> {
    let bounds = &json["bbox"];
    Some([
        bounds["west_longitude"].as_f64()?,
        bounds["south_latitude"].as_f64()?,
        bounds["east_longitude"].as_f64()?,
        bounds["north_latitude"].as_f64()?,
    ])
}

fn wrong_kind(code: &str, json: &Value) -> Error {
    let name = text(json, "name");
    Error::WrongKind {
        code: code.to_owned(),
        found: format!("{} ({name})", text(json, "type")),
    }
}
