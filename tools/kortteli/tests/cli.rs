//! The program as a person meets it: what it prints, what it leaves on the disk, what it ends with.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use store::{Coding, Collection};

const BOXES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/boxes.gml");

fn kortteli(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kortteli"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

/// What a run printed and what it ended with.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(arguments: &[&str]) -> Ran {
    let Output { status, stdout, stderr } = kortteli(arguments).output().unwrap();
    Ran {
        code: status.code().expect("the program ended by itself"),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}

fn tiled() -> (tempfile::TempDir, String) {
    let store = tempfile::tempdir().unwrap();
    let path = store.path().to_str().unwrap().to_owned();
    let ran = run(&[
        "tile",
        BOXES,
        "-o",
        &path,
        "--collection",
        "boxes",
        "--attribution",
        "(c) The box makers",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    (store, path)
}

#[test]
fn a_city_is_tiled_with_a_report_and_verifies() {
    let (store, path) = tiled();
    let ran = run(&[
        "tile",
        BOXES,
        "-o",
        &path,
        "--collection",
        "boxes",
        "--attribution",
        "(c) The box makers",
    ]);
    for expected in [
        "Objects: 3 Building",
        "buildings: 1 leaf",
        "1 warning:",
        "boxes.gml:",
        "open_shed",
        "Nothing changed in boxes: 3 features",
        "Next: kortteli serve",
    ] {
        assert!(ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }
    let collection = Collection::open(&store.path().join("boxes")).unwrap();
    assert_eq!(collection.pointer().title, "Three boxes");
    assert!(
        collection
            .pointer()
            .attribution
            .contains(&"(c) The box makers".to_owned())
    );
    let tower = collection.feature("tower").unwrap().unwrap();
    assert_eq!(tower.name.as_deref(), Some("Tower Hall"));
    assert!((tower.top.unwrap() - 34.0).abs() < 0.002, "{:?}", tower.top);

    let report = std::fs::read(store.path().join("boxes/report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["outcome"], "published");
    assert_eq!(report["summary"]["kinds"]["Building"], 3);
    assert_eq!(report["published"]["changed"], false);
    assert_eq!(report["warnings"][0]["examples"][0]["id"], "open_shed");
    assert!(report["warnings"][0]["examples"][0]["line"].as_u64().unwrap() > 5);

    let verified = run(&["verify", &path]);
    assert_eq!((verified.code, verified.err.as_str()), (0, ""));
    assert!(verified.out.starts_with("whole: 1 collection, "), "{}", verified.out);
    let verified = run(&["verify", &path, "--json"]);
    let verified: serde_json::Value = serde_json::from_str(&verified.out).unwrap();
    assert_eq!(
        (verified["whole"].as_bool(), verified["features"].as_u64()),
        (Some(true), Some(3))
    );
}

#[test]
fn a_strict_run_with_a_warning_publishes_nothing() {
    let (store, path) = tiled();
    let pointer = store.path().join("boxes/tileset.json");
    let before = std::fs::read(&pointer).unwrap();
    let ran = run(&[
        "tile",
        BOXES,
        "-o",
        &path,
        "--collection",
        "boxes",
        "--title",
        "Other",
        "--strict",
    ]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("nothing was published") && ran.err.contains("open_shed"),
        "{}",
        ran.err
    );
    assert_eq!(std::fs::read(&pointer).unwrap(), before);
    let report = std::fs::read_to_string(store.path().join("boxes/report.json")).unwrap();
    assert!(report.contains("\"outcome\": \"failed\""), "{report}");
    assert_eq!(run(&["verify", &path]).code, 0);
}

#[test]
fn what_is_no_citygml_is_named_and_the_old_city_stays() {
    let (store, path) = tiled();
    let pointer = store.path().join("boxes/tileset.json");
    let before = std::fs::read(&pointer).unwrap();
    let files = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("empty.gml", &b""[..]),
        ("page.gml", b"<!doctype html><html><body>404</body></html>"),
        ("data.gml", b"{\"type\": \"CityJSON\"}"),
        ("cut.gml.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03abc"),
    ] {
        let input = files.path().join(name);
        std::fs::write(&input, bytes).unwrap();
        let ran = run(&["tile", input.to_str().unwrap(), "-o", &path, "--collection", "boxes"]);
        assert_eq!(ran.code, 1, "{name}: {}", ran.err);
        assert!(
            ran.err.contains("error: ") && ran.err.contains(name),
            "{name}: {}",
            ran.err
        );
        assert_eq!(std::fs::read(&pointer).unwrap(), before, "{name}");
    }
    let missing = files.path().join("missing.gml");
    let absent = files.path().join("no-store");
    let ran = run(&["tile", missing.to_str().unwrap(), "-o", absent.to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("cannot read") && ran.err.contains("missing.gml"),
        "{}",
        ran.err
    );
    assert!(!absent.exists(), "nothing is made for an input that is not there");
}

#[test]
fn of_a_file_that_is_cut_off_the_whole_objects_are_tiled_and_the_cut_is_told() {
    let files = tempfile::tempdir().unwrap();
    let whole = std::fs::read(BOXES).unwrap();
    let input = files.path().join("cut.gml");
    std::fs::write(&input, &whole[..whole.len() / 2]).unwrap();
    let store = files.path().join("store");
    let arguments = ["tile", input.to_str().unwrap(), "-o", store.to_str().unwrap()];
    let ran = run(&arguments);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("Objects: 1 Building") && ran.out.contains("cut.gml:"),
        "{}",
        ran.out
    );
    assert_eq!(run(&[&arguments[..], &["--strict"]].concat()).code, 1);
}

#[test]
fn both_encodings_are_two_collections_and_plain_tiles_need_nothing() {
    let store = tempfile::tempdir().unwrap();
    let path = store.path().to_str().unwrap();
    let ran = run(&["tile", BOXES, "-o", path, "--collection", "boxes", "--encoding", "both"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    for (name, compressed) in [("boxes", true), ("boxes-plain", false)] {
        let collection = Collection::open(&store.path().join(name)).unwrap();
        let keys = collection
            .manifest()
            .files
            .keys()
            .filter_map(|key| key.strip_prefix("files/"));
        let tiles: Vec<&str> = keys
            .filter(|name| Path::new(name).extension() == Some("glb".as_ref()))
            .collect();
        assert!(!tiles.is_empty());
        for tile in tiles {
            let bytes = collection.read(tile, Coding::Identity).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(text.contains("extensionsRequired"), compressed, "{name} {tile}");
            assert_eq!(tiles::glb::decode(&bytes).unwrap().features.len(), 3);
        }
    }
    assert_eq!(run(&["verify", path]).code, 0);
}

#[test]
fn a_killed_run_leaves_the_old_city_whole() {
    let (store, path) = tiled();
    let before = Collection::open(&store.path().join("boxes"))
        .unwrap()
        .tileset_json()
        .to_vec();
    let mut titles = 0;
    for wait in [1, 5, 10, 20, 40, 60, 80, 120, 200] {
        let title = format!("Title {wait}");
        let mut child = kortteli(&["tile", BOXES, "-o", &path, "--collection", "boxes", "--title", &title])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        let _ = child.kill();
        child.wait().unwrap();
        let report = store::verify(store.path());
        assert!(report.is_whole(), "killed after {wait} ms: {:#?}", report.problems);
        titles += u32::from(Collection::open(&store.path().join("boxes")).unwrap().tileset_json() != before);
    }
    // A lock that outlived its holder would show here.
    let ran = run(&["tile", BOXES, "-o", &path, "--collection", "boxes", "--title", "Last"]);
    assert_eq!(ran.code, 0, "after {titles} that were done: {}", ran.err);
    assert_eq!(
        Collection::open(&store.path().join("boxes")).unwrap().pointer().title,
        "Last"
    );
    let leftovers = std::fs::read_dir(store.path().join("boxes")).unwrap();
    assert!(
        leftovers
            .flatten()
            .all(|entry| !entry.file_name().to_string_lossy().ends_with(".tmp"))
    );
}

#[test]
fn a_spoilt_store_is_told_with_file_and_advice() {
    let (store, path) = tiled();
    let files: Vec<PathBuf> = std::fs::read_dir(store.path().join("boxes/files"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let tile = files
        .iter()
        .find(|path| path.extension() == Some("glb".as_ref()))
        .unwrap();
    std::fs::write(tile, b"rot").unwrap();
    let ran = run(&["verify", &path]);
    assert_eq!(ran.code, 1);
    let name = tile.file_name().unwrap().to_str().unwrap();
    assert!(
        ran.out.contains(name) && ran.out.contains("3 bytes instead of"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("publish the collection again"), "{}", ran.out);
    assert!(
        run(&["verify", "/nowhere"])
            .out
            .contains("no directory in it holds a tileset.json")
    );
}

#[test]
fn wrong_command_lines_say_what_is_right() {
    let (_store, path) = tiled();
    for (arguments, expected) in [
        (&["servee", &path][..], "a similar subcommand exists: 'serve'"),
        (&["tile"], "--output <STORE>"),
        (&["tile", BOXES], "--output <STORE>"),
        (
            &["tile", BOXES, "-o", &path, "--tile-bytes", "1G"],
            "for example 500000, 32K or 1M",
        ),
        (&["tile", BOXES, "-o", &path, "--tile-bytes", "1K"], "at least 16K"),
        (
            &["tile", BOXES, "-o", &path, "--collection", "../up"],
            "letters, digits, - and _",
        ),
        (
            &["tile", BOXES, "-o", &path, "--axis", "north"],
            "possible values: auto, east-north, north-east",
        ),
        (
            &["tile", BOXES, "-o", &path, "--heights", "sea"],
            "possible values: geoid, ellipsoidal",
        ),
        (
            &["tile", BOXES, "-o", &path, "--threads", "0"],
            "a number from 1 to 1024",
        ),
        (&["tile", BOXES, "-o", &path, "--lod", "7"], "0..=4"),
        (
            &["tile", BOXES, "-o", &path, "--encodng", "plain"],
            "a similar argument exists: '--encoding'",
        ),
        (&["serve", &path, "--listen", "8080"], "invalid socket address"),
        (&["blocks", &path, "-o", "w.zip"], "--bbox <W,S,E,N>"),
        (
            &["blocks", &path, "-o", "w.zip", "--bbox", "24.95,60.17"],
            "four numbers",
        ),
        (
            &["blocks", &path, "-o", "w.zip", "--bbox", "24.96,60.17,24.95,60.18"],
            "west,south,east,north",
        ),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.err);
        assert!(
            ran.err.contains(expected),
            "{arguments:?}: {expected} is not in\n{}",
            ran.err
        );
        assert_eq!(ran.out, "", "{arguments:?}");
    }
    let nothing = run(&[]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("Usage: kortteli <COMMAND>"), "{}", nothing.err);
}

#[test]
fn help_reads_as_documentation() {
    let help = run(&["--help"]);
    assert_eq!(help.code, 0);
    for command in ["tile", "verify", "serve", "blocks"] {
        assert!(help.out.contains(command));
        let help = run(&[command, "--help"]);
        assert_eq!(help.code, 0);
        assert!(
            help.out.contains("Exit status: 0 ") && help.out.contains("Usage: kortteli"),
            "{}",
            help.out
        );
    }
    assert!(run(&["--version"]).out.starts_with("kortteli 0."));
}

#[test]
fn a_block_world_is_written_whole_or_not_at_all() {
    let (store, path) = tiled();
    let out = tempfile::tempdir().unwrap();
    let zip = out.path().join("world.zip");
    let name = zip.to_str().unwrap();
    let ran = run(&["blocks", &path, "--bbox", "24.9477,60.1689,24.9491,60.1694", "-o", name]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("blocks of") && ran.out.contains("Players begin at"),
        "{}",
        ran.out
    );
    let archive = zip::ZipArchive::new(std::fs::File::open(&zip).unwrap()).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert!(names.iter().any(|name| name.ends_with("level.dat")), "{names:?}");
    assert!(names.iter().any(|name| name.contains("region/r.")), "{names:?}");

    let before = std::fs::read(&zip).unwrap();
    for (arguments, expected) in [
        (
            &["blocks", &path, "--bbox", "2.0,48.0,2.01,48.01", "-o", name][..],
            "lies outside the city",
        ),
        (
            &[
                "blocks",
                &path,
                "--bbox",
                "24.9,60.1,25.1,60.2",
                "-o",
                name,
                "--area-limit",
                "0.1",
            ],
            "Choose a smaller box",
        ),
        (
            &[
                "blocks",
                &path,
                "--bbox",
                "24.9477,60.1689,24.9491,60.1694",
                "-o",
                name,
                "--layers",
                "cheese",
            ],
            "no layer \"cheese\"",
        ),
        (
            &[
                "blocks",
                &path,
                "--bbox",
                "24.9477,60.1689,24.9491,60.1694",
                "-o",
                name,
                "--collection",
                "espoo",
            ],
            "it holds boxes",
        ),
        (
            &[
                "blocks",
                "/nowhere",
                "--bbox",
                "24.9477,60.1689,24.9491,60.1694",
                "-o",
                name,
            ],
            "make one with `kortteli tile",
        ),
    ] {
        let ran = run(arguments);
        assert_eq!(ran.code, 1, "{arguments:?}: {}", ran.err);
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
    assert_eq!(std::fs::read(&zip).unwrap(), before);
    assert_eq!(
        std::fs::read_dir(out.path()).unwrap().count(),
        1,
        "no half world is left"
    );
    drop(store);
}

/// A server whose address was printed.
struct Serving {
    child: Child,
    address: String,
}

impl Serving {
    fn start(store: &str) -> Self {
        let mut child = kortteli(&["serve", store, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .split("http://")
            .nth(1)
            .unwrap_or_else(|| panic!("{line}"))
            .trim()
            .trim_end_matches('/');
        Self {
            address: address.to_owned(),
            child,
        }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
            .write_all(format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").as_bytes())
            .unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_store_is_served_until_the_process_is_told_to_stop() {
    let (_store, path) = tiled();
    let signals: &[&str] = if cfg!(unix) { &["-TERM", "-INT"] } else { &[] };
    for signal in signals {
        let mut serving = Serving::start(&path);
        assert!(serving.get("/health/ready").starts_with("HTTP/1.1 200 OK"));
        assert!(
            serving
                .get("/collections/boxes/3dtiles/tileset.json")
                .contains("\"version\":\"1.1\"")
        );
        assert!(serving.get("/collections/boxes/items/tower").contains("Tower Hall"));
        let killed = Command::new("kill")
            .args([*signal, &serving.child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        let begun = Instant::now();
        let status = serving.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{signal}");
        assert!(begun.elapsed() < Duration::from_secs(5));
        let mut log = String::new();
        serving.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        assert!(
            log.contains("status=200") && !log.contains("WARN") && !log.contains("ERROR"),
            "{log}"
        );
    }
}

#[test]
fn settings_are_checked_and_printed_without_serving() {
    let (_store, path) = tiled();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kortteli.toml");
    let config = file.to_str().unwrap();
    std::fs::write(&file, format!("store = '{path}'\nlisten = \"127.0.0.1:7000\"\n")).unwrap();

    let ran = run(&["serve", "--config", config, "--check"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("settings are good") && ran.out.contains("holds boxes"),
        "{}",
        ran.out
    );

    let ran = run(&[
        "serve",
        "--config",
        config,
        "--set",
        "limits.poll=9s",
        "--listen",
        "127.0.0.1:7001",
        "--print-config",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains("listen = \"127.0.0.1:7001\"") && ran.out.contains("poll = \"9s\""),
        "{}",
        ran.out
    );
    let again = folder.path().join("again.toml");
    std::fs::write(&again, &ran.out).unwrap();
    let read_back = run(&["serve", "--config", again.to_str().unwrap(), "--print-config"]);
    assert_eq!(read_back.out, ran.out);

    let ran = run(&["serve", "--print-config", "--set", "limits.pol=1s"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("limits.pol: no setting is called so"), "{}", ran.err);
    std::fs::write(&file, "store = \"x\"\n\n[limits]\npolll = \"1s\"\n").unwrap();
    let ran = run(&["serve", "--config", config]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains(":4:1: unknown field `polll`"), "{}", ran.err);
    let ran = run(&["serve"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("store: it must name a directory"), "{}", ran.err);
}

#[test]
fn a_server_without_a_city_says_how_to_make_one() {
    let nothing = tempfile::tempdir().unwrap();
    let ran = run(&["serve", nothing.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("kortteli tile <files> -o"), "{}", ran.err);
}
