//! For whoever operates the server.

use crate::app::App;
use crate::headers::NO_STORE;
use crate::openapi::Health;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::atomic::Ordering;

fn answer(status: StatusCode, word: &str) -> Response {
    let body = format!("{{\"status\":\"{word}\"}}");
    (
        status,
        [
            (header::CACHE_CONTROL, NO_STORE),
            (header::CONTENT_TYPE, crate::document::JSON),
        ],
        body,
    )
        .into_response()
}

/// The process answers.
#[utoipa::path(get, path = "/health/live", tag = "Operation", operation_id = "getLiveness",
    responses((status = 200, description = "The process answers", body = Health)))]
pub(crate) async fn live() -> Response {
    answer(StatusCode::OK, "alive")
}

/// It may be sent requests: it serves collections and was not told to stop.
#[utoipa::path(get, path = "/health/ready", tag = "Operation", operation_id = "getReadiness",
    responses((status = 200, description = "It may be sent requests", body = Health),
        (status = 503, description = "It is stopping or has no collection", body = Health)))]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    if app.draining.load(Ordering::Relaxed) {
        answer(StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if app.shelf.current().is_empty() {
        answer(StatusCode::SERVICE_UNAVAILABLE, "no collection")
    } else {
        answer(StatusCode::OK, "ready")
    }
}
