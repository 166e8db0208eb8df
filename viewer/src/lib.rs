//! The Kortteli viewer: a city in a window or on a web page.
//!
//! A city model is too large to be loaded, and its coordinates are too large for a graphics card. So the viewer
//! chooses tiles (`tiles::select`), fetches and decodes them off the main thread, and draws them relative to the
//! camera. One code base serves the desktop (winit, egui, Vulkan) and browsers (WebGPU, or WebGL2 where that is all
//! there is); what a person does and sees passes through one [`session`] in both.
//!
//! | part | module |
//! |---|---|
//! | device and its limits | [`gpu`] |
//! | drawing a frame | [`picture`], [`frame`], [`shadow`], [`light`], [`shader`] |
//! | the camera in double precision | [`camera`] |

pub mod camera;
pub mod error;
pub mod frame;
pub mod gpu;
pub mod light;
#[cfg(not(target_arch = "wasm32"))]
pub mod offscreen;
pub mod picture;
mod pipeline;
pub mod shader;
pub mod shadow;
mod target;
pub mod vertex;
