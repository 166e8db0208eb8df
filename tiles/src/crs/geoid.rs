//! The geoid under a city.
//!
//! A geoid grid is interpolated bilinearly, so it has a kink along every line of its nodes, and a polynomial that crosses
//! kinks is millimetres off. Where heights were measured from a geoid, the fit therefore carries the grid's nodes around the
//! city and only has to follow the ellipsoid.

use super::Error;
use crate::geodesy::{Enu, EnuFrame, Geodetic, SEMI_MAJOR_AXIS};
use glam::{DVec2, DVec3};
use serde::{Deserialize, Serialize};

/// Heights of the geoid above the ellipsoid at the nodes of a grid over longitude and latitude. Between the nodes it is
/// bilinear, beyond the border it goes on level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Geoid {
    /// Longitude of the first column in degrees.
    pub west: f64,
    /// Latitude of the first row in degrees.
    pub north: f64,
    /// Degrees from a column to the next one, eastward; more than 0.
    pub step_lon: f64,
    /// Degrees from a row to the next one, southward; more than 0.
    pub step_lat: f64,
    /// Columns, at least 2.
    pub columns: usize,
    /// Row by row from the north, at least two rows, in the unit of the city's heights.
    pub values: Vec<f32>,
}

impl Geoid {
    /// Refuses a grid that is none.
    pub(super) fn check(&self) -> Result<(), Error> {
        let rows = self.values.len().checked_div(self.columns).unwrap_or(0);
        let sound = [self.west, self.north].iter().all(|v| v.is_finite())
            && [self.step_lon, self.step_lat].iter().all(|v| v.is_finite() && *v > 0.0)
            && self.columns >= 2
            && rows >= 2
            && rows * self.columns == self.values.len()
            && self.values.iter().all(|value| value.is_finite());
        if sound {
            Ok(())
        } else {
            Err(Error::Damaged("its geoid is not a grid"))
        }
    }

    /// Height of the geoid at a place in degrees, and its change by a degree of longitude and of latitude.
    fn at(&self, lon: f64, lat: f64) -> (f64, DVec2) {
        // Half a turn west of the grid's middle is where longitude begins again.
        let width = (self.columns - 1) as f64 * self.step_lon;
        let begin = self.west + width / 2.0 - 180.0;
        let east = begin + (lon - begin).rem_euclid(360.0) - self.west;
        let (column, x) = cell(east / self.step_lon, self.columns);
        let (row, y) = cell((self.north - lat) / self.step_lat, self.values.len() / self.columns);
        let node = |column: usize, row: usize| {
            let value = self.values.get(row * self.columns + column).copied();
            f64::from(value.unwrap_or_default())
        };
        let [nw, ne] = [node(column, row), node(column + 1, row)];
        let [sw, se] = [node(column, row + 1), node(column + 1, row + 1)];
        let (north, south) = (nw * (1.0 - x) + ne * x, sw * (1.0 - x) + se * x);
        let height = north * (1.0 - y) + south * y;
        let by_lon = ((ne - nw) * (1.0 - y) + (se - sw) * y) / self.step_lon;
        let by_lat = (north - south) / self.step_lat;
        (height, DVec2::new(by_lon, by_lat))
    }
}

/// The cell of a position in steps among so many nodes, and how far into it: 0 to 1.
fn cell(position: f64, nodes: usize) -> (usize, f64) {
    let inside = position.clamp(0.0, (nodes - 1) as f64);
    let cell = (inside.floor() as usize).min(nodes - 2);
    (cell, inside - cell as f64)
}

/// A geoid in a tileset's ENU frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Undulation {
    /// Origin of the frame.
    origin: Geodetic,
    #[serde(skip)]
    frame: EnuFrame,
    #[serde(flatten)]
    geoid: Geoid,
}

/// As [`Undulation`] is stored.
#[derive(Deserialize)]
pub(super) struct StoredUndulation {
    origin: Geodetic,
    #[serde(flatten)]
    geoid: Geoid,
}

impl Undulation {
    pub(super) fn new(geoid: Geoid, frame: &EnuFrame) -> Result<Self, Error> {
        geoid.check()?;
        Ok(Self {
            origin: frame.origin(),
            frame: *frame,
            geoid,
        })
    }

    /// Height of the geoid at a point, and its derivatives by east, north and up.
    pub(super) fn at(&self, enu: DVec3) -> (f64, DVec3) {
        let place = self.frame.to_ecef(Enu(enu)).to_geodetic();
        let (lon, lat) = place.degrees();
        let (height, by_degree) = self.geoid.at(lon, lat);
        // A sphere will do: the geoid's slope is some 10^-5.
        let degree = SEMI_MAJOR_AXIS.to_radians();
        let parallel = degree * place.lat.cos().max(1e-6);
        (height, DVec3::new(by_degree.x / parallel, by_degree.y / degree, 0.0))
    }
}

impl TryFrom<StoredUndulation> for Undulation {
    type Error = Error;

    fn try_from(stored: StoredUndulation) -> Result<Self, Error> {
        Self::new(stored.geoid, &EnuFrame::new(stored.origin))
    }
}
