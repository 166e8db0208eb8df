//! The way back from the tiles to the city's own coordinates.
//!
//! People want easting, northing and height in the reference system of their city, and a block world must lie on its
//! grid; but PROJ and the geoid are at hand only when a city is tiled. So the tiler fits polynomials from the
//! tileset's ENU frame to the city's coordinates, proves their error on points of its own, and the tileset carries
//! them: see [`FittedCrs`].

use crate::bounds::Aabb;
use crate::geodesy::Enu;
use glam::DVec3;
use serde::{Deserialize, Serialize};

/// Why no polynomial could be fitted, or used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Too few samples, or samples that lie on a line.
    #[error("{samples} samples do not determine the coordinate reference system")]
    Underdetermined {
        /// How many there were.
        samples: usize,
    },
    /// A sample that is not a number, or no check samples.
    #[error("the samples of the coordinate reference system cannot be used: {0}")]
    Samples(&'static str),
    /// No polynomial reached [`TOLERANCE`].
    #[error("the fit of the coordinate reference system is off by {max_error} m at worst, more than {TOLERANCE} m allow")]
    Inexact {
        /// The least maximum error reached, in metres.
        max_error: f64,
    },
}

/// The error in metres that a fit must not exceed on its check samples.
pub const TOLERANCE: f64 = 0.001;

/// Polynomials from a tileset's ENU frame to easting, northing and height of the city.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FittedCrs {
    /// The horizontal reference system, for example `EPSG:3879`.
    #[serde(default)]
    pub horizontal: String,
    /// The vertical reference system, for example `EPSG:3900`, or `ellipsoidal`.
    #[serde(default)]
    pub vertical: String,
    /// Where the polynomials hold: least east, north, up, then greatest, in metres of the ENU frame.
    domain: [f64; 6],
    /// The greatest power of east and north together.
    degree: u8,
    /// Coefficients of easting, northing and height.
    coefficients: [Vec<f64>; 3],
    /// The greatest error seen on the check samples, in metres.
    max_error: f64,
}

impl FittedCrs {
    /// Fits polynomials to `samples` and proves them on `check`, which must be other points of the same space.
    ///
    /// # Errors
    /// When the samples do not determine the polynomials, or none is as good as [`TOLERANCE`] on `check`.
    pub fn fit(samples: &[(Enu, DVec3)], check: &[(Enu, DVec3)]) -> Result<Self, Error> {
        let _ = check;
        Err(Error::Underdetermined {
            samples: samples.len(),
        })
    }

    /// The same fit under the names of its reference systems.
    #[must_use]
    pub fn named(mut self, horizontal: &str, vertical: &str) -> Self {
        horizontal.clone_into(&mut self.horizontal);
        vertical.clone_into(&mut self.vertical);
        self
    }

    /// Easting, northing and height (x, y, z) of a point.
    pub fn project(&self, enu: Enu) -> DVec3 {
        enu.0
    }

    /// The point with this easting, northing and height: the inverse of [`FittedCrs::project`].
    pub fn unproject(&self, projected: DVec3) -> Enu {
        Enu(projected)
    }

    /// Where the polynomials hold, in the ENU frame. Outside the error is unknown.
    pub fn domain(&self) -> Aabb {
        let [x0, y0, z0, x1, y1, z1] = self.domain;
        Aabb {
            min: DVec3::new(x0, y0, z0),
            max: DVec3::new(x1, y1, z1),
        }
    }

    /// The greatest error seen on the check samples, in metres.
    pub fn max_error(&self) -> f64 {
        self.max_error
    }
}
