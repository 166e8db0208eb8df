//! The textures of a picture's size that are drawn to on the way.

use crate::gpu::Quality;

/// Format of every depth texture.
pub(crate) const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;
/// Format of the contact texture: sky seen, edge.
pub(crate) const CONTACT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// The textures, for one size.
#[derive(Debug)]
pub(crate) struct Targets {
    pub(crate) size: [u32; 2],
    /// Multisampled colour; none when there is one sample a pixel.
    pub(crate) color: Option<wgpu::TextureView>,
    pub(crate) depth: wgpu::TextureView,
    /// Depth with one sample a pixel, for the contact pass, and that pass's result; none without contact shading.
    pub(crate) contact: Option<ContactTargets>,
}

/// What the contact pass reads and writes.
#[derive(Debug)]
pub(crate) struct ContactTargets {
    pub(crate) depth: wgpu::TextureView,
    pub(crate) result: wgpu::TextureView,
}

impl Targets {
    pub(crate) fn new(device: &wgpu::Device, size: [u32; 2], format: wgpu::TextureFormat, quality: &Quality) -> Self {
        let make = |label, format, samples, usage| texture(device, label, size, format, samples, usage);
        let drawn = wgpu::TextureUsages::RENDER_ATTACHMENT;
        let read = drawn | wgpu::TextureUsages::TEXTURE_BINDING;
        Self {
            size,
            color: (quality.samples > 1).then(|| make("color", format, quality.samples, drawn)),
            depth: make("depth", DEPTH, quality.samples, drawn),
            contact: quality.contact.then(|| ContactTargets {
                depth: make("contact depth", DEPTH, 1, read),
                result: make("contact", CONTACT, 1, read),
            }),
        }
    }
}

/// A texture of one level, seen whole.
pub(crate) fn texture(
    device: &wgpu::Device,
    label: &str,
    size: [u32; 2],
    format: wgpu::TextureFormat,
    samples: u32,
    usage: wgpu::TextureUsages,
) -> wgpu::TextureView {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d {
            width: size[0].max(1),
            height: size[1].max(1),
            depth_or_array_layers: 1,
        },
        mip_level_count: 1,
        sample_count: samples,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}
