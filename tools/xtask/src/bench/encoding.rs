//! Ways to store a tile's geometry, measured on the tiles of a real store.
//!
//! Every tile is decoded and its vertices and triangles are laid out in each way, beside the same JSON and the same
//! property tables that the tile has now; what is counted is the bytes a triangle as they are, after brotli 5 and after
//! brotli 11, each tile compressed by itself as a server sends it. Then the stored and the plain form are decoded, timed.

use anyhow::{Context as _, bail, ensure};
use meshoptimizer_rs::Workspace;
use meshoptimizer_rs::codec::{IndexEncoding, VertexEncoding, encode_index_buffer, encode_vertex_buffer};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tiles::glb;
use tiles::mesh::Mesh;

/// What to measure.
#[derive(clap::Args)]
pub struct Options {
    /// Tiles (`.glb`), or folders that hold tiles: all below them are taken.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Only tiles whose names begin like this, as `buildings`.
    #[arg(long, default_value = "")]
    prefix: String,
}

/// One way to store a tile.
struct Way {
    name: &'static str,
    position: Position,
    normal: Normal,
    /// Colours and ids through meshopt's vertex codec.
    packed_rest: bool,
    /// Triangles through meshopt's index codec.
    packed_triangles: bool,
}

#[derive(Clone, Copy)]
enum Position {
    Floats,
    /// 16 bits, with the finest step that reaches over the tile: 1 mm up to 64 m.
    Shorts,
    PackedShorts,
    Exponential,
}

#[derive(Clone, Copy)]
enum Normal {
    Floats,
    Bytes,
    PackedBytes,
}

const fn way(name: &'static str, position: Position, normal: Normal, rest: bool, triangles: bool) -> Way {
    Way {
        name,
        position,
        normal,
        packed_rest: rest,
        packed_triangles: triangles,
    }
}

const WAYS: [Way; 6] = [
    way("floats", Position::Floats, Normal::Floats, false, false),
    way("16 bits (*)", Position::Shorts, Normal::Bytes, false, false),
    way(
        "16 bits, meshopt (*)",
        Position::PackedShorts,
        Normal::PackedBytes,
        true,
        true,
    ),
    way(
        "16 bits, meshopt triangles (*)",
        Position::Shorts,
        Normal::Bytes,
        false,
        true,
    ),
    way(
        "exponential filter, meshopt",
        Position::Exponential,
        Normal::PackedBytes,
        true,
        true,
    ),
    way(
        "floats and bytes as they are, rest meshopt",
        Position::Floats,
        Normal::Bytes,
        true,
        true,
    ),
];

/// Bytes as they are, after brotli 5, after brotli 11.
#[derive(Default, Clone, Copy)]
struct Size([usize; 3]);

impl Size {
    fn add(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.0[0] += bytes.len();
        self.0[1] += brotli(bytes, 5)?;
        self.0[2] += brotli(bytes, 11)?;
        Ok(())
    }

    fn line(&self, name: &str, share: usize) -> String {
        let [raw, five, eleven] = self.0.map(|bytes| bytes as f64 / share.max(1) as f64);
        format!("| {name} | {raw:.2} | {five:.2} | {eleven:.2} |")
    }
}

#[derive(Default)]
struct Sums {
    tiles: usize,
    triangles: usize,
    vertices: usize,
    features: usize,
    /// Tiles so large that 16 bits make the step larger than 1 mm.
    coarse: usize,
    ways: [Size; WAYS.len()],
    stored: Size,
    json: Size,
    properties: Size,
    decoding: [Duration; 2],
}

/// Measures and prints.
///
/// # Errors
/// When a tile cannot be read or there is none.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for path in &options.paths {
        collect(path, &options.prefix, &mut files)?;
    }
    files.sort();
    ensure!(
        !files.is_empty(),
        "no .glb among the given paths begins with {:?}",
        options.prefix
    );
    let mut sums = Sums::default();
    for file in &files {
        let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        measure(&bytes, &mut sums).with_context(|| format!("measuring {}", file.display()))?;
    }
    print(&sums);
    Ok(())
}

fn collect(path: &Path, prefix: &str, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).with_context(|| format!("listing {}", path.display()))? {
            collect(&entry?.path(), prefix, files)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "glb") {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(prefix) {
            files.push(path.to_owned());
        }
    } else if !path.exists() {
        bail!("there is no {}", path.display());
    }
    Ok(())
}

fn measure(glb: &[u8], sums: &mut Sums) -> anyhow::Result<()> {
    let began = Instant::now();
    let content = glb::decode(glb)?;
    sums.decoding[0] += began.elapsed();
    let plain = glb::to_plain(glb)?;
    let began = Instant::now();
    glb::decode(&plain)?;
    sums.decoding[1] += began.elapsed();
    let (json, properties) = around(glb)?;
    let mesh = &content.mesh;
    sums.tiles += 1;
    sums.triangles += mesh.indices.len() / 3;
    sums.vertices += mesh.positions.len();
    sums.features += content.features.len();
    sums.coarse += usize::from(shorts(mesh).1 > 0);
    for (way, size) in WAYS.iter().zip(&mut sums.ways) {
        let geometry = laid_out(mesh, way)?;
        size.add(&[json, &properties[..], &geometry[..]].concat())?;
    }
    sums.stored.add(glb)?;
    sums.json.add(json)?;
    sums.properties.add(&properties)
}

/// The JSON of a tile, and the bytes of its property tables.
fn around(glb: &[u8]) -> anyhow::Result<(&[u8], Vec<u8>)> {
    let word = glb.get(12..16).context("no header")?;
    let length = u32::from_le_bytes(word.try_into()?) as usize;
    let text = glb.get(20..20 + length).context("no JSON")?;
    let bin = glb.get(28 + length..).context("no binary chunk")?;
    let json: Value = serde_json::from_slice(text)?;
    let mut properties = Vec::new();
    let tables = json["extensions"]["EXT_structural_metadata"]["propertyTables"].as_array();
    let columns = tables
        .into_iter()
        .flatten()
        .filter_map(|table| table["properties"].as_object());
    for column in columns.flat_map(serde_json::Map::values) {
        for view in ["values", "stringOffsets"]
            .iter()
            .filter_map(|key| column[key].as_u64())
        {
            let view = &json["bufferViews"][view as usize];
            let begin = view["byteOffset"].as_u64().unwrap_or(0) as usize;
            let length = view["byteLength"].as_u64().unwrap_or(0) as usize;
            properties.extend_from_slice(bin.get(begin..begin + length).context("a column is not there")?);
            properties.resize(properties.len().next_multiple_of(8), 0);
        }
    }
    Ok((text, properties))
}

fn laid_out(mesh: &Mesh, way: &Way) -> anyhow::Result<Vec<u8>> {
    let mut bytes = match way.position {
        Position::Floats => floats(&mesh.positions),
        Position::Shorts => shorts(mesh).0,
        Position::PackedShorts => packed(&shorts(mesh).0, 8)?,
        Position::Exponential => packed(&exponential(mesh), 12)?,
    };
    let whole: Vec<u8> = mesh.normals.iter().flat_map(|&normal| byte_normal(normal)).collect();
    bytes.extend(match way.normal {
        Normal::Floats => floats(&mesh.normals),
        Normal::Bytes => whole,
        Normal::PackedBytes => packed(&whole, 4)?,
    });
    let rest = rest(mesh);
    bytes.extend(if way.packed_rest { packed(&rest, 16)? } else { rest });
    bytes.extend(if way.packed_triangles {
        encode_index_buffer(&mesh.indices, IndexEncoding::new(1)?, &mut Workspace::default())?
    } else if u16::try_from(mesh.positions.len()).is_ok() {
        mesh.indices
            .iter()
            .flat_map(|&index| (index as u16).to_le_bytes())
            .collect()
    } else {
        mesh.indices.iter().flat_map(|index| index.to_le_bytes()).collect()
    });
    Ok(bytes)
}

fn packed(bytes: &[u8], stride: usize) -> anyhow::Result<Vec<u8>> {
    let version_0 = VertexEncoding::new(0, 2)?;
    let count = bytes.len() / stride;
    Ok(encode_vertex_buffer(
        bytes,
        count,
        stride,
        version_0,
        &mut Workspace::default(),
    )?)
}

/// East, north, up to glTF's axes.
fn turned([east, north, up]: [f32; 3]) -> [f32; 3] {
    [east + 0.0, up + 0.0, -north + 0.0]
}

fn floats(vectors: &[[f32; 3]]) -> Vec<u8> {
    let turned = vectors.iter().flat_map(|&vector| turned(vector));
    turned.flat_map(f32::to_le_bytes).collect()
}

/// Positions in steps of 2^-10 m.
fn whole(mesh: &Mesh) -> Vec<[i32; 3]> {
    let steps = |coordinate: f32| (f64::from(coordinate) * 1024.0).round() as i32;
    mesh.positions
        .iter()
        .map(|&position| turned(position).map(steps))
        .collect()
}

fn exponential(mesh: &Mesh) -> Vec<u8> {
    let word = |whole: i32| ((-10_i32 as u32) << 24) | (whole as u32 & 0x00FF_FFFF);
    whole(mesh)
        .into_iter()
        .flatten()
        .flat_map(|whole| word(whole).to_le_bytes())
        .collect()
}

/// Positions in 16 bits from the least corner, padded to 8 bytes, and how many bits of the millimetre that cost.
fn shorts(mesh: &Mesh) -> (Vec<u8>, u32) {
    let whole = whole(mesh);
    let corner = |pick: fn(i32, i32) -> i32, start| {
        whole.iter().fold([start; 3], |corner: [i32; 3], position| {
            std::array::from_fn(|axis| pick(corner[axis], position[axis]))
        })
    };
    let (least, most) = (corner(i32::min, i32::MAX), corner(i32::max, i32::MIN));
    let extent = (0..3).map(|axis| most[axis].abs_diff(least[axis])).max().unwrap_or(0);
    let lost = (32 - extent.leading_zeros()).saturating_sub(16);
    let bytes = whole.iter().flat_map(|position| {
        let [x, y, z] = std::array::from_fn(|axis| (position[axis].abs_diff(least[axis]) >> lost) as u16);
        [x, y, z, 0].map(u16::to_le_bytes).into_iter().flatten()
    });
    (bytes.collect(), lost)
}

fn byte_normal(normal: [f32; 3]) -> [u8; 4] {
    let [x, y, z] = turned(normal).map(|c| ((c * 127.0).round() as i8).cast_unsigned());
    [x, y, z, 0]
}

/// Linear colours in 16 bits, the feature's row, the surface: 16 bytes a vertex.
fn rest(mesh: &Mesh) -> Vec<u8> {
    let linear = |byte: u8| ((f64::from(byte) / 255.0).powf(2.2) * 65535.0).round() as u16;
    let mut bytes = Vec::with_capacity(mesh.colors.len() * 16);
    for ((&[r, g, b, a], row), &surface) in mesh.colors.iter().zip(&mesh.feature_ids).zip(&mesh.surfaces) {
        let color = [linear(r), linear(g), linear(b), u16::from(a) * 257];
        bytes.extend(color.iter().flat_map(|c| c.to_le_bytes()));
        bytes.extend(u32::from(*row).to_le_bytes());
        bytes.extend([surface, 0, 0, 0]);
    }
    bytes
}

fn brotli(bytes: &[u8], quality: i32) -> anyhow::Result<usize> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality,
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut out = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut out, &parameters)?;
    Ok(out.len())
}

fn print(sums: &Sums) {
    println!(
        "{} tiles, {} triangles, {} vertices, {} features; {} tiles are too large for 16 bits of 1 mm (*)\n",
        sums.tiles, sums.triangles, sums.vertices, sums.features, sums.coarse
    );
    println!("| bytes a triangle | as it is | brotli 5 | brotli 11 |\n|---|---|---|---|");
    for (way, size) in WAYS.iter().zip(&sums.ways) {
        println!("{}", size.line(way.name, sums.triangles));
    }
    println!("{}", sums.stored.line("**the tile as stored**", sums.triangles));
    println!("{}", sums.json.line("of which JSON", sums.triangles));
    println!("{}", sums.properties.line("of which property tables", sums.triangles));
    println!("\n{}", sums.json.line("JSON, bytes a tile", sums.tiles));
    println!(
        "{}",
        sums.properties.line("property tables, bytes a feature", sums.features)
    );
    let [stored, plain] = sums
        .decoding
        .map(|time| time.as_secs_f64() * 1e9 / sums.triangles.max(1) as f64);
    println!("\ndecoding: {stored:.0} ns a triangle as stored, {plain:.0} ns plain");
}

#[cfg(test)]
mod tests {
    use super::*;
    use tiles::feature::Feature;
    use tiles::mesh::TileContent;

    fn tile() -> Vec<u8> {
        let triangle = Mesh {
            positions: vec![[0.0, 0.0, 4.0], [1.0, 0.0, 4.0], [0.0, 1.5, 70.5]],
            normals: vec![[0.0, 0.0, 1.0]; 3],
            colors: vec![[1, 2, 3, 255]; 3],
            feature_ids: vec![0; 3],
            surfaces: vec![1; 3],
            indices: vec![0, 1, 2],
            ..Mesh::default()
        };
        let feature = Feature {
            id: "a".to_owned(),
            merged: 1,
            ..Feature::default()
        };
        let content = TileContent {
            mesh: triangle,
            features: vec![feature],
            ..TileContent::default()
        };
        glb::encode(&content, glb::Encoding::Compact, "schema.json").unwrap()
    }

    #[test]
    fn every_way_of_storing_a_tile_is_counted() {
        let mut sums = Sums::default();
        measure(&tile(), &mut sums).unwrap();
        assert_eq!((sums.tiles, sums.triangles, sums.vertices, sums.features), (1, 1, 3, 1));
        // 3 positions and normals of 12 bytes, 3 times the rest, and 3 indices of 2.
        let around = sums.json.0[0] + sums.properties.0[0];
        assert_eq!(sums.ways[0].0[0] - around, 3 * (12 + 12 + 16) + 6);
        assert_eq!(sums.ways[1].0[0] - around, 3 * (8 + 4 + 16) + 6);
        assert_eq!(sums.coarse, 1, "66.5 m do not fit 16 bits of 1 mm");
        assert!(sums.stored.0[0] >= around);
    }

    #[test]
    fn a_folder_without_tiles_is_an_error_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            paths: vec![folder.path().to_owned()],
            prefix: String::new(),
        };
        assert!(run(&options).unwrap_err().to_string().contains("no .glb"));
    }
}
