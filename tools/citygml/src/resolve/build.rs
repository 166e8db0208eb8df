//! From chosen faces to polygons: rings, names and colours.

use super::choose::Chosen;
use super::{OWN, Pick, Resolver, Unfolded};
use crate::arena::Arena;
use crate::hash::{Hash, id_hash};
use crate::{CityObject, Geometry, Material, Polygon, SurfaceKind};

impl Resolver<'_> {
    pub(super) fn build(&mut self, unfolded: Unfolded, chosen: &mut impl Iterator<Item = Vec<Chosen>>) -> CityObject {
        let mut object = unfolded.object;
        for geometry in chosen.next().unwrap_or_default() {
            let polygons: Vec<Polygon> = geometry
                .picks
                .iter()
                .filter_map(|pick| self.polygon(*pick, &geometry, &object.id))
                .collect();
            if !polygons.is_empty() {
                object.geometries.push(Geometry {
                    lod: geometry.lod,
                    role: geometry.role,
                    closed: geometry.closed,
                    polygons,
                    srs_name: geometry.srs_name.clone(),
                });
            }
        }
        let children = unfolded.children.into_iter();
        object.children = children.map(|child| self.build(child, chosen)).collect();
        if object.id.is_empty() {
            object.id = generated_id(&object);
            object.id_generated = true;
        }
        object
    }

    fn polygon(&mut self, pick: Pick, geometry: &Chosen, object: &str) -> Option<Polygon> {
        let material = self.material_of(pick, object).cloned();
        let (surface, surface_id) = self.surface_of(pick);
        let (mut exterior, mut interiors) = self.rings(pick)?;
        let face = self.arena_at(pick.arena)?.face(pick.face)?;
        let (id, line) = (face.id.clone(), face.line);
        let mut reversed = pick.reversed;
        if let Some(placement) = &geometry.placement {
            let rings = interiors.iter_mut().chain([&mut exterior]);
            rings.flatten().for_each(|point| *point = placement.apply(*point));
            reversed ^= placement.mirrors();
        }
        if reversed {
            exterior.reverse();
            for ring in &mut interiors {
                ring.reverse();
            }
        }
        Some(Polygon {
            id,
            line,
            exterior,
            interiors,
            surface,
            surface_id,
            material,
        })
    }

    /// The rings of a face: taken out of the arena by the last that needs them, copied by the others.
    #[allow(clippy::type_complexity, reason = "an exterior and its interiors")]
    fn rings(&mut self, pick: Pick) -> Option<(Vec<[f64; 3]>, Vec<Vec<[f64; 3]>>)> {
        if pick.arena != OWN {
            let face = self.arena_at(pick.arena)?.face(pick.face)?;
            return Some((face.exterior.clone(), face.interiors.clone()));
        }
        let index = pick.face as usize;
        let uses = self.uses.get_mut(index)?;
        *uses = uses.saturating_sub(1);
        let last = *uses == 0;
        let face = self.arena.faces.get_mut(index)?;
        Some(if last {
            (std::mem::take(&mut face.exterior), std::mem::take(&mut face.interiors))
        } else {
            (face.exterior.clone(), face.interiors.clone())
        })
    }

    fn surface_of(&self, pick: Pick) -> (SurfaceKind, Option<String>) {
        let arena = self.arena_at(pick.arena);
        let written = arena.and_then(|arena| arena.surface(arena.face(pick.face)?.surface));
        let surface = self.arena.surface(pick.surface).or(written);
        surface.map_or((SurfaceKind::None, None), |surface| (surface.kind, surface.id.clone()))
    }

    /// The material of a face: its own, else that of the group it is written in, of its thematic surface, of a group on the way
    /// to it, of the object.
    fn material_of(&self, pick: Pick, object: &str) -> Option<&Material> {
        if self.own_materials.is_empty() && self.shared.materials.is_empty() {
            return None;
        }
        let arena = self.arena_at(pick.arena)?;
        let face = arena.face(pick.face)?;
        self.by_id(face.id.as_deref())
            .or_else(|| self.of_groups(arena, face.parent))
            .or_else(|| {
                self.by_id(
                    self.arena
                        .surface(pick.surface)
                        .and_then(|surface| surface.id.as_deref()),
                )
            })
            .or_else(|| self.by_id(arena.surface(face.surface).and_then(|surface| surface.id.as_deref())))
            .or_else(|| self.material(pick.path?))
            .or_else(|| self.by_id(Some(object)))
    }

    fn of_groups(&self, arena: &Arena, mut parent: Option<u32>) -> Option<&Material> {
        while let Some(group) = parent.and_then(|index| arena.group(index)) {
            if let Some(material) = self.by_id(group.id.as_deref()) {
                return Some(material);
            }
            parent = group.parent;
        }
        None
    }

    fn by_id(&self, id: Option<&str>) -> Option<&Material> {
        self.material(id_hash(id?.as_bytes()))
    }
}

/// An id that depends on what the object is and where, and on nothing else.
fn generated_id(object: &CityObject) -> String {
    let mut hash = Hash::default();
    take_in(object, &mut hash);
    format!("{}_{:016x}", object.kind, hash.finish())
}

fn take_in(object: &CityObject, hash: &mut Hash) {
    hash.bytes(object.kind.as_bytes());
    object.names.iter().for_each(|name| hash.bytes(name.as_bytes()));
    for geometry in &object.geometries {
        hash.number(u64::from(geometry.lod));
        for polygon in &geometry.polygons {
            let rings = std::iter::once(&polygon.exterior).chain(&polygon.interiors);
            rings.flatten().for_each(|point| hash.point(point));
        }
    }
    object.children.iter().for_each(|child| take_in(child, hash));
}
