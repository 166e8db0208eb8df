//! How long it takes to choose tiles from a tree of about ten thousand, as a viewer does in every frame.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use criterion::{Criterion, criterion_group, criterion_main};
use glam::dcamera::rh::proj::directx;
use glam::dcamera::rh::view::look_at_mat4;
use glam::{DMat4, DVec3};
use serde_json::{Value, json};
use std::hint::black_box;
use tiles::bounds::Frustum;
use tiles::select::{Options, SelectionTree, View};
use tiles::tileset::Tileset;

/// Half the side of the city in metres.
const HALF: f64 = 8192.0;
/// Levels below a layer's root: 5 461 tiles each.
const LEVELS: u32 = 6;

/// A quadtree of tiles, the smallest 256 m wide, with an error of a hundredth of their width; leaves have none.
fn quadtree(layer: &str, east: f64, north: f64, half: f64, levels: u32) -> Value {
    let children: Vec<Value> = if levels == 0 {
        Vec::new()
    } else {
        let corners = [(-0.5, -0.5), (0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)];
        let child = |(x, y)| quadtree(layer, east + x * half, north + y * half, half * 0.5, levels - 1);
        corners.into_iter().map(child).collect()
    };
    json!({
        "boundingVolume": {"box": [east, north, 20, half, 0, 0, 0, half, 0, 0, 0, 20]},
        "geometricError": if levels == 0 { 0.0 } else { half * 0.02 },
        "refine": "REPLACE",
        "content": {"uri": format!("{layer}/{levels}/{east}/{north}.glb")},
        "children": children
    })
}

fn tree() -> SelectionTree {
    let layers = ["buildings", "terrain"].map(|layer| quadtree(layer, 0.0, 0.0, HALF, LEVELS));
    let whole = json!({
        "asset": {"version": "1.1"},
        "geometricError": 1000.0,
        "root": {
            "boundingVolume": {"box": [0, 0, 20, HALF, 0, 0, 0, HALF, 0, 0, 0, 20]},
            "geometricError": 1000.0,
            "refine": "ADD",
            "children": layers
        }
    });
    let tileset: Tileset = serde_json::from_value(whole).unwrap();
    let options = Options {
        maximum_bytes: 1 << 40,
        preload_siblings: true,
        ..Options::default()
    };
    SelectionTree::new(&tileset, "tileset.json", DMat4::IDENTITY, options).unwrap()
}

fn view(from: [f64; 3], to: [f64; 3]) -> View {
    let (from, to) = (DVec3::from(from), DVec3::from(to));
    let projection = directx::perspective_infinite_reverse(0.8, 16.0 / 9.0, 0.1);
    let frustum = Frustum::from_view_projection(&(projection * look_at_mat4(from, to, DVec3::Z)));
    View::new(from, frustum, 1080.0, 0.8)
}

/// The tree with everything loaded that the view needs.
fn settled(view: &View, threshold: f64) -> SelectionTree {
    let mut tree = tree();
    tree.set_options(Options {
        maximum_screen_space_error: threshold,
        ..tree.options().clone()
    });
    loop {
        let selection = tree.update(std::slice::from_ref(view));
        if selection.idle {
            return tree;
        }
        for request in selection.load {
            assert!(tree.loaded(request.tile, 50_000));
        }
    }
}

fn select(criterion: &mut Criterion) {
    let views = [
        (
            "from above the whole city",
            view([0.0, -9000.0, 12_000.0], [0.0, 0.0, 0.0]),
            16.0,
        ),
        ("in a street", view([10.0, 10.0, 2.0], [200.0, 300.0, 5.0]), 16.0),
        ("to the horizon", view([-7000.0, -7000.0, 150.0], [0.0, 0.0, 0.0]), 16.0),
        (
            "to the horizon in every detail",
            view([-7000.0, -7000.0, 150.0], [0.0, 0.0, 0.0]),
            0.5,
        ),
    ];
    let mut group = criterion.benchmark_group("select");
    for (name, view, threshold) in &views {
        let mut tree = settled(view, *threshold);
        let statistics = tree.update(std::slice::from_ref(view)).statistics;
        let label = format!(
            "{name}: {} of {} drawn, {} visited",
            statistics.selected, statistics.tiles, statistics.visited
        );
        group.bench_function(label, |bencher| {
            bencher.iter(|| black_box(tree.update(std::slice::from_ref(view))));
        });
    }
    let (_, view, threshold) = &views[3];
    let mut cold = tree();
    cold.set_options(Options {
        maximum_screen_space_error: *threshold,
        ..cold.options().clone()
    });
    group.bench_function("with nothing loaded yet", |bencher| {
        bencher.iter(|| black_box(cold.update(std::slice::from_ref(view))));
    });
    group.finish();
}

criterion_group!(benches, select);
criterion_main!(benches);
