//! The sample city as those meet it who search it, and those who open its GeoPackage in a GIS program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "tests say what they expect by failing"
)]

use std::path::Path;
use std::process::Command;
use store::Collection;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/samples/helsinki");
const CATHEDRAL: &str = "osm_w419479428";

/// Publishes the sample city with tiles small enough for a real tree.
fn sample(store: &Path) -> Collection {
    let inputs = ["helsinki-centre.gml.gz", "helsinki-centre-context.gml.gz"].map(|name| format!("{SAMPLES}/{name}"));
    let output = Command::new(env!("CARGO_BIN_EXE_kortteli"))
        .arg("tile")
        .args(inputs)
        .arg("-o")
        .arg(store)
        .args(["--collection", "helsinki", "--tile-bytes", "48K", "--brotli", "1"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Collection::open(&store.join("helsinki")).unwrap()
}

#[test]
fn the_sample_city_is_found_by_name_address_and_id_and_in_gis_programs() {
    let store = tempfile::tempdir().unwrap();
    let collection = sample(store.path());
    searches(&collection);
    let Some(summary) = ogrinfo(&collection, &["-so"]) else {
        return;
    };
    gis(&collection, &summary);
}

fn searches(collection: &Collection) {
    let found = |text: &str| -> Vec<String> {
        let hits = collection.search(text, 20).unwrap();
        hits.into_iter().map(|hit| hit.id).collect()
    };
    for text in [
        "tuomiokirkko",
        "TUOMIOK",
        "cathedral",
        "Helsinki cath",
        "domkyrka",
        "Helsingfors domkyrka",
    ] {
        assert_eq!(found(text), [CATHEDRAL], "{text}");
    }
    let at_address = found("unioninkatu 29");
    assert!(at_address.iter().any(|id| id == CATHEDRAL), "{at_address:?}");
    assert_eq!(found(CATHEDRAL)[0], CATHEDRAL, "the whole id comes before its parts'");
    assert!(found("osm_w4194794").iter().any(|id| id == CATHEDRAL));
    let accents = found("t\u{f6}\u{f6}l\u{f6}");
    assert!(accents.len() >= 4, "{accents:?}");
    assert_eq!(found("toolo"), accents, "T\u{f6}\u{f6}l\u{f6} without its dots");
    assert!(
        found("jarnvagstorget").iter().any(|id| id == "osm_r2919118"),
        "the Swedish name of a square"
    );
    let hit = collection.search("cathedral", 1).unwrap().remove(0);
    assert_eq!(
        (hit.name.as_str(), hit.kind.as_str()),
        ("Helsingin tuomiokirkko", "Building")
    );
    let [longitude, latitude] = hit.position.unwrap();
    assert!(
        (longitude - 24.9522).abs() < 1e-3 && (latitude - 60.1704).abs() < 1e-3,
        "{longitude}, {latitude}"
    );
}

/// What ogrinfo says of the buildings; it must not complain.
fn ogrinfo(collection: &Collection, arguments: &[&str]) -> Option<String> {
    let file = collection.directory().join(&collection.pointer().features);
    let output = Command::new("ogrinfo")
        .arg("-ro")
        .args(arguments)
        .arg(file)
        .arg("buildings")
        .output();
    let output = match output {
        Err(_) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: ogrinfo is not installed (Debian: gdal-bin); this test needs it");
            return None;
        }
        output => output.expect("ogrinfo, of Debian's gdal-bin, runs"),
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ogrinfo complains");
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

/// GDAL must see what the store sees: how many, where, and one building's attributes.
fn gis(collection: &Collection, summary: &str) {
    let mut rows = Vec::new();
    collection
        .for_each_feature(|row| {
            if row.layer == "buildings" {
                rows.push(row);
            }
            true
        })
        .unwrap();
    let count = format!("Feature Count: {}\n", rows.len());
    let points = || rows.iter().flat_map(|row| row.footprint.iter().flatten().flatten());
    let least = |axis: usize| points().map(|point| point[axis]).fold(f64::INFINITY, f64::min);
    let most = |axis: usize| points().map(|point| point[axis]).fold(f64::NEG_INFINITY, f64::max);
    let extent = format!(
        "Extent: ({:.6}, {:.6}) - ({:.6}, {:.6})\n",
        least(0),
        least(1),
        most(0),
        most(1)
    );
    for expected in [count.as_str(), &extent, "Geometry: Multi Polygon", "ID[\"EPSG\",4326]"] {
        assert!(summary.contains(expected), "{expected} is not in\n{summary}");
    }

    let church = ogrinfo(collection, &["-q", "-where", "id = 'osm_w419479428'"]).unwrap();
    for expected in [
        "name (String) = Helsingin tuomiokirkko",
        "name_sv (String) = Helsingfors domkyrka",
        "year (Integer64) = 1852",
        "measured_height (Real) = 41",
        "address (String) = Unioninkatu 29, 00170 Helsinki",
    ] {
        assert!(church.contains(expected), "{expected} is not in\n{church}");
    }
    let ids = |arguments: &[&str]| -> Vec<String> {
        let text = ogrinfo(collection, arguments).unwrap();
        let ids = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("id (String) = "));
        let mut ids: Vec<String> = ids.map(str::to_owned).collect();
        ids.sort();
        ids
    };
    let old = rows.iter().filter(|row| {
        let year = row.attributes.iter().find(|(name, _)| name == "yearOfConstruction");
        year.and_then(|(_, year)| year.as_i64()).is_some_and(|year| year < 1800)
    });
    let old: Vec<&str> = old.map(|row| row.id.as_str()).collect();
    assert!(!old.is_empty());
    assert_eq!(ids(&["-q", "-where", "year < 1800"]), old);
    let inside = ids(&["-q", "-spat", "24.9521", "60.1702", "24.9523", "60.1705"]);
    assert!(
        inside.iter().any(|id| id == CATHEDRAL) && inside.len() < 10,
        "{inside:?}"
    );
}
