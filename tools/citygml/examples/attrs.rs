#![allow(clippy::all, clippy::pedantic, clippy::restriction, missing_docs)]
use citygml::*;
fn main() {
    for path in std::env::args().skip(1) {
        let report = Report::new();
        let reader = Reader::open(path.as_ref(), &report).unwrap();
        let mut n = 0;
        reader
            .for_each(|o| {
                n += 1;
                if n < 3 {
                    println!(
                        "{} {} {:?} {:?} {:?} {:?} {:?}",
                        o.id, o.kind, o.names, o.class, o.usage, o.addresses, o.external_references
                    );
                    for a in &o.attributes {
                        println!("   {} = {:?}", a.name, a.value)
                    }
                }
            })
            .unwrap();
    }
}
