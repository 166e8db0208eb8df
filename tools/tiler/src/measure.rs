//! Figures that tell whether the city came through whole.

use std::collections::BTreeMap;
use tiles::surface::Surface;

/// Volumes and areas of what was taken from the inputs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Measures {
    /// Closed solids by level of detail.
    pub(crate) solids: BTreeMap<u8, u64>,
    /// Their volume in cubic metres.
    pub(crate) volume: BTreeMap<u8, f64>,
    /// Square metres by surface.
    pub(crate) area: BTreeMap<Surface, f64>,
}

impl Measures {
    pub(crate) fn solid(&mut self, lod: u8, volume: f64) {
        *self.solids.entry(lod).or_default() += 1;
        *self.volume.entry(lod).or_default() += volume;
    }

    pub(crate) fn area(&mut self, surface: Surface, area: f64) {
        *self.area.entry(surface).or_default() += area;
    }

    /// Adds the figures of another object.
    pub(crate) fn add(&mut self, other: &Self) {
        for (&lod, count) in &other.solids {
            *self.solids.entry(lod).or_default() += count;
        }
        for (&lod, volume) in &other.volume {
            *self.volume.entry(lod).or_default() += volume;
        }
        for (&surface, area) in &other.area {
            self.area(surface, *area);
        }
    }
}
