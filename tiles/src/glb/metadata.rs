//! What a tile says of its features: the property tables of `EXT_structural_metadata`.
//!
//! One list, [`COLUMNS`], says what a feature has; the published schema, the writer and the reader all follow it. It may
//! only grow: a published schema is used by tiles of many generations.

use super::json::{PropertyColumn, PropertyTable, StructuralMetadata};
use super::read::Reader;
use super::write::Writer;
use super::{Error, MAX_FEATURES};
use crate::feature::Feature;
use crate::surface::Surface;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Number of the table of class `feature`.
pub(super) const FEATURE_TABLE: usize = 0;
/// Number of the table of class `surface`.
pub(super) const SURFACE_TABLE: usize = 1;
/// The class of features.
pub(super) const FEATURE: &str = "feature";
/// The class of surfaces.
pub(super) const SURFACE: &str = "surface";

/// "No number" in a column of each type; the schema says so.
const NO_FLOAT: f32 = -9999.0;
const NO_UNSIGNED: u16 = u16::MAX;
const NO_SIGNED: i16 = i16::MIN;

/// A property of class `feature`.
struct Column {
    id: &'static str,
    semantic: Option<&'static str>,
    description: &'static str,
    access: Access,
}

type Get<T> = fn(&Feature) -> &T;
type Set<T> = fn(&mut Feature) -> &mut T;

/// Type of a property, and its place in a [`Feature`].
enum Access {
    /// `STRING`; an empty one is absent.
    Text(Get<String>, Set<String>),
    /// `FLOAT32`
    Float(Get<Option<f32>>, Set<Option<f32>>),
    /// `UINT16`
    Unsigned(Get<Option<u16>>, Set<Option<u16>>),
    /// `INT16`
    Signed(Get<Option<i16>>, Set<Option<i16>>),
    /// `UINT32`, in every row.
    Count(Get<u32>, Set<u32>),
}

macro_rules! column {
    ($id:literal, $kind:ident, $field:ident, $semantic:expr, $description:literal) => {
        Column {
            id: $id,
            semantic: $semantic,
            description: $description,
            access: Access::$kind(|feature| &feature.$field, |feature| &mut feature.$field),
        }
    };
}

/// The properties of class `feature`. Append only.
const COLUMNS: [Column; 13] = [
    column!(
        "id",
        Text,
        id,
        Some("ID"),
        "gml:id; of a merged block, of the largest building in it"
    ),
    column!("kind", Text, kind, None, "CityGML class without prefix"),
    column!("name", Text, name, Some("NAME"), "gml:name"),
    column!("class", Text, class, None, "class"),
    column!("function", Text, function, None, "First function"),
    column!("usage", Text, usage, None, "First usage"),
    column!("address", Text, address, None, "Street, number, postal code and town"),
    column!("roofType", Text, roof_type, None, "roofType"),
    column!(
        "height",
        Float,
        height,
        None,
        "measuredHeight, else height of the geometry, in metres"
    ),
    column!(
        "groundLevel",
        Float,
        ground_level,
        None,
        "Lowest point, in metres of the city's vertical reference"
    ),
    column!("storeys", Unsigned, storeys, None, "storeysAboveGround"),
    column!("year", Signed, year, None, "yearOfConstruction"),
    column!("merged", Count, merged, None, "How many features this row stands for"),
];

impl Access {
    /// Type, whether every row has it, and what stands for "absent" otherwise.
    fn schema(&self, id: &str) -> Value {
        match self {
            Self::Text(..) if id == "id" => json!({ "type": "STRING", "required": true }),
            Self::Text(..) => json!({ "type": "STRING", "noData": "" }),
            Self::Float(..) => scalar("FLOAT32", &json!(NO_FLOAT)),
            Self::Unsigned(..) => scalar("UINT16", &json!(NO_UNSIGNED)),
            Self::Signed(..) => scalar("INT16", &json!(NO_SIGNED)),
            Self::Count(..) => {
                json!({ "type": "SCALAR", "componentType": "UINT32", "required": true })
            }
        }
    }

    /// Writes the column; nothing where no row has a value, for a view without bytes would be invalid.
    fn write(&self, features: &[Feature], writer: &mut Writer) -> Option<PropertyColumn> {
        let bytes: Vec<u8> = match self {
            Self::Text(get, _) => {
                return text(features.iter().map(|f| get(f).as_str()), writer);
            }
            Self::Float(get, _) => column_bytes(features, NO_FLOAT, f32::to_le_bytes, |f| {
                get(f).filter(|number| number.is_finite())
            }),
            Self::Unsigned(get, _) => column_bytes(features, NO_UNSIGNED, u16::to_le_bytes, |f| *get(f)),
            Self::Signed(get, _) => column_bytes(features, NO_SIGNED, i16::to_le_bytes, |f| *get(f)),
            Self::Count(get, _) => column_bytes(features, 0, u32::to_le_bytes, |f| Some(*get(f))),
        }?;
        Some(PropertyColumn {
            values: writer.property_view(&bytes),
            ..PropertyColumn::default()
        })
    }

    /// Reads the column into the features.
    fn read(&self, column: &PropertyColumn, reader: &Reader<'_>, features: &mut [Feature]) -> Result<(), Error> {
        let values = reader.view(column.values)?;
        match self {
            Self::Text(_, set) => {
                for (feature, text) in features.iter_mut().zip(texts(column, reader)?) {
                    *set(feature) = text?;
                }
                Ok(())
            }
            Self::Float(_, set) => fill(values, features, |feature, bytes| {
                let number = f32::from_le_bytes(bytes);
                let absent = !number.is_finite() || number.to_bits() == NO_FLOAT.to_bits();
                *set(feature) = (!absent).then_some(number);
            }),
            Self::Unsigned(_, set) => fill(values, features, |feature, bytes| {
                *set(feature) = Some(u16::from_le_bytes(bytes)).filter(|n| *n != NO_UNSIGNED);
            }),
            Self::Signed(_, set) => fill(values, features, |feature, bytes| {
                *set(feature) = Some(i16::from_le_bytes(bytes)).filter(|n| *n != NO_SIGNED);
            }),
            Self::Count(_, set) => fill(values, features, |feature, bytes| {
                *set(feature) = u32::from_le_bytes(bytes);
            }),
        }
    }
}

/// The schema that every tile of every collection refers to.
pub(super) fn schema() -> Value {
    let mut properties = Map::new();
    for column in &COLUMNS {
        let mut property = column.access.schema(column.id);
        property["description"] = json!(column.description);
        if let Some(semantic) = column.semantic {
            property["semantic"] = json!(semantic);
        }
        properties.insert(column.id.to_owned(), property);
    }
    json!({
        "id": "kortteli",
        "name": "Kortteli",
        "description": "Features and surfaces of a city model. Properties are added, never changed or removed.",
        "version": "1.0.0",
        "classes": {
            FEATURE: {
                "name": "City object",
                "description": "A feature of the tile, or a block of several that stand-ins merge",
                "properties": properties,
            },
            SURFACE: {
                "name": "Surface",
                "description": "What a piece of surface is",
                "properties": {
                    "name": {
                        "type": "STRING",
                        "required": true,
                        "semantic": "NAME",
                        "description": "CityGML's name of the thematic surface or module",
                    },
                },
            },
        },
    })
}

/// Writes both property tables, that of surfaces with its first so many rows.
pub(super) fn write(
    features: &[Feature],
    surfaces: usize,
    schema_uri: &str,
    writer: &mut Writer,
) -> StructuralMetadata {
    let mut properties = BTreeMap::new();
    for column in &COLUMNS {
        if let Some(written) = column.access.write(features, writer) {
            properties.insert(column.id.to_owned(), written);
        }
    }
    let surfaces = Surface::ALL.get(..surfaces).unwrap_or(&Surface::ALL);
    let names = surfaces.iter().map(|surface| surface.name());
    let surface_properties = text(names, writer).map(|column| ("name".to_owned(), column));
    StructuralMetadata {
        schema_uri: Some(schema_uri.to_owned()),
        property_tables: vec![
            PropertyTable {
                class: FEATURE.to_owned(),
                count: features.len(),
                properties,
            },
            PropertyTable {
                class: SURFACE.to_owned(),
                count: surfaces.len(),
                properties: surface_properties.into_iter().collect(),
            },
        ],
    }
}

/// Reads the features.
pub(super) fn read(table: &PropertyTable, reader: &Reader<'_>) -> Result<Vec<Feature>, Error> {
    if table.count > MAX_FEATURES {
        return Err(Error::TooLarge("features"));
    }
    let mut features = vec![Feature::default(); table.count];
    for column in &COLUMNS {
        if let Some(stored) = table.properties.get(column.id) {
            column.access.read(stored, reader, &mut features)?;
        }
    }
    Ok(features)
}

fn scalar(component: &str, no_data: &Value) -> Value {
    json!({ "type": "SCALAR", "componentType": component, "noData": no_data })
}

/// The bytes of a scalar column; none where no row has a value.
fn column_bytes<T: Copy, const N: usize>(
    features: &[Feature],
    absent: T,
    to_bytes: fn(T) -> [u8; N],
    value: impl Fn(&Feature) -> Option<T>,
) -> Option<Vec<u8>> {
    let values: Vec<Option<T>> = features.iter().map(value).collect();
    values.iter().any(Option::is_some).then(|| {
        values
            .into_iter()
            .flat_map(|value| to_bytes(value.unwrap_or(absent)))
            .collect()
    })
}

/// Writes a column of strings; nothing where all are empty.
fn text<'a>(rows: impl Iterator<Item = &'a str>, writer: &mut Writer) -> Option<PropertyColumn> {
    let mut values = Vec::new();
    let mut offsets = vec![0];
    for row in rows {
        values.extend_from_slice(row.as_bytes());
        offsets.push(values.len());
    }
    if values.is_empty() {
        return None;
    }
    let (offset_type, width) = match values.len() {
        0..=0xFF => ("UINT8", 1),
        0x100..=0xFFFF => ("UINT16", 2),
        _ => ("UINT32", 4),
    };
    let offset_bytes: Vec<u8> = offsets
        .into_iter()
        .flat_map(|offset| (offset as u32).to_le_bytes().into_iter().take(width))
        .collect();
    Some(PropertyColumn {
        values: writer.property_view(&values),
        string_offsets: Some(writer.property_view(&offset_bytes)),
        string_offset_type: Some(offset_type.to_owned()),
    })
}

/// The strings of a column, as far as its offsets go.
fn texts<'a>(
    column: &PropertyColumn,
    reader: &'a Reader<'_>,
) -> Result<impl Iterator<Item = Result<String, Error>> + 'a, Error> {
    let values = reader.view(column.values)?;
    let offsets = match column.string_offsets {
        Some(view) => reader.view(view)?,
        None => return Err(Error::Invalid("a column of strings has no offsets".to_owned())),
    };
    let width = match column.string_offset_type.as_deref() {
        Some("UINT8") => 1,
        Some("UINT16") => 2,
        Some("UINT32") | None => 4,
        Some(other) => return Err(Error::Unsupported(format!("string offsets of type {other}"))),
    };
    let offset = move |bytes: &[u8]| bytes.iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let begins = offsets.chunks_exact(width).map(offset);
    let ends = begins.clone().skip(1);
    Ok(begins.zip(ends).map(|(begin, end)| {
        values
            .get(begin..end)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .map(str::to_owned)
            .ok_or_else(|| Error::Invalid("a string of a property table is not UTF-8 or not there".to_owned()))
    }))
}

/// Gives each feature the bytes of its row.
fn fill<const N: usize>(
    values: &[u8],
    features: &mut [Feature],
    set: impl Fn(&mut Feature, [u8; N]),
) -> Result<(), Error> {
    let (rows, _) = values.as_chunks::<N>();
    if rows.len() < features.len() {
        return Err(Error::Invalid("a column of a property table is too short".to_owned()));
    }
    for (feature, row) in features.iter_mut().zip(rows) {
        set(feature, *row);
    }
    Ok(())
}
