//! Errors as a client sees them: problem details (RFC 9457).
//!
//! A stranger learns what was wrong with the request and nothing of the inside: no path, no message of a library.

use crate::headers::NO_STORE;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: &'static str,
}

impl Problem {
    const fn new(status: StatusCode, detail: &'static str) -> Self {
        Self { status, detail }
    }

    pub(crate) const NO_PAGE: Self = Self::new(
        StatusCode::NOT_FOUND,
        "There is nothing at this address. Start at the landing page.",
    );
    pub(crate) const NO_COLLECTION: Self = Self::new(
        StatusCode::NOT_FOUND,
        "There is no such collection. See /collections for those there are.",
    );
    pub(crate) const NO_FILE: Self = Self::new(
        StatusCode::NOT_FOUND,
        "The collection has no such file. Start from its tileset.json, which names the others.",
    );
    pub(crate) const NO_FEATURE: Self = Self::new(StatusCode::NOT_FOUND, "The collection has no feature with this id.");
    pub(crate) const NOT_READABLE: Self = Self::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "The answer cannot be given now. The operator has been told.",
    );
    pub(crate) const METHOD: Self = Self::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "Only GET, HEAD and OPTIONS are answered here.",
    );
    pub(crate) const FORMAT: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "The parameter f must be json or, on the landing page, html.",
    );
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or_default();
        let body = json!({
            "type": "about:blank", "title": title, "status": self.status.as_u16(), "detail": self.detail,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
        }
        response
    }
}
