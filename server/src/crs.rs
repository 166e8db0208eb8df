//! The reference systems in which a client may ask and be answered (OGC 18-058r1).
//!
//! A store holds longitude and latitude. GIS people think in their city's own grid, and the tileset carries the way there
//! as polynomials ([`FittedCrs`]), so the server needs no PROJ. Three systems are known of every collection: `CRS84`,
//! `CRS84h` with heights above the ellipsoid, and, where it has a name, the city's own.

use crate::axis_order::{self, AxisOrder};
use crate::shelf::Served;
use glam::{DMat4, DVec3};
use store::{Area, FeatureRow, Footprint};
use tiles::crs::FittedCrs;
use tiles::geodesy::{EnuFrame, Geodetic};

/// Longitude and latitude (WGS 84).
pub(crate) const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// Longitude, latitude and height above the ellipsoid (WGS 84).
pub(crate) const CRS84H: &str = "http://www.opengis.net/def/crs/OGC/0/CRS84h";
/// What stands before the code of an EPSG system.
const EPSG: &str = "http://www.opengis.net/def/crs/EPSG/0/";
/// Points along each side of a box of the city's grid, which is curved in longitude and latitude.
const STEPS: usize = 16;
/// A slope below this is degrees a metre, not metres a metre.
const DEGREES: f64 = 0.01;

/// A reference system of a collection.
#[derive(Clone, Copy)]
pub(crate) enum Crs<'a> {
    /// `CRS84`
    Flat,
    /// `CRS84h`
    High,
    /// The city's own.
    City(City<'a>),
}

/// The city's own reference system.
#[derive(Clone, Copy)]
pub(crate) struct City<'a> {
    fitted: &'a FittedCrs,
    code: u32,
    order: AxisOrder,
    transform: &'a [f64; 16],
    /// Longitude and latitude in degrees and the lowest and highest point of the city.
    extent: Option<[f64; 6]>,
}

/// The frame of a tileset without a transform.
const IDENTITY: [f64; 16] = DMat4::IDENTITY.to_cols_array();

impl<'a> City<'a> {
    /// The city's own system, if it is one that has a code and usual axes.
    pub(crate) fn of(served: &'a Served) -> Option<Self> {
        let fitted = served.collection.pointer().crs.as_ref()?;
        let code = fitted.horizontal.strip_prefix("EPSG:")?.parse().ok()?;
        let slope = fitted.slope(tiles::geodesy::Enu(fitted.domain().center()));
        // Every geographic system of EPSG has latitude first.
        let order = if slope.x_axis.truncate().length() < DEGREES {
            AxisOrder::NorthingFirst
        } else {
            axis_order::of_projected(code)?
        };
        Some(Self {
            fitted,
            code,
            order,
            transform: served.collection.tileset().root.transform.as_ref().unwrap_or(&IDENTITY),
            extent: served.collection.manifest().extent,
        })
    }

    /// Its name as OGC writes it.
    pub(crate) fn uri(&self) -> String {
        format!("{EPSG}{}", self.code)
    }

    fn frame(&self) -> EnuFrame {
        EnuFrame::from_transform(self.transform)
    }

    /// Easting and northing of a point, in the system's order.
    fn project(&self, frame: &EnuFrame, [longitude, latitude]: [f64; 2], height: f64) -> [f64; 2] {
        let ecef = Geodetic::from_degrees(longitude, latitude, height).to_ecef();
        let projected = self.fitted.project(frame.to_enu(ecef));
        // A tenth of a millimetre: more digits would only be longer.
        let metres = |value: f64| (value * 1e4).round() / 1e4;
        self.ordered([metres(projected.x), metres(projected.y)])
    }

    /// Longitude and latitude of a point in the system's order.
    fn unproject(&self, frame: &EnuFrame, point: [f64; 2]) -> [f64; 2] {
        let [easting, northing] = self.ordered(point);
        // Neither depends on the height; the middle of the domain is where the polynomials hold.
        let height = self
            .fitted
            .project(tiles::geodesy::Enu(self.fitted.domain().center()))
            .z;
        let enu = self.fitted.unproject(DVec3::new(easting, northing, height));
        let (longitude, latitude) = frame.to_ecef(enu).to_geodetic().degrees();
        [longitude, latitude]
    }

    /// The same two numbers in the other order, or in the same: easting first on one side, the system's on the other.
    fn ordered(&self, [first, second]: [f64; 2]) -> [f64; 2] {
        match self.order {
            AxisOrder::EastingFirst => [first, second],
            AxisOrder::NorthingFirst => [second, first],
        }
    }

    /// The least and greatest coordinates of the city with some margin: beyond, the polynomials are not to be trusted.
    fn bounds(&self, frame: &EnuFrame) -> Option<[f64; 4]> {
        let [west, south, low, east, north, _] = self.extent?;
        let corners = border([west, south, east, north]).map(|point| self.project(frame, point, low));
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        for [a, b] in corners {
            bounds = [bounds[0].min(a), bounds[1].min(b), bounds[2].max(a), bounds[3].max(b)];
        }
        let margin = ((bounds[2] - bounds[0]) + (bounds[3] - bounds[1])) * 0.1;
        Some([
            bounds[0] - margin,
            bounds[1] - margin,
            bounds[2] + margin,
            bounds[3] + margin,
        ])
    }

    /// The place that a box covers.
    fn area_of_box(&self, [a0, b0, a1, b1]: [f64; 4]) -> Area {
        let frame = self.frame();
        let Some([w, s, e, n]) = self.bounds(&frame) else {
            return Area::default();
        };
        let clipped = [a0.max(w), b0.max(s), a1.min(e), b1.min(n)];
        if clipped[0] > clipped[2] || clipped[1] > clipped[3] {
            return Area::default();
        }
        let mut ring: Vec<[f64; 2]> = border(clipped).map(|point| self.unproject(&frame, point)).collect();
        ring.extend(ring.first().copied());
        Area {
            polygons: vec![vec![ring]],
            ..Area::default()
        }
    }
}

/// Points around a box, the first not repeated.
fn border([w, s, e, n]: [f64; 4]) -> impl Iterator<Item = [f64; 2]> {
    let corners = [[w, s], [e, s], [e, n], [w, n]];
    (0..4 * STEPS).map(move |number| {
        let ([x0, y0], [x1, y1]) = (corners[number / STEPS], corners[(number / STEPS + 1) % 4]);
        let along = (number % STEPS) as f64 / STEPS as f64;
        [x0 + (x1 - x0) * along, y0 + (y1 - y0) * along]
    })
}

impl<'a> Crs<'a> {
    /// The systems of a collection.
    pub(crate) fn all(served: &'a Served) -> Vec<Self> {
        let mut all = vec![Self::Flat, Self::High];
        all.extend(City::of(served).map(Self::City));
        all
    }

    /// Its name as OGC writes it.
    pub(crate) fn uri(&self) -> String {
        match self {
            Self::Flat => CRS84.to_owned(),
            Self::High => CRS84H.to_owned(),
            Self::City(city) => city.uri(),
        }
    }

    /// Whether `name` is its name: as an address, as an address in brackets (a safe CURIE), or short.
    fn is_called(&self, name: &str) -> bool {
        let name = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .unwrap_or(name);
        let secure = name.replacen("https://", "http://", 1);
        let short = match self {
            Self::Flat => "OGC:CRS84".to_owned(),
            Self::High => "OGC:CRS84h".to_owned(),
            Self::City(city) => format!("EPSG:{}", city.code),
        };
        secure == self.uri() || name.eq_ignore_ascii_case(&short)
    }

    /// The system of this name among those of a collection.
    pub(crate) fn named(served: &'a Served, name: &str) -> Option<Self> {
        Self::all(served).into_iter().find(|crs| crs.is_called(name))
    }

    /// A point of this system as longitude and latitude.
    ///
    /// # Errors
    /// A sentence for the client about numbers that are no place.
    pub(crate) fn point(&self, point: [f64; 2]) -> Result<[f64; 2], String> {
        match self {
            Self::City(city) => Ok(city.unproject(&city.frame(), point)),
            Self::Flat | Self::High => {
                let [longitude, latitude] = point;
                if (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude) {
                    Ok(point)
                } else {
                    Err("longitude lies between -180 and 180, latitude between -90 and 90, in this order".to_owned())
                }
            }
        }
    }

    /// The place of a box of four numbers, or six of which the heights are left out.
    ///
    /// # Errors
    /// A sentence for the client about numbers that are no box.
    pub(crate) fn area_of_box(&self, numbers: &[f64]) -> Result<Area, String> {
        let ([w, s, e, n] | [w, s, _, e, n, _]) = *numbers else {
            return Err("a box has four numbers, or six with heights".to_owned());
        };
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err("a box has numbers that are finite".to_owned());
        }
        if s > n {
            return Err("the second number of a box is not above its upper bound".to_owned());
        }
        if let Self::City(city) = self {
            if w > e {
                return Err("the first number of a box is not above its upper bound".to_owned());
            }
            return Ok(city.area_of_box([w, s, e, n]));
        }
        self.point([w, s])?;
        self.point([e, n])?;
        // A box whose west is east of its east lies over the antimeridian (RFC 7946, 5.2).
        let boxes = if w > e {
            vec![[w, s, 180.0, n], [-180.0, s, e, n]]
        } else {
            vec![[w, s, e, n]]
        };
        Ok(Area {
            boxes,
            ..Area::default()
        })
    }

    /// The coordinates of a feature's footprint in this system, as GeoJSON nests them.
    pub(crate) fn coordinates(&self, row: &FeatureRow) -> Vec<Vec<Vec<Vec<f64>>>> {
        let low = row.bbox.map_or(0.0, |bbox| bbox[2]);
        match self {
            Self::Flat => nested(&row.footprint, |point| point.map(degrees).to_vec()),
            Self::High => nested(&row.footprint, |[longitude, latitude]| {
                vec![degrees(longitude), degrees(latitude), (low * 1e3).round() / 1e3]
            }),
            Self::City(city) => {
                let frame = city.frame();
                nested(&row.footprint, |point| city.project(&frame, point, low).to_vec())
            }
        }
    }
}

fn nested(footprint: &Footprint, point: impl Fn([f64; 2]) -> Vec<f64>) -> Vec<Vec<Vec<Vec<f64>>>> {
    let ring = |ring: &Vec<[f64; 2]>| ring.iter().map(|corner| point(*corner)).collect();
    footprint
        .iter()
        .map(|polygon| polygon.iter().map(ring).collect())
        .collect()
}

/// Degrees to a tenth of a millimetre: more digits would only be longer.
pub(crate) fn degrees(degrees: f64) -> f64 {
    (degrees * 1e9).round() / 1e9
}
