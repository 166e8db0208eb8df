//! What handlers share, and the table of addresses.

use crate::Config;
use crate::cache::Cache;
use crate::jobs::Jobs;
use crate::metrics::Metrics;
use crate::places::Places;
use crate::problem::Problem;
use crate::queries::Queries;
use crate::shelf::{Served, Shelf};
use crate::uses::Uses;
use crate::viewer_files::ViewerFiles;
use crate::workshop::Workshop;
use crate::{headers, openapi, public, routes};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tower_http::catch_panic::CatchPanicLayer;
use url::Url;
use utoipa::openapi::path::PathItem;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What handlers share.
pub(crate) struct Shared {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) jobs: Arc<Jobs>,
    pub(crate) cache: Cache,
    pub(crate) workshop: Workshop,
    pub(crate) viewer: Option<ViewerFiles>,
    pub(crate) queries: Queries,
    pub(crate) config: Config,
    /// The public address, which ends in a slash; none where links are relative.
    pub(crate) public_base: Option<Url>,
    pub(crate) places: Places,
    pub(crate) metrics: Metrics,
    pub(crate) uses: Uses,
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

/// Every address of the server with its handler and what it says of itself. A handler without a note cannot be put here,
/// so the document of the interface names every address, and none that is not there.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::begun())
        .routes(routes!(routes::landing::landing))
        .routes(routes!(routes::landing::icon))
        .routes(routes!(routes::landing::file))
        .routes(routes!(routes::landing::conformance))
        .routes(routes!(routes::api::api))
        .routes(routes!(routes::collections::collections))
        .routes(routes!(routes::collections::collection))
        .routes(routes!(routes::tiles::to_tileset))
        .routes(routes!(routes::tiles::to_tileset_below))
        .routes(routes!(routes::tiles::tileset))
        .routes(routes!(routes::tiles::file))
        .routes(routes!(routes::tiles::download))
        .routes(routes!(routes::items::items))
        .routes(routes!(routes::plain::tileset))
        .routes(routes!(routes::plain::file))
        .routes(routes!(routes::archive::archive))
        .routes(routes!(routes::extract::extract))
        .routes(routes!(routes::items::item))
        .routes(routes!(routes::blocks::page))
        .routes(routes!(routes::blocks::file))
        .routes(routes!(routes::blocks::picture))
        .routes(routes!(routes::processes::processes))
        .routes(routes!(routes::processes::process))
        .routes(routes!(routes::processes::execute))
        .routes(routes!(routes::jobs::jobs))
        .routes(routes!(routes::jobs::job, routes::jobs::dismiss))
        .routes(routes!(routes::jobs::events))
        .routes(routes!(routes::jobs::results))
        .routes(routes!(routes::jobs::result))
        .routes(routes!(routes::queryables::queryables))
        .routes(routes!(routes::queryables::schema))
        .routes(routes!(routes::viewer::to_viewer))
        .routes(routes!(routes::viewer::index))
        .routes(routes!(routes::viewer::file))
        .routes(routes!(routes::stats::figures))
        .routes(routes!(routes::privacy::privacy))
        .routes(routes!(routes::health::live))
        .routes(routes!(routes::health::ready))
}

/// The pattern of every address.
pub(crate) fn places() -> Places {
    let (_, document) = routes().split_for_parts();
    let methods = |item: &PathItem| {
        let taken = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("DELETE", &item.delete),
        ];
        let taken = taken.into_iter().filter(|(_, operation)| operation.is_some());
        taken.map(|(method, _)| method.to_owned()).collect()
    };
    let patterns = document.paths.paths.iter();
    Places::new(
        &patterns
            .map(|(pattern, item)| (pattern.clone(), methods(item)))
            .collect(),
    )
}

/// What answers every address but that of tiles, which have no time for it ([`crate::front`]).
pub(crate) fn router(app: App) -> Router<()> {
    let public_base = app.public_base.clone().map(Arc::new);
    let body_bytes = app.config.limits.body_bytes;
    let (router, _) = routes().split_for_parts();
    let router = router
        .fallback(async || Problem::NO_PAGE)
        .method_not_allowed_fallback(async || Problem::METHOD)
        .with_state(app);
    let router = match public_base {
        Some(base) => router.layer(from_fn_with_state(base, public::under)),
        None => router,
    };
    router
        .layer(DefaultBodyLimit::max(body_bytes))
        .layer(CatchPanicLayer::custom(headers::panicked))
}

#[cfg(test)]
mod tests {
    use super::routes;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_names_every_address_and_no_other() {
        let (router, document) = routes().split_for_parts();
        let documented: BTreeSet<String> = document.paths.paths.into_keys().collect();
        // A router lists its addresses for nobody but a person who debugs it: by number first, then by address.
        let shown = format!("{router:?}");
        let routed: BTreeSet<String> = shown
            .split('"')
            .filter(|part| part.starts_with('/') && !part.contains("axum_fallback"))
            .map(str::to_owned)
            .collect();
        assert!(routed.contains("/") && routed.len() > 15, "{shown}");
        assert_eq!(routed, documented);
    }
}
