//! `kortteli info`, `kortteli gc` and full disks as whoever keeps a store meets them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use store::{Coding, Collection};

const BOXES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/boxes.gml");

/// What a run printed and what it ended with.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

fn run(arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_kortteli"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Ran {
        code: output.status.code().expect("the program ended by itself"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A store that was published once under each title.
fn tiled(titles: &[&str]) -> (tempfile::TempDir, String) {
    let store = tempfile::tempdir().unwrap();
    let path = store.path().to_str().unwrap().to_owned();
    for title in titles {
        let arguments = ["tile", BOXES, "-o", &path, "--collection", "boxes", "--title", title];
        let more = [
            "--attribution",
            "(c) The box makers",
            "--license",
            "https://example.org/terms",
        ];
        let ran = run(&[&arguments[..], &more].concat());
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    (store, path)
}

fn directory_bytes(directory: &Path) -> u64 {
    let entries = |path: PathBuf| std::fs::read_dir(path).unwrap().flatten();
    entries(directory.to_path_buf())
        .chain(entries(directory.join("files")))
        .map(|entry| entry.metadata().unwrap())
        .filter(std::fs::Metadata::is_file)
        .map(|metadata| metadata.len())
        .sum()
}

#[test]
fn info_tells_where_a_city_is_from_and_what_makes_it_large() {
    let (store, path) = tiled(&["Old boxes", "New boxes"]);
    let directory = store.path().join("boxes");
    let collection = Collection::open(&directory).unwrap();
    let ran = run(&["info", &path]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for expected in [
        "boxes: New boxes\n",
        "credit       (c) The box makers",
        "licence      https://example.org/terms",
        "source       boxes.gml, ",
        "objects      3 Building\n",
        "layer        buildings: 3 features, 1 tile on 1 level, ",
        "geometric error up to 0.0 m",
        "off by 0.0",
        " mm at most",
        "in 2 generations",
        "with their compressed forms",
    ] {
        assert!(ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }

    let ran = run(&["info", &path, "--json"]);
    let document: Value = serde_json::from_str(&ran.out).unwrap();
    let told = &document["collections"][0];
    let files = &collection.manifest().files;
    let plain: u64 = files.values().map(|entry| entry.length).sum();
    let coded: u64 = files
        .values()
        .flat_map(|entry| &entry.codings)
        .map(|coded| coded.length)
        .sum();
    assert_eq!(told["bytes"]["plain"], plain);
    assert_eq!(told["bytes"]["stored"], plain + coded);
    assert_eq!(told["files"], files.len());
    assert_eq!(told["directoryBytes"], directory_bytes(&directory));
    let tile = files
        .iter()
        .find(|(key, _)| key.starts_with("files/") && Path::new(key).extension() == Some("glb".as_ref()))
        .unwrap();
    assert_eq!(told["layers"][0]["bytes"]["plain"], tile.1.length);
    assert_eq!(told["bytesPerBuilding"]["plain"], tile.1.length / 3);
    assert_eq!(told["generations"].as_array().unwrap().len(), 2);
    assert_eq!(told["generations"][0], collection.pointer().manifest);
    let crs = collection.pointer().crs.as_ref().unwrap();
    assert_eq!(told["crsError"], crs.max_error());
    assert_eq!(told["extent"], serde_json::json!(collection.manifest().extent));
    // A collection can be named itself.
    let alone = run(&["info", directory.to_str().unwrap(), "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&alone.out).unwrap(), document);
}

#[test]
fn info_opens_a_tile() {
    let (store, _) = tiled(&["Boxes"]);
    let collection = Collection::open(&store.path().join("boxes")).unwrap();
    let mut keys = collection
        .manifest()
        .files
        .keys()
        .filter_map(|key| key.strip_prefix("files/"));
    let name = keys
        .find(|name| Path::new(name).extension() == Some("glb".as_ref()))
        .unwrap();
    let content = tiles::glb::decode(&collection.read(name, Coding::Identity).unwrap()).unwrap();
    let path = collection.path(name, Coding::Identity).unwrap();
    let ran = run(&["info", path.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let triangles = format!("{} triangles", content.mesh.indices.len() / 3);
    for expected in [&triangles, "3 features", "3 Building", "(c) The box makers"] {
        assert!(ran.out.contains(expected), "{expected} is not in\n{}", ran.out);
    }
    let ran = run(&["info", path.to_str().unwrap(), "--json"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(told["vertices"], content.mesh.positions.len());
    assert_eq!((&told["features"], &told["standsFor"]), (&3.into(), &3.into()));
}

#[test]
fn what_info_cannot_read_is_named() {
    let (store, path) = tiled(&["Boxes"]);
    for (wrong, expected) in [
        (store.path().join("absent"), "cannot read "),
        (
            store.path().join("boxes/report.json"),
            "report.json is not a tile that can be read",
        ),
        (
            store.path().join("boxes/files"),
            "files holds no collection; name the directory",
        ),
    ] {
        let ran = run(&["info", wrong.to_str().unwrap()]);
        assert_eq!(ran.code, 1);
        assert!(ran.err.contains(expected), "{expected} is not in {}", ran.err);
    }
    let manifest = Collection::open(&store.path().join("boxes"))
        .unwrap()
        .pointer()
        .manifest
        .clone();
    std::fs::write(store.path().join("boxes").join(manifest), "{}").unwrap();
    let ran = run(&["info", &path]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("has other bytes than were published"), "{}", ran.err);
}

#[test]
fn gc_says_what_it_would_remove_and_then_removes_it() {
    let (store, path) = tiled(&["One", "Two", "Three"]);
    let directory = store.path().join("boxes");
    std::fs::write(directory.join("notes.txt"), "mine").unwrap();
    let before = directory_bytes(&directory);
    let dry = run(&["gc", &path, "--dry-run"]);
    assert_eq!((dry.code, directory_bytes(&directory)), (0, before));
    let kept = run(&["gc", &path, "--keep", "3", "--dry-run"]);
    assert!(
        kept.out.contains("boxes: 3 generations kept, 0 files would be removed"),
        "{}",
        kept.out
    );
    let planned: Value = serde_json::from_str(&run(&["gc", &path, "--dry-run", "--json"]).out).unwrap();
    let done = run(&["gc", &path]);
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    for expected in [
        "boxes: 2 generations kept, ",
        "1 manifest, ",
        "left boxes/notes.txt: Kortteli did not make it",
    ] {
        assert!(done.out.contains(expected), "{expected} is not in\n{}", done.out);
        assert!(dry.out.contains(expected), "{expected} is not in\n{}", dry.out);
    }
    assert!(dry.out.contains("would be removed"), "{}", dry.out);
    assert_eq!(before - directory_bytes(&directory), planned["bytes"].as_u64().unwrap());
    for waste in planned["collections"][0]["removed"].as_array().unwrap() {
        assert!(!directory.join(waste["file"].as_str().unwrap()).exists(), "{waste}");
    }
    assert_eq!(run(&["verify", &path]).code, 0);
    assert_eq!(Collection::open(&directory).unwrap().pointer().title, "Three");
}

#[test]
fn gc_refuses_what_is_no_store_and_fewer_than_two_generations() {
    let (store, path) = tiled(&["Boxes"]);
    let ran = run(&["gc", store.path().join("boxes").to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.contains("is no store: no directory in it holds a tileset.json"),
        "{}",
        ran.err
    );
    let ran = run(&["gc", &path, "--keep", "1"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("at least 2"), "{}", ran.err);
}

/// A process may not write files longer than the limit: SQLite, tiles and the manifest meet it one after the other.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_at_any_point_is_named_and_the_old_city_stays() {
    let (store, path) = tiled(&["Old"]);
    let (mut refused, mut done) = (0, 0);
    for blocks in [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 4096] {
        let title = format!("New {blocks}");
        // Without the trap the signal would end the program before it could say why.
        let script = "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"";
        let output = Command::new("sh")
            .args([
                "-c",
                script,
                &blocks.to_string(),
                env!("CARGO_BIN_EXE_kortteli"),
                "tile",
                BOXES,
                "-o",
                &path,
            ])
            .args(["--collection", "boxes", "--title", &title])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let title_now = Collection::open(&store.path().join("boxes"))
            .unwrap()
            .pointer()
            .title
            .clone();
        if output.status.success() {
            done += 1;
            assert_eq!(title_now, title);
        } else {
            refused += 1;
            assert_eq!(output.status.code(), Some(1), "{blocks} blocks: {text}");
            assert!(
                text.contains("error: ") && text.contains("boxes"),
                "{blocks} blocks: {text}"
            );
            assert_eq!(title_now, "Old", "{blocks} blocks");
        }
        let report = store::verify(store.path());
        assert!(report.is_whole(), "{blocks} blocks: {:#?}", report.problems);
    }
    assert!(refused > 4 && done > 0, "{refused} refused, {done} done");
}
