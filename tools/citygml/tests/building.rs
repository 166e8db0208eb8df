//! One building with everything that a building can have.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may panic"
)]

mod written;

use citygml::{AttributeValue, CityObject, Code, Geometry, GeometryRole, Module, Options, SurfaceKind, Version};
use written::Outcome;

fn house() -> Outcome {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/building.gml");
    written::read_file(&path, &Options::default()).unwrap()
}

fn geometry(object: &CityObject, lod: u8, role: GeometryRole) -> &Geometry {
    let mut found = object.geometries.iter().filter(|g| g.lod == lod && g.role == role);
    let first = found.next().expect("no such geometry");
    assert!(found.next().is_none(), "two of them");
    first
}

#[test]
fn the_header_and_the_line_of_the_building_are_known() {
    let house = house();
    assert_eq!(house.report.total(), 0, "{:#?}", house.report.warnings());
    assert_eq!(house.header.version, Version::V2);
    assert_eq!(house.header.srs_name.as_deref(), Some("EPSG:3879"));
    assert_eq!(house.header.name.as_deref(), Some("Model of one house"));
    assert_eq!(house.header.description.as_deref(), Some("A model"));
    assert_eq!(house.header.envelope, Some(([0.0; 3], [10.0, 10.0, 8.0])));
    assert_eq!(house.only().line, 13);
    assert_eq!(
        (house.only().kind.as_str(), house.only().module),
        ("Building", Module::Building)
    );
    assert!(!house.only().id_generated);
}

#[test]
fn names_codes_and_references_are_all_kept() {
    let house = house();
    let house = house.only();
    assert_eq!(house.name.as_deref(), Some("Talo"));
    assert_eq!(house.names, ["Talo", "Huset"]);
    assert_eq!(house.description.as_deref(), Some("A house with a bay & a window"));
    let code = |value: &str, list: Option<&str>| Code {
        value: value.into(),
        code_space: list.map(Into::into),
    };
    assert_eq!(house.class, [code("1000", Some("classes.xml"))]);
    assert_eq!(
        house.function,
        [code("1010", Some("functions.xml")), code("1020", None)]
    );
    assert_eq!(house.usage, [code("1030", None)]);
    assert_eq!(house.external_references.len(), 2);
    assert_eq!(house.external_references[0].name.as_deref(), Some("RATU 1234"));
    assert_eq!(
        house.external_references[1].uri.as_deref(),
        Some("https://map.example/way/1")
    );
    assert_eq!(
        house.external_references[1].information_system.as_deref(),
        Some("https://map.example")
    );
}

#[test]
fn every_kind_of_attribute_keeps_its_type() {
    let house = house();
    let found: Vec<_> = house
        .only()
        .attributes
        .iter()
        .map(|a| (a.name.as_str(), a.value.clone()))
        .collect();
    let text = |text: &str| AttributeValue::Text(text.into());
    let measure = |value, uom: &str| AttributeValue::Measure { value, uom: uom.into() };
    let code = |value: &str, list: &str| {
        AttributeValue::Code(Code {
            value: value.into(),
            code_space: Some(list.into()),
        })
    };
    let expected = [
        ("creationDate", AttributeValue::Date("2019-03-26".into())),
        ("Rakennustunnus_(RATU)", text("1234")),
        ("name:fi", text("Talo")),
        ("kerroksia", AttributeValue::Integer(3)),
        ("not a number", text("many")),
        ("area", AttributeValue::Real(150.0)),
        ("seen", AttributeValue::Date("2020-01-02".into())),
        ("page", AttributeValue::Uri("https://example.org/a?b=1&c=2".into())),
        ("eaves", measure(6.5, "urn:ogc:def:uom:UCUM::m")),
        ("energy/class", text("B")),
        ("energy/heat/kWh", AttributeValue::Integer(9000)),
        ("yearOfConstruction", AttributeValue::Integer(1898)),
        ("roofType", code("1030", "roofs.xml")),
        ("measuredHeight", measure(8.0, "#m")),
        ("storeysAboveGround", AttributeValue::Integer(2)),
        ("riskAttribute/rank", code("2", "ranks.xml")),
        ("riskAttribute/depth", measure(0.8, "m")),
    ];
    assert_eq!(found, expected);
    let generic = house.only().attributes.iter().filter(|a| a.generic).count();
    assert_eq!(generic, 10);
}

#[test]
fn addresses_are_read_whatever_the_order_of_their_fields() {
    let house = house();
    let addresses = &house.only().addresses;
    assert_eq!(addresses.len(), 2);
    assert_eq!(addresses[0].country.as_deref(), Some("Suomi"));
    assert_eq!(addresses[0].locality.as_deref(), Some("Helsinki"));
    assert_eq!(addresses[0].street.as_deref(), Some("Unioninkatu"));
    assert_eq!(addresses[0].number.as_deref(), Some("29-31"));
    assert_eq!(addresses[0].postal_code.as_deref(), Some("00170"));
    assert_eq!(addresses[1].street.as_deref(), Some("Esplanaden"));
    assert_eq!(addresses[1].number.as_deref(), Some("2 b"));
}

#[test]
fn a_solid_of_links_has_the_polygons_with_their_surfaces() {
    let house = house();
    let solid = geometry(house.only(), 2, GeometryRole::Solid);
    assert!(solid.closed);
    assert_eq!(solid.srs_name.as_deref(), Some("EPSG:3067"));
    let polygons: Vec<_> = solid
        .polygons
        .iter()
        .map(|p| (p.id.as_deref().unwrap(), p.surface, p.surface_id.as_deref().unwrap()))
        .collect();
    assert_eq!(
        polygons,
        [
            ("ground_base", SurfaceKind::Ground, "ground_surface"),
            ("roof", SurfaceKind::Roof, "roof_surface"),
            ("south", SurfaceKind::Wall, "south_surface"),
            ("east", SurfaceKind::Wall, "other_walls"),
            ("north", SurfaceKind::Wall, "other_walls"),
            ("west", SurfaceKind::Wall, "other_walls"),
        ]
    );
    assert_eq!(
        solid.polygons[2].interiors,
        [vec![[4.0, 0.0, 2.0], [4.0, 0.0, 4.0], [6.0, 0.0, 4.0], [6.0, 0.0, 2.0]]]
    );
    assert_eq!(solid.polygons[2].line, 78);
}

#[test]
fn the_minus_of_an_orientable_surface_turns_the_ring_around() {
    let house = house();
    let ground = &geometry(house.only(), 2, GeometryRole::Solid).polygons[0];
    assert_eq!(
        ground.exterior,
        [[0.0, 10.0, 0.0], [10.0, 10.0, 0.0], [10.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    );
}

#[test]
fn what_the_solid_does_not_have_comes_out_beside_it() {
    let house = house();
    let rest = geometry(house.only(), 2, GeometryRole::MultiSurface);
    assert!(!rest.closed);
    let polygons: Vec<_> = rest
        .polygons
        .iter()
        .map(|p| (p.id.as_deref().unwrap(), p.surface))
        .collect();
    assert_eq!(
        polygons,
        [("overhang", SurfaceKind::Roof), ("pane", SurfaceKind::Window)]
    );
    assert_eq!(rest.polygons[1].surface_id.as_deref(), Some("window"));
}

#[test]
fn footprint_and_roof_edge_keep_their_roles() {
    let house = house();
    assert_eq!(
        geometry(house.only(), 0, GeometryRole::Footprint).polygons[0].exterior[0][2],
        0.0
    );
    assert_eq!(
        geometry(house.only(), 0, GeometryRole::RoofEdge).polygons[0].exterior[0][2],
        8.0
    );
    assert_eq!(house.only().geometries.len(), 4);
}

#[test]
fn parts_and_installations_are_children_and_rooms_are_noted() {
    let house = house();
    let children: Vec<_> = house
        .only()
        .children
        .iter()
        .map(|c| (c.id.as_str(), c.kind.as_str()))
        .collect();
    assert_eq!(
        children,
        [("chimney", "BuildingInstallation"), ("wing", "BuildingPart")]
    );
    let [chimney, wing] = house.only().children.as_slice() else {
        panic!()
    };
    assert_eq!(
        geometry(chimney, 2, GeometryRole::MultiSurface).polygons[0]
            .exterior
            .len(),
        3
    );
    assert_eq!(wing.name.as_deref(), Some("Siipi"));
    assert_eq!(wing.children[0].id, "wing_of_wing");
    let note = &house.notes("interior-left-out")[0];
    assert_eq!((note.id.as_deref(), note.line), (Some("room"), Some(107)));
    // The simplified twin in generalizesTo is not a second house.
    assert!(!house.only().children.iter().any(|child| child.id == "house_simple"));
}
