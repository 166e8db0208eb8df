//! What is seen of the city from the side, at every level.

use crate::sample::{Held, held, shared};
use glam::DVec3;
use std::collections::BTreeMap;

#[test]
fn the_skyline_stays_when_only_stand_ins_are_drawn() {
    let collection = shared();
    let tiles = held(&collection, "buildings");
    let leaves = skyline(tiles.iter().filter(|t| t.leaf));
    let top = |line: &BTreeMap<i64, f64>| line.values().copied().fold(f64::MIN, f64::max);
    // Prisms, one a building or part, and then the blocks they merge into: within half a storey on average.
    for (depth, bound) in [(1, 1.0), (0, 2.0)] {
        let level = skyline(tiles.iter().filter(|t| t.depth == depth || (t.leaf && t.depth < depth)));
        let columns: Vec<f64> = leaves
            .iter()
            .filter_map(|(at, top)| level.get(at).map(|other| (top - other).abs()))
            .collect();
        assert!(
            columns.len() * 100 >= leaves.len() * 97,
            "{} of {} columns",
            columns.len(),
            leaves.len()
        );
        let mean = columns.iter().sum::<f64>() / columns.len() as f64;
        assert!(
            mean < bound,
            "at depth {depth} the skyline is {mean:.2} m off on average"
        );
        // The highest point of the city is the one that people know it by.
        assert!(
            (top(&leaves) - top(&level)).abs() < 1.0,
            "{} {}",
            top(&leaves),
            top(&level)
        );
    }
}

/// Seen from the south: for each column of 5 m east to west, the height of the highest vertex-bounded edge in it.
fn skyline<'a>(tiles: impl Iterator<Item = &'a Held>) -> BTreeMap<i64, f64> {
    let mut line = BTreeMap::new();
    for mesh in tiles.map(|t| &t.content.mesh) {
        let at = |i: u32| mesh.origin + DVec3::from(mesh.positions[i as usize].map(f64::from));
        for corner in mesh.indices.as_chunks::<3>().0 {
            for (a, b) in [(0, 1), (1, 2), (2, 0)] {
                raise(&mut line, at(corner[a]), at(corner[b]));
            }
        }
    }
    line
}

fn raise(line: &mut BTreeMap<i64, f64>, a: DVec3, b: DVec3) {
    let steps = ((b.x - a.x).abs() / 2.5).ceil().max(1.0);
    for step in 0..=steps as u32 {
        let point = a.lerp(b, f64::from(step) / steps);
        let top = line.entry((point.x / 5.0).floor() as i64).or_insert(f64::MIN);
        *top = top.max(point.z);
    }
}
