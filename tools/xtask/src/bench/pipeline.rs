//! GML to published store, measured: rate, size and peak memory of the whole process.

use anyhow::{Context as _, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use wait4::Wait4 as _;

/// What to tile, and how often.
#[derive(clap::Args)]
pub struct Options {
    /// CityGML files; without any, a synthetic city of `--buildings` is made.
    files: Vec<PathBuf>,
    /// Size of the synthetic city.
    #[arg(long, default_value_t = 2000)]
    buildings: u64,
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
    let files = if options.files.is_empty() {
        synthetic(target, options.buildings)?
    } else {
        options.files.clone()
    };
    let store = target.join("bench/store");
    let mut runs = Vec::new();
    for _ in 0..options.runs.max(1) {
        if store.exists() {
            std::fs::remove_dir_all(&store)?;
        }
        runs.push(tile(&program, &files, &store, &options.arguments)?);
    }
    runs.sort_by(|a, b| a.wall.total_cmp(&b.wall));
    print(&runs[runs.len() / 2], &files, &store)
}

fn build(target: &Path) -> anyhow::Result<PathBuf> {
    let status = Command::new("cargo")
        .args(["build", "--release", "-p", "kortteli"])
        .status()?;
    if !status.success() {
        bail!("the release build failed");
    }
    Ok(target.join("release/kortteli"))
}

fn synthetic(target: &Path, buildings: u64) -> anyhow::Result<Vec<PathBuf>> {
    let folder = target.join(format!("bench/city_{buildings}"));
    let file = folder.join("city_0.gml");
    if !file.exists() {
        let status = Command::new(std::env::current_exe()?)
            .args(["bench", "city", "--buildings", &buildings.to_string(), "-o"])
            .arg(&folder)
            .status()?;
        if !status.success() {
            bail!("the synthetic city was not written");
        }
    }
    Ok(vec![file])
}

fn tile(program: &Path, files: &[PathBuf], store: &Path, arguments: &[String]) -> anyhow::Result<Run> {
    let start = Instant::now();
    let child = Command::new(program)
        .arg("tile")
        .args(files)
        .arg("-o")
        .arg(store)
        .args(["--collection", "bench"])
        .args(arguments)
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

fn print(run: &Run, files: &[PathBuf], store: &Path) -> anyhow::Result<()> {
    let input = files
        .iter()
        .map(|f| {
            std::fs::metadata(f)
                .map(|m| m.len())
                .with_context(|| format!("reading {}", f.display()))
        })
        .sum::<anyhow::Result<u64>>()? as f64;
    let collection = store::Collection::open(&store.join("bench"))?;
    let manifest = collection.manifest();
    let buildings = *manifest
        .counts
        .get("buildings")
        .context("the manifest counts no buildings")? as f64;
    let is_tile = |name: &str| Path::new(name).extension().is_some_and(|e| e == "glb");
    let tiles: u64 = manifest
        .files
        .iter()
        .filter(|(name, _)| is_tile(name))
        .map(|(_, f)| f.length)
        .sum();
    println!(
        "input         {:10.1} MB in {} file(s), {buildings} buildings",
        input / 1e6,
        files.len()
    );
    println!("wall          {:10.2} s, {:.2} CPU s", run.wall, run.cpu);
    println!(
        "rate          {:10.1} MB/s, {:.0} buildings/s",
        input / 1e6 / run.wall,
        buildings / run.wall
    );
    println!(
        "tiles         {:10.1} MB of GLB, {:.0} bytes a building",
        tiles as f64 / 1e6,
        tiles as f64 / buildings
    );
    println!("peak memory   {:10.1} MB", run.peak_bytes as f64 / 1e6);
    Ok(())
}
