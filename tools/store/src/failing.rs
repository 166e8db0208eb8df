//! A disk that fails on command.

/// How a [`FailingFiles`] fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// One operation is refused, all others work.
    Fail,
    /// The process is gone: the operation is half done, and everything after it is refused.
    Kill,
    /// The power is gone: as [`Fault::Kill`], and what no fsync had brought to the disk is lost.
    PowerCut,
}

/// A disk whose operation number `k` fails.
pub struct FailingFiles {}
