//! The collections and what is known of each.

use crate::app::App;
use crate::document::{JSON, document};
use crate::headers::SHORT;
use crate::items_query::{self, Parameters};
use crate::json;
use crate::openapi::{Collection, CollectionPath, Collections, CollectionsParameters, JsonOnly};
use crate::problem::Problem;
use crate::shelf::Served;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

/// Every collection.
#[utoipa::path(get, path = "/collections", tag = "Common", operation_id = "getCollections",
    params(CollectionsParameters),
    responses((status = 200, description = "The collections", body = Collections)))]
pub(crate) async fn collections(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref())?;
    parameters.only(&["bbox", "f", "limit"])?;
    parameters.format(&["json"])?;
    let limit = items_query::limit(&parameters, usize::MAX)?;
    let current = app.shelf.current();
    let mut chosen = Vec::new();
    for (name, served) in current.iter() {
        if chosen.len() < limit && meets(&parameters, served)? {
            chosen.push((name, served));
        }
    }
    let body = json::collections(chosen.into_iter(), &parameters.encoded(&[])).to_string();
    Ok(document(&method, &headers, body, JSON, SHORT).await)
}

/// One collection.
#[utoipa::path(get, path = "/collections/{collectionId}", tag = "Common", operation_id = "describeCollection",
    params(CollectionPath, JsonOnly),
    responses((status = 200, description = "The collection", body = Collection)))]
pub(crate) async fn collection(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref())?;
    parameters.only(&["f"])?;
    parameters.format(&["json"])?;
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    let served = app.collection(&name)?;
    let body = json::collection(&name, &served, "").to_string();
    Ok(document(&method, &headers, body, JSON, SHORT).await)
}

/// Whether the city lies where `bbox` says. One without an extent lies everywhere.
fn meets(parameters: &Parameters, served: &Served) -> Result<bool, Problem> {
    let mut query = store::Query::default();
    items_query::place(parameters, served, &mut query)?;
    let Some([west, south, lowest, east, north, highest]) = served.collection.manifest().extent else {
        return Ok(true);
    };
    let boxes = query.area.map(|area| area.boxes);
    let near = |&[w, s, e, n]: &[f64; 4]| w <= east && e >= west && s <= north && n >= south;
    let high = query.heights.is_none_or(|[low, high]| low <= highest && high >= lowest);
    Ok(high && boxes.is_none_or(|boxes| boxes.iter().any(near)))
}
