//! A city small enough to write down: a stand-in over two leaves of buildings, one of which has a part, and a pond.
//!
//! Tests of the store, the server and the program share it.

use glam::DVec3;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use store::{
    Error, FeatureRow, FileOps, Footprint, Frame, Publication, Published, Publisher, RealFiles, Source, TileRef,
};
use tiles::bounds::Aabb;
use tiles::feature::Feature;
use tiles::geodesy::{Enu, EnuFrame, Geodetic};
use tiles::glb::{self, Encoding};
use tiles::mesh::{Mesh, TileContent};
use tiles::surface::Surface;
use tiles::tileset::{Asset, BoundingVolume, Content, LayerInfo, Refine, Tile, Tileset};

const ORIGIN: [f64; 3] = [24.9525, 60.1703, 20.0];
const CREDIT: &str = "(c) The people of the sample";

/// What can be different about a sample city.
#[derive(Clone)]
pub struct Sample {
    /// The collection's title.
    pub title: String,
    /// Height in metres of the first building.
    pub first_height: f32,
    /// How many buildings there are besides the church and its part; they share two leaves.
    pub houses: usize,
    /// Reverses the order in which features are handed over.
    pub reversed: bool,
    /// How tiles are stored.
    pub encoding: Encoding,
    /// Changes the content before it is encoded: the tile's stem and the tile.
    pub spoil: fn(&str, &mut TileContent),
    /// Changes a tileset before it is written: its stem and the tileset.
    pub spoil_tileset: fn(&str, &mut Tileset),
    /// The way back to the city's own coordinates.
    pub crs: Option<tiles::crs::FittedCrs>,
    /// Changes the features.
    pub spoil_rows: fn(&mut Vec<FeatureRow>),
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            title: "Sample city".to_owned(),
            first_height: 12.0,
            houses: 4,
            reversed: false,
            encoding: Encoding::Compact,
            spoil: |_, _| {},
            spoil_tileset: |_, _| {},
            crs: None,
            spoil_rows: |_| {},
        }
    }
}

struct Solid {
    id: String,
    parent: Option<&'static str>,
    name: &'static str,
    kind: &'static str,
    east: f64,
    north: f64,
    size: f32,
    height: f32,
}

/// Publishes the default city as `helsinki`.
pub fn publish(store: &Path) -> Published {
    Sample::default()
        .publish(store, "helsinki", Arc::new(RealFiles))
        .expect("the sample publishes")
}

impl Sample {
    /// Publishes the city through `ops`.
    pub fn publish(&self, store: &Path, collection: &str, ops: Arc<dyn FileOps>) -> Result<Published, Error> {
        let publisher = Publisher::begin(store, collection, ops)?;
        publisher.put("schema", "json", glb::schema_json().as_bytes())?;
        let solids = self.solids();
        let half = solids.len() / 2;
        let first = self.leaf(&publisher, "buildings-0", &solids[..half])?;
        let second = self.leaf(&publisher, "buildings-1", &solids[half..])?;
        let leaf_names = [first.0.clone(), second.0.clone()];
        let (stand_in, bounds) = self.stand_in(&publisher, &solids)?;
        let buildings = self.layer(
            &publisher,
            "buildings",
            tile(
                &stand_in,
                bounds,
                8.0,
                vec![
                    tile(&first.0, first.1, 0.0, vec![]),
                    tile(&second.0, second.1, 0.0, vec![]),
                ],
            ),
        )?;
        let pond = Solid {
            id: "pond".to_owned(),
            parent: None,
            name: "Lampi",
            kind: "WaterBody",
            east: 60.0,
            north: -40.0,
            size: 30.0,
            height: 0.5,
        };
        let (water_tile, water_bounds) = self.leaf(&publisher, "water-0", std::slice::from_ref(&pond))?;
        let water = self.layer(&publisher, "water", tile(&water_tile, water_bounds, 0.0, vec![]))?;
        let mut rows: Vec<FeatureRow> = Vec::new();
        for (number, solid) in solids.iter().enumerate() {
            let leaf = leaf_names[usize::from(number >= half)].clone();
            rows.push(row(solid, "buildings", vec![(leaf, 0), (stand_in.clone(), 1)]));
        }
        rows.push(row(&pond, "water", vec![(water_tile, 0)]));
        (self.spoil_rows)(&mut rows);
        if self.reversed {
            rows.reverse();
        }
        let layers = vec![
            LayerInfo {
                name: "buildings".into(),
                tileset: format!("files/{buildings}"),
                count: solids.len() as u64,
            },
            LayerInfo {
                name: "water".into(),
                tileset: format!("files/{water}"),
                count: 1,
            },
        ];
        let mut tileset = root(
            bounds.union(&water_bounds),
            &[(buildings, bounds), (water, water_bounds)],
        );
        (self.spoil_tileset)("root", &mut tileset);
        publisher.finish(self.publication(tileset, layers, rows))
    }

    fn publication(&self, tileset: Tileset, layers: Vec<LayerInfo>, rows: Vec<FeatureRow>) -> Publication {
        Publication {
            tileset,
            title: self.title.clone(),
            attribution: vec![CREDIT.to_owned()],
            license: Some("https://opendatacommons.org/licenses/odbl/1-0/".to_owned()),
            sources: vec![Source {
                name: "sample.gml".into(),
                length: 1,
                hash: "0".repeat(64),
            }],
            source_date: Some("2026-11-20T00:00:00Z".to_owned()),
            crs: self.crs.clone(),
            crs_name: "EPSG:3879 + EPSG:3900".to_owned(),
            layers,
            frame: Frame {
                origin: ORIGIN,
                curve: [-1000.0, -1000.0, 2000.0],
            },
            features: Box::new(rows.into_iter().map(Ok)),
            counts: BTreeMap::from([("Building".to_owned(), 5)]),
            warnings: BTreeMap::from([("open-solid".to_owned(), 2)]),
        }
    }

    fn solids(&self) -> Vec<Solid> {
        let mut solids = vec![
            Solid {
                id: "church".into(),
                parent: None,
                name: "Tuomiokirkko \u{2013} Storkyrkan",
                kind: "Building",
                east: 0.0,
                north: 0.0,
                size: 20.0,
                height: self.first_height,
            },
            Solid {
                id: "church_tower".into(),
                parent: Some("church"),
                name: "",
                kind: "BuildingPart",
                east: 5.0,
                north: 20.0,
                size: 6.0,
                height: 41.0,
            },
        ];
        for number in 0..self.houses {
            solids.push(Solid {
                id: format!("house_{number}"),
                parent: None,
                name: if number == 0 { "\u{c4}iti\u{e4}\u{161} talo" } else { "" },
                kind: "Building",
                east: 40.0 * (number + 1) as f64,
                north: 10.0 * number as f64,
                size: 10.0,
                height: 6.0 + number as f32,
            });
        }
        solids
    }

    fn leaf(&self, publisher: &Publisher, stem: &str, solids: &[Solid]) -> Result<(String, Aabb), Error> {
        let mut content = TileContent {
            copyright: CREDIT.to_owned(),
            ..TileContent::default()
        };
        content.mesh.origin = DVec3::new(solids[0].east, solids[0].north, 0.0);
        for solid in solids {
            let number = content.features.len() as u16;
            content.features.push(feature(solid, 1));
            let low = DVec3::new(solid.east, solid.north, 0.0) - content.mesh.origin;
            cuboid(
                &mut content.mesh,
                low.as_vec3().to_array(),
                solid.size,
                solid.height,
                number,
                surface(solid),
            );
        }
        self.store_tile(publisher, stem, content)
    }

    fn stand_in(&self, publisher: &Publisher, solids: &[Solid]) -> Result<(String, Aabb), Error> {
        let mut content = TileContent {
            copyright: CREDIT.to_owned(),
            ..TileContent::default()
        };
        content.features.push(feature(&solids[0], solids.len() as u32));
        for solid in solids {
            cuboid(
                &mut content.mesh,
                [solid.east as f32, solid.north as f32, 0.0],
                solid.size,
                solid.height,
                0,
                Surface::Wall,
            );
        }
        self.store_tile(publisher, "buildings-2", content)
    }

    fn store_tile(&self, publisher: &Publisher, stem: &str, mut content: TileContent) -> Result<(String, Aabb), Error> {
        let origin = content.mesh.origin;
        let position = |p: &[f32; 3]| origin + DVec3::new(p[0].into(), p[1].into(), p[2].into());
        let bounds = Aabb::from_points(content.mesh.positions.iter().map(position));
        (self.spoil)(stem, &mut content);
        let bytes = glb::encode(&content, self.encoding, "schema.json").expect("the sample's tiles encode");
        Ok((publisher.put(stem, "glb", &bytes)?, bounds))
    }

    fn layer(&self, publisher: &Publisher, name: &str, root: Tile) -> Result<String, Error> {
        let mut tileset = Tileset {
            asset: Asset {
                version: "1.1".into(),
                tileset_version: None,
                extras: None,
            },
            schema_uri: None,
            geometric_error: 100.0,
            root,
            extensions_used: vec![],
            extensions_required: vec![],
            extras: None,
        };
        (self.spoil_tileset)(name, &mut tileset);
        publisher.put(name, "json", &serde_json::to_vec(&tileset).expect("a tileset is JSON"))
    }
}

fn root(bounds: Aabb, layers: &[(String, Aabb)]) -> Tileset {
    let frame = EnuFrame::new(Geodetic::from_degrees(ORIGIN[0], ORIGIN[1], ORIGIN[2]));
    let children = layers
        .iter()
        .map(|(name, bounds)| tile(&format!("files/{name}"), *bounds, 100.0, vec![]));
    let mut root = tile("", bounds, 100.0, children.collect());
    root.content = None;
    root.refine = Some(Refine::Add);
    root.transform = Some(frame.transform());
    Tileset {
        asset: Asset {
            version: "1.1".into(),
            tileset_version: None,
            extras: None,
        },
        schema_uri: None,
        geometric_error: 100.0,
        root,
        extensions_used: vec![],
        extensions_required: vec![],
        extras: None,
    }
}

fn tile(uri: &str, bounds: Aabb, geometric_error: f64, children: Vec<Tile>) -> Tile {
    Tile {
        bounding_volume: BoundingVolume::from_aabb(&children.iter().fold(bounds, |all, child| {
            match child.bounding_volume {
                BoundingVolume::Box(numbers) => all.union(&tiles::bounds::OrientedBox::from_array(&numbers).to_aabb()),
                _ => all,
            }
        })),
        geometric_error,
        refine: Some(Refine::Replace),
        transform: None,
        content: Some(Content {
            uri: uri.to_owned(),
            bounding_volume: None,
            extras: None,
        }),
        children,
        extras: None,
    }
}

fn surface(solid: &Solid) -> Surface {
    if solid.kind == "WaterBody" {
        Surface::Water
    } else {
        Surface::Wall
    }
}

fn feature(solid: &Solid, merged: u32) -> Feature {
    Feature {
        id: solid.id.clone(),
        kind: solid.kind.to_owned(),
        name: solid.name.to_owned(),
        height: Some(solid.height),
        merged,
        ..Feature::default()
    }
}

fn row(solid: &Solid, layer: &str, tiles: Vec<(String, u16)>) -> FeatureRow {
    let frame = EnuFrame::new(Geodetic::from_degrees(ORIGIN[0], ORIGIN[1], ORIGIN[2]));
    let size = f64::from(solid.size);
    let at = |east: f64, north: f64, up: f64| {
        frame
            .to_ecef(Enu(DVec3::new(solid.east + east, solid.north + north, up)))
            .to_geodetic()
    };
    let corners = [[0.0, 0.0], [size, 0.0], [size, size], [0.0, size], [0.0, 0.0]];
    let ring: Vec<[f64; 2]> = corners
        .iter()
        .map(|&[east, north]| {
            let (longitude, latitude) = at(east, north, 0.0).degrees();
            [longitude, latitude]
        })
        .collect();
    let height = f64::from(solid.height);
    let footprint: Footprint = vec![vec![ring.clone()]];
    FeatureRow {
        id: solid.id.clone(),
        parent: solid.parent.map(str::to_owned),
        layer: layer.to_owned(),
        kind: solid.kind.to_owned(),
        name: (!solid.name.is_empty()).then(|| solid.name.to_owned()),
        address: (solid.id == "church").then(|| "Unioninkatu 29, 00170 Helsinki".to_owned()),
        footprint,
        bbox: Some([
            ring[0][0],
            ring[0][1],
            at(0.0, 0.0, 0.0).height,
            ring[2][0],
            ring[2][1],
            at(0.0, 0.0, height).height,
        ]),
        ground: Some(4.0),
        top: Some(4.0 + height),
        attributes: attributes(solid),
        notes: Vec::new(),
        tiles: tiles.into_iter().map(|(file, level)| TileRef { file, level }).collect(),
    }
}

fn attributes(solid: &Solid) -> Vec<(String, serde_json::Value)> {
    let mut attributes = vec![("measuredHeight".to_owned(), json!(solid.height))];
    let mut add = |name: &str, value| attributes.push((name.to_owned(), value));
    match solid.id.as_str() {
        "church" => {
            add("function", json!("religious"));
            add("function", json!("tourism"));
            add("yearOfConstruction", json!(1852));
            add("nameSwedish", json!("Storkyrkan"));
            add("heightSource", json!("tag"));
        }
        "house_0" => {
            add("function", json!("residential"));
            add("yearOfConstruction", json!("1911-05-01"));
            add("storeysAboveGround", json!(3));
            add("heightSource", json!("levels"));
            add("Floor area (m2)", json!(250));
            add("listed", json!(true));
        }
        "house_1" => {
            add("Floor area (m2)", json!(310.5));
            add("listed", json!(false));
        }
        _ => {}
    }
    attributes
}

/// Adds a box standing on `low`, with flat faces that point out.
fn cuboid(mesh: &mut Mesh, low: [f32; 3], size: f32, height: f32, feature: u16, surface: Surface) {
    let high = [low[0] + size, low[1] + size, low[2] + height];
    for axis in 0..3usize {
        for side in [false, true] {
            let first = mesh.positions.len() as u32;
            let mut normal = [0.0; 3];
            normal[axis] = if side { 1.0 } else { -1.0 };
            for (u, v) in [(false, false), (true, false), (true, true), (false, true)] {
                let mut corner = [0.0; 3];
                corner[axis] = if side { high[axis] } else { low[axis] };
                let (a, b) = ((axis + 1) % 3, (axis + 2) % 3);
                corner[a] = if u { high[a] } else { low[a] };
                corner[b] = if v { high[b] } else { low[b] };
                mesh.positions.push(corner);
                mesh.normals.push(normal);
                mesh.colors.push([200, 180, 160, 255]);
                mesh.feature_ids.push(feature);
                mesh.surfaces.push(surface as u8);
            }
            let order = if side { [0, 1, 2, 0, 2, 3] } else { [0, 2, 1, 0, 3, 2] };
            mesh.indices.extend(order.map(|corner| first + corner));
        }
    }
}
