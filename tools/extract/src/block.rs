//! A building as a block: what CityGML calls level of detail 1.
//!
//! The store's own stand-ins are as coarse as their tile must be small, so one of them may stand for several houses. Here
//! each is wanted by itself: its footprint, upright from its lowest to its highest point, in the average colours of its
//! roof and walls. Where the footprints of its parts cover it, each part is a prism of its own height, so that a tower
//! stays a tower.

use crate::frames::Local;
use crate::object::{Shape, Vertex};
use earcut::Earcut;
use glam::{DVec2, DVec3};
use store::FeatureRow;
use tiles::mesh::Mesh;
use tiles::surface::Surface;

/// Parts that have this much of the area of their building stand for it.
const COVERED: f64 = 0.95;
/// Where nothing is known of the colour: a light grey.
const PLAIN: [u8; 4] = [0xb8, 0xb4, 0xac, 0xff];

/// Average colours, weighted by area.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Paint {
    roof: Mean,
    wall: Mean,
}

#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: [f64; 3],
    weight: f64,
}

impl Mean {
    fn color(&self) -> [u8; 4] {
        if self.weight <= 0.0 {
            return PLAIN;
        }
        let [r, g, b] = self.sum.map(|sum| (sum / self.weight).round() as u8);
        [r, g, b, 255]
    }
}

impl Paint {
    /// Adds triangles of a tile.
    pub(crate) fn add(&mut self, mesh: &Mesh, triangles: &[[u32; 3]]) {
        for corners in triangles {
            let [a, b, c] = corners.map(|corner| corner as usize);
            let [p, q, r] = [a, b, c].map(|corner| DVec3::from(mesh.positions[corner].map(f64::from)));
            let mean = match Surface::from_number(mesh.surfaces[a]) {
                Surface::Roof => &mut self.roof,
                Surface::Wall => &mut self.wall,
                _ => continue,
            };
            let area = (q - p).cross(r - p).length() / 2.0;
            for (sum, color) in mean.sum.iter_mut().zip(mesh.colors[a]) {
                *sum += area * f64::from(color);
            }
            mean.weight += area;
        }
    }
}

/// A polygon as a prism.
struct Prism<'a> {
    rings: &'a [Vec<[f64; 2]>],
    /// Ellipsoidal heights, in metres.
    lowest: f64,
    highest: f64,
}

/// The block of a building; `None` where its footprint is not known.
pub(crate) fn block(building: &FeatureRow, parts: &[FeatureRow], paint: &Paint, local: &Local) -> Option<Shape> {
    let covered: f64 = parts.iter().map(|part| area(part, local)).sum();
    let own = area(building, local);
    let rows = if own > 0.0 && covered >= own * COVERED {
        parts
    } else {
        std::slice::from_ref(building)
    };
    let prisms: Vec<Prism<'_>> = rows.iter().flat_map(prisms).collect();
    let corners = prisms.iter().flat_map(|prism| {
        let points = prism.rings.iter().flatten();
        points.map(|[lon, lat]| local.place(*lon, *lat, prism.lowest))
    });
    let mut shape = Shape::about(corners);
    for prism in &prisms {
        prism.build(paint, local, &mut shape);
    }
    (shape.triangles() > 0).then_some(shape)
}

fn prisms(row: &FeatureRow) -> impl Iterator<Item = Prism<'_>> {
    let heights = row
        .bbox
        .map(|bbox| [bbox[2], bbox[5]])
        .filter(|[lowest, highest]| highest > lowest);
    heights
        .into_iter()
        .flat_map(|[lowest, highest]| row.footprint.iter().map(move |rings| Prism { rings, lowest, highest }))
}

/// What a footprint covers, in square metres; nothing where its heights are not known.
fn area(row: &FeatureRow, local: &Local) -> f64 {
    let polygons = prisms(row).map(|prism| {
        let mut rings = prism
            .rings
            .iter()
            .map(|ring| signed_area(&flat(ring, prism.lowest, local)).abs());
        rings.next().unwrap_or_default() - rings.sum::<f64>()
    });
    polygons.sum()
}

/// A ring in the file's frame without its repeated last point, seen from above.
fn flat(ring: &[[f64; 2]], height: f64, local: &Local) -> Vec<DVec2> {
    let open = match ring {
        [first, middle @ .., last] if first == last => &ring[..=middle.len()],
        ring => ring,
    };
    open.iter()
        .map(|[lon, lat]| local.place(*lon, *lat, height).truncate())
        .collect()
}

fn signed_area(ring: &[DVec2]) -> f64 {
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| a.perp_dot(*b)).sum::<f64>() / 2.0
}

impl Prism<'_> {
    fn build(&self, paint: &Paint, local: &Local, shape: &mut Shape) {
        let mut points: Vec<[f64; 2]> = Vec::new();
        let mut starts: Vec<u32> = Vec::new();
        for (number, ring) in self.rings.iter().enumerate() {
            let mut ring = ring.clone();
            if ring.first() == ring.last() {
                ring.pop();
            }
            // Outlines turn anticlockwise, courtyards clockwise: then outside is to the right of every wall.
            if (signed_area(&flat(&ring, self.lowest, local)) < 0.0) == (number == 0) {
                ring.reverse();
            }
            self.walls(&ring, paint.wall.color(), local, shape);
            if number > 0 {
                starts.push(points.len() as u32);
            }
            points.extend(ring);
        }
        let seen = points.iter().map(|[lon, lat]| {
            let point = local.place(*lon, *lat, self.lowest);
            [point.x, point.y]
        });
        let mut indices: Vec<u32> = Vec::new();
        Earcut::new().earcut(seen, &starts, &mut indices);
        for (height, up) in [(self.highest, true), (self.lowest, false)] {
            let (surface, color) = if up {
                (Surface::Roof, paint.roof.color())
            } else {
                (Surface::Ground, paint.wall.color())
            };
            let places: Vec<DVec3> = points
                .iter()
                .map(|[lon, lat]| local.place(*lon, *lat, height))
                .collect();
            lid(&places, &indices, up, (surface, color), shape);
        }
    }

    fn walls(&self, ring: &[[f64; 2]], color: [u8; 4], local: &Local, shape: &mut Shape) {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let corners = [(a, self.lowest), (b, self.lowest), (b, self.highest), (a, self.highest)]
                .map(|([lon, lat], height)| local.place(*lon, *lat, height));
            let normal = (corners[1] - corners[0]).cross(corners[3] - corners[0]);
            let [p, q, r, s] = corners.map(|position| {
                shape.vertex(&Vertex {
                    position,
                    normal,
                    color,
                })
            });
            shape.triangle([p, q, r], Surface::Wall);
            shape.triangle([p, r, s], Surface::Wall);
        }
    }
}

/// A roof, or a floor that faces down.
fn lid(places: &[DVec3], indices: &[u32], up: bool, (surface, color): (Surface, [u8; 4]), shape: &mut Shape) {
    let first = shape.positions.len() as u32;
    let normal = if up { DVec3::Z } else { DVec3::NEG_Z };
    for position in places {
        shape.vertex(&Vertex {
            position: *position,
            normal,
            color,
        });
    }
    for corners in indices.as_chunks::<3>().0 {
        let [a, b, c] = corners.map(|corner| places[corner as usize].truncate());
        let turns_up = (b - a).perp_dot(c - a) > 0.0;
        let [a, b, c] = corners.map(|corner| first + corner);
        shape.triangle(if turns_up == up { [a, b, c] } else { [a, c, b] }, surface);
    }
}
