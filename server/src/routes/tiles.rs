//! Tiles: the pointer, and the files that never change.

use crate::app::App;
use crate::document::JSON;
use crate::headers::{IMMUTABLE, POINTER, SHORT};
use crate::openapi::{CollectionPath, FilePath};
use crate::problem::Problem;
use crate::representation::{Representation, Wanted, slice};
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::path::PathBuf;
use store::{Coding, ContentName, FileEntry};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// Files above this are sent in pieces and not kept in memory.
const STREAMED: u64 = 4 << 20;
/// What is read of them at a time. A client that takes nothing holds three or four of these.
const PIECE: usize = 64 << 10;

/// Leads from `.../3dtiles` to the pointer, which lies one level below.
#[utoipa::path(get, path = "/collections/{collectionId}/3dtiles", tag = "3D Tiles", operation_id = "redirectToTileset",
    params(CollectionPath),
    responses((status = 308, description = "The tileset is one level below")))]
pub(crate) async fn to_tileset(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    redirect(&app, name, "3dtiles/tileset.json")
}

/// Leads from `.../3dtiles/` to the pointer beside it.
#[utoipa::path(get, path = "/collections/{collectionId}/3dtiles/", tag = "3D Tiles",
    operation_id = "redirectToTilesetBeside", params(CollectionPath),
    responses((status = 308, description = "The tileset is beside this address")))]
pub(crate) async fn to_tileset_below(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    redirect(&app, name, "tileset.json")
}

fn redirect(app: &App, name: Result<Path<String>, PathRejection>, to: &'static str) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    app.collection(&name)?;
    let headers = [
        (header::LOCATION, HeaderValue::from_static(to)),
        (header::CACHE_CONTROL, SHORT),
    ];
    Ok((StatusCode::PERMANENT_REDIRECT, headers).into_response())
}

/// The pointer.
#[utoipa::path(get, path = "/collections/{collectionId}/3dtiles/tileset.json", tag = "3D Tiles",
    operation_id = "getTileset", params(CollectionPath),
    responses((status = 200, description = "The root of the 3D Tiles 1.1 tileset", body = Object)))]
pub(crate) async fn tileset(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    let served = app.collection(&name)?;
    let bytes = Bytes::copy_from_slice(served.collection.tileset_json());
    let representation = Representation {
        hash: &served.pointer_hash,
        length: bytes.len() as u64,
        codings: &[],
        media_type: JSON,
        cache: POINTER,
    };
    Ok(representation
        .answer(&method, &headers, async |wanted| Ok(slice(&bytes, &wanted.range)))
        .await)
}

/// A file that never changes.
#[utoipa::path(get, path = "/collections/{collectionId}/3dtiles/files/{name}", tag = "3D Tiles",
    operation_id = "getTile", params(FilePath),
    responses((status = 200, description = "A tile, or a tileset below the root; its bytes never change", content(
        (Vec<u8> = "model/gltf-binary"), (Object = "application/json"))),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "model/gltf-binary")))]
pub(crate) async fn file(
    State(app): State<App>,
    address: Result<Path<(String, String)>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((collection, name)) = address.map_err(|_| Problem::NO_FILE)?;
    send(&app, &collection, &name, &method, &headers).await
}

/// A file that never changes, by the name of its collection and its own.
pub(crate) async fn send(
    app: &App,
    collection: &str,
    name: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let served = app.collection(collection)?;
    let entry = served.collection.file(name).ok_or(Problem::NO_FILE)?;
    let read = async |wanted: Wanted| {
        let path = served
            .collection
            .path(name, wanted.coding)
            .ok_or_else(|| Problem::NO_FILE.into_response())?;
        if entry.length > STREAMED {
            return stream(path, wanted).await;
        }
        // The hash is the name's, so equal names of two collections hold equal bytes.
        let key = format!("{name}{}", wanted.coding.suffix());
        let bytes = if let Some(bytes) = app.cache.get(&key) {
            bytes
        } else {
            let bytes = whole(path, entry, wanted.coding).await?;
            app.cache.put(key, bytes.clone());
            bytes
        };
        Ok(slice(&bytes, &wanted.range))
    };
    Ok(immutable(name, entry)?.answer(method, headers, read).await)
}

/// A database or the manifest.
#[utoipa::path(get, path = "/collections/{collectionId}/3dtiles/{name}", tag = "3D Tiles",
    operation_id = "getDownload", params(FilePath),
    responses((status = 200, description = "The GeoPackage, the search index or the manifest; its bytes never change",
        content((Vec<u8> = "application/geopackage+sqlite3"), (Vec<u8> = "application/vnd.sqlite3"),
        (Object = "application/json"))),
        (status = 206, description = "The part that was asked for", body = Vec<u8>,
        content_type = "application/geopackage+sqlite3")))]
pub(crate) async fn download(
    State(app): State<App>,
    address: Result<Path<(String, String)>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((collection, name)) = address.map_err(|_| Problem::NO_FILE)?;
    let served = app.collection(&collection)?;
    let (path, entry) = served.collection.download(&name).ok_or(Problem::NO_FILE)?;
    let representation = immutable(&name, entry)?;
    Ok(representation
        .answer(&method, &headers, |wanted| stream(path, wanted))
        .await)
}

fn immutable<'a>(name: &'a str, entry: &'a FileEntry) -> Result<Representation<'a>, Problem> {
    let parts = ContentName::parse(name).ok_or(Problem::NO_FILE)?;
    Ok(Representation {
        hash: parts.hash,
        length: entry.length,
        codings: &entry.codings,
        media_type: media_type(parts.extension),
        cache: IMMUTABLE,
    })
}

fn media_type(extension: &str) -> HeaderValue {
    HeaderValue::from_static(match extension {
        "glb" => "model/gltf-binary",
        "json" => "application/json",
        "gpkg" => "application/geopackage+sqlite3",
        "sqlite" => "application/vnd.sqlite3",
        _ => "application/octet-stream",
    })
}

/// The whole of a small file, which must have the length that the manifest says.
async fn whole(path: PathBuf, entry: &FileEntry, coding: Coding) -> Result<Bytes, Response> {
    let coded = entry.codings.iter().find(|coded| coded.coding == coding);
    let length = coded.map_or(entry.length, |coded| coded.length);
    match tokio::fs::read(&path).await {
        Ok(bytes) if bytes.len() as u64 == length => Ok(Bytes::from(bytes)),
        Ok(_) => Err(unreadable(&path, "has another length than was published")),
        Err(error) => Err(unreadable(&path, &error.to_string())),
    }
}

/// A part of a large file, piece by piece.
pub(super) async fn stream(path: PathBuf, wanted: Wanted) -> Result<Body, Response> {
    let open = async {
        let mut file = tokio::fs::File::open(&path).await?;
        file.seek(std::io::SeekFrom::Start(wanted.range.start)).await?;
        Ok::<_, std::io::Error>(file.take(wanted.range.end - wanted.range.start))
    };
    match open.await {
        Ok(part) => Ok(Body::from_stream(ReaderStream::with_capacity(part, PIECE))),
        Err(error) => Err(unreadable(&path, &error.to_string())),
    }
}

fn unreadable(path: &std::path::Path, reason: &str) -> Response {
    tracing::error!(path = %path.display(), reason, "cannot read a file");
    Problem::NOT_READABLE.into_response()
}
