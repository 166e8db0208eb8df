//! What a client can take: `Accept` and `Accept-Encoding` (RFC 9110, 12.5).

use axum::http::{HeaderMap, HeaderName, header};
use store::{CodedLength, Coding};

/// One member of the list with its weight from 0 to 1000.
fn weighted<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<(&'a str, u16)> {
    let values = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .filter_map(|member| {
            let mut parts = member.split(';').map(str::trim);
            let token = parts.next().filter(|token| !token.is_empty())?;
            let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
            let weight = match quality.map(str::parse::<f32>) {
                None => 1000,
                Some(Ok(quality)) if (0.0..=1.0).contains(&quality) => (quality * 1000.0).round() as u16,
                Some(_) => 0,
            };
            Some((token, weight))
        })
        .collect()
}

/// The coding of `offered` that the client prefers, the smallest of those it likes equally. Identity is always at hand:
/// it is the answer when nothing else is accepted.
pub(crate) fn coding(headers: &HeaderMap, offered: &[CodedLength]) -> Coding {
    let accepted = weighted(headers, &header::ACCEPT_ENCODING);
    let weight = |coding: Coding| {
        let named = accepted.iter().find(|(token, _)| {
            token.eq_ignore_ascii_case(coding.token()) || coding == Coding::Gzip && token.eq_ignore_ascii_case("x-gzip")
        });
        named
            .or_else(|| accepted.iter().find(|(token, _)| *token == "*"))
            .map(|(_, weight)| *weight)
    };
    // Identity that is not mentioned is acceptable, but whoever names a coding wants it.
    let identity = weight(Coding::Identity)
        .filter(|_| names_identity(&accepted))
        .unwrap_or(0);
    let coded = offered.iter().filter_map(|coded| Some((weight(coded.coding)?, coded)));
    let best = coded
        .filter(|(weight, _)| *weight > 0)
        .min_by_key(|(weight, coded)| (1000 - weight, coded.length));
    match best {
        Some((weight, coded)) if weight >= identity => coded.coding,
        _ => Coding::Identity,
    }
}

fn names_identity(accepted: &[(&str, u16)]) -> bool {
    accepted.iter().any(|(token, _)| token.eq_ignore_ascii_case("identity"))
}

/// Whether the client would rather read HTML than JSON; `f` is the request's parameter of that name, which decides
/// where it is given.
pub(crate) fn wants_html(headers: &HeaderMap, f: Option<&str>) -> bool {
    if let Some(f) = f {
        return f == "html";
    }
    let accepted = weighted(headers, &header::ACCEPT);
    let weight = |wanted: &[&str]| {
        let named = accepted
            .iter()
            .filter(|(token, _)| wanted.iter().any(|name| token.eq_ignore_ascii_case(name)));
        named.map(|(_, weight)| *weight).max().unwrap_or(0)
    };
    weight(&["text/html", "application/xhtml+xml"]) > weight(&["application/json", "application/*+json"])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    fn choose(accept: Option<&str>) -> Coding {
        let offered = [(Coding::Br, 50), (Coding::Zstd, 55), (Coding::Gzip, 60)];
        let offered = offered.map(|(coding, length)| CodedLength { coding, length });
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
        }
        coding(&headers, &offered)
    }

    #[test]
    fn the_client_chooses_the_coding() {
        for (accept, expected) in [
            (None, Coding::Identity),
            (Some(""), Coding::Identity),
            (Some("gzip, deflate, br, zstd"), Coding::Br),
            (Some("gzip"), Coding::Gzip),
            (Some("x-gzip"), Coding::Gzip),
            (Some("GZIP"), Coding::Gzip),
            (Some("zstd"), Coding::Zstd),
            (Some("br;q=0, gzip"), Coding::Gzip),
            (Some("br;q=0.1, gzip;q=0.9"), Coding::Gzip),
            (Some("gzip;q=0.5, identity"), Coding::Identity),
            (Some("gzip;q=0.5, identity;q=0.5"), Coding::Gzip),
            (Some("identity"), Coding::Identity),
            (Some("*"), Coding::Br),
            (Some("*;q=0"), Coding::Identity),
            (Some("br;q=0, *"), Coding::Zstd),
            (Some("gzip, *;q=0"), Coding::Gzip),
            (Some("identity;q=0"), Coding::Identity),
            (Some("identity;q=0, br"), Coding::Br),
            (Some("br;q=2, gzip"), Coding::Gzip),
            (Some("br;q=x, gzip;q=0.001"), Coding::Gzip),
            (Some("deflate, compress"), Coding::Identity),
            (Some(";;;,,,q=1"), Coding::Identity),
        ] {
            assert_eq!(choose(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn a_browser_gets_html_and_a_program_json() {
        let wants = |accept: Option<&str>, f: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            wants_html(&headers, f)
        };
        assert!(wants(
            Some("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
            None
        ));
        assert!(!wants(Some("*/*"), None));
        assert!(!wants(None, None));
        assert!(!wants(Some("application/json, text/html;q=0.5"), None));
        assert!(!wants(Some("text/html"), Some("json")));
        assert!(wants(None, Some("html")));
    }
}
