//! The render pipelines and what they bind.

use crate::gpu::{Gpu, Quality};
use crate::shader::{self, Program};
use crate::target;
use crate::vertex;

/// The layouts of bind groups and the pipelines that use them.
#[derive(Debug)]
pub(crate) struct Pipelines {
    /// The frame alone.
    pub(crate) frame: wgpu::BindGroupLayout,
    /// The frame, the shadow atlas and the contact texture.
    pub(crate) scene: wgpu::BindGroupLayout,
    /// A tile, by dynamic offset; a shadow cascade has the same form.
    pub(crate) tile: wgpu::BindGroupLayout,
    /// The depth that the contact pass reads.
    pub(crate) depth_map: wgpu::BindGroupLayout,
    pub(crate) draw_depth: wgpu::RenderPipeline,
    pub(crate) draw_contact: wgpu::RenderPipeline,
    pub(crate) draw_shadow: wgpu::RenderPipeline,
    pub(crate) draw_opaque: wgpu::RenderPipeline,
    pub(crate) draw_blended: wgpu::RenderPipeline,
    pub(crate) draw_sky: wgpu::RenderPipeline,
}

/// What one pipeline is made of.
struct Recipe<'a> {
    program: Program,
    groups: &'a [Option<&'a wgpu::BindGroupLayout>],
    /// How many attributes of a vertex it reads; none draws one triangle over everything.
    attributes: Option<usize>,
    depth: Option<wgpu::DepthStencilState>,
    /// Format, and whether it is blended; none writes depth alone.
    color: Option<(wgpu::TextureFormat, bool)>,
    samples: u32,
}

impl Pipelines {
    /// For pictures of `format`.
    pub(crate) fn new(gpu: &Gpu, format: wgpu::TextureFormat, quality: &Quality) -> Self {
        let device = &gpu.device;
        let frame = layout(device, "frame", &[uniform(false)]);
        let scene = layout(device, "scene", &scene_entries());
        let tile = layout(device, "tile", &[uniform(true)]);
        let depth_map = layout(
            device,
            "depth map",
            &[
                image(wgpu::TextureSampleType::Float { filterable: false }),
                sampler(wgpu::SamplerBindingType::NonFiltering),
            ],
        );
        let (draw_depth, draw_contact, draw_shadow) = prepare(device, &frame, &tile, &depth_map);
        let samples = quality.samples;
        let city = |blended: bool| {
            build(
                device,
                &Recipe {
                    program: shader::CITY,
                    groups: &[Some(&scene), Some(&tile)],
                    attributes: Some(vertex::ATTRIBUTES.len()),
                    depth: Some(depth(!blended, wgpu::CompareFunction::GreaterEqual, 0, 0.0)),
                    color: Some((format, blended)),
                    samples,
                },
            )
        };
        let (draw_opaque, draw_blended) = (city(false), city(true));
        let draw_sky = build(
            device,
            &Recipe {
                program: shader::SKY,
                groups: &[Some(&frame)],
                attributes: None,
                depth: Some(depth(false, wgpu::CompareFunction::GreaterEqual, 0, 0.0)),
                color: Some((format, false)),
                samples,
            },
        );
        Self {
            frame,
            scene,
            tile,
            depth_map,
            draw_depth,
            draw_contact,
            draw_shadow,
            draw_opaque,
            draw_blended,
            draw_sky,
        }
    }
}

/// The passes before the picture: depth, contact, shadow.
fn prepare(
    device: &wgpu::Device,
    frame: &wgpu::BindGroupLayout,
    tile: &wgpu::BindGroupLayout,
    depth_map: &wgpu::BindGroupLayout,
) -> (wgpu::RenderPipeline, wgpu::RenderPipeline, wgpu::RenderPipeline) {
    let nearest = depth(true, wgpu::CompareFunction::GreaterEqual, 0, 0.0);
    let draw_depth = Recipe {
        program: shader::DEPTH,
        groups: &[Some(frame), Some(tile)],
        attributes: Some(1),
        depth: Some(nearest),
        color: None,
        samples: 1,
    };
    let draw_contact = Recipe {
        program: shader::CONTACT,
        groups: &[Some(frame), Some(depth_map)],
        attributes: None,
        depth: None,
        color: Some((target::CONTACT, false)),
        samples: 1,
    };
    // The shift along the normal does most against shadow acne; the slope's part helps where a face turns from the sun.
    let draw_shadow = Recipe {
        program: shader::SHADOW,
        groups: &[Some(tile), Some(tile)],
        attributes: Some(1),
        depth: Some(depth(true, wgpu::CompareFunction::LessEqual, 1, 1.5)),
        color: None,
        samples: 1,
    };
    (
        build(device, &draw_depth),
        build(device, &draw_contact),
        build(device, &draw_shadow),
    )
}

fn build(device: &wgpu::Device, recipe: &Recipe<'_>) -> wgpu::RenderPipeline {
    let name = recipe.program.name;
    let module = shader::compile(device, recipe.program);
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: recipe.groups,
        immediate_size: 0,
    });
    let buffers: Vec<_> = recipe
        .attributes
        .map(|count| Some(vertex::layout(count)))
        .into_iter()
        .collect();
    let targets = [recipe.color.map(|(format, blended)| wgpu::ColorTargetState {
        format,
        blend: blended.then_some(wgpu::BlendState::ALPHA_BLENDING),
        write_mask: wgpu::ColorWrites::ALL,
    })];
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vertex"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &buffers,
        },
        // Both sides are drawn: a face that the source turned the wrong way is better seen than missing.
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: recipe.depth.clone(),
        multisample: wgpu::MultisampleState {
            count: recipe.samples,
            ..Default::default()
        },
        fragment: recipe.color.is_some().then(|| wgpu::FragmentState {
            module: &module,
            entry_point: Some("fragment"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &targets,
        }),
        multiview_mask: None,
        cache: None,
    })
}

fn depth(write: bool, compare: wgpu::CompareFunction, constant: i32, slope_scale: f32) -> wgpu::DepthStencilState {
    wgpu::DepthStencilState {
        format: target::DEPTH,
        depth_write_enabled: Some(write),
        depth_compare: Some(compare),
        stencil: wgpu::StencilState::default(),
        bias: wgpu::DepthBiasState {
            constant,
            slope_scale,
            clamp: 0.0,
        },
    }
}

fn layout(device: &wgpu::Device, label: &str, types: &[wgpu::BindingType]) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = types
        .iter()
        .enumerate()
        .map(|(binding, &ty)| wgpu::BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: if matches!(ty, wgpu::BindingType::Buffer { .. }) {
                wgpu::ShaderStages::VERTEX_FRAGMENT
            } else {
                wgpu::ShaderStages::FRAGMENT
            },
            ty,
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some(label),
        entries: &entries,
    })
}

fn scene_entries() -> [wgpu::BindingType; 5] {
    [
        uniform(false),
        image(wgpu::TextureSampleType::Depth),
        sampler(wgpu::SamplerBindingType::Comparison),
        image(wgpu::TextureSampleType::Float { filterable: true }),
        sampler(wgpu::SamplerBindingType::Filtering),
    ]
}

fn uniform(dynamic: bool) -> wgpu::BindingType {
    wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: dynamic,
        min_binding_size: None,
    }
}

fn image(sample_type: wgpu::TextureSampleType) -> wgpu::BindingType {
    wgpu::BindingType::Texture {
        sample_type,
        view_dimension: wgpu::TextureViewDimension::D2,
        multisampled: false,
    }
}

fn sampler(kind: wgpu::SamplerBindingType) -> wgpu::BindingType {
    wgpu::BindingType::Sampler(kind)
}
