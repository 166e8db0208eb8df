//! The sample city, tiled whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "tests")]

use citygml::Report;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tiler::{Options, Silent, TileSummary, tile};

fn sample() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples/helsinki");
    ["helsinki-centre.gml.gz", "helsinki-centre-context.gml.gz"]
        .map(|name| folder.join(name))
        .to_vec()
}

fn tiled(store: &Path, threads: usize) -> (TileSummary, Report) {
    let options = Options {
        tile_bytes: 32 * 1024,
        threads: Some(threads),
        ..Options::default()
    };
    let report = Report::new();
    let publisher = store::Publisher::begin(store, "helsinki", Arc::new(store::RealFiles)).unwrap();
    let summary = tile(&sample(), &options, publisher, &report, &Silent).unwrap();
    (summary, report)
}

#[test]
fn the_sample_is_tiled() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("STORE").map_or_else(|| folder.path().to_owned(), PathBuf::from);
    let (summary, report) = tiled(&path, if std::env::var_os("DBG").is_some() {1} else {2});
    eprintln!("{summary:#?}");
    eprintln!("{:#}", report.to_json());
}

#[test]
fn verify_store() {
    let Some(path) = std::env::var_os("STORE").map(PathBuf::from) else { return };
    let report = store::verify(&path);
    for problem in report.problems.iter().take(40) {
        eprintln!("{problem:?}");
    }
    eprintln!("{} problems", report.problems.len());
}
