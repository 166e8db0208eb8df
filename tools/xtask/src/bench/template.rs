//! Real buildings as templates: their CityGML text, cut where a copy has to differ.
//!
//! A copy keeps the whole structure of the original (parts, semantic surfaces, XLinks, attributes, addresses) and
//! differs in its coordinates and its ids. So a template is the original's text as a list of pieces: text as it is,
//! coordinates, and places for the copy's id suffix.

use anyhow::{Context as _, bail, ensure};
use flate2::read::GzDecoder;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

/// One piece of a template's text.
enum Piece {
    Text(String),
    /// The points of one `posList`, relative to the building's anchor (east, north, up in metres).
    Points(Vec<[f64; 3]>),
    /// The copy's id suffix goes here.
    Suffix,
}

/// A building to be copied.
pub(crate) struct Template {
    pieces: Vec<Piece>,
    /// Its appearance, with ids as in `pieces`.
    materials: Vec<Piece>,
    /// Polygons that a texture can go on: id without suffix, and the ring's points.
    pub(crate) walls: Vec<(String, Vec<[f64; 3]>)>,
    /// Extent east and north in metres.
    pub(crate) size: [f64; 2],
}

/// Where and how a copy stands.
pub(crate) struct Pose {
    /// Easting, northing and height of the anchor.
    pub(crate) at: [f64; 3],
    /// Quarter turns anticlockwise.
    pub(crate) turns: u32,
    /// Factor on heights above the ground.
    pub(crate) stretch: f64,
}

impl Pose {
    fn place(&self, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let (x, y) = match self.turns % 4 {
            0 => (x, y),
            1 => (-y, x),
            2 => (-x, -y),
            _ => (y, -x),
        };
        [self.at[0] + x, self.at[1] + y, self.at[2] + z * self.stretch]
    }
}

impl Template {
    /// Writes a copy as one `cityObjectMember`.
    pub(crate) fn write(&self, out: &mut String, pose: &Pose, suffix: &str, textures: &str) {
        for piece in &self.pieces {
            write_piece(out, piece, pose, suffix);
        }
        let appearance = out.rfind("</bldg:Building>").unwrap_or(out.len());
        let tail = out.split_off(appearance);
        for piece in &self.materials {
            write_piece(out, piece, pose, suffix);
        }
        out.push_str(textures);
        out.push_str(&tail);
    }
}

fn write_piece(out: &mut String, piece: &Piece, pose: &Pose, suffix: &str) {
    match piece {
        Piece::Text(text) => out.push_str(text),
        Piece::Suffix => out.push_str(suffix),
        Piece::Points(points) => {
            for (i, point) in points.iter().enumerate() {
                let [x, y, z] = pose.place(*point);
                let space = if i == 0 { "" } else { " " };
                // Writing to a String cannot fail.
                let _ = write!(out, "{space}{x:.3} {y:.3} {z:.3}");
            }
        }
    }
}

/// Reads the templates from the sample: buildings that fit into a square of `limit` metres.
///
/// # Errors
/// When the file is missing or is not laid out as the sample is (one member element from line start to line end).
pub(crate) fn read(sample: &Path, lod: u8, limit: f64) -> anyhow::Result<Vec<Template>> {
    let mut text = String::new();
    let file = std::fs::File::open(sample).with_context(|| format!("opening {}", sample.display()))?;
    GzDecoder::new(file)
        .read_to_string(&mut text)
        .with_context(|| format!("reading {}", sample.display()))?;
    let colours = colours(&text);
    let mut templates = Vec::new();
    for member in text.split("<core:cityObjectMember>").skip(1) {
        let end = member
            .find("</core:cityObjectMember>")
            .context("a member without an end")?;
        let template = template(&name_rings(&only_lod(&member[..end], lod)), &colours)?;
        if template.size[0].max(template.size[1]) <= limit {
            templates.push(template);
        }
    }
    ensure!(
        !templates.is_empty(),
        "no building of {} fits into {limit} m",
        sample.display()
    );
    Ok(templates)
}

/// Colour of each target, as written: target id to `diffuseColor`.
fn colours(text: &str) -> HashMap<&str, &str> {
    let mut colours = HashMap::new();
    for material in text.split("<app:X3DMaterial").skip(1) {
        let Some(colour) = between(material, "<app:diffuseColor>", "</app:diffuseColor>") else {
            continue;
        };
        for target in material.split("<app:target>#").skip(1) {
            if let Some(end) = target.find('<') {
                colours.insert(&target[..end], colour);
            }
        }
    }
    colours
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let from = text.find(start)? + start.len();
    Some(&text[from..from + text[from..].find(end)?])
}

/// The member without the geometry of other levels of detail.
fn only_lod(member: &str, lod: u8) -> String {
    let mut text = without(member, "bldg:lod0FootPrint");
    if lod == 1 {
        text = without(&text, "bldg:lod2Solid");
        without(&text, "bldg:boundedBy")
    } else {
        without(&text, "bldg:lod1Solid")
    }
}

/// Gives the outer ring of each named polygon an id of its own: texture coordinates name rings (CityGML 2.0, 9.4).
fn name_rings(text: &str) -> String {
    let mark = "<gml:Polygon gml:id=\"";
    let mut parts = text.split(mark);
    let mut named = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let id = part.split('"').next().unwrap_or_default();
        let ring = format!("<gml:LinearRing gml:id=\"{id}_ring\">");
        named.push_str(mark);
        named.push_str(&part.replacen("<gml:LinearRing>", &ring, 1));
    }
    named
}

fn without(text: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(&open) {
        kept.push_str(&rest[..start]);
        let Some(end) = rest[start..].find(&close) else { break };
        rest = &rest[start + end + close.len()..];
    }
    kept.push_str(rest);
    kept
}

fn template(member: &str, colours: &HashMap<&str, &str>) -> anyhow::Result<Template> {
    let mut pieces = vec![Piece::Text("<core:cityObjectMember>".into())];
    let mut rest = member;
    let marks = ["<gml:posList>", "gml:id=\"", "xlink:href=\"#"];
    while let Some((at, mark)) = marks.iter().filter_map(|m| rest.find(m).map(|at| (at, *m))).min() {
        let start = at + mark.len();
        if mark == "<gml:posList>" {
            pieces.push(Piece::Text(rest[..start].into()));
            let end = start + rest[start..].find('<').context("a posList without an end")?;
            pieces.push(Piece::Points(points(&rest[start..end])?));
            rest = &rest[end..];
        } else {
            let end = start + rest[start..].find('"').context("an attribute without an end")?;
            pieces.push(Piece::Text(rest[..end].into()));
            pieces.push(Piece::Suffix);
            rest = &rest[end..];
        }
    }
    pieces.push(Piece::Text(rest.into()));
    pieces.push(Piece::Text("</core:cityObjectMember>\n".into()));
    let size = anchor(&mut pieces)?;
    Ok(Template {
        walls: walls(&pieces),
        materials: materials(member, colours),
        pieces,
        size,
    })
}

fn points(text: &str) -> anyhow::Result<Vec<[f64; 3]>> {
    let numbers = text
        .split_ascii_whitespace()
        .map(|n| n.parse().with_context(|| format!("{n} is not a number")))
        .collect::<anyhow::Result<Vec<f64>>>()?;
    if numbers.len() % 3 != 0 {
        bail!("a posList of {} numbers", numbers.len());
    }
    Ok(numbers.as_chunks::<3>().0.to_vec())
}

/// Makes all points relative to the middle of the ground; gives the extent.
fn anchor(pieces: &mut [Piece]) -> anyhow::Result<[f64; 2]> {
    let (mut low, mut high) = ([f64::MAX; 3], [f64::MIN; 3]);
    for piece in pieces.iter() {
        if let Piece::Points(points) = piece {
            for (i, point) in points.iter().flat_map(|p| p.iter().enumerate()) {
                low[i] = low[i].min(*point);
                high[i] = high[i].max(*point);
            }
        }
    }
    ensure!(low[0] <= high[0], "a building without geometry");
    let middle = [f64::midpoint(low[0], high[0]), f64::midpoint(low[1], high[1]), low[2]];
    for piece in pieces.iter_mut() {
        if let Piece::Points(points) = piece {
            for point in points {
                *point = [point[0] - middle[0], point[1] - middle[1], point[2] - middle[2]];
            }
        }
    }
    Ok([high[0] - low[0], high[1] - low[1]])
}

/// The outer rings of wall polygons, by polygon id.
fn walls(pieces: &[Piece]) -> Vec<(String, Vec<[f64; 3]>)> {
    let mut walls = Vec::new();
    let (mut in_wall, mut polygon) = (false, None);
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                if let Some(at) = text.rfind("<bldg:") {
                    let surface = &text[at..];
                    if surface.contains("Surface ") {
                        in_wall = surface.starts_with("<bldg:WallSurface");
                    }
                }
                if let Some((_, id)) = text.rsplit_once("<gml:Polygon gml:id=\"") {
                    polygon = in_wall.then(|| id.to_owned());
                }
            }
            Piece::Points(points) => {
                if let Some(id) = polygon.take() {
                    walls.push((id, points.clone()));
                }
            }
            Piece::Suffix => {}
        }
    }
    walls
}

/// An `app:appearance` with one material for each colour that the building uses.
fn materials(member: &str, colours: &HashMap<&str, &str>) -> Vec<Piece> {
    let mut by_colour: Vec<(&str, Vec<&str>)> = Vec::new();
    for id in member.split("<gml:Polygon gml:id=\"").skip(1) {
        let Some(id) = id.find('"').map(|end| &id[..end]) else {
            continue;
        };
        let Some(colour) = colours.get(id) else { continue };
        match by_colour.iter_mut().find(|(c, _)| c == colour) {
            Some((_, ids)) => ids.push(id),
            None => by_colour.push((colour, vec![id])),
        }
    }
    if by_colour.is_empty() {
        return Vec::new();
    }
    let mut pieces = vec![Piece::Text(
        "<app:appearance><app:Appearance><app:theme>osm</app:theme>\n".into(),
    )];
    for (colour, ids) in by_colour {
        pieces.push(Piece::Text(format!(
            "<app:surfaceDataMember><app:X3DMaterial><app:diffuseColor>{colour}</app:diffuseColor>"
        )));
        for id in ids {
            pieces.push(Piece::Text(format!("<app:target>#{id}")));
            pieces.push(Piece::Suffix);
            pieces.push(Piece::Text("</app:target>".into()));
        }
        pieces.push(Piece::Text("</app:X3DMaterial></app:surfaceDataMember>\n".into()));
    }
    pieces.push(Piece::Text("</app:Appearance></app:appearance>\n".into()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMBER: &str = r##"<bldg:Building gml:id="a"><bldg:lod0FootPrint><gml:posList>0 0 9</gml:posList></bldg:lod0FootPrint><bldg:lod2Solid><gml:surfaceMember xlink:href="#p"/></bldg:lod2Solid><bldg:boundedBy><bldg:WallSurface gml:id="w"><gml:Polygon gml:id="p"><gml:posList>100 200 4 110 200 4 110 200 14 100 200 14 100 200 4</gml:posList></gml:Polygon></bldg:WallSurface></bldg:boundedBy></bldg:Building>"##;

    fn made(pose: &Pose) -> String {
        let colours = HashMap::from([("p", "1 0 0")]);
        let template = template(&only_lod(MEMBER, 2), &colours).unwrap();
        let mut out = String::new();
        template.write(&mut out, pose, "_7", "");
        out
    }

    #[test]
    fn a_copy_has_its_own_ids_and_its_links_still_meet() {
        let copy = made(&Pose {
            at: [0.0; 3],
            turns: 0,
            stretch: 1.0,
        });
        for needle in [
            "Building gml:id=\"a_7\"",
            "href=\"#p_7\"",
            "Polygon gml:id=\"p_7\"",
            "<app:target>#p_7<",
        ] {
            assert!(copy.contains(needle), "{needle} is not in {copy}");
        }
        assert!(!copy.contains("lod0FootPrint"));
    }

    #[test]
    fn a_copy_stands_where_it_is_put_turned_and_stretched() {
        let copy = made(&Pose {
            at: [1000.0, 2000.0, 7.0],
            turns: 1,
            stretch: 2.0,
        });
        // the wall ran 10 m east and stood 10 m tall: it now runs 10 m north and stands 20 m tall
        assert!(
            copy.contains("1000.000 1995.000 7.000 1000.000 2005.000 7.000 1000.000 2005.000 27.000"),
            "{copy}"
        );
    }

    #[test]
    fn a_wall_is_known_by_its_polygon() {
        let template = template(&only_lod(MEMBER, 2), &HashMap::new()).unwrap();
        assert_eq!(template.walls.len(), 1);
        assert_eq!(template.walls[0].0, "p");
        assert_eq!(template.walls[0].1.len(), 5);
    }
}
