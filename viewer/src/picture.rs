//! Drawing a frame.
//!
//! Four passes: the depth of the city, from which contact shading and edges are made; the sun's shadow maps; the picture itself. What a
//! frame shows is a [`Scene`] of tiles that are on the graphics card already. Nothing is kept from one frame to the
//! next but textures of the picture's size.

mod order;
mod pass;
mod rows;

use crate::eye::Eye;
use crate::frame::{Contact, FrameUniform, TileUniform};
use crate::gpu::{Gpu, Quality};
use crate::light::Light;
use crate::pipeline::Pipelines;
use crate::shadow::{self, Cascade, MAX_CASCADES};
use crate::target::{self, Targets};
use crate::vertex::TileBuffers;
use glam::DVec3;
use order::Order;
use pass::{color, depth_attachment, depth_pass, entry, sampler, white};
use rows::Rows;
use tiles::bounds::{Aabb, OrientedBox};

/// A tile of a frame.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its triangles.
    pub buffers: &'a TileBuffers,
    /// Where its zero lies, in the tileset's frame.
    pub origin: DVec3,
    /// Around its triangles, in the tileset's frame.
    pub bounds: Aabb,
    /// Row of the selected feature, if it is in the tile.
    pub selected: Option<u16>,
    /// Row of the feature under the pointer, if it is in the tile.
    pub hovered: Option<u16>,
    /// Whether the picture shows it; one that it does not show may still cast a shadow.
    pub shown: bool,
}

/// What a frame shows.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// From where.
    pub eye: Eye,
    /// In which light.
    pub light: Light,
    /// With how much contact shading.
    pub contact: Contact,
    /// Height of the plain around the city in the tileset's frame, metres.
    pub ground: f64,
    /// The tiles, in any order.
    pub items: &'a [Item<'a>],
}

/// What a frame cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Triangles in the picture itself.
    pub triangles: u32,
    /// Draw calls of all passes.
    pub draws: u32,
    /// Shadow cascades drawn.
    pub cascades: u32,
}

/// Draws scenes in one format and quality.
#[derive(Debug)]
pub struct Picture {
    pipelines: Pipelines,
    quality: Quality,
    format: wgpu::TextureFormat,
    frame: wgpu::Buffer,
    cascades: Rows,
    tiles: Rows,
    atlas: wgpu::TextureView,
    atlas_size: [u32; 2],
    no_contact: wgpu::TextureView,
    shadow_sampler: wgpu::Sampler,
    nearest: wgpu::Sampler,
    smooth: wgpu::Sampler,
    frame_group: wgpu::BindGroup,
    sized: Option<Sized>,
}

/// What exists for one size of the picture.
#[derive(Debug)]
struct Sized {
    targets: Targets,
    scene_group: wgpu::BindGroup,
    depth_group: Option<wgpu::BindGroup>,
}

impl Picture {
    /// A drawer of pictures. `format` should be an sRGB format: shaders write linear light.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat, quality: Quality) -> Self {
        let device = &gpu.device;
        let pipelines = Pipelines::new(gpu, format, &quality);
        let frame = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("frame"),
            size: size_of::<FrameUniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let frame_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("frame"),
            layout: &pipelines.frame,
            entries: &[entry(0, frame.as_entire_binding())],
        });
        let cascades = Rows::new(gpu, &pipelines.tile, size_of::<[[f32; 4]; 4]>(), MAX_CASCADES);
        let tiles = Rows::new(gpu, &pipelines.tile, size_of::<TileUniform>(), 64);
        let count = quality.cascades.min(MAX_CASCADES as u32);
        let atlas_size = match count {
            0 => [1, 1],
            1 => [quality.shadow_size; 2],
            _ => [quality.shadow_size * 2, quality.shadow_size * count.div_ceil(2)],
        };
        let read = wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING;
        Self {
            atlas: target::texture(device, "shadow", atlas_size, target::DEPTH, 1, read),
            no_contact: white(gpu),
            shadow_sampler: sampler(device, wgpu::FilterMode::Linear, Some(wgpu::CompareFunction::LessEqual)),
            nearest: sampler(device, wgpu::FilterMode::Nearest, None),
            smooth: sampler(device, wgpu::FilterMode::Linear, None),
            pipelines,
            quality,
            format,
            frame,
            cascades,
            tiles,
            atlas_size,
            frame_group,
            sized: None,
        }
    }

    /// The format it draws in.
    pub fn format(&self) -> wgpu::TextureFormat {
        self.format
    }

    /// Draws a scene into `view`, which must be a texture of the eye's size and of the picture's format.
    pub fn draw(&mut self, gpu: &Gpu, view: &wgpu::TextureView, scene: &Scene<'_>) -> Cost {
        self.fit_size(gpu, scene.eye.size);
        let order = Order::new(scene);
        let cascades = self.fit_shadows(scene);
        self.write(gpu, scene, &order, &cascades);
        let mut encoder = gpu
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("picture") });
        let mut cost = Cost {
            cascades: cascades.len() as u32,
            ..Cost::default()
        };
        self.draw_contact(&mut encoder, scene, &order, &mut cost);
        self.draw_shadows(&mut encoder, scene, &order, &cascades, &mut cost);
        self.draw_city(&mut encoder, view, scene, &order, &mut cost);
        gpu.queue.submit([encoder.finish()]);
        cost
    }

    /// Textures for this size of the picture, made anew when it changed.
    fn fit_size(&mut self, gpu: &Gpu, size: [u32; 2]) {
        if self.sized.as_ref().is_some_and(|sized| sized.targets.size == size) {
            return;
        }
        let targets = Targets::new(&gpu.device, size, self.format, &self.quality);
        let contact = targets.contact.as_ref();
        let seen = contact.map_or(&self.no_contact, |contact| &contact.result);
        let scene_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("scene"),
            layout: &self.pipelines.scene,
            entries: &[
                entry(0, self.frame.as_entire_binding()),
                entry(1, wgpu::BindingResource::TextureView(&self.atlas)),
                entry(2, wgpu::BindingResource::Sampler(&self.shadow_sampler)),
                entry(3, wgpu::BindingResource::TextureView(seen)),
                entry(4, wgpu::BindingResource::Sampler(&self.smooth)),
            ],
        });
        let depth_group = contact.map(|contact| {
            gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("depth map"),
                layout: &self.pipelines.depth_map,
                entries: &[
                    entry(0, wgpu::BindingResource::TextureView(&contact.depth)),
                    entry(1, wgpu::BindingResource::Sampler(&self.nearest)),
                ],
            })
        });
        self.sized = Some(Sized {
            targets,
            scene_group,
            depth_group,
        });
    }

    fn fit_shadows(&self, scene: &Scene<'_>) -> Vec<Cascade> {
        if scene.light.sun.max_element() <= 0.0 {
            return Vec::new();
        }
        let shown = scene.items.iter().filter(|item| item.shown);
        let city = shown.fold(Aabb::EMPTY, |city, item| city.union(&item.bounds));
        let count = self.quality.cascades as usize;
        shadow::fit(
            &scene.eye,
            scene.light.toward,
            &city,
            count,
            self.quality.shadow_size,
            shadow::LIMIT,
        )
    }

    /// Hands the frame's numbers to the graphics card.
    fn write(&mut self, gpu: &Gpu, scene: &Scene<'_>, order: &Order, cascades: &[Cascade]) {
        let contact = if self.quality.contact {
            scene.contact
        } else {
            Contact::NONE
        };
        let frame = FrameUniform::new(
            &scene.eye,
            &scene.light,
            &contact,
            cascades,
            self.atlas_size,
            scene.ground,
        );
        gpu.queue.write_buffer(&self.frame, 0, bytemuck::bytes_of(&frame));
        let maps = cascades
            .iter()
            .map(|cascade| cascade.clip_from_relative.as_mat4().to_cols_array_2d());
        self.cascades.write(gpu, &self.pipelines.tile, maps);
        let tiles = order.items.iter().map(|&item| {
            let item = &scene.items[item];
            TileUniform::new(item.origin, scene.eye.position, item.selected, item.hovered)
        });
        self.tiles.write(gpu, &self.pipelines.tile, tiles);
    }

    /// The depth of what is shown, and what the contact pass makes of it.
    fn draw_contact(&self, encoder: &mut wgpu::CommandEncoder, scene: &Scene<'_>, order: &Order, cost: &mut Cost) {
        let Some(Sized {
            targets,
            depth_group: Some(depth_group),
            ..
        }) = &self.sized
        else {
            return;
        };
        let Some(contact) = &targets.contact else {
            return;
        };
        let mut pass = depth_pass(encoder, "depth", &contact.depth, 0.0);
        pass.set_pipeline(&self.pipelines.draw_depth);
        pass.set_bind_group(0, &self.frame_group, &[]);
        for (row, item) in order.shown(scene) {
            pass.set_bind_group(1, &self.tiles.group, &[self.tiles.offset(row)]);
            item.buffers.draw_opaque(&mut pass);
            cost.draws += 1;
        }
        drop(pass);
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("contact"),
            color_attachments: &[Some(color(
                &contact.result,
                None,
                wgpu::LoadOp::Clear(wgpu::Color::WHITE),
            ))],
            ..Default::default()
        });
        pass.set_pipeline(&self.pipelines.draw_contact);
        pass.set_bind_group(0, &self.frame_group, &[]);
        pass.set_bind_group(1, depth_group, &[]);
        pass.draw(0..3, 0..1);
        cost.draws += 1;
    }

    fn draw_shadows(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        scene: &Scene<'_>,
        order: &Order,
        cascades: &[Cascade],
        cost: &mut Cost,
    ) {
        if cascades.is_empty() {
            return;
        }
        let mut pass = depth_pass(encoder, "shadow", &self.atlas, 1.0);
        pass.set_pipeline(&self.pipelines.draw_shadow);
        for (number, cascade) in cascades.iter().enumerate() {
            let [low, high] = shadow::square(number, cascades.len());
            let [width, height] = self.atlas_size.map(f64::from);
            let (x, y) = (low.x * width, low.y * height);
            let (w, h) = (high.x * width - x, high.y * height - y);
            pass.set_viewport(x as f32, y as f32, w as f32, h as f32, 0.0, 1.0);
            pass.set_scissor_rect(x as u32, y as u32, w as u32, h as u32);
            pass.set_bind_group(0, &self.cascades.group, &[self.cascades.offset(number)]);
            for (row, &item) in order.items.iter().enumerate() {
                let item = &scene.items[item];
                let volume = OrientedBox::from_aabb(&item.bounds);
                if cascade.takes(scene.eye.position, &volume) {
                    pass.set_bind_group(1, &self.tiles.group, &[self.tiles.offset(row)]);
                    item.buffers.draw_opaque(&mut pass);
                    cost.draws += 1;
                }
            }
        }
    }

    fn draw_city(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        view: &wgpu::TextureView,
        scene: &Scene<'_>,
        order: &Order,
        cost: &mut Cost,
    ) {
        let Some(Sized {
            targets, scene_group, ..
        }) = &self.sized
        else {
            return;
        };
        let clear = wgpu::LoadOp::Clear(wgpu::Color::BLACK);
        let attachment = match &targets.color {
            Some(samples) => color(samples, Some(view), clear),
            None => color(view, None, clear),
        };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("city"),
            color_attachments: &[Some(attachment)],
            depth_stencil_attachment: Some(depth_attachment(&targets.depth, 0.0)),
            ..Default::default()
        });
        pass.set_pipeline(&self.pipelines.draw_opaque);
        pass.set_bind_group(0, scene_group, &[]);
        for (row, item) in order.shown(scene) {
            pass.set_bind_group(1, &self.tiles.group, &[self.tiles.offset(row)]);
            item.buffers.draw_opaque(&mut pass);
            cost.triangles += item.buffers.triangles();
            cost.draws += 1;
        }
        pass.set_pipeline(&self.pipelines.draw_sky);
        pass.set_bind_group(0, &self.frame_group, &[]);
        pass.draw(0..3, 0..1);
        cost.draws += 1;
        let mut blended: Vec<_> = order
            .shown(scene)
            .filter(|(_, item)| item.buffers.is_blended())
            .collect();
        blended.reverse();
        pass.set_pipeline(&self.pipelines.draw_blended);
        pass.set_bind_group(0, scene_group, &[]);
        for (row, item) in blended {
            pass.set_bind_group(1, &self.tiles.group, &[self.tiles.offset(row)]);
            item.buffers.draw_blended(&mut pass);
            cost.draws += 1;
        }
    }
}
