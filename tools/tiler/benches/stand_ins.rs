//! What stand-ins spend their time on, on the sample's own buildings: distances, what is seen, what is covered.
//!
//! `cargo bench -p tiler --bench stand_ins`
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use citygml::{CityObject, Reader, Report};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use earcut::Earcut;
use glam::DVec3;
use std::hint::black_box;
use std::path::Path;
use tiler::geometry::{self, Corners};
use tiler::triangulate::triangulate;

/// Every triangle of the sample's buildings, relative to the first point so that the numbers are as small as the tiler's.
fn buildings() -> Vec<Corners> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/samples/helsinki/helsinki-centre.gml.gz");
    let report = Report::new();
    let (mut all, mut origin, mut earcut) = (Vec::new(), None, Earcut::new());
    Reader::open(&sample, &report)
        .unwrap()
        .for_each(|object| collect(&object, &mut origin, &mut earcut, &mut all))
        .unwrap();
    all
}

fn collect(object: &CityObject, origin: &mut Option<DVec3>, earcut: &mut Earcut<f64>, all: &mut Vec<Corners>) {
    for polygon in object.geometries.iter().flat_map(|geometry| &geometry.polygons) {
        let origin = *origin.get_or_insert(DVec3::from(polygon.exterior[0]));
        let ring = |ring: &Vec<[f64; 3]>| ring.iter().map(|&point| DVec3::from(point) - origin).collect();
        let rings: Vec<Vec<DVec3>> = std::iter::once(&polygon.exterior)
            .chain(&polygon.interiors)
            .map(ring)
            .collect();
        all.extend(triangulate(&rings, earcut).into_iter().flat_map(|cut| cut.triangles));
    }
    for part in &object.children {
        collect(part, origin, earcut, all);
    }
}

fn bench(criterion: &mut Criterion) {
    let all = buildings();
    let raised: Vec<Corners> = all.iter().map(|t| t.map(|corner| corner + DVec3::Z * 2.0)).collect();
    let mut group = criterion.benchmark_group("stand-ins");
    group.throughput(Throughput::Elements(all.len() as u64)).sample_size(10);
    // An error of a metre is nothing, one of ten is: what lies between is measured.
    for enough in [1.0, 10.0] {
        group.bench_function(format!("distance beyond {enough} m"), |bencher| {
            bencher.iter(|| geometry::distance(black_box(&all), &raised, enough));
        });
    }
    group.bench_function("seen", |bencher| bencher.iter(|| geometry::seen(black_box(&all)).len()));
    group.bench_function("covered", |bencher| bencher.iter(|| geometry::covered(black_box(&all))));
    group.bench_function("covered when closed by 4 m", |bencher| {
        bencher.iter(|| geometry::covered_when_closed(black_box(&all), 4.0));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
