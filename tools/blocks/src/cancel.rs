//! Stopping an export from outside.

use crate::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A switch that stops an export: every clone is the same switch. It is looked at before every tile, chunk and file, so
/// that an export that nobody waits for any more gives its memory back at once.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Stops whatever holds a clone; it cannot be undone.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether somebody has stopped it.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Goes on unless somebody has stopped it.
    ///
    /// # Errors
    /// [`Error::Stopped`] when it was.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() {
            Err(Error::Stopped)
        } else {
            Ok(())
        }
    }
}
