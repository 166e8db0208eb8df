//! Orders from their estimate to their download, and everything that can come between.
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
    reason = "harness and samples are shared with other tests"
)]

mod harness;
#[path = "../../tools/store/tests/sample/mod.rs"]
mod sample;
#[path = "../../tools/blocks/tests/town/mod.rs"]
mod town;

use harness::{Answer, Running};
use serde_json::{Value, json};
use server::JobLimits;
use std::collections::BTreeSet;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use town::Town;

const EXECUTION: &str = "/processes/block-world/execution";
const MIDDLE: [f64; 2] = [25_496_712.0, 6_672_900.0];
/// Square kilometres that a test may ask for.
const AREA: f64 = 4.0;

/// A server of a town whose ground reaches a kilometre to each side.
fn serve(jobs: JobLimits, state: Option<&Path>) -> Running {
    let fill = |store: &Path| {
        let town = Town {
            top: 20.0,
            reach: 1000.0,
            crs: Some(town::crs()),
        };
        drop(town.publish(store));
    };
    let state_dir = state.map(Path::to_path_buf);
    Running::set(fill, |config| {
        config.jobs = jobs;
        config.state_dir = state_dir;
    })
}

fn limits() -> JobLimits {
    JobLimits {
        area_km2: AREA,
        ..JobLimits::default()
    }
}

/// An order of a square, so many metres to each side.
fn order(metres: f64) -> Value {
    json!({ "inputs": { "bbox": town::around(MIDDLE[0], MIDDLE[1], metres) } })
}

/// The same, `east` metres further east, so that it is another.
fn order_at(east: f64, metres: f64) -> Value {
    json!({ "inputs": { "bbox": town::around(MIDDLE[0] + east, MIDDLE[1], metres) } })
}

fn post(server: &Running, path: &str, body: &Value) -> Answer {
    let headers = [("Content-Type", "application/json"), ("Prefer", "respond-async")];
    server.send("POST", path, &headers, body.to_string().as_bytes())
}

/// Orders and returns the job's address.
fn ordered(server: &Running, body: &Value) -> String {
    let answer = post(server, EXECUTION, body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    let location = answer.header("location");
    let token = location.strip_prefix("../../jobs/").expect(location);
    assert!(
        token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{token}"
    );
    format!("/jobs/{token}")
}

fn status(server: &Running, job: &str) -> Value {
    let answer = server.get(job);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Waits for the job's end, sees that progress only grows, and returns the last status.
fn ended(server: &Running, job: &str) -> Value {
    let (begun, mut last) = (Instant::now(), 0);
    loop {
        let info = status(server, job);
        let progress = info["progress"].as_u64().unwrap();
        assert!(progress >= last && progress <= 100, "{last}, then {info}");
        last = progress;
        if info["status"] == "successful" || info["status"] == "failed" {
            return info;
        }
        assert!(begun.elapsed() < Duration::from_mins(2), "it does not end: {info}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the job has this status.
fn reaches(server: &Running, job: &str, wanted: &str) {
    let begun = Instant::now();
    while status(server, job)["status"] != wanted {
        assert!(begun.elapsed() < Duration::from_mins(1), "{job} is never {wanted}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The names of the files in a downloaded world.
fn names_in(zip: &[u8]) -> BTreeSet<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("the result is a zip");
    let mut names = BTreeSet::new();
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).unwrap();
        std::io::copy(&mut file, &mut std::io::sink()).expect("every file of it is whole");
        names.insert(file.name().unwrap().into_owned());
    }
    names
}

fn problem(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json");
    answer.json()
}

/// Lines of the log that say that a run ended so.
fn runs(server: &Running, status: &str) -> usize {
    let wanted = format!("status=\"{status}\"");
    let text = server.log.text();
    text.lines()
        .filter(|line| line.contains("a job ended") && line.contains(&wanted))
        .count()
}

#[test]
fn what_can_be_ordered_is_described_with_its_inputs() {
    let server = serve(limits(), None);
    let list = server.get("/processes").json();
    assert_eq!(list["processes"][0]["id"], "block-world");
    assert_eq!(
        list["processes"][0]["jobControlOptions"],
        json!(["async-execute", "dismiss"])
    );
    let process = server.get("/processes/block-world").json();
    assert_eq!(process["inputs"]["bbox"]["schema"]["allOf"][0]["format"], "ogc-bbox");
    assert_eq!(
        process["outputs"]["world"]["schema"]["contentMediaType"],
        "application/zip"
    );
    let links = process["links"].as_array().unwrap();
    assert!(
        links.iter().any(|link| link["href"] == "block-world/execution"),
        "{links:?}"
    );
    let missing = problem(&server.get("/processes/atlantis"), 404);
    assert!(
        missing["type"].as_str().unwrap().ends_with("/no-such-process"),
        "{missing}"
    );
    let classes = server.get("/conformance").text();
    for class in ["conf/core", "conf/dismiss", "conf/ogc-process-description"] {
        assert!(
            classes.contains(&format!("ogcapi-processes-1/1.0/{class}")),
            "{classes}"
        );
    }
    // A list of jobs would tell of others; the standard has a class for it, and that is not claimed.
    assert!(!classes.contains("job-list"));
}

#[test]
fn an_order_becomes_a_world_that_can_be_downloaded_whole_and_in_parts() {
    let server = serve(limits(), None);
    let answer = post(&server, EXECUTION, &order(60.0));
    assert_eq!(
        (answer.status, answer.header("preference-applied")),
        (201, "respond-async")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let info = answer.json();
    assert_eq!(
        (&info["type"], &info["processID"]),
        (&json!("process"), &json!("block-world"))
    );
    let job = format!("/jobs/{}", info["jobID"].as_str().unwrap());
    let info = ended(&server, &job);
    assert_eq!(
        (&info["status"], &info["progress"]),
        (&json!("successful"), &json!(100)),
        "{info}"
    );
    for member in ["created", "started", "finished", "updated", "expires"] {
        let date = info[member].as_str().unwrap_or_default();
        assert!(date.len() == 20 && date.ends_with('Z'), "{member}: {date}");
    }
    let results = server.get(&format!("{job}/results")).json();
    assert_eq!(results["world"]["type"], "application/zip");
    let path = format!("{job}/{}", results["world"]["href"].as_str().unwrap());
    let whole = server.get(&path);
    assert_eq!((whole.status, whole.header("content-type")), (200, "application/zip"));
    assert_eq!(json!(whole.body.len()), results["world"]["length"]);
    let disposition = whole.header("content-disposition");
    assert!(
        disposition.starts_with("attachment; filename=\"kortteli-town-24.9"),
        "{disposition}"
    );
    let cache = whole.header("cache-control");
    assert!(
        cache.starts_with("private, max-age=") && cache.ends_with(", immutable"),
        "{cache}"
    );
    let names = names_in(&whole.body);
    for name in ["level.dat", "README.txt", "kortteli.json", "objects.json"] {
        assert!(names.contains(&format!("kortteli-town/{name}")), "{names:?}");
    }
    // A school's network breaks off: the rest comes later.
    let tag = whole.header("etag").to_owned();
    let rest = server.ask("GET", &path, &[("Range", "bytes=1000-"), ("If-Range", &tag)]);
    assert_eq!((rest.status, &rest.body[..]), (206, &whole.body[1000..]));
    assert_eq!(server.ask("GET", &path, &[("If-None-Match", &tag)]).status, 304);
    let head = server.ask("HEAD", &path, &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), whole.body.len().to_string());
    problem(&server.get(&format!("{job}/results/run.json")), 404);
}

#[test]
fn raw_results_are_links() {
    let server = serve(limits(), None);
    let mut body = order(20.0);
    body["response"] = json!("raw");
    body["outputs"] = json!({ "world": { "transmissionMode": "reference" } });
    let job = ordered(&server, &body);
    ended(&server, &job);
    let answer = server.get(&format!("{job}/results"));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert_eq!(
        answer.header("link"),
        "<results/world.zip>; rel=\"world\"; type=\"application/zip\""
    );
}

#[test]
fn an_estimate_is_given_before_anything_is_made() {
    let server = serve(limits(), None);
    let path = format!("{EXECUTION}?estimate=true");
    let small = post(&server, &path, &order(60.0));
    assert_eq!(small.status, 200, "{}", small.text());
    let (small, large) = (small.json(), post(&server, &path, &order(600.0)).json());
    for member in ["blocks", "bytes", "seconds", "chunks", "areaKm2"] {
        let [a, b] = [&small, &large].map(|estimate| estimate[member].as_f64().unwrap());
        assert!(a > 0.0 && b > 4.0 * a, "{member}: {a} and {b}");
    }
    assert_eq!(small["secondsToWait"], 0.0);
    assert_eq!(runs(&server, "made"), 0);
    let done = ended(&server, &ordered(&server, &order(60.0)));
    assert_eq!(done["estimate"]["chunks"], small["chunks"]);
}

#[test]
fn a_class_of_thirty_gets_one_run_and_thirty_secrets() {
    let server = serve(limits(), None);
    let jobs: Vec<String> = std::thread::scope(|scope| {
        let pupils: Vec<_> = (0..30)
            .map(|_| scope.spawn(|| ordered(&server, &order(300.0))))
            .collect();
        pupils.into_iter().map(|pupil| pupil.join().unwrap()).collect()
    });
    assert_eq!(jobs.iter().collect::<BTreeSet<_>>().len(), 30);
    // Half of the class closes its browsers; the others notice nothing.
    for job in &jobs[..15] {
        assert_eq!(server.ask("DELETE", job, &[]).json()["status"], "dismissed");
        problem(&server.get(job), 404);
    }
    let tags: BTreeSet<String> = jobs[15..]
        .iter()
        .map(|job| {
            assert_eq!(ended(&server, job)["status"], "successful");
            server
                .ask("HEAD", &format!("{job}/results/world.zip"), &[])
                .header("etag")
                .to_owned()
        })
        .collect();
    assert_eq!(tags.len(), 1);
    assert_eq!(runs(&server, "made"), 1);
    // Whoever comes late is served at once, also in another form of the same wish.
    let mut again = order(300.0);
    again["inputs"]["bbox"] = json!({ "bbox": again["inputs"]["bbox"] });
    again["inputs"]["collection"] = json!("town");
    assert_eq!(status(&server, &ordered(&server, &again))["status"], "successful");
    assert_eq!(runs(&server, "made"), 1);
}

#[test]
fn a_run_that_nobody_holds_stops_within_a_second() {
    let server = serve(limits(), None);
    let [first, second] = [(); 2].map(|()| ordered(&server, &order(900.0)));
    reaches(&server, &first, "running");
    assert_eq!(server.ask("DELETE", &first, &[]).status, 200);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        status(&server, &second)["status"],
        "running",
        "the other holder keeps it"
    );
    let begun = Instant::now();
    let dismissed = server.ask("DELETE", &second, &[]).json();
    assert_eq!(dismissed["status"], "dismissed");
    while runs(&server, "not made") == 0 {
        assert!(begun.elapsed() < Duration::from_secs(1), "{}", server.log.text());
        std::thread::sleep(Duration::from_millis(5));
    }
    // Whoever asks for the same again gets a run of its own.
    let again = ordered(&server, &order(900.0));
    assert_ne!(status(&server, &again)["status"], "failed");
}

#[test]
fn jobs_of_others_can_be_neither_listed_nor_ended() {
    let server = serve(limits(), None);
    let job = ordered(&server, &order(60.0));
    let list = server.get("/jobs").json();
    assert_eq!(list["jobs"], json!([]));
    assert!(list["description"].as_str().unwrap().contains("secret"), "{list}");
    let token = job.strip_prefix("/jobs/").unwrap();
    let guesses = [
        "0".repeat(32),
        token[..31].to_owned(),
        format!("{}0", token.to_uppercase()),
        "..".to_owned(),
        "%2e%2e".to_owned(),
    ];
    for guess in guesses {
        for (method, suffix) in [("GET", ""), ("DELETE", ""), ("GET", "/results"), ("GET", "/events")] {
            let answer = server.ask(method, &format!("/jobs/{guess}{suffix}"), &[]);
            let problem = problem(&answer, 404);
            assert!(
                problem["type"].as_str().unwrap().ends_with("/no-such-job"),
                "{guess}: {problem}"
            );
        }
    }
    assert_eq!(ended(&server, &job)["status"], "successful");
    assert!(!server.log.text().contains(token), "the log tells the secret");
}

#[test]
fn wrong_orders_are_told_which_input_and_what_is_allowed() {
    let server = serve(limits(), None);
    let bbox = town::around(MIDDLE[0], MIDDLE[1], 60.0);
    let cases = [
        (json!({}), "bbox", "west, south, east, north"),
        (json!({ "bbox": "here" }), "bbox", "west, south, east, north"),
        (json!({ "bbox": [25.0, 60.0, 24.0, 61.0] }), "bbox", "east of the first"),
        (json!({ "bbox": [24.0, 60.0, 26.0, 61.0] }), "bbox", "at most 4 km²"),
        (json!({ "bbox": [1.0, 1.0, 1.1, 1.1] }), "bbox", "outside the city"),
        (json!({ "bbox": [1e300, -1e300, 1e301, 1e302] }), "bbox", "longitude"),
        (
            json!({ "bbox": bbox, "collection": "../town" }),
            "collection",
            "one of town",
        ),
        (
            json!({ "bbox": bbox, "layers": ["moon"] }),
            "layers",
            "buildings, terrain",
        ),
        (json!({ "bbox": bbox, "layers": "buildings" }), "layers", "an array"),
        (
            json!({ "bbox": bbox, "heightOffset": 1.5 }),
            "heightOffset",
            "whole number",
        ),
        (json!({ "bbox": bbox, "heightOffset": 5000 }), "heightOffset", "319"),
        (json!({ "bbox": bbox, "hight": 1 }), "hight", "heightOffset"),
    ];
    for (inputs, name, allowed) in cases {
        for path in [EXECUTION.to_owned(), format!("{EXECUTION}?estimate=true")] {
            let answer = problem(&post(&server, &path, &json!({ "inputs": inputs })), 400);
            assert_eq!(answer["parameter"], name, "{inputs}: {answer}");
            assert!(
                answer["detail"].as_str().unwrap().contains(allowed),
                "{inputs}: {answer}"
            );
        }
    }
    let send = |media_type: &str, body: &[u8]| server.send("POST", EXECUTION, &[("Content-Type", media_type)], body);
    problem(&send("text/plain", b"{}"), 415);
    for body in ["", "[]", "{", "null", "\u{0}"] {
        problem(&send("application/json", body.as_bytes()), 400);
    }
    let deep = "[".repeat(10_000);
    problem(&send("application/json; charset=utf-8", deep.as_bytes()), 400);
    problem(&send("application/json", " ".repeat(70_000).as_bytes()), 413);
    for (member, value) in [
        ("inputs", json!(1)),
        ("response", json!("both")),
        ("outputs", json!({ "world": { "transmissionMode": "value" } })),
    ] {
        let mut body = order(60.0);
        body[member] = value;
        assert_eq!(problem(&post(&server, EXECUTION, &body), 400)["parameter"], member);
    }
    assert_eq!(
        problem(
            &post(&server, &format!("{EXECUTION}?estimate=maybe"), &order(60.0)),
            400
        )["parameter"],
        "estimate"
    );
    problem(&post(&server, "/processes/atlantis/execution", &order(60.0)), 404);
    assert_eq!(server.get(EXECUTION).status, 405);
}

#[test]
fn results_that_are_not_there_yet_say_so() {
    let server = serve(limits(), None);
    let job = ordered(&server, &order(900.0));
    for path in ["results", "results/world.zip"] {
        let answer = server.get(&format!("{job}/{path}"));
        assert!(answer.header("retry-after").parse::<u64>().is_ok());
        let problem = problem(&answer, 404);
        assert!(
            problem["type"].as_str().unwrap().ends_with("/result-not-ready"),
            "{problem}"
        );
    }
}

#[test]
fn when_too_many_wait_the_next_is_asked_to_come_again() {
    let jobs = JobLimits {
        running: 1,
        queued: 2,
        ..limits()
    };
    let server = serve(jobs, None);
    let first = ordered(&server, &order(900.0));
    reaches(&server, &first, "running");
    let waiting: Vec<String> = (1..3)
        .map(|place| ordered(&server, &order_at(f64::from(place) * 16.0, 60.0)))
        .collect();
    let info = status(&server, &waiting[1]);
    assert_eq!(info["status"], "accepted");
    assert!(info["message"].as_str().unwrap().contains("1 come before it"), "{info}");
    let refused = post(&server, EXECUTION, &order_at(64.0, 60.0));
    problem(&refused, 503);
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((5..=600).contains(&seconds), "{seconds}");
    // Joining a run that waits already takes no place.
    ordered(&server, &order_at(16.0, 60.0));
    let quote = post(&server, &format!("{EXECUTION}?estimate=true"), &order_at(64.0, 60.0)).json();
    assert!(quote["secondsToWait"].as_f64().unwrap() > 0.0, "{quote}");
    // Who gives up makes room.
    server.ask("DELETE", &waiting[1], &[]);
    ordered(&server, &order_at(64.0, 60.0));
}

#[test]
fn the_oldest_result_that_nobody_holds_makes_room_and_held_ones_stay() {
    // A meadow of 128 m packs to some tens of kilobytes; its estimate is a few times as much.
    let server = serve(
        JobLimits {
            disk_bytes: 160_000,
            ..limits()
        },
        None,
    );
    let first = ordered(&server, &order(60.0));
    ended(&server, &first);
    let second = ordered(&server, &order_at(32.0, 60.0));
    ended(&server, &second);
    server.ask("DELETE", &first, &[]);
    let mut held = vec![second];
    let refused = loop {
        let answer = post(&server, EXECUTION, &order_at(32.0 * (held.len() + 1) as f64, 60.0));
        if answer.status != 201 {
            break answer;
        }
        held.push(format!("/jobs/{}", answer.json()["jobID"].as_str().unwrap()));
        ended(&server, held.last().unwrap());
        assert!(held.len() < 50, "nothing is ever full");
    };
    problem(&refused, 503);
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    for job in &held {
        assert_eq!(status(&server, job)["status"], "successful");
    }
    // The first was dropped, so the same order is made anew; one is given up for it.
    let made = runs(&server, "made");
    server.ask("DELETE", &held.remove(0), &[]);
    let again = ordered(&server, &order(60.0));
    ended(&server, &again);
    assert_eq!(runs(&server, "made"), made + 1);
}

#[test]
fn a_full_disk_ends_a_job_with_a_clear_word_and_leaves_nothing_behind() {
    let state = tempfile::tempdir().unwrap();
    let mut server = serve(
        JobLimits {
            // A world of a few chunks takes more than its estimate: its README alone takes kilobytes.
            disk_bytes: 5_000,
            ..limits()
        },
        Some(state.path()),
    );
    server.allowed = vec!["there is no room for the results of a job"];
    let job = ordered(&server, &order(10.0));
    let info = ended(&server, &job);
    assert_eq!(info["status"], "failed", "{info}");
    assert!(info["message"].as_str().unwrap().contains("not enough room"), "{info}");
    let answer = server.get(&format!("{job}/results"));
    assert!(
        problem(&answer, 500)["detail"]
            .as_str()
            .unwrap()
            .contains("not enough room")
    );
    // The record is written after it is told.
    drop(server);
    let left = files_below(state.path());
    assert!(
        left.iter()
            .all(|name| name.ends_with("lock") || name.ends_with("run.json")),
        "{left:?}"
    );
}

fn files_below(directory: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    files
}

#[test]
fn results_expire_with_their_jobs() {
    let state = tempfile::tempdir().unwrap();
    let server = serve(
        JobLimits {
            expiry: Duration::from_secs(1),
            ..limits()
        },
        Some(state.path()),
    );
    let job = ordered(&server, &order(20.0));
    let begun = Instant::now();
    while server.get(&job).status == 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it stays for ever");
        std::thread::sleep(Duration::from_millis(50));
    }
    problem(&server.get(&format!("{job}/results/world.zip")), 404);
    while files_below(state.path()).len() > 1 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:?}",
            files_below(state.path())
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn after_a_restart_results_are_there_and_interrupted_jobs_begin_again() {
    let state = tempfile::tempdir().unwrap();
    let server = serve(JobLimits { running: 1, ..limits() }, Some(state.path()));
    let done = ordered(&server, &order(60.0));
    ended(&server, &done);
    let before = server.get(&format!("{done}/results/world.zip")).body;
    let running = ordered(&server, &order(700.0));
    reaches(&server, &running, "running");
    let waiting = ordered(&server, &order_at(16.0, 60.0));
    let begun = Instant::now();
    drop(server);
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "the server waits for its jobs"
    );
    assert!(files_below(state.path()).iter().all(|name| !name.ends_with(".tmp")));
    let server = serve(limits(), Some(state.path()));
    assert_eq!(server.get(&format!("{done}/results/world.zip")).body, before);
    for job in [&running, &waiting] {
        assert_eq!(ended(&server, job)["status"], "successful");
        names_in(&server.get(&format!("{job}/results/world.zip")).body);
    }
    assert_eq!(runs(&server, "made"), 2);
}

#[test]
fn a_job_is_followed_by_events_until_its_end() {
    let server = serve(limits(), None);
    let job = ordered(&server, &order(500.0));
    let answer = server.ask("GET", &format!("{job}/events"), &[("Accept", "text/event-stream")]);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    let text = answer.text();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert!(events.len() >= 2, "{text}");
    let progress: Vec<u64> = events.iter().map(|event| event["progress"].as_u64().unwrap()).collect();
    assert!(progress.is_sorted(), "{progress:?}");
    assert_eq!(events.last().unwrap()["status"], "successful");
}

#[test]
fn a_follower_does_not_hold_up_the_end_of_the_server() {
    let mut server = serve(limits(), None);
    let job = ordered(&server, &order(900.0));
    let mut stream = server.connect();
    write!(stream, "GET {job}/events HTTP/1.1\r\nHost: city.example\r\n\r\n").unwrap();
    let mut first = [0; 16];
    stream.read_exact(&mut first).unwrap();
    let begun = Instant::now();
    server.join();
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
