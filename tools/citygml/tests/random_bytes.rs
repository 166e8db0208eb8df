//! Whatever the bytes are, the reader answers: an error or a result, and soon; as a whole and in pieces alike.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may panic"
)]

mod written;

use std::path::Path;

use citygml::{CityObject, Error, Options, Reader, Report, Summary};
use proptest::prelude::*;
use written::{city, read_as, read_file};

/// The fixture without comments, and one with everything else that the reader knows.
fn seeds() -> Vec<Vec<u8>> {
    let house = include_bytes!("fixtures/building.gml").to_vec();
    let rest = city(
        "<core:cityObjectMember><veg:SolitaryVegetationObject gml:id=\"t\"><veg:lod2ImplicitRepresentation><core:ImplicitGeometry>\
         <core:transformationMatrix>1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1</core:transformationMatrix><core:relativeGMLGeometry xlink:href=\"#p\"/>\
         <core:referencePoint><gml:Point><gml:pos>1 2 3</gml:pos></gml:Point></core:referencePoint></core:ImplicitGeometry>\
         </veg:lod2ImplicitRepresentation></veg:SolitaryVegetationObject></core:cityObjectMember>\
         <core:cityObjectMember><bldg:Building gml:id=\"b\"><bldg:lod2MultiSurface><gml:MultiSurface gml:id=\"p\"><gml:surfaceMember>\
         <gml:Polygon><gml:exterior><gml:LinearRing><gml:coordinates>0,0,0 1,0,0 1,1,0 0,0,0</gml:coordinates></gml:LinearRing></gml:exterior>\
         </gml:Polygon></gml:surfaceMember><gml:surfaceMember xlink:href=\"#p\"/></gml:MultiSurface></bldg:lod2MultiSurface></bldg:Building>\
         </core:cityObjectMember><app:appearanceMember><app:Appearance><app:theme>a</app:theme><app:surfaceDataMember><app:X3DMaterial>\
         <app:diffuseColor>1 0 0</app:diffuseColor><app:target>#p</app:target></app:X3DMaterial></app:surfaceDataMember></app:Appearance>\
         </app:appearanceMember>",
    );
    vec![house, rest.into_bytes()]
}

/// A small change to a file.
#[derive(Debug, Clone)]
enum Change {
    Put(usize, Vec<u8>),
    Cut(usize, usize),
    Copy(usize, usize, usize),
    Swap(usize, usize, usize),
    Flip(usize, u8),
}

fn change() -> impl Strategy<Value = Change> {
    let hard = prop_oneof![
        Just(b"<".to_vec()),
        Just(b">".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"&".to_vec()),
        Just(b"<!--".to_vec()),
        Just(b"<![CDATA[".to_vec()),
        Just(b"</".to_vec()),
        Just(b"/>".to_vec()),
        Just(b"<!".to_vec()),
        Just(b"<>".to_vec()),
        Just(b"</core:CityModel>".to_vec()),
        Just(b"<core:cityObjectMember>".to_vec()),
        Just(b"</core:cityObjectMember>".to_vec()),
        Just(b"1e400 ".to_vec()),
        Just(b"\0".to_vec()),
        Just(b"\xff\xfe".to_vec()),
        Just(b" xmlns:gml=\"\"".to_vec()),
        Just(b" srsDimension=\"2\"".to_vec()),
        Just(b"&#x110000;".to_vec()),
        prop::collection::vec(any::<u8>(), 1..8),
    ];
    prop_oneof![
        (any::<usize>(), hard).prop_map(|(at, bytes)| Change::Put(at, bytes)),
        (any::<usize>(), 1..400_usize).prop_map(|(at, length)| Change::Cut(at, length)),
        (any::<usize>(), 1..400_usize, any::<usize>()).prop_map(|(from, length, to)| Change::Copy(from, length, to)),
        (any::<usize>(), 1..400_usize, any::<usize>()).prop_map(|(a, length, b)| Change::Swap(a, length, b)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Flip(at, byte)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len().max(1);
    match change {
        Change::Put(at, new) => {
            let at = at % length;
            bytes.splice(at..at, new.iter().copied());
        }
        Change::Cut(at, count) => {
            let at = at % length;
            bytes.drain(at..(at + count).min(length));
        }
        Change::Copy(from, count, to) => {
            let from = from % length;
            let piece = bytes[from..(from + count).min(length)].to_vec();
            let to = to % length;
            bytes.splice(to..to, piece);
        }
        Change::Swap(a, count, b) => {
            let (a, b) = ((a % length).min(b % length), (a % length).max(b % length));
            let count = (*count).min(b - a).min(bytes.len() - b);
            let (left, right) = bytes.split_at_mut(b);
            left[a..a + count].swap_with_slice(&mut right[..count]);
        }
        Change::Flip(at, byte) => bytes[at % length] = *byte,
    }
}

/// Objects, report and summary.
type Answer = (Vec<CityObject>, serde_json::Value, Summary);

fn in_pieces(path: &Path) -> Result<Answer, Error> {
    let report = Report::new();
    let reader = Reader::open(path, &report)?;
    let mut objects = Vec::new();
    let chunks = reader.chunks(1);
    let read = chunks.map(|chunk| reader.read_chunk(chunk, |object| objects.push(object)));
    let summary = reader.finish(read.collect::<Result<Vec<_>, _>>()?);
    Ok((objects, report.to_json(), summary))
}

fn pieces_give_the_same(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gml");
    std::fs::write(&path, bytes).unwrap();
    let whole = read_file(&path, &Options::default());
    let whole = whole.map(|outcome| (outcome.objects, outcome.report.to_json(), outcome.summary));
    match (whole, in_pieces(&path)) {
        (Ok(whole), Ok(pieces)) => assert_eq!(whole, pieces),
        (Err(whole), Err(pieces)) => assert_eq!(whole.to_string(), pieces.to_string()),
        (whole, pieces) => panic!("{whole:?} {pieces:?}"),
    }
}

fn answers(bytes: &[u8]) {
    pieces_give_the_same(bytes);
    match read_as("model.gml", bytes, &Options::default()) {
        Ok(outcome) => {
            for polygon in outcome
                .objects
                .iter()
                .flat_map(|o| &o.geometries)
                .flat_map(|g| &g.polygons)
            {
                assert!(polygon.exterior.len() >= 3);
                assert!(polygon.exterior.iter().flatten().all(|number| number.is_finite()));
            }
        }
        Err(error) => assert!(error.to_string().contains("model.gml")),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        answers(&bytes);
    }

    #[test]
    fn any_change_of_a_city_is_answered(seed in 0..2_usize, changes in prop::collection::vec(change(), 1..6)) {
        let mut bytes = seeds().swap_remove(seed);
        for change in &changes {
            apply(&mut bytes, change);
        }
        answers(&bytes);
    }

    #[test]
    fn a_file_cut_anywhere_gives_a_beginning_of_its_objects(seed in 0..2_usize, at in any::<usize>()) {
        let bytes = seeds().swap_remove(seed);
        let whole = read_as("model.gml", &bytes, &Options::default()).unwrap();
        let all: Vec<_> = whole.objects.iter().map(|o| o.id.clone()).collect();
        if let Ok(part) = read_as("model.gml", &bytes[..at % bytes.len()], &Options::default()) {
            let ids: Vec<_> = part.objects.iter().map(|o| o.id.clone()).collect();
            prop_assert!(all.starts_with(&ids), "{:?} {:?}", all, ids);
        }
    }
}
