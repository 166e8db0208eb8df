//! A piece of the city in the world's axes.
//!
//! What a tile holds is brought here to one form: triangles in whole grid units, each with an [`Owner`] that says
//! whose it is, what kind of surface, and of which colour. Any source of triangles will do: see [`Source`].

use crate::Error;
use crate::anchor::Point;
use crate::area::Footprint;
use std::collections::BTreeMap;
use tiles::surface::Surface;

/// What the world needs to know of a feature.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    /// The `gml:id`.
    pub id: String,
    /// The CityGML class, for example `Building`.
    pub kind: String,
    /// `gml:name`, or empty.
    pub name: String,
    /// The first `function`, or empty.
    pub function: String,
}

/// Whose a surface is and how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// Row of the feature.
    pub feature: u32,
    /// The kind of surface.
    pub surface: Surface,
    /// sRGB colour.
    pub color: [u8; 3],
}

/// A triangle, anticlockwise seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Triangle {
    /// Its corners in grid units.
    pub corners: [Point; 3],
    /// To which side of each axis it faces, -1, 0 or 1, as it was before its corners were rounded: a sliver may come out
    /// of the rounding upside down. 0: as the corners tell.
    pub facing: [i8; 3],
    /// Row of its owner.
    pub owner: u32,
}

/// Triangles with their owners and features.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    /// The features, by row.
    pub features: Vec<Feature>,
    /// The owners, by row.
    pub owners: Vec<Owner>,
    /// The triangles.
    pub triangles: Vec<Triangle>,
}

/// Where pieces come from.
pub trait Source: Sync {
    /// Every piece that may reach into `area`; more does not matter, and neither does the order.
    ///
    /// # Errors
    /// As the source has them.
    fn pieces(&self, area: &Footprint) -> Result<Vec<Piece>, Error>;
}

impl Piece {
    /// Adds a triangle that faces as its corners tell.
    pub fn push(&mut self, corners: [Point; 3], feature: u32, surface: Surface, color: [u8; 3]) {
        self.push_facing(corners, [0; 3], feature, surface, color);
    }

    /// Adds a triangle that is known to face this way ([`Triangle::facing`]).
    pub fn push_facing(
        &mut self,
        corners: [Point; 3],
        facing: [i8; 3],
        feature: u32,
        surface: Surface,
        color: [u8; 3],
    ) {
        let owner = Owner {
            feature,
            surface,
            color,
        };
        // Triangles of one surface follow one another; an owner listed twice does no harm, see `merge`.
        let recent = self.owners.len().saturating_sub(8);
        let known = self.owners[recent..].iter().position(|known| *known == owner);
        let row = known.map_or(self.owners.len(), |at| recent + at);
        if known.is_none() {
            self.owners.push(owner);
        }
        self.triangles.push(Triangle {
            corners,
            facing,
            owner: row as u32,
        });
    }
}

/// Merges pieces into one whose features are in order of id and whose owners are in order of feature, surface and
/// colour. The result does not depend on how the triangles were spread over pieces, but for their order.
pub fn merge(pieces: &[Piece]) -> Piece {
    let mut features = BTreeMap::<String, Feature>::new();
    for feature in pieces.iter().flat_map(|piece| &piece.features) {
        let known = features.entry(feature.id.clone()).or_insert_with(|| feature.clone());
        // Rows of one id differ only if the tiles do; take the same one whatever the order.
        if feature < known {
            known.clone_from(feature);
        }
    }
    let rows: BTreeMap<&str, u32> = features.keys().map(String::as_str).zip(0..).collect();
    let global = |piece: &Piece, owner: &Owner| {
        let id = piece
            .features
            .get(owner.feature as usize)
            .map_or("", |feature| feature.id.as_str());
        Owner {
            feature: rows.get(id).copied().unwrap_or(u32::MAX),
            ..*owner
        }
    };
    let mut owners: Vec<Owner> = pieces
        .iter()
        .flat_map(|piece| piece.owners.iter().map(|owner| global(piece, owner)))
        .collect();
    owners.sort_unstable();
    owners.dedup();
    let mut triangles = Vec::with_capacity(pieces.iter().map(|piece| piece.triangles.len()).sum());
    for piece in pieces {
        let row_of = |owner: &Owner| owners.binary_search(&global(piece, owner)).unwrap_or_default() as u32;
        let map: Vec<u32> = piece.owners.iter().map(row_of).collect();
        triangles.extend(piece.triangles.iter().map(|triangle| Triangle {
            owner: map[triangle.owner as usize],
            ..*triangle
        }));
    }
    drop(rows);
    Piece {
        features: features.into_values().collect(),
        owners,
        triangles,
    }
}

/// Pieces in memory are a source of themselves.
impl Source for Vec<Piece> {
    fn pieces(&self, _area: &Footprint) -> Result<Vec<Piece>, Error> {
        Ok(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_orders_owners_by_id_whatever_the_pieces() {
        let piece = |id: &str, color: u8| {
            let mut piece = Piece::default();
            piece.features.push(Feature {
                id: id.into(),
                ..Feature::default()
            });
            piece.push([[0; 3]; 3], 0, Surface::Wall, [color; 3]);
            piece.push([[0; 3]; 3], 0, Surface::Roof, [color; 3]);
            piece.push([[0; 3]; 3], 0, Surface::Wall, [color; 3]);
            piece
        };
        let one = merge(&[piece("b", 1), piece("a", 2)]);
        let two = merge(&[piece("a", 2), piece("b", 1)]);
        assert_eq!(one.owners, two.owners);
        assert_eq!(one.features[0].id, "a");
        assert_eq!(one.owners.len(), 4);
        assert_eq!(one.owners[one.triangles[0].owner as usize].color, [1; 3]);
        assert_eq!(one.owners[one.triangles[3].owner as usize].color, [2; 3]);
    }
}
