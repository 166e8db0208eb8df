//! How long the GeoPackage and the search index of 200 000 features take to write: `cargo bench -p store`.
#![allow(clippy::expect_used, missing_docs, reason = "a bench that cannot run should say so")]

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::{FeatureRow, Frame, Publication, Publisher, RealFiles, TileRef};
use tiles::bounds::Aabb;
use tiles::tileset::{BoundingVolume, Tile, Tileset};

const ROWS: u64 = 200_000;

/// A building as a city's register has it: a footprint of eight corners, an address, a dozen attributes, four tiles.
fn row(number: u64) -> FeatureRow {
    let (east, north) = ((number % 500) as f64, (number / 500) as f64);
    let (west, south) = (24.5 + east * 0.001, 60.1 + north * 0.0005);
    let corners = [[0, 0], [4, 0], [4, 2], [6, 2], [6, 5], [3, 5], [3, 4], [0, 4], [0, 0]];
    let ring = corners.map(|[x, y]| [west + f64::from(x) * 1e-4, south + f64::from(y) * 5e-5]);
    let height = (number % 37) as f64 + 3.5;
    FeatureRow {
        id: format!("building_{number:08}"),
        parent: None,
        layer: "buildings".to_owned(),
        kind: "Building".to_owned(),
        name: number.is_multiple_of(10).then(|| format!("Talo {number}")),
        address: Some(format!(
            "Mannerheimintie {}, 00{:03} Helsinki",
            number % 200,
            number % 990
        )),
        footprint: vec![vec![ring.to_vec()]],
        bbox: Some([west, south, 18.0, west + 6e-4, south + 2.5e-4, 18.0 + height]),
        ground: Some(2.0),
        top: Some(2.0 + height),
        attributes: attributes(number, height),
        notes: Vec::new(),
        tiles: (0..4u16)
            .map(|level| TileRef {
                file: format!(
                    "buildings-{}-{level}.{:016x}.glb",
                    number >> (4 + 2 * level),
                    number >> (4 + 2 * level)
                ),
                level,
            })
            .collect(),
    }
}

fn attributes(number: u64, height: f64) -> Vec<(String, serde_json::Value)> {
    [
        ("class", json!("1000")),
        ("function", json!((1000 + number % 20 * 10).to_string())),
        ("usage", json!((1000 + number % 7 * 10).to_string())),
        ("roofType", json!((1000 + number % 5 * 10).to_string())),
        ("yearOfConstruction", json!(1850 + number % 170)),
        ("storeysAboveGround", json!(1 + number % 12)),
        ("measuredHeight", json!(height)),
        ("VTJ_PRT", json!(format!("10{number:07}{}", number % 10))),
        ("RATU", json!(number)),
        ("kokonaisala", json!(height * 100.0)),
        ("creationDate", json!("2021-04-15")),
        ("protected", json!(number.is_multiple_of(30))),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn publication() -> Publication {
    Publication {
        tileset: Tileset::new(Tile {
            bounding_volume: BoundingVolume::from_aabb(&Aabb::EMPTY),
            geometric_error: 0.0,
            refine: None,
            transform: None,
            content: None,
            children: Vec::new(),
            extras: None,
        }),
        title: "Rows".to_owned(),
        attribution: Vec::new(),
        license: None,
        sources: Vec::new(),
        source_date: None,
        crs: None,
        crs_name: String::new(),
        layers: Vec::new(),
        frame: Frame {
            origin: [24.9, 60.2, 20.0],
            curve: [0.0, 0.0, 1.0],
        },
        features: Box::new((0..ROWS).map(|number| Ok(row(number)))),
        counts: BTreeMap::new(),
        warnings: BTreeMap::new(),
    }
}

fn finish(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("finish");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group
        .warm_up_time(Duration::from_millis(1))
        .throughput(Throughput::Elements(ROWS));
    group.bench_function("rows", |bencher| {
        let begin = || {
            let store = tempfile::tempdir().expect("there is a temporary directory");
            let publisher = Publisher::begin(store.path(), "city", Arc::new(RealFiles)).expect("the store is new");
            (store, publisher)
        };
        let finish = |(store, publisher): (tempfile::TempDir, Publisher)| {
            publisher.finish(publication()).expect("the disk has room");
            store
        };
        bencher.iter_batched(begin, finish, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, finish);
criterion_main!(benches);
