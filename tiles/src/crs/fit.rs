//! Finding the polynomials: linear least squares by Householder's QR decomposition (Golub and Van Loan, "Matrix
//! Computations", 5.2 and 5.3), which needs no square of the condition number.

use super::basis::{Basis, MAX_DEGREE, term_count};
use super::geoid::Undulation;
use super::{Error, FittedCrs, TOLERANCE};
use crate::bounds::Aabb;
use crate::geodesy::Enu;
use glam::DVec3;

/// The lowest degree tried: the earth is round.
const MIN_DEGREE: usize = 2;

/// An error in metres below which no higher degree is tried.
const GOOD: f64 = TOLERANCE / 20.0;

/// See [`FittedCrs::fit`].
pub(super) fn fit(
    samples: &[(Enu, DVec3)],
    check: &[(Enu, DVec3)],
    geoid: Option<&Undulation>,
) -> Result<FittedCrs, Error> {
    if check.is_empty() {
        return Err(Error::Samples("there are none to check against"));
    }
    let all = || samples.iter().chain(check);
    if all().any(|(enu, projected)| !enu.0.is_finite() || !projected.is_finite()) {
        return Err(Error::Samples("one is not finite"));
    }
    let mut best: Option<FittedCrs> = None;
    for degree in MIN_DEGREE..=MAX_DEGREE {
        if term_count(degree) > samples.len() {
            break;
        }
        let Some(mut crs) = fit_degree(samples, degree, geoid) else {
            break;
        };
        crs.max_error = all().fold(0.0, |worst: f64, (enu, projected)| {
            worst.max(error_in_metres(&crs, *enu, *projected))
        });
        if best.as_ref().is_none_or(|best| crs.max_error < best.max_error) {
            best = Some(crs);
        }
        if best.as_ref().is_some_and(|best| best.max_error <= GOOD) {
            break;
        }
    }
    match best {
        Some(crs) if crs.max_error <= TOLERANCE => Ok(crs),
        Some(crs) => Err(Error::Inexact {
            max_error: crs.max_error,
        }),
        None => Err(Error::Underdetermined { samples: samples.len() }),
    }
}

/// How far the fit is off at a sample, as a distance in the ENU frame; infinite where it has no inverse.
fn error_in_metres(crs: &FittedCrs, enu: Enu, projected: DVec3) -> f64 {
    let (value, slope) = crs.value_and_slope(enu.0);
    let offset = slope.inverse() * (projected - value);
    if offset.is_finite() {
        offset.length()
    } else {
        f64::INFINITY
    }
}

/// The least-squares fit of one degree; none where the samples do not determine it.
fn fit_degree(samples: &[(Enu, DVec3)], degree: usize, geoid: Option<&Undulation>) -> Option<FittedCrs> {
    let domain = Aabb::from_points(samples.iter().map(|(enu, _)| enu.0));
    let mut columns = vec![Vec::with_capacity(samples.len()); term_count(degree)];
    for (enu, _) in samples {
        let basis = Basis::new(degree, &domain, enu.0);
        for (column, term) in columns.iter_mut().zip(basis.terms()) {
            column.push(term.value);
        }
    }
    // Heights above the ellipsoid are smooth; those above the geoid need not be.
    let smooth: Vec<DVec3> = samples
        .iter()
        .map(|(enu, projected)| *projected + DVec3::Z * geoid.map_or(0.0, |geoid| geoid.at(enu.0).0))
        .collect();
    // Eastings are of the order of 10^7: fitted about their middle they keep seven more digits.
    let middle = Aabb::from_points(smooth.iter().copied()).center();
    let sides = [0, 1, 2].map(|axis: usize| smooth.iter().map(|point| point[axis] - middle[axis]).collect());
    let mut coefficients = least_squares(columns, sides)?;
    for (list, offset) in coefficients.iter_mut().zip(middle.to_array()) {
        // The first term is the constant.
        if let Some(constant) = list.first_mut() {
            *constant += offset;
        }
    }
    let [x0, y0, z0] = domain.min.to_array();
    let [x1, y1, z1] = domain.max.to_array();
    Some(FittedCrs {
        horizontal: String::new(),
        vertical: String::new(),
        domain: [x0, y0, z0, x1, y1, z1],
        degree,
        coefficients,
        max_error: f64::INFINITY,
        geoid: geoid.cloned(),
    })
}

/// Solves `columns * x = side` in the sense of least squares for three sides; none where the columns depend on each other.
fn least_squares(mut columns: Vec<Vec<f64>>, mut sides: [Vec<f64>; 3]) -> Option<[Vec<f64>; 3]> {
    let terms = columns.len();
    let mut diagonal = vec![0.0; terms];
    for k in 0..terms {
        let (done, rest) = columns.split_at_mut(k + 1);
        let column = &mut done[k];
        let whole = norm(column);
        let length = norm(&column[k..]);
        // Compared with the column as it was (reflections keep its length): what is left is rounding.
        if length <= 1e-10 * whole {
            return None;
        }
        diagonal[k] = if column[k] > 0.0 { -length } else { length };
        column[k] -= diagonal[k];
        let mirror = &column[k..];
        let squared = dot(mirror, mirror);
        for other in rest.iter_mut().chain(sides.iter_mut()) {
            let factor = 2.0 * dot(mirror, &other[k..]) / squared;
            for (number, normal) in other[k..].iter_mut().zip(mirror) {
                *number -= factor * normal;
            }
        }
    }
    Some(sides.map(|side| {
        let mut solution = vec![0.0; terms];
        for k in (0..terms).rev() {
            let known: f64 = (k + 1..terms).map(|j| columns[j][k] * solution[j]).sum();
            solution[k] = (side[k] - known) / diagonal[k];
        }
        solution
    }))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}
