//! The cursor beside quick-xml: both must see the same elements, namespaces and texts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::io::Read;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

use crate::cursor::{Cursor, Stop, Token};
use crate::namespace::Namespace;
use crate::source::Source;

/// One line for each tag, with the text before it.
type Events = Vec<String>;

fn by_cursor(bytes: &[u8]) -> Option<Events> {
    let mut cursor = Cursor::new(Source::from_bytes(bytes));
    let mut events = Events::new();
    loop {
        cursor.clear_text();
        let token = match cursor.step(true) {
            Ok(token) => token,
            Err(Stop::End { .. }) if cursor.depth == 0 => return Some(events),
            Err(_) => return None,
        };
        let text = cursor.passed_text().to_owned();
        events.push(match token {
            Token::Start => format!(
                "{text}<{:?} {} {:?} {:?}",
                cursor.namespace(),
                cursor.local_text(),
                cursor.gml_id(),
                cursor.attribute(b"srsName"),
            ),
            Token::End => format!("{text}</"),
        });
    }
}

fn by_quick_xml(bytes: &[u8]) -> Option<Events> {
    let mut decoded = Vec::new();
    Source::from_bytes(bytes).read_to_end(&mut decoded).unwrap();
    let mut reader = NsReader::from_reader(decoded.as_slice());
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().allow_dangling_amp = true;
    let (mut events, mut text) = (Events::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                let (resolved, local) = reader.resolver().resolve_element(tag.name());
                let namespace = match resolved {
                    ResolveResult::Bound(uri) => Namespace::from_uri(uri.as_ref()),
                    ResolveResult::Unbound => Namespace::None,
                    ResolveResult::Unknown(_) => Namespace::Other,
                };
                let attribute = |wanted: &dyn Fn(&str, Namespace) -> bool| {
                    tag.attributes().with_checks(false).flatten().find_map(|attribute| {
                        let (resolved, local) = reader.resolver().resolve_attribute(attribute.key);
                        let namespace = match resolved {
                            ResolveResult::Bound(uri) => Namespace::from_uri(uri.as_ref()),
                            ResolveResult::Unbound => Namespace::None,
                            ResolveResult::Unknown(_) => Namespace::Other,
                        };
                        wanted(local.as_ref(), namespace)
                            .then(|| quick_xml::escape::unescape(&attribute.value).unwrap().into_owned())
                    })
                };
                let id = attribute(&|name, namespace| name == "id" && namespace == Namespace::Gml);
                let srs_name = attribute(&|name, namespace| name == "srsName" && namespace == Namespace::None);
                events.push(format!(
                    "{}<{namespace:?} {} {id:?} {srs_name:?}",
                    text.trim(),
                    local.as_ref()
                ));
                text.clear();
            }
            Event::End(_) => {
                events.push(format!("{}</", text.trim()));
                text.clear();
            }
            Event::Text(piece) => text.push_str(&piece),
            Event::CData(piece) => text.push_str(&piece),
            Event::GeneralRef(reference) => {
                let written = format!("&{};", &*reference);
                match quick_xml::escape::unescape(&written) {
                    Ok(character) => text.push_str(&character),
                    Err(_) => text.push_str(&written),
                }
            }
            Event::DocType(_) => return None,
            Event::Eof => return Some(events),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
        }
    }
}

/// Both readings of a file, compared by the first difference.
fn compare(path: &Path) -> usize {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    } else {
        std::io::BufReader::new(file).read_to_end(&mut bytes).unwrap();
    }
    let (ours, theirs) = (by_cursor(&bytes), by_quick_xml(&bytes));
    let (Some(ours), Some(theirs)) = (&ours, &theirs) else {
        assert_eq!(ours.is_some(), theirs.is_some(), "{}", path.display());
        return 0;
    };
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours, theirs, "{}", path.display());
    }
    assert_eq!(ours.len(), theirs.len(), "{}", path.display());
    ours.len()
}

fn below(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            below(&path, into);
        } else if [".gml", ".xml", ".gml.gz"].iter().any(|ending| name.ends_with(ending)) {
            into.push(path);
        }
    }
}

#[test]
fn the_cursor_sees_in_the_sample_what_quick_xml_sees() {
    let mut paths = Vec::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    below(&here.join("../../assets/samples/helsinki"), &mut paths);
    below(&here.join("tests/fixtures"), &mut paths);
    assert!(paths.len() >= 2);
    let events: usize = paths.iter().map(|path| compare(path)).sum();
    assert!(events > 300_000, "{events}");
}

#[test]
fn the_cursor_sees_in_other_cities_what_quick_xml_sees() {
    let mut paths = Vec::new();
    let shared = std::env::var_os("KORTTELI_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    below(&shared, &mut paths);
    if paths.is_empty() {
        #[allow(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: no files in {}", shared.display());
        }
    }
    for path in &paths {
        compare(path);
    }
}

/// Small documents made of what is hard to cut.
fn documents() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<a>"),
        Just("</a>"),
        Just("<b/>"),
        Just("<g:c>"),
        Just("</g:c>"),
        Just("</g:c >"),
        Just("<a xmlns='http://www.opengis.net/gml'>"),
        Just("<d g:id = \"x>'\" srsName='&lt;\n'>"),
        Just("</d>"),
        Just("text"),
        Just(" \n"),
        Just("&amp;"),
        Just("&#228;"),
        Just("<!-- <a> -->"),
        Just("<![CDATA[</a>]]>"),
        Just("<?pi <a>?>"),
        Just("ä"),
        Just("]]>"),
    ];
    prop::collection::vec(piece, 0..24)
        .prop_map(|pieces| format!("<r xmlns:g='http://www.opengis.net/gml'>{}</r>", pieces.concat()))
}

proptest! {
    #[test]
    fn small_documents_are_cut_alike(document in documents()) {
        prop_assert_eq!(by_cursor(document.as_bytes()), by_quick_xml(document.as_bytes()));
    }
}
