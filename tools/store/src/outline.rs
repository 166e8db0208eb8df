//! What lies where, and nothing else of it: for a map that is drawn from the store itself.
//!
//! A map of the whole city shows a hundred thousand buildings as dots, and what is a dot needs no footprint. So the
//! R-tree is asked first, which lies close together on disk, and a footprint is only read where it is larger than a
//! given size.

use crate::feature_table::FeatureTable;
use crate::{Footprint, geometry_blob};
use rusqlite::{Connection, params};

/// Where a feature lies.
#[derive(Debug, Clone, PartialEq)]
pub enum Outline {
    /// A small one: west, south, east, north in degrees.
    Box([f64; 4]),
    /// Its footprint.
    Footprint(Footprint),
}

/// Which outlines are wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// West, south, east, north in degrees.
    pub bbox: [f64; 4],
    /// What is at least this wide or high, in degrees, comes with its footprint.
    pub detail: [f64; 2],
}

/// Hands over the outlines of a table that meet the window, until `take` returns false.
pub(crate) fn for_each(
    connection: &Connection,
    table: &FeatureTable,
    window: &Window,
    take: &mut dyn FnMut(Outline) -> bool,
) -> rusqlite::Result<()> {
    let name = &table.name;
    let sql = format!(
        "SELECT r.minx, r.miny, r.maxx, r.maxy,
                CASE WHEN r.maxx - r.minx >= ?5 OR r.maxy - r.miny >= ?6
                     THEN (SELECT f.geom FROM \"{name}\" AS f WHERE f.fid = r.id) END
         FROM \"rtree_{name}_geom\" AS r
         WHERE r.maxx >= ?1 AND r.maxy >= ?2 AND r.minx <= ?3 AND r.miny <= ?4"
    );
    let mut select = connection.prepare_cached(&sql)?;
    let ([west, south, east, north], [width, height]) = (window.bbox, window.detail);
    let mut rows = select.query(params![west, south, east, north, width, height])?;
    while let Some(row) = rows.next()? {
        let blob: Option<Vec<u8>> = row.get(4)?;
        let footprint = blob.as_deref().and_then(geometry_blob::decode);
        let outline = match footprint {
            Some(footprint) => Outline::Footprint(footprint),
            None => Outline::Box([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
        };
        if !take(outline) {
            break;
        }
    }
    Ok(())
}
