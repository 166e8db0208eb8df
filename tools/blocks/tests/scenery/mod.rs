//! A small town in memory, and a reader for the worlds made of it.
#![allow(dead_code, reason = "each test program uses a part of it")]

use blocks::anchor::{Anchor, UNITS};
use blocks::area::ChunkArea;
use blocks::piece::{Feature, Piece};
use blocks::world::About;
use blocks::{Options, Summary, export_from};
use fastnbt::{LongArray, Value};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read};
use tiles::surface::Surface;

pub type Point = [f64; 3];

/// A point in blocks as the exporter snaps it.
pub fn snapped(point: Point) -> [i32; 3] {
    point.map(blocks::anchor::snap_coordinate)
}

/// A feature of a piece under construction.
pub struct Builder {
    pub piece: Piece,
}

impl Builder {
    pub fn new() -> Self {
        Self {
            piece: Piece::default(),
        }
    }

    pub fn feature(&mut self, id: &str, kind: &str, function: &str) -> u32 {
        self.piece.features.push(Feature {
            id: id.into(),
            kind: kind.into(),
            name: String::new(),
            function: function.into(),
        });
        self.piece.features.len() as u32 - 1
    }

    /// A flat convex polygon, anticlockwise seen from outside.
    pub fn polygon(&mut self, feature: u32, surface: Surface, color: [u8; 3], corners: &[Point]) {
        for pair in corners[1..].windows(2) {
            let triangle = [corners[0], pair[0], pair[1]].map(snapped);
            self.piece.push(triangle, feature, surface, color);
        }
    }

    /// A level rectangle that faces up.
    pub fn sheet(&mut self, feature: u32, surface: Surface, color: [u8; 3], x: [f64; 2], y: f64, z: [f64; 2]) {
        let corners = [[x[0], y, z[0]], [x[0], y, z[1]], [x[1], y, z[1]], [x[1], y, z[0]]];
        self.polygon(feature, surface, color, &corners);
    }

    /// An upright prism over a polygon (x, z), anticlockwise seen from above, with roof, walls and ground.
    pub fn prism(&mut self, feature: u32, outline: &[[f64; 2]], y: [f64; 2]) {
        let at = |point: [f64; 2], y: f64| [point[0], y, point[1]];
        let top: Vec<Point> = outline.iter().map(|point| at(*point, y[1])).collect();
        let bottom: Vec<Point> = outline.iter().rev().map(|point| at(*point, y[0])).collect();
        self.polygon(feature, Surface::Roof, [125, 138, 134], &top);
        self.polygon(feature, Surface::Ground, [140, 134, 124], &bottom);
        for (here, point) in outline.iter().enumerate() {
            let next = outline[(here + 1) % outline.len()];
            let wall = [at(*point, y[0]), at(next, y[0]), at(next, y[1]), at(*point, y[1])];
            self.polygon(feature, Surface::Wall, [227, 217, 196], &wall);
        }
    }
}

/// A rectangle for [`Builder::prism`].
pub fn rectangle(x: [f64; 2], z: [f64; 2]) -> [[f64; 2]; 4] {
    [[x[0], z[0]], [x[0], z[1]], [x[1], z[1]], [x[1], z[0]]]
}

/// 160 by 128 m about x 480 to 640, z -64 to 64, over a region border in both directions: ground at 4 m, a road along x, water in the south
/// with a bridge over it, a block of houses that share a wall, a tower, trees and a lamp.
pub fn town() -> Vec<Piece> {
    let mut ground = Builder::new();
    let land = ground.feature("land", "LandUse", "");
    ground.sheet(
        land,
        Surface::LandUse,
        [188, 182, 166],
        [480.0, 640.0],
        4.0,
        [-64.0, 10.0],
    );
    ground.sheet(
        land,
        Surface::LandUse,
        [188, 182, 166],
        [480.0, 640.0],
        4.0,
        [18.0, 40.0],
    );
    let road = ground.feature("road", "Road", "");
    ground.sheet(road, Surface::Road, [92, 95, 99], [480.0, 640.0], 4.0, [10.0, 18.0]);
    ground.sheet(road, Surface::Road, [92, 95, 99], [500.0, 507.0], 4.0, [40.0, 64.0]);
    let sea = ground.feature("sea", "WaterBody", "");
    ground.sheet(sea, Surface::Water, [91, 134, 166], [480.0, 640.0], 0.0, [40.0, 64.0]);
    let mut houses = Builder::new();
    for number in 0..6 {
        let id = houses.feature(&format!("house-{number}"), "Building", "");
        let x = 504.0 + f64::from(number) * 9.3;
        let outline = rectangle([x, x + 9.3], [-6.4, 4.1]);
        houses.prism(id, &outline, [4.0, 11.0 + f64::from(number)]);
    }
    let tower = houses.feature("tower", "Building", "");
    let (x, z) = (520.7, -30.2);
    let outline: Vec<[f64; 2]> = (0..12)
        .map(|corner| {
            let turn = -std::f64::consts::TAU * f64::from(corner) / 12.0;
            [x + 4.3 * turn.cos(), z + 4.3 * turn.sin()]
        })
        .collect();
    houses.prism(tower, &outline, [4.0, 52.5]);
    let mut green = Builder::new();
    for (number, x) in [496.0, 511.9, 530.4, 590.0].into_iter().enumerate() {
        let id = green.feature(&format!("tree-{number}"), "SolitaryVegetationObject", "");
        box_of(
            &mut green,
            id,
            Surface::Tree,
            [107, 79, 54],
            [x, 22.3],
            0.36,
            [4.0, 6.6],
        );
        box_of(
            &mut green,
            id,
            Surface::Tree,
            [93, 138, 69],
            [x, 22.3],
            5.0,
            [6.2, 12.0],
        );
    }
    let lamp = green.feature("lamp", "CityFurniture", "street_lamp");
    box_of(
        &mut green,
        lamp,
        Surface::Furniture,
        [74, 77, 80],
        [512.4, 19.5],
        0.5,
        [4.0, 10.3],
    );
    vec![ground.piece, houses.piece, green.piece]
}

fn box_of(builder: &mut Builder, id: u32, surface: Surface, color: [u8; 3], at: [f64; 2], side: f64, y: [f64; 2]) {
    let half = side / 2.0;
    let first = builder.piece.triangles.len();
    builder.prism(
        id,
        &rectangle([at[0] - half, at[0] + half], [at[1] - half, at[1] + half]),
        y,
    );
    for number in first..builder.piece.triangles.len() {
        let row = builder.piece.triangles[number].owner as usize;
        builder.piece.owners[row].surface = surface;
        builder.piece.owners[row].color = color;
    }
}

pub fn about(area: &ChunkArea) -> About {
    let [x0, z0, x1, z1] = area.blocks();
    About {
        collection: "town".into(),
        title: "A small town".into(),
        horizontal: "EPSG:3879".into(),
        vertical: "EPSG:3900".into(),
        anchor: Anchor {
            e0: 25_496_576,
            n0: 6_673_408,
            offset: 0,
        },
        convergence: -0.05,
        bbox: [24.9, 60.1, 25.0, 60.2],
        blocks: area.blocks(),
        middle: [x0.midpoint(x1), z0.midpoint(z1)],
        layers: vec!["buildings".into()],
        palette: "Minecraft".into(),
        attribution: vec!["(c) OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright".into()],
        license: None,
        sources: Vec::new(),
        source_date: None,
    }
}

/// Exports an area of pieces.
pub fn export(pieces: &Vec<Piece>, area: ChunkArea) -> (Summary, Vec<u8>) {
    let mut out = Cursor::new(Vec::new());
    let summary = export_from(pieces, area, &about(&area), &Options::new().unwrap(), &mut out, None).unwrap();
    (summary, out.into_inner())
}

/// A world read back from its zip.
pub struct World {
    pub files: BTreeMap<String, Vec<u8>>,
    chunks: HashMap<(i32, i32), ReadChunk>,
}

#[derive(Deserialize)]
pub struct ReadChunk {
    #[serde(rename = "DataVersion")]
    pub data_version: i32,
    #[serde(rename = "xPos")]
    pub x: i32,
    #[serde(rename = "zPos")]
    pub z: i32,
    #[serde(rename = "Status")]
    pub status: String,
    sections: Vec<ReadSection>,
    pub block_entities: Vec<Value>,
    #[serde(rename = "Heightmaps")]
    pub heightmaps: HashMap<String, LongArray>,
}

#[derive(Deserialize)]
struct ReadSection {
    #[serde(rename = "Y")]
    y: i8,
    block_states: ReadStates,
}

#[derive(Deserialize)]
struct ReadStates {
    palette: Vec<ReadState>,
    data: Option<LongArray>,
}

#[derive(Deserialize)]
struct ReadState {
    #[serde(rename = "Name")]
    name: String,
}

impl ReadChunk {
    /// The block at x and z from 0 to 15.
    pub fn block(&self, x: i32, y: i32, z: i32) -> &str {
        let section = self
            .sections
            .iter()
            .find(|section| i32::from(section.y) == y.div_euclid(16))
            .unwrap();
        let states = &section.block_states;
        let number = states.data.as_ref().map_or(0, |data| {
            let bits = (states.palette.len().next_power_of_two().trailing_zeros() as usize).max(4);
            let at = (y.rem_euclid(16) * 256 + z * 16 + x) as usize;
            (data[at / (64 / bits)] as u64 >> (at % (64 / bits) * bits)) as usize & ((1 << bits) - 1)
        });
        states.palette[number].name.trim_start_matches("minecraft:")
    }

    pub fn height(&self, map: &str, x: i32, z: i32) -> i32 {
        let at = (z * 16 + x) as usize;
        (self.heightmaps[map][at / 7] as u64 >> (at % 7 * 9)) as i32 & 511
    }
}

impl World {
    pub fn read(zip: &[u8]) -> Self {
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        let mut files = BTreeMap::new();
        for number in 0..archive.len() {
            let mut file = archive.by_index(number).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            let name = file.name().unwrap().split_once('/').unwrap().1.to_owned();
            files.insert(name, bytes);
        }
        let mut chunks = HashMap::new();
        for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("region/")) {
            for (_, nbt) in region_chunks(bytes) {
                let chunk: ReadChunk = fastnbt::from_bytes(&nbt).unwrap();
                let region = format!("region/r.{}.{}.mca", chunk.x.div_euclid(32), chunk.z.div_euclid(32));
                assert_eq!(&region, name);
                chunks.insert((chunk.x, chunk.z), chunk);
            }
        }
        Self { files, chunks }
    }

    pub fn chunk(&self, x: i32, z: i32) -> &ReadChunk {
        &self.chunks[&(x, z)]
    }

    pub fn chunks(&self) -> impl Iterator<Item = &ReadChunk> {
        self.chunks.values()
    }

    pub fn block(&self, x: i32, y: i32, z: i32) -> &str {
        self.chunk(x.div_euclid(16), z.div_euclid(16))
            .block(x.rem_euclid(16), y, z.rem_euclid(16))
    }
}

/// The chunks of a region file by their place in its table, decompressed.
pub fn region_chunks(file: &[u8]) -> BTreeMap<usize, Vec<u8>> {
    let mut chunks = BTreeMap::new();
    for place in 0..1024 {
        let entry = u32::from_be_bytes(file[place * 4..place * 4 + 4].try_into().unwrap());
        if entry == 0 {
            continue;
        }
        let start = (entry >> 8) as usize * 4096;
        let length = u32::from_be_bytes(file[start..start + 4].try_into().unwrap()) as usize;
        assert_eq!(file[start + 4], 2);
        let mut nbt = Vec::new();
        let packed = &file[start + 5..start + 4 + length];
        flate2::read::ZlibDecoder::new(packed).read_to_end(&mut nbt).unwrap();
        chunks.insert(place, nbt);
    }
    chunks
}

pub fn units(blocks: f64) -> i32 {
    (blocks * f64::from(UNITS)) as i32
}
