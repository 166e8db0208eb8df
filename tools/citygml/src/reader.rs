//! Reading a file, one top-level city object at a time.

use std::path::{Path, PathBuf};

use crate::chunk::{Chunk, Chunks};
use crate::document::Document;
use crate::findings::Findings;
use crate::library::{Library, file_name};
use crate::survey::Survey;
use crate::twins::Twins;
use crate::walk::Walk;
use crate::{CityObject, Error, Report, limits};

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
    /// How many bytes of text one top-level object may have; otherwise [`MEMBER_BYTES`](crate::limits::MEMBER_BYTES). A
    /// larger one is left out with the warning `member-too-large`.
    pub member_bytes: Option<u64>,
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

/// What was read of a [`Chunk`]; [`Reader::finish`] adds them up.
#[derive(Debug, Default)]
#[must_use = "Reader::finish reports what it says of the end of the file"]
pub struct ChunkSummary {
    /// Top-level objects handed on.
    pub objects: u64,
    /// Where the file breaks off.
    pub(crate) cut: Option<Cut>,
    /// The first entity that XML does not define, with its line.
    pub(crate) unknown_entity: Option<(u64, String)>,
}

impl ChunkSummary {
    fn add(&mut self, other: Self) {
        self.objects += other.objects;
        self.cut = self.cut.take().or(other.cut);
        let both = self.unknown_entity.take().into_iter().chain(other.unknown_entity);
        self.unknown_entity = both.min_by_key(|(line, _)| *line);
    }
}

/// Where a file breaks off.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) line: u64,
    /// The object that was being read.
    pub(crate) id: Option<String>,
    pub(crate) message: String,
}

/// A file that has been looked through once and can be read, by as many threads as want to.
#[derive(Debug)]
pub struct Reader<'r> {
    pub(crate) path: PathBuf,
    pub(crate) file_name: String,
    header: Header,
    pub(crate) findings: Findings<'r>,
    pub(crate) survey: Survey,
    pub(crate) library: Library,
    pub(crate) twins: Twins,
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
        let mut survey = Survey::take(path, options, &findings)?;
        let library = Library::collect(path, std::mem::take(&mut survey.foreign), &survey.oversize);
        if library.full() {
            let message = format!(
                "objects link to geometries of others that have more than {} points; those beyond are not followed.",
                limits::SHARED_POINTS
            );
            findings.warn(
                "too-many-links",
                1,
                None,
                message,
                "Export with each geometry in its own object.",
            );
        }
        let mut reader = Self {
            path: path.to_owned(),
            file_name: file_name(path),
            header: header(&survey, bytes.len()),
            findings,
            survey,
            library,
            twins: Twins::default(),
        };
        reader.twins = Twins::find(&reader)?;
        Ok(reader)
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
        mut object: impl FnMut(CityObject) -> bool,
        mut progress: impl FnMut(u64),
    ) -> Result<Summary, Error> {
        let document = Document::open(&self.path)?;
        let read = Walk::new(self, document).through(|city_object, at| {
            let more = object(city_object);
            progress(at.position);
            more
        })?;
        let summary = self.finish([read]);
        if !summary.truncated {
            progress(self.header.bytes);
        }
        Ok(summary)
    }

    /// Cuts the file between members into pieces of about `target` bytes of text (decompressed, UTF-8), at least one
    /// member each. The iterator itself is cheap for a plain file in UTF-8: its pieces are only places in it. Of a
    /// compressed file, or one in another encoding, it decompresses piece after piece, and each piece holds its text;
    /// memory is bounded by how many of them the caller has in flight.
    ///
    /// ```no_run
    /// # use citygml::{Reader, Report};
    /// # let report = Report::new();
    /// let reader = Reader::open("city.gml".as_ref(), &report)?;
    /// let read = reader
    ///     .chunks(1 << 20) // any thread may take the next one and read it
    ///     .map(|chunk| reader.read_chunk(chunk, |object| drop(object)))
    ///     .collect::<Result<Vec<_>, _>>()?;
    /// let summary = reader.finish(read);
    /// # Ok::<(), citygml::Error>(())
    /// ```
    pub fn chunks(&self, target: u64) -> Chunks<'_> {
        Chunks::new(&self.path, &self.survey, self.header.bytes, target)
    }

    /// Hands the top-level city objects of a piece to `object`, in the order of the file. All pieces together give, in any
    /// order and from any threads, the objects and warnings of [`Reader::for_each`]; those that are known only when all has
    /// been read come from [`Reader::finish`].
    ///
    /// # Errors
    /// When the file can no longer be opened.
    pub fn read_chunk(&self, chunk: Chunk, mut object: impl FnMut(CityObject)) -> Result<ChunkSummary, Error> {
        let document = chunk.open(&self.path, self.header.version)?;
        Walk::new(self, document).through(|city_object, _| {
            object(city_object);
            true
        })
    }

    /// Adds up what was read of the pieces, in any order, and reports what is known of the file only at its end: where it
    /// breaks off, and what was wrong with its text. To be called once.
    pub fn finish(&self, chunks: impl IntoIterator<Item = ChunkSummary>) -> Summary {
        let mut whole = ChunkSummary::default();
        for chunk in chunks {
            whole.add(chunk);
        }
        self.report_text(whole.unknown_entity);
        if let Some(cut) = &whole.cut {
            self.report_cut(cut, whole.objects);
        }
        Summary {
            objects: whole.objects,
            truncated: whole.cut.is_some(),
        }
    }

    fn report_cut(&self, cut: &Cut, objects: u64) {
        let message = format!(
            "{}; the {objects} objects before are kept, what follows is missing.",
            cut.message
        );
        let advice = "Export or download the file again.";
        self.findings
            .warn("truncated", cut.line, cut.id.as_deref(), message, advice);
    }

    fn report_text(&self, unknown_entity: Option<(u64, String)>) {
        let findings = &self.findings;
        if let Some((line, name)) = unknown_entity {
            let message = format!("&{name}; is no entity that XML defines; it stays as it is written.");
            findings.warn("unknown-entity", line, None, message, "Write the character itself.");
        }
        if let Some(damage) = &self.survey.damage {
            let message = format!("the compressed file is damaged: {damage}; what was read of it may be wrong.");
            findings.warn("damaged", 1, None, message, "Download the file again.");
        }
        if let Some(line) = self.survey.malformed {
            let message = "there are bytes that do not belong to the encoding of the file; they became \u{fffd}.";
            let advice = "Declare the encoding that the file really has, or export as UTF-8.";
            findings.warn("invalid-characters", line, None, message, advice);
        }
        if let Some(encoding) = &self.survey.unknown_encoding {
            let message = format!("the encoding \"{encoding}\" is not known; the file was read as UTF-8.");
            findings.warn("unknown-encoding", 1, None, message, "Export as UTF-8.");
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
