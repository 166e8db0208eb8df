//! The whole city in one picture: how many tiles and bytes a viewer needs for it.
//!
//! The eye is placed as near as all of the city can be seen from, and the selector of the viewers chooses from the store as it would over a
//! network that answers at once. What is counted is what is drawn, by the length of the Brotli form where there is one, and the tilesets
//! that had to be read.

use anyhow::{Context as _, ensure};
use glam::dcamera::rh::proj::directx;
use glam::dcamera::rh::view::look_at_mat4;
use glam::{DMat4, DVec3};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tiles::bounds::{Aabb, Frustum, OrientedBox};
use tiles::select::{ContentKind, Options as Selecting, Request, SelectionTree, TileId, View};
use tiles::tileset::Tileset;

/// Of which collection, and how it is seen.
#[derive(clap::Args)]
pub struct Options {
    /// Folder of a collection: the one with `tileset.json`.
    collection: PathBuf,
    /// Width and height of the picture in pixels.
    #[arg(long, value_delimiter = 'x', default_values_t = [1920, 1080])]
    size: Vec<u32>,
    /// Allowed error in pixels.
    #[arg(long, default_value_t = 16.0)]
    error: f64,
    /// Vertical opening angle in degrees.
    #[arg(long, default_value_t = 60.0)]
    fovy: f64,
}

/// A layer's part of the picture.
#[derive(Default)]
struct Drawn {
    tiles: usize,
    stored: u64,
    sent: u64,
    /// Features that the tiles say they stand for.
    features: u64,
}

/// From above, and at two slants (degrees below the horizon).
const SLANTS: [f64; 3] = [89.9, 45.0, 20.0];

/// Chooses and prints.
///
/// # Errors
/// When the collection cannot be read, or a tile of it is missing.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let [width, height] = *options.size.as_slice() else {
        anyhow::bail!("--size wants width and height, as 1920x1080");
    };
    let tileset = tileset(&options.collection.join("tileset.json"))?;
    let root = &tileset.root;
    let hull = root.bounding_volume.as_box().context("the root's volume is no box")?;
    let bounds = Aabb::from_points(hull.corners());
    let frame = DMat4::from_cols_array(&root.transform.context("the root has no transform")?).inverse();
    for slant in SLANTS {
        let view = seeing_all(
            &bounds,
            slant.to_radians(),
            options.fovy.to_radians(),
            f64::from(width) / f64::from(height),
            f64::from(height),
        );
        let drawn = drawn(&options.collection, &tileset, frame, &view, options.error)?;
        print(slant, bounds.distance_to(view.position), &drawn);
    }
    Ok(())
}

fn tileset(path: &Path) -> anyhow::Result<Tileset> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Tileset::from_json(&bytes).with_context(|| format!("reading {}", path.display()))
}

/// The nearest view from the south that has all corners of the box in the picture.
fn seeing_all(bounds: &Aabb, slant: f64, fovy: f64, aspect: f64, height: f64) -> View {
    let target = bounds.center();
    let back = DVec3::new(0.0, -slant.cos(), slant.sin());
    let at = |distance: f64| {
        let eye = target + back * distance;
        let camera = directx::perspective(fovy, aspect, 1.0, 1e6) * look_at_mat4(eye, target, DVec3::Z);
        View::new(eye, Frustum::from_view_projection(&camera), height, fovy)
    };
    let corners = OrientedBox::from_aabb(bounds).corners();
    let sees_all = |view: &View| corners.iter().all(|&corner| view.frustum.contains(corner));
    let (mut near, mut far) = (0.0, bounds.size().length() * 4.0);
    for _ in 0..40 {
        let middle = f64::midpoint(near, far);
        if sees_all(&at(middle)) {
            far = middle;
        } else {
            near = middle;
        }
    }
    at(far)
}

/// What is drawn once everything that is wanted has come, by layer; and the tilesets that were read, by the name `tilesets`.
fn drawn(
    folder: &Path,
    first: &Tileset,
    frame: DMat4,
    view: &View,
    error: f64,
) -> anyhow::Result<BTreeMap<String, Drawn>> {
    let options = Selecting {
        maximum_screen_space_error: error,
        preload_siblings: false,
        ..Selecting::default()
    };
    let mut tree = SelectionTree::new(first, "tileset.json", frame, options)?;
    let mut drawn: BTreeMap<String, Drawn> = BTreeMap::new();
    for _ in 0..1000 {
        let selection = tree.update(std::slice::from_ref(view));
        for request in &selection.load {
            answer(folder, &mut tree, request, &mut drawn)?;
        }
        if selection.settled {
            for &tile in &selection.render {
                count(folder, &tree, tile, &mut drawn)?;
            }
            return Ok(drawn);
        }
    }
    anyhow::bail!("the selection does not settle")
}

fn answer(
    folder: &Path,
    tree: &mut SelectionTree,
    request: &Request,
    drawn: &mut BTreeMap<String, Drawn>,
) -> anyhow::Result<()> {
    let path = folder.join(&request.uri);
    match request.kind {
        ContentKind::Mesh => ensure!(tree.loaded(request.tile, 1), "{} was not waited for", path.display()),
        ContentKind::Tileset => {
            tree.graft(request.tile, &tileset(&path)?)?;
            let files = drawn.entry("tilesets".to_owned()).or_default();
            files.tiles += 1;
            files.stored += path.metadata()?.len();
            files.sent += sent(&path)?;
        }
    }
    Ok(())
}

fn count(folder: &Path, tree: &SelectionTree, tile: TileId, drawn: &mut BTreeMap<String, Drawn>) -> anyhow::Result<()> {
    let uri = tree.uri(tile).context("a tile that is drawn has no content")?;
    let path = folder.join(&uri);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let layer = drawn
        .entry(name.split('.').next().unwrap_or_default().to_owned())
        .or_default();
    let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
    layer.tiles += 1;
    layer.stored += bytes.len() as u64;
    layer.sent += sent(&path)?;
    let content = tiles::glb::decode(&bytes).with_context(|| format!("reading {}", path.display()))?;
    layer.features += content
        .features
        .iter()
        .map(|feature| u64::from(feature.merged))
        .sum::<u64>();
    Ok(())
}

/// The length of a file as it travels.
fn sent(path: &Path) -> anyhow::Result<u64> {
    let mut coded = path.as_os_str().to_owned();
    coded.push(".br");
    let length = std::fs::metadata(coded).or_else(|_| std::fs::metadata(path));
    Ok(length.with_context(|| format!("looking at {}", path.display()))?.len())
}

fn print(slant: f64, distance: f64, drawn: &BTreeMap<String, Drawn>) {
    println!(
        "{slant:.0} degrees below the horizon, {:.1} km from the nearest point of the city",
        distance / 1000.0
    );
    let mut all = Drawn::default();
    for (name, layer) in drawn {
        println!(
            "  {name:10} {:4} files, {:8.1} kB stored, {:8.1} kB after brotli, {:7} features",
            layer.tiles,
            layer.stored as f64 / 1e3,
            layer.sent as f64 / 1e3,
            layer.features
        );
        if name != "tilesets" {
            all.tiles += layer.tiles;
        }
        all.sent += layer.sent;
    }
    println!(
        "  together   {:4} tiles, {:.2} MB after brotli, tilesets included",
        all.tiles,
        all.sent as f64 / 1e6
    );
}
