//! Real files of other places, where they are at hand: none may stop the reader, and what they are known to hold comes out.
//!
//! The files are not in the repository (their licences differ). Set `KORTTELI_DATA` to the folder that has them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    reason = "a test may panic"
)]

mod written;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use citygml::{CityObject, Error, GeometryRole, Options, SurfaceKind, Version};
use written::{Outcome, read_file};

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("KORTTELI_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    if !folder.is_dir() {
        eprintln!("skipped: no folder {} (set KORTTELI_DATA)", folder.display());
        return None;
    }
    Some(folder)
}

fn city(path: &str) -> Option<Outcome> {
    Some(read_file(&data()?.join(path), &Options::default()).unwrap())
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            files(&path, into);
        } else if [".gml", ".xml", ".citygml", ".gml.gz"]
            .iter()
            .any(|ending| name.ends_with(ending))
        {
            into.push(path);
        }
    }
}

fn all(objects: &[CityObject]) -> Vec<&CityObject> {
    objects
        .iter()
        .flat_map(|object| std::iter::once(object).chain(all(&object.children)))
        .collect()
}

/// How many geometries of this kind there are, with how many polygons, and whether all are closed.
fn count(outcome: &Outcome, lod: u8, role: GeometryRole) -> (usize, usize, bool) {
    let geometries = all(&outcome.objects).into_iter().flat_map(|o| &o.geometries);
    let found: Vec<_> = geometries.filter(|g| g.lod == lod && g.role == role).collect();
    let polygons = found.iter().map(|g| g.polygons.len()).sum();
    (found.len(), polygons, found.iter().all(|g| g.closed))
}

#[test]
fn no_file_stops_the_reader() {
    let Some(folder) = data() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    let mut models = 0;
    for path in paths {
        match read_file(&path, &Options::default()) {
            Ok(outcome) => {
                models += 1;
                assert!(!outcome.summary.truncated, "{}", path.display());
                assert!(outcome.summary.objects > 0, "{}", path.display());
                let duplicates = outcome.report.counts().get("duplicate-id").copied().unwrap_or(0);
                assert!(
                    outcome.summary.objects + duplicates <= outcome.header.members + 1,
                    "{}",
                    path.display()
                );
            }
            Err(Error::WrongRoot { .. } | Error::NotCityGml { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(models >= 60, "{models}");
}

#[test]
fn north_rhine_westphalia_in_citygml_1_has_its_buildings_and_parts() {
    let Some(nrw) = city("nrw-lod2/LoD2_32_280_5657_1_NW.gml") else {
        return;
    };
    assert_eq!(nrw.header.version, Version::V1);
    assert_eq!(
        nrw.header.srs_name.as_deref(),
        Some("urn:adv:crs:ETRS89_UTM32*DE_DHHN2016_NH*GCG2016")
    );
    assert_eq!(nrw.objects.len(), 83);
    assert_eq!(all(&nrw.objects).len(), 83 + 50);
    // Its solids are nothing but links.
    let (solids, polygons, closed) = count(&nrw, 2, GeometryRole::Solid);
    assert_eq!((solids, polygons, closed), (113, 1144, true));
    assert_eq!(count(&nrw, 2, GeometryRole::MultiSurface).0, 0);
    assert_eq!(nrw.report.total(), 0, "{:#?}", nrw.report.warnings());
    let addresses = nrw.objects.iter().filter(|o| !o.addresses.is_empty()).count();
    assert!(addresses > 60, "{addresses}");
}

#[test]
fn japanese_buildings_with_textures_and_extensions_are_read() {
    let Some(tokyo) = city("plateau-libplateau/日本語パステスト/udx/bldg/53392642_bldg_6697_op2.gml") else {
        return;
    };
    assert_eq!(tokyo.objects.len(), 8);
    assert_eq!(count(&tokyo, 2, GeometryRole::Solid), (8, 540, true));
    assert_eq!(count(&tokyo, 0, GeometryRole::RoofEdge).0, 8);
    assert_eq!(tokyo.report.total(), 0);
    assert!(tokyo.report.note_counts()["texture-left-out"] > 0);
    let Some(yokosuka) = city("plateau-mierune/yokosuka-shi/udx/bldg/52397519_bldg_6697_op.gml") else {
        return;
    };
    let museum = &yokosuka.objects[0];
    assert_eq!(museum.name.as_deref(), Some("横須賀美術館"));
    let value = |name: &str| {
        museum
            .attributes
            .iter()
            .find(|a| a.name == name)
            .unwrap()
            .value
            .to_string()
    };
    assert_eq!(value("buildingIDAttribute/buildingID"), "14201-bldg-110968");
    assert_eq!(value("１階床面積"), "42 m2");
    let Some(terrain) = city("plateau-mierune/yokosuka-shi/udx/dem/523965_dem_6697_05_op.gml") else {
        return;
    };
    assert_eq!(count(&terrain, 1, GeometryRole::Tin).1, 1066);
}

#[test]
fn the_examples_of_the_standard_give_the_faces_they_show() {
    let Some(garage) = city("ogc-citygml2/building/Building_and_garage_LOD2-EPSG25832.gml") else {
        return;
    };
    assert_eq!(count(&garage, 2, GeometryRole::Solid), (2, 14, true));
    let Some(detailed) = city("ogc-citygml2/building/Building_LOD3-EPSG25832.gml") else {
        return;
    };
    assert_eq!(count(&detailed, 3, GeometryRole::Solid), (1, 22, true));
    let kinds: BTreeMap<SurfaceKind, usize> = detailed
        .objects
        .iter()
        .flat_map(|o| &o.geometries)
        .flat_map(|g| &g.polygons)
        .fold(BTreeMap::new(), |mut kinds, polygon| {
            *kinds.entry(polygon.surface).or_default() += 1;
            kinds
        });
    assert!(
        kinds[&SurfaceKind::Window] + kinds[&SurfaceKind::Door] >= 2,
        "{kinds:?}"
    );
    let Some(overhang) = city("ogc-citygml3/XLink-examples/2_SimpleBuilding_Roof_Overhangs/CityGML_2.gml") else {
        return;
    };
    assert_eq!(count(&overhang, 2, GeometryRole::Solid), (1, 7, true));
    assert_eq!(count(&overhang, 2, GeometryRole::MultiSurface), (1, 2, false));
}

#[test]
fn the_opera_of_lyon_is_mended_and_its_faults_are_reported() {
    let Some(opera) = city("ogc-citygml3/Building/Opera-Lyon_CityGML3.0_LOD2_with_xAL3_FullyStructured.gml") else {
        return;
    };
    let counts = opera.report.counts();
    assert_eq!(counts["ring-not-closed"] + counts["ring-too-short"], 9, "{counts:?}");
    assert_eq!(count(&opera, 2, GeometryRole::MultiSurface).1, 2277);
    assert_eq!(opera.objects[0].addresses[0].locality.as_deref(), Some("Lyon"));
}

#[test]
fn citygml_3_of_the_sample_is_the_same_city_as_citygml_2() {
    let Some(new) = city("helsinki/helsinki-centre-v3.gml") else {
        return;
    };
    let old = city("helsinki/helsinki-centre.gml").unwrap();
    assert_eq!((old.header.version, new.header.version), (Version::V2, Version::V3));
    assert_eq!(new.report.total(), 0);
    assert_eq!(old.objects.len(), new.objects.len());
    for (old, new) in all(&old.objects).into_iter().zip(all(&new.objects)) {
        assert_eq!((&old.id, &old.kind, &old.names), (&new.id, &new.kind, &new.names));
        assert_eq!((&old.function, &old.addresses), (&new.function, &new.addresses));
        for lod in [1, 2] {
            let solid = |object: &CityObject| {
                let solid = object
                    .geometries
                    .iter()
                    .find(|g| g.lod == lod && g.role == GeometryRole::Solid);
                solid.map(|solid| {
                    assert!(solid.closed);
                    let faces = solid.polygons.iter().map(|p| {
                        let material = p.material.as_ref().map(|m| m.diffuse);
                        (
                            format!("{:?}", p.exterior),
                            p.surface,
                            p.surface_id.clone(),
                            format!("{material:?}"),
                        )
                    });
                    let mut faces: Vec<_> = faces.collect();
                    faces.sort();
                    faces
                })
            };
            assert_eq!(solid(old), solid(new), "{} LoD {lod}", old.id);
        }
    }
}
