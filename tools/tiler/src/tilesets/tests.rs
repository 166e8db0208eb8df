#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use glam::DVec3;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// A made-up tree.
struct Grown {
    names: Vec<String>,
    hulls: Vec<Aabb>,
    children: Vec<Vec<usize>>,
}

/// What was cut: the first tileset and the others by name.
struct Cut {
    top: Tileset,
    files: BTreeMap<String, Tileset>,
}

impl Grown {
    /// `children` answers how many tiles are below one, by its depth and number.
    fn new(children: impl Fn(usize, usize) -> usize) -> Self {
        let mut tree = Self {
            names: Vec::new(),
            hulls: Vec::new(),
            children: Vec::new(),
        };
        let mut depths = vec![0];
        let mut next = 0;
        while let Some(&depth) = depths.get(next) {
            let below = depths.len()..depths.len() + children(depth, next);
            depths.extend(below.clone().map(|_| depth + 1));
            let half = DVec3::splat(1e6 / (1.0 + next as f64));
            tree.hulls.push(Aabb::from_corners(-half, half));
            tree.names.push(format!("{next}.glb"));
            tree.children.push(below.collect());
            next += 1;
        }
        tree
    }

    fn error(at: usize) -> f64 {
        1e6 / (1.0 + at as f64)
    }

    fn cut(&self, most: usize) -> Cut {
        let files = RefCell::new(BTreeMap::new());
        let put = |json: &[u8]| {
            let name = format!("{}.json", &blake3::hash(json).to_hex()[..16]);
            files
                .borrow_mut()
                .insert(name.clone(), Tileset::from_json(json).unwrap());
            Ok(name)
        };
        let branch = |at: usize| Branch {
            name: &self.names[at],
            hull: &self.hulls[at],
            error: Self::error(at),
            children: &self.children[at],
        };
        let top = Cutter {
            most,
            tile: &branch,
            put: &put,
        }
        .cut(0)
        .unwrap();
        Cut {
            top,
            files: files.into_inner(),
        }
    }

    /// The tile above each; the first's own number for itself.
    fn parents(&self) -> Vec<usize> {
        let mut parents = vec![0; self.names.len()];
        for (above, children) in self.children.iter().enumerate() {
            for &child in children {
                parents[child] = above;
            }
        }
        parents
    }

    /// The number of a tile.
    fn at(name: &str) -> usize {
        name.strip_suffix(".glb").unwrap().parse().unwrap()
    }
}

impl Cut {
    fn tilesets(&self) -> impl Iterator<Item = &Tileset> {
        self.files.values().chain([&self.top])
    }

    /// Each tile with a mesh and the one above it with a mesh, as a viewer finds them, by name.
    fn walked(&self) -> Vec<(String, Option<String>)> {
        let mut found = Vec::new();
        let mut waiting = vec![(&self.top.root, None::<&Tile>, None::<String>)];
        while let Some((tile, above, mut mesh)) = waiting.pop() {
            match tile.content.as_ref().map(|content| content.uri.as_str()) {
                Some(name) if self.files.contains_key(name) => {
                    waiting.push((self.across_the_border(tile, name), above, mesh));
                    continue;
                }
                Some(name) => found.push((name.to_owned(), mesh.replace(name.to_owned()))),
                None => {
                    let root = |tileset: &Tileset| std::ptr::eq(&raw const tileset.root, tile);
                    assert!(self.files.values().any(root), "only the root of a tileset has no mesh");
                    // It is refined exactly when the tile above is.
                    assert_eq!(Some(tile.bounding_volume), above.map(|above| above.bounding_volume));
                    assert_eq!(Some(tile.geometric_error), above.map(|above| above.geometric_error));
                    assert!(!tile.children.is_empty(), "nothing is below a tile without a mesh");
                }
            }
            waiting.extend(tile.children.iter().map(|child| (child, Some(tile), mesh.clone())));
        }
        found
    }

    /// The root of the tileset that is a tile's content: the same tile, as far as a viewer is concerned.
    fn across_the_border(&self, tile: &Tile, name: &str) -> &Tile {
        let below = &self.files[name];
        assert!(
            tile.children.is_empty(),
            "a tile whose content is a tileset has no children"
        );
        assert_eq!(below.root.bounding_volume, tile.bounding_volume);
        assert_eq!(below.root.geometric_error, tile.geometric_error);
        assert_eq!(below.geometric_error, tile.geometric_error);
        assert_eq!(below.root.refine, Some(Refine::Replace));
        &below.root
    }

    /// The names of the tilesets from the first down to the one that holds a mesh.
    fn way_to(&self, mesh: &str) -> Vec<String> {
        let holds = |tileset: &Tileset, uri: &str| {
            let uris = tileset.tiles().filter_map(|(_, tile)| tile.content.as_ref());
            uris.into_iter().any(|content| content.uri == uri)
        };
        let mut way = Vec::new();
        let mut sought = mesh.to_owned();
        while let Some((name, _)) = self.files.iter().find(|(_, tileset)| holds(tileset, &sought)) {
            way.push(name.clone());
            sought.clone_from(name);
        }
        way
    }
}

/// Trees of some 100 000 tiles: even, deep, wide, wide below, and uneven.
fn large() -> Vec<(&'static str, Grown)> {
    let down_to =
        |levels: usize, children: usize| move |depth: usize, _: usize| if depth < levels { children } else { 0 };
    vec![
        ("quarters", Grown::new(down_to(8, 4))),
        ("sevenths", Grown::new(down_to(6, 7))),
        ("deep", Grown::new(down_to(16, 2))),
        ("wide", Grown::new(down_to(1, 100_000))),
        ("wide below", Grown::new(down_to(2, 316))),
        (
            "all at the end",
            Grown::new(|_, at| [1, 1, 0][at % 3] * if at < 90_000 { 2 } else { 0 }),
        ),
        (
            "one long way",
            Grown::new(|depth, at| {
                let last = at % 5_000 == 0;
                if depth == 0 || (last && depth < 24) { 5_000 } else { 0 }
            }),
        ),
    ]
}

#[test]
fn no_tileset_has_more_tiles_than_the_limit_however_large_the_tree() {
    for (what, tree) in large() {
        let cut = tree.cut(512);
        let sizes: Vec<usize> = cut.tilesets().map(|tileset| tileset.tiles().count()).collect();
        let largest = sizes.iter().copied().max().unwrap();
        assert!(largest <= 512, "{what}: {largest} tiles");
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!(mean > 50, "{what}: cut finer than need be, {mean} tiles on average");
    }
}

#[test]
fn every_tile_is_found_once_under_the_tile_that_stands_for_it() {
    for (what, tree) in large() {
        walks_whole(what, &tree, 512);
    }
    for most in 3..12 {
        walks_whole(
            "a small wide tree",
            &Grown::new(|_, at| (at + 11) % 12 * usize::from(at < 100)),
            most,
        );
    }
}

fn walks_whole(what: &str, tree: &Grown, most: usize) {
    let parents = tree.parents();
    let cut = tree.cut(most);
    assert!(
        cut.tilesets().all(|tileset| tileset.tiles().count() <= most),
        "{what}, {most}"
    );
    let walked = cut.walked();
    assert_eq!(walked.len(), tree.names.len(), "{what}, {most}");
    let mut seen = BTreeSet::new();
    for (name, above) in walked {
        let at = Grown::at(&name);
        assert!(seen.insert(at), "{what}, {most}: {name} twice");
        let expected = (at > 0).then(|| tree.names[parents[at]].clone());
        assert_eq!(above, expected, "{what}, {most}: above {name}");
    }
}

#[test]
fn a_tileset_has_a_hundred_kilobytes_and_few_are_on_the_way_to_a_leaf() {
    let tree = Grown::new(|depth, _| if depth < 8 { 4 } else { 0 });
    let cut = tree.cut(512);
    for tileset in cut.tilesets() {
        let bytes = serde_json::to_vec(tileset).unwrap().len();
        assert!(bytes < 150_000, "{bytes} bytes");
    }
    // Besides the layer's own.
    assert_eq!(cut.way_to(tree.names.last().unwrap()).len(), 1, "of 87 381 tiles");
}

#[test]
fn a_tile_that_changes_changes_the_tilesets_on_its_way_and_no_others() {
    let mut tree = Grown::new(|depth, _| if depth < 7 { 4 } else { 0 });
    let before = tree.cut(100);
    let leaf = tree.names.len() - 1000;
    let on_its_way = before.way_to(&tree.names[leaf]);
    assert!(on_its_way.len() > 1, "the tile is below several tilesets");
    tree.names[leaf] = "other.glb".to_owned();
    let after = tree.cut(100);
    let gone: BTreeSet<&String> = before
        .files
        .keys()
        .filter(|name| !after.files.contains_key(*name))
        .collect();
    assert_eq!(gone, on_its_way.iter().collect());
    assert_eq!(before.files.len(), after.files.len());
}

#[test]
fn a_tile_that_is_added_or_goes_changes_the_tilesets_on_its_way_and_no_others() {
    let mut tree = Grown::new(|depth, _| if depth < 7 { 4 } else { 0 });
    let before = tree.cut(100);
    let parent = tree.parents()[tree.names.len() - 1000];
    let on_its_way: BTreeSet<String> = before.way_to(&tree.names[parent]).into_iter().collect();
    tree.names.push(format!("{}.glb", tree.names.len()));
    tree.hulls.push(tree.hulls[parent]);
    tree.children.push(Vec::new());
    tree.children[parent].push(tree.names.len() - 1);
    for change in ["added", "gone"] {
        let after = tree.cut(100);
        let gone: BTreeSet<String> = before
            .files
            .keys()
            .filter(|name| !after.files.contains_key(*name))
            .cloned()
            .collect();
        assert_eq!(gone, on_its_way, "{change}");
        assert_eq!(before.files.len(), after.files.len(), "{change}");
        tree.children[parent].truncate(2);
    }
}

#[test]
fn a_small_tree_is_one_tileset() {
    let cut = Grown::new(|depth, _| if depth < 4 { 4 } else { 0 }).cut(512);
    assert!(cut.files.is_empty());
    assert_eq!(cut.top.tiles().count(), 341);
    assert_eq!(cut.top.root.refine, Some(Refine::Replace));
}
