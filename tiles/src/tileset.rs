//! The tileset: a tree of tiles as JSON (3D Tiles 1.1, OGC 22-025r4, clause 7).
//!
//! The model covers explicit tilesets with one content a tile, which is what Kortteli writes. Reading leaves out what it does
//! not know. A collection's first tileset, the *pointer*, also says where the rest of the collection is: see [`Pointer`].

use crate::bounds::{Aabb, OrientedBox};
use crate::crs::FittedCrs;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Why a tileset could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not the JSON of a tileset.
    #[error("not a 3D Tiles tileset: {0}")]
    Json(#[from] serde_json::Error),
    /// A version other than 1.0 and 1.1.
    #[error("3D Tiles version {0:?} is not supported; 1.0 and 1.1 are")]
    Version(String),
    /// The tileset cannot be used without an extension that we do not know.
    #[error("the tileset requires the extension {0}, which is not supported")]
    Extension(String),
    /// A number that the standard rules out. `tile` is the path of child numbers from the root, as `root/0/3`.
    #[error("tile {tile}: {what}")]
    Tile {
        /// The tile, as a path of child numbers from the root.
        tile: String,
        /// What is wrong with it.
        what: String,
    },
    /// The tileset is a part of a collection or comes from elsewhere: it has no `asset.extras.kortteli`.
    #[error("the tileset has no asset.extras.kortteli: it is not the first tileset of a collection")]
    NoPointer,
}

/// A tileset JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tileset {
    /// Version and extras.
    pub asset: Asset,
    /// Where the metadata schema is, relative to this file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_uri: Option<String>,
    /// The error in metres when nothing of the tileset is drawn.
    pub geometric_error: f64,
    /// The top tile.
    pub root: Tile,
    /// Extensions that occur.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions_used: Vec<String>,
    /// Extensions without which the tileset cannot be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions_required: Vec<String>,
    /// Whatever the writer added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<Value>,
}

/// What the file says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// Version of 3D Tiles.
    pub version: String,
    /// Version of this tileset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tileset_version: Option<String>,
    /// Whatever the writer added; of a pointer `kortteli` and `copyright`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<Value>,
}

/// One tile of the tree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tile {
    /// Contains the content of the tile and of all tiles below.
    pub bounding_volume: BoundingVolume,
    /// How far, in metres, this tile's content is from the full model; 0 of a leaf.
    pub geometric_error: f64,
    /// Whether children replace the tile or add to it; absent: as the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refine: Option<Refine>,
    /// From this tile's frame to the parent's, 16 numbers in column-major order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transform: Option<[f64; 16]>,
    /// What to draw, or another tileset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// Tiles with more detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
    /// Whatever the writer added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<Value>,
}

/// A volume as the file writes it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "AnyVolume")]
pub enum BoundingVolume {
    /// Middle and three half axes, in metres: see [`OrientedBox::from_array`].
    Box([f64; 12]),
    /// West, south, east, north in radians, least and greatest ellipsoidal height in metres. Tile transforms do not
    /// apply to it.
    Region([f64; 6]),
    /// Middle and radius, in metres.
    Sphere([f64; 4]),
}

/// How children relate to their parent on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Refine {
    /// Children are drawn besides the parent.
    Add,
    /// Children are drawn in the parent's place.
    Replace,
}

/// What a tile refers to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Content {
    /// A GLB or a tileset, relative to this file.
    pub uri: String,
    /// A tighter volume around the content alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounding_volume: Option<BoundingVolume>,
    /// Whatever the writer added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extras: Option<Value>,
}

/// A collection's parts, as `asset.extras.kortteli` of its first tileset names them. All names are relative to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// Title of the collection, for people.
    pub title: String,
    /// The manifest: every file with length and hash.
    pub manifest: String,
    /// The GeoPackage with every attribute.
    pub features: String,
    /// The full-text index.
    pub search: String,
    /// The way from the tiles back to the city's own coordinates; absent where the sources had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crs: Option<FittedCrs>,
    /// The layers, in drawing order.
    #[serde(default)]
    pub layers: Vec<LayerInfo>,
    /// Whom to credit, one line each.
    #[serde(default)]
    pub attribution: Vec<String>,
}

/// A layer of a collection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LayerInfo {
    /// Its name: `buildings`, `terrain`, `roads`, `water`, `green` or `furniture`.
    pub name: String,
    /// Its tileset, as the root's child names it.
    pub tileset: String,
    /// How many features it holds.
    pub count: u64,
}

/// A volume with all its members, because the standard lets a writer give several (`box` wins).
#[derive(Deserialize)]
struct AnyVolume {
    r#box: Option<[f64; 12]>,
    region: Option<[f64; 6]>,
    sphere: Option<[f64; 4]>,
}

impl TryFrom<AnyVolume> for BoundingVolume {
    type Error = &'static str;

    fn try_from(any: AnyVolume) -> Result<Self, Self::Error> {
        any.r#box
            .map(Self::Box)
            .or(any.region.map(Self::Region))
            .or(any.sphere.map(Self::Sphere))
            .ok_or("a bounding volume needs a box, a region or a sphere")
    }
}

/// The version of 3D Tiles that Kortteli writes.
pub const VERSION: &str = "1.1";

/// The most levels of tiles in one file: JSON readers refuse more than about twice as many nested brackets.
pub const MAX_DEPTH: usize = 60;

/// Extensions that a tileset may require: the one that version 1.1 made part of the standard.
const KNOWN_EXTENSIONS: [&str; 1] = ["3DTILES_content_gltf"];

impl Tileset {
    /// A tileset of version 1.1 with this root and nothing else. Its geometric error is the root's.
    pub fn new(root: Tile) -> Self {
        Self {
            asset: Asset {
                version: VERSION.to_owned(),
                tileset_version: None,
                extras: None,
            },
            schema_uri: None,
            geometric_error: root.geometric_error,
            root,
            extensions_used: Vec::new(),
            extensions_required: Vec::new(),
            extras: None,
        }
    }

    /// Reads a tileset JSON.
    ///
    /// # Errors
    /// [`Error::Json`], [`Error::Version`], [`Error::Extension`], and [`Error::Tile`] for numbers that the standard rules out.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        let tileset: Self = serde_json::from_slice(json)?;
        tileset.check()?;
        Ok(tileset)
    }

    /// Writes the tileset as JSON without white space, members always in the same order.
    ///
    /// # Errors
    /// [`Error::Tile`] for numbers that the standard rules out or JSON cannot write, and for a tree of more than
    /// [`MAX_DEPTH`] levels; [`Error::Version`], [`Error::Extension`].
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        self.check()?;
        Ok(serde_json::to_vec(self)?)
    }

    /// The parts of the collection that this tileset is the first of.
    ///
    /// # Errors
    /// [`Error::NoPointer`], or [`Error::Json`] when it is there but damaged.
    pub fn pointer(&self) -> Result<Pointer, Error> {
        let extras = self.asset.extras.as_ref().ok_or(Error::NoPointer)?;
        let pointer = extras.get("kortteli").ok_or(Error::NoPointer)?;
        Ok(Pointer::deserialize(pointer)?)
    }

    /// Makes this the first tileset of a collection. Its attribution is also `asset.extras.copyright`, for readers that
    /// know nothing of Kortteli. Other extras stay.
    ///
    /// # Errors
    /// [`Error::Json`] when the pointer holds a number that JSON cannot write.
    pub fn set_pointer(&mut self, pointer: &Pointer) -> Result<(), Error> {
        let mut extras = match self.asset.extras.take() {
            Some(Value::Object(members)) => members,
            _ => Map::new(),
        };
        extras.insert("copyright".to_owned(), pointer.attribution.join("; ").into());
        extras.insert("kortteli".to_owned(), serde_json::to_value(pointer)?);
        self.asset.extras = Some(Value::Object(extras));
        Ok(())
    }

    /// Every tile with its depth, parents before children; the root has depth 0.
    pub fn tiles(&self) -> impl Iterator<Item = (usize, &Tile)> {
        let mut waiting = vec![(0, &self.root)];
        std::iter::from_fn(move || {
            let (depth, tile) = waiting.pop()?;
            waiting.extend(tile.children.iter().rev().map(|child| (depth + 1, child)));
            Some((depth, tile))
        })
    }

    fn check(&self) -> Result<(), Error> {
        if !matches!(self.asset.version.as_str(), "1.0" | "1.1") {
            return Err(Error::Version(self.asset.version.clone()));
        }
        let unknown = |name: &&String| !KNOWN_EXTENSIONS.contains(&name.as_str());
        if let Some(name) = self.extensions_required.iter().find(unknown) {
            return Err(Error::Extension(name.clone()));
        }
        let not_an_error = |error: f64| !error.is_finite() || error < 0.0;
        if not_an_error(self.geometric_error) {
            return Err(Error::Tile {
                tile: "tileset".to_owned(),
                what: format!("geometric error {}", self.geometric_error),
            });
        }
        self.root.check(&mut vec!["root".to_owned()])
    }
}

impl Tile {
    /// A tile without content and children.
    pub fn new(bounding_volume: BoundingVolume, geometric_error: f64) -> Self {
        Self {
            bounding_volume,
            geometric_error,
            refine: None,
            transform: None,
            content: None,
            children: Vec::new(),
            extras: None,
        }
    }

    /// The same tile with what it draws or refers to.
    #[must_use]
    pub fn with_content(mut self, uri: impl Into<String>) -> Self {
        self.content = Some(Content {
            uri: uri.into(),
            bounding_volume: None,
            extras: None,
        });
        self
    }

    /// Checks this tile and those below. `path` names the tile and is left as it was.
    fn check(&self, path: &mut Vec<String>) -> Result<(), Error> {
        if let Err(what) = self.check_numbers() {
            return Err(Error::Tile {
                tile: path.join("/"),
                what,
            });
        }
        if path.len() > MAX_DEPTH {
            return Err(Error::Tile {
                tile: path.join("/"),
                what: format!("more than {MAX_DEPTH} levels in one file"),
            });
        }
        for (number, child) in self.children.iter().enumerate() {
            path.push(number.to_string());
            child.check(path)?;
            path.pop();
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), String> {
        let error = self.geometric_error;
        if !error.is_finite() || error < 0.0 {
            return Err(format!("geometric error {error}"));
        }
        self.bounding_volume.check()?;
        let finite = |matrix: &[f64; 16]| matrix.iter().all(|number| number.is_finite());
        if !self.transform.as_ref().is_none_or(finite) {
            return Err("a transform that is not finite".to_owned());
        }
        match &self.content {
            Some(content) if content.uri.is_empty() => Err("content without uri".to_owned()),
            Some(Content {
                bounding_volume: Some(volume),
                ..
            }) => volume.check(),
            _ => Ok(()),
        }
    }
}

impl BoundingVolume {
    /// The box around `bounds`.
    pub fn from_aabb(bounds: &Aabb) -> Self {
        Self::Box(OrientedBox::from_aabb(bounds).to_array())
    }

    /// The box, where it is one.
    pub fn as_box(&self) -> Option<OrientedBox> {
        match self {
            Self::Box(numbers) => Some(OrientedBox::from_array(numbers)),
            Self::Region(_) | Self::Sphere(_) => None,
        }
    }

    fn check(&self) -> Result<(), String> {
        let (numbers, valid): (&[f64], bool) = match self {
            Self::Box(numbers) => (numbers, true),
            Self::Region(numbers) => (numbers, numbers[1] <= numbers[3] && numbers[4] <= numbers[5]),
            Self::Sphere(numbers) => (numbers, numbers[3] >= 0.0),
        };
        if valid && numbers.iter().all(|number| number.is_finite()) {
            Ok(())
        } else {
            Err(format!("bounding volume {numbers:?}"))
        }
    }
}
