//! The plain form of every tile.
//!
//! A store holds compact tiles: quantised and compressed with extensions that a validator may not decode. This command
//! writes the same tree with every tile in core glTF 2.0, so that foreign programs can read and judge the geometry
//! itself. File names stay, so that the tilesets beside them still resolve; their hashes no longer speak of the content.

use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// What to convert.
#[derive(clap::Args)]
pub struct PlainOptions {
    /// The store, with one folder a collection.
    pub store: PathBuf,
    /// The folder to write; it gets one folder a collection.
    pub out: PathBuf,
}

/// Writes `<out>/<collection>/` for every collection of the store: `tileset.json`, the external tilesets and the
/// schema as they are, and each tile as plain glTF.
///
/// # Errors
/// When the store holds no collection, a file cannot be read or written, or a tile cannot be decoded.
pub fn run(options: &PlainOptions) -> anyhow::Result<()> {
    let mut collections = 0_u32;
    for entry in sorted(&options.store)? {
        if entry.join("tileset.json").is_file() {
            let tiles = convert(&entry, &options.out.join(entry.file_name().unwrap_or_default()))?;
            println!("{}: {tiles} tiles", entry.display());
            collections += 1;
        }
    }
    if collections == 0 {
        bail!(
            "{}: no collection here (a folder with a tileset.json)",
            options.store.display()
        );
    }
    Ok(())
}

/// Converts one collection; gives the number of tiles.
fn convert(collection: &Path, out: &Path) -> anyhow::Result<u32> {
    fs::create_dir_all(out.join("files")).with_context(|| format!("creating {}", out.display()))?;
    copy(&collection.join("tileset.json"), &out.join("tileset.json"))?;
    let mut tiles = 0;
    for file in sorted(&collection.join("files"))? {
        let target = out.join("files").join(file.file_name().unwrap_or_default());
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("json") => copy(&file, &target)?,
            Some("glb") => {
                let glb = fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
                let plain = tiles::glb::to_plain(&glb).with_context(|| format!("decoding {}", file.display()))?;
                fs::write(&target, plain).with_context(|| format!("writing {}", target.display()))?;
                tiles += 1;
            }
            _ => {}
        }
    }
    Ok(tiles)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::copy(from, to).with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
    Ok(())
}

/// The entries of a folder, by name.
fn sorted(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        entries.push(entry.with_context(|| format!("reading {}", folder.display()))?.path());
    }
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use tiles::feature::Feature;
    use tiles::glb::{self, Encoding};
    use tiles::mesh::{Mesh, TileContent};

    fn triangle() -> TileContent {
        TileContent {
            mesh: Mesh {
                positions: vec![[0.0, 0.0, 0.0], [8.0, 0.0, 0.0], [0.0, 8.0, 0.0]],
                normals: vec![[0.0, 0.0, 1.0]; 3],
                colors: vec![[200, 100, 50, 255]; 3],
                feature_ids: vec![0; 3],
                surfaces: vec![1; 3],
                indices: vec![0, 1, 2],
                ..Mesh::default()
            },
            features: vec![Feature {
                id: "a".to_owned(),
                merged: 1,
                ..Feature::default()
            }],
            copyright: String::new(),
        }
    }

    #[test]
    fn tiles_become_plain_and_everything_else_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("store/town/files");
        fs::create_dir_all(&files).unwrap();
        fs::write(folder.path().join("store/town/tileset.json"), "{}").unwrap();
        fs::write(files.join("schema.json"), glb::schema_json()).unwrap();
        let compact = glb::encode(&triangle(), Encoding::Compact, "schema.json").unwrap();
        fs::write(files.join("a.glb"), &compact).unwrap();
        let out = folder.path().join("plain");
        run(&PlainOptions {
            store: folder.path().join("store"),
            out: out.clone(),
        })
        .unwrap();
        let plain = fs::read(out.join("town/files/a.glb")).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(text(&compact).contains("EXT_meshopt_compression"));
        assert!(!text(&plain).contains("extensionsRequired"), "{}", text(&plain));
        assert_eq!(glb::decode(&plain).unwrap().features, triangle().features);
        assert!(out.join("town/tileset.json").is_file() && out.join("town/files/schema.json").is_file());
    }

    #[test]
    fn a_folder_without_a_collection_is_an_error_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let options = PlainOptions {
            store: folder.path().to_owned(),
            out: folder.path().join("out"),
        };
        assert!(run(&options).unwrap_err().to_string().contains("no collection here"));
    }
}
