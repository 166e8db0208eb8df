//! GML to published store, measured: rate, size and peak memory of the whole process.
//!
//! The release program runs as a process of its own, so that its peak resident memory (`wait4`) is its own and holds no
//! memory of this one. Beside it stands what no tiler can beat: one bare pass of the XML reader over the same bytes on one
//! thread, resolving namespaces and doing nothing else.

use anyhow::{Context as _, bail, ensure};
use quick_xml::NsReader;
use quick_xml::events::Event;
use serde_json::Value;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use wait4::Wait4 as _;

/// What to tile, and how often.
#[derive(clap::Args)]
pub struct Options {
    /// CityGML files, not compressed; without any, synthetic cities of `--sizes` are made.
    files: Vec<PathBuf>,
    /// Buildings in the synthetic cities, as `10000,100000`.
    #[arg(long, value_delimiter = ',', default_value = "2000")]
    sizes: Vec<u64>,
    /// Level of detail of the synthetic cities: 1 or 2.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    lod: u8,
    /// `--memory` of `kortteli tile`, as `2G`; its default without it.
    #[arg(long)]
    memory: Option<String>,
    /// How often to run; the median is printed.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// The program to measure, instead of a release build of this tree.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Further arguments of `kortteli tile`, after `--`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

struct Run {
    wall: f64,
    cpu: f64,
    peak_bytes: u64,
}

/// What the published store takes.
#[derive(Default)]
struct Published {
    buildings: u64,
    tiles: u64,
    triangles: u64,
    glb_bytes: u64,
    /// Of the tiles as they are sent: the brotli form where there is one.
    sent_bytes: u64,
    /// The same two of the layer of buildings alone.
    building_bytes: [u64; 2],
    all_bytes: u64,
}

/// Builds, tiles and prints.
///
/// # Errors
/// When a program fails or a file cannot be read.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec()?;
    let target: &Path = metadata.target_directory.as_std_path();
    let program = match &options.program {
        Some(program) => program.clone(),
        None => build(target)?,
    };
    if !options.files.is_empty() {
        return measure(&program, &options.files, target, options);
    }
    for &buildings in &options.sizes {
        let files = synthetic(target, buildings, options.lod)?;
        println!(
            "== synthetic city of {buildings} buildings, level of detail {}",
            options.lod
        );
        measure(&program, &files, target, options)?;
    }
    Ok(())
}

fn measure(program: &Path, files: &[PathBuf], target: &Path, options: &Options) -> anyhow::Result<()> {
    let store = target.join("bench/store");
    let (input, bare) = bare_pass(files)?;
    let mut runs = Vec::new();
    for _ in 0..options.runs.max(1) {
        if store.exists() {
            std::fs::remove_dir_all(&store)?;
        }
        runs.push(tile(program, files, &store, options)?);
    }
    runs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
    print(&runs[runs.len() / 2], input, bare, &published(&store)?);
    Ok(())
}

fn build(target: &Path) -> anyhow::Result<PathBuf> {
    let status = Command::new("cargo")
        .args(["build", "--release", "-p", "kortteli"])
        .status()?;
    ensure!(status.success(), "the release build failed");
    Ok(target.join("release/kortteli"))
}

fn synthetic(target: &Path, buildings: u64, lod: u8) -> anyhow::Result<Vec<PathBuf>> {
    let folder = target.join(format!("bench/city_{buildings}_lod{lod}"));
    let file = folder.join("city_0.gml");
    if !file.exists() {
        let status = Command::new(std::env::current_exe()?)
            .args([
                "bench",
                "city",
                "--buildings",
                &buildings.to_string(),
                "--lod",
                &lod.to_string(),
                "-o",
            ])
            .arg(&folder)
            .status()?;
        ensure!(status.success(), "the synthetic city was not written");
    }
    Ok(vec![file])
}

/// How many bytes the files have, and how many seconds the bare XML reader takes over them.
fn bare_pass(files: &[PathBuf]) -> anyhow::Result<(f64, f64)> {
    let (mut bytes, mut seconds) = (0, 0.0);
    for file in files {
        let text = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        ensure!(
            !text.starts_with(&[0x1f, 0x8b]),
            "{} is compressed: a rate in bytes of it says nothing",
            file.display()
        );
        let mut reader = NsReader::from_reader(&text[..]);
        let began = Instant::now();
        loop {
            let (_, event) = reader
                .read_resolved_event()
                .with_context(|| format!("reading {}", file.display()))?;
            if matches!(event, Event::Eof) {
                break;
            }
        }
        seconds += began.elapsed().as_secs_f64();
        bytes += text.len();
    }
    Ok((bytes as f64, seconds))
}

fn tile(program: &Path, files: &[PathBuf], store: &Path, options: &Options) -> anyhow::Result<Run> {
    let mut command = Command::new(program);
    command
        .arg("tile")
        .args(files)
        .arg("-o")
        .arg(store)
        .args(["--collection", "bench"]);
    if let Some(memory) = &options.memory {
        command.args(["--memory", memory]);
    }
    let start = Instant::now();
    let child = command
        .args(&options.arguments)
        .spawn()
        .with_context(|| format!("starting {}", program.display()))?;
    let used = child.wait4()?;
    if !used.status.success() {
        bail!("{} tile failed: {}", program.display(), used.status);
    }
    Ok(Run {
        wall: start.elapsed().as_secs_f64(),
        cpu: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        peak_bytes: used.rusage.maxrss,
    })
}

fn published(store: &Path) -> anyhow::Result<Published> {
    let folder = store.join("bench");
    let collection = store::Collection::open(&folder)?;
    let manifest = collection.manifest();
    let mut published = Published {
        buildings: *manifest
            .counts
            .get("Building")
            .context("the manifest counts no buildings")?,
        all_bytes: bytes_below(&folder)?,
        ..Published::default()
    };
    for path in tiles_below(&folder)? {
        let length = path.metadata()?.len();
        let of_buildings = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("buildings."));
        let mut sent = path.clone().into_os_string();
        sent.push(".br");
        published.tiles += 1;
        published.triangles += triangles(&path)?;
        published.glb_bytes += length;
        let sent = std::fs::metadata(sent).map_or(length, |sent| sent.len());
        published.sent_bytes += sent;
        if of_buildings {
            published.building_bytes[0] += length;
            published.building_bytes[1] += sent;
        }
    }
    Ok(published)
}

fn tiles_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut tiles = Vec::new();
    for entry in std::fs::read_dir(folder.join("files"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "glb") {
            tiles.push(path);
        }
    }
    Ok(tiles)
}

fn bytes_below(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            bytes_below(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}

/// The triangles of a tile, as its JSON says.
fn triangles(path: &Path) -> anyhow::Result<u64> {
    let mut file = File::open(path)?;
    let mut head = [0; 20];
    file.read_exact(&mut head)?;
    let mut text = vec![0; u32::from_le_bytes([head[12], head[13], head[14], head[15]]) as usize];
    file.read_exact(&mut text)?;
    let json: Value = serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?;
    let primitives = json["meshes"][0]["primitives"].as_array();
    let accessors = primitives.into_iter().flatten().filter_map(|p| p["indices"].as_u64());
    let indices = accessors.filter_map(|accessor| json["accessors"][accessor as usize]["count"].as_u64());
    Ok(indices.sum::<u64>() / 3)
}

fn print(run: &Run, input: f64, bare: f64, published: &Published) {
    let buildings = published.buildings.max(1) as f64;
    let triangles = published.triangles.max(1) as f64;
    let [stored_building, sent_building] = published.building_bytes.map(|bytes| bytes as f64);
    let (glb, sent) = (published.glb_bytes as f64, published.sent_bytes as f64);
    println!(
        "input         {:10.1} MB, {} buildings",
        input / 1e6,
        published.buildings
    );
    println!("wall          {:10.2} s, {:.2} CPU s", run.wall, run.cpu);
    println!(
        "rate          {:10.1} MB/s, {:.0} buildings/s",
        input / 1e6 / run.wall,
        buildings / run.wall
    );
    println!(
        "bare XML pass {:10.1} MB/s on one thread: tiling takes {:.2} times its wall time, {:.2} times its CPU time",
        input / 1e6 / bare,
        run.wall / bare,
        run.cpu / bare
    );
    println!(
        "tiles         {:10} with {} triangles, {:.1} MB of GLB, {:.1} MB after brotli",
        published.tiles,
        published.triangles,
        glb / 1e6,
        sent / 1e6
    );
    println!(
        "a building    {:10.0} bytes of GLB over all levels of its layer, {:.0} after brotli",
        stored_building / buildings,
        sent_building / buildings
    );
    println!(
        "a triangle    {:10.1} bytes of GLB, {:.1} after brotli",
        glb / triangles,
        sent / triangles
    );
    println!(
        "store         {:10.1} MB with all that lies beside the tiles",
        published.all_bytes as f64 / 1e6
    );
    println!("peak memory   {:10.1} MB", run.peak_bytes as f64 / 1e6);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_pass_reads_every_byte_and_refuses_what_is_compressed() {
        let folder = tempfile::tempdir().unwrap();
        let plain = folder.path().join("a.gml");
        std::fs::write(&plain, "<a xmlns=\"b\"><c/></a>").unwrap();
        assert_eq!(bare_pass(std::slice::from_ref(&plain)).unwrap().0, 21.0);
        std::fs::write(&plain, [0x1f, 0x8b, 8]).unwrap();
        assert!(bare_pass(&[plain]).unwrap_err().to_string().contains("compressed"));
    }

    #[test]
    fn the_triangles_of_a_tile_are_those_of_its_mesh() {
        let mesh = tiles::mesh::Mesh {
            positions: vec![[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]],
            normals: vec![[0.0, 0.0, 1.0]; 4],
            // A translucent corner: two primitives.
            colors: vec![[9, 9, 9, 255], [9, 9, 9, 255], [9, 9, 9, 255], [9, 9, 9, 50]],
            feature_ids: vec![0; 4],
            surfaces: vec![1; 4],
            indices: vec![0, 1, 2, 1, 3, 2],
            ..tiles::mesh::Mesh::default()
        };
        let feature = tiles::feature::Feature {
            id: "a".to_owned(),
            merged: 1,
            ..Default::default()
        };
        let content = tiles::mesh::TileContent {
            mesh,
            features: vec![feature],
            copyright: String::new(),
        };
        let glb = tiles::glb::encode(&content, tiles::glb::Encoding::Compact, "s.json").unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), glb).unwrap();
        assert_eq!(triangles(file.path()).unwrap(), 2);
    }
}
