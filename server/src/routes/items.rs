//! Features, one by one.

use super::Format;
use crate::app::App;
use crate::document::{GEOJSON, document};
use crate::headers::SHORT;
use crate::json;
use crate::openapi::{FeaturePath, JsonOnly, Links};
use crate::problem::Problem;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

/// One feature as GeoJSON.
#[utoipa::path(get, path = "/collections/{collectionId}/items/{featureId}", tag = "Features", operation_id = "getFeature",
    params(FeaturePath, JsonOnly),
    responses((status = 200, description = "The feature", body = Links, content_type = "application/geo+json")))]
pub(crate) async fn item(
    State(app): State<App>,
    address: Result<Path<(String, String)>, PathRejection>,
    format: Format,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    format.checked(&["json"])?;
    let Path((name, id)) = address.map_err(|_| Problem::NO_FEATURE)?;
    let served = app.collection(&name)?;
    let found = tokio::task::spawn_blocking(move || {
        let row = served.collection.feature(&id)?;
        let parts = row.as_ref().map(|row| served.collection.parts(&row.id)).transpose()?;
        Ok::<_, store::Error>(row.zip(parts))
    });
    let (row, parts) = match found.await {
        Ok(Ok(found)) => found.ok_or(Problem::NO_FEATURE)?,
        Ok(Err(error)) => {
            tracing::error!(%error, "cannot read a feature");
            return Err(Problem::NOT_READABLE);
        }
        Err(error) => {
            tracing::error!(%error, "reading a feature was cut short");
            return Err(Problem::NOT_READABLE);
        }
    };
    let body = json::feature(&name, &row, &parts).to_string();
    Ok(document(&method, &headers, body, GEOJSON, SHORT).await)
}
