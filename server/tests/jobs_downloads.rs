//! Extracts and archives that are made to order: the same bytes as those that are made for an answer.
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
    reason = "harness, reader and samples are shared with other tests"
)]

mod harness;
#[path = "../../tools/extract/tests/model/mod.rs"]
mod model;
#[path = "../../tools/store/tests/sample/mod.rs"]
mod sample;
#[path = "../../tools/blocks/tests/town/mod.rs"]
mod town;

use harness::{Answer, Running};
use model::Model;
use serde_json::{Value, json};
use server::Config;
use std::path::Path;
use std::time::{Duration, Instant};
use town::Town;

const MIDDLE: [f64; 2] = [25_496_712.0, 6_672_900.0];

fn serve(change: impl FnOnce(&mut Config)) -> Running {
    let fill = |store: &Path| {
        let town = Town {
            top: 20.0,
            reach: 3000.0,
            crs: Some(town::crs()),
        };
        drop(town.publish(store));
    };
    Running::set(fill, change)
}

/// A square, so many metres to each side.
fn square(metres: f64) -> [f64; 4] {
    town::around(MIDDLE[0], MIDDLE[1], metres)
}

/// The same as a parameter of an address.
fn in_query(bbox: [f64; 4]) -> String {
    let [west, south, east, north] = bbox;
    format!("bbox={west},{south},{east},{north}")
}

fn post(server: &Running, path: &str, inputs: &Value) -> Answer {
    let body = json!({ "inputs": inputs }).to_string();
    server.send("POST", path, &[("Content-Type", "application/json")], body.as_bytes())
}

fn estimated(server: &Running, process: &str, inputs: &Value) -> Value {
    let answer = post(server, &format!("/processes/{process}/execution?estimate=true"), inputs);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Orders and waits for the end; returns the job's address and its last status.
fn done(server: &Running, process: &str, inputs: &Value) -> (String, Value) {
    let answer = post(server, &format!("/processes/{process}/execution"), inputs);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let job = format!("/jobs/{}", answer.json()["jobID"].as_str().unwrap());
    let begun = Instant::now();
    loop {
        let info = server.get(&job).json();
        if info["status"] == "successful" || info["status"] == "failed" {
            return (job, info);
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "it does not end: {info}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Orders, waits and downloads the one result.
fn made(server: &Running, process: &str, inputs: &Value) -> Answer {
    let (job, info) = done(server, process, inputs);
    assert_eq!(info["status"], "successful", "{info}");
    let links = info["links"].as_array().unwrap();
    let file: Vec<&Value> = links.iter().filter(|link| link["rel"] == "enclosure").collect();
    assert_eq!(file.len(), 1, "{links:?}");
    let href = file[0]["href"].as_str().unwrap();
    let (token, name) = href.split_once("/results/").unwrap();
    assert!(job.ends_with(token), "{href}");
    let answer = server.get(&format!("{job}/results/{name}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(file[0]["length"], json!(answer.body.len()));
    assert_eq!(file[0]["type"], answer.header("content-type"));
    answer
}

#[test]
fn an_extract_to_order_is_the_model_that_an_answer_brings() {
    let server = serve(|_| ());
    let (bbox, origin) = (square(60.0), [24.9405, 60.169, 20.0]);
    let answer = made(&server, "extract", &json!({ "bbox": bbox }));
    assert_eq!(answer.header("content-type"), "model/gltf-binary");
    let disposition = answer.header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename=\"town-24.9") && disposition.ends_with("-lod2.glb\""),
        "{disposition}"
    );
    let model = Model::open(&answer.body);
    let names: Vec<&str> = model.nodes.keys().map(String::as_str).collect();
    assert_eq!(names, ["first", "land", "second"]);
    let house = &model.nodes["second"];
    assert!((house.max[1] - house.min[1] - 16.0).abs() < 0.01, "{:?}", house.max);
    let land = &model.nodes["land"];
    assert!(
        (land.max[0] - land.min[0] - 120.0).abs() < 1.0,
        "cut at the box: {:?}",
        land.max
    );

    for (inputs, query) in [
        (json!({ "bbox": bbox }), String::new()),
        (
            json!({ "bbox": { "bbox": bbox }, "lod": 2, "collection": "town" }),
            String::new(),
        ),
        (json!({ "bbox": bbox, "lod": 1 }), "&lod=1".to_owned()),
        (
            json!({ "bbox": bbox, "origin": origin, "layers": ["buildings"] }),
            "&origin=24.9405,60.169,20&layers=buildings".to_owned(),
        ),
        (
            json!({ "bbox": square(3.0), "objects": "touching" }),
            "&objects=touching".to_owned(),
        ),
    ] {
        let area = if query.contains("touching") { square(3.0) } else { bbox };
        let at_once = server.get(&format!("/collections/town/extract?{}{query}", in_query(area)));
        assert_eq!(at_once.status, 200, "{}", at_once.text());
        let ordered = made(&server, "extract", &inputs);
        assert!(
            ordered.body == at_once.body,
            "{inputs}: {} and {} bytes",
            ordered.body.len(),
            at_once.body.len()
        );
    }
}

#[test]
fn an_estimate_of_an_extract_tells_what_it_comes_to() {
    let server = serve(|_| ());
    let inputs = json!({ "bbox": square(60.0), "layers": ["buildings"] });
    let estimate = estimated(&server, "extract", &inputs);
    let answer = made(&server, "extract", &inputs);
    let model = Model::open(&answer.body);
    let triangles: usize = model.nodes.values().map(|node| node.triangles).sum();
    assert_eq!(estimate["features"], json!(model.nodes.len()));
    assert_eq!(estimate["triangles"], json!(triangles));
    let bytes = estimate["bytes"].as_f64().unwrap() / answer.body.len() as f64;
    assert!((0.3..3.0).contains(&bytes), "{bytes} times the bytes that came");
    assert!(
        (estimate["areaKm2"].as_f64().unwrap() - 0.0144).abs() < 0.0005,
        "{estimate}"
    );
    assert!(estimate["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn a_larger_box_than_an_answer_takes_is_led_to_the_process_which_makes_it() {
    let server = serve(|_| ());
    // 1.96 and 16 square kilometres, of 1 and 4 that are allowed.
    let path = |metres: f64| format!("/collections/town/extract?{}", in_query(square(metres)));
    let refused = server.get(&path(700.0));
    assert_eq!(refused.status, 413, "{}", refused.text());
    let problem = refused.json();
    assert_eq!(problem["process"], "../../processes/extract");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.ends_with("Or order it as a job at ../../processes/extract."),
        "{detail}"
    );
    assert_eq!(
        refused.header("link"),
        "<../../processes/extract/execution>; rel=\"http://www.opengis.net/def/rel/ogc/1.0/execute\""
    );
    assert_eq!(server.get("/processes/extract").status, 200, "where it leads to");
    let larger = server.get(&path(2000.0)).json();
    let detail = larger["detail"].as_str().unwrap();
    assert!(detail.contains("up to 4 km2 can be ordered"), "{detail}");

    let answer = made(&server, "extract", &json!({ "bbox": square(700.0) }));
    let land = &Model::open(&answer.body).nodes["land"];
    assert!((land.max[0] - land.min[0] - 1400.0).abs() < 4.0, "{:?}", land.max);
}

#[test]
fn a_server_whose_jobs_may_do_no_more_leads_nowhere() {
    let server = serve(|config| config.jobs.area_km2 = 1.0);
    let refused = server.get(&format!("/collections/town/extract?{}", in_query(square(700.0))));
    assert_eq!((refused.status, refused.header("link")), (413, ""));
    assert!(refused.json().get("process").is_none());
}

#[test]
fn memory_is_bounded_by_bytes_whatever_the_area() {
    let server = serve(|config| {
        config.limits.extract_bytes = 500;
        config.jobs.extract_bytes = 1000;
    });
    let bbox = square(60.0);
    let problem = server
        .get(&format!("/collections/town/extract?{}", in_query(bbox)))
        .json();
    assert_eq!(
        (&problem["status"], &problem["process"]),
        (&json!(413), &json!("../../processes/extract"))
    );
    let (_, info) = done(&server, "extract", &json!({ "bbox": bbox }));
    assert_eq!(info["status"], "failed");
    let message = info["message"].as_str().unwrap();
    assert!(message.contains("choose a smaller box, fewer layers"), "{message}");
}

#[test]
fn wrong_inputs_are_named_with_what_is_allowed() {
    let server = serve(|_| ());
    let bbox = square(60.0);
    for (process, inputs, name, allowed) in [
        ("extract", json!({}), "bbox", "west, south, east, north"),
        (
            "extract",
            json!({ "bbox": [25.0, 60.0, 24.0, 61.0] }),
            "bbox",
            "east of the first",
        ),
        (
            "extract",
            json!({ "bbox": square(2000.0) }),
            "bbox",
            "the 4 km2 allowed",
        ),
        ("extract", json!({ "bbox": [1.0, 1.0, 1.001, 1.001] }), "bbox", "box"),
        (
            "extract",
            json!({ "bbox": bbox, "lod": 3 }),
            "lod",
            "give 1 (buildings as blocks) or 2",
        ),
        (
            "extract",
            json!({ "bbox": bbox, "lod": "two" }),
            "lod",
            "or 2 (the full model)",
        ),
        (
            "extract",
            json!({ "bbox": bbox, "origin": [0, 0] }),
            "origin",
            "three numbers",
        ),
        (
            "extract",
            json!({ "bbox": bbox, "origin": [0, 0, 0] }),
            "origin",
            "at most 50 km",
        ),
        (
            "extract",
            json!({ "bbox": bbox, "layers": ["moon"] }),
            "layers",
            "it has buildings, terrain",
        ),
        (
            "extract",
            json!({ "bbox": bbox, "layers": "buildings" }),
            "layers",
            "an array",
        ),
        (
            "extract",
            json!({ "bbox": bbox, "objects": "all" }),
            "objects",
            "centred or touching",
        ),
        (
            "extract",
            json!({ "bbox": bbox, "level": 2 }),
            "level",
            "bbox, lod, origin",
        ),
        (
            "extract",
            json!({ "bbox": bbox, "collection": "moon" }),
            "collection",
            "one of town",
        ),
        (
            "archive",
            json!({ "collection": "../town" }),
            "collection",
            "one of town",
        ),
        ("archive", json!({ "bbox": bbox }), "bbox", "there are collection"),
    ] {
        for path in ["", "?estimate=true"] {
            let answer = post(&server, &format!("/processes/{process}/execution{path}"), &inputs);
            assert_eq!(answer.status, 400, "{inputs}: {}", answer.text());
            let problem = answer.json();
            assert_eq!(problem["parameter"], name, "{inputs}: {problem}");
            assert!(
                problem["detail"].as_str().unwrap().contains(allowed),
                "{inputs}: {problem}"
            );
        }
    }
}

#[test]
fn an_archive_to_order_is_the_file_that_an_answer_brings_and_its_length_is_known_before() {
    let server = Running::start();
    let whole = server.get("/collections/helsinki/3dtiles.3tz");
    let estimate = estimated(&server, "archive", &json!({}));
    assert_eq!(estimate["bytes"], json!(whole.body.len()));
    let ordered = made(&server, "archive", &json!({ "collection": "helsinki" }));
    assert!(
        ordered.body == whole.body,
        "{} and {} bytes",
        ordered.body.len(),
        whole.body.len()
    );
    for name in ["content-type", "content-disposition"] {
        assert_eq!(ordered.header(name), whole.header(name), "{name}");
    }
    let tag = ordered.header("etag");
    assert!(!tag.is_empty());
    let zip = zip::ZipArchive::new(std::io::Cursor::new(&ordered.body)).unwrap();
    assert_eq!(json!(zip.len() - 1), estimate["files"], "and the index");
}

#[test]
fn processes_are_listed_and_say_what_they_take_and_give() {
    let server = serve(|_| ());
    let list = server.get("/processes").json();
    let ids: Vec<&Value> = list["processes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, ["block-world", "extract", "archive"]);
    let extract = server.get("/processes/extract").json();
    let inputs = extract["inputs"].as_object().unwrap();
    let names: Vec<&str> = inputs.keys().map(String::as_str).collect();
    assert_eq!(names, ["collection", "bbox", "lod", "origin", "layers", "objects"]);
    assert!(
        inputs["bbox"]["description"]
            .as_str()
            .unwrap()
            .contains("at most 4 km²")
    );
    assert_eq!(
        extract["outputs"]["model"]["schema"]["contentMediaType"],
        "model/gltf-binary"
    );
}

#[test]
fn under_a_public_address_every_way_to_a_job_is_absolute() {
    let server = serve(|config| config.public_url = Some("https://example.org/3d".to_owned()));
    let here = "https://example.org/3d";
    let body = json!({ "inputs": { "bbox": square(60.0) }, "response": "raw" });
    let forged = [
        ("Content-Type", "application/json"),
        ("X-Forwarded-Host", "evil.example"),
    ];
    let taken = server.send(
        "POST",
        "/processes/extract/execution",
        &forged,
        body.to_string().as_bytes(),
    );
    let info = taken.json();
    let job = format!("/jobs/{}", info["jobID"].as_str().unwrap());
    assert_eq!(taken.header("location"), format!("{here}{job}"));
    let of = |info: &Value| -> Vec<String> {
        let links = info["links"].as_array().unwrap();
        links
            .iter()
            .map(|link| link["href"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(of(&info)[..2], [format!("{here}{job}"), format!("{here}{job}/events")]);
    let events = server.get(&format!("{job}/events")).text();
    let last = events
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .next_back();
    let last: Value = serde_json::from_str(last.unwrap()).unwrap();
    assert_eq!(last["status"], "successful");
    let expected = ["", "/events", "/results", "/results/model.glb"].map(|end| format!("{here}{job}{end}"));
    assert_eq!(of(&last), expected);
    assert_eq!(of(&server.get(&job).json()), expected);
    let raw = server.get(&format!("{job}/results"));
    assert_eq!(
        raw.header("link"),
        format!("<{here}{job}/results/model.glb>; rel=\"model\"; type=\"model/gltf-binary\"")
    );
    let (job, _) = done(&server, "extract", &json!({ "bbox": square(60.0) }));
    assert_eq!(
        server.get(&format!("{job}/results")).json()["model"]["href"],
        format!("{here}{job}/results/model.glb")
    );
    let refused = server.get(&format!("/collections/town/extract?{}", in_query(square(700.0))));
    assert_eq!(refused.json()["process"], format!("{here}/processes/extract"));
}
