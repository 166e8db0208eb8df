//! The sample city cut into tilesets of a few tiles: every command must find the whole of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect by failing"
)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use store::{Coding, Collection};
use tiles::tileset::Tileset;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/samples/helsinki");
const SQUARE: &str = "24.951,60.169,24.953,60.170";

fn run(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_kortteli"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What the commands say of a generation.
struct Generation {
    tiles: BTreeSet<String>,
    tilesets: Vec<(String, Tileset)>,
    pointer_bytes: usize,
    layers: Value,
    world: Vec<u8>,
}

/// Publishes the sample city into the store, with so many tiles in a tileset.
fn generation(store: &Path, tileset_tiles: &str) -> Generation {
    let path = store.to_str().unwrap();
    let inputs = ["helsinki-centre.gml.gz", "helsinki-centre-context.gml.gz"].map(|name| format!("{SAMPLES}/{name}"));
    run(&[
        "tile",
        &inputs[0],
        &inputs[1],
        "-o",
        path,
        "--collection",
        "helsinki",
        "--tile-bytes",
        "48K",
        "--brotli",
        "1",
        "--tileset-tiles",
        tileset_tiles,
    ]);
    assert!(run(&["verify", path]).contains("whole: "));
    let world = store.join(format!("{tileset_tiles}.zip"));
    run(&["blocks", path, "--bbox", SQUARE, "-o", world.to_str().unwrap()]);
    let told: Value = serde_json::from_str(&run(&["info", path, "--json"])).unwrap();
    let collection = Collection::open(&store.join("helsinki")).unwrap();
    let names = |kind: &'static str| {
        let keys = collection.manifest().files.keys();
        let names = keys.filter_map(|key| key.strip_prefix("files/")).map(str::to_owned);
        names.filter(move |name| Path::new(name).extension() == Some(kind.as_ref()))
    };
    let tilesets = names("json").filter(|name| !name.starts_with("schema"));
    Generation {
        tiles: names("glb").collect(),
        tilesets: tilesets
            .map(|name| {
                let json = collection.read(&name, Coding::Identity).unwrap();
                (name, Tileset::from_json(&json).unwrap())
            })
            .collect(),
        pointer_bytes: collection.tileset_json().len(),
        layers: told["collections"][0]["layers"].clone(),
        world: std::fs::read(world).unwrap(),
    }
}

#[test]
fn every_command_finds_the_whole_city_however_many_tilesets_it_is_cut_into() {
    let store = tempfile::tempdir().unwrap();
    let one = generation(store.path(), "512");
    assert_eq!(one.tilesets.len(), 6, "a layer of the sample is one tileset");
    for most in [9, 4] {
        let many = generation(store.path(), &most.to_string());
        assert!(many.tilesets.len() > 20, "{} tilesets", many.tilesets.len());
        for (name, tileset) in &many.tilesets {
            assert!(tileset.tiles().count() <= most, "{name}");
        }
        assert!(many.pointer_bytes < 100_000, "{} bytes", many.pointer_bytes);
        assert_eq!(many.tiles, one.tiles);
        assert_eq!(many.layers, one.layers, "tiles, levels and bytes of the layers");
        assert!(many.world == one.world, "the block world differs");
    }
    // Two generations stay; the tilesets that only the first had go, and nothing that the others need.
    let path = store.path().to_str().unwrap();
    run(&["gc", path]);
    assert!(run(&["verify", path]).contains("whole: "));
    let left = |name: &str| store.path().join("helsinki/files").join(name).is_file();
    let buildings = one.tilesets.iter().find(|(name, _)| name.starts_with("buildings"));
    assert!(!left(&buildings.unwrap().0));
    assert!(one.tiles.iter().all(|name| left(name)));
}
