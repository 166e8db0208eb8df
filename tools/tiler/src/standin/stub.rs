//! Trees, lamps and benches as a handful of triangles, and one of them for several.

use super::{Fate, Members, Middles, Step, members_of, of_form, snapped};
use crate::appearance::{Blend, Color};
use crate::item::Item;
use crate::layer::Form;
use crate::shape::Triangle;
use glam::DVec3;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use tiles::bounds::Aabb;
use tiles::surface::Surface;

/// A small thing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stub {
    /// Number of the tallest of the members.
    pub(crate) subject: u64,
    pub(crate) members: Members,
    /// Where it stands.
    foot: DVec3,
    height: f64,
    radius: f64,
    color: Color,
    surface: Surface,
}

/// Sizes are rounded to this, in metres.
const FINEST_SIZE: f64 = 1.0 / 16.0;

/// What is this many times taller than wide is a pole.
const POLE: f64 = 6.0;

impl Stub {
    /// A double pyramid of six triangles for a tree, a tapering pole of three for a lamp. Its foot stands on the grid; its size keeps a
    /// finer one, so that the things of one kind stay alike.
    pub(crate) fn triangles(&self, grid: f64) -> Vec<Triangle> {
        let slender = self.height > POLE * self.radius;
        let belt = if slender { 0.0 } else { 0.5 * self.height };
        let foot = snapped(self.foot, grid);
        let fine = grid.min(FINEST_SIZE);
        let ring: Vec<DVec3> = (0..3)
            .map(|i| {
                let angle = TAU * f64::from(i) / 3.0;
                foot + snapped(
                    DVec3::new(self.radius * angle.cos(), self.radius * angle.sin(), belt),
                    fine,
                )
            })
            .collect();
        let top = foot + DVec3::Z * self.height;
        let mut all = Vec::new();
        for i in 0..3 {
            let (a, b) = (ring[i], ring[(i + 1) % 3]);
            all.push(self.triangle([a, b, top]));
            if !slender {
                all.push(self.triangle([b, a, foot]));
            }
        }
        all
    }

    fn triangle(&self, corners: [DVec3; 3]) -> Triangle {
        let [a, b, c] = corners;
        Triangle {
            corners,
            normal: (b - a).cross(c - a).normalize_or(DVec3::Z),
            color: self.color,
            surface: self.surface,
            row: 0,
        }
    }

    fn diameter(&self) -> f64 {
        DVec3::new(2.0 * self.radius, 2.0 * self.radius, self.height).length()
    }
}

/// The small things among the items.
pub(super) fn of_items(items: &[Item]) -> Vec<Stub> {
    of_form(items, Form::Item).map(of_item).collect()
}

fn of_item(item: &Item) -> Stub {
    let bounds: Aabb = item.bounds;
    let size = bounds.size();
    let mut color = Blend::default();
    for triangle in &*item.triangles {
        color.add(triangle.color, triangle.area());
    }
    let middle = bounds.center();
    Stub {
        subject: item.subject.number,
        members: vec![item.subject.number],
        foot: DVec3::new(middle.x, middle.y, bounds.min.z),
        height: size.z,
        radius: size.x.max(size.y) / 2.0,
        color: color.color([0x8a, 0x83, 0x78, 0xff]),
        surface: item.triangles.first().map_or(Surface::Unknown, |t| t.surface),
    }
}

/// Fewer: small ones go, of those that stand close together the tallest stays and grows. Whoever stays takes over the members of
/// those that go.
pub(super) fn coarsen(stubs: Vec<Stub>, step: Step, fate: &mut Fate) -> Vec<Stub> {
    let small = |stub: &Stub| stub.diameter() < step.epsilon.min(4.0);
    let all_small = stubs.iter().all(small);
    let largest = stubs.iter().map(Stub::diameter).max_by(f64::total_cmp);
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for stub in stubs {
        let stays = !small(&stub) || (all_small && Some(stub.diameter()) == largest && kept.is_empty());
        if stays { kept.push(stub) } else { gone.push(stub) }
    }
    if step.merge {
        kept = thinned(kept, step, fate);
    }
    fate.drawn.extend(kept.iter().map(|stub| stub.subject));
    let middles = Middles::new(kept.iter().map(|stub| (stub.foot.truncate(), stub.subject)));
    for stub in gone {
        fate.left_out = fate.left_out.max(stub.diameter());
        if let Some(nearest) = middles.nearest(stub.foot.truncate()).and_then(|at| kept.get_mut(at)) {
            nearest.members.extend(stub.members);
        }
    }
    for stub in &mut kept {
        stub.members.sort_unstable();
        stub.members.dedup();
    }
    kept
}

/// One of those in a square of two steps.
fn thinned(stubs: Vec<Stub>, step: Step, fate: &mut Fate) -> Vec<Stub> {
    let mut cells: BTreeMap<(Surface, i64, i64), Vec<Stub>> = BTreeMap::new();
    for stub in stubs {
        let cell = (stub.foot / (2.0 * step.epsilon)).floor();
        cells
            .entry((stub.surface, cell.x as i64, cell.y as i64))
            .or_default()
            .push(stub);
    }
    cells
        .into_values()
        .filter_map(|group| {
            let tallest = group
                .iter()
                .max_by(|a, b| a.height.total_cmp(&b.height).then(b.subject.cmp(&a.subject)))?;
            for stub in group.iter().filter(|stub| stub.subject != tallest.subject) {
                fate.left_out = fate.left_out.max(stub.diameter());
            }
            let area: f64 = group.iter().map(|stub| stub.radius * stub.radius).sum();
            let most = tallest.radius.max(tallest.height / 2.0);
            Some(Stub {
                members: members_of(group.iter().map(|stub| &stub.members)),
                radius: area.sqrt().min(most).max(tallest.radius),
                ..tallest.clone()
            })
        })
        .collect()
}
