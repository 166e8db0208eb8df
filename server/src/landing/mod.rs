//! Where people begin: what this is, a picture, the ways in, and programs to copy.
//!
//! The page is made on the server, in the reader's language, so that it is there at once, on any device, and can be read
//! aloud. Its one script copies snippets and puts the server's address into them; all else works without it.

mod snippets;
mod words;

use crate::json::segment;
use crate::language::Language;
use crate::page::{escaped, filled, grouped, linked};
use crate::shelf::{Collections, Served};
use axum::body::Bytes;
use axum::http::HeaderValue;
use std::fmt::Write;
use std::sync::LazyLock;

/// What the page may load: its own script, style and picture.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'",
);
const LANDING: &str = include_str!("../pages/landing.html");
const COLLECTION: &str = include_str!("../pages/collection.html");

/// A file of the page, whose name holds the hash of its bytes.
struct File {
    name: String,
    media_type: &'static str,
    bytes: &'static [u8],
}

static FILES: LazyLock<[File; 2]> = LazyLock::new(|| {
    [
        (
            "viewer",
            "webp",
            "image/webp",
            include_bytes!("../../web/viewer.webp") as &[u8],
        ),
        (
            "landing",
            "js",
            "text/javascript; charset=utf-8",
            include_bytes!("../../web/landing.js"),
        ),
    ]
    .map(|(stem, extension, media_type, bytes)| File {
        name: format!("{stem}.{}.{extension}", &blake3::hash(bytes).to_hex()[..16]),
        media_type,
        bytes,
    })
});

/// One of the page's files by name: its media type and bytes.
pub(crate) fn file(name: &str) -> Option<(HeaderValue, Bytes)> {
    let file = FILES.iter().find(|file| file.name == name)?;
    Some((
        HeaderValue::from_static(file.media_type),
        Bytes::from_static(file.bytes),
    ))
}

/// What the page shows.
pub(crate) struct Shown<'a> {
    pub(crate) collections: &'a Collections,
    /// Whether the web viewer is set up.
    pub(crate) viewer: bool,
    pub(crate) language: Language,
    /// The server's own address, if its operator named it.
    pub(crate) base: Option<&'a str>,
}

/// The page.
pub(crate) fn html(shown: &Shown<'_>) -> String {
    let titles = shown
        .collections
        .values()
        .map(|served| served.collection.pointer().title.as_str());
    let titles = escaped(&titles.collect::<Vec<_>>().join(", "));
    let sections = shown
        .collections
        .iter()
        .map(|(name, served)| collection(name, served, shown));
    let sections: String = sections.collect();
    let first = shown.collections.iter().next();
    let snippets = first.map(|(name, served)| snippets::html(name, served, shown.base));
    let mut values = words::of(shown.language);
    let snippets = filled(&snippets.unwrap_or_default(), &values);
    values.extend([
        ("title", titles),
        ("language", shown.language.code().to_owned()),
        ("languages", languages(shown.language)),
        ("collections", sections),
        ("snippet-list", snippets),
        ("picture", FILES[0].name.clone()),
        ("script", FILES[1].name.clone()),
    ]);
    filled(LANDING, &values)
}

/// Links to the page in every language; the one that is spoken is marked.
fn languages(spoken: Language) -> String {
    let link = |language: Language| {
        let (code, name) = (language.code(), language.name());
        let current = if language == spoken {
            " aria-current=\"true\""
        } else {
            ""
        };
        format!("<a href=\"?lang={code}\" lang=\"{code}\" hreflang=\"{code}\"{current}>{name}</a> ")
    };
    Language::ALL.map(link).concat()
}

fn collection(name: &str, served: &Served, shown: &Shown<'_>) -> String {
    let (pointer, manifest) = (served.collection.pointer(), served.collection.manifest());
    let name = segment(name);
    let words = words::of(shown.language);
    let mut layers = String::new();
    let (buildings, others): (Vec<_>, Vec<_>) = pointer.layers.iter().partition(|layer| layer.name == "buildings");
    for layer in buildings.into_iter().chain(others) {
        // Writing to a string cannot fail.
        let _ = write!(
            layers,
            "<li><b>{}</b> {}</li>",
            grouped(layer.count),
            escaped(&layer.name)
        );
    }
    let (query, door, how) = if shown.viewer {
        let query = format!("?collection={name}&amp;lang={}", shown.language.code());
        (query, "door main", "{{explore-how}}")
    } else {
        (String::new(), "door", "{{explore-missing}}")
    };
    let explore = format!("<a class=\"{door}\" href=\"viewer/{query}\"><b>{{{{explore}}}}</b><span>{how}</span></a>");
    let example = served.example.as_ref().map(|(id, title)| {
        let title = escaped(title.as_deref().unwrap_or(id));
        let id = segment(id);
        format!("<li>{{{{example-about}}}}: <a href=\"collections/{name}/items/{id}\">{title}</a></li>")
    });
    let license = manifest
        .license
        .as_ref()
        .map(|license| format!("<br>{}", linked(license)));
    let credits: Vec<String> = pointer.attribution.iter().map(|credit| linked(credit)).collect();
    let extent = manifest.extent.map(|[west, south, _, east, north, _]| {
        format!("<dt>{{{{extent}}}}</dt><dd>{west:.4}–{east:.4} E, {south:.4}–{north:.4} N</dd>")
    });
    let date = manifest.source_date.as_deref().and_then(|date| date.split('T').next());
    let date = date.map(|date| format!("<dt>{{{{date-name}}}}</dt><dd>{}</dd>", escaped(date)));
    let said = |text: Option<String>| filled(&text.unwrap_or_default(), &words);
    let mut values = vec![
        ("explore-door", filled(&explore, &words)),
        ("example", said(example)),
        ("extent-entry", said(extent)),
        ("date", said(date)),
    ];
    values.extend([
        ("name", name.clone()),
        ("title", escaped(&pointer.title)),
        ("layer-list", layers),
        ("geopackage", format!("collections/{name}/3dtiles/{}", pointer.features)),
        ("language", shown.language.code().to_owned()),
        ("crs", escaped(&manifest.crs)),
        ("attribution", credits.join("<br>")),
        ("license", license.unwrap_or_default()),
    ]);
    values.extend(words);
    filled(COLLECTION, &values)
}
