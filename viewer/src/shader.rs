//! The WGSL sources, put together.
//!
//! WGSL has no include. Each program is a list of the files in `shaders/`, in order; what several share is a file of
//! its own.

/// One shader program: a name and its complete WGSL text.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// As it shows in error messages and graphics debuggers.
    pub name: &'static str,
    /// WGSL.
    pub source: &'static str,
}

/// The depth of the city as the camera sees it.
pub const DEPTH: Program = Program {
    name: "depth",
    source: concat!(
        include_str!("../../shaders/frame.wgsl"),
        include_str!("../../shaders/tile.wgsl"),
        include_str!("../../shaders/depth.wgsl")
    ),
};

/// The depth of the city as the sun sees it.
pub const SHADOW: Program = Program {
    name: "shadow",
    source: concat!(
        include_str!("../../shaders/tile.wgsl"),
        include_str!("../../shaders/shadow.wgsl")
    ),
};

/// Contact shading and edges.
pub const CONTACT: Program = Program {
    name: "contact",
    source: concat!(
        include_str!("../../shaders/frame.wgsl"),
        include_str!("../../shaders/contact.wgsl")
    ),
};

/// The city.
pub const CITY: Program = Program {
    name: "city",
    source: concat!(
        include_str!("../../shaders/frame.wgsl"),
        include_str!("../../shaders/tile.wgsl"),
        include_str!("../../shaders/city.wgsl")
    ),
};

/// The sky.
pub const SKY: Program = Program {
    name: "sky",
    source: concat!(
        include_str!("../../shaders/frame.wgsl"),
        include_str!("../../shaders/sky.wgsl")
    ),
};

/// All of them.
pub const ALL: [Program; 5] = [DEPTH, SHADOW, CONTACT, CITY, SKY];

/// Compiles a program.
pub(crate) fn compile(device: &wgpu::Device, program: Program) -> wgpu::ShaderModule {
    device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(program.name),
        source: wgpu::ShaderSource::Wgsl(program.source.into()),
    })
}
