//! What a person does with hand and keys becomes commands of the session.

use super::Viewer;
use crate::city::Found;
use crate::gesture::{Gestures, Intent, Modifiers, PointerEvent};
use glam::{DVec2, DVec3};
use session::Command;
use tiles::pick::Ray;
use tiles::surface::Surface;

impl Viewer {
    /// A pointer did something.
    pub fn pointer(&mut self, event: PointerEvent) {
        for intent in self.gestures.pointer(event) {
            self.follow(&intent);
        }
    }

    /// The wheel was turned by so many pixels of the page, downward positive.
    pub fn wheel(&mut self, at: DVec2, pixels: f64) {
        for intent in self.gestures.wheel(at, pixels) {
            self.follow(&intent);
        }
    }

    /// A key was pressed; `code` as `KeyboardEvent.code`. Whether it meant something.
    pub fn key(&mut self, code: &str, modifiers: Modifiers) -> bool {
        let intent = Gestures::key(code, modifiers);
        if let Some(intent) = &intent {
            self.follow(intent);
        }
        intent.is_some()
    }

    /// Makes a command of what a person means.
    fn follow(&mut self, intent: &Intent) {
        let command = match *intent {
            Intent::PanStart(at) => Command::PanStart {
                x: at.x,
                y: at.y,
                hit: self.hit(at),
            },
            Intent::PanTo(at) => Command::PanTo { x: at.x, y: at.y },
            Intent::PanEnd => Command::PanEnd,
            Intent::OrbitStart(at) | Intent::PinchStart(at) => {
                self.about = self.hit(at).map(DVec3::from);
                return;
            }
            Intent::OrbitBy(by) => Command::OrbitBy {
                dx: by.x,
                dy: by.y,
                about: self.about.map(|p| p.to_array()),
            },
            Intent::LookBy(by) => Command::LookBy { dx: by.x, dy: by.y },
            Intent::Zoom(at, factor) => Command::Zoom {
                x: at.x,
                y: at.y,
                factor,
                hit: self.hit(at),
            },
            Intent::Pinch(from, to) => Command::Pinch {
                from: from.map(|p| p.to_array()),
                to: to.map(|p| p.to_array()),
                hit: self.about.map(|p| p.to_array()),
            },
            Intent::Click(at) => self.choice(at),
            Intent::Hover(at) => return self.hover(at),
            Intent::Step(step) => Command::Step { step },
            Intent::Home => Command::Home { seconds: 1.0 },
            Intent::Escape => Command::ClearSelection,
        };
        self.apply(command);
    }

    fn hit(&self, at: DVec2) -> Option<[f64; 3]> {
        self.pick(at).map(|found| found.hit.point.to_array())
    }

    /// What is at a place of the picture: physical pixels from the top left corner.
    pub fn pick(&self, at: DVec2) -> Option<Found> {
        let ray = self.session.camera().ray(at.x, at.y);
        self.city.pick(&Ray {
            origin: ray.origin,
            direction: ray.direction,
        })
    }

    /// What a click at a place means: the bare ground is nothing to be selected.
    fn choice(&self, at: DVec2) -> Command {
        match self.pick(at) {
            Some(found) if !matches!(found.hit.surface, Surface::Terrain | Surface::LandUse) => Command::Select {
                feature: Box::new(found.feature),
                point: Some(found.hit.point.to_array()),
            },
            _ => Command::ClearSelection,
        }
    }

    /// The pointer is over something else, or has left.
    fn hover(&mut self, at: Option<DVec2>) {
        if !self.hovers {
            return;
        }
        let found = at.and_then(|at| self.pick(at)).filter(|found| {
            use Surface::{Closure, Door, Installation, OuterCeiling, OuterFloor, Roof, Wall, Window};
            let building = [
                Roof,
                Wall,
                Window,
                Door,
                Installation,
                OuterCeiling,
                OuterFloor,
                Closure,
            ];
            building.contains(&found.hit.surface)
        });
        let hovered = found.map(|found| found.feature.id);
        if hovered != self.hovered {
            self.hovered = hovered;
            self.stale = true;
        }
    }

    /// Name or id of what the pointer is over.
    pub fn hovered(&self) -> Option<&str> {
        self.hovered.as_deref()
    }
}
