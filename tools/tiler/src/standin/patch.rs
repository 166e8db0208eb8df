//! Ground as simplified outlines.
//!
//! Pieces of ground of one kind and colour become one, their outlines lose their small corners. Simplified neighbours no longer meet
//! exactly, so under everything lies one more piece, the *underlay*: all the land there is, in the colour of most of it, a little lower and
//! with a rim that reaches down. No hole is ever seen between the others.

use super::{Fate, Members, Middles, Step, members_of, of_form, snapped};
use crate::appearance::{Blend, Color};
use crate::error_measure::{Ground, level_faces};
use crate::item::Item;
use crate::layer::{Form, Layer};
use crate::outline::{self, Collapse, Plan, STEEP};
use crate::overlay;
use crate::shape::Triangle;
use crate::standin::block::wall_of;
use earcut::Earcut;
use geo::Coord;
use glam::{DVec2, DVec3};
use rstar::RTree;
use rstar::primitives::GeomWithData;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tiles::surface::Surface;

/// Stands for the kind of the underlay.
const LAND: (Surface, Color) = (Surface::Unknown, [0; 4]);

/// How far the underlay lies below the ground, in metres.
const UNDERLAY_DEPTH: f64 = 0.3;

/// Gaps wider than this between pieces of ground of one kind stay open, in metres: paths through a park close, the blocks between streets
/// do not.
fn widest_slit(surface: Surface, step: Step) -> f64 {
    if is_street(surface) {
        step.epsilon.min(5.0)
    } else {
        step.epsilon / 2.0
    }
}

/// Streets narrower than this are left out, in metres: from where their outlines can no longer be told from those of the blocks between them.
fn narrowest_street(surface: Surface, step: Step) -> f64 {
    if is_street(surface) && step.epsilon > 60.0 {
        step.epsilon / 5.0
    } else {
        0.0
    }
}

fn is_street(surface: Surface) -> bool {
    matches!(surface, Surface::Road | Surface::Square | Surface::Railway)
}

/// A piece of ground.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Patch {
    /// Number of the largest of the members.
    pub(crate) subject: u64,
    layer: Layer,
    pub(crate) members: Members,
    pub(crate) outline: Plan,
    surface: Surface,
    color: Color,
    heights: Heights,
    /// How far it is drawn above its height, so that overlapping neighbours do not flicker.
    lift: f64,
    /// Of an underlay: how low its rim reaches.
    rim: Option<f64>,
    /// Plan area by representative, for choosing the largest.
    weight: f64,
}

/// Heights of a piece of ground.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Heights {
    Flat(f64),
    /// Points of the source, or the corners of the level below, between which heights are interpolated.
    Sampled(Vec<DVec3>),
}

/// Ground that varies by less than this is flat, in metres.
const FLAT: f64 = 0.05;

impl Heights {
    fn of(mut points: Vec<DVec3>) -> Self {
        let low = points.iter().map(|p| p.z).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(|p| p.z).fold(f64::NEG_INFINITY, f64::max);
        if high - low <= FLAT {
            return Self::Flat(f64::midpoint(low, high));
        }
        points.sort_unstable_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)).then(a.z.total_cmp(&b.z)));
        points.dedup();
        // Every corner was there as often as triangles meet at it.
        points.shrink_to_fit();
        Self::Sampled(points)
    }

    /// Of several pieces together.
    fn merged(all: &[&Patch]) -> Self {
        let points = all.iter().flat_map(|patch| match &patch.heights {
            Self::Sampled(points) => points.clone(),
            Self::Flat(height) => patch
                .outline
                .iter()
                .flat_map(outline::open_rings)
                .flatten()
                .map(|c| DVec3::new(c.x, c.y, *height))
                .collect(),
        });
        Self::of(points.collect())
    }

    /// Only those of the corners of an outline: they are what is drawn, and so what the level above sees. All points of the source would be
    /// the whole city at the root.
    fn at_corners(&self, outline: &Plan) -> Self {
        let Self::Sampled(_) = self else {
            return self.clone();
        };
        let height = self.sampler();
        let corners = outline.iter().flat_map(outline::open_rings).flatten();
        Self::of(corners.map(|&c| DVec3::new(c.x, c.y, height(c))).collect())
    }

    /// The height anywhere: of the nearest points, weighted by the inverse of their distance.
    fn sampler(&self) -> Box<dyn Fn(Coord) -> f64> {
        match self {
            Self::Flat(height) => {
                let height = *height;
                Box::new(move |_| height)
            }
            Self::Sampled(points) => {
                let nodes = points.iter().map(|p| GeomWithData::new([p.x, p.y], p.z)).collect();
                let tree: RTree<GeomWithData<[f64; 2], f64>> = RTree::bulk_load(nodes);
                Box::new(move |at| {
                    let near = tree.nearest_neighbor_iter_with_distance_2([at.x, at.y]).take(3);
                    let (mut sum, mut weights) = (0.0, 0.0);
                    for (node, distance) in near {
                        let weight = 1.0 / (distance + 1e-6);
                        sum += node.data * weight;
                        weights += weight;
                    }
                    sum / weights
                })
            }
        }
    }
}

impl Patch {
    /// The ground, and the rim of an underlay, with corners on a grid.
    pub(crate) fn triangles(&self, grid: f64) -> Vec<Triangle> {
        let mut earcut = Earcut::new();
        let sampled = self.heights.sampler();
        // A corner belongs to several triangles, and looking its height up is what takes time.
        let mut known: FxHashMap<[u64; 2], f64> = FxHashMap::default();
        let mut height = |c: Coord| {
            *known
                .entry([c.x.to_bits(), c.y.to_bits()])
                .or_insert_with(|| sampled(c))
        };
        let mut place = |c: Coord| snapped(DVec3::new(c.x, c.y, height(c) + self.lift), grid);
        let mut all = Vec::new();
        for polygon in &self.outline {
            for corners in outline::cut(polygon, &mut earcut) {
                let corners = corners.map(&mut place);
                let [a, b, c] = corners;
                let normal = (b - a).cross(c - a).normalize_or(DVec3::Z);
                all.push(Triangle {
                    corners,
                    // What is flat says so in the same bits everywhere.
                    normal: if normal.z > 0.9999 { DVec3::Z } else { normal },
                    color: self.color,
                    surface: self.surface,
                    row: 0,
                });
            }
            let Some(rim) = self.rim else {
                continue;
            };
            for ring in outline::open_rings(polygon) {
                for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                    let (a, b) = (place(a), place(b));
                    if a != b && a.z.min(b.z) - rim > 0.1 {
                        all.extend(wall_of(a, b, rim, self.color, self.surface));
                    }
                }
            }
        }
        all
    }

    /// What its error is measured on. Of the underlay it is where land is, whatever its colour.
    pub(super) fn ground(&self, grid: f64) -> Ground {
        Ground {
            kind: if self.is_underlay() { LAND } else { self.kind() },
            plan: self.outline.clone(),
            faces: level_faces(self.triangles(grid).iter()),
        }
    }

    /// Kind and colour.
    pub(crate) fn kind(&self) -> (Surface, Color) {
        (self.surface, self.color)
    }

    /// The square of this side in which its middle lies.
    fn square(&self, side: u64) -> (i64, i64) {
        square_of(outline::middle(&self.outline), side as f64)
    }

    /// Whether it lies under the others.
    pub(crate) fn is_underlay(&self) -> bool {
        self.rim.is_some()
    }
}

/// How far stand-ins of a layer are lifted, in metres: what overlaps does not lie in one plane.
fn lift(layer: Layer) -> f64 {
    match layer {
        Layer::Terrain => -0.1,
        Layer::Water => 0.02,
        Layer::Green => 0.05,
        _ => 0.1,
    }
}

/// The ground among the items.
pub(super) struct GroundOfItems {
    /// All of it.
    pub(super) patches: Vec<Patch>,
    /// The underlay, where there is terrain.
    underlays: Vec<Patch>,
}

impl GroundOfItems {
    pub(super) fn new(items: &[Item]) -> Self {
        let patches: Vec<Patch> = of_form(items, Form::Ground).flat_map(of_item).collect();
        Self {
            underlays: underlays(items, &patches),
            patches,
        }
    }

    /// What is drawn of it: what looks like the underlay need not be drawn on it.
    pub(super) fn drawn(&self) -> impl Iterator<Item = &Patch> {
        let hidden = self.underlays.first().map(Patch::kind);
        let others = self.patches.iter().filter(move |patch| Some(patch.kind()) != hidden);
        others.chain(&self.underlays)
    }
}

/// One patch for every kind and colour.
fn of_item(item: &Item) -> Vec<Patch> {
    let mut kinds: BTreeMap<(Surface, Color), Vec<&Triangle>> = BTreeMap::new();
    for triangle in item.triangles.iter().filter(|t| t.normal.z > STEEP) {
        kinds
            .entry((triangle.surface, triangle.color))
            .or_default()
            .push(triangle);
    }
    kinds
        .into_iter()
        .map(|((surface, color), triangles)| {
            let outline = outline::plan_of(triangles.iter().copied());
            Patch {
                subject: item.subject.number,
                layer: item.subject.layer,
                members: vec![item.subject.number],
                weight: outline::area(&outline),
                outline,
                surface,
                color,
                heights: Heights::of(triangles.iter().flat_map(|t| t.corners).collect()),
                lift: lift(item.subject.layer),
                rim: None,
            }
        })
        .filter(|patch| !patch.outline.0.is_empty())
        .collect()
}

/// All land among the items, as its error is measured.
pub(super) fn land(items: &[Item]) -> Option<Ground> {
    let terrain = items
        .iter()
        .any(|item| item.underlay || item.subject.layer == Layer::Terrain);
    // Of what the underlay stands for the heights count, too.
    let drawn = items
        .iter()
        .filter(|item| !item.underlay && item.subject.layer == Layer::Terrain && item.subject.form == Form::Ground);
    terrain.then(|| Ground {
        kind: LAND,
        plan: covered(items),
        faces: level_faces(drawn.flat_map(|item| item.triangles.iter())),
    })
}

/// What the items cover. Each is joined by itself first: what they have inside never meets.
fn covered<'a>(items: impl IntoIterator<Item = &'a Item>) -> Plan {
    let plans: Vec<Plan> = items
        .into_iter()
        .map(|item| outline::plan_of(item.triangles.iter().filter(|t| t.normal.z > STEEP)))
        .collect();
    overlay::union(&plans)
}

/// Ground is joined square by square, in metres.
const SQUARE: u64 = 512;

/// The square in which a point lies.
fn square_of(point: DVec2, side: f64) -> (i64, i64) {
    let at = (point / side).floor();
    (at.x as i64, at.y as i64)
}

/// All land of a terrain tile, a piece a square, of the kind and colour that most of the tile's own ground has.
fn underlays(items: &[Item], patches: &[Patch]) -> Vec<Patch> {
    let mut areas: BTreeMap<(Surface, Color), f64> = BTreeMap::new();
    for patch in patches.iter().filter(|patch| patch.layer == Layer::Terrain) {
        *areas.entry(patch.kind()).or_default() += patch.weight;
    }
    let Some((&kind, _)) = areas.iter().max_by(|a, b| a.1.total_cmp(b.1)) else {
        return Vec::new();
    };
    let own = || patches.iter().filter(|patch| patch.kind() == kind);
    let Some(largest) = own().max_by(|a, b| a.weight.total_cmp(&b.weight).then(b.subject.cmp(&a.subject))) else {
        return Vec::new();
    };
    let terrain = items
        .iter()
        .filter(|item| !item.underlay && item.subject.layer == Layer::Terrain);
    let lowest = terrain.map(|item| item.bounds.min.z).fold(f64::INFINITY, f64::min);
    let mut squares: BTreeMap<(i64, i64), Vec<&Item>> = BTreeMap::new();
    for item in items {
        let square = square_of(item.bounds.center().truncate(), SQUARE as f64);
        squares.entry(square).or_default().push(item);
    }
    let mut members = members_of(own().map(|patch| &patch.members));
    let squares = squares.into_values().filter_map(|items| {
        let land = || {
            items
                .iter()
                .flat_map(|item| item.triangles.iter())
                .filter(|t| t.normal.z > STEEP)
        };
        let outline = covered(items.iter().copied());
        (!outline.0.is_empty()).then(|| Patch {
            subject: largest.subject,
            layer: largest.layer,
            // One of the pieces stands for all of them.
            members: std::mem::replace(&mut members, vec![largest.subject]),
            weight: largest.weight,
            outline,
            surface: kind.0,
            color: kind.1,
            heights: Heights::of(land().flat_map(|t| t.corners).collect()),
            lift: -UNDERLAY_DEPTH,
            rim: Some(lowest - UNDERLAY_DEPTH),
        })
    });
    squares.collect()
}

/// What is joined to one piece: whether it is the underlay, kind, colour, the feature where each stays for itself, and the square.
type Kind = (bool, Surface, Color, u64, (i64, i64));

/// What was joined for one step, by side of the square and width of slits in millimetres, for other steps that join the same: several are
/// tried, and joining is what takes time.
#[derive(Default)]
pub(super) struct Joined(Mutex<HashMap<(Kind, u64, u64), Arc<Plan>>>);

impl Joined {
    /// Outlines of one kind as one, slits closed. They are joined in small squares first, and those to larger ones: one outline with
    /// thousands of holes takes longer than all its parts.
    fn get(&self, kind: Kind, group: &[&Patch], side: u64, slit: f64) -> Arc<Plan> {
        let key = (kind, side, (slit * 1000.0) as u64);
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return Arc::clone(known);
        }
        let made = if side > SQUARE {
            let mut quarters: BTreeMap<(i64, i64), Vec<&Patch>> = BTreeMap::new();
            for patch in group {
                quarters.entry(patch.square(side / 2)).or_default().push(patch);
            }
            let (under, surface, color, owner, _) = kind;
            let parts: Vec<Arc<Plan>> = quarters
                .into_iter()
                .map(|(square, own)| self.get((under, surface, color, owner, square), &own, side / 2, slit))
                .collect();
            overlay::union(parts.iter().map(|part| &**part))
        } else {
            let all = overlay::union(group.iter().map(|patch| &patch.outline));
            if slit > 0.0 { outline::closed(&all, slit) } else { all }
        };
        let made = Arc::new(made);
        lock().insert(key, Arc::clone(&made));
        made
    }
}

/// The side of the squares in which ground is joined, in metres: what grows coarser is joined over larger ones.
fn side(step: Step) -> u64 {
    let mut side = SQUARE;
    while (side as f64) < 16.0 * step.epsilon {
        side *= 2;
    }
    side
}

/// Coarser ground: of one kind and colour one piece (or one a feature), with simpler outlines.
///
/// A street that is left out counts with the step: by its width alone it would be gone while it is still plain to see.
pub(super) fn coarsen(patches: &[&Patch], step: Step, joined: &Joined, fate: &mut Fate) -> Vec<Patch> {
    let mut kinds: BTreeMap<Kind, Vec<&Patch>> = BTreeMap::new();
    let side = side(step);
    for &patch in patches {
        let square = patch.square(side);
        let (surface, color, owner) = match (patch.is_underlay(), step.merge) {
            (true, _) => (Surface::Unknown, [0; 4], 0),
            (false, true) => (patch.surface, patch.color, 0),
            (false, false) => (patch.surface, patch.color, patch.subject),
        };
        kinds
            .entry((patch.is_underlay(), surface, color, owner, square))
            .or_default()
            .push(patch);
    }
    // One after the other: a thread that waited here for others would begin another group's stand-in meanwhile, and hold the stock of both.
    let (mut made, mut gone) = (Vec::new(), Vec::new());
    for (kind, group) in kinds {
        if step.merge && narrowest_street(kind.1, step) > 0.0 {
            fate.left_out = fate.left_out.max(step.epsilon);
        }
        match join(&group, step, |slit| joined.get(kind, &group, side, slit)) {
            Some(patch) => made.push(patch),
            None => gone.extend(group),
        }
    }
    hand_on(&mut made, &gone);
    made
}

/// Lets what lies nearest stand for the members of what is gone, so that every feature is counted somewhere.
fn hand_on(made: &mut [Patch], gone: &[&Patch]) {
    let middles = Middles::new(
        made.iter()
            .map(|patch| (outline::middle(&patch.outline), patch.subject)),
    );
    let mut heirs: BTreeMap<usize, Vec<&Patch>> = BTreeMap::new();
    for &patch in gone {
        if let Some(heir) = middles.nearest(outline::middle(&patch.outline)) {
            heirs.entry(heir).or_default().push(patch);
        }
    }
    for (heir, patches) in heirs {
        let inherited = patches.iter().map(|patch| &patch.members);
        made[heir].members = members_of(std::iter::once(&made[heir].members).chain(inherited));
    }
}

/// Pieces of one kind as one; `joined` joins their outlines and closes slits up to so many metres.
fn join(group: &[&Patch], step: Step, joined: impl Fn(f64) -> Arc<Plan>) -> Option<Patch> {
    let largest = group
        .iter()
        .max_by(|a, b| a.weight.total_cmp(&b.weight).then(b.subject.cmp(&a.subject)))?;
    let closes = step.merge && !largest.is_underlay();
    let outline = joined(if closes {
        widest_slit(largest.surface, step)
    } else {
        0.0
    });
    let mut outline = if largest.is_underlay() {
        // It may reach too far, but not too short: beyond it is nothing.
        outline::closed_and_grown(&outline, step.epsilon, step.epsilon / 2.0)
    } else {
        Plan::clone(&outline)
    };
    let narrow = narrowest_street(largest.surface, step);
    if step.merge && narrow > 0.0 {
        outline = outline::opened(&outline, narrow);
    }
    outline.0.retain(|polygon| {
        let area = geo::Area::unsigned_area(polygon);
        largest.is_underlay() || area > step.epsilon * step.epsilon
    });
    let tolerance = step.epsilon / 2.0;
    // A block between streets that were filled would show a city paved over.
    let least_hole = if is_street(largest.surface) {
        tolerance
    } else {
        2.0 * tolerance
    };
    let outline = outline::simplified(&outline, tolerance, least_hole.powi(2), Collapse::Refine);
    if outline.0.is_empty() {
        return None;
    }
    let mut color = Blend::default();
    for patch in group {
        color.add(patch.color, patch.weight);
    }
    Some(Patch {
        subject: largest.subject,
        layer: largest.layer,
        members: members_of(group.iter().map(|patch| &patch.members)),
        weight: group.iter().map(|patch| patch.weight).sum(),
        surface: largest.surface,
        color: color.color(largest.color),
        heights: Heights::merged(group).at_corners(&outline),
        outline,
        lift: largest.lift,
        rim: group.iter().filter_map(|patch| patch.rim).min_by(f64::total_cmp),
    })
}

/// The one with the largest area, as what stands for all of them.
pub(super) fn largest(patches: &[&Patch]) -> Option<Patch> {
    let largest = patches
        .iter()
        .max_by(|a, b| a.weight.total_cmp(&b.weight).then(b.subject.cmp(&a.subject)))?;
    Some(Patch {
        members: members_of(patches.iter().map(|patch| &patch.members)),
        ..Patch::clone(largest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square of ground, for a feature of this number.
    fn square(subject: u64, surface: Surface, [x, y]: [f64; 2], side: f64) -> Patch {
        let ring = vec![[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
        Patch {
            subject,
            layer: Layer::Roads,
            members: vec![subject],
            outline: overlay::union_of_rings([ring]),
            surface,
            color: [90, 90, 90, 255],
            heights: Heights::Flat(3.0),
            lift: 0.0,
            rim: None,
            weight: side * side,
        }
    }

    #[test]
    fn ground_too_small_to_be_drawn_is_counted_with_what_lies_nearest() {
        let all = [
            square(1, Surface::Road, [0.0, 0.0], 300.0),
            square(2, Surface::Square, [2000.0, 0.0], 300.0),
            square(3, Surface::Railway, [1900.0, 0.0], 5.0),
        ];
        let step = Step {
            epsilon: 64.0,
            merge: true,
        };
        let mut fate = Fate::default();
        let made = coarsen(&all.iter().collect::<Vec<_>>(), step, &Joined::default(), &mut fate);
        assert_eq!(fate.left_out, step.epsilon);
        let mut counted: Vec<_> = made.iter().map(|patch| patch.members.clone()).collect();
        counted.sort();
        assert_eq!(counted, [vec![1], vec![2, 3]]);
    }

    #[test]
    fn where_all_ground_is_too_small_the_largest_stands_for_all_of_it() {
        let all = [
            square(1, Surface::Road, [0.0, 0.0], 4.0),
            square(2, Surface::Road, [50.0, 0.0], 5.0),
        ];
        let stays = largest(&all.iter().collect::<Vec<_>>());
        assert_eq!(stays.map(|patch| (patch.subject, patch.members)), Some((2, vec![1, 2])));
    }
}
