//! The page on which people order block worlds, and its files.
//!
//! The files are in the program, so that a server is one file. They are few and small; a browser asks for each with the
//! tag it has and gets a 304.

use crate::shelf::Collections;
use axum::http::HeaderValue;
use serde_json::json;

/// What the page may load: its own files and the server's answers.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
);
const PAGE: &str = include_str!("../web/blocks.html");
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const FILES: [(&str, &str, &str); 6] = [
    ("blocks.js", JAVASCRIPT, include_str!("../web/blocks.js")),
    ("map.js", JAVASCRIPT, include_str!("../web/map.js")),
    ("mercator.js", JAVASCRIPT, include_str!("../web/mercator.js")),
    ("job.js", JAVASCRIPT, include_str!("../web/job.js")),
    ("words.js", JAVASCRIPT, include_str!("../web/words.js")),
    ("blocks.css", CSS, include_str!("../web/blocks.css")),
];

/// One of the page's files by name: its media type and text.
pub(crate) fn file(name: &str) -> Option<(HeaderValue, &'static str)> {
    let (_, media_type, text) = FILES.iter().find(|(known, ..)| *known == name)?;
    Some((HeaderValue::from_static(media_type), text))
}

/// The page, with what it has to know of the collections.
pub(crate) fn html(collections: &Collections, area_km2: f64) -> String {
    let known: Vec<_> = collections
        .iter()
        .map(|(name, served)| {
            let (pointer, manifest) = (served.collection.pointer(), served.collection.manifest());
            json!({
                "id": name,
                "title": pointer.title,
                "attribution": pointer.attribution.join("; "),
                "generation": served.pointer_hash,
                "bbox": manifest.extent.unwrap_or([0.0; 6]),
            })
        })
        .collect();
    let city = json!({ "collections": known, "areaKm2": area_km2 }).to_string();
    // Within a script element, only this could end it.
    PAGE.replacen("{{city}}", &city.replace('<', "\\u003c"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_a_file_names_is_there() {
        let texts = FILES.iter().map(|(_, _, text)| *text).chain([PAGE]);
        let mut named = 0;
        for text in texts {
            for part in text
                .split('"')
                .filter_map(|part| part.strip_prefix("./").or(part.strip_prefix("blocks/")))
            {
                assert!(file(part).is_some(), "{part}");
                named += 1;
            }
        }
        assert!(named >= 6, "{named}");
    }
}
