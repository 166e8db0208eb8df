//! Pictures of a small city, drawn without a window and opened.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod scene;

use glam::DVec3;
use scene::compare::{LIMIT, assert_golden, compare};
use scene::*;
use tiles::mesh::Mesh;
use tiles::surface::Surface;
use viewer::eye::Eye;
use viewer::frame::Contact;
use viewer::gpu::Quality;
use viewer::light::Light;
use viewer::offscreen::{FORMAT, Offscreen};
use viewer::picture::{Picture, Scene};

const SIZE: [u32; 2] = [640, 360];
const ORIGIN: DVec3 = DVec3::new(3000.0, -2000.0, GROUND);

fn pixel(pixels: &[u8], size: [u32; 2], x: f64, y: f64) -> [u8; 4] {
    assert!(
        (0.0..f64::from(size[0])).contains(&x) && (0.0..f64::from(size[1])).contains(&y),
        "{x} {y} is outside"
    );
    let at = (y as usize * size[0] as usize + x as usize) * 4;
    pixels[at..at + 4].try_into().unwrap()
}

/// The colour where a point of the golden city is seen.
fn at(pixels: &[u8], point: DVec3) -> [u8; 4] {
    let seen = overview_camera(ORIGIN, SIZE).project(ORIGIN + point).unwrap();
    pixel(pixels, SIZE, seen.x, seen.y)
}

fn brightness(color: [u8; 4]) -> i32 {
    color[..3].iter().map(|&channel| i32::from(channel)).sum()
}

#[test]
fn the_city_looks_like_its_golden_picture() {
    let gpu = gpu();
    let city = load(&gpu, &city(ORIGIN));
    let pixels = photograph(
        &gpu,
        Quality::HIGH,
        overview(ORIGIN, SIZE),
        afternoon(),
        Contact::default(),
        &[city.item()],
    );
    assert_golden("city", SIZE, &pixels);
    let pixels = photograph(
        &gpu,
        Quality::LOW,
        overview(ORIGIN, SIZE),
        afternoon(),
        Contact::default(),
        &[city.item()],
    );
    assert_golden("city-low", SIZE, &pixels);
}

#[test]
fn the_comparison_sees_a_missing_shadow_a_missing_line_and_a_turned_sun() {
    let gpu = gpu();
    let city = load(&gpu, &city(ORIGIN));
    let draw =
        |quality, light, contact| photograph(&gpu, quality, overview(ORIGIN, SIZE), light, contact, &[city.item()]);
    let whole = draw(Quality::HIGH, afternoon(), Contact::default());
    let bare = Quality {
        cascades: 0,
        ..Quality::HIGH
    };
    let later = Light::of_sun(DVec3::new(-0.8, -0.2, 0.56));
    let lineless = Contact {
        edge: 0.0,
        ..Contact::default()
    };
    for (what, other) in [
        ("no shadow", draw(bare, afternoon(), Contact::default())),
        (
            "no contact shading",
            draw(
                Quality::HIGH,
                afternoon(),
                Contact {
                    shade: 0.0,
                    ..Contact::default()
                },
            ),
        ),
        ("no edge lines", draw(Quality::HIGH, afternoon(), lineless)),
        ("another sun", draw(Quality::HIGH, later, Contact::default())),
    ] {
        let difference = compare(SIZE, &whole, &other);
        assert!(difference.blocks > LIMIT, "{what}: {difference:?}");
    }
}

#[test]
fn a_colour_comes_out_as_it_went_in_on_every_surface_format() {
    let gpu = gpu();
    let colors = [
        [128, 64, 200, 255],
        [3, 250, 17, 255],
        [255, 255, 255, 255],
        [0, 0, 0, 255],
    ];
    let mut mesh = Mesh {
        origin: ORIGIN,
        ..Mesh::default()
    };
    for (i, color) in colors.into_iter().enumerate() {
        let x = i as f32 * 10.0;
        let corners = [
            [x, 0.0, 0.0],
            [x + 10.0, 0.0, 0.0],
            [x + 10.0, 0.0, 10.0],
            [x, 0.0, 10.0],
        ];
        face(&mut mesh, corners, color, 0, Surface::Wall);
    }
    let tile = load(&gpu, &mesh);
    let camera = looking_at(
        ORIGIN + DVec3::new(20.0, -30.0, 5.0),
        ORIGIN + DVec3::new(20.0, 0.0, 5.0),
        SIZE,
    );
    let linear = FORMAT.remove_srgb_suffix();
    for storage in [FORMAT, linear] {
        let target = Offscreen::new(&gpu, SIZE, storage);
        let mut picture = Picture::new(&gpu, FORMAT, Quality::HIGH);
        let scene = Scene {
            eye: Eye::new(&camera, camera.near()),
            light: Light::flat(),
            contact: Contact::NONE,
            ground: GROUND,
            items: &[tile.item()],
        };
        picture.draw(&gpu, &target.view(), &scene);
        let pixels = target.read(&gpu).unwrap();
        for (i, color) in colors.into_iter().enumerate() {
            let seen = camera
                .project(ORIGIN + DVec3::new(i as f64 * 10.0 + 5.0, 0.0, 5.0))
                .unwrap();
            let drawn = pixel(&pixels, SIZE, seen.x, seen.y);
            let off = drawn.iter().zip(&color).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(1), "{color:?} came out as {drawn:?} on {storage:?}");
        }
    }
}

#[test]
fn ten_kilometres_out_a_wall_a_metre_away_is_drawn_pixel_for_pixel_as_at_the_origin() {
    let gpu = gpu();
    let mut picture = Picture::new(&gpu, FORMAT, Quality::HIGH);
    let target = Offscreen::new(&gpu, SIZE, FORMAT);
    // A tile's zero is some way off from what is looked at, as in a real tile.
    let from_zero = DVec3::new(180.0, -140.0, 20.0);
    let mut mesh = Mesh::default();
    for i in 0..40_i8 {
        let (x, shade) = (180.0 + f32::from(i - 20) * 0.05, if i % 2 == 0 { 230 } else { 40 });
        let corners = [
            [x, -140.0, 19.0],
            [x + 0.05, -140.0, 19.0],
            [x + 0.05, -140.0, 21.0],
            [x, -140.0, 21.0],
        ];
        face(&mut mesh, corners, [shade, shade, shade, 255], 0, Surface::Wall);
    }
    let mut tile = load(&gpu, &mesh);
    let mut draw = |zero: DVec3, aside: f64| {
        tile.origin = zero;
        let wall = zero + from_zero;
        let camera = looking_at(
            wall + DVec3::new(aside, -1.0, 0.0),
            wall + DVec3::new(aside, 0.0, 0.0),
            SIZE,
        );
        tile.bounds = tiles::bounds::Aabb::from_corners(wall - DVec3::splat(2.0), wall + DVec3::splat(2.0));
        let items = [tile.item()];
        let eye = Eye::new(&camera, camera.near());
        let scene = Scene {
            eye,
            light: afternoon(),
            contact: Contact::default(),
            ground: zero.z,
            items: &items,
        };
        picture.draw(&gpu, &target.view(), &scene);
        target.read(&gpu).unwrap()
    };
    let far = DVec3::new(7_071.068, -7_071.068, 31.7);
    let mut first = Vec::new();
    for step in 0..8 {
        // Tenths of a millimetre: a twentieth of a pixel each.
        let aside = f64::from(step) * 1e-4;
        let (here, there) = (draw(DVec3::ZERO, aside), draw(far, aside));
        let difference = compare(SIZE, &here, &there);
        assert!(
            difference.pixels == 0.0 && difference.blocks < 0.05,
            "step {step}: {difference:?}"
        );
        first = if step == 0 { there } else { first };
    }
    // The test would be worth nothing if nothing moved.
    let moved = draw(far, 2e-3);
    assert!(compare(SIZE, &first, &moved).pixels > 0.02);
}

#[test]
fn a_block_throws_its_shadow_away_from_the_sun() {
    let gpu = gpu();
    let city = load(&gpu, &city(ORIGIN));
    let draw = |light| {
        photograph(
            &gpu,
            Quality::HIGH,
            overview(ORIGIN, SIZE),
            light,
            Contact::NONE,
            &[city.item()],
        )
    };
    let (from_west, from_east) = (
        draw(Light::of_sun(DVec3::new(-0.9, -0.3, 0.5))),
        draw(Light::of_sun(DVec3::new(0.9, -0.3, 0.5))),
    );
    // On the open ground just south-east of the easternmost block of the first row.
    let beside = DVec3::new(128.0, -12.0, 0.0);
    let (shade, light) = (brightness(at(&from_west, beside)), brightness(at(&from_east, beside)));
    assert!(shade * 10 < light * 8, "{shade} against {light}");
    // In front of the blocks nothing is shaded by either sun, and no shadow acne speckles it.
    for east in 0..40 {
        let open = DVec3::new(-40.0 + f64::from(east) * 2.0, -130.0, 0.0);
        for picture in [&from_west, &from_east] {
            assert!((brightness(at(picture, open)) - light).abs() < 30, "{open}");
        }
    }
}

#[test]
fn a_selected_feature_is_highlighted_and_nothing_else_changes() {
    let gpu = gpu();
    let city = load(&gpu, &city(ORIGIN));
    let draw = |selected| {
        let item = viewer::picture::Item {
            selected,
            ..city.item()
        };
        photograph(
            &gpu,
            Quality::LOW,
            overview(ORIGIN, SIZE),
            afternoon(),
            Contact::default(),
            &[item],
        )
    };
    let (plain, lit) = (draw(None), draw(Some(9)));
    // Row 9 is the block of the first row in the middle.
    let roof = DVec3::new(0.0, 0.0, 14.0 + f64::from((2 * 7) % 9) * 3.0);
    let [r, g, b, _] = at(&lit, roof);
    assert!(r > 180 && b < 130 && r > g && g > b, "the roof is orange: {r} {g} {b}");
    for other in [
        DVec3::new(50.0, 0.0, 14.0 + 9.0),
        DVec3::new(-30.0, -100.0, 0.0),
        DVec3::new(60.0, -90.0, 0.1),
    ] {
        assert_eq!(at(&plain, other), at(&lit, other), "{other}");
    }
    let changed = plain
        .as_chunks::<4>()
        .0
        .iter()
        .zip(lit.as_chunks::<4>().0)
        .filter(|(a, b)| a != b)
        .count();
    assert!((500..20_000).contains(&changed), "{changed} pixels changed");
}

#[test]
fn what_stands_behind_glass_is_seen_through_it() {
    let gpu = gpu();
    let tile = load(&gpu, &city(ORIGIN));
    let pixels = photograph(
        &gpu,
        Quality::HIGH,
        overview(ORIGIN, SIZE),
        afternoon(),
        Contact::NONE,
        &[tile.item()],
    );
    let [glass, ground] = [DVec3::new(-80.0, -85.0, 12.0), DVec3::new(-30.0, -100.0, 0.0)].map(|p| at(&pixels, p));
    assert!(glass[2] > glass[0], "the glass is bluish: {glass:?}");
    assert!(
        i32::from(glass[0]) > 90 && glass != ground,
        "and the ground shines through: {glass:?} {ground:?}"
    );
}

#[test]
fn an_empty_scene_is_sky_over_a_plain() {
    let gpu = gpu();
    let camera = looking_at(
        ORIGIN + DVec3::new(0.0, 0.0, 50.0),
        ORIGIN + DVec3::new(0.0, 500.0, 50.0),
        SIZE,
    );
    let pixels = photograph(
        &gpu,
        Quality::HIGH,
        Eye::new(&camera, 1.0),
        afternoon(),
        Contact::default(),
        &[],
    );
    let [above, below] = [30.0, 330.0].map(|y| pixel(&pixels, SIZE, 320.0, y));
    assert!(above[2] > above[0] + 30, "the sky is blue: {above:?}");
    assert!(below[2].abs_diff(below[0]) < 25, "the plain is not: {below:?}");
}
