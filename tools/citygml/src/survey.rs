//! The first walk through a file: what must be known before the first object can be put together.
//!
//! Colours stand at the end of the file, prototypes in other objects, and the better one of two objects with the same id may
//! come later. This walk reads the appearances, notes which links lead out of their object, and decides which of two objects
//! with one id stays. It keeps nothing else: memory grows with the links between objects and with what is coloured.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::appearance::{self, Materials, Theme};
use crate::cursor::{Cursor, Stop};
use crate::document::{About, Document, Item, fatal};
use crate::feature::level_of_detail;
use crate::findings::Findings;
use crate::hash::id_hash;
use crate::library::file_name;
use crate::link::{Target, target};
use crate::namespace::Namespace;
use crate::split::Splits;
use crate::{Error, Options, Version, limits};

/// An object that is left out because of another one with the same `gml:id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duplicate {
    /// The line of the one that stays.
    pub(crate) kept_line: u64,
    /// Whether that one comes later, and is more detailed.
    pub(crate) better: bool,
}

/// What the first walk found.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) version: Version,
    pub(crate) about: About,
    pub(crate) features: u64,
    /// The first `srsName` of a geometry.
    pub(crate) geometry_srs_name: Option<String>,
    pub(crate) theme: Theme,
    pub(crate) materials: Materials,
    /// The hashes of ids that objects link to and do not hold.
    pub(crate) foreign: HashSet<u64>,
    /// Objects to leave out, by their place in the file.
    pub(crate) duplicates: HashMap<u64, Duplicate>,
    /// The places of objects that have no `gml:id`, or may hand on some that have none.
    pub(crate) nameless: HashSet<u64>,
    /// How many bytes of text an object may have.
    pub(crate) member_bytes: u64,
    /// The places of objects that have more.
    pub(crate) oversize: HashSet<u64>,
    /// Where the file can be cut.
    pub(crate) splits: Splits,
    /// Whether the model ends before the file does.
    pub(crate) closed: bool,
    /// How much text was walked through.
    pub(crate) end: u64,
    /// What is wrong with the file behind the end of the model: its checksum.
    pub(crate) damage: Option<String>,
    /// Where the text begins in the file, when its bytes there are those of the text.
    pub(crate) plain_from: Option<u64>,
    /// The line of the first byte that the encoding does not know.
    pub(crate) malformed: Option<u64>,
    /// The encoding that the file declares, where it is none that is known.
    pub(crate) unknown_encoding: Option<String>,
}

/// A top-level object, as far as duplicates need it.
#[derive(Debug, Clone, Copy)]
struct Seen {
    place: u64,
    line: u64,
    lod: u8,
}

struct Surveyor<'a> {
    survey: Survey,
    file_name: String,
    findings: &'a Findings<'a>,
    seen: HashMap<u64, Seen>,
    /// Ids and links of the object that is being walked through.
    ids: Vec<u64>,
    links: Vec<u64>,
}

impl Survey {
    /// Walks through the file.
    pub(crate) fn take(path: &Path, options: &Options, findings: &Findings<'_>) -> Result<Self, Error> {
        let mut document = Document::open(path)?;
        let mut surveyor = Surveyor {
            survey: Self {
                version: document.version,
                about: About::default(),
                features: 0,
                geometry_srs_name: None,
                theme: Theme {
                    wanted: options.theme.clone(),
                    ..Theme::default()
                },
                materials: Materials::default(),
                foreign: HashSet::new(),
                duplicates: HashMap::new(),
                nameless: HashSet::new(),
                member_bytes: options.member_bytes.unwrap_or(limits::MEMBER_BYTES),
                oversize: HashSet::new(),
                splits: Splits::default(),
                closed: false,
                end: 0,
                damage: None,
                plain_from: None,
                malformed: None,
                unknown_encoding: None,
            },
            file_name: file_name(path),
            findings,
            seen: HashMap::new(),
            ids: Vec::new(),
            links: Vec::new(),
        };
        while surveyor.step_or_resume(&mut document, path)? {}
        Ok(surveyor.finish(document))
    }
}

/// The names that the walk wants to see even without attributes.
fn matters(local: &[u8]) -> bool {
    local.starts_with(b"lod") || matches!(local, b"Appearance" | b"theme" | b"X3DMaterial")
}

impl Surveyor<'_> {
    /// One step; `false` at the end, also where the file breaks off: the walk that reads the objects comes to the same place
    /// and reports it.
    fn step_or_resume(&mut self, document: &mut Document, path: &Path) -> Result<bool, Error> {
        let more = match self.step(document) {
            Err(Stop::Broken { at_member, .. }) => document.resume(at_member),
            more => more,
        };
        match more {
            Ok(true) => Ok(true),
            Ok(false) => {
                self.close(document);
                Ok(false)
            }
            Err(stop @ Stop::DocumentType { .. }) => Err(fatal(stop, path)),
            Err(_) => Ok(false),
        }
    }

    fn step(&mut self, document: &mut Document) -> Result<bool, Stop> {
        match document.next()? {
            Item::Feature(place) => self.feature(&mut document.cursor, place)?,
            Item::Appearance => appearance::read(
                &mut document.cursor,
                &mut self.survey.theme,
                self.findings,
                &mut self.survey.materials,
            )?,
            Item::Link(_) => {}
            Item::End => return Ok(false),
        }
        Ok(true)
    }

    fn close(&mut self, document: &mut Document) {
        self.survey.closed = true;
        self.survey.end = document.cursor.end_of_tag();
        if let Err(error) = document.cursor.source.check_end() {
            self.survey.damage = Some(error.to_string());
        }
    }

    fn feature(&mut self, cursor: &mut Cursor, place: u64) -> Result<(), Stop> {
        self.ids.clear();
        self.links.clear();
        let floor = cursor.depth;
        let top = cursor.raw_attribute_in(Namespace::Gml, b"id").map(id_hash);
        if top.is_none() || cursor.local() == b"CityObjectGroup" {
            self.survey.nameless.insert(place);
        }
        let mut seen = Seen {
            place,
            line: cursor.line(),
            lod: 0,
        };
        let walked = self.walk(cursor, floor, &mut seen);
        if cursor.offset() - place > self.survey.member_bytes {
            self.survey.oversize.insert(place);
            return walked;
        }
        self.note_foreign();
        walked?;
        if let Some(top) = top {
            self.note_duplicate(top, seen);
        }
        Ok(())
    }

    fn walk(&mut self, cursor: &mut Cursor, floor: u32, seen: &mut Seen) -> Result<(), Stop> {
        // The theme of the appearance that the object brings along, where it does.
        let mut theme = String::new();
        while cursor.skim(floor, matters)? {
            // Of an object that is left out nothing is kept.
            if cursor.offset() - seen.place <= self.survey.member_bytes {
                self.note_attributes(cursor);
            }
            match cursor.local() {
                b"Appearance" => theme.clear(),
                b"theme" => {
                    theme = cursor.skim_text()?;
                    self.survey.theme.met(&theme);
                }
                b"X3DMaterial" => self.survey.theme.choose(&theme),
                name => seen.lod = seen.lod.max(level_of_detail(name).map_or(0, |(lod, _)| lod)),
            }
        }
        Ok(())
    }

    fn note_attributes(&mut self, cursor: &Cursor) {
        if let Some(id) = cursor.raw_attribute_in(Namespace::Gml, b"id") {
            self.ids.push(id_hash(id));
        }
        let href = cursor.raw_attribute_in(Namespace::XLink, b"href");
        let href = href.and_then(|href| std::str::from_utf8(href).ok());
        if let Some(Target::Here(id)) = href.map(|href| target(href, &self.file_name)) {
            self.links.push(id_hash(id.as_bytes()));
        }
        if self.survey.geometry_srs_name.is_none() {
            self.survey.geometry_srs_name = cursor.srs_name();
        }
    }

    fn note_foreign(&mut self) {
        if self.links.is_empty() {
            return;
        }
        self.ids.sort_unstable();
        let foreign = self.links.iter().filter(|link| self.ids.binary_search(link).is_err());
        let room = limits::FOREIGN_LINKS.saturating_sub(self.survey.foreign.len());
        self.survey.foreign.extend(foreign.take(room));
    }

    /// The more detailed of two objects with one id stays, else the first.
    fn note_duplicate(&mut self, id: u64, new: Seen) {
        let Some(old) = self.seen.insert(id, new) else { return };
        let better = new.lod > old.lod;
        let (kept, left_out) = if better { (new, old) } else { (old, new) };
        self.seen.insert(id, kept);
        let duplicate = Duplicate {
            kept_line: kept.line,
            better,
        };
        self.survey.duplicates.insert(left_out.place, duplicate);
    }

    fn finish(self, document: Document) -> Survey {
        let mut survey = self.survey;
        survey.features = document.features();
        let source = &document.cursor.source;
        if !survey.closed {
            survey.end = source.consumed() + source.available().len() as u64;
        }
        survey.plain_from = source.plain_from();
        survey.malformed = source.malformed();
        survey.unknown_encoding = source.unknown_encoding().map(str::to_owned);
        survey.splits = document.splits;
        survey.about = document.about;
        let wanted = survey.theme.wanted.as_deref();
        if let Some(wanted) = wanted.filter(|wanted| !survey.theme.seen.contains(*wanted)) {
            let known: Vec<&str> = survey.theme.seen.iter().map(String::as_str).collect();
            let message = format!(
                "no appearance has the theme \"{wanted}\"; the file has: {}.",
                known.join(", ")
            );
            self.findings
                .warn("theme-not-found", 1, None, message, "Choose one of these themes.");
        }
        survey
    }
}
