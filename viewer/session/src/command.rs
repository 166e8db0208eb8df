//! What a person, or a program in their place, can do in a session.

use crate::snapshot::Progress;
use crate::strings::Language;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tiles::feature::Feature;

/// One thing that is done. As JSON: `{"command": "orbitBy", "dx": 10, "dy": 0}`.
///
/// Places on the screen (`x`, `y`, `dx`, `dy`) are in pixels of the viewport from its top left corner. Points of the
/// city (`hit`, `about`, `point`) are east, north, up in metres in the tileset's ENU frame; they are what the host
/// found under the cursor, and without one the ground plane stands in. Angles are in degrees. A command with a number
/// that is not finite does nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    /// The viewport has another size, in pixels.
    Resize {
        /// Width.
        width: f64,
        /// Height.
        height: f64,
    },
    /// Puts the camera somewhere.
    SetCamera {
        /// Longitude of the eye.
        lon: f64,
        /// Latitude of the eye.
        lat: f64,
        /// Ellipsoidal height of the eye in metres.
        height: f64,
        /// Where it looks, clockwise from north.
        heading: f64,
        /// Where it looks, up from the horizon: -90 is straight down.
        pitch: f64,
    },
    /// Turns the view about a point, as by dragging with the second button.
    OrbitBy {
        /// Pixels to the right.
        dx: f64,
        /// Pixels down.
        dy: f64,
        /// The point that stays where it is on the screen; the camera's target without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<[f64; 3]>,
    },
    /// Turns the head: the eye stays.
    LookBy {
        /// Pixels to the right.
        dx: f64,
        /// Pixels down.
        dy: f64,
    },
    /// Takes hold of the point under the cursor.
    PanStart {
        /// Where.
        x: f64,
        /// Where.
        y: f64,
        /// The point.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hit: Option<[f64; 3]>,
    },
    /// Moves the view sideways so that the point taken hold of is under the cursor again.
    PanTo {
        /// Where.
        x: f64,
        /// Where.
        y: f64,
    },
    /// Lets go.
    PanEnd,
    /// Moves the view sideways by as much as the ground in its middle moves by so many pixels.
    PanBy {
        /// Pixels to the right.
        dx: f64,
        /// Pixels down.
        dy: f64,
    },
    /// Moves towards the point under the cursor, or away from it.
    Zoom {
        /// Where.
        x: f64,
        /// Where.
        y: f64,
        /// By what the distance is multiplied: less than 1 comes closer.
        factor: f64,
        /// The point.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hit: Option<[f64; 3]>,
    },
    /// Two fingers moved: zooms, turns and pans together.
    Pinch {
        /// Where the two fingers were.
        from: [[f64; 2]; 2],
        /// Where they are.
        to: [[f64; 2]; 2],
        /// The point that was between them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hit: Option<[f64; 3]>,
    },
    /// One press of a key.
    Step {
        /// What it does.
        step: Step,
    },
    /// Tells how far away the thing in the middle of the picture is, which is then what the camera turns about.
    Focus {
        /// A point of it.
        point: [f64; 3],
    },
    /// Back to the view that the session began with.
    Home {
        /// How long the way takes.
        #[serde(default)]
        seconds: f64,
    },
    /// Goes to a place.
    FlyTo {
        /// Which.
        place: Place,
        /// How long the way takes.
        #[serde(default)]
        seconds: f64,
    },
    /// Sets the date, in the civil calendar of the place.
    SetDate {
        /// Year.
        year: i32,
        /// Month, from 1.
        month: u8,
        /// Day of the month, from 1.
        day: u8,
    },
    /// Sets the time of day.
    SetTimeOfDay {
        /// Hours since midnight of local time.
        hours: f64,
    },
    /// Says how local time differs from universal time on the date that is set, summer time included.
    SetUtcOffset {
        /// Minutes east.
        minutes: i32,
    },
    /// Switches a layer on or off.
    SetLayer {
        /// Its name.
        layer: String,
        /// Whether it is shown.
        visible: bool,
    },
    /// Selects a feature that was found in a tile.
    Select {
        /// What the tile says of it.
        feature: Box<Feature>,
        /// Where it was hit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        point: Option<[f64; 3]>,
    },
    /// The selected feature's attributes have come, as the server's item has them in its `properties`.
    SetAttributes {
        /// Of which feature; if it is not the selected one any more, nothing happens.
        id: String,
        /// The attributes.
        attributes: Map<String, Value>,
        /// West, south, least height, east, north, greatest height: degrees and ellipsoidal metres.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bbox: Option<[f64; 6]>,
    },
    /// The attributes cannot be had.
    AttributesFailed {
        /// Of which feature.
        id: String,
    },
    /// Nothing is selected any more.
    ClearSelection,
    /// Speaks another language.
    SetLanguage {
        /// Which.
        language: Language,
    },
    /// How loading goes on.
    Report {
        /// The numbers.
        progress: Progress,
    },
    /// Tells the user of something that went wrong.
    ShowError {
        /// A key of [`crate::strings`] that begins with `error.`, or a text to be shown as it is.
        message: String,
    },
    /// The user has read it.
    DismissError,
}

/// Where to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "place", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Place {
    /// A point on the ground.
    Point {
        /// Degrees.
        lon: f64,
        /// Degrees.
        lat: f64,
        /// Ellipsoidal height in metres; the city's ground without one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        height: Option<f64>,
    },
    /// All of a box, such as a feature's: west, south, least height, east, north, greatest height in degrees and
    /// ellipsoidal metres (the order of `GeoJSON`, RFC 7946, 5).
    Box {
        /// The box.
        bbox: [f64; 6],
    },
    /// The selected feature; does nothing when none is, or nobody said where it is.
    Selected,
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Moves the eye forward over the ground.
    Forward,
    /// Moves the eye backward.
    Back,
    /// Moves the eye to the left.
    Left,
    /// Moves the eye to the right.
    Right,
    /// Comes closer.
    ZoomIn,
    /// Goes away.
    ZoomOut,
    /// Turns the view to the left.
    TurnLeft,
    /// Turns the view to the right.
    TurnRight,
    /// Looks less steeply.
    TiltUp,
    /// Looks more steeply.
    TiltDown,
    /// North is up.
    North,
    /// Looks straight down.
    Top,
}
