//! Faces a second: the sample's own faces, as the tiler cuts them.
//!
//! `cargo bench -p tiler --bench triangulate`
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use citygml::{CityObject, Reader, Report};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use earcut::Earcut;
use glam::DVec3;
use std::hint::black_box;
use std::path::Path;
use tiler::triangulate::triangulate;

type Face = Vec<Vec<DVec3>>;

/// Every face of the sample's buildings, relative to the first point so that the numbers are as small as the tiler's.
fn faces() -> Vec<Face> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples/helsinki/helsinki-centre.gml.gz");
    let report = Report::new();
    let mut faces = Vec::new();
    Reader::open(&sample, &report)
        .unwrap()
        .for_each(|object| collect(&object, &mut faces))
        .unwrap();
    faces
}

fn collect(object: &CityObject, faces: &mut Vec<Face>) {
    for polygon in object.geometries.iter().flat_map(|geometry| &geometry.polygons) {
        let first = DVec3::from(polygon.exterior[0]);
        let ring = |ring: &[[f64; 3]]| ring.iter().map(|&point| DVec3::from(point) - first).collect();
        let outer = std::iter::once(ring(&polygon.exterior));
        faces.push(outer.chain(polygon.interiors.iter().map(|hole| ring(hole))).collect());
    }
    for part in &object.children {
        collect(part, faces);
    }
}

fn bench(criterion: &mut Criterion) {
    let faces = faces();
    let mut group = criterion.benchmark_group("triangulate");
    group.throughput(Throughput::Elements(faces.len() as u64));
    group.bench_function("sample", |bencher| {
        let mut earcut = Earcut::new();
        bencher.iter(|| {
            faces
                .iter()
                .filter(|face| triangulate(black_box(face), &mut earcut).is_some())
                .count()
        });
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
