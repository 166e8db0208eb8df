//! From the frame of a tile to that of the file.

use glam::{DMat4, DVec3};
use store::Collection;
use tiles::geodesy::{Ecef, Enu, EnuFrame, Geodetic};

/// The frames of a collection, and the way out of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct City {
    /// The collection's ENU frame.
    pub(crate) frame: EnuFrame,
    /// From that to earth-fixed coordinates, as the tileset says.
    to_ecef: DMat4,
}

impl City {
    pub(crate) fn new(collection: &Collection) -> Self {
        let identity = DMat4::IDENTITY.to_cols_array();
        let transform = collection.tileset().root.transform.unwrap_or(identity);
        Self {
            frame: EnuFrame::from_transform(&transform),
            to_ecef: DMat4::from_cols_array(&transform),
        }
    }

    /// Longitude and latitude in degrees and ellipsoidal height of a point in the collection's frame.
    pub(crate) fn degrees(&self, enu: Enu) -> [f64; 3] {
        let point = Ecef(self.to_ecef.transform_point3(enu.0)).to_geodetic();
        let (lon, lat) = point.degrees();
        [lon, lat, point.height]
    }
}

/// The frame of the file: east, north and up in metres about its origin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Local {
    frame: EnuFrame,
    /// From the collection's ENU frame.
    from_city: DMat4,
}

impl Local {
    pub(crate) fn new([lon, lat, height]: [f64; 3], city: &City) -> Self {
        let frame = EnuFrame::new(Geodetic::from_degrees(lon, lat, height));
        let from_ecef = DMat4::from_cols_array(&frame.transform()).inverse();
        Self {
            frame,
            from_city: from_ecef * city.to_ecef,
        }
    }

    /// From the frame of a tile to this one; `transform` leads from the tile's frame to the collection's.
    pub(crate) fn of_tile(&self, transform: &DMat4) -> DMat4 {
        self.from_city * *transform
    }

    /// Longitude and latitude in degrees and ellipsoidal height of a point of this frame.
    pub(crate) fn degrees(&self, point: DVec3) -> [f64; 3] {
        let point = self.frame.to_ecef(Enu(point)).to_geodetic();
        let (lon, lat) = point.degrees();
        [lon, lat, point.height]
    }

    /// A point given in degrees and metres above the ellipsoid.
    pub(crate) fn place(&self, lon: f64, lat: f64, height: f64) -> DVec3 {
        self.frame.to_enu(Geodetic::from_degrees(lon, lat, height).to_ecef()).0
    }
}
