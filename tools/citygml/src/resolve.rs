//! From drafts to city objects: links followed, surfaces named, colours looked up.
//!
//! The polygon that a solid links to is written in a roof surface, coloured by an appearance and must come out once, in the
//! solid, as a red roof. So first every geometry is spread out into picks of faces; then thematic surfaces name the
//! faces that they hold or link to; then each object takes its geometries, solids first, and what only its thematic
//! surfaces hold comes last. Links cannot loop or multiply, since a geometry picks each face once.

use std::collections::{HashMap, HashSet};

use crate::appearance::Materials;
use crate::arena::{Arena, Node};
use crate::feature::{Draft, Shape};
use crate::findings::Findings;
use crate::hash::{Hash, QuickSet, id_hash};
use crate::library::Library;
use crate::link::{Target, target};
use crate::{CityObject, Geometry, GeometryRole, Material, Polygon, SurfaceKind};

/// The arena of the object itself, where fragments of the library have their numbers.
const OWN: u32 = u32::MAX;

/// How many faces one top-level object may get by links: a small hostile file could otherwise ask for billions.
const MOST_LINKED_FACES: usize = 500_000;

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
    linked_faces: usize,
    /// Faces of the own arena that a geometry of their level of detail has.
    taken: QuickSet<(u8, u32)>,
    /// How often each face of the own arena is still needed.
    uses: Vec<u32>,
    top: String,
    top_line: u64,
    /// Kept from one geometry to the next, for their memory.
    visited: QuickSet<(u32, Node)>,
    stack: Vec<(u32, Node, bool, Option<u64>)>,
}

/// A draft with its shapes spread out.
struct Unfolded {
    object: CityObject,
    srs_name: Option<String>,
    shapes: Vec<(Shape, Spread)>,
    children: Vec<Unfolded>,
}

/// A geometry of which the faces are known and not yet taken out of the arena.
struct Chosen {
    lod: u8,
    role: GeometryRole,
    closed: bool,
    picks: Vec<Pick>,
    srs_name: Option<String>,
    placement: Option<crate::implicit::Placement>,
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
            linked_faces: 0,
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

    /// Follows the groups and links of a geometry.
    fn spread(&mut self, shape: &Shape) -> Spread {
        let mut spread = Spread {
            picks: Vec::new(),
            complete: true,
        };
        let mut visited = std::mem::take(&mut self.visited);
        let mut stack = std::mem::take(&mut self.stack);
        visited.clear();
        stack.push((OWN, shape.root.node, false, None));
        while let Some((arena, node, reversed, path)) = stack.pop() {
            if !visited.insert((arena, node)) {
                continue;
            }
            match node {
                Node::Face(face) => {
                    if !self.allow_face(arena, shape) {
                        spread.complete = false;
                        stack.clear();
                        break;
                    }
                    spread.picks.push(Pick {
                        arena,
                        face,
                        reversed,
                        surface: shape.surface.filter(|_| arena != OWN || shape.placement.is_some()),
                        path,
                    });
                }
                Node::Group(index) => {
                    let Some(group) = self.arena_at(arena).and_then(|arena| arena.group(index)) else {
                        continue;
                    };
                    let own = group.id.as_deref().map(|id| id_hash(id.as_bytes()));
                    let path = own.filter(|id| self.material(*id).is_some()).or(path);
                    spread.complete &= !group.incomplete;
                    let reversed = reversed != group.reversed;
                    let members = group.members.iter().rev();
                    stack.extend(members.map(|member| (arena, *member, reversed, path)));
                }
                Node::Link(link) => match self.follow(arena, link) {
                    Some((arena, node)) => stack.push((arena, node, reversed, path)),
                    None => spread.complete = false,
                },
            }
        }
        self.visited = visited;
        self.stack = stack;
        spread
    }

    /// Whether one more face may be linked to.
    fn allow_face(&mut self, arena: u32, shape: &Shape) -> bool {
        if arena == OWN && shape.placement.is_none() {
            return true;
        }
        self.linked_faces += 1;
        if self.linked_faces == MOST_LINKED_FACES {
            let message = format!("an object links to more than {MOST_LINKED_FACES} faces; the rest is left out.");
            self.shared.findings.warn(
                "too-many-links",
                self.top_line,
                Some(&self.top),
                message,
                "Look at the links of this object.",
            );
        }
        self.linked_faces < MOST_LINKED_FACES
    }

    fn arena_at(&self, index: u32) -> Option<&Arena> {
        if index == OWN {
            Some(&self.arena)
        } else {
            self.shared.library.fragment(index)
        }
    }

    fn follow(&mut self, arena: u32, index: u32) -> Option<(u32, Node)> {
        let link = self.arena_at(arena)?.link(index)?;
        let found = match target(&link.target, self.shared.file_name) {
            Target::Here(id) => {
                let id = id_hash(id.as_bytes());
                let own = self.ids.get(&id).filter(|_| arena == OWN);
                own.map(|node| (OWN, *node)).or_else(|| self.shared.library.find(id))
            }
            Target::Elsewhere => None,
        };
        if found.is_none() && arena == OWN && self.warned.insert(index) {
            self.warn_dangling(index);
        }
        found
    }

    fn warn_dangling(&self, index: u32) {
        let Some(link) = self.arena.link(index) else { return };
        let findings = self.shared.findings;
        let id = Some(self.top.as_str()).filter(|id| !id.is_empty());
        match target(&link.target, self.shared.file_name) {
            Target::Here(target) => findings.warn(
                "xlink-dangling",
                link.line,
                id,
                format!("a link points to #{target}, and no geometry of the file has that gml:id; the face or part is missing."),
                "Export the object again, or correct the link.",
            ),
            Target::Elsewhere => findings.warn(
                "xlink-other-file",
                link.line,
                id,
                format!("a link points to \"{}\", outside the file, and is not followed; what it stands for is missing.", link.target),
                "Merge the files, or export with the geometry in the file.",
            ),
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

    /// Decides which faces each geometry gets, the object before its children, and counts how often each is needed.
    fn choose(&mut self, unfolded: &mut Unfolded, srs_name: Option<&str>, into: &mut Vec<Vec<Chosen>>) {
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
        let mut chosen: Vec<Chosen> = Vec::with_capacity(direct.len());
        for (shape, spread) in direct {
            let mut picks = spread.picks;
            let mut closed = shape.root.solid && spread.complete && shape.placement.is_none();
            if is_body(shape.role) {
                let before = picks.len();
                let earlier = chosen
                    .iter()
                    .filter(|other| other.lod == shape.lod && is_body(other.role));
                let keys: HashSet<u64> = earlier
                    .flat_map(|other| &other.picks)
                    .filter_map(|pick| self.key(*pick))
                    .collect();
                if !keys.is_empty() {
                    picks.retain(|pick| self.key(*pick).is_none_or(|key| !keys.contains(&key)));
                }
                closed &= picks.len() == before;
            }
            chosen.push(Chosen {
                lod: shape.lod,
                role: shape.role,
                closed,
                picks,
                srs_name: shape.root.srs_name,
                placement: shape.placement,
            });
        }
        chosen
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

    fn build(&mut self, unfolded: Unfolded, chosen: &mut impl Iterator<Item = Vec<Chosen>>) -> CityObject {
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
            interiors.iter_mut().for_each(|ring| ring.reverse());
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
