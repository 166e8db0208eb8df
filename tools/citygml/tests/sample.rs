//! The sample city, read whole: what comes out is what its SOURCE.md says is in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use citygml::{CityObject, Geometry, GeometryRole, Polygon, Reader, Report, SurfaceKind};

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../assets/samples/helsinki")
        .join(name)
}

fn read(name: &str) -> Vec<CityObject> {
    let report = Report::new();
    let reader = Reader::open(&sample(name), &report).unwrap();
    let mut objects = Vec::new();
    let summary = reader.for_each(|object| objects.push(object)).unwrap();
    assert!(!summary.truncated);
    assert_eq!(summary.objects, objects.len() as u64);
    assert_eq!(reader.header().members, summary.objects);
    assert_eq!(report.counts(), BTreeMap::new(), "{:#?}", report.warnings());
    objects
}

/// An object and everything below it.
fn all(objects: &[CityObject]) -> Vec<&CityObject> {
    objects
        .iter()
        .flat_map(|object| std::iter::once(object).chain(all(&object.children)))
        .collect()
}

fn geometries(objects: &[CityObject]) -> Vec<&Geometry> {
    all(objects).into_iter().flat_map(|object| &object.geometries).collect()
}

fn sub(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// Twice the area of a ring as a vector (Newell).
fn newell(ring: &[[f64; 3]]) -> [f64; 3] {
    let origin = ring[0];
    let mut sum = [0.0; 3];
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let c = cross(sub(*a, origin), sub(*b, origin));
        sum = [sum[0] + c[0], sum[1] + c[1], sum[2] + c[2]];
    }
    sum
}

fn area(polygon: &Polygon) -> f64 {
    let size = |ring: &[[f64; 3]]| newell(ring).iter().map(|x| x * x).sum::<f64>().sqrt() / 2.0;
    size(&polygon.exterior) - polygon.interiors.iter().map(|ring| size(ring)).sum::<f64>()
}

/// The volume inside a closed shell: a sum of cones from one point (divergence theorem).
fn volume(geometry: &Geometry) -> f64 {
    let origin = geometry.polygons[0].exterior[0];
    let cone = |ring: &Vec<[f64; 3]>| {
        let normal = newell(ring);
        let to = sub(ring[0], origin);
        (normal[0] * to[0] + normal[1] * to[1] + normal[2] * to[2]) / 6.0
    };
    geometry
        .polygons
        .iter()
        .flat_map(|p| std::iter::once(&p.exterior).chain(&p.interiors))
        .map(cone)
        .sum()
}

fn near(value: f64, expected: f64) {
    assert!(
        (value - expected).abs() <= 0.001 * expected,
        "{value} is not {expected}"
    );
}

#[test]
fn every_building_and_part_comes_out_once() {
    let objects = read("helsinki-centre.gml.gz");
    assert_eq!(objects.len(), 445);
    assert!(objects.iter().all(|o| o.kind == "Building"));
    assert_eq!(objects.iter().filter(|o| !o.children.is_empty()).count(), 50);
    let parts: Vec<_> = objects.iter().flat_map(|o| &o.children).collect();
    assert_eq!(parts.len(), 193);
    assert!(parts.iter().all(|part| part.kind == "BuildingPart"));
    let ids: std::collections::BTreeSet<_> = all(&objects).into_iter().map(|o| &o.id).collect();
    assert_eq!(ids.len(), 445 + 193);
}

#[test]
fn every_solid_is_whole_and_has_the_volume_of_the_source() {
    let objects = read("helsinki-centre.gml.gz");
    for (lod, expected) in [(1, 10_040_942.4), (2, 10_013_769.8)] {
        let solids: Vec<_> = geometries(&objects)
            .into_iter()
            .filter(|g| g.lod == lod && g.role == GeometryRole::Solid)
            .collect();
        assert_eq!(solids.len(), 588);
        assert!(solids.iter().all(|solid| solid.closed));
        near(solids.into_iter().map(volume).sum(), expected);
    }
    let others = geometries(&objects)
        .into_iter()
        .filter(|g| g.lod > 0 && g.role != GeometryRole::Solid);
    assert_eq!(others.count(), 0, "a thematic surface came out a second time");
}

#[test]
fn thematic_surfaces_have_the_counts_and_areas_of_the_source() {
    let objects = read("helsinki-centre.gml.gz");
    let mut found: BTreeMap<SurfaceKind, (std::collections::BTreeSet<String>, usize, f64)> = BTreeMap::new();
    for geometry in geometries(&objects).into_iter().filter(|g| g.lod == 2) {
        for polygon in &geometry.polygons {
            let entry = found.entry(polygon.surface).or_default();
            entry.0.insert(polygon.surface_id.clone().unwrap());
            entry.1 += 1;
            entry.2 += area(polygon);
        }
    }
    let expected = [
        (SurfaceKind::Roof, 731, 1308, 598_918.5),
        (SurfaceKind::Wall, 8228, 8228, 1_494_421.6),
        (SurfaceKind::Ground, 495, 495, 496_403.7),
        (SurfaceKind::OuterCeiling, 93, 93, 97_271.6),
    ];
    assert_eq!(found.len(), expected.len());
    for (kind, surfaces, polygons, area) in expected {
        assert_eq!(found[&kind].0.len(), surfaces, "{kind:?}");
        assert_eq!(found[&kind].1, polygons, "{kind:?}");
        near(found[&kind].2, area);
    }
}

#[test]
fn every_polygon_of_lod2_has_its_colour() {
    let objects = read("helsinki-centre.gml.gz");
    let mut materials = std::collections::BTreeSet::new();
    for polygon in geometries(&objects)
        .into_iter()
        .filter(|g| g.lod == 2)
        .flat_map(|g| &g.polygons)
    {
        let material = polygon.material.as_ref().expect("a polygon has no material");
        materials.insert(material.name.clone().unwrap());
    }
    assert!(materials.contains("roof_glass"));
    assert!(materials.len() > 19, "{materials:?}");
    let glass = geometries(&objects)
        .into_iter()
        .flat_map(|g| &g.polygons)
        .find_map(|p| p.material.as_ref().filter(|m| m.name.as_deref() == Some("roof_glass")))
        .unwrap();
    assert_eq!(glass.diffuse, [0.6588, 0.7686, 0.8157]);
    assert!((glass.opacity - 0.6).abs() < 1e-6);
}

#[test]
fn the_cathedral_is_itself() {
    let objects = read("helsinki-centre.gml.gz");
    let cathedral = objects.iter().find(|o| o.id == "osm_w419479428").unwrap();
    assert_eq!(cathedral.name.as_deref(), Some("Helsingin tuomiokirkko"));
    let attribute = |name: &str| {
        cathedral
            .attributes
            .iter()
            .find(|a| a.name == name)
            .map(|a| a.value.to_string())
    };
    assert_eq!(attribute("measuredHeight").as_deref(), Some("41 m"));
    assert_eq!(attribute("name:en").as_deref(), Some("Helsinki Cathedral"));
    let top = all(&cathedral.children)
        .into_iter()
        .flat_map(|part| &part.geometries)
        .flat_map(|g| &g.polygons)
        .flat_map(|p| &p.exterior)
        .map(|point| point[2])
        .fold(f64::MIN, f64::max);
    assert_eq!(top, 45.0);
}

#[test]
fn addresses_years_and_references_are_read() {
    let objects = read("helsinki-centre.gml.gz");
    let addresses: Vec<_> = objects.iter().filter(|o| !o.addresses.is_empty()).collect();
    assert_eq!(addresses.len(), 81);
    let year = |o: &&CityObject| {
        o.attributes
            .iter()
            .any(|a| a.name == "yearOfConstruction" && a.value.as_f64().is_some())
    };
    assert_eq!(objects.iter().filter(year).count(), 52);
    assert_eq!(objects.iter().filter(|o| o.name.is_some()).count(), 74);
    let wikidata = |o: &&CityObject| o.attributes.iter().any(|a| a.name == "wikidata");
    assert_eq!(objects.iter().filter(wikidata).count(), 46);
    let first = &objects[0];
    assert_eq!(first.addresses[0].street.as_deref(), Some("Unioninkatu"));
    assert_eq!(first.addresses[0].number.as_deref(), Some("29"));
    assert_eq!(first.addresses[0].postal_code.as_deref(), Some("00170"));
    assert_eq!(first.addresses[0].locality.as_deref(), Some("Helsinki"));
    assert_eq!(first.addresses[0].country.as_deref(), Some("FI"));
    assert_eq!(
        first.external_references[0].uri.as_deref(),
        Some("https://www.openstreetmap.org/way/4253124")
    );
}

#[test]
fn the_surroundings_are_all_there() {
    let objects = read("helsinki-centre-context.gml.gz");
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for object in all(&objects) {
        *kinds.entry(&object.kind).or_default() += 1;
    }
    let expected = [
        ("CityFurniture", 909),
        ("GenericCityObject", 1),
        ("LandUse", 111),
        ("PlantCover", 164),
        ("Railway", 1),
        ("Road", 118),
        ("SolitaryVegetationObject", 649),
        ("Square", 60),
        ("TrafficArea", 267),
        ("WaterBody", 19),
    ];
    assert_eq!(kinds, expected.into_iter().collect());
    assert!(all(&objects).into_iter().all(|object| !object.geometries.is_empty()));
    let uncoloured = geometries(&objects)
        .into_iter()
        .flat_map(|g| &g.polygons)
        .filter(|p| p.material.is_none());
    assert_eq!(uncoloured.count(), 0);
}

#[test]
fn areas_of_the_surroundings_agree_with_the_source() {
    let objects = read("helsinki-centre-context.gml.gz");
    let total = |kind: &str| -> f64 {
        let of_kind = objects.iter().filter(|o| o.kind == kind);
        of_kind
            .flat_map(|o| &o.geometries)
            .flat_map(|g| &g.polygons)
            .map(area)
            .sum()
    };
    near(total("Square"), 82_559.0);
    near(total("Railway"), 43_746.0);
    near(total("PlantCover"), 203_321.0);
    near(total("WaterBody"), 3_920.0 + 119_353.0);
    near(total("LandUse"), 126_890.0 + 333_465.0);
    near(total("Road"), 157_467.0 + 118_983.0);
}

#[test]
fn trees_are_trunk_and_crown_where_they_stand() {
    let objects = read("helsinki-centre-context.gml.gz");
    let trees: Vec<_> = objects
        .iter()
        .filter(|o| o.kind == "SolitaryVegetationObject")
        .collect();
    let shape = |tree: &CityObject| -> Vec<[f64; 3]> {
        tree.geometries[0]
            .polygons
            .iter()
            .flat_map(|p| p.exterior.clone())
            .collect()
    };
    for tree in &trees {
        assert_eq!(tree.geometries.len(), 1);
        let geometry = &tree.geometries[0];
        assert_eq!(geometry.role, GeometryRole::Implicit);
        let names: std::collections::BTreeSet<_> = geometry
            .polygons
            .iter()
            .map(|p| p.material.as_ref().unwrap().name.as_deref().unwrap())
            .collect();
        assert_eq!(names, ["tree crown", "tree trunk"].into());
        let points = shape(tree);
        let low = points.iter().map(|p| p[2]).fold(f64::MAX, f64::min);
        let high = points.iter().map(|p| p[2]).fold(f64::MIN, f64::max);
        assert!((low - 4.0).abs() < 1e-6 && (high - 12.0).abs() < 1e-6, "{low} {high}");
    }
    // The first tree holds the prototype, the second links to it: the same shape in another place.
    let (first, second) = (shape(trees[0]), shape(trees[1]));
    let offset = sub(second[0], first[0]);
    assert!(offset[0].hypot(offset[1]) > 1.0);
    for (a, b) in first.iter().zip(&second) {
        let there = sub(*b, *a);
        assert!((0..3).all(|i| (there[i] - offset[i]).abs() < 1e-6));
    }
}

#[test]
fn the_header_says_what_the_file_says() {
    let report = Report::new();
    let reader = Reader::open(&sample("helsinki-centre.gml.gz"), &report).unwrap();
    let header = reader.header();
    assert_eq!(
        header.srs_name.as_deref(),
        Some("urn:ogc:def:crs,crs:EPSG::3879,crs:EPSG::3900")
    );
    assert_eq!(header.srs_dimension, Some(3));
    assert_eq!(header.name.as_deref(), Some("Central Helsinki, sample buildings"));
    assert!(
        header
            .description
            .as_deref()
            .unwrap()
            .contains("OpenStreetMap contributors")
    );
    let (lower, upper) = header.envelope.unwrap();
    assert_eq!(lower, [25496401.555, 6672363.336, 0.0]);
    assert_eq!(upper, [25497412.850, 6674018.809, 74.0]);
    let mut last = 0;
    reader
        .try_for_each(
            |_| true,
            |bytes| {
                assert!(bytes >= last);
                last = bytes;
            },
        )
        .unwrap();
    assert_eq!(last, header.bytes);
}
