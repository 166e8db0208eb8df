//! A feature as triangles in the ENU frame.

use crate::appearance::{self, Color};
use crate::layer::{self, Form, Layer};
use crate::measure::Measures;
use crate::record::{Face, Record, Solid, warning};
use crate::solid;
use crate::triangulate::{Triangulated, clean_ring, triangulate};
use citygml::Report;
use earcut::Earcut;
use glam::DVec3;
use std::path::Path;
use store::FeatureRow;
use tiles::bounds::Aabb;
use tiles::feature::Feature;
use tiles::geodesy::{Ecef, EnuFrame};
use tiles::surface::Surface;

/// A face further out of its plane than this is reported, in metres.
const PLANE_TOLERANCE: f64 = 0.02;

/// A flat piece of a feature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Triangle {
    /// Anticlockwise seen from outside, metres in the ENU frame.
    pub(crate) corners: [DVec3; 3],
    pub(crate) normal: DVec3,
    pub(crate) color: Color,
    pub(crate) surface: Surface,
    /// Which of the feature's rows it belongs to.
    pub(crate) row: u32,
}

impl Triangle {
    /// Square metres.
    pub(crate) fn area(&self) -> f64 {
        let [a, b, c] = self.corners;
        (b - a).cross(c - a).length() / 2.0
    }
}

/// A top-level object, ready to be put into tiles.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) layer: Layer,
    pub(crate) form: Form,
    pub(crate) feature: Feature,
    /// The rows of the object and its parts.
    pub(crate) rows: Vec<FeatureRow>,
    /// Footprints as the file has them: row and rings, ENU.
    pub(crate) footprints: Vec<(usize, Vec<Vec<DVec3>>)>,
    pub(crate) triangles: Vec<Triangle>,
    pub(crate) bounds: Aabb,
}

/// An item larger than this is stood in for as a block, in metres.
const LARGE_ITEM: f64 = 15.0;

/// Cleans and triangulates a record; reports what is wrong, and answers `None` when nothing is left.
pub(crate) fn shape(mut record: Record, frame: &EnuFrame, path: &Path, report: &Report) -> Option<(Shape, Measures)> {
    let mut work = Work {
        path,
        report,
        rows: &record.rows,
        measures: Measures::default(),
        earcut: Earcut::new(),
    };
    to_enu(record.faces.iter_mut().flat_map(|face| &mut face.rings), frame);
    to_enu(record.footprints.iter_mut().flat_map(|(_, rings)| rings), frame);
    for face in &mut record.faces {
        for ring in &mut face.rings {
            clean_ring(ring);
        }
    }
    let open = work.orient(&mut record.faces, &record.solids);
    let mut cut = work.cut(&mut record.faces, record.form, &record.solids);
    work.measure_solids(&mut cut, &record.solids, &open);
    work.measure_areas(&cut, &record.faces);
    let triangles = triangles(&cut, &record.faces);
    let bounds = Aabb::from_points(triangles.iter().flat_map(|t| t.corners));
    if triangles.is_empty() {
        let advice = "Check the export: every face has fewer than three points or no area.";
        let message = "nothing is left of its faces; the object is left out.";
        report.warn(warning(
            "no-area",
            path,
            record.line,
            &record.feature.id,
            message,
            advice,
        ));
        return None;
    }
    let measures = work.measures;
    let large = bounds.size().max_element() > LARGE_ITEM;
    let form = if record.form == Form::Item && large {
        Form::Block
    } else {
        record.form
    };
    let shape = Shape {
        layer: record.layer,
        form,
        feature: record.feature,
        rows: record.rows,
        footprints: record.footprints,
        triangles,
        bounds,
    };
    Some((shape, measures))
}

fn to_enu<'a>(rings: impl Iterator<Item = &'a mut Vec<DVec3>>, frame: &EnuFrame) {
    for point in rings.flatten() {
        *point = frame.to_enu(Ecef(*point)).0;
    }
}

struct Work<'a> {
    path: &'a Path,
    report: &'a Report,
    rows: &'a [FeatureRow],
    measures: Measures,
    earcut: Earcut<f64>,
}

/// A face cut into triangles, with what it is and its colour.
type Cut = Option<(Triangulated, Surface, Color)>;

impl Work<'_> {
    fn warn(&self, code: &'static str, row: usize, line: u64, message: &str, advice: &str) {
        let id = self.rows.get(row).map_or("", |row| &row.id);
        self.report.warn(warning(code, self.path, line, id, message, advice));
    }

    /// Turns faces of closed solids so that neighbours agree; answers which solids are not closed.
    fn orient(&self, faces: &mut [Face], solids: &[Solid]) -> Vec<bool> {
        let mut open = Vec::with_capacity(solids.len());
        for solid in solids {
            let run = &mut faces[solid.faces.clone()];
            let line = run.first().map_or(0, |face| face.line);
            let found = solid::check(&run.iter().map(|face| face.rings.as_slice()).collect::<Vec<_>>());
            open.push(found.open_edges > 0);
            if found.open_edges > 0 {
                let message = format!(
                    "the solid is not closed: {} of its edges are not shared by exactly two faces; it is drawn as it is.",
                    found.open_edges
                );
                let advice = "Check it with a validator such as val3dity; its volume is not counted.";
                self.warn("open-solid", solid.row, line, &message, advice);
            }
            if !found.turned.is_empty() {
                let message = format!(
                    "{} faces of the solid look inward; they are turned.",
                    found.turned.len()
                );
                self.warn(
                    "turned-face",
                    solid.row,
                    line,
                    &message,
                    "Check the orientation of its rings.",
                );
            }
            for turned in found.turned {
                reverse(&mut run[turned].rings);
            }
        }
        open
    }

    /// Cuts every face into triangles; one result a face.
    fn cut(&mut self, faces: &mut [Face], form: Form, solids: &[Solid]) -> Vec<Cut> {
        let solid = |face: usize| solids.iter().any(|solid| solid.faces.contains(&face));
        faces
            .iter_mut()
            .enumerate()
            .map(|(i, face)| self.cut_one(face, form, solid(i)))
            .collect()
    }

    fn cut_one(&mut self, face: &mut Face, form: Form, in_solid: bool) -> Cut {
        let Some(mut cut) = triangulate(&face.rings, &mut self.earcut) else {
            let message = "a face has fewer than three points or no area; it is left out.";
            self.warn(
                "degenerate-face",
                face.row,
                face.line,
                message,
                "Check the export's rounding.",
            );
            return None;
        };
        if cut.deviation > PLANE_TOLERANCE + sagitta(&face.rings[0]) {
            let message = format!(
                "a face is {:.2} m out of its plane; it is cut into triangles in its best plane.",
                cut.deviation
            );
            self.warn("bent-face", face.row, face.line, &message, "Split it into flat faces.");
        }
        if cut.mended {
            let message = "the rings of a face cross themselves or each other; it is filled where they enclose.";
            self.warn(
                "crossing-rings",
                face.row,
                face.line,
                message,
                "Check it with a validator such as val3dity.",
            );
        }
        let surface = layer::surface(face.kind, face.owner, cut.normal.z);
        if !in_solid && faces_wrong_way(surface, form, cut.normal.z) {
            reverse(&mut face.rings);
            turn(&mut cut);
        }
        let color = face.color.unwrap_or_else(|| appearance::color(None, surface));
        Some((cut, surface, color))
    }

    /// Counts closed solids and turns those inside out.
    fn measure_solids(&mut self, cut: &mut [Cut], solids: &[Solid], open: &[bool]) {
        for (solid, open) in solids.iter().zip(open) {
            if *open {
                continue;
            }
            let run = &mut cut[solid.faces.clone()];
            let triangles = run.iter().flatten().flat_map(|(cut, ..)| &cut.triangles);
            let volume = solid::volume(triangles);
            if volume < 0.0 {
                run.iter_mut().flatten().for_each(|(cut, ..)| turn(cut));
            }
            self.measures.solid(solid.lod, volume.abs());
        }
    }

    fn measure_areas(&mut self, cut: &[Cut], faces: &[Face]) {
        for ((cut, surface, _), _) in cut
            .iter()
            .zip(faces)
            .filter_map(|(cut, face)| Some((cut.as_ref()?, face)))
        {
            self.measures.area(*surface, cut.area);
        }
    }
}

/// How far a plane of the city's own heights, which follows the earth, is from a plane: ring size squared over eight radii.
fn sagitta(ring: &[DVec3]) -> f64 {
    let size = Aabb::from_points(ring.iter().copied()).size();
    (size.x * size.x + size.y * size.y) / (8.0 * tiles::geodesy::SEMI_MAJOR_AXIS)
}

/// A piece of ground faces up; a roof or a ground surface that no solid has sorted out faces up or down.
fn faces_wrong_way(surface: Surface, form: Form, up: f64) -> bool {
    match (form, surface) {
        (Form::Ground, _) => up < -0.1,
        (_, Surface::Roof) => up < -0.5,
        (_, Surface::Ground) => up > 0.5,
        _ => false,
    }
}

fn reverse(rings: &mut [Vec<DVec3>]) {
    for ring in rings {
        ring.reverse();
    }
}

fn turn(cut: &mut Triangulated) {
    cut.normal = -cut.normal;
    for triangle in &mut cut.triangles {
        triangle.swap(1, 2);
    }
}

fn triangles(cut: &[Cut], faces: &[Face]) -> Vec<Triangle> {
    let mut all = Vec::new();
    for (cut, face) in cut.iter().zip(faces) {
        let Some((cut, surface, color)) = cut else {
            continue;
        };
        all.extend(cut.triangles.iter().map(|&corners| Triangle {
            corners,
            normal: cut.normal,
            color: *color,
            surface: *surface,
            row: face.row as u32,
        }));
    }
    all
}
