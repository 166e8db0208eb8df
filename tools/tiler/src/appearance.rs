//! The colour of a face.
//!
//! A face looks as its material says (`X3DMaterial`, sRGB). Most city models colour nothing, and a grey city cannot be read; so each
//! kind of surface has a colour of its own, toned like a paper map of a northern city.

use citygml::Material;
use tiles::surface::Surface;

/// sRGB red, green, blue and opacity, 0 to 255.
pub(crate) type Color = [u8; 4];

/// The colour of a face with this material, else of this kind.
pub(crate) fn color(material: Option<&Material>, surface: Surface) -> Color {
    material.map_or_else(
        || default_color(surface),
        |material| {
            let [r, g, b] = material.diffuse.map(byte);
            [r, g, b, byte(material.opacity)]
        },
    )
}

fn byte(unit: f32) -> u8 {
    (unit.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// The colour of a kind of surface that has no material.
fn default_color(surface: Surface) -> Color {
    let [r, g, b] = match surface {
        Surface::Roof => [0x6f, 0x7b, 0x78],
        Surface::Wall => [0xc9, 0xba, 0xa2],
        Surface::Ground | Surface::OuterCeiling => [0x8c, 0x85, 0x7a],
        Surface::OuterFloor => [0xa8, 0xa0, 0x94],
        Surface::Window => [0x4c, 0x5b, 0x68],
        Surface::Door => [0x6b, 0x4f, 0x3a],
        Surface::Interior | Surface::Closure => [0xd8, 0xd4, 0xcc],
        Surface::Installation | Surface::Bridge | Surface::Tunnel => [0xa9, 0xa5, 0x9d],
        Surface::Road => [0x5c, 0x5f, 0x63],
        Surface::Square => [0xc9, 0xbd, 0xa8],
        Surface::Railway => [0x6e, 0x66, 0x5c],
        Surface::Water => [0x5b, 0x86, 0xa6],
        Surface::PlantCover => [0x7f, 0x9f, 0x62],
        Surface::LandUse => [0xbc, 0xb6, 0xa6],
        Surface::Terrain => [0xaa, 0xa5, 0x98],
        Surface::Tree => [0x5d, 0x8a, 0x45],
        Surface::Furniture | Surface::Generic => [0x8a, 0x83, 0x78],
        Surface::Unknown => [0xb8, 0xb4, 0xac],
    };
    [r, g, b, 0xff]
}

/// The mean of colours by area, mixed as light mixes (linear), not as bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Blend {
    sum: [f64; 4],
    weight: f64,
}

impl Blend {
    /// Adds a colour that covers `area`.
    pub(crate) fn add(&mut self, color: Color, area: f64) {
        let [r, g, b, a] = color;
        for (sum, value) in self
            .sum
            .iter_mut()
            .zip([linear(r), linear(g), linear(b), f64::from(a) / 255.0])
        {
            *sum += value * area;
        }
        self.weight += area;
    }

    /// The mean; `otherwise` when nothing was added.
    pub(crate) fn color(&self, otherwise: Color) -> Color {
        if self.weight <= 0.0 {
            return otherwise;
        }
        let [r, g, b, a] = self.sum.map(|sum| sum / self.weight);
        [gamma(r), gamma(g), gamma(b), (a * 255.0).round() as u8]
    }
}

/// IEC 61966-2-1, 5.2.
fn linear(byte: u8) -> f64 {
    let v = f64::from(byte) / 255.0;
    if v <= 0.04045 {
        v / 12.92
    } else {
        ((v + 0.055) / 1.055).powf(2.4)
    }
}

/// IEC 61966-2-1, 5.3.
fn gamma(v: f64) -> u8 {
    let v = if v <= 0.003_130_8 {
        v * 12.92
    } else {
        1.055 * v.powf(1.0 / 2.4) - 0.055
    };
    (v * 255.0).round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_and_white_in_equal_parts_are_the_grey_that_looks_so() {
        let mut blend = Blend::default();
        blend.add([0, 0, 0, 255], 2.0);
        blend.add([255, 255, 255, 255], 2.0);
        assert_eq!(blend.color([0; 4]), [188, 188, 188, 255]);
    }

    #[test]
    fn one_colour_blended_is_itself() {
        for v in 0..=255 {
            let mut blend = Blend::default();
            blend.add([v, 255 - v, 7, 128], 0.3);
            assert_eq!(blend.color([0; 4]), [v, 255 - v, 7, 128]);
        }
    }

    #[test]
    fn a_material_wins_over_the_default() {
        let material = Material {
            diffuse: [1.0, 0.5, 0.0],
            opacity: 0.5,
            name: None,
        };
        assert_eq!(color(Some(&material), Surface::Wall), [255, 128, 0, 128]);
        assert_eq!(color(None, Surface::Wall)[3], 255);
    }
}
