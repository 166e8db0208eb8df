//! The top level of a city model: what it says of itself, and its members one after the other.
//!
//! A file is walked two or three times (see [`crate::survey`]), and each walk must meet the same members. So there is one
//! walker, which also knows how to go on after a member whose tags do not match.

use std::path::Path;

use crate::cursor::{Cursor, Stop};
use crate::namespace::Namespace;
use crate::ring::parse_numbers;
use crate::sniff::{Found, sniff};
use crate::source::Source;
use crate::split::{Split, Splits};
use crate::{Error, Version};

/// What the walker stands on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A top-level city object, with its place in the file, the same in every walk.
    Feature(u64),
    /// An `Appearance` of the model.
    Appearance,
    /// A member that only names an object in another place.
    Link(String),
    /// The end of the model.
    End,
}

/// What the model says of itself.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) srs_name: Option<String>,
    pub(crate) srs_dimension: Option<u8>,
    pub(crate) lower: Option<[f64; 3]>,
    pub(crate) upper: Option<[f64; 3]>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
}

/// A walk over the members of a model.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) cursor: Cursor,
    pub(crate) version: Version,
    pub(crate) about: About,
    /// Where the file can be cut, as far as it has been walked.
    pub(crate) splits: Splits,
    features: u64,
    in_member: bool,
    /// Whether something has been met in the member that is open.
    begun: bool,
    /// Whether the text ends before the model does, because others read what follows.
    part: bool,
}

impl Document {
    /// Opens a file and reads up to the root element.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        let source = Source::open(path).map_err(io)?;
        match sniff(source.head()) {
            Some(Found::Nothing) => {
                return Err(Error::Empty { path: path.to_owned() });
            }
            Some(Found::Other { what, advice }) => {
                return Err(Error::NotCityGml {
                    path: path.to_owned(),
                    found: what.to_owned(),
                    advice: advice.to_owned(),
                });
            }
            None => {}
        }
        Self::begin(source, path)
    }

    /// Reads up to the root element.
    pub(crate) fn begin(source: Source, path: &Path) -> Result<Self, Error> {
        let mut cursor = Cursor::new(source);
        cursor.child().map_err(|stop| fatal(stop, path))?;
        let version = root_version(&cursor).ok_or_else(|| wrong_root(&cursor, path))?;
        Ok(Self::at(cursor, version))
    }

    /// Goes on from a place between two members, where the source begins.
    pub(crate) fn from_split(source: Source, split: &Split, version: Version) -> Self {
        let mut document = Self::at(Cursor::within(source, &split.around), version);
        document.in_member = split.in_member;
        document.begun = split.in_member;
        document.about.name = split.named.then(String::new);
        document.about.description = split.described.then(String::new);
        document
    }

    fn at(cursor: Cursor, version: Version) -> Self {
        Self {
            cursor,
            version,
            about: About::default(),
            splits: Splits::default(),
            features: 0,
            in_member: false,
            begun: false,
            part: false,
        }
    }

    /// Takes the end of the text for the end of the model, where it comes between two members.
    pub(crate) fn ending_early(mut self) -> Self {
        self.part = true;
        self
    }

    /// How many top-level city objects have been met.
    pub(crate) fn features(&self) -> u64 {
        self.features
    }

    /// Goes to the next item. The caller reads a feature or an appearance to its end.
    pub(crate) fn next(&mut self) -> Result<Item, Stop> {
        loop {
            let more = match self.cursor.child() {
                Err(Stop::End { .. }) if self.part => return Ok(Item::End),
                more => more?,
            };
            match (more, self.in_member) {
                (true, true) => return Ok(self.member()),
                (true, false) => {
                    if let Some(item) = self.property()? {
                        return Ok(item);
                    }
                }
                (false, true) => self.in_member = false,
                (false, false) => return Ok(Item::End),
            }
        }
    }

    /// After [`Stop::Broken`]: goes on behind the broken member; `false` when there is none.
    pub(crate) fn resume(&mut self, at_member: bool) -> Result<bool, Stop> {
        if at_member {
            self.cursor.settle_at_member();
            self.in_member = true;
        } else {
            self.in_member = match self.cursor.resume_at_member() {
                Err(Stop::End { .. }) if self.part => false,
                found => found?,
            };
        }
        self.begun = false;
        Ok(self.in_member)
    }

    fn member(&mut self) -> Item {
        if std::mem::replace(&mut self.begun, true) {
            self.offer_split(true);
        }
        if self.cursor.local() == b"Appearance" {
            return Item::Appearance;
        }
        self.features += 1;
        Item::Feature(self.cursor.offset())
    }

    fn offer_split(&mut self, in_member: bool) {
        if self.splits.wants(self.cursor.offset()) {
            let (named, described) = (self.about.name.is_some(), self.about.description.is_some());
            self.splits.keep(&self.cursor, in_member, named, described);
        }
    }

    fn property(&mut self) -> Result<Option<Item>, Stop> {
        match self.cursor.local() {
            b"cityObjectMember" | b"featureMember" | b"featureMembers" | b"member" | b"appearanceMember" => {
                self.offer_split(false);
                self.in_member = true;
                self.begun = false;
                if let Some(target) = self.cursor.href() {
                    return Ok(Some(Item::Link(target)));
                }
            }
            b"name" if self.about.name.is_none() => {
                self.about.name = Some(self.cursor.text()?.to_owned());
            }
            b"description" if self.about.description.is_none() => {
                self.about.description = Some(self.cursor.text()?.to_owned());
            }
            b"boundedBy" => self.bounded_by()?,
            _ => self.cursor.skip()?,
        }
        Ok(None)
    }

    fn bounded_by(&mut self) -> Result<(), Stop> {
        while self.cursor.child()? {
            self.about.srs_name = self.cursor.srs_name();
            self.about.srs_dimension = self.cursor.dimension().filter(|dimension| *dimension > 0);
            while self.cursor.child()? {
                let upper = self.cursor.local() == b"upperCorner";
                let corner = corner(self.cursor.text()?);
                if upper {
                    self.about.upper = corner;
                } else {
                    self.about.lower = corner;
                }
            }
        }
        Ok(())
    }
}

/// A corner of an envelope; a height that is not written is 0.
fn corner(text: &str) -> Option<[f64; 3]> {
    let mut numbers = Vec::new();
    parse_numbers(text.as_bytes(), &mut numbers).ok()?;
    match *numbers.as_slice() {
        [x, y] => Some([x, y, 0.0]),
        [x, y, z] => Some([x, y, z]),
        _ => None,
    }
}

/// A `CityModel` says its version itself; of a collection of features the modules that it binds say it.
fn root_version(cursor: &Cursor) -> Option<Version> {
    let bindings = cursor.bindings();
    match cursor.local() {
        b"CityModel" => bindings.version(cursor.prefix()),
        b"FeatureCollection" => bindings.any_version(),
        _ => None,
    }
}

fn wrong_root(cursor: &Cursor, path: &Path) -> Error {
    let advice = match cursor.local() {
        b"CityModel" if cursor.namespace() == Namespace::None => {
            "It has no namespace, so it cannot be told what it is: add the xmlns declarations of CityGML."
        }
        b"CityModel" => {
            "Its namespace is not that of CityGML 1.0, 2.0 or 3.0: convert the file (citygml-tools upgrades older ones)."
        }
        b"kml" => "This is KML, made for showing: give the CityGML it was made from.",
        b"ExceptionReport" | b"ServiceExceptionReport" => {
            "This is the error message of a web service: read it, and ask again."
        }
        b"Dictionary" | b"SimpleDictionary" => "This is a code list: give the files beside which it lies.",
        _ => "Give a CityGML file.",
    };
    Error::WrongRoot {
        path: path.to_owned(),
        line: cursor.line(),
        found: cursor.written_name(),
        advice: advice.to_owned(),
    }
}

/// A stop at which nothing of use has been read.
pub(crate) fn fatal(stop: Stop, path: &Path) -> Error {
    let path = path.to_owned();
    match stop {
        Stop::Io { source, .. } => Error::Io { path, source },
        Stop::DocumentType { line } => Error::DocumentType { path, line },
        Stop::End { line, message } | Stop::Broken { line, message, .. } => Error::Xml { path, line, message },
    }
}
