//! The leaves of a collection, in the world's axes.
//!
//! Leaves are the full model; the tiles above them stand in for it at a distance and have no place here. A [`City`]
//! knows of each leaf where it lies, and reads it only when a region asks.

use crate::anchor::{Anchor, Y_MAX, Y_MIN};
use crate::area::{ChunkArea, Footprint};
use crate::piece::{Feature, Piece, Source};
use crate::world::MARGIN;
use crate::{Cancel, Error};
use glam::{DMat4, DVec3};
use rayon::prelude::*;
use store::{Coding, Collection};
use tiles::bounds::OrientedBox;
use tiles::crs::FittedCrs;
use tiles::geodesy::{Ecef, Enu, EnuFrame, Geodetic};
use tiles::mesh::TileContent;
use tiles::surface::Surface;
use tiles::tileset::{BoundingVolume, Refine, Tile, Tileset};

/// How far a leaf may reach beyond its volume in the grid, in metres: volumes are boxes in a flat frame, and neither
/// the map's grid nor its heights are flat.
const SLACK: f64 = 2.0;
/// Where files of a collection lie.
const FILES: &str = "files/";

/// A collection as a source of pieces.
pub struct City<'a> {
    collection: &'a Collection,
    crs: FittedCrs,
    frame: EnuFrame,
    anchor: Anchor,
    layers: Vec<String>,
    leaves: Vec<Leaf>,
    cancel: Cancel,
}

/// A leaf tile.
#[derive(Debug, Clone)]
struct Leaf {
    name: String,
    /// From the tile's frame to the collection's ENU frame.
    transform: DMat4,
    footprint: Footprint,
    /// Least and greatest y in blocks, at most.
    y: [f64; 2],
    /// Corners of its volume in the ENU frame.
    corners: [DVec3; 8],
}

impl<'a> City<'a> {
    /// Finds the leaves of the chosen layers, or of all, and the city's anchor. `offset` replaces the anchor's own.
    ///
    /// # Errors
    /// [`Error::NoGrid`], [`Error::Layer`], and those of reading the store.
    pub fn open(collection: &'a Collection, layers: Option<&[String]>, offset: Option<i32>) -> Result<Self, Error> {
        let pointer = collection.pointer();
        let crs = pointer
            .crs
            .clone()
            .ok_or_else(|| Error::NoGrid(collection.name().to_owned()))?;
        let root = &collection.tileset().root;
        let frame = EnuFrame::from_transform(&root.transform.unwrap_or(DMat4::IDENTITY.to_cols_array()));
        let mut anchor = Anchor::of_city(crs.project(Enu(DVec3::ZERO)));
        anchor.offset = offset.unwrap_or(anchor.offset);
        let mut city = Self {
            collection,
            crs,
            frame,
            anchor,
            layers: chosen_layers(collection, layers)?,
            leaves: Vec::new(),
            cancel: Cancel::default(),
        };
        for layer in &pointer.layers {
            if city.layers.contains(&layer.name) {
                city.find_leaves(&layer.tileset)?;
            }
        }
        Ok(city)
    }

    /// The same city, which reads no further tile once `cancel` is.
    #[must_use]
    pub fn stopping(mut self, cancel: &Cancel) -> Self {
        self.cancel = cancel.clone();
        self
    }

    /// The world's zero in the city.
    pub fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// The layers that are read.
    pub fn layers(&self) -> &[String] {
        &self.layers
    }

    /// The city's reference system.
    pub fn crs(&self) -> &FittedCrs {
        &self.crs
    }

    /// Longitude and latitude, in degrees, as a point of the world in blocks.
    pub fn place(&self, lon: f64, lat: f64) -> DVec3 {
        // The ellipsoidal height of the origin is near enough: a height moves a point by less than its ratio to the
        // earth's radius.
        let point = Geodetic::from_degrees(lon, lat, self.frame.origin().height);
        let enu = self.frame.to_enu(point.to_ecef());
        let projected = self.crs.project(Enu(DVec3::new(enu.0.x, enu.0.y, 0.0)));
        self.anchor.to_blocks(projected)
    }

    /// A point of the world in blocks, on the ellipsoid.
    pub fn geodetic(&self, blocks: DVec3) -> Geodetic {
        self.frame
            .to_ecef(self.crs.unproject(self.anchor.to_projected(blocks)))
            .to_geodetic()
    }

    /// The angle in degrees from true north to grid north at a point of the world; positive: grid north lies east.
    pub fn convergence(&self, blocks: DVec3) -> f64 {
        let ahead = blocks - DVec3::new(0.0, 0.0, 100.0);
        let north = self.frame.to_ecef(self.crs.unproject(self.anchor.to_projected(ahead)));
        let here = EnuFrame::new(self.geodetic(blocks)).to_enu(Ecef(north.0)).0;
        here.x.atan2(here.y).to_degrees()
    }

    /// West, south, east and north of all leaves, in degrees.
    pub fn lon_lat_bounds(&self) -> [f64; 4] {
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for corner in self.leaves.iter().flat_map(|leaf| &leaf.corners) {
            let (lon, lat) = self.frame.to_ecef(Enu(*corner)).to_geodetic().degrees();
            bounds = [
                bounds[0].min(lon),
                bounds[1].min(lat),
                bounds[2].max(lon),
                bounds[3].max(lat),
            ];
        }
        bounds
    }

    /// The chunks that a box of west, south, east and north in degrees covers.
    pub fn area(&self, bbox: [f64; 4]) -> ChunkArea {
        let [west, south, east, north] = bbox;
        // Along the edges too: a parallel is not straight in the grid.
        let steps = (0..=8).map(|step| f64::from(step) / 8.0);
        let points = steps.flat_map(|t| {
            let (lon, lat) = (west + (east - west) * t, south + (north - south) * t);
            [[lon, south], [lon, north], [west, lat], [east, lat]]
        });
        ChunkArea::around(points.map(|[lon, lat]| self.place(lon, lat)))
    }

    /// Whether any leaf may reach into the area.
    pub fn touches(&self, area: &ChunkArea) -> bool {
        let footprint = area.footprint(0);
        self.leaves.iter().any(|leaf| leaf.footprint.intersects(&footprint))
    }

    /// About how high the ground of the area lies, in blocks: the middle one of its leaves' lowest points.
    pub(crate) fn ground(&self, area: &ChunkArea) -> f64 {
        let footprint = area.footprint(0);
        let here = self.leaves.iter().filter(|leaf| leaf.footprint.intersects(&footprint));
        let mut lowest: Vec<f64> = here.map(|leaf| leaf.y[0]).collect();
        lowest.sort_unstable_by(f64::total_cmp);
        lowest.get(lowest.len() / 2).copied().unwrap_or_default()
    }

    /// Bytes of tiles that an export of the area reads: every region reads what reaches into it, and the search for a
    /// place to begin reads what lies about the middle once more.
    pub(crate) fn bytes_to_read(&self, area: &ChunkArea) -> u64 {
        let read = |part: &ChunkArea| {
            let footprint = part.footprint(MARGIN);
            let here = self.leaves.iter().filter(|leaf| leaf.footprint.intersects(&footprint));
            here.filter_map(|leaf| self.collection.file(&leaf.name))
                .map(|entry| entry.length)
                .sum::<u64>()
        };
        let regions: Vec<u64> = area.regions().map(|(_, part)| read(&part)).collect();
        regions.iter().sum::<u64>() + regions.iter().sum::<u64>() / (regions.len() as u64).max(1)
    }

    /// Checks that the city fits between the game's lowest and highest block in this area.
    ///
    /// # Errors
    /// [`Error::Height`] with the numbers, and those of reading tiles.
    pub fn check_heights(&self, area: &ChunkArea) -> Result<(), Error> {
        let footprint = area.footprint(0);
        let (floor, ceiling) = (f64::from(Y_MIN + 1), f64::from(Y_MAX));
        let doubtful = |leaf: &&Leaf| {
            leaf.footprint.intersects(&footprint) && (leaf.y[0] - SLACK < floor || leaf.y[1] + SLACK > ceiling)
        };
        let leaves: Vec<&Leaf> = self.leaves.iter().filter(doubtful).collect();
        let extents = leaves.par_iter().map(|leaf| Ok(extent(&self.read(leaf)?, &footprint)));
        let extents: Vec<[f64; 2]> = extents.collect::<Result<_, Error>>()?;
        let low = extents.iter().map(|extent| extent[0]).fold(f64::INFINITY, f64::min);
        let high = extents.iter().map(|extent| extent[1]).fold(f64::NEG_INFINITY, f64::max);
        if low >= floor && high <= ceiling {
            return Ok(());
        }
        let offset = self.anchor.offset;
        Err(Error::Height {
            lowest: low - f64::from(offset),
            highest: high - f64::from(offset),
            bottom: low.floor() as i64,
            top: high.ceil() as i64 - 1,
            offset,
        })
    }

    /// Adds the leaves of a layer's tileset and of those it refers to.
    fn find_leaves(&mut self, uri: &str) -> Result<(), Error> {
        let mut waiting = vec![(file_name(uri)?, DMat4::IDENTITY)];
        // Each file once: a tileset that leads back to itself ends here.
        let mut seen = std::collections::HashSet::new();
        while let Some((name, transform)) = waiting.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            let json = self.collection.read(&name, Coding::Identity)?;
            let tileset = Tileset::from_json(&json).map_err(|error| Error::Tileset {
                name: name.clone(),
                reason: error.to_string(),
            })?;
            self.walk(&tileset.root, transform, Refine::Replace, &mut waiting)?;
        }
        Ok(())
    }

    fn walk(
        &mut self,
        tile: &Tile,
        parent: DMat4,
        refine: Refine,
        waiting: &mut Vec<(String, DMat4)>,
    ) -> Result<(), Error> {
        let transform = parent * DMat4::from_cols_array(&tile.transform.unwrap_or(DMat4::IDENTITY.to_cols_array()));
        let refine = tile.refine.unwrap_or(refine);
        if let Some(content) = &tile.content {
            let name = file_name(&content.uri)?;
            if has_extension(&name, "json") {
                waiting.push((name, transform));
            } else if tile.children.is_empty() || refine == Refine::Add {
                self.add_leaf(name, transform, &tile.bounding_volume)?;
            }
        }
        for child in &tile.children {
            self.walk(child, transform, refine, waiting)?;
        }
        Ok(())
    }

    fn add_leaf(&mut self, name: String, transform: DMat4, volume: &BoundingVolume) -> Result<(), Error> {
        let volume = match volume {
            BoundingVolume::Box(numbers) => OrientedBox::from_array(numbers).transformed(&transform),
            BoundingVolume::Region(_) | BoundingVolume::Sphere(_) => {
                return Err(Error::Tileset {
                    name,
                    reason: "its volume is not a box".to_owned(),
                });
            }
        };
        let corners = volume.corners();
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for corner in corners {
            let blocks = self.anchor.to_blocks(self.crs.project(Enu(corner)));
            low = low.min(blocks);
            high = high.max(blocks);
        }
        let units = |blocks: f64| crate::anchor::snap_coordinate(blocks);
        self.leaves.push(Leaf {
            name,
            transform,
            footprint: Footprint {
                min: [units(low.x - SLACK), units(low.z - SLACK)],
                max: [units(high.x + SLACK), units(high.z + SLACK)],
            },
            y: [low.y, high.y],
            corners,
        });
        Ok(())
    }

    fn read(&self, leaf: &Leaf) -> Result<Piece, Error> {
        self.cancel.check()?;
        let glb = self.collection.read(&leaf.name, Coding::Identity)?;
        let content = tiles::glb::decode(&glb).map_err(|source| Error::Tile {
            name: leaf.name.clone(),
            source,
        })?;
        let project = |local: DVec3| self.crs.project(Enu(leaf.transform.transform_point3(local)));
        Ok(piece(&content, &self.anchor, project))
    }
}

impl Source for City<'_> {
    fn pieces(&self, area: &Footprint) -> Result<Vec<Piece>, Error> {
        let leaves: Vec<&Leaf> = self
            .leaves
            .iter()
            .filter(|leaf| leaf.footprint.intersects(area))
            .collect();
        leaves.par_iter().map(|leaf| self.read(leaf)).collect()
    }
}

/// A tile's content in the world's axes; `project` leads from the tile's frame to easting, northing and height.
pub fn piece(content: &TileContent, anchor: &Anchor, project: impl Fn(DVec3) -> DVec3) -> Piece {
    let mesh = &content.mesh;
    let place = |position: &[f32; 3]| {
        let local = DVec3::new(f64::from(position[0]), f64::from(position[1]), f64::from(position[2]));
        anchor.snap(project(mesh.origin + local))
    };
    let points: Vec<_> = mesh.positions.iter().map(place).collect();
    let mut piece = Piece {
        features: content.features.iter().map(feature).collect(),
        ..Piece::default()
    };
    for corners in mesh.indices.chunks_exact(3) {
        let [a, b, c] = [corners[0] as usize, corners[1] as usize, corners[2] as usize];
        let (Some(pa), Some(pb), Some(pc)) = (points.get(a), points.get(b), points.get(c)) else {
            continue;
        };
        let color = mesh
            .colors
            .get(a)
            .map_or([128; 3], |color| [color[0], color[1], color[2]]);
        let surface = mesh
            .surfaces
            .get(a)
            .map_or(Surface::Unknown, |number| Surface::from_number(*number));
        let row = mesh.feature_ids.get(a).copied().unwrap_or_default();
        let facing = facing(corners.iter().filter_map(|corner| mesh.normals.get(*corner as usize)));
        piece.push_facing([*pa, *pb, *pc], facing, u32::from(row), surface, color);
    }
    piece
}

/// The side that normals (east, north, up) point to, along the axes they clearly point along.
fn facing<'a>(normals: impl Iterator<Item = &'a [f32; 3]>) -> [i8; 3] {
    let mut sum = [0.0f32; 3];
    for [east, north, up] in normals {
        sum = [sum[0] + east, sum[1] + up, sum[2] - north];
    }
    // The corners of a flat triangle all have its normal; a half of it in each is clear enough.
    sum.map(|number| if number.abs() < 1.5 { 0 } else { number.signum() as i8 })
}

fn feature(feature: &tiles::feature::Feature) -> Feature {
    Feature {
        id: feature.id.clone(),
        kind: feature.kind.clone(),
        name: feature.name.clone(),
        function: feature.function.clone(),
    }
}

/// Least and greatest y, in blocks, of the triangles that reach into the footprint.
fn extent(piece: &Piece, footprint: &Footprint) -> [f64; 2] {
    let mut extent = [f64::INFINITY, f64::NEG_INFINITY];
    for triangle in &piece.triangles {
        let range = |axis: usize| {
            let numbers = triangle.corners.map(|corner| corner[axis]);
            [numbers.iter().min(), numbers.iter().max()].map(|number| number.copied().unwrap_or_default())
        };
        let ([x0, x1], [z0, z1], [low, high]) = (range(0), range(2), range(1));
        let own = Footprint {
            min: [x0, z0],
            max: [x1, z1],
        };
        if own.intersects(footprint) {
            let blocks = |units: i32| f64::from(units) / f64::from(crate::anchor::UNITS);
            extent = [extent[0].min(blocks(low)), extent[1].max(blocks(high))];
        }
    }
    extent
}

/// The names of the layers to read.
fn chosen_layers(collection: &Collection, wanted: Option<&[String]>) -> Result<Vec<String>, Error> {
    let known: Vec<String> = collection
        .pointer()
        .layers
        .iter()
        .map(|layer| layer.name.clone())
        .collect();
    let Some(wanted) = wanted else {
        return Ok(known);
    };
    match wanted.iter().find(|layer| !known.contains(layer)) {
        Some(layer) => Err(Error::Layer {
            layer: layer.clone(),
            known,
        }),
        None => Ok(known.into_iter().filter(|layer| wanted.contains(layer)).collect()),
    }
}

/// The name under `files/` that a URI of the collection means.
fn file_name(uri: &str) -> Result<String, Error> {
    let name = uri.trim_start_matches("./");
    let name = name.strip_prefix(FILES).unwrap_or(name);
    if name.is_empty() || name.contains(['/', '\\', ':']) {
        return Err(Error::Tileset {
            name: uri.to_owned(),
            reason: "it refers to a file outside the collection".to_owned(),
        });
    }
    Ok(name.to_owned())
}

fn has_extension(name: &str, extension: &str) -> bool {
    std::path::Path::new(name)
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
