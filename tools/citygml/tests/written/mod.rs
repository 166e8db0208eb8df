//! City models written in the tests, and what is read of them.

#![allow(dead_code, reason = "no test needs all of it")]

use std::path::Path;

use citygml::{CityObject, Error, Header, Options, Reader, Report, Summary, Warning};

/// The namespaces of CityGML 2.0 under their usual prefixes.
pub const NAMESPACES: &str = r#"xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0"
 xmlns:tran="http://www.opengis.net/citygml/transportation/2.0" xmlns:veg="http://www.opengis.net/citygml/vegetation/2.0"
 xmlns:dem="http://www.opengis.net/citygml/relief/2.0" xmlns:grp="http://www.opengis.net/citygml/cityobjectgroup/2.0"
 xmlns:frn="http://www.opengis.net/citygml/cityfurniture/2.0" xmlns:gen="http://www.opengis.net/citygml/generics/2.0"
 xmlns:app="http://www.opengis.net/citygml/appearance/2.0" xmlns:gml="http://www.opengis.net/gml"
 xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xAL="urn:oasis:names:tc:ciq:xsdschema:xAL:2.0" xmlns:uro="https://example.org/uro""#;

/// A city model with this inside; it begins on line 6.
pub fn city(inside: &str) -> String {
    format!("<core:CityModel {NAMESPACES}>\n{inside}\n</core:CityModel>\n")
}

/// A member with a building, which has this inside.
pub fn building(id: &str, inside: &str) -> String {
    format!("<core:cityObjectMember><bldg:Building gml:id=\"{id}\">{inside}</bldg:Building></core:cityObjectMember>\n")
}

/// A polygon with an id, if that is not empty.
pub fn polygon(id: &str, positions: &str) -> String {
    let id = if id.is_empty() {
        String::new()
    } else {
        format!(" gml:id=\"{id}\"")
    };
    format!(
        "<gml:Polygon{id}><gml:exterior><gml:LinearRing><gml:posList>{positions}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    )
}

/// A multi-surface of these members, each in a `surfaceMember`.
pub fn multi_surface(members: &[String]) -> String {
    let members = members
        .iter()
        .map(|m| format!("<gml:surfaceMember>{m}</gml:surfaceMember>"))
        .collect::<Vec<_>>()
        .concat();
    format!("<gml:MultiSurface>{members}</gml:MultiSurface>")
}

/// A unit square at this height.
pub fn square(z: f64) -> String {
    format!("0 0 {z} 1 0 {z} 1 1 {z} 0 1 {z} 0 0 {z}")
}

/// What was read of a model.
#[derive(Debug)]
pub struct Outcome {
    pub objects: Vec<CityObject>,
    pub summary: Summary,
    pub header: Header,
    pub report: Report,
}

impl Outcome {
    /// The warnings with this code.
    pub fn warnings(&self, code: &str) -> Vec<Warning> {
        let all = self.report.warnings().into_iter().filter(|w| w.code == code);
        all.flat_map(|w| w.examples).collect()
    }

    /// The notes with this code.
    pub fn notes(&self, code: &str) -> Vec<Warning> {
        let all = self.report.notes().into_iter().filter(|w| w.code == code);
        all.flat_map(|w| w.examples).collect()
    }

    /// The codes of all warnings.
    pub fn codes(&self) -> Vec<String> {
        self.report.counts().into_keys().collect()
    }

    /// The only object.
    pub fn only(&self) -> &CityObject {
        assert_eq!(self.objects.len(), 1, "{self:#?}");
        &self.objects[0]
    }
}

/// Reads bytes as a file of this name.
pub fn read_as(name: &str, bytes: &[u8], options: &Options) -> Result<Outcome, Error> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a temporary file");
    read_file(&path, options)
}

/// Reads a file.
pub fn read_file(path: &Path, options: &Options) -> Result<Outcome, Error> {
    let report = Report::new();
    let reader = Reader::open_with(path, &report, options)?;
    let mut objects = Vec::new();
    let summary = reader.for_each(|object| objects.push(object))?;
    let header = reader.header().clone();
    Ok(Outcome {
        objects,
        summary,
        header,
        report,
    })
}

/// Reads a text that is CityGML.
pub fn read(text: &str) -> Outcome {
    read_as("model.gml", text.as_bytes(), &Options::default()).expect("a model that can be read")
}

/// Reads a text that is CityGML and of which nothing is to be complained about.
pub fn read_clean(text: &str) -> Outcome {
    let outcome = read(text);
    assert_eq!(outcome.report.total(), 0, "{:#?}", outcome.report.warnings());
    outcome
}
