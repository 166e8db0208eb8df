//! Every word that a user reads, in Finnish, Swedish and English.
//!
//! The words stand in one file, `strings.json`, that the page reads as it is and that is part of every program: key,
//! then one text a language, so that whoever translates sees them side by side. A text may hold places in braces, as
//! `{n}`, that [`fill`] replaces. Keys are typed ([`Key`]) where the program names them; the names of layers, kinds
//! and codes, which come from data, are looked up by [`lookup`].

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The file, for whoever hands it to a page.
pub const JSON: &str = include_str!("../strings.json");

/// A language that the user interfaces speak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Finnish.
    Fi,
    /// Swedish.
    Sv,
    /// English.
    #[default]
    En,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fi, Self::Sv, Self::En];

    /// Its code after ISO 639-1, as a page's `lang` wants it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Fi => "fi",
            Self::Sv => "sv",
            Self::En => "en",
        }
    }

    /// The first of a user's preferred languages (BCP 47, as `sv-FI`) that is spoken here; English if none is.
    pub fn preferred<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let spoken = |tag: &str| {
            let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
            Self::ALL.into_iter().find(|language| language.code() == primary)
        };
        tags.into_iter().find_map(spoken).unwrap_or_default()
    }

    /// The number with so many decimals, written as the language writes it.
    pub fn number(self, value: f64, decimals: usize) -> String {
        let plain = format!("{value:.decimals$}");
        // Minus zero is of no use to anybody.
        let plain = if plain.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')) {
            plain.replace('-', "")
        } else {
            plain
        };
        match self {
            Self::En => plain,
            Self::Fi | Self::Sv => plain.replace('.', ",").replace('-', "\u{2212}"),
        }
    }
}

/// One key with its texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    fi: String,
    sv: String,
    en: String,
}

static TABLE: LazyLock<BTreeMap<String, Texts>> = LazyLock::new(|| serde_json::from_str(JSON).unwrap_or_default());

/// The text with this key, if there is one.
pub fn lookup(language: Language, key: &str) -> Option<&'static str> {
    let texts = TABLE.get(key)?;
    Some(match language {
        Language::Fi => &texts.fi,
        Language::Sv => &texts.sv,
        Language::En => &texts.en,
    })
}

/// The text.
pub fn text(language: Language, key: Key) -> &'static str {
    lookup(language, key.name()).unwrap_or(key.name())
}

/// The text with `{name}` replaced by the value, for each name and value.
pub fn fill(language: Language, key: Key, values: &[(&str, &str)]) -> String {
    let start = text(language, key).to_owned();
    values
        .iter()
        .fold(start, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

macro_rules! keys {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A text that a program names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Key {
            $($(#[$doc])* $variant,)*
        }

        impl Key {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in `strings.json`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

keys! {
    /// "3D city model"
    Title = "title",
    /// "Language"
    Language = "language",
    /// "suomi"
    LanguageFi = "language.fi",
    /// "svenska"
    LanguageSv = "language.sv",
    /// "English"
    LanguageEn = "language.en",
    /// "Loading…"
    Loading = "loading",
    /// "Loading tiles, {n} to go"
    LoadingTiles = "loading.tiles",
    /// "Everything is loaded"
    LoadingDone = "loading.done",
    /// "The connection is unsteady, trying again…"
    LoadingRetrying = "loading.retrying",
    /// "Layers"
    Layers = "layers",
    /// "Buildings"
    LayerBuildings = "layer.buildings",
    /// "Terrain"
    LayerTerrain = "layer.terrain",
    /// "Streets and railways"
    LayerRoads = "layer.roads",
    /// "Water"
    LayerWater = "layer.water",
    /// "Greenery and trees"
    LayerGreen = "layer.green",
    /// "Street furniture"
    LayerFurniture = "layer.furniture",
    /// "Show layer {layer}"
    LayerShow = "layer.show",
    /// "{n} features"
    LayerCount = "layer.count",
    /// "Date and time"
    Time = "time",
    /// "Date"
    TimeDate = "time.date",
    /// "Time of day"
    TimeOfDay = "time.ofDay",
    /// "Now"
    TimeNow = "time.now",
    /// "Height of the sun"
    TimeSunAltitude = "time.sunAltitude",
    /// "Direction of the sun"
    TimeSunAzimuth = "time.sunAzimuth",
    /// "The sun is below the horizon"
    TimeSunBelow = "time.sunBelow",
    /// "View"
    Camera = "camera",
    /// "Home view"
    CameraHome = "camera.home",
    /// "Zoom in"
    CameraZoomIn = "camera.zoomIn",
    /// "Zoom out"
    CameraZoomOut = "camera.zoomOut",
    /// "North up"
    CameraNorth = "camera.north",
    /// "From straight above"
    CameraTop = "camera.top",
    /// "Turn left"
    CameraTurnLeft = "camera.turnLeft",
    /// "Turn right"
    CameraTurnRight = "camera.turnRight",
    /// "Tilt up"
    CameraTiltUp = "camera.tiltUp",
    /// "Tilt down"
    CameraTiltDown = "camera.tiltDown",
    /// "Position"
    CameraPosition = "camera.position",
    /// "Copy a link to this view"
    CameraCopyLink = "camera.copyLink",
    /// "The link is copied"
    CameraLinkCopied = "camera.linkCopied",
    /// "Help"
    Help = "help",
    /// "Show help"
    HelpOpen = "help.open",
    /// "Close help"
    HelpClose = "help.close",
    /// "Mouse: drag to move, drag with the right button to turn, zoom with the wheel."
    HelpMouse = "help.mouse",
    /// "Touch: move with one finger, zoom and turn with two."
    HelpTouch = "help.touch",
    /// "Keyboard: move with the arrow keys, turn and tilt with Shift and the arrow keys, zoom with + and −, Home goes to the home view."
    HelpKeys = "help.keys",
    /// "Click a building to see what is known of it."
    HelpSelect = "help.select",
    /// "Open the panel"
    PanelOpen = "panel.open",
    /// "Close the panel"
    PanelClose = "panel.close",
    /// "Skip to the map"
    Skip = "skip",
    /// "Three-dimensional map. Move with the arrow keys."
    Canvas = "canvas",
    /// "About the feature"
    Feature = "feature",
    /// "Nothing is selected"
    FeatureNone = "feature.none",
    /// "No name"
    FeatureNoName = "feature.noName",
    /// "{n} buildings merged"
    FeatureMerged = "feature.merged",
    /// "The picture is simplified. Zoom in to see single buildings."
    FeatureMergedNote = "feature.mergedNote",
    /// "Fetching attributes…"
    FeatureLoading = "feature.loading",
    /// "Clear the selection"
    FeatureClear = "feature.clear",
    /// "Go to the feature"
    FeatureFlyTo = "feature.flyTo",
    /// "Name"
    AttributeName = "attribute.name",
    /// "Address"
    AttributeAddress = "attribute.address",
    /// "Height"
    AttributeHeight = "attribute.height",
    /// "Level of the lowest point"
    AttributeGroundLevel = "attribute.groundLevel",
    /// "Storeys"
    AttributeStoreys = "attribute.storeys",
    /// "Storeys below ground"
    AttributeStoreysBelow = "attribute.storeysBelow",
    /// "Year of construction"
    AttributeYear = "attribute.year",
    /// "Year of demolition"
    AttributeYearDemolished = "attribute.yearDemolished",
    /// "Function"
    AttributeFunction = "attribute.function",
    /// "Present use"
    AttributeUsage = "attribute.usage",
    /// "Roof type"
    AttributeRoofType = "attribute.roofType",
    /// "ID"
    AttributeId = "attribute.id",
    /// "Class"
    AttributeClass = "attribute.class",
    /// "Kind of feature"
    AttributeKind = "attribute.kind",
    /// "Description"
    AttributeDescription = "attribute.description",
    /// "Layer"
    AttributeLayer = "attribute.layer",
    /// "Part of"
    AttributeParent = "attribute.parent",
    /// "Parts"
    AttributeParts = "attribute.parts",
    /// "Level of the highest point"
    AttributeTop = "attribute.top",
    /// "Features merged"
    AttributeMerged = "attribute.merged",
    /// "yes"
    ValueYes = "value.yes",
    /// "no"
    ValueNo = "value.no",
    /// "Sources of the data"
    Credits = "credits",
    /// "Show the sources of the data"
    CreditsOpen = "credits.open",
    /// "Error"
    Error = "error",
    /// "The server cannot be reached. Trying again."
    ErrorNetwork = "error.network",
    /// "The city model could not be read."
    ErrorTileset = "error.tileset",
    /// "There is no city model at this address."
    ErrorNotFound = "error.notFound",
    /// "This device or browser cannot show 3D graphics (WebGPU or WebGL 2)."
    ErrorGraphics = "error.graphics",
    /// "The graphics device was lost. Reload the page."
    ErrorGraphicsLost = "error.graphicsLost",
    /// "The attributes could not be fetched."
    ErrorAttributes = "error.attributes",
    /// "A part of the city could not be loaded."
    ErrorTiles = "error.tiles",
    /// "Something went wrong."
    ErrorUnexpected = "error.unexpected",
    /// "Dismiss the message"
    ErrorDismiss = "error.dismiss",
    /// "Try again"
    Retry = "retry",
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn table() -> BTreeMap<String, Texts> {
        serde_json::from_str(JSON).unwrap()
    }

    #[test]
    fn every_key_has_a_text_in_every_language() {
        for (key, texts) in &table() {
            for text in [&texts.fi, &texts.sv, &texts.en] {
                assert!(!text.trim().is_empty() && text.trim() == text, "{key}: {text:?}");
            }
        }
    }

    #[test]
    fn every_typed_key_stands_in_the_table_and_the_other_way_round() {
        // What comes with data, and what only the page says.
        let data = ["kind.", "roofType.", "class.", "attribute.", "page."];
        let typed: Vec<&str> = Key::ALL.iter().map(|key| key.name()).collect();
        for name in &typed {
            assert!(table().contains_key(*name), "{name} is missing in strings.json");
        }
        for key in table().keys() {
            let from_data = data.iter().any(|prefix| key.starts_with(prefix));
            assert!(from_data || typed.contains(&key.as_str()), "{key} is used by nobody");
        }
    }

    #[test]
    fn the_languages_have_the_same_places_to_fill() {
        let places = |text: &str| {
            let mut names: Vec<String> = text
                .split('{')
                .skip(1)
                .map(|p| p.split('}').next().unwrap().into())
                .collect();
            names.sort();
            names
        };
        for (key, texts) in &table() {
            assert_eq!(places(&texts.fi), places(&texts.en), "{key}");
            assert_eq!(places(&texts.sv), places(&texts.en), "{key}");
        }
    }

    #[test]
    fn a_key_occurs_once_in_the_file() {
        let lines = JSON.lines().filter(|line| line.starts_with("  \"")).count();
        assert_eq!(lines, table().len());
    }

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        assert_eq!(Language::Fi.number(41.25, 1), "41,2");
        assert_eq!(Language::Sv.number(-3.5, 1), "\u{2212}3,5");
        assert_eq!(Language::En.number(-0.04, 1), "0.0");
    }

    #[test]
    fn the_first_language_that_is_spoken_wins() {
        assert_eq!(Language::preferred(["de-DE", "sv-FI", "fi"]), Language::Sv);
        assert_eq!(Language::preferred(["FI_fi"]), Language::Fi);
        assert_eq!(Language::preferred(["ja"]), Language::En);
    }

    #[test]
    fn places_are_filled() {
        assert_eq!(
            fill(Language::Sv, Key::FeatureMerged, &[("n", "12")]),
            "12 byggnader sammanslagna"
        );
    }
}
