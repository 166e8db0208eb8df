//! Where the ground is.
//!
//! A scene should begin at one's feet, so an origin that is not given lies on the ground: on the terrain, else on what
//! else covers the ground there, else at the foot of the nearest building.

use crate::Error;
use crate::area::{Area, Plane};
use crate::frames::City;
use crate::gather::read;
use glam::{DVec2, DVec3};
use store::Collection;
use tiles::bounds::Aabb;
use tiles::geodesy::{Enu, Geodetic};
use tiles::mesh::TileContent;
use tiles::tileset::LayerInfo;

/// The layers that one may stand on, the likeliest first.
const GROUND: [&str; 4] = ["terrain", "roads", "green", "water"];
/// How far around the point a leaf's volume may end, in metres: an upright line is not quite upright in the city's frame.
const MARGIN: f64 = 2.0;

/// Longitude, latitude and ellipsoidal height of the ground in the middle of an area; `None` where nothing is.
pub(crate) fn middle_on_ground(collection: &Collection, city: &City, area: &Area) -> Result<Option<[f64; 3]>, Error> {
    // To a tenth of a millimetre, and the height to a whole one: the origin is a number that people copy.
    let [lon, lat] = area.middle().map(|degrees| (degrees * 1e9).round() / 1e9);
    let base = Geodetic::from_degrees(lon, lat, city.frame.origin().height);
    let point = city.frame.to_enu(base.to_ecef()).0.truncate();
    let layers = &collection.pointer().layers;
    for name in GROUND {
        if let Some(layer) = layers.iter().find(|layer| layer.name == name)
            && let Some(up) = height_of(collection, layer, point)?
        {
            let [_, _, height] = city.degrees(Enu(point.extend(up)));
            return Ok(Some([lon, lat, rounded(height)]));
        }
    }
    let foot = nearest_foot(collection, city, area, point)?;
    Ok(foot.map(|foot| [lon, lat, rounded(city.degrees(Enu(foot))[2])]))
}

fn rounded(height: f64) -> f64 {
    (height * 1e3).round() / 1e3
}

/// The greatest height of a layer at a point of the city's frame.
fn height_of(collection: &Collection, layer: &LayerInfo, point: DVec2) -> Result<Option<f64>, Error> {
    let plane = Plane::around(point, MARGIN);
    let mut highest = None;
    for leaf in collection.leaves(layer, |volume| plane.meets(volume))? {
        let content = read(collection, &leaf)?;
        let mesh = &content.mesh;
        for corners in mesh.indices.as_chunks::<3>().0 {
            let triangle = corners
                .map(|corner| place(&content, corner).map_or(DVec3::NAN, |p| leaf.transform.transform_point3(p)));
            highest = above(triangle, point).into_iter().chain(highest).reduce(f64::max);
        }
    }
    Ok(highest)
}

/// The height of a triangle at a point, if it lies above or below.
fn above([a, b, c]: [DVec3; 3], point: DVec2) -> Option<f64> {
    let (ab, ac, ap) = ((b - a).truncate(), (c - a).truncate(), point - a.truncate());
    let doubled = ab.perp_dot(ac);
    let (v, w) = (ap.perp_dot(ac) / doubled, ab.perp_dot(ap) / doubled);
    // Of an upright triangle these are no numbers, which lie in no range.
    let within = (0.0..=1.0).contains(&v) && (0.0..=1.0).contains(&w) && v + w <= 1.0;
    within.then_some(a.z + (b.z - a.z) * v + (c.z - a.z) * w)
}

/// The lowest point of the object nearest to a point, in the city's frame.
fn nearest_foot(collection: &Collection, city: &City, area: &Area, point: DVec2) -> Result<Option<DVec3>, Error> {
    let plane = area.in_frame(&city.frame);
    let mut nearest: Option<(f64, DVec3)> = None;
    for layer in &collection.pointer().layers {
        for leaf in collection.leaves(layer, |volume| plane.meets(volume))? {
            let content = read(collection, &leaf)?;
            let mut bounds = vec![Aabb::EMPTY; content.features.len()];
            for (vertex, row) in content.mesh.feature_ids.iter().enumerate() {
                if let Some(position) = place(&content, vertex as u32) {
                    bounds[usize::from(*row)].include(leaf.transform.transform_point3(position));
                }
            }
            for bounds in bounds.iter().filter(|bounds| !bounds.is_empty()) {
                let distance = bounds.distance_to(point.extend(bounds.min.z));
                if nearest.is_none_or(|(least, _)| distance < least) {
                    nearest = Some((distance, point.extend(bounds.min.z)));
                }
            }
        }
    }
    Ok(nearest.map(|(_, foot)| foot))
}

/// A vertex in its tile's frame.
fn place(content: &TileContent, vertex: u32) -> Option<DVec3> {
    let position = content.mesh.positions.get(vertex as usize)?;
    Some(content.mesh.origin + DVec3::from(position.map(f64::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_height_of_a_slope_is_found_under_a_point_and_nowhere_else() {
        let slope = [DVec3::ZERO, DVec3::new(10.0, 0.0, 5.0), DVec3::new(0.0, 10.0, 0.0)];
        assert_eq!(above(slope, DVec2::new(4.0, 2.0)), Some(2.0));
        assert_eq!(above(slope, DVec2::new(8.0, 4.0)), None);
        let wall = [DVec3::ZERO, DVec3::X, DVec3::Z];
        assert_eq!(above(wall, DVec2::new(0.5, 0.0)), None);
    }
}
