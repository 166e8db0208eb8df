//! What each address answers.

pub(crate) mod api;
pub(crate) mod archive;
pub(crate) mod blocks;
pub(crate) mod collections;
pub(crate) mod extract;
pub(crate) mod health;
pub(crate) mod items;
pub(crate) mod jobs;
pub(crate) mod landing;
pub(crate) mod metrics;
pub(crate) mod plain;
pub(crate) mod privacy;
pub(crate) mod processes;
pub(crate) mod queryables;
pub(crate) mod stats;
pub(crate) mod tiles;
pub(crate) mod viewer;

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use std::convert::Infallible;

/// The parameter that chooses a format whatever the client's `Accept` says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Format {
    f: Option<String>,
}

impl Format {
    /// The format asked for, if it is one of `offered`.
    fn checked(&self, offered: &[&str]) -> Result<Option<&str>, Problem> {
        match self.f.as_deref() {
            Some(f) if !offered.contains(&f) => Err(Problem::parameter(
                "f",
                format!("The parameter f must be {}.", offered.join(" or ")),
            )),
            f => Ok(f),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    /// Other parameters are nobody's business here; a query that cannot be read has none.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Query::try_from_uri(&parts.uri)
            .map(|Query(format)| format)
            .unwrap_or_default())
    }
}
