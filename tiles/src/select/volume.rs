//! A tile's bounding volume in the frame of the tree.

use crate::bounds::{Aabb, OrientedBox};
use crate::geodesy::{EnuFrame, Geodetic, SEMI_MAJOR_AXIS};
use crate::tileset::BoundingVolume;
use glam::{DMat4, DVec3};

/// A box around the volume. `transform` leads from the tile's frame to the frame of the tree, `earth` from EPSG:4978.
pub(super) fn in_frame(volume: &BoundingVolume, transform: &DMat4, earth: &DMat4) -> OrientedBox {
    match volume {
        BoundingVolume::Box(numbers) => OrientedBox::from_array(numbers).transformed(transform),
        BoundingVolume::Sphere([x, y, z, radius]) => {
            let reach = DVec3::splat(*radius);
            let center = DVec3::new(*x, *y, *z);
            let around = Aabb {
                min: center - reach,
                max: center + reach,
            };
            OrientedBox::from_aabb(&around).transformed(transform)
        }
        // Tile transforms do not apply to regions (3D Tiles 1.1, 7.1.3).
        BoundingVolume::Region(region) => around_region(region).transformed(earth),
    }
}

/// A box around west, south, east, north in radians and the least and greatest height in metres, in EPSG:4978.
fn around_region(&[west, south, east, north, low, high]: &[f64; 6]) -> OrientedBox {
    const STEPS: i32 = 8;
    let east = if east < west {
        east + std::f64::consts::TAU
    } else {
        east
    };
    let middle = Geodetic {
        lon: (west + east) * 0.5,
        lat: (south + north) * 0.5,
        height: 0.0,
    };
    let frame = EnuFrame::new(middle);
    let mut bounds = Aabb::EMPTY;
    for i in 0..=STEPS {
        for j in 0..=STEPS {
            let part = |from: f64, to: f64, step: i32| from + (to - from) * f64::from(step) / f64::from(STEPS);
            let (lon, lat) = (part(west, east, i), part(south, north, j));
            for height in [low, high] {
                bounds.include(frame.to_enu(Geodetic { lon, lat, height }.to_ecef()).0);
            }
        }
    }
    // Between two samples the ellipsoid bulges by less than the sagitta of the largest step.
    let step = (east - west).max(north - south).min(std::f64::consts::PI) / f64::from(STEPS);
    let bulge = (SEMI_MAJOR_AXIS + high.max(0.0)) * (1.0 - (step * 0.5).cos());
    let axes = DMat4::from_cols_array(&frame.transform());
    OrientedBox::from_aabb(&bounds.grown(bulge + 1e-3)).transformed(&axes)
}

/// Why nothing can be drawn with the volume, if so.
pub(super) fn fault(volume: &BoundingVolume) -> Option<&'static str> {
    let (numbers, bad): (&[f64], bool) = match volume {
        BoundingVolume::Box(numbers) => (numbers, false),
        BoundingVolume::Sphere(numbers) => (numbers, numbers[3] < 0.0),
        BoundingVolume::Region(r) => {
            let beyond = |angle: f64, limit: f64| angle.abs() > limit + 1e-9;
            let latitude = std::f64::consts::FRAC_PI_2;
            (
                r,
                r[1] > r[3]
                    || r[4] > r[5]
                    || beyond(r[1], latitude)
                    || beyond(r[3], latitude)
                    || beyond(r[0], std::f64::consts::PI)
                    || beyond(r[2], std::f64::consts::PI),
            )
        }
    };
    if numbers.iter().any(|number| !number.is_finite()) {
        Some("a bounding volume that is not finite")
    } else {
        bad.then_some("a bounding volume that holds nothing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geodesy::Ecef;

    #[test]
    fn the_box_around_a_region_holds_all_of_it_and_little_more() {
        let region = [24.9_f64, 60.1, 25.1, 60.2].map(f64::to_radians);
        let region = [region[0], region[1], region[2], region[3], -10.0, 120.0];
        let around = in_frame(&BoundingVolume::Region(region), &DMat4::IDENTITY, &DMat4::IDENTITY);
        for i in 0..=100 {
            for j in 0..=100 {
                let part = |from: f64, to: f64, step: i32| from + (to - from) * f64::from(step) / 100.0;
                let lon = part(region[0], region[2], i);
                let lat = part(region[1], region[3], j);
                for height in [-10.0, 60.0, 120.0] {
                    let Ecef(point) = Geodetic { lon, lat, height }.to_ecef();
                    assert!(around.contains(point, 1e-6));
                }
            }
        }
        // 0.2 degrees of longitude and 0.1 of latitude at 60.15 N, by the ellipsoid's radii.
        let sides = around.half_axes.map(|axis| axis.length() * 2.0);
        assert!((sides[0] - 11_140.0).abs() < 40.0, "{sides:?}");
        assert!((sides[1] - 11_144.0).abs() < 40.0, "{sides:?}");
        assert!(sides[2] < 130.0 + 15.0, "{sides:?}");
    }

    #[test]
    fn a_region_across_the_date_line_is_narrow() {
        let region = [179.0_f64, -1.0, -179.0, 1.0].map(f64::to_radians);
        let region = [region[0], region[1], region[2], region[3], 0.0, 10.0];
        let around = in_frame(&BoundingVolume::Region(region), &DMat4::IDENTITY, &DMat4::IDENTITY);
        assert!(around.radius() < 250_000.0, "{}", around.radius());
        assert!(around.contains(DVec3::new(-SEMI_MAJOR_AXIS, 0.0, 0.0), 1.0));
    }

    #[test]
    fn a_sphere_is_held_by_its_box_wherever_the_tile_is() {
        let turned = DMat4::from_translation(DVec3::X * 5.0) * DMat4::from_rotation_z(0.5);
        let around = in_frame(&BoundingVolume::Sphere([1.0, 0.0, 0.0, 2.0]), &turned, &DMat4::IDENTITY);
        let center = turned.transform_point3(DVec3::X);
        assert!(around.contains(center + DVec3::new(1.99, 0.0, 0.0), 0.0));
        assert!(!around.contains(center + DVec3::new(0.0, 0.0, 2.1), 0.0));
    }
}
