//! Codings, conditions and ranges (RFC 9110), and names that lead nowhere.
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
use proptest::prelude::*;
use std::io::{Read, Write};
use store::Coding;

const TILES: &str = "/collections/helsinki/3dtiles";

fn decoded(answer: &Answer) -> Vec<u8> {
    let coding = match answer.header("content-encoding") {
        "" => Coding::Identity,
        "br" => Coding::Br,
        "zstd" => Coding::Zstd,
        "gzip" => Coding::Gzip,
        other => panic!("{other}"),
    };
    coding.decode(&answer.body, 1 << 24).unwrap()
}

#[test]
fn a_file_comes_in_the_coding_that_the_client_takes() {
    let server = Running::start();
    for (begin, end) in [("buildings.", ".json"), ("buildings-0.", ".glb")] {
        let name = server.file(begin, end);
        let path = format!("{TILES}/files/{name}");
        let hash = name.split('.').nth(1).unwrap();
        let plain = server.ask("GET", &path, &[]);
        assert_eq!(plain.header("etag"), format!("\"{hash}\""));
        let disk = server.store.path().join("helsinki/files");
        let smallest = ["br", "zst", "gz"]
            .into_iter()
            .filter_map(|suffix| {
                Some((
                    std::fs::metadata(disk.join(format!("{name}.{suffix}"))).ok()?.len(),
                    suffix,
                ))
            })
            .min()
            .unwrap()
            .1;
        let smallest = match smallest {
            "zst" => "zstd",
            "gz" => "gzip",
            other => other,
        };
        for (accept, expected) in [
            ("br", "br"),
            ("zstd", "zstd"),
            ("gzip", "gzip"),
            ("identity", ""),
            ("", ""),
            ("*;q=0", ""),
            ("gzip, deflate, br, zstd", smallest),
            ("*", smallest),
            ("br;q=0, zstd;q=0, *", "gzip"),
            ("gzip;q=0", ""),
            ("br;q=0.5, gzip;q=0.8", "gzip"),
            ("deflate", ""),
            ("identity;q=1, br;q=0.5", ""),
        ] {
            let answer = server.ask("GET", &path, &[("Accept-Encoding", accept)]);
            assert_eq!(
                (answer.status, answer.header("content-encoding")),
                (200, expected),
                "{name} for {accept:?}"
            );
            assert_eq!(answer.header("vary"), "Accept-Encoding");
            assert_eq!(answer.header("content-length"), answer.body.len().to_string());
            assert_eq!(decoded(&answer), plain.body, "{name} for {accept:?}");
            let tag = if expected.is_empty() {
                format!("\"{hash}\"")
            } else {
                format!("\"{hash}.{expected}\"")
            };
            assert_eq!(answer.header("etag"), tag);
        }
    }
}

#[test]
fn a_document_comes_packed_where_the_client_takes_that() {
    let server = Running::start();
    for path in [
        "/collections",
        "/?f=html",
        "/api?f=json",
        "/collections/helsinki/items/church",
    ] {
        let plain = server.get(path);
        assert_eq!((plain.status, plain.header("content-encoding")), (200, ""), "{path}");
        assert!(plain.header("vary").contains("Accept-Encoding"), "{path}");
        for coding in ["gzip", "zstd"] {
            let asked = [("Accept-Encoding", coding)];
            let packed = server.ask("GET", path, &asked);
            assert_eq!(packed.header("content-encoding"), coding, "{path}");
            assert!(
                packed.body.len() < plain.body.len() && decoded(&packed) == plain.body,
                "{path}"
            );
            assert_eq!(packed.header("content-length"), packed.body.len().to_string());
            assert_eq!(packed.header("vary"), plain.header("vary"), "{path}");
            assert_ne!(
                packed.header("etag"),
                plain.header("etag"),
                "other bytes have another tag"
            );
            let head = server.ask("HEAD", path, &asked);
            assert_eq!(head.header("content-length"), packed.header("content-length"), "{path}");
            let known = [("If-None-Match", packed.header("etag")), asked[0]];
            assert_eq!(server.ask("GET", path, &known).status, 304, "{path}");
        }
        assert_eq!(
            server.ask("GET", path, &[("Accept-Encoding", "gzip;q=0, br")]).body,
            plain.body
        );
    }
    let short = server.ask("GET", "/health/live", &[("Accept-Encoding", "gzip")]);
    assert_eq!((short.header("content-encoding"), short.header("vary")), ("", ""));
    assert_eq!(
        server
            .ask("GET", "/nothing", &[("Accept-Encoding", "gzip")])
            .header("content-encoding"),
        ""
    );
}

#[test]
fn a_client_that_has_the_bytes_gets_a_304_with_its_validators() {
    let server = Running::start();
    let tile = format!("{TILES}/files/{}", server.file("buildings-0.", ".glb"));
    for path in [
        &tile,
        &format!("{TILES}/tileset.json"),
        "/collections",
        "/",
        "/collections/helsinki/items/church",
    ] {
        for coding in ["identity", "br"] {
            let first = server.ask("GET", path, &[("Accept-Encoding", coding)]);
            let tag = first.header("etag");
            assert!(tag.len() > 10 && !tag.starts_with("W/"), "{path} has a strong tag");
            let many = format!("\"other\", W/{tag}, \"last\"");
            for condition in [tag, "*", &many] {
                let again = server.ask(
                    "GET",
                    path,
                    &[("Accept-Encoding", coding), ("If-None-Match", condition)],
                );
                assert_eq!((again.status, again.body.len()), (304, 0), "{path} with {condition}");
                for name in ["etag", "cache-control", "vary"] {
                    assert_eq!(again.header(name), first.header(name), "{path} {name}");
                }
                assert_eq!(again.header("content-encoding"), "");
            }
            for condition in ["\"other\"", "", "\"", "W/", "\u{0}x"] {
                if !condition.contains('\0') {
                    let again = server.ask("GET", path, &[("If-None-Match", condition)]);
                    assert_eq!(again.status, 200, "{path} with {condition:?}");
                }
            }
        }
    }
}

#[test]
fn a_download_can_be_resumed() {
    let server = Running::start();
    let tile = format!("{TILES}/files/{}", server.file("buildings-0.", ".glb"));
    let package = server.get("/collections/helsinki/3dtiles/tileset.json").json();
    let package = package["asset"]["extras"]["kortteli"]["features"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [tile, format!("{TILES}/{package}"), format!("{TILES}/tileset.json")] {
        let whole = server.get(&path);
        let length = whole.body.len();
        assert_eq!(whole.header("accept-ranges"), "bytes");
        for (range, from, to) in [
            ("bytes=0-99".to_owned(), 0, 100),
            (format!("bytes={}-", length - 7), length - 7, length),
            ("bytes=-13".to_owned(), length - 13, length),
            ("bytes=5-99999999".to_owned(), 5, length),
        ] {
            let part = server.ask("GET", &path, &[("Range", &range), ("Accept-Encoding", "br, gzip")]);
            assert_eq!(
                (part.status, part.header("content-encoding")),
                (206, ""),
                "{path} {range}"
            );
            assert_eq!(
                part.header("content-range"),
                format!("bytes {from}-{}/{length}", to - 1)
            );
            assert!(part.body == whole.body[from..to], "{path} {range}");
            let head = server.ask("HEAD", &path, &[("Range", &range)]);
            assert_eq!(
                (head.status, head.header("content-length")),
                (206, part.header("content-length"))
            );
        }
        let outside = server.ask("GET", &path, &[("Range", &format!("bytes={length}-"))]);
        assert_eq!(
            (outside.status, outside.header("content-range")),
            (416, &*format!("bytes */{length}"))
        );
        let several = server.ask("GET", &path, &[("Range", "bytes=0-1,3-4")]);
        assert_eq!((several.status, several.body.len()), (200, length));
        let same = [("Range", "bytes=0-9"), ("If-Range", whole.header("etag"))];
        assert_eq!(server.ask("GET", &path, &same).status, 206);
        let changed = [("Range", "bytes=0-9"), ("If-Range", "\"0000000000000000\"")];
        assert_eq!(
            server.ask("GET", &path, &changed).status,
            200,
            "what changed is sent whole"
        );
    }
}

#[test]
fn the_viewer_is_served_by_name_with_its_compressed_forms() {
    let folder = tempfile::tempdir().unwrap();
    let script = "export const city = 'Helsinki';\n".repeat(200);
    let wasm = "viewer_bg.0123456789abcdef.wasm";
    std::fs::create_dir(folder.path().join("fonts")).unwrap();
    for (name, bytes) in [
        ("index.html", "<!doctype html><title>Viewer</title>".as_bytes()),
        ("app.0123456789abcdef.js", script.as_bytes()),
        (wasm, b"\0asm\x01\0\0\0"),
        ("fonts/a.woff2", b"font"),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let brotli = Coding::Br.encode(script.as_bytes()).unwrap();
    std::fs::write(folder.path().join("app.0123456789abcdef.js.br"), &brotli).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link.txt")).unwrap();
    let fill = |store: &std::path::Path| drop(sample::publish(store));
    let server = Running::with(harness::quick(), fill, Some(folder.path().to_path_buf()));

    let redirect = server.get("/viewer?collection=helsinki");
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (308, "viewer/?collection=helsinki")
    );
    for path in ["/viewer/", "/viewer/index.html"] {
        let page = server.get(path);
        assert_eq!(
            (page.header("content-type"), page.header("cache-control")),
            ("text/html; charset=utf-8", "no-cache")
        );
        assert!(page.text().contains("<title>Viewer</title>"));
        assert_eq!(
            server
                .ask("GET", path, &[("If-None-Match", page.header("etag"))])
                .status,
            304
        );
    }
    let path = "/viewer/app.0123456789abcdef.js";
    for (accept, coding) in [("br, gzip", "br"), ("gzip", "gzip"), ("", "")] {
        let answer = server.ask("GET", path, &[("Accept-Encoding", accept)]);
        assert_eq!(answer.header("content-encoding"), coding);
        assert_eq!(answer.header("content-type"), "text/javascript; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(decoded(&answer), script.as_bytes());
    }
    assert_eq!(
        server.get(&format!("/viewer/{wasm}")).header("content-type"),
        "application/wasm"
    );
    assert_eq!(server.get("/viewer/fonts/a.woff2").body, b"font");
    for path in [
        "/viewer/link.txt",
        "/viewer/app.0123456789abcdef.js.br",
        "/viewer/fonts",
        "/viewer/../index.html",
        "/viewer/%2e%2e/index.html",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    let html = server.ask("GET", "/", &[("Accept", "text/html")]).text();
    assert!(
        html.contains("href=\"viewer/?collection=helsinki&amp;lang=en\""),
        "{html}"
    );
}

fn hostile_segment() -> impl Strategy<Value = String> {
    let trick = prop::sample::select(vec![
        "..",
        ".",
        "%2e%2e",
        "%2E.",
        "..%2f",
        "..%5c",
        "%00",
        "%c0%ae",
        "%252e%252e",
        "\\",
        "//",
        "%2f",
        "~",
        ":",
        "CON",
        "aux.glb",
        "tileset.json",
        "tileset.json.tmp",
        "manifest",
        "publish.lock",
        "report.json",
        "files",
        "link.0123456789abcdef.glb",
        "secret.txt",
        "etc",
        "passwd",
        "%ff%fe",
        "%F0%9F%8F%A0",
        "?x=..",
        "%3f",
        "%23",
        ";",
        "+",
        "*",
        "%0d%0a",
        "%09",
        "\u{e4}",
    ]);
    let any = prop::collection::vec(
        prop_oneof![
            prop::char::range('!', '~')
                .prop_filter("ends the address", |letter| !matches!(letter, '#' | '?'))
                .prop_map(String::from),
            any::<u8>().prop_map(|byte| format!("%{byte:02x}")),
        ],
        0..40,
    );
    prop_oneof![
        trick.prop_map(str::to_owned),
        any.prop_map(|parts| parts.concat()),
        Just("a".repeat(3000))
    ]
}

#[test]
fn no_name_of_thousands_leads_out_of_the_table() {
    let server = Running::start();
    let outside = server.store.path().join("secret.txt");
    std::fs::write(&outside, "secret").unwrap();
    std::fs::write(server.store.path().join("helsinki/files/secret.txt"), "secret").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        &outside,
        server.store.path().join("helsinki/files/link.0123456789abcdef.glb"),
    )
    .unwrap();
    let known = server.file("buildings-0.", ".glb");
    let prefixes = [
        "/collections/helsinki/3dtiles/files/",
        "/collections/helsinki/3dtiles/",
        "/viewer/",
        "/collections/helsinki/items/",
        "/collections/",
        "/",
    ];
    let names = (
        prop::sample::select(prefixes.to_vec()),
        prop::collection::vec(hostile_segment(), 1..5),
        any::<bool>(),
    );
    let mut runner = proptest::test_runner::TestRunner::new(proptest::test_runner::Config {
        cases: 6000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20261122),
        ..Default::default()
    });
    // One connection for all of them: a server that gave up on one would break the next.
    let connection = std::cell::RefCell::new(server.connect());
    runner
        .run(&names, |(prefix, segments, near_miss)| {
            let name = segments.join("/");
            let path = if near_miss {
                format!("{prefix}{known}{name}")
            } else {
                format!("{prefix}{name}")
            };
            let mut stream = connection.borrow_mut();
            let (status, body, closed) = ask_on(&mut stream, &path);
            if closed {
                *stream = server.connect();
            }
            let harmless = ["", ".", "tileset.json", "?", "files"]
                .iter()
                .any(|end| name.trim_end_matches('/') == *end)
                || name.starts_with('?');
            prop_assert!(
                status != 500 && !body.windows(6).any(|six| six == b"secret"),
                "{path}: {status}"
            );
            prop_assert!(
                (400..500).contains(&status) || harmless && status < 400,
                "{path}: {status}"
            );
            if path.is_ascii() && path.len() < 3000 && status != 404 && !harmless {
                prop_assert!(status == 400, "{path}: {status}");
            }
            Ok(())
        })
        .unwrap();
}

/// Asks on an open connection; answers status, body and whether the server closed it.
fn ask_on(stream: &mut std::net::TcpStream, path: &str) -> (u16, Vec<u8>, bool) {
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes())
        .unwrap();
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 65536];
    loop {
        if let Some(end) = bytes.windows(4).position(|four: &[u8]| four == b"\r\n\r\n") {
            let head = std::str::from_utf8(&bytes[..end]).unwrap().to_ascii_lowercase();
            let status = head.split(' ').nth(1).unwrap().parse().unwrap();
            let length = head
                .split("content-length: ")
                .nth(1)
                .map_or(0, |rest| rest.split("\r\n").next().unwrap().parse().unwrap());
            let closed = head.contains("connection: close");
            while bytes.len() < end + 4 + length {
                let count = stream.read(&mut buffer).unwrap();
                assert!(count > 0, "the body of {path} is cut off");
                bytes.extend_from_slice(&buffer[..count]);
            }
            return (status, bytes[end + 4..].to_vec(), closed);
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => panic!("no answer to {path}"),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
