//! Links under the address that the public knows.
//!
//! Relative links are right behind every proxy and under every prefix, but a document that is kept or passed on loses
//! the address that they start from. An operator who names that address gets absolute links. It never comes from the
//! request: whoever writes the `Host` header would else decide where other people's links lead (RFC 9110, 17.1).

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use std::sync::Arc;
use url::Url;

tokio::task_local! {
    /// The public address of the document that is being made. Set around every request of a server that has one.
    pub(crate) static ADDRESS: Url;
}

/// Answers a request while its public address is known.
pub(crate) async fn under(State(base): State<Arc<Url>>, request: Request, next: Next) -> Response {
    let address = address(&base, request.uri().path());
    ADDRESS.scope(address, next.run(request)).await
}

/// The public address of a request's path, which begins with a slash.
fn address(base: &Url, path: &str) -> Url {
    // A leading slash would lose the base's own path; what follows is escaped already.
    let mut address = base.clone();
    address.set_path(&format!("{}{}", base.path(), path.trim_start_matches('/')));
    address
}

/// A link from the document that is being made: absolute where there is a public address, otherwise as it is.
pub(crate) fn link(relative: &str) -> String {
    let absolute = ADDRESS.try_with(|address| address.join(relative).ok().map(String::from));
    absolute.ok().flatten().unwrap_or_else(|| relative.to_owned())
}

/// The public address of the document that is being made, for what is written after its handler has answered.
pub(crate) fn here() -> Option<Url> {
    ADDRESS.try_with(Clone::clone).ok()
}

/// A JSON document with its links made absolute, if there is a public address; otherwise none.
pub(crate) fn absolute(body: &[u8]) -> Option<Vec<u8>> {
    ADDRESS
        .try_with(|address| {
            let mut document: Value = serde_json::from_slice(body).ok()?;
            resolve(&mut document, address);
            serde_json::to_vec(&document).ok()
        })
        .ok()
        .flatten()
}

/// Every `href` beneath a `links` member, and every `url` beneath a `servers` member (`OpenAPI`).
pub(crate) fn resolve(value: &mut Value, address: &Url) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match name.as_str() {
                    "links" => each(member, "href", address),
                    "servers" => each(member, "url", address),
                    _ => resolve(member, address),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| resolve(value, address)),
        _ => {}
    }
}

/// The member `name` of each of `links`.
fn each(links: &mut Value, name: &str, address: &Url) {
    for link in links.as_array_mut().into_iter().flatten() {
        let Some(href) = link.get_mut(name) else { continue };
        if let Some(absolute) = href.as_str().and_then(|relative| address.join(relative).ok()) {
            *href = Value::String(absolute.into());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn links_and_only_links_become_absolute() {
        let base = Url::parse("https://example.org/3d/").unwrap();
        let address = address(&base, "/collections/h%C3%A4l/items/a%2Fb");
        let mut document = json!({
            "href": "c",
            "links": [{ "href": "c?f=json" }, { "href": "../../x" }, { "href": "https://other.example/" }, { "rel": "none" }],
            "collections": [{ "links": [{ "href": "." }] }],
            "properties": { "href": "d" },
        });
        resolve(&mut document, &address);
        assert_eq!(
            document,
            json!({
                "href": "c",
                "links": [
                    { "href": "https://example.org/3d/collections/h%C3%A4l/items/c?f=json" },
                    { "href": "https://example.org/3d/collections/x" },
                    { "href": "https://other.example/" },
                    { "rel": "none" },
                ],
                "collections": [{ "links": [{ "href": "https://example.org/3d/collections/h%C3%A4l/items/" }] }],
                "properties": { "href": "d" },
            })
        );
    }

    #[test]
    fn a_path_cannot_lead_to_another_host() {
        let base = Url::parse("https://example.org/").unwrap();
        assert_eq!(
            address(&base, "//evil.example/x").as_str(),
            "https://example.org/evil.example/x"
        );
    }
}
