//! What an address is, before anything is done for it: its pattern, whether its use is counted, and which methods it
//! takes.
//!
//! Logs, metrics and use counts name the pattern of an address and never the address: what somebody looked at is theirs.

use crate::uses::Kind;
use std::collections::BTreeMap;

/// An address that no pattern fits.
const UNKNOWN: &str = "unknown";

/// One pattern of addresses.
#[derive(Debug)]
pub(crate) struct Place {
    /// As the router has it: `/collections/{collectionId}`.
    pub(crate) pattern: String,
    /// Its place in the table, for tables beside it.
    pub(crate) number: usize,
    /// As which kind of use a success counts.
    pub(crate) kind: Option<Kind>,
    /// The methods it takes, as `Allow` lists them.
    pub(crate) methods: String,
    /// Whether it is a file that never changes.
    pub(crate) is_tile: bool,
}

/// Every pattern, found by address.
pub(crate) struct Places {
    places: Vec<Place>,
    table: matchit::Router<usize>,
}

impl Places {
    /// The patterns with the methods that each takes.
    pub(crate) fn new(patterns: &BTreeMap<String, Vec<String>>) -> Self {
        let mut places = vec![Place {
            pattern: UNKNOWN.to_owned(),
            number: 0,
            kind: None,
            methods: "GET, HEAD, OPTIONS".to_owned(),
            is_tile: false,
        }];
        let mut table = matchit::Router::new();
        for (pattern, methods) in patterns {
            // The axum router has taken the same patterns, so that none of them clashes.
            if table.insert(pattern, places.len()).is_ok() {
                places.push(Place {
                    number: places.len(),
                    kind: Kind::of(pattern),
                    methods: allowed(methods),
                    is_tile: pattern == "/collections/{collectionId}/3dtiles/files/{name}",
                    pattern: pattern.clone(),
                });
            }
        }
        Self { places, table }
    }

    /// Every place in the order of its number.
    pub(crate) fn all(&self) -> &[Place] {
        &self.places
    }

    /// What a path is, and the collection and name in it as they stand there, still escaped.
    pub(crate) fn find<'a>(&'a self, path: &'a str) -> (&'a Place, Option<&'a str>, Option<&'a str>) {
        match self.table.at(path) {
            Ok(found) => (
                &self.places[*found.value],
                found.params.get("collectionId"),
                found.params.get("name"),
            ),
            Err(_) => (&self.places[0], None, None),
        }
    }
}

fn allowed(methods: &[String]) -> String {
    let mut allowed = String::new();
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE"] {
        let taken = if method == "HEAD" { "GET" } else { method };
        if methods.iter().any(|known| known.eq_ignore_ascii_case(taken)) {
            allowed.push_str(method);
            allowed.push_str(", ");
        }
    }
    allowed.push_str("OPTIONS");
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_by_its_pattern_alone() {
        let get = vec!["get".to_owned()];
        let patterns = [
            ("/", &get),
            ("/collections/{collectionId}/3dtiles/files/{name}", &get),
            ("/collections/{collectionId}/3dtiles/tileset.json", &get),
            ("/collections/{collectionId}/3dtiles/{name}", &get),
            ("/jobs/{jobId}", &vec!["delete".to_owned(), "get".to_owned()]),
        ];
        let patterns = patterns.map(|(pattern, methods)| (pattern.to_owned(), methods.clone()));
        let places = Places::new(&BTreeMap::from(patterns));
        let (tile, collection, name) = places.find("/collections/helsinki/3dtiles/files/a.0123.glb");
        assert!(tile.is_tile && tile.kind == Some(Kind::Tiles), "{tile:?}");
        assert_eq!((collection, name), (Some("helsinki"), Some("a.0123.glb")));
        let (download, ..) = places.find("/collections/helsinki/3dtiles/features.gpkg");
        assert!(!download.is_tile && download.kind == Some(Kind::Downloads));
        assert_eq!(places.find("/jobs/secret").0.methods, "GET, HEAD, DELETE, OPTIONS");
        for path in ["/nothing", "", "*", "/jobs/", "//", "/collections/a/b/files/x"] {
            assert_eq!(places.find(path).0.pattern, "unknown", "{path}");
        }
    }
}
