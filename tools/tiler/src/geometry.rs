//! The geometry behind stand-ins on bare triangles: what `benches/` measure. No part of the interface.

use crate::distance::{Surface, one_sided};
use crate::shape::Triangle;
use crate::{outer, outline};
use glam::DVec3;

/// A triangle's corners, anticlockwise seen from outside, in metres.
pub type Corners = [DVec3; 3];

/// An upper bound of how far any point of `from` is from `to`, in metres; not looked at more closely where it is within `enough`.
pub fn distance(from: &[Corners], to: &[Corners], enough: f64) -> f64 {
    one_sided(&Surface::new(from.to_vec()), &Surface::new(to.to_vec()), enough)
}

/// The pieces of the triangles that are seen from outside.
pub fn seen(triangles: &[Corners]) -> Vec<Corners> {
    outer::outer(&faces(triangles))
}

/// Square metres of the plan that the triangles cover together.
pub fn covered(triangles: &[Corners]) -> f64 {
    outline::area(&outline::plan_of(&faces(triangles)))
}

/// Square metres of the plan that they cover once what is narrower than `width` is filled.
pub fn covered_when_closed(triangles: &[Corners], width: f64) -> f64 {
    outline::area(&outline::closed(&outline::plan_of(&faces(triangles)), width))
}

fn faces(triangles: &[Corners]) -> Vec<Triangle> {
    let face = |&corners: &Corners| Triangle {
        corners,
        normal: (corners[1] - corners[0])
            .cross(corners[2] - corners[0])
            .normalize_or_zero(),
        color: [0; 4],
        surface: tiles::surface::Surface::Wall,
        row: 0,
    };
    triangles.iter().map(face).collect()
}
