//! Which cells a triangle occupies.
//!
//! A wall is thinner than a block and lies askew; the world must keep it without a hole, and twice as thick nowhere.
//! Both follow from one exact rule: **a triangle occupies every cell whose open inside it meets** (conservative, or
//! 26-separating, voxelization: Schwarz & Seidel, *Fast Parallel Surface and Solid Voxelization on GPUs*, 2010, with
//! the cell taken without its border, so that touching is not occupying). A triangle that lies in the plane between two
//! layers of cells meets neither; it occupies the layer behind it, on the inner side of the body it bounds.
//!
//! The shells of closed bodies come out closed: when the step between two neighbouring empty cells crossed the
//! surface, it would do so in their common face, so the surface would lie in that face there, and so one of the two
//! cells would be occupied.
//!
//! Everything is decided in whole numbers. So the answer depends on the triangle alone: not on the order of triangles,
//! nor on the chunk that asks, nor on the machine.

mod clip;
mod strip;

pub use clip::clipped_area;
pub(crate) use strip::Whole;

use crate::anchor::{Point, UNITS};
use crate::piece::Triangle;
use std::ops::Range;
use strip::{Frame, walk};

/// A cell: the block at x, y, z.
pub type Cell = [i32; 3];

/// A box of cells, the greater ends outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellBox {
    /// Least cell.
    pub min: Cell,
    /// One past the greatest cell on each axis.
    pub max: Cell,
}

/// The extent in units up to which 64 bits are enough: normals then stay below 2^40, and sums of their products with
/// places below 2^62.
const NARROW: i64 = 1 << 18;

/// Calls `visit` with every cell of `bounds` that the triangle occupies, once each.
///
/// A triangle without area occupies nothing: its edges belong to its neighbours.
pub fn cells(triangle: &Triangle, bounds: &CellBox, mut visit: impl FnMut(Cell)) {
    let Some(corners) = settle(triangle) else {
        return;
    };
    let Some(range) = cell_range(&corners, bounds) else {
        return;
    };
    // Relative to the nearest cell asked for, numbers stay small.
    let origin = range.min;
    let local = corners.map(|corner| relative(corner, origin));
    let span: [Range<i32>; 3] = std::array::from_fn(|axis| 0..range.max[axis] - range.min[axis]);
    let mut place = |cell: Cell| visit(std::array::from_fn(|axis| origin[axis] + cell[axis]));
    if local.iter().flatten().all(|number| number.abs() <= NARROW) {
        walk(&Frame::<i64>::new(&local), &span, &mut place);
    } else {
        walk(&Frame::<i128>::new(&local), &span, &mut place);
    }
}

/// The triangle with a flat one moved half a cell inward from the plane between two layers; `None` without area.
fn settle(triangle: &Triangle) -> Option<[Point; 3]> {
    let corners = &triangle.corners;
    let normal = normal(corners);
    if normal == [0; 3] {
        return None;
    }
    let mut settled = *corners;
    for axis in 0..3 {
        let at = corners[0][axis];
        let flat = corners.iter().all(|corner| corner[axis] == at);
        if flat && at.rem_euclid(UNITS) == 0 {
            let outward = if triangle.facing[axis] == 0 {
                normal[axis] > 0
            } else {
                triangle.facing[axis] > 0
            };
            let inward = if outward { -UNITS / 2 } else { UNITS / 2 };
            for corner in &mut settled {
                corner[axis] += inward;
            }
        }
    }
    Some(settled)
}

/// Twice the area times the unit normal, in units; it points to the side from which the corners go anticlockwise.
pub fn normal(corners: &[Point; 3]) -> [i128; 3] {
    let edge = |to: usize, axis: usize| i128::from(corners[to][axis]) - i128::from(corners[0][axis]);
    let [a, b] = [1, 2].map(|to| [edge(to, 0), edge(to, 1), edge(to, 2)]);
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// The cells of `bounds` that the triangle's bounding box reaches into.
fn cell_range(corners: &[Point; 3], bounds: &CellBox) -> Option<CellBox> {
    let mut range = *bounds;
    for axis in 0..3 {
        let numbers = corners.map(|corner| corner[axis]);
        let [low, high] = [numbers.iter().min()?, numbers.iter().max()?];
        range.min[axis] = range.min[axis].max(low.div_euclid(UNITS));
        range.max[axis] = range.max[axis].min((high - 1).div_euclid(UNITS).max(low.div_euclid(UNITS)) + 1);
        if range.min[axis] >= range.max[axis] {
            return None;
        }
    }
    Some(range)
}

fn relative(corner: Point, origin: Cell) -> [i64; 3] {
    std::array::from_fn(|axis| i64::from(corner[axis]) - i64::from(origin[axis]) * i64::from(UNITS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const ALL: CellBox = CellBox {
        min: [-1000; 3],
        max: [1000; 3],
    };

    fn plain(corners: [Point; 3]) -> Triangle {
        Triangle {
            corners,
            facing: [0; 3],
            owner: 0,
        }
    }

    fn occupied(corners: [Point; 3]) -> BTreeSet<Cell> {
        let mut set = BTreeSet::new();
        cells(&plain(corners), &ALL, |cell| {
            assert!(set.insert(cell), "{cell:?} visited twice");
        });
        set
    }

    /// The rule by brute force: a box and a triangle are apart when one of 13 axes tells them apart (exact, slow).
    fn meets(corners: &[Point; 3], cell: Cell) -> bool {
        let edge = |from: usize, to: usize| -> [i128; 3] {
            std::array::from_fn(|axis| i128::from(corners[to][axis]) - i128::from(corners[from][axis]))
        };
        let cross = |a: [i128; 3], b: [i128; 3]| {
            [
                a[1] * b[2] - a[2] * b[1],
                a[2] * b[0] - a[0] * b[2],
                a[0] * b[1] - a[1] * b[0],
            ]
        };
        let units: [[i128; 3]; 3] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
        let mut axes = units.to_vec();
        axes.push(normal(corners));
        for (from, to) in [(0, 1), (1, 2), (2, 0)] {
            axes.extend(units.map(|unit| cross(unit, edge(from, to))));
        }
        let dot = |a: [i128; 3], b: [i128; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        axes.into_iter().filter(|axis| *axis != [0; 3]).all(|axis| {
            let of_triangle = corners.map(|corner| dot(axis, corner.map(i128::from)));
            let of_box = (0..8).map(|corner| {
                dot(
                    axis,
                    std::array::from_fn(|i| i128::from((cell[i] + (corner >> i & 1)) * UNITS)),
                )
            });
            let (low, high) = (of_box.clone().min(), of_box.max());
            of_triangle.iter().min().copied() < high && of_triangle.iter().max().copied() > low
        })
    }

    /// Repeatable noise (xorshift).
    fn noise(state: &mut u64, below: i32) -> i32 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state % below as u64) as i32
    }

    #[test]
    fn the_walk_finds_what_thirteen_axes_find() {
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for round in 0..600 {
            let size = [300, 3000, 9000][round % 3];
            // Every fourth number lies on a cell's face, where rounding would show.
            let mut number = || {
                let n = noise(&mut state, size) - size / 3;
                if n % 4 == 0 { n.div_euclid(UNITS) * UNITS } else { n }
            };
            let corners: [Point; 3] = std::array::from_fn(|_| std::array::from_fn(|_| number()));
            let Some(settled) = settle(&plain(corners)) else {
                continue;
            };
            let mut expected = BTreeSet::new();
            for x in -5..12 {
                for y in -5..12 {
                    expected.extend((-5..12).map(|z| [x, y, z]).filter(|cell| meets(&settled, *cell)));
                }
            }
            assert_eq!(occupied(corners), expected, "{corners:?}");
        }
    }

    #[test]
    fn a_triangle_of_many_kilometres_is_walked_as_exactly_as_a_small_one() {
        let corners = [
            [-200_000_000, 5, -190_000_000],
            [210_000_000, 40_000, -180_000_001],
            [7, 1_000_003, 205_000_000],
        ];
        let bounds = CellBox {
            min: [-8, -8, -8],
            max: [8, 1000, 8],
        };
        let mut found = BTreeSet::new();
        cells(&plain(corners), &bounds, |cell| {
            found.insert(cell);
        });
        assert!(!found.is_empty());
        for x in -8..8 {
            for z in -8..8 {
                for y in -8..1000 {
                    assert_eq!(found.contains(&[x, y, z]), meets(&corners, [x, y, z]), "{x} {y} {z}");
                }
            }
        }
    }

    #[test]
    fn a_chunk_sees_its_part_of_what_the_whole_world_sees() {
        let corners = [[-3500, 200, 9000], [8200, 7100, -4096], [1024, 2048, 512]];
        let mut parts = BTreeSet::new();
        for x in -4..10 {
            let bounds = CellBox {
                min: [x, -10, -10],
                max: [x + 1, 20, 20],
            };
            cells(&plain(corners), &bounds, |cell| assert!(parts.insert(cell)));
        }
        assert_eq!(parts, occupied(corners));
    }

    #[test]
    fn a_face_between_two_layers_belongs_to_the_body_behind_it() {
        let up = [[0, 5 * UNITS, 0], [0, 5 * UNITS, UNITS], [UNITS, 5 * UNITS, 0]];
        assert!(normal(&up)[1] > 0);
        assert_eq!(occupied(up), BTreeSet::from([[0, 4, 0]]));
        let down = [up[0], up[2], up[1]];
        assert_eq!(occupied(down), BTreeSet::from([[0, 5, 0]]));
    }

    #[test]
    fn a_sliver_that_rounding_turned_over_stays_on_its_side() {
        // Nearly a line along a roof at y 5; its corners go the wrong way round.
        let y = 5 * UNITS;
        let corners = [[100, y, 100], [500, y, 300], [900, y, 501]];
        let over = Triangle {
            facing: [0, 1, 0],
            ..plain(corners)
        };
        assert!(normal(&corners)[1] < 0);
        let mut found = BTreeSet::new();
        cells(&over, &ALL, |cell| {
            found.insert(cell);
        });
        assert_eq!(found, BTreeSet::from([[0, 4, 0]]));
    }

    #[test]
    fn a_line_occupies_nothing() {
        assert!(occupied([[0, 0, 0], [500, 500, 500], [5000, 5000, 5000]]).is_empty());
    }
}
