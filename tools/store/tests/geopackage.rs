//! The GeoPackage and the search index as others read them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests say what they expect by failing"
)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the sample is shared with other tests"
)]

mod sample;

use rusqlite::{Connection, params};
use sample::Sample;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use store::{AttributeNote, Collection, FeatureRow, RealFiles};

fn city(sample: &Sample) -> (tempfile::TempDir, Collection) {
    let store = tempfile::tempdir().unwrap();
    sample.publish(store.path(), "helsinki", Arc::new(RealFiles)).unwrap();
    let collection = Collection::open(&store.path().join("helsinki")).unwrap();
    (store, collection)
}

fn geopackage(collection: &Collection) -> PathBuf {
    collection.directory().join(&collection.pointer().features)
}

fn ogrinfo(arguments: &[&str], file: &Path) -> Option<String> {
    let output = match Command::new("ogrinfo").args(arguments).arg(file).output() {
        Err(_) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: ogrinfo is not installed (Debian: gdal-bin); this test needs it");
            return None;
        }
        output => output.expect("ogrinfo, of Debian's gdal-bin, runs"),
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ogrinfo complains");
    assert!(output.status.success());
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn gdal_reads_layers_geometry_and_attributes_without_complaint() {
    let (_store, collection) = city(&Sample::default());
    let Some(text) = ogrinfo(&["-ro", "-al", "-wkt_format", "WKT1"], &geopackage(&collection)) else {
        return;
    };
    for expected in [
        "Layer name: buildings",
        "Layer name: water",
        "Layer name: feature_tiles",
        "Geometry: Multi Polygon",
        "Feature Count: 6",
        "AUTHORITY[\"EPSG\",\"4326\"]",
        "Geometry Column = geom",
        "id (String) = church",
        "name (String) = Tuomiokirkko \u{2013} Storkyrkan",
        "parent (String) = church",
        "year (Integer64) = 1852",
        "storeys (Integer64) = 3",
        "measured_height (Real) = 41",
        "floor_area_m2 (Real) = 310.5",
        "listed (Integer(Boolean)) = 1",
        "address (String) = Unioninkatu 29, 00170 Helsinki",
        "MULTIPOLYGON (((24.95",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let inside = ["-ro", "-spat", "24.952", "60.170", "24.9527", "60.1704", "-q"];
    let text = ogrinfo(&[&inside[..], &["-al"]].concat(), &geopackage(&collection)).unwrap();
    assert!(text.contains("= church\n") && !text.contains("= house_3\n"), "{text}");
}

/// A city whose buildings have roofs out of a code list, dates and widths in metres and feet.
fn described() -> Sample {
    Sample {
        spoil_rows: |rows| {
            let note = |attribute: &str, unit: Option<&str>, label: Option<&str>| AttributeNote {
                attribute: attribute.to_owned(),
                unit: unit.map(str::to_owned),
                code_list: label.map(|_| "RoofTypes.xml".to_owned()),
                label: label.map(str::to_owned),
            };
            for (number, row) in rows.iter_mut().filter(|row| row.layer == "buildings").enumerate() {
                let even = number % 2 == 0;
                let (code, label) = if even { ("1000", "flat") } else { ("1010", "monopitch") };
                let unit = if even { "m" } else { "ft" };
                row.attributes = vec![
                    ("roofType".to_owned(), json!(code)),
                    ("measuredHeight".to_owned(), json!(30.5)),
                    ("width".to_owned(), json!(12.25)),
                    ("creationDate".to_owned(), json!("2021-04-15")),
                ];
                row.notes = vec![
                    note("roofType", None, Some(label)),
                    note("measuredHeight", Some(unit), None),
                    note("width", Some(unit), None),
                ];
            }
        },
        ..Sample::default()
    }
}

#[test]
fn units_days_and_codes_are_described() {
    let (_store, collection) = city(&described());
    let connection = Connection::open(geopackage(&collection)).unwrap();
    let described = |column: &str| -> (String, Option<String>, Option<String>) {
        let sql = "SELECT title, description, constraint_name FROM gpkg_data_columns
                   WHERE table_name = 'buildings' AND column_name = ?1";
        connection
            .query_row(sql, params![column], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap()
    };
    let attribute = |name: &str, meaning: &str| (name.to_owned(), Some(meaning.to_owned()), None);
    assert_eq!(described("width"), attribute("width", "attribute in ft"));
    assert_eq!(described("width_2"), attribute("width", "attribute in m"));
    assert_eq!(
        described("measured_height"),
        attribute("measuredHeight", "height in metres")
    );
    assert_eq!(
        described("measured_height_2"),
        attribute("measuredHeight", "attribute in ft")
    );
    let (title, meaning, list) = described("roof_type");
    assert_eq!(
        (title.as_str(), meaning.as_deref()),
        ("roofType", Some("code of the list RoofTypes.xml"))
    );
    let codes: Vec<(String, String)> = connection
        .prepare("SELECT value, description FROM gpkg_data_column_constraints WHERE constraint_name = ?1 ORDER BY 1")
        .unwrap()
        .query_map(params![list.unwrap()], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let codes: Vec<(&str, &str)> = codes
        .iter()
        .map(|(code, label)| (code.as_str(), label.as_str()))
        .collect();
    assert_eq!(codes, [("1000", "flat"), ("1010", "monopitch")]);
    // Whatever its unit, a number comes back under its own name.
    for id in ["church", "church_tower"] {
        let row = collection.feature(id).unwrap().unwrap();
        let widths: Vec<_> = row.attributes.iter().filter(|(name, _)| name == "width").collect();
        assert_eq!(widths, [&("width".to_owned(), json!(12.25))], "{id}");
        assert!(
            row.attributes.contains(&("measuredHeight".to_owned(), json!(30.5))),
            "{id}"
        );
        assert!(
            row.attributes
                .contains(&("creationDate".to_owned(), json!("2021-04-15"))),
            "{id}"
        );
    }
    let Some(text) = ogrinfo(&["-ro", "-al"], &geopackage(&collection)) else {
        return;
    };
    for expected in [
        "width (Real) = 12.25",
        "measured_height (Real) = 30.5",
        "measured_height (Real) = (null)",
        "creation_date (Date) = 2021/04/15",
        "domain name=buildings_roof_type_codes",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    let domain = ogrinfo(
        &["-ro", "-fielddomain", "buildings_roof_type_codes"],
        &geopackage(&collection),
    )
    .unwrap();
    assert!(
        domain.contains("1000: flat") && domain.contains("1010: monopitch"),
        "{domain}"
    );
}

#[test]
fn gdal_finds_features_by_place_and_by_attribute() {
    let (_store, collection) = city(&Sample::default());
    let file = geopackage(&collection);
    let found = |filter: &[&str]| -> Option<Vec<String>> {
        let text = ogrinfo(&[&["-ro", "-q", "-al"][..], filter].concat(), &file)?;
        let ids = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("id (String) = "));
        Some(ids.map(str::to_owned).collect())
    };
    let Some(ids) = found(&["-spat", "24.952", "60.170", "24.95263", "60.1705"]) else {
        return;
    };
    assert_eq!(ids, ["church", "church_tower"]);
    let layer = |filter: &str| -> Vec<String> {
        let output = Command::new("ogrinfo")
            .args(["-ro", "-q", "-where", filter])
            .arg(&file)
            .arg("buildings")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ogrinfo complains");
        let text = String::from_utf8(output.stdout).unwrap();
        let ids = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("id (String) = "));
        ids.map(str::to_owned).collect()
    };
    assert_eq!(layer("year = 1852"), ["church"]);
    assert_eq!(layer("floor_area_m2 > 300"), ["house_1"]);
    assert_eq!(layer("parent = 'church'"), ["church_tower"]);
}

#[test]
fn the_file_says_that_it_is_a_geopackage_and_when_its_sources_are_from() {
    let (_store, collection) = city(&Sample::default());
    let connection = Connection::open(geopackage(&collection)).unwrap();
    let pragma = |name: &str| {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(pragma("application_id"), 0x4750_4b47);
    assert_eq!(pragma("user_version"), 10300);
    let check: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
    let orphans = connection
        .prepare("PRAGMA foreign_key_check")
        .unwrap()
        .query([])
        .unwrap()
        .next()
        .unwrap()
        .is_some();
    assert!(!orphans);
    let dates: Vec<String> = connection
        .prepare("SELECT DISTINCT last_change FROM gpkg_contents")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(dates, ["2026-11-20T00:00:00.000Z"]);
    let hits: Vec<String> = connection
        .prepare("SELECT b.id FROM rtree_buildings_geom AS r JOIN buildings AS b ON b.fid = r.id WHERE r.minx < ?1 ORDER BY 1").unwrap()
        .query_map(params![24.9526], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(hits, ["church", "church_tower"]);
    // Whoever edits a copy in QGIS keeps its index by these.
    let triggers: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'buildings'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(triggers, 6);
}

#[test]
fn a_feature_comes_back_with_everything_it_had() {
    let (_store, collection) = city(&Sample::default());
    let church = collection.feature("church").unwrap().unwrap();
    assert_eq!(church.name.as_deref(), Some("Tuomiokirkko \u{2013} Storkyrkan"));
    assert_eq!(church.layer, "buildings");
    assert_eq!(church.footprint[0][0].len(), 5);
    assert_eq!(church.ground, Some(4.0));
    assert!((church.bbox.unwrap()[5] - 32.0).abs() < 0.01, "{:?}", church.bbox);
    let value = |row: &FeatureRow, name: &str| {
        row.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map_or(Value::Null, |(_, value)| value.clone())
    };
    assert_eq!(value(&church, "function"), json!(["religious", "tourism"]));
    assert_eq!(value(&church, "yearOfConstruction"), json!(1852));
    assert_eq!(value(&church, "measuredHeight"), json!(12.0));
    assert_eq!(value(&church, "heightSource"), json!("tag"));
    let levels: Vec<(String, u16)> = church
        .tiles
        .iter()
        .map(|tile| (tile.file.split('.').next().unwrap().to_owned(), tile.level))
        .collect();
    assert_eq!(levels, [("buildings-0".to_owned(), 0), ("buildings-2".to_owned(), 1)]);
    assert_eq!(collection.parts("church").unwrap(), ["church_tower"]);

    let house = collection.feature("house_0").unwrap().unwrap();
    assert_eq!(
        value(&house, "yearOfConstruction"),
        json!("1911-05-01"),
        "a date stays whole"
    );
    assert_eq!(value(&house, "listed"), json!(true));
    assert_eq!(value(&house, "Floor area (m2)"), json!(250.0));
    assert_eq!(value(&house, "storeysAboveGround"), json!(3));
    assert_eq!(collection.feature("no such").unwrap(), None);
    assert_eq!(collection.manifest().example.as_deref(), Some("church"));
}

#[test]
fn a_search_finds_unfinished_words_without_accents_and_case() {
    let (_store, collection) = city(&Sample::default());
    let found = |text: &str| -> Vec<String> {
        collection
            .search(text, 10)
            .unwrap()
            .into_iter()
            .map(|hit| hit.id)
            .collect()
    };
    assert_eq!(found("tuomio"), ["church"]);
    assert_eq!(found("STORKYRKAN tuomiokirkko"), ["church"]);
    assert_eq!(found("aitias"), ["house_0"], "\u{c4}iti\u{e4}\u{161} without its marks");
    assert_eq!(found("unioninkatu 29"), ["church"]);
    assert_eq!(found("00170"), ["church"]);
    assert_eq!(found("house_2"), ["house_2"]);
    assert_eq!(found("lampi"), ["pond"]);
    assert_eq!(found("nowhere"), Vec::<String>::new());
    assert_eq!(collection.search("house", 2).unwrap().len(), 2);
    for odd in [
        "", "   ", "\"", "*", "AND", "a OR", "NEAR(", "col:x", "\u{0}", "-- ;", "(((", "^",
    ] {
        assert!(collection.search(odd, 10).is_ok(), "{odd:?}");
    }
}

#[test]
fn attributes_of_odd_names_and_types_keep_their_values() {
    let odd = Sample {
        spoil_rows: |rows| {
            rows[2].attributes = vec![
                ("select".to_owned(), json!("from")),
                ("a\"b;--".to_owned(), json!(1)),
                ("ID".to_owned(), json!("own")),
                ("geom".to_owned(), json!(3)),
                ("nested".to_owned(), json!({"a": [1, 2]})),
                ("mixed".to_owned(), json!("one")),
                ("big".to_owned(), json!(9_007_199_254_740_993_i64)),
                ("other_attributes".to_owned(), json!("x")),
                ("usage".to_owned(), json!(1000)),
                ("empty".to_owned(), json!(null)),
            ];
            rows[3].attributes = vec![("mixed".to_owned(), json!(2))];
        },
        ..Sample::default()
    };
    let (_store, collection) = city(&odd);
    let row = collection.feature("house_0").unwrap().unwrap();
    let mut attributes = row.attributes;
    attributes.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = json!([
        ["ID", "own"], ["a\"b;--", 1], ["big", 9_007_199_254_740_993_i64], ["geom", 3], ["mixed", "one"],
        ["nested", {"a": [1, 2]}], ["other_attributes", "x"], ["select", "from"], ["usage", 1000]
    ]);
    assert_eq!(json!(attributes), expected);
    if let Some(text) = ogrinfo(&["-ro", "-al", "-q"], &geopackage(&collection)) {
        assert!(text.contains("mixed (String) = 2"), "{text}");
    }
}

#[test]
fn a_feature_without_footprint_or_tiles_has_a_row() {
    let bare = Sample {
        spoil_rows: |rows| {
            rows[2].footprint = vec![];
            rows[2].bbox = None;
            rows[3].bbox = Some([f64::NAN; 6]);
            rows[3].footprint = vec![vec![vec![[f64::INFINITY, 0.0]]]];
        },
        ..Sample::default()
    };
    let (_store, collection) = city(&bare);
    for id in ["house_0", "house_1"] {
        let row = collection.feature(id).unwrap().unwrap();
        assert_eq!((row.footprint.len(), row.bbox), (0, None), "{id}");
    }
    assert!(
        collection
            .manifest()
            .extent
            .unwrap()
            .iter()
            .all(|number| number.is_finite())
    );
    ogrinfo(&["-ro", "-al", "-q"], &geopackage(&collection));
}
