//! Features: pages, places, conditions, words, reference systems.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::mem_forget,
    clippy::case_sensitive_file_extension_comparisons,
    reason = "tests say what they expect by failing"
)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "harness and sample are shared with other tests"
)]

mod harness;
#[path = "../../tools/store/tests/sample/mod.rs"]
mod sample;

use harness::{Answer, Running};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

const ITEMS: &str = "/collections/helsinki/items";

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn asked(server: &Running, query: &str) -> Answer {
    server.get(&format!("{ITEMS}?{query}"))
}

fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/geo+json");
    let document = answer.json();
    assert_eq!(document["type"], "FeatureCollection");
    let features = document["features"].as_array().unwrap();
    assert_eq!(document["numberReturned"], features.len());
    features
        .iter()
        .map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect()
}

fn filtered(server: &Running, filter: &str) -> Vec<String> {
    ids(&asked(server, &format!("filter={}", escaped(filter))))
}

fn link<'a>(document: &'a Value, relation: &str) -> Option<&'a str> {
    let links = document["links"].as_array().unwrap();
    let link = links.iter().find(|link| link["rel"] == relation)?;
    link["href"].as_str()
}

/// What a refused request is told, and of which parameter.
fn problem(answer: &Answer) -> (u16, String, String) {
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{}",
        answer.text()
    );
    let document = answer.json();
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    (answer.status, text("parameter"), text("detail"))
}

const ALL: [&str; 7] = [
    "church",
    "church_tower",
    "house_0",
    "house_1",
    "house_2",
    "house_3",
    "pond",
];

#[test]
fn items_are_all_features_page_by_page_by_their_next_links() {
    let server = Running::start();
    let whole = server.get(ITEMS);
    assert_eq!(ids(&whole), ALL);
    let document = whole.json();
    assert_eq!(document["numberMatched"], 7);
    assert_eq!(link(&document, "next"), None);
    let church = &document["features"][0];
    assert_eq!(church["geometry"]["type"], "MultiPolygon");
    assert_eq!(church["bbox"].as_array().unwrap().len(), 6);
    assert_eq!(church["properties"]["measuredHeight"], 12.0);

    let mut found = Vec::new();
    let mut href = "items?limit=3".to_owned();
    let mut pages = 0;
    loop {
        let page = server.get(&format!("/collections/helsinki/{href}"));
        found.extend(ids(&page));
        pages += 1;
        match link(&page.json(), "next") {
            Some(next) => next.clone_into(&mut href),
            None => break,
        }
    }
    assert_eq!((found.as_slice(), pages), (ALL.map(str::to_owned).as_slice(), 3));
    assert_eq!(
        ids(&asked(&server, "limit=1000000")).len(),
        7,
        "more than the most is the most"
    );
    let collection = server.get("/collections/helsinki").json();
    assert_eq!(collection["itemCount"], 7);
    assert_eq!(link(&collection, "items"), Some("helsinki/items"));
}

#[test]
fn places_properties_conditions_and_words_choose() {
    let server = Running::start();
    let pond = server.get(&format!("{ITEMS}/pond")).json();
    let bbox: Vec<f64> = pond["bbox"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_f64().unwrap())
        .collect();
    let [w, s, low, e, n, high] = *bbox.as_slice() else {
        panic!("{bbox:?}")
    };
    assert_eq!(ids(&asked(&server, &format!("bbox={w},{s},{e},{n}"))), ["pond"]);
    assert_eq!(
        ids(&asked(&server, &format!("bbox={w},{s},{low},{e},{n},{high}"))),
        ["pond"]
    );
    assert!(
        ids(&asked(
            &server,
            &format!("bbox={w},{s},{},{e},{n},{}", high + 1.0, high + 2.0)
        ))
        .is_empty()
    );
    assert_eq!(ids(&asked(&server, "layer=water")), ["pond"]);
    assert_eq!(ids(&asked(&server, "measuredHeight=12&kind=Building")), ["church"]);
    assert_eq!(ids(&asked(&server, "listed=true")), ["house_0"]);
    assert_eq!(
        ids(&asked(&server, &format!("{}=310.5", escaped("Floor area (m2)")))),
        ["house_1"]
    );
    assert_eq!(ids(&asked(&server, "q=tuomiok")), ["church"]);
    assert_eq!(ids(&asked(&server, "id=house_3&datetime=2020-01-01/..")), ["house_3"]);
    assert_eq!(
        filtered(&server, "measuredHeight >= 9 AND kind = 'Building'"),
        ["church", "house_3"]
    );
    assert_eq!(filtered(&server, "CASEI(name) LIKE CASEI('%KIRKKO%')"), ["church"]);
    assert_eq!(filtered(&server, "ACCENTI(name) = 'Aitias talo'"), ["house_0"]);
    assert_eq!(
        filtered(
            &server,
            &format!("S_INTERSECTS(geometry, BBOX({w},{s},{e},{n})) OR id IN ('church')")
        ),
        ["church", "pond"]
    );
    assert!(filtered(&server, "name = ''' OR 1=1 --'").is_empty());
    let both = format!(
        "filter={}&filter-lang=cql-text&bbox={w},{s},{e},{n}",
        escaped("ground > 100")
    );
    assert!(ids(&asked(&server, &both)).is_empty());
}

#[test]
fn an_answer_shows_what_was_asked_for() {
    let server = Running::start();
    let slim = asked(&server, "properties=name,kind&skipGeometry=true&limit=1").json();
    let feature = &slim["features"][0];
    assert_eq!(feature["geometry"], Value::Null);
    let names: Vec<&String> = feature["properties"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["kind", "name"]);
    assert!(
        link(&slim, "next").unwrap().contains("properties=name%2Ckind"),
        "{slim}"
    );
}

#[test]
fn a_wrong_parameter_is_refused_by_name_with_what_is_allowed() {
    let server = Running::start();
    for (query, parameter, part) in [
        ("heigth=3", "heigth", "There is no parameter heigth"),
        ("limit=0", "limit", "from 1 to 10000"),
        ("limit=ten", "limit", "from 1 to 10000"),
        ("limit=-1", "limit", "from 1 to 10000"),
        ("limit=2&limit=3", "limit", "more than once"),
        ("bbox=1,2,3", "bbox", "four numbers"),
        ("bbox=1,2,3,x", "bbox", "list of numbers"),
        ("bbox=1,5,3,4", "bbox", "not above"),
        ("bbox=nan,2,3,4", "bbox", "finite"),
        ("bbox=1,2,300,4", "bbox", "longitude"),
        ("bbox=1,2,9,3,4,5", "bbox", "lowest height"),
        ("crs=EPSG:1", "crs", "CRS84"),
        ("bbox-crs=x", "bbox-crs", "CRS84"),
        ("filter-crs=x", "filter-crs", "CRS84"),
        ("filter=a%20=%201&filter-lang=cql2-json", "filter-lang", "cql2-text"),
        ("filter=nothing%20=%201", "filter", "nothing, which no feature has"),
        ("filter=kind%20=%201", "filter", "cannot be compared"),
        ("filter=kind%20=", "filter", "at letter 7"),
        ("measuredHeight=tall", "measuredHeight", "a number"),
        ("listed=maybe", "listed", "true or false"),
        ("skipGeometry=yes", "skipGeometry", "true or false"),
        ("properties=nothing", "properties", "nothing, which no feature has"),
        ("datetime=yesterday", "datetime", "RFC 3339"),
        ("cursor=x", "cursor", "next link"),
        ("f=xml", "f", "json"),
    ] {
        let (status, named, detail) = problem(&asked(&server, query));
        assert_eq!((status, named.as_str()), (400, parameter), "{query}: {detail}");
        assert!(detail.contains(part), "{query}: {detail}");
    }
    for path in [
        "/collections?x=1",
        "/collections/helsinki?x=1",
        "/collections/helsinki/queryables?x=1",
        "/collections/helsinki/schema?x=1",
        "/collections/helsinki/items/church?x=1",
        "/conformance?x=1",
    ] {
        assert_eq!(problem(&server.get(path)).1, "x", "{path}");
    }
    assert_eq!(server.get("/collections/nowhere/items").status, 404);
}

#[test]
fn a_client_that_has_the_page_is_told_so_and_a_new_generation_is_another_page() {
    let server = Running::start();
    let first = asked(&server, "limit=2");
    let tag = first.header("etag").to_owned();
    let again = server.ask("GET", &format!("{ITEMS}?limit=2"), &[("If-None-Match", &tag)]);
    assert_eq!(
        (again.status, again.body.len(), again.header("etag")),
        (304, 0, tag.as_str())
    );
    assert_ne!(asked(&server, "limit=3").header("etag"), tag);
    let other = sample::Sample {
        first_height: 30.0,
        ..sample::Sample::default()
    };
    let files = std::sync::Arc::new(store::RealFiles);
    other.publish(server.store.path(), "helsinki", files).unwrap();
    let mut tries = 0;
    while asked(&server, "limit=2").header("etag") == tag {
        tries += 1;
        assert!(tries < 200, "the new generation is not served");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(
        asked(&server, "limit=1").json()["features"][0]["properties"]["measuredHeight"],
        30.0
    );
}

#[test]
fn queryables_and_schema_describe_what_the_features_say() {
    let server = Running::start();
    let answer = server.get("/collections/helsinki/queryables");
    assert_eq!(answer.header("content-type"), "application/schema+json");
    let queryables = answer.json();
    assert_eq!(queryables["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(queryables["additionalProperties"], false);
    let properties = &queryables["properties"];
    assert_eq!(properties["geometry"]["format"], "geometry-multipolygon");
    assert_eq!(properties["id"]["x-ogc-role"], "id");
    assert_eq!(properties["measuredHeight"]["type"], "number");
    assert_eq!(properties["measuredHeight"]["x-ogc-unit"], "m");
    assert_eq!(properties["layer"]["enum"], serde_json::json!(["buildings", "water"]));
    assert_eq!(properties["listed"]["type"], "boolean");
    // Whatever is queryable can be asked for, and whatever a feature says is in the schema.
    for name in properties
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| *name != "geometry")
    {
        let filter = format!("\"{}\" IS NULL", name.replace('"', "\"\""));
        assert_eq!(
            asked(&server, &format!("filter={}", escaped(&filter))).status,
            200,
            "{name}"
        );
    }
    let schema = server.get("/collections/helsinki/schema").json();
    for feature in server.get(ITEMS).json()["features"].as_array().unwrap() {
        for name in feature["properties"].as_object().unwrap().keys() {
            assert!(schema["properties"][name].is_object(), "{name} is not in {schema}");
        }
    }
}

#[test]
fn heights_are_in_the_coordinates_where_the_system_has_them() {
    let server = Running::start();
    let flat = asked(&server, "limit=1");
    assert_eq!(
        flat.header("content-crs"),
        "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    );
    let high = asked(
        &server,
        &format!("limit=1&crs={}", escaped("http://www.opengis.net/def/crs/OGC/0/CRS84h")),
    );
    assert_eq!(
        high.header("content-crs"),
        "<http://www.opengis.net/def/crs/OGC/0/CRS84h>"
    );
    let corner = |answer: &Answer| answer.json()["features"][0]["geometry"]["coordinates"][0][0][0].clone();
    let (two, three) = (corner(&flat), corner(&high));
    assert_eq!((two.as_array().unwrap().len(), three.as_array().unwrap().len()), (2, 3));
    assert_eq!((&two[0], &two[1]), (&three[0], &three[1]));
    assert_eq!(three[2], high.json()["features"][0]["bbox"][2]);
}

/// A city whose grid has its axes as the EPSG code says, turned a little against the meridian.
fn with_grid(code: &str) -> Running {
    use tiles::bounds::Aabb;
    use tiles::crs::{FittedCrs, check_points, sample_points};
    let domain = Aabb {
        min: glam::DVec3::new(-500.0, -500.0, -100.0),
        max: glam::DVec3::new(500.0, 500.0, 200.0),
    };
    let grid = |points: Vec<tiles::geodesy::Enu>| -> Vec<_> {
        let turned = |p: glam::DVec3| {
            let (e, n) = (p.x * 0.9996 - p.y * 0.01, p.y * 0.9996 + p.x * 0.01);
            glam::DVec3::new(25_496_000.0 + e, 6_673_000.0 + n, p.z + 2.0)
        };
        points.into_iter().map(|point| (point, turned(point.0))).collect()
    };
    let fitted = FittedCrs::fit(&grid(sample_points(&domain)), &grid(check_points(&domain))).unwrap();
    let sample = sample::Sample {
        crs: Some(fitted.named(code, "EPSG:3900")),
        ..sample::Sample::default()
    };
    let fill = move |store: &std::path::Path| {
        let files = std::sync::Arc::new(store::RealFiles);
        sample.publish(store, "helsinki", files).unwrap();
    };
    Running::with(harness::quick(), fill, None)
}

#[test]
fn the_citys_own_grid_is_spoken_in_the_order_of_its_axes() {
    for (code, northing_first) in [("EPSG:3879", true), ("EPSG:3067", false)] {
        let server = with_grid(code);
        let uri = format!("http://www.opengis.net/def/crs/EPSG/0/{}", &code[5..]);
        let collection = server.get("/collections/helsinki").json();
        assert_eq!(collection["crs"][2], uri.as_str());
        let answer = asked(&server, &format!("id=house_2&crs={}", escaped(&uri)));
        assert_eq!(answer.header("content-crs"), format!("<{uri}>"));
        let ring = answer.json()["features"][0]["geometry"]["coordinates"][0][0].clone();
        let point = |number: usize| -> [f64; 2] { serde_json::from_value(ring[number].clone()).unwrap() };
        // 120 m east and 20 m north of the origin, 10 m wide.
        let expected = [
            25_496_000.0 + 120.0 * 0.9996 - 20.0 * 0.01,
            6_673_000.0 + 20.0 * 0.9996 + 120.0 * 0.01,
        ];
        let [first, second] = point(0);
        let found = if northing_first {
            [second, first]
        } else {
            [first, second]
        };
        assert!(
            (found[0] - expected[0]).abs() < 0.01 && (found[1] - expected[1]).abs() < 0.01,
            "{found:?} instead of {expected:?}"
        );
        let [a0, b0] = [0, 1].map(|axis| (0..4).map(|n| point(n)[axis]).fold(f64::INFINITY, f64::min));
        let [a1, b1] = [0, 1].map(|axis| (0..4).map(|n| point(n)[axis]).fold(f64::NEG_INFINITY, f64::max));
        let bbox = format!("bbox={a0},{b0},{a1},{b1}&bbox-crs={code}");
        assert_eq!(ids(&asked(&server, &bbox)), ["house_2"], "{bbox}");
        assert_eq!(
            ids(&asked(&server, &format!("bbox=0,0,1e9,1e9&bbox-crs={code}"))).len(),
            7
        );
        assert!(ids(&asked(&server, &format!("bbox=0,0,1,1&bbox-crs={code}"))).is_empty());
        let within = format!(
            "S_INTERSECTS(geometry, POINT({} {}))",
            f64::midpoint(a0, a1),
            f64::midpoint(b0, b1)
        );
        let query = format!("filter={}&filter-crs={}", escaped(&within), escaped(&uri));
        assert_eq!(ids(&asked(&server, &query)), ["house_2"]);
        let heights = |low: f64, high: f64| format!("bbox={a0},{b0},{low},{a1},{b1},{high}&bbox-crs={code}");
        assert_eq!(ids(&asked(&server, &heights(4.0, 5.0))), ["house_2"]);
        assert!(ids(&asked(&server, &heights(900.0, 901.0))).is_empty());
    }
}

#[test]
fn collections_are_chosen_by_place_too() {
    let server = Running::start();
    let listed = |query: &str| {
        let answer = server.get(&format!("/collections?{query}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["collections"].as_array().unwrap().len()
    };
    assert_eq!(listed("bbox=24,60,26,61"), 1);
    assert_eq!(listed("bbox=0,0,1,1"), 0);
    assert_eq!(listed("bbox=24,60,5000,26,61,6000"), 0);
    assert_eq!(listed("limit=1"), 1);
    assert_eq!(problem(&server.get("/collections?bbox=1")).1, "bbox");
}

#[test]
fn the_description_lists_the_parameters_of_items_and_no_filter_breaks_the_server() {
    let server = Running::start();
    let interface = server.get("/api?f=json").json();
    // What GDAL says that it takes.
    let accept = "application/vnd.oai.openapi+json;version=3.0, application/openapi+json;version=3.0, application/json";
    let plain = server.ask("GET", "/api?f=json", &[("Accept", accept)]);
    assert_eq!(
        (plain.header("content-type"), plain.header("vary")),
        ("application/json", "Accept-Encoding, Accept")
    );
    let items = &interface["paths"]["/collections/{collectionId}/items"]["get"];
    let names: Vec<&str> = items["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    for name in [
        "bbox",
        "bbox-crs",
        "crs",
        "cursor",
        "filter",
        "filter-lang",
        "limit",
        "q",
        "measuredHeight",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    let words = prop_oneof![
        Just("AND"),
        Just("OR"),
        Just("NOT ("),
        Just(")"),
        Just("kind"),
        Just("\"Floor area (m2)\""),
        Just("="),
        Just("LIKE"),
        Just("'x%'"),
        Just("1e308"),
        Just("IN ("),
        Just("IS NULL"),
        Just("listed"),
        Just("TRUE"),
        Just("geometry"),
        Just("S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))"),
        Just("BETWEEN"),
        Just("CASEI(name)"),
    ];
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&proptest::collection::vec(words, 1..8), |words| {
        let filter = words.join(" ");
        let answer = asked(&server, &format!("filter={}", escaped(&filter)));
        prop_assert!([200, 400].contains(&answer.status), "{filter}: {}", answer.text());
        Ok(())
    });
    outcome.unwrap();
}
