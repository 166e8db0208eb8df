//! How fast a file is read, beside a bare pass of quick-xml over the same bytes.
//!
//! `cargo bench -p citygml` reads the sample city, unpacked beforehand, so that what is measured is the reader and not gzip.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may panic")]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

use citygml::{Reader, Report};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quick_xml::NsReader;
use quick_xml::events::Event;

/// The bytes of a sample, unpacked into a file.
fn unpacked(name: &str, folder: &Path) -> PathBuf {
    let packed = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../assets/samples/helsinki")
        .join(format!("{name}.gz"));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(File::open(packed).unwrap())
        .read_to_end(&mut bytes)
        .unwrap();
    let path = folder.join(name);
    File::create(&path).unwrap().write_all(&bytes).unwrap();
    path
}

/// Events with resolved namespaces, and nothing else.
fn bare_pass(path: &Path) -> u64 {
    let mut reader = NsReader::from_reader(BufReader::with_capacity(128 * 1024, File::open(path).unwrap()));
    let mut buffer = Vec::new();
    let mut elements = 0;
    loop {
        buffer.clear();
        match reader.read_resolved_event_into(&mut buffer).unwrap() {
            (_, Event::Start(_) | Event::Empty(_)) => elements += 1,
            (_, Event::Eof) => return elements,
            _ => {}
        }
    }
}

/// The whole reader: both walks, links, colours.
fn whole(path: &Path) -> u64 {
    let report = Report::new();
    let reader = Reader::open(path, &report).unwrap();
    let mut polygons = 0;
    reader
        .for_each(|object| {
            polygons += object.geometries.iter().map(|g| g.polygons.len() as u64).sum::<u64>();
            black_box(&object);
        })
        .unwrap();
    polygons
}

fn parse(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["helsinki-centre.gml", "helsinki-centre-context.gml"] {
        let path = unpacked(name, folder.path());
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(path.metadata().unwrap().len()));
        group.sample_size(20);
        group.bench_function("bare NsReader pass", |bench| bench.iter(|| bare_pass(black_box(&path))));
        let report = Report::new();
        group.bench_function("open (first walk)", |bench| {
            bench.iter(|| black_box(Reader::open(black_box(&path), &report).unwrap()));
        });
        group.bench_function("read city objects", |bench| bench.iter(|| whole(black_box(&path))));
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
