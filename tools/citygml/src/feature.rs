//! City objects, from XML into drafts.
//!
//! A draft has everything that is written inside an object, with links not yet followed. What a property is, is told by
//! what it holds and not by its name: a text is an attribute, a city object is a child, a thematic surface belongs to the
//! object, a geometry has its level of detail in the name of the property. So parts, installations, traffic areas and the
//! objects of extensions need no code of their own.

use crate::appearance::{self, Materials, Theme};
use crate::arena::{Node, Surface};
use crate::attribute::{self, Hints};
use crate::class::{Class, class, refined_surface};
use crate::cursor::{Cursor, Stop};
use crate::geometry::{GeometryReader, Root};
use crate::implicit::{self, Placement};
use crate::namespace::Namespace;
use crate::{CityObject, Code, ExternalReference, GeometryRole, Module, SurfaceKind, address};

/// A city object whose geometries are still in the arena.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Without geometries and children.
    pub(crate) object: CityObject,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) children: Vec<Draft>,
    /// `srsName` of the object's envelope.
    pub(crate) srs_name: Option<String>,
    /// `dem:lod`
    lod: u8,
}

/// A geometry of an object.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) lod: u8,
    pub(crate) role: GeometryRole,
    pub(crate) root: Root,
    /// The thematic surface it belongs to.
    pub(crate) surface: Option<u32>,
    pub(crate) placement: Option<Placement>,
}

/// Reads top-level city objects.
#[derive(Debug)]
pub(crate) struct FeatureReader<'r> {
    pub(crate) geometry: GeometryReader<'r>,
    /// Materials that the object brings along.
    pub(crate) materials: Materials,
    pub(crate) theme: Theme,
    /// The id of the top-level object, for messages.
    top: String,
}

impl<'r> FeatureReader<'r> {
    pub(crate) fn new(geometry: GeometryReader<'r>, theme: Theme) -> Self {
        Self {
            geometry,
            materials: Materials::default(),
            theme,
            top: String::new(),
        }
    }

    /// The id of the object that is being read, also after its reading has stopped half way.
    pub(crate) fn top(&self) -> Option<&str> {
        Some(self.top.as_str()).filter(|id| !id.is_empty())
    }

    /// Forgets the object whose reading has stopped half way.
    pub(crate) fn forget(&mut self) {
        self.top.clear();
    }

    /// Reads the top-level object that the cursor stands on.
    pub(crate) fn read(&mut self, cursor: &mut Cursor) -> Result<Draft, Stop> {
        self.materials = Materials::default();
        self.geometry.take_arena();
        self.top = cursor.gml_id().unwrap_or_default();
        self.geometry.object = self.top().map(str::to_owned);
        let module = match class(cursor.namespace(), cursor.local()) {
            Class::Object(module) => module,
            _ => Module::Other,
        };
        let draft = self.object(cursor, module)?;
        self.top.clear();
        Ok(draft)
    }

    fn object(&mut self, cursor: &mut Cursor, module: Module) -> Result<Draft, Stop> {
        let mut draft = Draft {
            object: empty_object(cursor, module),
            shapes: Vec::new(),
            children: Vec::new(),
            srs_name: None,
            lod: 0,
        };
        // A part is not inside the thematic surface around it, should a file nest them so.
        let around = self.geometry.surface.take();
        while cursor.child()? {
            self.property(cursor, &mut draft)?;
        }
        self.geometry.surface = around;
        Ok(draft)
    }

    fn property(&mut self, cursor: &mut Cursor, draft: &mut Draft) -> Result<(), Stop> {
        if cursor.namespace() == Namespace::Gml {
            return gml_property(cursor, draft);
        }
        let object = &mut draft.object;
        match cursor.local() {
            b"class" => code(cursor, &mut object.class),
            b"function" => code(cursor, &mut object.function),
            b"usage" => code(cursor, &mut object.usage),
            b"address" => {
                object.addresses.extend(address::read(cursor)?);
                Ok(())
            }
            b"externalReference" => {
                object.external_references.extend(external_reference(cursor)?);
                Ok(())
            }
            b"appearance" | b"appearanceMember" => self.appearance(cursor),
            b"lod" if object.module == Module::Relief => {
                draft.lod = cursor.text()?.parse().unwrap_or(0).min(4);
                Ok(())
            }
            b"tin" => self.tin(cursor, draft),
            // The same object once more, simpler.
            b"generalizesTo" => cursor.skip(),
            _ if attribute::is_generic(cursor) => attribute::read_generic(cursor, "", &mut object.attributes),
            name => match level_of_detail(name) {
                Some((lod, rest)) => {
                    let rest = rest.to_vec();
                    self.shape(cursor, draft, lod, &rest)
                }
                None => self.other_property(cursor, draft),
            },
        }
    }

    fn appearance(&mut self, cursor: &mut Cursor) -> Result<(), Stop> {
        while cursor.child()? {
            let findings = &self.geometry.findings;
            appearance::read(cursor, &mut self.theme, findings, &mut self.materials)?;
        }
        Ok(())
    }

    fn tin(&mut self, cursor: &mut Cursor, draft: &mut Draft) -> Result<(), Stop> {
        if let Some(root) = self.geometry.property(cursor)? {
            draft.shapes.push(Shape {
                lod: draft.lod,
                role: GeometryRole::Tin,
                root,
                surface: None,
                placement: None,
            });
        }
        Ok(())
    }

    /// `lod2Solid` and its like; `rest` is what follows the number.
    fn shape(&mut self, cursor: &mut Cursor, draft: &mut Draft, lod: u8, rest: &[u8]) -> Result<(), Stop> {
        if rest.starts_with(b"TerrainIntersection") {
            return cursor.skip();
        }
        if rest == b"ImplicitRepresentation" {
            return self.implicit(cursor, draft, lod);
        }
        let Some(mut root) = self.geometry.property(cursor)? else {
            return Ok(());
        };
        // A property that only links to a solid does not show it by an element.
        root.solid |= matches!(root.node, Node::Link(_)) && rest.ends_with(b"Solid");
        let role = match rest {
            b"FootPrint" => GeometryRole::Footprint,
            b"RoofEdge" => GeometryRole::RoofEdge,
            _ if root.solid => GeometryRole::Solid,
            _ => GeometryRole::MultiSurface,
        };
        draft.shapes.push(Shape {
            lod,
            role,
            root,
            surface: self.geometry.surface,
            placement: None,
        });
        Ok(())
    }

    fn implicit(&mut self, cursor: &mut Cursor, draft: &mut Draft, lod: u8) -> Result<(), Stop> {
        // The faces of a prototype belong to no thematic surface, though one may use it (a window).
        let surface = self.geometry.surface.take();
        let read = implicit::read(cursor, &mut self.geometry, &draft.object.id)?;
        self.geometry.surface = surface;
        if let Some(implicit) = read {
            draft.shapes.push(Shape {
                lod,
                role: GeometryRole::Implicit,
                root: implicit.root,
                surface,
                placement: Some(implicit.placement),
            });
        }
        Ok(())
    }

    fn other_property(&mut self, cursor: &mut Cursor, draft: &mut Draft) -> Result<(), Stop> {
        let name = cursor.local_text();
        let line = cursor.line();
        let hints = Hints::of(cursor);
        let href = cursor.href();
        if !cursor.child()? {
            let text = cursor.passed_text();
            if let Some(target) = href.filter(|_| text.is_empty()) {
                self.note_link(line, &name, &target);
            } else {
                attribute::push_text(name, hints, text, &mut draft.object.attributes);
            }
            return Ok(());
        }
        loop {
            self.held(cursor, draft, &name)?;
            if !cursor.child()? {
                return Ok(());
            }
        }
    }

    /// What a property of unknown name holds.
    fn held(&mut self, cursor: &mut Cursor, draft: &mut Draft, property: &str) -> Result<(), Stop> {
        match class(cursor.namespace(), cursor.local()) {
            Class::Object(module) => {
                let child = self.object(cursor, module)?;
                draft.children.push(child);
                Ok(())
            }
            Class::Surface(kind) => self.surface(cursor, draft, kind),
            Class::Interior => {
                self.leave_out(
                    cursor,
                    "interior-left-out",
                    "is inside, or a logical part only, and is left out",
                );
                cursor.skip()
            }
            Class::Unknown if matches!(property, "boundedBy" | "boundary") => {
                let kind = refined_surface(cursor.local());
                self.surface(cursor, draft, kind)
            }
            Class::Unknown => {
                let line = cursor.line();
                let what = cursor.written_name();
                if attribute::read_structured(cursor, property, &mut draft.object.attributes)? {
                    let message =
                        format!("what <{what}> in {property} has besides texts is not known and is left out.");
                    let advice = "Nothing need be done: extensions keep their attributes, not their geometry.";
                    self.geometry
                        .findings
                        .note("unknown-element", line, Some(&draft.object.id), message, advice);
                }
                Ok(())
            }
        }
    }

    /// A thematic surface: its geometries and those of its openings belong to the object that it bounds.
    fn surface(&mut self, cursor: &mut Cursor, draft: &mut Draft, kind: SurfaceKind) -> Result<(), Stop> {
        let id = cursor.gml_id();
        let around = self.geometry.enter_surface(Surface { kind, id });
        while cursor.child()? {
            if let Some((lod, rest)) = level_of_detail(cursor.local()) {
                let rest = rest.to_vec();
                self.shape(cursor, draft, lod, &rest)?;
            } else {
                self.surface_property(cursor, draft)?;
            }
        }
        self.geometry.surface = around;
        Ok(())
    }

    /// Openings and appearances; the attributes of a surface have no place in the model.
    fn surface_property(&mut self, cursor: &mut Cursor, draft: &mut Draft) -> Result<(), Stop> {
        if matches!(cursor.local(), b"appearance" | b"appearanceMember") {
            return self.appearance(cursor);
        }
        while cursor.child()? {
            match class(cursor.namespace(), cursor.local()) {
                Class::Surface(kind) => self.surface(cursor, draft, kind)?,
                Class::Object(module) => {
                    let child = self.object(cursor, module)?;
                    draft.children.push(child);
                }
                Class::Interior | Class::Unknown => cursor.skip()?,
            }
        }
        Ok(())
    }

    fn leave_out(&self, cursor: &Cursor, code: &str, why: &str) {
        let message = format!("{} {why}.", cursor.local_text());
        let id = cursor.gml_id();
        let advice = "Nothing need be done: the outside is shown.";
        self.geometry
            .findings
            .note(code, cursor.line(), id.as_deref(), message, advice);
    }

    fn note_link(&self, line: u64, property: &str, target: &str) {
        let message = format!("{property} links to {target}; links between objects are not followed.");
        let advice = "Nothing need be done where that object is in the file itself.";
        self.geometry
            .findings
            .note("object-link", line, self.top(), message, advice);
    }
}

fn empty_object(cursor: &Cursor, module: Module) -> CityObject {
    CityObject {
        id: cursor.gml_id().unwrap_or_default(),
        id_generated: false,
        line: cursor.line(),
        kind: cursor.local_text(),
        module,
        name: None,
        names: Vec::new(),
        description: None,
        class: Vec::new(),
        function: Vec::new(),
        usage: Vec::new(),
        attributes: Vec::new(),
        addresses: Vec::new(),
        external_references: Vec::new(),
        geometries: Vec::new(),
        children: Vec::new(),
    }
}

/// The number in `lod2Solid`, and what follows it.
pub(crate) fn level_of_detail(name: &[u8]) -> Option<(u8, &[u8])> {
    match name.strip_prefix(b"lod")? {
        [digit @ b'0'..=b'4', rest @ ..] => Some((digit - b'0', rest)),
        _ => None,
    }
}

fn gml_property(cursor: &mut Cursor, draft: &mut Draft) -> Result<(), Stop> {
    match cursor.local() {
        b"name" => {
            let name = cursor.text()?;
            if !name.is_empty() {
                draft.object.names.push(name.to_owned());
                draft.object.name.get_or_insert_with(|| name.to_owned());
            }
        }
        b"description" => {
            let text = cursor.text()?;
            draft.object.description = Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        b"boundedBy" => {
            while cursor.child()? {
                draft.srs_name = cursor.srs_name();
                cursor.skip()?;
            }
        }
        _ => cursor.skip()?,
    }
    Ok(())
}

fn code(cursor: &mut Cursor, into: &mut Vec<Code>) -> Result<(), Stop> {
    let code_space = cursor.attribute(b"codeSpace");
    let value = cursor.text()?;
    if !value.is_empty() {
        into.push(Code {
            value: value.to_owned(),
            code_space,
        });
    }
    Ok(())
}

/// CityGML 1 and 2 write `externalObject/uri` or `/name`, CityGML 3 `targetResource`.
fn external_reference(cursor: &mut Cursor) -> Result<Option<ExternalReference>, Stop> {
    let mut reference = ExternalReference {
        information_system: None,
        uri: None,
        name: None,
    };
    external_reference_part(cursor, &mut reference)?;
    let written = reference.uri.is_some() || reference.name.is_some();
    Ok(written.then_some(reference))
}

fn external_reference_part(cursor: &mut Cursor, reference: &mut ExternalReference) -> Result<(), Stop> {
    while cursor.child()? {
        let field = match cursor.local() {
            b"informationSystem" => &mut reference.information_system,
            b"uri" | b"targetResource" => &mut reference.uri,
            b"name" => &mut reference.name,
            _ => {
                external_reference_part(cursor, reference)?;
                continue;
            }
        };
        *field = Some(cursor.text()?.to_owned()).filter(|text| !text.is_empty());
    }
    Ok(())
}
