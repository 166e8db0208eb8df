//! Which tiles a pass draws, and in which order.

use super::{Item, Scene};
use tiles::bounds::{Frustum, OrientedBox};

/// In which order tiles are drawn: near ones first, so that they hide what is behind before it is shaded.
pub(super) struct Order {
    pub(super) items: Vec<usize>,
    frustum: Frustum,
}

impl Order {
    pub(super) fn new(scene: &Scene<'_>) -> Self {
        let mut items: Vec<usize> = (0..scene.items.len()).collect();
        let away = |&item: &usize| scene.items[item].bounds.distance_to(scene.eye.position);
        items.sort_by(|a, b| away(a).total_cmp(&away(b)));
        Self {
            items,
            frustum: {
                let to_relative = glam::DMat4::from_translation(-scene.eye.position);
                Frustum::from_view_projection(&(scene.eye.clip_from_relative * to_relative))
            },
        }
    }

    /// What the picture shows, with the row of its numbers.
    pub(super) fn shown<'a>(&'a self, scene: &'a Scene<'a>) -> impl Iterator<Item = (usize, &'a Item<'a>)> {
        self.items
            .iter()
            .map(|&item| &scene.items[item])
            .enumerate()
            .filter(|(_, item)| item.shown && self.frustum.intersects(&OrientedBox::from_aabb(&item.bounds)))
    }
}
