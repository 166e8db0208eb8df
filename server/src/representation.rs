//! One file in the form that a client asked for: coding, condition, range, HEAD (RFC 9110).

use crate::accept;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::future::Future;
use std::ops::Range;
use store::{CodedLength, Coding};

/// About how many headers an answer has.
const HEADERS: usize = 14;

/// What is known of a file before it is read.
pub(crate) struct Representation<'a> {
    /// What its tag begins with: the hash of its bytes.
    pub(crate) hash: &'a str,
    pub(crate) length: u64,
    pub(crate) codings: &'a [CodedLength],
    pub(crate) media_type: HeaderValue,
    pub(crate) cache: HeaderValue,
}

/// What of a file is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) coding: Coding,
    /// The bytes of the coded file.
    pub(crate) range: Range<u64>,
}

/// What a `Range` header asks of a file.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Of(Range<u64>),
    Outside,
}

impl Representation<'_> {
    /// Answers a request; `read` is called for GET alone, with what is to be sent.
    pub(crate) async fn answer<R, F>(&self, method: &Method, headers: &HeaderMap, read: R) -> Response
    where
        R: FnOnce(Wanted) -> F,
        F: Future<Output = Result<Body, Response>>,
    {
        let part = self.part(headers);
        // Ranges are of the bytes themselves: a client that resumes does not know which coding it will get.
        let coding = if part == Part::Whole {
            accept::coding(headers, self.codings)
        } else {
            Coding::Identity
        };
        let tag = self.tag(coding);
        if self.is_known(headers) {
            return self.with_headers(StatusCode::NOT_MODIFIED.into_response(), &tag);
        }
        let length = self
            .codings
            .iter()
            .find(|coded| coded.coding == coding)
            .map_or(self.length, |coded| coded.length);
        let (status, range) = match part {
            Part::Whole => (StatusCode::OK, 0..length),
            Part::Of(range) => (StatusCode::PARTIAL_CONTENT, range),
            Part::Outside => return self.unsatisfiable(),
        };
        let content_range = (status == StatusCode::PARTIAL_CONTENT)
            .then(|| format!("bytes {}-{}/{length}", range.start, range.end - 1));
        let sent = range.end - range.start;
        let body = if method == Method::HEAD {
            Body::empty()
        } else {
            match read(Wanted { coding, range }).await {
                Ok(body) => body,
                Err(problem) => return problem,
            }
        };
        let mut response = self.with_headers((status, body).into_response(), &tag);
        let own = response.headers_mut();
        own.insert(header::CONTENT_LENGTH, HeaderValue::from(sent));
        own.insert(header::CONTENT_TYPE, self.media_type.clone());
        if coding != Coding::Identity {
            own.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
        }
        if let Some(content_range) = content_range {
            set(&mut response, header::CONTENT_RANGE, &content_range);
        }
        response
    }

    fn tag(&self, coding: Coding) -> String {
        match coding {
            Coding::Identity => format!("\"{}\"", self.hash),
            coded => format!("\"{}.{}\"", self.hash, coded.token()),
        }
    }

    /// Whether the client has these bytes, in whatever coding (RFC 9110, 13.1.2).
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        let values = headers
            .get_all(header::IF_NONE_MATCH)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            let opaque = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            tag == "*" || opaque.is_some_and(|opaque| opaque.split('.').next() == Some(self.hash))
        })
    }

    fn part(&self, headers: &HeaderMap) -> Part {
        let Some(range) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else {
            return Part::Whole;
        };
        let same = headers
            .get(header::IF_RANGE)
            .is_none_or(|tag| tag.as_bytes() == self.tag(Coding::Identity).as_bytes());
        if same { part(range, self.length) } else { Part::Whole }
    }

    fn unsatisfiable(&self) -> Response {
        let status = StatusCode::RANGE_NOT_SATISFIABLE;
        let mut response = self.with_headers(status.into_response(), &self.tag(Coding::Identity));
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, crate::headers::NO_STORE);
        set(
            &mut response,
            header::CONTENT_RANGE,
            &format!("bytes */{}", self.length),
        );
        response
    }

    fn with_headers(&self, mut response: Response, tag: &str) -> Response {
        // All at once, those of `open_to_all` too: growing a table of headers costs more than filling it.
        response.headers_mut().reserve(HEADERS);
        set(&mut response, header::ETAG, tag);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, self.cache.clone());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if !self.codings.is_empty() {
            headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        response
    }
}

/// The single range that a header asks for. Several at once would let a client ask for the same bytes a thousand times;
/// they get the whole, as RFC 9110, 14.2 allows.
fn part(range: &str, length: u64) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Part::Whole;
    };
    let number = |text: &str| text.trim().parse::<u64>();
    let asked = match (first.trim(), last.trim()) {
        ("", last) => number(last).map(|count| length.saturating_sub(count)..length),
        (first, "") => number(first).map(|first| first..length),
        (first, last) => match (number(first), number(last)) {
            (Ok(first), Ok(last)) if last < first => return Part::Whole,
            (Ok(first), Ok(last)) => Ok(first..last.saturating_add(1).min(length)),
            _ => return Part::Whole,
        },
    };
    match asked {
        Err(_) => Part::Whole,
        Ok(range) if range.start >= range.end => Part::Outside,
        Ok(range) => Part::Of(range),
    }
}

fn set(response: &mut Response, name: HeaderName, value: &str) {
    // Hashes, numbers and tokens are always valid values.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The part of `bytes` that is wanted.
pub(crate) fn slice(bytes: &Bytes, range: &Range<u64>) -> Body {
    let end = (range.end as usize).min(bytes.len());
    Body::from(bytes.slice((range.start as usize).min(end)..end))
}

#[cfg(test)]
mod tests {
    use super::{Part, part};

    #[test]
    fn a_range_is_one_part_or_the_whole() {
        for (range, expected) in [
            ("bytes=0-9", Part::Of(0..10)),
            ("bytes=90-", Part::Of(90..100)),
            ("bytes=-10", Part::Of(90..100)),
            ("bytes=-1000", Part::Of(0..100)),
            ("bytes=0-18446744073709551615", Part::Of(0..100)),
            ("bytes=99-99", Part::Of(99..100)),
            ("bytes=100-", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=5-2", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("bytes=--1", Part::Whole),
        ] {
            assert_eq!(part(range, 100), expected, "{range}");
        }
    }
}
