//! The process that takes a box of the city out as one model.
//!
//! It makes what the address `extract` makes, byte for byte, of boxes that are too large to be waited for. Memory is bounded
//! by [`Limits::bytes`], not by the area: each run takes about three times as much as that allows, and so many run at a
//! time as `jobs.running` says.

use super::output::{Made, Work};
use super::process::{Estimate, Failure, Inputs, Interface, Order, Process, Refusal};
use crate::shelf::Collections;
use extract::{Error, Limits, Lod, Objects, Request};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;
use store::Collection;

/// Between two looks at whether anybody still waits, when the file is written.
const PIECE: usize = 1 << 20;

/// Makes models.
pub(crate) struct CityModel {
    /// How large a model may be.
    pub(crate) limits: Limits,
}

/// The inputs, each written in one way.
#[derive(Serialize, Deserialize)]
struct Wish {
    bbox: [f64; 4],
    lod: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<[f64; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<Vec<String>>,
    objects: String,
}

impl Process for CityModel {
    fn id(&self) -> &'static str {
        "extract"
    }

    fn about(&self) -> [&'static str; 2] {
        [
            "Extract",
            "Takes a part of the city out as one model in metres: x east, y up, z south, a node for each building. The same file as a collection's extract gives, of larger boxes.",
        ]
    }

    fn interface(&self) -> Interface {
        let outputs = json!({ "model": {
            "title": "Model",
            "description": "Core glTF 2.0 as GLB; origin, reference system, licence and credits in asset.extras.",
            "schema": { "type": "string", "contentMediaType": "model/gltf-binary", "contentEncoding": "binary" },
        } });
        Interface {
            inputs: inputs(&self.limits),
            outputs,
        }
    }

    fn read(&self, inputs: &Map<String, Value>, collections: &Collections) -> Result<Order, Refusal> {
        let mut inputs = Inputs::new(inputs);
        let collection = inputs.collection(collections)?;
        let wish = Wish {
            bbox: inputs.exact_bbox()?,
            lod: lod(inputs.get("lod"))?.number(),
            origin: origin(inputs.get("origin"))?,
            layers: inputs.names("layers")?,
            objects: objects(inputs.get("objects"))?.name().to_owned(),
        };
        inputs.finish()?;
        let inputs = serde_json::to_value(wish).map_err(|error| inside(&error))?;
        Ok(Order { collection, inputs })
    }

    fn estimate(&self, collection: &Collection, inputs: &Value) -> Result<Estimate, Refusal> {
        let request = self.request(inputs).map_err(|error| inside(&error))?;
        let estimate = extract::estimate(collection, &request).map_err(|error| refusal(&error))?;
        Ok(Estimate {
            seconds: estimate.seconds,
            bytes: estimate.bytes,
            details: json!({
                "features": estimate.features,
                "triangles": estimate.triangles,
                "areaKm2": (estimate.area_km2 * 1e4).round() / 1e4,
            }),
        })
    }

    fn run(&self, collection: &Collection, inputs: &Value, work: &Work) -> Result<Vec<Made>, Failure> {
        let mut request = self
            .request(inputs)
            .map_err(|error| Failure::Inside(error.to_string()))?;
        let (report, cancel) = (work.reporter(), work.cancel.clone());
        request.progress = Some(Arc::new(move |at: extract::Progress| {
            report(at.tiles, at.total);
            if cancel.is_cancelled() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }));
        let glb = extract::extract(collection, &request)
            .map_err(|error| failure(&error))?
            .glb;
        let made = Made {
            output: "model".to_owned(),
            file: "model.glb".to_owned(),
            download: download_name(collection.name(), &request),
            media_type: "model/gltf-binary".to_owned(),
            bytes: 0,
            hash: String::new(),
        };
        let made = work.write(made, |out| {
            for piece in glb.chunks(PIECE) {
                work.cancel.check().map_err(|_| Failure::Stopped)?;
                out.write_all(piece)?;
            }
            Ok(())
        })?;
        Ok(vec![made])
    }
}

impl CityModel {
    fn request(&self, inputs: &Value) -> serde_json::Result<Request> {
        let wish: Wish = serde_json::from_value(inputs.clone())?;
        Ok(Request {
            lod: if wish.lod == 1 { Lod::One } else { Lod::Two },
            origin: wish.origin,
            layers: wish.layers,
            objects: if wish.objects == Objects::Touching.name() {
                Objects::Touching
            } else {
                Objects::Centred
            },
            limits: self.limits,
            ..Request::new(wish.bbox)
        })
    }
}

fn inputs(limits: &Limits) -> Value {
    let numbers =
        |count: u8| json!({ "type": "array", "items": { "type": "number" }, "minItems": count, "maxItems": count });
    json!({
        "collection": {
            "title": "Collection",
            "description": "Which city; it may be left out where there is one only.",
            "schema": { "type": "string" },
            "minOccurs": 0,
        },
        "bbox": {
            "title": "Box",
            "description": format!("West, south, east, north in degrees (CRS84), at most {} km². Its model may take {} MB of vertices and triangles.", limits.area_km2, limits.bytes / 1_000_000),
            "schema": { "allOf": [{ "format": "ogc-bbox" }, { "oneOf": [
                numbers(4),
                { "type": "object", "required": ["bbox"], "properties": {
                    "bbox": numbers(4),
                    "crs": { "type": "string", "enum": ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"] },
                } },
            ] }] },
        },
        "lod": {
            "title": "Level of detail",
            "description": "1: a block for each building. 2: the full model.",
            "schema": { "type": "integer", "enum": [1, 2], "default": 2 },
            "minOccurs": 0,
        },
        "origin": {
            "title": "Origin",
            "description": "The file's zero: longitude and latitude in degrees and height above the ellipsoid in metres. Otherwise the middle of the box, on the ground. Boxes that share an edge and an origin fit.",
            "schema": numbers(3),
            "minOccurs": 0,
        },
        "layers": {
            "title": "Layers",
            "description": "The layers to include by name; all of them where it is left out.",
            "schema": { "type": "array", "items": { "type": "string" }, "minItems": 1, "uniqueItems": true },
            "minOccurs": 0,
        },
        "objects": {
            "title": "Objects",
            "description": "Which buildings, trees and lamps belong to the box: those that have their middle in it, or those that touch it. They are never cut; ground is.",
            "schema": { "type": "string", "enum": ["centred", "touching"], "default": "centred" },
            "minOccurs": 0,
        },
    })
}

fn lod(given: Option<&Value>) -> Result<Lod, Refusal> {
    let Some(given) = given else {
        return Ok(Lod::default());
    };
    let text: String = given.to_string().chars().take(20).collect();
    text.parse::<Lod>().map_err(|error| refusal(&error))
}

fn origin(given: Option<&Value>) -> Result<Option<[f64; 3]>, Refusal> {
    let Some(given) = given else { return Ok(None) };
    let numbers: Option<Vec<f64>> = given
        .as_array()
        .and_then(|array| array.iter().map(Value::as_f64).collect());
    let numbers = numbers.and_then(|numbers| <[f64; 3]>::try_from(numbers).ok());
    let reason = "it must be three numbers: longitude and latitude in degrees and height above the ellipsoid in metres";
    numbers.map(Some).ok_or_else(|| Refusal::input("origin", reason))
}

fn objects(given: Option<&Value>) -> Result<Objects, Refusal> {
    match given.map(Value::as_str) {
        None | Some(Some("centred")) => Ok(Objects::Centred),
        Some(Some("touching")) => Ok(Objects::Touching),
        Some(_) => Err(Refusal::input("objects", "it must be centred or touching")),
    }
}

/// A name that tells models of one city apart in a folder of downloads.
fn download_name(collection: &str, request: &Request) -> String {
    let [west, south, ..] = request.bbox;
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let collection: String = collection.chars().map(plain).collect();
    format!("{collection}-{west:.4}-{south:.4}-lod{}.glb", request.lod.number())
}

fn inside(error: &dyn std::error::Error) -> Refusal {
    tracing::error!(%error, "cannot take an order for an extract");
    Refusal::Inside
}

/// What an error means to whoever asks; what it says of the inside goes to the log.
fn refusal(error: &Error) -> Refusal {
    let name = match error {
        Error::Box { .. }
        | Error::TooLarge { .. }
        | Error::TooManyBytes { .. }
        | Error::OutsideCity { .. }
        | Error::Empty { .. } => "bbox",
        Error::Origin { .. } => "origin",
        Error::Lod(_) => "lod",
        Error::Layer { .. } => "layers",
        Error::Stopped | Error::Tile { .. } | Error::Container(_) | Error::Json(_) | Error::Store(_) => {
            return inside(error);
        }
    };
    Refusal::input(name, error.to_string())
}

fn failure(error: &Error) -> Failure {
    match error {
        Error::Stopped => Failure::Stopped,
        other => match refusal_of_run(other) {
            Some(reason) => Failure::Impossible(reason),
            None => Failure::Inside(other.to_string()),
        },
    }
}

/// What is said to whoever ordered, as a sentence; none where it is for the log.
fn refusal_of_run(error: &Error) -> Option<String> {
    if matches!(
        error,
        Error::Tile { .. } | Error::Container(_) | Error::Json(_) | Error::Store(_)
    ) {
        return None;
    }
    let mut reason = error.to_string();
    if let Some(first) = reason.get(..1).map(str::to_ascii_uppercase) {
        reason.replace_range(..1, &first);
    }
    reason.push('.');
    Some(reason)
}
