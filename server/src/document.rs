//! Small documents made for a request: JSON and HTML with a tag of their own.

use crate::public;
use crate::representation::{Representation, slice};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;

/// `application/json`
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// `application/geo+json`
pub(crate) const GEOJSON: HeaderValue = HeaderValue::from_static("application/geo+json");
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

/// Says that the answer depends on what the client would rather read.
pub(crate) fn varying_by_accept(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("Accept"));
    response
}
