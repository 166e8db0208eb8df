//! Pictures of a small city, drawn without a window and opened.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod scene;

use glam::DVec3;
use scene::*;
use viewer::frame::Contact;
use viewer::gpu::Quality;

const SIZE: [u32; 2] = [960, 540];

#[test]
fn the_city_looks_like_its_golden_picture() {
    let gpu = gpu();
    let origin = DVec3::new(3000.0, -2000.0, 4.0);
    let city = load(&gpu, &city(origin));
    let pixels = photograph(
        &gpu,
        Quality::HIGH,
        overview(origin, SIZE),
        afternoon(),
        Contact::default(),
        &[city.item()],
    );
    println!("{}", save("city.png", SIZE, &pixels).display());
}
