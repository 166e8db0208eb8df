//! The log of a server that runs for years.
//!
//! A line for each of ten thousand requests a second, written one by one, costs as much as the requests; so lines are
//! gathered and written together, and at once when one of them is a warning. A disk that fails makes the same warning
//! for every request; so of each kind some are written and the rest are counted.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Filter};

/// How long a line waits at most.
const WAIT: Duration = Duration::from_millis(250);
/// How many bytes of lines are written together.
const TOGETHER: usize = 32 << 10;
/// How many warnings of one kind are written in [`SPAN`].
const MOST: u32 = 20;
const SPAN: Duration = Duration::from_mins(1);

/// Lines on their way to standard error.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Begins to write them from a thread of its own.
    pub(crate) fn begin() -> io::Result<Self> {
        let lines = Self::default();
        let here = lines.clone();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            loop {
                std::thread::sleep(WAIT);
                here.write_out();
            }
        })?;
        Ok(lines)
    }

    /// Writes what is there.
    pub(crate) fn write_out(&self) {
        // Held while writing, so that lines stay whole and in order. Nobody is told that the log cannot be written:
        // that is where it would be said.
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = io::stderr().write_all(&lines);
        lines.clear();
    }
}

/// One line that is being made.
pub(crate) struct Line {
    lines: Lines,
    at_once: bool,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut lines = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.extend_from_slice(bytes);
        let full = lines.len() >= TOGETHER;
        drop(lines);
        if full || self.at_once {
            self.lines.write_out();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line {
            lines: self.clone(),
            at_once: true,
        }
    }

    /// Only the lines of requests may wait: there are many of them, and what is rare is worth seeing at once.
    fn make_writer_for(&'a self, metadata: &tracing::Metadata<'_>) -> Line {
        Line {
            lines: self.clone(),
            at_once: metadata.target() != "server::request",
        }
    }
}

/// Lets through so many warnings of a kind a minute.
#[derive(Default)]
pub(crate) struct Sparing(Mutex<HashMap<tracing::callsite::Identifier, Kind>>);

struct Kind {
    since: Instant,
    written: u32,
    left_out: u64,
}

impl Sparing {
    /// Whether the next of this kind may be written, and how many were left out before it.
    fn next(&self, kind: tracing::callsite::Identifier, now: Instant) -> (bool, u64) {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(kind).or_insert(Kind {
            since: now,
            written: 0,
            left_out: 0,
        });
        let mut left_out = 0;
        if now.duration_since(kind.since) >= SPAN {
            left_out = kind.left_out;
            *kind = Kind {
                since: now,
                written: 0,
                left_out: 0,
            };
        }
        if kind.written < MOST {
            kind.written += 1;
            (true, left_out)
        } else {
            kind.left_out += 1;
            (false, left_out)
        }
    }
}

impl<S> Filter<S> for Sparing {
    fn enabled(&self, _: &tracing::Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &tracing::Event<'_>, _: &Context<'_, S>) -> bool {
        if *event.metadata().level() > tracing::Level::WARN {
            return true;
        }
        let (written, left_out) = self.next(event.metadata().callsite(), Instant::now());
        if left_out > 0 {
            let name = event.metadata().target();
            // Not by `tracing`: an event within an event is not taken.
            let _ = writeln!(
                io::stderr(),
                "{left_out} more warnings of the next kind ({name}) were left out"
            );
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::{Layer as _, fmt};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_warning_that_comes_with_every_request_does_not_fill_the_disk_and_hides_no_other() {
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = fmt::layer()
            .with_writer(move || writer.clone())
            .with_filter(Sparing::default());
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..500 {
                tracing::warn!("the disk fails");
                tracing::info!("a request");
            }
            tracing::error!("another fault");
        });
        let text = String::from_utf8_lossy(&kept.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
        assert_eq!(text.matches("the disk fails").count(), MOST as usize);
        assert_eq!(text.matches("a request").count(), 500);
        assert_eq!(text.matches("another fault").count(), 1);
    }

    #[test]
    fn a_kind_is_written_again_after_a_minute_and_what_was_left_out_is_told() {
        static KINDS: std::sync::OnceLock<tracing::callsite::Identifier> = std::sync::OnceLock::new();
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            let span = tracing::warn_span!("kind");
            if let Some(metadata) = span.metadata() {
                let _ = KINDS.set(metadata.callsite());
            }
        });
        let Some(kind) = KINDS.get() else {
            unreachable!("the span has a place in the code")
        };
        let (sparing, now) = (Sparing::default(), Instant::now());
        for number in 0..MOST + 7 {
            assert_eq!(sparing.next(kind.clone(), now).0, number < MOST);
        }
        assert_eq!(sparing.next(kind.clone(), now + SPAN), (true, 7));
    }
}
