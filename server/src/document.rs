//! Small documents made for a request: JSON and HTML with a tag of their own.

use crate::problem::Problem;
use crate::public;
use crate::representation::{Representation, slice};
use crate::shelf::Served;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;

/// `application/json`
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// `application/geo+json`
pub(crate) const GEOJSON: HeaderValue = HeaderValue::from_static("application/geo+json");
/// `application/schema+json`
pub(crate) const SCHEMA: HeaderValue = HeaderValue::from_static("application/schema+json");
/// `text/html`
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Answers with a document; a client that has it already gets a 304.
pub(crate) async fn document(
    method: &Method,
    headers: &HeaderMap,
    body: impl Into<Bytes>,
    media_type: HeaderValue,
    cache: HeaderValue,
) -> Response {
    let mut body: Bytes = body.into();
    if media_type.as_bytes().windows(4).any(|four| four == b"json")
        && let Some(absolute) = public::absolute(&body)
    {
        body = Bytes::from(absolute);
    }
    let hash = blake3::hash(&body).to_hex();
    let representation = Representation {
        hash: &hash[..16],
        length: body.len() as u64,
        codings: &[],
        media_type,
        cache,
    };
    representation
        .answer(method, headers, async |wanted| Ok(slice(&body, &wanted.range)))
        .await
}

/// The tag of a document that nothing but the served generation and the request decides, so that it is known before the
/// document is made. `parts` are all that it depends on.
pub(crate) fn tag(served: &Served, parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    // Another version may write the same otherwise, and the public address is in every link.
    let mut all = vec![env!("CARGO_PKG_VERSION"), &served.pointer_hash];
    let address = public::ADDRESS.try_with(ToString::to_string).unwrap_or_default();
    all.push(&address);
    all.extend(parts);
    for part in all {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Answers with a document whose tag is known; it is made only for a client that does not have it.
pub(crate) async fn tagged_document(
    method: &Method,
    headers: &HeaderMap,
    tag: &str,
    media_type: HeaderValue,
    cache: HeaderValue,
    make: impl AsyncFnOnce() -> Result<Bytes, Problem>,
) -> Result<Response, Problem> {
    let mut representation = Representation {
        hash: tag,
        length: 0,
        codings: &[],
        media_type,
        cache,
    };
    if representation.is_known(headers) {
        return Ok(representation
            .answer(method, headers, async |_| Ok(axum::body::Body::empty()))
            .await);
    }
    let mut body = make().await?;
    if representation.media_type != HTML
        && let Some(absolute) = public::absolute(&body)
    {
        body = Bytes::from(absolute);
    }
    representation.length = body.len() as u64;
    Ok(representation
        .answer(method, headers, async |wanted| Ok(slice(&body, &wanted.range)))
        .await)
}

/// Says that the answer depends on what the client would rather read.
pub(crate) fn varying_by_accept(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}
