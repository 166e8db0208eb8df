//! Surfaces and solids, from GML into the arena.
//!
//! GML 2, 3.1 and 3.2 have a dozen elements for "a set of faces". They differ in what they promise, not in what they hold:
//! each becomes a group, whose members are faces, other groups or links. Only the outermost element is asked whether it
//! closes a volume.

use crate::arena::{Arena, Face, Group, Node, Surface};
use crate::cursor::{Cursor, Stop};
use crate::findings::Findings;
use crate::namespace::Namespace;
use crate::ring::{Ring, RingReader};

/// A geometry as an object uses it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Root {
    pub(crate) node: Node,
    /// Whether it is a solid.
    pub(crate) solid: bool,
    /// `srsName` of the geometry or of something in it.
    pub(crate) srs_name: Option<String>,
}

/// What an element is to the reader.
enum Shape {
    Face,
    Group {
        solid: bool,
    },
    /// Curves, points, grids.
    LeftOut,
    Unknown,
}

fn shape(cursor: &Cursor) -> Shape {
    if cursor.namespace() != Namespace::Gml {
        return Shape::Unknown;
    }
    match cursor.local() {
        b"Polygon" | b"PolygonPatch" | b"Triangle" | b"Rectangle" => Shape::Face,
        b"Solid" | b"MultiSolid" | b"CompositeSolid" => Shape::Group { solid: true },
        b"MultiSurface"
        | b"CompositeSurface"
        | b"Surface"
        | b"OrientableSurface"
        | b"PolyhedralSurface"
        | b"TriangulatedSurface"
        | b"Tin"
        | b"Shell"
        | b"MultiGeometry"
        | b"GeometricComplex"
        | b"MultiPolygon" => Shape::Group { solid: false },
        b"MultiCurve" | b"CompositeCurve" | b"LineString" | b"Curve" | b"OrientableCurve" | b"Ring" | b"LinearRing"
        | b"Point" | b"MultiPoint" | b"RectifiedGrid" | b"Grid" | b"MultiLineString" => Shape::LeftOut,
        _ => Shape::Unknown,
    }
}

/// Whether the element that the cursor stands on is a geometry that becomes faces.
pub(crate) fn has_faces(cursor: &Cursor) -> bool {
    matches!(shape(cursor), Shape::Face | Shape::Group { .. })
}

/// Reads geometries into an arena.
#[derive(Debug)]
pub(crate) struct GeometryReader<'r> {
    pub(crate) arena: Arena,
    pub(crate) findings: Findings<'r>,
    pub(crate) rings: RingReader,
    /// The thematic surface that is being read.
    pub(crate) surface: Option<u32>,
    /// The id of the object that is being read, for messages about polygons that have none.
    pub(crate) object: Option<String>,
    srs_name: Option<String>,
}

impl<'r> GeometryReader<'r> {
    pub(crate) fn new(findings: Findings<'r>) -> Self {
        Self {
            arena: Arena::default(),
            findings,
            rings: RingReader::default(),
            surface: None,
            object: None,
            srs_name: None,
        }
    }

    /// Takes the arena out and begins an empty one.
    pub(crate) fn take_arena(&mut self) -> Arena {
        self.surface = None;
        std::mem::take(&mut self.arena)
    }

    /// Begins a thematic surface; answers the one around it.
    pub(crate) fn enter_surface(&mut self, surface: Surface) -> Option<u32> {
        let index = self.arena.push_surface(surface);
        self.surface.replace(index)
    }

    /// Reads a property that holds a geometry or links to one. `None` where it holds nothing that has faces.
    pub(crate) fn property(&mut self, cursor: &mut Cursor) -> Result<Option<Root>, Stop> {
        let href = cursor.href().map(|target| (target, cursor.line()));
        let mut root = None;
        while cursor.child()? {
            let read = self.root(cursor)?;
            root = root.or(read);
        }
        Ok(root.or_else(|| {
            href.map(|(target, line)| Root {
                node: self.arena.push_link(target, line),
                solid: false,
                srs_name: None,
            })
        }))
    }

    /// Reads the geometry that the cursor stands on.
    pub(crate) fn root(&mut self, cursor: &mut Cursor) -> Result<Option<Root>, Stop> {
        self.srs_name = None;
        let solid = matches!(shape(cursor), Shape::Group { solid: true });
        let node = self.node(cursor, None)?;
        Ok(node.map(|node| Root {
            node,
            solid,
            srs_name: self.srs_name.take(),
        }))
    }

    fn node(&mut self, cursor: &mut Cursor, parent: Option<u32>) -> Result<Option<Node>, Stop> {
        match shape(cursor) {
            Shape::Face => self.face(cursor, parent),
            Shape::Group { .. } => Ok(Some(Node::Group(self.group(cursor, parent)?))),
            Shape::LeftOut => {
                self.leave_out(cursor)?;
                Ok(None)
            }
            Shape::Unknown => {
                cursor.skip()?;
                Ok(None)
            }
        }
    }

    fn leave_out(&mut self, cursor: &mut Cursor) -> Result<(), Stop> {
        self.findings.note(
            "curve-left-out",
            cursor.line(),
            cursor.gml_id().as_deref(),
            format!("{} has no area and is left out.", cursor.local_text()),
            "Nothing need be done: lines and points are not shown.",
        );
        cursor.skip()
    }

    fn note_srs_name(&mut self, cursor: &Cursor) {
        if self.srs_name.is_none() {
            self.srs_name = cursor.srs_name();
        }
    }

    fn group(&mut self, cursor: &mut Cursor, parent: Option<u32>) -> Result<u32, Stop> {
        self.note_srs_name(cursor);
        let index = self.arena.push_group(Group {
            id: cursor.gml_id(),
            parent,
            reversed: cursor.attribute(b"orientation").is_some_and(|sign| sign.trim() == "-"),
            ..Group::default()
        });
        while cursor.child()? {
            match cursor.local() {
                b"name" | b"description" | b"metaDataProperty" | b"boundedBy" | b"controlPoint" | b"stopLines"
                | b"breakLines" | b"maxLength" | b"identifier" => cursor.skip()?,
                _ => self.member(cursor, index)?,
            }
        }
        Ok(index)
    }

    /// A property of a group, whatever its name: what it holds, or what it links to, is a member.
    fn member(&mut self, cursor: &mut Cursor, group: u32) -> Result<(), Stop> {
        let href = cursor.href().map(|target| (target, cursor.line()));
        let mut held = false;
        while cursor.child()? {
            held = true;
            let dropped = has_faces(cursor);
            match self.node(cursor, Some(group))? {
                Some(node) => self.add_member(group, node),
                None if dropped => self.mark_incomplete(group),
                None => {}
            }
        }
        if let Some((target, line)) = href.filter(|_| !held) {
            let link = self.arena.push_link(target, line);
            self.add_member(group, link);
        }
        Ok(())
    }

    fn add_member(&mut self, group: u32, node: Node) {
        if let Some(group) = self.arena.group_mut(group) {
            group.members.push(node);
        }
    }

    fn mark_incomplete(&mut self, group: u32) {
        if let Some(group) = self.arena.group_mut(group) {
            group.incomplete = true;
        }
    }

    fn face(&mut self, cursor: &mut Cursor, parent: Option<u32>) -> Result<Option<Node>, Stop> {
        self.note_srs_name(cursor);
        let mut face = Face {
            id: cursor.gml_id(),
            line: cursor.line(),
            parent,
            surface: self.surface,
            ..Face::default()
        };
        let mut usable = true;
        let mut written = false;
        while cursor.child()? {
            match cursor.local() {
                b"exterior" | b"outerBoundaryIs" => {
                    written = true;
                    usable &= self.exterior(cursor, &mut face)?;
                }
                b"interior" | b"innerBoundaryIs" => self.interior(cursor, &mut face)?,
                _ => cursor.skip()?,
            }
        }
        if !written {
            self.findings.warn(
                "ring-too-short",
                face.line,
                self.name_of(&face),
                "a polygon has no exterior; it was left out.",
                "Export the object again.",
            );
        }
        Ok((written && usable).then(|| self.arena.push_face(face)))
    }

    fn exterior(&mut self, cursor: &mut Cursor, face: &mut Face) -> Result<bool, Stop> {
        match self.rings.read(cursor)? {
            Ok(ring) => {
                face.exterior = self.mended(ring, face);
                Ok(true)
            }
            Err(bad) => {
                let id = self.name_of(face);
                self.findings.bad_ring(face.line, id, &bad, "the polygon was left out");
                Ok(false)
            }
        }
    }

    fn interior(&mut self, cursor: &mut Cursor, face: &mut Face) -> Result<(), Stop> {
        match self.rings.read(cursor)? {
            Ok(ring) => {
                let points = self.mended(ring, face);
                face.interiors.push(points);
            }
            Err(bad) => {
                let id = self.name_of(face);
                self.findings.bad_ring(face.line, id, &bad, "the hole was left out");
                if let Some(group) = face.parent {
                    self.mark_incomplete(group);
                }
            }
        }
        Ok(())
    }

    /// What a message calls a polygon.
    fn name_of<'a>(&'a self, face: &'a Face) -> Option<&'a str> {
        face.id.as_deref().or(self.object.as_deref())
    }

    fn mended(&self, ring: Ring, face: &Face) -> Vec<[f64; 3]> {
        self.findings.mended_ring(face.line, self.name_of(face), ring.mended);
        ring.points
    }
}
