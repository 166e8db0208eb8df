//! Every tile against the rules that viewers rely on.
//!
//! A viewer skips a tile whose box it does not see, stops where the geometric error is small enough, and finds a
//! feature by its id. A box that is too small makes buildings vanish at the edge of the screen; an error that grows
//! downward stops the refinement; a building in two leaves is counted and picked twice.

use super::{Checker, TILER_FAULT};
use crate::Manifest;
use crate::collection::content_name;
use crate::publisher::{FILES, POINTER};
use glam::{DMat4, DVec3};
use std::collections::{BTreeMap, BTreeSet};
use tiles::bounds::OrientedBox;
use tiles::mesh::TileContent;
use tiles::tileset::{BoundingVolume, Pointer, Tile, Tileset};

/// How far content may lie outside its box, in metres: the rounding of positions when a tile is written.
const SLACK: f64 = 0.002;
/// The layer whose every object lies in exactly one leaf; ground layers are clipped to cells.
pub(super) const WHOLE: &str = "buildings";
/// Deeper trees than this are a loop of tilesets that refer to one another.
const DEEPEST: usize = 64;

/// A tile with a mesh.
pub(super) struct Seen {
    pub(super) leaf: bool,
    pub(super) ids: BTreeSet<String>,
}

/// Every tile with a mesh, by its name under `files/`.
pub(super) type Tree = BTreeMap<String, Seen>;

/// What is above a tile.
#[derive(Clone)]
struct Above {
    /// The JSON the tile stands in, below the collection's directory.
    file: String,
    /// Child numbers from that JSON's root.
    path: String,
    depth: usize,
    layer: String,
    geometric_error: f64,
    bounds: Option<OrientedBox>,
}

struct Walk<'a, 'b> {
    checker: &'a mut Checker<'b>,
    manifest: &'a Manifest,
    /// Names of layers by the key of their tileset.
    layers: BTreeMap<String, String>,
    tree: Tree,
    /// The leaf that holds a building.
    leaves: BTreeMap<String, String>,
}

/// Walks the whole tree from the pointer down.
pub(super) fn check(checker: &mut Checker<'_>, tileset: &Tileset, pointer: &Pointer, manifest: &Manifest) -> Tree {
    let layers = pointer.layers.iter();
    let mut walk = Walk {
        checker,
        manifest,
        layers: layers
            .map(|layer| (layer.tileset.clone(), layer.name.clone()))
            .collect(),
        tree: Tree::new(),
        leaves: BTreeMap::new(),
    };
    walk.tileset(
        tileset,
        Above {
            file: POINTER.to_owned(),
            path: "root".to_owned(),
            depth: 0,
            layer: String::new(),
            geometric_error: f64::INFINITY,
            bounds: None,
        },
    );
    let unseen =
        |key: &&String| content_name(key).is_some_and(|name| extension(name) == "glb" && !walk.tree.contains_key(name));
    let unseen: Vec<String> = manifest.files.keys().filter(unseen).cloned().collect();
    for key in unseen {
        walk.checker
            .problem("unreachable", &key, "no tile refers to it", TILER_FAULT);
    }
    if walk.tree.is_empty() {
        walk.checker
            .problem("no-tiles", POINTER, "no tile has a mesh", TILER_FAULT);
    }
    walk.tree
}

impl Walk<'_, '_> {
    fn wrong(&mut self, code: &'static str, at: &Above, what: &str) {
        self.checker
            .problem(code, &at.file, format!("tile {} {what}", at.path), TILER_FAULT);
    }

    fn tileset(&mut self, tileset: &Tileset, above: Above) -> u64 {
        if tileset.asset.version != "1.1" {
            let what = format!("its asset.version is {:?} instead of \"1.1\"", tileset.asset.version);
            self.checker.problem("json", &above.file, what, TILER_FAULT);
        }
        if tileset.root.refine.is_none() {
            self.wrong("json", &above, "has no refine, which a root must have");
        }
        // Not smaller than the root's, and across a border not larger than the referring tile's.
        if tileset.geometric_error < tileset.root.geometric_error {
            self.wrong(
                "geometric-error",
                &above,
                "has a larger geometric error than its tileset",
            );
        }
        self.tile(&tileset.root, above)
    }

    /// Checks a tile and everything below; answers how many features its mesh, or the meshes below, stand for.
    fn tile(&mut self, tile: &Tile, above: Above) -> u64 {
        let above = self.check_numbers(tile, above);
        let content = tile
            .content
            .as_ref()
            .map(|content| (content.uri.clone(), content.bounding_volume));
        let mut own = None;
        if let Some((uri, volume)) = content {
            match self.resolve(&uri, &above) {
                Some(key) if extension(&key) == "json" => {
                    if !tile.children.is_empty() {
                        self.wrong("json", &above, "has children besides the tileset that is its content");
                    }
                    own = self.external(&key, &above);
                }
                Some(key) => own = self.mesh(&key, tile, volume, &above),
                None => {}
            }
        }
        let mut below = 0;
        for (number, child) in tile.children.iter().enumerate() {
            let path = format!("{}/{number}", above.path);
            below += self.tile(
                child,
                Above {
                    path,
                    depth: above.depth + 1,
                    ..above.clone()
                },
            );
        }
        if let Some(own) = own
            && !tile.children.is_empty()
            && own != below
            && above.layer == WHOLE
        {
            let what = format!("stands for {own} features, the tiles below it for {below}");
            self.wrong("merged", &above, &what);
        }
        own.unwrap_or(below)
    }

    /// Checks box and geometric error against what is above, and answers what is above the tiles below.
    fn check_numbers(&mut self, tile: &Tile, mut above: Above) -> Above {
        if !(tile.geometric_error >= 0.0 && tile.geometric_error.is_finite()) {
            self.wrong("geometric-error", &above, "has no finite geometric error");
        }
        if tile.geometric_error > above.geometric_error {
            let what = format!(
                "has the geometric error {} m, more than the {} m above it",
                tile.geometric_error, above.geometric_error
            );
            self.wrong("geometric-error", &above, &what);
        }
        let coarser = std::mem::replace(&mut above.geometric_error, tile.geometric_error);
        let BoundingVolume::Box(numbers) = &tile.bounding_volume else {
            self.wrong("json", &above, "has no box");
            return Above { bounds: None, ..above };
        };
        if !numbers.iter().all(|number| number.is_finite()) {
            self.wrong("json", &above, "has a box with numbers that are not finite");
        }
        let bounds = OrientedBox::from_array(numbers);
        let transform = tile
            .transform
            .map_or(DMat4::IDENTITY, |numbers| DMat4::from_cols_array(&numbers));
        if let Some(outer) = &above.bounds {
            let inner = bounds.transformed(&transform);
            if !holds(outer, &inner) {
                self.wrong("box", &above, "reaches out of the box of the tile above it");
            }
            self.check_empty(tile, coarser, !holds(&inner, outer), &above);
        }
        Above {
            bounds: Some(bounds),
            ..above
        }
    }

    /// Checks a tile without a mesh: it must be refined whenever the tile above is, and be waited for. Seen from where the one above is too
    /// coarse and this one fine enough, nothing would be drawn; and `CesiumJS` takes an empty child for drawn, unless a tileset begins with it.
    fn check_empty(&mut self, tile: &Tile, coarser: f64, smaller: bool, at: &Above) {
        if tile.content.is_some() {
            return;
        }
        if smaller || tile.geometric_error < coarser {
            let what = "has no mesh, and a smaller box or geometric error than the tile above: it leaves a hole";
            self.wrong("hole", at, what);
        } else if at.path != "root" {
            self.wrong(
                "hole",
                at,
                "has no mesh and is not the root of its tileset: it leaves a hole",
            );
        }
    }

    /// The manifest's key for a URI of a tile, which must be relative and plain.
    fn resolve(&mut self, uri: &str, at: &Above) -> Option<String> {
        let key = if at.file == POINTER {
            uri.to_owned()
        } else {
            format!("{FILES}/{uri}")
        };
        if self.manifest.files.contains_key(&key) && key.starts_with("files/") {
            return Some(key);
        }
        self.wrong(
            "uri",
            at,
            &format!("refers to {uri:?}, which the manifest does not list"),
        );
        None
    }

    fn external(&mut self, key: &str, above: &Above) -> Option<u64> {
        if above.depth > DEEPEST {
            self.wrong("json", above, "is too deep: tilesets refer to one another in a circle");
            return None;
        }
        let bytes = std::fs::read(self.checker.directory.join(key)).ok()?;
        let tileset: Tileset = match serde_json::from_slice(&bytes) {
            Ok(tileset) => tileset,
            Err(error) => {
                self.checker
                    .problem("json", key, format!("is not a tileset: {error}"), TILER_FAULT);
                return None;
            }
        };
        let layer = self.layers.get(key).unwrap_or(&above.layer).clone();
        let below = Above {
            file: key.to_owned(),
            path: "root".to_owned(),
            depth: above.depth + 1,
            layer,
            ..above.clone()
        };
        Some(self.tileset(&tileset, below))
    }

    fn mesh(&mut self, key: &str, tile: &Tile, volume: Option<BoundingVolume>, above: &Above) -> Option<u64> {
        let bytes = std::fs::read(self.checker.directory.join(key)).ok()?;
        let content = match tiles::glb::decode(&bytes) {
            Ok(content) => content,
            Err(error) => {
                self.checker
                    .problem("glb", key, format!("does not decode: {error}"), TILER_FAULT);
                return None;
            }
        };
        self.checker.report.tiles += 1;
        let tight = match volume {
            Some(BoundingVolume::Box(numbers)) => Some(OrientedBox::from_array(&numbers)),
            _ => None,
        };
        for (bounds, name) in [(&above.bounds, "tile's"), (&tight, "content's")] {
            let outside = bounds.as_ref().map_or(0, |bounds| outside(&content, bounds));
            if outside > 0 {
                let what = format!("{outside} vertices lie outside the {name} box at {}", above.path);
                self.checker.problem("box", key, what, TILER_FAULT);
            }
        }
        let leaf = tile.children.is_empty();
        let stands_for = content
            .features
            .iter()
            .map(|feature| u64::from(feature.merged.max(1)))
            .sum();
        let ids = self.ids(key, &content, leaf, above);
        let name = key.strip_prefix("files/").unwrap_or(key);
        self.tree.insert(name.to_owned(), Seen { leaf, ids });
        Some(stands_for)
    }

    fn ids(&mut self, key: &str, content: &TileContent, leaf: bool, above: &Above) -> BTreeSet<String> {
        let mut ids = BTreeSet::new();
        for feature in &content.features {
            if !ids.insert(feature.id.clone()) {
                let what = format!("the feature {} has two rows", feature.id);
                self.checker.problem("duplicate-feature", key, what, TILER_FAULT);
            }
            if leaf && above.layer == WHOLE {
                let other = self.leaves.insert(feature.id.clone(), key.to_owned());
                if let Some(other) = other.filter(|other| other != key) {
                    let what = format!("the feature {} also lies in the leaf {other}", feature.id);
                    self.checker.problem("duplicate-feature", key, what, TILER_FAULT);
                }
            }
        }
        ids
    }
}

/// The extension of a content name; the manifest holds no other names.
fn extension(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

/// Whether a box holds another.
fn holds(outer: &OrientedBox, inner: &OrientedBox) -> bool {
    inner.corners().iter().all(|corner| outer.contains(*corner, SLACK))
}

fn outside(content: &TileContent, bounds: &OrientedBox) -> usize {
    let origin = content.mesh.origin;
    let position = |p: &[f32; 3]| origin + DVec3::new(f64::from(p[0]), f64::from(p[1]), f64::from(p[2]));
    content
        .mesh
        .positions
        .iter()
        .filter(|p| !bounds.contains(position(p), SLACK))
        .count()
}
