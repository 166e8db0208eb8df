//! Files that ask for too much: each is refused or cut by a limit that is written down, says so, and takes little memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    reason = "a test may panic"
)]

mod written;

use std::io::Write;
use std::path::Path;

use citygml::{Error, Options, Reader, Report, limits};
use written::{NAMESPACES, Outcome, building, city, multi_surface, polygon, read, read_file, square};

/// Far below the sizes of the files, and enough for a reader and its buffers.
const MEMORY: u64 = 400 << 20;

/// A city that is written as a stream, compressed, because what it asks for is large.
struct Stream(flate2::write::GzEncoder<std::fs::File>);

impl Stream {
    fn begin(path: &Path) -> Self {
        let file = std::fs::File::create(path).unwrap();
        let mut stream = Self(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
        stream.put(&format!("<core:CityModel {NAMESPACES}>\n"));
        stream
    }

    fn put(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// This text again and again, until it has this many bytes.
    fn fill(&mut self, text: &str, bytes: usize) {
        let block = text.repeat((1 << 16) / text.len() + 1);
        for _ in 0..=bytes / block.len() {
            self.put(&block);
        }
    }

    fn end(mut self) {
        self.put("\n</core:CityModel>\n");
        self.0.finish().unwrap();
    }
}

/// Reads what was written, as a whole and in pieces: both give these objects, and the memory stays small.
fn read_stream(ids: &[&str], write: impl FnOnce(&mut Stream)) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gml.gz");
    let mut stream = Stream::begin(&path);
    write(&mut stream);
    stream.end();
    let outcome = read_file(&path, &Options::default()).unwrap();
    let found: Vec<_> = outcome.objects.iter().map(|object| object.id.as_str()).collect();
    assert_eq!(found, ids, "{:?}", outcome.codes());
    let report = Report::new();
    let reader = Reader::open(&path, &report).unwrap();
    let mut in_pieces = Vec::new();
    let read = reader.chunks(1 << 20).map(|chunk| {
        let read = reader.read_chunk(chunk, |object| in_pieces.push(object.id));
        read.unwrap()
    });
    reader.finish(read.collect::<Vec<_>>());
    assert_eq!(in_pieces, ids);
    assert_eq!(report.counts(), outcome.report.counts());
    match peak_memory() {
        Some(peak) => assert!(peak < MEMORY, "{peak} bytes"),
        None => eprintln!("skipped: the memory of a process is known on Linux only"),
    }
    outcome
}

/// The most memory that this process has had.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn good(id: &str) -> String {
    let surface = multi_surface(&[polygon("", &square(0.0))]);
    building(id, &format!("<bldg:lod1MultiSurface>{surface}</bldg:lod1MultiSurface>"))
}

/// The only warning has this code and id, and names the file, the limit and what to do.
fn only_warning(outcome: &Outcome, code: &str, id: &str, limit: u64) {
    assert_eq!(outcome.codes(), [code], "{:#?}", outcome.report.warnings());
    let warning = &outcome.warnings(code)[0];
    assert_eq!(warning.id.as_deref(), Some(id), "{warning}");
    assert!(warning.line.unwrap() > 6 && !warning.advice.is_empty(), "{warning}");
    assert!(warning.to_string().contains("model.gml"), "{warning}");
    assert!(warning.message.contains(&limit.to_string()), "{warning}");
}

#[test]
fn an_attribute_of_a_gigabyte_costs_its_object_and_no_memory() {
    let outcome = read_stream(&["a", "b"], |stream| {
        stream.put(&good("a"));
        stream.put("<core:cityObjectMember><bldg:Building gml:id=\"huge\"><gml:name codeSpace=\"");
        stream.fill("x", 1 << 30);
        stream.put("\">n</gml:name></bldg:Building></core:cityObjectMember>\n");
        stream.put(&good("b"));
    });
    only_warning(&outcome, "too-large", "huge", limits::TAG_BYTES as u64);
}

#[test]
fn a_text_of_many_megabytes_costs_its_object() {
    let outcome = read_stream(&["a", "b"], |stream| {
        stream.put(&good("a"));
        stream.put("<core:cityObjectMember><bldg:Building gml:id=\"huge\"><gml:name>");
        stream.fill("x ", 2 * limits::TEXT_BYTES);
        stream.put("</gml:name></bldg:Building></core:cityObjectMember>\n");
        stream.put(&good("b"));
    });
    only_warning(&outcome, "too-large", "huge", limits::TEXT_BYTES as u64);
}

#[test]
fn a_comment_of_many_megabytes_costs_its_object() {
    let outcome = read_stream(&["a", "b"], |stream| {
        stream.put(&good("a"));
        stream.put("<core:cityObjectMember><bldg:Building gml:id=\"huge\"><!--");
        stream.fill("x ", 2 * limits::TEXT_BYTES);
        stream.put("--></bldg:Building></core:cityObjectMember>\n");
        stream.put(&good("b"));
    });
    only_warning(&outcome, "too-large", "huge", limits::TEXT_BYTES as u64);
}

#[test]
fn a_text_in_many_pieces_is_cut() {
    let outcome = read_stream(&["a", "long"], |stream| {
        stream.put(&good("a"));
        stream.put("<core:cityObjectMember><bldg:Building gml:id=\"long\"><gml:description>");
        stream.fill("a text of some length, and a comment<!---->", 2 * limits::TEXT_BYTES);
        stream.put("</gml:description></bldg:Building></core:cityObjectMember>\n");
    });
    only_warning(&outcome, "too-large", "long", limits::TEXT_BYTES as u64);
}

#[test]
fn an_object_beyond_the_limit_is_left_out_and_never_in_memory() {
    let face = format!("<gml:surfaceMember>{}</gml:surfaceMember>\n", polygon("", &square(0.0)));
    let outcome = read_stream(&["a", "b"], |stream| {
        stream.put(&good("a"));
        stream.put("<core:cityObjectMember><bldg:Building gml:id=\"huge\"><bldg:lod1MultiSurface><gml:MultiSurface>");
        stream.fill(&face, limits::MEMBER_BYTES as usize);
        stream.put("</gml:MultiSurface></bldg:lod1MultiSurface></bldg:Building></core:cityObjectMember>\n");
        stream.put(&good("b"));
    });
    only_warning(&outcome, "member-too-large", "huge", limits::MEMBER_BYTES);
}

#[test]
fn the_limit_of_an_object_can_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gml");
    std::fs::write(&path, city(&format!("{}{}", good("a"), good("b").repeat(2)))).unwrap();
    let options = Options {
        member_bytes: Some(100),
        ..Options::default()
    };
    let outcome = read_file(&path, &options).unwrap();
    assert!(outcome.objects.is_empty());
    assert_eq!(outcome.report.counts()["member-too-large"], 3);
}

#[test]
fn elements_that_are_never_closed_take_little_memory() {
    let outcome = read_stream(&["a", "b"], |stream| {
        stream.put(&good("a"));
        stream.put("<core:cityObjectMember><bldg:Building gml:id=\"deep\">");
        stream.fill("<a>", 200 << 20);
        stream.put(&good("b"));
    });
    only_warning(&outcome, "too-large", "deep", limits::OPEN_NAME_BYTES as u64);
}

#[test]
fn prefixes_beyond_the_limit_cost_the_object_that_binds_them() {
    let bindings: Vec<String> = (0..limits::NAMESPACES)
        .map(|i| format!(" xmlns:n{i}=\"urn:{i}\""))
        .collect();
    let bindings = bindings.concat();
    let text = city(&format!(
        "{}{}{}",
        good("a"),
        building("bound", &format!("<gml:name{bindings}>n</gml:name>")),
        good("b")
    ));
    let outcome = read(&text);
    let ids: Vec<_> = outcome.objects.iter().map(|object| object.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    only_warning(&outcome, "too-large", "bound", limits::NAMESPACES as u64);
}

#[test]
fn coordinates_that_are_only_announced_take_no_memory() {
    let faces = [
        polygon("huge", &square(0.0)).replace("<gml:posList>", "<gml:posList srsDimension=\"1000000000\">"),
        polygon("counted", &square(1.0)).replace("<gml:posList>", "<gml:posList count=\"1000000000\">"),
    ];
    let surface = multi_surface(&faces);
    let outcome = read(&city(&building(
        "b",
        &format!("<bldg:lod1MultiSurface>{surface}</bldg:lod1MultiSurface>"),
    )));
    let polygons = &outcome.only().geometries[0].polygons;
    assert_eq!(polygons.len(), 1);
    assert_eq!(polygons[0].id.as_deref(), Some("counted"));
    assert_eq!(outcome.codes(), ["bad-coordinate-count"]);
    assert!(peak_memory().is_none_or(|peak| peak < MEMORY));
}

#[test]
fn links_that_double_at_each_step_are_cut() {
    // Forty groups, each of which links to the next one twice: 2^40 faces, were each link followed by itself.
    let group = |i: u32| {
        let link = format!("<gml:surfaceMember xlink:href=\"#g{}\"/>", i + 1);
        format!(
            "<bldg:lod2MultiSurface><gml:MultiSurface gml:id=\"g{i}\">{link}{link}</gml:MultiSurface></bldg:lod2MultiSurface>"
        )
    };
    let last = format!(
        "<bldg:lod2MultiSurface>{}</bldg:lod2MultiSurface>",
        multi_surface(&[polygon("p", &square(0.0))])
    )
    .replace("<gml:MultiSurface>", "<gml:MultiSurface gml:id=\"g40\">");
    let groups: String = (0..40).map(group).collect();
    // In one object, and across forty.
    let one = read(&city(&building("b", &format!("{groups}{last}"))));
    let faces: usize = one
        .only()
        .geometries
        .iter()
        .map(|geometry| geometry.polygons.len())
        .sum();
    assert_eq!(faces, 1);
    let across: String = (0..40).map(|i| building(&format!("b{i}"), &group(i))).collect();
    let across = read(&city(&format!("{across}{}", building("last", &last))));
    let most = across
        .objects
        .iter()
        .flat_map(|object| &object.geometries)
        .map(|geometry| geometry.polygons.len())
        .max();
    assert_eq!(most, Some(1));
}

#[test]
fn a_thousand_objects_that_each_ask_for_a_billion_faces_get_a_part_of_them() {
    // 3 000 faces, and an object that places them 1 000 times: three million in a few hundred kilobytes.
    let faces: Vec<String> = (0..3000).map(|i| polygon("", &square(f64::from(i)))).collect();
    let shared = multi_surface(&faces).replace("<gml:MultiSurface>", "<gml:MultiSurface gml:id=\"shared\">");
    let place = "<veg:lod2ImplicitRepresentation><core:ImplicitGeometry><core:relativeGMLGeometry xlink:href=\"#shared\"/>\
                 <core:referencePoint><gml:Point><gml:pos>1 2 3</gml:pos></gml:Point></core:referencePoint>\
                 </core:ImplicitGeometry></veg:lod2ImplicitRepresentation>";
    let text = city(&format!(
        "{}<core:cityObjectMember><veg:PlantCover gml:id=\"wood\">{}</veg:PlantCover></core:cityObjectMember>",
        building("b", &format!("<bldg:lod1MultiSurface>{shared}</bldg:lod1MultiSurface>")),
        place.repeat(1000)
    ));
    let outcome = read(&text);
    let wood = &outcome.objects[1];
    let faces: usize = wood.geometries.iter().map(|geometry| geometry.polygons.len()).sum();
    assert!(
        (limits::LINKED_FACES..limits::LINKED_FACES + 10_000).contains(&faces),
        "{faces}"
    );
    only_warning(&outcome, "too-many-links", "wood", limits::LINKED_FACES as u64);
}

#[test]
fn links_in_a_circle_end() {
    let ring = |id: &str, next: &str| {
        building(
            id,
            &format!(
                "<bldg:lod2MultiSurface><gml:MultiSurface gml:id=\"{id}_g\"><gml:surfaceMember xlink:href=\"#{next}_g\"/>\
                 <gml:surfaceMember>{}</gml:surfaceMember></gml:MultiSurface></bldg:lod2MultiSurface>",
                polygon(&format!("{id}_p"), &square(0.0))
            ),
        )
    };
    let outcome = read(&city(&format!(
        "{}{}{}",
        ring("a", "b"),
        ring("b", "a"),
        ring("c", "c")
    )));
    let faces: Vec<usize> = outcome
        .objects
        .iter()
        .map(|object| object.geometries[0].polygons.len())
        .collect();
    assert_eq!(faces, [2, 2, 1]);
}

#[test]
fn a_long_id_is_cut() {
    let id = "ä".repeat(limits::NAME_BYTES);
    let outcome = read(&city(&good(&id)));
    assert_eq!(outcome.only().id.len(), limits::NAME_BYTES);
}

#[test]
fn a_document_type_is_refused_wherever_it_stands() {
    let text = city(&format!(
        "{}<core:cityObjectMember><!DOCTYPE a [<!ENTITY b \"c\">]>{}",
        good("a").replace("</bldg:Building>", ""),
        good("b")
    ));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gml");
    std::fs::write(&path, text).unwrap();
    let report = Report::new();
    assert!(matches!(
        Reader::open(&path, &report),
        Err(Error::DocumentType { line: 8, .. })
    ));
}
