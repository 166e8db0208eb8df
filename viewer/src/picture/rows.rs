//! Numbers of many draw calls in one buffer.

use super::pass::entry;
use crate::gpu::Gpu;

/// Rows of numbers in one buffer, of which a draw call reads one by its offset.
#[derive(Debug)]
pub(super) struct Rows {
    buffer: wgpu::Buffer,
    pub(super) group: wgpu::BindGroup,
    row: usize,
    stride: usize,
    bytes: Vec<u8>,
}

impl Rows {
    pub(super) fn new(gpu: &Gpu, layout: &wgpu::BindGroupLayout, row: usize, count: usize) -> Self {
        let alignment = gpu.device.limits().min_uniform_buffer_offset_alignment as usize;
        let stride = row.next_multiple_of(alignment.max(4));
        let buffer = gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("rows"),
            size: (stride * count) as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("rows"),
            layout,
            entries: &[entry(
                0,
                wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &buffer,
                    offset: 0,
                    size: wgpu::BufferSize::new(row as u64),
                }),
            )],
        });
        Self {
            buffer,
            group,
            row,
            stride,
            bytes: Vec::new(),
        }
    }

    pub(super) fn write<T: bytemuck::Pod>(
        &mut self,
        gpu: &Gpu,
        layout: &wgpu::BindGroupLayout,
        rows: impl Iterator<Item = T>,
    ) {
        self.bytes.clear();
        for row in rows {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(bytemuck::bytes_of(&row));
            self.bytes.resize(start + self.stride, 0);
        }
        if self.bytes.len() as u64 > self.buffer.size() {
            let bytes = std::mem::take(&mut self.bytes);
            *self = Self::new(gpu, layout, self.row, (bytes.len() / self.stride).next_power_of_two());
            self.bytes = bytes;
        }
        if !self.bytes.is_empty() {
            gpu.queue.write_buffer(&self.buffer, 0, &self.bytes);
        }
    }

    pub(super) fn offset(&self, row: usize) -> u32 {
        (row * self.stride) as u32
    }
}
