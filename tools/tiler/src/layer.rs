//! Which layer an object belongs to, and how it is stood in for.

use citygml::{CityObject, Module, SurfaceKind};
use serde::{Deserialize, Serialize};
use tiles::surface::Surface;

/// A group of objects that viewers switch on and off together; each has a tileset of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum Layer {
    Buildings,
    Terrain,
    Roads,
    Water,
    Green,
    Furniture,
}

impl Layer {
    /// Every layer, in drawing order: what lies below comes first.
    pub(crate) const ALL: [Self; 6] = [
        Self::Terrain,
        Self::Water,
        Self::Green,
        Self::Roads,
        Self::Buildings,
        Self::Furniture,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Buildings => "buildings",
            Self::Terrain => "terrain",
            Self::Roads => "roads",
            Self::Water => "water",
            Self::Green => "green",
            Self::Furniture => "furniture",
        }
    }

    /// The layer of a top-level object.
    pub(crate) fn of(object: &CityObject) -> Self {
        match object.module {
            Module::Building | Module::Bridge | Module::Tunnel => Self::Buildings,
            Module::Relief | Module::LandUse | Module::Generics => Self::Terrain,
            Module::Transportation => Self::Roads,
            Module::WaterBody => Self::Water,
            Module::Vegetation => Self::Green,
            Module::CityFurniture | Module::Other => Self::Furniture,
        }
    }
}

/// How the stand-ins of a feature are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Form {
    /// A volume that stands on the ground: prisms, then merged blocks.
    Block,
    /// A piece of ground: simplified outlines. It may be cut at the border of a tile.
    Ground,
    /// A small thing of which there are many: a handful of triangles, then one for several.
    Item,
}

impl Form {
    /// The form of an object of this class.
    pub(crate) fn of(object: &CityObject) -> Self {
        match (object.module, object.kind.as_str()) {
            (Module::Building | Module::Bridge | Module::Tunnel, _) => Self::Block,
            (Module::CityFurniture | Module::Other, _) | (_, "SolitaryVegetationObject") => Self::Item,
            _ => Self::Ground,
        }
    }
}

/// Whether the children of this class show the same thing as their parent at a higher level of detail, so that the parent's coarser
/// geometry would lie over theirs.
pub(crate) fn is_part(kind: &str) -> bool {
    matches!(
        kind,
        "BuildingPart"
            | "BridgePart"
            | "TunnelPart"
            | "TrafficArea"
            | "AuxiliaryTrafficArea"
            | "TrafficSpace"
            | "AuxiliaryTrafficSpace"
            | "Section"
            | "Intersection"
            | "TINRelief"
    )
}

/// Classes of roads that are for walking and cycling.
const WAYS: [&str; 7] = [
    "footway",
    "pedestrian",
    "path",
    "cycleway",
    "steps",
    "track",
    "bridleway",
];

/// The kind of surface of a polygon: as its thematic surface says, else what its object is, else (of a building) where it faces.
///
/// `up` is the upward component of the polygon's normal.
pub(crate) fn surface(kind: SurfaceKind, owner: Surface, up: f64) -> Surface {
    match kind {
        SurfaceKind::Roof => Surface::Roof,
        SurfaceKind::Wall => Surface::Wall,
        SurfaceKind::Ground => Surface::Ground,
        SurfaceKind::Closure => Surface::Closure,
        SurfaceKind::OuterCeiling => Surface::OuterCeiling,
        SurfaceKind::OuterFloor => Surface::OuterFloor,
        SurfaceKind::Floor | SurfaceKind::Ceiling | SurfaceKind::InteriorWall => Surface::Interior,
        SurfaceKind::Window => Surface::Window,
        SurfaceKind::Door => Surface::Door,
        SurfaceKind::Water | SurfaceKind::WaterGround | SurfaceKind::WaterClosure => Surface::Water,
        // A LoD1 block has no thematic surfaces.
        SurfaceKind::None if owner == Surface::Unknown && up > 0.5 => Surface::Roof,
        SurfaceKind::None if owner == Surface::Unknown && up < -0.9 => Surface::Ground,
        SurfaceKind::None if owner == Surface::Unknown => Surface::Wall,
        SurfaceKind::None => owner,
    }
}

/// What a polygon without a thematic surface is, by the object (and the top-level object above it) that owns it.
/// [`Surface::Unknown`] for a building, whose faces are told apart by where they face.
pub(crate) fn owner(object: &CityObject, top: &CityObject) -> Surface {
    match object.module {
        Module::Building if is_installation(&object.kind) => Surface::Installation,
        Module::Building => Surface::Unknown,
        Module::Bridge => Surface::Bridge,
        Module::Tunnel => Surface::Tunnel,
        Module::Transportation => way(top),
        Module::WaterBody => Surface::Water,
        Module::Vegetation if object.kind == "PlantCover" => Surface::PlantCover,
        Module::Vegetation => Surface::Tree,
        Module::CityFurniture | Module::Other => Surface::Furniture,
        Module::LandUse => Surface::LandUse,
        Module::Relief => Surface::Terrain,
        Module::Generics => Surface::Generic,
    }
}

fn is_installation(kind: &str) -> bool {
    kind.contains("Installation") || kind.contains("ConstructiveElement") || kind.contains("Furniture")
}

fn way(top: &CityObject) -> Surface {
    match top.kind.as_str() {
        "Railway" => Surface::Railway,
        "Square" | "Track" => Surface::Square,
        _ => {
            let codes = top.class.iter().chain(&top.function);
            let walked = codes.into_iter().any(|code| WAYS.contains(&code.value.as_str()));
            if walked { Surface::Square } else { Surface::Road }
        }
    }
}
