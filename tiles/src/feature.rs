//! The features of a tile and what a tile says of them.
//!
//! A tile carries, for each of its features, the few attributes that a style or a tooltip needs; everything else is in
//! the collection's GeoPackage. In the GLB this is the property table of class `feature` (`EXT_structural_metadata`),
//! one row a feature; a vertex names its row by `_FEATURE_ID_0` (`EXT_mesh_features`).

use serde::{Deserialize, Serialize};

/// One row of a tile's property table: a feature, or the merged block that stands for several.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Feature {
    /// The `gml:id`; of a merged block, the id of the largest building it stands for.
    pub id: String,
    /// The CityGML class without prefix, for example `Building`.
    pub kind: String,
    /// `gml:name`, or empty.
    pub name: String,
    /// `class`, or empty.
    pub class: String,
    /// The first `function`, or empty.
    pub function: String,
    /// The first `usage`, or empty.
    pub usage: String,
    /// Street, number, postal code and town on one line, or empty.
    pub address: String,
    /// `roofType`, or empty.
    pub roof_type: String,
    /// `measuredHeight` in metres, else the height of the geometry.
    pub height: Option<f32>,
    /// Lowest point in metres in the city's own vertical reference.
    pub ground_level: Option<f32>,
    /// `storeysAboveGround`.
    pub storeys: Option<u16>,
    /// `yearOfConstruction`.
    pub year: Option<i16>,
    /// How many features this row stands for: 1, or more for a merged block.
    pub merged: u32,
}
