//! The synthetic city: as large as asked, made of real buildings, the same bytes for the same arguments.
//!
//! Measuring needs cities of 10 000 and 100 000 buildings, and no real one can be shipped. So the sample's real LoD2
//! buildings are repeated: one building a cell of a square grid, turned by quarters, its height stretched, on ground
//! that rolls gently; streets run between the cells, and some cells are water instead.

use super::template::{self, Pose};
use super::texture;
use anyhow::{Context as _, ensure};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Width of the street along a cell's south and west sides, in metres; a cell's side is a multiple of it.
const STREET: f64 = 12.0;
/// South-west corner of the city: EPSG:3879 metres and N2000 height, inside the geoid grid that ships.
const CORNER: [f64; 3] = [25_484_000.0, 6_660_000.0, 4.0];
/// One cell in this many is water.
const WATER_EVERY: u64 = 23;

/// What city to write.
#[derive(clap::Args)]
pub struct Options {
    /// Number of buildings.
    #[arg(long)]
    buildings: u64,
    /// Level of detail of the buildings: 1 or 2.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    lod: u8,
    /// Side of the square that a building has with its street, in metres: a multiple of 12. Of a million buildings, 36 stay inside the
    /// geoid grid that ships.
    #[arg(long, default_value_t = 72, value_parser = cell)]
    cell: u32,
    /// Seed of everything that varies.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Give the walls textures (level of detail 2 only).
    #[arg(long)]
    textures: bool,
    /// Spread the city over this many files.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    files: u64,
    /// Folder to write `city_<n>.gml` into.
    #[arg(short, long)]
    output: PathBuf,
}

fn cell(text: &str) -> Result<u32, String> {
    let metres: u32 = text.parse().map_err(|_| "a number of metres is wanted".to_owned())?;
    if metres < 24 || !metres.is_multiple_of(STREET as u32) {
        return Err("a multiple of 12 is wanted, 24 or more".to_owned());
    }
    Ok(metres)
}

/// Writes the city and prints its files and sizes.
///
/// # Errors
/// When the sample cannot be read or a file cannot be written.
pub fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(options.buildings > 0, "--buildings must be 1 or more");
    ensure!(
        options.lod == 2 || !options.textures,
        "--textures needs --lod 2: level of detail 1 has no named walls"
    );
    let root = cargo_metadata::MetadataCommand::new().no_deps().exec()?.workspace_root;
    let sample = root.join("assets/samples/helsinki/helsinki-centre.gml.gz");
    let city = City::new(
        options,
        template::read(sample.as_std_path(), options.lod, f64::from(options.cell) - STREET)?,
    );
    std::fs::create_dir_all(&options.output).with_context(|| format!("making {}", options.output.display()))?;
    if options.textures {
        texture::write_pictures(&options.output)?;
    }
    for file in 0..options.files {
        let path = options.output.join(format!("city_{file}.gml"));
        let (buildings, bytes) = city.write(file, &path)?;
        println!("{}: {buildings} buildings, {bytes} bytes", path.display());
    }
    Ok(())
}

struct City<'a> {
    options: &'a Options,
    templates: Vec<template::Template>,
    /// Cells along one side.
    side: u64,
}

/// What stands in a cell.
enum Cell {
    /// The building with this number.
    Building(u64),
    Water,
    /// The grid's corner beyond the last building.
    Empty,
}

impl<'a> City<'a> {
    fn new(options: &'a Options, templates: Vec<template::Template>) -> Self {
        // As many cells as hold the buildings and the water between them.
        let mut side = (options.buildings as f64).sqrt() as u64;
        while side * side - (side * side).div_ceil(WATER_EVERY) < options.buildings {
            side += 1;
        }
        Self {
            options,
            templates,
            side,
        }
    }

    /// Metres.
    fn cell_side(&self) -> f64 {
        f64::from(self.options.cell)
    }

    fn cell(&self, index: u64) -> Cell {
        if index.is_multiple_of(WATER_EVERY) {
            return Cell::Water;
        }
        let number = index - index.div_ceil(WATER_EVERY);
        if number < self.options.buildings {
            Cell::Building(number)
        } else {
            Cell::Empty
        }
    }

    /// Writes the cells of one file; gives the number of buildings and of bytes.
    fn write(&self, file: u64, path: &Path) -> anyhow::Result<(u64, u64)> {
        let context = || format!("writing {}", path.display());
        let mut out = BufWriter::new(File::create(path).with_context(context)?);
        let (mut buildings, mut bytes) = (0, 0);
        let mut text = self.head();
        let cells = self.side * self.side;
        for index in cells * file / self.options.files..cells * (file + 1) / self.options.files {
            if matches!(self.cell(index), Cell::Building(_)) {
                buildings += 1;
            }
            self.write_cell(&mut text, index);
            out.write_all(text.as_bytes()).with_context(context)?;
            bytes += text.len() as u64;
            text.clear();
        }
        text.push_str("</core:CityModel>\n");
        out.write_all(text.as_bytes()).with_context(context)?;
        out.flush().with_context(context)?;
        Ok((buildings, bytes + text.len() as u64))
    }

    fn head(&self) -> String {
        let far = self.side as f64 * self.cell_side();
        let [e, n, _] = CORNER;
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:app="http://www.opengis.net/citygml/appearance/2.0" xmlns:gen="http://www.opengis.net/citygml/generics/2.0" xmlns:tran="http://www.opengis.net/citygml/transportation/2.0" xmlns:wtr="http://www.opengis.net/citygml/waterbody/2.0" xmlns:dem="http://www.opengis.net/citygml/relief/2.0" xmlns:gml="http://www.opengis.net/gml" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xAL="urn:oasis:names:tc:ciq:xsdschema:xAL:2.0">
<gml:description>Synthetic city for measurements, made of buildings derived from OpenStreetMap data, (c) OpenStreetMap contributors, Open Database License (ODbL) 1.0, https://www.openstreetmap.org/copyright</gml:description>
<gml:name>Synthetic city of {} buildings, seed {}</gml:name>
<gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::3900" srsDimension="3"><gml:lowerCorner>{e:.3} {n:.3} -10.000</gml:lowerCorner><gml:upperCorner>{:.3} {:.3} 150.000</gml:upperCorner></gml:Envelope></gml:boundedBy>
"#,
            self.options.buildings,
            self.options.seed,
            e + far,
            n + far,
        )
    }

    fn write_cell(&self, out: &mut String, index: u64) {
        let side = self.cell_side();
        let corner = [
            CORNER[0] + (index % self.side) as f64 * side,
            CORNER[1] + (index / self.side) as f64 * side,
        ];
        self.write_streets(out, index, corner);
        let plot = [corner[0] + STREET, corner[1] + STREET];
        let size = side - STREET;
        match self.cell(index) {
            Cell::Water => {
                let level = self.ground(plot).min(self.ground([plot[0] + size, plot[1] + size])) - 1.0;
                let _ = write!(
                    out,
                    "<core:cityObjectMember><wtr:WaterBody gml:id=\"water_{index}\"><wtr:lod1MultiSurface><gml:MultiSurface>"
                );
                write_rectangle(out, plot, [size, size], |_| level);
                out.push_str("</gml:MultiSurface></wtr:lod1MultiSurface></wtr:WaterBody></core:cityObjectMember>\n");
            }
            Cell::Building(number) => {
                self.write_terrain(out, index, plot, size);
                self.write_building(out, number, [plot[0] + size / 2.0, plot[1] + size / 2.0]);
            }
            Cell::Empty => self.write_terrain(out, index, plot, size),
        }
    }

    fn write_building(&self, out: &mut String, number: u64, at: [f64; 2]) {
        let mut random = Random(self.options.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        let template = &self.templates[(random.next() % self.templates.len() as u64) as usize];
        let pose = Pose {
            // Sunk to the lowest ground under it, so that nothing floats.
            at: [at[0], at[1], self.lowest(at, template.size)],
            turns: (random.next() % 4) as u32,
            stretch: 0.6 + random.unit(),
        };
        let suffix = format!("_s{number}");
        let textures = if self.options.textures {
            texture::on_walls(template, &suffix, random.next() % texture::PICTURES)
        } else {
            String::new()
        };
        template.write(out, &pose, &suffix, &textures);
    }

    /// Two streets a cell: along its south side, over its whole length, and along its west side, north of that. They are
    /// laid in squares that continue the terrain's: a longer piece would be straight where the ground beside it rolls, and
    /// lie under it.
    fn write_streets(&self, out: &mut String, index: u64, [e, n]: [f64; 2]) {
        let _ = write!(
            out,
            "<core:cityObjectMember><tran:Road gml:id=\"road_{index}\"><tran:lod1MultiSurface><gml:MultiSurface>"
        );
        let squares = (self.cell_side() / STREET).round() as u32;
        let along = (0..squares).map(|i| [e + f64::from(i) * STREET, n]);
        let up = (1..squares).map(|j| [e, n + f64::from(j) * STREET]);
        for corner in along.chain(up) {
            write_rectangle(out, corner, [STREET, STREET], |p| self.ground(p));
        }
        out.push_str("</gml:MultiSurface></tran:lod1MultiSurface></tran:Road></core:cityObjectMember>\n");
    }

    fn write_terrain(&self, out: &mut String, index: u64, [e, n]: [f64; 2], size: f64) {
        let _ = write!(
            out,
            "<core:cityObjectMember><dem:ReliefFeature gml:id=\"relief_{index}\"><dem:lod>2</dem:lod><dem:reliefComponent>\
             <dem:TINRelief gml:id=\"tin_{index}\"><dem:lod>2</dem:lod><dem:tin><gml:TriangulatedSurface><gml:trianglePatches>"
        );
        // The streets' squares go on in it.
        let steps = (size / STREET).round() as i32;
        let step = size / f64::from(steps);
        for (i, j) in (0..steps * steps).map(|k| (f64::from(k % steps), f64::from(k / steps))) {
            let point = |x: f64, y: f64| {
                let p = [e + (i + x) * step, n + (j + y) * step];
                [p[0], p[1], self.ground(p)]
            };
            let (a, b, c, d) = (point(0.0, 0.0), point(1.0, 0.0), point(1.0, 1.0), point(0.0, 1.0));
            for ring in [[a, b, c, a], [a, c, d, a]] {
                out.push_str("<gml:Triangle><gml:exterior><gml:LinearRing>");
                write_ring(out, &ring);
                out.push_str("</gml:LinearRing></gml:exterior></gml:Triangle>");
            }
        }
        out.push_str(
            "</gml:trianglePatches></gml:TriangulatedSurface></dem:tin></dem:TINRelief></dem:reliefComponent>\
             </dem:ReliefFeature></core:cityObjectMember>\n",
        );
    }

    /// Height of the ground: slopes of a few per cent at most, 4 m on average.
    fn ground(&self, [e, n]: [f64; 2]) -> f64 {
        let phase = (self.options.seed % 1000) as f64;
        let (x, y) = (e - CORNER[0], n - CORNER[1]);
        CORNER[2] + 6.0 * (x / 410.0 + phase).sin() * (y / 530.0 + phase).cos() + 3.0 * (x / 170.0 - y / 230.0).sin()
    }

    fn lowest(&self, [e, n]: [f64; 2], size: [f64; 2]) -> f64 {
        let half = size[0].max(size[1]) / 2.0;
        [[-half, -half], [half, -half], [half, half], [-half, half], [0.0, 0.0]]
            .iter()
            .map(|[x, y]| self.ground([e + x, n + y]))
            .fold(f64::MAX, f64::min)
    }
}

fn write_rectangle(out: &mut String, [e, n]: [f64; 2], [width, height]: [f64; 2], ground: impl Fn([f64; 2]) -> f64) {
    let corners = [[e, n], [e + width, n], [e + width, n + height], [e, n + height]];
    let points = corners.map(|p| [p[0], p[1], ground(p)]);
    // Two triangles: the ground rolls, and a quadrilateral on it is not flat.
    for ring in [[0, 1, 2, 0], [0, 2, 3, 0]] {
        out.push_str("<gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing>");
        write_ring(out, &ring.map(|i: usize| points[i]));
        out.push_str("</gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>");
    }
}

fn write_ring(out: &mut String, ring: &[[f64; 3]]) {
    out.push_str("<gml:posList>");
    for (i, [x, y, z]) in ring.iter().enumerate() {
        let space = if i == 0 { "" } else { " " };
        let _ = write!(out, "{space}{x:.3} {y:.3} {z:.3}");
    }
    out.push_str("</gml:posList>");
}

/// SplitMix64 (Steele, Lea and Flood 2014): a few lines whose output no library update changes.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Between 0 and 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(buildings: u64, files: u64, folder: &Path) -> Options {
        Options {
            buildings,
            lod: 2,
            cell: 72,
            seed: 7,
            textures: false,
            files,
            output: folder.to_owned(),
        }
    }

    fn made(buildings: u64, files: u64) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let options = options(buildings, files, folder.path());
        run(&options).unwrap();
        (0..files)
            .map(|n| std::fs::read_to_string(folder.path().join(format!("city_{n}.gml"))).unwrap())
            .collect()
    }

    #[test]
    fn the_same_arguments_give_the_same_bytes() {
        assert_eq!(made(30, 1), made(30, 1));
    }

    #[test]
    fn the_city_has_as_many_buildings_as_asked_whatever_the_number_of_files() {
        for files in [1, 3] {
            let text = made(50, files).concat();
            assert_eq!(text.matches("<bldg:Building ").count(), 50);
            assert!(text.contains("<wtr:WaterBody") && text.contains("<dem:TINRelief") && text.contains("<tran:Road"));
        }
    }

    /// The points of every ring in the members of one kind, by the opening of their ids.
    fn rings(text: &str, id: &str) -> Vec<Vec<[f64; 3]>> {
        let members = text
            .split("<core:cityObjectMember>")
            .filter(|member| member.contains(id));
        let lists = members.flat_map(|member| member.split("<gml:posList>").skip(1));
        let numbers = lists.map(|list| {
            list.split('<')
                .next()
                .unwrap()
                .split(' ')
                .map(|n| n.parse().unwrap())
                .collect()
        });
        numbers
            .map(|numbers: Vec<f64>| numbers.as_chunks::<3>().0.to_vec())
            .collect()
    }

    #[test]
    fn streets_and_terrain_meet_in_the_same_points() {
        let text = made(30, 1).concat();
        let (streets, terrain) = (rings(&text, "gml:id=\"road_"), rings(&text, "gml:id=\"tin_"));
        let key = |[x, y, z]: [f64; 3]| [x, y, z].map(|c| (c * 1000.0).round() as i64);
        let known: std::collections::HashSet<_> = terrain.iter().flatten().map(|&p| key(p)).collect();
        let (mut shared, mut others) = (0, 0);
        for point in streets.iter().flatten().copied() {
            let mut along_terrain = known.iter().filter(|k| k[..2] == key(point)[..2]);
            match along_terrain.next() {
                Some(same) => {
                    assert_eq!(*same, key(point), "a street lies above or below the ground beside it");
                    shared += 1;
                }
                None => others += 1,
            }
        }
        assert!(
            shared > others,
            "{shared} points of streets touch terrain, {others} do not"
        );
        for ring in streets {
            let long = |axis: usize| ring.iter().map(|p| (p[axis] - ring[0][axis]).abs()).fold(0.0, f64::max);
            assert!(
                long(0) <= STREET + 1e-6 && long(1) <= STREET + 1e-6,
                "as fine as the terrain"
            );
        }
    }

    #[test]
    fn the_reader_reads_it_without_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        run(&options(40, 1, folder.path())).unwrap();
        let report = citygml::Report::new();
        let reader = citygml::Reader::open(&folder.path().join("city_0.gml"), &report).unwrap();
        let mut buildings = 0;
        reader
            .for_each(|object| buildings += u32::from(object.kind == "Building"))
            .unwrap();
        assert_eq!(buildings, 40);
        assert_eq!(report.total(), 0, "{}", report.to_json());
    }
}
