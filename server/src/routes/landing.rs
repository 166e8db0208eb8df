//! Where everybody begins.

use super::Format;
use crate::app::App;
use crate::document::{HTML, JSON, document, varying_by_accept};
use crate::headers::{IMMUTABLE, SHORT, vary};
use crate::items_query::Parameters;
use crate::landing::{self, Shown};
use crate::language::Language;
use crate::openapi::{Conformance, JsonOnly, JsonOrHtml, Links};
use crate::problem::Problem;
use crate::{accept, json, page};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use url::Url;

/// The landing page.
#[utoipa::path(get, path = "/", tag = "Common", operation_id = "getLandingPage",
    params(JsonOrHtml, ("lang" = Option<String>, Query, description = "The page's language: fi, sv or en")),
    responses((status = 200, description = "Title, description and links", content(
        (Links = "application/json"), (String = "text/html")))))]
pub(crate) async fn landing(
    State(app): State<App>,
    format: Format,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let collections = app.shelf.current();
    let response = if accept::wants_html(&headers, format.checked(&["json", "html"])?) {
        let body = landing::html(&Shown {
            collections: &collections,
            viewer: app.viewer.is_some(),
            language: language(query.as_deref(), &headers),
            base: app.public_base.as_ref().map(Url::as_str),
        });
        let mut response = document(&method, &headers, body, HTML, SHORT).await;
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, landing::POLICY);
        response
    } else {
        document(&method, &headers, json::landing(&collections).to_string(), JSON, SHORT).await
    };
    let mut response = varying_by_accept(response);
    vary(&mut response, "Accept-Language");
    Ok(response)
}

/// The language of the address, or the one that the client likes best.
fn language(query: Option<&str>, headers: &HeaderMap) -> Language {
    let mut pairs = query.unwrap_or_default().split('&');
    let wished = pairs.find_map(|pair| pair.strip_prefix("lang=")).and_then(Language::of);
    wished.unwrap_or_else(|| Language::accepted(headers))
}

/// One of the page's files.
#[utoipa::path(get, path = "/files/{name}", tag = "Pages", operation_id = "getLandingPageFile",
    params(("name" = String, Path, description = "The file's name, which holds the hash of its bytes")),
    responses((status = 200, description = "One of the page's files; its bytes never change", body = Vec<u8>,
        content_type = "image/webp")))]
pub(crate) async fn file(
    name: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_PAGE)?;
    let (media_type, bytes) = landing::file(&name).ok_or(Problem::NO_PAGE)?;
    Ok(document(&method, &headers, bytes, media_type, IMMUTABLE).await)
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
