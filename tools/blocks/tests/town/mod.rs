//! A town that is published whole: through compact tiles and the fitted reference system.
//!
//! Tests of the block export and of the server share it.
#![allow(dead_code, reason = "each test program uses a part of it")]

use glam::DVec3;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use store::{Collection, Frame, Publication, Publisher, RealFiles};
use tiles::bounds::Aabb;
use tiles::crs::{FittedCrs, check_points, sample_points};
use tiles::feature::Feature;
use tiles::geodesy::{Enu, EnuFrame, Geodetic};
use tiles::glb::{self, Encoding};
use tiles::mesh::{Mesh, TileContent};
use tiles::surface::Surface;
use tiles::tileset::{BoundingVolume, LayerInfo, Refine, Tile, Tileset};

pub const ORIGIN: [f64; 3] = [24.9405, 60.1690, 17.6];
pub const CREDIT: &str = "(c) The people of the test, CC BY 4.0";

/// A grid like EPSG:3879 about here: turned a little against true north, and heights over a round earth.
fn grid(enu: Enu) -> DVec3 {
    let (sin, cos) = (-0.0531f64).to_radians().sin_cos();
    let Enu(p) = enu;
    DVec3::new(
        25_496_700.25 + p.x * cos - p.y * sin,
        6_672_900.5 + p.x * sin + p.y * cos,
        p.z + 0.003 + (p.x * p.x + p.y * p.y) / (2.0 * 6_390_000.0),
    )
}

/// The way from the tiles to the grid and back.
pub fn crs() -> FittedCrs {
    let reach = DVec3::new(3000.0, 3000.0, 700.0);
    let domain = Aabb::from_corners(-reach, reach);
    let samples: Vec<_> = sample_points(&domain).into_iter().map(|enu| (enu, grid(enu))).collect();
    let check: Vec<_> = check_points(&domain).into_iter().map(|enu| (enu, grid(enu))).collect();
    FittedCrs::fit(&samples, &check)
        .unwrap()
        .named("EPSG:3879", "EPSG:3900")
}

/// A box of the grid as a tile: easting, northing and height ranges.
fn tile_of(crs: &FittedCrs, id: &str, ranges: [[f64; 2]; 3], surfaces: [Surface; 3]) -> (TileContent, Aabb) {
    let corner = |number: usize| {
        let at = |axis: usize| ranges[axis][number >> axis & 1];
        crs.unproject(DVec3::new(at(0), at(1), at(2))).0
    };
    let origin = corner(0);
    let mut mesh = Mesh {
        origin,
        ..Mesh::default()
    };
    // Corners by number: 1 is east, 2 north, 4 up.
    let faces: [([usize; 4], usize, [f32; 3]); 6] = [
        ([4, 5, 7, 6], 0, [0.0, 0.0, 1.0]),
        ([0, 1, 5, 4], 1, [0.0, -1.0, 0.0]),
        ([1, 3, 7, 5], 1, [1.0, 0.0, 0.0]),
        ([3, 2, 6, 7], 1, [0.0, 1.0, 0.0]),
        ([2, 0, 4, 6], 1, [-1.0, 0.0, 0.0]),
        ([2, 3, 1, 0], 2, [0.0, 0.0, -1.0]),
    ];
    for (corners, role, normal) in faces {
        let surface = surfaces[role];
        if surface == Surface::Interior {
            continue;
        }
        let first = mesh.positions.len() as u32;
        for number in corners {
            mesh.positions.push((corner(number) - origin).as_vec3().to_array());
            mesh.normals.push(normal);
            mesh.colors.push([227, 217, 196, 255]);
            mesh.feature_ids.push(0);
            mesh.surfaces.push(surface as u8);
        }
        mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|number| first + number));
    }
    let bounds = Aabb::from_points((0..8).map(corner));
    let feature = Feature {
        id: id.into(),
        kind: "Building".into(),
        merged: 1,
        ..Feature::default()
    };
    let content = TileContent {
        mesh,
        features: vec![feature],
        copyright: CREDIT.into(),
    };
    (content, bounds)
}

/// A town on flat ground.
pub struct Town {
    /// Height of the second house's roof.
    pub top: f64,
    /// How far the ground reaches to each side of its middle, in metres.
    pub reach: f64,
    pub crs: Option<FittedCrs>,
}

impl Town {
    /// Publishes ground at 4.0 m and two houses on it, with a stand-in over the houses.
    pub fn publish(&self, store: &Path) -> Collection {
        let crs = crs();
        let publisher = Publisher::begin(store, "town", Arc::new(RealFiles)).unwrap();
        publisher.put("schema", "json", glb::schema_json().as_bytes()).unwrap();
        let leaf = |id: &str, ranges, surfaces| {
            let (content, bounds) = tile_of(&crs, id, ranges, surfaces);
            let bytes = glb::encode(&content, Encoding::Compact, "schema.json").unwrap();
            let name = publisher.put(id, "glb", &bytes).unwrap();
            (
                Tile::new(BoundingVolume::from_aabb(&bounds), 0.0).with_content(name),
                bounds,
            )
        };
        let house = [Surface::Roof, Surface::Wall, Surface::Ground];
        let first = leaf(
            "first",
            [[25_496_700.0, 25_496_712.0], [6_672_900.0, 6_672_912.0], [4.0, 14.0]],
            house,
        );
        let second = leaf(
            "second",
            [
                [25_496_720.3, 25_496_729.9],
                [6_672_895.2, 6_672_910.8],
                [4.0, self.top],
            ],
            house,
        );
        let wrong = leaf(
            "stand-in",
            [[25_496_690.0, 25_496_740.0], [6_672_880.0, 6_672_920.0], [0.0, 40.0]],
            house,
        );
        let sheet = [Surface::LandUse, Surface::Interior, Surface::Interior];
        let ground = leaf(
            "land",
            [
                [25_496_728.0 - self.reach, 25_496_728.0 + self.reach],
                [6_672_928.0 - self.reach, 6_672_928.0 + self.reach],
                [3.0, 4.0],
            ],
            sheet,
        );
        let mut over = wrong.0;
        over.geometric_error = 20.0;
        over.refine = Some(Refine::Replace);
        over.children = vec![first.0, second.0];
        let layers = [("buildings", over, wrong.1), ("terrain", ground.0, ground.1)].map(|(name, root, bounds)| {
            let json = Tileset::new(root).to_json().unwrap();
            let file = publisher.put(name, "json", &json).unwrap();
            (
                LayerInfo {
                    name: name.into(),
                    tileset: format!("files/{file}"),
                    count: 2,
                },
                bounds,
            )
        });
        let mut root = Tile::new(BoundingVolume::from_aabb(&layers[0].1.union(&layers[1].1)), 100.0);
        let frame = EnuFrame::new(Geodetic::from_degrees(ORIGIN[0], ORIGIN[1], ORIGIN[2]));
        root.transform = Some(frame.transform());
        root.refine = Some(Refine::Add);
        for (layer, bounds) in &layers {
            root.children
                .push(Tile::new(BoundingVolume::from_aabb(bounds), 50.0).with_content(layer.tileset.clone()));
        }
        let publication = Publication {
            tileset: Tileset::new(root),
            title: "Test town".into(),
            attribution: vec![CREDIT.into()],
            license: None,
            sources: Vec::new(),
            source_date: None,
            crs: self.crs.clone(),
            crs_name: "EPSG:3879".into(),
            layers: layers.map(|(layer, _)| layer).into(),
            frame: Frame {
                origin: ORIGIN,
                curve: [0.0; 3],
            },
            features: Box::new(std::iter::empty()),
            counts: BTreeMap::new(),
            warnings: BTreeMap::new(),
        };
        publisher.finish(publication).unwrap();
        Collection::open(&store.join("town")).unwrap()
    }
}

/// A box in degrees around a place in the grid, so many metres to each side.
pub fn around(easting: f64, northing: f64, metres: f64) -> [f64; 4] {
    let frame = EnuFrame::new(Geodetic::from_degrees(ORIGIN[0], ORIGIN[1], ORIGIN[2]));
    let degrees = |easting: f64, northing: f64| {
        frame
            .to_ecef(crs().unproject(DVec3::new(easting, northing, 4.0)))
            .to_geodetic()
            .degrees()
    };
    let ((west, south), (east, north)) = (
        degrees(easting - metres, northing - metres),
        degrees(easting + metres, northing + metres),
    );
    [west, south, east, north]
}
