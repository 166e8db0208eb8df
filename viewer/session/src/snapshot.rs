//! All that a user interface shows of a session.

use crate::strings::Language;
use serde::{Deserialize, Serialize};
use tiles::feature::Feature;
use tiles::select::Statistics;

/// The session at one moment, in the user's language where there are words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Title of the city.
    pub title: String,
    /// What the words are in.
    pub language: Language,
    /// Where the eye is.
    pub camera: CameraState,
    /// Date, time and sun.
    pub time: TimeState,
    /// The layers, in the city's order.
    pub layers: Vec<LayerState>,
    /// The selected feature.
    pub selected: Option<Selected>,
    /// How loading goes on.
    pub progress: Progress,
    /// Whether the camera is on its way somewhere by itself.
    pub flying: bool,
    /// Nothing moves and the picture is final.
    pub settled: bool,
    /// Whom to credit, one line each.
    pub credits: Vec<String>,
    /// What went wrong, if anything.
    pub error: Option<String>,
}

/// Where the eye is and where it looks. Degrees and metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CameraState {
    /// Longitude of the eye.
    pub lon: f64,
    /// Latitude of the eye.
    pub lat: f64,
    /// Ellipsoidal height of the eye.
    pub height: f64,
    /// Clockwise from north, 0 to 360.
    pub heading: f64,
    /// Up from the horizon.
    pub pitch: f64,
    /// Longitude, latitude and ellipsoidal height of what the camera turns about.
    pub target: [f64; 3],
    /// From the eye to there.
    pub distance: f64,
    /// Easting, northing and height of the target in the city's own reference system, where it is known.
    pub city_target: Option<[f64; 3]>,
}

/// Date, time and sun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeState {
    /// Year, month and day.
    pub date: (i32, u8, u8),
    /// Hours since midnight of local time.
    pub hours: f64,
    /// Minutes that local time is ahead of universal time.
    pub utc_offset_minutes: i32,
    /// Date, time and offset as ISO 8601 writes them, for example `2026-06-21T15:00+03:00`.
    pub iso: String,
    /// Height of the sun above the horizon in degrees, refraction left out.
    pub sun_altitude: f64,
    /// Where the sun is, in degrees clockwise from north.
    pub sun_azimuth: f64,
}

/// A layer in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerState {
    /// Its name, for [`crate::Command::SetLayer`].
    pub name: String,
    /// What to call it.
    pub label: String,
    /// Whether it is shown.
    pub visible: bool,
    /// How many features it holds.
    pub count: u64,
}

/// The selected feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Selected {
    /// Its `gml:id`.
    pub id: String,
    /// Its name, or what it is.
    pub title: String,
    /// What is known of it, most telling first.
    pub rows: Vec<AttributeRow>,
    /// Whether more is to come.
    pub details: Details,
    /// What the tile said of it.
    pub feature: Feature,
    /// Where it was hit, east, north, up.
    pub point: Option<[f64; 3]>,
    /// West, south, least height, east, north, greatest height, once known.
    pub bbox: Option<[f64; 6]>,
}

/// Whether a selected feature's attributes are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Details {
    /// The host is to fetch them.
    Wanted,
    /// They are there.
    Here,
    /// They cannot be had.
    Failed,
}

/// One line of the attribute panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeRow {
    /// The attribute's own name.
    pub name: String,
    /// What to call it.
    pub label: String,
    /// Its value with unit, written as the language writes it.
    pub value: String,
}

/// How loading goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// What tile selection counts.
    pub tiles: Statistics,
    /// Whether the picture is final for the camera as it stands.
    pub settled: bool,
}
