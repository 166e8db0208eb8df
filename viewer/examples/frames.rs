//! How long a frame takes on this machine: `cargo run --example frames -- <tileset.json> [WIDTH HEIGHT]`.
//!
//! Loads the home view, then draws it twenty times in each quality, reading one pixel row back so that the graphics
//! card has to finish.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a program for measuring"
)]

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    use std::time::{Duration, Instant};
    use viewer::gpu::Quality;
    use viewer::headless::Headless;
    use viewer::viewer::Beginning;

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let url = arguments.first().expect("the address of a tileset").clone();
    let number = |at: usize, usual: u32| arguments.get(at).map_or(usual, |text| text.parse().expect("a number"));
    let size = [number(1, 1280), number(2, 720)];
    let bare = Quality {
        contact: false,
        ..Quality::LOW
    };
    let dark = Quality { cascades: 0, ..bare };
    for (name, quality) in [
        ("high", Quality::HIGH),
        ("medium", Quality::MEDIUM),
        ("low", Quality::LOW),
        ("no contact", bare),
        ("no shadow", dark),
    ] {
        let begin = Beginning {
            url: url.clone(),
            language: session::strings::Language::default(),
            selection: tiles::select::Options::default(),
        };
        let mut headless = Headless::new(size, Some(quality), begin).expect("a graphics device");
        let patience = Duration::from_mins(1);
        assert!(
            headless.open(patience) && headless.settle(patience),
            "the city is loaded"
        );
        headless.photograph().expect("a picture");
        let (start, count) = (Instant::now(), 20);
        for _ in 0..count {
            headless.photograph().expect("a picture");
        }
        let each = start.elapsed().as_secs_f64() * 1e3 / f64::from(count);
        let figures = headless.viewer().figures();
        println!("{name}: {each:.1} ms a frame, {:?}", figures.cost);
    }
}
