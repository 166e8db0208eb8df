//! The viewer itself: one session, one city, one picture.
//!
//! Hosts (a window, a page, a test) feed it input and answers, call [`Viewer::advance`] when time has passed and
//! [`Viewer::draw`] when it says that the picture is out of date. Nothing here knows where pixels or bytes come from.

mod item;
mod steer;

use crate::city::City;
use crate::eye::Eye;
use crate::frame::Contact;
use crate::gesture::Gestures;
use crate::gpu::{Gpu, Quality};
use crate::light::Light;
use crate::picture::{Cost, Picture, Scene};
use crate::shadow;
use crate::stream::{Arrival, Ask, Stream};
use crate::tile::{Decoded, Tile};
use glam::DVec3;
use item::{attributes, item_url};
use session::{Command, Progress, Session, Viewport};
use std::collections::VecDeque;
use tiles::bounds::Aabb;
use tiles::geodesy::{EnuFrame, Geodetic};
use tiles::select::{Options, Selection, SelectionTree, Statistics, TileId};
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
    /// Whether what the pointer is over is lit up: not where every frame costs a processor a quarter of a second.
    hovers: bool,
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
            hovers: !gpu.is_software(),
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
        self.city.choose(selected, self.hovered.as_deref());
        let items = self.city.items();
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
