//! Trees, lamps and benches as a handful of triangles, and one of them for several.

use super::{Members, Step, members_of, of_form};
use crate::appearance::{Blend, Color};
use crate::layer::Form;
use crate::leaf::LeafItem;
use crate::shape::{Shape, Triangle};
use glam::DVec3;
use std::collections::BTreeMap;
use std::f64::consts::TAU;
use tiles::bounds::Aabb;
use tiles::surface::Surface;

/// A small thing.
#[derive(Debug, Clone)]
pub(crate) struct Stub {
    /// The tallest of the members.
    pub(crate) shape: usize,
    pub(crate) members: Members,
    /// Where it stands.
    foot: DVec3,
    height: f64,
    radius: f64,
    color: Color,
    surface: Surface,
}

/// What is this many times taller than wide is a pole.
const POLE: f64 = 6.0;

impl Stub {
    /// A double pyramid of six triangles for a tree, a tapering pole of three for a lamp.
    pub(crate) fn triangles(&self) -> Vec<Triangle> {
        let slender = self.height > POLE * self.radius;
        let belt = if slender { 0.0 } else { 0.5 * self.height };
        let ring: Vec<DVec3> = (0..3)
            .map(|i| {
                let angle = TAU * f64::from(i) / 3.0;
                self.foot + DVec3::new(self.radius * angle.cos(), self.radius * angle.sin(), belt)
            })
            .collect();
        let top = self.foot + DVec3::Z * self.height;
        let mut all = Vec::new();
        for i in 0..3 {
            let (a, b) = (ring[i], ring[(i + 1) % 3]);
            all.push(self.triangle([a, b, top]));
            if !slender {
                all.push(self.triangle([b, a, self.foot]));
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
pub(super) fn of_items(items: &[&LeafItem], shapes: &[Shape]) -> Vec<Stub> {
    of_form(items, shapes, Form::Item)
        .map(|item| of_item(item, &shapes[item.shape]))
        .collect()
}

fn of_item(item: &LeafItem, shape: &Shape) -> Stub {
    let bounds: Aabb = shape.bounds;
    let size = bounds.size();
    let mut color = Blend::default();
    for triangle in &*item.triangles {
        color.add(triangle.color, triangle.area());
    }
    let middle = bounds.center();
    Stub {
        shape: item.shape,
        members: vec![item.shape],
        foot: DVec3::new(middle.x, middle.y, bounds.min.z),
        height: size.z,
        radius: size.x.max(size.y) / 2.0,
        color: color.color([0x8a, 0x83, 0x78, 0xff]),
        surface: item.triangles.first().map_or(Surface::Unknown, |t| t.surface),
    }
}

/// Fewer: small ones go, of those that stand close together the tallest stays and grows.
pub(super) fn coarsen(mut stubs: Vec<Stub>, step: Step, left_out: &mut f64) -> Vec<Stub> {
    let least = step.epsilon.min(4.0);
    stubs.retain(|stub| {
        let small = stub.diameter() < least;
        if small {
            *left_out = left_out.max(stub.diameter());
        }
        !small
    });
    if !step.merge {
        return stubs;
    }
    let mut cells: BTreeMap<(Surface, i64, i64), Vec<Stub>> = BTreeMap::new();
    for stub in stubs {
        let cell = (stub.foot / (2.0 * step.epsilon)).floor();
        cells.entry((stub.surface, cell.x as i64, cell.y as i64)).or_default().push(stub);
    }
    cells
        .into_values()
        .filter_map(|group| {
            let tallest = group
                .iter()
                .max_by(|a, b| a.height.total_cmp(&b.height).then(b.shape.cmp(&a.shape)))?;
            for stub in group.iter().filter(|stub| stub.shape != tallest.shape) {
                *left_out = left_out.max(stub.diameter());
            }
            let area: f64 = group.iter().map(|stub| stub.radius * stub.radius).sum();
            Some(Stub {
                members: members_of(group.iter().map(|stub| &stub.members)),
                radius: area.sqrt().min(step.epsilon).max(tallest.radius),
                ..tallest.clone()
            })
        })
        .collect()
}

/// The one with the largest diameter.
pub(super) fn largest(stubs: Vec<Stub>) -> Option<Stub> {
    stubs
        .into_iter()
        .max_by(|a, b| a.diameter().total_cmp(&b.diameter()).then(b.shape.cmp(&a.shape)))
}
