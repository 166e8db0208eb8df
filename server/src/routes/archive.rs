//! A collection as one file.

use crate::app::App;
use crate::archive::{Archive, MEDIA_TYPE};
use crate::headers::SHORT;
use crate::openapi::CollectionPath;
use crate::problem::Problem;
use crate::representation::{Representation, Wanted};
use crate::shelf::Served;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use std::sync::Arc;
use tokio_util::io::ReaderStream;

const ARCHIVE: HeaderValue = HeaderValue::from_static(MEDIA_TYPE);
/// How far reading goes before sending.
const AHEAD: usize = 256 << 10;

/// The tileset as one file, to be opened without a server.
#[utoipa::path(get, path = "/collections/{collectionId}/3dtiles.3tz", tag = "Downloads", operation_id = "getArchive",
    params(CollectionPath),
    responses((status = 200, description = "A 3D Tiles archive (3TZ 1.3), which is a zip", body = Vec<u8>,
        content_type = "application/vnd.maxar.archive.3tz+zip"),
        (status = 206, description = "The part that was asked for", body = Vec<u8>,
        content_type = "application/vnd.maxar.archive.3tz+zip")))]
pub(crate) async fn archive(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(|_| Problem::NO_COLLECTION)?;
    let served = app.collection(&name)?;
    let archive = laid_out(&app, &served).await?;
    let representation = Representation {
        hash: &archive.hash,
        length: archive.length(),
        codings: &[],
        media_type: ARCHIVE,
        cache: SHORT,
    };
    let send = async |wanted: Wanted| Ok(stream(Arc::clone(&archive), Arc::clone(&served), wanted));
    let mut response = representation.answer(&method, &headers, send).await;
    let plain: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .collect();
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{plain}.3tz\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// The archive of a generation, laid out now or before.
async fn laid_out(app: &App, served: &Arc<Served>) -> Result<Arc<Archive>, Problem> {
    let _place = app.workshop.tile().await?;
    if let Some(known) = app.workshop.archive(&served.pointer_hash) {
        return Ok(known);
    }
    let of = Arc::clone(served);
    let made = tokio::task::spawn_blocking(move || Archive::of(&of.collection)).await;
    match made {
        Ok(Ok(archive)) => Ok(app.workshop.keep(&served.pointer_hash, archive)),
        Ok(Err(error)) => {
            tracing::error!(%error, "cannot lay an archive out");
            Err(Problem::NOT_READABLE)
        }
        Err(error) => {
            tracing::error!(%error, "laying an archive out was cut short");
            Err(Problem::NOT_READABLE)
        }
    }
}

/// Sends a part of the archive, file by file. The generation stays open meanwhile.
fn stream(archive: Arc<Archive>, served: Arc<Served>, wanted: Wanted) -> Body {
    let (mut near, far) = tokio::io::duplex(AHEAD);
    tokio::spawn(async move {
        let sent = archive.write(wanted.range, &mut near).await;
        match sent {
            Ok(()) => {}
            // The client went away.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
            // The answer ends before its length, and the connection with it: so the client knows.
            Err(error) => tracing::error!(%error, "an archive was cut off"),
        }
        drop(served);
    });
    Body::from_stream(ReaderStream::with_capacity(far, AHEAD))
}
