//! A walk over the objects of a file, or of a piece of it.
//!
//! Every object is put together from what it holds and what the first walk knows of the others, so that it comes out the
//! same whoever reads it, and whatever was read before it.

use crate::cursor::{Stop, TOO_LARGE};
use crate::document::{Document, Item, fatal};
use crate::feature::{Draft, FeatureReader};
use crate::findings::Findings;
use crate::geometry::GeometryReader;
use crate::reader::{ChunkSummary, Cut};
use crate::resolve::{Resolver, Shared};
use crate::survey::Duplicate;
use crate::twins::Nameless;
use crate::{CityObject, Error, Reader, limits};

const TOO_LARGE_ADVICE: &str =
    "Look at that place: real city models have nothing of that size. Export it again, or in parts.";

/// How a walk goes on.
enum Step {
    On,
    Done,
    Stopped,
}

/// Where a walk is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    /// How many bytes of the file on disk have been read.
    pub(crate) position: u64,
    /// The number of the object, where it has no `gml:id`.
    pub(crate) nameless: Nameless,
}

/// One walk over the objects.
pub(crate) struct Walk<'a, 'r> {
    reader: &'a Reader<'r>,
    findings: Findings<'r>,
    document: Document,
    features: FeatureReader<'r>,
    /// Whether only the objects are read that have no `gml:id`.
    only_nameless: bool,
    /// The object without a `gml:id` that was met last.
    nameless: Nameless,
    summary: ChunkSummary,
}

impl<'a, 'r> Walk<'a, 'r> {
    pub(crate) fn new(reader: &'a Reader<'r>, document: Document) -> Self {
        Self::with(reader, document, reader.findings.clone())
    }

    /// A walk that says nothing, and reads only the objects that have no `gml:id`.
    pub(crate) fn only_nameless(reader: &'a Reader<'r>, document: Document) -> Self {
        Self {
            only_nameless: true,
            ..Self::with(reader, document, Findings::silent())
        }
    }

    fn with(reader: &'a Reader<'r>, document: Document, findings: Findings<'r>) -> Self {
        let mut geometry = GeometryReader::new(findings.clone());
        geometry.rings.fallback = reader.header().srs_dimension;
        Self {
            reader,
            findings,
            document,
            features: FeatureReader::new(geometry, reader.survey.theme.clone()),
            only_nameless: false,
            nameless: Nameless::default(),
            summary: ChunkSummary::default(),
        }
    }

    /// Hands every object to `object`, which answers whether to go on.
    pub(crate) fn through(mut self, mut object: impl FnMut(CityObject, At) -> bool) -> Result<ChunkSummary, Error> {
        while self.step_or_resume(&mut object)? {}
        self.summary.unknown_entity = self.document.cursor.take_unknown_entity();
        Ok(self.summary)
    }

    /// One step; `false` at the end.
    fn step_or_resume(&mut self, object: &mut impl FnMut(CityObject, At) -> bool) -> Result<bool, Error> {
        match self.step(object) {
            Ok(Step::On) => Ok(true),
            Ok(Step::Done) => Ok(false),
            Ok(Step::Stopped) => Err(Error::Stopped {
                path: self.reader.path.clone(),
            }),
            Err(stop) => self.go_on_after(stop),
        }
    }

    fn step(&mut self, object: &mut impl FnMut(CityObject, At) -> bool) -> Result<Step, Stop> {
        let item = self.document.next()?;
        let survey = &self.reader.survey;
        match item {
            Item::Feature(place) => match survey.duplicates.get(&place) {
                _ if survey.oversize.contains(&place) => self.leave_out_oversize()?,
                Some(duplicate) => self.leave_out(*duplicate)?,
                None if self.only_nameless && !survey.nameless.contains(&place) => self.document.cursor.skip()?,
                None => return self.feature(place, object),
            },
            Item::Appearance => self.document.cursor.skip()?,
            Item::Link(target) => self.warn_link(&target),
            Item::End => return Ok(Step::Done),
        }
        Ok(Step::On)
    }

    fn feature(&mut self, place: u64, object: &mut impl FnMut(CityObject, At) -> bool) -> Result<Step, Stop> {
        let draft = self.features.read(&mut self.document.cursor)?;
        self.warn_cut(&draft);
        let arena = self.features.geometry.take_arena();
        let materials = std::mem::take(&mut self.features.materials);
        let shared = Shared {
            library: &self.reader.library,
            materials: &self.reader.survey.materials,
            findings: &self.findings,
            file_name: &self.reader.file_name,
        };
        let read = Resolver::new(shared, arena, materials).resolve(draft);
        self.nameless = Nameless { place, nth: 0 };
        Ok(self.hand_on(read, object))
    }

    fn hand_on(&mut self, mut read: CityObject, object: &mut impl FnMut(CityObject, At) -> bool) -> Step {
        if read.kind == "CityObjectGroup" {
            return self.hand_on_group(read, object);
        }
        if read.id_generated {
            self.make_unique(&mut read);
        }
        self.summary.objects += 1;
        let at = At {
            position: self.document.cursor.source.position(),
            nameless: self.nameless,
        };
        if object(read, at) { Step::On } else { Step::Stopped }
    }

    /// A group is a list of objects that stand elsewhere; those that stand in it are handed on.
    fn hand_on_group(&mut self, group: CityObject, object: &mut impl FnMut(CityObject, At) -> bool) -> Step {
        let message = format!(
            "a group is left out; {} objects that stand in it are kept.",
            group.children.len()
        );
        let advice = "Nothing need be done.";
        self.findings
            .note("group-left-out", group.line, Some(&group.id), message, advice);
        for child in group.children {
            if matches!(self.hand_on(child, object), Step::Stopped) {
                return Step::Stopped;
            }
        }
        Step::On
    }

    /// Objects without an id may be alike, and so would be the ids made for them.
    fn make_unique(&mut self, object: &mut CityObject) {
        self.nameless.nth += 1;
        if let Some(count) = self.reader.twins.count(self.nameless) {
            object.id = format!("{}_{count}", object.id);
        }
        self.findings.note(
            "id-generated",
            object.line,
            Some(&object.id),
            format!("{} has no gml:id; this one was made from its shape.", object.kind),
            "Give it a gml:id, so that it keeps its name when it changes.",
        );
    }

    fn leave_out(&mut self, duplicate: Duplicate) -> Result<(), Stop> {
        let cursor = &mut self.document.cursor;
        let (line, id) = (cursor.line(), cursor.gml_id().unwrap_or_default());
        let which = if duplicate.better {
            "later, more detailed"
        } else {
            "first"
        };
        let kept = duplicate.kept_line;
        self.findings.warn(
            "duplicate-id",
            line,
            Some(&id),
            format!("this gml:id is used on lines {line} and {kept}; the {which} object, on line {kept}, is kept, this one is left out."),
            "Give each object an id of its own, or remove one.",
        );
        cursor.skip()
    }

    fn leave_out_oversize(&mut self) -> Result<(), Stop> {
        let cursor = &mut self.document.cursor;
        let message = format!(
            "the object has more than {} bytes of text and is left out: an object is put together in memory.",
            self.reader.survey.member_bytes
        );
        let advice = "Cut it into parts (terrain, for example, into sheets), or raise the limit where there is memory.";
        self.findings.warn(
            "member-too-large",
            cursor.line(),
            cursor.gml_id().as_deref(),
            message,
            advice,
        );
        cursor.skip()
    }

    fn warn_link(&self, target: &str) {
        self.findings.warn(
            "member-elsewhere",
            self.document.cursor.line(),
            None,
            format!("a member of the model is only a link to \"{target}\", which is not followed."),
            "Give that file as well.",
        );
    }

    /// What is broken is reported; `false` when nothing can be read behind it.
    fn go_on_after(&mut self, stop: Stop) -> Result<bool, Error> {
        match stop {
            Stop::Broken {
                code,
                line,
                message,
                at_member,
            } => {
                self.warn_broken(code, line, &message);
                match self.document.resume(at_member) {
                    Ok(more) => Ok(more),
                    Err(stop) => self.go_on_after(stop),
                }
            }
            Stop::End { line, message } => Ok(self.cut(line, message)),
            Stop::Io { line, source } => Ok(self.cut(line, format!("the file cannot be read on: {source}"))),
            stop @ Stop::DocumentType { .. } => Err(fatal(stop, &self.reader.path)),
        }
    }

    fn warn_broken(&mut self, code: &str, line: u64, message: &str) {
        let message = format!("{message}; the object is left out.");
        let advice = if code == TOO_LARGE {
            TOO_LARGE_ADVICE
        } else {
            "Mend the tags on that line, or export the object again."
        };
        self.findings.warn(code, line, self.features.top(), message, advice);
        self.features.forget();
        self.document.cursor.take_too_deep();
        self.document.cursor.take_too_long();
    }

    fn warn_cut(&mut self, draft: &Draft) {
        let (cursor, id) = (&mut self.document.cursor, Some(draft.object.id.as_str()));
        if let Some(line) = cursor.take_too_deep() {
            let message = format!(
                "elements are nested more than {} deep; those inside were left out.",
                limits::DEPTH
            );
            let advice = "Look at the file: real CityGML is nested less than 60 deep.";
            self.findings.warn("too-deep", line, id, message, advice);
        }
        if let Some(line) = cursor.take_too_long() {
            let message = format!(
                "a text in pieces is longer than {} bytes; the rest of it was left out.",
                limits::TEXT_BYTES
            );
            self.findings.warn(TOO_LARGE, line, id, message, TOO_LARGE_ADVICE);
        }
    }

    /// The file breaks off: nothing can be read behind that.
    fn cut(&mut self, line: u64, message: String) -> bool {
        let id = self.features.top().map(str::to_owned);
        self.summary.cut = Some(Cut { line, id, message });
        false
    }
}
