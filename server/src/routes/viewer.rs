//! The web viewer.

use crate::app::App;
use crate::document::{HTML, document};
use crate::headers::{NO_STORE, SHORT};
use crate::page;
use crate::problem::Problem;
use crate::representation::slice;
use crate::viewer_files::INDEX;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Leads from `/viewer` to `/viewer/`, so that the page's own addresses are right.
#[utoipa::path(get, path = "/viewer", tag = "Pages", operation_id = "redirectToViewer",
    responses((status = 308, description = "The viewer is one level below")))]
pub(crate) async fn to_viewer(RawQuery(query): RawQuery) -> Response {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let location = HeaderValue::from_str(&format!("viewer/{query}"));
    let location = location.unwrap_or(HeaderValue::from_static("viewer/"));
    (
        StatusCode::PERMANENT_REDIRECT,
        [(header::LOCATION, location), (header::CACHE_CONTROL, SHORT)],
    )
        .into_response()
}

/// The viewer's page, or how to get it.
#[utoipa::path(get, path = "/viewer/", tag = "Pages", operation_id = "getViewer",
    responses((status = 200, description = "The web viewer", body = String, content_type = "text/html"),
        (status = 404, description = "It is not set up, and how to do it", body = String, content_type = "text/html")))]
pub(crate) async fn index(State(app): State<App>, method: Method, headers: HeaderMap) -> Result<Response, Problem> {
    if app.viewer.is_some() {
        return answer(&app, INDEX, &method, &headers).await;
    }
    let mut response = document(&method, &headers, page::NO_VIEWER, HTML, NO_STORE).await;
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, page::POLICY);
    Ok(response)
}

/// One of the viewer's files.
#[utoipa::path(get, path = "/viewer/{*name}", tag = "Pages", operation_id = "getViewerFile",
    params(("name" = String, Path, description = "The file's name, which may hold slashes")),
    responses((status = 200, description = "One of the viewer's files", body = Vec<u8>, content_type = "*/*")))]
pub(crate) async fn file(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_PAGE)?;
    answer(&app, &name, &method, &headers).await
}

async fn answer(app: &App, name: &str, method: &Method, headers: &HeaderMap) -> Result<Response, Problem> {
    let file = app
        .viewer
        .as_ref()
        .and_then(|viewer| viewer.get(name))
        .ok_or(Problem::NO_PAGE)?;
    let answer = file.representation();
    Ok(answer
        .answer(method, headers, async |wanted| {
            Ok(slice(file.bytes(wanted.coding), &wanted.range))
        })
        .await)
}
