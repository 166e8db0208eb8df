//! A store spoilt in every way, and the problem that is named.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests say what they expect by failing"
)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the sample is shared with other tests"
)]

mod sample;

use sample::Sample;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Collection, ContentName, RealFiles, VerifyReport, verify};
use tiles::mesh::TileContent;
use tiles::tileset::{BoundingVolume, Tile, Tileset};

/// A published sample whose disk can be spoilt.
struct Store {
    root: tempfile::TempDir,
}

impl Store {
    fn new() -> Self {
        Self::of(&Sample::default())
    }

    fn of(sample: &Sample) -> Self {
        let root = tempfile::tempdir().unwrap();
        sample.publish(root.path(), "helsinki", Arc::new(RealFiles)).unwrap();
        Self { root }
    }

    fn directory(&self) -> PathBuf {
        self.root.path().join("helsinki")
    }

    /// The one file whose name begins and ends like this.
    fn file(&self, begin: &str, end: &str) -> PathBuf {
        let directory = self.directory().join(begin).parent().unwrap().to_path_buf();
        let begin = begin.rsplit('/').next().unwrap();
        let mut found: Vec<PathBuf> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                let name = path.file_name().unwrap().to_string_lossy();
                name.starts_with(begin) && name.ends_with(end)
            })
            .collect();
        assert_eq!(found.len(), 1, "{begin}*{end}: {found:?}");
        found.remove(0)
    }

    fn verify(&self) -> VerifyReport {
        verify(self.root.path())
    }

    /// Rewrites the manifest under its right name and the pointer that names it.
    fn edit_manifest(&self, edit: impl Fn(&mut serde_json::Value)) {
        let old = self.file("manifest.", ".json");
        let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(&old).unwrap()).unwrap();
        edit(&mut manifest);
        let bytes = serde_json::to_vec(&manifest).unwrap();
        let name = format!("manifest.{}.json", &blake3::hash(&bytes).to_hex()[..16]);
        std::fs::remove_file(&old).unwrap();
        std::fs::write(self.directory().join(&name), bytes).unwrap();
        let pointer = self.directory().join("tileset.json");
        let text = std::fs::read_to_string(&pointer).unwrap();
        let old_name = old.file_name().unwrap().to_string_lossy().into_owned();
        std::fs::write(pointer, text.replace(&old_name, &name)).unwrap();
    }
}

/// Asserts that a problem of this code in a file that holds `file` says `what`, and advises something.
fn assert_problem(report: &VerifyReport, code: &str, file: &str, what: &str) {
    let found = report.problems.iter().any(|problem| {
        problem.code == code
            && problem.file.to_string_lossy().contains(file)
            && problem.what.contains(what)
            && !problem.advice.is_empty()
            && problem.file.starts_with("helsinki")
    });
    assert!(
        found,
        "no {code} in {file} saying {what:?} among {:#?}",
        report.problems
    );
}

fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_whole_store_has_no_problem_and_every_part_was_looked_at() {
    let report = Store::new().verify();
    assert!(report.is_whole(), "{:#?}", report.problems);
    assert_eq!(report.notes, Vec::<String>::new());
    assert_eq!((report.collections, report.tiles, report.features), (1, 4, 7));
    assert_eq!(report.files, 9, "schema, four tiles, two layers, two databases");
}

#[test]
fn a_changed_shortened_or_missing_file_is_named() {
    let store = Store::new();
    flip(&store.file("files/buildings-0.", ".glb"));
    assert_problem(&store.verify(), "hash", "files/buildings-0.", "other bytes");

    let store = Store::new();
    let path = store.file("files/buildings-1.", ".glb");
    std::fs::write(&path, &std::fs::read(&path).unwrap()[..100]).unwrap();
    assert_problem(&store.verify(), "length", "files/buildings-1.", "100 bytes instead of");
    let error = Collection::open(&store.directory()).err().unwrap().to_string();
    assert!(error.contains("buildings-1") && error.contains("100 bytes"), "{error}");

    let store = Store::new();
    std::fs::remove_file(store.file("files/water-0.", ".glb")).unwrap();
    assert_problem(&store.verify(), "missing", "files/water-0.", "No such file");
    assert!(Collection::open(&store.directory()).is_err());

    let store = Store::new();
    flip(&store.file("files/water.", ".json.br"));
    assert_problem(&store.verify(), "coding", ".json.br", "the br form");
}

#[test]
fn a_broken_pointer_or_manifest_is_named() {
    for bytes in [
        &b""[..],
        b"{",
        b"[]",
        b"{\"asset\":{\"version\":\"1.1\"}}",
        b"\xff\xfe",
        b"null",
    ] {
        let store = Store::new();
        std::fs::write(store.directory().join("tileset.json"), bytes).unwrap();
        assert_problem(&store.verify(), "pointer", "tileset.json", "");
        assert!(Collection::open(&store.directory()).is_err());
    }
    let store = Store::new();
    let pointer = store.directory().join("tileset.json");
    let mut tileset: serde_json::Value = serde_json::from_slice(&std::fs::read(&pointer).unwrap()).unwrap();
    tileset["asset"]["extras"] = serde_json::json!({});
    std::fs::write(&pointer, tileset.to_string()).unwrap();
    assert_problem(&store.verify(), "pointer", "tileset.json", "asset.extras.kortteli");

    let store = Store::new();
    flip(&store.file("manifest.", ".json"));
    assert_problem(&store.verify(), "manifest", "manifest.", "other bytes");
    let store = Store::new();
    std::fs::remove_file(store.file("manifest.", ".json")).unwrap();
    assert_problem(&store.verify(), "manifest", "manifest.", "cannot read");
}

#[test]
fn a_pointer_that_leads_out_of_the_store_is_refused() {
    let store = Store::new();
    let secret = store.root.path().join("manifest.0123456789abcdef.json");
    std::fs::write(&secret, "{}").unwrap();
    let pointer = store.directory().join("tileset.json");
    let text = std::fs::read_to_string(&pointer).unwrap();
    let name = store
        .file("manifest.", ".json")
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    std::fs::write(&pointer, text.replace(&name, "../manifest.0123456789abcdef.json")).unwrap();
    assert_problem(&store.verify(), "pointer", "", "plain manifest name");

    let store = Store::new();
    store.edit_manifest(|manifest| {
        let entry = manifest["files"].as_object().unwrap().values().next().unwrap().clone();
        manifest["files"]["files/../../secret"] = entry;
    });
    assert_problem(&store.verify(), "name", "manifest.", "secret");
    assert!(Collection::open(&store.directory()).is_err());
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_file_is_not_served() {
    let store = Store::new();
    let path = store.file("files/water-0.", ".glb");
    let outside = store.root.path().join("outside");
    std::fs::rename(&path, &outside).unwrap();
    std::os::unix::fs::symlink(&outside, &path).unwrap();
    let error = Collection::open(&store.directory()).err().unwrap().to_string();
    assert!(error.contains("not a regular file"), "{error}");
    assert_problem(&store.verify(), "link", "files/water-0.", "not a regular file");
}

#[test]
fn a_name_without_the_hash_of_its_bytes_is_named() {
    let store = Store::new();
    let path = store.file("files/water-0.", ".glb");
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let hash = ContentName::parse(&name).unwrap().hash.to_owned();
    let other = name.replace(&hash, "0123456789abcdef");
    std::fs::copy(&path, path.with_file_name(&other)).unwrap();
    store.edit_manifest(|manifest| {
        let mut entry = manifest["files"][format!("files/{name}")].clone();
        entry["codings"] = serde_json::json!([]);
        manifest["files"][format!("files/{other}")] = entry;
    });
    let report = store.verify();
    assert_problem(&report, "name", &other, "does not hold its hash");
    assert_problem(&report, "unreachable", &other, "no tile refers to it");
}

fn spoilt_tile(spoil: fn(&str, &mut TileContent)) -> VerifyReport {
    Store::of(&Sample {
        spoil,
        ..Sample::default()
    })
    .verify()
}

fn spoilt_tileset(spoil_tileset: fn(&str, &mut Tileset)) -> VerifyReport {
    Store::of(&Sample {
        spoil_tileset,
        ..Sample::default()
    })
    .verify()
}

#[test]
fn content_outside_its_box_is_named() {
    let report = spoilt_tile(|stem, content| {
        if stem == "buildings-1" {
            content.mesh.positions[0][2] -= 0.5;
        }
    });
    assert_problem(
        &report,
        "box",
        "files/buildings-1.",
        "1 vertices lie outside the tile's box",
    );
    let report = spoilt_tileset(|stem, tileset| {
        if stem == "water" {
            let BoundingVolume::Box(mut numbers) = tileset.root.bounding_volume else {
                return;
            };
            numbers[3] *= 0.5;
            tileset.root.content.as_mut().unwrap().bounding_volume = Some(BoundingVolume::Box(numbers));
        }
    });
    assert_problem(&report, "box", "files/water-0.", "the content's box");
}

#[test]
fn a_child_outside_its_parent_is_named() {
    let report = spoilt_tileset(|stem, tileset| {
        if stem == "buildings" {
            let BoundingVolume::Box(mut numbers) = tileset.root.children[1].bounding_volume else {
                return;
            };
            numbers[2] += 60.0;
            tileset.root.children[1].bounding_volume = BoundingVolume::Box(numbers);
        }
    });
    assert_problem(&report, "box", "files/buildings.", "tile root/1 reaches out of the box");
    // The same across the border between two tilesets.
    let report = spoilt_tileset(|stem, tileset| {
        if stem == "root" {
            let BoundingVolume::Box(mut numbers) = tileset.root.children[1].bounding_volume else {
                return;
            };
            numbers[3] -= 1.0;
            tileset.root.children[1].bounding_volume = BoundingVolume::Box(numbers);
        }
    });
    assert_problem(&report, "box", "files/water.", "tile root reaches out of the box");
}

#[test]
fn a_geometric_error_that_grows_downward_is_named() {
    let report = spoilt_tileset(|stem, tileset| {
        if stem == "buildings" {
            tileset.root.children[0].geometric_error = 9.0;
        }
    });
    assert_problem(
        &report,
        "geometric-error",
        "files/buildings.",
        "tile root/0 has the geometric error 9 m, more than the 8 m",
    );
    let report = spoilt_tileset(|stem, tileset| {
        if stem == "water" {
            tileset.root.geometric_error = 500.0;
        }
    });
    assert_problem(&report, "geometric-error", "files/water.", "500 m, more than the 100 m");
    assert_problem(
        &report,
        "geometric-error",
        "files/water.",
        "larger geometric error than its tileset",
    );
    let report = spoilt_tileset(|stem, tileset| {
        if stem == "water" {
            tileset.root.geometric_error = -1.0;
        }
    });
    assert_problem(&report, "geometric-error", "files/water.", "no finite geometric error");
}

#[test]
fn a_tile_that_leaves_a_hole_is_named() {
    let report = spoilt_tileset(|stem, tileset| group(stem, tileset, 1.0, 1.0));
    assert_problem(
        &report,
        "hole",
        "files/buildings.",
        "tile root/0 has no mesh and is not the root",
    );
    let report = spoilt_tileset(|stem, tileset| group(stem, tileset, 0.5, 1.0));
    assert_problem(
        &report,
        "hole",
        "files/buildings.",
        "tile root/0 has no mesh, and a smaller box",
    );
    let report = spoilt_tileset(|stem, tileset| group(stem, tileset, 1.0, 0.9));
    assert_problem(
        &report,
        "hole",
        "files/buildings.",
        "tile root/0 has no mesh, and a smaller box",
    );
    let report = spoilt_tileset(|stem, tileset| {
        if stem == "root" {
            let beside = tileset.root.children[1].clone();
            tileset.root.children[0].children.push(beside);
        }
    });
    assert_problem(
        &report,
        "json",
        "tileset.json",
        "tile root/0 has children besides the tileset",
    );
}

/// Puts a tile without a mesh between the buildings' root and its children, with such parts of the root's error and width.
fn group(stem: &str, tileset: &mut Tileset, error: f64, width: f64) {
    let root = &mut tileset.root;
    let BoundingVolume::Box(mut numbers) = root.bounding_volume else {
        return;
    };
    if stem == "buildings" {
        numbers[3] *= width;
        let mut group = Tile::new(BoundingVolume::Box(numbers), root.geometric_error * error);
        group.children = std::mem::take(&mut root.children);
        root.children = vec![group];
    }
}

#[test]
fn a_tileset_that_viewers_would_not_read_is_named() {
    let report = spoilt_tileset(|stem, tileset| {
        if stem == "buildings" {
            tileset.asset.version = "0.9".to_owned();
            tileset.root.refine = None;
            tileset.root.children[0].bounding_volume = BoundingVolume::Sphere([0.0, 0.0, 0.0, 1000.0]);
        }
    });
    assert_problem(&report, "json", "files/buildings.", "\"0.9\"");
    assert_problem(&report, "json", "files/buildings.", "no refine");
    assert_problem(&report, "json", "files/buildings.", "tile root/0 has no box");
}

#[test]
fn a_reference_that_does_not_lead_into_the_store_is_named() {
    for uri in [
        "missing.0123456789abcdef.glb",
        "../tileset.json",
        "https://example.org/a.glb",
        "/etc/passwd",
    ] {
        let sample = Sample {
            spoil_tileset: match uri {
                "missing.0123456789abcdef.glb" => |stem, tileset| refer(stem, tileset, "missing.0123456789abcdef.glb"),
                "../tileset.json" => |stem, tileset| refer(stem, tileset, "../tileset.json"),
                "/etc/passwd" => |stem, tileset| refer(stem, tileset, "/etc/passwd"),
                _ => |stem, tileset| refer(stem, tileset, "https://example.org/a.glb"),
            },
            ..Sample::default()
        };
        assert_problem(&Store::of(&sample).verify(), "uri", "files/water.", uri);
    }
}

fn refer(stem: &str, tileset: &mut Tileset, uri: &str) {
    if stem == "water" {
        tileset.root.content.as_mut().unwrap().uri = String::from(uri);
    }
}

#[test]
fn a_building_in_two_leaves_or_two_rows_is_named() {
    let report = spoilt_tile(|stem, content| {
        if stem == "buildings-1" {
            content.features[0].id = "church".to_owned();
        }
    });
    assert_problem(
        &report,
        "duplicate-feature",
        "files/buildings-1.",
        "church also lies in the leaf files/buildings-0.",
    );
    assert_problem(&report, "lost-feature", "features.", "house_1");
    let report = spoilt_tile(|stem, content| {
        if stem == "buildings-0" {
            let again = content.features[0].clone();
            content.features.push(again);
        }
    });
    assert_problem(
        &report,
        "duplicate-feature",
        "files/buildings-0.",
        "church has two rows",
    );
}

#[test]
fn a_stand_in_that_miscounts_is_named() {
    let report = spoilt_tile(|stem, content| {
        if stem == "buildings-2" {
            content.features[0].merged = 5;
        }
    });
    assert_problem(
        &report,
        "merged",
        "files/buildings.",
        "stands for 5 features, the tiles below it for 6",
    );
}

#[test]
fn rows_and_tiles_that_do_not_agree_are_named() {
    let report = Store::of(&Sample {
        spoil_rows: |rows| {
            rows.remove(3);
        },
        ..Sample::default()
    })
    .verify();
    assert_problem(&report, "unknown-feature", "files/buildings-1.", "house_1 has no row");
    let report = Store::of(&Sample {
        spoil_rows: |rows| {
            rows[2].tiles[0].file = "gone.0123456789abcdef.glb".to_owned();
            rows[3].tiles = rows[0].tiles.clone();
            rows[4].tiles[1].level = 0;
            rows[5].tiles.clear();
            rows[1].parent = Some("nobody".to_owned());
        },
        ..Sample::default()
    })
    .verify();
    assert_problem(
        &report,
        "lost-tile",
        "features.",
        "house_0 names the tile gone.0123456789abcdef.glb",
    );
    assert_problem(
        &report,
        "lost-feature",
        "features.",
        "no leaf that the feature house_1 names holds it",
    );
    assert_problem(&report, "level", "features.", "house_2 calls buildings-2.");
    assert_problem(&report, "lost-feature", "features.", "house_3 lies in no tile");
    assert_problem(&report, "parent", "features.", "church_tower is a part of nobody");
}

#[test]
fn a_spoilt_database_is_named() {
    let store = Store::new();
    let path = store.file("features.", ".gpkg");
    std::fs::write(&path, vec![7u8; std::fs::metadata(&path).unwrap().len() as usize]).unwrap();
    let report = store.verify();
    assert_problem(&report, "hash", "features.", "other bytes");
    assert_problem(&report, "geopackage", "features.", "not a database");
    assert!(Collection::open(&store.directory()).is_err());
}

#[test]
fn strangers_leftovers_and_reports_are_notes_and_not_problems() {
    let store = Store::new();
    std::fs::write(store.directory().join("files/readme.txt"), "hello").unwrap();
    std::fs::write(store.directory().join("spool.0.tmp"), "half").unwrap();
    std::fs::write(store.directory().join("report.json"), "{}").unwrap();
    let report = store.verify();
    assert!(report.is_whole());
    assert!(
        report
            .notes
            .iter()
            .any(|note| note == "helsinki: no generation names files/readme.txt"),
        "{:?}",
        report.notes
    );
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.contains("spool.0.tmp was left by an interrupted publication"))
    );
    assert_eq!(report.notes.len(), 2);
    let next = Sample {
        first_height: 20.0,
        ..Sample::default()
    };
    next.publish(store.root.path(), "helsinki", Arc::new(RealFiles))
        .unwrap();
    let report = store.verify();
    assert!(report.is_whole());
    assert_eq!(
        report
            .notes
            .iter()
            .filter(|note| note.contains("1 earlier generation"))
            .count(),
        1,
        "{:?}",
        report.notes
    );
}

#[test]
fn a_directory_without_collections_is_a_problem() {
    let nothing = tempfile::tempdir().unwrap();
    for directory in [nothing.path().to_path_buf(), nothing.path().join("absent")] {
        let report = verify(&directory);
        assert_eq!(report.problems[0].code, "no-collection");
        assert!(report.problems[0].advice.contains("kortteli tile -o"));
    }
}
