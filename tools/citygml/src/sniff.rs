//! What a file is when it is not CityGML.
//!
//! "Broken XML at line 1" helps nobody who saved a login page, cloned without Git LFS or forgot to unpack an archive. The
//! first bytes tell which it was.

/// What was found instead of XML, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// No bytes, or white space alone.
    Nothing,
    /// Something else.
    Other {
        /// What, for example `an HTML page`.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
}

/// Looks at the first bytes of a file; `None` where it may be XML.
pub(crate) fn sniff(head: &[u8]) -> Option<Found> {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let text = text.trim_ascii_start();
    if text.is_empty() {
        return Some(Found::Nothing);
    }
    by_signature(head)
        .or_else(|| by_text(text))
        .map(|(what, advice)| Found::Other { what, advice })
}

type Answer = (&'static str, &'static str);

fn by_signature(head: &[u8]) -> Option<Answer> {
    const SIGNATURES: &[(&[u8], Answer)] = &[
        (
            b"PK\x03\x04",
            ("a ZIP archive", "Unpack it and give the .gml files in it."),
        ),
        (
            b"7z\xbc\xaf\x27\x1c",
            ("a 7z archive", "Unpack it and give the .gml files in it."),
        ),
        (b"BZh", ("a bzip2 archive", "Unpack it; only gzip is read as it is.")),
        (b"\xfd7zXZ", ("an xz archive", "Unpack it; only gzip is read as it is.")),
        (
            b"\x28\xb5\x2f\xfd",
            ("a zstd archive", "Unpack it; only gzip is read as it is."),
        ),
        (b"glTF", ("a GLB model", "Give the CityGML it was made from.")),
        (
            b"SQLite format 3",
            (
                "an SQLite database",
                "Export it to CityGML first (3DCityDB and QGIS can).",
            ),
        ),
        (b"%PDF", ("a PDF document", "Give the CityGML file itself.")),
    ];
    SIGNATURES
        .iter()
        .find(|(signature, _)| head.starts_with(signature))
        .map(|(_, answer)| *answer)
}

fn by_text(text: &[u8]) -> Option<Answer> {
    let starts = |prefix: &[u8]| {
        text.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if starts(b"version https://git-lfs") {
        return Some((
            "a Git LFS pointer, not the file itself",
            "Run `git lfs pull` where you cloned it.",
        ));
    }
    if starts(b"{") || starts(b"[") {
        return Some(json(text));
    }
    if starts(b"<!doctype html") || starts(b"<html") {
        return Some((
            "an HTML page",
            "The download probably gave an error or a login page: open it in a browser to see.",
        ));
    }
    if starts(b"<") || text.starts_with(b"\0<") || text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return None;
    }
    if text.contains(&0) {
        return Some(("binary data", "Give a .gml, .xml, .citygml or .gml.gz file."));
    }
    Some(("text that is not XML", "Give a .gml, .xml, .citygml or .gml.gz file."))
}

fn json(text: &[u8]) -> Answer {
    let mentions = |word: &str| memchr::memmem::find(text, word.as_bytes()).is_some();
    if mentions("\"CityJSON\"") || mentions("\"CityJSONFeature\"") {
        return (
            "a CityJSON file",
            "CityJSON is not read yet: convert it with citygml-tools (`citygml-tools from-cityjson`).",
        );
    }
    if mentions("\"FeatureCollection\"") {
        return ("a GeoJSON file", "Give the CityGML it was made from.");
    }
    (
        "a JSON file",
        "If it came from a web service, it is probably an error message: read it.",
    )
}
