//! Collections and features as JSON, as OGC API and GeoJSON (RFC 7946) shape them.
//!
//! Links are relative to the address of the document they stand in.

use crate::shelf::{Collections, Served};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use store::{FeatureRow, Footprint};

/// WGS 84 longitude, latitude and ellipsoidal height.
const CRS84H: &str = "http://www.opengis.net/def/crs/OGC/0/CRS84h";
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

/// What the server conforms to. Drafts are not conformed to.
pub(crate) fn conformance() -> Value {
    json!({ "conformsTo": [
        "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
        "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
        "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core",
        "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/ogc-process-description",
        "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/json",
        "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/dismiss",
    ] })
}

/// Every collection, for `/collections`.
pub(crate) fn collections(collections: &Collections) -> Value {
    let listed: Vec<Value> = collections
        .iter()
        .map(|(name, served)| collection(name, served, "collections/"))
        .collect();
    json!({
        "links": [
            link("collections", "self", "application/json", "This document"),
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
        link(
            format!("{own}/3dtiles/{}", pointer.features),
            "enclosure",
            "application/geopackage+sqlite3",
            "Every feature with every attribute",
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
    let mut document = json!({
        "id": name,
        "title": pointer.title,
        "attribution": pointer.attribution.join("; "),
        "itemType": "feature",
        "extent": { "spatial": { "bbox": manifest.extent.map(rounded_box).iter().collect::<Vec<_>>(), "crs": CRS84H } },
        "storageCrs": manifest.crs,
        "layers": layers,
        "links": links,
    });
    if let Some(date) = &manifest.source_date {
        document["updated"] = json!(date);
    }
    document
}

/// Degrees to a tenth of a millimetre: more digits would only be longer.
fn degrees(degrees: f64) -> f64 {
    (degrees * 1e9).round() / 1e9
}

fn rounded_box([west, south, lowest, east, north, highest]: [f64; 6]) -> [f64; 6] {
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

fn rounded_footprint(footprint: &Footprint) -> Footprint {
    let ring = |ring: &Vec<[f64; 2]>| ring.iter().map(|point| point.map(degrees)).collect();
    footprint
        .iter()
        .map(|polygon| polygon.iter().map(ring).collect())
        .collect()
}

/// One feature with its parts.
pub(crate) fn feature(collection: &str, row: &FeatureRow, parts: &[String]) -> Value {
    let geometry = if row.footprint.is_empty() {
        Value::Null
    } else {
        json!({ "type": "MultiPolygon", "coordinates": rounded_footprint(&row.footprint) })
    };
    let mut feature = Map::new();
    feature.insert("type".to_owned(), json!("Feature"));
    feature.insert("id".to_owned(), json!(row.id));
    if let Some(bbox) = row.bbox {
        feature.insert("bbox".to_owned(), json!(rounded_box(bbox)));
    }
    feature.insert("geometry".to_owned(), geometry);
    feature.insert("properties".to_owned(), Value::Object(properties(row, parts)));
    feature.insert("links".to_owned(), Value::Array(feature_links(collection, row, parts)));
    Value::Object(feature)
}

/// The store's own columns, then every attribute under its CityGML name.
fn properties(row: &FeatureRow, parts: &[String]) -> Map<String, Value> {
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
    if !parts.is_empty() {
        own("parts", json!(parts));
    }
    for (name, value) in &row.attributes {
        // What the object itself says under one of the names above is the same or less.
        properties.entry(name.clone()).or_insert_with(|| value.clone());
    }
    properties
}

fn feature_links(collection: &str, row: &FeatureRow, parts: &[String]) -> Vec<Value> {
    let mut links = vec![
        link(segment(&row.id), "self", "application/geo+json", "This feature"),
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
