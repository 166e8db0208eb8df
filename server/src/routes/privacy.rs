//! What the server keeps of its visitors.

#![allow(unused_qualifications, reason = "what `utoipa` derives names types by their path")]

use super::stats::{POLICY, language, varying};
use crate::app::App;
use crate::document::{HTML, document};
use crate::headers::SHORT;
use crate::problem::Problem;
use crate::stats;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

/// How the page is shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PrivacyQuery {
    /// The language of the page: `fi`, `sv` or `en`.
    lang: Option<String>,
}

/// What is kept of visitors and what is not.
#[utoipa::path(get, path = "/privacy", tag = "Operation", operation_id = "getPrivacy",
    params(PrivacyQuery),
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(crate) async fn privacy(
    State(app): State<App>,
    query: Result<Query<PrivacyQuery>, QueryRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let lang = query.ok().and_then(|Query(query)| query.lang);
    let language = language(lang.as_deref(), &headers)?;
    let page = stats::privacy(app.uses.are_kept(), app.config.log.requests, language);
    let mut response = document(&method, &headers, page, HTML, SHORT).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
    Ok(varying(response))
}
