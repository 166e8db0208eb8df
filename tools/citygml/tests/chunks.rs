//! A file read in pieces, by many threads, gives what it gives as a whole: objects, ids, lines and warnings.

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
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use citygml::{CityObject, Error, Options, Reader, Report, Summary};
use proptest::prelude::*;
use written::{Outcome, building, city, multi_surface, polygon, read_file, square};

/// Sizes of pieces: one member each, a few, and many.
const SIZES: [u64; 3] = [1, 4 << 10, 1 << 20];

/// Reads a file in pieces, the last first, by two threads.
fn read_in_pieces(path: &Path, size: u64) -> Result<(Outcome, usize), Error> {
    let report = Report::new();
    let reader = Reader::open(path, &report)?;
    let mut chunks: Vec<_> = reader.chunks(size).collect();
    let pieces = chunks.len();
    for (index, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk.index(), index);
    }
    chunks.reverse();
    let (half, chunks) = (chunks.split_off(pieces / 2), chunks);
    let read: Mutex<Vec<(usize, Vec<CityObject>)>> = Mutex::default();
    let reader = &reader;
    let read_all = |chunks: Vec<citygml::Chunk>| {
        let each = chunks.into_iter().map(|chunk| {
            let (index, mut objects) = (chunk.index(), Vec::new());
            let summary = reader.read_chunk(chunk, |object| objects.push(object))?;
            read.lock().unwrap().push((index, objects));
            Ok(summary)
        });
        each.collect::<Result<Vec<_>, Error>>()
    };
    let summaries = std::thread::scope(|scope| {
        let other = scope.spawn(|| read_all(half));
        let mut summaries = read_all(chunks)?;
        summaries.extend(other.join().unwrap()?);
        Ok(summaries)
    });
    let summary: Summary = reader.finish(summaries?);
    let mut read = read.into_inner().unwrap();
    read.sort_by_key(|(index, _)| *index);
    let outcome = Outcome {
        objects: read.into_iter().flat_map(|(_, objects)| objects).collect(),
        summary,
        header: reader.header().clone(),
        report,
    };
    Ok((outcome, pieces))
}

/// Whatever the size of the pieces, the objects and the report are those of the whole; answers the numbers of pieces.
fn pieces_equal_the_whole(path: &Path) -> Vec<usize> {
    let whole = read_file(path, &Options::default());
    let counts = SIZES.iter().map(|size| {
        let place = format!("{} in pieces of {size}", path.display());
        match (&whole, read_in_pieces(path, *size)) {
            (Ok(whole), Ok((read, pieces))) => {
                assert_eq!(read.objects.len(), whole.objects.len(), "{place}");
                for (read, whole) in read.objects.iter().zip(&whole.objects) {
                    assert_eq!(read, whole, "{place}");
                }
                assert_eq!(read.report.to_json(), whole.report.to_json(), "{place}");
                assert_eq!(read.summary, whole.summary, "{place}");
                assert_eq!(read.header, whole.header, "{place}");
                pieces
            }
            (Err(whole), Err(read)) => {
                assert_eq!(read.to_string(), whole.to_string(), "{place}");
                0
            }
            (whole, read) => panic!("{place}: {:?} {:?}", whole.as_ref().err(), read.err()),
        }
    });
    counts.collect()
}

fn text_in_pieces(name: &str, bytes: &[u8]) -> Vec<usize> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    pieces_equal_the_whole(&path)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            below(&path, into);
        } else if [".gml", ".xml", ".citygml", ".gml.gz"]
            .iter()
            .any(|ending| name.ends_with(ending))
        {
            into.push(path);
        }
    }
}

fn face(id: &str) -> String {
    let surface = multi_surface(&[polygon(id, &square(0.0))]);
    format!("<bldg:lod1MultiSurface>{surface}</bldg:lod1MultiSurface>")
}

fn member(id: &str) -> String {
    building(id, &face(""))
}

fn nameless(height: f64) -> String {
    let surface = multi_surface(&[polygon("", &square(height))]);
    let inside = format!("<bldg:lod1MultiSurface>{surface}</bldg:lod1MultiSurface>");
    building("", &inside).replace(" gml:id=\"\"", "")
}

#[test]
fn the_sample_city_comes_out_the_same_in_pieces() {
    let mut paths = Vec::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    below(&here.join("../../assets/samples/helsinki"), &mut paths);
    assert_eq!(paths.len(), 2);
    for path in &paths {
        let pieces = pieces_equal_the_whole(path);
        assert!(pieces[0] > 400 && pieces[2] < 20, "{}: {pieces:?}", path.display());
    }
}

#[test]
fn other_cities_come_out_the_same_in_pieces() {
    let shared = std::env::var_os("KORTTELI_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let mut paths = Vec::new();
    below(&shared, &mut paths);
    if paths.is_empty() {
        eprintln!("skipped: no files in {}", shared.display());
    }
    for path in &paths {
        pieces_equal_the_whole(path);
    }
}

#[test]
fn encodings_and_compression_change_nothing() {
    let text = city(&format!("{}{}{}", member("a"), member("b"), member("c")));
    let umlauts = text.replace("\"b\"", "\"bä\"");
    assert_eq!(text_in_pieces("model.gml", text.as_bytes()), [4, 1, 1]);
    let marked = [b"\xef\xbb\xbf", umlauts.as_bytes()].concat();
    assert_eq!(text_in_pieces("model.gml", &marked), [4, 1, 1]);
    let latin: Vec<u8> = umlauts.chars().map(|c| c as u32 as u8).collect();
    assert_eq!(text_in_pieces("stray.gml", &latin), [4, 1, 1]);
    let declared = [b"<?xml version='1.0' encoding='ISO-8859-1'?>", latin.as_slice()].concat();
    assert_eq!(text_in_pieces("model.gml", &declared), [4, 1, 1]);
    let wide: Vec<u8> = format!("\u{feff}{umlauts}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(text_in_pieces("model.gml", &wide), [4, 1, 1]);
    assert_eq!(text_in_pieces("model.gml.gz", &packed(umlauts.as_bytes())), [4, 1, 1]);
}

#[test]
fn several_objects_in_one_member_are_cut_apart_and_keep_what_the_member_binds() {
    let objects = ["a", "b", "c"].map(|id| {
        let building = format!("<h:Building gml:id=\"{id}\">{}</h:Building>\n", face(id));
        building.replace("bldg:", "h:")
    });
    let members = format!(
        "<gml:name>x</gml:name><gml:featureMembers xmlns:h=\"http://www.opengis.net/citygml/building/2.0\" srsDimension=\"3\">{}</gml:featureMembers>{}",
        objects.concat(),
        member("d")
    );
    assert_eq!(text_in_pieces("model.gml", city(&members).as_bytes()), [5, 1, 1]);
}

#[test]
fn objects_without_an_id_that_are_alike_get_the_same_numbers() {
    let group = "<core:cityObjectMember><grp:CityObjectGroup><grp:groupMember><bldg:Building/></grp:groupMember>\
                 <grp:groupMember><bldg:Building/></grp:groupMember></grp:CityObjectGroup></core:cityObjectMember>";
    let inside = [
        nameless(0.0),
        member("a"),
        nameless(1.0),
        nameless(0.0),
        group.to_owned(),
        nameless(0.0),
        group.to_owned(),
    ];
    let text = city(&inside.concat());
    text_in_pieces("model.gml", text.as_bytes());
    text_in_pieces("model.gml.gz", &packed(text.as_bytes()));
    let ids: Vec<String> = written::read(&text)
        .objects
        .into_iter()
        .map(|object| object.id)
        .collect();
    assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 9, "{ids:?}");
    assert_eq!(ids[3], format!("{}_2", ids[0]));
    assert_eq!(ids[6], format!("{}_3", ids[0]));
    assert_eq!(ids[8], format!("{}_4", ids[4]));
}

#[test]
fn links_prototypes_and_colours_reach_across_pieces() {
    let solid = "<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface><gml:surfaceMember xlink:href=\"#wall\"/>\
                 <gml:surfaceMember xlink:href=\"#gone\"/></gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>";
    let colours = "<app:appearanceMember><app:Appearance><app:theme>t</app:theme><app:surfaceDataMember><app:X3DMaterial>\
                   <app:diffuseColor>1 0 0</app:diffuseColor><app:target>#wall</app:target></app:X3DMaterial>\
                   </app:surfaceDataMember></app:Appearance></app:appearanceMember>";
    let text = city(&format!(
        "{}{}{}{}{colours}",
        building("a", solid),
        building("b", &face("wall")),
        member("twin"),
        member("twin").replace("lod1", "lod2")
    ));
    assert_eq!(text_in_pieces("model.gml", text.as_bytes()), [6, 1, 1]);
    let outcome = written::read(&text);
    let polygon = &outcome.objects[0].geometries[0].polygons[0];
    assert_eq!(polygon.material.as_ref().unwrap().diffuse, [1.0, 0.0, 0.0]);
    assert_eq!(outcome.codes(), ["duplicate-id", "xlink-dangling"]);
}

#[test]
fn broken_members_break_the_same_pieces_off() {
    let broken = [
        ("</gml:LinearRing>", "</gml:Ring>"),
        ("</bldg:Building>", ""),
        ("</core:cityObjectMember>", ""),
        ("</bldg:Building></core:cityObjectMember>", ""),
        ("</gml:Polygon>", "</gml:Polygon></gml:Polygon>"),
        ("<gml:posList>", "<gml:posList><core:cityObjectMember>"),
        ("<gml:posList>", "<gml:posList>&nope; <!"),
        ("<gml:posList>", "<gml:posList>&nope; <>"),
        ("</core:cityObjectMember>", "</core:cityObjectMember></core:CityModel>"),
    ];
    for (whole, part) in broken {
        let text = city(&format!(
            "{}{}{}<gml:featureMember>{}</gml:featureMember>{}",
            member("a"),
            member("broken").replace(whole, part),
            member("b"),
            member("c").replace(whole, part),
            member("d")
        ));
        text_in_pieces("model.gml", text.as_bytes());
        text_in_pieces("model.gml.gz", &packed(text.as_bytes()));
    }
}

#[test]
fn a_file_cut_off_or_damaged_gives_the_same_objects_in_pieces() {
    let many = (0..3000).map(|i| member(&format!("b{i}"))).collect::<Vec<_>>().concat();
    let text = city(&many);
    for cut in [text.len() / 2, text.len() / 2 + 150, text.len() - 70, text.len() - 8] {
        text_in_pieces("model.gml", &text.as_bytes()[..cut]);
        text_in_pieces("model.gml.gz", &packed(&text.as_bytes()[..cut]));
    }
    let whole = packed(text.as_bytes());
    let read = |bytes: &[u8]| written::read_as("model.gml.gz", bytes, &Options::default()).unwrap();
    assert!(read(&whole).codes().is_empty());
    let pieces = text_in_pieces("model.gml.gz", &whole[..whole.len() / 2]);
    assert!(pieces[0] > 500, "{pieces:?}");
    let outcome = read(&whole[..whole.len() / 2]);
    assert!(outcome.summary.truncated && outcome.objects.len() > 500);
    assert_eq!(outcome.codes(), ["truncated"]);
    let mut wrong_checksum = whole.clone();
    let at = whole.len() - 8;
    wrong_checksum[at] ^= 0xff;
    text_in_pieces("model.gml.gz", &wrong_checksum);
    let outcome = read(&wrong_checksum);
    assert_eq!((outcome.objects.len(), outcome.summary.truncated), (3000, false));
    assert_eq!(outcome.codes(), ["damaged"]);
    assert!(
        outcome.warnings("damaged")[0].message.contains("checksum"),
        "{:?}",
        outcome.report
    );
    let outcome = read(&whole[..whole.len() - 8]);
    assert_eq!(outcome.codes(), ["damaged"]);
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 64].fill(0xff);
    text_in_pieces("model.gml.gz", &damaged);
}

/// Pieces of documents, whole and broken, of which cities are made.
fn parts() -> impl Strategy<Value = String> {
    let known = [
        member("a"),
        member("b"),
        nameless(0.0),
        member("c").replace("</bldg:Building>", ""),
        member("d").replace("</core:cityObjectMember>", ""),
        "<core:cityObjectMember>".to_owned(),
        "</core:cityObjectMember>".to_owned(),
        "<gml:featureMembers>".to_owned(),
        "</gml:featureMembers>".to_owned(),
        "<bldg:Building>".to_owned(),
        "</bldg:Building>".to_owned(),
        "<core:cityObjectMember xmlns:core=\"urn:other\">".to_owned(),
        "<core:cityObjectMember xlink:href=\"#x\"/>".to_owned(),
        "<gml:name>&x;<a/></gml:name>".to_owned(),
        "<!-- <core:cityObjectMember> -->".to_owned(),
        "<![CDATA[</core:CityModel>]]>".to_owned(),
        "</core:CityModel>".to_owned(),
        "<!".to_owned(),
        "<>".to_owned(),
        "\n".to_owned(),
    ];
    let known: Vec<_> = known.into_iter().map(Just).collect();
    prop::collection::vec(prop::strategy::Union::new(known), 0..16).prop_map(|parts| city(&parts.concat()))
}

proptest! {
    #[test]
    fn any_mixture_of_members_comes_out_the_same_in_pieces(text in parts(), cut in any::<prop::sample::Index>()) {
        text_in_pieces("model.gml", text.as_bytes());
        let cut = cut.index(text.len());
        text_in_pieces("model.gml", &text.as_bytes()[..cut]);
    }
}
