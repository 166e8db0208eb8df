//! What became of an order (OGC 18-062r2, clauses 7.12 to 7.14 and 11).
//!
//! A job's address holds its token and is known to nobody but who ordered it. So nothing here tells of the jobs of
//! others, and the list of jobs is empty for everybody.

use super::Format;
use super::processes::tenths;
use super::tiles::stream;
use crate::app::App;
use crate::document::{JSON, document};
use crate::headers::{NO_STORE, SHORT};
use crate::jobs::{Phase, View};
use crate::json::link;
use crate::openapi::{JsonOnly, Links};
use crate::problem::Problem;
use crate::public;
use crate::representation::Representation;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde_json::{Map, Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

/// What leads to the results.
const RESULTS: &str = "http://www.opengis.net/def/rel/ogc/1.0/results";
/// The kinds of problems that the standard names.
const NO_SUCH_JOB: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-job";
const NOT_READY: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/result-not-ready";
/// How often a stream of events looks for something new.
const LOOK: Duration = Duration::from_millis(300);

/// The address of a job.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct JobPath {
    /// The job's secret, as `Location` said when it was ordered.
    jobId: String,
}

/// The address of a result.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct ResultPath {
    /// The job's secret, as `Location` said when it was ordered.
    jobId: String,
    /// The result's name, as the results list it.
    name: String,
}

/// Why the list of jobs is empty.
#[utoipa::path(get, path = "/jobs", tag = "Processes", operation_id = "getJobs", params(JsonOnly),
    responses((status = 200, description = "An empty list: a job is known to nobody but who ordered it", body = Links)))]
pub(crate) async fn jobs(format: Format, method: Method, headers: HeaderMap) -> Result<Response, Problem> {
    format.checked(&["json"])?;
    let body = json!({
        "description": "A job is known to nobody but who ordered it: its address is the secret that Location said then. So there is nothing to list.",
        "jobs": [],
        "links": [
            link("jobs", "self", "application/json", "This document"),
            link("processes", "up", "application/json", "What can be ordered"),
        ],
    });
    Ok(document(&method, &headers, body.to_string(), JSON, SHORT).await)
}

/// How far a job is.
#[utoipa::path(get, path = "/jobs/{jobId}", tag = "Processes", operation_id = "getStatus", params(JobPath, JsonOnly),
    responses((status = 200, description = "How far it is", body = Links)))]
pub(crate) async fn job(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    format: Format,
) -> Result<Response, Problem> {
    format.checked(&["json"])?;
    let Path(token) = token.map_err(|_| no_job())?;
    let view = app.jobs.view(&token).ok_or_else(no_job)?;
    Ok(jobs_answer(StatusCode::OK, &status_info(&token, &view, "")))
}

/// Lets go of a job: others who ordered the same go on.
#[utoipa::path(delete, path = "/jobs/{jobId}", tag = "Processes", operation_id = "dismiss", params(JobPath),
    responses((status = 200, description = "It is dismissed and its address is gone", body = Links)))]
pub(crate) async fn dismiss(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(token) = token.map_err(|_| no_job())?;
    let jobs = Arc::clone(&app.jobs);
    let known = token.clone();
    let dismissed = tokio::task::spawn_blocking(move || jobs.dismiss(&known)).await;
    let view = dismissed.map_err(|_| Problem::NOT_READABLE)?.ok_or_else(no_job)?;
    let mut body = status_info(&token, &view, "");
    body["status"] = json!("dismissed");
    body["message"] = json!("Dismissed. Its address is gone.");
    body["links"] = json!([link("../processes", "up", "application/json", "What can be ordered")]);
    Ok(jobs_answer(StatusCode::OK, &body))
}

/// Tells how far a job is whenever that changes, as Server-Sent Events.
#[utoipa::path(get, path = "/jobs/{jobId}/events", tag = "Processes", operation_id = "getEvents", params(JobPath),
    responses((status = 200, description = "The status whenever it changes, until the job's end", body = String,
        content_type = "text/event-stream")))]
pub(crate) async fn events(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(token) = token.map_err(|_| no_job())?;
    app.jobs.view(&token).ok_or_else(no_job)?;
    let busy = || {
        let detail = "Too many are following their jobs. Ask for the status from time to time instead.";
        Problem::of(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5)
    };
    let seat = app.jobs.follow().ok_or_else(busy)?;
    let following = Following {
        app,
        token,
        address: public::here(),
        last: String::new(),
        over: false,
    };
    let events = unfold((following, seat), async |(mut following, seat)| {
        let event = following.next().await?;
        Some((Ok::<_, Infallible>(event), (following, seat)))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, NO_STORE);
    // Proxies that gather answers would gather this one to its end.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

/// Somebody who follows a job.
struct Following {
    app: App,
    token: String,
    /// The public address of the events, if there is one.
    address: Option<Url>,
    last: String,
    over: bool,
}

impl Following {
    /// The next event; none after the job's end, and when the server stops.
    async fn next(&mut self) -> Option<Event> {
        while !self.over && !self.app.draining.load(Ordering::Relaxed) {
            let status = if let Some(view) = self.app.jobs.view(&self.token) {
                self.over = view.record.phase.is_over();
                let mut status = status_info(&self.token, &view, "../");
                if let Some(address) = &self.address {
                    public::resolve(&mut status, address);
                }
                status.to_string()
            } else {
                self.over = true;
                json!({ "jobID": self.token, "type": "process", "status": "dismissed" }).to_string()
            };
            if status != self.last {
                self.last.clone_from(&status);
                return Some(Event::default().event("status").data(status));
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }
}

/// What came of a job.
#[utoipa::path(get, path = "/jobs/{jobId}/results", tag = "Processes", operation_id = "getResult",
    params(JobPath, JsonOnly),
    responses((status = 200, description = "The results by output", body = Object),
        (status = 204, description = "The results as links, where `response` was `raw`")))]
pub(crate) async fn results(
    State(app): State<App>,
    token: Result<Path<String>, PathRejection>,
    format: Format,
) -> Result<Response, Problem> {
    format.checked(&["json"])?;
    let Path(token) = token.map_err(|_| no_job())?;
    let view = app.jobs.view(&token).ok_or_else(no_job)?;
    check_successful(&view)?;
    let made = &view.record.results;
    if view.holder.raw {
        let mut response = (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, NO_STORE)]).into_response();
        for made in made {
            let link = format!(
                "<{}>; rel=\"{}\"; type=\"{}\"",
                public::link(&format!("results/{}", made.file)),
                made.output,
                made.media_type
            );
            response
                .headers_mut()
                .extend(HeaderValue::from_str(&link).ok().map(|link| (header::LINK, link)));
        }
        return Ok(response);
    }
    let results: Map<String, Value> = made
        .iter()
        .map(|made| {
            let mut result = link(
                public::link(&format!("results/{}", made.file)),
                "item",
                &made.media_type,
                &made.download,
            );
            result["length"] = json!(made.bytes);
            (made.output.clone(), result)
        })
        .collect();
    Ok(jobs_answer(StatusCode::OK, &Value::Object(results)))
}

/// One result.
#[utoipa::path(get, path = "/jobs/{jobId}/results/{name}", tag = "Processes", operation_id = "getResultFile",
    params(ResultPath),
    responses((status = 200, description = "The file; its bytes never change",
        content((Vec<u8> = "application/zip"), (Vec<u8> = "model/gltf-binary"),
            (Vec<u8> = "application/vnd.maxar.archive.3tz+zip"))),
        (status = 206, description = "The part that was asked for",
        content((Vec<u8> = "application/zip"), (Vec<u8> = "model/gltf-binary"),
            (Vec<u8> = "application/vnd.maxar.archive.3tz+zip")))))]
pub(crate) async fn result(
    State(app): State<App>,
    address: Result<Path<(String, String)>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path((token, name)) = address.map_err(|_| no_job())?;
    let view = app.jobs.view(&token).ok_or_else(no_job)?;
    check_successful(&view)?;
    let no_result = || {
        Problem::of(
            StatusCode::NOT_FOUND,
            "The job has no such result. See its results for those there are.",
        )
    };
    let found = app.jobs.result(&token, &name).ok_or_else(no_result)?;
    let cache = HeaderValue::from_str(&format!("private, max-age={}, immutable", found.kept)).unwrap_or(NO_STORE);
    let representation = Representation {
        hash: &found.made.hash,
        length: found.made.bytes,
        codings: &[],
        media_type: HeaderValue::from_str(&found.made.media_type)
            .unwrap_or(HeaderValue::from_static("application/octet-stream")),
        cache,
    };
    let path = found.path;
    let mut response = representation
        .answer(&method, &headers, |wanted| stream(path, wanted))
        .await;
    let disposition = format!("attachment; filename=\"{}\"", found.made.download);
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

fn check_successful(view: &View) -> Result<(), Problem> {
    match view.record.phase {
        Phase::Successful => Ok(()),
        Phase::Failed => {
            let reason = view.record.reason.clone().unwrap_or_default();
            Err(Problem::of(StatusCode::INTERNAL_SERVER_ERROR, reason))
        }
        Phase::Accepted | Phase::Running => {
            let problem = Problem::of(StatusCode::NOT_FOUND, "There are no results yet: the job is not done.");
            Err(problem
                .of_type(NOT_READY)
                .retry_after(view.seconds.unwrap_or_default().clamp(1.0, 600.0) as u64))
        }
    }
}

fn no_job() -> Problem {
    Problem::of(
        StatusCode::NOT_FOUND,
        "There is no such job. It was dismissed, its results are no longer kept, or there never was one.",
    )
    .of_type(NO_SUCH_JOB)
}

/// A job as `statusInfo.yaml` has it; `base` leads from the document's address to the jobs.
pub(crate) fn status_info(token: &str, view: &View, base: &str) -> Value {
    let record = &view.record;
    let mut info = json!({
        "processID": record.process,
        "type": "process",
        "jobID": token,
        "status": record.phase.code(),
        "message": message(view),
        "created": date(view.holder.created),
        "updated": date(record.finished.or(record.started).unwrap_or(record.created).max(view.holder.created)),
        "progress": view.progress,
        "collection": record.collection,
        "inputs": record.inputs,
        "estimate": estimate(view),
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            info[name] = value;
        }
    };
    set("started", record.started.map(|at| json!(date(at))));
    set("finished", record.finished.map(|at| json!(date(at))));
    set("expires", view.expires.map(|at| json!(date(at))));
    set("secondsLeft", view.seconds.map(|seconds| json!(tenths(seconds))));
    let mut links = vec![
        link(format!("{base}{token}"), "self", "application/json", "This job"),
        link(
            format!("{base}{token}/events"),
            "monitor",
            "text/event-stream",
            "How far it is, as it happens",
        ),
    ];
    if record.phase == Phase::Successful {
        links.push(link(
            format!("{base}{token}/results"),
            RESULTS,
            "application/json",
            "The results",
        ));
        links.extend(record.results.iter().map(|made| {
            let href = format!("{base}{token}/results/{}", made.file);
            let mut link = link(href, "enclosure", &made.media_type, &made.download);
            link["length"] = json!(made.bytes);
            link
        }));
    }
    info["links"] = Value::Array(links);
    info
}

fn estimate(view: &View) -> Value {
    let estimate = &view.record.estimate;
    let mut members = estimate.details.as_object().cloned().unwrap_or_default();
    members.insert("bytes".to_owned(), json!(estimate.bytes));
    Value::Object(members)
}

fn message(view: &View) -> String {
    let seconds = view.seconds.unwrap_or_default().ceil();
    match (view.record.phase, view.ahead) {
        (Phase::Accepted, 0) => "Waiting for its turn; it is the next.".to_owned(),
        (Phase::Accepted, ahead) => format!("Waiting for its turn; {ahead} come before it."),
        (Phase::Running, _) => format!("Being made; about {seconds} s are left."),
        (Phase::Successful, _) => "Done.".to_owned(),
        (Phase::Failed, _) => view.record.reason.clone().unwrap_or_default(),
    }
}

fn date(seconds: u64) -> String {
    let date = OffsetDateTime::from_unix_timestamp(seconds as i64).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    date.format(&Rfc3339).unwrap_or_default()
}

/// An answer about jobs: nobody may keep it.
pub(crate) fn jobs_answer(status: StatusCode, body: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, NO_STORE)];
    let body = body.to_string().into_bytes();
    let body = public::absolute(&body).unwrap_or(body);
    (status, headers, body).into_response()
}
