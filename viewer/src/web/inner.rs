//! The viewer behind the calls of a page.

use super::options::{Backend, PageOptions};
use crate::error::Error;
use crate::gpu::Gpu;
use crate::stream::Ask;
use crate::viewer::{Beginning, Viewer};
use js_sys::Function;
use serde_json::json;
use tiles::select::Priority;
use wasm_bindgen::JsValue;
use web_sys::HtmlCanvasElement;

/// What the page gave to be called.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    pub(super) request: Option<Function>,
    pub(super) cancel: Option<Function>,
    pub(super) redraw: Option<Function>,
    pub(super) change: Option<Function>,
    pub(super) lost: Option<Function>,
}

/// The viewer behind the calls.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) gpu: Gpu,
    surface: wgpu::Surface<'static>,
    configuration: wgpu::SurfaceConfiguration,
    canvas: HtmlCanvasElement,
    pub(super) viewer: Viewer,
    pub(super) calls: Callbacks,
    /// A frame has been asked for and not come.
    asked_frame: bool,
    /// Milliseconds since the page began, at the last frame.
    last_frame: Option<f64>,
    /// What the page has been shown of the session.
    shown: u64,
    lost: bool,
    /// Calls of the page to be made.
    pub(super) calling: Vec<(Function, js_sys::Array)>,
}

/// The interface to draw by.
async fn instance(backend: Backend) -> wgpu::Instance {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = match backend {
        Backend::Auto => wgpu::Backends::BROWSER_WEBGPU | wgpu::Backends::GL,
        Backend::Webgpu => wgpu::Backends::BROWSER_WEBGPU,
        Backend::Webgl2 => wgpu::Backends::GL,
    };
    wgpu::util::new_instance_with_webgpu_detection(descriptor).await
}

impl Inner {
    pub(super) async fn new(canvas: HtmlCanvasElement, options: &PageOptions) -> Result<Self, Error> {
        let instance = instance(options.backend).await;
        let surface = instance
            .create_surface(wgpu::SurfaceTarget::Canvas(canvas.clone()))
            .map_err(|error| Error::Surface(error.to_string()))?;
        let gpu = Gpu::new(&instance, Some(&surface)).await?;
        let size = [canvas.width().max(1), canvas.height().max(1)];
        let configuration = crate::gpu::configuration(&gpu, &surface, size)
            .ok_or_else(|| Error::Surface("the canvas has no format to draw in".to_owned()))?;
        surface.configure(&gpu.device, &configuration);
        let begin = Beginning {
            url: options.url.clone(),
            language: options.language,
            selection: options.selection(),
        };
        let format = configuration.format.add_srgb_suffix();
        let viewer = Viewer::new(&gpu, format, options.quality(&gpu), size, begin);
        Ok(Self {
            gpu,
            surface,
            configuration,
            canvas,
            viewer,
            calls: Callbacks::default(),
            asked_frame: false,
            last_frame: None,
            shown: u64::MAX,
            lost: false,
            calling: Vec::new(),
        })
    }

    /// Notes a call of the page.
    fn call(&mut self, function: Option<Function>, arguments: &[JsValue]) {
        if let Some(function) = function {
            let list = js_sys::Array::new();
            for argument in arguments {
                list.push(argument);
            }
            self.calling.push((function, list));
        }
    }

    /// Passes on what the viewer wants of the page.
    pub(super) fn flush(&mut self) {
        let (asks, cancels) = self.viewer.take_asks();
        for ask in &asks {
            let arguments = [
                ask.id.into(),
                ask.url.as_str().into(),
                ask.kind.name().into(),
                urgency(ask),
            ];
            self.call(self.calls.request.clone(), &arguments);
        }
        for id in cancels {
            self.call(self.calls.cancel.clone(), &[id.into()]);
        }
    }

    /// Asks the page for a frame, unless it has been asked.
    pub(super) fn want_frame(&mut self) {
        if self.asked_frame || self.lost {
            return;
        }
        self.asked_frame = self.calls.redraw.is_some();
        self.call(self.calls.redraw.clone(), &[]);
    }

    /// Draws on the canvas.
    fn draw(&mut self) {
        use wgpu::CurrentSurfaceTexture::{Lost, Outdated, Suboptimal, Success};
        let texture = match self.surface.get_current_texture() {
            Success(texture) | Suboptimal(texture) => texture,
            Lost | Outdated => {
                self.surface.configure(&self.gpu.device, &self.configuration);
                return self.want_frame();
            }
            // Out of sight, or not ready: the next change draws again.
            _ => return,
        };
        let view = texture.texture.create_view(&wgpu::TextureViewDescriptor {
            format: Some(self.viewer.format()),
            ..Default::default()
        });
        self.viewer.draw(&self.gpu, &view);
        self.gpu.queue.present(texture);
    }

    fn tell_change(&mut self) {
        let revision = self.viewer.session().revision();
        if self.shown == revision {
            return;
        }
        self.shown = revision;
        self.call(self.calls.change.clone(), &[]);
    }

    fn check_loss(&mut self) -> bool {
        if let Some(message) = self.gpu.take_fault()
            && !self.lost
        {
            self.lost = true;
            self.call(self.calls.lost.clone(), &[message.as_str().into()]);
        }
        self.lost
    }

    pub(super) fn frame(&mut self) -> bool {
        self.asked_frame = false;
        if self.check_loss() {
            return false;
        }
        let now = js_sys::Date::now();
        let seconds = self
            .last_frame
            .map_or(0.0, |last| ((now - last) * 1e-3).clamp(0.0, 0.1));
        let again = self.viewer.advance(&self.gpu, seconds);
        self.last_frame = again.then_some(now);
        self.flush();
        if self.viewer.wants_drawing() {
            self.draw();
        }
        if again || self.viewer.wants_drawing() {
            self.want_frame();
        }
        self.tell_change();
        self.asked_frame
    }

    pub(super) fn statistics(&self) -> serde_json::Value {
        let figures = self.viewer.figures();
        json!({
            "backend": self.gpu.backend(),
            "adapter": self.gpu.adapter.get_info().name,
            "software": self.gpu.is_software(),
            "tiles": figures.tiles,
            "triangles": figures.cost.triangles,
            "draws": figures.cost.draws,
            "cascades": figures.cost.cascades,
            "frames": figures.frames,
            "waiting": figures.waiting,
        })
    }

    pub(super) fn redraw_if_stale(&mut self) {
        self.flush();
        if self.viewer.wants_drawing() {
            self.want_frame();
        }
    }

    pub(super) fn resize(&mut self, width: u32, height: u32, ratio: f64) {
        let most = self.gpu.device.limits().max_texture_dimension_2d;
        let size = [width, height].map(|side| side.clamp(1, most));
        self.canvas.set_width(size[0]);
        self.canvas.set_height(size[1]);
        [self.configuration.width, self.configuration.height] = size;
        self.surface.configure(&self.gpu.device, &self.configuration);
        self.viewer.resize(size, ratio);
        self.want_frame();
    }
}

fn urgency(ask: &Ask) -> JsValue {
    match ask.priority {
        Priority::Urgent => 2,
        Priority::Normal => 1,
        Priority::Preload => 0,
    }
    .into()
}
