//! Naming what was made: tilesets, rows, and the way back to the city's coordinates.

use crate::city::City;
use crate::crs::{Transformer, back_to_city, frame_about};
use crate::layer::Layer;
use crate::levels::Tree;
use crate::rows::Reader;
use crate::tilesets::{Branch, Cutter};
use crate::{Error, LevelSummary, Options, Progress, Stage, TileSummary};
use citygml::{Report, Warning};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use store::{FeatureRow, Publication, Publisher, Source, TileRef};
use tiles::bounds::Aabb;
use tiles::crs::FittedCrs;
use tiles::tileset::{Asset, BoundingVolume, Content, LayerInfo, Refine, Tile, Tileset};

/// The directory that the pointer finds the files in.
const FILES: &str = "files/";

/// Puts the layers' tilesets, makes the rows and finishes the publication.
pub(crate) fn publish(
    inputs: &[PathBuf],
    city: City,
    trees: &BTreeMap<Layer, Tree>,
    options: &Options,
    publisher: Publisher,
    report: &Report,
    progress: &dyn Progress,
) -> Result<TileSummary, Error> {
    let mut layers = Vec::new();
    let mut children = Vec::new();
    for layer in Layer::ALL {
        let Some(tree) = trees.get(&layer) else {
            continue;
        };
        let put = |json: &[u8]| Ok(publisher.put(layer.name(), "json", json)?);
        let tileset = layer_tileset(tree, options.tileset_tiles, &put)?;
        let name = put(&serde_json::to_vec(&tileset)?)?;
        children.push(layer_tile(&tileset, &name));
        layers.push(LayerInfo {
            name: layer.name().to_owned(),
            tileset: format!("{FILES}{name}"),
            count: city.facts.layers.get(&layer).copied().unwrap_or_default(),
        });
    }
    let crs = way_back(&city, report)?;
    let mut summary = summary(&city, trees, crs.as_ref());
    let tileset = root_tileset(&city, children);
    let total = city.rows.count;
    progress.at(Stage::Publish, 0, total);
    let features = FeatureRows {
        objects: city.rows.read()?,
        waiting: Vec::new().into_iter(),
        shown: trees.values().map(Shown::of).collect(),
    };
    let published = publisher.finish(Publication {
        tileset,
        title: city.read.title.clone(),
        attribution: city.read.attribution.clone(),
        license: options.license.clone(),
        sources: inputs.iter().map(|path| source(path)).collect::<Result<_, _>>()?,
        source_date: None,
        crs,
        crs_name: city.read.crs.as_ref().map_or_else(String::new, |crs| {
            format!("{} + {}", crs.horizontal_name(), crs.vertical_name())
        }),
        layers,
        frame: city.frame,
        features: Box::new(features),
        counts: summary
            .kinds
            .iter()
            .map(|(kind, count)| (kind.clone(), *count))
            .collect(),
        warnings: report.counts(),
    })?;
    progress.at(Stage::Publish, total, total);
    summary.warnings = report.counts();
    summary.published = Some(published);
    Ok(summary)
}

/// The collection's first tileset: a root in the earth-fixed frame, a child a layer.
fn root_tileset(city: &City, children: Vec<Tile>) -> Tileset {
    let error = children
        .iter()
        .map(|tile| tile.geometric_error)
        .fold(diameter(&city.bounds), f64::max);
    let hull = children
        .iter()
        .map(|tile| tile.bounding_volume)
        .filter_map(|volume| match volume {
            BoundingVolume::Box(numbers) => Some(aabb_of(&numbers)),
            _ => None,
        })
        .fold(Aabb::EMPTY, |all, bounds| all.union(&bounds));
    Tileset {
        asset: asset(),
        schema_uri: None,
        geometric_error: error,
        root: Tile {
            bounding_volume: BoundingVolume::from_aabb(&hull),
            geometric_error: error,
            refine: Some(Refine::Add),
            transform: Some(frame_about(city.frame.origin).transform()),
            content: None,
            children,
            extras: None,
        },
        extensions_used: Vec::new(),
        extensions_required: Vec::new(),
        extras: None,
    }
}

fn aabb_of(numbers: &[f64; 12]) -> Aabb {
    let [x, y, z, a, _, _, _, b, _, _, _, c] = *numbers;
    let (middle, half) = (glam::DVec3::new(x, y, z), glam::DVec3::new(a, b, c));
    Aabb::from_corners(middle - half, middle + half)
}

fn asset() -> Asset {
    Asset {
        version: "1.1".to_owned(),
        tileset_version: None,
        extras: None,
    }
}

fn diameter(bounds: &Aabb) -> f64 {
    bounds.size().length()
}

/// The tile of the pointer that refers to a layer's tileset.
fn layer_tile(tileset: &Tileset, name: &str) -> Tile {
    Tile {
        bounding_volume: tileset.root.bounding_volume,
        geometric_error: tileset.geometric_error,
        refine: Some(Refine::Replace),
        transform: None,
        content: Some(Content {
            uri: format!("{FILES}{name}"),
            bounding_volume: None,
            extras: None,
        }),
        children: Vec::new(),
        extras: None,
    }
}

/// A layer's own tileset; those below it are put into the store.
fn layer_tileset(tree: &Tree, most: usize, put: &dyn Fn(&[u8]) -> Result<String, Error>) -> Result<Tileset, Error> {
    let root = tree.tiles.len() - 1;
    let branch = |at: usize| {
        let made = &tree.tiles[at];
        Branch {
            name: &made.name,
            hull: &made.hull,
            error: made.error,
            children: &made.children,
        }
    };
    let cutter = Cutter {
        most,
        tile: &branch,
        put,
    };
    let mut tileset = cutter.cut(root)?;
    tileset.geometric_error = diameter(&tree.tiles[root].hull).max(tileset.geometric_error);
    Ok(tileset)
}

/// The fitted way back; a warning where there is none, because the tiles are right without it.
fn way_back(city: &City, report: &Report) -> Result<Option<FittedCrs>, Error> {
    let Some(crs) = &city.read.crs else {
        return Ok(None);
    };
    let in_file = |source| Error::Crs {
        path: PathBuf::new(),
        source,
    };
    let transformer = Transformer::new(crs).map_err(in_file)?;
    match back_to_city(crs, &transformer, &frame_about(city.frame.origin), &city.grid_bounds) {
        Ok(fitted) => Ok(Some(fitted)),
        Err(error) => {
            let message = format!("there is no way back from the tiles to the city's coordinates: {error}.");
            let advice = "Tile smaller areas as collections of their own, if coordinates or block worlds are needed.";
            report.warn(Warning::new("no-way-back", message, advice));
            Ok(None)
        }
    }
}

/// Which tiles of a layer show a feature.
struct Shown {
    /// Numbers of features with the leaves that draw them, ascending.
    leaves: Vec<(u64, u32)>,
    /// Of each tile: file and level, and the tile above it.
    tiles: Vec<(TileRef, Option<u32>)>,
}

impl Shown {
    fn of(tree: &Tree) -> Self {
        let mut tiles: Vec<(TileRef, Option<u32>)> = tree
            .tiles
            .iter()
            .map(|tile| {
                let file = tile.name.clone();
                (
                    TileRef {
                        file,
                        level: tile.level,
                    },
                    None,
                )
            })
            .collect();
        for (number, tile) in tree.tiles.iter().enumerate() {
            for &child in &tile.children {
                tiles[child].1 = Some(number as u32);
            }
        }
        Self {
            leaves: tree.shown.clone(),
            tiles,
        }
    }

    /// The leaves that draw a feature, then what stands for them, upward.
    fn tiles_of(&self, feature: u64) -> Vec<TileRef> {
        let first = self.leaves.partition_point(|(number, _)| *number < feature);
        let leaves = self.leaves[first..].iter().take_while(|(number, _)| *number == feature);
        let mut all: Vec<u32> = Vec::new();
        for &(_, leaf) in leaves {
            let chain = std::iter::successors(Some(leaf), |&tile| self.tiles[tile as usize].1);
            all.extend(chain);
        }
        // Tiles are numbered level by level.
        all.sort_unstable();
        all.dedup();
        let tiles = all.into_iter().map(|tile| &self.tiles[tile as usize].0);
        tiles.filter(|tile| !tile.file.is_empty()).cloned().collect()
    }
}

/// The rows of the GeoPackage: every object and its parts, with the tiles that show them.
struct FeatureRows {
    objects: Reader,
    waiting: std::vec::IntoIter<FeatureRow>,
    shown: Vec<Shown>,
}

impl Iterator for FeatureRows {
    type Item = std::io::Result<FeatureRow>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(row) = self.waiting.next() {
                return Some(Ok(row));
            }
            let (number, mut rows) = match self.objects.next()? {
                Ok(object) => object,
                Err(error) => return Some(Err(error)),
            };
            let tiles: Vec<TileRef> = self.shown.iter().flat_map(|shown| shown.tiles_of(number)).collect();
            for row in &mut rows {
                row.tiles.clone_from(&tiles);
            }
            self.waiting = rows.into_iter();
        }
    }
}

/// An input by its name, length and hash.
fn source(path: &Path) -> Result<Source, Error> {
    let failed = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut hasher = blake3::Hasher::new();
    let mut length = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        length += read as u64;
        hasher.update(&buffer[..read]);
    }
    Ok(Source {
        name: path.file_name().unwrap_or_default().display().to_string(),
        length,
        hash: hasher.finalize().to_hex().to_string(),
    })
}

fn summary(city: &City, trees: &BTreeMap<Layer, Tree>, crs: Option<&FittedCrs>) -> TileSummary {
    let mut levels: BTreeMap<(Layer, u16), LevelSummary> = BTreeMap::new();
    for (&layer, tree) in trees {
        for tile in tree.tiles.iter().filter(|tile| !tile.name.is_empty()) {
            let level = levels.entry((layer, tile.level)).or_insert_with(|| LevelSummary {
                layer: layer.name(),
                level: tile.level,
                tiles: 0,
                bytes: 0,
                triangles: 0,
                max_geometric_error: 0.0,
            });
            level.tiles += 1;
            level.bytes += tile.bytes as u64;
            level.triangles += tile.triangles;
            level.max_geometric_error = level.max_geometric_error.max(tile.error);
        }
    }
    let tiled = city.facts.tiled();
    let measures = &city.facts.measures;
    let area = measures
        .area
        .iter()
        .map(|(surface, area)| (surface.name().to_owned(), *area));
    TileSummary {
        kinds: city.read.kinds.clone(),
        read: city.read.objects,
        tiled,
        left_out: city.read.objects.saturating_sub(tiled),
        levels: levels.into_values().collect(),
        solids: measures.solids.clone(),
        volume: measures.volume.clone(),
        area: area.collect(),
        operations: city.read.operations.clone(),
        crs_error: crs.map(FittedCrs::max_error),
        warnings: BTreeMap::new(),
        published: None,
    }
}
