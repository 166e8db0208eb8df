//! The graphics device: finding one, its limits, and its loss.
//!
//! The same program meets a workstation's Vulkan, a browser's WebGPU, a phone's WebGL2 and a software renderer in a
//! test. What follows from that for a picture is decided here once, as [`Quality`].

use crate::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// How much work a picture may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// Samples a pixel: 1 or 4.
    pub samples: u32,
    /// Shadow cascades, 0 (no shadows) to 4.
    pub cascades: u32,
    /// Texels along the side of each cascade.
    pub shadow_size: u32,
    /// Whether contact shading and edge lines are drawn.
    pub contact: bool,
}

impl Quality {
    /// For a graphics card on a desktop.
    pub const HIGH: Self = Self {
        samples: 4,
        cascades: 4,
        shadow_size: 2048,
        contact: true,
    };
    /// For a browser that has WebGL2 only.
    pub const MEDIUM: Self = Self {
        samples: 4,
        cascades: 3,
        shadow_size: 1024,
        contact: true,
    };
    /// For a processor that plays graphics card.
    pub const LOW: Self = Self {
        samples: 1,
        cascades: 2,
        shadow_size: 1024,
        contact: true,
    };
}

/// A device with its queue.
#[derive(Debug, Clone)]
pub struct Gpu {
    /// Where it comes from.
    pub adapter: wgpu::Adapter,
    /// Makes buffers, textures and pipelines.
    pub device: wgpu::Device,
    /// Takes work.
    pub queue: wgpu::Queue,
    fault: Arc<Mutex<Option<String>>>,
}

impl Gpu {
    /// The best device that can draw on `surface`, or on textures when there is none.
    ///
    /// # Errors
    /// [`Error::NoAdapter`], [`Error::NoDevice`].
    pub async fn new(instance: &wgpu::Instance, surface: Option<&wgpu::Surface<'_>>) -> Result<Self, Error> {
        let adapter = instance
            .request_adapter(&wgpu::RequestAdapterOptions {
                power_preference: wgpu::PowerPreference::HighPerformance,
                compatible_surface: surface,
                ..Default::default()
            })
            .await
            .map_err(|error| Error::NoAdapter(error.to_string()))?;
        let info = adapter.get_info();
        log::info!("drawing by {:?} on {}", info.backend, info.name);
        let limits = match info.backend {
            wgpu::Backend::Gl => wgpu::Limits::downlevel_webgl2_defaults(),
            _ => wgpu::Limits::downlevel_defaults(),
        };
        let (device, queue) = adapter
            .request_device(&wgpu::DeviceDescriptor {
                label: Some("kortteli"),
                required_limits: limits.using_resolution(adapter.limits()),
                memory_hints: wgpu::MemoryHints::MemoryUsage,
                ..Default::default()
            })
            .await
            .map_err(|error| Error::NoDevice(error.to_string()))?;
        let fault = Arc::new(Mutex::new(None));
        watch(&device, &fault);
        Ok(Self {
            adapter,
            device,
            queue,
            fault,
        })
    }

    /// What befell the device, once, when it is lost or out of memory: nothing that it made can be used any more.
    pub fn take_fault(&self) -> Option<String> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether a processor plays graphics card: SwiftShader, llvmpipe and the like.
    pub fn is_software(&self) -> bool {
        let info = self.adapter.get_info();
        let name = format!("{} {} {}", info.name, info.driver, info.driver_info).to_lowercase();
        info.device_type == wgpu::DeviceType::Cpu
            || ["swiftshader", "llvmpipe", "softpipe", "basic render", "software"]
                .iter()
                .any(|software| name.contains(software))
    }

    /// What this device can be asked for without thought.
    pub fn quality(&self) -> Quality {
        if self.is_software() {
            Quality::LOW
        } else if self.adapter.get_info().backend == wgpu::Backend::Gl {
            Quality::MEDIUM
        } else {
            Quality::HIGH
        }
    }

    /// `"webgpu"`, `"webgl2"`, or the desktop interface's name in lower case.
    pub fn backend(&self) -> &'static str {
        match self.adapter.get_info().backend {
            wgpu::Backend::BrowserWebGpu => "webgpu",
            wgpu::Backend::Gl if cfg!(target_arch = "wasm32") => "webgl2",
            backend => backend.to_str(),
        }
    }
}

/// Keeps the first fatal fault; other errors are logged, and the picture goes on as well as it can.
fn watch(device: &wgpu::Device, fault: &Arc<Mutex<Option<String>>>) {
    let keep = |fault: &Mutex<Option<String>>, message: String| {
        fault
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(message);
    };
    let lost = Arc::clone(fault);
    device.set_device_lost_callback(move |reason, message| {
        if reason != wgpu::DeviceLostReason::Destroyed {
            keep(&lost, message);
        }
    });
    let memory = Arc::clone(fault);
    device.on_uncaptured_error(Arc::new(move |error| {
        log::error!("graphics: {error}");
        if matches!(error, wgpu::Error::OutOfMemory { .. }) {
            keep(&memory, "out of graphics memory".to_owned());
        }
    }));
}

/// How to configure a surface so that it can be drawn on through an sRGB view; none when it has no format.
///
/// Browsers give WebGL2 canvases an sRGB format and WebGPU canvases one without; shaders write linear light in both,
/// so the view that is drawn on is made sRGB by [`wgpu::TextureFormat::add_srgb_suffix`] of the format.
pub fn configuration(gpu: &Gpu, surface: &wgpu::Surface<'_>, size: [u32; 2]) -> Option<wgpu::SurfaceConfiguration> {
    let formats = surface.get_capabilities(&gpu.adapter).formats;
    let eight_bits = |format: &wgpu::TextureFormat| {
        use wgpu::TextureFormat::{Bgra8UnormSrgb, Rgba8UnormSrgb};
        matches!(format.add_srgb_suffix(), Bgra8UnormSrgb | Rgba8UnormSrgb)
    };
    let srgb = formats
        .iter()
        .copied()
        .find(|format| format.is_srgb() && eight_bits(format));
    let format = srgb.or_else(|| formats.iter().copied().find(eight_bits))?;
    let mut configuration = surface.get_default_config(&gpu.adapter, size[0].max(1), size[1].max(1))?;
    configuration.format = format;
    configuration.present_mode = wgpu::PresentMode::AutoVsync;
    if !format.is_srgb() {
        configuration.view_formats = vec![format.add_srgb_suffix()];
    }
    Some(configuration)
}
