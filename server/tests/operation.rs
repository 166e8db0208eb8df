//! Slow and rude clients, new generations, and the end.
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

use harness::{Answer, Running, quick};
use sample::Sample;
use server::{Config, Error, Limits, Server};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::RealFiles;

fn publish(store: &Path, title: &str, first_height: f32) {
    let sample = Sample {
        title: title.to_owned(),
        first_height,
        ..Sample::default()
    };
    sample.publish(store, "helsinki", Arc::new(RealFiles)).unwrap();
}

/// Waits until `done`, at most five seconds.
fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(5), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn title(server: &Running) -> String {
    server.get("/collections/helsinki").json()["title"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn requests_that_do_not_come_are_closed_while_others_are_answered() {
    let server = Running::start();
    let mut slow: Vec<TcpStream> = (0..60)
        .map(|number| {
            let mut stream = server.connect();
            let half = [
                "",
                "GET /",
                "GET / HTTP/1.1\r\nHost: h\r\n",
                "GET / HTTP/1.1\r\nHost: h\r\nX-A: ",
                "\r\n",
            ][number % 5];
            stream.write_all(half.as_bytes()).unwrap();
            stream
        })
        .collect();
    let begun = Instant::now();
    assert_eq!(server.get("/collections").status, 200);
    assert!(begun.elapsed() < Duration::from_millis(400), "others are not held up");
    for stream in &mut slow {
        let mut rest = Vec::new();
        // A reset is as closed as an end.
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "all were closed after {:?}",
        begun.elapsed()
    );
}

#[test]
fn a_drop_at_a_time_does_not_keep_a_request_alive() {
    let server = Running::start();
    let mut stream = server.connect();
    let begun = Instant::now();
    let mut closed = false;
    for letter in "GET / HTTP/1.1\r\nHost: a.very.long.name.example\r\n".bytes() {
        std::thread::sleep(Duration::from_millis(60));
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        closed = stream.write_all(&[letter]).is_err() || matches!(stream.read(&mut [0; 16]), Ok(0));
        if closed {
            break;
        }
    }
    assert!(
        closed && begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_connection_may_rest_between_requests_but_not_within_one() {
    let server = Running::set(
        |store| publish(store, "City", 9.0),
        |config| {
            config.limits.header_timeout = Duration::from_millis(400);
            config.limits.idle_timeout = Duration::from_secs(3);
        },
    );
    let head = b"GET /health/live HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut stream = server.connect();
    for _ in 0..3 {
        stream.write_all(head).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200");
        // Longer than a head may take; what is left of the answer is taken meanwhile.
        std::thread::sleep(Duration::from_millis(700));
        stream.set_nonblocking(true).unwrap();
        let mut rest = [0; 4096];
        assert!(stream.read(&mut rest).unwrap() > 100);
        stream.set_nonblocking(false).unwrap();
    }
    stream.write_all(&head[..10]).unwrap();
    let begun = Instant::now();
    let _ = stream.read_to_end(&mut Vec::new());
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    let mut idle = server.connect();
    idle.write_all(head).unwrap();
    let begun = Instant::now();
    let _ = idle.read_to_end(&mut Vec::new());
    let took = begun.elapsed();
    assert!(
        took > Duration::from_secs(2) && took < Duration::from_secs(6),
        "{took:?}"
    );
}

#[test]
fn a_body_that_nobody_asked_for_is_bounded() {
    let server = Running::start();
    let answer = server.ask("GET", "/collections", &[("Content-Length", "100000")]);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (413, "application/problem+json")
    );
    assert!(answer.text().contains("65536"), "{}", answer.text());
    // One that never comes: the answer does not wait for it, and the connection ends.
    let mut stream = server.connect();
    stream
        .write_all(b"GET /collections HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc")
        .unwrap();
    let begun = Instant::now();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    assert!(
        bytes.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&bytes)
    );
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[test]
fn the_figures_are_told_on_a_listener_of_their_own() {
    let server = Running::set(
        |store| publish(store, "City", 9.0),
        |config| config.metrics_listen = Some("127.0.0.1:0".parse().unwrap()),
    );
    let tile = server.file("buildings-0.", ".glb");
    for _ in 0..3 {
        assert_eq!(
            server
                .get(&format!("/collections/helsinki/3dtiles/files/{tile}"))
                .status,
            200
        );
    }
    assert_eq!(server.get("/collections/helsinki/items/nobody-knows-this").status, 404);
    assert_eq!(server.get("/metrics").status, 404, "not in public");
    let figures = server.figures();
    let text = figures.text();
    assert_eq!(figures.status, 200);
    assert!(
        figures
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    for line in [
        "kortteli_requests_total{route=\"/collections/{collectionId}/3dtiles/files/{name}\",status=\"2xx\"} 3",
        "kortteli_requests_total{route=\"/collections/{collectionId}/items/{featureId}\",status=\"4xx\"} 1",
        "kortteli_requests_total{route=\"unknown\",status=\"4xx\"} 1",
        "kortteli_cache_hits_total 2",
        "kortteli_cache_misses_total 1",
        "kortteli_generations_opened_total{collection=\"helsinki\"} 1",
        "kortteli_generation_failures_total 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    let bytes = text
        .lines()
        .find(|line| line.starts_with("kortteli_answer_bytes_total{route=\"/collections/{collectionId}/3dtiles/files"));
    let file = std::fs::metadata(server.store.path().join("helsinki/files").join(&tile)).unwrap();
    assert!(bytes.unwrap().ends_with(&format!(" {}", 3 * file.len())), "{bytes:?}");
    assert!(text.ends_with("# EOF\n") && !text.contains("nobody-knows"), "{text}");
    publish(server.store.path(), "Next city", 20.0);
    wait("the next generation", || title(&server) == "Next city");
    std::fs::write(server.store.path().join("helsinki/tileset.json"), "{").unwrap();
    wait("a failure", || {
        !server.figures().text().contains("kortteli_generation_failures_total 0")
    });
    let text = server.figures().text();
    assert!(
        text.contains("kortteli_generations_opened_total{collection=\"helsinki\"} 2"),
        "{text}"
    );
    assert_eq!(text.matches("kortteli_generation{").count(), 1, "{text}");
    let mut server = server;
    server.allowed = vec!["cannot open the collection's new generation"];
}

#[test]
fn a_client_that_does_not_take_its_answer_is_cut_off() {
    let server = Running::start();
    let package = server.get("/collections/helsinki/3dtiles/tileset.json").json();
    let package = package["asset"]["extras"]["kortteli"]["features"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut stream = server.connect();
    // More answers than the system's buffers hold, and not a byte read.
    let request = format!("GET /collections/helsinki/3dtiles/{package} HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut refused = false;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(6) {
        if stream.write_all(request.as_bytes()).is_err() {
            refused = true;
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(refused, "the server went on for {:?}", begun.elapsed());
    assert_eq!(server.get("/health/live").status, 200);
}

#[test]
fn heads_that_are_too_large_are_refused() {
    let server = Running::start();
    let long = "a".repeat(20_000);
    assert_eq!(server.ask("GET", "/", &[("X-Long", &long)]).status, 431);
    let many: Vec<(String, String)> = (0..100).map(|number| (format!("X-{number}"), "a".to_owned())).collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(server.ask("GET", "/", &many).status, 431);
    assert_eq!(server.get("/health/live").status, 200);
}

#[test]
fn what_is_no_http_does_not_disturb_the_server() {
    let server = Running::start();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n",
        b"PRI * HTTP/2.",
        b"\0\0\0\0\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n\r\n",
        b"GET  HTTP/9.9\r\n\r\n",
    ] {
        let mut stream = server.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let first = answer.split(|byte| *byte == b'\r').next().unwrap();
        assert!(
            answer.is_empty() || first.starts_with(b"HTTP/1.1 4") || first.starts_with(b"HTTP/1.1 5"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
    }
    assert_eq!(server.get("/health/live").status, 200);
}

#[test]
fn more_connections_than_the_limit_wait_their_turn() {
    let limits = Limits {
        connections: 2,
        ..quick()
    };
    let server = Running::with(limits, |store| publish(store, "City", 9.0), None);
    let _one = server.connect();
    let _two = server.connect();
    std::thread::sleep(Duration::from_millis(50));
    // The third is answered when the two idle ones have been closed.
    let begun = Instant::now();
    assert_eq!(server.get("/health/live").status, 200);
    assert!(begun.elapsed() > Duration::from_millis(200), "{:?}", begun.elapsed());
}

#[test]
fn a_new_generation_takes_over_and_the_old_tiles_stay() {
    let server = Running::with(quick(), |store| publish(store, "Old city", 9.0), None);
    let old_tile = server.file("buildings-0.", ".glb");
    let old = server.get("/collections/helsinki/3dtiles/tileset.json");
    publish(server.store.path(), "New city", 30.0);
    wait("the new generation", || title(&server) == "New city");
    let new = server.get("/collections/helsinki/3dtiles/tileset.json");
    assert_ne!(new.header("etag"), old.header("etag"));
    let again = server.ask(
        "GET",
        "/collections/helsinki/3dtiles/tileset.json",
        &[("If-None-Match", old.header("etag"))],
    );
    assert_eq!(again.status, 200);
    assert_eq!(
        server
            .get(&format!("/collections/helsinki/3dtiles/files/{old_tile}"))
            .status,
        200
    );
}

#[test]
fn generations_change_under_load_without_an_error_or_a_mixture() {
    let server = Running::with(quick(), |store| publish(store, "City 0", 10.0), None);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (server, stop) = (&server, &stop);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    fly(server);
                }
            });
        }
        for generation in 1..12u8 {
            publish(
                server.store.path(),
                &format!("City {generation}"),
                10.0 + f32::from(generation),
            );
            wait("the generation", || title(server) == format!("City {generation}"));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// Loads the city as a viewer does; all of it must be of one generation.
fn fly(server: &Running) {
    let base = "/collections/helsinki/3dtiles";
    let pointer = server.get(&format!("{base}/tileset.json")).json();
    for layer in pointer["root"]["children"].as_array().unwrap() {
        let layer = server.get(&format!("{base}/{}", layer["content"]["uri"].as_str().unwrap()));
        assert_eq!(layer.status, 200);
        let name = layer.json()["root"]["content"]["uri"].as_str().unwrap().to_owned();
        let tile: Answer = server.get(&format!("{base}/files/{name}"));
        assert_eq!(tile.status, 200, "{name}");
        assert!(store::ContentName::parse(&name).unwrap().matches(&tile.body));
    }
}

#[test]
fn a_generation_that_does_not_open_changes_nothing_and_is_told_once() {
    let mut server = Running::with(quick(), |store| publish(store, "Good city", 9.0), None);
    server.allowed = vec!["cannot open the collection's new generation"];
    let pointer = server.store.path().join("helsinki/tileset.json");
    let good = std::fs::read(&pointer).unwrap();
    for bad in [&b"{"[..], b"", &good[..good.len() / 2]] {
        std::fs::write(&pointer, bad).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(title(&server), "Good city");
        assert_eq!(server.get("/collections/helsinki/items/church").status, 200);
        assert_eq!(server.get("/health/ready").status, 200);
    }
    std::fs::remove_file(&pointer).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(title(&server), "Good city");
    publish(server.store.path(), "Mended city", 10.0);
    wait("the mended generation", || title(&server) == "Mended city");
    let log = server.log.text();
    let told = log.lines().filter(|line| line.contains(" ERROR ")).count();
    assert!((3..=4).contains(&told), "each reason once: {log}");
}

#[test]
fn collections_come_and_go() {
    let mut server = Running::start();
    // The server may look while a collection is being removed.
    server.allowed = vec!["cannot open the collection's new generation"];
    Sample {
        title: "Espoo".to_owned(),
        ..Sample::default()
    }
    .publish(server.store.path(), "espoo", Arc::new(RealFiles))
    .unwrap();
    wait("the second collection", || {
        server.get("/collections/espoo").status == 200
    });
    let ids: Vec<String> = server.get("/collections").json()["collections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|collection| collection["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["espoo", "helsinki"]);
    std::fs::remove_dir_all(server.store.path().join("espoo")).unwrap();
    wait("its end", || server.get("/collections/espoo").status == 404);
    assert_eq!(server.get("/collections/helsinki").status, 200);
}

#[test]
fn a_tile_that_is_gone_or_cut_is_an_error_without_its_path_and_is_told() {
    let mut server = Running::start();
    server.allowed = vec!["cannot read a file"];
    let (gone, cut) = (server.file("buildings-0.", ".glb"), server.file("buildings-1.", ".glb"));
    let files = server.store.path().join("helsinki/files");
    std::fs::remove_file(files.join(&gone)).unwrap();
    std::fs::write(files.join(&cut), b"glTF").unwrap();
    for name in [&gone, &cut] {
        let answer = server.get(&format!("/collections/helsinki/3dtiles/files/{name}"));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (500, "application/problem+json")
        );
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(!answer.text().contains("files"), "{}", answer.text());
    }
    assert!(server.log.text().contains(&gone));
}

#[test]
fn answers_that_have_begun_come_to_their_end_when_the_server_stops() {
    let fill = |store: &Path| {
        // Enough features that the GeoPackage does not fit into the system's buffers.
        let many = Sample {
            houses: 400,
            ..Sample::default()
        };
        many.publish(store, "helsinki", Arc::new(RealFiles)).unwrap();
    };
    let mut server = Running::with(quick(), fill, None);
    let package = server.get("/collections/helsinki/3dtiles/tileset.json").json();
    let package = package["asset"]["extras"]["kortteli"]["features"]
        .as_str()
        .unwrap()
        .to_owned();
    let request = format!("GET /collections/helsinki/3dtiles/{package} HTTP/1.1\r\nHost: h\r\n\r\n");
    let mut downloads: Vec<TcpStream> = (0..8)
        .map(|_| {
            let mut stream = server.connect();
            stream.write_all(request.as_bytes()).unwrap();
            let mut first = [0; 1];
            stream.read_exact(&mut first).unwrap();
            stream
        })
        .collect();
    let idle = server.connect();
    server.stop();
    wait("refusal of new connections", || {
        TcpStream::connect(server.address).is_err()
    });
    for stream in &mut downloads {
        let mut rest = vec![b'H'];
        stream.read_to_end(&mut rest).unwrap();
        let answer = Answer::parse(&rest);
        assert_eq!(answer.body.len().to_string(), answer.header("content-length"));
        assert!(answer.body.len() > 100_000, "{}", answer.body.len());
    }
    drop(idle);
    let begun = Instant::now();
    server.join();
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why_and_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    let config = |store: &Path| Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        ..Config::new(store.to_path_buf())
    };
    let error = Server::bind(&config(empty.path())).await.err().unwrap();
    assert!(matches!(error, Error::NoCollection { .. }));
    assert!(error.to_string().contains("kortteli tile <files> -o"), "{error}");

    sample::publish(empty.path());
    let other = Config {
        viewer: Some(empty.path().join("absent")),
        ..config(empty.path())
    };
    assert!(
        Server::bind(&other)
            .await
            .err()
            .unwrap()
            .to_string()
            .contains("cannot read the web viewer")
    );
    let no_page = Config {
        viewer: Some(empty.path().join("helsinki")),
        ..config(empty.path())
    };
    assert!(
        Server::bind(&no_page)
            .await
            .err()
            .unwrap()
            .to_string()
            .contains("no index.html")
    );
    let first = Server::bind(&config(empty.path())).await.unwrap();
    assert_eq!(first.collections(), ["helsinki"]);
    let taken = Config {
        listen: first.address(),
        ..config(empty.path())
    };
    assert!(
        Server::bind(&taken)
            .await
            .err()
            .unwrap()
            .to_string()
            .contains("cannot listen on 127.0.0.1:")
    );

    std::fs::write(empty.path().join("helsinki/tileset.json"), "{").unwrap();
    let error = Server::bind(&config(empty.path())).await.err().unwrap().to_string();
    assert!(error.contains("tileset.json is not readable"), "{error}");
}
