//! Coarser content that stands for a group of tiles.
//!
//! From afar a city is seen as its skyline, its roofs and the colours of its ground. So a stand-in is not a thinned mesh but a few simple
//! things that say the same: stacked prisms for buildings ([`block`]), simplified outlines for ground ([`patch`]), a handful of
//! triangles for a tree ([`stub`]). Each stands for one feature or for several, and says for which.

pub(crate) mod block;
pub(crate) mod patch;
pub(crate) mod stub;

use crate::content::Part;
use crate::error_measure::Ground;
use crate::item::{Item, Subject};
use crate::layer::Form;
use crate::shape::Triangle;
use block::Block;
use glam::{DVec2, DVec3};
use patch::{GroundOfItems, Joined, Patch};
use rstar::RTree;
use rstar::primitives::GeomWithData;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;
use stub::Stub;

/// How coarse: corners of blocks may move by a third of `epsilon` metres, those of ground by half of it, small things within it are one;
/// and whether one thing may stand for several features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) epsilon: f64,
    pub(crate) merge: bool,
}

impl Step {
    /// How far tops may be apart that are drawn as one, in metres. It grows more slowly than `epsilon` and not for ever, because a skyline is
    /// missed sooner than a corner of a block.
    pub(crate) fn height(self) -> f64 {
        if self.epsilon <= 4.0 {
            self.epsilon
        } else {
            (4.0 + (self.epsilon - 4.0) / 6.0).min(10.0).max(self.epsilon / 12.0)
        }
    }
}

/// From the finest stand-in to the coarsest. The first that is small enough is taken.
pub(crate) const STEPS: [Step; 36] = {
    const fn step(epsilon: f64, merge: bool) -> Step {
        Step { epsilon, merge }
    }
    [
        step(0.5, false),
        step(1.0, false),
        step(1.5, false),
        step(2.0, false),
        step(3.0, false),
        step(4.0, false),
        step(3.0, true),
        step(4.0, true),
        step(5.0, true),
        step(6.0, true),
        step(7.0, true),
        step(8.0, true),
        step(9.0, true),
        step(10.0, true),
        step(12.0, true),
        step(14.0, true),
        step(16.0, true),
        step(19.0, true),
        step(22.0, true),
        step(26.0, true),
        step(32.0, true),
        step(38.0, true),
        step(45.0, true),
        step(54.0, true),
        step(64.0, true),
        step(90.0, true),
        step(128.0, true),
        step(180.0, true),
        step(220.0, true),
        step(256.0, true),
        step(320.0, true),
        step(400.0, true),
        step(512.0, true),
        step(640.0, true),
        step(800.0, true),
        step(1024.0, true),
    ]
};

/// The step that is often the right one for buildings at the first level above leaves: 5 m.
const BUILDINGS_STEP: usize = 8;

/// Numbers of the features that a piece stands for, ascending.
pub(crate) type Members = Vec<u64>;

/// What a tile above the leaves is made of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Pieces {
    pub(crate) blocks: Vec<Block>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) stubs: Vec<Stub>,
    /// The features that the pieces name as the largest they stand for.
    subjects: Vec<Subject>,
    /// What became of the buildings and small things of the level below.
    #[serde(skip)]
    pub(crate) fate: Fate,
    /// Corners lie on multiples of this, in metres: round numbers take fewer bytes.
    grid: f64,
}

/// The grid for a step: a power of two, so that a coordinate on it has few bits, small against the step.
fn grid(step: Step) -> f64 {
    (step.epsilon / 24.0).log2().floor().exp2().min(2.0)
}

/// What became of things on the way up by one level. What is not drawn is left out, and counted with what is drawn nearest to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fate {
    /// The items and small things that something is drawn for, by their features.
    pub(crate) drawn: BTreeSet<u64>,
    /// Of each block of the tiles below, in their order, whether something is drawn for it.
    blocks: Vec<bool>,
    /// The greatest diameter of what is left out, in metres.
    pub(crate) left_out: f64,
}

/// What stand-ins are made from: the level below.
#[derive(Default)]
pub(crate) struct Stock {
    /// Of leaves.
    pub(crate) items: Vec<Item>,
    /// Of tiles above leaves.
    pub(crate) pieces: Vec<Pieces>,
    /// Ground of the items and small things of both, which every step begins with: made when they are first asked for.
    ground: OnceLock<GroundOfItems>,
    stubs: OnceLock<Vec<Stub>>,
    joined: Joined,
}

impl Stock {
    fn ground_of_items(&self) -> &GroundOfItems {
        self.ground.get_or_init(|| GroundOfItems::new(&self.items))
    }

    /// What ground is made from at every step.
    fn patches(&self) -> Vec<&Patch> {
        let below = self.pieces.iter().flat_map(|pieces| &pieces.patches);
        self.ground_of_items().drawn().chain(below).collect()
    }

    fn stubs(&self) -> &[Stub] {
        self.stubs.get_or_init(|| {
            let below = self.pieces.iter().flat_map(|pieces| pieces.stubs.iter().cloned());
            stub::of_items(&self.items).into_iter().chain(below).collect()
        })
    }

    /// The step to be tried first.
    pub(crate) fn likely_step(&self) -> usize {
        let first = of_form(&self.items, Form::Block).next();
        if first.is_some() {
            return BUILDINGS_STEP;
        }
        if self.pieces.iter().any(|pieces| !pieces.blocks.is_empty()) {
            return STEPS.len() / 2;
        }
        0
    }

    /// The pieces at this step; at least one.
    pub(crate) fn coarsen(&self, step: Step) -> Pieces {
        let (blocks, mut fate) = self.blocks(step);
        let patches = self.patches();
        let mut made = Pieces {
            blocks,
            patches: patch::coarsen(&patches, step, &self.joined, &mut fate),
            stubs: stub::coarsen(self.stubs().to_vec(), step, &mut fate),
            subjects: Vec::new(),
            fate,
            grid: grid(step),
        };
        if made.blocks.is_empty() && made.patches.is_empty() && made.stubs.is_empty() {
            // Too coarse for any ground to be left: the largest piece stays.
            made.patches.extend(patch::largest(&patches));
        }
        made.subjects = self.subjects(&made);
        made
    }

    /// The blocks at this step, and what became of those below.
    fn blocks(&self, step: Step) -> (Vec<Block>, Fate) {
        let mut blocks = block::of_items(&self.items, step);
        let owners: Vec<u64> = blocks.iter().map(|block| block.subject).collect();
        blocks.extend(self.pieces.iter().flat_map(|p| &p.blocks).cloned());
        let mut coarser = block::coarsen(blocks, step);
        let below = coarser.drawn.split_off(owners.len());
        let drawn = owners.into_iter().zip(coarser.drawn);
        let fate = Fate {
            drawn: drawn.filter_map(|(owner, drawn)| drawn.then_some(owner)).collect(),
            blocks: below,
            left_out: coarser.left_out,
        };
        (coarser.blocks, fate)
    }

    /// What is known of the features that pieces name.
    fn subjects(&self, made: &Pieces) -> Vec<Subject> {
        let of_items = self
            .items
            .iter()
            .filter(|item| !item.underlay)
            .map(|item| &*item.subject);
        let below = self.pieces.iter().flat_map(|pieces| &pieces.subjects);
        let known: HashMap<u64, &Subject> = of_items.chain(below).map(|subject| (subject.number, subject)).collect();
        let named: BTreeSet<u64> = made.named().collect();
        named
            .iter()
            .filter_map(|number| known.get(number).copied().cloned())
            .collect()
    }
}

impl Pieces {
    /// The features that pieces name, each as often as it is named.
    fn named(&self) -> impl Iterator<Item = u64> {
        let blocks = self.blocks.iter().map(|block| block.subject);
        let patches = self.patches.iter().map(|patch| patch.subject);
        blocks.chain(patches).chain(self.stubs.iter().map(|stub| stub.subject))
    }

    /// The pieces as parts of a tile, one a feature that stands for others, in order of id.
    pub(crate) fn parts(&self) -> Vec<Part<'_>> {
        let mut by_feature: BTreeMap<u64, (Members, Vec<Triangle>)> = BTreeMap::new();
        let grid = self.grid;
        let blocks = self.blocks.iter().map(|b| (b.subject, &b.members, b.triangles(grid)));
        let patches = self.patches.iter().map(|p| (p.subject, &p.members, p.triangles(grid)));
        let stubs = self.stubs.iter().map(|s| (s.subject, &s.members, s.triangles(grid)));
        for (subject, members, triangles) in blocks.chain(patches).chain(stubs) {
            let entry = by_feature.entry(subject).or_default();
            entry.0.extend(members);
            entry.1.extend(triangles);
        }
        by_feature.retain(|_, (_, triangles)| !triangles.is_empty());
        let mut subjects: Vec<&Subject> = self.subjects.iter().collect();
        subjects.sort_by(|a, b| a.feature.id.cmp(&b.feature.id));
        // A feature is counted in one row: its own, where it has one.
        let mut counted: BTreeSet<u64> = by_feature.keys().copied().collect();
        let mut parts = Vec::with_capacity(by_feature.len());
        for subject in subjects {
            let Some((members, triangles)) = by_feature.remove(&subject.number) else {
                continue;
            };
            let mut feature = subject.feature.clone();
            let others = members.into_iter().filter(|&member| counted.insert(member)).count();
            feature.merged = 1 + others as u32;
            parts.push(Part {
                feature: Cow::Owned(feature),
                triangles: Cow::Owned(triangles),
            });
        }
        parts
    }
}

/// Where pieces stand, for finding the nearest.
struct Middles(RTree<GeomWithData<[f64; 2], (u64, usize)>>);

impl Middles {
    /// Of pieces by their middles and subjects.
    fn new(pieces: impl Iterator<Item = (DVec2, u64)>) -> Self {
        let nodes = pieces
            .enumerate()
            .map(|(at, (middle, subject))| GeomWithData::new(middle.to_array(), (subject, at)));
        Self(RTree::bulk_load(nodes.collect()))
    }

    /// Which one is nearest; of several the one with the least number.
    fn nearest(&self, from: DVec2) -> Option<usize> {
        let nearest = self.0.nearest_neighbors(&from.to_array());
        nearest.into_iter().map(|node| node.data).min().map(|(_, at)| at)
    }
}

/// The items of a form.
fn of_form(items: &[Item], form: Form) -> impl Iterator<Item = &Item> {
    items
        .iter()
        .filter(move |item| !item.underlay && item.subject.form == form)
}

/// A grid that moves nothing by as much as a tile's own rounding.
const FINEST_GRID: f64 = 1.0 / 4096.0;

/// The point on the grid, its height as it is.
fn snapped(point: DVec3, grid: f64) -> DVec3 {
    let on_grid = (point / grid).round() * grid;
    DVec3::new(on_grid.x, on_grid.y, point.z)
}

/// The height on the grid.
fn snapped_height(height: f64, grid: f64) -> f64 {
    (height / grid).round() * grid
}

/// Members of several pieces, each once.
fn members_of<'a, T: Copy + Ord + 'a>(all: impl IntoIterator<Item = &'a Vec<T>>) -> Vec<T> {
    let mut members: Vec<T> = all.into_iter().flatten().copied().collect();
    members.sort_unstable();
    members.dedup();
    members
}

/// What an error is measured on.
impl Stock {
    /// Triangles of the buildings and small things that `made` draws something for; what it leaves out is counted otherwise.
    pub(crate) fn volumes(&self, made: &Pieces) -> Vec<Triangle> {
        let drawn = &made.fate.drawn;
        let of_items = self
            .items
            .iter()
            .filter(|item| !item.underlay && item.subject.form != Form::Ground && drawn.contains(&item.subject.number))
            .flat_map(|item| item.triangles.iter().copied());
        let mut stands = made.fate.blocks.iter().copied();
        let below = self.pieces.iter().flat_map(|p| {
            let blocks = p.blocks.iter().filter(|_| stands.next().unwrap_or(false));
            let blocks = blocks.flat_map(|block| block.triangles(p.grid));
            let stubs = p.stubs.iter().filter(|stub| drawn.contains(&stub.subject));
            blocks
                .chain(stubs.flat_map(|stub| stub.triangles(p.grid)))
                .collect::<Vec<_>>()
        });
        of_items.chain(below).collect()
    }

    /// Ground by kind; of the kind that became the underlay only the heights are compared, its edges are those of the others.
    pub(crate) fn grounds(&self, made: &Pieces) -> Vec<Ground> {
        let underlays: Vec<_> = made
            .patches
            .iter()
            .filter(|p| p.is_underlay())
            .map(Patch::kind)
            .collect();
        let counts = |patch: &Patch| patch.is_underlay() || !underlays.contains(&patch.kind());
        let items = self
            .ground_of_items()
            .patches
            .iter()
            .filter(|patch| counts(patch))
            .map(|patch| patch.ground(FINEST_GRID));
        let below = self.pieces.iter().flat_map(|p| {
            let drawn = p.patches.iter().filter(|patch| counts(patch));
            drawn.map(|patch| patch.ground(p.grid)).collect::<Vec<_>>()
        });
        items.chain(patch::land(&self.items)).chain(below).collect()
    }
}

impl Pieces {
    /// Triangles of the buildings and small things.
    pub(crate) fn volumes(&self) -> Vec<Triangle> {
        let blocks = self.blocks.iter().flat_map(|block| block.triangles(self.grid));
        blocks
            .chain(self.stubs.iter().flat_map(|stub| stub.triangles(self.grid)))
            .collect()
    }

    /// Ground by kind.
    pub(crate) fn grounds(&self) -> Vec<Ground> {
        self.patches.iter().map(|patch| patch.ground(self.grid)).collect()
    }
}
