//! Collections and features as JSON, as OGC API and GeoJSON (RFC 7946) shape them.
//!
//! Links are relative to the address of the document they stand in.

use crate::crs::{CRS84, CRS84H, Crs, degrees};
use crate::shelf::{Collections, Served};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use store::FeatureRow;

/// What an id may keep unescaped in a path (RFC 3986, 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An id as one segment of a path.
pub(crate) fn segment(id: &str) -> String {
    utf8_percent_encode(id, SEGMENT).to_string()
}

pub(crate) fn link(href: impl Into<String>, rel: &str, media_type: &str, title: &str) -> Value {
    json!({ "href": href.into(), "rel": rel, "type": media_type, "title": title })
}

/// The landing page's document.
pub(crate) fn landing(collections: &Collections) -> Value {
    let mut links = vec![
        link("?f=json", "self", "application/json", "This document"),
        link("?f=html", "alternate", "text/html", "This document for people"),
        link(
            "conformance",
            "conformance",
            "application/json",
            "What this server conforms to",
        ),
        link(
            "api?f=json",
            "service-desc",
            "application/vnd.oai.openapi+json;version=3.1",
            "What may be asked, as OpenAPI 3.1",
        ),
        link(
            "api?f=html",
            "service-doc",
            "text/html",
            "What may be asked, for people",
        ),
        link("collections", "data", "application/json", "The collections"),
        link(
            "processes",
            "http://www.opengis.net/def/rel/ogc/1.0/processes",
            "application/json",
            "What can be made to order",
        ),
        link("viewer/", "preview", "text/html", "The city in the browser"),
    ];
    links.extend(collections.iter().map(|(name, served)| {
        let title = &served.collection.pointer().title;
        link(
            format!("collections/{}/3dtiles/tileset.json", segment(name)),
            "3d-tiles",
            "application/json",
            title,
        )
    }));
    let titles: Vec<&str> = collections
        .values()
        .map(|served| served.collection.pointer().title.as_str())
        .collect();
    json!({
        "title": titles.join(", "),
        "description": "3D city models as OGC 3D Tiles 1.1, with every feature as GeoJSON.",
        "links": links,
    })
}

/// The conformance classes that hold, below `http://www.opengis.net/spec/`. Drafts are not conformed to, and neither is
/// what the description in `OpenAPI` 3.0 asks: this one is 3.1.
const CLASSES: [&str; 22] = [
    "ogcapi-common-1/1.0/conf/core",
    "ogcapi-common-1/1.0/conf/landing-page",
    "ogcapi-common-1/1.0/conf/json",
    "ogcapi-processes-1/1.0/conf/core",
    "ogcapi-processes-1/1.0/conf/ogc-process-description",
    "ogcapi-processes-1/1.0/conf/json",
    "ogcapi-processes-1/1.0/conf/dismiss",
    "ogcapi-features-1/1.0/conf/core",
    "ogcapi-features-1/1.0/conf/geojson",
    "ogcapi-features-2/1.0/conf/crs",
    "ogcapi-features-3/1.0/conf/queryables",
    "ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "ogcapi-features-3/1.0/conf/filter",
    "ogcapi-features-3/1.0/conf/features-filter",
    "cql2/1.0/conf/cql2-text",
    "cql2/1.0/conf/basic-cql2",
    "cql2/1.0/conf/advanced-comparison-operators",
    "cql2/1.0/conf/case-insensitive-comparison",
    "cql2/1.0/conf/accent-insensitive-comparison",
    "cql2/1.0/conf/basic-spatial-functions",
    "cql2/1.0/conf/basic-spatial-functions-plus",
    "cql2/1.0/conf/property-property",
];

/// What the server conforms to.
pub(crate) fn conformance() -> Value {
    let classes = CLASSES.map(|class| format!("http://www.opengis.net/spec/{class}"));
    json!({ "conformsTo": classes })
}

/// Collections, for `/collections`; `query` is what chose them.
pub(crate) fn collections<'a>(chosen: impl Iterator<Item = (&'a String, &'a Arc<Served>)>, query: &str) -> Value {
    let listed: Vec<Value> = chosen
        .map(|(name, served)| collection(name, served, "collections/"))
        .collect();
    let own = if query.is_empty() {
        "collections".to_owned()
    } else {
        format!("collections?{query}")
    };
    json!({
        "links": [
            link(own, "self", "application/json", "This document"),
            link(".", "root", "application/json", "The landing page"),
        ],
        "collections": listed,
    })
}

/// One collection; `base` leads from the document's address to the collections.
pub(crate) fn collection(name: &str, served: &Served, base: &str) -> Value {
    let (pointer, manifest) = (served.collection.pointer(), served.collection.manifest());
    let own = format!("{base}{}", segment(name));
    let tileset = format!("{own}/3dtiles/tileset.json");
    let up = if base.is_empty() { ".." } else { "." };
    let mut links = vec![
        link(&own, "self", "application/json", &pointer.title),
        link(up, "root", "application/json", "The landing page"),
        link(
            &tileset,
            "http://www.opengis.net/def/rel/ogc/1.0/3d-geovolumes",
            "application/3dtiles+json",
            "3D Tiles",
        ),
        link(&tileset, "3d-tiles", "application/json", "3D Tiles"),
        link(format!("{own}/items"), "items", "application/geo+json", "The features"),
        link(
            format!("{own}/queryables"),
            "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            "application/schema+json",
            "What the features can be asked for by",
        ),
        link(
            format!("{own}/schema"),
            "http://www.opengis.net/def/rel/ogc/1.0/schema",
            "application/schema+json",
            "What the features say of themselves",
        ),
        link(
            format!("{own}/3dtiles/{}", pointer.features),
            "enclosure",
            "application/geopackage+sqlite3",
            "Every feature with every attribute",
        ),
        link(
            format!("{own}/3dtiles.3tz"),
            "enclosure",
            "application/vnd.maxar.archive.3tz+zip",
            "The tileset as one file",
        ),
        link(
            format!("{own}/3dtiles/plain/tileset.json"),
            "alternate",
            "application/json",
            "3D Tiles in core glTF 2.0, for programs that know no extensions",
        ),
        link(
            format!("{up}/viewer/?collection={}", segment(name)),
            "preview",
            "text/html",
            "The city in the browser",
        ),
    ];
    if let Some((id, title)) = &served.example {
        let title = title.as_deref().unwrap_or(id);
        links.push(link(
            format!("{own}/items/{}", segment(id)),
            "item",
            "application/geo+json",
            title,
        ));
    }
    if let Some(license) = &manifest.license {
        links.push(link(license, "license", "text/html", "Licence"));
    }
    let layers: Vec<Value> = pointer
        .layers
        .iter()
        .map(|layer| json!({ "name": layer.name, "count": layer.count }))
        .collect();
    let crs: Vec<String> = Crs::all(served).iter().map(Crs::uri).collect();
    let count: u64 = pointer.layers.iter().map(|layer| layer.count).sum();
    let mut document = json!({
        "id": name,
        "title": pointer.title,
        "attribution": pointer.attribution.join("; "),
        "itemType": "feature",
        "itemCount": count,
        "extent": { "spatial": { "bbox": manifest.extent.map(rounded_box).iter().collect::<Vec<_>>(), "crs": CRS84H } },
        "crs": crs,
        "storageCrs": CRS84,
        "sourceCrs": manifest.crs,
        "layers": layers,
        "links": links,
    });
    if let Some(license) = &manifest.license {
        document["license"] = json!(license);
    }
    if let Some(date) = &manifest.source_date {
        document["updated"] = json!(date);
    }
    document
}

pub(crate) fn rounded_box([west, south, lowest, east, north, highest]: [f64; 6]) -> [f64; 6] {
    let height = |height: f64| (height * 1e3).round() / 1e3;
    [
        degrees(west),
        degrees(south),
        height(lowest),
        degrees(east),
        degrees(north),
        height(highest),
    ]
}

/// How features are to be shown.
pub(crate) struct Shown<'a> {
    pub(crate) crs: Crs<'a>,
    pub(crate) geometry: bool,
    /// The properties, where not all are.
    pub(crate) properties: Option<&'a [String]>,
}

/// One feature with its parts, and where it leads.
pub(crate) fn feature(collection: &str, row: &FeatureRow, parts: &[String], shown: &Shown<'_>) -> Value {
    let mut feature = listed_feature(row, shown);
    if !parts.is_empty() {
        feature["properties"]["parts"] = json!(parts);
    }
    feature["links"] = Value::Array(feature_links(collection, row, parts, &shown.crs));
    feature
}

/// One feature of many.
pub(crate) fn listed_feature(row: &FeatureRow, shown: &Shown<'_>) -> Value {
    let geometry = if row.footprint.is_empty() || !shown.geometry {
        Value::Null
    } else {
        json!({ "type": "MultiPolygon", "coordinates": shown.crs.coordinates(row) })
    };
    let mut feature = Map::new();
    feature.insert("type".to_owned(), json!("Feature"));
    feature.insert("id".to_owned(), json!(row.id));
    // A box of GeoJSON is longitude and latitude (RFC 7946, 5).
    if let Some(bbox) = row
        .bbox
        .filter(|_| shown.geometry && !matches!(shown.crs, Crs::City(_)))
    {
        feature.insert("bbox".to_owned(), json!(rounded_box(bbox)));
    }
    feature.insert("geometry".to_owned(), geometry);
    let mut properties = properties(row);
    if let Some(chosen) = shown.properties {
        properties.retain(|name, _| chosen.contains(name));
    }
    feature.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(feature)
}

/// The store's own columns, then every attribute under its CityGML name.
fn properties(row: &FeatureRow) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut own = |name: &str, value: Value| {
        if !value.is_null() {
            properties.insert(name.to_owned(), value);
        }
    };
    own("layer", json!(row.layer));
    own("kind", json!(row.kind));
    own("name", json!(row.name));
    own("address", json!(row.address));
    own("ground", json!(row.ground));
    own("top", json!(row.top));
    own("parent", json!(row.parent));
    for (name, value) in &row.attributes {
        // What the object itself says under one of the names above is the same or less.
        properties.entry(name.clone()).or_insert_with(|| value.clone());
    }
    properties
}

fn feature_links(collection: &str, row: &FeatureRow, parts: &[String], crs: &Crs<'_>) -> Vec<Value> {
    let own = match crs {
        Crs::Flat => segment(&row.id),
        crs => format!("{}?crs={}", segment(&row.id), segment(&crs.uri())),
    };
    let mut links = vec![
        link(own, "self", "application/geo+json", "This feature"),
        link(
            format!("../../{}", segment(collection)),
            "collection",
            "application/json",
            "The collection",
        ),
    ];
    if let Some(parent) = &row.parent {
        links.push(link(
            segment(parent),
            "up",
            "application/geo+json",
            "What it is a part of",
        ));
    }
    links.extend(
        parts
            .iter()
            .map(|part| link(segment(part), "item", "application/geo+json", "A part of it")),
    );
    links.extend(row.tiles.iter().map(|tile| {
        let title = match tile.level {
            0 => "The tile that holds it".to_owned(),
            level => format!("Its stand-in, {level} above the leaf"),
        };
        let mut link = link(
            format!("../3dtiles/files/{}", tile.file),
            "tile",
            "model/gltf-binary",
            &title,
        );
        link["level"] = json!(tile.level);
        link
    }));
    links
}
