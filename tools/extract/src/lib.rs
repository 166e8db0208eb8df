//! A box of a city as one glTF file.
//!
//! A game developer wants a street to walk in, an architect the houses around a site: one file that every engine
//! opens, in metres, upright, with each building a thing of its own that knows its name. Tiles are none of that: they
//! are many, their frame is the city's, their buildings are merged, and the numbers need two extensions.
//!
//! ```text
//! leaves that meet the box --gather--> objects in the frame of the origin --document--> one GLB, core glTF 2.0
//!                            ground: cut at the box     block: footprints as prisms (lod 1)
//! ```
//!
//! * **Axes** are glTF's: metres, x east, y up, z south, about [`Request::origin`]. Every point goes from its tile's
//!   frame through earth-fixed coordinates to the origin's tangent frame in `f64`, so the curvature of the earth is in.
//! * **A node for each object**, named by its id, with its attributes as `extras`, below a node for each layer. A
//!   building's own zero is the middle of its base, so that an engine turns and scales it about that.
//! * **Neighbours fit.** Two boxes that share an edge, with one origin, hold each building once: an object belongs to
//!   the box that holds the middle of its bounding box, west and south edges included, east and north ones not
//!   ([`Objects::Centred`]). It is never cut. Ground is cut exactly at the box, and both sides of an edge have the same
//!   vertices bit for bit.
//! * **The same question has the same bytes**: nothing depends on time, threads or memory.
//!
//! What a file may grow to is bounded by [`Limits`].

mod area;
mod block;
mod document;
mod error;
mod estimate;
mod frames;
mod gather;
mod ground;
mod level;
mod object;
mod request;

pub use area::Area;
pub use error::Error;
pub use estimate::{Estimate, estimate};
pub use request::{Limits, Lod, Objects, Progress, ProgressFn, Request};

use serde_json::Value;
use store::Collection;

/// Counts up whenever the same tiles would give other bytes.
pub const RECIPE: u32 = 1;

/// A box of a city.
#[derive(Debug, Clone, PartialEq)]
pub struct Extract {
    /// The file: binary glTF 2.0 without extensions.
    pub glb: Vec<u8>,
    /// Longitude and latitude in degrees and ellipsoidal height in metres of the file's zero.
    pub origin: [f64; 3],
    /// The layers in it, in drawing order, with the number of their objects.
    pub layers: Vec<(String, usize)>,
    /// How many triangles it has.
    pub triangles: usize,
    /// What the file says of itself (`asset.extras`).
    pub about: Value,
}

/// Takes a box out of a collection.
///
/// # Errors
/// [`Error::Box`], [`Error::Origin`] and [`Error::Layer`] for a request that cannot be, [`Error::TooLarge`] and
/// [`Error::TooManyBytes`] for one beyond its limits, [`Error::OutsideCity`] and [`Error::Empty`] where nothing is,
/// [`Error::Stopped`] when the callback asked for it; else those of reading the store.
pub fn extract(collection: &Collection, request: &Request) -> Result<Extract, Error> {
    let gathered = gather::gather(collection, request)?;
    let about = document::about(collection, request, &gathered);
    let glb = document::write(&gathered, &collection.pointer().title, &about)?;
    Ok(Extract {
        glb,
        origin: gathered.origin,
        triangles: gathered.triangles(),
        layers: gathered
            .layers
            .into_iter()
            .map(|layer| (layer.name, layer.objects.len()))
            .collect(),
        about,
    })
}
