//! The geometries of one top-level object as they are written, before links are followed.
//!
//! GML nests surfaces in surfaces, and any of them may stand in another place by a link. So faces and groups are kept in
//! tables, in the order of the file, and refer to each other by number.

use crate::SurfaceKind;
use crate::hash::id_hash;

/// A face, a group, or a link to one of them, by its number in the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// A polygon.
    Face(u32),
    /// A surface or solid made of others.
    Group(u32),
    /// An `xlink:href`.
    Link(u32),
}

/// A polygon.
#[derive(Debug, Default)]
pub(crate) struct Face {
    pub(crate) id: Option<String>,
    pub(crate) line: u64,
    pub(crate) exterior: Vec<[f64; 3]>,
    pub(crate) interiors: Vec<Vec<[f64; 3]>>,
    /// The group it is written in.
    pub(crate) parent: Option<u32>,
    /// The thematic surface it is written in, or that links to it.
    pub(crate) surface: Option<u32>,
}

/// A multi-surface, a solid, an orientable surface, ...
#[derive(Debug, Default)]
pub(crate) struct Group {
    pub(crate) id: Option<String>,
    /// The group it is written in.
    pub(crate) parent: Option<u32>,
    pub(crate) members: Vec<Node>,
    /// `orientation="-"`
    pub(crate) reversed: bool,
    /// Whether a member had to be dropped.
    pub(crate) incomplete: bool,
}

/// An `xlink:href` to a geometry.
#[derive(Debug)]
pub(crate) struct Link {
    /// As written.
    pub(crate) target: String,
    pub(crate) line: u64,
}

/// A thematic surface: `RoofSurface`, `Window`, ...
#[derive(Debug, Clone)]
pub(crate) struct Surface {
    pub(crate) kind: SurfaceKind,
    pub(crate) id: Option<String>,
}

/// The geometries of one object.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    pub(crate) faces: Vec<Face>,
    pub(crate) groups: Vec<Group>,
    pub(crate) links: Vec<Link>,
    pub(crate) surfaces: Vec<Surface>,
}

impl Arena {
    pub(crate) fn push_face(&mut self, face: Face) -> Node {
        self.faces.push(face);
        Node::Face(self.faces.len() as u32 - 1)
    }

    pub(crate) fn push_group(&mut self, group: Group) -> u32 {
        self.groups.push(group);
        self.groups.len() as u32 - 1
    }

    pub(crate) fn push_link(&mut self, target: String, line: u64) -> Node {
        self.links.push(Link { target, line });
        Node::Link(self.links.len() as u32 - 1)
    }

    pub(crate) fn push_surface(&mut self, surface: Surface) -> u32 {
        self.surfaces.push(surface);
        self.surfaces.len() as u32 - 1
    }

    pub(crate) fn face(&self, index: u32) -> Option<&Face> {
        self.faces.get(index as usize)
    }

    pub(crate) fn group(&self, index: u32) -> Option<&Group> {
        self.groups.get(index as usize)
    }

    pub(crate) fn group_mut(&mut self, index: u32) -> Option<&mut Group> {
        self.groups.get_mut(index as usize)
    }

    pub(crate) fn link(&self, index: u32) -> Option<&Link> {
        self.links.get(index as usize)
    }

    pub(crate) fn surface(&self, index: Option<u32>) -> Option<&Surface> {
        self.surfaces.get(index? as usize)
    }

    /// How many points the faces have; a face or group by itself counts as eight, since it takes as much memory.
    pub(crate) fn points(&self) -> usize {
        let rings = self
            .faces
            .iter()
            .flat_map(|face| face.interiors.iter().chain([&face.exterior]));
        rings.map(Vec::len).sum::<usize>() + 8 * (self.faces.len() + self.groups.len())
    }

    /// Everything that has a `gml:id`, by the hash of it.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (u64, Node)> {
        let groups = self.groups.iter().enumerate();
        let groups = groups.filter_map(|(i, group)| Some((group.id.as_deref()?, Node::Group(i as u32))));
        let faces = self.faces.iter().enumerate();
        let faces = faces.filter_map(|(i, face)| Some((face.id.as_deref()?, Node::Face(i as u32))));
        groups.chain(faces).map(|(id, node)| (id_hash(id.as_bytes()), node))
    }
}
