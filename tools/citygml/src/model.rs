//! A city object as CityGML describes it, with every link followed and every colour looked up.
//!
//! The schemas spread one building over solids that only link to polygons, boundary surfaces that own them, and
//! appearances at the other end of the file. What leaves the reader is put together: an object owns its geometries, a
//! geometry owns its polygons, and a polygon knows which thematic surface it belongs to and how it looks. Coordinates
//! stay exactly as written, in the order and the reference system of the file: no coordinate maths is done here.

use serde::{Deserialize, Serialize};

/// The CityGML module that a class belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Module {
    /// `bldg`: `Building`, `BuildingPart`, `BuildingInstallation`
    Building,
    /// `brid`: `Bridge`, `BridgePart`, `BridgeConstructionElement`, `BridgeInstallation`
    Bridge,
    /// `tun`: `Tunnel`, `TunnelPart`, `TunnelInstallation`
    Tunnel,
    /// `tran`: `Road`, `Square`, `Railway`, `Track`, `TransportationComplex` and their areas
    Transportation,
    /// `wtr`: `WaterBody`
    WaterBody,
    /// `veg`: `PlantCover`, `SolitaryVegetationObject`
    Vegetation,
    /// `frn`: `CityFurniture`
    CityFurniture,
    /// `luse`: `LandUse`
    LandUse,
    /// `dem`: `ReliefFeature` and its components
    Relief,
    /// `gen`: `GenericCityObject`
    Generics,
    /// A class of an application domain extension, or of a module that the reader does not know.
    Other,
}

/// One city object: a top-level feature, or a part of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CityObject {
    /// The `gml:id`, or one made from the class and the coordinates where the file has none.
    pub id: String,
    /// Whether `id` was made by the reader.
    pub id_generated: bool,
    /// The line where the object begins, counted from 1.
    pub line: u64,
    /// The class without its prefix, for example `Building` or `TrafficArea`.
    pub kind: String,
    /// The module of the class.
    pub module: Module,
    /// The first `gml:name`.
    pub name: Option<String>,
    /// Every `gml:name`, in the order of the file.
    pub names: Vec<String>,
    /// `gml:description`.
    pub description: Option<String>,
    /// `class` (at most one by the schema; every one that is written).
    pub class: Vec<Code>,
    /// Every `function`.
    pub function: Vec<Code>,
    /// Every `usage`.
    pub usage: Vec<Code>,
    /// The other attributes of the class under their CityGML names (`measuredHeight`, `roofType`, `creationDate`, ...)
    /// and the generic attributes under theirs. Members of a set are named `set/member`.
    pub attributes: Vec<Attribute>,
    /// The postal addresses.
    pub addresses: Vec<Address>,
    /// Links to the same object in other systems.
    pub external_references: Vec<ExternalReference>,
    /// The shapes, each with its level of detail.
    pub geometries: Vec<Geometry>,
    /// Parts, installations, traffic areas and the like, in the order of the file.
    pub children: Vec<CityObject>,
}

/// A value out of a code list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The code as written.
    pub value: String,
    /// Where the code list is, as written (`codeSpace`).
    pub code_space: Option<String>,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// The name, as the schema or the file spells it.
    pub name: String,
    /// The value.
    pub value: AttributeValue,
    /// Whether it is a generic attribute (`gen:stringAttribute`, ...) and not one of the schema.
    pub generic: bool,
}

/// The value of an attribute. What does not parse as its declared type is kept as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AttributeValue {
    /// Text, or a type that the reader does not know.
    Text(String),
    /// A code with the list it comes from (`roofType`, `trafficArea` surface material, ...).
    Code(Code),
    /// `intAttribute`, `storeysAboveGround`, ...
    Integer(i64),
    /// `doubleAttribute`, ...
    Real(f64),
    /// A number with its unit.
    Measure {
        /// The number, in `uom`.
        value: f64,
        /// The unit as written, for example `m` or `urn:ogc:def:uom:UCUM::m`; empty where none is.
        uom: String,
    },
    /// `dateAttribute`, `creationDate`, ...: an ISO 8601 date as written.
    Date(String),
    /// `uriAttribute`.
    Uri(String),
}

impl std::fmt::Display for AttributeValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) | Self::Date(text) | Self::Uri(text) => f.write_str(text),
            Self::Code(code) => f.write_str(&code.value),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Real(number) => write!(f, "{number}"),
            Self::Measure { value, uom } if uom.is_empty() => write!(f, "{value}"),
            Self::Measure { value, uom } => write!(f, "{value} {uom}"),
        }
    }
}

impl AttributeValue {
    /// The value as a number, where it is one or reads as one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) | Self::Measure { value: number, .. } => Some(*number),
            Self::Text(text) | Self::Code(Code { value: text, .. }) => text.trim().parse().ok(),
            Self::Date(_) | Self::Uri(_) => None,
        }
    }
}

/// A postal address (OASIS xAL 2.0), as far as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Country name or code.
    pub country: Option<String>,
    /// Town.
    pub locality: Option<String>,
    /// Street name.
    pub street: Option<String>,
    /// House number with its suffix.
    pub number: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
}

/// The same object in another system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalReference {
    /// The system, usually an address on the web.
    pub information_system: Option<String>,
    /// The object there by address.
    pub uri: Option<String>,
    /// The object there by name.
    pub name: Option<String>,
}

/// What a geometry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum GeometryRole {
    /// `lod1Solid` to `lod4Solid`, and solids inside `lodNGeometry`.
    Solid,
    /// `lodNMultiSurface`, surfaces inside `lodNGeometry`, and the polygons of `boundedBy` surfaces that no solid
    /// or multi-surface of the same level of detail has taken.
    MultiSurface,
    /// `lod0FootPrint`.
    Footprint,
    /// `lod0RoofEdge`.
    RoofEdge,
    /// An implicit geometry: a prototype moved into place.
    Implicit,
    /// The triangles of a `TINRelief`.
    Tin,
}

/// One shape of an object at one level of detail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// The level of detail, 0 to 4.
    pub lod: u8,
    /// What it is for.
    pub role: GeometryRole,
    /// Whether the file says that the polygons close a volume (`gml:Solid`), and all of them could be read.
    pub closed: bool,
    /// The polygons.
    pub polygons: Vec<Polygon>,
    /// The reference system, where the geometry (or something around it inside the object) names one; otherwise that
    /// of the file's header holds.
    pub srs_name: Option<String>,
}

/// A flat face with holes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Polygon {
    /// `gml:id`.
    pub id: Option<String>,
    /// The line where the polygon is written.
    pub line: u64,
    /// The outer ring, at least three points, the last one not repeating the first, in the axis order and unit of
    /// the file. Seen from outside it runs counter-clockwise where the file is right (ISO 19107).
    pub exterior: Vec<[f64; 3]>,
    /// The holes, in the same form.
    pub interiors: Vec<Vec<[f64; 3]>>,
    /// Which thematic surface it belongs to.
    pub surface: SurfaceKind,
    /// The `gml:id` of that surface (of the opening, where it is one).
    pub surface_id: Option<String>,
    /// Its colour, where an appearance gives one.
    pub material: Option<Material>,
}

/// The thematic surface that a polygon belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SurfaceKind {
    /// No thematic surface.
    None,
    /// `RoofSurface`
    Roof,
    /// `WallSurface`
    Wall,
    /// `GroundSurface`
    Ground,
    /// `ClosureSurface`
    Closure,
    /// `OuterCeilingSurface`
    OuterCeiling,
    /// `OuterFloorSurface`
    OuterFloor,
    /// `FloorSurface`
    Floor,
    /// `CeilingSurface`
    Ceiling,
    /// `InteriorWallSurface`
    InteriorWall,
    /// `Window`
    Window,
    /// `Door`
    Door,
    /// `WaterSurface`
    Water,
    /// `WaterGroundSurface`
    WaterGround,
    /// `WaterClosureSurface`
    WaterClosure,
}

impl SurfaceKind {
    /// The CityGML class, for example `RoofSurface`; empty for [`SurfaceKind::None`].
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Roof => "RoofSurface",
            Self::Wall => "WallSurface",
            Self::Ground => "GroundSurface",
            Self::Closure => "ClosureSurface",
            Self::OuterCeiling => "OuterCeilingSurface",
            Self::OuterFloor => "OuterFloorSurface",
            Self::Floor => "FloorSurface",
            Self::Ceiling => "CeilingSurface",
            Self::InteriorWall => "InteriorWallSurface",
            Self::Window => "Window",
            Self::Door => "Door",
            Self::Water => "WaterSurface",
            Self::WaterGround => "WaterGroundSurface",
            Self::WaterClosure => "WaterClosureSurface",
        }
    }
}

/// How a polygon looks (`app:X3DMaterial`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Material {
    /// `diffuseColor`: red, green, blue, 0 to 1, sRGB.
    pub diffuse: [f32; 3],
    /// 1 - `transparency`: 0 is invisible, 1 is opaque.
    pub opacity: f32,
    /// `gml:name` of the material.
    pub name: Option<String>,
}
