//! From drafts to city objects: links followed, surfaces named, colours looked up.
//!
//! The polygon that a solid links to is written in a roof surface, coloured by an appearance and must come out once, in the
//! solid, as a red roof. So first every geometry is spread out into picks of faces; then thematic surfaces name the
//! faces that they hold or link to; then each object takes its geometries, solids first, and what only its thematic
//! surfaces hold comes last. Links cannot loop or multiply, since a geometry picks each face once.

mod build;
mod choose;
mod spread;

use std::collections::{HashMap, HashSet};

use crate::appearance::Materials;
use crate::arena::{Arena, Node};
use crate::feature::{Draft, Shape};
use crate::findings::Findings;
use crate::hash::QuickSet;
use crate::library::Library;
use crate::{CityObject, GeometryRole, Material};

/// The arena of the object itself, where fragments of the library have their numbers.
const OWN: u32 = u32::MAX;

/// A face that a geometry uses.
#[derive(Debug, Clone, Copy)]
struct Pick {
    arena: u32,
    face: u32,
    reversed: bool,
    /// The thematic surface of the object's own arena that links to a face elsewhere.
    surface: Option<u32>,
    /// The id hash of the innermost group on the way here that has a material.
    path: Option<u64>,
}

/// A node that a geometry leads to.
#[derive(Debug, Clone, Copy)]
struct Visit {
    arena: u32,
    node: Node,
    reversed: bool,
    /// As in [`Pick`].
    path: Option<u64>,
}

/// A geometry spread out.
#[derive(Debug, Default)]
struct Spread {
    picks: Vec<Pick>,
    complete: bool,
}

/// What all objects of a file share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared<'a> {
    pub(crate) library: &'a Library,
    pub(crate) materials: &'a Materials,
    pub(crate) findings: &'a Findings<'a>,
    pub(crate) file_name: &'a str,
}

/// Puts one top-level object together.
pub(crate) struct Resolver<'a> {
    shared: Shared<'a>,
    arena: Arena,
    /// Materials that the object brings along.
    own_materials: Materials,
    ids: HashMap<u64, Node>,
    warned: HashSet<u32>,
    /// How many faces have been picked, and how many nodes gone through for that.
    picks: usize,
    visits: usize,
    warned_of_links: bool,
    /// Faces of the own arena that a geometry of their level of detail has.
    taken: QuickSet<(u8, u32)>,
    /// How often each face of the own arena is still needed.
    uses: Vec<u32>,
    top: String,
    top_line: u64,
    /// Kept from one geometry to the next, for their memory.
    visited: QuickSet<(u32, Node)>,
    stack: Vec<Visit>,
}

/// A draft with its shapes spread out.
struct Unfolded {
    object: CityObject,
    srs_name: Option<String>,
    shapes: Vec<(Shape, Spread)>,
    children: Vec<Unfolded>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(shared: Shared<'a>, arena: Arena, own_materials: Materials) -> Self {
        let ids = if arena.links.is_empty() {
            HashMap::new()
        } else {
            // The first of several with the same id holds.
            let mut ids = HashMap::new();
            arena.ids().for_each(|(id, node)| {
                ids.entry(id).or_insert(node);
            });
            ids
        };
        Self {
            shared,
            uses: vec![0; arena.faces.len()],
            arena,
            own_materials,
            ids,
            warned: HashSet::new(),
            picks: 0,
            visits: 0,
            warned_of_links: false,
            taken: QuickSet::default(),
            top: String::new(),
            top_line: 0,
            visited: QuickSet::default(),
            stack: Vec::new(),
        }
    }

    /// The object of a draft.
    pub(crate) fn resolve(mut self, draft: Draft) -> CityObject {
        self.top.clone_from(&draft.object.id);
        self.top_line = draft.object.line;
        let mut unfolded = self.unfold(draft);
        self.name_surfaces(&unfolded);
        self.mark_taken(&unfolded);
        let mut chosen = Vec::new();
        self.choose(&mut unfolded, None, &mut chosen);
        let mut chosen = chosen.into_iter();
        self.build(unfolded, &mut chosen)
    }

    fn unfold(&mut self, draft: Draft) -> Unfolded {
        let shapes = draft.shapes.into_iter().map(|shape| {
            let spread = self.spread(&shape);
            (shape, spread)
        });
        Unfolded {
            shapes: shapes.collect(),
            object: draft.object,
            srs_name: draft.srs_name,
            children: draft.children.into_iter().map(|child| self.unfold(child)).collect(),
        }
    }

    fn arena_at(&self, index: u32) -> Option<&Arena> {
        if index == OWN {
            Some(&self.arena)
        } else {
            self.shared.library.fragment(index)
        }
    }

    /// Thematic surfaces name the faces that they link to; those they hold are named already.
    fn name_surfaces(&mut self, unfolded: &Unfolded) {
        for (shape, spread) in &unfolded.shapes {
            let Some(surface) = shape.surface.filter(|_| shape.placement.is_none()) else {
                continue;
            };
            for pick in spread.picks.iter().filter(|pick| pick.arena == OWN) {
                if let Some(face) = self.arena.faces.get_mut(pick.face as usize) {
                    face.surface.get_or_insert(surface);
                }
            }
        }
        for child in &unfolded.children {
            self.name_surfaces(child);
        }
    }

    /// What solids and multi-surfaces have, of whatever part, thematic surfaces need not give again.
    fn mark_taken(&mut self, unfolded: &Unfolded) {
        for (shape, spread) in &unfolded.shapes {
            if is_direct(shape) && is_body(shape.role) {
                let own = spread.picks.iter().filter(|pick| pick.arena == OWN);
                self.taken.extend(own.map(|pick| (shape.lod, pick.face)));
            }
        }
        for child in &unfolded.children {
            self.mark_taken(child);
        }
    }

    fn material(&self, id: u64) -> Option<&Material> {
        self.own_materials.get(id).or_else(|| self.shared.materials.get(id))
    }
}

/// Whether a geometry belongs to the object itself and not to one of its thematic surfaces. What a surface places by a matrix
/// (a window of a catalogue) counts as the object's own.
fn is_direct(shape: &Shape) -> bool {
    shape.surface.is_none() || shape.placement.is_some()
}

/// Whether faces of this role stand for the object as a body, once for each level of detail.
fn is_body(role: GeometryRole) -> bool {
    matches!(role, GeometryRole::Solid | GeometryRole::MultiSurface)
}
