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
//!   quality: "auto",                   // "auto" | "high" | "low": low has no multisampling and coarser shadows
//! }));
//!
//! // 1. Requests. The viewer asks, the page fetches (and decodes in its Worker) and answers by the same id.
//! viewer.on_request((id, url, kind, priority) => {   // kind: "json" (text wanted), "tile" (GLB to decode), "item" (JSON text)
//!   // json, item -> viewer.deliver_json(id, text)
//!   // tile       -> viewer.deliver_tile(id, vertices: Uint8Array, indices: Uint32Array, opaque: number, about: string)
//!   //               from decoder's `decode` (the vertex layout is tiles::mesh::Mesh::interleaved; `opaque` is the count of
//!   //               leading indices that are opaque; `about` is the JSON text of {"origin":[e,n,u],"features":[tiles::feature::Feature...],
//!   //               "copyright":"..."}, i.e. serde of `tiles::mesh::About`)
//!   // error      -> viewer.failed(id, message, permanent: boolean)   (asked again a few times, with growing pauses)
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
//! viewer.command('{"command":"clearSelection"}');   // one serde `session::Command`; throws when it is none
//! viewer.snapshot();                                // serde `session::Snapshot`
//! viewer.pick(x, y);                                // JSON {"feature":{...},"surface":"RoofSurface","point":[e,n,u],...} or undefined; does not select
//! viewer.settled();                                 // true: nothing is asked, decoding or waiting, and the last frame shows it all
//! viewer.backend();                                 // "webgpu" | "webgl2", for tests and bug reports
//! viewer.statistics();                              // JSON: backend, adapter, tiles, triangles, draws, frames
//! viewer.free();
//! ```

mod inner;
mod options;

use crate::error::Error;
use crate::gesture::{Modifiers, Phase, PointerEvent, PointerKind};
use crate::tile::Decoded;
use glam::DVec2;
use inner::Inner;
use js_sys::Function;
use options::PageOptions;
use serde_json::json;
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};
use web_sys::HtmlCanvasElement;

/// A viewer on a canvas.
///
/// A callback may call the viewer again. So callbacks are made when everything else is done, and nothing is borrowed.
#[wasm_bindgen]
#[derive(Debug)]
pub struct WebViewer {
    inner: RefCell<Inner>,
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
