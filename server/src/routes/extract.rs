//! A box of the city as one file.

#![allow(unused_qualifications, reason = "what `utoipa` derives names types by their path")]

use crate::Config;
use crate::app::App;
use crate::headers::SHORT;
use crate::openapi::CollectionPath;
use crate::problem::Problem;
use crate::public;
use crate::representation::{Representation, slice};
use crate::shelf::Served;
use crate::workshop::Waiting;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use extract::{Error, Limits, Lod, Objects, Request};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use utoipa::{IntoParams, ToSchema};

const GLB: HeaderValue = HeaderValue::from_static("model/gltf-binary");

/// The process that makes larger ones, from here.
const PROCESS: &str = "../../processes/extract";

/// What of the collection is wanted, and how.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct ExtractQuery {
    /// West, south, east, north in degrees of longitude and latitude (WGS 84).
    #[param(example = "24.950,60.168,24.956,60.171")]
    bbox: String,
    /// 1: a block for each building. 2: the full model.
    #[param(inline)]
    lod: Option<Level>,
    /// The file's zero: longitude and latitude in degrees and height above the ellipsoid in metres. Otherwise the middle of
    /// the box, on the ground. Boxes that share an edge and an origin fit.
    #[param(example = "24.9525,60.1695,22")]
    origin: Option<String>,
    /// Names of layers, separated by commas; otherwise all. The collection lists them.
    #[param(example = "buildings,terrain")]
    layers: Option<String>,
    /// Which buildings, trees and lamps belong to the box: those that have their middle in it, or those that touch it.
    /// They are never cut; ground is.
    #[param(inline)]
    objects: Option<Membership>,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
enum Level {
    #[schema(rename = "1")]
    Blocks,
    #[schema(rename = "2")]
    Full,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "the document alone reads it")]
enum Membership {
    Centred,
    Touching,
}

/// A box of the city as one GLB in metres: x east, y up, z south, a node for each building.
#[utoipa::path(get, path = "/collections/{collectionId}/extract", tag = "Downloads", operation_id = "getExtract",
    params(CollectionPath, ExtractQuery),
    responses((status = 200, description = "Core glTF 2.0; origin, reference system, licence and credits in asset.extras",
        body = Vec<u8>, content_type = "model/gltf-binary"),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "model/gltf-binary")))]
pub(crate) async fn extract(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    let served = app.collection(&name)?;
    let limits = &app.config.limits;
    let request = Request {
        limits: Limits {
            area_km2: f64::from(limits.extract_hectares) / 100.0,
            bytes: limits.extract_bytes as u64,
        },
        ..request(&uri)?
    };
    let (glb, hash) = made(&app, &served, &request).await?;
    let representation = Representation {
        hash: &hash,
        length: glb.len() as u64,
        codings: &[],
        media_type: GLB,
        cache: SHORT,
    };
    let mut response = representation
        .answer(&method, &headers, async |wanted| Ok(slice(&glb, &wanted.range)))
        .await;
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", file_name(&name, &request)))
    {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// What the query asks for. A parameter that nobody knows is an error: whoever misspells one would get another model
/// than they think.
fn request(uri: &Uri) -> Result<Request, Problem> {
    let unreadable = |_| {
        Problem::parameter(
            "bbox",
            "The query cannot be read. Write it as bbox=west,south,east,north&lod=2.",
        )
    };
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(unreadable)?;
    let known = ["bbox", "lod", "origin", "layers", "objects"];
    for (number, (name, _)) in pairs.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            let detail = format!("There is no such parameter here. There are {}.", known.join(", "));
            return Err(Problem::parameter(name.clone(), detail));
        }
        if pairs[..number].iter().any(|(earlier, _)| earlier == name) {
            return Err(Problem::parameter(
                name.clone(),
                format!("Give the parameter {name} once."),
            ));
        }
    }
    let value = |name: &str| {
        pairs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let bbox = value("bbox").and_then(numbers::<4>).ok_or_else(|| {
        let detail = "The parameter bbox must be four numbers in degrees: west,south,east,north, as 24.950,60.168,24.956,60.171.";
        Problem::parameter("bbox", detail)
    })?;
    let mut request = Request::new(bbox);
    if let Some(lod) = value("lod") {
        request.lod = lod.parse::<Lod>().map_err(|error| problem(&error))?;
    }
    if let Some(origin) = value("origin") {
        let wrong = || {
            let detail = "The parameter origin must be longitude and latitude in degrees and height above the ellipsoid in \
                          metres, as 24.9525,60.1695,22.";
            Problem::parameter("origin", detail)
        };
        request.origin = Some(numbers::<3>(origin).ok_or_else(wrong)?);
    }
    request.layers = value("layers").map(|layers| layers.split(',').map(str::to_owned).collect());
    request.objects = match value("objects") {
        None | Some("centred") => Objects::Centred,
        Some("touching") => Objects::Touching,
        Some(_) => {
            let detail = "The parameter objects must be centred or touching.";
            return Err(Problem::parameter("objects", detail));
        }
    };
    Ok(request)
}

/// Exactly so many finite numbers, separated by commas.
fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers: Option<Vec<f64>> = text
        .split(',')
        .map(|number| number.trim().parse().ok().filter(|number: &f64| number.is_finite()))
        .collect();
    numbers?.try_into().ok()
}

/// The file and its hash, from the cache or made now.
async fn made(app: &App, served: &Arc<Served>, request: &Request) -> Result<(Bytes, String), Problem> {
    let key = key(served, request);
    let hash_key = format!("{key}#hash");
    let cached = || {
        let hash = app.cache.get(&hash_key)?;
        Some((app.cache.get(&key)?, String::from_utf8_lossy(&hash).into_owned()))
    };
    if let Some(found) = cached() {
        return Ok(found);
    }
    let _place = app.workshop.extract().await?;
    if let Some(found) = cached() {
        return Ok(found);
    }
    let waiting = Waiting::default();
    let over = waiting.is_over();
    let mut request = request.clone();
    request.progress = Some(Arc::new(move |_| {
        if over.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }));
    let served = Arc::clone(served);
    let done = tokio::task::spawn_blocking(move || {
        let glb = extract::extract(&served.collection, &request)?.glb;
        let hash = blake3::hash(&glb).to_hex()[..16].to_owned();
        Ok::<_, Error>((Bytes::from(glb), hash))
    })
    .await;
    drop(waiting);
    let (glb, hash) = match done {
        Ok(done) => done.map_err(|error| or_ordered(&error, &app.config))?,
        Err(error) => {
            tracing::error!(%error, "making an extract was cut short");
            return Err(Problem::NOT_READABLE);
        }
    };
    app.cache.put(hash_key, Bytes::from(hash.clone()));
    app.cache.put(key, glb.clone());
    Ok((glb, hash))
}

/// What decides the bytes.
fn key(served: &Served, request: &Request) -> String {
    let mut layers = request.layers.clone();
    if let Some(layers) = &mut layers {
        layers.sort();
        layers.dedup();
    }
    format!(
        "extract/{}/{}/{:?}/{}/{:?}/{layers:?}/{}",
        served.collection.name(),
        served.pointer_hash,
        request.bbox,
        request.lod.number(),
        request.origin,
        request.objects.name(),
    )
}

fn file_name(collection: &str, request: &Request) -> String {
    let [west, south, ..] = request.bbox;
    let plain: String = collection
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    format!("{plain}-{west:.4}-{south:.4}-lod{}.glb", request.lod.number())
}

/// The error as a stranger may see it. What is too large for an answer may not be for a job: then the way there is named.
fn or_ordered(error: &Error, config: &Config) -> Problem {
    let (now, jobs) = (&config.limits, &config.jobs);
    let address = public::link(PROCESS);
    let way = match error {
        Error::TooLarge { area_km2, limit_km2 } if jobs.area_km2 > *limit_km2 => {
            if *area_km2 <= jobs.area_km2 {
                format!("Or order it as a job at {address}.")
            } else {
                format!(
                    "Boxes of up to {} km2 can be ordered as a job at {address}.",
                    jobs.area_km2
                )
            }
        }
        Error::TooManyBytes { .. } if jobs.extract_bytes > now.extract_bytes => format!(
            "Models of up to {} MB can be ordered as a job at {address}.",
            jobs.extract_bytes / 1_000_000
        ),
        _ => return problem(error),
    };
    Problem::of(StatusCode::PAYLOAD_TOO_LARGE, format!("{} {way}", sentence(error)))
        .about("bbox")
        .process(address)
}

/// What an error says, as a sentence.
fn sentence(error: &Error) -> String {
    let mut sentence = error.to_string();
    if let Some(first) = sentence.get(..1).map(str::to_ascii_uppercase) {
        sentence.replace_range(..1, &first);
    }
    sentence.push('.');
    sentence
}

/// The error as a stranger may see it, where nothing else can be done about it.
fn problem(error: &Error) -> Problem {
    let detail = sentence(error);
    match error {
        Error::Box { .. } => Problem::parameter("bbox", detail),
        Error::Origin { .. } => Problem::parameter("origin", detail),
        Error::Lod(_) => Problem::parameter("lod", detail),
        Error::Layer { .. } => Problem::parameter("layers", detail),
        Error::TooLarge { .. } | Error::TooManyBytes { .. } => {
            Problem::of(StatusCode::PAYLOAD_TOO_LARGE, detail).about("bbox")
        }
        Error::OutsideCity { .. } | Error::Empty { .. } => Problem::of(StatusCode::NOT_FOUND, detail).about("bbox"),
        // Nobody waits for the answer of what was stopped.
        Error::Stopped => Problem::NOT_READABLE,
        Error::Tile { .. } | Error::Container(_) | Error::Json(_) | Error::Store(_) => {
            tracing::error!(%error, "cannot make an extract");
            Problem::NOT_READABLE
        }
    }
}
