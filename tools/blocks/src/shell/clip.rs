//! How much of a triangle lies in a cell.

use super::Cell;
use crate::anchor::{Point, UNITS};

/// Parts of a square unit that areas are counted in.
const FINE: f64 = 256.0;

/// The area of the part of the triangle that lies in the cell, in 1/256 square units.
///
/// Coordinates relative to the cell are whole numbers, so the same triangle and cell give the same number wherever and
/// in whatever order they are asked; being whole, areas then add up the same in any order.
pub fn clipped_area(corners: &[Point; 3], cell: Cell) -> u64 {
    let side = f64::from(UNITS);
    let mut polygon: Vec<[f64; 3]> = corners
        .iter()
        .map(|corner| {
            std::array::from_fn(|axis| (i64::from(corner[axis]) - i64::from(cell[axis]) * i64::from(UNITS)) as f64)
        })
        .collect();
    for axis in 0..3 {
        polygon = cut(&polygon, |point| point[axis]);
        polygon = cut(&polygon, |point| side - point[axis]);
    }
    let Some((first, rest)) = polygon.split_first() else {
        return 0;
    };
    let mut sum = [0.0f64; 3];
    for pair in rest.windows(2) {
        let a: [f64; 3] = std::array::from_fn(|axis| pair[0][axis] - first[axis]);
        let b: [f64; 3] = std::array::from_fn(|axis| pair[1][axis] - first[axis]);
        for (axis, sum) in sum.iter_mut().enumerate() {
            let (next, after) = ((axis + 1) % 3, (axis + 2) % 3);
            *sum += a[next] * b[after] - a[after] * b[next];
        }
    }
    let twice = sum.iter().map(|number| number * number).sum::<f64>().sqrt();
    (twice * 0.5 * FINE).round() as u64
}

/// The part of a polygon on which `inside` is not negative (Sutherland & Hodgman, 1974).
fn cut(polygon: &[[f64; 3]], inside: impl Fn(&[f64; 3]) -> f64) -> Vec<[f64; 3]> {
    let mut kept = Vec::with_capacity(polygon.len() + 1);
    for (at, point) in polygon.iter().enumerate() {
        let next = &polygon[(at + 1) % polygon.len()];
        let (here, there) = (inside(point), inside(next));
        if here >= 0.0 {
            kept.push(*point);
        }
        if (here < 0.0) != (there < 0.0) {
            let along = here / (here - there);
            kept.push(std::array::from_fn(|axis| {
                point[axis] + (next[axis] - point[axis]) * along
            }));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_triangle_add_up_to_the_whole() {
        let corners = [[-3000, 100, 2500], [4100, 5200, -700], [900, -2048, 3333]];
        let mut sum = 0;
        for x in -4..6 {
            for y in -4..7 {
                sum += (-3..5).map(|z| clipped_area(&corners, [x, y, z])).sum::<u64>();
            }
        }
        let normal = super::super::normal(&corners).map(|number| number as f64);
        let whole = normal.iter().map(|number| number * number).sum::<f64>().sqrt() * 0.5 * FINE;
        assert!((sum as f64 - whole).abs() < 300.0, "{sum} {whole}");
    }

    #[test]
    fn a_triangle_beside_the_cell_has_no_part_in_it() {
        assert_eq!(clipped_area(&[[0, 0, 0], [900, 0, 0], [0, 0, 900]], [5, 0, 0]), 0);
        assert_eq!(
            clipped_area(&[[0, 512, 0], [1024, 512, 0], [0, 512, 1024]], [0, 0, 0]),
            512 * 1024 * 256
        );
    }
}
