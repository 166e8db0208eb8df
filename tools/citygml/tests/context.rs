//! What stands around the buildings: roads, terrain, trees, and the objects of extensions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may panic"
)]

mod written;

use citygml::{GeometryRole, Module, SurfaceKind};
use written::{building, city, multi_surface, polygon, read, read_clean, square};

fn member(inside: &str) -> String {
    format!("<core:cityObjectMember>{inside}</core:cityObjectMember>\n")
}

#[test]
fn a_road_keeps_its_own_surface_apart_from_that_of_its_traffic_areas() {
    let area = |kind: &str, id: &str, z: f64| {
        let surface = multi_surface(&[polygon("", &square(z))]);
        format!(
            "<tran:{kind} gml:id=\"{id}\"><tran:function>1</tran:function><tran:surfaceMaterial codeSpace=\"m.xml\">asphalt</tran:surfaceMaterial><tran:lod2MultiSurface>{surface}</tran:lod2MultiSurface></tran:{kind}>"
        )
    };
    let road = format!(
        "<tran:Road gml:id=\"road\"><tran:lod0Network><gml:GeometricComplex><gml:element><gml:LineString><gml:posList>0 0 0 1 1 1</gml:posList></gml:LineString></gml:element></gml:GeometricComplex></tran:lod0Network><tran:lod1MultiSurface>{}</tran:lod1MultiSurface><tran:trafficArea>{}</tran:trafficArea><tran:auxiliaryTrafficArea>{}</tran:auxiliaryTrafficArea></tran:Road>",
        multi_surface(&[polygon("", &square(0.0))]),
        area("TrafficArea", "lane", 1.0),
        area("AuxiliaryTrafficArea", "kerb", 2.0)
    );
    let outcome = read_clean(&city(&member(&road)));
    let road = outcome.only();
    assert_eq!(
        (road.module, road.geometries.len(), road.geometries[0].lod),
        (Module::Transportation, 1, 1)
    );
    let areas: Vec<_> = road
        .children
        .iter()
        .map(|c| (c.kind.as_str(), c.id.as_str(), c.geometries[0].lod))
        .collect();
    assert_eq!(areas, [("TrafficArea", "lane", 2), ("AuxiliaryTrafficArea", "kerb", 2)]);
    assert_eq!(road.children[0].attributes[0].value.to_string(), "asphalt");
}

#[test]
fn terrain_is_triangles_with_the_level_of_detail_it_says() {
    let triangle = |a: &str| {
        format!(
            "<gml:Triangle><gml:exterior><gml:LinearRing><gml:posList>{a}</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle>"
        )
    };
    let relief = format!(
        "<dem:ReliefFeature gml:id=\"hills\"><dem:lod>2</dem:lod><dem:reliefComponent><dem:TINRelief gml:id=\"tin\"><dem:lod>3</dem:lod><dem:tin><gml:TriangulatedSurface srsName=\"EPSG:1\"><gml:trianglePatches>{}{}</gml:trianglePatches></gml:TriangulatedSurface></dem:tin></dem:TINRelief></dem:reliefComponent></dem:ReliefFeature>",
        triangle("0 0 0 1 0 0 1 1 0 0 0 0"),
        triangle("0 0 0 1 1 0 0 1 0 0 0 0")
    );
    let outcome = read_clean(&city(&member(&relief)));
    let tin = &outcome.only().children[0];
    assert_eq!((tin.kind.as_str(), tin.module), ("TINRelief", Module::Relief));
    let geometry = &tin.geometries[0];
    assert_eq!(
        (geometry.role, geometry.lod, geometry.polygons.len()),
        (GeometryRole::Tin, 3, 2)
    );
    assert_eq!(geometry.srs_name.as_deref(), Some("EPSG:1"));
}

fn tree(id: &str, shape: &str, matrix: &str, point: &str) -> String {
    member(&format!(
        "<veg:SolitaryVegetationObject gml:id=\"{id}\"><veg:height uom=\"m\">8</veg:height><veg:lod2ImplicitRepresentation><core:ImplicitGeometry><core:mimeType>x</core:mimeType>{matrix}{shape}<core:referencePoint><gml:Point srsName=\"EPSG:3879\"><gml:pos>{point}</gml:pos></gml:Point></core:referencePoint></core:ImplicitGeometry></veg:lod2ImplicitRepresentation></veg:SolitaryVegetationObject>"
    ))
}

fn matrix(numbers: &str) -> String {
    format!("<core:transformationMatrix>{numbers}</core:transformationMatrix>")
}

fn prototype() -> String {
    let crown = format!(
        "<gml:CompositeSurface gml:id=\"crown\"><gml:surfaceMember>{}</gml:surfaceMember></gml:CompositeSurface>",
        polygon("leaf", "0 0 5 1 0 5 1 1 5 0 0 5")
    );
    format!(
        "<core:relativeGMLGeometry><gml:MultiSurface gml:id=\"tree\"><gml:surfaceMember>{crown}</gml:surfaceMember></gml:MultiSurface></core:relativeGMLGeometry>"
    )
}

const LINK: &str = "<core:relativeGMLGeometry xlink:href=\"#tree\"/>";

#[test]
fn a_prototype_is_moved_turned_and_scaled_and_shared_in_both_directions() {
    let turned = matrix("0 -2 0 0 2 0 0 0 0 0 3 1 0 0 0 1");
    let appearance = "<app:appearanceMember><app:Appearance><app:surfaceDataMember><app:X3DMaterial><app:diffuseColor>0 1 0</app:diffuseColor><app:target>#crown</app:target></app:X3DMaterial></app:surfaceDataMember></app:Appearance></app:appearanceMember>";
    let text = city(&format!(
        "{}{}{}{appearance}",
        tree("before", LINK, "", "10 20 30"),
        tree("holder", &prototype(), "", "0 0 0"),
        tree("after", LINK, &turned, "100 200 300")
    ));
    let outcome = read_clean(&text);
    let [before, holder, after] = outcome.objects.as_slice() else {
        panic!()
    };
    let shape = |object: &citygml::CityObject| object.geometries[0].polygons[0].exterior.clone();
    assert_eq!(shape(holder), [[0.0, 0.0, 5.0], [1.0, 0.0, 5.0], [1.0, 1.0, 5.0]]);
    assert_eq!(
        shape(before),
        [[10.0, 20.0, 35.0], [11.0, 20.0, 35.0], [11.0, 21.0, 35.0]]
    );
    assert_eq!(
        shape(after),
        [[100.0, 200.0, 316.0], [100.0, 202.0, 316.0], [98.0, 202.0, 316.0]]
    );
    for object in [before, holder, after] {
        let geometry = &object.geometries[0];
        assert_eq!(
            (geometry.role, geometry.lod, geometry.closed),
            (GeometryRole::Implicit, 2, false)
        );
        assert_eq!(geometry.srs_name.as_deref(), Some("EPSG:3879"));
        assert_eq!(geometry.polygons[0].material.as_ref().unwrap().diffuse, [0.0, 1.0, 0.0]);
    }
}

#[test]
fn a_mirrored_prototype_keeps_its_outside_outside() {
    let mirrored = matrix("-1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1");
    let outcome = read_clean(&city(&tree("t", &prototype(), &mirrored, "0 0 0")));
    let ring = &outcome.only().geometries[0].polygons[0].exterior;
    let turn = |a: [f64; 3], b: [f64; 3], c: [f64; 3]| (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
    assert!(
        turn(ring[0], ring[1], ring[2]) > 0.0,
        "the face looked up and must still look up"
    );
}

#[test]
fn an_implicit_geometry_that_cannot_be_placed_is_reported() {
    let text = city(&format!(
        "{}{}{}{}",
        tree("no-shape", "", "", "0 0 0"),
        tree(
            "library",
            "<core:libraryObject>tree.wrl</core:libraryObject>",
            "",
            "0 0 0"
        ),
        tree("short-matrix", &prototype(), &matrix("1 0 0 0"), "0 0 0"),
        tree("bad-point", LINK, "", "0 north 0"),
    ));
    let outcome = read(&text);
    assert!(outcome.objects.iter().all(|object| object.geometries.is_empty()));
    let ids = |code: &str| -> Vec<String> { outcome.warnings(code).into_iter().map(|w| w.id.unwrap()).collect() };
    assert_eq!(ids("implicit-without-shape"), ["no-shape"]);
    assert_eq!(ids("implicit-library-object"), ["library"]);
    assert_eq!(ids("implicit-without-place"), ["short-matrix", "bad-point"]);
    assert!(
        outcome.warnings("implicit-library-object")[0]
            .message
            .contains("tree.wrl")
    );
}

#[test]
fn a_hostile_number_of_copies_is_cut_off() {
    // 300 copies of 2 000 faces would be 600 000.
    let faces = (0..2000)
        .map(|i| {
            format!(
                "<gml:surfaceMember>{}</gml:surfaceMember>",
                polygon("", &square(f64::from(i)))
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let prototype = format!(
        "<core:relativeGMLGeometry><gml:MultiSurface gml:id=\"tree\">{faces}</gml:MultiSurface></core:relativeGMLGeometry>"
    );
    let place = |shape: &str| {
        format!(
            "<frn:lod1ImplicitRepresentation><core:ImplicitGeometry>{shape}<core:referencePoint><gml:Point><gml:pos>0 0 0</gml:pos></gml:Point></core:referencePoint></core:ImplicitGeometry></frn:lod1ImplicitRepresentation>"
        )
    };
    let inside = format!("{}{}", place(&prototype), place(LINK).repeat(299));
    let outcome = read(&city(&member(&format!(
        "<frn:CityFurniture gml:id=\"f\">{inside}</frn:CityFurniture>"
    ))));
    let faces: usize = outcome.only().geometries.iter().map(|g| g.polygons.len()).sum();
    assert!((500_000..520_000).contains(&faces), "{faces}");
    assert_eq!(outcome.codes(), ["too-many-links"]);
}

#[test]
fn a_group_is_left_out_and_what_stands_in_it_is_kept() {
    let group = format!(
        "<grp:CityObjectGroup gml:id=\"g\"><grp:groupMember xlink:href=\"#b\"/><grp:groupMember><bldg:Building gml:id=\"inner\"><bldg:lod1MultiSurface>{}</bldg:lod1MultiSurface></bldg:Building></grp:groupMember></grp:CityObjectGroup>",
        multi_surface(&[polygon("", &square(0.0))])
    );
    let outcome = read_clean(&city(&format!("{}{}", building("b", ""), member(&group))));
    let ids: Vec<_> = outcome.objects.iter().map(|o| o.id.as_str()).collect();
    assert_eq!(ids, ["b", "inner"]);
    assert_eq!(outcome.summary.objects, 2);
    assert_eq!(outcome.notes("group-left-out").len(), 1);
}

#[test]
fn an_object_of_an_extension_keeps_its_attributes_and_its_geometry() {
    let surface = multi_surface(&[polygon("", &square(0.0))]);
    let zone = member(&format!(
        "<uro:Zone gml:id=\"z\"><uro:plan>A</uro:plan><uro:lod1MultiSurface>{surface}</uro:lod1MultiSurface></uro:Zone>"
    ));
    let refined = building(
        "b",
        &format!(
            "<bldg:boundedBy><uro:SolarRoofSurface gml:id=\"s\"><bldg:lod2MultiSurface>{surface}</bldg:lod2MultiSurface></uro:SolarRoofSurface></bldg:boundedBy>"
        ),
    );
    let outcome = read_clean(&city(&format!("{zone}{refined}")));
    let [zone, building] = outcome.objects.as_slice() else {
        panic!()
    };
    assert_eq!(
        (zone.kind.as_str(), zone.module, zone.geometries.len()),
        ("Zone", Module::Other, 1)
    );
    assert_eq!(zone.attributes[0].name, "plan");
    assert_eq!(building.geometries[0].polygons[0].surface, SurfaceKind::Roof);
}

#[test]
fn members_may_be_listed_in_one_property() {
    let text =
        city("<gml:featureMembers><bldg:Building gml:id=\"a\"/><bldg:Building gml:id=\"b\"/></gml:featureMembers>");
    let outcome = read_clean(&text);
    assert_eq!(outcome.objects.len(), 2);
    assert_eq!(outcome.header.members, 2);
    let collection = format!(
        "<gml:FeatureCollection {}><gml:featureMember><bldg:Building gml:id=\"a\"/></gml:featureMember></gml:FeatureCollection>",
        written::NAMESPACES
    );
    assert_eq!(read_clean(&collection).only().id, "a");
}
