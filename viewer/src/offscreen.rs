//! Pictures without a window: for tests and for `--screenshot`.

use crate::error::Error;
use crate::gpu::Gpu;

/// The format that pictures without a window are drawn in.
pub const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8UnormSrgb;

/// A texture to draw on and to read back.
#[derive(Debug)]
pub struct Offscreen {
    texture: wgpu::Texture,
    size: [u32; 2],
}

impl Offscreen {
    /// A texture of `size` pixels. Its storage is `storage`, which must be [`FORMAT`] or the same without sRGB; what is
    /// drawn on is always seen as [`FORMAT`].
    pub fn new(gpu: &Gpu, size: [u32; 2], storage: wgpu::TextureFormat) -> Self {
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("offscreen"),
            size: wgpu::Extent3d {
                width: size[0].max(1),
                height: size[1].max(1),
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: storage,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[storage.add_srgb_suffix()],
        });
        Self { texture, size }
    }

    /// What to draw on.
    pub fn view(&self) -> wgpu::TextureView {
        self.texture.create_view(&wgpu::TextureViewDescriptor {
            format: Some(self.texture.format().add_srgb_suffix()),
            ..Default::default()
        })
    }

    /// The picture: four bytes a pixel (sRGB and opacity), from the top left corner, row by row.
    ///
    /// # Errors
    /// [`Error::Readback`].
    pub fn read(&self, gpu: &Gpu) -> Result<Vec<u8>, Error> {
        let row = self.size[0] as usize * 4;
        let stride = row.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize);
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("readback"),
            size: (stride * self.size[1] as usize) as u64,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = gpu
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.copy_texture_to_buffer(
            self.texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(stride as u32),
                    rows_per_image: None,
                },
            },
            self.texture.size(),
        );
        gpu.queue.submit([encoder.finish()]);
        let (sender, receiver) = std::sync::mpsc::channel();
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            // The receiver is gone only when this function has returned with an error.
            let _ = sender.send(result);
        });
        gpu.device
            .poll(wgpu::PollType::wait_indefinitely())
            .map_err(|error| Error::Readback(error.to_string()))?;
        match receiver.recv() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(Error::Readback(error.to_string())),
            Err(error) => return Err(Error::Readback(error.to_string())),
        }
        let mapped = buffer
            .get_mapped_range(..)
            .map_err(|error| Error::Readback(error.to_string()))?;
        Ok(mapped
            .chunks_exact(stride)
            .flat_map(|line| line.get(..row).unwrap_or_default())
            .copied()
            .collect())
    }
}
