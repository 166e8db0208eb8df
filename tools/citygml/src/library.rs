//! Geometries that other objects link to.
//!
//! A tree links to the prototype that the first tree of the file holds; a building links to the wall of its neighbour. One
//! object at a time is in memory, so what others need is collected beforehand: nothing but the targets of such links.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::arena::{Arena, Node, Surface};
use crate::class::{Class, class};
use crate::cursor::{Cursor, Stop};
use crate::document::{Document, Item};
use crate::findings::Findings;
use crate::geometry::{GeometryReader, has_faces};
use crate::hash::id_hash;
use crate::limits;
use crate::link::{Target, target};
use crate::namespace::Namespace;

/// The geometries, each with what is inside it.
#[derive(Debug, Default)]
pub(crate) struct Library {
    fragments: Vec<Arena>,
    ids: HashMap<u64, (u32, Node)>,
    points: usize,
    full: bool,
}

impl Library {
    /// Collects the geometries with these ids, and those that they link to in turn.
    pub(crate) fn collect(path: &Path, mut wanted: HashSet<u64>, oversize: &HashSet<u64>) -> Self {
        let file_name = file_name(path);
        let mut library = Self::default();
        let mut asked = HashSet::new();
        for _ in 0..limits::LINKS_IN_A_ROW {
            wanted.retain(|id| asked.insert(*id) && !library.ids.contains_key(id));
            if wanted.is_empty() || library.full {
                break;
            }
            library.walk(path, &wanted, oversize);
            wanted = library.missing(&file_name);
        }
        library
    }

    /// What has the id with this hash: the number of the fragment, and the node in it.
    pub(crate) fn find(&self, id: u64) -> Option<(u32, Node)> {
        self.ids.get(&id).copied()
    }

    /// A fragment.
    pub(crate) fn fragment(&self, index: u32) -> Option<&Arena> {
        self.fragments.get(index as usize)
    }

    /// Where the file breaks, the reader of the objects says so; here what was found until then has to do.
    fn walk(&mut self, path: &Path, wanted: &HashSet<u64>, oversize: &HashSet<u64>) {
        let Ok(mut document) = Document::open(path) else {
            return;
        };
        while !self.full {
            let step = document.next().and_then(|item| match item {
                Item::Feature(place) if oversize.contains(&place) => document.cursor.skip().map(|()| true),
                Item::Feature(_) => self.feature(&mut document.cursor, wanted).map(|()| true),
                Item::Appearance => document.cursor.skip().map(|()| true),
                Item::Link(_) => Ok(true),
                Item::End => Ok(false),
            });
            match step {
                Ok(true) => {}
                Err(Stop::Broken { at_member, .. }) if document.resume(at_member).unwrap_or(false) => {}
                Ok(false) | Err(_) => return,
            }
        }
    }

    fn feature(&mut self, cursor: &mut Cursor, wanted: &HashSet<u64>) -> Result<(), Stop> {
        let floor = cursor.depth;
        let mut reader = GeometryReader::new(Findings::silent());
        // Thematic surfaces around the cursor, innermost last.
        let mut surfaces: Vec<(u32, Surface)> = Vec::new();
        while !self.full && cursor.skim(floor, is_surface)? {
            surfaces.retain(|(depth, _)| *depth < cursor.depth);
            if let Class::Surface(kind) = class(cursor.namespace(), cursor.local()) {
                let id = cursor.gml_id();
                surfaces.push((cursor.depth, Surface { kind, id }));
            } else if is_wanted(cursor, wanted) {
                if let Some((_, surface)) = surfaces.last() {
                    reader.enter_surface(surface.clone());
                }
                reader.root(cursor)?;
                self.add(reader.take_arena());
            }
        }
        Ok(())
    }

    /// Whether there is more than [`limits::SHARED_POINTS`] allows.
    pub(crate) fn full(&self) -> bool {
        self.full
    }

    fn add(&mut self, fragment: Arena) {
        self.points += fragment.points();
        self.full |= self.points > limits::SHARED_POINTS;
        let index = self.fragments.len() as u32;
        for (id, node) in fragment.ids() {
            self.ids.entry(id).or_insert((index, node));
        }
        self.fragments.push(fragment);
    }

    /// What the fragments link to and do not hold.
    fn missing(&self, file_name: &str) -> HashSet<u64> {
        let links = self.fragments.iter().flat_map(|fragment| &fragment.links);
        links
            .filter_map(|link| match target(&link.target, file_name) {
                Target::Here(id) => Some(id_hash(id.as_bytes())),
                Target::Elsewhere => None,
            })
            .filter(|id| !self.ids.contains_key(id))
            .collect()
    }
}

fn is_surface(local: &[u8]) -> bool {
    matches!(class(Namespace::Core, local), Class::Surface(_))
}

fn is_wanted(cursor: &Cursor, wanted: &HashSet<u64>) -> bool {
    has_faces(cursor)
        && cursor
            .raw_attribute_in(Namespace::Gml, b"id")
            .is_some_and(|id| wanted.contains(&id_hash(id)))
}

/// The last part of a path.
pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
