//! From the coordinates of a file to longitude, latitude and ellipsoidal height.
//!
//! A file names its reference system in one of a dozen spellings, writes the axes in the order it likes, and measures height
//! from a sea level that PROJ forgets about when a grid is missing. So the name is parsed by [`srs_name`], the horizontal part
//! is PROJ's (EPSG database in the binary, ballpark operations refused), the axis order is the one that falls into the area of
//! use, and the heights are [`crate::geoid`]'s.

mod declared;
mod frame;
mod operation;
pub mod srs_name;

pub(crate) use frame::{back_to_city, degrees, frame_about, origin_of};
pub use operation::Transformer;

use crate::geoid::{self, Grid};
use crate::{Axis, Heights, Options};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Why coordinates cannot be transformed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file names no reference system.
    #[error(
        "no srsName says which reference system the coordinates are in. Name it with --crs, for example --crs EPSG:3879+3900"
    )]
    Missing,
    /// The name is none that is known.
    #[error(
        "the reference system {name:?} is not known. Name it by its EPSG codes with --crs, for example --crs EPSG:3879+3900"
    )]
    Unknown {
        /// The name as written.
        name: String,
    },
    /// PROJ's database lacks the code.
    #[error("EPSG:{code} (from the srsName {name:?}) is not in PROJ's database. Name another with --crs")]
    NoSuchCode {
        /// The code.
        code: u32,
        /// The name as written.
        name: String,
    },
    /// A code that is not what is needed in its place.
    #[error("{code} is a {found}, not a horizontal or compound reference system. Name another with --crs")]
    WrongKind {
        /// The code.
        code: String,
        /// What it is.
        found: String,
    },
    /// There is only a guess at how the system relates to WGS 84.
    #[error(
        "PROJ has no operation from {crs} to WGS 84 other than a ballpark one, which may be off by hundreds of metres. Transform the input to another reference system first"
    )]
    Ballpark {
        /// The reference system.
        crs: String,
    },
    /// PROJ refuses.
    #[error("PROJ cannot transform from {crs} to WGS 84: {message}")]
    Proj {
        /// The reference system.
        crs: String,
        /// What it says.
        message: String,
    },
    /// The horizontal system does not say what heights are measured from.
    #[error(
        "{crs} says nothing about heights. Add the vertical system (for example --crs {example}), or give a geoid grid with --geoid <file>, or say --heights ellipsoidal"
    )]
    NoVertical {
        /// The reference system.
        crs: String,
        /// An example for the message.
        example: String,
    },
    /// No grid leads from the vertical system to the ellipsoid.
    #[error(
        "heights in {crs} need the geoid grid {grid}. Give it with --geoid <file> (the PROJ data collection has it: https://cdn.proj.org/{grid}), or say --heights ellipsoidal if the heights are above the ellipsoid"
    )]
    NoGrid {
        /// The vertical system.
        crs: String,
        /// The file in the PROJ data collection.
        grid: String,
    },
    /// The vertical system is not in the catalogue.
    #[error(
        "no geoid grid is known for heights in {crs}. Give one with --geoid <file>, or say --heights ellipsoidal if the heights are above the ellipsoid"
    )]
    NoKnownGrid {
        /// The vertical system.
        crs: String,
    },
    /// Heights in another unit than the metre.
    #[error("heights in {crs} are in {unit}, and only metres are supported. Convert the input first")]
    HeightUnit {
        /// The vertical system.
        crs: String,
        /// Its unit.
        unit: String,
    },
    /// The shipped grid is broken.
    #[error(transparent)]
    Geoid(#[from] geoid::Error),
    /// Neither axis order falls into the area of use, or both do.
    #[error(
        "the order of the axes cannot be told: {found} of {example:?} as easting, northing and as northing, easting lie in the area of use of {crs} ({area}). Say --axis east-north or --axis north-east, or check the srsName"
    )]
    AxisOrder {
        /// `both` or `neither`.
        found: &'static str,
        /// A coordinate of the file.
        example: [f64; 2],
        /// The reference system.
        crs: String,
        /// Its area of use.
        area: String,
    },
}

/// Why one point cannot be transformed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PointError {
    /// PROJ refuses, or the result is no place on earth.
    #[error("the point {0:?} is outside of the domain of the reference system")]
    Domain([f64; 3]),
    /// The geoid grid ends before.
    #[error(
        "the point {point:?} ({lon:.4} E, {lat:.4} N) is outside of the geoid grid {grid}, which covers {extent:?}"
    )]
    Geoid {
        /// The point as written.
        point: [f64; 3],
        /// Longitude, degrees.
        lon: f64,
        /// Latitude, degrees.
        lat: f64,
        /// The grid.
        grid: String,
        /// West, south, east, north in degrees.
        extent: [f64; 4],
    },
}

/// What heights are measured from.
#[derive(Debug, Clone)]
pub(crate) enum Vertical {
    Ellipsoid,
    Geoid { name: String, grid: Arc<Grid> },
}

/// A reference system that coordinates can be read in.
#[derive(Debug, Clone)]
pub struct SourceCrs {
    /// `EPSG:3879`, or the name where there is no code.
    pub(crate) name: String,
    /// What PROJ understands.
    definition: String,
    /// Whether PROJ wants northing (latitude) first.
    north_first: bool,
    /// West, south, east, north in degrees.
    area: Option<[f64; 4]>,
    vertical: Vertical,
    /// Whom the grid wants credited.
    credit: Option<&'static str>,
    /// Whether the file writes northing first; told by [`SourceCrs::settle_axes`].
    swapped: bool,
    /// Tells it from any other that this program has made.
    serial: u64,
    /// Set when it is known that PROJ's operation is no ballpark one, which takes longer to find out than to make the operation.
    sound: Arc<OnceLock<()>>,
}

/// The next [`SourceCrs`]'s `serial`.
fn serial() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl SourceCrs {
    /// The reference system of this name, with heights as the options say.
    ///
    /// # Errors
    /// When the name or its parts are not known or cannot be used; each error says what to do.
    pub fn new(name: &str, options: &Options) -> Result<Self, Error> {
        let codes = srs_name::parse(name).ok_or_else(|| Error::Unknown { name: name.to_owned() })?;
        let found = declared::look_up(name, &codes)?;
        let (vertical, credit) = vertical(&found, options)?;
        Ok(Self {
            name: found.name,
            definition: found.definition,
            north_first: found.north_first,
            area: found.area,
            vertical,
            credit,
            swapped: options.axis == Axis::NorthEast,
            serial: serial(),
            sound: Arc::default(),
        })
    }

    /// The reference system of a geometry in the same file: where its name says nothing about heights, they are as in the file.
    ///
    /// # Errors
    /// As [`SourceCrs::new`].
    pub(crate) fn sibling(&self, name: &str, options: &Options) -> Result<Self, Error> {
        let unknown = || Error::Unknown { name: name.to_owned() };
        let codes = srs_name::parse(name).ok_or_else(unknown)?;
        let found = declared::look_up(name, &codes)?;
        let (vertical, credit) = match found.vertical {
            declared::Height::None => (self.vertical.clone(), self.credit),
            _ => vertical(&found, options)?,
        };
        Ok(Self {
            name: found.name,
            definition: found.definition,
            north_first: found.north_first,
            area: found.area,
            vertical,
            credit,
            swapped: self.swapped,
            serial: serial(),
            sound: Arc::default(),
        })
    }

    /// A number that no other reference system of this run has.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// Whom the geoid grid wants credited.
    pub fn credit(&self) -> Option<&'static str> {
        self.credit
    }

    /// `EPSG:3879`, or the system's name.
    pub fn horizontal_name(&self) -> &str {
        &self.name
    }

    /// `EPSG:3900`, the grid's name, or `ellipsoidal`.
    pub fn vertical_name(&self) -> &str {
        match &self.vertical {
            Vertical::Ellipsoid => "ellipsoidal",
            Vertical::Geoid { name, .. } => name,
        }
    }

    /// Finds the axis order that puts the examples (coordinates as written) into the area of use.
    ///
    /// # Errors
    /// [`Error::AxisOrder`] when both orders do, or neither, and [`Error::Proj`].
    pub fn settle_axes(&mut self, examples: &[[f64; 3]], axis: Axis) -> Result<(), Error> {
        let Some(&first) = examples.first() else {
            return Ok(());
        };
        if axis != Axis::Detect {
            return Ok(());
        }
        let mut inside = [0_usize; 2];
        let mut transformer = Transformer::new(self)?;
        for (swapped, count) in [false, true].into_iter().zip(&mut inside) {
            transformer.swap_axes(swapped);
            *count = examples.iter().filter(|point| transformer.in_area(**point)).count();
        }
        self.serial = serial();
        // A stray object or two must not decide.
        let [plain, swapped] = inside;
        self.swapped = swapped > plain;
        if plain.min(swapped) * 10 < plain.max(swapped) {
            return Ok(());
        }
        Err(Error::AxisOrder {
            found: if plain == 0 { "neither" } else { "both" },
            example: [first[0], first[1]],
            crs: self.name.clone(),
            area: self.area_text(),
        })
    }

    fn area_text(&self) -> String {
        self.area.map_or_else(
            || "unknown".to_owned(),
            |[w, s, e, n]| format!("{w} to {e} E, {s} to {n} N"),
        )
    }
}

/// The way from the heights of a file to the ellipsoid.
fn vertical(found: &declared::Declared, options: &Options) -> Result<(Vertical, Option<&'static str>), Error> {
    if options.heights == Heights::Ellipsoidal {
        return Ok((Vertical::Ellipsoid, None));
    }
    if let Some(path) = &options.geoid {
        let grid = Arc::new(Grid::open(path)?);
        let name = match &found.vertical {
            declared::Height::Gravity { name, .. } => name.clone(),
            _ => path.file_name().unwrap_or_default().display().to_string(),
        };
        return Ok((Vertical::Geoid { name, grid }, None));
    }
    match &found.vertical {
        declared::Height::Ellipsoid => Ok((Vertical::Ellipsoid, None)),
        declared::Height::None => Err(Error::NoVertical {
            crs: found.name.clone(),
            example: format!("{}+5773", found.name),
        }),
        declared::Height::Gravity { name, crs } => {
            let crs = crs.ok_or_else(|| Error::NoKnownGrid { crs: name.clone() })?;
            let (grid, credit) = geoid::shipped(crs.epsg)?.ok_or_else(|| Error::NoGrid {
                crs: format!("{name}, {}", crs.name),
                grid: crs.grid.to_owned(),
            })?;
            let grid = Arc::new(grid);
            Ok((
                Vertical::Geoid {
                    name: name.clone(),
                    grid,
                },
                Some(credit),
            ))
        }
    }
}
