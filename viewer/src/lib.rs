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
//! | the camera, taken apart for a frame | [`eye`] |
//! | what fingers and keys mean | [`gesture`] |
//! | tiles that are held | [`tile`], [`city`] |
//! | requests and answers | [`stream`] |
//! | all of it together | [`viewer`] |
//! | the desktop | `app`, `panels`, `native`, `headless`, `offscreen`, `zone` |
//! | the web | `web` |

#[cfg(not(target_arch = "wasm32"))]
pub mod app;
pub mod city;
pub mod error;
pub mod eye;
pub mod frame;
pub mod gesture;
pub mod gpu;
#[cfg(not(target_arch = "wasm32"))]
pub mod headless;
pub mod light;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
#[cfg(not(target_arch = "wasm32"))]
pub mod offscreen;
#[cfg(not(target_arch = "wasm32"))]
pub mod panels;
pub mod picture;
mod pipeline;
pub mod shader;
pub mod shadow;
pub mod stream;
mod target;
pub mod tile;
pub mod vertex;
pub mod viewer;
#[cfg(target_arch = "wasm32")]
pub mod web;
#[cfg(not(target_arch = "wasm32"))]
mod zone;
