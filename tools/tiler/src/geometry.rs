//! The geometry behind stand-ins on bare triangles: what `benches/` measure. No part of the interface.

use crate::distance::{Surface, one_sided};
use crate::outer::Outer;
use crate::outline;
use crate::shape::Triangle;
use glam::DVec3;

/// A triangle's corners, anticlockwise seen from outside, in metres.
pub type Corners = [DVec3; 3];

/// An upper bound of how far any point of `from` is from `to`, in metres; not looked at more closely where it is within `enough`.
pub fn distance(from: &[Corners], to: &[Corners], enough: f64) -> f64 {
    let surface = |faces: &[Corners]| Surface::new(Outer::of_seen(faces.to_vec()));
    one_sided(&mut surface(from), &mut surface(to), enough)
}

/// The pieces of the triangles that are seen from outside.
pub fn seen(triangles: &[Corners]) -> Vec<Corners> {
    let mut outer = Outer::new(&faces(triangles));
    let pieces: Vec<usize> = (0..outer.len()).flat_map(|face| outer.seen(face)).collect();
    pieces.into_iter().map(|piece| *outer.piece(piece)).collect()
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
