//! The tiles that are held, and those of them that a frame shows.

use crate::picture::Item;
use crate::tile::Tile;
use glam::DVec3;
use std::collections::HashMap;
use tiles::bounds::Aabb;
use tiles::feature::Feature;
use tiles::pick::{Hit, Ray};
use tiles::select::{Selection, TileId};

/// What a pointer found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where, and what kind of surface.
    pub hit: Hit,
    /// What the tile says of the feature.
    pub feature: Feature,
}

/// A tile of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Drawn {
    tile: TileId,
    /// False of one that only throws its shadow into the picture.
    shown: bool,
}

/// The city as far as it is held.
#[derive(Debug, Default)]
pub struct City {
    held: HashMap<TileId, Tile>,
    drawn: Vec<Drawn>,
    chosen: Chosen,
}

/// The features that stand out, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chosen {
    /// What is selected.
    pub selected: Option<String>,
    /// What the pointer is over.
    pub hovered: Option<String>,
}

impl City {
    /// Takes a tile in.
    pub fn insert(&mut self, id: TileId, mut tile: Tile) {
        tile.choose(&self.chosen);
        self.held.insert(id, tile);
    }

    /// Lets other features stand out.
    pub fn choose(&mut self, selected: Option<&str>, hovered: Option<&str>) {
        if self.chosen.selected.as_deref() == selected && self.chosen.hovered.as_deref() == hovered {
            return;
        }
        self.chosen = Chosen {
            selected: selected.map(str::to_owned),
            hovered: hovered.map(str::to_owned),
        };
        for tile in self.held.values_mut() {
            tile.choose(&self.chosen);
        }
    }

    /// Shows what was chosen, and drops what is to be forgotten. True when the picture is another than before.
    pub fn follow(&mut self, selection: &Selection) -> bool {
        for tile in &selection.unload {
            self.held.remove(tile);
        }
        let views = selection.seen_by.iter().map(|views| views & 1 != 0);
        let drawn: Vec<_> = selection
            .render
            .iter()
            .zip(views)
            .map(|(&tile, shown)| Drawn { tile, shown })
            .collect();
        let changed = drawn != self.drawn;
        self.drawn = drawn;
        changed
    }

    fn drawn(&self) -> impl Iterator<Item = (&Tile, bool)> {
        self.drawn
            .iter()
            .filter_map(|drawn| Some((self.held.get(&drawn.tile)?, drawn.shown)))
    }

    fn shown(&self) -> impl Iterator<Item = &Tile> {
        self.drawn().filter(|(_, shown)| *shown).map(|(tile, _)| tile)
    }

    /// What a frame is to draw.
    pub fn items(&self) -> Vec<Item<'_>> {
        self.drawn()
            .filter_map(|(tile, shown)| {
                Some(Item {
                    buffers: tile.buffers.as_ref()?,
                    origin: tile.origin,
                    bounds: tile.bounds,
                    selected: tile.selected,
                    hovered: tile.hovered,
                    shown,
                })
            })
            .collect()
    }

    /// What a ray meets first of what is shown.
    pub fn pick(&self, ray: &Ray) -> Option<Found> {
        let mut near: Vec<_> = self
            .shown()
            .filter_map(|tile| Some((entry(&tile.bounds, ray)?, tile)))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut best: Option<(Hit, &Tile)> = None;
        for (enters, tile) in near {
            if best.is_some_and(|(hit, _)| hit.distance < enters) {
                break;
            }
            if let Some(hit) = tile.pick(ray)
                && best.is_none_or(|(before, _)| hit.distance < before.distance)
            {
                best = Some((hit, tile));
            }
        }
        let (hit, tile) = best?;
        let feature = tile.features().get(usize::from(hit.feature))?.clone();
        Some(Found { hit, feature })
    }

    /// Distance from a point to the nearest tile's box that the frame shows; infinite when it shows none.
    pub fn distance_to(&self, point: DVec3) -> f64 {
        self.shown()
            .map(|tile| tile.bounds.distance_to(point))
            .fold(f64::INFINITY, f64::min)
    }
}

/// How far along a ray a box begins, in metres; none when it misses. Slabs (Kay and Kajiya 1986).
fn entry(bounds: &Aabb, ray: &Ray) -> Option<f64> {
    let direction = ray.direction.normalize();
    let inverse = direction.recip();
    let (a, b) = ((bounds.min - ray.origin) * inverse, (bounds.max - ray.origin) * inverse);
    // A ray along a face has 0 * infinity there, which is no number and no border either.
    let clean = |v: DVec3, none: f64| v.to_array().map(|x| if x.is_nan() { none } else { x });
    let enters = clean(a.min(b), f64::NEG_INFINITY).into_iter().fold(0.0, f64::max);
    let leaves = clean(a.max(b), f64::INFINITY).into_iter().fold(f64::INFINITY, f64::min);
    (enters <= leaves).then_some(enters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ray_enters_a_box_where_it_meets_its_first_face() {
        let bounds = Aabb {
            min: DVec3::new(10.0, -1.0, -1.0),
            max: DVec3::new(12.0, 1.0, 1.0),
        };
        let ray = |origin: DVec3, direction: DVec3| Ray { origin, direction };
        assert_eq!(entry(&bounds, &ray(DVec3::ZERO, DVec3::X * 3.0)), Some(10.0));
        assert_eq!(entry(&bounds, &ray(DVec3::ZERO, DVec3::NEG_X)), None);
        assert_eq!(entry(&bounds, &ray(DVec3::new(11.0, 0.0, 0.0), DVec3::Z)), Some(0.0));
        assert_eq!(entry(&bounds, &ray(DVec3::new(0.0, 5.0, 0.0), DVec3::X)), None);
    }
}
