//! The process that makes a block world.

use super::output::{Made, Work, is_full};
use super::process::{Estimate, Failure, Inputs, Interface, Order, Process, Refusal};
use crate::shelf::Collections;
use blocks::{Error, Options};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::ops::ControlFlow;
use std::sync::Arc;
use store::Collection;

/// What the height offset may be: the game has 384 layers, and cities lie between the lowest and the highest land.
const HEIGHTS: [i64; 2] = [-9000, 9000];

/// Makes block worlds.
pub(crate) struct BlockWorld {
    /// The largest area in square kilometres.
    pub(crate) area_km2: f64,
}

/// The inputs, each written in one way.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    bbox: [f64; 4],
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height_offset: Option<i32>,
}

impl Process for BlockWorld {
    fn id(&self) -> &'static str {
        "block-world"
    }

    fn about(&self) -> [&'static str; 2] {
        [
            "Block world",
            "Makes a part of the city into a world for Minecraft: Java Edition, one block a metre: a zip with one folder, to be unpacked into the game's saves.",
        ]
    }

    fn interface(&self) -> Interface {
        let inputs = json!({
            "collection": {
                "title": "Collection",
                "description": "Which city; it may be left out where there is one only.",
                "schema": { "type": "string" },
                "minOccurs": 0,
            },
            "bbox": {
                "title": "Box",
                "description": format!("West, south, east, north in degrees (CRS84). It grows to whole chunks of 16 m and then covers at most {} km².", self.area_km2),
                "schema": { "allOf": [{ "format": "ogc-bbox" }, { "oneOf": [
                    { "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4 },
                    { "type": "object", "required": ["bbox"], "properties": {
                        "bbox": { "type": "array", "items": { "type": "number" }, "minItems": 4, "maxItems": 4 },
                        "crs": { "type": "string", "enum": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"] },
                    } },
                ] }] },
            },
            "layers": {
                "title": "Layers",
                "description": "The layers to include by name; all of them where it is left out.",
                "schema": { "type": "array", "items": { "type": "string" }, "minItems": 1, "uniqueItems": true },
                "minOccurs": 0,
            },
            "heightOffset": {
                "title": "Height offset",
                "description": "Metres that are added to a height to get the game's y. Worlds of one city join only where it is the same; where it is left out it is the city's own.",
                "schema": { "type": "integer", "minimum": HEIGHTS[0], "maximum": HEIGHTS[1] },
                "minOccurs": 0,
            },
        });
        let outputs = json!({ "world": {
            "title": "World",
            "description": "The zipped world, with a README that says how to install it and whose data it is made of.",
            "schema": { "type": "string", "contentMediaType": "application/zip", "contentEncoding": "binary" },
        } });
        Interface { inputs, outputs }
    }

    fn read(&self, inputs: &Map<String, Value>, collections: &Collections) -> Result<Order, Refusal> {
        let mut inputs = Inputs::new(inputs);
        let collection = inputs.collection(collections)?;
        let wish = Wish {
            bbox: inputs.bbox()?,
            layers: inputs.names("layers")?,
            height_offset: inputs
                .integer("heightOffset", HEIGHTS[0], HEIGHTS[1])?
                .map(|metres| metres as i32),
        };
        inputs.finish()?;
        let inputs = serde_json::to_value(wish).map_err(|error| inside(&error))?;
        Ok(Order { collection, inputs })
    }

    fn estimate(&self, collection: &Collection, inputs: &Value) -> Result<Estimate, Refusal> {
        let (wish, options) = self.prepared(inputs).map_err(|error| inside(&error))?;
        let estimate = blocks::estimate(collection, wish.bbox, &options).map_err(|error| refusal(&error))?;
        Ok(Estimate {
            seconds: estimate.seconds,
            bytes: estimate.bytes,
            details: json!({
                "blocks": estimate.blocks,
                "chunks": estimate.chunks,
                "areaKm2": (estimate.area_km2 * 1e4).round() / 1e4,
            }),
        })
    }

    fn run(&self, collection: &Collection, inputs: &Value, work: &Work) -> Result<Vec<Made>, Failure> {
        let (wish, mut options) = self.prepared(inputs).map_err(|error| failure(&error))?;
        let report = work.reporter();
        options.cancel = work.cancel.clone();
        options.progress = Some(Arc::new(move |at: blocks::Progress| {
            report(at.chunks, at.total);
            ControlFlow::Continue(())
        }));
        let made = Made {
            output: "world".to_owned(),
            file: "world.zip".to_owned(),
            download: download_name(collection.name(), wish.bbox),
            media_type: "application/zip".to_owned(),
            bytes: 0,
            hash: String::new(),
        };
        let made = work.write(made, |out| {
            blocks::export(collection, wish.bbox, &options, out).map_err(|error| failure(&error))?;
            Ok(())
        })?;
        Ok(vec![made])
    }
}

impl BlockWorld {
    fn prepared(&self, inputs: &Value) -> Result<(Wish, Options), Error> {
        let wish: Wish = serde_json::from_value(inputs.clone())?;
        let options = Options {
            layers: wish.layers.clone(),
            height_offset: wish.height_offset,
            area_limit_km2: self.area_km2,
            ..Options::new()?
        };
        Ok((wish, options))
    }
}

/// A name that tells worlds of one city apart in a folder of downloads.
fn download_name(collection: &str, [west, south, ..]: [f64; 4]) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let collection: String = collection.chars().map(plain).collect();
    format!("kortteli-{collection}-{west:.4}-{south:.4}.zip")
}

fn inside(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(%error, "cannot take an order for a block world");
    Refusal::Inside
}

/// What an error means to whoever asks; what it says of the inside goes to the log.
fn refusal(error: &Error) -> Refusal {
    match error {
        Error::Box { reason, .. } => Refusal::input("bbox", *reason),
        Error::OutsideCity { .. } | Error::Empty { .. } => Refusal::input("bbox", error.to_string()),
        Error::TooLarge {
            area_km2, limit_km2, ..
        } => Refusal::input(
            "bbox",
            format!(
                "the box covers {area_km2:.2} km², and at most {limit_km2} km² are made at a time; choose a smaller box"
            ),
        ),
        Error::Layer { .. } => Refusal::input("layers", error.to_string()),
        Error::Height { .. } => Refusal::input("heightOffset", error.to_string()),
        Error::NoGrid(_) => Refusal::input("collection", error.to_string()),
        other => inside(other),
    }
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Stopped => Failure::Stopped,
        Error::Io(io) if is_full(io) => Failure::NoRoom,
        Error::Zip(zip) if zip_is_full(zip) => Failure::NoRoom,
        Error::Box { .. }
        | Error::OutsideCity { .. }
        | Error::Empty { .. }
        | Error::TooLarge { .. }
        | Error::Layer { .. }
        | Error::Height { .. }
        | Error::NoGrid(_)
        | Error::ChunkTooLarge { .. } => Failure::Impossible(error.to_string()),
        other => Failure::Inside(other.to_string()),
    }
}

fn zip_is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some_and(is_full) {
            return true;
        }
        cause = error.source();
    }
    false
}
