//! What handlers share, and the table of addresses.

use crate::cache::Cache;
use crate::problem::Problem;
use crate::shelf::{Served, Shelf};
use crate::viewer_files::ViewerFiles;
use crate::{headers, routes};
use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tower_http::catch_panic::CatchPanicLayer;

/// What handlers share.
pub(crate) struct Shared {
    pub(crate) shelf: Shelf,
    pub(crate) cache: Cache,
    pub(crate) viewer: Option<ViewerFiles>,
    /// Whether the server was told to stop.
    pub(crate) draining: AtomicBool,
}

/// A handler's hold on what is shared.
pub(crate) type App = Arc<Shared>;

impl Shared {
    /// The collection of this name, or the problem that there is none.
    pub(crate) fn collection(&self, name: &str) -> Result<Arc<Served>, Problem> {
        self.shelf.get(name).ok_or(Problem::NO_COLLECTION)
    }
}

/// Every address of the server.
pub(crate) fn router(app: App) -> Router<()> {
    let tiles = "/collections/{collectionId}/3dtiles";
    Router::new()
        .route("/", get(routes::landing::landing))
        .route("/favicon.ico", get(routes::landing::icon))
        .route("/conformance", get(routes::landing::conformance))
        .route("/collections", get(routes::collections::collections))
        .route("/collections/{collectionId}", get(routes::collections::collection))
        .route(tiles, get(routes::tiles::to_tileset))
        .route(&format!("{tiles}/"), get(routes::tiles::to_tileset_below))
        .route(&format!("{tiles}/tileset.json"), get(routes::tiles::tileset))
        .route(&format!("{tiles}/files/{{name}}"), get(routes::tiles::file))
        .route(&format!("{tiles}/{{name}}"), get(routes::tiles::download))
        .route(
            "/collections/{collectionId}/items/{featureId}",
            get(routes::items::item),
        )
        .route("/viewer", get(routes::viewer::to_viewer))
        .route("/viewer/", get(routes::viewer::index))
        .route("/viewer/{*name}", get(routes::viewer::file))
        .route("/health/live", get(routes::health::live))
        .route("/health/ready", get(routes::health::ready))
        .fallback(async || Problem::NO_PAGE)
        .method_not_allowed_fallback(async || Problem::METHOD)
        .with_state(app)
        .layer(CatchPanicLayer::custom(headers::panicked))
        .layer(from_fn(headers::open_to_all))
        .layer(from_fn(headers::log))
}
