//! Features, many and one by one.

use crate::app::App;
use crate::crs::Crs;
use crate::document::{GEOJSON, tag, tagged_document};
use crate::features;
use crate::headers::SHORT;
use crate::items_query::{self, Parameters};
use crate::json::{self, Shown};
use crate::openapi::{
    CollectionPath, CommonProperties, Feature, FeatureCollection, FeatureParameters, FeaturePath, ItemsParameters,
};
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::response::Response;
use std::sync::Arc;

/// The system of an answer's coordinates (OGC 18-058r1, 6.4).
const CONTENT_CRS: HeaderName = HeaderName::from_static("content-crs");

/// Features as GeoJSON, a page at a time.
///
/// All layers of the city, buildings first; `layer=buildings` chooses one. Every property that the queryables name is a
/// parameter too; those that every collection has are listed here. `numberMatched` is left out above 10 000 matches and
/// where counting would take too long.
#[utoipa::path(get, path = "/collections/{collectionId}/items", tag = "Features", operation_id = "getFeatures",
    params(CollectionPath, ItemsParameters, CommonProperties),
    responses((status = 200, description = "A page of features", body = FeatureCollection,
        content_type = "application/geo+json",
        headers(("Content-Crs" = String, description = "The reference system of the coordinates")))))]
pub(crate) async fn items(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    let served = app.collection(&name)?;
    let parameters = Parameters::read(query.as_deref())?;
    parameters.format(&["json"])?;
    let crs = items_query::crs(&parameters, "crs", &served)?.uri();
    let tag = tag(&served, &["items", &name, query.as_deref().unwrap_or_default()]);
    let make = async || {
        let served = Arc::clone(&served);
        let find = move || features::page(&served, &parameters).map(|document| Bytes::from(document.to_string()));
        app.queries.run(find).await
    };
    let response = tagged_document(&method, &headers, &tag, GEOJSON, SHORT, make).await?;
    Ok(in_crs(response, &crs))
}

/// One feature as GeoJSON.
///
/// With its parts and the tiles that show it.
#[utoipa::path(get, path = "/collections/{collectionId}/items/{featureId}", tag = "Features", operation_id = "getFeature",
    params(FeaturePath, FeatureParameters),
    responses((status = 200, description = "The feature", body = Feature, content_type = "application/geo+json",
        headers(("Content-Crs" = String, description = "The reference system of the coordinates")))))]
pub(crate) async fn item(
    State(app): State<App>,
    address: Result<Path<(String, String)>, PathRejection>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((name, id)) = address.map_err(|_| Problem::NO_FEATURE)?;
    let served = app.collection(&name)?;
    let parameters = Parameters::read(query.as_deref())?;
    parameters.only(&["crs", "f"])?;
    parameters.format(&["json"])?;
    let crs = items_query::crs(&parameters, "crs", &served)?.uri();
    let tag = tag(&served, &["item", &name, &id, &crs]);
    let make = async || {
        let (served, crs) = (Arc::clone(&served), crs.clone());
        let find = move || {
            let (row, parts) = features::one(&served, &id)?;
            let shown = Shown {
                crs: Crs::named(&served, &crs).unwrap_or(Crs::Flat),
                geometry: true,
                properties: None,
            };
            Ok(Bytes::from(json::feature(&name, &row, &parts, &shown).to_string()))
        };
        app.queries.run(find).await
    };
    let response = tagged_document(&method, &headers, &tag, GEOJSON, SHORT, make).await?;
    Ok(in_crs(response, &crs))
}

fn in_crs(mut response: Response, uri: &str) -> Response {
    // Names of systems are always valid values.
    if let Ok(value) = HeaderValue::from_str(&format!("<{uri}>")) {
        response.headers_mut().insert(CONTENT_CRS, value);
    }
    response
}
