//! Where the sun's shadow maps look.
//!
//! One map over a whole city would have texels of metres. The part of the city in the picture is cut into cascades by
//! distance (Dimitrov, "Cascaded Shadow Maps", 2007; Zhang et al., "Parallel-Split Shadow Maps", 2006), each with its
//! own square of one atlas. A cascade is fitted to what can *receive* a shadow: the slice of the view between the
//! lowest and the highest point of the city. What can *cast* into it reaches as far toward the sun as the city does.

use crate::eye::Eye;
use glam::{DMat4, DVec2, DVec3, DVec4};
use tiles::bounds::{Aabb, OrientedBox};

/// The most cascades; the shaders know the number too.
pub const MAX_CASCADES: usize = 4;

/// Beyond this many metres along the view nothing receives a shadow.
pub const LIMIT: f64 = 6000.0;

/// One shadow map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cascade {
    /// Camera-relative ENU to clip space; depth 0 toward the sun, 1 away from it.
    pub clip_from_relative: DMat4,
    /// Distance along the view at which it ends, metres.
    pub end: f64,
    /// Size of a texel, metres.
    pub texel: f64,
}

impl Cascade {
    /// Whether something in the box can cast a shadow into the map. The box is in the tileset's frame.
    pub fn takes(&self, camera: DVec3, volume: &OrientedBox) -> bool {
        let relative = OrientedBox {
            center: volume.center - camera,
            ..*volume
        };
        let clip = relative.transformed(&self.clip_from_relative).to_aabb();
        clip.min.x <= 1.0 && clip.max.x >= -1.0 && clip.min.y <= 1.0 && clip.max.y >= -1.0
    }
}

/// The axes of the sun's view: right, up, toward the sun.
fn axes(toward: DVec3) -> [DVec3; 3] {
    let pole = if toward.z.abs() > 0.99 { DVec3::Y } else { DVec3::Z };
    let right = pole.cross(toward).normalize();
    [right, toward.cross(right), toward]
}

/// The corners of the part of the view between two distances that lies between two heights.
fn slice(eye: &Eye, from: f64, to: f64, low: f64, high: f64) -> Vec<DVec3> {
    let half = eye.half;
    let corner = |x: f64, y: f64, away: f64| {
        eye.position + (eye.forward + eye.right * (x * half.x) + eye.up * (y * half.y)) * away
    };
    let square = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)];
    let mut edges = Vec::with_capacity(12);
    for (i, &(x, y)) in square.iter().enumerate() {
        let (next_x, next_y) = square[(i + 1) % 4];
        edges.push((corner(x, y, from), corner(x, y, to)));
        for away in [from, to] {
            edges.push((corner(x, y, away), corner(next_x, next_y, away)));
        }
    }
    edges
        .into_iter()
        .filter_map(|(a, b)| clip_to_heights(a, b, low, high))
        .flatten()
        .collect()
}

/// The part of a line between two heights.
fn clip_to_heights(a: DVec3, b: DVec3, low: f64, high: f64) -> Option<[DVec3; 2]> {
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    let rise = b.z - a.z;
    if rise == 0.0 {
        return (low..=high).contains(&a.z).then_some([a, b]);
    }
    let (first, second) = ((low - a.z) / rise, (high - a.z) / rise);
    start = start.max(first.min(second));
    end = end.min(first.max(second));
    (start <= end).then(|| [a.lerp(b, start), a.lerp(b, end)])
}

/// Where the view is cut: the distances along the view between which the city lies, nearest first. Four fifths
/// logarithmic, so that texels look equally large on the screen, one fifth even.
fn splits(nearest: f64, farthest: f64, count: usize) -> Vec<f64> {
    (0..=count)
        .map(|i| {
            let share = i as f64 / count as f64;
            let logarithmic = nearest * (farthest / nearest).powf(share);
            let even = nearest + (farthest - nearest) * share;
            0.8 * logarithmic + 0.2 * even
        })
        .collect()
}

/// Fits `count` maps of `size` texels to what `eye` sees of the city in `city` under a sun in direction `toward`.
/// Beyond `limit` metres there is no shadow. Empty when nothing in reach can receive one.
pub fn fit(eye: &Eye, toward: DVec3, city: &Aabb, count: usize, size: u32, limit: f64) -> Vec<Cascade> {
    let count = count.min(MAX_CASCADES);
    if city.is_empty() || count == 0 {
        return Vec::new();
    }
    let depths = OrientedBox::from_aabb(city)
        .corners()
        .map(|corner| (corner - eye.position).dot(eye.forward));
    let farthest = depths.into_iter().fold(0.0, f64::max).min(limit);
    let cosine = 1.0 / (1.0 + eye.half.length_squared()).sqrt();
    let nearest = (city.distance_to(eye.position) * cosine).max(eye.near).max(1.0);
    if farthest <= nearest {
        return Vec::new();
    }
    let splits = splits(nearest, farthest, count);
    let sun = axes(toward);
    (0..count)
        .filter_map(|i| {
            // A cascade begins a little earlier than the one before ends, because the shader compares in f32.
            let from = if i == 0 { eye.near } else { splits[i] * 0.99 };
            let receivers = slice(eye, from, splits[i + 1], city.min.z, city.max.z);
            cascade(eye.position, &sun, &receivers, city, size, splits[i + 1])
        })
        .collect()
}

/// One map over `receivers`.
fn cascade(camera: DVec3, sun: &[DVec3; 3], receivers: &[DVec3], city: &Aabb, size: u32, end: f64) -> Option<Cascade> {
    let in_sun = |point: DVec3| DVec3::new(point.dot(sun[0]), point.dot(sun[1]), point.dot(sun[2]));
    let whole = Aabb::from_points(OrientedBox::from_aabb(city).corners().map(in_sun));
    let seen = Aabb::from_points(receivers.iter().copied().map(in_sun));
    let low = seen.min.max(whole.min);
    let high = seen.max.min(whole.max);
    if seen.is_empty() || low.x > high.x || low.y > high.y {
        return None;
    }
    // Sizes in steps of a quarter octave and corners on whole texels: then shadows stand still while the camera moves.
    let margin = f64::from(size) / f64::from(size.max(16) - 8);
    let side = (high - low).truncate().max_element().max(8.0) * margin;
    let side = (side.log2() * 4.0).ceil() / 4.0;
    let side = side.exp2();
    let texel = side / f64::from(size);
    let middle = ((low + high).truncate() * 0.5 / texel).round() * texel;
    let (deep, shallow) = (whole.min.z - 1.0, whole.max.z + 1.0);
    let half = side * 0.5;
    let rows = [
        (sun[0] / half).extend((camera.dot(sun[0]) - middle.x) / half),
        (sun[1] / half).extend((camera.dot(sun[1]) - middle.y) / half),
        (-sun[2] / (shallow - deep)).extend((shallow - camera.dot(sun[2])) / (shallow - deep)),
        DVec4::W,
    ];
    Some(Cascade {
        clip_from_relative: DMat4::from_cols_array_2d(&rows.map(|row| row.to_array())).transpose(),
        end,
        texel,
    })
}

/// Left, top, right and bottom of a cascade's square in the atlas, from 0 to 1. One cascade fills the atlas, more
/// share it two by two.
pub fn square(cascade: usize, count: usize) -> [DVec2; 2] {
    if count <= 1 {
        return [DVec2::ZERO, DVec2::ONE];
    }
    let rows = if count > 2 { 2.0 } else { 1.0 };
    let size = DVec2::new(0.5, 1.0 / rows);
    let corner = DVec2::new((cascade % 2) as f64, (cascade / 2) as f64) * size;
    [corner, corner + size]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test may panic")]
    use super::*;
    use session::{Camera, Pose, Viewport};

    const CITY: Aabb = Aabb {
        min: DVec3::new(-1000.0, -1000.0, 0.0),
        max: DVec3::new(1000.0, 1000.0, 70.0),
    };

    fn camera(position: DVec3, target: DVec3, width: f64, height: f64) -> Camera {
        let to = target - position;
        let pose = Pose {
            target,
            distance: to.length(),
            heading: to.x.atan2(to.y),
            pitch: (to.z / to.length()).asin(),
        };
        Camera::new(pose, Viewport { width, height })
    }

    fn view() -> Camera {
        camera(DVec3::new(-900.0, -900.0, 300.0), DVec3::ZERO, 1600.0, 900.0)
    }

    fn eye(camera: &Camera) -> Eye {
        Eye::new(camera, camera.near())
    }

    #[test]
    fn everything_in_the_picture_lies_in_the_map_of_its_distance() {
        let camera = view();
        let toward = DVec3::new(0.4, -0.6, 0.6).normalize();
        let cascades = fit(&eye(&camera), toward, &CITY, 4, 2048, 6000.0);
        assert_eq!(cascades.len(), 4);
        let mut seen = 0;
        for (x, y) in (0..40).flat_map(|x| (0..40).map(move |y| (x, y))) {
            let point = DVec3::new(f64::from(x) * 50.0 - 999.0, f64::from(y) * 50.0 - 999.0, 4.0);
            let inside = camera
                .project(point)
                .is_some_and(|pixel| pixel.cmpge(DVec2::ZERO).all() && pixel.cmple(DVec2::new(1600.0, 900.0)).all());
            if !inside {
                continue;
            }
            seen += 1;
            let relative = point - camera.eye();
            let away = relative.dot(camera.pose.forward());
            let Some(cascade) = cascades.iter().find(|cascade| away <= cascade.end) else {
                panic!("no cascade at {away}");
            };
            let clip = cascade.clip_from_relative.transform_point3(relative);
            assert!(clip.truncate().abs().max_element() <= 1.0, "{clip}");
            assert!((0.0..=1.0).contains(&clip.z), "{clip}");
        }
        assert!(seen > 400, "{seen}");
    }

    #[test]
    fn near_shadows_have_finer_texels_than_far_ones() {
        let cascades = fit(
            &eye(&view()),
            DVec3::new(0.5, 0.0, 0.7).normalize(),
            &CITY,
            4,
            2048,
            6000.0,
        );
        assert!(cascades.first().map(|c| c.texel) < cascades.last().map(|c| c.texel));
    }

    #[test]
    fn a_tower_outside_the_picture_casts_into_it() {
        let camera = camera(DVec3::new(0.0, -50.0, 30.0), DVec3::new(0.0, 50.0, 0.0), 800.0, 600.0);
        let toward = DVec3::new(0.0, -0.98, 0.2).normalize();
        let cascades = fit(&eye(&camera), toward, &CITY, 2, 1024, 6000.0);
        let behind = Aabb {
            min: DVec3::new(-5.0, -130.0, 0.0),
            max: DVec3::new(5.0, -120.0, 70.0),
        };
        let volume = OrientedBox::from_aabb(&behind);
        assert!(!camera.frustum().intersects(&volume));
        assert!(cascades.iter().any(|cascade| cascade.takes(camera.eye(), &volume)));
    }

    #[test]
    fn an_empty_city_has_no_shadow() {
        assert!(fit(&eye(&view()), DVec3::Z, &Aabb::EMPTY, 4, 2048, 6000.0).is_empty());
    }
}
