//! What stands before every handler: it opens answers to all origins, bounds bodies, counts, and writes the log.
//!
//! These are done here and not in layers of the router, because each layer costs every tile an allocation or two, and
//! most requests are for tiles.

use crate::app::App;
use crate::body::{Bounded, Felt};
use crate::connection::Pulse;
use crate::headers;
use crate::places::Place;
use crate::problem::Problem;
use crate::routes::tiles;
use crate::uses::Kind;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The names of a query's parameters that a log line holds, and how long each may be.
const NAMES: usize = 16;
const NAME_LENGTH: usize = 32;

/// The server as one connection sees it.
#[derive(Clone)]
pub(crate) struct Front {
    app: App,
    router: TowerToHyperService<Router>,
    pub(crate) pulse: Arc<Pulse>,
    http2: bool,
}

impl Front {
    /// For the first connection; each has a clone by [`Self::another`].
    pub(crate) fn new(app: App, router: Router) -> Self {
        Self {
            app,
            router: TowerToHyperService::new(router),
            pulse: Arc::new(Pulse::new()),
            http2: false,
        }
    }

    /// The same for another connection.
    pub(crate) fn another(&self) -> Self {
        Self {
            pulse: Arc::new(Pulse::new()),
            ..self.clone()
        }
    }

    /// The same for a connection whose answers are watched one by one.
    pub(crate) fn of_http2(self) -> Self {
        Self { http2: true, ..self }
    }

    /// Counts the connection as open until what is returned is dropped.
    pub(crate) fn opened(&self) -> Open {
        self.app.metrics.accepted.inc();
        self.app.metrics.connections.inc();
        Open(Arc::clone(&self.app))
    }

    async fn answer(self, request: Request<Incoming>) -> Response {
        let begun = Instant::now();
        let _making = Making::new(&self.pulse);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (place, collection, name) = self.app.places.find(uri.path());
        let mut response = if method == Method::OPTIONS {
            StatusCode::NO_CONTENT.into_response()
        } else {
            match (place.is_tile, collection, name) {
                // Names with escapes are the router's to read.
                (true, Some(collection), Some(name))
                    if (method == Method::GET || method == Method::HEAD) && !uri.path().contains('%') =>
                {
                    let found = tiles::send(&self.app, collection, name, &method, request.headers()).await;
                    found.unwrap_or_else(IntoResponse::into_response)
                }
                _ => self.route(request).await,
            }
        };
        headers::open_to_all(
            &mut response,
            (method == Method::OPTIONS).then_some(place.methods.as_str()),
        );
        self.note(place, collection, &method, uri.query(), &response, begun.elapsed());
        if self.http2 {
            let pulse = Arc::clone(&self.pulse);
            response = response.map(|body| Body::new(Felt::new(body, pulse)));
        }
        response
    }

    /// By the router, with a body that is bounded in bytes and time.
    async fn route(&self, request: Request<Incoming>) -> Response {
        let limits = &self.app.config.limits;
        if request.body().is_end_stream() {
            return self.routed(request.map(|_| Body::empty())).await;
        }
        if request.body().size_hint().lower() > limits.body_bytes as u64 {
            let detail = format!("The body of a request may have at most {} bytes.", limits.body_bytes);
            return Problem::of(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
        }
        self.routed(request.map(|body| Body::new(Bounded::new(body, limits.body_bytes, limits.body_timeout))))
            .await
    }

    async fn routed(&self, request: Request<Body>) -> Response {
        let Ok(response) = self.router.call(request).await;
        response
    }

    /// Counts an answer and writes its line.
    fn note(
        &self,
        place: &Place,
        collection: Option<&str>,
        method: &Method,
        query: Option<&str>,
        response: &Response,
        took: Duration,
    ) {
        let status = response.status();
        let bytes = if method == Method::HEAD { 0 } else { length(response) };
        self.app.metrics.answered(place, status, bytes, took);
        if let Some(kind) = place.kind.filter(|_| Kind::is_use(method, status)) {
            let collections = self.app.shelf.current();
            let named = collection.or_else(|| query.and_then(named_collection));
            let only = (collections.len() == 1).then(|| collections.keys().next()).flatten();
            let known = match named {
                // Only names that are served: others would let a stranger write into the counts.
                Some(name) => collections.get_key_value(name).map(|(name, _)| name),
                None => only,
            };
            self.app.uses.count(known.map_or("", String::as_str), kind);
        }
        if self.app.config.log.requests {
            let coding = response.headers().get(header::CONTENT_ENCODING);
            tracing::info!(
                target: "server::request",
                %method,
                route = place.pattern,
                status = status.as_u16(),
                ms = took.as_secs_f64() * 1000.0,
                bytes,
                coding = coding.and_then(|coding| coding.to_str().ok()).unwrap_or("identity"),
                parameters = query.map(names).as_deref().unwrap_or_default(),
                "answered"
            );
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.pulse.request_taken();
        let front = self.clone();
        Box::pin(async move { Ok(front.answer(request).await) })
    }
}

/// An open connection, counted.
pub(crate) struct Open(App);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.connections.dec();
    }
}

/// Tells the connection that an answer is being made, also where the client goes away before it is.
struct Making<'a>(&'a Pulse);

impl<'a> Making<'a> {
    fn new(pulse: &'a Pulse) -> Self {
        pulse.making(1);
        Self(pulse)
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.0.making(-1);
    }
}

/// How many bytes the body has, as far as it is known.
fn length(response: &Response) -> u64 {
    let said = response.headers().get(header::CONTENT_LENGTH);
    let said = said.and_then(|value| value.to_str().ok()?.parse().ok());
    said.or_else(|| response.body().size_hint().exact()).unwrap_or(0)
}

/// The collection that a page's query names.
fn named_collection(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("collection="))
}

/// The names of a query's parameters, each once. A name that no program of ours would use might be a person's: it is a
/// question mark.
fn names(query: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"_-.:".contains(&letter);
        let usual = name.len() <= NAME_LENGTH && name.bytes().all(plain) && !name.is_empty();
        let name = if usual && pair.contains('=') { name } else { "?" };
        if !names.contains(&name) {
            names.push(name);
        }
        if names.len() == NAMES {
            break;
        }
    }
    names.join(",")
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_query_leaves_the_names_of_its_parameters_and_nothing_else() {
        assert_eq!(names("bbox=1,2,3,4&limit=10&filter=secret%3D1"), "bbox,limit,filter");
        assert_eq!(names("limit=1&limit=2&&"), "limit");
        assert_eq!(names("secret"), "?");
        assert_eq!(names("a%20b=1&=2"), "?");
        assert_eq!(names(&format!("{}=1&x=2", "a".repeat(40))), "?,x");
        let many: Vec<String> = (0..99).map(|n| format!("p{n}=1")).collect();
        assert_eq!(names(&many.join("&")).split(',').count(), 16);
    }
}
