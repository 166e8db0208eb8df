//! How far a run is.

/// A part of the work, in the order in which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Reading the inputs; counted in bytes.
    Read,
    /// Cutting leaves; counted in features.
    Leaves,
    /// Making the stand-ins of a level and measuring them; counted in tiles.
    StandIns,
    /// Writing the databases; counted in features.
    Publish,
}

impl Stage {
    /// A word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "reading",
            Self::Leaves => "cutting leaves",
            Self::StandIns => "making stand-ins",
            Self::Publish => "publishing",
        }
    }
}

/// Is told how far the run is, from any thread.
pub trait Progress: Sync {
    /// `done` of `total` are done; `total` may grow.
    fn at(&self, stage: Stage, done: u64, total: u64);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn at(&self, _stage: Stage, _done: u64, _total: u64) {}
}
