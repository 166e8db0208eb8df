//! Buildings as stacks of prisms, and stacks of several buildings as one.
//!
//! A building is cut at heights that lie at most a step apart. What of it reaches above a cut is drawn as a prism from below the cut
//! to the height that this part has: a body, a tower on it, a dome as a few steps. So the skyline stays within the step, a tower is
//! never averaged into its body, and two buildings may share a prism only where their tops agree.

use super::{Members, Middles, Step, members_of, of_form, snapped, snapped_height};
use crate::appearance::{Blend, Color};
use crate::boxes::Boxes;
use crate::clip::{Half, clip};
use crate::content::is_hidden_kind;
use crate::item::Item;
use crate::layer::Form;
use crate::outline::{self, Collapse, Plan, STEEP};
use crate::overlay;
use crate::shape::Triangle;
use earcut::Earcut;
use geo::{Area, Coord, MultiPolygon};
use glam::{DVec2, DVec3};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tiles::bounds::Aabb;
use tiles::surface::Surface;

/// A prism of a stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Block {
    /// Number of the largest of the members.
    pub(crate) subject: u64,
    pub(crate) members: Members,
    pub(crate) outline: Plan,
    /// Where the ground is; no wall reaches lower.
    floor: f64,
    /// The height of what it stands on.
    base: f64,
    /// How far its walls reach below that, because what it stands on may have come out lower.
    sunk: f64,
    pub(crate) top: f64,
    roof: Blend,
    wall: Blend,
    /// The places of the blocks it was made of in the list of those.
    #[serde(skip)]
    sources: Vec<usize>,
}

/// Gaps wider than this between buildings stay open, in metres: alleys close soon, streets only where whole quarters become one.
fn widest_alley(step: Step) -> f64 {
    (step.epsilon / 4.0).min(5.0).max(step.epsilon / 16.0)
}

/// A stack has at most so many prisms.
const MOST_CUTS: f64 = 64.0;

const PLAIN: Color = [0xb8, 0xb4, 0xac, 0xff];

impl Block {
    /// Roof and walls, with corners on a grid; nobody sees the bottom.
    pub(crate) fn triangles(&self, grid: f64) -> Vec<Triangle> {
        let mut earcut = Earcut::new();
        let (roof, wall) = (self.roof.color(PLAIN), self.wall.color(PLAIN));
        let top = snapped_height(self.top, grid);
        let base = ((self.base - self.sunk).max(self.floor) / grid).floor() * grid;
        let place = |c: Coord| snapped(DVec3::new(c.x, c.y, top), grid);
        let mut all = Vec::new();
        for polygon in &self.outline {
            for corners in outline::cut(polygon, &mut earcut) {
                all.push(Triangle {
                    corners: corners.map(place),
                    normal: DVec3::Z,
                    color: roof,
                    surface: Surface::Roof,
                    row: 0,
                });
            }
            for ring in outline::open_rings(polygon) {
                for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                    let (a, b) = (place(a), place(b));
                    if a != b {
                        all.extend(wall_of(a, b, base, wall, Surface::Wall));
                    }
                }
            }
        }
        all
    }

    fn middle(&self) -> DVec2 {
        outline::middle(&self.outline)
    }

    fn diameter(&self) -> f64 {
        outline::diagonal(&self.outline).hypot(self.top - self.base)
    }
}

/// An upright wall from an edge down to `base`; outside is to the right of it.
pub(super) fn wall_of(a: DVec3, b: DVec3, base: f64, color: Color, surface: Surface) -> [Triangle; 2] {
    let normal = DVec3::new(b.y - a.y, a.x - b.x, 0.0).normalize_or(DVec3::X);
    let down = |point: DVec3| DVec3::new(point.x, point.y, base);
    [[down(a), down(b), b], [down(a), b, a]].map(|corners| Triangle {
        corners,
        normal,
        color,
        surface,
        row: 0,
    })
}

/// The stacks of the buildings among the items.
pub(super) fn of_items(items: &[Item], step: Step) -> Vec<Block> {
    of_form(items, Form::Block)
        .flat_map(|item| stack(item, step.height()))
        .collect()
}

/// One building, cut at heights at most `step` apart.
fn stack(item: &Item, step: f64) -> Vec<Block> {
    let seen = || item.triangles.iter().filter(|t| !is_hidden_kind(t.surface));
    let mut wall = Blend::default();
    for triangle in seen().filter(|t| t.normal.z.abs() <= STEEP) {
        wall.add(triangle.color, triangle.area());
    }
    let mut above: Vec<Triangle> = seen().filter(|t| t.normal.z > STEEP).copied().collect();
    if above.is_empty() {
        // Nothing faces up: an outline of walls, or an upright sheet.
        return Vec::new();
    }
    let floor = item.bounds.min.z;
    // However tall a thing is, more cuts than these are of no use.
    let step = step.max(item.bounds.size().z / MOST_CUTS);
    let mut blocks: Vec<Block> = Vec::new();
    let mut covered: Vec<Triangle> = Vec::new();
    while let Some(high) = above.iter().flat_map(|t| t.corners).map(|c| c.z).max_by(f64::total_cmp) {
        let low = high - step;
        let cut = |greater| {
            clip(
                &above,
                Half {
                    axis: 2,
                    at: low,
                    greater,
                },
            )
        };
        let (layer, below) = (cut(true), cut(false));
        let (top, roof) = top_of(&layer);
        covered.extend(&layer);
        above = below;
        let outline = outline::plan_of(&covered);
        if layer.is_empty() || outline.0.is_empty() {
            continue;
        }
        blocks.push(Block {
            subject: item.subject.number,
            members: vec![item.subject.number],
            outline,
            floor,
            base: floor,
            sunk: 0.0,
            top,
            roof,
            wall,
            sources: Vec::new(),
        });
    }
    rest_on_each_other(&mut blocks);
    blocks
}

/// Lets each prism of a stack (highest first) begin where the one below it ends, with an overlap that later steps use up.
fn rest_on_each_other(blocks: &mut [Block]) {
    for i in 1..blocks.len() {
        let below = blocks[i].top;
        blocks[i - 1].base = below.max(blocks[i - 1].floor);
    }
}

/// The height that the prism for these faces has, and their colour: the mean height by area, raised towards the highest point where a good
/// part is that high (a gable), not where little is (a chimney).
fn top_of(layer: &[Triangle]) -> (f64, Blend) {
    let mut roof = Blend::default();
    let (mut weighted, mut total, mut high, mut low) = (0.0, 0.0, f64::MIN, f64::MAX);
    for triangle in layer {
        let plan = triangle.area() * triangle.normal.z;
        let z = triangle.corners.map(|c| c.z);
        roof.add(triangle.color, plan);
        weighted += plan * z.iter().sum::<f64>() / 3.0;
        total += plan;
        high = z.into_iter().fold(high, f64::max);
        low = z.into_iter().fold(low, f64::min);
    }
    let mean = if total > 0.0 { weighted / total } else { high };
    let half = Half {
        axis: 2,
        at: f64::midpoint(low, high),
        greater: true,
    };
    let upper: f64 = clip(layer, half).iter().map(|t| t.area() * t.normal.z).sum();
    let top = if upper > 0.3 * total {
        f64::midpoint(mean, high)
    } else {
        mean
    };
    (top, roof)
}

/// What coarser stacks are made of the blocks of the level below.
pub(super) struct Coarser {
    pub(super) blocks: Vec<Block>,
    /// Of each block of the level below, whether something is drawn for it. The others are left out.
    pub(super) drawn: Vec<bool>,
    /// The greatest diameter of what is left out, in metres.
    pub(super) left_out: f64,
}

/// Coarser stacks: prisms whose tops are within the step become one where they touch or nearly do, outlines lose their small corners.
pub(super) fn coarsen(mut blocks: Vec<Block>, step: Step) -> Coarser {
    for (place, block) in blocks.iter_mut().enumerate() {
        block.sources = vec![place];
    }
    let mut rest: Vec<&Block> = blocks.iter().collect();
    // Highest first; ties in a fixed order, so that the result does not depend on how the work was divided.
    rest.sort_by(|a, b| b.top.total_cmp(&a.top).then(a.subject.cmp(&b.subject)));
    let mut made = Vec::new();
    while let Some(highest) = rest.first().map(|block| block.top) {
        let end = rest.partition_point(|block| block.top >= highest - step.height());
        let later = rest.split_off(end);
        made.extend(merge_class(&rest, step));
        rest = later;
    }
    leave_out(made, &blocks, step)
}

/// Leaves out what is small in every direction, unless nothing else is there. What stands nearest takes over the members of what is gone.
fn leave_out(made: Vec<Block>, below: &[Block], step: Step) -> Coarser {
    let small = |block: &Block| {
        let low = block.top - block.base < step.height() || block.top - block.floor < 2.0 * step.height();
        low && outline::extent(&block.outline) < step.epsilon / 4.0
    };
    let all_small = made.iter().all(small);
    let largest = largest(&made);
    let stays = |at: usize, block: &Block| !small(block) || (all_small && Some(at) == largest);
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for (at, block) in made.into_iter().enumerate() {
        if stays(at, &block) {
            kept.push(block);
        } else {
            gone.push(block);
        }
    }
    let mut used = vec![false; below.len()];
    for block in kept.iter().chain(&gone) {
        block.sources.iter().for_each(|&source| used[source] = true);
    }
    // Nothing was made of some: slivers inside of nothing.
    gone.extend(
        below
            .iter()
            .zip(used)
            .filter(|(_, used)| !used)
            .map(|(block, _)| block.clone()),
    );
    hand_on(kept, gone, below.len())
}

/// Lets what stands nearest stand for the members of what is gone.
fn hand_on(mut kept: Vec<Block>, gone: Vec<Block>, below: usize) -> Coarser {
    let (mut drawn, mut left_out) = (vec![false; below], 0.0_f64);
    for block in &kept {
        block.sources.iter().for_each(|&source| drawn[source] = true);
    }
    let footing = Footing::new(&kept);
    let middles = Middles::new(kept.iter().map(|block| (block.middle(), block.subject)));
    for block in gone {
        if footing.holds(&block) {
            // A tower that is gone from a body that stays has a distance from what is drawn.
            block.sources.iter().for_each(|&source| drawn[source] = true);
        } else {
            left_out = left_out.max(block.diameter());
        }
        if let Some(nearest) = middles.nearest(block.middle()).and_then(|at| kept.get_mut(at)) {
            nearest.members.extend(block.members);
        }
    }
    for block in &mut kept {
        block.members.sort_unstable();
        block.members.dedup();
    }
    Coarser {
        blocks: kept,
        drawn,
        left_out,
    }
}

/// Where blocks stand in the plan.
struct Footing {
    rectangles: Vec<Aabb>,
    boxes: Boxes,
}

impl Footing {
    fn new(blocks: &[Block]) -> Self {
        let rectangles: Vec<Aabb> = blocks.iter().map(|block| in_plan(&block.outline)).collect();
        Self {
            boxes: Boxes::new(&rectangles),
            rectangles,
        }
    }

    /// Whether the middle of a block lies over the rectangle around one of them.
    fn holds(&self, block: &Block) -> bool {
        let middle = block.middle();
        let mut held = false;
        self.boxes.over(middle, middle, |number| {
            let (min, max) = (self.rectangles[number].min, self.rectangles[number].max);
            held |= (min.x..=max.x).contains(&middle.x) && (min.y..=max.y).contains(&middle.y);
        });
        held
    }
}

/// The rectangle around an outline, at no height.
fn in_plan(outline: &Plan) -> Aabb {
    let corners = outline.iter().flat_map(|polygon| &polygon.exterior().0);
    Aabb::from_points(corners.map(|corner| DVec3::new(corner.x, corner.y, 0.0)))
}

/// Prisms of about the same top: one a feature, or one for all that touch.
fn merge_class(class: &[&Block], step: Step) -> Vec<Block> {
    if step.merge {
        let all = overlay::union(class.iter().map(|block| &block.outline));
        let closed = outline::closed(&all, widest_alley(step));
        return assign(class, &closed, step);
    }
    let mut own: BTreeMap<u64, Vec<&Block>> = BTreeMap::new();
    for block in class {
        own.entry(block.subject).or_default().push(block);
    }
    own.into_values()
        .flat_map(|own| {
            let all = overlay::union(own.iter().map(|block| &block.outline));
            assign(&own, &all, step)
        })
        .collect()
}

/// One prism for every polygon of `plan`, made of the blocks inside it.
fn assign(blocks: &[&Block], plan: &Plan, step: Step) -> Vec<Block> {
    let mut groups: Vec<Vec<(&Block, f64)>> = vec![Vec::new(); plan.0.len()];
    let homes = outline::Homes::new(plan);
    for &block in blocks {
        for part in &block.outline {
            if let Some(home) = outline::inside(part).and_then(|point| homes.of(point)) {
                groups[home].push((block, part.unsigned_area()));
            }
        }
    }
    let outlines = plan.iter().map(|polygon| {
        let plan = MultiPolygon::new(vec![polygon.clone()]);
        let tolerance = step.epsilon / 3.0;
        outline::simplified(&plan, tolerance, (2.0 * tolerance).powi(2), Collapse::Rectangle)
    });
    groups
        .iter()
        .zip(outlines)
        .filter(|(group, outline)| !group.is_empty() && !outline.0.is_empty())
        .map(|(group, outline)| joined(group, outline, step))
        .collect()
}

fn joined(group: &[(&Block, f64)], outline: Plan, step: Step) -> Block {
    let largest = group
        .iter()
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.subject.cmp(&a.0.subject)));
    let total: f64 = group.iter().map(|(_, area)| area).sum();
    let mut roof = Blend::default();
    let mut wall = Blend::default();
    for (block, area) in group {
        roof.add(block.roof.color(PLAIN), *area);
        wall.add(block.wall.color(PLAIN), *area);
    }
    let least = |of: fn(&Block) -> f64| group.iter().map(|(block, _)| of(block)).fold(f64::INFINITY, f64::min);
    let floor = least(|block| block.floor);
    let base = least(|block| block.base);
    Block {
        subject: largest.map_or(0, |(block, _)| block.subject),
        members: members_of(group.iter().map(|(block, _)| &block.members)),
        outline,
        floor,
        base,
        sunk: step.height() + group.iter().map(|(block, _)| block.sunk).fold(0.0, f64::max),
        top: group.iter().map(|(block, area)| block.top * area).sum::<f64>() / total.max(1e-9),
        roof,
        wall,
        sources: members_of(group.iter().map(|(block, _)| &block.sources)),
    }
}

/// The one with the largest diameter.
fn largest(blocks: &[Block]) -> Option<usize> {
    let by_size = |&a: &usize, &b: &usize| blocks[a].diameter().total_cmp(&blocks[b].diameter()).then(b.cmp(&a));
    (0..blocks.len()).max_by(by_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A prism on a square, for a feature of this number.
    fn prism(subject: u64, [x, y]: [f64; 2], side: f64, top: f64) -> Block {
        let ring = vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
        Block {
            subject,
            members: vec![subject],
            outline: overlay::union_of_rings([ring]),
            floor: 0.0,
            base: 0.0,
            sunk: 0.0,
            top,
            roof: Blend::default(),
            wall: Blend::default(),
            sources: Vec::new(),
        }
    }

    const STEP: Step = Step {
        epsilon: 90.0,
        merge: true,
    };

    #[test]
    fn what_is_left_out_far_from_all_that_is_drawn_counts_by_its_diameter_even_if_its_feature_is_drawn_elsewhere() {
        let near = prism(1, [10.0, 10.0], 6.0, 9.0);
        // The same feature has a part half a kilometre away, as a feature whose members were handed on has.
        let far = prism(1, [500.0, 0.0], 6.0, 8.0);
        let coarser = coarsen(vec![prism(1, [0.0, 0.0], 80.0, 40.0), near, far], STEP);
        assert_eq!(coarser.blocks.len(), 1);
        assert_eq!(coarser.drawn, [true, true, false]);
        let diagonal = (2.0 * 36.0 + 64.0_f64).sqrt();
        assert!((coarser.left_out - diagonal).abs() < 1e-3, "{}", coarser.left_out);
    }

    #[test]
    fn every_member_is_counted_with_what_stands_nearest() {
        let all = vec![
            prism(1, [0.0, 0.0], 80.0, 40.0),
            prism(2, [1000.0, 0.0], 80.0, 40.0),
            prism(3, [900.0, 0.0], 9.0, 8.0),
        ];
        let coarser = coarsen(all, STEP);
        let members: Vec<_> = coarser.blocks.iter().map(|block| block.members.clone()).collect();
        assert_eq!(members, [vec![1], vec![2, 3]]);
    }
}
