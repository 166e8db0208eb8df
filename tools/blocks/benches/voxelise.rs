//! How fast triangles become blocks.
//!
//! The scene is one region of 512 by 512 m: terrain at 4 m spacing and 361 gabled houses, 39 000 triangles, built here
//! so that the bench needs no store.
#![allow(missing_docs, reason = "criterion's macros make items without documentation")]

use blocks::anchor::UNITS;
use blocks::area::ChunkArea;
use blocks::chunk::Scene;
use blocks::palette::Palette;
use blocks::piece::{Feature, Piece, merge};
use blocks::shell::{CellBox, cells};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use tiles::surface::Surface;

const REGION: ChunkArea = ChunkArea {
    x0: 0,
    z0: 0,
    x1: 32,
    z1: 32,
};

fn point(x: f64, y: f64, z: f64) -> [i32; 3] {
    [x, y, z].map(|number| (number * f64::from(UNITS)).round() as i32)
}

fn quad(piece: &mut Piece, corners: [[i32; 3]; 4], feature: u32, surface: Surface) {
    let [a, b, c, d] = corners;
    piece.push([a, b, c], feature, surface, [200, 190, 170]);
    piece.push([a, c, d], feature, surface, [200, 190, 170]);
}

fn height(x: f64, z: f64) -> f64 {
    12.0 + 6.0 * (x / 70.0).sin() + 5.0 * (z / 55.0).cos()
}

fn terrain(piece: &mut Piece) {
    let at = |x: i32, z: i32| {
        let (x, z) = (f64::from(x) * 4.0, f64::from(z) * 4.0);
        point(x, height(x, z), z)
    };
    for x in 0..128 {
        for z in 0..128 {
            quad(
                piece,
                [at(x, z), at(x, z + 1), at(x + 1, z + 1), at(x + 1, z)],
                0,
                Surface::Terrain,
            );
        }
    }
}

fn house(piece: &mut Piece, feature: u32, middle: [f64; 2], turn: f64) {
    let (sin, cos) = turn.sin_cos();
    let ground = height(middle[0], middle[1]);
    let at = |x: f64, y: f64, z: f64| point(middle[0] + x * cos - z * sin, ground + y, middle[1] + x * sin + z * cos);
    let low = [
        at(-5.3, 0.0, -7.1),
        at(5.3, 0.0, -7.1),
        at(5.3, 0.0, 7.1),
        at(-5.3, 0.0, 7.1),
    ];
    let eaves = [
        at(-5.3, 6.2, -7.1),
        at(5.3, 6.2, -7.1),
        at(5.3, 6.2, 7.1),
        at(-5.3, 6.2, 7.1),
    ];
    let ridge = [at(0.0, 9.4, -7.1), at(0.0, 9.4, 7.1)];
    for side in 0..4 {
        let next = (side + 1) % 4;
        quad(
            piece,
            [low[next], low[side], eaves[side], eaves[next]],
            feature,
            Surface::Wall,
        );
    }
    quad(piece, [eaves[0], eaves[3], ridge[1], ridge[0]], feature, Surface::Roof);
    quad(piece, [eaves[2], eaves[1], ridge[0], ridge[1]], feature, Surface::Roof);
    piece.push([eaves[1], eaves[0], ridge[0]], feature, Surface::Wall, [200, 190, 170]);
    piece.push([eaves[3], eaves[2], ridge[1]], feature, Surface::Wall, [200, 190, 170]);
    quad(piece, low, feature, Surface::Ground);
}

fn scene() -> Piece {
    let mut piece = Piece::default();
    piece.features.push(Feature {
        id: "terrain".into(),
        ..Feature::default()
    });
    terrain(&mut piece);
    for number in 0..361u32 {
        let middle = [
            f64::from(number % 19) * 26.0 + 20.3,
            f64::from(number / 19) * 26.0 + 21.7,
        ];
        piece.features.push(Feature {
            id: format!("house-{number}"),
            ..Feature::default()
        });
        house(&mut piece, number + 1, middle, f64::from(number) * 0.37);
    }
    merge(&[piece])
}

fn voxelise(criterion: &mut Criterion) {
    let piece = scene();
    let bounds = CellBox {
        min: [0, -64, 0],
        max: [512, 320, 512],
    };
    let mut count = 0u64;
    for triangle in &piece.triangles {
        cells(triangle, &bounds, |_| count += 1);
    }
    let mut group = criterion.benchmark_group("voxelise");
    group.sample_size(10);
    group.throughput(Throughput::Elements(count));
    group.bench_function("shell cells", |bencher| {
        bencher.iter(|| {
            let mut sum = 0i64;
            for triangle in &piece.triangles {
                cells(triangle, &bounds, |cell| sum += i64::from(cell[1]));
            }
            black_box(sum)
        });
    });
    let Ok(palette) = Palette::minecraft() else {
        return;
    };
    let scene = Scene::new(piece, REGION, &palette);
    group.throughput(Throughput::Elements(512 * 512));
    group.bench_function("columns", |bencher| {
        bencher.iter(|| {
            for (x, z) in REGION.chunks() {
                black_box(scene.chunk(x, z));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, voxelise);
criterion_main!(benches);
