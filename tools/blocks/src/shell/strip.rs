//! Thirteen axes as inequalities over whole cells.
//!
//! A cell and a triangle are apart exactly when their shadows on one of 13 axes are: the three of the grid, the
//! triangle's normal, and the cross products of its edges with the three. Along any axis the shadow of a cell moves
//! evenly with the cell's coordinates, so each axis leaves a strip of cells between two parallel planes. What is left
//! by all strips is walked row by row, so that no cell is asked in vain.

use crate::anchor::UNITS;
use std::ops::{Add, Mul, Neg, Range, Sub};

/// Whole numbers wide enough for the products at hand.
pub(crate) trait Whole:
    Copy + Ord + From<i64> + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
    /// The quotient rounded down; `divisor` is greater than zero.
    fn quotient(self, divisor: Self) -> Self;
    /// The number, or the nearest of 32 bits.
    fn narrow(self) -> i32;
}

impl Whole for i64 {
    fn quotient(self, divisor: Self) -> Self {
        self.div_euclid(divisor)
    }
    fn narrow(self) -> i32 {
        self.clamp(Self::from(i32::MIN), Self::from(i32::MAX)) as i32
    }
}

impl Whole for i128 {
    fn quotient(self, divisor: Self) -> Self {
        self.div_euclid(divisor)
    }
    fn narrow(self) -> i32 {
        self.clamp(Self::from(i32::MIN), Self::from(i32::MAX)) as i32
    }
}

/// Up to so many cells it is faster to ask each than to divide.
const SHORT: i32 = 4;

/// Cells `c` with `above < weight . c < below`.
#[derive(Debug, Clone, Copy)]
struct Strip<T, const N: usize> {
    weight: [T; N],
    above: T,
    below: T,
}

impl<T: Whole, const N: usize> Strip<T, N> {
    /// All cells.
    fn everything() -> Self {
        Self {
            weight: [T::from(0); N],
            above: T::from(-1),
            below: T::from(1),
        }
    }

    /// The strip of an axis, given the least and greatest shadow of the triangle on it.
    fn new(axis: [T; N], shadow: (T, T)) -> Self {
        let side = T::from(i64::from(UNITS));
        let zero = T::from(0);
        let mut weight = [zero; N];
        let (mut low, mut high) = (zero, zero);
        for (weight, number) in weight.iter_mut().zip(axis) {
            *weight = number * side;
            low = low + (*weight).min(zero);
            high = high + (*weight).max(zero);
        }
        Self {
            weight,
            above: shadow.0 - high,
            below: shadow.1 - low,
        }
    }

    /// Which values of the last coordinate are in it, `fixed` being the sum over the others; cut to `range`.
    fn cut(&self, fixed: T, range: Range<i32>) -> Range<i32> {
        let last = self.weight[N - 1];
        let zero = T::from(0);
        let (above, below) = (self.above - fixed, self.below - fixed);
        if last == zero {
            return if above < zero && below > zero { range } else { 0..0 };
        }
        if range.end - range.start <= SHORT {
            let inside = |cell: &i32| {
                let shadow = last * T::from(i64::from(*cell));
                shadow > above && shadow < below
            };
            let start = range.clone().find(inside).unwrap_or(range.end);
            let end = (start..range.end).rev().find(inside).map_or(start, |cell| cell + 1);
            return start..end;
        }
        let (above, below, last) = if last < zero {
            (-below, -above, -last)
        } else {
            (above, below, last)
        };
        // above < last * c < below
        let least = above.quotient(last).narrow().saturating_add(1);
        let end = (-((-below).quotient(last))).narrow();
        range.start.max(least)..range.end.min(end)
    }
}

/// A triangle with its strips; `axes` are the order in which coordinates are walked, the last one along the longest
/// part of the normal.
pub(super) struct Frame<T> {
    axes: [usize; 3],
    /// The normal's strip, over the three axes.
    plane: Strip<T, 3>,
    /// Strips of the edges seen along the last axis: over the first and second.
    across: [Strip<T, 2>; 3],
    /// Seen along the second: over the first and last.
    first: [Strip<T, 2>; 3],
    /// Seen along the first: over the second and last.
    second: [Strip<T, 2>; 3],
}

impl<T: Whole> Frame<T> {
    /// The frame of a triangle that has an area.
    pub(super) fn new(corners: &[[i64; 3]; 3]) -> Self {
        let wide = corners.map(|corner| corner.map(T::from));
        let edge = |to: usize, axis: usize| wide[to][axis] - wide[0][axis];
        let part = |a: usize, b: usize| edge(1, a) * edge(2, b) - edge(1, b) * edge(2, a);
        let normal = [part(1, 2), part(2, 0), part(0, 1)];
        let length = |axis: usize| normal[axis].max(-normal[axis]);
        let last = (0..3).max_by_key(|axis| length(*axis)).unwrap_or(2);
        let axes = [(last + 1) % 3, (last + 2) % 3, last];
        let turned = axes.map(|axis| normal[axis]);
        let height = axes
            .iter()
            .fold(T::from(0), |sum, axis| sum + normal[*axis] * wide[0][*axis]);
        Self {
            axes,
            plane: Strip::new(turned, (height, height)),
            across: edges(&wide, axes[0], axes[1]),
            first: edges(&wide, axes[0], axes[2]),
            second: edges(&wide, axes[1], axes[2]),
        }
    }
}

/// The strips of the three edges in the plane of two axes; an edge that runs across the plane cuts nothing off.
fn edges<T: Whole>(corners: &[[T; 3]; 3], a: usize, b: usize) -> [Strip<T, 2>; 3] {
    [(0, 1), (1, 2), (2, 0)].map(|(from, to)| {
        let axis = [corners[from][b] - corners[to][b], corners[to][a] - corners[from][a]];
        if axis == [T::from(0); 2] {
            return Strip::everything();
        }
        let shadow = corners.map(|corner| axis[0] * corner[a] + axis[1] * corner[b]);
        let low = shadow[0].min(shadow[1]).min(shadow[2]);
        let high = shadow[0].max(shadow[1]).max(shadow[2]);
        Strip::new(axis, (low, high))
    })
}

/// Visits the cells of `span` that are in every strip.
pub(super) fn walk<T: Whole>(frame: &Frame<T>, span: &[Range<i32>; 3], visit: &mut impl FnMut([i32; 3])) {
    let [a, b, c] = frame.axes;
    let weigh = |weight: T, cell: i32| weight * T::from(i64::from(cell));
    let [plane_a, plane_b, _] = frame.plane.weight;
    for i in span[a].clone() {
        let mut row = span[b].clone();
        for strip in &frame.across {
            row = strip.cut(weigh(strip.weight[0], i), row);
        }
        let mut outer = span[c].clone();
        for strip in &frame.first {
            outer = strip.cut(weigh(strip.weight[0], i), outer);
        }
        if outer.is_empty() {
            continue;
        }
        for j in row {
            let fixed = weigh(plane_a, i) + weigh(plane_b, j);
            let mut column = frame.plane.cut(fixed, outer.clone());
            for strip in &frame.second {
                column = strip.cut(weigh(strip.weight[0], j), column);
            }
            for k in column {
                let mut cell = [0; 3];
                (cell[a], cell[b], cell[c]) = (i, j, k);
                visit(cell);
            }
        }
    }
}
