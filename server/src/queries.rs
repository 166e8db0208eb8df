//! Questions to the databases, a few at a time.
//!
//! A question may take a processor for a second. If everybody's ran at once, none would end in time and tiles would
//! wait behind them; so few run, some wait for a moment, and the rest are told when to come back.

use crate::problem::Problem;
use axum::http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a question waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);
/// After how many seconds a client that found no place may come back.
const COME_BACK: u64 = 2;

/// The places for questions.
pub(crate) struct Queries(Arc<Semaphore>);

impl Default for Queries {
    /// One for each processor, and at least two: one that is slow shall not stop the others.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self::new(processors.max(2))
    }
}

impl Queries {
    /// So many at once.
    pub(crate) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Does `work` on a thread that may block, when there is a place.
    ///
    /// # Errors
    /// 503 where no place became free, 500 where the work was cut short.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            let detail = "Too many questions are being answered. Ask again in a moment.";
            return Err(Problem::of(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(COME_BACK));
        };
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a query was cut short");
            Err(Problem::NOT_READABLE)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_finds_no_place_is_told_when_to_come_back() {
        let queries = Arc::new(Queries::new(1));
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let other = Arc::clone(&queries);
        let slow = tokio::spawn(async move { other.run(move || Ok(wait.recv().is_ok())).await });
        while queries.0.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = queries.run(|| Ok(())).await.unwrap_err();
        let expected = Problem::of(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many questions are being answered. Ask again in a moment.",
        );
        assert_eq!(refused, expected.retry_after(COME_BACK));
        release.send(()).unwrap();
        assert!(slow.await.unwrap().unwrap());
        assert!(queries.run(|| Ok(true)).await.unwrap());
    }
}
