//! A small hand-made city: a ground, blocks, a pond, a glass hall, and what is needed to photograph it.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod compare;

use glam::DVec3;
use session::{Camera, Pose, Viewport};
use tiles::bounds::Aabb;
use tiles::mesh::Mesh;
use tiles::surface::Surface;
use viewer::eye::Eye;
use viewer::frame::Contact;
use viewer::gpu::{Gpu, Quality};
use viewer::light::Light;
use viewer::offscreen::{FORMAT, Offscreen};
use viewer::picture::{Item, Picture, Scene};
use viewer::vertex::TileBuffers;

/// A device on whatever Vulkan the machine has; in CI that is a software one.
pub fn gpu() -> Gpu {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    pollster::block_on(Gpu::new(&instance, None))
        .expect("the tests need a Vulkan driver, for example mesa-vulkan-drivers")
}

/// Adds a flat face with four corners, anticlockwise seen from outside.
pub fn face(mesh: &mut Mesh, corners: [[f32; 3]; 4], color: [u8; 4], row: u16, surface: Surface) {
    let [a, b, c, _] = corners.map(glam::Vec3::from_array);
    let normal = (b - a).cross(c - a).normalize().to_array();
    let first = mesh.positions.len() as u32;
    for corner in corners {
        mesh.positions.push(corner);
        mesh.normals.push(normal);
        mesh.colors.push(color);
        mesh.feature_ids.push(row);
        mesh.surfaces.push(surface as u8);
    }
    mesh.indices.extend([0, 1, 2, 0, 2, 3].map(|corner| first + corner));
}

/// Adds a block without a floor.
pub fn block(mesh: &mut Mesh, low: [f32; 3], high: [f32; 3], wall: [u8; 4], roof: [u8; 4], row: u16) {
    let [(x, y, z), (e, n, u)] = [low, high].map(|[x, y, z]| (x, y, z));
    for corners in [
        [[x, y, z], [e, y, z], [e, y, u], [x, y, u]],
        [[e, y, z], [e, n, z], [e, n, u], [e, y, u]],
        [[e, n, z], [x, n, z], [x, n, u], [e, n, u]],
        [[x, n, z], [x, y, z], [x, y, u], [x, n, u]],
    ] {
        face(mesh, corners, wall, row, Surface::Wall);
    }
    face(
        mesh,
        [[x, y, u], [e, y, u], [e, n, u], [x, n, u]],
        roof,
        row,
        Surface::Roof,
    );
}

/// The city: feature 0 is the ground, 1 the pond, 2 the glass hall, the others blocks.
pub fn city(origin: DVec3) -> Mesh {
    let mut mesh = Mesh {
        origin,
        ..Mesh::default()
    };
    let wall = [200, 190, 170, 255];
    let roof = [112, 124, 122, 255];
    let ground = [150, 142, 128, 255];
    face(
        &mut mesh,
        [
            [-200.0, -200.0, 0.0],
            [200.0, -200.0, 0.0],
            [200.0, 200.0, 0.0],
            [-200.0, 200.0, 0.0],
        ],
        ground,
        0,
        Surface::LandUse,
    );
    face(
        &mut mesh,
        [
            [20.0, -120.0, 0.1],
            [110.0, -120.0, 0.1],
            [110.0, -60.0, 0.1],
            [20.0, -60.0, 0.1],
        ],
        [80, 120, 150, 255],
        1,
        Surface::Water,
    );
    block(
        &mut mesh,
        [-100.0, -110.0, 0.0],
        [-60.0, -60.0, 12.0],
        [150, 190, 210, 90],
        [150, 190, 210, 90],
        2,
    );
    let mut row = 3;
    for i in -2_i8..=2 {
        for j in 0_i8..=2 {
            let (x, y) = (f32::from(i) * 50.0, f32::from(j) * 55.0);
            let height = 14.0 + f32::from(((i + 2) * 7 + j * 5) % 9) * 3.0;
            block(
                &mut mesh,
                [x - 17.0, y - 20.0, 0.0],
                [x + 17.0, y + 20.0, height],
                wall,
                roof,
                row,
            );
            row += 1;
        }
    }
    block(
        &mut mesh,
        [-4.0, 34.0, 26.0],
        [4.0, 42.0, 60.0],
        [170, 90, 60, 255],
        [90, 150, 110, 255],
        row,
    );
    mesh
}

/// A tile with what is drawn of it.
pub struct Loaded {
    pub buffers: TileBuffers,
    pub origin: DVec3,
    pub bounds: Aabb,
}

/// The box around a mesh.
pub fn bounds(mesh: &Mesh) -> Aabb {
    Aabb::from_points(
        mesh.positions
            .iter()
            .map(|&p| mesh.origin + glam::Vec3::from_array(p).as_dvec3()),
    )
}

pub fn load(gpu: &Gpu, mesh: &Mesh) -> Loaded {
    let (indices, opaque) = mesh.opaque_first();
    Loaded {
        buffers: TileBuffers::new(&gpu.device, &mesh.interleaved(), &indices, opaque).expect("the mesh has triangles"),
        origin: mesh.origin,
        bounds: bounds(mesh),
    }
}

impl Loaded {
    pub fn item(&self) -> Item<'_> {
        Item {
            buffers: &self.buffers,
            origin: self.origin,
            bounds: self.bounds,
            selected: None,
            hovered: None,
            shown: true,
        }
    }
}

/// Draws and reads back.
pub fn photograph(
    gpu: &Gpu,
    quality: Quality,
    eye: Eye,
    light: Light,
    contact: Contact,
    items: &[Item<'_>],
) -> Vec<u8> {
    let target = Offscreen::new(gpu, eye.size, FORMAT);
    let mut picture = Picture::new(gpu, FORMAT, quality);
    picture.draw(
        gpu,
        &target.view(),
        &Scene {
            eye,
            light,
            contact,
            ground: GROUND,
            items,
        },
    );
    assert_eq!(gpu.take_fault(), None);
    target.read(gpu).expect("the picture can be read back")
}

/// A camera that looks from one point at another.
pub fn looking_at(position: DVec3, target: DVec3, size: [u32; 2]) -> Camera {
    let to = target - position;
    let pose = Pose {
        target,
        distance: to.length(),
        heading: to.x.atan2(to.y),
        pitch: (to.z / to.length()).asin(),
    };
    Camera::new(
        pose,
        Viewport {
            width: f64::from(size[0]),
            height: f64::from(size[1]),
        },
    )
}

/// Height of the ground of the golden picture.
pub const GROUND: f64 = 4.0;

/// The camera of the golden picture.
pub fn overview_camera(origin: DVec3, size: [u32; 2]) -> Camera {
    let eye = origin + DVec3::new(-150.0, -290.0, 170.0);
    looking_at(eye, origin + DVec3::new(0.0, 20.0, 5.0), size)
}

/// The view of the golden picture.
pub fn overview(origin: DVec3, size: [u32; 2]) -> Eye {
    let camera = overview_camera(origin, size);
    Eye::new(&camera, camera.near())
}

pub fn afternoon() -> Light {
    Light::of_sun(DVec3::new(-0.62, -0.45, 0.64))
}

pub fn save(name: &str, size: [u32; 2], pixels: &[u8]) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).expect("the folder for test output can be made");
    let path = folder.join(name);
    image::save_buffer(&path, pixels, size[0], size[1], image::ColorType::Rgba8).expect("the picture can be saved");
    path
}
