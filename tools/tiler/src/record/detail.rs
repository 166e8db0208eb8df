//! Which of an object's geometries are drawn.
//!
//! An object carries the same thing at several levels of detail, and its parts carry theirs. Drawing more than one puts surfaces into
//! each other, as other tilers do.

use crate::layer::is_part;
use citygml::{CityObject, Geometry, GeometryRole};

/// The geometries of the object's highest level of detail (or of `lod`); none of its own where its parts show it in more detail.
pub(super) fn chosen(object: &CityObject, lod: Option<u8>) -> impl Iterator<Item = &Geometry> {
    let own = lod.or_else(|| highest(object));
    let parts = || {
        let parts = object.children.iter().filter(|child| is_part(&child.kind));
        parts.filter_map(highest_within).max()
    };
    let hidden = lod.is_none() && own < parts();
    let outline = flat_role(object, own);
    object.geometries.iter().filter(move |geometry| {
        !hidden && Some(geometry.lod) == own && (drawn(geometry) || Some(geometry.role) == outline)
    })
}

fn drawn(geometry: &Geometry) -> bool {
    !geometry.polygons.is_empty() && !matches!(geometry.role, GeometryRole::Footprint | GeometryRole::RoofEdge)
}

/// Of an object that has nothing but outlines, one is drawn: the roof's edge where there is one.
fn flat_role(object: &CityObject, lod: Option<u8>) -> Option<GeometryRole> {
    if object.geometries.iter().any(|g| drawn(g) && Some(g.lod) == lod) {
        return None;
    }
    let flat = [GeometryRole::RoofEdge, GeometryRole::Footprint];
    flat.into_iter().find(|role| {
        object
            .geometries
            .iter()
            .any(|g| g.role == *role && !g.polygons.is_empty())
    })
}

fn highest(object: &CityObject) -> Option<u8> {
    let levels =
        |wanted: fn(&Geometry) -> bool| object.geometries.iter().filter(move |g| wanted(g)).map(|g| g.lod).max();
    levels(drawn).or_else(|| levels(|g| !g.polygons.is_empty()))
}

fn highest_within(object: &CityObject) -> Option<u8> {
    let below = object.children.iter().filter_map(highest_within).max();
    highest(object).max(below)
}
