//! The collections and what is known of each.

use super::Format;
use crate::app::App;
use crate::document::{JSON, document};
use crate::headers::SHORT;
use crate::json;
use crate::openapi::{CollectionPath, JsonOnly, Links};
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

/// Every collection.
#[utoipa::path(get, path = "/collections", tag = "Common", operation_id = "getCollections",
    params(JsonOnly),
    responses((status = 200, description = "The collections", body = Links)))]
pub(crate) async fn collections(
    State(app): State<App>,
    format: Format,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    format.checked(&["json"])?;
    let body = json::collections(&app.shelf.current()).to_string();
    Ok(document(&method, &headers, body, JSON, SHORT).await)
}

/// One collection.
#[utoipa::path(get, path = "/collections/{collectionId}", tag = "Common", operation_id = "describeCollection",
    params(CollectionPath, JsonOnly),
    responses((status = 200, description = "The collection", body = Links)))]
pub(crate) async fn collection(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    format: Format,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    format.checked(&["json"])?;
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    let served = app.collection(&name)?;
    let body = json::collection(&name, &served, "").to_string();
    Ok(document(&method, &headers, body, JSON, SHORT).await)
}
