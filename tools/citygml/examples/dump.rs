#![allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs)]
use citygml::*;
use std::collections::BTreeMap;
fn main() {
    for path in std::env::args().skip(1) {
        let report = Report::new();
        let reader = match Reader::open(path.as_ref(), &report) {
            Ok(r) => r,
            Err(e) => {
                println!("ERR {e}");
                continue;
            }
        };
        let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
        let mut geoms: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
        let (mut attrs, mut mats, mut addr) = (0, 0, 0);
        fn walk(o: &CityObject, f: &mut dyn FnMut(&CityObject)) {
            f(o);
            for c in &o.children {
                walk(c, f)
            }
        }
        let r = reader.for_each(|o| {
            walk(&o, &mut |o| {
                *kinds
                    .entry(format!("{}{}", o.kind, if o.id_generated { "*" } else { "" }))
                    .or_default() += 1;
                attrs += o.attributes.len();
                addr += o.addresses.len();
                for g in &o.geometries {
                    let e = geoms
                        .entry(format!(
                            "{}:lod{}{:?}{}",
                            o.kind,
                            g.lod,
                            g.role,
                            if g.closed { "+" } else { "" }
                        ))
                        .or_default();
                    e.0 += 1;
                    e.1 += g.polygons.len();
                    for p in &g.polygons {
                        if p.surface != SurfaceKind::None {
                            e.2 += 1
                        }
                        if p.material.is_some() {
                            mats += 1
                        }
                    }
                }
            })
        });
        let h = reader.header();
        println!(
            "== {path}\n   {:?} srs={:?} dim={:?} env={:?} members={} {:?}",
            h.version,
            h.srs_name,
            h.srs_dimension,
            h.envelope.is_some(),
            h.members,
            r.map_err(|e| e.to_string())
        );
        println!("   {kinds:?} attrs={attrs} mats={mats} addr={addr}\n   {geoms:?}");
        for w in report.warnings() {
            println!("   W {} x{}: {}", w.code, w.count, w.examples[0]);
        }
        for w in report.notes() {
            println!("   n {} x{}: {}", w.code, w.count, w.examples[0].message);
        }
    }
}
