//! What the features of a collection say of themselves.

use crate::app::App;
use crate::document::{SCHEMA, document};
use crate::headers::SHORT;
use crate::items_query::Parameters;
use crate::openapi::{CollectionPath, JsonOnly};
use crate::problem::Problem;
use crate::shelf::Served;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde_json::Value;

/// What the features can be asked for by, in `filter` or as parameters.
#[utoipa::path(get, path = "/collections/{collectionId}/queryables", tag = "Features", operation_id = "getQueryables",
    params(CollectionPath, JsonOnly),
    responses((status = 200, description = "The queryables as JSON Schema", body = Object,
        content_type = "application/schema+json")))]
pub(crate) async fn queryables(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&app, name, query, &method, &headers, crate::schema::queryables).await
}

/// What the features hold.
#[utoipa::path(get, path = "/collections/{collectionId}/schema", tag = "Features", operation_id = "getSchema",
    params(CollectionPath, JsonOnly),
    responses((status = 200, description = "The properties as JSON Schema", body = Object,
        content_type = "application/schema+json")))]
pub(crate) async fn schema(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&app, name, query, &method, &headers, crate::schema::schema).await
}

async fn answer(
    app: &App,
    name: Result<Path<String>, PathRejection>,
    query: Option<String>,
    method: &Method,
    headers: &HeaderMap,
    make: fn(&Served) -> Value,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    let served = app.collection(&name)?;
    let parameters = Parameters::read(query.as_deref())?;
    parameters.only(&["f"])?;
    parameters.format(&["json"])?;
    Ok(document(method, headers, make(&served).to_string(), SCHEMA, SHORT).await)
}
