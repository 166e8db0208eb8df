//! Small documents made for a request: JSON and HTML with a tag of their own.

use crate::headers::vary;
use crate::problem::Problem;
use crate::representation::{Representation, Wanted, slice};
use crate::shelf::Served;
use crate::{accept, public};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use store::{CodedLength, Coding};

/// `application/json`
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// `application/geo+json`
pub(crate) const GEOJSON: HeaderValue = HeaderValue::from_static("application/geo+json");
/// `application/schema+json`
pub(crate) const SCHEMA: HeaderValue = HeaderValue::from_static("application/schema+json");
/// `text/html`
pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Documents of fewer bytes fit into a packet or two as they are.
const LEAST: usize = 1 << 10;
/// Documents of more bytes would take a second or more.
const MOST: usize = 16 << 20;
/// Documents of more bytes are packed on another thread.
const BESIDE: usize = 32 << 10;

/// Answers with a document, packed where the client takes that; a client that has it already gets a 304.
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
    sent(method, headers, &hash[..16], &body, media_type, cache).await
}

/// Answers with these bytes, packed where the client takes that.
async fn sent(
    method: &Method,
    headers: &HeaderMap,
    hash: &str,
    body: &Bytes,
    media_type: HeaderValue,
    cache: HeaderValue,
) -> Response {
    let packs = (LEAST..=MOST).contains(&body.len());
    let packed = if packs { packed(headers, body).await } else { None };
    let representation = Representation {
        hash,
        length: body.len() as u64,
        codings: packed.as_ref().map_or(&[], |(coded, _)| std::slice::from_ref(coded)),
        media_type,
        cache,
    };
    let read = async |wanted: Wanted| {
        let bytes = match &packed {
            Some((coded, bytes)) if coded.coding == wanted.coding => bytes,
            _ => body,
        };
        Ok(slice(bytes, &wanted.range))
    };
    let mut response = representation.answer(method, headers, read).await;
    if packs {
        vary(&mut response, "Accept-Encoding");
    }
    response
}

/// The document in the coding that the client likes best; none where it would rather have it as it is, or nothing is
/// gained.
async fn packed(headers: &HeaderMap, body: &Bytes) -> Option<(CodedLength, Bytes)> {
    // Which is smaller is not known before it is made: Zstandard is, and takes less time.
    let offered = [(Coding::Zstd, 1), (Coding::Gzip, 2)].map(|(coding, length)| CodedLength { coding, length });
    let coding = accept::coding(headers, &offered);
    if coding == Coding::Identity || headers.contains_key(header::RANGE) {
        return None;
    }
    let bytes = if body.len() > BESIDE {
        let body = body.clone();
        tokio::task::spawn_blocking(move || coding.encode(&body)).await.ok()?
    } else {
        coding.encode(body)
    };
    let bytes = Bytes::from(bytes.ok()?);
    let length = bytes.len() as u64;
    (bytes.len() < body.len()).then_some((CodedLength { coding, length }, bytes))
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
    let representation = Representation {
        hash: tag,
        length: 0,
        codings: &[],
        media_type: media_type.clone(),
        cache: cache.clone(),
    };
    let mut response = if representation.is_known(headers) {
        let nothing = async |_| Ok(axum::body::Body::empty());
        representation.answer(method, headers, nothing).await
    } else {
        let mut body = make().await?;
        if media_type != HTML
            && let Some(absolute) = public::absolute(&body)
        {
            body = Bytes::from(absolute);
        }
        sent(method, headers, tag, &body, media_type, cache).await
    };
    // How long it is, is not known of one that was not made.
    vary(&mut response, "Accept-Encoding");
    Ok(response)
}

/// Says that the answer depends on what the client would rather read.
pub(crate) fn varying_by_accept(mut response: Response) -> Response {
    vary(&mut response, "Accept");
    response
}
