//! One object on its way from the file to a tile.
//!
//! A record holds what the later stages need of a top-level object and nothing of CityGML's structure: its faces in one frame, each
//! with the row it belongs to, and its rows (the object and its parts) for the property tables and the GeoPackage.

mod attributes;
mod detail;

use crate::appearance::{self, Color};
use crate::crs::{PointError, Transformer};
use crate::layer::{self, Form, Layer};
use crate::source::Source;
use citygml::{CityObject, Geometry, GeometryRole, Polygon, SurfaceKind, Warning};
use glam::DVec3;
use store::FeatureRow;
use tiles::bounds::Aabb;
use tiles::feature::Feature;
use tiles::surface::Surface;

/// A polygon in three dimensions. Its points are ECEF until the origin of the ENU frame is known, then ENU; metres.
#[derive(Debug, Clone)]
pub(crate) struct Face {
    /// The outer ring, then the holes; no ring repeats its first point.
    pub(crate) rings: Vec<Vec<DVec3>>,
    pub(crate) kind: SurfaceKind,
    /// What it is when it has no kind.
    pub(crate) owner: Surface,
    pub(crate) color: Option<Color>,
    /// Which of the record's rows it belongs to.
    pub(crate) row: usize,
    /// Line in the file.
    pub(crate) line: u64,
}

/// A run of faces that the file says is a closed volume.
#[derive(Debug, Clone)]
pub(crate) struct Solid {
    pub(crate) faces: std::ops::Range<usize>,
    pub(crate) lod: u8,
    pub(crate) row: usize,
}

/// A top-level object.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) layer: Layer,
    pub(crate) form: Form,
    pub(crate) feature: Feature,
    /// The object, then its parts, without footprint and tiles.
    pub(crate) rows: Vec<FeatureRow>,
    pub(crate) faces: Vec<Face>,
    pub(crate) solids: Vec<Solid>,
    /// Footprints as the file has them: row and rings.
    pub(crate) footprints: Vec<(usize, Vec<Vec<DVec3>>)>,
    pub(crate) line: u64,
    /// Easting, northing, height.
    pub(crate) city: Aabb,
}

/// Makes the record of an object; reports and answers `None` when nothing of it can be drawn.
pub(crate) fn record(object: &CityObject, source: &Source<'_>) -> Option<Record> {
    let mut builder = Builder {
        source,
        top: object,
        record: Record {
            layer: Layer::of(object),
            form: Form::of(object),
            feature: Feature::default(),
            rows: Vec::new(),
            faces: Vec::new(),
            solids: Vec::new(),
            footprints: Vec::new(),
            line: object.line,
            city: Aabb::EMPTY,
        },
    };
    if let Err((line, reason)) = builder.add(object, None) {
        let advice = "Mend its coordinates, or the reference system (--crs, --axis, --geoid).";
        source.warn(
            "misplaced",
            object,
            line,
            &format!("{reason}; the object is left out."),
            advice,
        );
        return None;
    }
    let mut record = builder.record;
    if record.faces.is_empty() {
        let wanted = source.options.lod.map_or_else(
            || "no geometry that can be drawn".to_owned(),
            |lod| format!("no geometry of level of detail {lod}"),
        );
        let advice = "Check the export, or choose another level of detail with --lod.";
        source.warn(
            "no-geometry",
            object,
            object.line,
            &format!("{wanted}; the object is left out."),
            advice,
        );
        return None;
    }
    let heights = (record.rows[0].ground, record.rows[0].top);
    record.feature = attributes::feature(object, heights);
    Some(record)
}

struct Builder<'a> {
    source: &'a Source<'a>,
    top: &'a CityObject,
    record: Record,
}

impl Builder<'_> {
    /// Adds an object and its children; answers the index of its row.
    fn add(&mut self, object: &CityObject, parent: Option<usize>) -> Result<usize, (u64, PointError)> {
        let row = self.record.rows.len();
        let parent_id = parent.map(|parent| self.record.rows[parent].id.clone());
        let layer = self.record.layer.name();
        self.record.rows.push(attributes::row(object, parent_id, layer));
        for geometry in detail::chosen(object, self.source.options.lod) {
            self.add_geometry(object, geometry, row)?;
        }
        for geometry in object.geometries.iter().filter(|g| g.role == GeometryRole::Footprint) {
            self.add_footprints(geometry, row)?;
        }
        for child in &object.children {
            let child_row = self.add(child, Some(row))?;
            self.widen(row, child_row);
        }
        Ok(row)
    }

    /// A row reaches as far as its parts.
    fn widen(&mut self, row: usize, child: usize) {
        let child = self.record.rows[child].clone();
        let row = &mut self.record.rows[row];
        row.ground = least(row.ground, child.ground);
        row.top = greatest(row.top, child.top);
        row.bbox = match (row.bbox, child.bbox) {
            (Some(a), Some(b)) => Some(std::array::from_fn(
                |i| if i < 3 { a[i].min(b[i]) } else { a[i].max(b[i]) },
            )),
            (a, b) => a.or(b),
        };
    }

    fn add_geometry(&mut self, object: &CityObject, geometry: &Geometry, row: usize) -> Result<(), (u64, PointError)> {
        let Some(transformer) = self.source.transformer(geometry.srs_name.as_deref(), object) else {
            return Ok(());
        };
        let owner = layer::owner(object, self.top);
        let first = self.record.faces.len();
        for polygon in &geometry.polygons {
            let rings = self.rings(polygon, &transformer, row)?;
            self.record.faces.push(Face {
                rings,
                kind: polygon.surface,
                owner,
                color: polygon
                    .material
                    .as_ref()
                    .map(|material| appearance::color(Some(material), Surface::Unknown)),
                row,
                line: polygon.line,
            });
        }
        if geometry.closed {
            self.record.solids.push(Solid {
                faces: first..self.record.faces.len(),
                lod: geometry.lod,
                row,
            });
        }
        Ok(())
    }

    fn add_footprints(&mut self, geometry: &Geometry, row: usize) -> Result<(), (u64, PointError)> {
        let Some(transformer) = self.source.transformer(geometry.srs_name.as_deref(), self.top) else {
            return Ok(());
        };
        for polygon in &geometry.polygons {
            let rings = rings(polygon)
                .map(|ring| {
                    ring.iter()
                        .map(|&point| Ok(transformer.geodetic(point)?.to_ecef().0))
                        .collect()
                })
                .collect::<Result<_, PointError>>()
                .map_err(|error| (polygon.line, error))?;
            self.record.footprints.push((row, rings));
        }
        Ok(())
    }

    /// The rings of a polygon in ECEF; the bounds of the record and of the row grow with them.
    fn rings(
        &mut self,
        polygon: &Polygon,
        transformer: &Transformer,
        row: usize,
    ) -> Result<Vec<Vec<DVec3>>, (u64, PointError)> {
        let mut placed = Vec::with_capacity(1 + polygon.interiors.len());
        for ring in rings(polygon) {
            let mut points = Vec::with_capacity(ring.len());
            for &point in ring {
                let geodetic = transformer.geodetic(point).map_err(|error| (polygon.line, error))?;
                let (lon, lat) = geodetic.degrees();
                self.record.city.include(transformer.east_north(point).into());
                let row = &mut self.record.rows[row];
                row.ground = least(row.ground, Some(point[2]));
                row.top = greatest(row.top, Some(point[2]));
                let h = geodetic.height;
                let [w, s, low, e, n, high] = row.bbox.unwrap_or([lon, lat, h, lon, lat, h]);
                row.bbox = Some([w.min(lon), s.min(lat), low.min(h), e.max(lon), n.max(lat), high.max(h)]);
                points.push(geodetic.to_ecef().0);
            }
            placed.push(points);
        }
        Ok(placed)
    }
}

fn rings(polygon: &Polygon) -> impl Iterator<Item = &Vec<[f64; 3]>> {
    std::iter::once(&polygon.exterior).chain(&polygon.interiors)
}

fn least(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.map_or(b, |a| Some(b.map_or(a, |b| a.min(b))))
}

fn greatest(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.map_or(b, |a| Some(b.map_or(a, |b| a.max(b))))
}

/// A warning about an object of an input.
pub(crate) fn warning(
    code: &'static str,
    path: &std::path::Path,
    line: u64,
    id: &str,
    message: &str,
    advice: &str,
) -> Warning {
    Warning::new(code, message, advice)
        .in_file(path)
        .at_line(line)
        .about(id)
}
