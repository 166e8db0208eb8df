//! Colours compared as people see them.

/// A colour in Oklab (Björn Ottosson, *A perceptual color space for image processing*, 2020).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Oklab {
    lightness: f32,
    a: f32,
    b: f32,
}

impl Oklab {
    /// From sRGB (IEC 61966-2-1), 0 to 255.
    pub(super) fn from_srgb(color: [u8; 3]) -> Self {
        let [r, g, b] = color.map(|number| {
            let value = f32::from(number) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        });
        let l = (0.412_221_47 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
        let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
        let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
        Self {
            lightness: 0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
            a: 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            b: 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        }
    }

    /// The square of the difference.
    pub(super) fn distance(&self, other: &Self) -> f32 {
        let (l, a, b) = (self.lightness - other.lightness, self.a - other.a, self.b - other.b);
        l * l + a * a + b * b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_black_and_red_lie_where_the_author_puts_them() {
        let near = |color: Oklab, expected: [f32; 3]| {
            [color.lightness, color.a, color.b]
                .iter()
                .zip(expected)
                .all(|(x, y)| (x - y).abs() < 1e-3)
        };
        assert!(near(Oklab::from_srgb([255; 3]), [1.0, 0.0, 0.0]));
        assert!(near(Oklab::from_srgb([0; 3]), [0.0, 0.0, 0.0]));
        assert!(near(Oklab::from_srgb([255, 0, 0]), [0.62796, 0.22486, 0.12585]));
    }
}
