//! Features as GeoJSON (OGC 17-069r4, RFC 7946): a page of many, or one.
//!
//! A collection is a city with its layers, and its items are the features of all of them, buildings first, so that a GIS
//! program sees one layer with the column `layer`, by which it chooses. An answer is decided by the generation and the
//! request alone: it carries no time, so that it can be kept and compared.

use crate::cursor;
use crate::items_query::{self, Asked, Parameters};
use crate::json::{self, Shown, link};
use crate::problem::Problem;
use crate::shelf::Served;
use serde_json::{Value, json};
use std::time::Duration;
use store::{FeatureRow, Page};

/// How long a page may be looked for.
const BUDGET: Duration = Duration::from_secs(1);

/// Answers what is asked of a collection's items. Reads from disk.
///
/// # Errors
/// A problem that names the parameter, or says that the answer takes too long.
pub(crate) fn page(served: &Served, parameters: &Parameters) -> Result<Value, Problem> {
    let asked = items_query::read(parameters, served)?;
    let page = served
        .collection
        .query(&asked.query, BUDGET)
        .map_err(|error| unreadable(&error))?;
    Ok(document(served.collection.name(), &asked, parameters, &page))
}

fn document(collection: &str, asked: &Asked<'_>, parameters: &Parameters, page: &Page) -> Value {
    let shown = Shown {
        crs: asked.crs,
        geometry: !asked.skip_geometry,
        properties: asked.properties.as_deref(),
    };
    let features: Vec<Value> = page
        .features
        .iter()
        .map(|row| json::listed_feature(row, &shown))
        .collect();
    let here = |changes: &[(&str, &str)]| match parameters.encoded(changes) {
        query if query.is_empty() => "items".to_owned(),
        query => format!("items?{query}"),
    };
    let mut links = vec![
        link(here(&[]), "self", "application/geo+json", "This page"),
        link("../../", "root", "application/json", "The landing page"),
        link(
            format!("../{}", json::segment(collection)),
            "collection",
            "application/json",
            "The collection",
        ),
    ];
    if let Some(next) = &page.next {
        let href = here(&[("cursor", &cursor::write(next))]);
        links.push(link(href, "next", "application/geo+json", "The next page"));
    }
    let mut document = json!({
        "type": "FeatureCollection",
        "numberReturned": features.len(),
        "features": features,
        "links": links,
    });
    if let Some(matched) = page.matched {
        document["numberMatched"] = json!(matched);
    }
    document
}

/// One feature with the ids of its parts. Reads from disk.
///
/// # Errors
/// 404 where there is none.
pub(crate) fn one(served: &Served, id: &str) -> Result<(FeatureRow, Vec<String>), Problem> {
    let found = served.collection.feature(id).and_then(|row| {
        let parts = row.as_ref().map(|row| served.collection.parts(&row.id)).transpose()?;
        Ok(row.zip(parts))
    });
    found.map_err(|error| unreadable(&error))?.ok_or(Problem::NO_FEATURE)
}

/// What a client is told of a store's error.
fn unreadable(error: &store::Error) -> Problem {
    items_query::problem(error).unwrap_or_else(|| {
        tracing::error!(%error, "cannot read features");
        Problem::NOT_READABLE
    })
}
