//! What is looked at.

use crate::camera::Pose;
use glam::{DMat4, DVec3};
use serde_json::Value;
use tiles::bounds::{Aabb, OrientedBox};
use tiles::crs::FittedCrs;
use tiles::geodesy::{Ecef, EnuFrame};
use tiles::select::{Options, SelectionTree};
use tiles::tileset::{Pointer, Tile, Tileset};

/// Why a tileset cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody knows where it is.
    #[error("the tileset's root has no place on the earth: {0}")]
    Nowhere(&'static str),
    /// It says that it is the first of a collection, but not in a way that can be read.
    #[error("what the tileset says of its collection cannot be read: {0}")]
    Pointer(String),
}

/// A layer of the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// How many features it holds; 0 when unknown.
    pub count: u64,
}

/// A city, as its first tileset tells of it.
#[derive(Debug, Clone, PartialEq)]
pub struct City {
    /// Its title.
    pub title: String,
    /// The frame that the session thinks in.
    pub frame: EnuFrame,
    /// Everything lies in it, in that frame.
    pub bounds: Aabb,
    /// The ground's height in that frame, in metres: where points without a better height are put.
    pub ground: f64,
    /// Its layers: the children of the root, in order.
    pub layers: Vec<Layer>,
    /// Whom to credit.
    pub credits: Vec<String>,
    /// The way to the city's own coordinates.
    pub crs: Option<FittedCrs>,
    /// Where to begin; all of the city seen from the south without one.
    pub home: Option<Pose>,
}

impl City {
    /// What the first tileset of a collection tells; of any other tileset, as much of it as there is.
    ///
    /// # Errors
    /// [`Error::Nowhere`] when its tiles have no place on the earth, [`Error::Pointer`] when its `asset.extras.kortteli`
    /// is damaged.
    pub fn from_tileset(tileset: &Tileset) -> Result<Self, Error> {
        let frame = frame(tileset)?;
        let volume = volume(tileset, &frame)?;
        let pointer = pointer(tileset)?;
        let bounds = volume.to_aabb();
        Ok(Self {
            title: pointer.title.clone(),
            bounds,
            ground: bounds.min.z,
            layers: layers(tileset, &pointer),
            credits: credits(tileset, &pointer),
            crs: pointer.crs,
            home: None,
            frame,
        })
    }

    /// From earth-fixed coordinates (EPSG:4978) to the session's east, north, up: what
    /// [`tiles::select::SelectionTree::new`] takes so that views and tiles are in the session's frame.
    pub fn from_earth(&self) -> DMat4 {
        earth_to(&self.frame)
    }

    /// How far away the camera may go, in metres.
    pub fn farthest(&self) -> f64 {
        (self.bounds.size().length() * 4.0).clamp(5_000.0, 2_000_000.0)
    }
}

fn earth_to(frame: &EnuFrame) -> DMat4 {
    DMat4::from_cols_array(&frame.transform()).inverse()
}

/// The frame about the root's own origin, or about the middle of its volume.
fn frame(tileset: &Tileset) -> Result<EnuFrame, Error> {
    // The lowest ellipsoidal radius is 6 357 km; nobody builds a city a hundred kilometres below.
    const UNDERGROUND: f64 = 6_250_000.0;
    if let Some(transform) = &tileset.root.transform {
        let origin = DVec3::new(transform[12], transform[13], transform[14]);
        if origin.is_finite() && origin.length() > UNDERGROUND {
            return Ok(EnuFrame::from_transform(transform));
        }
    }
    let middle = root_volume(tileset, DMat4::IDENTITY)?.center;
    if middle.length() < UNDERGROUND {
        return Err(Error::Nowhere("its coordinates are not earth-fixed"));
    }
    Ok(EnuFrame::new(Ecef(middle).to_geodetic()))
}

fn volume(tileset: &Tileset, frame: &EnuFrame) -> Result<OrientedBox, Error> {
    root_volume(tileset, earth_to(frame))
}

/// The root's volume in a frame, given how earth-fixed coordinates get there.
fn root_volume(tileset: &Tileset, from_earth: DMat4) -> Result<OrientedBox, Error> {
    let tree = SelectionTree::new(tileset, "", from_earth, Options::default());
    let tree = tree.map_err(|_| Error::Nowhere("its numbers cannot be used"))?;
    let root = tree.tile(tree.root()).map(|tile| tile.volume);
    root.ok_or(Error::Nowhere("it has no tiles"))
}

/// What the collection says of itself; nothing of a tileset that is none.
fn pointer(tileset: &Tileset) -> Result<Pointer, Error> {
    match tileset.pointer() {
        Ok(pointer) => Ok(pointer),
        Err(tiles::tileset::Error::NoPointer) => Ok(Pointer::default()),
        Err(error) => Err(Error::Pointer(error.to_string())),
    }
}

/// One layer a child of the root, named after the collection's layer whose tileset it refers to.
fn layers(tileset: &Tileset, pointer: &Pointer) -> Vec<Layer> {
    let named = |(number, child): (usize, &Tile)| {
        let uri = child.content.as_ref().map(|content| content.uri.as_str());
        let layer = pointer.layers.iter().find(|layer| Some(layer.tileset.as_str()) == uri);
        match layer {
            Some(layer) => Layer {
                name: layer.name.clone(),
                count: layer.count,
            },
            None => Layer {
                name: (number + 1).to_string(),
                count: 0,
            },
        }
    };
    tileset.root.children.iter().enumerate().map(named).collect()
}

/// The collection's attribution, or the tileset's copyright.
fn credits(tileset: &Tileset, pointer: &Pointer) -> Vec<String> {
    if !pointer.attribution.is_empty() {
        return pointer.attribution.clone();
    }
    let copyright = tileset.asset.extras.as_ref().and_then(|extras| extras.get("copyright"));
    copyright
        .and_then(Value::as_str)
        .map(str::to_owned)
        .into_iter()
        .collect()
}
