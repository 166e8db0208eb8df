//! A tile on the graphics card.

use tiles::mesh::VERTEX_BYTES;
use wgpu::util::DeviceExt;

/// What the pipelines read of a vertex: [`tiles::mesh::Mesh::interleaved`].
pub(crate) const ATTRIBUTES: [wgpu::VertexAttribute; 4] = [
    wgpu::VertexAttribute {
        format: wgpu::VertexFormat::Float32x3,
        offset: 0,
        shader_location: 0,
    },
    wgpu::VertexAttribute {
        format: wgpu::VertexFormat::Snorm8x4,
        offset: 12,
        shader_location: 1,
    },
    wgpu::VertexAttribute {
        format: wgpu::VertexFormat::Unorm8x4,
        offset: 16,
        shader_location: 2,
    },
    wgpu::VertexAttribute {
        format: wgpu::VertexFormat::Uint16x2,
        offset: 20,
        shader_location: 3,
    },
];

/// The layout with its first `count` attributes: passes that write depth alone need one.
pub(crate) fn layout(count: usize) -> wgpu::VertexBufferLayout<'static> {
    wgpu::VertexBufferLayout {
        array_stride: VERTEX_BYTES as u64,
        step_mode: wgpu::VertexStepMode::Vertex,
        attributes: &ATTRIBUTES[..count.min(ATTRIBUTES.len())],
    }
}

/// Vertices and indices of one tile.
#[derive(Debug)]
pub struct TileBuffers {
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
    opaque: u32,
    all: u32,
}

impl TileBuffers {
    /// Uploads a tile; none when it has no triangle. `opaque` is how many of the indices, counted from the first,
    /// belong to opaque triangles.
    pub fn new(device: &wgpu::Device, vertices: &[u8], indices: &[u32], opaque: usize) -> Option<Self> {
        if vertices.is_empty() || indices.is_empty() {
            return None;
        }
        let buffer = |contents: &[u8], usage| {
            device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("tile"),
                contents,
                usage,
            })
        };
        Some(Self {
            vertices: buffer(vertices, wgpu::BufferUsages::VERTEX),
            indices: buffer(bytemuck::cast_slice(indices), wgpu::BufferUsages::INDEX),
            opaque: opaque.min(indices.len()) as u32,
            all: indices.len() as u32,
        })
    }

    /// Bytes on the graphics card.
    pub fn bytes(&self) -> u64 {
        self.vertices.size() + self.indices.size()
    }

    /// Triangles, opaque or not.
    pub fn triangles(&self) -> u32 {
        self.all / 3
    }

    /// Whether some of it can be seen through.
    pub(crate) fn is_blended(&self) -> bool {
        self.opaque < self.all
    }

    /// Draws the opaque part.
    pub(crate) fn draw_opaque(&self, pass: &mut wgpu::RenderPass<'_>) {
        self.draw(pass, 0..self.opaque);
    }

    /// Draws the part that can be seen through.
    pub(crate) fn draw_blended(&self, pass: &mut wgpu::RenderPass<'_>) {
        self.draw(pass, self.opaque..self.all);
    }

    fn draw(&self, pass: &mut wgpu::RenderPass<'_>, indices: std::ops::Range<u32>) {
        if indices.is_empty() {
            return;
        }
        pass.set_vertex_buffer(0, self.vertices.slice(..));
        pass.set_index_buffer(self.indices.slice(..), wgpu::IndexFormat::Uint32);
        pass.draw_indexed(indices, 0, 0..1);
    }
}
