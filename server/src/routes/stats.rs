//! How much the city is used, for everybody.

#![allow(unused_qualifications, reason = "what `utoipa` derives names types by their path")]

use crate::app::App;
use crate::document::{HTML, JSON, document};
use crate::headers::{SHORT, vary};
use crate::language::Language;
use crate::problem::Problem;
use crate::stats::{Comparison, MOST_DAYS, Range, Summary};
use crate::uses::{read_date, today};
use crate::{accept, stats};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use serde::Deserialize;
use time::Duration;
use utoipa::IntoParams;

/// Nothing but its own style, and a form that asks this server.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'self'",
);
/// What is shown unless days are named.
const USUAL_DAYS: i64 = 30;

/// Which days, and how they are shown.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatsQuery {
    /// The first day, as 2026-11-23 (UTC); otherwise thirty days are shown.
    from: Option<String>,
    /// The last day, as 2026-11-23 (UTC); otherwise today.
    to: Option<String>,
    /// One collection alone.
    collection: Option<String>,
    /// What the days are compared with: `previous`, as many days right before, or `year`, the same 52 weeks earlier.
    compare: Option<String>,
    /// The language of the page: `fi`, `sv` or `en`.
    lang: Option<String>,
    /// The format of the answer, whatever `Accept` says: `json` or `html`.
    f: Option<String>,
}

impl StatsQuery {
    fn range(&self) -> Result<Range, Problem> {
        let date = |name: &'static str, text: Option<&str>| match text.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => read_date(text)
                .map(Some)
                .ok_or_else(|| Problem::parameter(name, format!("The parameter {name} must be a day as 2026-11-23."))),
        };
        let to = date("to", self.to.as_deref())?.unwrap_or_else(today);
        let usual = to.saturating_sub(Duration::days(USUAL_DAYS - 1));
        let from = date("from", self.from.as_deref())?.unwrap_or(usual);
        let comparison = match self.compare.as_deref() {
            None | Some("" | "previous") => Comparison::Previous,
            Some("year") => Comparison::Year,
            Some(_) => {
                let detail = "The parameter compare must be previous or year.";
                return Err(Problem::parameter("compare", detail));
            }
        };
        let range = Range { from, to, comparison };
        if from > to || range.days() > MOST_DAYS {
            let detail = format!("The parameter from must not be after to, nor more than {MOST_DAYS} days before it.");
            return Err(Problem::parameter("from", detail));
        }
        Ok(range)
    }
}

/// The language of a page: the parameter's, or the one that the client likes.
pub(crate) fn language(lang: Option<&str>, headers: &HeaderMap) -> Result<Language, Problem> {
    match lang.filter(|lang| !lang.is_empty()) {
        None => Ok(Language::accepted(headers)),
        Some(lang) => {
            Language::of(lang).ok_or_else(|| Problem::parameter("lang", "The parameter lang must be fi, sv or en."))
        }
    }
}

/// The same answer, said to depend on language and format.
pub(crate) fn varying(mut response: Response) -> Response {
    vary(&mut response, "Accept");
    vary(&mut response, "Accept-Language");
    response
}

/// Use of the city by day: counts and nothing else.
#[utoipa::path(get, path = "/stats", tag = "Operation", operation_id = "getUse",
    params(StatsQuery),
    responses((status = 200, description = "Counts by day, collection and kind of use", content(
        (serde_json::Value = "application/json"), (String = "text/html")))))]
pub(crate) async fn figures(
    State(app): State<App>,
    query: Result<Query<StatsQuery>, QueryRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|_| {
        let detail = "The parameters are from, to, collection, compare, lang and f, each at most once.";
        Problem::of(axum::http::StatusCode::BAD_REQUEST, detail)
    })?;
    let language = language(query.lang.as_deref(), &headers)?;
    if !matches!(query.f.as_deref(), None | Some("json" | "html")) {
        return Err(Problem::parameter("f", "The parameter f must be json or html."));
    }
    let range = query.range()?;
    let collections = app.shelf.current();
    let chosen = query.collection.as_deref().filter(|name| !name.is_empty());
    if let Some(name) = chosen {
        app.collection(name).map_err(|problem| problem.about("collection"))?;
    }
    let summary = Summary::of(&app.uses, range, chosen);
    let response = if accept::wants_html(&headers, query.f.as_deref()) {
        let title = |served: &crate::shelf::Served| served.collection.pointer().title.clone();
        let titles = collections.iter().map(|(name, served)| (name.clone(), title(served)));
        let page = stats::stats(&summary, &titles.collect::<Vec<_>>(), chosen, language);
        let mut response = document(&method, &headers, page, HTML, SHORT).await;
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, POLICY);
        response
    } else {
        document(&method, &headers, summary.json().to_string(), JSON, SHORT).await
    };
    Ok(varying(response))
}
