//! The viewer itself: one session, one city, one picture.
//!
//! Hosts (a window, a page, a test) feed it input and answers, call [`Viewer::advance`] when time has passed and
//! [`Viewer::draw`] when it says that the picture is out of date. Nothing here knows where pixels or bytes come from.

use crate::city::{City, Found};
use crate::eye::Eye;
use crate::frame::Contact;
use crate::gesture::{Gestures, Intent, Modifiers, PointerEvent};
use crate::gpu::{Gpu, Quality};
use crate::light::Light;
use crate::picture::{Cost, Picture, Scene};
use crate::shadow;
use crate::stream::{Arrival, Ask, Stream};
use crate::tile::{Decoded, Tile};
use glam::{DVec2, DVec3};
use serde_json::Value;
use session::{Command, Progress, Session, Viewport};
use std::collections::VecDeque;
use tiles::bounds::Aabb;
use tiles::geodesy::{EnuFrame, Geodetic};
use tiles::pick::Ray;
use tiles::select::{Options, Selection, SelectionTree, Statistics, TileId};
use tiles::surface::Surface;
use tiles::tileset::Tileset;

/// What a viewer begins with.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// Address of the first tileset.
    pub url: String,
    /// The language of the panels.
    pub language: session::strings::Language,
    /// How tiles are chosen.
    pub selection: Options,
}

/// What a picture of the session costs and shows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Figures {
    /// Of tile selection.
    pub tiles: Statistics,
    /// Of the last frame.
    pub cost: Cost,
    /// Frames drawn since the beginning.
    pub frames: u64,
    /// Tiles decoded and waiting for their upload.
    pub waiting: usize,
}

/// Bytes that one call of [`Viewer::advance`] uploads at most, one tile excepted.
const UPLOAD_BYTES: u64 = 8 << 20;

/// A viewer.
#[derive(Debug)]
pub struct Viewer {
    session: Session,
    stream: Stream,
    city: City,
    gestures: Gestures,
    picture: Picture,
    url: String,
    options: Options,
    contact: Contact,
    arrived: VecDeque<(TileId, Box<Decoded>)>,
    /// What the gesture under way is about.
    about: Option<DVec3>,
    hovered: Option<String>,
    /// The feature whose attributes have been asked for last.
    asked: Option<String>,
    /// The city is there: the session is about it.
    open: bool,
    /// The picture does not show what it should.
    stale: bool,
    /// Tiles have to be chosen again although nothing moved.
    choose: bool,
    settled: bool,
    flying: bool,
    /// What the session was told last of loading.
    reported: Progress,
    /// Revision of the session when tiles were chosen last.
    chosen: u64,
    figures: Figures,
}

impl Viewer {
    /// A viewer that asks for its city. `format` is what it draws in; `size` in physical pixels.
    pub fn new(gpu: &Gpu, format: wgpu::TextureFormat, quality: Quality, size: [u32; 2], begin: Beginning) -> Self {
        let viewport = Viewport {
            width: f64::from(size[0].max(1)),
            height: f64::from(size[1].max(1)),
        };
        let mut stream = Stream::default();
        stream.open(&begin.url);
        Self {
            session: Session::new(nowhere(), viewport, begin.language),
            stream,
            city: City::default(),
            gestures: Gestures::default(),
            picture: Picture::new(gpu, format, quality),
            url: begin.url,
            options: begin.selection,
            contact: Contact::default(),
            arrived: VecDeque::new(),
            about: None,
            hovered: None,
            asked: None,
            open: false,
            stale: true,
            choose: false,
            settled: false,
            flying: false,
            reported: Progress::default(),
            chosen: u64::MAX,
            figures: Figures::default(),
        }
    }

    /// The session, to be shown.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The format it draws in.
    pub fn format(&self) -> wgpu::TextureFormat {
        self.picture.format()
    }

    /// Numbers for the curious.
    pub fn figures(&self) -> Figures {
        Figures {
            waiting: self.arrived.len(),
            ..self.figures
        }
    }

    /// Everything that belongs into the picture is there, and the last frame shows it.
    pub fn settled(&self) -> bool {
        self.open && self.settled && !self.stale && self.arrived.is_empty() && !self.flying
    }

    /// Whether the first tileset has come.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Asks for the first tileset once more, after it could not be had.
    pub fn reopen(&mut self) {
        if !self.open {
            let url = self.url.clone();
            self.stream.open(&url);
        }
    }

    /// What to fetch and which requests to break off, since the last call.
    pub fn take_asks(&mut self) -> (Vec<Ask>, Vec<u32>) {
        self.stream.take_asks()
    }

    /// Does what a command says.
    pub fn apply(&mut self, command: Command) {
        self.session.apply(command);
        self.stale = true;
        self.ask_attributes();
    }

    /// The picture has another size, in physical pixels; `scale` of them are a pixel of the page or window.
    pub fn resize(&mut self, size: [u32; 2], scale: f64) {
        self.gestures.set_scale(scale);
        let [width, height] = size.map(|side| f64::from(side.max(1)));
        self.apply(Command::Resize { width, height });
    }

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

    /// Asks for the attributes of a newly selected feature, where a server has them.
    fn ask_attributes(&mut self) {
        let wanted = self.session.wanted_attributes().map(str::to_owned);
        if wanted == self.asked {
            return;
        }
        self.asked.clone_from(&wanted);
        let Some(id) = wanted else {
            return;
        };
        match item_url(&self.url, &id) {
            Some(url) => self.stream.open_item(url, &id),
            None => self.session.apply(Command::AttributesFailed { id }),
        }
    }

    /// A JSON answer to the request with this number.
    pub fn deliver_json(&mut self, id: u32, text: &str) {
        let arrival = self.stream.json(id, text);
        self.arrive(arrival);
    }

    /// A decoded tile that answers the request with this number.
    pub fn deliver_tile(&mut self, id: u32, decoded: Decoded) {
        let arrival = self.stream.tile(id, decoded);
        self.arrive(arrival);
    }

    /// The request with this number has no answer.
    pub fn failed(&mut self, id: u32, message: &str) {
        let arrival = self.stream.failed(id, message);
        self.arrive(arrival);
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Root(tileset) => self.found(&tileset),
            Arrival::NoRoot(message) => {
                log::error!("{}: {message}", self.url);
                self.apply(Command::ShowError {
                    message: "error.tileset".to_owned(),
                });
            }
            Arrival::Tree => self.choose = true,
            Arrival::Tile(tile, decoded) => self.arrived.push_back((tile, decoded)),
            Arrival::Item(id, item) => self.apply(attributes(id, item)),
            Arrival::Nothing => {}
        }
    }

    /// The first tileset has come: the session begins.
    fn found(&mut self, tileset: &Tileset) {
        let city = match session::City::from_tileset(tileset) {
            Ok(city) => city,
            Err(error) => {
                return self.apply(Command::ShowError {
                    message: error.to_string(),
                });
            }
        };
        match SelectionTree::new(tileset, &self.url, city.from_earth(), self.options.clone()) {
            Ok(tree) => self.stream.plant(tree),
            Err(error) => {
                return self.apply(Command::ShowError {
                    message: error.to_string(),
                });
            }
        }
        let viewport = self.session.camera().viewport;
        self.session = Session::new(city, viewport, self.session.language());
        self.open = true;
        self.stale = true;
        self.chosen = u64::MAX;
    }

    /// Lets so many seconds pass: flies on, uploads what has come, chooses tiles. Whether it wants to be called again
    /// soon even if nothing happens.
    pub fn advance(&mut self, gpu: &Gpu, seconds: f64) -> bool {
        let flying = self.session.advance(seconds);
        self.flying = flying;
        let uploaded = self.upload(gpu);
        let moved = self.chosen != self.session.revision();
        if flying || uploaded || moved || self.choose || !self.settled {
            self.choose_tiles();
        }
        self.stale |= flying;
        self.open && (flying || !self.settled || !self.arrived.is_empty())
    }

    /// Whether the picture is out of date.
    pub fn wants_drawing(&self) -> bool {
        self.stale
    }

    /// Uploads tiles that have come, as many as a frame can bear.
    fn upload(&mut self, gpu: &Gpu) -> bool {
        let mut bytes = 0;
        let mut any = false;
        while bytes < UPLOAD_BYTES
            && let Some((id, decoded)) = self.arrived.pop_front()
        {
            let transform = self
                .stream
                .tree()
                .and_then(|tree| tree.tile(id))
                .map(|tile| tile.transform);
            let Some(transform) = transform else {
                continue;
            };
            if self.stream.holds(id, decoded.bytes()) {
                bytes += decoded.upload_bytes();
                self.city.insert(id, Tile::new(&gpu.device, *decoded, &transform));
                any = true;
            }
        }
        any
    }

    fn choose_tiles(&mut self) {
        let selection = self.select();
        let Some(selection) = selection else {
            return;
        };
        self.choose = false;
        self.stream.follow(&selection);
        self.stale |= self.city.follow(&selection);
        self.settled = selection.settled;
        self.figures.tiles = selection.statistics;
        // The number of the update alone is no news.
        let tiles = Statistics {
            update: 0,
            ..selection.statistics
        };
        let progress = Progress {
            tiles,
            settled: selection.settled,
        };
        if self.chosen != self.session.revision() || self.reported != progress {
            self.session.apply(Command::Report { progress });
            self.reported = progress;
        }
        self.chosen = self.session.revision();
    }

    fn select(&mut self) -> Option<Selection> {
        let camera = *self.session.camera();
        let bounds = self.session.city().bounds;
        let tree = self.stream.tree()?;
        for (layer, &visible) in self.session.layers().iter().enumerate() {
            tree.set_layer_visible(layer, visible);
        }
        let mut views = vec![camera.view()];
        let sun = self.session.sun().direction();
        let reach = (bounds.distance_to(camera.eye()) + bounds.size().length()).min(shadow::LIMIT);
        views.extend(camera.casters(sun, reach, bounds.size().z));
        Some(tree.update(&views))
    }

    /// Draws the session as it is now into a texture of the session's size.
    pub fn draw(&mut self, gpu: &Gpu, view: &wgpu::TextureView) {
        let camera = *self.session.camera();
        let eye = Eye::new(&camera, self.near());
        let selected = self.session.selected().map(|feature| feature.id.as_str());
        let items = self.city.items(selected, self.hovered.as_deref());
        let scene = Scene {
            eye,
            light: Light::of_sun(self.session.sun().direction()),
            contact: self.contact,
            ground: self.session.city().ground,
            items: &items,
        };
        self.figures.cost = self.picture.draw(gpu, view, &scene);
        self.figures.frames += 1;
        self.stale = false;
    }

    /// The near plane: as far away as nothing is missed, because where depth has no sign to spare (WebGL2) it is what
    /// precision far away depends on.
    fn near(&self) -> f64 {
        let camera = self.session.camera();
        let free = self.city.distance_to(camera.eye());
        let free = if free.is_finite() { free * 0.5 } else { 0.0 };
        camera.near().max(free.min(200.0))
    }
}

/// The city of a session that waits for its city.
fn nowhere() -> session::City {
    session::City {
        title: String::new(),
        frame: EnuFrame::new(Geodetic::from_degrees(0.0, 0.0, 0.0)),
        bounds: Aabb {
            min: DVec3::splat(-500.0),
            max: DVec3::splat(500.0),
        },
        ground: 0.0,
        layers: Vec::new(),
        credits: Vec::new(),
        crs: None,
        home: None,
    }
}

/// Where the server has a feature of the collection whose tileset this is; none when the address is no server's.
fn item_url(tileset: &str, id: &str) -> Option<String> {
    let collection = tileset
        .split(['?', '#'])
        .next()?
        .strip_suffix("/3dtiles/tileset.json")?;
    let mut url = format!("{collection}/items/");
    for byte in id.bytes() {
        // RFC 3986, 2.3: unreserved characters stay as they are.
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            use std::fmt::Write;
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    Some(url)
}

/// What a server's item (a GeoJSON feature) tells the session.
fn attributes(id: String, item: Option<Value>) -> Command {
    let Some(Value::Object(mut item)) = item else {
        return Command::AttributesFailed { id };
    };
    let bbox = item
        .get("bbox")
        .and_then(|bbox| serde_json::from_value(bbox.clone()).ok());
    match item.remove("properties") {
        Some(Value::Object(attributes)) => Command::SetAttributes { id, attributes, bbox },
        _ => Command::AttributesFailed { id },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_features_item_lies_beside_its_collections_tileset() {
        let url = item_url("http://h:8080/collections/helsinki/3dtiles/tileset.json", "osm_w1/ä");
        assert_eq!(
            url.as_deref(),
            Some("http://h:8080/collections/helsinki/items/osm_w1%2F%C3%A4")
        );
        assert_eq!(item_url("/data/helsinki/tileset.json", "a"), None);
    }

    #[test]
    fn an_item_becomes_attributes_and_anything_else_a_failure() {
        let item = json!({"type": "Feature", "bbox": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "properties": {"year": 1852}});
        let Command::SetAttributes {
            attributes: read, bbox, ..
        } = attributes("a".into(), Some(item))
        else {
            panic!("not attributes");
        };
        assert_eq!(read.get("year"), Some(&json!(1852)));
        assert_eq!(bbox, Some([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        for wrong in [None, Some(json!([1])), Some(json!({"properties": 3}))] {
            let command = attributes("a".into(), wrong);
            assert_eq!(command, Command::AttributesFailed { id: "a".into() });
        }
    }
}
