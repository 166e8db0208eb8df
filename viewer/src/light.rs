//! Sun and sky: which light falls on the city at which height of the sun.
//!
//! Not a measurement but a drawing style: a horizontal white face at noon comes out as about white, what the sun does
//! not reach keeps its colour, and dusk stays light enough to read the city by.

use glam::{DVec3, Vec3};

/// The light of a frame. Colours are linear, 1 is what the screen shows as full.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    /// Direction to the sun (or, at night, to the moon that stands in for it), unit length, ENU.
    pub toward: DVec3,
    /// Light of the sun on a face that looks at it.
    pub sun: Vec3,
    /// Light of the sky on a face that looks up.
    pub sky: Vec3,
    /// Light on a face that looks down.
    pub ground: Vec3,
    /// Colour of the sky straight up.
    pub zenith: Vec3,
    /// Colour of the sky at the horizon, and of haze.
    pub horizon: Vec3,
    /// Colour of the plain around the city, where the model has nothing.
    pub plain: Vec3,
    /// Share of the view that haze takes a metre.
    pub haze: f32,
    /// Whether the sun itself can be seen.
    pub disc: bool,
}

/// The colours at one height of the sun.
struct Key {
    /// Sine of the sun's height.
    height: f32,
    sun: Vec3,
    sky: Vec3,
    ground: Vec3,
    zenith: Vec3,
    horizon: Vec3,
}

/// What the plain around the city reflects: paper.
const PLAIN: Vec3 = Vec3::new(0.80, 0.80, 0.78);

const KEYS: [Key; 5] = [
    Key {
        height: -0.25,
        sun: Vec3::new(0.05, 0.07, 0.11),
        sky: Vec3::new(0.11, 0.14, 0.22),
        ground: Vec3::new(0.06, 0.07, 0.10),
        zenith: Vec3::new(0.010, 0.018, 0.045),
        horizon: Vec3::new(0.04, 0.06, 0.11),
    },
    Key {
        height: -0.05,
        sun: Vec3::new(0.05, 0.07, 0.11),
        sky: Vec3::new(0.22, 0.25, 0.36),
        ground: Vec3::new(0.12, 0.13, 0.17),
        zenith: Vec3::new(0.05, 0.09, 0.20),
        horizon: Vec3::new(0.42, 0.34, 0.33),
    },
    Key {
        height: 0.03,
        sun: Vec3::new(0.55, 0.30, 0.14),
        sky: Vec3::new(0.32, 0.36, 0.45),
        ground: Vec3::new(0.19, 0.18, 0.18),
        zenith: Vec3::new(0.12, 0.22, 0.44),
        horizon: Vec3::new(0.72, 0.58, 0.47),
    },
    Key {
        height: 0.22,
        sun: Vec3::new(1.00, 0.80, 0.56),
        sky: Vec3::new(0.28, 0.33, 0.40),
        ground: Vec3::new(0.18, 0.17, 0.16),
        zenith: Vec3::new(0.15, 0.31, 0.62),
        horizon: Vec3::new(0.70, 0.77, 0.84),
    },
    Key {
        height: 0.75,
        sun: Vec3::new(0.88, 0.83, 0.74),
        sky: Vec3::new(0.29, 0.33, 0.38),
        ground: Vec3::new(0.20, 0.19, 0.18),
        zenith: Vec3::new(0.17, 0.36, 0.70),
        horizon: Vec3::new(0.72, 0.81, 0.89),
    },
];

impl Light {
    /// The light when the sun stands in this direction (ENU, any length but zero).
    pub fn of_sun(direction: DVec3) -> Self {
        let sun = direction.try_normalize().unwrap_or(DVec3::Z);
        let height = sun.z as f32;
        let above = KEYS
            .iter()
            .position(|key| key.height > height)
            .unwrap_or(KEYS.len() - 1)
            .max(1);
        let (low, high) = (&KEYS[above - 1], &KEYS[above]);
        let share = ((height - low.height) / (high.height - low.height)).clamp(0.0, 1.0);
        let up = sun.z > -0.02;
        Self {
            // At night a weak light from where the sun went down, well above the horizon, keeps the shapes.
            toward: if up {
                sun.with_z(sun.z.max(0.02)).normalize()
            } else {
                sun.with_z(0.8).normalize()
            },
            sun: low.sun.lerp(high.sun, share),
            sky: low.sky.lerp(high.sky, share),
            ground: low.ground.lerp(high.ground, share),
            zenith: low.zenith.lerp(high.zenith, share),
            horizon: low.horizon.lerp(high.horizon, share),
            plain: PLAIN * (low.sky.lerp(high.sky, share) + low.sun.lerp(high.sun, share) * height.max(0.0)),
            haze: 1.0 / 30_000.0,
            disc: up,
        }
    }

    /// Even white light without sun, shadow or haze: every face shows its own colour exactly.
    pub fn flat() -> Self {
        Self {
            toward: DVec3::Z,
            sun: Vec3::ZERO,
            sky: Vec3::ONE,
            ground: Vec3::ONE,
            zenith: Vec3::ONE,
            horizon: Vec3::ONE,
            plain: Vec3::ONE,
            haze: 0.0,
            disc: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_high_sun_is_brighter_and_whiter_than_a_low_one() {
        let noon = Light::of_sun(DVec3::new(0.0, -0.5, 0.8));
        let evening = Light::of_sun(DVec3::new(-1.0, 0.0, 0.05));
        assert!(noon.sun.min_element() > evening.sun.min_element());
        assert!(noon.sun.z / noon.sun.x > evening.sun.z / evening.sun.x);
        assert!(noon.disc && evening.disc);
    }

    #[test]
    fn at_night_the_light_still_comes_from_above() {
        let night = Light::of_sun(DVec3::new(0.3, 0.8, -0.5));
        assert!(night.toward.z > 0.3);
        assert!(!night.disc);
        assert!(night.sky.min_element() > 0.05);
    }
}
