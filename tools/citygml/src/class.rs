//! What an element is: a city object, a thematic surface, something inside a building.
//!
//! The schemas know some fifty classes, which later versions moved from one module to another (`RoofSurface` was `bldg`,
//! then `con`). The local name tells them apart; the namespace tells only whether the element is CityGML at all.

use crate::namespace::Namespace;
use crate::{Module, SurfaceKind};

/// What an element is to the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// A city object with a geometry of its own.
    Object(Module),
    /// A surface that bounds one.
    Surface(SurfaceKind),
    /// Inside a building, or a logical part of it: left out.
    Interior,
    /// None that CityGML has.
    Unknown,
}

/// The class of an element.
pub(crate) fn class(namespace: Namespace, local: &[u8]) -> Class {
    match namespace {
        Namespace::Core | Namespace::Generics | Namespace::Module(_) | Namespace::Group | Namespace::Construction => {
            surface(local)
                .map(Class::Surface)
                .or_else(|| module(local).map(Class::Object))
                .unwrap_or_else(|| rest(local))
        }
        _ => Class::Unknown,
    }
}

fn surface(local: &[u8]) -> Option<SurfaceKind> {
    Some(match local {
        b"RoofSurface" => SurfaceKind::Roof,
        b"WallSurface" => SurfaceKind::Wall,
        b"GroundSurface" => SurfaceKind::Ground,
        b"ClosureSurface" => SurfaceKind::Closure,
        b"OuterCeilingSurface" => SurfaceKind::OuterCeiling,
        b"OuterFloorSurface" => SurfaceKind::OuterFloor,
        b"FloorSurface" => SurfaceKind::Floor,
        b"CeilingSurface" => SurfaceKind::Ceiling,
        b"InteriorWallSurface" => SurfaceKind::InteriorWall,
        b"Window" | b"WindowSurface" => SurfaceKind::Window,
        b"Door" | b"DoorSurface" => SurfaceKind::Door,
        b"WaterSurface" => SurfaceKind::Water,
        b"WaterGroundSurface" => SurfaceKind::WaterGround,
        b"WaterClosureSurface" => SurfaceKind::WaterClosure,
        b"GenericThematicSurface" => SurfaceKind::None,
        _ => return None,
    })
}

/// What an extension's own thematic surface is: its name ends in that of the surface that it refines.
pub(crate) fn refined_surface(local: &[u8]) -> SurfaceKind {
    const ENDINGS: [(&[u8], SurfaceKind); 4] = [
        (b"RoofSurface", SurfaceKind::Roof),
        (b"WallSurface", SurfaceKind::Wall),
        (b"GroundSurface", SurfaceKind::Ground),
        (b"ClosureSurface", SurfaceKind::Closure),
    ];
    let ending = ENDINGS.iter().find(|(ending, _)| local.ends_with(ending));
    ending.map_or(SurfaceKind::None, |(_, kind)| *kind)
}

fn module(local: &[u8]) -> Option<Module> {
    Some(match local {
        b"Building" | b"BuildingPart" | b"BuildingInstallation" | b"BuildingConstructiveElement" => Module::Building,
        b"Bridge"
        | b"BridgePart"
        | b"BridgeInstallation"
        | b"BridgeConstructionElement"
        | b"BridgeConstructiveElement" => Module::Bridge,
        b"Tunnel" | b"TunnelPart" | b"TunnelInstallation" | b"TunnelConstructiveElement" => Module::Tunnel,
        b"Road"
        | b"Square"
        | b"Railway"
        | b"Track"
        | b"Waterway"
        | b"TransportationComplex"
        | b"TrafficArea"
        | b"AuxiliaryTrafficArea"
        | b"TrafficSpace"
        | b"AuxiliaryTrafficSpace"
        | b"Section"
        | b"Intersection"
        | b"Marking" => Module::Transportation,
        b"WaterBody" => Module::WaterBody,
        b"PlantCover" | b"SolitaryVegetationObject" => Module::Vegetation,
        b"CityFurniture" => Module::CityFurniture,
        b"LandUse" => Module::LandUse,
        b"ReliefFeature" | b"TINRelief" | b"MassPointRelief" | b"BreaklineRelief" | b"RasterRelief" => Module::Relief,
        b"GenericCityObject" | b"GenericOccupiedSpace" | b"GenericUnoccupiedSpace" => Module::Generics,
        b"CityObjectGroup" | b"OtherConstruction" => Module::Other,
        _ => return None,
    })
}

fn rest(local: &[u8]) -> Class {
    match local {
        b"Room"
        | b"BuildingRoom"
        | b"IntBuildingInstallation"
        | b"BuildingFurniture"
        | b"Storey"
        | b"BuildingUnit"
        | b"BridgeRoom"
        | b"IntBridgeInstallation"
        | b"BridgeFurniture"
        | b"HollowSpace"
        | b"IntTunnelInstallation"
        | b"TunnelFurniture"
        | b"ClearanceSpace"
        | b"Hole"
        | b"HoleSurface"
        | b"GenericLogicalSpace" => Class::Interior,
        _ => Class::Unknown,
    }
}
