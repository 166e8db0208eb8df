//! The one frame that all tiles share, and the way back from it.

use super::{SourceCrs, Transformer};
use glam::DVec3;
use tiles::bounds::Aabb;
use tiles::crs::FittedCrs;
use tiles::geodesy::{Enu, EnuFrame, Geodetic};

/// The origin for a city within these bounds (longitude and latitude in degrees, height in metres): the middle, on the level of the
/// lowest point, rounded so that it reads well.
pub(crate) fn origin_of(bounds: &Aabb) -> [f64; 3] {
    let middle = bounds.center();
    let round = |value: f64, steps: f64| (value * steps).round() / steps;
    [
        round(middle.x, 1e4),
        round(middle.y, 1e4),
        round(bounds.min.z, 1.0),
    ]
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
    let fitted = FittedCrs::fit(&nodes, &between)?;
    Ok(fitted.named(crs.horizontal_name(), crs.vertical_name()))
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
