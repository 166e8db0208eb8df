//! Errors as a client sees them: problem details (RFC 9457).
//!
//! A stranger learns what was wrong with the request and nothing of the inside: no path, no message of a library.

use crate::headers::NO_STORE;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::borrow::Cow;

/// Where an order leads to execution (OGC 18-062r2, 7.11).
pub(crate) const EXECUTE: &str = "http://www.opengis.net/def/rel/ogc/1.0/execute";

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    /// What kind of problem it is: an address that a standard gives it.
    kind: &'static str,
    detail: Cow<'static, str>,
    /// The parameter that was wrong.
    parameter: Option<Cow<'static, str>>,
    /// Seconds after which to ask again.
    retry_after: Option<u64>,
    /// The process that does what was asked for, to order.
    process: Option<String>,
}

impl Problem {
    const fn new(status: StatusCode, detail: &'static str) -> Self {
        Self {
            status,
            kind: "about:blank",
            detail: Cow::Borrowed(detail),
            parameter: None,
            retry_after: None,
            process: None,
        }
    }

    /// A problem of this status. `detail` says what was wrong and what is allowed, and nothing of the inside.
    pub(crate) fn of(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: detail.into(),
            ..Self::new(status, "")
        }
    }

    /// A parameter that cannot be used: which one, and what is allowed.
    pub(crate) fn parameter(name: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, detail).about(name)
    }

    /// The same problem, of this parameter.
    pub(crate) fn about(mut self, parameter: impl Into<Cow<'static, str>>) -> Self {
        self.parameter = Some(parameter.into());
        self
    }

    /// The same problem, of a kind that a standard has given an address.
    pub(crate) fn of_type(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// The same problem, which may be gone after this many seconds.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same problem, which may be solved by ordering from the process at this address.
    pub(crate) fn process(mut self, address: String) -> Self {
        self.process = Some(address);
        self
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
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or_default();
        let mut body = json!({
            "type": self.kind, "title": title, "status": self.status.as_u16(), "detail": self.detail,
        });
        if let Some(parameter) = &self.parameter {
            body["parameter"] = json!(parameter);
        }
        if let Some(process) = &self.process {
            body["process"] = json!(process);
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(process) = &self.process
            && let Ok(link) = HeaderValue::from_str(&format!("<{process}/execution>; rel=\"{EXECUTE}\""))
        {
            headers.insert(header::LINK, link);
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
        }
        response
    }
}
