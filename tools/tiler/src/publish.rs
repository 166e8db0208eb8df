//! Naming what was made: tilesets, rows, and the way back to the city's coordinates.

use crate::city::City;
use crate::crs::{Transformer, back_to_city};
use crate::footprint::footprints;
use crate::layer::Layer;
use crate::levels::{Tile as Made, Tree};
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
#[allow(clippy::too_many_arguments, reason = "the whole run comes together here")]
pub(crate) fn publish(
    inputs: &[PathBuf],
    mut city: City,
    trees: &BTreeMap<Layer, Tree>,
    schema: &str,
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
        let tileset = layer_tileset(tree, schema);
        let name = publisher.put(layer.name(), "json", &serde_json::to_vec(&tileset)?)?;
        children.push(layer_tile(&tileset, &name));
        layers.push(LayerInfo {
            name: layer.name().to_owned(),
            tileset: format!("{FILES}{name}"),
            count: city.shapes.iter().filter(|shape| shape.layer == layer).count() as u64,
        });
    }
    let crs = way_back(&city, report)?;
    let mut summary = summary(&city, trees, crs.as_ref());
    let tiles_of = tiles_of(&city, trees);
    let rows = rows(&mut city, &tiles_of);
    let total = rows.len() as u64;
    progress.at(Stage::Publish, 0, total);
    let published = publisher.finish(Publication {
        tileset: root_tileset(&city, children, schema),
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
        features: Box::new(rows.into_iter()),
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
fn root_tileset(city: &City, children: Vec<Tile>, _schema: &str) -> Tileset {
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
            transform: Some(city.enu.transform()),
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

/// A layer's own tileset.
fn layer_tileset(tree: &Tree, _schema: &str) -> Tileset {
    let root = tree.tiles.len() - 1;
    let mut tile = tile_of(&tree.tiles, root);
    tile.refine = Some(Refine::Replace);
    Tileset {
        asset: asset(),
        schema_uri: None,
        geometric_error: diameter(&tree.tiles[root].hull).max(tile.geometric_error),
        root: tile,
        extensions_used: Vec::new(),
        extensions_required: Vec::new(),
        extras: None,
    }
}

fn tile_of(tiles: &[Made], at: usize) -> Tile {
    let made = &tiles[at];
    Tile {
        bounding_volume: BoundingVolume::from_aabb(&made.hull),
        geometric_error: made.error,
        refine: None,
        transform: None,
        content: Some(Content {
            uri: made.name.clone(),
            bounding_volume: None,
            extras: None,
        }),
        children: made.children.iter().map(|&child| tile_of(tiles, child)).collect(),
        extras: None,
    }
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
    match back_to_city(crs, &transformer, &city.enu, &city.grid_bounds) {
        Ok(fitted) => Ok(Some(fitted)),
        Err(error) => {
            let message = format!("there is no way back from the tiles to the city's coordinates: {error}.");
            let advice = "Tile smaller areas as collections of their own, if coordinates or block worlds are needed.";
            report.warn(Warning::new("no-way-back", message, advice));
            Ok(None)
        }
    }
}

/// The tiles that show each shape: its leaves, then what stands for them, upward.
fn tiles_of(city: &City, trees: &BTreeMap<Layer, Tree>) -> Vec<Vec<TileRef>> {
    let mut all: Vec<Vec<TileRef>> = vec![Vec::new(); city.shapes.len()];
    for tree in trees.values() {
        let mut shows: Vec<Vec<usize>> = Vec::with_capacity(tree.tiles.len());
        for tile in &tree.tiles {
            let mut shapes = tile.shapes.clone();
            for &child in &tile.children {
                shapes.extend(&shows[child]);
            }
            shapes.sort_unstable();
            shapes.dedup();
            for &shape in shapes.iter().filter(|_| !tile.name.is_empty()) {
                all[shape].push(TileRef {
                    file: tile.name.clone(),
                    level: tile.level,
                });
            }
            shows.push(shapes);
        }
    }
    all
}

/// The rows of the GeoPackage: every object and its parts.
fn rows(city: &mut City, tiles_of: &[Vec<TileRef>]) -> Vec<FeatureRow> {
    let mut all = Vec::new();
    let frame = city.enu;
    for (shape, tiles) in city.shapes.iter_mut().zip(tiles_of) {
        let footprints = footprints(shape, &frame);
        for (mut row, footprint) in std::mem::take(&mut shape.rows).into_iter().zip(footprints) {
            row.footprint = footprint;
            row.tiles.clone_from(tiles);
            all.push(row);
        }
    }
    all
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
    let tiled = city.shapes.len() as u64;
    let area = city
        .measures
        .area
        .iter()
        .map(|(surface, area)| (surface.name().to_owned(), *area));
    TileSummary {
        kinds: city.read.kinds.clone(),
        read: city.read.objects,
        tiled,
        left_out: city.read.objects.saturating_sub(tiled),
        levels: levels.into_values().collect(),
        solids: city.measures.solids.clone(),
        volume: city.measures.volume.clone(),
        area: area.collect(),
        operations: city.read.operations.clone(),
        crs_error: crs.map(FittedCrs::max_error),
        warnings: BTreeMap::new(),
        published: None,
    }
}
