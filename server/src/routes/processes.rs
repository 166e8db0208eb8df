//! What can be made to order, and ordering it (OGC 18-062r2, clauses 7.9 to 7.11).

use super::Format;
use super::jobs::{jobs_answer, status_info};
use crate::Limits;
use crate::app::App;
use crate::document::{JSON, document};
use crate::headers::SHORT;
use crate::jobs::{Process, Quote, Refusal};
use crate::json::link;
use crate::openapi::{JsonOnly, Links};
use crate::problem::{EXECUTE, Problem};
use crate::public;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// What kind of problem a process that there is not is.
const NO_SUCH_PROCESS: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process";

/// The address of a process.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct ProcessPath {
    /// The process's name, as `/processes` lists it.
    processId: String,
}

/// What may be said beside an order.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Estimating {
    /// `true`: nothing is made; the answer says what it would take.
    estimate: Option<bool>,
}

/// An order (`execute.yaml`).
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Execute {
    /// Values by the names that the process describes.
    #[schema(value_type = Object)]
    inputs: Value,
    /// The outputs that are wanted; all of them where it is left out.
    #[schema(value_type = Object)]
    outputs: Option<Value>,
    /// `document` (where it is left out): the results are listed; `raw`: links to them alone.
    response: Option<String>,
}

/// Every process.
#[utoipa::path(get, path = "/processes", tag = "Processes", operation_id = "getProcesses", params(JsonOnly),
    responses((status = 200, description = "What can be made to order", body = Links)))]
pub(crate) async fn processes(
    State(app): State<App>,
    format: Format,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    format.checked(&["json"])?;
    let summary = |process: &dyn Process| {
        let mut summary = summary(process);
        summary["links"] = json!([link(
            format!("processes/{}", process.id()),
            "self",
            "application/json",
            process.about()[0]
        )]);
        summary
    };
    let body = json!({
        "processes": app.jobs.processes().iter().map(|process| summary(process.as_ref())).collect::<Vec<_>>(),
        "links": [
            link("processes", "self", "application/json", "This document"),
            link("blocks", "alternate", "text/html", "Ordering a block world, for people"),
        ],
    });
    Ok(document(&method, &headers, body.to_string(), JSON, SHORT).await)
}

fn summary(process: &dyn Process) -> Value {
    let [title, description] = process.about();
    json!({
        "id": process.id(),
        "title": title,
        "description": description,
        "version": env!("CARGO_PKG_VERSION"),
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["reference"],
    })
}

/// One process with its inputs and outputs.
#[utoipa::path(get, path = "/processes/{processId}", tag = "Processes", operation_id = "getProcessDescription",
    params(ProcessPath, JsonOnly),
    responses((status = 200, description = "The process, its inputs and outputs", body = Links)))]
pub(crate) async fn process(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    format: Format,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    format.checked(&["json"])?;
    let Path(id) = id.map_err(|_| no_process())?;
    let process = app.jobs.process(&id).ok_or_else(no_process)?;
    let interface = process.interface();
    let mut body = summary(process);
    body["inputs"] = interface.inputs;
    body["outputs"] = interface.outputs;
    body["links"] = json!([
        link(process.id(), "self", "application/json", process.about()[0]),
        link(
            format!("{}/execution", process.id()),
            EXECUTE,
            "application/json",
            "Order it"
        ),
    ]);
    Ok(document(&method, &headers, body.to_string(), JSON, SHORT).await)
}

/// Takes an order, or says what it would take.
#[utoipa::path(post, path = "/processes/{processId}/execution", tag = "Processes", operation_id = "execute",
    params(ProcessPath, Estimating), request_body = Execute,
    responses((status = 200, description = "What it would take", body = Object),
        (status = 201, description = "The order is taken; Location is the job's address, which is a secret", body = Links)))]
pub(crate) async fn execute(
    State(app): State<App>,
    id: Result<Path<String>, PathRejection>,
    Query(query): Query<HashMap<String, String>>,
    request: Request,
) -> Result<Response, Problem> {
    let Path(id) = id.map_err(|_| no_process())?;
    app.jobs.process(&id).ok_or_else(no_process)?;
    let estimate = match query.get("estimate").map(String::as_str) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            return Err(Problem::parameter(
                "estimate",
                "The parameter estimate must be true or false.",
            ));
        }
    };
    let prefers = prefers_async(request.headers());
    let order = read_order(request, &app.config.limits).await?;
    if estimate {
        return quoted(&app, id, order).await;
    }
    let raw = is_raw(&order)?;
    let jobs = Arc::clone(&app.jobs);
    let ordered = tokio::task::spawn_blocking(move || {
        let token = jobs.submit(&id, &inputs(&order)?, raw).map_err(problem)?;
        let view = jobs.view(&token);
        Ok::<_, Problem>((token, view))
    });
    let (token, view) = ordered.await.map_err(|error| cut_short(&error))??;
    let view = view.ok_or(Problem::NOT_READABLE)?;
    let mut response = jobs_answer(StatusCode::CREATED, &status_info(&token, &view, "../../jobs/"));
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(&public::link(&format!("../../jobs/{token}"))) {
        headers.insert(header::LOCATION, location);
    }
    if prefers {
        headers.insert("preference-applied", HeaderValue::from_static("respond-async"));
    }
    Ok(response)
}

/// Whether the client asks for an answer before the work is done (RFC 7240, 4.1). It gets one in any case: every process
/// here is done asynchronously only.
fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all("prefer")
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|preference| {
        preference
            .split(';')
            .next()
            .is_some_and(|name| name.trim().eq_ignore_ascii_case("respond-async"))
    })
}

/// The body as an object.
async fn read_order(request: Request<Body>, limits: &Limits) -> Result<Map<String, Value>, Problem> {
    let media_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = media_type
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::of(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "An order is a JSON object; its Content-Type must be application/json.",
        ));
    }
    let read = tokio::time::timeout(limits.body_timeout, to_bytes(request.into_body(), limits.body_bytes));
    let late = |_| Problem::of(StatusCode::REQUEST_TIMEOUT, "The order did not come in time.");
    let long = |_| {
        let detail = format!("An order may have at most {} bytes.", limits.body_bytes);
        Problem::of(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    let bytes = read.await.map_err(late)?.map_err(long)?;
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(order)) => Ok(order),
        _ => Err(Problem::of(
            StatusCode::BAD_REQUEST,
            "The order is not a JSON object. It should look like {\"inputs\": {\"bbox\": [west, south, east, north]}}.",
        )),
    }
}

/// The member `inputs`, once the others are checked.
fn inputs(order: &Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let outputs = order.get("outputs").filter(|outputs| !outputs.is_null());
    if let Some(outputs) = outputs {
        check_outputs(outputs)?;
    }
    match order.get("inputs") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(inputs)) => Ok(inputs.clone()),
        Some(_) => Err(Problem::parameter(
            "inputs",
            "The member inputs must be an object of values by name.",
        )),
    }
}

fn check_outputs(outputs: &Value) -> Result<(), Problem> {
    let Some(outputs) = outputs.as_object() else {
        return Err(Problem::parameter(
            "outputs",
            "The member outputs must be an object by the outputs' names.",
        ));
    };
    let by_value = |output: &Value| output.get("transmissionMode").is_some_and(|mode| mode != "reference");
    match outputs.iter().find(|(_, output)| by_value(output)) {
        Some(_) => Err(Problem::parameter(
            "outputs",
            "Results are handed over by reference: transmissionMode must be \"reference\" or left out.",
        )),
        None => Ok(()),
    }
}

fn is_raw(order: &Map<String, Value>) -> Result<bool, Problem> {
    match order.get("response") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::String(response)) if response == "document" => Ok(false),
        Some(Value::String(response)) if response == "raw" => Ok(true),
        Some(_) => Err(Problem::parameter(
            "response",
            "The member response must be \"document\" or \"raw\".",
        )),
    }
}

async fn quoted(app: &App, id: String, order: Map<String, Value>) -> Result<Response, Problem> {
    let jobs = Arc::clone(&app.jobs);
    let quoting = tokio::task::spawn_blocking(move || {
        let _leave = jobs.may_estimate().map_err(problem)?;
        jobs.quote(&id, &inputs(&order)?).map_err(problem)
    });
    let Quote {
        estimate,
        inputs,
        collection,
        seconds,
        wait,
    } = quoting.await.map_err(|error| cut_short(&error))??;
    let mut body = json!({
        "collection": collection,
        "inputs": inputs,
        "bytes": estimate.bytes,
        "seconds": tenths(seconds),
        "secondsToWait": tenths(wait),
    });
    if let (Some(body), Value::Object(details)) = (body.as_object_mut(), estimate.details) {
        body.extend(details);
    }
    Ok(jobs_answer(StatusCode::OK, &body))
}

/// Seconds to a tenth: nobody knows more before.
pub(crate) fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).ceil() / 10.0
}

fn cut_short(error: &tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "taking an order was cut short");
    Problem::NOT_READABLE
}

fn no_process() -> Problem {
    Problem::of(
        StatusCode::NOT_FOUND,
        "There is no such process. See /processes for those there are.",
    )
    .of_type(NO_SUCH_PROCESS)
}

/// What a refusal means to a client.
fn problem(refusal: Refusal) -> Problem {
    let busy =
        |detail: &'static str, seconds: u64| Problem::of(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(seconds);
    match refusal {
        Refusal::Input { name, reason } => {
            let detail = format!("The input {name} cannot be used: {reason}.");
            Problem::parameter(name, detail.replace("..", "."))
        }
        Refusal::NoProcess => no_process(),
        Refusal::Busy { seconds } => busy("Too many others are waiting. Ask again in a while.", seconds),
        Refusal::NoRoom { seconds } => busy(
            "There is no room for more results until older ones are dropped. Ask again in a while, or for a smaller part.",
            seconds,
        ),
        Refusal::Disk => busy("The server's disk takes nothing more. The operator has been told.", 600),
        Refusal::Inside => Problem::NOT_READABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_found_among_others() {
        let prefers = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("prefer", HeaderValue::from_static(value));
            prefers_async(&headers)
        };
        assert!(prefers("respond-async"));
        assert!(prefers("return=minimal, Respond-Async; wait=10"));
        assert!(!prefers("wait=10"));
        assert!(!prefers_async(&HeaderMap::new()));
    }
}
