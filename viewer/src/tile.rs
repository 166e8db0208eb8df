//! A tile as the viewer holds it: buffers for the picture, triangles for the pointer, features for the panel.

use crate::city::Chosen;
use crate::vertex::TileBuffers;
use glam::{DMat4, DVec3, Vec3};
use std::cell::OnceCell;
use tiles::bounds::Aabb;
use tiles::feature::Feature;
use tiles::mesh::{About, Mesh, TileContent};
use tiles::pick::{Bvh, Hit, Ray, Triangles};

/// A decoded tile on its way to the graphics card. Plain data, made on another thread or in a Worker.
#[derive(Debug, Clone)]
pub struct Decoded {
    vertices: Vec<u8>,
    opaque: usize,
    mesh: Mesh,
    about: About,
    bvh: Option<Bvh>,
}

/// Why an answer is no tile.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are no GLB that tiles use.
    #[error(transparent)]
    Glb(#[from] tiles::glb::Error),
    /// The description beside the vertices is not what a decoder writes.
    #[error("the description of a decoded tile cannot be read: {0}")]
    About(#[from] serde_json::Error),
    /// An index names a vertex that is not there.
    #[error("the tile has {vertices} vertices, but a triangle names number {index}")]
    Index {
        /// How many there are.
        vertices: usize,
        /// Which is named.
        index: u32,
    },
}

impl Decoded {
    /// Decodes a GLB and prepares all that needs time.
    ///
    /// # Errors
    /// [`Error::Glb`].
    pub fn from_glb(glb: &[u8]) -> Result<Self, Error> {
        Ok(Self::from_content(tiles::glb::decode(glb)?))
    }

    /// Prepares a tile that is decoded already.
    pub fn from_content(mut content: TileContent) -> Self {
        let (indices, opaque) = content.mesh.opaque_first();
        content.mesh.indices = indices;
        let bvh = Bvh::build(Triangles::from(&content.mesh));
        Self {
            vertices: content.mesh.interleaved(),
            opaque,
            about: About {
                origin: content.mesh.origin.to_array(),
                features: content.features,
                copyright: content.copyright,
            },
            mesh: content.mesh,
            bvh: Some(bvh),
        }
    }

    /// From the arrays of the Worker's decoder (`viewer/decoder`). The tree for picking is built when it is needed.
    ///
    /// # Errors
    /// [`Error::About`], [`Error::Index`].
    pub fn from_arrays(vertices: Vec<u8>, indices: Vec<u32>, opaque: usize, about: &str) -> Result<Self, Error> {
        let about: About = serde_json::from_str(about)?;
        let mesh = Mesh::from_interleaved(DVec3::from_array(about.origin), &vertices, indices);
        let count = mesh.positions.len();
        match mesh.indices.iter().find(|&&index| index as usize >= count) {
            Some(&index) => Err(Error::Index { vertices: count, index }),
            None => Ok(Self {
                vertices,
                opaque,
                mesh,
                about,
                bvh: None,
            }),
        }
    }

    /// Bytes that go to the graphics card.
    pub fn upload_bytes(&self) -> u64 {
        (self.vertices.len() + size_of_val(self.mesh.indices.as_slice())) as u64
    }

    /// Bytes that the tile will take, on the graphics card and beside it.
    pub fn bytes(&self) -> u64 {
        let mesh = &self.mesh;
        let kept = size_of_val(mesh.positions.as_slice())
            + size_of_val(mesh.feature_ids.as_slice())
            + mesh.surfaces.len()
            + size_of_val(mesh.indices.as_slice());
        let features: usize = self.about.features.iter().map(feature_bytes).sum();
        // The tree for picking takes about as much as the indices.
        self.upload_bytes() + (kept + size_of_val(mesh.indices.as_slice()) + features) as u64
    }
}

/// About how much memory a feature takes.
fn feature_bytes(feature: &Feature) -> usize {
    let texts = [
        &feature.id,
        &feature.kind,
        &feature.name,
        &feature.class,
        &feature.function,
        &feature.usage,
        &feature.address,
        &feature.roof_type,
    ];
    size_of::<Feature>() + texts.iter().map(|text| text.len()).sum::<usize>()
}

/// A tile that can be drawn and picked.
#[derive(Debug)]
pub struct Tile {
    /// None of a tile without triangles.
    pub(crate) buffers: Option<TileBuffers>,
    /// Where its zero lies in the tileset's ENU frame.
    pub(crate) origin: DVec3,
    /// Around its triangles, in that frame.
    pub(crate) bounds: Aabb,
    /// Row of the selected feature, if it is here.
    pub(crate) selected: Option<u16>,
    /// Row of the feature under the pointer, if it is here.
    pub(crate) hovered: Option<u16>,
    features: Vec<Feature>,
    positions: Vec<[f32; 3]>,
    feature_ids: Vec<u16>,
    surfaces: Vec<u8>,
    indices: Vec<u32>,
    bvh: OnceCell<Bvh>,
}

impl Tile {
    /// Uploads a tile. `transform` leads from the tile's own frame to the tree's; it moves, and does not turn.
    pub fn new(device: &wgpu::Device, decoded: Decoded, transform: &DMat4) -> Self {
        let Decoded {
            vertices,
            opaque,
            mesh,
            about,
            bvh,
        } = decoded;
        let origin = transform.transform_point3(mesh.origin);
        let place = |position: &[f32; 3]| origin + Vec3::from_array(*position).as_dvec3();
        Self {
            buffers: TileBuffers::new(device, &vertices, &mesh.indices, opaque),
            origin,
            bounds: Aabb::from_points(mesh.positions.iter().map(place)),
            selected: None,
            hovered: None,
            features: about.features,
            positions: mesh.positions,
            feature_ids: mesh.feature_ids,
            surfaces: mesh.surfaces,
            indices: mesh.indices,
            bvh: bvh.map(OnceCell::from).unwrap_or_default(),
        }
    }

    /// The features, by row.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// The row of the feature with this id.
    pub fn row(&self, id: &str) -> Option<u16> {
        let row = self.features.iter().position(|feature| feature.id == id)?;
        u16::try_from(row).ok()
    }

    /// Finds the features that stand out.
    pub(crate) fn choose(&mut self, chosen: &Chosen) {
        self.selected = chosen.selected.as_deref().and_then(|id| self.row(id));
        self.hovered = chosen.hovered.as_deref().and_then(|id| self.row(id));
    }

    /// What a ray meets first in the tile.
    pub fn pick(&self, ray: &Ray) -> Option<Hit> {
        let triangles = Triangles {
            origin: self.origin,
            positions: &self.positions,
            indices: &self.indices,
            feature_ids: &self.feature_ids,
            surfaces: &self.surfaces,
        };
        self.bvh.get_or_init(|| Bvh::build(triangles)).nearest(triangles, ray)
    }
}
