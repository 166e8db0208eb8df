//! The state, and how commands change it.

mod framing;
mod shown;

use crate::camera::{Camera, Pose, Viewport};
use crate::city::City;
use crate::clock::{Clock, Sun};
use crate::command::Command;
use crate::flight::Flight;
use crate::snapshot::{Details, Progress};
use crate::strings::Language;
use framing::{home, place};
use glam::{DVec2, DVec3};
use serde_json::{Map, Value};
use tiles::feature::Feature;
use tiles::geodesy::Geodetic;

/// A viewing session: one person, one city.
#[derive(Debug, Clone)]
pub struct Session {
    city: City,
    camera: Camera,
    flight: Option<Flight>,
    /// What the hand holds while it pans.
    held: Option<DVec3>,
    clock: Clock,
    layers: Vec<bool>,
    selection: Option<Selection>,
    progress: Progress,
    language: Language,
    error: Option<String>,
    revision: u64,
}

/// The selected feature.
#[derive(Debug, Clone)]
struct Selection {
    feature: Feature,
    point: Option<DVec3>,
    attributes: Option<Map<String, Value>>,
    bbox: Option<[f64; 6]>,
    details: Details,
}

impl Session {
    /// A session that begins with the city's home view.
    pub fn new(city: City, viewport: Viewport, language: Language) -> Self {
        Self {
            camera: home(&city, viewport),
            flight: None,
            held: None,
            clock: Clock::at(city.frame.origin()),
            layers: vec![true; city.layers.len()],
            selection: None,
            progress: Progress::default(),
            language,
            error: None,
            revision: 0,
            city,
        }
    }

    /// What is looked at.
    pub fn city(&self) -> &City {
        &self.city
    }

    /// The eye.
    pub fn camera(&self) -> &Camera {
        &self.camera
    }

    /// What is spoken.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Date and time.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Where the sun stands over the city.
    pub fn sun(&self) -> Sun {
        self.clock.sun(self.city.frame.origin())
    }

    /// Which layers are on, by child number of the tileset's root.
    pub fn layers(&self) -> &[bool] {
        &self.layers
    }

    /// The selected feature, as its tile tells of it: what to highlight.
    pub fn selected(&self) -> Option<&Feature> {
        self.selection.as_ref().map(|selection| &selection.feature)
    }

    /// The feature whose attributes the host is to fetch, and to bring by [`Command::SetAttributes`].
    pub fn wanted_attributes(&self) -> Option<&str> {
        let selection = self.selection.as_ref()?;
        (selection.details == Details::Wanted).then_some(selection.feature.id.as_str())
    }

    /// Grows whenever the snapshot may have changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Lets time pass, for a camera that is on its way. Whether it still is; then call again in the next frame.
    pub fn advance(&mut self, seconds: f64) -> bool {
        let Some(flight) = &mut self.flight else {
            return false;
        };
        let (pose, arrived) = flight.advance(seconds);
        self.camera.pose = pose;
        if arrived {
            self.flight = None;
        }
        self.unsettle();
        self.flight.is_some()
    }

    /// Does what the command says.
    pub fn apply(&mut self, command: Command) {
        self.revision += 1;
        let before = self.camera;
        match command {
            Command::Resize { width, height } => self.resize(width, height),
            Command::SetDate { .. } | Command::SetTimeOfDay { .. } | Command::SetUtcOffset { .. } => {
                self.set_time(&command);
            }
            Command::SetLayer { layer, visible } => self.set_layer(&layer, visible),
            Command::Select { feature, point } => self.select(*feature, point),
            Command::SetAttributes { id, attributes, bbox } => self.set_attributes(&id, attributes, bbox),
            Command::AttributesFailed { id } => {
                if let Some(selection) = self.selection_of(&id) {
                    selection.details = Details::Failed;
                }
            }
            Command::ClearSelection => self.selection = None,
            Command::SetLanguage { language } => self.language = language,
            Command::Report { progress } => self.progress = progress,
            Command::ShowError { message } => self.error = Some(message),
            Command::DismissError => self.error = None,
            Command::PanEnd => self.held = None,
            Command::Home { seconds } => self.fly(home(&self.city, self.camera.viewport).pose, seconds),
            Command::FlyTo { place, seconds } => self.fly_to(&place, seconds),
            motion => self.steer(&motion),
        }
        // Not a number somewhere: as if nothing had been said.
        if !finite(&self.camera) {
            self.camera = before;
        }
        if self.camera != before {
            self.unsettle();
        }
    }

    /// Motions of the hand; they end a flight.
    fn steer(&mut self, motion: &Command) {
        self.flight = None;
        let ground = self.camera.pose.target.z;
        let farthest = self.city.farthest();
        let camera = &mut self.camera;
        let under = |camera: &Camera, x: f64, y: f64, hit: &Option<[f64; 3]>| {
            hit.map_or_else(|| camera.ground_point(x, y, ground), DVec3::from)
        };
        match motion {
            Command::SetCamera {
                lon,
                lat,
                height,
                heading,
                pitch,
            } => {
                let eye = self
                    .city
                    .frame
                    .to_enu(Geodetic::from_degrees(*lon, *lat, *height).to_ecef())
                    .0;
                place(camera, eye, heading.to_radians(), pitch.to_radians(), self.city.ground);
            }
            Command::OrbitBy { dx, dy, about } => {
                let about = about.map_or(camera.pose.target, DVec3::from);
                camera.orbit(DVec2::new(*dx, *dy), about);
            }
            Command::LookBy { dx, dy } => camera.look(DVec2::new(*dx, *dy)),
            Command::PanStart { x, y, hit } => {
                self.held = Some(under(camera, *x, *y, hit)).filter(|held| held.is_finite());
            }
            Command::PanTo { x, y } => {
                if let Some(held) = self.held {
                    camera.pan(held, *x, *y);
                }
            }
            Command::PanBy { dx, dy } => {
                let to = camera.middle() + DVec2::new(*dx, *dy);
                camera.pan(camera.pose.target, to.x, to.y);
            }
            Command::Zoom { x, y, factor, hit } => camera.zoom(under(camera, *x, *y, hit), *factor, farthest),
            Command::Pinch { from, to, hit } => {
                let (from, to) = (from.map(DVec2::from), to.map(DVec2::from));
                let middle = (from[0] + from[1]) * 0.5;
                camera.pinch(under(camera, middle.x, middle.y, hit), from, to, farthest);
            }
            Command::Step { step } => camera.step(*step, farthest),
            Command::Focus { point } => camera.focus(DVec3::from(*point)),
            _ => {}
        }
    }

    fn resize(&mut self, width: f64, height: f64) {
        if width >= 1.0 && height >= 1.0 {
            let viewport = Viewport { width, height };
            let untouched = self.camera == home(&self.city, self.camera.viewport);
            self.camera = if untouched {
                home(&self.city, viewport)
            } else {
                Camera {
                    viewport,
                    ..self.camera
                }
            };
        }
    }

    fn set_time(&mut self, command: &Command) {
        let clock = &mut self.clock;
        match *command {
            Command::SetDate { year, month, day } if Clock::is_date(year, month, day) => {
                (clock.year, clock.month, clock.day) = (year, month, day);
            }
            Command::SetTimeOfDay { hours } if (0.0..=24.0).contains(&hours) => clock.hours = hours,
            // The offsets in use lie between -12 and +14 hours.
            Command::SetUtcOffset { minutes } if (-720..=840).contains(&minutes) => clock.utc_offset_minutes = minutes,
            _ => {}
        }
        self.unsettle();
    }

    fn set_layer(&mut self, name: &str, visible: bool) {
        let number = self.city.layers.iter().position(|layer| layer.name == name);
        if let Some(on) = number.and_then(|number| self.layers.get_mut(number)) {
            *on = visible;
            self.unsettle();
        }
    }

    fn select(&mut self, feature: Feature, point: Option<[f64; 3]>) {
        let point = point.map(DVec3::from);
        if let Some(known) = self.selection_of(&feature.id) {
            known.feature = feature;
            known.point = point.or(known.point);
            return;
        }
        let details = Details::Wanted;
        self.selection = Some(Selection {
            feature,
            point,
            attributes: None,
            bbox: None,
            details,
        });
    }

    fn set_attributes(&mut self, id: &str, attributes: Map<String, Value>, bbox: Option<[f64; 6]>) {
        if let Some(selection) = self.selection_of(id) {
            selection.attributes = Some(attributes);
            selection.bbox = bbox;
            selection.details = Details::Here;
        }
    }

    /// The selection, if it is of this feature.
    fn selection_of(&mut self, id: &str) -> Option<&mut Selection> {
        self.selection.as_mut().filter(|selection| selection.feature.id == id)
    }

    fn fly(&mut self, to: Pose, seconds: f64) {
        self.held = None;
        self.flight = None;
        if seconds > 0.0 {
            self.flight = Some(Flight::new(self.camera.pose, to, seconds));
        } else {
            self.camera.pose = to;
        }
    }

    /// What is on the screen is not what should be, until the host says so.
    fn unsettle(&mut self) {
        self.progress.settled = false;
        self.revision += 1;
    }
}

fn finite(camera: &Camera) -> bool {
    let pose = &camera.pose;
    let viewport = &camera.viewport;
    let numbers = [pose.distance, pose.heading, pose.pitch, viewport.width, viewport.height];
    pose.target.is_finite() && numbers.iter().all(|number| number.is_finite())
}
