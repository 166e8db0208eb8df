//! Which axis of a city's own reference system comes first.
//!
//! The tiler knows from PROJ, but a store keeps easting, northing and height in this order whatever the system says. A
//! client that asks for coordinates by the system's name expects the system's order (OGC 18-058r1, 6.3), so the order is
//! kept here: of the projected systems of EPSG (v10.076), those whose first axis is northing and those that count towards
//! south or west, as runs of codes between which no projected system of another order lies. Made of the tables
//! `projected_crs` and `axis` of PROJ's database.

/// The order of the horizontal axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AxisOrder {
    /// Easting, then northing.
    EastingFirst,
    /// Northing, then easting.
    NorthingFirst,
}

/// Codes of the first and the last system of each run whose first axis is northing.
const NORTHING_FIRST: &[(u32, u32)] = &[
    (2036, 2036),
    (2044, 2045),
    (2081, 2083),
    (2085, 2086),
    (2091, 2093),
    (2096, 2098),
    (2105, 2132),
    (2166, 2180),
    (2193, 2193),
    (2199, 2200),
    (2206, 2212),
    (2319, 2549),
    (2551, 2735),
    (2738, 2758),
    (2935, 2941),
    (2953, 2953),
    (3006, 3030),
    (3034, 3035),
    (3038, 3051),
    (3058, 3059),
    (3068, 3068),
    (3114, 3118),
    (3120, 3120),
    (3126, 3140),
    (3146, 3147),
    (3150, 3152),
    (3300, 3301),
    (3328, 3335),
    (3346, 3346),
    (3350, 3352),
    (3366, 3366),
    (3386, 3390),
    (3396, 3399),
    (3407, 3407),
    (3414, 3414),
    (3416, 3416),
    (3764, 3764),
    (3788, 3793),
    (3795, 3796),
    (3833, 3854),
    (3873, 3885),
    (3907, 3911),
    (4026, 4038),
    (4417, 4417),
    (4434, 4434),
    (4491, 4554),
    (4568, 4589),
    (4652, 4822),
    (4839, 4880),
    (5048, 5048),
    (5105, 5188),
    (5253, 5259),
    (5269, 5275),
    (5343, 5349),
    (5367, 5367),
    (5479, 5481),
    (5518, 5520),
    (5562, 5588),
    (5632, 5639),
    (5651, 5653),
    (6244, 6275),
    (6362, 6362),
    (6372, 6387),
    (6669, 6687),
    (6707, 6709),
    (6870, 6876),
    (6962, 6962),
    (7799, 7801),
    (7825, 7831),
    (8433, 8441),
    (9039, 9040),
    (9221, 9254),
    (9271, 9285),
    (9377, 9377),
    (9498, 9498),
    (9821, 9821),
    (9831, 9841),
    (9851, 9865),
    (9895, 9895),
    (20004, 20032),
    (20064, 20092),
    (20904, 20932),
    (21004, 21032),
    (21207, 21264),
    (21307, 21483),
    (21896, 21899),
    (22171, 22197),
    (22240, 22240),
    (25884, 25884),
    (27205, 27232),
    (27391, 27398),
    (27492, 27492),
    (28402, 28492),
    (29701, 29702),
    (30161, 30179),
    (30800, 30800),
    (31251, 31259),
    (31275, 31290),
    (31466, 31469),
    (31700, 31700),
];
/// The same for systems whose axes are others.
const OTHERS: &[(u32, u32)] = &[
    (2046, 2055),
    (2065, 2065),
    (2218, 2218),
    (2221, 2221),
    (2296, 2307),
    (2963, 2963),
    (2985, 2986),
    (3031, 3032),
    (3052, 3053),
    (3144, 3145),
    (3173, 3173),
    (3275, 3293),
    (3408, 3409),
    (3411, 3413),
    (3571, 3576),
    (3973, 3974),
    (3976, 3976),
    (3995, 3996),
    (5017, 5017),
    (5041, 5042),
    (5224, 5224),
    (5482, 5482),
    (5513, 5513),
    (5515, 5515),
    (5890, 5890),
    (5936, 5940),
    (6931, 6932),
    (8044, 8045),
    (8352, 8352),
    (9354, 9354),
    (22275, 22293),
    (29371, 29385),
    (32661, 32661),
    (32761, 32761),
];

/// The order of the axes of a projected system, by its EPSG code; `None` for one with other axes.
pub(crate) fn of_projected(code: u32) -> Option<AxisOrder> {
    let within = |runs: &[(u32, u32)]| {
        let place = runs.partition_point(|(_, last)| *last < code);
        runs.get(place).is_some_and(|(first, _)| *first <= code)
    };
    if within(OTHERS) {
        None
    } else if within(NORTHING_FIRST) {
        Some(AxisOrder::NorthingFirst)
    } else {
        Some(AxisOrder::EastingFirst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_register() {
        for (code, expected) in [
            (3879, Some(AxisOrder::NorthingFirst)),
            (3067, Some(AxisOrder::EastingFirst)),
            (25832, Some(AxisOrder::EastingFirst)),
            (2154, Some(AxisOrder::EastingFirst)),
            (28992, Some(AxisOrder::EastingFirst)),
            (31467, Some(AxisOrder::NorthingFirst)),
            (6677, Some(AxisOrder::NorthingFirst)),
            (2048, None),
        ] {
            assert_eq!(of_projected(code), expected, "EPSG:{code}");
        }
    }

    #[test]
    fn the_runs_ascend_and_do_not_meet() {
        let mut all: Vec<(u32, u32)> = NORTHING_FIRST.iter().chain(OTHERS).copied().collect();
        all.sort_unstable();
        assert!(all.iter().all(|(first, last)| first <= last));
        assert!(all.windows(2).all(|two| two[0].1 < two[1].0));
        for runs in [NORTHING_FIRST, OTHERS] {
            assert!(runs.is_sorted());
        }
    }
}
