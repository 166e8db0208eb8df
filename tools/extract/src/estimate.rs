//! What an extract will take, before it is made.
//!
//! Nothing is made to find out, and no tile is read whole: the tree says which leaves the box meets, and the few
//! kilobytes of JSON at the beginning of each say how many features, vertices and triangles it holds. Of a leaf that
//! reaches over the box, as much counts as its volume has of it, seen from above.

use crate::area::Area;
use crate::frames::City;
use crate::gather::{checked, checked_area, chosen};
use crate::object::VERTEX_BYTES;
use crate::{Error, Lod, Request};
use serde_json::Value;
use std::fs::File;
use std::io::{self, Read};
use store::{Coding, Collection, Leaf};
use tiles::tileset::LayerInfo;

/// Bytes of JSON for each object, with its node, mesh, accessors and attributes: 700 in the sample city, 900 in a
/// synthetic one.
const BYTES_AN_OBJECT: f64 = 800.0;
/// Vertices and triangles of a block, where the full model has no fewer: a footprint of ten corners, each with four
/// vertices of its own for walls and two for roof and floor.
const BLOCK: Counts = Counts {
    features: 1.0,
    vertices: 60.0,
    triangles: 36.0,
};
/// Processor time for a megabyte of the model, in seconds.
const SECONDS_A_MEGABYTE: f64 = 0.01;
/// Processor time for an object, whose attributes are looked up one by one, in seconds.
const SECONDS_AN_OBJECT: f64 = 0.000_07;
/// Processor time for finding out what there is, in seconds.
const SECONDS_TO_BEGIN: f64 = 0.05;
/// The most bytes of JSON at the beginning of a tile: one of all features has some ten thousand.
const MOST_JSON: u64 = 4 << 20;

/// What an extract will take, about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The area in square kilometres; exact.
    pub area_km2: f64,
    /// Objects with a node of their own.
    pub features: u64,
    /// Triangles of all of them.
    pub triangles: u64,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Processor time in seconds on the machine that the rates were measured on.
    pub seconds: f64,
}

/// What a tile holds, or a part of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Counts {
    features: f64,
    vertices: f64,
    triangles: f64,
}

/// Says what [`crate::extract`] will take; makes nothing.
///
/// # Errors
/// Those of the extract that can be known before: for boxes, origins and layers that cannot be, boxes beyond the limit of
/// the area, and [`Error::Empty`] where no tile is; else those of reading the store.
pub fn estimate(collection: &Collection, request: &Request) -> Result<Estimate, Error> {
    let area = checked_area(collection, request)?;
    let layers = chosen(collection, request.layers.as_deref())?;
    let city = City::new(collection);
    if let Some(origin) = request.origin {
        checked(origin, &area, &city)?;
    }
    let mut all = Counts::default();
    let mut is_empty = true;
    for layer in layers {
        let found = of_layer(collection, &city, &area, layer, request.lod)?;
        is_empty &= found.is_none();
        all.add(found.unwrap_or_default(), 1.0);
    }
    if is_empty {
        return Err(Error::Empty { bbox: request.bbox });
    }
    let bytes = all.vertices * VERTEX_BYTES as f64 + all.triangles * 12.0 + all.features * BYTES_AN_OBJECT;
    Ok(Estimate {
        area_km2: area.km2(),
        features: all.features.ceil() as u64,
        triangles: all.triangles.ceil() as u64,
        bytes: bytes.ceil() as u64,
        seconds: SECONDS_TO_BEGIN + bytes / 1e6 * SECONDS_A_MEGABYTE + all.features * SECONDS_AN_OBJECT,
    })
}

/// What a layer has in the area; `None` where it has no leaf there.
fn of_layer(
    collection: &Collection,
    city: &City,
    area: &Area,
    layer: &LayerInfo,
    lod: Lod,
) -> Result<Option<Counts>, Error> {
    let plane = area.in_frame(&city.frame);
    let leaves = collection.leaves(layer, |volume| plane.meets(volume))?;
    let mut all = Counts::default();
    for leaf in &leaves {
        let mut counts = of_leaf(collection, leaf)?;
        if lod == Lod::One && layer.name == "buildings" {
            counts = counts.as_blocks();
        }
        all.add(counts, plane.share(&leaf.volume));
    }
    Ok((!leaves.is_empty()).then_some(all))
}

impl Counts {
    /// Adds a share of others.
    fn add(&mut self, other: Self, share: f64) {
        self.features += other.features * share;
        self.vertices += other.vertices * share;
        self.triangles += other.triangles * share;
    }

    /// The same features as blocks.
    fn as_blocks(self) -> Self {
        Self {
            features: self.features,
            vertices: self.vertices.min(self.features * BLOCK.vertices),
            triangles: self.triangles.min(self.features * BLOCK.triangles),
        }
    }

    /// What the JSON of a tile says; what it does not say is nought.
    fn of_json(document: &Value) -> Self {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let count = |accessor: &Value| {
            let number = accessor.as_u64().and_then(|number| usize::try_from(number).ok());
            let accessor = number.and_then(|number| document["accessors"].get(number));
            accessor.and_then(|accessor| accessor["count"].as_f64()).unwrap_or(0.0)
        };
        let meshes = list(&document["meshes"]);
        let primitives: Vec<Value> = meshes.iter().flat_map(|mesh| list(&mesh["primitives"])).collect();
        let tables = list(&document["extensions"]["EXT_structural_metadata"]["propertyTables"]);
        let features = tables.iter().filter(|table| table["class"] == "feature");
        Self {
            features: features.filter_map(|table| table["count"].as_f64()).sum(),
            // Translucent triangles are a second primitive over the same vertices.
            vertices: primitives
                .iter()
                .map(|primitive| count(&primitive["attributes"]["POSITION"]))
                .fold(0.0, f64::max),
            triangles: primitives
                .iter()
                .map(|primitive| count(&primitive["indices"]) / 3.0)
                .sum(),
        }
    }
}

fn of_leaf(collection: &Collection, leaf: &Leaf) -> Result<Counts, Error> {
    let unreadable = |reason: String| Error::Tile {
        name: leaf.name.clone(),
        source: tiles::glb::Error::Container(reason),
    };
    let path = collection.path(&leaf.name, Coding::Identity);
    let path = path.ok_or_else(|| unreadable("it is not in the manifest".to_owned()))?;
    let json = first_chunk(&path).map_err(|error| unreadable(error.to_string()))?;
    let document = serde_json::from_slice(&json).map_err(|error| unreadable(error.to_string()))?;
    Ok(Counts::of_json(&document))
}

/// The JSON of a GLB (glTF 2.0, 4.4.3.2): its length stands behind the file's header of 12 bytes, and it behind its kind.
fn first_chunk(path: &std::path::Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut header = [0; 20];
    file.read_exact(&mut header)?;
    let length = u64::from(u32::from_le_bytes([header[12], header[13], header[14], header[15]]));
    if !header.starts_with(b"glTF") || length > MOST_JSON {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut json = Vec::new();
    file.take(length).read_to_end(&mut json)?;
    Ok(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_tile_of_two_primitives_over_the_same_vertices_counts_them_once() {
        let primitive = |indices: u32| json!({ "attributes": { "POSITION": 0 }, "indices": indices });
        let document = json!({
            "meshes": [{ "primitives": [primitive(1), primitive(2)] }],
            "accessors": [{ "count": 10 }, { "count": 30 }, { "count": 6 }],
            "extensions": { "EXT_structural_metadata": { "propertyTables": [
                { "class": "feature", "count": 4 },
                { "class": "surface", "count": 6 },
            ] } },
        });
        let expected = Counts {
            features: 4.0,
            vertices: 10.0,
            triangles: 12.0,
        };
        assert_eq!(Counts::of_json(&document), expected);
        assert_eq!(Counts::of_json(&json!({ "meshes": 7 })), Counts::default());
    }
}
