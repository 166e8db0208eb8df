//! The tileset in core glTF, for engines that know no extensions.

#![allow(unused_qualifications, reason = "what `utoipa` derives names types by their path")]

use crate::app::App;
use crate::document::JSON;
use crate::headers::{IMMUTABLE, POINTER};
use crate::openapi::CollectionPath;
use crate::plain::{self, RECIPE, Source};
use crate::problem::Problem;
use crate::representation::{Representation, Wanted, slice};
use crate::shelf::Served;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use store::{CodedLength, Coding, ContentName};
use utoipa::IntoParams;

const GLB: HeaderValue = HeaderValue::from_static("model/gltf-binary");
/// The codings that plain tiles are sent in. Zstandard is left out: what reads it reads Brotli.
const CODINGS: [Coding; 2] = [Coding::Br, Coding::Gzip];

/// The address of a plain file.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct PlainPath {
    /// The collection's name, as `/collections` lists it.
    collectionId: String,
    /// The version of how plain tiles are made, as the plain tileset gives it.
    recipe: String,
    /// The file's name, as the plain tileset gives it.
    name: String,
}

/// The root of the tree of plain tiles.
#[utoipa::path(get, path = "/collections/{collectionId}/3dtiles/plain/tileset.json", tag = "3D Tiles",
    operation_id = "getPlainTileset", params(CollectionPath),
    responses((status = 200, description = "The root of the same 3D Tiles 1.1 tileset with tiles in core glTF 2.0",
        body = Object)))]
pub(crate) async fn tileset(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    let served = app.collection(&name)?;
    let (Source::Stored(served) | Source::Made(served)) = source(&app, &name, served).await?;
    let body = plain::root(&served.collection).map_err(|error| unreadable(&error))?;
    let body = Bytes::from(body);
    let hash = blake3::hash(&body).to_hex();
    let representation = Representation {
        hash: &hash[..16],
        length: body.len() as u64,
        codings: &[],
        media_type: JSON,
        cache: POINTER,
    };
    Ok(representation
        .answer(&method, &headers, async |wanted| Ok(slice(&body, &wanted.range)))
        .await)
}

/// A plain tile, or a tileset below the root.
#[utoipa::path(get, path = "/collections/{collectionId}/3dtiles/plain/{recipe}/{name}", tag = "3D Tiles",
    operation_id = "getPlainTile", params(PlainPath),
    responses((status = 200, description = "A tile in core glTF 2.0, or a tileset below the root; its bytes never change",
        content((Vec<u8> = "model/gltf-binary"), (Object = "application/json"))),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "model/gltf-binary")))]
pub(crate) async fn file(
    State(app): State<App>,
    address: Result<Path<(String, String, String)>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((collection, recipe, name)) = address.map_err(|_| Problem::NO_FILE)?;
    let own = app.collection(&collection)?;
    if recipe != RECIPE {
        return Err(Problem::NO_FILE);
    }
    match source(&app, &collection, Arc::clone(&own)).await? {
        Source::Made(served) if is_tile(&name) => made(&app, &served, &name, &method, &headers).await,
        Source::Stored(served) | Source::Made(served) => stored(&served, &name, &method, &headers).await,
    }
}

fn is_tile(name: &str) -> bool {
    ContentName::parse(name).is_some_and(|name| name.extension == "glb")
}

async fn source(app: &App, name: &str, served: Arc<Served>) -> Result<Source, Problem> {
    let (app, name) = (Arc::clone(app), name.to_owned());
    let found = tokio::task::spawn_blocking(move || plain::source(&app, &name, served)).await;
    match found {
        Ok(found) => found.map_err(|error| unreadable(&error)),
        Err(error) => Err(unreadable(&error)),
    }
}

fn unreadable(error: &dyn std::fmt::Display) -> Problem {
    tracing::error!(%error, "cannot make plain tiles");
    Problem::NOT_READABLE
}

/// A file as the store holds it.
async fn stored(served: &Arc<Served>, name: &str, method: &Method, headers: &HeaderMap) -> Result<Response, Problem> {
    let entry = served.collection.file(name).ok_or(Problem::NO_FILE)?;
    let parts = ContentName::parse(name).ok_or(Problem::NO_FILE)?;
    let representation = Representation {
        hash: parts.hash,
        length: entry.length,
        codings: &entry.codings,
        media_type: if parts.extension == "glb" { GLB } else { JSON },
        cache: IMMUTABLE,
    };
    let read = async |wanted: Wanted| {
        let (served, name) = (Arc::clone(served), name.to_owned());
        let read = tokio::task::spawn_blocking(move || served.collection.read(&name, wanted.coding)).await;
        match read {
            Ok(Ok(bytes)) => Ok(slice(&Bytes::from(bytes), &wanted.range)),
            Ok(Err(error)) => Err(unreadable(&error).into_response()),
            Err(error) => Err(unreadable(&error).into_response()),
        }
    };
    Ok(representation.answer(method, headers, read).await)
}

/// A tile made plain.
async fn made(
    app: &App,
    served: &Arc<Served>,
    name: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    if served.collection.file(name).is_none() {
        return Err(Problem::NO_FILE);
    }
    let forms = forms(app, served, name).await?;
    let parts = ContentName::parse(name).ok_or(Problem::NO_FILE)?;
    let length = |number: usize| forms[number].len() as u64;
    let codings: Vec<CodedLength> = CODINGS
        .into_iter()
        .zip(1..)
        .map(|(coding, number)| CodedLength {
            coding,
            length: length(number),
        })
        .filter(|coded| Coding::pays(coded.length, length(0)))
        .collect();
    let representation = Representation {
        hash: &format!("{}-{RECIPE}", parts.hash),
        length: length(0),
        codings: &codings,
        media_type: GLB,
        cache: IMMUTABLE,
    };
    let read = async |wanted: Wanted| {
        let number = CODINGS.iter().position(|coding| *coding == wanted.coding);
        let form = &forms[number.map_or(0, |number| number + 1)];
        Ok(slice(form, &wanted.range))
    };
    Ok(representation.answer(method, headers, read).await)
}

/// A plain tile as it is, and in each of [`CODINGS`]: from the cache, or made now.
async fn forms(app: &App, served: &Arc<Served>, name: &str) -> Result<Vec<Bytes>, Problem> {
    let suffixes = std::iter::once(Coding::Identity).chain(CODINGS);
    let keys: Vec<String> = suffixes
        .map(|coding| format!("plain/{RECIPE}/{name}{}", coding.suffix()))
        .collect();
    let cached = || {
        keys.iter()
            .map(|key| app.cache.get(key))
            .collect::<Option<Vec<Bytes>>>()
    };
    if let Some(forms) = cached() {
        return Ok(forms);
    }
    let _place = app.workshop.tile().await?;
    if let Some(forms) = cached() {
        return Ok(forms);
    }
    let (served, name) = (Arc::clone(served), name.to_owned());
    let forms = tokio::task::spawn_blocking(move || make(&served, &name)).await;
    let forms = forms.unwrap_or_else(|error| Err(unreadable(&error)))?;
    for (key, form) in keys.into_iter().zip(&forms) {
        app.cache.put(key, form.clone());
    }
    Ok(forms)
}

fn make(served: &Served, name: &str) -> Result<Vec<Bytes>, Problem> {
    let glb = served
        .collection
        .read(name, Coding::Identity)
        .map_err(|error| unreadable(&error))?;
    let plain = tiles::glb::to_plain(&glb).map_err(|error| unreadable(&error))?;
    let mut forms = Vec::with_capacity(1 + CODINGS.len());
    for coding in CODINGS {
        forms.push(Bytes::from(coding.encode(&plain).map_err(|error| unreadable(&error))?));
    }
    forms.insert(0, Bytes::from(plain));
    Ok(forms)
}
