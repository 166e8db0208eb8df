//! What the shaders are told of a frame and of a tile.

use crate::eye::Eye;
use crate::light::Light;
use crate::shadow::{self, Cascade, MAX_CASCADES};
use bytemuck::{Pod, Zeroable};
use glam::{DVec3, Vec3, Vec4};

/// `Frame` of `shaders/frame.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub(crate) struct FrameUniform {
    clip: [[f32; 4]; 4],
    right: [f32; 4],
    up: [f32; 4],
    forward: [f32; 4],
    viewport: [f32; 4],
    sun: [f32; 4],
    sun_light: [f32; 4],
    sky_light: [f32; 4],
    ground_light: [f32; 4],
    zenith: [f32; 4],
    horizon: [f32; 4],
    plain: [f32; 4],
    contact: [f32; 4],
    selected: [f32; 4],
    hovered: [f32; 4],
    shadow: [[[f32; 4]; 4]; MAX_CASCADES],
    shadow_end: [f32; 4],
    shadow_texel: [f32; 4],
    shadow_rect: [[f32; 4]; MAX_CASCADES],
    shadow_atlas: [f32; 4],
}

/// `Tile` of `shaders/tile.wgsl`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub(crate) struct TileUniform {
    offset: [f32; 4],
    rest: [f32; 4],
    chosen: [u32; 4],
}

/// How strongly contact shading and edge lines show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contact {
    /// How much of the sky near things hide: 0 none, 1 as computed.
    pub shade: f32,
    /// How far away a thing may be to hide the sky, in metres.
    pub radius: f32,
    /// How dark an edge line is: 0 not at all, 1 black.
    pub edge: f32,
}

impl Default for Contact {
    fn default() -> Self {
        Self {
            shade: 1.0,
            radius: 7.0,
            edge: 0.35,
        }
    }
}

impl Contact {
    /// Nothing of it.
    pub const NONE: Self = Self {
        shade: 0.0,
        radius: 1.0,
        edge: 0.0,
    };
}

/// Colour of what is selected, linear, and how much of it is mixed in.
const SELECTED: Vec4 = Vec4::new(1.0, 0.42, 0.02, 0.75);
/// Colour of what the pointer is over.
const HOVERED: Vec4 = Vec4::new(1.0, 0.80, 0.35, 0.35);

fn pad(v: Vec3, w: f32) -> [f32; 4] {
    v.extend(w).to_array()
}

impl FrameUniform {
    /// The values of a frame. `atlas` is the width and height of the shadow atlas in texels, `ground`
    /// the height of the plain around the city in metres.
    pub(crate) fn new(
        eye: &Eye,
        light: &Light,
        contact: &Contact,
        cascades: &[Cascade],
        atlas: [u32; 2],
        ground: f64,
    ) -> Self {
        let axis = |v: DVec3, length: f64| (v * length).as_vec3();
        let [width, height] = eye.size.map(|side| side as f32);
        let mut frame = Self {
            clip: eye.clip_from_relative.as_mat4().to_cols_array_2d(),
            right: pad(axis(eye.right, eye.half.x), 0.0),
            up: pad(axis(eye.up, eye.half.y), 0.0),
            forward: pad(axis(eye.forward, 1.0), eye.near as f32),
            viewport: [width, height, width.recip(), height.recip()],
            sun: pad(light.toward.as_vec3(), f32::from(u8::from(!cascades.is_empty()))),
            sun_light: pad(light.sun, 0.0),
            sky_light: pad(light.sky, 0.0),
            ground_light: pad(light.ground, 0.0),
            zenith: pad(light.zenith, f32::from(u8::from(light.disc))),
            horizon: pad(light.horizon, light.haze),
            plain: pad(light.plain, (eye.position.z - ground).max(1.0) as f32),
            contact: [contact.shade, contact.radius, contact.edge, eye.pixel_angle() as f32],
            selected: SELECTED.to_array(),
            hovered: HOVERED.to_array(),
            ..Self::zeroed()
        };
        frame.shadow_atlas = [
            (f64::from(atlas[0]).recip()) as f32,
            (f64::from(atlas[1]).recip()) as f32,
            (0.85 * shadow::LIMIT) as f32,
            shadow::LIMIT as f32,
        ];
        for (number, cascade) in cascades.iter().take(MAX_CASCADES).enumerate() {
            frame.put_cascade(number, cascade, cascades.len());
        }
        frame
    }

    fn put_cascade(&mut self, number: usize, cascade: &Cascade, count: usize) {
        let [low, high] = shadow::square(number, count);
        // Clip space has y up, a texture has y down.
        let size = high - low;
        let to_atlas = glam::DMat4::from_translation(DVec3::new(low.x + size.x * 0.5, low.y + size.y * 0.5, 0.0))
            * glam::DMat4::from_scale(DVec3::new(size.x * 0.5, -size.y * 0.5, 1.0));
        self.shadow[number] = (to_atlas * cascade.clip_from_relative).as_mat4().to_cols_array_2d();
        self.shadow_end[number] = cascade.end as f32;
        self.shadow_texel[number] = cascade.texel as f32;
        self.shadow_rect[number] = [low.x, low.y, high.x, high.y].map(|edge| edge as f32);
    }
}

impl TileUniform {
    /// The values of a tile whose zero lies at `origin`. `selected` and `hovered` are rows of its features.
    pub(crate) fn new(origin: DVec3, camera: DVec3, selected: Option<u16>, hovered: Option<u16>) -> Self {
        let exact = origin - camera;
        let offset = exact.as_vec3();
        let rest = (exact - offset.as_dvec3()).as_vec3();
        let number = |row: Option<u16>| row.map_or(0, |row| u32::from(row) + 1);
        Self {
            offset: pad(offset, 0.0),
            rest: pad(rest, 0.0),
            chosen: [number(selected), number(hovered), 0, 0],
        }
    }
}
