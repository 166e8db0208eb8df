//! What a world says of itself.

use crate::anchor::Anchor;
use serde_json::{Value, json};

/// Where a world lies and whose data it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct About {
    /// The collection's name.
    pub collection: String,
    /// The collection's title, for people.
    pub title: String,
    /// The horizontal reference system, for example `EPSG:3879`.
    pub horizontal: String,
    /// The vertical reference system, for example `EPSG:3900`.
    pub vertical: String,
    /// The world's zero.
    pub anchor: Anchor,
    /// From true north to grid north in the middle, in degrees, positive to the east.
    pub convergence: f64,
    /// West, south, east, north as asked for, in degrees.
    pub bbox: [f64; 4],
    /// Least x and z and greatest x and z of the blocks.
    pub blocks: [i32; 4],
    /// The column in the middle of the box, x and z: the spawn is looked for from there.
    pub middle: [i32; 2],
    /// The layers that are in the world.
    pub layers: Vec<String>,
    /// The palette's name.
    pub palette: String,
    /// Whom to credit.
    pub attribution: Vec<String>,
    /// The licence as a link.
    pub license: Option<String>,
    /// Names of the source files.
    pub sources: Vec<String>,
    /// Newest date of the sources.
    pub source_date: Option<String>,
}

impl About {
    /// The name in the game's list of worlds.
    pub fn world_name(&self) -> String {
        if self.title.is_empty() {
            self.collection.clone()
        } else {
            self.title.clone()
        }
    }

    /// The folder in the zip.
    pub fn folder(&self) -> String {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
                c
            } else {
                '-'
            }
        };
        format!("kortteli-{}", self.collection.chars().map(plain).collect::<String>())
    }

    /// `kortteli.json`, and the compound of that name in `level.dat`.
    pub fn to_json(&self, spawn: [i32; 3]) -> Value {
        let Anchor { e0, n0, offset } = self.anchor;
        json!({
            "generator": concat!("Kortteli ", env!("CARGO_PKG_VERSION")),
            "collection": self.collection,
            "title": self.title,
            "horizontalCrs": self.horizontal,
            "verticalCrs": self.vertical,
            "e0": e0,
            "n0": n0,
            "heightOffset": offset,
            "blocksPerMetre": 1,
            "formula": "easting = x + e0, northing = n0 - z, height = y - heightOffset; a block's corner is its least x, y, z",
            "gridNorth": "-z",
            "convergenceDegrees": (self.convergence * 1e4).round() / 1e4,
            "bbox": self.bbox,
            "blocks": self.blocks,
            "spawn": spawn,
            "layers": self.layers,
            "palette": self.palette,
            "attribution": self.attribution,
            "license": self.license.clone().unwrap_or_default(),
            "sources": self.sources,
            "sourceDate": self.source_date.clone().unwrap_or_default(),
        })
    }
}
