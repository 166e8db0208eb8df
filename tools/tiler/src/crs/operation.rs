//! The operation from a reference system to WGS 84.

use super::{Error, PointError, SourceCrs, Vertical};
use proj::Proj;
use tiles::geodesy::Geodetic;

/// WGS 84, longitude first, degrees.
const WGS_84: &str = "OGC:CRS84";

/// Moves points of one [`SourceCrs`]. It belongs to one thread, as PROJ's objects do.
#[derive(Debug)]
pub struct Transformer {
    proj: Proj,
    crs: SourceCrs,
}

impl Transformer {
    /// The operation for this reference system, with ballpark operations refused.
    ///
    /// # Errors
    /// [`Error::Ballpark`] and [`Error::Proj`].
    pub fn new(crs: &SourceCrs) -> Result<Self, Error> {
        let failed = |message: String| failed(crs, message);
        if crs.sound.get().is_none() {
            refuse_ballpark(crs)?;
            let _ = crs.sound.set(());
        }
        let open = |definition| Proj::new(definition).map_err(|e| failed(e.to_string()));
        let proj = open(&crs.definition)?
            .create_crs_to_crs_from_pj(&open(WGS_84)?, None, Some(vec!["ALLOW_BALLPARK=NO"]))
            .map_err(|e| failed(e.to_string()))?;
        Ok(Self { proj, crs: crs.clone() })
    }

    /// Whether the file writes northing first.
    pub(super) fn swap_axes(&mut self, swapped: bool) {
        self.crs.swapped = swapped;
    }

    /// Longitude and latitude in degrees of a point as written.
    fn degrees(&self, point: [f64; 3]) -> Result<(f64, f64), PointError> {
        let outside = || PointError::Domain(point);
        let [a, b, _] = point;
        // `swapped`: the file writes northing first; `north_first`: PROJ reads northing first.
        let pair = if self.crs.swapped == self.crs.north_first {
            (a, b)
        } else {
            (b, a)
        };
        let (lon, lat) = self.proj.convert(pair).map_err(|_| outside())?;
        let on_earth = (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat);
        on_earth.then_some((lon, lat)).ok_or_else(outside)
    }

    /// Longitude, latitude and ellipsoidal height of a point as written.
    ///
    /// # Errors
    /// When the point is not where the reference system, or the geoid grid, holds.
    pub fn geodetic(&self, point: [f64; 3]) -> Result<Geodetic, PointError> {
        let (lon, lat) = self.degrees(point)?;
        let undulation = match &self.crs.vertical {
            Vertical::Ellipsoid => 0.0,
            Vertical::Geoid { grid, .. } => grid.height(lon, lat).ok_or_else(|| PointError::Geoid {
                point,
                lon,
                lat,
                grid: grid.name.clone(),
                extent: grid.extent(),
            })?,
        };
        if !point[2].is_finite() {
            return Err(PointError::Domain(point));
        }
        Ok(Geodetic::from_degrees(lon, lat, point[2] + undulation))
    }

    /// A point given as easting, northing, height, in the order of the file.
    pub(super) fn as_written(&self, point: [f64; 3]) -> [f64; 3] {
        self.east_north(point)
    }

    /// Easting, northing, height of a point as written, whatever the order in the file.
    pub fn east_north(&self, point: [f64; 3]) -> [f64; 3] {
        let [a, b, height] = point;
        if self.crs.swapped { [b, a, height] } else { point }
    }

    /// Whether the point lies in the area of use of the reference system.
    pub(super) fn in_area(&self, point: [f64; 3]) -> bool {
        let Ok((lon, lat)) = self.degrees(point) else {
            return false;
        };
        let [west, south, east, north] = self.crs.area.unwrap_or([-180.0, -90.0, 180.0, 90.0]);
        let between = if west <= east {
            (west..=east).contains(&lon)
        } else {
            lon >= west || lon <= east
        };
        between && (south..=north).contains(&lat)
    }

    /// What PROJ does, and how far off it may be, in metres; `None` where PROJ does not know.
    pub fn describe(&self) -> (String, Option<f64>) {
        let info = self.proj.proj_info();
        let accuracy = (info.accuracy >= 0.0).then_some(info.accuracy);
        (info.description.unwrap_or_default(), accuracy)
    }
}

impl SourceCrs {
    /// The middle of the area of use in this system, easting first; the operation is chosen by place.
    fn middle_of_area(&self) -> (f64, f64) {
        let Some([west, south, east, north]) = self.area else {
            return (0.0, 0.0);
        };
        let east = if east < west { east + 360.0 } else { east };
        let middle = (f64::midpoint(west, east), f64::midpoint(south, north));
        Proj::new_known_crs(WGS_84, &self.definition, None)
            .ok()
            .and_then(|back| back.convert(middle).ok())
            .unwrap_or(middle)
    }
}

fn failed(crs: &SourceCrs, message: String) -> Error {
    Error::Proj {
        crs: crs.name.clone(),
        message,
    }
}

/// The crate `proj` panics where PROJ answers "no operation" without an error number, which it does when only ballpark operations are left.
/// So this asks first with everything allowed, and reads what would be used.
fn refuse_ballpark(crs: &SourceCrs) -> Result<(), Error> {
    let probe = Proj::new_known_crs(&crs.definition, WGS_84, None).map_err(|e| failed(crs, e.to_string()))?;
    let _ = probe.convert(crs.middle_of_area());
    if is_ballpark(&probe) {
        return Err(Error::Ballpark { crs: crs.name.clone() });
    }
    Ok(())
}

fn is_ballpark(operation: &Proj) -> bool {
    operation
        .proj_info()
        .description
        .is_some_and(|text| text.contains("Ballpark"))
}
