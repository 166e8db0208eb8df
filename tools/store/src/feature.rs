//! One feature of a collection with everything that is known of it.

use serde::{Deserialize, Serialize};

/// Polygons of rings of longitude and latitude in degrees; the first ring of a polygon is its exterior, and every ring
/// ends with its first point, as in GeoJSON (RFC 7946, 3.1.7).
pub type Footprint = Vec<Vec<Vec<[f64; 2]>>>;

/// A tile that shows a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileRef {
    /// The tile's name under `files/`, as [`crate::Publisher::put`] returned it.
    pub file: String,
    /// Steps above the leaf: 0 is the leaf, 1 its stand-in, and so on.
    pub level: u16,
}

/// What a source says of an attribute besides its value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeNote {
    /// The attribute's name.
    pub attribute: String,
    /// The unit of the number, as written. Numbers in different units get columns of their own.
    pub unit: Option<String>,
    /// The code list that the value is of, as written (`codeSpace`).
    pub code_list: Option<String>,
    /// What the code means, where the source tells.
    pub label: Option<String>,
}

/// One row of the GeoPackage: a city object or a part of one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FeatureRow {
    /// The `gml:id`, unique in the collection.
    pub id: String,
    /// The `gml:id` of the object this one is a part of.
    pub parent: Option<String>,
    /// The layer, and thereby the table, it belongs to.
    pub layer: String,
    /// The CityGML class without prefix, for example `Building`.
    pub kind: String,
    /// The first `gml:name`.
    pub name: Option<String>,
    /// Street, number, postal code and town on one line.
    pub address: Option<String>,
    /// What it covers of the ground; empty when that is not known.
    pub footprint: Footprint,
    /// West, south, lowest, east, north, highest: degrees, and metres above the ellipsoid.
    pub bbox: Option<[f64; 6]>,
    /// Lowest point in metres in the city's own vertical reference.
    pub ground: Option<f64>,
    /// Highest point in metres in the city's own vertical reference.
    pub top: Option<f64>,
    /// Every other attribute under its CityGML name, in source order. `class`, `function`, `usage`, `roofType`,
    /// `yearOfConstruction`, `storeysAboveGround` and `measuredHeight` fill the table's fixed columns.
    pub attributes: Vec<(String, serde_json::Value)>,
    /// What is known of some of the attributes. It goes into the description of their columns; a feature that is read
    /// from a store has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<AttributeNote>,
    /// The leaves that hold it, then the stand-ins upward; empty for an object without geometry.
    pub tiles: Vec<TileRef>,
}
