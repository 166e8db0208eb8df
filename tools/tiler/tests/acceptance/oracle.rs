//! The geometric error of every stand-in against a dense sampling of what it stands for: the numbers in the tileset are what viewers go by.
//! Nothing here is shared with the code that measured them.

use crate::sample::{Held, held, shared};
use glam::DVec3;
use tiles::pick::{Bvh, Ray, Triangles};
use tiles::surface::Surface;

/// Points on each side of a comparison.
const POINTS: usize = 2000;

#[test]
fn no_seen_point_of_the_buildings_is_further_from_its_stand_in_than_the_error_says() {
    let tiles = held(&shared(), "buildings");
    for stand_in in tiles.iter().filter(|tile| !tile.leaf) {
        let below: Vec<&Held> = leaves_below(&tiles, stand_in).collect();
        // What is smaller than the error may be left out.
        let before = Soup::of(&below, |surface, size| seen(surface) && size > stand_in.error);
        let after = Soup::of(&[stand_in], |surface, _| seen(surface));
        let whole = Soup::of(&below, |surface, _| seen(surface));
        let away = farthest(&before.seen(&whole), &after);
        let back = farthest(&after.seen(&after), &whole);
        let worst = away.max(back);
        assert!(worst > 0.0, "something was compared");
        assert!(
            worst <= stand_in.error,
            "at {:?}: {away:.2} m away, {back:.2} m back, the error says {:.2}",
            stand_in.path,
            stand_in.error
        );
    }
}

#[test]
fn no_point_of_the_ground_is_higher_or_lower_than_the_error_says() {
    let collection = shared();
    for layer in ["terrain", "green", "roads"] {
        let tiles = held(&collection, layer);
        let mut compared = 0;
        for stand_in in tiles.iter().filter(|tile| !tile.leaf) {
            let below: Vec<&Held> = leaves_below(&tiles, stand_in).collect();
            let ground = |surface: u8, _| surface != Surface::Tree as u8;
            let (before, after) = (Soup::of(&below, ground), Soup::of(&[stand_in], ground));
            for (from, to) in [(&before, &after), (&after, &before)] {
                for point in from.points(|normal| normal.z > 0.5).map(|(point, _)| point) {
                    let heights = to.corners.iter().filter_map(|corners| height_over(corners, point));
                    let Some(off) = heights.map(|z| (z - point.z).abs()).min_by(f64::total_cmp) else {
                        continue;
                    };
                    compared += 1;
                    assert!(
                        off <= stand_in.error,
                        "{layer} at {:?}: {off:.2} m, the error says {:.2}",
                        stand_in.path,
                        stand_in.error
                    );
                }
            }
        }
        assert!(compared > POINTS, "{layer}: {compared} points lie over each other");
    }
}

fn leaves_below<'a>(tiles: &'a [Held], stand_in: &'a Held) -> impl Iterator<Item = &'a Held> {
    tiles
        .iter()
        .filter(|tile| tile.leaf && tile.path.starts_with(&stand_in.path))
}

/// Whether a kind of surface is meant to be seen.
fn seen(surface: u8) -> bool {
    let hidden = [Surface::Ground, Surface::Interior, Surface::Closure].map(|kind| kind as u8);
    !hidden.contains(&surface)
}

/// Triangles of one or more tiles.
#[derive(Default)]
struct Soup {
    corners: Vec<[DVec3; 3]>,
    /// As picking takes them, about a common origin.
    origin: DVec3,
    positions: Vec<[f32; 3]>,
    indices: Vec<u32>,
}

impl Soup {
    /// What of the tiles is `wanted`, by the number of its surface and the diameter of its feature.
    fn of(tiles: &[&Held], wanted: impl Fn(u8, f64) -> bool) -> Self {
        let mut soup = Self {
            origin: tiles.first().map_or(DVec3::ZERO, |tile| tile.content.mesh.origin),
            ..Self::default()
        };
        for mesh in tiles.iter().map(|tile| &tile.content.mesh) {
            let point = |vertex: u32| mesh.origin + DVec3::from(mesh.positions[vertex as usize].map(f64::from));
            let sizes = diameters(mesh);
            for triangle in mesh.indices.as_chunks::<3>().0 {
                let first = triangle[0] as usize;
                if wanted(mesh.surfaces[first], sizes[mesh.feature_ids[first] as usize]) {
                    soup.add(triangle.map(point));
                }
            }
        }
        soup
    }

    fn add(&mut self, corners: [DVec3; 3]) {
        for corner in corners {
            self.indices.push(self.positions.len() as u32);
            self.positions.push((corner - self.origin).as_vec3().to_array());
        }
        self.corners.push(corners);
    }

    /// Points all over the surface, as many a square metre everywhere, with the normals there.
    fn points(&self, wanted: impl Fn(DVec3) -> bool) -> impl Iterator<Item = (DVec3, DVec3)> {
        let cross = |[a, b, c]: &[DVec3; 3]| (*b - *a).cross(*c - *a);
        let faces: Vec<_> = self
            .corners
            .iter()
            .filter(|corners| wanted(cross(corners).normalize_or_zero()))
            .collect();
        let total: f64 = faces.iter().map(|corners| cross(corners).length()).sum();
        let mut next = numbers();
        let mut reached = 0.0;
        let mut all = Vec::new();
        for corners in faces {
            reached += cross(corners).length() / total * POINTS as f64;
            while (all.len() as f64) < reached {
                let (mut u, mut v) = (next(), next());
                if u + v > 1.0 {
                    (u, v) = (1.0 - u, 1.0 - v);
                }
                let [a, b, c] = *corners;
                all.push((a + (b - a) * u + (c - a) * v, cross(corners).normalize_or_zero()));
            }
        }
        all.into_iter()
    }

    /// The points that are seen from somewhere above.
    fn seen(&self, before: &Self) -> Vec<DVec3> {
        let triangles = Triangles {
            origin: before.origin,
            positions: &before.positions,
            indices: &before.indices,
            feature_ids: &vec![0; before.positions.len()],
            surfaces: &vec![0; before.positions.len()],
        };
        let tree = Bvh::build(triangles);
        let ways = [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0)].map(|(x, y)| DVec3::new(x, y, 0.7));
        self.points(|_| true)
            .filter(|&(point, normal)| {
                ways.iter().any(|&direction| {
                    let ray = Ray {
                        origin: point + normal * 0.05,
                        direction,
                    };
                    direction.dot(normal) > 0.1 && tree.nearest(triangles, &ray).is_none()
                })
            })
            .map(|(point, _)| point)
            .collect()
    }
}

/// Diameters of the features of a mesh, by row.
fn diameters(mesh: &tiles::mesh::Mesh) -> Vec<f64> {
    let rows = mesh
        .feature_ids
        .iter()
        .copied()
        .max()
        .map_or(0, |row| usize::from(row) + 1);
    let mut boxes = vec![(DVec3::INFINITY, DVec3::NEG_INFINITY); rows];
    for (position, &row) in mesh.positions.iter().zip(&mesh.feature_ids) {
        let point = DVec3::from(position.map(f64::from));
        let (low, high) = &mut boxes[usize::from(row)];
        (*low, *high) = (low.min(point), high.max(point));
    }
    boxes.into_iter().map(|(low, high)| (high - low).length()).collect()
}

fn farthest(points: &[DVec3], from: &Soup) -> f64 {
    let nearest = |point: &DVec3| {
        let distances = from.corners.iter().map(|corners| distance(*point, corners));
        distances.fold(f64::INFINITY, f64::min)
    };
    points.iter().map(nearest).fold(0.0, f64::max)
}

/// From a point to a triangle: to its plane above it, to its sides beside it.
fn distance(point: DVec3, corners: &[DVec3; 3]) -> f64 {
    let [a, b, c] = *corners;
    let normal = (b - a).cross(c - a).normalize_or_zero();
    let sides = [(a, b), (b, c), (c, a)];
    let above = sides
        .iter()
        .all(|&(from, to)| normal.dot((to - from).cross(point - from)) >= 0.0);
    if above && normal != DVec3::ZERO {
        return normal.dot(point - a).abs();
    }
    let to_side = |(from, to): (DVec3, DVec3)| {
        let along = to - from;
        let at = ((point - from).dot(along) / along.length_squared().max(1e-12)).clamp(0.0, 1.0);
        (from + along * at).distance(point)
    };
    sides.map(to_side).into_iter().fold(f64::INFINITY, f64::min)
}

fn height_over([a, b, c]: &[DVec3; 3], point: DVec3) -> Option<f64> {
    let turn = |p: DVec3, q: DVec3| (q.x - p.x) * (point.y - p.y) - (q.y - p.y) * (point.x - p.x);
    let (u, v, w) = (turn(*b, *c), turn(*c, *a), turn(*a, *b));
    let inside = (u >= 0.0 && v >= 0.0 && w >= 0.0) || (u <= 0.0 && v <= 0.0 && w <= 0.0);
    let sum = u + v + w;
    (inside && sum.abs() > 1e-9).then(|| (a.z * u + b.z * v + c.z * w) / sum)
}

/// Numbers between 0 and 1 that look random and are always the same (Knuth's MMIX).
fn numbers() -> impl FnMut() -> f64 {
    let mut state = 1_u64;
    move || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}
