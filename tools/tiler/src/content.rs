//! From triangles to the bytes of a tile.

use crate::shape::Triangle;
use crate::{Error, Options};
use glam::DVec3;
use rustc_hash::FxHashMap;
use tiles::bounds::Aabb;
use tiles::feature::Feature;
use tiles::glb;
use tiles::mesh::{Mesh, TileContent};
use tiles::surface::Surface;

/// The most features a tile may have: their numbers are `u16` in a vertex.
pub(crate) const MOST_FEATURES: usize = 65_535;

/// How much further than its vertices a tile's box reaches, in metres: a tile stores positions in steps of 1/1024 m.
const ROUNDING: f64 = 1.0 / 1024.0;

/// What of a feature is in a tile.
#[derive(Debug, Clone)]
pub(crate) struct Part<'a> {
    pub(crate) feature: std::borrow::Cow<'a, Feature>,
    pub(crate) triangles: std::borrow::Cow<'a, [Triangle]>,
}

/// A tile as bytes, with what its place in the tree needs.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    pub(crate) glb: Vec<u8>,
    /// Around every vertex as it will be decoded.
    pub(crate) bounds: Aabb,
    pub(crate) triangles: u64,
}

/// Writes tiles of a run.
pub(crate) struct Encoder<'a> {
    pub(crate) options: &'a Options,
    pub(crate) copyright: &'a str,
    /// Name of the metadata schema beside the tiles.
    pub(crate) schema: &'a str,
}

impl Encoder<'_> {
    /// Encodes the parts as one tile; parts of one feature must be next to each other.
    pub(crate) fn encode(&self, parts: &[Part<'_>]) -> Result<Encoded, Error> {
        let bounds = bounds_of(parts);
        let mut builder = Builder::new(bounds.center().round());
        let mut last: Option<&str> = None;
        for part in parts {
            if last != Some(&part.feature.id) {
                builder.begin(part.feature.clone().into_owned());
                last = Some(&part.feature.id);
            }
            for triangle in &*part.triangles {
                builder.add(triangle);
            }
        }
        let triangles = builder.mesh.indices.len() as u64 / 3;
        let content = TileContent {
            mesh: builder.mesh,
            features: builder.features,
            copyright: self.copyright.to_owned(),
        };
        let glb = glb::encode(&content, self.options.encoding, self.schema).map_err(|source| Error::Tile {
            name: format!("around {}", bounds.center()),
            source,
        })?;
        let margin = DVec3::splat(ROUNDING);
        Ok(Encoded {
            glb,
            bounds: Aabb {
                min: bounds.min - margin,
                max: bounds.max + margin,
            },
            triangles,
        })
    }
}

fn bounds_of(parts: &[Part<'_>]) -> Aabb {
    Aabb::from_points(
        parts
            .iter()
            .flat_map(|part| part.triangles.iter().flat_map(|t| t.corners)),
    )
}

/// A vertex of a feature as bits, for finding it again.
type Key = ([u32; 3], [u32; 3], [u8; 4], u8);

struct Builder {
    mesh: Mesh,
    features: Vec<Feature>,
    seen: FxHashMap<Key, u32>,
}

impl Builder {
    fn new(origin: DVec3) -> Self {
        Self {
            mesh: Mesh {
                origin,
                ..Mesh::default()
            },
            features: Vec::new(),
            seen: FxHashMap::default(),
        }
    }

    /// What is added next belongs to this feature.
    fn begin(&mut self, feature: Feature) {
        self.features.push(feature);
        // A vertex belongs to one feature, so none of those before is looked for again.
        self.seen.clear();
    }

    fn add(&mut self, triangle: &Triangle) {
        let feature = self.features.len().saturating_sub(1).min(MOST_FEATURES - 1) as u16;
        let corners = triangle.corners.map(|corner| self.vertex(corner, triangle, feature));
        let [a, b, c] = corners;
        // Corners closer than a vertex can tell apart make a line.
        if a != b && b != c && c != a {
            self.mesh.indices.extend(corners);
        }
    }

    fn vertex(&mut self, corner: DVec3, triangle: &Triangle, feature: u16) -> u32 {
        // On the grid that the encoder uses anyway, so that neighbouring tiles agree on shared points.
        let snapped = ((corner - self.mesh.origin) / ROUNDING).round() * ROUNDING;
        let position = snapped.as_vec3().to_array();
        let normal = triangle.normal.as_vec3().to_array();
        let surface = triangle.surface as u8;
        let key = (
            position.map(f32::to_bits),
            normal.map(f32::to_bits),
            triangle.color,
            surface,
        );
        if let Some(&known) = self.seen.get(&key) {
            return known;
        }
        let number = self.mesh.positions.len() as u32;
        self.mesh.positions.push(position);
        self.mesh.normals.push(normal);
        self.mesh.colors.push(triangle.color);
        self.mesh.feature_ids.push(feature);
        self.mesh.surfaces.push(surface);
        self.seen.insert(key, number);
        number
    }
}

/// What content weighs when it packs well, for not encoding what is far too large: tiles of synthetic cities have 7 to
/// 41 bytes a triangle.
pub(crate) fn few_bytes(triangles: usize, features: usize) -> usize {
    triangles * 7 + features * 20
}

/// The kinds of surface that nobody sees from outside and that stand-ins leave out.
pub(crate) fn is_hidden_kind(surface: Surface) -> bool {
    matches!(surface, Surface::Ground | Surface::Interior | Surface::Closure)
}
