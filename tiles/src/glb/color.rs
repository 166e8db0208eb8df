//! Colours between sRGB, in which a city says them, and linear light, in which glTF wants `COLOR_0`.
//!
//! Eight linear bits would lose the dark colours (sRGB 1 to 12 would become 0 or 1), so a tile has sixteen: then every
//! sRGB byte has a number of its own, and a colour read back is the colour that was written.

/// Linear light, 0 to 65535, of each sRGB byte: IEC 61966-2-1, rounded. A table, because `powf` differs between
/// platforms in the last bit and a tile's name is a hash of its bytes.
const LINEAR: [u16; 256] = [
    0, 20, 40, 60, 80, 99, 119, 139, 159, 179, 199, 219, 241, 264, 288, 313, //
    340, 367, 396, 427, 458, 491, 526, 562, 599, 637, 677, 718, 761, 805, 851, 898, //
    947, 997, 1048, 1101, 1156, 1212, 1270, 1330, 1391, 1453, 1517, 1583, 1651, 1720, 1790, 1863, //
    1937, 2013, 2090, 2170, 2250, 2333, 2418, 2504, 2592, 2681, 2773, 2866, 2961, 3058, 3157, 3258, 3360, 3464, 3570,
    3678, 3788, 3900, 4014, 4129, 4247, 4366, 4488, 4611, 4736, 4864, 4993, 5124, 5257, 5392, 5530, 5669, 5810, 5953,
    6099, 6246, 6395, 6547, 6700, 6856, 7014, 7174, 7335, 7500, 7666, 7834, 8004, 8177, 8352, 8528, 8708, 8889, 9072,
    9258, 9445, 9635, 9828, 10022, 10219, 10417, 10619, 10822, 11028, 11235, 11446, 11658, 11873, 12090, 12309, 12530,
    12754, 12980, 13209, 13440, 13673, 13909, 14146, 14387, 14629, 14874, 15122, 15371, 15623, 15878, 16135, 16394,
    16656, 16920, 17187, 17456, 17727, 18001, 18277, 18556, 18837, 19121, 19407, 19696, 19987, 20281, 20577, 20876,
    21177, 21481, 21787, 22096, 22407, 22721, 23038, 23357, 23678, 24002, 24329, 24658, 24990, 25325, 25662, 26001,
    26344, 26688, 27036, 27386, 27739, 28094, 28452, 28813, 29176, 29542, 29911, 30282, 30656, 31033, 31412, 31794,
    32179, 32567, 32957, 33350, 33745, 34143, 34544, 34948, 35355, 35764, 36176, 36591, 37008, 37429, 37852, 38278,
    38706, 39138, 39572, 40009, 40449, 40891, 41337, 41785, 42236, 42690, 43147, 43606, 44069, 44534, 45002, 45473,
    45947, 46423, 46903, 47385, 47871, 48359, 48850, 49344, 49841, 50341, 50844, 51349, 51858, 52369, 52884, 53401,
    53921, 54445, 54971, 55500, 56032, 56567, 57105, 57646, 58190, 58737, 59287, 59840, 60396, 60955, 61517, 62082,
    62650, 63221, 63795, 64372, 64952, 65535,
];

/// sRGB and opacity to the four numbers of `COLOR_0`.
pub(super) fn to_linear([r, g, b, a]: [u8; 4]) -> [u16; 4] {
    let linear = |byte: u8| LINEAR[usize::from(byte)];
    [linear(r), linear(g), linear(b), u16::from(a) * 257]
}

/// The nearest sRGB colour and opacity of a `COLOR_0`; the exact inverse of [`to_linear`].
pub(super) fn to_srgb([r, g, b, a]: [u16; 4]) -> [u8; 4] {
    [nearest(r), nearest(g), nearest(b), ((u32::from(a) + 128) / 257) as u8]
}

/// The sRGB byte whose linear light is nearest.
fn nearest(linear: u16) -> u8 {
    let above = LINEAR.partition_point(|&entry| entry < linear).min(255);
    let below = above.saturating_sub(1);
    let closer_below = linear.abs_diff(LINEAR[below]) < linear.abs_diff(LINEAR[above]);
    (if closer_below { below } else { above }) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_srgb_curve() {
        for (byte, &entry) in LINEAR.iter().enumerate() {
            let c = byte as f64 / 255.0;
            let linear = if c <= 0.04045 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            };
            assert_eq!(f64::from(entry), (linear * 65535.0).round(), "{byte}");
        }
    }

    #[test]
    fn every_srgb_byte_comes_back_as_it_was() {
        for byte in 0..=255 {
            let color = [byte, 255 - byte, byte / 2, byte];
            assert_eq!(to_srgb(to_linear(color)), color);
        }
    }

    #[test]
    fn a_foreign_colour_becomes_the_nearest_byte() {
        assert_eq!(to_srgb([9, 11, 65_300, 65_535]), [0, 1, 255, 255]);
    }
}
