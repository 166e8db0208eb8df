//! What to extract.

use crate::Error;
use std::ops::ControlFlow;
use std::sync::Arc;

/// A box of a city, and how it is wanted.
#[derive(Clone)]
pub struct Request {
    /// West, south, east, north in degrees of longitude and latitude (WGS 84).
    pub bbox: [f64; 4],
    /// How much of the buildings.
    pub lod: Lod,
    /// Longitude and latitude in degrees and ellipsoidal height in metres of the file's zero; `None`: the middle of the
    /// box, on the ground there.
    pub origin: Option<[f64; 3]>,
    /// The layers to include by name; `None`: all.
    pub layers: Option<Vec<String>>,
    /// Which objects belong to the box.
    pub objects: Objects,
    /// How large the answer may be.
    pub limits: Limits,
    /// Is told after every tile how far the extract is; breaking stops it with [`Error::Stopped`].
    pub progress: Option<Arc<ProgressFn>>,
}

/// What [`Request::progress`] calls.
pub type ProgressFn = dyn Fn(Progress) -> ControlFlow<()> + Send + Sync;

/// How far an extract is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Tiles read.
    pub tiles: u64,
    /// Tiles to read.
    pub total: u64,
}

/// How much of the buildings is wanted. Everything else comes as the leaves hold it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Lod {
    /// One block for each building: its footprint, upright from its lowest to its highest point, or those of its parts
    /// where they cover it. A building without a footprint comes as in [`Lod::Two`], and so do bridges and tunnels,
    /// which as blocks would be walls.
    One,
    /// The full model.
    #[default]
    Two,
}

impl Lod {
    /// The number of the level, as CityGML counts.
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

impl std::str::FromStr for Lod {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "1" => Ok(Self::One),
            "2" => Ok(Self::Two),
            other => Err(Error::Lod(other.to_owned())),
        }
    }
}

/// Which objects (buildings, trees, lamps: all but ground) belong to a box. They come whole in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Objects {
    /// Those whose bounding box has its middle in the box. Boxes that tile a city hold each object once.
    #[default]
    Centred,
    /// Those whose bounding box meets the box. Neighbouring boxes both hold what stands across their edge.
    Touching,
}

impl Objects {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Centred => "centred",
            Self::Touching => "touching",
        }
    }
}

/// How large an extract may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The largest box, in square kilometres.
    pub area_km2: f64,
    /// The most bytes of vertices and triangles. Making the file takes about three times as much memory.
    pub bytes: u64,
}

impl Default for Limits {
    /// One square kilometre, 200 MB.
    fn default() -> Self {
        Self {
            area_km2: 1.0,
            bytes: 200_000_000,
        }
    }
}

impl Request {
    /// The full model of every layer in the box, about its middle.
    pub fn new(bbox: [f64; 4]) -> Self {
        Self {
            bbox,
            lod: Lod::default(),
            origin: None,
            layers: None,
            objects: Objects::default(),
            limits: Limits::default(),
            progress: None,
        }
    }
}
