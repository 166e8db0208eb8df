//! Figures for Prometheus, on a listener of their own.
//!
//! How busy a server is, is nobody's business but its operator's, so the figures have no address among the public ones.

use crate::app::App;
use crate::headers::NO_STORE;
use crate::serve::accept;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// `OpenMetrics` 1.0.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
/// More than one collector and a curious person do not come at a time.
const CONNECTIONS: usize = 16;

/// The figures as text.
async fn metrics(State(app): State<App>) -> Response {
    let text = tokio::task::spawn_blocking(move || app.metrics.text()).await;
    let headers = [(header::CONTENT_TYPE, OPEN_METRICS), (header::CACHE_CONTROL, NO_STORE)];
    (headers, text.unwrap_or_default()).into_response()
}

/// Serves `/metrics` until it is dropped.
pub(crate) async fn serve(listener: TcpListener, app: App) {
    let limits = app.config.limits;
    let router = Router::new().route("/metrics", get(metrics)).with_state(app);
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    // The semaphore is never closed.
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        let stream = accept(&listener).await;
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_header_size(limits.header_bytes)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        tokio::spawn(async move {
            // A collector that breaks off asks again.
            let _ = connection.await;
            drop(permit);
        });
    }
}
