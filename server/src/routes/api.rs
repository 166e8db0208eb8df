//! The document of the interface.

use super::Format;
use crate::api_page;
use crate::document::{HTML, document, varying_by_accept};
use crate::headers::SHORT;
use crate::openapi::{self, JsonOrHtml};
use crate::problem::Problem;
use crate::{accept, page};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;

/// Every address, its parameters and answers.
#[utoipa::path(get, path = "/api", tag = "Common", operation_id = "getApiDefinition",
    params(JsonOrHtml),
    responses((status = 200, description = "This document", content(
        (Object = "application/vnd.oai.openapi+json;version=3.1"), (String = "text/html")))))]
pub(crate) async fn api(format: Format, method: Method, headers: HeaderMap) -> Result<Response, Problem> {
    let response = if accept::wants_html(&headers, format.checked(&["json", "html"])?) {
        let mut response = document(&method, &headers, api_page::html(), HTML, SHORT).await;
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, page::POLICY);
        response
    } else {
        document(&method, &headers, openapi::json(), openapi::MEDIA_TYPE, SHORT).await
    };
    Ok(varying_by_accept(response))
}
