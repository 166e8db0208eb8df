//! Headers that every answer carries, and the log line of each request.
//!
//! The city is open: any page may load it, and pages that isolate themselves (COEP) too. What a person asked for is
//! their business: the log holds the pattern of the address and neither query nor client.

use crate::problem::Problem;
use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::time::Instant;

/// For answers that must not be kept.
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// For what is described rather than served.
pub(crate) const SHORT: HeaderValue = HeaderValue::from_static("public, max-age=60");
/// For the pointer: asked for again after a minute, shown meanwhile.
pub(crate) const POINTER: HeaderValue = HeaderValue::from_static("public, max-age=60, stale-while-revalidate=600");
/// For names that hold the hash of their bytes.
pub(crate) const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// For the viewer's page: kept, but asked for every time.
pub(crate) const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers preflights, and opens every other answer to all origins.
pub(crate) async fn open_to_all(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "ETag, Content-Length, Content-Range, Content-Encoding, Accept-Ranges, Link, Location",
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "cross-origin",
    );
    set(header::HeaderName::from_static("timing-allow-origin"), "*");
    if preflight {
        set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, DELETE, OPTIONS");
        set(header::ACCESS_CONTROL_ALLOW_HEADERS, "*");
        set(header::ACCESS_CONTROL_MAX_AGE, "86400");
        set(header::ALLOW, "GET, HEAD, OPTIONS");
    }
    response
}

/// Writes one line for each request.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let length = response
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let length = length
        .and_then(|value| value.parse().ok())
        .or_else(|| response.body().size_hint().exact());
    let coding = response
        .headers()
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok());
    tracing::info!(
        target: "server::request",
        %method,
        route = route.as_ref().map_or("unknown", MatchedPath::as_str),
        status = response.status().as_u16(),
        ms = begun.elapsed().as_secs_f64() * 1000.0,
        bytes = length.unwrap_or(0),
        coding = coding.unwrap_or("identity"),
        "answered"
    );
    response
}

/// The answer where a handler panicked.
pub(crate) fn panicked(_what: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::NOT_READABLE.into_response()
}
