//! Bad input: each kind has a message of its own that names file, line and id and says what to do; what is good is kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may panic"
)]

mod written;

use std::path::Path;

use citygml::{Error, Options, Reader, Report, Warning};
use written::{Outcome, building, city, multi_surface, polygon, read, read_as, read_file, square};

fn refused(bytes: &[u8]) -> Error {
    read_as("model.gml", bytes, &Options::default()).expect_err("this must be refused")
}

/// The message says all of this.
fn says(message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "\"{message}\" does not say \"{word}\"");
    }
}

fn refused_with(bytes: &[u8], words: &[&str]) {
    let error = refused(bytes);
    says(&error.to_string(), words);
    says(&error.to_string(), &["model.gml"]);
}

/// The only warning; it has this code, line and id, and names the file and what to do.
fn only_warning(outcome: &Outcome, code: &str, line: u64, id: &str) -> Warning {
    assert_eq!(outcome.codes(), [code], "{:#?}", outcome.report.warnings());
    let warning = outcome.warnings(code)[0].clone();
    assert_eq!(
        (warning.line, warning.id.as_deref()),
        (Some(line), Some(id)),
        "{warning}"
    );
    assert!(warning.file.as_ref().unwrap().ends_with("model.gml"));
    assert!(!warning.advice.is_empty());
    warning
}

fn good(id: &str) -> String {
    building(
        id,
        &format!(
            "<bldg:lod1MultiSurface>{}</bldg:lod1MultiSurface>",
            multi_surface(&[polygon("", &square(0.0))])
        ),
    )
}

fn with_ring(positions: &str) -> String {
    let faces = [polygon("bad", positions), polygon("fine", &square(1.0))];
    city(&building(
        "b",
        &format!(
            "<bldg:lod1MultiSurface>{}</bldg:lod1MultiSurface>",
            multi_surface(&faces)
        ),
    ))
}

fn ids(outcome: &Outcome) -> Vec<&str> {
    outcome.objects.iter().map(|o| o.id.as_str()).collect()
}

fn polygon_ids(outcome: &Outcome) -> Vec<&str> {
    let polygons = outcome
        .objects
        .iter()
        .flat_map(|o| &o.geometries)
        .flat_map(|g| &g.polygons);
    polygons.filter_map(|p| p.id.as_deref()).collect()
}

#[test]
fn a_missing_file_is_named() {
    let error = read_file(Path::new("/nowhere/city.gml"), &Options::default()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    says(
        &error.to_string(),
        &["/nowhere/city.gml", "cannot be read", "Check the path"],
    );
}

#[test]
fn a_folder_instead_of_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = read_file(folder.path(), &Options::default()).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[test]
fn an_empty_file_says_that_it_is_empty() {
    for bytes in [&b""[..], b" \n\t ", b"\xef\xbb\xbf"] {
        assert!(matches!(refused(bytes), Error::Empty { .. }));
    }
    refused_with(b"", &["the file is empty", "cut short"]);
}

#[test]
fn a_web_page_instead_of_a_model_is_called_one() {
    refused_with(
        b"<!DOCTYPE html>\n<html><body>Sign in</body></html>",
        &["an HTML page", "login page"],
    );
    refused_with(b"\n<HTML lang=\"fi\">", &["an HTML page"]);
}

#[test]
fn json_is_told_apart_from_cityjson() {
    refused_with(b"{\"error\": \"too many requests\"}", &["a JSON file", "error message"]);
    refused_with(
        b"  {\"type\":\"CityJSON\",\"version\":\"2.0\"}",
        &["a CityJSON file", "citygml-tools"],
    );
    refused_with(b"{\"type\":\"FeatureCollection\",\"features\":[]}", &["a GeoJSON file"]);
}

#[test]
fn a_git_lfs_pointer_says_how_to_get_the_file() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:ef6a\nsize 132\n";
    refused_with(pointer, &["Git LFS pointer", "git lfs pull"]);
}

#[test]
fn archives_and_binary_files_are_called_what_they_are() {
    refused_with(b"PK\x03\x04\x14\0\0\0", &["ZIP archive", "Unpack"]);
    refused_with(b"glTF\x02\0\0\0", &["GLB"]);
    refused_with(b"SQLite format 3\0", &["SQLite"]);
    refused_with(&[0x7f, b'E', b'L', b'F', 0, 1, 2, 3], &["binary data"]);
    refused_with(b"easting,northing\n1,2\n", &["text that is not XML"]);
    refused_with(&[0x1f, 0x8b, 8, 0, 1, 2, 3], &["cannot be read"]);
}

#[test]
fn a_wrong_root_element_is_named_with_its_line_and_a_hint() {
    let kml = b"<?xml version=\"1.0\"?>\n\n<kml xmlns=\"http://www.opengis.net/kml/2.2\"/>";
    refused_with(kml, &["model.gml:3:", "<kml>", "KML"]);
    refused_with(
        b"<ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows\"/>",
        &["<ows:ExceptionReport>", "error message of a web service"],
    );
    refused_with(b"<CityModel/>", &["<CityModel>", "no namespace"]);
    refused_with(
        b"<c:CityModel xmlns:c=\"http://www.citygml.org/citygml/1/0/0\"/>",
        &["CityGML 1.0, 2.0 or 3.0"],
    );
    assert!(matches!(refused(kml), Error::WrongRoot { line: 3, .. }));
}

#[test]
fn broken_xml_before_the_root_is_refused_with_its_line() {
    refused_with(b"<!-- never closed", &["model.gml:1:", "broken XML"]);
    refused_with(
        b"<?xml version=\"1.0\"?>\n<core:CityModel xmlns:core=\"http://www.op",
        &["model.gml:2:", "the file ends inside a tag"],
    );
    refused_with(b"</a>", &["model.gml:1:"]);
}

#[test]
fn entities_are_refused_since_a_kilobyte_of_them_can_fill_a_disk() {
    let bomb = format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY lol \"lol\">\n<!ENTITY lol2 \"&lol;&lol;\">\n]>\n{}",
        city("<gml:name>&lol2;</gml:name>")
    );
    refused_with(
        bomb.as_bytes(),
        &["model.gml:2:", "document type declaration", "entities", "Remove it"],
    );
    assert!(matches!(refused(bomb.as_bytes()), Error::DocumentType { line: 2, .. }));
    let late = city(&format!("{}<!DOCTYPE x [<!ENTITY a \"b\">]>", good("a")));
    assert!(matches!(refused(late.as_bytes()), Error::DocumentType { .. }));
}

#[test]
fn an_entity_that_nothing_defines_stays_as_it_is_written() {
    let outcome = read(&city(&building("b", "<gml:name>Caf&eacute; &amp; bar</gml:name>")));
    assert_eq!(outcome.only().name.as_deref(), Some("Caf&eacute; & bar"));
    says(&outcome.warnings("unknown-entity")[0].message, &["&eacute;"]);
}

#[test]
fn of_a_file_that_was_cut_off_the_whole_objects_are_kept() {
    let text = city(&format!("{}{}{}", good("a"), good("b"), good("c")));
    let whole = text.len();
    let start_of_c = text.find("<core:cityObjectMember><bldg:Building gml:id=\"c\"").unwrap();
    for cut in [start_of_c + 60, start_of_c + 200, whole - 70] {
        let outcome = read(&text[..cut]);
        assert_eq!(ids(&outcome), ["a", "b"], "cut at {cut}");
        assert!(outcome.summary.truncated);
        let warning = &outcome.warnings("truncated")[0];
        assert_eq!(warning.id.as_deref(), Some("c"));
        assert_eq!(warning.line, Some(9));
        says(&warning.message, &["the file ends", "the 2 objects before are kept"]);
        says(&warning.advice, &["again"]);
    }
    // Cut between two members: nobody can say which object is missing.
    let outcome = read(&text[..start_of_c]);
    assert_eq!(ids(&outcome), ["a", "b"]);
    assert!(outcome.summary.truncated);
    assert_eq!(outcome.warnings("truncated")[0].id, None);
}

#[test]
fn of_a_damaged_gzip_file_the_whole_objects_are_kept() {
    let many = (0..2000).map(|i| good(&format!("b{i}"))).collect::<Vec<_>>().concat();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, city(&many).as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let outcome = read_as("model.gml", &packed[..packed.len() / 2], &Options::default()).unwrap();
    assert!(outcome.summary.truncated);
    assert!(
        (100..2000).contains(&outcome.objects.len()),
        "{}",
        outcome.objects.len()
    );
    says(&outcome.warnings("truncated")[0].message, &["cannot be read on"]);
}

#[test]
fn an_object_with_broken_tags_is_left_out_and_the_next_one_is_read() {
    let broken = good("broken").replace("</gml:LinearRing>", "</gml:Ring>");
    let outcome = read(&city(&format!("{}{broken}{}{}", good("a"), good("b"), good("c"))));
    assert_eq!(ids(&outcome), ["a", "b", "c"]);
    assert!(!outcome.summary.truncated);
    let warning = only_warning(&outcome, "broken-xml", 8, "broken");
    says(
        &warning.message,
        &["</gml:LinearRing> was expected", "</gml:Ring> stands here", "left out"],
    );
    // The same where an end tag is missing altogether, even that of the member.
    for end in [
        "</bldg:Building>",
        "</core:cityObjectMember>",
        "</bldg:Building></core:cityObjectMember>",
    ] {
        let broken = good("broken").replace(end, "");
        let outcome = read(&city(&format!("{}{broken}{}{}", good("a"), good("b"), good("c"))));
        assert!(ids(&outcome).ends_with(&["b", "c"]), "{end}: {:?}", ids(&outcome));
        assert_eq!(outcome.warnings("broken-xml").len(), 1, "{end}");
        assert!(!outcome.summary.truncated, "{end}");
    }
    // And where it is the last one.
    let outcome = read(&city(&format!(
        "{}{}",
        good("a"),
        good("broken").replace("</bldg:Building>", "")
    )));
    assert_eq!(ids(&outcome), ["a"]);
    assert!(!outcome.summary.truncated);
    only_warning(&outcome, "broken-xml", 8, "broken");
}

#[test]
fn a_member_behind_a_broken_one_may_bind_prefixes_of_its_own() {
    let own = good("own").replace("bldg:", "b:").replace(
        "<core:cityObjectMember>",
        "<core:cityObjectMember xmlns:b=\"http://www.opengis.net/citygml/building/2.0\">",
    );
    for broken in [
        good("broken").replace("</gml:Polygon>", ""),
        good("broken").replace("</core:cityObjectMember>", ""),
    ] {
        let outcome = read(&city(&format!("{broken}{own}")));
        let last = outcome.objects.last().unwrap();
        assert_eq!((last.id.as_str(), last.module), ("own", citygml::Module::Building));
    }
}

#[test]
fn two_broken_objects_are_two_warnings() {
    let first = good("first").replace("</gml:Polygon>", "");
    let second = good("second").replace("</gml:Polygon>", "");
    let outcome = read(&city(&format!("{first}{}{second}{}", good("a"), good("b"))));
    assert_eq!(ids(&outcome), ["a", "b"]);
    assert_eq!(outcome.report.counts()["broken-xml"], 2);
}

#[test]
fn a_word_in_the_coordinates_costs_the_polygon_and_not_the_building() {
    let outcome = read(&with_ring("0 0 0 1 0 0 1 one 0 0 0 0"));
    assert_eq!(polygon_ids(&outcome), ["fine"]);
    let warning = only_warning(&outcome, "bad-number", 7, "bad");
    says(&warning.message, &["\"one\"", "the polygon was left out"]);
    for word in ["NaN", "inf", "1,5", "1e999", "0x10", "--1"] {
        let outcome = read(&with_ring(&format!("0 0 0 1 0 0 1 {word} 0 0 0 0")));
        says(&only_warning(&outcome, "bad-number", 7, "bad").message, &[word]);
    }
}

#[test]
fn coordinates_that_are_no_whole_number_of_points_are_counted() {
    let outcome = read(&with_ring("0 0 0 1 0 0 1 1 0 0 0"));
    assert_eq!(polygon_ids(&outcome), ["fine"]);
    let warning = only_warning(&outcome, "bad-coordinate-count", 7, "bad");
    says(
        &warning.message,
        &["11 numbers", "3 coordinates", "the polygon was left out"],
    );
    let strange = with_ring(&square(0.0)).replacen("<gml:posList>", "<gml:posList srsDimension=\"four\">", 1);
    says(
        &only_warning(&read(&strange), "bad-coordinate-count", 7, "bad").message,
        &["15 numbers"],
    );
}

#[test]
fn a_ring_of_two_points_costs_the_polygon() {
    let outcome = read(&with_ring("0 0 0 1 0 0 0 0 0"));
    assert_eq!(polygon_ids(&outcome), ["fine"]);
    says(
        &only_warning(&outcome, "ring-too-short", 7, "bad").message,
        &["2 different points"],
    );
    let outcome = read(&with_ring(""));
    says(
        &only_warning(&outcome, "ring-too-short", 7, "bad").message,
        &["0 different points"],
    );
    // A polygon without an id is called by its building.
    let anonymous = with_ring("").replace(" gml:id=\"bad\"", "");
    only_warning(&read(&anonymous), "ring-too-short", 7, "b");
    let none = with_ring(&square(0.0)).replacen("gml:exterior", "gml:outside", 2);
    says(
        &only_warning(&read(&none), "ring-too-short", 7, "bad").message,
        &["no exterior"],
    );
}

#[test]
fn a_ring_that_is_not_closed_is_closed() {
    let outcome = read(&with_ring("0 0 0 1 0 0 1 1 0"));
    assert_eq!(polygon_ids(&outcome), ["bad", "fine"]);
    only_warning(&outcome, "ring-not-closed", 7, "bad");
}

#[test]
fn repeated_points_are_left_out_and_only_noted() {
    let outcome = read(&with_ring("0 0 0 1 0 0 1 0 0 1 1 0 0 0 0 0 0 0"));
    assert_eq!(outcome.report.total(), 0);
    assert_eq!(outcome.objects[0].geometries[0].polygons[0].exterior.len(), 3);
    assert_eq!(outcome.notes("repeated-points")[0].id.as_deref(), Some("bad"));
}

#[test]
fn a_bad_hole_costs_the_hole_and_the_promise_that_the_solid_is_closed() {
    let face = polygon("p", &square(0.0)).replace("</gml:Polygon>", "<gml:interior><gml:LinearRing><gml:posList>0 0 0 1 1 1</gml:posList></gml:LinearRing></gml:interior></gml:Polygon>");
    let solid = format!(
        "<bldg:lod1Solid><gml:Solid><gml:exterior><gml:CompositeSurface><gml:surfaceMember>{face}</gml:surfaceMember></gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod1Solid>"
    );
    let outcome = read(&city(&building("b", &solid)));
    says(
        &only_warning(&outcome, "ring-too-short", 7, "p").message,
        &["the hole was left out"],
    );
    let geometry = &outcome.only().geometries[0];
    assert!(geometry.polygons[0].interiors.is_empty());
    assert!(!geometry.closed);
}

#[test]
fn a_curve_that_has_no_straight_lines_costs_the_polygon() {
    let arc = "<gml:MultiSurface><gml:surfaceMember><gml:Polygon gml:id=\"bad\"><gml:exterior><gml:Ring><gml:curveMember><gml:Curve><gml:segments><gml:Arc><gml:posList>0 0 0 1 1 0 2 0 0</gml:posList></gml:Arc></gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface>";
    let outcome = read(&city(&building(
        "b",
        &format!("<bldg:lod1MultiSurface>{arc}</bldg:lod1MultiSurface>"),
    )));
    says(&only_warning(&outcome, "curve-in-ring", 7, "bad").message, &["Arc"]);
}

#[test]
fn a_dangling_link_is_reported_once_and_the_rest_of_the_solid_is_kept() {
    let solid = "<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface>\n<gml:surfaceMember xlink:href=\"#gone\"/>\n<gml:surfaceMember xlink:href=\"#p\"/></gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>";
    let inside = format!(
        "{solid}<bldg:boundedBy><bldg:RoofSurface><bldg:lod2MultiSurface>{}</bldg:lod2MultiSurface></bldg:RoofSurface></bldg:boundedBy>",
        multi_surface(&[polygon("p", &square(0.0))])
    );
    let outcome = read(&city(&building("b", &inside)));
    assert_eq!(polygon_ids(&outcome), ["p"]);
    assert!(!outcome.only().geometries[0].closed);
    let warning = only_warning(&outcome, "xlink-dangling", 8, "b");
    says(&warning.message, &["#gone", "no geometry of the file"]);
    says(
        &warning.to_string(),
        &["model.gml:8: b: ", "Export the object again", "[xlink-dangling]"],
    );
}

#[test]
fn a_link_into_another_file_is_not_followed_and_says_so() {
    let solid = "<bldg:lod2Solid xlink:href=\"../tran/other.gml#x\"/>";
    let outcome = read(&city(&building("b", solid)));
    let warning = only_warning(&outcome, "xlink-other-file", 7, "b");
    says(&warning.message, &["../tran/other.gml#x"]);
    says(&warning.advice, &["Merge the files"]);
    let outcome = read(&city(&format!(
        "<core:cityObjectMember xlink:href=\"other.gml\"/>{}",
        good("a")
    )));
    assert_eq!(ids(&outcome), ["a"]);
    says(&outcome.warnings("member-elsewhere")[0].message, &["other.gml"]);
}

#[test]
fn of_two_objects_with_one_id_the_more_detailed_or_else_the_first_is_kept() {
    let detailed = good("twin").replace("lod1", "lod2");
    let outcome = read(&city(&format!("{}{}{}", good("a"), good("twin"), good("twin"))));
    assert_eq!(ids(&outcome), ["a", "twin"]);
    assert_eq!(outcome.objects[1].line, 8);
    let warning = only_warning(&outcome, "duplicate-id", 9, "twin");
    says(
        &warning.message,
        &["lines 9 and 8", "the first object", "line 8, is kept"],
    );

    let outcome = read(&city(&format!("{}{}{detailed}{}", good("a"), good("twin"), good("b"))));
    assert_eq!(ids(&outcome), ["a", "twin", "b"]);
    assert_eq!(outcome.objects[1].geometries[0].lod, 2);
    let warning = only_warning(&outcome, "duplicate-id", 8, "twin");
    says(&warning.message, &["lines 8 and 9", "more detailed", "line 9, is kept"]);
    assert_eq!(outcome.header.members, 4);
}

#[test]
fn elements_nested_to_the_bottom_of_the_stack_are_skipped() {
    let deep = format!(
        "{}{}",
        "<gml:MultiSurface><gml:surfaceMember>".repeat(50_000),
        "</gml:surfaceMember></gml:MultiSurface>".repeat(50_000)
    );
    let outcome = read(&city(&format!(
        "{}{}",
        building(
            "deep",
            &format!("<bldg:lod1MultiSurface>{deep}</bldg:lod1MultiSurface>")
        ),
        good("a")
    )));
    assert_eq!(ids(&outcome), ["deep", "a"]);
    only_warning(&outcome, "too-deep", 7, "deep");
    // The same in parts of parts, and in a file that never comes back up.
    let parts = "<bldg:consistsOfBuildingPart><bldg:BuildingPart>".repeat(50_000);
    let outcome = read(&city(&format!("<core:cityObjectMember><bldg:Building>{parts}")));
    assert!(outcome.objects.is_empty());
    assert_eq!(outcome.codes(), ["broken-xml"]);
}

#[test]
fn bytes_that_belong_to_no_encoding_are_replaced_and_located() {
    let mut bytes = city(&building("b", "<gml:name>T\u{f6}\u{f6}l\u{f6}</gml:name>")).into_bytes();
    bytes = String::from_utf8(bytes)
        .unwrap()
        .chars()
        .map(|c| c as u32 as u8)
        .collect();
    let outcome = read_as("model.gml", &bytes, &Options::default()).unwrap();
    assert_eq!(outcome.only().name.as_deref(), Some("T\u{fffd}\u{fffd}l\u{fffd}"));
    assert_eq!(outcome.warnings("invalid-characters")[0].line, Some(7));
    // Declared as what they are, they are read as what they are.
    let mut declared = b"<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?>".to_vec();
    declared.extend(bytes);
    let outcome = read_as("model.gml", &declared, &Options::default()).unwrap();
    assert_eq!(outcome.only().name.as_deref(), Some("T\u{f6}\u{f6}l\u{f6}"));
    assert_eq!(outcome.report.total(), 0);
    let unknown = city(&building("b", "")).replace(
        "<core:CityModel",
        "<?xml version=\"1.0\" encoding=\"klingon\"?><core:CityModel",
    );
    says(
        &read(&unknown).warnings("unknown-encoding")[0].message,
        &["klingon", "UTF-8"],
    );
}

#[test]
fn a_model_without_objects_is_no_error() {
    let outcome = read(&city(""));
    assert_eq!((outcome.summary.objects, outcome.summary.truncated), (0, false));
    assert_eq!(outcome.report.total(), 0);
}

#[test]
fn the_receiver_may_stop_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gml");
    std::fs::write(&path, city(&format!("{}{}", good("a"), good("b")))).unwrap();
    let report = Report::new();
    let reader = Reader::open(&path, &report).unwrap();
    let mut seen = 0;
    let stopped = reader.try_for_each(
        |_| {
            seen += 1;
            false
        },
        |_| {},
    );
    assert!(matches!(stopped, Err(Error::Stopped { .. })));
    assert_eq!(seen, 1);
}

#[test]
fn a_million_warnings_are_counted_and_twenty_are_kept() {
    let links = (0..500)
        .map(|i| format!("<gml:surfaceMember xlink:href=\"#gone{i}\"/>\n"))
        .collect::<Vec<_>>()
        .concat();
    let surface =
        format!("<bldg:lod2MultiSurface><gml:MultiSurface>{links}</gml:MultiSurface></bldg:lod2MultiSurface>");
    let outcome = read(&city(&building("b", &surface)));
    assert_eq!(outcome.report.counts()["xlink-dangling"], 500);
    let json = outcome.report.to_json();
    let group = &json["warnings"][0];
    assert_eq!(group["code"], "xlink-dangling");
    assert_eq!(group["count"], 500);
    let examples = group["examples"].as_array().unwrap();
    assert_eq!(examples.len(), Report::EXAMPLES);
    assert_eq!(examples[0]["line"], 7);
    assert_eq!(examples[19]["line"], 26);
    assert_eq!(examples[0]["id"], "b");
    assert!(examples[0]["advice"].as_str().unwrap().contains("Export"));
}
