//! What a page may say at the start.

use crate::gpu::{Gpu, Quality};
use serde::Deserialize;
use session::strings::Language;
use tiles::select::Options;

/// What a page may say at the start.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageOptions {
    pub(super) url: String,
    #[serde(default)]
    pub(super) language: Language,
    #[serde(default)]
    pub(super) backend: Backend,
    #[serde(default)]
    quality: Level,
    maximum_screen_space_error: Option<f64>,
    byte_budget: Option<u64>,
    maximum_requests: Option<usize>,
}

/// By what to draw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Backend {
    #[default]
    Auto,
    Webgpu,
    Webgl2,
}

/// How well to draw.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    #[default]
    Auto,
    High,
    Low,
}

/// Budget of a page that names none: phones share it with everything else that is open.
const BYTE_BUDGET: u64 = 256 << 20;
/// Requests at once of a page that names no number.
const REQUESTS: usize = 12;

impl PageOptions {
    pub(super) fn selection(&self) -> Options {
        let usual = Options::default();
        let error = self
            .maximum_screen_space_error
            .filter(|error| error.is_finite() && *error > 0.0);
        Options {
            maximum_screen_space_error: error.unwrap_or(usual.maximum_screen_space_error),
            maximum_bytes: self.byte_budget.unwrap_or(BYTE_BUDGET),
            maximum_requests: self.maximum_requests.unwrap_or(REQUESTS).max(1),
            ..usual
        }
    }

    pub(super) fn quality(&self, gpu: &Gpu) -> Quality {
        match self.quality {
            Level::Auto => gpu.quality(),
            Level::High => Quality::HIGH,
            Level::Low => Quality::LOW,
        }
    }
}
