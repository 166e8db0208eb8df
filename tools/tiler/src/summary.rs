//! What a run did, in figures that can be compared with what is known of the source.

use std::collections::BTreeMap;

/// One level of a layer.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct LevelSummary {
    /// The layer.
    pub layer: &'static str,
    /// Steps above the leaves.
    pub level: u16,
    /// Tiles of the level.
    pub tiles: u64,
    /// Their bytes, encoded, before HTTP compression.
    pub bytes: u64,
    /// Their triangles.
    pub triangles: u64,
    /// The greatest geometric error among them, in metres.
    pub max_geometric_error: f64,
}

/// What was tiled.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct TileSummary {
    /// Top-level objects by their CityGML class.
    pub kinds: BTreeMap<String, u64>,
    /// Top-level objects read; some may have been left out.
    pub read: u64,
    /// Top-level objects in the tiles.
    pub tiled: u64,
    /// Top-level objects left out because nothing of them can be drawn.
    pub left_out: u64,
    /// The levels of every layer, leaves first.
    pub levels: Vec<LevelSummary>,
    /// Closed solids taken, by level of detail.
    pub solids: BTreeMap<u8, u64>,
    /// Their volume in cubic metres, by level of detail.
    pub volume: BTreeMap<u8, f64>,
    /// Area of the polygons taken, in square metres, by the name of their surface (see [`tiles::surface::Surface`]).
    pub area: BTreeMap<String, f64>,
    /// How the coordinates were transformed, one line an input system.
    pub operations: Vec<String>,
    /// The greatest error in metres of the fitted way back to the city's coordinates.
    pub crs_error: Option<f64>,
    /// Warnings by code.
    pub warnings: BTreeMap<String, u64>,
    /// What was published.
    #[serde(skip)]
    pub published: Option<store::Published>,
}
