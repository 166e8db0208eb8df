//! Boxes and frustums.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use glam::dcamera::rh::proj::directx;
use glam::dcamera::rh::view;
use glam::{DMat4, DQuat, DVec3};
use proptest::prelude::*;
use tiles::bounds::{Aabb, Frustum, OrientedBox};

fn some_box() -> OrientedBox {
    let bounds = Aabb::from_corners(DVec3::new(-3.0, -2.0, -1.0), DVec3::new(3.0, 2.0, 1.0));
    let turn = DQuat::from_rotation_z(0.7) * DQuat::from_rotation_x(-0.4);
    let place = DMat4::from_rotation_translation(turn, DVec3::new(100.0, -50.0, 7.0));
    OrientedBox::from_aabb(&bounds).transformed(&place)
}

#[test]
fn an_empty_box_holds_nothing_and_grows_to_what_it_is_given() {
    let mut bounds = Aabb::EMPTY;
    assert!(bounds.is_empty() && !bounds.contains(DVec3::ZERO));
    assert_eq!((bounds.center(), bounds.size()), (DVec3::ZERO, DVec3::ZERO));
    assert_eq!(bounds.distance_to(DVec3::ZERO), f64::INFINITY);
    assert_eq!(OrientedBox::from_aabb(&bounds).to_array(), [0.0; 12]);
    bounds.include(DVec3::new(1.0, 2.0, 3.0));
    assert!(!bounds.is_empty() && bounds.contains(DVec3::new(1.0, 2.0, 3.0)));
    let both = bounds.union(&Aabb::from_points([DVec3::ZERO, DVec3::new(-1.0, 5.0, 0.0)]));
    assert_eq!(
        (both.min, both.max),
        (DVec3::new(-1.0, 0.0, 0.0), DVec3::new(1.0, 5.0, 3.0))
    );
    assert!(both.contains_box(&bounds) && both.contains_box(&Aabb::EMPTY) && !bounds.contains_box(&both));
    assert!(both.intersects(&bounds) && !both.intersects(&Aabb::EMPTY));
    assert_eq!(both.distance_to(DVec3::new(4.0, 9.0, 3.0)), 5.0);
    assert!(both.grown(1.0).contains(DVec3::new(2.0, 6.0, 4.0)));
}

#[test]
fn a_box_survives_the_twelve_numbers_of_a_tileset() {
    let volume = some_box();
    assert_eq!(OrientedBox::from_array(&volume.to_array()), volume);
    assert_eq!(volume.to_array()[..3], [100.0, -50.0, 7.0]);
}

#[test]
fn a_box_turned_contains_its_corners_and_no_more() {
    let volume = some_box();
    let around = volume.to_aabb().grown(1e-9);
    for corner in volume.corners() {
        assert!(volume.contains(corner, 1e-9) && around.contains(corner));
        assert!(volume.distance_to(corner) < 1e-9);
        assert!((volume.radius() - (corner - volume.center).length()).abs() < 1e-9);
        let beyond = volume.center + (corner - volume.center) * 1.01;
        assert!(!volume.contains(beyond, 1e-3) && volume.contains(beyond, 0.05));
    }
    let out = volume.half_axes[1].normalize();
    assert!((volume.distance_to(volume.center + out * 5.0) - 3.0).abs() < 1e-9);
}

#[test]
fn a_flat_box_and_a_point_have_distances_too() {
    let pond = Aabb::from_corners(DVec3::new(0.0, 0.0, 2.0), DVec3::new(10.0, 4.0, 2.0));
    let flat = OrientedBox::from_aabb(&pond);
    assert_eq!(flat.distance_to(DVec3::new(5.0, 2.0, 5.0)), 3.0);
    assert_eq!(flat.distance_to(DVec3::new(13.0, 2.0, 6.0)), 5.0);
    assert!(flat.contains(DVec3::new(5.0, 2.0, 2.05), 0.1) && !flat.contains(DVec3::new(5.0, 2.0, 2.2), 0.1));
    let line = OrientedBox::from_aabb(&Aabb::from_corners(DVec3::ZERO, DVec3::X * 8.0));
    assert!((line.distance_to(DVec3::new(4.0, 3.0, 4.0)) - 5.0).abs() < 1e-12);
    let point = OrientedBox::from_aabb(&Aabb::from_points([DVec3::ONE]));
    assert!((point.distance_to(DVec3::new(1.0, 4.0, 5.0)) - 5.0).abs() < 1e-12);
}

/// A camera at (0, -100, 50) that looks north, 90 degrees wide and high. `infinite`: reversed depth without a far plane,
/// as the viewer uses.
fn camera(infinite: bool) -> Frustum {
    let projection = if infinite {
        directx::perspective_infinite_reverse(std::f64::consts::FRAC_PI_2, 1.0, 1.0)
    } else {
        directx::perspective(std::f64::consts::FRAC_PI_2, 1.0, 1.0, 1000.0)
    };
    let eye = DVec3::new(0.0, -100.0, 50.0);
    Frustum::from_view_projection(&(projection * view::look_to_mat4(eye, DVec3::Y, DVec3::Z)))
}

fn cube_at(x: f64, y: f64, z: f64) -> OrientedBox {
    OrientedBox::from_aabb(&Aabb::from_points([DVec3::new(x, y, z)]).grown(5.0))
}

#[test]
fn a_camera_sees_what_is_before_it_and_nothing_beside_or_behind() {
    assert_eq!(camera(false).planes.len(), 6);
    assert_eq!(camera(true).planes.len(), 5, "a far plane at infinity is none");
    for infinite in [false, true] {
        let frustum = camera(infinite);
        assert!(frustum.intersects(&cube_at(0.0, 0.0, 50.0)));
        assert!(frustum.intersects(&cube_at(103.0, 0.0, 50.0)), "partly visible");
        assert!(frustum.intersects(&cube_at(0.0, -100.0, 50.0)), "the camera is in it");
        assert!(!frustum.intersects(&cube_at(0.0, -120.0, 50.0)), "behind");
        assert!(!frustum.intersects(&cube_at(111.0, 0.0, 50.0)), "right of it");
        assert!(!frustum.intersects(&cube_at(0.0, 0.0, 161.0)), "above it");
        assert!(frustum.contains(DVec3::new(0.0, 0.0, 50.0)) && !frustum.contains(DVec3::new(0.0, -100.5, 50.0)));
        assert_eq!(
            frustum.intersects(&cube_at(0.0, 5000.0, 50.0)),
            infinite,
            "beyond the far plane"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_box_with_a_visible_point_is_never_passed_over(
        center in [-300.0..300.0, -300.0..300.0, -100.0..200.0],
        half in [0.0..60.0, 0.0..60.0, 0.0..60.0],
        angle in -3.0..3.0,
        inside in [-1.0..1.0, -1.0..1.0, -1.0..1.0],
        infinite in any::<bool>(),
    ) {
        let half = DVec3::from(half);
        let place = DMat4::from_rotation_translation(DQuat::from_rotation_z(angle), DVec3::from(center));
        let volume = OrientedBox::from_aabb(&Aabb::from_corners(-half, half)).transformed(&place);
        let point = place.transform_point3(half * DVec3::from(inside));
        let frustum = camera(infinite);
        prop_assert!(volume.contains(point, 1e-9));
        prop_assert!(!frustum.contains(point) || frustum.intersects(&volume));
        let eye = DVec3::new(0.0, -100.0, 50.0);
        prop_assert!(volume.distance_to(eye) <= (point - eye).length() + 1e-9);
    }
}
