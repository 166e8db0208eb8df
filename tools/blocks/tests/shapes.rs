//! Shapes whose cells are known without a voxelizer: at a round origin, where faces lie on cell borders, and at one
//! like a real building's.
#![allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]

mod scenery;

use blocks::shell::{Cell, CellBox, cells};
use scenery::{Builder, rectangle};
use std::collections::BTreeSet;
use tiles::surface::Surface;

/// As in the sample city, relative to the anchor: 25497344.694 - 25496576, 41.003, 6673408 - 6673056.542.
const REALISTIC: [f64; 3] = [768.694, 41.003, 351.458];
const ORIGINS: [[f64; 3]; 2] = [[0.0; 3], REALISTIC];

struct Shape {
    name: &'static str,
    builder: Builder,
    /// Whether a point relative to the origin lies inside.
    contains: Box<dyn Fn([f64; 3]) -> bool>,
}

fn moved(outline: &[[f64; 2]], origin: [f64; 3]) -> Vec<[f64; 2]> {
    outline
        .iter()
        .map(|point| [point[0] + origin[0], point[1] + origin[2]])
        .collect()
}

fn prism(name: &'static str, outline: Vec<[f64; 2]>, height: f64, origin: [f64; 3]) -> Shape {
    let mut builder = Builder::new();
    builder.feature("shape", "Building", "");
    builder.prism(0, &moved(&outline, origin), [origin[1], origin[1] + height]);
    Shape {
        name,
        builder,
        contains: Box::new(move |[x, y, z]| y > 0.0 && y < height && inside(&outline, [x, z])),
    }
}

/// Even-odd rule.
fn inside(outline: &[[f64; 2]], [x, z]: [f64; 2]) -> bool {
    let mut odd = false;
    for (at, a) in outline.iter().enumerate() {
        let b = outline[(at + 1) % outline.len()];
        if (a[1] > z) != (b[1] > z) && x < (b[0] - a[0]) * (z - a[1]) / (b[1] - a[1]) + a[0] {
            odd = !odd;
        }
    }
    odd
}

fn turned(outline: &[[f64; 2]], degrees: f64) -> Vec<[f64; 2]> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    outline
        .iter()
        .map(|[x, z]| [x * cos - z * sin, x * sin + z * cos])
        .collect()
}

/// A house with a ridge along z.
fn gabled(origin: [f64; 3]) -> Shape {
    let (wide, long, eaves, ridge) = (9.3, 14.7, 6.4, 10.1);
    let mut builder = Builder::new();
    builder.feature("shape", "Building", "");
    let at = |x: f64, y: f64, z: f64| [origin[0] + x, origin[1] + y, origin[2] + z];
    let (a, b, c, d) = (
        at(0.0, eaves, 0.0),
        at(0.0, eaves, long),
        at(wide, eaves, long),
        at(wide, eaves, 0.0),
    );
    let (r, s) = (at(wide / 2.0, ridge, 0.0), at(wide / 2.0, ridge, long));
    let [e, f, g, h] = [a, b, c, d].map(|point| [point[0], origin[1], point[2]]);
    for (surface, corners) in [
        (Surface::Roof, vec![a, b, s, r]),
        (Surface::Roof, vec![c, d, r, s]),
        (Surface::Wall, vec![e, f, b, a]),
        (Surface::Wall, vec![f, g, c, s, b]),
        (Surface::Wall, vec![g, h, d, c]),
        (Surface::Wall, vec![h, e, a, r, d]),
        (Surface::Ground, vec![h, g, f, e]),
    ] {
        builder.polygon(0, surface, [200; 3], &corners);
    }
    Shape {
        name: "gabled house",
        builder,
        contains: Box::new(move |[x, y, z]| {
            let roof = eaves + (ridge - eaves) * (1.0 - (x - wide / 2.0).abs() / (wide / 2.0));
            x > 0.0 && x < wide && z > 0.0 && z < long && y > 0.0 && y < roof
        }),
    }
}

fn shapes(origin: [f64; 3]) -> Vec<Shape> {
    let square = rectangle([0.0, 12.0], [0.0, 12.0]);
    let circle = (0..32).map(|corner| {
        let turn = -std::f64::consts::TAU * f64::from(corner) / 32.0;
        [5.5 * turn.cos(), 5.5 * turn.sin()]
    });
    vec![
        prism("box", square.to_vec(), 10.0, origin),
        prism("turned box", turned(&square, 27.0), 10.0, origin),
        prism("cylinder", circle.collect(), 7.5, origin),
        prism(
            "pillar thinner than a block",
            rectangle([0.2, 0.75], [0.3, 0.9]).to_vec(),
            4.0,
            origin,
        ),
        prism(
            "pillar across four cells",
            rectangle([-0.3, 0.25], [-0.3, 0.3]).to_vec(),
            4.0,
            origin,
        ),
        prism("slab of a hand's height", turned(&square, 45.0), 0.1, origin),
        gabled(origin),
    ]
}

fn shell(builder: &Builder) -> BTreeSet<Cell> {
    let all = CellBox {
        min: [-100; 3],
        max: [1000; 3],
    };
    let mut set = BTreeSet::new();
    for triangle in &builder.piece.triangles {
        cells(triangle, &all, |cell| {
            set.insert(cell);
        });
    }
    set
}

/// The cells that are neither in the shell nor reached from outside by steps over faces.
fn enclosed(shell: &BTreeSet<Cell>) -> BTreeSet<Cell> {
    let bound =
        |axis: usize, pick: fn(i32, i32) -> i32, start: i32| shell.iter().map(|cell| cell[axis]).fold(start, pick);
    let low: Cell = std::array::from_fn(|axis| bound(axis, i32::min, i32::MAX) - 1);
    let high: Cell = std::array::from_fn(|axis| bound(axis, i32::max, i32::MIN) + 1);
    let mut reached = BTreeSet::from([low]);
    let mut waiting = vec![low];
    while let Some(cell) = waiting.pop() {
        for (axis, step) in [(0, -1), (0, 1), (1, -1), (1, 1), (2, -1), (2, 1)] {
            let mut next = cell;
            next[axis] += step;
            let in_box = (0..3).all(|axis| (low[axis]..=high[axis]).contains(&next[axis]));
            if in_box && !shell.contains(&next) && reached.insert(next) {
                waiting.push(next);
            }
        }
    }
    let mut enclosed = BTreeSet::new();
    for x in low[0]..=high[0] {
        for y in low[1]..=high[1] {
            let row = (low[2]..=high[2]).map(|z| [x, y, z]);
            enclosed.extend(row.filter(|cell| !shell.contains(cell) && !reached.contains(cell)));
        }
    }
    enclosed
}

#[test]
fn an_aligned_box_has_exactly_the_cells_it_fills() {
    // 12 x 12 x 10 m in cells of 2 m: 180 cells filled, of which 132 are shell. Not 294, not 448.
    let mut builder = Builder::new();
    builder.feature("box", "Building", "");
    builder.prism(0, &rectangle([0.0, 6.0], [0.0, 6.0]), [0.0, 5.0]);
    let coarse = shell(&builder);
    assert_eq!((coarse.len(), enclosed(&coarse).len()), (132, 48));
    // In cells of 1 m.
    let fine = shell(&shapes([0.0; 3])[0].builder);
    assert_eq!(
        (fine.len(), enclosed(&fine).len()),
        (12 * 12 * 10 - 10 * 10 * 8, 10 * 10 * 8)
    );
}

#[test]
fn the_same_box_at_a_real_place_has_every_cell_its_faces_cross() {
    let found = shell(&shapes(REALISTIC)[0].builder);
    assert_eq!(
        (found.len(), enclosed(&found).len()),
        (13 * 13 * 11 - 11 * 11 * 9, 11 * 11 * 9)
    );
}

#[test]
fn every_shape_is_tight_and_holds_its_volume_and_nothing_else() {
    for origin in ORIGINS {
        for shape in shapes(origin) {
            let name = format!("{} at {origin:?}", shape.name);
            let shell = shell(&shape.builder);
            let enclosed = enclosed(&shell);
            assert!(!shell.is_empty(), "{name}");
            let low: Cell = std::array::from_fn(|axis| shell.iter().map(|cell| cell[axis]).min().unwrap() - 2);
            let high: Cell = std::array::from_fn(|axis| shell.iter().map(|cell| cell[axis]).max().unwrap() + 2);
            for x in low[0]..=high[0] {
                for y in low[1]..=high[1] {
                    for z in low[2]..=high[2] {
                        let cell = [x, y, z];
                        let inside = samples(cell, origin).filter(|point| (shape.contains)(*point)).count();
                        // A cell with a part of the volume is solid; one that is enclosed has nothing else.
                        assert!(
                            inside == 0 || shell.contains(&cell) || enclosed.contains(&cell),
                            "{name}: {cell:?}"
                        );
                        assert!(inside == 1000 || !enclosed.contains(&cell), "{name}: {cell:?} {inside}");
                    }
                }
            }
        }
    }
}

/// A thousand points of the open cell, relative to the origin; none nearer than 1/20 block to its border.
fn samples(cell: Cell, origin: [f64; 3]) -> impl Iterator<Item = [f64; 3]> {
    (0..1000).map(move |number| {
        let steps = [number % 10, number / 10 % 10, number / 100];
        std::array::from_fn(|axis| f64::from(cell[axis]) + 0.05 + 0.1 * f64::from(steps[axis]) - origin[axis])
    })
}

#[test]
fn order_does_not_matter() {
    let shape = gabled(REALISTIC);
    let mut turned = Builder::new();
    turned.piece = shape.builder.piece.clone();
    turned.piece.triangles.reverse();
    for triangle in &mut turned.piece.triangles {
        triangle.corners.rotate_left(1);
    }
    assert_eq!(shell(&shape.builder), shell(&turned));
}
