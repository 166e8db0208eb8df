//! The viewer in a browser: what the page may call, and what the viewer asks of the page.
//!
//! A page has what WebAssembly lacks: `fetch`, Workers, the DOM. So the page keeps input, network and panels, and the
//! viewer keeps the camera, the choice of tiles, the GPU and the session. The border between them is this file. On the
//! web there is no winit: a page's own pointer and key events are sent on as they come (see [`WebViewer::pointer`]), and
//! the recogniser that the desktop uses as well ([`crate::gesture`]) makes session commands of them. The page
//! keeps its focus, scrolling and accessibility, and frames are drawn on demand.
//!
//! ```js
//! import init, { start } from "./viewer.js";
//! await init();
//! const viewer = await start(canvas, JSON.stringify({
//!   url: new URL("../collections/helsinki/3dtiles/tileset.json", location).href,   // required, absolute
//!   language: "fi",                    // as the session's
//!   backend: "auto",                   // "auto" | "webgpu" | "webgl2"
//!   maximumScreenSpaceError: 16,       // physical pixels
//!   byteBudget: 268435456,             // decoded bytes, CPU and GPU together
//!   maximumRequests: 12,
//!   quality: "auto",                   // "auto" | "high" | "low": low has no multisampling and no contact shading
//! }));
//!
//! // 1. Requests. The viewer asks, the page fetches (and decodes in its Worker) and answers by the same id.
//! viewer.on_request((id, url, kind, priority) => {   // kind: "json" (text wanted), "tile" (GLB to decode), "item" (JSON text)
//!   // json, item -> viewer.deliver_json(id, text)
//!   // tile       -> viewer.deliver_tile(id, vertices: Uint8Array, indices: Uint32Array, opaque: number, about: string)
//!   //               from decoder's `decode` (the vertex layout is tiles::mesh::Mesh::interleaved; `opaque` is the count of
//!   //               leading indices that are opaque; `about` is the JSON text of {"origin":[e,n,u],"features":[tiles::feature::Feature...],
//!   //               "copyright":"..."}, i.e. serde of `tiles::mesh::About`)
//!   // error      -> viewer.failed(id, message, permanent: boolean)   (permanent: 4xx or undecodable; else asked again, with back-off)
//! });
//! viewer.on_cancel((id) => { /* abort its fetch; no answer is needed, a late one is ignored */ });
//!
//! // 2. Frames, on demand: called at most once until the next frame(); also by every call below that changes the picture.
//! viewer.on_redraw(() => requestAnimationFrame(() => viewer.frame()));
//! // 3. The session changed (selection, loading counts, credits, camera came to rest): read snapshot() again. At most once a frame.
//! viewer.on_change(() => render(JSON.parse(viewer.snapshot())));
//! // 4. The graphics device was lost: tell the person, then `start` again on a NEW canvas element with session state from snapshot().
//! viewer.on_lost((message) => { ... });
//!
//! // Input: canvas pixels = CSS pixels * devicePixelRatio, from the canvas' top left corner.
//! viewer.resize(width, height, devicePixelRatio);   // also sets canvas.width/height
//! viewer.pointer(kind, pointerId, pointerType, button, x, y, modifiers, time);  // kind "down" | "move" | "up" | "cancel"; pointerType and button as in PointerEvent;
//!                                                   // modifiers: 1 shift, 2 ctrl, 4 alt; time: event.timeStamp in ms
//! viewer.wheel(x, y, pixels, modifiers);            // deltaY in CSS pixels (a line is 40, a page 800)
//! const used = viewer.key(code, pressed, modifiers);  // KeyboardEvent.code; true: preventDefault()
//!
//! viewer.command('{"Select":...}');                 // one serde `session::Command`; throws when it is none
//! viewer.snapshot();                                // serde `session::Snapshot`
//! viewer.pick(x, y);                                // JSON {"feature":{...},"surface":"RoofSurface","point":[e,n,u],...} or undefined; does not select
//! viewer.settled();                                 // true: nothing is asked, decoding or waiting, and the last frame shows it all
//! viewer.backend();                                 // "webgpu" | "webgl2", for tests and bug reports
//! viewer.statistics();                              // JSON: tiles, triangles, bytes, requests, milliseconds of the last frame
//! viewer.free();
//! ```

use crate::error::Error;
use crate::gesture::{Modifiers, Phase, PointerEvent, PointerKind};
use crate::gpu::{Gpu, Quality};
use crate::stream::Ask;
use crate::tile::Decoded;
use crate::viewer::{Beginning, Viewer};
use glam::DVec2;
use js_sys::Function;
use serde::Deserialize;
use serde_json::json;
use session::strings::Language;
use std::cell::RefCell;
use tiles::select::{Options, Priority};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use web_sys::HtmlCanvasElement;

/// What a page may say at the start.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageOptions {
    url: String,
    #[serde(default)]
    language: Language,
    #[serde(default)]
    backend: Backend,
    #[serde(default)]
    quality: Level,
    maximum_screen_space_error: Option<f64>,
    byte_budget: Option<u64>,
    maximum_requests: Option<usize>,
}

/// By what to draw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Backend {
    #[default]
    Auto,
    Webgpu,
    Webgl2,
}

/// How well to draw.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    #[default]
    Auto,
    High,
    Low,
}

/// Budget of a page that names none: phones share it with everything else that is open.
const BYTE_BUDGET: u64 = 256 << 20;
/// Requests at once of a page that names no number.
const REQUESTS: usize = 12;

impl PageOptions {
    fn selection(&self) -> Options {
        let usual = Options::default();
        let error = self
            .maximum_screen_space_error
            .filter(|error| error.is_finite() && *error > 0.0);
        Options {
            maximum_screen_space_error: error.unwrap_or(usual.maximum_screen_space_error),
            maximum_bytes: self.byte_budget.unwrap_or(BYTE_BUDGET),
            maximum_requests: self.maximum_requests.unwrap_or(REQUESTS).max(1),
            ..usual
        }
    }

    fn quality(&self, gpu: &Gpu) -> Quality {
        match self.quality {
            Level::Auto => gpu.quality(),
            Level::High => Quality::HIGH,
            Level::Low => Quality::LOW,
        }
    }
}

/// What the page gave to be called.
#[derive(Debug, Default)]
struct Callbacks {
    request: Option<Function>,
    cancel: Option<Function>,
    redraw: Option<Function>,
    change: Option<Function>,
    lost: Option<Function>,
}

/// A viewer on a canvas.
///
/// A callback may call the viewer again. So callbacks are made when everything else is done, and nothing is borrowed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WebViewer {
    inner: RefCell<Inner>,
}

/// The viewer behind the calls.
#[derive(Debug)]
struct Inner {
    gpu: Gpu,
    surface: wgpu::Surface<'static>,
    configuration: wgpu::SurfaceConfiguration,
    canvas: HtmlCanvasElement,
    viewer: Viewer,
    calls: Callbacks,
    /// A frame has been asked for and not come.
    asked_frame: bool,
    /// Milliseconds since the page began, at the last frame.
    last_frame: Option<f64>,
    /// What the page has been shown of the session.
    shown: u64,
    lost: bool,
    /// Calls of the page to be made.
    calling: Vec<(Function, js_sys::Array)>,
}

/// Starts a viewer on a canvas; `options` is the JSON of the module's description.
///
/// # Errors
/// A JavaScript `Error` when the options make no sense or nothing can draw.
#[wasm_bindgen]
pub async fn start(canvas: HtmlCanvasElement, options: String) -> Result<WebViewer, JsError> {
    console_error_panic_hook::set_once();
    // Fails only when it is set already, by an earlier viewer of the page.
    let _ = console_log::init_with_level(log::Level::Warn);
    let options: PageOptions = serde_json::from_str(&options)
        .map_err(|error| Error::Options(format!("the options cannot be read: {error}")))?;
    let inner = RefCell::new(Inner::new(canvas, &options).await?);
    Ok(WebViewer { inner })
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
    async fn new(canvas: HtmlCanvasElement, options: &PageOptions) -> Result<Self, Error> {
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
    fn call(&mut self, function: &Option<Function>, arguments: &[JsValue]) {
        if let Some(function) = function {
            let list = js_sys::Array::new();
            for argument in arguments {
                list.push(argument);
            }
            self.calling.push((function.clone(), list));
        }
    }

    /// Passes on what the viewer wants of the page.
    fn flush(&mut self) {
        let (asks, cancels) = self.viewer.take_asks();
        for ask in &asks {
            let arguments = [
                ask.id.into(),
                ask.url.as_str().into(),
                ask.kind.name().into(),
                urgency(ask),
            ];
            self.call(&self.calls.request.clone(), &arguments);
        }
        for id in cancels {
            self.call(&self.calls.cancel.clone(), &[id.into()]);
        }
    }

    /// Asks the page for a frame, unless it has been asked.
    fn want_frame(&mut self) {
        if self.asked_frame || self.lost {
            return;
        }
        self.asked_frame = self.calls.redraw.is_some();
        self.call(&self.calls.redraw.clone(), &[]);
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
        self.call(&self.calls.change.clone(), &[]);
    }

    fn check_loss(&mut self) -> bool {
        if let Some(message) = self.gpu.take_fault()
            && !self.lost
        {
            self.lost = true;
            self.call(&self.calls.lost.clone(), &[message.as_str().into()]);
        }
        self.lost
    }

    fn frame(&mut self) -> bool {
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

    fn statistics(&self) -> serde_json::Value {
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

    fn redraw_if_stale(&mut self) {
        self.flush();
        if self.viewer.wants_drawing() {
            self.want_frame();
        }
    }

    fn resize(&mut self, width: u32, height: u32, ratio: f64) {
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

impl WebViewer {
    /// Does something with the viewer, then makes the calls that came of it.
    fn with<R>(&self, action: impl FnOnce(&mut Inner) -> R) -> R {
        let (result, calls) = {
            let mut inner = self.inner.borrow_mut();
            let result = action(&mut inner);
            (result, std::mem::take(&mut inner.calling))
        };
        for (function, arguments) in calls {
            // What the page throws is its own affair; it is told on the console.
            if let Err(error) = function.apply(&JsValue::NULL, &arguments) {
                log::error!("the page's callback failed: {error:?}");
            }
        }
        result
    }
}

#[wasm_bindgen]
impl WebViewer {
    /// Is called with the number, address, kind and priority of what to fetch; at once for what is wanted already.
    pub fn on_request(&self, callback: Function) {
        self.with(|inner| {
            inner.calls.request = Some(callback);
            inner.flush();
        });
    }

    /// Is called with the number of a request to break off.
    pub fn on_cancel(&self, callback: Function) {
        self.with(|inner| inner.calls.cancel = Some(callback));
    }

    /// Is called when a frame is to be drawn soon.
    pub fn on_redraw(&self, callback: Function) {
        self.with(|inner| {
            inner.calls.redraw = Some(callback);
            inner.want_frame();
        });
    }

    /// Is called, at most once a frame, when the snapshot has changed.
    pub fn on_change(&self, callback: Function) {
        self.with(|inner| inner.calls.change = Some(callback));
    }

    /// Is called once, with a message, when the graphics device is lost.
    pub fn on_lost(&self, callback: Function) {
        self.with(|inner| inner.calls.lost = Some(callback));
    }

    /// Lets time pass and draws if the picture is out of date. Whether another frame has been asked for.
    pub fn frame(&self) -> bool {
        self.with(Inner::frame)
    }

    /// Text that answers a request of kind `json` or `item`.
    pub fn deliver_json(&self, id: u32, text: &str) {
        self.with(|inner| {
            inner.viewer.deliver_json(id, text);
            inner.flush();
            inner.want_frame();
        });
    }

    /// The arrays of `decoder` that answer a request of kind `tile`.
    pub fn deliver_tile(&self, id: u32, vertices: Vec<u8>, indices: Vec<u32>, opaque: u32, about: &str) {
        let decoded = Decoded::from_arrays(vertices, indices, opaque as usize, about);
        self.with(|inner| {
            match decoded {
                Ok(decoded) => inner.viewer.deliver_tile(id, decoded),
                Err(error) => inner.viewer.failed(id, &error.to_string()),
            }
            inner.want_frame();
        });
    }

    /// There is no answer to a request. It is asked for again a few times, with growing pauses; `permanent` says that
    /// the page does not believe in that.
    pub fn failed(&self, id: u32, message: &str, permanent: bool) {
        log::debug!(
            "request {id} failed{}: {message}",
            if permanent { " for good" } else { "" }
        );
        self.with(|inner| {
            inner.viewer.failed(id, message);
            inner.flush();
            inner.want_frame();
        });
    }

    /// Does what a session command (JSON) says.
    ///
    /// # Errors
    /// A JavaScript `Error` when it is no command.
    pub fn command(&self, json: &str) -> Result<(), JsError> {
        let command = serde_json::from_str(json).map_err(|error| Error::Options(error.to_string()))?;
        self.with(|inner| {
            inner.viewer.apply(command);
            inner.flush();
            inner.want_frame();
        });
        Ok(())
    }

    /// The session's snapshot, as JSON.
    pub fn snapshot(&self) -> String {
        // Numbers and texts alone: there is nothing in it that JSON lacks.
        self.with(|inner| serde_json::to_string(&inner.viewer.session().snapshot()).unwrap_or_default())
    }

    /// A pointer event, as the module's description says.
    #[expect(
        clippy::too_many_arguments,
        reason = "a call from JavaScript that makes no object for every movement"
    )]
    pub fn pointer(&self, kind: &str, id: f64, pointer: &str, button: i32, x: f64, y: f64, modifiers: u32, time: f64) {
        // Kept in the call for gestures that have a speed.
        let _ = time;
        let event = PointerEvent {
            phase: match kind {
                "down" => Phase::Down,
                "move" => Phase::Move,
                "up" => Phase::Up,
                _ => Phase::Cancel,
            },
            id: id as i64,
            kind: if pointer == "touch" {
                PointerKind::Touch
            } else {
                PointerKind::Mouse
            },
            button: u8::try_from(button).unwrap_or(0),
            at: DVec2::new(x, y),
            modifiers: held(modifiers),
        };
        self.with(|inner| {
            inner.viewer.pointer(event);
            inner.redraw_if_stale();
        });
    }

    /// A wheel event: place in canvas pixels, vertical distance in CSS pixels.
    pub fn wheel(&self, x: f64, y: f64, pixels: f64, modifiers: u32) {
        // Browsers send a pinch on a touch pad as a wheel with ctrl; it zooms as well.
        let pixels = if held(modifiers).ctrl { pixels * 4.0 } else { pixels };
        self.with(|inner| {
            inner.viewer.wheel(DVec2::new(x, y), pixels);
            inner.redraw_if_stale();
        });
    }

    /// A key event by `KeyboardEvent.code`. Whether it meant something.
    pub fn key(&self, code: &str, pressed: bool, modifiers: u32) -> bool {
        self.with(|inner| {
            let used = pressed && inner.viewer.key(code, held(modifiers));
            inner.redraw_if_stale();
            used
        })
    }

    /// The canvas has another size in physical pixels; `ratio` of them are a CSS pixel.
    pub fn resize(&self, width: u32, height: u32, ratio: f64) {
        self.with(|inner| inner.resize(width, height, ratio));
    }

    /// What is at a place of the canvas, as JSON; nothing where there is only sky.
    pub fn pick(&self, x: f64, y: f64) -> Option<String> {
        let found = self.with(|inner| inner.viewer.pick(DVec2::new(x, y)))?;
        let json = json!({
            "feature": found.feature,
            "surface": found.hit.surface.name(),
            "point": found.hit.point.to_array(),
            "distance": found.hit.distance,
        });
        Some(json.to_string())
    }

    /// Whether nothing of the picture is missing and the last frame shows it.
    pub fn settled(&self) -> bool {
        self.with(|inner| inner.viewer.settled())
    }

    /// `"webgpu"` or `"webgl2"`.
    pub fn backend(&self) -> String {
        self.with(|inner| inner.gpu.backend().to_owned())
    }

    /// Tiles, triangles, bytes and frames, as JSON.
    pub fn statistics(&self) -> String {
        self.with(|inner| inner.statistics().to_string())
    }
}

/// The modifier keys of a number: 1 shift, 2 ctrl, 4 alt.
fn held(modifiers: u32) -> Modifiers {
    Modifiers {
        shift: modifiers & 1 != 0,
        ctrl: modifiers & 2 != 0,
        alt: modifiers & 4 != 0,
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
