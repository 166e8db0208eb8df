//! The document of the interface.

use super::Format;
use crate::api_page;
use crate::document::{HTML, JSON, document, varying_by_accept};
use crate::headers::SHORT;
use crate::openapi::{self, JsonOrHtml};
use crate::problem::Problem;
use crate::{accept, page};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;

/// Every address, its parameters and answers.
#[utoipa::path(get, path = "/api", tag = "Common", operation_id = "getApiDefinition",
    params(JsonOrHtml),
    responses((status = 200, description = "This document", content(
        (Object = "application/vnd.oai.openapi+json;version=3.1"), (Object = "application/json"), (String = "text/html")))))]
pub(crate) async fn api(format: Format, method: Method, headers: HeaderMap) -> Result<Response, Problem> {
    let response = if accept::wants_html(&headers, format.checked(&["json", "html"])?) {
        let mut response = document(&method, &headers, api_page::html(), HTML, SHORT).await;
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, page::POLICY);
        response
    } else {
        document(&method, &headers, openapi::json(), media_type(&headers), SHORT).await
    };
    Ok(varying_by_accept(response))
}

/// The document's own media type, but plain JSON for a client that names that and not this one: GDAL takes no answer
/// whose type it did not name, and knows of no version after 3.0.
fn media_type(headers: &HeaderMap) -> HeaderValue {
    let accepted = headers.get_all(header::ACCEPT).into_iter();
    let accepted: Vec<&str> = accepted.filter_map(|value| value.to_str().ok()).collect();
    let names = |media_type: &str| accepted.iter().any(|accept| accept.contains(media_type));
    if names("application/json") && !names("version=3.1") {
        JSON
    } else {
        openapi::MEDIA_TYPE
    }
}
