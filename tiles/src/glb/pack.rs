//! From a tile's content to the whole numbers that both encodings store.
//!
//! Plain and compact tiles must be the same city to the last bit, or a pick in one would miss in the other. So all
//! rounding happens here, once: positions to multiples of a power of two, normals to 8 bits, colours to linear light.
//!
//! **Positions.** 16-bit positions (`KHR_mesh_quantization`) with a step of 1 mm reach 65 m, and a tile is larger. The
//! `EXPONENTIAL` filter of `EXT_meshopt_compression` stores each coordinate as mantissa (24 bits) times 2^exponent and decodes
//! to exact floats: with one exponent for the whole tile, that is whole numbers of steps. A step of 2^-10 m (0.98 mm)
//! reaches 8 km from the origin. The unused high bytes cost next to nothing after compression, and the drawn data are plain
//! floats that need no scale. Where coordinates repeat, the same floats are stored as they are (`layout`).

use super::{Error, MAX_FEATURES, MAX_VERTICES, meshopt};
use crate::mesh::{Mesh, TileContent};
use crate::surface::Surface;
use bytemuck::{Pod, Zeroable};
use meshoptimizer_rs::{
    VertexRemap, VertexStream, Workspace, generate_vertex_remap, optimize_vertex_cache, optimize_vertex_fetch_remap,
};

/// Exponent of the finest step: 2^-10 m.
const FINEST: i32 = -10;
/// The greatest mantissa: 24 bits with sign.
const GREATEST: f64 = 8_388_607.0;
/// Coordinates beyond this (metres from the tile's origin) are a mistake upstream.
const FARTHEST: f32 = 1e8;

/// One corner, in glTF's axes: x east, y up, z south.
///
/// Equal vertices have equal bytes: there is no padding.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Vertex {
    /// Multiples of the tile's step.
    pub(super) position: [i32; 3],
    /// In 127ths.
    pub(super) normal: [i8; 3],
    pub(super) surface: u8,
    /// sRGB and opacity.
    pub(super) color: [u8; 4],
    pub(super) feature: u32,
}

/// A tile's geometry, rounded.
#[derive(Debug)]
pub(super) struct Packed {
    /// The step of positions is 2 to this power, in metres.
    pub(super) exponent: i32,
    pub(super) vertices: Vec<Vertex>,
    /// Opaque triangles, then translucent ones.
    pub(super) indices: Vec<u32>,
    /// How many of the indices belong to opaque triangles.
    pub(super) opaque: usize,
}

/// Whether triangles and vertices may be put into another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Weld equal vertices, leave out triangles that vanish, sort for the vertex cache and the codecs.
    Optimized,
    /// Leave everything where it is.
    Kept,
}

impl Packed {
    /// Rounds and orders the content's mesh.
    pub(super) fn new(content: &TileContent, order: Order) -> Result<Self, Error> {
        check(content)?;
        let mesh = &content.mesh;
        let (exponent, positions) = whole_positions(&mesh.positions)?;
        // Neighbours mostly lie on one face and share its normal.
        let mut known = None;
        let mut vertices = Vec::with_capacity(positions.len());
        for (i, position) in positions.into_iter().enumerate() {
            let normal = match known {
                Some((normal, whole)) if normal == mesh.normals[i] => whole,
                _ => whole_normal(mesh.normals[i])?,
            };
            known = Some((mesh.normals[i], normal));
            vertices.push(Vertex {
                position,
                normal,
                surface: mesh.surfaces[i],
                color: mesh.colors[i],
                feature: u32::from(mesh.feature_ids[i]),
            });
        }
        let (vertices, indices) = match order {
            Order::Optimized => weld(&vertices, &mesh.indices)?,
            Order::Kept => (vertices, mesh.indices.clone()),
        };
        let (indices, opaque) = opaque_first(&vertices, &indices);
        let packed = Self {
            exponent,
            vertices,
            indices,
            opaque,
        };
        match order {
            Order::Optimized => packed.optimized(),
            Order::Kept => Ok(packed),
        }
    }

    /// A position in metres, exactly.
    pub(super) fn metres(&self, position: [i32; 3]) -> [f32; 3] {
        let step = step(self.exponent);
        position.map(|whole| (f64::from(whole) * step) as f32)
    }

    /// Puts triangles where the vertex cache likes them and vertices in the order of their first use.
    fn optimized(mut self) -> Result<Self, Error> {
        if self.indices.is_empty() {
            return Err(Error::Content(
                "no triangle is larger than the step of positions".to_owned(),
            ));
        }
        let mut workspace = Workspace::default();
        let count = self.vertices.len();
        let (opaque, translucent) = self.indices.split_at(self.opaque);
        let mut indices = Vec::with_capacity(self.indices.len());
        for part in [opaque, translucent] {
            if !part.is_empty() {
                let sorted = optimize_vertex_cache(part, count, &mut workspace).map_err(meshopt::failed)?;
                indices.extend(sorted);
            }
        }
        let fetch = optimize_vertex_fetch_remap(&indices, count, &mut workspace).map_err(meshopt::failed)?;
        for index in &mut indices {
            *index = fetch.remap[*index as usize];
        }
        self.indices.clear();
        for part in [&indices[..self.opaque], &indices[self.opaque..]] {
            if !part.is_empty() {
                // The codec turns triangles; the plain tile shall have them turned alike.
                self.indices.extend(meshopt::rotated_by_codec(part)?);
            }
        }
        self.vertices = moved(&self.vertices, &fetch);
        Ok(self)
    }
}

/// The step of positions in metres.
pub(super) fn step(exponent: i32) -> f64 {
    2.0_f64.powi(exponent)
}

/// A normal's direction as floats of unit length, whatever the length of `direction`.
pub(super) fn unit(direction: [f64; 3]) -> [f32; 3] {
    let [x, y, z] = direction;
    let length = (x * x + y * y + z * z).sqrt();
    if length > 0.0 {
        // Adding zero makes -0 into 0, so that equal normals have equal bytes.
        direction.map(|c| (c / length) as f32 + 0.0)
    } else {
        [0.0, 1.0, 0.0]
    }
}

/// From east, north, up to glTF's axes. Adding zero makes -0 into 0.
pub(super) fn to_gltf([east, north, up]: [f32; 3]) -> [f32; 3] {
    [east + 0.0, up + 0.0, -north + 0.0]
}

/// From glTF's axes to east, north, up.
pub(super) fn to_enu([x, y, z]: [f32; 3]) -> [f32; 3] {
    [x + 0.0, -z + 0.0, y + 0.0]
}

/// Refuses content whose lists do not fit each other.
fn check(content: &TileContent) -> Result<(), Error> {
    let Mesh {
        origin,
        positions,
        normals,
        colors,
        feature_ids,
        surfaces,
        indices,
    } = &content.mesh;
    let wrong = |what: String| Err(Error::Content(what));
    let count = positions.len();
    let lists = [normals.len(), colors.len(), feature_ids.len(), surfaces.len()];
    let features = content.features.len();
    if lists.iter().any(|&length| length != count) {
        return wrong(format!(
            "{count} positions, but {lists:?} normals, colours, feature ids and surfaces"
        ));
    }
    if !origin.is_finite() {
        return wrong(format!("the origin {origin} is not finite"));
    }
    if indices.is_empty() || !indices.len().is_multiple_of(3) {
        return wrong(format!("{} indices are not whole triangles", indices.len()));
    }
    if count > MAX_VERTICES || indices.len() / 3 > MAX_VERTICES {
        return Err(Error::TooLarge("vertices or triangles"));
    }
    if let Some(index) = indices.iter().find(|&&index| index as usize >= count) {
        return wrong(format!("index {index} of {count} vertices"));
    }
    if features == 0 || features > MAX_FEATURES {
        return wrong(format!("{features} features, not 1 to {MAX_FEATURES}"));
    }
    if let Some(id) = feature_ids.iter().find(|&&id| usize::from(id) >= features) {
        return wrong(format!("feature id {id} of {features} features"));
    }
    if let Some(number) = surfaces
        .iter()
        .find(|&&number| usize::from(number) >= Surface::ALL.len())
    {
        return wrong(format!("surface number {number} is not known"));
    }
    if let Some(row) = content.features.iter().position(|f| f.id.is_empty()) {
        return wrong(format!("feature {row} has no id"));
    }
    Ok(())
}

/// Positions in glTF's axes as multiples of the largest power of two that keeps them to [`FINEST`], with its exponent.
fn whole_positions(positions: &[[f32; 3]]) -> Result<(i32, Vec<[i32; 3]>), Error> {
    let mut farthest = 0.0_f32;
    for coordinate in positions.iter().flatten() {
        if !coordinate.is_finite() || coordinate.abs() > FARTHEST {
            return Err(Error::Content(format!(
                "a vertex lies {coordinate} m from the tile's origin"
            )));
        }
        farthest = farthest.max(coordinate.abs());
    }
    let mut exponent = FINEST;
    while (f64::from(farthest) / step(exponent)).round() > GREATEST {
        exponent += 1;
    }
    let fine = step(exponent);
    let mut whole: Vec<[i32; 3]> = positions
        .iter()
        .map(|&position| to_gltf(position).map(|c| (f64::from(c) / fine).round() as i32))
        .collect();
    // Stand-ins may lie on a coarser grid than this step: then the grid is the step.
    let used = whole.iter().flatten().fold(0, |bits, &c| bits | c);
    if used != 0 {
        let spare = used.trailing_zeros();
        exponent += spare as i32;
        for coordinate in whole.iter_mut().flatten() {
            *coordinate >>= spare;
        }
    }
    Ok((exponent, whole))
}

/// A normal in glTF's axes in 127ths, such that rounding its unit vector again gives the same numbers.
fn whole_normal(normal: [f32; 3]) -> Result<[i8; 3], Error> {
    if !normal.iter().all(|c| c.is_finite()) {
        return Err(Error::Content(format!("the normal {normal:?} is not finite")));
    }
    let round = |unit: [f32; 3]| unit.map(|c| (c * 127.0).round() as i8);
    let mut whole = round(unit(to_gltf(normal).map(f64::from)));
    // Rounding changes the length, which can change the rounding; after a few rounds it never does.
    for _ in 0..8 {
        let again = round(unit(whole.map(f64::from)));
        if again == whole {
            break;
        }
        whole = again;
    }
    Ok(whole)
}

/// One vertex of each kind that a triangle uses, and the triangles that still have three corners.
fn weld(vertices: &[Vertex], indices: &[u32]) -> Result<(Vec<Vertex>, Vec<u32>), Error> {
    let size = size_of::<Vertex>();
    let records = VertexStream::new(bytemuck::cast_slice(vertices), vertices.len(), size, size, 0);
    let new = generate_vertex_remap(
        Some(indices),
        records.map_err(meshopt::failed)?,
        &mut Workspace::default(),
    )
    .map_err(meshopt::failed)?;
    let triangles = indices
        .chunks_exact(3)
        .map(|corners| [corners[0], corners[1], corners[2]].map(|i| new.remap[i as usize]))
        .filter(|[a, b, c]| a != b && b != c && a != c)
        .flatten()
        .collect();
    Ok((moved(vertices, &new), triangles))
}

/// The vertices in their new places; one that no triangle uses has none.
fn moved(vertices: &[Vertex], new: &VertexRemap) -> Vec<Vertex> {
    let mut moved = vec![Vertex::zeroed(); new.vertex_count];
    for (vertex, &place) in vertices.iter().zip(&new.remap) {
        if let Some(slot) = moved.get_mut(place as usize) {
            *slot = *vertex;
        }
    }
    moved
}

/// The triangles with the opaque ones first, and how many indices those are. A triangle is translucent where one of
/// its corners is.
fn opaque_first(vertices: &[Vertex], indices: &[u32]) -> (Vec<u32>, usize) {
    let translucent = |corners: &&[u32]| corners.iter().any(|&corner| vertices[corner as usize].color[3] < 255);
    let triangles = || indices.chunks_exact(3);
    let mut sorted: Vec<u32> = Vec::with_capacity(indices.len());
    sorted.extend(triangles().filter(|t| !translucent(t)).flatten());
    let opaque = sorted.len();
    sorted.extend(triangles().filter(translucent).flatten());
    (sorted, opaque)
}
