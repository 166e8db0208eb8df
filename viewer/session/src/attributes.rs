//! What is known of a feature, in words.
//!
//! A tile says a few things of each feature at once; the rest comes later from the server. Both name attributes as
//! CityGML does, many have no name in any user's language, and codes stand for values (CityGML 2.0, annex C). The
//! panel shows one list: the attributes that everybody asks for first, each once, then whatever else the city says; under
//! a name of the user's language where the table of words has one (`attribute.` and the attribute's name), else as the
//! city calls it.

use crate::snapshot::AttributeRow;
use crate::strings::{Key, Language, fill, lookup, text};
use serde_json::{Map, Value};
use tiles::feature::Feature;

/// An attribute that has a name in every language: its name here, what else it is called, its label, its unit.
struct Known {
    name: &'static str,
    others: &'static [&'static str],
    label: Key,
    unit: &'static str,
}

const fn known(name: &'static str, others: &'static [&'static str], label: Key, unit: &'static str) -> Known {
    Known {
        name,
        others,
        label,
        unit,
    }
}

/// In the order of the panel.
const KNOWN: &[Known] = &[
    known("kind", &[], Key::AttributeKind, ""),
    known("name", &[], Key::AttributeName, ""),
    known("address", &[], Key::AttributeAddress, ""),
    known("year", &["yearOfConstruction"], Key::AttributeYear, ""),
    known("yearOfDemolition", &[], Key::AttributeYearDemolished, ""),
    known("storeys", &["storeysAboveGround"], Key::AttributeStoreys, ""),
    known("storeysBelowGround", &[], Key::AttributeStoreysBelow, ""),
    known("height", &["measuredHeight"], Key::AttributeHeight, "m"),
    known(
        "groundLevel",
        &["ground_level", "ground"],
        Key::AttributeGroundLevel,
        "m",
    ),
    known("top", &[], Key::AttributeTop, "m"),
    known("roofType", &["roof_type"], Key::AttributeRoofType, ""),
    known("function", &[], Key::AttributeFunction, ""),
    known("usage", &[], Key::AttributeUsage, ""),
    known("class", &[], Key::AttributeClass, ""),
    known("description", &[], Key::AttributeDescription, ""),
    known("layer", &[], Key::AttributeLayer, ""),
    known("merged", &[], Key::AttributeMerged, ""),
    known("parent", &[], Key::AttributeParent, ""),
    known("parts", &[], Key::AttributeParts, ""),
    known("id", &["gml:id", "gml_id"], Key::AttributeId, ""),
];

impl Known {
    fn is(&self, name: &str) -> bool {
        self.name == name || self.others.contains(&name)
    }
}

/// What to call the feature: its name, else its address, else what it is.
pub(crate) fn title(feature: &Feature, details: Option<&Map<String, Value>>, language: Language) -> String {
    if feature.merged > 1 {
        return fill(language, Key::FeatureMerged, &[("n", &feature.merged.to_string())]);
    }
    let own = details.and_then(|details| details.get(&format!("name:{}", language.code())));
    let own = own.and_then(Value::as_str).unwrap_or_default();
    let candidates = [own, &feature.name, &feature.address];
    let found = candidates.into_iter().find(|candidate| !candidate.is_empty());
    found.map_or_else(|| kind(&feature.kind, language), str::to_owned)
}

/// The rows of the panel.
pub(crate) fn rows(feature: &Feature, details: Option<&Map<String, Value>>, language: Language) -> Vec<AttributeRow> {
    let tile = of_tile(feature);
    let nothing = Map::new();
    let details = details.unwrap_or(&nothing);
    let told = |known: &Known| {
        let from_details = || details.iter().find(|(name, _)| known.is(name)).map(|(_, value)| value);
        tile.get(known.name).or_else(from_details)
    };
    let first = KNOWN.iter().filter_map(|known| {
        let value = value(known, told(known)?, language)?;
        Some(AttributeRow {
            name: known.name.into(),
            label: text(language, known.label).into(),
            value,
        })
    });
    let rest = details
        .iter()
        .filter(|(name, _)| !KNOWN.iter().any(|known| known.is(name)));
    let rest = rest.filter_map(|(name, value)| {
        let value = plain(value, language)?;
        Some(AttributeRow {
            name: name.clone(),
            label: label(name, language),
            value,
        })
    });
    first.chain(rest).collect()
}

/// What a tile says, by name; what it does not know is left out.
fn of_tile(feature: &Feature) -> Map<String, Value> {
    let metres = |value: f32| Value::from((f64::from(value) * 100.0).round() / 100.0);
    let all = [
        ("kind", Value::from(feature.kind.as_str())),
        ("name", Value::from(feature.name.as_str())),
        ("address", Value::from(feature.address.as_str())),
        ("year", feature.year.map_or(Value::Null, Value::from)),
        ("storeys", feature.storeys.map_or(Value::Null, Value::from)),
        ("height", feature.height.map_or(Value::Null, metres)),
        ("groundLevel", feature.ground_level.map_or(Value::Null, metres)),
        ("roofType", Value::from(feature.roof_type.as_str())),
        ("function", Value::from(feature.function.as_str())),
        ("usage", Value::from(feature.usage.as_str())),
        ("class", Value::from(feature.class.as_str())),
        (
            "merged",
            if feature.merged > 1 {
                Value::from(feature.merged)
            } else {
                Value::Null
            },
        ),
        ("id", Value::from(feature.id.as_str())),
    ];
    let there = |value: &Value| !value.is_null() && value.as_str() != Some("");
    all.into_iter()
        .filter(|(_, value)| there(value))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The value of a known attribute: codes in words, numbers with their unit.
fn value(known: &Known, value: &Value, language: Language) -> Option<String> {
    match (known.name, value) {
        ("kind", Value::String(kind_name)) => Some(kind(kind_name, language)),
        ("layer", Value::String(layer)) => Some(layer_label(layer, language)),
        ("roofType" | "class", _) => plain(value, language).map(|code| coded(known.name, &code, language)),
        // A year is not an amount: no separators, no decimals.
        ("year" | "yearOfDemolition", Value::Number(year)) => Some(year.to_string()),
        (_, Value::Number(_)) if !known.unit.is_empty() => {
            Some(format!("{}\u{a0}{}", plain(value, language)?, known.unit))
        }
        _ => plain(value, language),
    }
}

/// What an attribute without a place of its own is called.
fn label(name: &str, language: Language) -> String {
    lookup(language, &format!("attribute.{name}"))
        .unwrap_or(name)
        .to_owned()
}

/// What the class of feature is called.
fn kind(kind: &str, language: Language) -> String {
    lookup(language, &format!("kind.{kind}")).unwrap_or(kind).to_owned()
}

/// What the layer is called.
pub(crate) fn layer_label(layer: &str, language: Language) -> String {
    lookup(language, &format!("layer.{layer}")).unwrap_or(layer).to_owned()
}

/// The word for a code of CityGML's own lists; any other code as it is.
fn coded(attribute: &str, code: &str, language: Language) -> String {
    lookup(language, &format!("{attribute}.{code}"))
        .unwrap_or(code)
        .to_owned()
}

/// Any value as text; none when there is nothing to read.
fn plain(value: &Value, language: Language) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(true) => Some(text(language, Key::ValueYes).to_owned()),
        Value::Bool(false) => Some(text(language, Key::ValueNo).to_owned()),
        Value::Number(number) => Some(amount(number, language)),
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Value::Array(values) => {
            let parts: Vec<String> = values.iter().filter_map(|value| plain(value, language)).collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        }
        Value::Object(members) => match (members.get("value"), members.get("uom").and_then(Value::as_str)) {
            (Some(value), Some(unit)) => Some(format!("{}\u{a0}{unit}", plain(value, language)?)),
            _ => Some(value.to_string()),
        },
    }
}

/// A number with at most three decimals.
fn amount(number: &serde_json::Number, language: Language) -> String {
    let Some(value) = number.as_f64().filter(|_| !number.is_i64() && !number.is_u64()) else {
        return number.to_string();
    };
    let rounded = format!("{value:.3}");
    let decimals = rounded
        .trim_end_matches('0')
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    language.number(value, decimals)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
    use super::*;
    use serde_json::json;

    fn cathedral() -> Feature {
        Feature {
            id: "osm_w419479428".into(),
            kind: "Building".into(),
            name: "Helsingin tuomiokirkko".into(),
            class: "1080".into(),
            roof_type: "1090".into(),
            height: Some(41.0),
            year: Some(1852),
            merged: 1,
            ..Feature::default()
        }
    }

    fn details(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("{other} is no object"),
        }
    }

    fn shown(rows: &[AttributeRow]) -> Vec<(&str, &str)> {
        rows.iter()
            .map(|row| (row.label.as_str(), row.value.as_str()))
            .collect()
    }

    #[test]
    fn a_building_reads_in_finnish_swedish_and_english() {
        let words = |language| {
            let rows = rows(&cathedral(), None, language);
            rows.into_iter()
                .map(|row| format!("{}: {}", row.label, row.value))
                .collect::<Vec<_>>()
                .join("; ")
        };
        assert_eq!(
            words(Language::Fi),
            "Kohdelaji: Rakennus; Nimi: Helsingin tuomiokirkko; Rakennusvuosi: 1852; Korkeus: 41\u{a0}m; \
             Kattomuoto: kupolikatto; Luokka: kirkollinen toiminta; Tunnus: osm_w419479428"
        );
        assert!(words(Language::Sv).starts_with("Objekttyp: Byggnad; Namn: Helsingin tuomiokirkko; Byggår: 1852"));
        assert!(words(Language::En).contains("Roof type: dome; Class: church"));
    }

    #[test]
    fn the_servers_attributes_fill_the_gaps_and_come_after_once_each() {
        let details = details(json!({
            "yearOfConstruction": 1900, "storeysAboveGround": 3, "architect": "C. L. Engel",
            "measuredHeight": 41.25, "wikidata": "Q1234", "empty": "", "nothing": null, "listed": true,
            "volume": {"value": 1234.5, "uom": "m3"}, "osm_ways": ["a", "b"]
        }));
        let rows = rows(&cathedral(), Some(&details), Language::En);
        let shown = shown(&rows);
        assert!(
            shown.contains(&("Year of construction", "1852")),
            "the tile's own value stays"
        );
        assert!(shown.contains(&("Storeys", "3")) && shown.contains(&("Height", "41\u{a0}m")));
        let rest = &shown[shown.len() - 5..];
        assert_eq!(
            rest,
            [
                ("Architect", "C. L. Engel"),
                ("Wikidata ID", "Q1234"),
                ("listed", "yes"),
                ("volume", "1234.5\u{a0}m3"),
                ("OpenStreetMap ways", "a, b")
            ]
        );
    }

    #[test]
    fn the_title_is_the_name_in_the_users_language_else_the_address_else_what_it_is() {
        let mut feature = cathedral();
        let swedish = details(json!({"name:sv": "Helsingfors domkyrka"}));
        assert_eq!(title(&feature, Some(&swedish), Language::Sv), "Helsingfors domkyrka");
        assert_eq!(title(&feature, Some(&swedish), Language::Fi), "Helsingin tuomiokirkko");
        feature.name.clear();
        assert_eq!(title(&feature, None, Language::Fi), "Rakennus");
        feature.address = "Unioninkatu 29".into();
        assert_eq!(title(&feature, None, Language::Fi), "Unioninkatu 29");
        feature.merged = 14;
        assert_eq!(title(&feature, None, Language::En), "14 buildings merged");
    }

    #[test]
    fn every_attribute_of_the_sample_has_a_name_in_every_language() {
        let mut names = generic_attributes_of_the_sample();
        assert!(names.len() > 30, "{names:?}");
        // What the server adds, and what the sample says with elements of CityGML's own.
        let own = [
            "layer",
            "kind",
            "name",
            "address",
            "ground",
            "top",
            "parent",
            "parts",
            "description",
            "class",
        ];
        let schema = [
            "externalReference",
            "function",
            "usage",
            "roofType",
            "measuredHeight",
            "species",
        ];
        let counts = ["storeysAboveGround", "yearOfConstruction", "surfaceMaterial"];
        names.extend(
            [&own[..], &schema[..], &counts[..]]
                .concat()
                .into_iter()
                .map(str::to_owned),
        );
        let details: Map<String, Value> = names.iter().map(|name| (name.clone(), json!("1"))).collect();
        for language in Language::ALL {
            for row in rows(&Feature::default(), Some(&details), language) {
                assert_ne!(row.label, row.name, "{language:?}");
            }
        }
    }

    /// The names of all generic attributes in the sample's files.
    fn generic_attributes_of_the_sample() -> std::collections::BTreeSet<String> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples/helsinki");
        let mut names = std::collections::BTreeSet::new();
        for file in ["helsinki-centre.gml.gz", "helsinki-centre-context.gml.gz"] {
            let file = std::fs::File::open(folder.join(file)).unwrap();
            let text = std::io::read_to_string(flate2::read::GzDecoder::new(file)).unwrap();
            let attributes = text
                .split("<gen:")
                .filter(|element| element.contains("Attribute name=\""));
            names.extend(
                attributes
                    .filter_map(|element| element.split('"').nth(1))
                    .map(str::to_owned),
            );
        }
        names
    }

    #[test]
    fn numbers_are_cut_to_millimetres_and_written_in_the_language() {
        let three = details(json!({"a": 0.123_456, "b": 12.0, "c": -3.5, "d": 7}));
        let rows = rows(&Feature::default(), Some(&three), Language::Fi);
        assert_eq!(
            shown(&rows),
            [("a", "0,123"), ("b", "12"), ("c", "\u{2212}3,5"), ("d", "7")]
        );
    }

    #[test]
    fn an_unknown_kind_or_code_is_shown_as_it_is() {
        let feature = Feature {
            kind: "Windmill".into(),
            roof_type: "9999".into(),
            ..Feature::default()
        };
        let rows = rows(&feature, None, Language::Sv);
        assert_eq!(shown(&rows), [("Objekttyp", "Windmill"), ("Taktyp", "9999")]);
    }
}
