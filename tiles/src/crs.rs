//! The way back from the tiles to the city's own coordinates.
//!
//! People want easting, northing and height in the reference system of their city, and a block world must lie on its
//! grid; but PROJ and the geoid are at hand only when a city is tiled. So the tiler fits polynomials from the
//! tileset's ENU frame to the city's coordinates, proves their error on points of its own, and the tileset carries
//! them: see [`FittedCrs`].
//!
//! The polynomials are sums of products of Chebyshev polynomials over the box of the samples, which keeps the fit well
//! conditioned at any degree. Map projections and the ellipsoid's curvature are smooth: degree 3 to 5 does for a city. A geoid
//! grid is not smooth, so where heights were measured from one its nodes around the city are kept as they are: see
//! [`Geoid`].

mod basis;
mod fit;
mod geoid;

use crate::bounds::Aabb;
use crate::geodesy::{Enu, EnuFrame};
use basis::{Basis, MAX_DEGREE};
pub use geoid::Geoid;
use geoid::{StoredUndulation, Undulation};
use glam::{DMat3, DVec3};
use serde::{Deserialize, Serialize};

/// Why no polynomial could be fitted, or used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Too few samples, or samples that lie in a plane.
    #[error("{samples} samples do not determine the way back to the city's coordinates")]
    Underdetermined {
        /// How many there were.
        samples: usize,
    },
    /// Samples that are not numbers, or no check samples.
    #[error("the samples of the city's coordinates cannot be used: {0}")]
    Samples(&'static str),
    /// No polynomial reached [`TOLERANCE`].
    #[error("the way back to the city's coordinates is off by {max_error} m at worst; {TOLERANCE} m are allowed")]
    Inexact {
        /// The least maximum error reached, in metres.
        max_error: f64,
    },
    /// A stored fit whose parts contradict each other.
    #[error("the stored way back to the city's coordinates is damaged: {0}")]
    Damaged(&'static str),
}

/// The error in metres that a fit must not exceed on its check samples.
pub const TOLERANCE: f64 = 0.001;

/// Polynomials from a tileset's ENU frame to easting, northing and height of the city.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Stored")]
pub struct FittedCrs {
    /// The horizontal reference system, for example `EPSG:3879`.
    pub horizontal: String,
    /// The vertical reference system, for example `EPSG:3900`, or `ellipsoidal`.
    pub vertical: String,
    /// Least east, north, up, then greatest, in metres of the ENU frame.
    domain: [f64; 6],
    /// The greatest power of east and north together.
    degree: usize,
    /// Coefficients of easting, northing and height, in the order of [`Basis`].
    coefficients: [Vec<f64>; 3],
    max_error: f64,
    /// What the geoid subtracts from the polynomial of height.
    #[serde(skip_serializing_if = "Option::is_none")]
    geoid: Option<Undulation>,
}

impl FittedCrs {
    /// Fits polynomials to `samples`, pairs of a point and its easting, northing and height, and proves them on `check`,
    /// which must be other points of the same space: [`sample_points`] and [`check_points`] give good ones.
    ///
    /// Takes the lowest degree whose error is a twentieth of [`TOLERANCE`], else the best. The units of the city's
    /// coordinates do not matter: errors are measured in the ENU frame.
    ///
    /// # Errors
    /// When the samples do not determine the polynomials, or none is as good as [`TOLERANCE`].
    pub fn fit(samples: &[(Enu, DVec3)], check: &[(Enu, DVec3)]) -> Result<Self, Error> {
        fit::fit(samples, check, None)
    }

    /// As [`FittedCrs::fit`], for heights measured from a geoid: those of the samples are above this geoid, interpolated
    /// bilinearly, whose nodes should reach beyond the samples on every side. `frame` is the tileset's.
    ///
    /// # Errors
    /// As [`FittedCrs::fit`]; [`Error::Damaged`] for a geoid that is not a grid.
    pub fn fit_above(
        geoid: Geoid,
        frame: &EnuFrame,
        samples: &[(Enu, DVec3)],
        check: &[(Enu, DVec3)],
    ) -> Result<Self, Error> {
        fit::fit(samples, check, Some(&Undulation::new(geoid, frame)?))
    }

    /// The same fit under the names of its reference systems.
    #[must_use]
    pub fn named(mut self, horizontal: &str, vertical: &str) -> Self {
        horizontal.clone_into(&mut self.horizontal);
        vertical.clone_into(&mut self.vertical);
        self
    }

    /// Easting, northing and height (x, y, z) of a point. Outside the domain the polynomials go on as straight lines.
    pub fn project(&self, enu: Enu) -> DVec3 {
        self.value_and_slope(enu.0).0
    }

    /// The point with this easting, northing and height: the inverse of [`FittedCrs::project`], by Newton's method, to
    /// better than a micrometre.
    pub fn unproject(&self, projected: DVec3) -> Enu {
        let mut enu = self.domain().center();
        for _ in 0..20 {
            let (value, slope) = self.value_and_slope(enu);
            let step = slope.inverse() * (projected - value);
            if !step.is_finite() {
                break;
            }
            enu += step;
            if step.length() < 1e-8 {
                break;
            }
        }
        Enu(enu)
    }

    /// How the city's axes lie in the ENU frame at a point: the derivatives of easting, northing and height (rows) by
    /// east, north and up (columns). Its upper left gives grid north and the scale.
    pub fn slope(&self, enu: Enu) -> DMat3 {
        self.value_and_slope(enu.0).1
    }

    /// Where the polynomials hold, in the ENU frame. Outside the error is unknown.
    pub fn domain(&self) -> Aabb {
        let [x0, y0, z0, x1, y1, z1] = self.domain;
        Aabb {
            min: DVec3::new(x0, y0, z0),
            max: DVec3::new(x1, y1, z1),
        }
    }

    /// The greatest error seen on all samples, in metres.
    pub fn max_error(&self) -> f64 {
        self.max_error
    }

    /// Value and derivatives at a point. Beyond the domain a polynomial of high degree runs away, so there its tangent at
    /// the nearest point of the domain takes over.
    fn value_and_slope(&self, enu: DVec3) -> (DVec3, DMat3) {
        let domain = self.domain();
        let inside = enu.clamp(domain.min, domain.max);
        let basis = Basis::new(self.degree, &domain, inside);
        let mut value = DVec3::ZERO;
        let mut columns = [DVec3::ZERO; 3];
        for (number, term) in basis.terms().enumerate() {
            let coefficient = DVec3::from_array(
                [0, 1, 2].map(|axis: usize| self.coefficients[axis].get(number).copied().unwrap_or(0.0)),
            );
            value += coefficient * term.value;
            for (column, slope) in columns.iter_mut().zip(term.slope.to_array()) {
                *column += coefficient * slope;
            }
        }
        let mut slope = DMat3::from_cols(columns[0], columns[1], columns[2]);
        value += slope * (enu - inside);
        if let Some(geoid) = &self.geoid {
            let (height, change) = geoid.at(enu);
            value.z -= height;
            for (axis, change) in change.to_array().into_iter().enumerate() {
                slope.col_mut(axis).z -= change;
            }
        }
        (value, slope)
    }
}

/// Points of a box at which to sample for [`FittedCrs::fit`]: Chebyshev nodes, dense towards the border, where a fit to
/// evenly spaced points would swing.
pub fn sample_points(domain: &Aabb) -> Vec<Enu> {
    let nodes = |count: usize| -> Vec<f64> {
        let angle = |i: usize| (i as f64 + 0.5) / count as f64 * std::f64::consts::PI;
        // Stretched so that the outermost lie on the border: then the samples' box is the domain.
        let stretch = angle(0).cos();
        (0..count).map(|i| -angle(i).cos() / stretch).collect()
    };
    points(domain, &nodes(24), &nodes(4))
}

/// Points of a box at which to prove a fit: evenly spaced, the border included.
pub fn check_points(domain: &Aabb) -> Vec<Enu> {
    let even = |count: usize| -> Vec<f64> { (0..count).map(|i| 2.0 * i as f64 / (count - 1) as f64 - 1.0).collect() };
    points(domain, &even(49), &even(3))
}

fn points(domain: &Aabb, horizontal: &[f64], vertical: &[f64]) -> Vec<Enu> {
    let (center, half) = (domain.center(), domain.size() * 0.5);
    let mut points = Vec::with_capacity(horizontal.len().pow(2) * vertical.len());
    for &z in vertical {
        for &y in horizontal {
            for &x in horizontal {
                points.push(Enu(center + half * DVec3::new(x, y, z)));
            }
        }
    }
    points
}

/// What a tileset holds, before it is known to be whole.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    #[serde(default)]
    horizontal: String,
    #[serde(default)]
    vertical: String,
    domain: [f64; 6],
    degree: usize,
    coefficients: [Vec<f64>; 3],
    max_error: f64,
    geoid: Option<StoredUndulation>,
}

impl TryFrom<Stored> for FittedCrs {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let crs = Self {
            horizontal: stored.horizontal,
            vertical: stored.vertical,
            domain: stored.domain,
            degree: stored.degree,
            coefficients: stored.coefficients,
            max_error: stored.max_error,
            geoid: stored.geoid.map(Undulation::try_from).transpose()?,
        };
        if crs.degree > MAX_DEGREE {
            return Err(Error::Damaged("its degree is too high"));
        }
        if crs.domain().is_empty() {
            return Err(Error::Damaged("its domain is empty"));
        }
        let terms = basis::term_count(crs.degree);
        if crs.coefficients.iter().any(|list| list.len() != terms) {
            return Err(Error::Damaged("its coefficients are not as many as its degree says"));
        }
        Ok(crs)
    }
}
