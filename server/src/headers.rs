//! Headers that every answer carries.
//!
//! The city is open: any page may load it, and pages that isolate themselves (COEP) too.

use crate::problem::Problem;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const TIMING: HeaderName = HeaderName::from_static("timing-allow-origin");
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

/// What a page of another origin may read of an answer.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "ETag, Content-Length, Content-Range, Content-Encoding, Content-Crs, Accept-Ranges, Link, Location, Retry-After",
);

/// Opens an answer to all origins; `preflight` are the methods that an answer to `OPTIONS` lists.
pub(crate) fn open_to_all(response: &mut Response, preflight: Option<&str>) {
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(RESOURCE_POLICY, "cross-origin");
    set(TIMING, "*");
    if let Some(methods) = preflight {
        set(header::ACCESS_CONTROL_ALLOW_HEADERS, "*");
        set(header::ACCESS_CONTROL_MAX_AGE, "86400");
        if let Ok(methods) = HeaderValue::from_str(methods) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
            headers.insert(header::ALLOW, methods);
        }
    }
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
}

/// Says that the answer depends on this header of the request too.
pub(crate) fn vary(response: &mut Response, name: &'static str) {
    let headers = response.headers_mut();
    let listed = headers.get(header::VARY).and_then(|value| value.to_str().ok());
    let value = match listed {
        None => HeaderValue::from_static(name),
        Some(listed) if listed.split(", ").any(|other| other == name) => return,
        Some(listed) => match HeaderValue::from_str(&format!("{listed}, {name}")) {
            Ok(value) => value,
            Err(_) => return,
        },
    };
    headers.insert(header::VARY, value);
}

/// The answer where a handler panicked.
pub(crate) fn panicked(_what: Box<dyn std::any::Any + Send + 'static>) -> Response {
    tracing::error!("a handler panicked");
    Problem::NOT_READABLE.into_response()
}
