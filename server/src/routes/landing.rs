//! Where everybody begins.

use super::Format;
use crate::app::App;
use crate::document::{HTML, JSON, document, varying_by_accept};
use crate::headers::SHORT;
use crate::items_query::Parameters;
use crate::openapi::{Conformance, JsonOnly, JsonOrHtml, Links};
use crate::problem::Problem;
use crate::{accept, json, page};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};

/// The landing page.
#[utoipa::path(get, path = "/", tag = "Common", operation_id = "getLandingPage",
    params(JsonOrHtml),
    responses((status = 200, description = "Title, description and links", content(
        (Links = "application/json"), (String = "text/html")))))]
pub(crate) async fn landing(
    State(app): State<App>,
    format: Format,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let collections = app.shelf.current();
    let response = if accept::wants_html(&headers, format.checked(&["json", "html"])?) {
        let body = page::landing(&collections, app.viewer.is_some());
        let mut response = document(&method, &headers, body, HTML, SHORT).await;
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, page::POLICY);
        response
    } else {
        document(&method, &headers, json::landing(&collections).to_string(), JSON, SHORT).await
    };
    Ok(varying_by_accept(response))
}

/// What the server conforms to.
#[utoipa::path(get, path = "/conformance", tag = "Common", operation_id = "getConformanceDeclaration",
    params(JsonOnly),
    responses((status = 200, description = "The conformance classes", body = Conformance)))]
pub(crate) async fn conformance(
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(query.as_deref())?;
    parameters.only(&["f"])?;
    parameters.format(&["json"])?;
    Ok(document(&method, &headers, json::conformance().to_string(), JSON, SHORT).await)
}

/// A small block of houses, for the browser's tab.
#[utoipa::path(get, path = "/favicon.ico", tag = "Pages", operation_id = "getIcon",
    responses((status = 200, description = "The icon", body = String, content_type = "image/svg+xml")))]
pub(crate) async fn icon(method: Method, headers: HeaderMap) -> Response {
    const SVG: HeaderValue = HeaderValue::from_static("image/svg+xml");
    document(&method, &headers, page::ICON, SVG, SHORT)
        .await
        .into_response()
}
