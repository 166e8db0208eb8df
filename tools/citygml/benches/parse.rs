//! How fast a file is read, beside a bare pass of quick-xml over the same bytes.
//!
//! `cargo bench -p citygml` reads the sample city, unpacked beforehand, so that what is measured is the reader and not gzip.
//! `KORTTELI_CITY` names one more file, for example one that `cargo xtask bench city` has written.
//!
//! Passes by all cores are counted by the bytes that they give: the reader shares one file out, while the bare pass,
//! which cannot be shared out, goes over the file once on each core.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may panic")]

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

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

/// The bare pass on each core at once.
fn bare_passes(path: &Path, cores: usize) -> u64 {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(|| bare_pass(path))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

/// The whole reader, objects by all cores.
fn whole_by_all(path: &Path, cores: usize) -> u64 {
    let report = Report::new();
    let reader = Reader::open(path, &report).unwrap();
    let chunks = Mutex::new(reader.chunks(1 << 20));
    let next = || chunks.lock().unwrap().next();
    let run = || {
        let (mut polygons, mut read) = (0, Vec::new());
        while let Some(chunk) = next() {
            let summary = reader.read_chunk(chunk, |object| {
                polygons += object.geometries.iter().map(|g| g.polygons.len() as u64).sum::<u64>();
                black_box(&object);
            });
            read.push(summary.unwrap());
        }
        (polygons, read)
    };
    let (mut polygons, mut read) = (0, Vec::new());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(run)).collect();
        for thread in threads {
            let (of_thread, chunks) = thread.join().unwrap();
            polygons += of_thread;
            read.extend(chunks);
        }
    });
    black_box(reader.finish(read));
    polygons
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
    let mut paths = ["helsinki-centre.gml", "helsinki-centre-context.gml"]
        .map(|name| unpacked(name, folder.path()))
        .to_vec();
    paths.extend(std::env::var_os("KORTTELI_CITY").map(PathBuf::from));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for path in paths {
        let bytes = path.metadata().unwrap().len();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes));
        group.sample_size(10);
        group.bench_function("bare NsReader pass", |bench| bench.iter(|| bare_pass(black_box(&path))));
        let report = Report::new();
        group.bench_function("open (first walk)", |bench| {
            bench.iter(|| black_box(Reader::open(black_box(&path), &report).unwrap()));
        });
        group.bench_function("read city objects", |bench| bench.iter(|| whole(black_box(&path))));
        group.bench_function("read city objects by all cores", |bench| {
            bench.iter(|| whole_by_all(black_box(&path), cores));
        });
        group.throughput(Throughput::Bytes(bytes * cores as u64));
        group.bench_function("bare NsReader pass on each core", |bench| {
            bench.iter(|| bare_passes(black_box(&path), cores));
        });
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
