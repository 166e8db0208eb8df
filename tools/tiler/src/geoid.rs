//! Heights above the geoid to heights above the ellipsoid.
//!
//! A city measures height from its sea level; the tiles need it from the ellipsoid, tens of metres away. PROJ leaves a height
//! alone in silence when it lacks the grid, so this is a step of our own: a grid of the geoid's height above the ellipsoid,
//! interpolated bilinearly, and an error that says which grid is needed when there is none.

mod ascii;
mod catalogue;
mod geotiff;
mod gtx;

pub(crate) use catalogue::vertical_crs_named;
pub use catalogue::{VerticalCrs, shipped, vertical_crs};

use std::path::{Path, PathBuf};

/// Why there is no geoid height.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The grid file cannot be read.
    #[error("the geoid grid {}: {source}. Check the path given with --geoid.", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The grid file is not one.
    #[error("the geoid grid {name}: {message}. Known are ESRI ASCII (.asc), GTX (.gtx) and GeoTIFF (.tif).")]
    Format {
        /// The file or the name of the shipped grid.
        name: String,
        /// What is wrong.
        message: String,
    },
}

/// A grid of the geoid's height above the ellipsoid, in metres, over longitude and latitude.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// What to call it.
    pub name: String,
    /// Longitude of the first column's nodes, degrees.
    west: f64,
    /// Latitude of the first row's nodes, degrees.
    north: f64,
    /// Degrees from a column to the next one, eastward.
    step_lon: f64,
    /// Degrees from a row to the next one, southward.
    step_lat: f64,
    columns: usize,
    rows: usize,
    /// Row by row from the north, NaN where there is no value.
    values: Vec<f32>,
}

impl Grid {
    /// Reads a grid; the format is told by the first bytes, then by the file's name.
    ///
    /// # Errors
    /// When the file cannot be read or is not a grid.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&path.display().to_string(), &bytes)
    }

    /// Reads a grid from bytes; `name` is for messages and for its ending.
    ///
    /// # Errors
    /// When the bytes are not a grid.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, Error> {
        let parsed = if bytes.starts_with(b"II") || bytes.starts_with(b"MM") {
            geotiff::parse(bytes)
        } else if bytes.len() > 5 && bytes[..5].eq_ignore_ascii_case(b"ncols") {
            ascii::parse(bytes)
        } else if name.to_ascii_lowercase().ends_with(".gtx") {
            gtx::parse(bytes)
        } else {
            Err("it has none of the known formats".to_owned())
        };
        let mut grid = parsed.map_err(|message| Error::Format {
            name: name.to_owned(),
            message,
        })?;
        name.clone_into(&mut grid.name);
        Ok(grid)
    }

    /// A grid of nodes; `None` when the numbers do not describe one.
    fn new(first: [f64; 2], step: [f64; 2], size: [usize; 2], values: Vec<f32>) -> Option<Self> {
        let sound = first.iter().chain(&step).all(|v| v.is_finite())
            && step.iter().all(|&v| v > 0.0)
            && size.iter().all(|&n| n >= 2)
            && size[0].checked_mul(size[1]) == Some(values.len());
        sound.then(|| Self {
            name: String::new(),
            west: first[0],
            north: first[1],
            step_lon: step[0],
            step_lat: step[1],
            columns: size[0],
            rows: size[1],
            values,
        })
    }

    /// The geoid's height above the ellipsoid in metres at a place in degrees; `None` outside the grid and where it
    /// has no value.
    pub fn height(&self, lon: f64, lat: f64) -> Option<f64> {
        let y = (self.north - lat) / self.step_lat;
        let turn = 360.0 / self.step_lon;
        let mut x = (lon - self.west) / self.step_lon;
        x -= (x / turn).floor() * turn;
        // A world grid stops one step short of where it began: its first column is also its last neighbour.
        let wraps = (self.columns as f64 - turn).abs() < 1e-6;
        let last_column = if wraps { self.columns } else { self.columns - 1 };
        let (column, fx) = cell(x, last_column)?;
        let (row, fy) = cell(y, self.rows - 1)?;
        let at = |c: usize, r: usize| f64::from(self.values[r * self.columns + c % self.columns]);
        let top = at(column, row) * (1.0 - fx) + at(column + 1, row) * fx;
        let bottom = at(column, row + 1) * (1.0 - fx) + at(column + 1, row + 1) * fx;
        let height = top * (1.0 - fy) + bottom * fy;
        height.is_finite().then_some(height)
    }

    /// The nodes around a box (west, south, east, north in degrees) and one more on every side, where the grid has them;
    /// `None` where one of them has no value.
    pub(crate) fn around(&self, [west, south, east, north]: [f64; 4]) -> Option<tiles::crs::Geoid> {
        let column = |lon: f64| (lon - self.west) / self.step_lon;
        let row = |lat: f64| (self.north - lat) / self.step_lat;
        let within = |position: f64, count: usize| (position.max(0.0) as usize).min(count - 1);
        let first = [
            within(column(west).floor() - 1.0, self.columns),
            within(row(north).floor() - 1.0, self.rows),
        ];
        let last = [
            within(column(east).ceil() + 1.0, self.columns),
            within(row(south).ceil() + 1.0, self.rows),
        ];
        let values: Vec<f32> = (first[1]..=last[1])
            .flat_map(|r| self.values[r * self.columns..][first[0]..=last[0]].iter().copied())
            .collect();
        values.iter().all(|value| value.is_finite()).then(|| tiles::crs::Geoid {
            west: self.west + first[0] as f64 * self.step_lon,
            north: self.north - first[1] as f64 * self.step_lat,
            step_lon: self.step_lon,
            step_lat: self.step_lat,
            columns: last[0] - first[0] + 1,
            values,
        })
    }

    /// West, south, east, north of the grid in degrees, for messages.
    pub fn extent(&self) -> [f64; 4] {
        let east = self.west + self.step_lon * (self.columns - 1) as f64;
        let south = self.north - self.step_lat * (self.rows - 1) as f64;
        [self.west, south, east, self.north]
    }
}

/// The cell that a position in steps falls into, and how far into it; a rounding error beyond the edge is forgiven.
fn cell(position: f64, last: usize) -> Option<(usize, f64)> {
    const SLACK: f64 = 1e-9;
    if !(-SLACK..=last as f64 + SLACK).contains(&position) {
        return None;
    }
    let index = (position.max(0.0).floor() as usize).min(last - 1);
    Some((index, (position - index as f64).clamp(0.0, 1.0)))
}
