//! What each address answers.
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
use serde_json::{Value, json};

const TILES: &str = "/collections/helsinki/3dtiles";

/// Follows the link of this relation and checks what is there.
fn follow(server: &Running, document: &Value, from: &str, relation: &str) -> Answer {
    let links = document["links"].as_array().unwrap();
    let link = links
        .iter()
        .find(|link| link["rel"] == relation)
        .unwrap_or_else(|| panic!("no {relation} in {links:#?}"));
    let href = link["href"].as_str().unwrap();
    let answer = server.get(&resolved(from, href));
    assert_eq!(answer.status, 200, "{relation}: {href} from {from}");
    let media_type = answer.header("content-type").split(';').next().unwrap().to_owned();
    let expected = link["type"].as_str().unwrap();
    assert!(
        media_type == expected || expected == "application/3dtiles+json",
        "{href}: {media_type}, not {expected}"
    );
    answer
}

/// RFC 3986, 5.2 for what the server writes: relative paths, `..`, `.` and queries.
fn resolved(base: &str, href: &str) -> String {
    assert!(!href.starts_with('/') && !href.contains("://"), "{href} is relative");
    let base = base.split('?').next().unwrap();
    let mut segments: Vec<&str> = base.split('/').collect();
    if href.starts_with('?') {
        return format!("{base}{href}");
    }
    segments.pop();
    for segment in href.split('/') {
        match segment {
            ".." => drop(segments.pop()),
            "." => {}
            segment => segments.push(segment),
        }
    }
    if matches!(href.rsplit('/').next(), Some("." | "..")) {
        segments.push("");
    }
    segments.join("/")
}

#[test]
fn a_browser_gets_a_page_and_a_program_a_document_and_all_links_lead_somewhere() {
    let server = Running::start();
    let page = server.ask("GET", "/", &[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")]);
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, "text/html; charset=utf-8")
    );
    assert_eq!(page.header("vary"), "Accept-Encoding, Accept, Accept-Language");
    let html = page.text();
    for expected in [
        "<html lang=\"en\">",
        "<title>Sample city: 3D city model</title>",
        "(c) The people of the sample",
        "https://opendatacommons.org/licenses/odbl/1-0/",
        "<b>6</b> buildings",
        "href=\"collections/helsinki/3dtiles/tileset.json\"",
        "href=\"collections/helsinki/items/church\">Tuomiokirkko",
        "2026-11-20",
    ] {
        assert!(html.contains(expected), "{expected} is not in\n{html}");
    }
    assert!(!html.contains("{{") && !html.contains("127.0.0.1") && !html.contains("city.example"));
    for href in html
        .split("href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
    {
        if !href.starts_with("https://opendatacommons") && href != "viewer/" {
            assert_eq!(server.get(&resolved("/", href)).status, 200, "{href}");
        }
    }

    let document = server.get("/");
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.json()["title"], "Sample city");
    for relation in ["self", "alternate", "conformance", "data", "3d-tiles", "service-doc"] {
        follow(&server, &document.json(), "/", relation);
    }
    let links = document.json();
    let description = links["links"]
        .as_array()
        .and_then(|links| links.iter().find(|link| link["rel"] == "service-desc"))
        .unwrap();
    let interface = server.get("/api?f=json");
    assert_eq!(interface.header("content-type"), description["type"]);
    assert_eq!(description["href"], "api?f=json");
    assert_eq!(interface.json()["openapi"], "3.1.0");
    let paths = interface.json();
    let paths = paths["paths"].as_object().unwrap();
    assert!(
        paths.contains_key("/collections/{collectionId}/items/{featureId}") && paths.contains_key("/viewer/{name}"),
        "{paths:?}"
    );
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let responses = &operation["responses"];
            assert!(
                responses["4XX"]["content"]["application/problem+json"].is_object(),
                "{method} {path}"
            );
        }
    }
    assert_eq!(
        server.ask("GET", "/?f=html", &[]).header("content-type"),
        "text/html; charset=utf-8"
    );
    assert_eq!(
        server
            .ask("GET", "/?f=json", &[("Accept", "text/html")])
            .header("content-type"),
        "application/json"
    );
    assert_eq!(server.get("/?f=xml").status, 400);
}

#[test]
fn an_operator_who_names_the_public_address_gets_absolute_links_and_nobody_else_does() {
    let fill = |store: &std::path::Path| drop(sample::publish(store));
    let server = Running::set(fill, |config| {
        config.public_url = Some("https://example.org/3d".to_owned());
    });
    let hrefs = |path: &str| -> Vec<String> {
        let forged = [("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")];
        let document = server.ask("GET", path, &forged).json();
        let links = document["links"].as_array().unwrap();
        links
            .iter()
            .map(|link| link["href"].as_str().unwrap().to_owned())
            .collect()
    };
    for path in [
        "/",
        "/collections",
        "/collections/helsinki",
        "/collections/helsinki/items/church",
    ] {
        let hrefs = hrefs(path);
        assert!(hrefs.len() > 1, "{path}: {hrefs:?}");
        for href in &hrefs {
            let known = href.starts_with("https://example.org/3d/") || !href.contains("example.org");
            assert!(
                href.contains("://") && known && !href.contains("evil"),
                "{path}: {href}"
            );
        }
    }
    assert!(hrefs("/").contains(&"https://example.org/3d/conformance".to_owned()));
    let tile = hrefs("/collections/helsinki/items/church");
    assert!(
        tile.iter()
            .any(|href| href.starts_with("https://example.org/3d/collections/helsinki/3dtiles/files/")),
        "{tile:?}"
    );
    // The tag is that of the bytes that were sent.
    let whole = server.get("/collections");
    let again = server.ask("GET", "/collections", &[("If-None-Match", whole.header("etag"))]);
    assert_eq!(again.status, 304);
    assert_eq!(whole.header("content-length"), whole.body.len().to_string());
}

#[test]
fn a_collection_says_what_it_is_and_where_its_parts_are() {
    let server = Running::start();
    let all = server.get("/collections").json();
    follow(&server, &all, "/collections", "self");
    follow(&server, &all, "/collections", "root");
    let one = server.get("/collections/helsinki");
    let collection = one.json();
    assert_eq!(all["collections"][0]["id"], "helsinki");
    assert_eq!(collection["title"], "Sample city");
    assert_eq!(collection["attribution"], "(c) The people of the sample");
    assert_eq!(
        collection["layers"],
        json!([{"name": "buildings", "count": 6}, {"name": "water", "count": 1}])
    );
    let bbox = collection["extent"]["spatial"]["bbox"][0].as_array().unwrap();
    assert_eq!(bbox.len(), 6, "a 3D extent");
    assert!(
        bbox[0].as_f64().unwrap() < bbox[3].as_f64().unwrap() && bbox[2].as_f64().unwrap() < bbox[5].as_f64().unwrap()
    );
    for (document, from) in [
        (&collection, "/collections/helsinki"),
        (&all["collections"][0], "/collections"),
    ] {
        for relation in [
            "self",
            "root",
            "http://www.opengis.net/def/rel/ogc/1.0/3d-geovolumes",
            "3d-tiles",
            "item",
        ] {
            follow(&server, document, from, relation);
        }
        let package = follow(&server, document, from, "enclosure");
        assert!(package.body.starts_with(b"SQLite format 3\0"));
        assert_eq!(package.body.len().to_string(), package.header("content-length"));
    }
    assert!(
        server.get("/conformance").json()["conformsTo"]
            .as_array()
            .unwrap()
            .len()
            >= 2
    );
}

#[test]
fn the_tileset_leads_to_every_tile_as_a_viewer_follows_it() {
    let server = Running::start();
    for (path, to) in [
        (TILES.to_owned(), "3dtiles/tileset.json"),
        (format!("{TILES}/"), "tileset.json"),
    ] {
        let redirect = server.get(&path);
        assert_eq!((redirect.status, redirect.header("location")), (308, to));
        assert_eq!(server.get(&resolved(&path, to)).status, 200);
    }
    let pointer = server.get(&format!("{TILES}/tileset.json"));
    assert_eq!(pointer.header("content-type"), "application/json");
    assert_eq!(
        pointer.header("cache-control"),
        "public, max-age=60, stale-while-revalidate=600"
    );
    assert_eq!(pointer.header("content-encoding"), "");
    let mut tiles = 0;
    for layer in pointer.json()["root"]["children"].as_array().unwrap() {
        let uri = layer["content"]["uri"].as_str().unwrap();
        let from = format!("{TILES}/{uri}");
        let answer = server.get(&from);
        assert_eq!(answer.header("content-type"), "application/json", "{uri}");
        let root = &answer.json()["root"];
        let children = root["children"].as_array().cloned().unwrap_or_default();
        for tile in std::iter::once(root.clone()).chain(children) {
            let answer = server.get(&resolved(&from, tile["content"]["uri"].as_str().unwrap()));
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (200, "model/gltf-binary")
            );
            assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
            let content = tiles::glb::decode(&answer.body).unwrap();
            assert!(!content.features.is_empty());
            tiles += 1;
        }
    }
    assert_eq!(tiles, 4);
}

#[test]
fn a_feature_is_geojson_with_all_its_attributes_and_its_tiles() {
    let server = Running::start();
    let path = "/collections/helsinki/items/church";
    let answer = server.get(path);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/geo+json")
    );
    let feature = answer.json();
    assert_eq!(feature["type"], "Feature");
    assert_eq!(feature["id"], "church");
    assert_eq!(feature["geometry"]["type"], "MultiPolygon");
    let ring = feature["geometry"]["coordinates"][0][0].as_array().unwrap();
    assert_eq!((ring.len(), &ring[0]), (5, &ring[4]));
    assert_eq!(feature["bbox"].as_array().unwrap().len(), 6);
    let properties = &feature["properties"];
    assert_eq!(properties["name"], "Tuomiokirkko \u{2013} Storkyrkan");
    assert_eq!(properties["kind"], "Building");
    assert_eq!(properties["address"], "Unioninkatu 29, 00170 Helsinki");
    assert_eq!(properties["function"], json!(["religious", "tourism"]));
    assert_eq!(properties["yearOfConstruction"], 1852);
    assert_eq!(properties["measuredHeight"], 12.0);
    assert_eq!(properties["heightSource"], "tag");
    assert_eq!(properties["ground"], 4.0);
    assert_eq!(properties["parts"], json!(["church_tower"]));
    for relation in ["self", "collection", "item"] {
        follow(&server, &feature, path, relation);
    }
    let tile = follow(&server, &feature, path, "tile");
    let content = tiles::glb::decode(&tile.body).unwrap();
    assert!(content.features.iter().any(|row| row.id == "church"));
    let part = server.get("/collections/helsinki/items/church_tower").json();
    follow(&server, &part, "/collections/helsinki/items/church_tower", "up");
}

#[test]
fn an_id_of_any_letters_is_found_under_its_escaped_address() {
    let odd = "{A b/c?d#e%20}\u{e4}\u{1f3e0}..";
    let sample = sample::Sample {
        spoil: |stem, content| {
            if stem == "water-0" {
                content.features[0].id = "{A b/c?d#e%20}\u{e4}\u{1f3e0}..".to_owned();
            }
        },
        spoil_rows: |rows| rows[6].id = "{A b/c?d#e%20}\u{e4}\u{1f3e0}..".to_owned(),
        ..sample::Sample::default()
    };
    let fill = |store: &std::path::Path| {
        sample
            .publish(store, "helsinki", std::sync::Arc::new(store::RealFiles))
            .unwrap();
    };
    let server = Running::with(harness::quick(), fill, None);
    let path = "/collections/helsinki/items/%7BA%20b%2Fc%3Fd%23e%2520%7D%C3%A4%F0%9F%8F%A0..";
    let feature = server.get(path).json();
    assert_eq!(feature["id"], odd);
    follow(&server, &feature, path, "self");
}

#[test]
fn the_server_says_that_it_lives_and_is_ready() {
    let server = Running::start();
    for path in ["/health/live", "/health/ready"] {
        let answer = server.get(path);
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "no-store"),
            "{path}"
        );
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[test]
fn anybody_can_see_how_much_the_city_is_used_and_nobody_by_whom() {
    let state = tempfile::tempdir().unwrap();
    let directory = state.path().join("made/for/it");
    let fill = |store: &std::path::Path| drop(sample::publish(store));
    let mut server = Running::set(fill, |config| config.state_dir = Some(directory.clone()));
    let tile = format!("{TILES}/files/{}", server.file("buildings-0.", ".glb"));
    let whole = server.get(&tile);
    server.ask("GET", &tile, &[("If-None-Match", whole.header("etag"))]);
    server.ask("HEAD", &tile, &[]);
    server.ask("GET", &tile, &[("Range", "bytes=5-9")]);
    server.get("/collections/helsinki/items/church");
    server.get("/collections/helsinki/items/nobody");
    server.get("/collections/nowhere/items/church");
    let figures = server.ask("GET", "/stats", &[("Accept", "application/json")]);
    assert_eq!(
        (figures.status, figures.header("vary")),
        (200, "Accept, Accept-Language")
    );
    let figures = figures.json();
    assert_eq!(
        figures["totals"]["tiles"],
        json!({ "count": 2, "before": 0 }),
        "given or known already: {figures}"
    );
    assert_eq!(figures["totals"]["items"]["count"], 1);
    assert_eq!(figures["collections"]["helsinki"]["items"]["count"], 1);
    assert_eq!(figures["collections"].as_object().unwrap().len(), 1);
    assert_eq!(figures["keptAcrossRestarts"], true);
    assert_eq!(figures["days"].as_array().unwrap().len(), 1);

    // A day of last month, as a server that ran then would have left it, and then a start.
    server.join();
    let file = directory.join("use-counts.json");
    let mut kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    kept["days"]["2026-01-31"] = json!({ "helsinki": { "tiles": 50, "viewer": 4 } });
    kept["days"]["2026-02-01"] = json!({ "helsinki": { "tiles": 75 }, "espoo": { "tiles": 25 } });
    std::fs::write(&file, kept.to_string()).unwrap();
    let server = Running::set(fill, |config| config.state_dir = Some(directory.clone()));
    let february = server.get("/stats?from=2026-02-01&to=2026-02-01&f=json").json();
    assert_eq!(february["totals"]["tiles"], json!({ "count": 100, "before": 50 }));
    assert_eq!(
        february["comparedWith"],
        json!({ "from": "2026-01-31", "to": "2026-01-31" })
    );
    assert_eq!(february["countedSince"], "2026-01-31");
    let one = server
        .get("/stats?from=2026-02-01&to=2026-02-01&collection=helsinki&f=json")
        .json();
    assert_eq!(one["totals"]["tiles"]["count"], 75);

    let page = |language: &str, path: &str| {
        let answer = server.ask("GET", path, &[("Accept", "text/html"), ("Accept-Language", language)]);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/html; charset=utf-8")
        );
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        answer.text()
    };
    let finnish = page("fi-FI,fi;q=0.9", "/stats?from=2026-01-01&to=2026-02-01");
    for expected in [
        "<html lang=\"fi\">",
        "Tiilet haettu",
        "<td>150</td>",
        "2026-02-01",
        "<svg viewBox",
        "uusi",
    ] {
        assert!(finnish.contains(expected), "{expected} in {finnish}");
    }
    assert!(page("en", "/stats?from=2026-02-01&to=2026-02-01&lang=sv").contains("+100\u{a0}%"));
    for (language, word) in [("fi", "evästeitä"), ("sv", "kakor"), ("en", "cookies")] {
        let privacy = page(language, "/privacy");
        assert!(
            privacy.contains(word) && privacy.contains(&format!("<html lang=\"{language}\">")),
            "{privacy}"
        );
    }
    assert!(page("en", "/privacy").contains("outlive a restart"));
    for (query, parameter) in [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-02-02&to=2026-02-01", "from"),
        ("from=1900-01-01&to=2026-02-01", "from"),
        ("compare=best", "compare"),
        ("lang=de", "lang"),
        ("f=xml", "f"),
    ] {
        let answer = server.get(&format!("/stats?{query}"));
        assert_eq!(
            (answer.status, answer.json()["parameter"].as_str()),
            (400, Some(parameter)),
            "{query}"
        );
    }
    assert_eq!(server.get("/stats?collection=nowhere").status, 404);
    assert_eq!(server.get("/stats?visitor=me").status, 400);
}

#[test]
fn what_is_not_there_is_a_problem_that_shows_nothing_of_the_inside() {
    let server = Running::start();
    for path in [
        "/nothing",
        "/collections/nowhere",
        "/collections/nowhere/3dtiles",
        "/collections/nowhere/3dtiles/tileset.json",
        "/collections/nowhere/items/church",
        "/collections/helsinki/items/nobody",
        "/collections/helsinki/3dtiles/files/no.0123456789abcdef.glb",
        "/collections/helsinki/3dtiles/files/",
        "/collections/helsinki/3dtiles/publish.lock",
        "/collections/helsinki/3dtiles/report.json",
        "/viewer/app.js",
    ] {
        let answer = server.ask("GET", path, &[("Accept-Encoding", "br, gzip")]);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
        assert_eq!(answer.header("content-encoding"), "", "{path}");
        assert_eq!(answer.json()["status"], 404);
        assert_eq!(answer.json()["title"], "Not Found");
        assert!(
            !answer.text().contains(&*server.store.path().to_string_lossy()),
            "{}",
            answer.text()
        );
    }
    let page = server.ask("GET", "/viewer/", &[("Accept", "text/html")]);
    assert_eq!(page.status, 404);
    assert!(
        page.text().contains("cargo xtask web") && page.text().contains("--viewer"),
        "{}",
        page.text()
    );
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let answer = server.ask(method, "/collections", &[("Content-Length", "0")]);
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, "GET, HEAD, OPTIONS"),
            "{method}"
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[test]
fn every_answer_may_be_used_by_any_page() {
    let server = Running::start();
    let tile = format!("{TILES}/files/{}", server.file("water-0", ".glb"));
    for path in [
        "/",
        "/collections",
        &tile,
        "/nothing",
        "/collections/helsinki/items/church",
        TILES,
    ] {
        let answer = server.ask("GET", path, &[("Origin", "https://viewer.example")]);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(
            answer.header("access-control-expose-headers").contains("ETag"),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
    }
    let asked = [
        ("Origin", "https://viewer.example"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "range"),
    ];
    let preflight = server.ask("OPTIONS", &tile, &asked);
    assert_eq!((preflight.status, preflight.body.len()), (204, 0));
    assert_eq!(preflight.header("access-control-allow-methods"), "GET, HEAD, OPTIONS");
    let order = server.ask("OPTIONS", "/processes/block-world/execution", &asked);
    assert_eq!(order.header("access-control-allow-methods"), "POST, OPTIONS");
    let dismissal = server.ask("OPTIONS", "/jobs/0123", &asked);
    assert_eq!(
        dismissal.header("access-control-allow-methods"),
        "GET, HEAD, DELETE, OPTIONS"
    );
    assert_eq!(preflight.header("timing-allow-origin"), "*");
    assert_eq!(preflight.header("access-control-max-age"), "86400");
}

#[test]
fn a_head_is_a_get_without_a_body() {
    let server = Running::start();
    let tile = format!("{TILES}/files/{}", server.file("water-0", ".glb"));
    let collection = server.get("/collections/helsinki").json();
    let links = collection["links"].as_array().unwrap();
    let package = links.iter().find(|link| link["rel"] == "enclosure").unwrap();
    let package = resolved("/collections/helsinki", package["href"].as_str().unwrap());
    for path in [
        "/",
        "/?f=html",
        "/api",
        "/api?f=html",
        "/conformance",
        "/collections",
        "/collections/helsinki",
        &format!("{TILES}/tileset.json"),
        &tile,
        &package,
        TILES,
        "/collections/helsinki/items",
        "/collections/helsinki/items?limit=2&crs=EPSG:1",
        "/collections/helsinki/items/church",
        "/collections/helsinki/queryables",
        "/collections/helsinki/schema",
        "/health/live",
        "/health/ready",
        "/nothing",
        "/viewer/",
        "/favicon.ico",
    ] {
        for coding in ["identity", "br"] {
            let mut get = server.ask("GET", path, &[("Accept-Encoding", coding)]);
            let mut head = server.ask("HEAD", path, &[("Accept-Encoding", coding)]);
            assert_eq!(head.body.len(), 0, "{path}");
            get.headers.remove("date");
            head.headers.remove("date");
            assert_eq!((get.status, get.headers), (head.status, head.headers), "{path}");
        }
    }
}

#[test]
fn the_log_has_a_line_for_each_request_without_what_was_asked() {
    let mut server = Running::start();
    server.get("/collections/helsinki/items/church?f=json");
    server.get("/collections?limit=1234");
    server.get("/nothing/secret1234");
    server.join();
    let log = server.log.text();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("server::request")).collect();
    assert_eq!(lines.len(), 3, "{log}");
    assert!(
        lines[0].contains("route=\"/collections/{collectionId}/items/{featureId}\"") && lines[0].contains("status=200"),
        "{log}"
    );
    assert!(
        lines[1].contains("parameters=\"limit\""),
        "the name and not the value: {log}"
    );
    assert!(lines[2].contains("status=404"));
    assert!(
        !log.contains("1234") && !log.contains("127.0.0.1") && !log.contains("church"),
        "{log}"
    );
}
