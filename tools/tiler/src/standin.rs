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
use crate::layer::Form;
use crate::leaf::LeafItem;
use crate::shape::{Shape, Triangle};
use block::Block;
use patch::Patch;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use stub::Stub;

/// How coarse: what is smaller than `epsilon` metres may go, and whether one thing may stand for several features.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    pub(crate) epsilon: f64,
    pub(crate) merge: bool,
}

/// From the finest stand-in to the coarsest. The first that is small enough is taken.
pub(crate) const STEPS: [Step; 19] = {
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
        step(6.0, true),
        step(8.0, true),
        step(12.0, true),
        step(16.0, true),
        step(24.0, true),
        step(32.0, true),
        step(48.0, true),
        step(64.0, true),
        step(96.0, true),
        step(128.0, true),
        step(256.0, true),
    ]
};

/// Numbers of the shapes that a piece stands for, ascending.
pub(crate) type Members = Vec<usize>;

/// What a tile above the leaves is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pieces {
    pub(crate) blocks: Vec<Block>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) stubs: Vec<Stub>,
    /// The greatest diameter of what was left out on the way from the level below.
    pub(crate) left_out: f64,
}

/// What stand-ins are made from: the level below.
#[derive(Default)]
pub(crate) struct Stock<'a> {
    /// Of leaves.
    pub(crate) items: Vec<&'a LeafItem>,
    /// Of tiles above leaves.
    pub(crate) pieces: Vec<&'a Pieces>,
}

impl Stock<'_> {
    /// The pieces at this step; at least one.
    pub(crate) fn coarsen(&self, step: Step, shapes: &[Shape]) -> Pieces {
        let mut left_out = 0.0;
        let mut blocks = block::of_items(&self.items, shapes, step);
        let mut patches = patch::of_items(&self.items, shapes);
        let mut stubs = stub::of_items(&self.items, shapes);
        blocks.extend(self.pieces.iter().flat_map(|p| &p.blocks).cloned());
        patches.extend(self.pieces.iter().flat_map(|p| &p.patches).cloned());
        stubs.extend(self.pieces.iter().flat_map(|p| &p.stubs).cloned());
        let mut made = Pieces {
            blocks: block::coarsen(blocks.clone(), step, &mut left_out),
            patches: patch::coarsen(patches.clone(), step),
            stubs: stub::coarsen(stubs.clone(), step, &mut left_out),
            left_out,
        };
        if made.blocks.is_empty() && made.patches.is_empty() && made.stubs.is_empty() {
            // Too coarse for anything to be left: the largest thing stays.
            made.blocks.extend(block::largest(blocks));
            if made.blocks.is_empty() {
                made.stubs.extend(stub::largest(stubs));
            }
            if made.stubs.is_empty() && made.blocks.is_empty() {
                made.patches.extend(patch::largest(patches));
            }
        }
        made
    }
}

impl Pieces {
    /// The pieces as parts of a tile, one a feature that stands for others.
    pub(crate) fn parts<'s>(&self, shapes: &'s [Shape]) -> Vec<Part<'s>> {
        let mut by_feature: BTreeMap<usize, (Members, Vec<Triangle>)> = BTreeMap::new();
        let blocks = self.blocks.iter().map(|b| (b.shape, &b.members, b.triangles()));
        let patches = self.patches.iter().map(|p| (p.shape, &p.members, p.triangles()));
        let stubs = self.stubs.iter().map(|s| (s.shape, &s.members, s.triangles()));
        for (shape, members, triangles) in blocks.chain(patches).chain(stubs) {
            let entry = by_feature.entry(shape).or_default();
            entry.0.extend(members);
            entry.1.extend(triangles);
        }
        by_feature.retain(|_, (_, triangles)| !triangles.is_empty());
        // A feature is counted in one row: its own, where it has one.
        let mut counted: BTreeSet<usize> = by_feature.keys().copied().collect();
        by_feature
            .into_iter()
            .map(|(shape, (members, triangles))| {
                let mut feature = shapes[shape].feature.clone();
                let others = members.into_iter().filter(|&member| counted.insert(member)).count();
                feature.merged = 1 + others as u32;
                Part {
                    feature: Cow::Owned(feature),
                    triangles: Cow::Owned(triangles),
                }
            })
            .collect()
    }
}

/// The items of a form.
fn of_form<'a>(items: &'a [&'a LeafItem], shapes: &'a [Shape], form: Form) -> impl Iterator<Item = &'a LeafItem> {
    items
        .iter()
        .copied()
        .filter(move |item| !item.underlay && shapes[item.shape].form == form)
}

/// Members of several pieces, each once.
fn members_of<'a>(all: impl IntoIterator<Item = &'a Members>) -> Members {
    let mut members: Members = all.into_iter().flatten().copied().collect();
    members.sort_unstable();
    members.dedup();
    members
}

/// What an error is measured on.
impl Stock<'_> {
    /// Triangles of the buildings and small things that `made` stands for; what it leaves out is counted otherwise.
    pub(crate) fn volumes(&self, made: &Pieces, shapes: &[Shape]) -> Vec<Triangle> {
        let kept = made.volume_members();
        let of_items = self
            .items
            .iter()
            .filter(|item| !item.underlay && shapes[item.shape].form != Form::Ground && kept.contains(&item.shape))
            .flat_map(|item| item.triangles.iter().copied());
        let stands = |members: &Members| members.iter().any(|member| kept.contains(member));
        let blocks = self.pieces.iter().flat_map(|p| &p.blocks).filter(|b| stands(&b.members));
        let stubs = self.pieces.iter().flat_map(|p| &p.stubs).filter(|s| stands(&s.members));
        of_items
            .chain(blocks.flat_map(Block::triangles))
            .chain(stubs.flat_map(Stub::triangles))
            .collect()
    }

    /// Ground by kind; of the kind that became the underlay only the heights are compared, its edges are those of the others.
    pub(crate) fn grounds(&self, made: &Pieces, shapes: &[Shape]) -> Vec<Ground> {
        let underlays: Vec<_> = made.patches.iter().filter(|p| p.is_underlay()).map(Patch::kind).collect();
        let items = patch::of_items_without_underlay(&self.items, shapes);
        let below = self.pieces.iter().flat_map(|p| &p.patches).cloned();
        items
            .into_iter()
            .chain(below)
            .filter(|patch| !patch.is_underlay() && !underlays.contains(&patch.kind()))
            .map(|patch| patch.ground())
            .collect()
    }
}

impl Pieces {
    /// Which features the buildings and small things stand for.
    fn volume_members(&self) -> BTreeSet<usize> {
        let blocks = self.blocks.iter().flat_map(|b| &b.members);
        blocks.chain(self.stubs.iter().flat_map(|s| &s.members)).copied().collect()
    }

    /// Triangles of the buildings and small things.
    pub(crate) fn volumes(&self) -> Vec<Triangle> {
        let blocks = self.blocks.iter().flat_map(Block::triangles);
        blocks.chain(self.stubs.iter().flat_map(Stub::triangles)).collect()
    }

    /// Ground by kind, without the underlay.
    pub(crate) fn grounds(&self) -> Vec<Ground> {
        let drawn = self.patches.iter().filter(|patch| !patch.is_underlay());
        drawn.map(Patch::ground).collect()
    }
}
