//! What Brotli's qualities cost and save on real tiles: `KORTTELI_STORE=<store> cargo bench -p store --bench codings`.
#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    missing_docs,
    reason = "a program that prints a table, or why it cannot"
)]

use std::path::PathBuf;
use std::time::Instant;
use store::{Coding, collections};

fn main() {
    let Some(store) = std::env::var_os("KORTTELI_STORE").map(PathBuf::from) else {
        println!("skipped: KORTTELI_STORE names no store; make one with `kortteli tile`");
        return;
    };
    let (collections, _) = collections(&store);
    let mut files = Vec::new();
    for collection in &collections {
        let keys = collection.manifest().files.keys();
        for name in keys.filter_map(|key| key.strip_prefix("files/")) {
            files.push(collection.read(name, Coding::Identity).expect("the store is whole"));
        }
    }
    let plain: usize = files.iter().map(Vec::len).sum();
    println!("{} files, {plain} bytes", files.len());
    for quality in 0..=11 {
        row(&format!("br {quality}"), &files, |bytes| {
            Coding::Br.encode_with(bytes, quality)
        });
    }
    for coding in [Coding::Zstd, Coding::Gzip] {
        row(coding.token(), &files, |bytes| coding.encode(bytes));
    }
}

fn row(name: &str, files: &[Vec<u8>], encode: impl Fn(&[u8]) -> std::io::Result<Vec<u8>>) {
    let plain: usize = files.iter().map(Vec::len).sum();
    let begun = Instant::now();
    let coded: usize = files
        .iter()
        .map(|bytes| encode(bytes).expect("memory suffices").len())
        .sum();
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{name:>5}: {coded:>9} bytes, {:5.1} %, {seconds:7.2} s, {:7.2} MB/s",
        coded as f64 / plain as f64 * 100.0,
        plain as f64 / 1e6 / seconds
    );
}
