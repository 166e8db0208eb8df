//! What is made for a request: extracts, plain tiles and archives.
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
    reason = "harness, reader and sample are shared with other tests"
)]

mod harness;
#[path = "../../tools/extract/tests/model/mod.rs"]
mod model;
#[path = "../../tools/store/tests/sample/mod.rs"]
mod sample;

use harness::{Answer, Running, quick};
use model::Model;
use proptest::prelude::*;
use sample::Sample;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;
use store::{Coding, RealFiles};
use tiles::glb::Encoding;

const EXTRACT: &str = "/collections/helsinki/extract";
const PLAIN: &str = "/collections/helsinki/3dtiles/plain";
const ARCHIVE: &str = "/collections/helsinki/3dtiles.3tz";
/// Everything of the sample.
const BOX: &str = "24.95,60.169,24.957,60.1715";

fn extract(server: &Running, query: &str) -> Answer {
    server.get(&format!("{EXTRACT}?{query}"))
}

#[test]
fn a_box_comes_as_a_model_with_its_name_and_tag() {
    let server = Running::start();
    let path = format!("{EXTRACT}?bbox={BOX}&origin=24.9525,60.1703,20");
    let answer = server.get(&path);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "model/gltf-binary");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"helsinki-24.9500-60.1690-lod2.glb\""
    );
    let model = Model::open(&answer.body);
    assert_eq!(model.nodes.len(), 7);
    assert!((model.nodes["church"].max[1] - 12.0).abs() < 0.002);
    assert_eq!(model.document["asset"]["copyright"], "(c) The people of the sample");

    let tag = answer.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.len() == 18, "{tag}");
    assert_eq!(
        server.get(&path).header("etag"),
        tag,
        "the same question has the same answer"
    );
    let known = server.ask("GET", &path, &[("If-None-Match", &tag)]);
    assert_eq!(
        (known.status, known.body.len(), known.header("etag")),
        (304, 0, tag.as_str())
    );
    let head = server.ask("HEAD", &path, &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in [
        "content-length",
        "content-type",
        "etag",
        "content-disposition",
        "cache-control",
    ] {
        assert_eq!(head.header(name), answer.header(name), "{name}");
    }
    let part = server.ask("GET", &path, &[("Range", "bytes=4-7")]);
    assert_eq!((part.status, part.body.as_slice()), (206, &answer.body[4..8]));
}

#[test]
fn level_layers_and_membership_are_chosen() {
    let server = Running::start();
    let names = |query: &str| -> Vec<String> {
        let answer = extract(&server, query);
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        Model::open(&answer.body).nodes.into_keys().collect()
    };
    assert_eq!(names(&format!("bbox={BOX}&layers=water")), ["pond"]);
    assert_eq!(names(&format!("bbox={BOX}&layers=water,buildings")).len(), 7);
    let blocks = extract(&server, &format!("bbox={BOX}&lod=1"));
    assert_eq!(Model::open(&blocks.body).nodes["church"].extras["lod"], 1);
    // The south-western corner of the church.
    let corner = "bbox=24.9524,60.1702,24.95251,60.17031";
    assert_eq!(extract(&server, corner).status, 404);
    assert_eq!(names(&format!("{corner}&objects=touching")), ["church"]);
}

#[test]
fn a_request_that_cannot_be_names_its_parameter_and_what_is_allowed() {
    let server = Running::start();
    for (query, status, parameter, words) in [
        ("", 400, "bbox", "four numbers"),
        ("bbox=", 400, "bbox", "four numbers"),
        ("bbox=24.95,60.169,24.957", 400, "bbox", "four numbers"),
        ("bbox=24.95,60.169,24.957,60.1715,9", 400, "bbox", "four numbers"),
        ("bbox=a,b,c,d", 400, "bbox", "four numbers"),
        ("bbox=24.95,60.169,24.957,NaN", 400, "bbox", "four numbers"),
        ("bbox=24.95,60.169,24.957,1e999", 400, "bbox", "four numbers"),
        ("bbox=24.957,60.169,24.95,60.1715", 400, "bbox", "east of the first"),
        (
            "bbox=60.169,124.95,60.1715,124.957",
            400,
            "bbox",
            "longitude comes first",
        ),
        ("bbox=24.9,60.1,25.0,60.2", 413, "bbox", "1 km2 allowed"),
        ("bbox=-180,-90,180,90", 413, "bbox", "1 km2 allowed"),
        ("bbox=10,50,10.001,50.001", 404, "bbox", "outside the city"),
        ("bbox=24.95,60.169,24.957,60.1715&lod=0", 400, "lod", "give 1"),
        ("bbox=24.95,60.169,24.957,60.1715&lod=3", 400, "lod", "or 2"),
        ("bbox=24.95,60.169,24.957,60.1715&lod=", 400, "lod", "give 1"),
        (
            "bbox=24.95,60.169,24.957,60.1715&origin=24.95,60.169",
            400,
            "origin",
            "height",
        ),
        (
            "bbox=24.95,60.169,24.957,60.1715&origin=0,0,0",
            400,
            "origin",
            "at most 50 km",
        ),
        (
            "bbox=24.95,60.169,24.957,60.1715&layers=trees",
            400,
            "layers",
            "it has buildings, water",
        ),
        (
            "bbox=24.95,60.169,24.957,60.1715&layers=",
            400,
            "layers",
            "it has buildings, water",
        ),
        (
            "bbox=24.95,60.169,24.957,60.1715&objects=all",
            400,
            "objects",
            "centred or touching",
        ),
        ("bbox=24.95,60.169,24.957,60.1715&level=2", 400, "level", "bbox, lod"),
        ("bbox=24.95,60.169,24.957,60.1715&lod=1&lod=2", 400, "lod", "once"),
    ] {
        let answer = extract(&server, query);
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "application/problem+json", "{query}");
        let problem = answer.json();
        assert_eq!(problem["parameter"], parameter, "{query}: {problem}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words) && detail.ends_with('.'), "{query}: {detail}");
        assert!(!detail.contains("files/") && !detail.contains("/tmp"), "{detail}");
    }
    let nobody = server.get(&format!("/collections/nowhere/extract?bbox={BOX}"));
    assert_eq!(nobody.status, 404);
}

#[test]
fn what_is_too_large_for_memory_is_refused() {
    let mut limits = quick();
    limits.extract_bytes = 2000;
    let server = Running::with(limits, |store| drop(sample::publish(store)), None);
    let answer = extract(&server, &format!("bbox={BOX}"));
    assert_eq!(
        (answer.status, answer.json()["parameter"].as_str()),
        (413, Some("bbox")),
        "{}",
        answer.text()
    );
}

#[test]
fn a_damaged_tile_is_a_problem_without_its_path() {
    let mut server = Running::start();
    server.allowed = vec!["cannot make an extract", "cannot make plain tiles"];
    let name = server.file("buildings-1.", ".glb");
    let path = server.store.path().join("helsinki/files").join(&name);
    let length = std::fs::metadata(&path).unwrap().len() as usize;
    std::fs::write(&path, vec![7; length]).unwrap();
    for answer in [
        extract(&server, &format!("bbox={BOX}")),
        server.get(&format!("{PLAIN}/r1/{name}")),
    ] {
        assert_eq!(answer.status, 500);
        assert!(!answer.text().contains("buildings"), "{}", answer.text());
    }
}

/// Every file that the plain tree names, by its address.
fn plain_tree(server: &Running) -> BTreeMap<String, Answer> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![format!("{PLAIN}/tileset.json")];
    while let Some(path) = waiting.pop() {
        let answer = server.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let json: Option<Value> = if path.ends_with(".json") {
            Some(answer.json())
        } else {
            json_of(&answer.body)
        };
        let folder = path.rsplit_once('/').unwrap().0.to_owned();
        let mut name = |uri: &Value| {
            if let Some(uri) = uri.as_str() {
                waiting.push(format!("{folder}/{uri}"));
            }
        };
        if let Some(json) = json {
            name(&json["schemaUri"]);
            let mut tiles = vec![&json["root"]];
            while let Some(tile) = tiles.pop() {
                name(&tile["content"]["uri"]);
                tiles.extend(tile["children"].as_array().into_iter().flatten());
            }
        }
        found.insert(path, answer);
        waiting.retain(|path| !found.contains_key(path));
    }
    found
}

/// The JSON of a GLB.
fn json_of(glb: &[u8]) -> Option<Value> {
    let length = u32::from_le_bytes(glb.get(12..16)?.try_into().ok()?) as usize;
    serde_json::from_slice(glb.get(20..20 + length)?).ok()
}

#[test]
fn the_whole_tree_comes_in_core_gltf() {
    let server = Running::start();
    let tree = plain_tree(&server);
    let tiles: Vec<_> = tree.iter().filter(|(path, _)| path.contains(".glb")).collect();
    assert_eq!(tiles.len(), 4, "{:?}", tree.keys());
    for (path, answer) in tiles {
        let json = json_of(&answer.body).unwrap();
        assert!(json.get("extensionsRequired").is_none(), "{path}");
        let name = path.rsplit('/').next().unwrap();
        let stored = std::fs::read(server.store.path().join("helsinki/files").join(name)).unwrap();
        assert_eq!(answer.body, tiles::glb::to_plain(&stored).unwrap(), "{path}");
        assert_ne!(answer.body, stored);
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(answer.header("content-type"), "model/gltf-binary");
    }
    let root = tree[&format!("{PLAIN}/tileset.json")].json();
    for beside in ["manifest", "features", "search"] {
        let name = root["asset"]["extras"]["kortteli"][beside].as_str().unwrap();
        let name = name.strip_prefix("../").unwrap();
        assert_eq!(
            server.get(&format!("/collections/helsinki/3dtiles/{name}")).status,
            200,
            "{beside}"
        );
    }
    assert_eq!(
        tree[&format!("{PLAIN}/tileset.json")].header("cache-control"),
        "public, max-age=60, stale-while-revalidate=600"
    );
}

#[test]
fn plain_tiles_are_compressed_tagged_and_cut_as_the_client_likes() {
    let server = Running::start();
    let name = server.file("buildings-0.", ".glb");
    let path = format!("{PLAIN}/r1/{name}");
    let whole = server.get(&path);
    assert_eq!(whole.header("vary"), "Accept-Encoding");
    for (accept, coding) in [("br", Coding::Br), ("gzip", Coding::Gzip), ("zstd", Coding::Identity)] {
        let answer = server.ask("GET", &path, &[("Accept-Encoding", accept)]);
        let token = if coding == Coding::Identity { "" } else { coding.token() };
        assert_eq!(answer.header("content-encoding"), token);
        assert_eq!(coding.decode(&answer.body, 1 << 20).unwrap(), whole.body, "{accept}");
        let known = server.ask(
            "GET",
            &path,
            &[("If-None-Match", answer.header("etag")), ("Accept-Encoding", accept)],
        );
        assert_eq!(known.status, 304);
    }
    let part = server.ask("GET", &path, &[("Range", "bytes=0-3")]);
    assert_eq!((part.status, part.body.as_slice()), (206, b"glTF".as_slice()));
    let compact = server.get(&format!("/collections/helsinki/3dtiles/files/{name}"));
    assert_ne!(
        compact.header("etag"),
        whole.header("etag"),
        "other bytes have another tag"
    );
    let head = server.ask("HEAD", &path, &[]);
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, whole.header("content-length"))
    );
}

#[test]
fn only_names_of_the_store_are_made_plain() {
    let server = Running::start();
    let name = server.file("buildings-0.", ".glb");
    let other = name.replace("buildings-0.", "buildings-1.");
    for path in [
        format!("{PLAIN}/r2/{name}"),
        format!("{PLAIN}/files/{name}"),
        format!("{PLAIN}/r1/{other}"),
        format!("{PLAIN}/r1/..%2f..%2f{name}"),
        format!("{PLAIN}/r1/../../tileset.json"),
        format!("{PLAIN}/r1/{name}.br"),
        format!("{PLAIN}/r1/none.0123456789abcdef.glb"),
        format!("{PLAIN}/r1/none.0123456789abcdef.json"),
        format!("{PLAIN}/"),
        "/collections/nowhere/3dtiles/plain/tileset.json".to_owned(),
    ] {
        assert_eq!(server.get(&path).status, 404, "{path}");
    }
}

#[test]
fn a_plain_tile_that_changes_needs_another_recipe() {
    let server = Running::start();
    let answer = server.get(&format!("{PLAIN}/r1/{}", server.file("buildings-0.", ".glb")));
    // Caches keep what lies at r1 for a year. If this fails, count `plain::RECIPE` up, and then write the new hash here.
    assert_eq!(&blake3::hash(&answer.body).to_hex()[..16], "5d73f29e535284c1");
}

fn both(store: &std::path::Path) {
    sample::publish(store);
    let plain = Sample {
        encoding: Encoding::Plain,
        ..Sample::default()
    };
    plain.publish(store, "helsinki-plain", Arc::new(RealFiles)).unwrap();
}

#[test]
fn a_collection_that_is_stored_plain_is_served_as_it_is() {
    let server = Running::with(quick(), both, None);
    for path in ["/collections/helsinki-plain/3dtiles/plain", PLAIN] {
        let root = server.get(&format!("{path}/tileset.json"));
        let layer = root.json()["root"]["children"][0]["content"]["uri"]
            .as_str()
            .unwrap()
            .to_owned();
        let layer = server.get(&format!("{path}/{layer}"));
        assert_eq!(layer.status, 200);
        let tile = layer.json()["root"]["content"]["uri"].as_str().unwrap().to_owned();
        let answer = server.get(&format!("{path}/r1/{tile}"));
        let stored = std::fs::read(server.store.path().join("helsinki-plain/files").join(&tile)).unwrap();
        assert_eq!(answer.body, stored, "{path}");
        assert!(json_of(&answer.body).unwrap().get("extensionsRequired").is_none());
        let hash = tile.split('.').nth(1).unwrap();
        assert_eq!(answer.header("etag"), format!("\"{hash}\""), "the store's own tag");
    }
}

#[test]
fn the_archive_is_a_zip_of_the_tileset_with_an_index_at_its_end() {
    let server = Running::start();
    let answer = server.get(ARCHIVE);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-length"), answer.body.len().to_string());
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"helsinki.3tz\""
    );
    let mut zip = zip::ZipArchive::new(Cursor::new(&answer.body)).unwrap();
    let names: Vec<String> = (0..zip.len())
        .map(|i| zip.by_index(i).unwrap().name().unwrap().into_owned())
        .collect();
    assert_eq!(names.last().unwrap(), "@3dtilesIndex1@");
    assert_eq!(names[0], "tileset.json");
    let files = std::fs::read_dir(server.store.path().join("helsinki/files")).unwrap();
    let whole = files.filter(|file| {
        let name = file.as_ref().unwrap().file_name();
        let extension = std::path::Path::new(&name).extension().unwrap().to_owned();
        extension == "json" || extension == "glb"
    });
    assert_eq!(names.len(), whole.count() + 2, "{names:?}");
    let mut starts = BTreeMap::new();
    for name in &names {
        // Reading to the end checks the length and the checksum.
        let mut entry = zip.by_name(name).unwrap();
        starts.insert(name.clone(), entry.header_start());
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        if name != "@3dtilesIndex1@" {
            let stored = std::fs::read(server.store.path().join("helsinki").join(name)).unwrap();
            assert_eq!(bytes, stored, "{name}");
        }
    }
    assert_eq!(
        zip.by_name("tileset.json").unwrap().compression(),
        zip::CompressionMethod::Stored
    );
    let mut index = Vec::new();
    zip.by_name("@3dtilesIndex1@").unwrap().read_to_end(&mut index).unwrap();
    let rows = index.as_chunks::<24>().0;
    assert_eq!(rows.len(), names.len() - 1);
    let offsets: Vec<u64> = rows
        .iter()
        .map(|row| u64::from_le_bytes(row[16..].try_into().unwrap()))
        .collect();
    let mut sorted = offsets.clone();
    sorted.sort_unstable();
    let expected: Vec<u64> = starts
        .iter()
        .filter(|(name, _)| *name != "@3dtilesIndex1@")
        .map(|(_, at)| *at)
        .collect();
    let mut expected_sorted = expected;
    expected_sorted.sort_unstable();
    assert_eq!(sorted, expected_sorted);
    let keys: Vec<[u64; 2]> = rows
        .iter()
        .map(|row| [0, 8].map(|at| u64::from_le_bytes(row[at..at + 8].try_into().unwrap())))
        .collect();
    assert!(keys.is_sorted(), "readers search the index by halves");
}

#[test]
fn a_download_that_broke_off_goes_on_where_it_was() {
    let server = Running::start();
    let whole = server.get(ARCHIVE);
    let tag = whole.header("etag").to_owned();
    let length = whole.body.len();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(40));
    let parts = (0..length, 1..length);
    runner
        .run(&parts, |(from, count)| {
            let last = (from + count).min(length) - 1;
            let range = format!("bytes={from}-{last}");
            let part = server.ask("GET", ARCHIVE, &[("Range", &range), ("If-Range", &tag)]);
            prop_assert_eq!(part.status, 206);
            prop_assert_eq!(&part.body, &whole.body[from..=last]);
            Ok(())
        })
        .unwrap();
    let head = server.ask("HEAD", ARCHIVE, &[]);
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, whole.header("content-length"))
    );
    assert_eq!(server.ask("GET", ARCHIVE, &[("If-None-Match", &tag)]).status, 304);
    assert_eq!(server.get("/collections/nowhere/3dtiles.3tz").status, 404);
}
