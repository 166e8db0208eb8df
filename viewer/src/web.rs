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
