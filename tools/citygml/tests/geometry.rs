//! The ways in which GML writes faces, and the ways in which objects share them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test may panic"
)]

mod written;

use citygml::{CityObject, GeometryRole, Polygon, SurfaceKind};
use written::{building, city, multi_surface, polygon, read, read_clean, square};

const SQUARE: [[f64; 3]; 4] = [[0.0, 0.0, 5.0], [1.0, 0.0, 5.0], [1.0, 1.0, 5.0], [0.0, 1.0, 5.0]];

fn polygons(object: &CityObject) -> Vec<&Polygon> {
    object.geometries.iter().flat_map(|g| &g.polygons).collect()
}

/// A building whose LoD 2 surface is this geometry.
fn shaped(geometry: &str) -> String {
    city(&building(
        "b",
        &format!("<bldg:lod2MultiSurface>{geometry}</bldg:lod2MultiSurface>"),
    ))
}

fn ring(positions: &str) -> String {
    format!(
        "<gml:MultiSurface><gml:surfaceMember><gml:Polygon gml:id=\"p\"><gml:exterior><gml:LinearRing>{positions}</gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface>"
    )
}

#[test]
fn coordinates_are_read_in_every_form_that_gml_has() {
    let pos = "<gml:pos>0 0 5</gml:pos><gml:pos>1 0 5</gml:pos><gml:pos>1 1 5</gml:pos><gml:pos>0 1 5</gml:pos><gml:pos>0 0 5</gml:pos>";
    let points = "<gml:pointProperty><gml:Point><gml:pos>0 0 5</gml:pos></gml:Point></gml:pointProperty><gml:pos>1 0 5</gml:pos><gml:pos>1 1 5</gml:pos><gml:pos>0 1 5</gml:pos><gml:pos>0 0 5</gml:pos>";
    let forms = [
        "<gml:posList srsDimension=\"3\">\n  0 0 5 1 0 5\t1 1 5\r\n0 1 5 0 0 5\n</gml:posList>",
        "<gml:posList>0.0 0 5e0 1E0 0 5.000 +1 1 5 -0 1 5 0 0 5</gml:posList>",
        "<gml:posList>0 0 5 1 0 5<!-- half way --> 1 1 5 <![CDATA[0 1 5]]> 0 0 &#53;</gml:posList>",
        pos,
        points,
        "<gml:coordinates>0,0,5 1,0,5 1,1,5\n0,1,5 0,0,5</gml:coordinates>",
        "<gml:coordinates decimal=\",\" cs=\":\" ts=\";\">0,0:0:5;1:0:5,0;1:1:5;0:1:5;0:0:5</gml:coordinates>",
        "<gml:coord><gml:X>0</gml:X><gml:Y>0</gml:Y><gml:Z>5</gml:Z></gml:coord><gml:coord><gml:X>1</gml:X><gml:Y>0</gml:Y><gml:Z>5</gml:Z></gml:coord><gml:coord><gml:X>1</gml:X><gml:Y>1</gml:Y><gml:Z>5</gml:Z></gml:coord><gml:coord><gml:X>0</gml:X><gml:Y>1</gml:Y><gml:Z>5</gml:Z></gml:coord><gml:coord><gml:X>0</gml:X><gml:Y>0</gml:Y><gml:Z>5</gml:Z></gml:coord>",
    ];
    for form in forms {
        let outcome = read_clean(&shaped(&ring(form)));
        assert_eq!(polygons(outcome.only())[0].exterior, SQUARE, "{form}");
    }
}

#[test]
fn polygons_of_gml_2_and_rings_of_curves_are_polygons() {
    let old = format!(
        "<gml:MultiSurface><gml:surfaceMember><gml:Polygon><gml:outerBoundaryIs><gml:LinearRing><gml:coordinates>0,0,5 1,0,5 1,1,5 0,1,5 0,0,5</gml:coordinates></gml:LinearRing></gml:outerBoundaryIs>{}</gml:Polygon></gml:surfaceMember></gml:MultiSurface>",
        "<gml:innerBoundaryIs><gml:LinearRing><gml:coordinates>0.2,0.2,5 0.2,0.4,5 0.4,0.4,5 0.2,0.2,5</gml:coordinates></gml:LinearRing></gml:innerBoundaryIs>"
    );
    let outcome = read_clean(&shaped(&old));
    assert_eq!(polygons(outcome.only())[0].exterior, SQUARE);
    assert_eq!(polygons(outcome.only())[0].interiors[0].len(), 3);

    let curves = "<gml:Polygon><gml:exterior><gml:Ring><gml:curveMember><gml:LineString><gml:posList>0 0 5 1 0 5 1 1 5</gml:posList></gml:LineString></gml:curveMember><gml:curveMember><gml:Curve><gml:segments><gml:LineStringSegment><gml:posList>1 1 5 0 1 5 0 0 5</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve></gml:curveMember></gml:Ring></gml:exterior></gml:Polygon>";
    let outcome = read_clean(&shaped(&multi_surface(&[curves.to_owned()])));
    assert_eq!(polygons(outcome.only())[0].exterior, SQUARE);
}

#[test]
fn every_element_that_holds_faces_gives_them() {
    let face = polygon("p", &square(5.0));
    let patch = face.replace("gml:Polygon", "gml:PolygonPatch");
    let triangle = "<gml:Triangle><gml:exterior><gml:LinearRing><gml:posList>0 0 5 1 0 5 1 1 5 0 0 5</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle>";
    let forms = [
        (face.clone(), 1),
        (
            format!("<gml:CompositeSurface><gml:surfaceMember>{face}</gml:surfaceMember></gml:CompositeSurface>"),
            1,
        ),
        (
            format!(
                "<gml:MultiSurface><gml:surfaceMembers>{face}{}</gml:surfaceMembers></gml:MultiSurface>",
                polygon("q", &square(6.0))
            ),
            2,
        ),
        (
            format!("<gml:Surface><gml:patches>{patch}</gml:patches></gml:Surface>"),
            1,
        ),
        (
            format!("<gml:PolyhedralSurface><gml:polygonPatches>{patch}</gml:polygonPatches></gml:PolyhedralSurface>"),
            1,
        ),
        (
            format!(
                "<gml:TriangulatedSurface><gml:trianglePatches>{triangle}{triangle}</gml:trianglePatches></gml:TriangulatedSurface>"
            ),
            2,
        ),
        (
            format!("<gml:MultiGeometry><gml:geometryMember>{face}</gml:geometryMember></gml:MultiGeometry>"),
            1,
        ),
        (
            format!("<gml:GeometricComplex><gml:element>{face}</gml:element></gml:GeometricComplex>"),
            1,
        ),
    ];
    for (form, count) in forms {
        let outcome = read_clean(&shaped(&form));
        assert_eq!(polygons(outcome.only()).len(), count, "{form}");
        assert_eq!(outcome.only().geometries[0].role, GeometryRole::MultiSurface);
    }
}

#[test]
fn every_kind_of_solid_is_a_solid_and_its_cavities_belong_to_it() {
    let (outer, inner) = (polygon("", &square(0.0)), polygon("", &square(1.0)));
    let shell = |face: &str| {
        format!("<gml:CompositeSurface><gml:surfaceMember>{face}</gml:surfaceMember></gml:CompositeSurface>")
    };
    let solid = format!(
        "<gml:Solid><gml:exterior><gml:Shell><gml:surfaceMember>{outer}</gml:surfaceMember></gml:Shell></gml:exterior><gml:interior>{}</gml:interior></gml:Solid>",
        shell(&inner)
    );
    for form in [
        solid.clone(),
        format!("<gml:MultiSolid><gml:solidMember>{solid}</gml:solidMember></gml:MultiSolid>"),
        format!("<gml:CompositeSolid><gml:solidMember>{solid}</gml:solidMember></gml:CompositeSolid>"),
        format!("<gml:MultiSolid><gml:solidMembers>{solid}</gml:solidMembers></gml:MultiSolid>"),
    ] {
        let outcome = read_clean(&city(&building(
            "b",
            &format!("<bldg:lod1Solid>{form}</bldg:lod1Solid>"),
        )));
        let geometry = &outcome.only().geometries[0];
        assert_eq!(
            (geometry.role, geometry.lod, geometry.closed),
            (GeometryRole::Solid, 1, true)
        );
        assert_eq!(geometry.polygons.len(), 2);
    }
}

#[test]
fn the_dimension_may_be_declared_anywhere_above() {
    let flat = "<gml:Polygon><gml:exterior><gml:LinearRing><gml:posList>0 0 1 0 1 1 0 1 0 0 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>";
    let geometry = format!(
        "<gml:MultiSurface srsDimension=\"2\"><gml:surfaceMember>{flat}</gml:surfaceMember></gml:MultiSurface>"
    );
    let outcome = read(&shaped(&geometry));
    assert_eq!(
        polygons(outcome.only())[0].exterior,
        [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
    );
    let warning = &outcome.warnings("two-dimensional")[0];
    assert_eq!(warning.line, Some(7));
    // The same twelve numbers are four points in space where nothing is declared.
    let outcome = read(&shaped(&multi_surface(&[flat.to_owned()])));
    assert_eq!(polygons(outcome.only())[0].exterior.len(), 4);
    assert_eq!(outcome.codes(), ["ring-not-closed"]);
}

#[test]
fn the_reference_system_of_a_geometry_or_of_its_object_is_kept() {
    let face = polygon("", &square(0.0)).replace("<gml:Polygon", "<gml:Polygon srsName=\"EPSG:1\"");
    let other = multi_surface(&[polygon("", &square(2.0))]);
    let inside = format!(
        "<gml:boundedBy><gml:Envelope srsName=\"EPSG:2\"/></gml:boundedBy><bldg:lod1MultiSurface>{}</bldg:lod1MultiSurface><bldg:lod2MultiSurface>{other}</bldg:lod2MultiSurface>",
        multi_surface(&[face])
    );
    let outcome = read_clean(&city(&building("b", &inside)));
    let names: Vec<_> = outcome
        .only()
        .geometries
        .iter()
        .map(|g| g.srs_name.as_deref())
        .collect();
    assert_eq!(names, [Some("EPSG:1"), Some("EPSG:2")]);
    // The header has no envelope: the first name in the file stands in for it.
    assert_eq!(outcome.header.srs_name.as_deref(), Some("EPSG:2"));
}

fn solid_of(links: &[&str]) -> String {
    let members = links
        .iter()
        .map(|id| format!("<gml:surfaceMember xlink:href=\"{id}\"/>"))
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface>{members}</gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>"
    )
}

fn roof(id: &str, geometry: &str) -> String {
    format!(
        "<bldg:boundedBy><bldg:RoofSurface gml:id=\"{id}_roof\"><bldg:lod2MultiSurface>{geometry}</bldg:lod2MultiSurface></bldg:RoofSurface></bldg:boundedBy>"
    )
}

#[test]
fn a_solid_may_link_to_polygons_of_buildings_before_and_behind_it() {
    let before = building("a", &roof("a", &multi_surface(&[polygon("a1", &square(1.0))])));
    let linking = building("b", &solid_of(&["#a1", "#c1", "#b1"])).replace(
        "</bldg:Building>",
        &format!(
            "{}</bldg:Building>",
            roof("b", &multi_surface(&[polygon("b1", &square(2.0))]))
        ),
    );
    let behind = building("c", &roof("c", &multi_surface(&[polygon("c1", &square(3.0))])));
    let outcome = read_clean(&city(&format!("{before}{linking}{behind}")));
    let [a, b, c] = outcome.objects.as_slice() else {
        panic!()
    };
    let solid = &b.geometries[0];
    assert!(solid.closed);
    let found: Vec<_> = solid
        .polygons
        .iter()
        .map(|p| (p.exterior[0][2], p.surface, p.surface_id.as_deref().unwrap()))
        .collect();
    assert_eq!(
        found,
        [
            (1.0, SurfaceKind::Roof, "a_roof"),
            (3.0, SurfaceKind::Roof, "c_roof"),
            (2.0, SurfaceKind::Roof, "b_roof")
        ]
    );
    // They stay where they are written as well.
    assert_eq!(polygons(a).len(), 1);
    assert_eq!(polygons(c).len(), 1);
}

#[test]
fn links_lead_on_to_links_in_other_objects() {
    let chain = |id: &str, to: &str| {
        building(
            id,
            &format!(
                "<bldg:lod2MultiSurface><gml:MultiSurface gml:id=\"{id}_s\"><gml:surfaceMember xlink:href=\"{to}\"/></gml:MultiSurface></bldg:lod2MultiSurface>"
            ),
        )
    };
    let end = building("c", &roof("c", &multi_surface(&[polygon("c1", &square(3.0))])));
    let outcome = read_clean(&city(&format!("{}{}{end}", chain("a", "#b_s"), chain("b", "#c1"))));
    assert!(
        outcome
            .objects
            .iter()
            .all(|object| polygons(object)[0].exterior[0][2] == 3.0)
    );
}

#[test]
fn a_thematic_surface_may_link_to_the_polygons_of_the_solid() {
    let solid = format!(
        "<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface><gml:surfaceMember>{}</gml:surfaceMember></gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>",
        polygon("p", &square(1.0))
    );
    let surface = roof(
        "b",
        "<gml:MultiSurface><gml:surfaceMember xlink:href=\"#p\"/></gml:MultiSurface>",
    );
    let outcome = read_clean(&city(&building("b", &format!("{solid}{surface}"))));
    assert_eq!(outcome.only().geometries.len(), 1);
    assert_eq!(polygons(outcome.only())[0].surface, SurfaceKind::Roof);
    assert_eq!(polygons(outcome.only())[0].surface_id.as_deref(), Some("b_roof"));
}

#[test]
fn a_solid_that_repeats_the_polygons_of_thematic_surfaces_is_not_doubled() {
    let solid = format!(
        "<bldg:lod2Solid><gml:Solid><gml:exterior><gml:CompositeSurface><gml:surfaceMember>{}</gml:surfaceMember></gml:CompositeSurface></gml:exterior></gml:Solid></bldg:lod2Solid>",
        polygon("", "1 0 5 1 1 5 0 1 5 0 0 5 1 0 5")
    );
    // The same square, begun at another corner, and one that the solid does not have.
    let surface = roof(
        "b",
        &multi_surface(&[polygon("twin", &square(5.0)), polygon("more", &square(6.0))]),
    );
    let outcome = read_clean(&city(&building("b", &format!("{solid}{surface}"))));
    let [solid, rest] = outcome.only().geometries.as_slice() else {
        panic!("{outcome:#?}")
    };
    assert!(solid.closed);
    assert_eq!(solid.polygons[0].surface, SurfaceKind::Roof);
    assert_eq!(solid.polygons[0].surface_id.as_deref(), Some("b_roof"));
    assert_eq!(rest.polygons.len(), 1);
    assert_eq!(rest.polygons[0].id.as_deref(), Some("more"));
}

#[test]
fn a_part_that_links_to_the_surfaces_of_its_building_takes_them() {
    let part = format!(
        "<bldg:consistsOfBuildingPart><bldg:BuildingPart gml:id=\"part\">{}</bldg:BuildingPart></bldg:consistsOfBuildingPart>",
        solid_of(&["#p"])
    );
    let inside = format!("{}{part}", roof("b", &multi_surface(&[polygon("p", &square(5.0))])));
    let outcome = read_clean(&city(&building("b", &inside)));
    assert!(outcome.only().geometries.is_empty());
    assert_eq!(polygons(&outcome.only().children[0])[0].surface, SurfaceKind::Roof);
}

#[test]
fn a_link_with_the_name_of_the_file_itself_is_followed() {
    let inside = format!(
        "{}{}",
        solid_of(&["model.gml#p"]),
        roof("b", &multi_surface(&[polygon("p", &square(5.0))]))
    );
    let outcome = read_clean(&city(&building("b", &inside)));
    assert!(outcome.only().geometries[0].closed);
}

#[test]
fn links_in_a_circle_end() {
    let circle = "<bldg:lod2MultiSurface><gml:MultiSurface gml:id=\"x\"><gml:surfaceMember xlink:href=\"#y\"/></gml:MultiSurface></bldg:lod2MultiSurface><bldg:lod3MultiSurface><gml:MultiSurface gml:id=\"y\"><gml:surfaceMember xlink:href=\"#x\"/></gml:MultiSurface></bldg:lod3MultiSurface>";
    let outcome = read_clean(&city(&building("b", circle)));
    assert!(outcome.only().geometries.is_empty());
}

#[test]
fn links_that_double_at_every_step_end_too() {
    let mut surfaces: Vec<String> = (0..60)
        .map(|step| {
            let link = format!("<gml:surfaceMember xlink:href=\"#s{}\"/>", step + 1);
            format!("<gml:MultiSurface gml:id=\"s{step}\">{link}{link}</gml:MultiSurface>")
        })
        .collect();
    surfaces.push(polygon("s60", &square(0.0)));
    let inside = surfaces
        .iter()
        .map(|surface| format!("<bldg:lod2MultiSurface>{surface}</bldg:lod2MultiSurface>"))
        .collect::<Vec<_>>()
        .concat();
    let outcome = read_clean(&city(&building("b", &inside)));
    assert_eq!(polygons(outcome.only()).len(), 1);
}

#[test]
fn links_of_many_geometries_to_the_same_many_faces_are_cut_off() {
    let faces: Vec<String> = (0..3000).map(|i| polygon("", &square(f64::from(i)))).collect();
    let shared = multi_surface(&faces).replacen("<gml:MultiSurface>", "<gml:MultiSurface gml:id=\"all\">", 1);
    let own = format!("<bldg:lod0FootPrint>{shared}</bldg:lod0FootPrint>");
    let again = "<bldg:lod0FootPrint xlink:href=\"#all\"/>".repeat(3000);
    let outcome = read(&city(&building("b", &format!("{own}{again}"))));
    let polygons = polygons(outcome.only()).len();
    assert!((500_000..530_000).contains(&polygons), "{polygons}");
    assert_eq!(outcome.codes(), ["too-many-links"]);
}

#[test]
fn prefixes_line_ends_and_a_byte_order_mark_change_nothing() {
    let inside = format!(
        "{}{}",
        solid_of(&["#p"]),
        roof("b", &multi_surface(&[polygon("p", &square(5.0))]))
    );
    let plain = city(&building("b", &inside));
    let expected = read_clean(&plain).objects;
    let renamed = plain
        .replace("xmlns:core=", "xmlns=")
        .replace("core:", "")
        .replace("bldg:", "b:")
        .replace("xmlns:bldg", "xmlns:b")
        .replace("gml:", "ogc-gml:")
        .replace("xmlns:gml", "xmlns:ogc-gml")
        .replace("xlink:", "l:")
        .replace("xmlns:xlink", "xmlns:l");
    assert!(renamed.contains("<b:Building ogc-gml:id"));
    let windows = format!("\u{feff}<?xml version=\"1.0\"?>\n{plain}").replace('\n', "\r\n");
    for (text, lines) in [(renamed, 0), (windows, 1)] {
        let mut found = read_clean(&text).objects;
        assert_eq!(found[0].line, expected[0].line + lines);
        found[0].line = expected[0].line;
        for polygon in found[0].geometries.iter_mut().flat_map(|g| &mut g.polygons) {
            polygon.line -= lines;
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn a_file_may_be_packed_with_gzip_under_any_name() {
    let text = city(&building(
        "b",
        &roof("b", &multi_surface(&[polygon("p", &square(5.0))])),
    ));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    for name in ["city.gml.gz", "city.gml", "Kortteli.citygml"] {
        let outcome = written::read_as(name, &packed, &citygml::Options::default()).unwrap();
        assert_eq!(polygons(outcome.only()).len(), 1);
        assert_eq!(outcome.header.bytes, packed.len() as u64);
    }
}

#[test]
fn an_object_without_an_id_gets_one_that_depends_on_its_shape_alone() {
    let anonymous = |z: f64| {
        building("x", &roof("r", &multi_surface(&[polygon("", &square(z))])))
            .replace("<bldg:Building gml:id=\"x\">", "<bldg:Building>")
    };
    let ids = |text: &str| -> Vec<String> { read_clean(text).objects.into_iter().map(|o| o.id).collect() };
    let first = ids(&city(&format!(
        "{}{}{}",
        anonymous(1.0),
        anonymous(2.0),
        anonymous(1.0)
    )));
    assert_ne!(first[0], first[1]);
    assert_eq!(first[2], format!("{}_2", first[0]), "two alike objects need two ids");
    assert!(first[0].starts_with("Building_"), "{first:?}");
    let moved = ids(&city(&format!("\n\n{}", anonymous(1.0))));
    assert_eq!(moved[0], first[0]);
    let outcome = read_clean(&city(&anonymous(1.0)));
    assert!(outcome.only().id_generated);
    assert_eq!(outcome.notes("id-generated")[0].line, Some(7));
}
