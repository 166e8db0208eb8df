//! Which faces each geometry of an object gets, so that none comes out twice.

use std::collections::HashMap;

use super::{OWN, Pick, Resolver, Spread, Unfolded, is_body, is_direct};
use crate::GeometryRole;
use crate::feature::Shape;
use crate::hash::{Hash, QuickSet};
use crate::implicit::Placement;

/// A geometry of which the faces are known and not yet taken out of the arena.
pub(super) struct Chosen {
    pub(super) lod: u8,
    pub(super) role: GeometryRole,
    pub(super) closed: bool,
    pub(super) picks: Vec<Pick>,
    pub(super) srs_name: Option<String>,
    pub(super) placement: Option<Placement>,
}

impl Resolver<'_> {
    /// Decides which faces each geometry gets, the object before its children, and counts how often each is needed.
    pub(super) fn choose(&mut self, unfolded: &mut Unfolded, srs_name: Option<&str>, into: &mut Vec<Vec<Chosen>>) {
        let srs_name = unfolded.srs_name.clone().or_else(|| srs_name.map(str::to_owned));
        let mut shapes = std::mem::take(&mut unfolded.shapes);
        // Solids before surfaces of the same level of detail; otherwise the order of the file.
        shapes.sort_by_key(|(shape, _)| (shape.lod, shape.role));
        let (direct, thematic): (Vec<_>, Vec<_>) = shapes.into_iter().partition(|(shape, _)| is_direct(shape));
        let mut chosen = self.choose_direct(direct);
        self.choose_thematic(thematic, &mut chosen);
        for geometry in &mut chosen {
            geometry.srs_name = geometry.srs_name.take().or_else(|| srs_name.clone());
            for pick in geometry.picks.iter().filter(|pick| pick.arena == OWN) {
                if let Some(uses) = self.uses.get_mut(pick.face as usize) {
                    *uses += 1;
                }
            }
        }
        into.push(chosen);
        for child in &mut unfolded.children {
            self.choose(child, srs_name.as_deref(), into);
        }
    }

    /// The geometries of the object itself; a face that an earlier one of the same level of detail has is not given again.
    fn choose_direct(&self, direct: Vec<(Shape, Spread)>) -> Vec<Chosen> {
        let bodies: Vec<u8> = direct
            .iter()
            .filter(|(shape, _)| is_body(shape.role))
            .map(|(shape, _)| shape.lod)
            .collect();
        // Most objects have one body at each level of detail, and then nothing can be there twice.
        let several = |lod| bodies.iter().filter(|other| **other == lod).take(2).count() > 1;
        let mut keys: QuickSet<(u8, u64)> = QuickSet::default();
        let mut choose = |(shape, spread): (Shape, Spread)| {
            let mut picks = spread.picks;
            let mut closed = shape.root.solid && spread.complete && shape.placement.is_none();
            if is_body(shape.role) && several(shape.lod) {
                let before = picks.len();
                picks.retain(|pick| self.key(*pick).is_none_or(|key| keys.insert((shape.lod, key))));
                closed &= picks.len() == before;
            }
            Chosen {
                lod: shape.lod,
                role: shape.role,
                closed,
                picks,
                srs_name: shape.root.srs_name,
                placement: shape.placement,
            }
        };
        direct.into_iter().map(&mut choose).collect()
    }

    /// What only thematic surfaces have: one more geometry for each level of detail. Where a solid repeats a face instead of
    /// linking to it, the face of the solid gets the name and the colour.
    fn choose_thematic(&mut self, thematic: Vec<(Shape, Spread)>, chosen: &mut Vec<Chosen>) {
        let mut by_lod: Vec<Chosen> = Vec::new();
        for (shape, spread) in thematic {
            let left: Vec<Pick> = spread
                .picks
                .into_iter()
                .filter(|pick| pick.arena != OWN || !self.taken.contains(&(shape.lod, pick.face)))
                .collect();
            if left.is_empty() {
                continue;
            }
            match by_lod.iter_mut().find(|other| other.lod == shape.lod) {
                Some(other) => other.picks.extend(left),
                None => by_lod.push(Chosen {
                    lod: shape.lod,
                    role: GeometryRole::MultiSurface,
                    closed: false,
                    picks: left,
                    srs_name: shape.root.srs_name,
                    placement: None,
                }),
            }
        }
        for mut geometry in by_lod {
            self.drop_twins(&mut geometry, chosen);
            chosen.push(geometry);
        }
    }

    fn drop_twins(&mut self, geometry: &mut Chosen, chosen: &[Chosen]) {
        let mut seen = QuickSet::default();
        geometry.picks.retain(|pick| seen.insert((pick.arena, pick.face)));
        let bodies = chosen
            .iter()
            .filter(|other| other.lod == geometry.lod && is_body(other.role));
        let twins: HashMap<u64, Pick> = bodies
            .flat_map(|other| &other.picks)
            .filter_map(|pick| Some((self.key(*pick)?, *pick)))
            .collect();
        if twins.is_empty() {
            return;
        }
        for pick in std::mem::take(&mut geometry.picks) {
            match self.key(pick).and_then(|key| twins.get(&key)) {
                Some(twin) => self.inherit(*twin, pick),
                None => geometry.picks.push(pick),
            }
        }
    }

    /// Gives a face of a solid what its twin in a thematic surface is: name, and the ids by which it may be coloured.
    fn inherit(&mut self, twin: Pick, pick: Pick) {
        if pick.arena != OWN || twin.arena != OWN {
            return;
        }
        let Some((id, parent, surface)) = self
            .arena
            .face(pick.face)
            .map(|face| (face.id.clone(), face.parent, face.surface))
        else {
            return;
        };
        if let Some(face) = self.arena.faces.get_mut(twin.face as usize) {
            if face.surface.is_none() {
                face.surface = surface;
            }
            if face.id.is_none() {
                face.id = id;
                face.parent = parent;
            }
        }
    }

    /// A number that two faces share when they have the same points, whatever the order and the direction.
    fn key(&self, pick: Pick) -> Option<u64> {
        let face = self.arena_at(pick.arena)?.face(pick.face)?;
        let sum = face.exterior.iter().fold(0_u64, |sum, point| {
            let mut hash = Hash::default();
            hash.point(point);
            sum.wrapping_add(hash.finish())
        });
        let mut hash = Hash::default();
        hash.number(sum);
        hash.number(face.exterior.len() as u64);
        hash.number(face.interiors.len() as u64);
        Some(hash.finish())
    }
}
