//! What a piece of surface is.
//!
//! CityGML says of each polygon whether it is roof, wall or ground; a block world and a style need that for every
//! triangle. In a tile it is the second feature id (`_FEATURE_ID_1`, `EXT_mesh_features`), which points into the
//! property table of class `surface`: row *n* is the [`Surface`] whose number is *n*. Numbers are never reused.

use serde::{Deserialize, Serialize};

/// The kind of a piece of surface. The names follow CityGML's thematic surfaces and modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
pub enum Surface {
    /// Nothing is known of it.
    Unknown = 0,
    /// `RoofSurface`
    Roof = 1,
    /// `WallSurface`
    Wall = 2,
    /// `GroundSurface`
    Ground = 3,
    /// `ClosureSurface`
    Closure = 4,
    /// `OuterCeilingSurface`
    OuterCeiling = 5,
    /// `OuterFloorSurface`
    OuterFloor = 6,
    /// `Window`
    Window = 7,
    /// `Door`
    Door = 8,
    /// Inside a building: `InteriorWallSurface`, `CeilingSurface`, `FloorSurface`
    Interior = 9,
    /// `BuildingInstallation` and the like
    Installation = 10,
    /// `TrafficArea` of a `Road`
    Road = 11,
    /// `TrafficArea` of a `Square`, and footways
    Square = 12,
    /// `Railway`
    Railway = 13,
    /// `WaterBody`
    Water = 14,
    /// `PlantCover`
    PlantCover = 15,
    /// `LandUse`
    LandUse = 16,
    /// `TINRelief` and other terrain
    Terrain = 17,
    /// `SolitaryVegetationObject`
    Tree = 18,
    /// `CityFurniture`
    Furniture = 19,
    /// `Bridge`
    Bridge = 20,
    /// `Tunnel`
    Tunnel = 21,
    /// `GenericCityObject`
    Generic = 22,
}

impl Surface {
    /// Every kind, in the order of its number: the rows of the `surface` property table.
    pub const ALL: [Self; 23] = [
        Self::Unknown,
        Self::Roof,
        Self::Wall,
        Self::Ground,
        Self::Closure,
        Self::OuterCeiling,
        Self::OuterFloor,
        Self::Window,
        Self::Door,
        Self::Interior,
        Self::Installation,
        Self::Road,
        Self::Square,
        Self::Railway,
        Self::Water,
        Self::PlantCover,
        Self::LandUse,
        Self::Terrain,
        Self::Tree,
        Self::Furniture,
        Self::Bridge,
        Self::Tunnel,
        Self::Generic,
    ];

    /// The kind with this number; an unknown number is [`Surface::Unknown`].
    pub fn from_number(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Unknown)
    }

    /// The name as the property table spells it, for example `RoofSurface`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Roof => "RoofSurface",
            Self::Wall => "WallSurface",
            Self::Ground => "GroundSurface",
            Self::Closure => "ClosureSurface",
            Self::OuterCeiling => "OuterCeilingSurface",
            Self::OuterFloor => "OuterFloorSurface",
            Self::Window => "Window",
            Self::Door => "Door",
            Self::Interior => "InteriorSurface",
            Self::Installation => "Installation",
            Self::Road => "Road",
            Self::Square => "Square",
            Self::Railway => "Railway",
            Self::Water => "WaterBody",
            Self::PlantCover => "PlantCover",
            Self::LandUse => "LandUse",
            Self::Terrain => "Relief",
            Self::Tree => "SolitaryVegetationObject",
            Self::Furniture => "CityFurniture",
            Self::Bridge => "Bridge",
            Self::Tunnel => "Tunnel",
            Self::Generic => "GenericCityObject",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_stands_at_the_row_of_its_number() {
        for (row, kind) in Surface::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, row);
            assert_eq!(Surface::from_number(row as u8), *kind);
        }
        assert_eq!(Surface::from_number(200), Surface::Unknown);
    }
}
