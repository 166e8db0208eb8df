//! Tile selection as a host meets it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod cells;
mod holes;
mod host;
mod loading;
mod memory;
mod picture;
mod tilesets;
