//! The fitted way from the tiles back to a city's own coordinates, against a projection and a geoid of full accuracy.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failed test panics"
)]

use glam::{DVec2, DVec3};
use proptest::prelude::*;
use std::sync::LazyLock;
use tiles::bounds::Aabb;
use tiles::crs::{Error, FittedCrs, Geoid, TOLERANCE, check_points, sample_points};
use tiles::geodesy::{Enu, EnuFrame, Geodetic, SEMI_MAJOR_AXIS};

/// The transverse Mercator projection of EPSG:3879 (ETRS89 / GK25FIN) on GRS 80, by Krüger's series to the fourth order
/// (Karney, "Transverse Mercator with an accuracy of a few nanometers", 2011): a micrometre near the meridian.
fn gk25(point: Geodetic) -> DVec2 {
    let flattening = 1.0 / 298.257_222_101;
    let n: f64 = flattening / (2.0 - flattening);
    let e = (flattening * (2.0_f64 - flattening)).sqrt();
    let radius = SEMI_MAJOR_AXIS / (1.0 + n) * (1.0 + n.powi(2) / 4.0 + n.powi(4) / 64.0);
    let alpha = [
        n / 2.0 - 2.0 / 3.0 * n.powi(2) + 5.0 / 16.0 * n.powi(3) + 41.0 / 180.0 * n.powi(4),
        13.0 / 48.0 * n.powi(2) - 3.0 / 5.0 * n.powi(3) + 557.0 / 1440.0 * n.powi(4),
        61.0 / 240.0 * n.powi(3) - 103.0 / 140.0 * n.powi(4),
        49561.0 / 161_280.0 * n.powi(4),
    ];
    let tau = point.lat.tan();
    let sigma = (e * (e * tau / tau.hypot(1.0)).atanh()).sinh();
    let conformal = tau * sigma.hypot(1.0) - sigma * tau.hypot(1.0);
    let lon = point.lon - 25.0_f64.to_radians();
    let xi = conformal.atan2(lon.cos());
    let eta = (lon.sin() / conformal.hypot(lon.cos())).asinh();
    let (mut north, mut east) = (xi, eta);
    for (i, a) in alpha.into_iter().enumerate() {
        let k = 2.0 * (i as f64 + 1.0);
        north += a * (k * xi).sin() * (k * eta).cosh();
        east += a * (k * xi).cos() * (k * eta).sinh();
    }
    DVec2::new(25_500_000.0 + radius * east, radius * north)
}

/// The geoid grid that is shipped (ESRI ASCII).
static GEOID: LazyLock<Geoid> = LazyLock::new(|| {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../assets/geoid/geoid-n2000-helsinki.asc"
    ))
    .unwrap();
    let header = |key: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let values = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
        .flat_map(str::split_whitespace)
        .map(|number| number.parse().unwrap());
    Geoid {
        west: header("xllcenter"),
        north: header("yllcenter") + (header("nrows") - 1.0) * header("cellsize"),
        step_lon: header("cellsize"),
        step_lat: header("cellsize"),
        columns: header("ncols") as usize,
        values: values.collect(),
    }
});

/// Height of the geoid, bilinear.
fn undulation(point: Geodetic) -> f64 {
    let grid = &*GEOID;
    let (lon, lat) = point.degrees();
    let (x, y) = ((lon - grid.west) / grid.step_lon, (grid.north - lat) / grid.step_lat);
    let (column, row) = (x.floor() as usize, y.floor() as usize);
    let node = |dx: usize, dy: usize| f64::from(grid.values[(row + dy) * grid.columns + column + dx]);
    let along = |dy: usize| node(0, dy) * (1.0 - x.fract()) + node(1, dy) * x.fract();
    along(0) * (1.0 - y.fract()) + along(1) * y.fract()
}

/// The nodes of the geoid around a box of so many metres to either side, and a cell more.
fn geoid_around(half: f64) -> Geoid {
    let grid = &*GEOID;
    let (lon, lat) = helsinki().origin().degrees();
    let reach_lat = half / 111_000.0 + 0.02;
    let reach_lon = reach_lat / lat.to_radians().cos();
    let index = |degrees: f64, step: f64| (degrees / step).round() as usize;
    let column = index(lon - reach_lon - grid.west, grid.step_lon);
    let row = index(grid.north - lat - reach_lat, grid.step_lat);
    let (columns, rows) = (
        index(2.0 * reach_lon, grid.step_lon),
        index(2.0 * reach_lat, grid.step_lat),
    );
    let cut = |r: usize| &grid.values[(row + r) * grid.columns + column..][..columns];
    Geoid {
        west: grid.west + column as f64 * grid.step_lon,
        north: grid.north - row as f64 * grid.step_lat,
        columns,
        values: (0..rows).flat_map(cut).copied().collect(),
        ..grid.clone()
    }
}

fn helsinki() -> EnuFrame {
    EnuFrame::new(Geodetic::from_degrees(24.94, 60.17, 20.0))
}

/// EPSG:3879 and N2000 of a point.
fn truth(enu: Enu) -> DVec3 {
    let point = helsinki().to_ecef(enu).to_geodetic();
    gk25(point).extend(point.height - undulation(point))
}

/// A box of so many metres to either side.
fn around(half: f64) -> Aabb {
    Aabb::from_corners(DVec3::new(-half, -half, -60.0), DVec3::new(half, half, 300.0))
}

type Samples = Vec<(Enu, DVec3)>;

/// Samples and check samples of a box.
fn sampled(domain: &Aabb, truth: impl Fn(Enu) -> DVec3) -> (Samples, Samples) {
    let with_truth = |points: Vec<Enu>| points.into_iter().map(|p| (p, truth(p))).collect();
    (with_truth(sample_points(domain)), with_truth(check_points(domain)))
}

fn fit(domain: &Aabb, truth: impl Fn(Enu) -> DVec3) -> Result<FittedCrs, Error> {
    let (samples, check) = sampled(domain, truth);
    FittedCrs::fit(&samples, &check)
}

/// EPSG:3879 and N2000 within so many metres.
fn fit_city(half: f64) -> FittedCrs {
    let (samples, check) = sampled(&around(half), truth);
    FittedCrs::fit_above(geoid_around(half), &helsinki(), &samples, &check)
        .unwrap()
        .named("EPSG:3879", "EPSG:3900")
}

static CITY: LazyLock<FittedCrs> = LazyLock::new(|| fit_city(3000.0));

#[test]
fn the_reference_of_these_tests_is_right() {
    // EPSG:3879 25497750, 6676280 by PROJ 9.7.1; see the project's check values.
    let found = gk25(Geodetic::from_degrees(24.959_433_154_5, 60.199_315_109_8, 0.0));
    assert!(
        (found - DVec2::new(25_497_750.0, 6_676_280.0)).length() < 1e-4,
        "{found}"
    );
    let geoid = undulation(Geodetic::from_degrees(24.959_433_154_5, 60.199_315_109_8, 0.0));
    assert!((geoid - (20.2747 - 2.68)).abs() < 1e-3, "{geoid}");
}

#[test]
fn a_point_of_the_city_gets_its_coordinates_within_a_millimetre() {
    assert!(CITY.max_error() < 5e-5, "{} m", CITY.max_error());
    assert_eq!(
        (CITY.horizontal.as_str(), CITY.vertical.as_str()),
        ("EPSG:3879", "EPSG:3900")
    );
    let check = Geodetic::from_degrees(24.959_433_154_5, 60.199_315_109_8, 20.2747);
    let found = fit_city(5000.0).project(helsinki().to_enu(check.to_ecef()));
    // The project's check value; its geoid height is rounded to 0.1 mm, the shipped grid to 0.5 mm.
    assert!(
        (found - DVec3::new(25_497_750.0, 6_676_280.0, 2.68)).length() < 0.001,
        "{found}"
    );
}

#[test]
fn a_whole_urban_region_is_fitted_in_a_few_kilobytes() {
    for half in [500.0, 5000.0, 14_000.0] {
        let crs = fit_city(half);
        let json = serde_json::to_string(&crs).unwrap();
        assert!(crs.max_error() < 1e-4, "{half} m: {}", crs.max_error());
        assert!(json.len() < 20_000, "{half} m: {} bytes", json.len());
    }
}

#[test]
fn without_its_nodes_a_geoid_can_be_fitted_for_a_small_city_only() {
    let small = fit(&around(3000.0), truth).unwrap();
    assert!(small.max_error() <= TOLERANCE, "{}", small.max_error());
    match fit(&around(14_000.0), truth) {
        Err(Error::Inexact { max_error }) => assert!(max_error < 0.01, "{max_error}"),
        other => panic!("kinks were fitted: {other:?}"),
    }
}

#[test]
fn a_geoid_that_is_no_grid_is_refused() {
    let (samples, check) = sampled(&around(1000.0), truth);
    let spoilt: [fn(&mut Geoid); 6] = [
        |geoid| geoid.columns = 0,
        |geoid| geoid.columns = 1,
        |geoid| geoid.step_lat = 0.0,
        |geoid| geoid.step_lon = f64::NAN,
        |geoid| geoid.values.truncate(7),
        |geoid| geoid.values[3] = f32::NAN,
    ];
    for spoil in spoilt {
        let mut geoid = geoid_around(1000.0);
        spoil(&mut geoid);
        let error = FittedCrs::fit_above(geoid, &helsinki(), &samples, &check).unwrap_err();
        assert!(matches!(error, Error::Damaged(_)), "{error}");
    }
}

#[test]
fn a_geoid_across_the_date_line_is_one_geoid() {
    let frame = EnuFrame::new(Geodetic::from_degrees(179.999, -16.5, 50.0));
    let height = |point: Geodetic| {
        let lon = point.degrees().0;
        let east = if lon < 0.0 { lon + 360.0 } else { lon };
        point.height - (60.0 + (east - 180.0) * 2.0)
    };
    let geoid = Geoid {
        west: 179.8,
        north: -16.3,
        step_lon: 0.2,
        step_lat: 0.2,
        columns: 3,
        values: [59.6, 60.0, 60.4].repeat(3),
    };
    let truth = |enu: Enu| {
        let point = frame.to_ecef(enu).to_geodetic();
        DVec3::new(enu.0.x, enu.0.y, height(point))
    };
    let (samples, check) = sampled(&around(2000.0), truth);
    let crs = FittedCrs::fit_above(geoid, &frame, &samples, &check).unwrap();
    assert!(crs.max_error() < 1e-4, "{}", crs.max_error());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_point_is_projected_and_found_again(e in -3000.0..3000.0, n in -3000.0..3000.0, u in -60.0..300.0) {
        let enu = Enu(DVec3::new(e, n, u));
        let projected = CITY.project(enu);
        prop_assert!((projected - truth(enu)).length() < 1e-4);
        let back = CITY.unproject(projected);
        prop_assert!((back.0 - enu.0).length() < 1e-6, "{:?}", back);
    }

    #[test]
    fn the_way_back_ends_even_far_away(x in -1e7..1e7, y in -1e7..1e7, z in -1e5..1e5) {
        let enu = CITY.unproject(DVec3::new(25_500_000.0 + x, 6_670_000.0 + y, z));
        prop_assert!(enu.0.is_finite());
    }
}

#[test]
fn the_slope_is_the_derivative() {
    let at = DVec3::new(700.0, -1500.0, 40.0);
    let slope = CITY.slope(Enu(at));
    for axis in 0..3 {
        let step = DVec3::AXES[axis] * 0.5;
        let change = CITY.project(Enu(at + step)) - CITY.project(Enu(at - step));
        // The geoid's slope is taken on a sphere: within 1 % of some 10^-5.
        assert!(
            (change - slope.col(axis)).length() < 3e-7,
            "{change} {}",
            slope.col(axis)
        );
    }
    // Grid north is within the meridian convergence of true north here.
    assert!((slope.col(1).y - 1.0).abs() < 1e-3 && slope.col(1).x.abs() < 2e-3);
}

#[test]
fn outside_the_domain_the_error_grows_slowly_instead_of_exploding() {
    for (distance, allowed) in [(4000.0, 0.2), (6000.0, 2.0), (10_000.0, 8.0)] {
        let enu = Enu(DVec3::new(distance, -distance / 2.0, 50.0));
        let off = (CITY.project(enu) - truth(enu)).length();
        assert!(off < allowed, "{off} m at {distance} m");
    }
}

#[test]
fn degrees_and_feet_are_fitted_as_well_as_metres() {
    let geographic = |enu: Enu| {
        let point = helsinki().to_ecef(enu).to_geodetic();
        let (lon, lat) = point.degrees();
        DVec3::new(lon, lat, point.height / 0.3048)
    };
    let crs = fit(&around(5000.0), geographic).unwrap();
    assert!(crs.max_error() <= TOLERANCE);
    let enu = Enu(DVec3::new(1234.5, -432.1, 17.0));
    assert!((crs.unproject(geographic(enu)).0 - enu.0).length() <= TOLERANCE);
}

#[test]
fn a_fit_is_the_same_after_a_round_through_json() {
    let json = serde_json::to_string(&*CITY).unwrap();
    let back: FittedCrs = serde_json::from_str(&json).unwrap();
    assert_eq!(back, *CITY);
    for (damage, reason) in [
        (json.replacen("\"degree\":", "\"degree\":1", 1), "damaged"),
        (json.replacen("\"degree\":", "\"degree\":-", 1), "invalid"),
        (json.replacen("],[", ",0.5],[", 1), "coefficients"),
        (json.replacen("-3000.0", "4000.0", 1), "domain is empty"),
    ] {
        let error = serde_json::from_str::<FittedCrs>(&damage).unwrap_err();
        assert!(error.to_string().contains(reason), "{error} should say: {reason}");
    }
}

#[test]
fn samples_that_cannot_be_fitted_are_named() {
    let some = |points: Vec<Enu>| -> Vec<_> { points.into_iter().map(|p| (p, truth(p))).collect() };
    let good = some(sample_points(&around(1000.0)));
    let check = some(check_points(&around(1000.0)));

    let flat: Vec<_> = good.iter().filter(|(p, _)| p.0.z < -50.0).copied().collect();
    assert!(matches!(
        FittedCrs::fit(&flat, &check),
        Err(Error::Underdetermined { .. })
    ));
    assert!(matches!(
        FittedCrs::fit(&good[..5], &check),
        Err(Error::Underdetermined { samples: 5 })
    ));
    assert!(matches!(
        FittedCrs::fit(&[], &check),
        Err(Error::Underdetermined { samples: 0 })
    ));
    assert!(matches!(FittedCrs::fit(&good, &[]), Err(Error::Samples(_))));
    let mut spoilt = good.clone();
    spoilt[3].1.z = f64::NAN;
    assert!(matches!(FittedCrs::fit(&spoilt, &check), Err(Error::Samples(_))));

    let broken = |enu: Enu| truth(enu) + DVec3::Z * if enu.0.x > 10.0 { 0.5 } else { 0.0 };
    match fit(&around(1000.0), broken) {
        Err(Error::Inexact { max_error }) => assert!(max_error > 0.1 && max_error < 0.5),
        other => panic!("a step of half a metre was fitted: {other:?}"),
    }
}
