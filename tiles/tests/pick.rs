//! Rays against the triangles of a tile, compared with trying every triangle.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed test panics"
)]

mod boxes;

use boxes::city;
use glam::{DVec3, Vec3};
use proptest::prelude::*;
use std::sync::LazyLock;
use tiles::mesh::Mesh;
use tiles::pick::{Bvh, Ray, Triangles};
use tiles::surface::Surface;

static CITY: LazyLock<(Mesh, Bvh)> = LazyLock::new(|| {
    let mesh = city(120).mesh;
    let tree = Bvh::build((&mesh).into());
    (mesh, tree)
});

/// The nearest distance by Möller and Trumbore's test of every triangle: not watertight, but written otherwise.
fn by_trying_all(mesh: &Mesh, ray: &Ray) -> Option<(f64, u16)> {
    let direction = ray.direction.normalize();
    let corner = |index: u32| mesh.origin + Vec3::from(mesh.positions[index as usize]).as_dvec3();
    mesh.indices
        .chunks_exact(3)
        .filter_map(|t| {
            let (a, b, c) = (corner(t[0]), corner(t[1]), corner(t[2]));
            let (e1, e2) = (b - a, c - a);
            let p = direction.cross(e2);
            let determinant = e1.dot(p);
            let s = (ray.origin - a) / determinant;
            let q = s.cross(e1);
            let (u, v, distance) = (s.dot(p), direction.dot(q), e2.dot(q));
            let inside = u >= 0.0 && v >= 0.0 && u + v <= 1.0 && distance >= 0.0;
            (inside && determinant != 0.0).then_some((distance, mesh.feature_ids[t[0] as usize]))
        })
        .min_by(|a, b| a.0.total_cmp(&b.0))
}

#[test]
fn a_click_from_above_names_the_roof_under_it() {
    let (mesh, tree) = &*CITY;
    let ray = Ray {
        origin: mesh.origin + DVec3::new(12.0 * 5.0 + 3.0, 12.0 * 2.0 + 3.0, 500.0),
        direction: DVec3::new(0.0, 0.0, -0.001),
    };
    let hit = tree.nearest(mesh.into(), &ray).unwrap();
    assert_eq!((hit.feature, hit.surface), (85, Surface::Roof));
    let normal = Vec3::from(mesh.normals[mesh.indices[3 * hit.triangle] as usize]);
    assert_eq!(normal, Vec3::Z);
    assert!((hit.normal - DVec3::Z).length() < 1e-9);
    assert!((hit.distance - (ray.origin.z - hit.point.z)).abs() < 1e-9);
    assert_eq!((hit.point.x, hit.point.y), (ray.origin.x, ray.origin.y));
}

#[test]
fn a_hidden_building_lets_the_ray_through_to_the_next() {
    let (mesh, tree) = &*CITY;
    // Along the first row, at 3 m, through the middle of every house.
    let ray = Ray {
        origin: mesh.origin + DVec3::new(-50.0, 2.5, 3.0),
        direction: DVec3::X,
    };
    let mut hidden = Vec::new();
    for expected in 0..40 {
        let hit = tree
            .nearest_where(mesh.into(), &ray, |row| !hidden.contains(&row))
            .unwrap();
        assert_eq!(hit.feature, expected, "{hit:?}");
        hidden.push(hit.feature);
    }
    assert_eq!(
        tree.nearest_where(mesh.into(), &ray, |row| !hidden.contains(&row)),
        None
    );
}

#[test]
fn from_inside_a_wall_is_hit_on_its_back() {
    let (mesh, tree) = &*CITY;
    let origin = mesh.origin + DVec3::new(4.0, 3.0, 5.0);
    for direction in [DVec3::X, DVec3::NEG_X, DVec3::Y, DVec3::NEG_Y, DVec3::Z, DVec3::NEG_Z] {
        let hit = tree.nearest(mesh.into(), &Ray { origin, direction }).unwrap();
        assert_eq!(hit.feature, 0);
        assert!(hit.normal.dot(direction) > 0.99, "{direction}");
    }
}

#[test]
fn no_ray_slips_through_the_seams_of_a_box() {
    let (mesh, tree) = &*CITY;
    let inside = mesh.origin + DVec3::new(4.123, 3.017, 5.031);
    let corners: Vec<DVec3> = mesh.positions[..24]
        .iter()
        .map(|&p| mesh.origin + Vec3::from(p).as_dvec3())
        .collect();
    let mut rays = 0;
    for a in &corners {
        for b in &corners {
            for part in [0.0, 0.25, 1.0 / 3.0, 0.5, 0.77] {
                let direction = a.lerp(*b, part) - inside;
                let hit = tree.nearest(
                    mesh.into(),
                    &Ray {
                        origin: inside,
                        direction,
                    },
                );
                // On an edge of the box the neighbours are too far to be hit first.
                let hit = hit.unwrap_or_else(|| panic!("slipped through at {direction}"));
                assert_eq!(hit.feature, 0, "{direction}");
                rays += 1;
            }
        }
    }
    assert_eq!(rays, 24 * 24 * 5);
}

#[test]
fn rays_without_sense_hit_nothing() {
    let (mesh, tree) = &*CITY;
    for (origin, direction) in [
        (DVec3::ZERO, DVec3::ZERO),
        (DVec3::ZERO, DVec3::splat(f64::NAN)),
        (DVec3::splat(f64::NAN), DVec3::X),
        (DVec3::splat(f64::INFINITY), DVec3::X),
        (mesh.origin + DVec3::Z * 100.0, DVec3::Z),
    ] {
        assert_eq!(tree.nearest(mesh.into(), &Ray { origin, direction }), None);
    }
}

#[test]
fn triangles_without_sense_are_left_out() {
    let mut mesh = city(3).mesh;
    mesh.positions[0] = [f32::NAN, 0.0, 0.0];
    mesh.indices[40] = 1_000_000;
    mesh.indices.push(1);
    let tree = Bvh::build((&mesh).into());
    let ray = Ray {
        origin: mesh.origin + DVec3::new(15.0, 3.0, 50.0),
        direction: DVec3::NEG_Z,
    };
    assert_eq!(tree.nearest((&mesh).into(), &ray).unwrap().feature, 1);
    // Lists that are not those of the tree: no hit or a wrong one, no panic.
    let empty = Triangles {
        origin: mesh.origin,
        positions: &[],
        indices: &[],
        feature_ids: &[],
        surfaces: &[],
    };
    assert_eq!(tree.nearest(empty, &ray), None);
    assert_eq!(Bvh::build(empty).nearest((&mesh).into(), &ray), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_tree_finds_what_trying_all_finds(
        from in [-100.0..600.0, -100.0..200.0, -30.0..60.0],
        to in [0.0..480.0, 0.0..40.0, 0.0..14.0],
    ) {
        let (mesh, tree) = &*CITY;
        let ray = Ray {
            origin: mesh.origin + DVec3::from(from),
            direction: DVec3::from(to) - DVec3::from(from),
        };
        let hit = tree.nearest(mesh.into(), &ray);
        let expected = by_trying_all(mesh, &ray);
        prop_assert_eq!(hit.map(|hit| hit.feature), expected.map(|(_, feature)| feature));
        if let (Some(hit), Some((distance, _))) = (hit, expected) {
            prop_assert!((hit.distance - distance).abs() < 1e-9 * distance.max(1.0));
        }
    }

    #[test]
    fn a_tree_of_damaged_words_is_refused_or_harmless(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>(), any::<bool>()), 1..6),
    ) {
        let (mesh, tree) = &*CITY;
        let mut words = tree.to_words();
        prop_assert!(Bvh::from_words(&words).is_some_and(|back| back == *tree));
        for (place, word, small) in damage {
            let at = place.index(words.len());
            words[at] = if small { word % 400 } else { word };
        }
        if let Some(tree) = Bvh::from_words(&words) {
            let ray = Ray { origin: mesh.origin + DVec3::new(15.0, 3.0, 50.0), direction: DVec3::NEG_Z };
            let _ = tree.nearest(mesh.into(), &ray);
        }
    }
}
