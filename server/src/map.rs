//! Pictures of a map, drawn from the store's own footprints.
//!
//! Whoever chooses a part of the city wants to see where that is, on a server that asks no other host. A picture is
//! bounded whatever it shows: a hundred thousand buildings or one weigh some tens of kilobytes. What is smaller than a
//! pixel or two is drawn as its box, so a picture of the whole city reads the R-tree alone.
//!
//! Pictures are tiles of Web Mercator as every map library numbers them, 512 pixels to a side, transparent where
//! nothing is.

use crate::shelf::Served;
use axum::body::Bytes;
use std::f64::consts::PI;
use store::{Outline, Window};
use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Stroke, Transform};

/// Pixels along a side.
const SIDE: u32 = 512;
/// The finest level: a pixel is 7 cm at the equator.
pub(crate) const FINEST: u8 = 20;
/// Pixels below which a box stands for a footprint.
const SMALL: f64 = 2.5;
/// The most features of a picture and layer: a million take about a second.
const MOST_FEATURES: usize = 1_000_000;
/// The most corners of a picture and layer.
const MOST_CORNERS: usize = 2_000_000;
/// The layers from below. Ground and street furniture would hide or crowd the rest.
const LAYERS: [Style; 4] = [
    Style::filled("water", [0xa9, 0xcb, 0xdf]),
    Style::filled("green", [0xcf, 0xe0, 0xbd]),
    Style::filled("roads", [0xdd, 0xd6, 0xc6]),
    Style {
        edge: Some([0x5f, 0x46, 0x32]),
        ..Style::filled("buildings", [0x9c, 0x7c, 0x60])
    },
];

/// How a layer is drawn.
struct Style {
    layer: &'static str,
    fill: [u8; 3],
    /// Drawn from near only.
    edge: Option<[u8; 3]>,
}

impl Style {
    const fn filled(layer: &'static str, fill: [u8; 3]) -> Self {
        Self {
            layer,
            fill,
            edge: None,
        }
    }
}

/// Which picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) z: u8,
    pub(crate) x: u32,
    pub(crate) y: u32,
}

impl Place {
    /// A place that there is: 2^z pictures lie along each side of the world.
    pub(crate) fn new(z: u8, x: u32, y: u32) -> Option<Self> {
        let is_there = z <= FINEST && x < 1 << z && y < 1 << z;
        is_there.then_some(Self { z, x, y })
    }

    /// West, south, east, north in degrees.
    fn bbox(self) -> [f64; 4] {
        let count = f64::from(1u32 << self.z);
        let lon = |x: u32| f64::from(x) / count * 360.0 - 180.0;
        let lat = |y: u32| (PI * (1.0 - 2.0 * f64::from(y) / count)).sinh().atan().to_degrees();
        [lon(self.x), lat(self.y + 1), lon(self.x + 1), lat(self.y)]
    }

    /// A point in degrees as pixels of the picture.
    fn pixel(self, [lon, lat]: [f64; 2]) -> [f32; 2] {
        let count = f64::from(1u32 << self.z);
        let sin = lat.to_radians().sin().clamp(-0.9999, 0.9999);
        let x = (lon / 360.0 + 0.5) * count - f64::from(self.x);
        let y = (0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * PI)) * count - f64::from(self.y);
        [x, y].map(|at| (at * f64::from(SIDE)) as f32)
    }
}

/// Draws a picture as PNG; none when it cannot be encoded.
///
/// # Errors
/// As the store has them.
pub(crate) fn draw(served: &Served, place: Place) -> Result<Option<Bytes>, store::Error> {
    let Some(mut picture) = Pixmap::new(SIDE, SIDE) else {
        return Ok(None);
    };
    let [west, south, east, north] = place.bbox();
    let pixel = [(east - west) / f64::from(SIDE), (north - south) / f64::from(SIDE)];
    let window = Window {
        // A little more, so that edges along a border are drawn on both sides of it.
        bbox: [west - pixel[0], south - pixel[1], east + pixel[0], north + pixel[1]],
        detail: pixel.map(|degrees| degrees * SMALL),
    };
    for Style { layer, fill, edge } in LAYERS {
        let mut path = PathBuilder::new();
        let (mut features, mut corners) = (0, 0);
        served.collection.outlines(layer, &window, |outline| {
            features += 1;
            corners += add(&mut path, place, &outline);
            features < MOST_FEATURES && corners < MOST_CORNERS
        })?;
        if let Some(path) = path.finish() {
            picture.fill_path(&path, &paint(fill), FillRule::Winding, Transform::identity(), None);
            if let Some(edge) = edge.filter(|_| place.z >= 15) {
                picture.stroke_path(&path, &paint(edge), &Stroke::default(), Transform::identity(), None);
            }
        }
    }
    Ok(picture.encode_png().ok().map(Bytes::from))
}

/// Adds an outline to a path; returns how many corners it has.
fn add(path: &mut PathBuilder, place: Place, outline: &Outline) -> usize {
    match outline {
        Outline::Box([west, south, east, north]) => {
            let ([left, bottom], [right, top]) = (place.pixel([*west, *south]), place.pixel([*east, *north]));
            // What is thinner than a hair is still there.
            let (right, bottom) = (right.max(left + 0.5), bottom.max(top + 0.5));
            add_ring(
                path,
                &mut [[left, top], [right, top], [right, bottom], [left, bottom]],
                true,
            );
            4
        }
        Outline::Footprint(polygons) => {
            let mut corners = 0;
            for polygon in polygons {
                for (number, ring) in polygon.iter().enumerate() {
                    let mut ring: Vec<[f32; 2]> = ring.iter().map(|point| place.pixel(*point)).collect();
                    add_ring(path, &mut ring, number == 0);
                    corners += ring.len();
                }
            }
            corners
        }
    }
}

/// Adds a ring, exteriors one way round and holes the other: then houses that lie over their own parts add up, and a
/// courtyard of all of them stays one.
fn add_ring(path: &mut PathBuilder, ring: &mut [[f32; 2]], exterior: bool) {
    let next = ring.iter().cycle().skip(1);
    let area: f32 = ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum();
    if (area > 0.0) != exterior {
        ring.reverse();
    }
    for (number, [x, y]) in ring.iter().enumerate() {
        if number == 0 {
            path.move_to(*x, *y);
        } else {
            path.line_to(*x, *y);
        }
    }
    path.close();
}

fn paint([red, green, blue]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(Color::from_rgba8(red, green, blue, 255));
    paint
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_and_its_corners_agree() {
        // The picture that holds Helsinki's Senate Square at level 14, as every map library numbers it.
        let place = Place {
            z: 14,
            x: 9327,
            y: 4742,
        };
        let [west, south, east, north] = place.bbox();
        assert!(
            west < 24.9525 && 24.9525 < east && south < 60.1695 && 60.1695 < north,
            "{:?}",
            place.bbox()
        );
        for (corner, expected) in [([west, north], [0.0, 0.0]), ([east, south], [512.0, 512.0])] {
            let pixel = place.pixel(corner);
            assert!(
                (0..2).all(|axis| (pixel[axis] - expected[axis]).abs() < 0.01),
                "{pixel:?}"
            );
        }
    }

    #[test]
    fn a_house_over_its_own_part_is_filled_and_a_courtyard_is_not() {
        let place = Place { z: 0, x: 0, y: 0 };
        // In degrees about the equator: a house with a courtyard, and a part of it drawn the other way round.
        let ring = |a: f64, b: f64| vec![[a, a], [b, a], [b, b], [a, b], [a, a]];
        let mut part = ring(-60.0, -30.0);
        part.reverse();
        let house = Outline::Footprint(vec![vec![ring(-60.0, 60.0), ring(-10.0, 10.0)]]);
        let mut path = PathBuilder::new();
        for outline in [house, Outline::Footprint(vec![vec![part]])] {
            add(&mut path, place, &outline);
        }
        let (Some(mut picture), Some(path)) = (Pixmap::new(SIDE, SIDE), path.finish()) else {
            unreachable!("both are there")
        };
        picture.fill_path(&path, &paint([9, 9, 9]), FillRule::Winding, Transform::identity(), None);
        let is_filled = |degrees: f64| {
            let [x, y] = place.pixel([degrees, degrees]);
            picture
                .pixel(x as u32, y as u32)
                .is_some_and(|pixel| pixel.alpha() == 255)
        };
        assert!(is_filled(-45.0) && is_filled(45.0));
        assert!(!is_filled(0.0) && !is_filled(70.0));
    }

    #[test]
    fn a_place_outside_the_world_is_none() {
        assert!(Place::new(0, 0, 0).is_some());
        assert!(Place::new(0, 1, 0).is_none());
        assert!(Place::new(20, (1 << 20) - 1, 0).is_some());
        assert!(Place::new(21, 0, 0).is_none());
        assert!(Place::new(255, u32::MAX, u32::MAX).is_none());
    }
}
