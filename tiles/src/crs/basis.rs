//! The terms that the polynomials are sums of.

use crate::bounds::Aabb;
use glam::DVec3;

/// The highest degree in east and north. Beyond it a fit to a city's geoid gains nothing.
pub(super) const MAX_DEGREE: usize = 16;

/// Of a given degree, the powers (east, north, up) of every term, in the order of the coefficients.
///
/// Up is a matter of some hundred metres and nearly linear, so its powers are few: the first matters as the plumb lines
/// fan out, the second hardly.
fn powers(degree: usize) -> impl Iterator<Item = [usize; 3]> {
    [degree, degree.min(3), degree.min(1)]
        .into_iter()
        .enumerate()
        .flat_map(|(up, horizontal)| {
            (0..=horizontal).flat_map(move |east| (0..=horizontal - east).map(move |north| [east, north, up]))
        })
}

/// How many terms a degree has.
pub(super) fn term_count(degree: usize) -> usize {
    powers(degree).count()
}

/// The terms at one point.
pub(super) struct Basis {
    degree: usize,
    /// Chebyshev polynomials of the first kind of the normalised coordinate, by axis.
    values: [[f64; MAX_DEGREE + 1]; 3],
    /// Their derivatives by the coordinate in metres.
    slopes: [[f64; MAX_DEGREE + 1]; 3],
}

/// One term at one point.
pub(super) struct Term {
    pub(super) value: f64,
    /// Derivatives by east, north and up.
    pub(super) slope: DVec3,
}

impl Basis {
    pub(super) fn new(degree: usize, domain: &Aabb, point: DVec3) -> Self {
        let degree = degree.min(MAX_DEGREE);
        let mut basis = Self {
            degree,
            values: [[0.0; MAX_DEGREE + 1]; 3],
            slopes: [[0.0; MAX_DEGREE + 1]; 3],
        };
        // A domain without extent along an axis still has a scale there.
        let half = (domain.size() * 0.5).max(DVec3::ONE);
        let normalized = ((point - domain.center()) / half).to_array();
        for axis in 0..3 {
            let t = normalized[axis];
            let (values, slopes) = (&mut basis.values[axis], &mut basis.slopes[axis]);
            // T(n+1) = 2t T(n) - T(n-1); its derivative is n U(n-1), and U has the same recurrence.
            let (mut u_before, mut u) = (0.0, 1.0);
            values[0] = 1.0;
            values[1] = t;
            for n in 1..=degree {
                slopes[n] = n as f64 * u / half[axis];
                (u_before, u) = (u, 2.0 * t * u - u_before);
                if n < MAX_DEGREE {
                    values[n + 1] = 2.0 * t * values[n] - values[n - 1];
                }
            }
        }
        basis
    }

    /// Every term, in the order of the coefficients.
    pub(super) fn terms(&self) -> impl Iterator<Item = Term> {
        powers(self.degree).map(|[i, j, k]| {
            let [e, n, u] = [self.values[0][i], self.values[1][j], self.values[2][k]];
            Term {
                value: e * n * u,
                slope: DVec3::new(
                    self.slopes[0][i] * n * u,
                    e * self.slopes[1][j] * u,
                    e * n * self.slopes[2][k],
                ),
            }
        })
    }
}
