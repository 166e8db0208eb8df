//! The one frame that all tiles share, and the way back from it.

use super::{SourceCrs, Transformer, Vertical};
use glam::DVec3;
use tiles::bounds::Aabb;
use tiles::crs::{FittedCrs, Geoid};
use tiles::geodesy::{Enu, EnuFrame, Geodetic};

/// The origin for a city within these bounds (longitude and latitude in degrees, height in metres): the middle, on the level of the
/// lowest point, rounded so that it reads well.
pub(crate) fn origin_of(bounds: &Aabb) -> [f64; 3] {
    let middle = bounds.center();
    let round = |value: f64, steps: f64| (value * steps).round() / steps;
    [round(middle.x, 1e4), round(middle.y, 1e4), round(bounds.min.z, 1.0)]
}

/// Nodes of the fit along each side of the domain; the check samples lie between them.
const NODES: u32 = 9;

/// Fits the way from the ENU frame back to the city's coordinates, over the box that these bounds (easting, northing, height) span.
///
/// # Errors
/// [`tiles::crs::Error`] when no polynomial is good enough.
pub(crate) fn back_to_city(
    crs: &SourceCrs,
    transformer: &Transformer,
    frame: &EnuFrame,
    bounds: &Aabb,
) -> Result<FittedCrs, tiles::crs::Error> {
    // A margin, so that a block world or a camera just outside has coordinates too.
    let margin = DVec3::new(100.0, 100.0, 50.0) * unit(bounds);
    let (min, max) = (bounds.min - margin, bounds.max + margin);
    let sample = |at: DVec3| {
        let city = min + (max - min) * at;
        let written = transformer.as_written([city.x, city.y, city.z]);
        let geodetic = transformer.geodetic(written).ok()?;
        Some((frame.to_enu(geodetic.to_ecef()), city))
    };
    let nodes: Vec<_> = grid(NODES, 0.0).filter_map(sample).collect();
    let between: Vec<_> = grid(NODES - 1, 0.5).filter_map(sample).collect();
    // A polynomial cannot follow the kinks of a bilinear grid over a large city: the fit takes the grid's nodes along.
    let fitted = match geoid_under(crs, frame, &nodes) {
        Some(geoid) => FittedCrs::fit_above(geoid, frame, &nodes, &between)?,
        None => FittedCrs::fit(&nodes, &between)?,
    };
    Ok(fitted.named(crs.horizontal_name(), crs.vertical_name()))
}

/// The geoid's nodes under these points; `None` where heights are not from a geoid, or across the date line.
fn geoid_under(crs: &SourceCrs, frame: &EnuFrame, points: &[(Enu, DVec3)]) -> Option<Geoid> {
    let Vertical::Geoid { grid, .. } = &crs.vertical else {
        return None;
    };
    let start = [f64::MAX, f64::MAX, f64::MIN, f64::MIN];
    let bounds = points.iter().fold(start, |[west, south, east, north], (enu, _)| {
        let [lon, lat, _] = degrees(frame, enu.0);
        [west.min(lon), south.min(lat), east.max(lon), north.max(lat)]
    });
    (bounds[2] - bounds[0] < 180.0).then(|| grid.around(bounds)).flatten()
}

/// 1 for metres; about a metre in degrees where the city's coordinates are longitude and latitude.
fn unit(bounds: &Aabb) -> DVec3 {
    if bounds.max.x.abs() <= 360.0 && bounds.max.y.abs() <= 90.0 {
        DVec3::new(1e-5, 1e-5, 1.0)
    } else {
        DVec3::ONE
    }
}

/// Points of the unit cube: `count` a side and three levels, `shift` steps in from the edge.
fn grid(count: u32, shift: f64) -> impl Iterator<Item = DVec3> {
    let step = move |i: u32| (f64::from(i) + shift) / f64::from(NODES - 1);
    (0..count).flat_map(move |i| {
        (0..count).flat_map(move |j| {
            [0.0, 0.4, 1.0]
                .into_iter()
                .map(move |z| DVec3::new(step(i), step(j), z))
        })
    })
}

/// A frame about an origin in degrees and metres.
pub(crate) fn frame_about([lon, lat, height]: [f64; 3]) -> EnuFrame {
    EnuFrame::new(Geodetic::from_degrees(lon, lat, height))
}

/// The point in the ENU frame as longitude and latitude in degrees and ellipsoidal height.
pub(crate) fn degrees(frame: &EnuFrame, enu: DVec3) -> [f64; 3] {
    let geodetic = frame.to_ecef(Enu(enu)).to_geodetic();
    let (lon, lat) = geodetic.degrees();
    [lon, lat, geodetic.height]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::Options;

    #[test]
    fn the_way_back_is_within_a_millimetre_over_a_city_of_28_km() {
        let crs = SourceCrs::new("urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::3900", &Options::default()).unwrap();
        let transformer = Transformer::new(&crs).unwrap();
        let bounds = Aabb {
            min: DVec3::new(25_484_000.0, 6_660_000.0, -10.0),
            max: DVec3::new(25_512_000.0, 6_688_000.0, 150.0),
        };
        let middle = transformer.geodetic([25_498_000.0, 6_674_000.0, 0.0]).unwrap();
        let frame = EnuFrame::new(middle);
        let fitted = back_to_city(&crs, &transformer, &frame, &bounds).unwrap();
        for city in [
            DVec3::new(25_484_123.4, 6_661_234.5, 12.0),
            DVec3::new(25_497_750.0, 6_676_280.0, 2.68),
            DVec3::new(25_511_876.5, 6_687_654.3, 140.0),
        ] {
            let enu = frame.to_enu(transformer.geodetic(city.to_array()).unwrap().to_ecef());
            assert!((fitted.project(enu) - city).length() < 1e-3, "{city}");
        }
    }
}
