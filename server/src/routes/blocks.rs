//! The page on which people order block worlds, and the map it shows.

use crate::app::App;
use crate::blocks_page;
use crate::document::{HTML, document};
use crate::headers::{IMMUTABLE, REVALIDATE, SHORT};
use crate::map::{Place, draw};
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Pictures that are drawn at a time.
const DRAWN: usize = 2;
static DRAWING: Semaphore = Semaphore::const_new(DRAWN);

/// The address of a picture.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct PicturePath {
    /// The collection's name, as `/collections` lists it.
    collectionId: String,
    /// The level, from 0 to 20.
    z: u8,
    /// The column from the west, below 2^z.
    x: u32,
    /// The row from the north, below 2^z.
    y: u32,
}

/// The page.
#[utoipa::path(get, path = "/blocks", tag = "Pages", operation_id = "getBlocksPage",
    responses((status = 200, description = "A page on which people order block worlds", body = String,
        content_type = "text/html")))]
pub(crate) async fn page(State(app): State<App>, method: Method, headers: HeaderMap) -> Response {
    let html = blocks_page::html(&app.shelf.current(), app.config.jobs.area_km2);
    let mut response = document(&method, &headers, html, HTML, REVALIDATE).await;
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, blocks_page::POLICY);
    response
}

/// One of the page's files.
#[utoipa::path(get, path = "/blocks/{name}", tag = "Pages", operation_id = "getBlocksPageFile",
    params(("name" = String, Path, description = "The file's name")),
    responses((status = 200, description = "One of the page's files", body = String, content_type = "text/javascript")))]
pub(crate) async fn file(
    name: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_PAGE)?;
    let (media_type, text) = blocks_page::file(&name).ok_or(Problem::NO_PAGE)?;
    Ok(document(&method, &headers, text, media_type, REVALIDATE).await)
}

/// A picture of a part of the city: its footprints, seen from above.
#[utoipa::path(get, path = "/collections/{collectionId}/map/{z}/{x}/{y}", tag = "Pages", operation_id = "getMapPicture",
    params(PicturePath, ("v" = Option<String>, Query, description = "Whatever it is, the answer is the same; with the collection's generation it may be kept for ever")),
    responses((status = 200, description = "A tile of Web Mercator with 512 pixels to a side", body = Vec<u8>,
        content_type = "image/png")))]
pub(crate) async fn picture(
    State(app): State<App>,
    address: Result<Path<(String, u8, u32, u32)>, PathRejection>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    const PNG: HeaderValue = HeaderValue::from_static("image/png");
    let Path((name, z, x, y)) = address.map_err(|_| no_picture())?;
    let served = app.collection(&name)?;
    let place = Place::new(z, x, y).ok_or_else(no_picture)?;
    let generation = &served.pointer_hash;
    let cache = if query.is_some_and(|query| query.split('&').any(|pair| pair.strip_prefix("v=") == Some(generation))) {
        IMMUTABLE
    } else {
        SHORT
    };
    let key = format!("map/{name}/{generation}/{z}/{x}/{y}");
    let bytes = if let Some(bytes) = app.cache.get(&key) {
        bytes
    } else {
        // The semaphore is never closed.
        let _leave = DRAWING.acquire().await.map_err(|_| Problem::NOT_READABLE)?;
        let served = Arc::clone(&served);
        let drawn = tokio::task::spawn_blocking(move || draw(&served, place)).await;
        let bytes = match drawn {
            Ok(Ok(Some(bytes))) => bytes,
            failed => {
                let error = failed.map_or_else(
                    |error| error.to_string(),
                    |drawn| drawn.map_or_else(|error| error.to_string(), |_| "no picture".to_owned()),
                );
                tracing::error!(error, "cannot draw a map");
                return Err(Problem::NOT_READABLE);
            }
        };
        app.cache.put(key, bytes.clone());
        bytes
    };
    Ok(document(&method, &headers, bytes, PNG, cache).await)
}

fn no_picture() -> Problem {
    Problem::of(
        StatusCode::NOT_FOUND,
        "There is no such picture. Levels are from 0 to 20, columns and rows from 0 to 2^level - 1.",
    )
}
