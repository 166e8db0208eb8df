//! Writing and reading a tile of 1999 boxes: 23 988 triangles, 47 976 vertices.
#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should stop")]

#[path = "../tests/boxes/mod.rs"]
mod boxes;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use glam::DVec3;
use std::hint::black_box;
use tiles::glb::{Encoding, decode, encode, to_plain};
use tiles::pick::{Bvh, Ray};

const BOXES: u16 = 1999;

fn write(c: &mut Criterion) {
    let content = boxes::city(BOXES);
    let mut group = c.benchmark_group("glb write");
    group.throughput(Throughput::Elements(content.mesh.indices.len() as u64 / 3));
    for encoding in [Encoding::Plain, Encoding::Compact] {
        group.bench_function(format!("{encoding:?}"), |b| {
            b.iter(|| encode(black_box(&content), encoding, "schema.json").unwrap());
        });
    }
    group.finish();
}

fn read(c: &mut Criterion) {
    let content = boxes::city(BOXES);
    let mut group = c.benchmark_group("glb read");
    group.throughput(Throughput::Elements(content.mesh.indices.len() as u64 / 3));
    for encoding in [Encoding::Plain, Encoding::Compact] {
        let glb = encode(&content, encoding, "schema.json").unwrap();
        group.bench_function(format!("{encoding:?}"), |b| {
            b.iter(|| decode(black_box(&glb)).unwrap());
        });
    }
    let compact = encode(&content, Encoding::Compact, "schema.json").unwrap();
    group.bench_function("Compact to Plain", |b| {
        b.iter(|| to_plain(black_box(&compact)).unwrap());
    });
    group.finish();
}

fn pick(c: &mut Criterion) {
    let mesh = boxes::city(BOXES).mesh;
    c.bench_function("pick tree", |b| b.iter(|| Bvh::build(black_box(&mesh).into())));
    let tree = Bvh::build((&mesh).into());
    let mut number = 0.0_f64;
    let mut next = || {
        number += 1.0;
        let target = mesh.origin + DVec3::new(number.sin() * 240.0 + 240.0, number.cos() * 300.0 + 300.0, 0.0);
        let origin = mesh.origin + DVec3::new(-100.0, -100.0, 300.0);
        Ray {
            origin,
            direction: target - origin,
        }
    };
    c.bench_function("pick ray", |b| {
        b.iter_batched(
            &mut next,
            |ray| tree.nearest((&mesh).into(), &ray),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, write, read, pick);
criterion_main!(benches);
