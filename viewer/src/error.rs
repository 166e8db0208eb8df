//! What can go wrong in the viewer, as a person or a page is told it.

/// Why the viewer cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No graphics card or driver of any kind that we know.
    #[error("no graphics adapter was found: {0}")]
    NoAdapter(String),
    /// The driver gave no device.
    #[error("the graphics driver gave no device: {0}")]
    NoDevice(String),
    /// The window or canvas cannot be drawn on.
    #[error("the window cannot be drawn on: {0}")]
    Surface(String),
    /// The graphics device was lost or ran out of memory.
    #[error("the graphics device was lost: {0}")]
    DeviceLost(String),
    /// A picture could not be read back from the graphics card.
    #[error("the picture could not be read back: {0}")]
    Readback(String),
    /// An option or an address that makes no sense.
    #[error("{0}")]
    Options(String),
}
