//! What a publisher is told at the end, and what it answers.

use crate::{Error, FeatureRow, Frame, Source};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tiles::crs::FittedCrs;
use tiles::tileset::{LayerInfo, Pointer, Tileset};

/// Everything about a collection that is not a tile.
pub struct Publication {
    /// The root tileset; its content names are `files/` and what [`crate::Publisher::put`] returned. The publisher
    /// fills `asset.extras.kortteli`.
    pub tileset: Tileset,
    /// The collection's title.
    pub title: String,
    /// Whom to credit, one text each.
    pub attribution: Vec<String>,
    /// The licence as a link, where known.
    pub license: Option<String>,
    /// The input files.
    pub sources: Vec<Source>,
    /// Newest date of the sources, as RFC 3339 (`2026-11-20T00:00:00Z`), where they tell one.
    pub source_date: Option<String>,
    /// The way back from the tileset's frame to the city's coordinates.
    pub crs: Option<FittedCrs>,
    /// The name of the coordinate reference system the city was given in.
    pub crs_name: String,
    /// The layers in drawing order.
    pub layers: Vec<LayerInfo>,
    /// What later generations keep.
    pub frame: Frame,
    /// Every feature, in any order, each id once, or why it cannot be read. It is read once and not kept in memory.
    pub features: Box<dyn Iterator<Item = std::io::Result<FeatureRow>> + Send>,
    /// What was counted while tiling, for example `buildings`.
    pub counts: BTreeMap<String, u64>,
    /// Warnings by code.
    pub warnings: BTreeMap<String, u64>,
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The manifest's name.
    pub manifest: String,
    /// The GeoPackage's name.
    pub features: String,
    /// The search index's name.
    pub search: String,
    /// How many features the GeoPackage holds.
    pub feature_count: u64,
    /// How many files the generation has, tiles and databases, without their compressed forms.
    pub files: u64,
    /// How many of them were not there before.
    pub new_files: u64,
    /// Bytes of all files, without their compressed forms.
    pub bytes: u64,
    /// Whether the pointer changed.
    pub changed: bool,
}

/// The publication's tileset with the collection's parts in `asset.extras`.
pub(crate) fn pointer(
    publication: Publication,
    manifest: &str,
    features: &str,
    search: &str,
) -> Result<Tileset, Error> {
    let pointer = Pointer {
        title: publication.title,
        manifest: manifest.to_owned(),
        features: features.to_owned(),
        search: search.to_owned(),
        crs: publication.crs,
        layers: publication.layers,
        attribution: publication.attribution,
    };
    let document = "the pointer";
    let copyright = pointer.attribution.join("; ");
    let value = serde_json::to_value(pointer).map_err(|source| Error::Serialize { document, source })?;
    let mut tileset = publication.tileset;
    let extras = tileset.asset.extras.get_or_insert_with(|| Value::Object(Map::new()));
    if !extras.is_object() {
        *extras = Value::Object(Map::new());
    }
    if let Value::Object(members) = extras {
        members.insert("copyright".to_owned(), Value::String(copyright));
        members.insert("kortteli".to_owned(), value);
    }
    Ok(tileset)
}
