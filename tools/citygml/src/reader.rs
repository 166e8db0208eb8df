//! Reading a file, one top-level city object at a time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::cursor::Stop;
use crate::document::{Document, Item, fatal};
use crate::feature::FeatureReader;
use crate::findings::Findings;
use crate::geometry::GeometryReader;
use crate::library::{Library, file_name};
use crate::resolve::{Resolver, Shared};
use crate::survey::{Duplicate, Survey};
use crate::{CityObject, Error, Report};

/// Which CityGML a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// CityGML 1.0
    V1,
    /// CityGML 2.0
    V2,
    /// CityGML 3.0
    V3,
}

/// What a file says of itself before its first city object.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The version.
    pub version: Version,
    /// `srsName` of the model's envelope, or, where the envelope has none, of the first geometry that has one.
    pub srs_name: Option<String>,
    /// `srsDimension` of the model's envelope.
    pub srs_dimension: Option<u8>,
    /// Lower and upper corner as written; never to be trusted.
    pub envelope: Option<([f64; 3], [f64; 3])>,
    /// `gml:name` of the model.
    pub name: Option<String>,
    /// `gml:description` of the model.
    pub description: Option<String>,
    /// How many members the model has (top-level city objects, before duplicates are left out).
    pub members: u64,
    /// The length of the file on disk, in bytes (compressed, where it is compressed).
    pub bytes: u64,
}

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The appearance theme whose colours are taken; otherwise the first theme of the file.
    pub theme: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Top-level objects handed on.
    pub objects: u64,
    /// Whether the file ends, or breaks, before its closing tag: the objects before that were handed on, and the
    /// report says where (code `truncated`).
    pub truncated: bool,
}

/// A file that has been looked through once and can be read.
#[derive(Debug)]
pub struct Reader<'r> {
    path: PathBuf,
    file_name: String,
    header: Header,
    findings: Findings<'r>,
    survey: Survey,
    library: Library,
}

impl<'r> Reader<'r> {
    /// Opens a file (`.gml`, `.xml`, `.citygml`, each also gzipped) and looks through it: which things objects share, and
    /// which colours the appearances give.
    ///
    /// # Errors
    /// When the file cannot be read or is not CityGML. A file that breaks off behind its root element can be opened.
    pub fn open(path: &Path, report: &'r Report) -> Result<Self, Error> {
        Self::open_with(path, report, &Options::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_with(path: &Path, report: &'r Report, options: &Options) -> Result<Self, Error> {
        let bytes = std::fs::metadata(path).map_err(|source| Error::Io {
            path: path.to_owned(),
            source,
        })?;
        let findings = Findings::new(report, path.to_owned());
        let mut survey = Survey::take(path, options.theme.clone(), &findings)?;
        let library = Library::collect(path, std::mem::take(&mut survey.foreign));
        Ok(Self {
            path: path.to_owned(),
            file_name: file_name(path),
            header: header(&survey, bytes.len()),
            findings,
            survey,
            library,
        })
    }

    /// What the file says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands every top-level city object to `object`, in the order of the file. Where the file breaks off, the objects
    /// before that are handed on, and the summary says so.
    ///
    /// # Errors
    /// When the file can no longer be opened.
    pub fn for_each(&self, mut object: impl FnMut(CityObject)) -> Result<Summary, Error> {
        self.try_for_each(
            |city_object| {
                object(city_object);
                true
            },
            |_| {},
        )
    }

    /// The same; `object` answers whether to go on, and `progress` is told after each object how many bytes of
    /// [`Header::bytes`] have been read.
    ///
    /// # Errors
    /// When the file can no longer be opened, and [`Error::Stopped`] when `object` answers `false`.
    pub fn try_for_each(
        &self,
        object: impl FnMut(CityObject) -> bool,
        progress: impl FnMut(u64),
    ) -> Result<Summary, Error> {
        let mut run = Run {
            reader: self,
            document: Document::open(&self.path)?,
            features: self.feature_reader(),
            generated: HashMap::new(),
            summary: Summary::default(),
            object,
            progress,
        };
        run.through()?;
        Ok(run.summary)
    }

    fn feature_reader(&self) -> FeatureReader<'r> {
        let mut geometry = GeometryReader::new(self.findings.clone());
        geometry.rings.fallback = self.header.srs_dimension;
        FeatureReader::new(geometry, self.survey.theme.clone())
    }

    fn shared(&self) -> Shared<'_> {
        Shared {
            library: &self.library,
            materials: &self.survey.materials,
            findings: &self.findings,
            file_name: &self.file_name,
        }
    }
}

fn header(survey: &Survey, bytes: u64) -> Header {
    let about = &survey.about;
    Header {
        version: survey.version,
        srs_name: about.srs_name.clone().or_else(|| survey.geometry_srs_name.clone()),
        srs_dimension: about.srs_dimension,
        envelope: about.lower.zip(about.upper),
        name: about.name.clone(),
        description: about.description.clone(),
        members: survey.features,
        bytes,
    }
}

/// One walk over the objects.
struct Run<'a, 'r, O, P> {
    reader: &'a Reader<'r>,
    document: Document,
    features: FeatureReader<'r>,
    /// How often an id was generated: objects may be alike.
    generated: HashMap<String, u32>,
    summary: Summary,
    object: O,
    progress: P,
}

impl<O: FnMut(CityObject) -> bool, P: FnMut(u64)> Run<'_, '_, O, P> {
    fn through(&mut self) -> Result<(), Error> {
        loop {
            let stop = match self.step() {
                Ok(Step::On) => continue,
                Ok(Step::Done) => break,
                Ok(Step::Stopped) => {
                    return Err(Error::Stopped {
                        path: self.reader.path.clone(),
                    });
                }
                Err(stop) => stop,
            };
            if !self.go_on_after(stop)? {
                break;
            }
        }
        self.report_text();
        if self.summary.truncated {
            (self.progress)(self.document.cursor.source.position());
        } else {
            (self.progress)(self.reader.header.bytes);
        }
        Ok(())
    }

    fn step(&mut self) -> Result<Step, Stop> {
        let item = self.document.next()?;
        match item {
            Item::Feature(place) => match self.reader.survey.duplicates.get(&place) {
                Some(duplicate) => self.leave_out(*duplicate)?,
                None => return self.feature(),
            },
            Item::Appearance => self.document.cursor.skip()?,
            Item::Link(target) => self.warn_link(&target),
            Item::End => return Ok(Step::Done),
        }
        Ok(Step::On)
    }

    fn feature(&mut self) -> Result<Step, Stop> {
        let cursor = &mut self.document.cursor;
        let draft = self.features.read(cursor)?;
        if let Some(line) = cursor.take_too_deep() {
            self.reader.findings.warn(
                "too-deep",
                line,
                Some(&draft.object.id),
                "elements are nested too deep; those inside were left out.",
                "Look at the file: real CityGML is nested less than 60 deep.",
            );
        }
        let arena = self.features.geometry.take_arena();
        let materials = std::mem::take(&mut self.features.materials);
        let object = Resolver::new(self.reader.shared(), arena, materials).resolve(draft);
        (self.progress)(self.document.cursor.source.position());
        Ok(self.hand_on(object))
    }

    fn hand_on(&mut self, mut object: CityObject) -> Step {
        if object.kind == "CityObjectGroup" {
            return self.hand_on_group(object);
        }
        if object.id_generated {
            self.make_unique(&mut object);
        }
        self.summary.objects += 1;
        if (self.object)(object) { Step::On } else { Step::Stopped }
    }

    /// A group is a list of objects that stand elsewhere; those that stand in it are handed on.
    fn hand_on_group(&mut self, group: CityObject) -> Step {
        let message = format!(
            "a group is left out; {} objects that stand in it are kept.",
            group.children.len()
        );
        self.reader.findings.note(
            "group-left-out",
            group.line,
            Some(&group.id),
            message,
            "Nothing need be done.",
        );
        for child in group.children {
            if matches!(self.hand_on(child), Step::Stopped) {
                return Step::Stopped;
            }
        }
        Step::On
    }

    fn make_unique(&mut self, object: &mut CityObject) {
        let count = self.generated.entry(object.id.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            object.id = format!("{}_{count}", object.id);
        }
        self.reader.findings.note(
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
        self.reader.findings.warn(
            "duplicate-id",
            line,
            Some(&id),
            format!("this gml:id is used on lines {line} and {kept}; the {which} object, on line {kept}, is kept, this one is left out."),
            "Give each object an id of its own, or remove one.",
        );
        cursor.skip()
    }

    fn warn_link(&self, target: &str) {
        self.reader.findings.warn(
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
            Stop::Mismatch {
                line,
                message,
                at_member,
            } => {
                let message = format!("{message}; the object is left out.");
                let advice = "Mend the tags on that line, or export the object again.";
                self.reader
                    .findings
                    .warn("broken-xml", line, self.features.top(), message, advice);
                self.features.forget();
                match self.document.resume(at_member) {
                    Ok(more) => Ok(more),
                    Err(stop) => self.go_on_after(stop),
                }
            }
            Stop::End { line, message } => {
                self.truncated(line, &message);
                Ok(false)
            }
            Stop::Io { line, source } => {
                self.truncated(line, &format!("the file cannot be read on: {source}"));
                Ok(false)
            }
            stop @ Stop::DocumentType { .. } => Err(fatal(stop, &self.reader.path)),
        }
    }

    fn truncated(&mut self, line: u64, message: &str) {
        self.summary.truncated = true;
        self.reader.findings.warn(
            "truncated",
            line,
            self.features.top(),
            format!(
                "{message}; the {} objects before are kept, what follows is missing.",
                self.summary.objects
            ),
            "Export or download the file again.",
        );
    }

    /// What is known of the text of the file only when all of it has been read.
    fn report_text(&mut self) {
        let cursor = &mut self.document.cursor;
        let findings = &self.reader.findings;
        if let Some((line, name)) = cursor.take_unknown_entity() {
            let message = format!("&{name}; is no entity that XML defines; it stays as it is written.");
            findings.warn("unknown-entity", line, None, message, "Write the character itself.");
        }
        if let Some(line) = cursor.source.malformed() {
            let message = "there are bytes that do not belong to the encoding of the file; they became \u{fffd}.";
            let advice = "Declare the encoding that the file really has, or export as UTF-8.";
            findings.warn("invalid-characters", line, None, message, advice);
        }
        if let Some(encoding) = cursor.source.unknown_encoding() {
            let message = format!("the encoding \"{encoding}\" is not known; the file was read as UTF-8.");
            findings.warn("unknown-encoding", 1, None, message, "Export as UTF-8.");
        }
    }
}

/// How a walk goes on.
enum Step {
    On,
    Done,
    Stopped,
}
