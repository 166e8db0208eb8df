//! Reading a file, one top-level city object at a time.

use std::path::{Path, PathBuf};

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
    header: Header,
    report: &'r Report,
}

impl<'r> Reader<'r> {
    /// Opens a file (`.gml`, `.xml`, `.citygml`, each also as `.gz`) and looks through it once: which ids other
    /// places link to, and which colours the appearances give.
    ///
    /// # Errors
    /// When the file cannot be read or is not CityGML.
    pub fn open(path: &Path, report: &'r Report) -> Result<Self, Error> {
        Self::open_with(path, report, &Options::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// When the file cannot be read or is not CityGML.
    pub fn open_with(path: &Path, report: &'r Report, _options: &Options) -> Result<Self, Error> {
        let _ = report;
        Err(Error::Empty {
            path: path.to_owned(),
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
    /// When the file can no longer be read at all.
    pub fn for_each(&self, mut object: impl FnMut(CityObject)) -> Result<Summary, Error> {
        self.try_for_each(
            |city_object| {
                object(city_object);
                true
            },
            |_| {},
        )
    }

    /// The same; `object` answers whether to go on, and `progress` is told from time to time how many bytes of
    /// [`Header::bytes`] have been read.
    ///
    /// # Errors
    /// When the file can no longer be read at all, and [`Error::Stopped`] when `object` answers `false`.
    pub fn try_for_each(
        &self,
        _object: impl FnMut(CityObject) -> bool,
        _progress: impl FnMut(u64),
    ) -> Result<Summary, Error> {
        let _ = self.report;
        Ok(Summary::default())
    }
}
