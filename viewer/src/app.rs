//! The desktop window: winit's events in, frames out, and nothing while nothing changes.

mod input;

use crate::error::Error;
use crate::gpu::{Gpu, Quality, configuration};
use crate::headless::{give, threads};
use crate::native::Fetcher;
use crate::panels;
use crate::viewer::{Beginning, Viewer};
use crate::zone;
use glam::DVec2;
use session::{Command, Snapshot};
use std::sync::Arc;
use std::time::{Duration, Instant};
use winit::application::ApplicationHandler;
use winit::dpi::PhysicalSize;
use winit::event::WindowEvent;
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop, EventLoopProxy};
use winit::keyboard::ModifiersState;
use winit::window::{Window, WindowId};

/// How long to wait before looking again while something is on its way.
const TICK: Duration = Duration::from_millis(16);

/// What a window begins with.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The city and how to load it.
    pub begin: Beginning,
    /// Size in logical pixels.
    pub size: [u32; 2],
    /// How well to draw; as the device can, without one.
    pub quality: Option<Quality>,
    /// What to do when the city is there.
    pub commands: Vec<Command>,
}

/// Opens a window and stays until it is closed.
///
/// # Errors
/// [`Error::Surface`] where there is no screen, [`Error::NoAdapter`] and [`Error::NoDevice`] where nothing draws.
pub fn run(setup: Setup) -> Result<(), Error> {
    let events = EventLoop::with_user_event()
        .build()
        .map_err(|error| Error::Surface(error.to_string()))?;
    let mut app = App {
        proxy: events.create_proxy(),
        setup,
        shown: None,
        failure: None,
    };
    events
        .run_app(&mut app)
        .map_err(|error| Error::Surface(error.to_string()))?;
    app.failure.map_or(Ok(()), Err)
}

/// An answer has come from a thread.
#[derive(Debug, Clone, Copy)]
struct Answered;

struct App {
    proxy: EventLoopProxy<Answered>,
    setup: Setup,
    shown: Option<Shown>,
    failure: Option<Error>,
}

/// A window with a city in it.
struct Shown {
    window: Arc<Window>,
    surface: wgpu::Surface<'static>,
    configuration: wgpu::SurfaceConfiguration,
    gpu: Gpu,
    viewer: Viewer,
    fetcher: Fetcher,
    panels: egui_winit::State,
    painter: egui_wgpu::Renderer,
    /// What to do when the city is there.
    commands: Vec<Command>,
    /// Whether the city has come and its clock is set.
    placed: bool,
    modifiers: ModifiersState,
    pointer: DVec2,
    last: Instant,
    /// When egui wants to paint again.
    repaint: Option<Instant>,
}

impl App {
    fn open(&mut self, events: &ActiveEventLoop) -> Result<(), Error> {
        let [width, height] = self.setup.size;
        let attributes = Window::default_attributes()
            .with_title("Kortteli")
            .with_inner_size(winit::dpi::LogicalSize::new(width, height));
        let window = events
            .create_window(attributes)
            .map_err(|error| Error::Surface(error.to_string()))?;
        self.shown = Some(Shown::new(Arc::new(window), &self.setup, self.proxy.clone())?);
        Ok(())
    }

    /// The device was lost: everything that lived on it is made anew, and the session goes on where it was.
    fn recover(&mut self, message: &str) -> Result<(), Error> {
        log::error!("the graphics device was lost and is made anew: {message}");
        let Some(shown) = self.shown.take() else {
            return Ok(());
        };
        let window = Arc::clone(&shown.window);
        self.setup.commands = restoring(&shown.viewer.session().snapshot());
        self.setup.begin.language = shown.viewer.session().language();
        drop(shown);
        self.shown = Some(Shown::new(window, &self.setup, self.proxy.clone())?);
        Ok(())
    }

    fn stop(&mut self, events: &ActiveEventLoop, error: Error) {
        self.failure = Some(error);
        events.exit();
    }
}

/// What brings a session back to where another was.
fn restoring(snapshot: &Snapshot) -> Vec<Command> {
    let (camera, time) = (&snapshot.camera, &snapshot.time);
    let (year, month, day) = time.date;
    let mut commands = vec![
        Command::SetDate { year, month, day },
        Command::SetUtcOffset {
            minutes: time.utc_offset_minutes,
        },
        Command::SetTimeOfDay { hours: time.hours },
        Command::SetCamera {
            lon: camera.lon,
            lat: camera.lat,
            height: camera.height,
            heading: camera.heading,
            pitch: camera.pitch,
        },
    ];
    for layer in &snapshot.layers {
        commands.push(Command::SetLayer {
            layer: layer.name.clone(),
            visible: layer.visible,
        });
    }
    if let Some(selected) = &snapshot.selected {
        let feature = Box::new(selected.feature.clone());
        commands.push(Command::Select {
            feature,
            point: selected.point,
        });
    }
    commands
}

impl ApplicationHandler<Answered> for App {
    fn resumed(&mut self, events: &ActiveEventLoop) {
        if self.shown.is_none()
            && let Err(error) = self.open(events)
        {
            self.stop(events, error);
        }
    }

    fn window_event(&mut self, events: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        let Some(shown) = &mut self.shown else {
            return;
        };
        match event {
            WindowEvent::CloseRequested => events.exit(),
            WindowEvent::RedrawRequested => shown.redraw(),
            event => shown.input(&event),
        }
    }

    fn about_to_wait(&mut self, events: &ActiveEventLoop) {
        let Some(shown) = &mut self.shown else {
            return;
        };
        if let Some(message) = shown.gpu.take_fault()
            && let Err(error) = self.recover(&message)
        {
            return self.stop(events, error);
        }
        let Some(shown) = &mut self.shown else {
            return;
        };
        let wait = match (shown.tick(), shown.repaint) {
            (true, _) => ControlFlow::WaitUntil(Instant::now() + TICK),
            (false, Some(at)) => ControlFlow::WaitUntil(at),
            (false, None) => ControlFlow::Wait,
        };
        events.set_control_flow(wait);
    }
}

impl Shown {
    fn new(window: Arc<Window>, setup: &Setup, proxy: EventLoopProxy<Answered>) -> Result<Self, Error> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let surface = instance
            .create_surface(Arc::clone(&window))
            .map_err(|error| Error::Surface(error.to_string()))?;
        let gpu = pollster::block_on(Gpu::new(&instance, Some(&surface)))?;
        let size = <[u32; 2]>::from(window.inner_size());
        let configuration = configuration(&gpu, &surface, size)
            .ok_or_else(|| Error::Surface("it has no format to draw in".to_owned()))?;
        surface.configure(&gpu.device, &configuration);
        let format = configuration.format.add_srgb_suffix();
        let quality = setup.quality.unwrap_or_else(|| gpu.quality());
        let mut viewer = Viewer::new(&gpu, format, quality, size, setup.begin.clone());
        viewer.resize(size, window.scale_factor());
        let context = egui::Context::default();
        context.set_visuals(egui::Visuals::light());
        let limit = gpu.device.limits().max_texture_dimension_2d as usize;
        let scale = window.scale_factor() as f32;
        let panels = egui_winit::State::new(context, egui::ViewportId::ROOT, &window, Some(scale), None, Some(limit));
        let painter = egui_wgpu::Renderer::new(&gpu.device, format, egui_wgpu::RendererOptions::default());
        // The window may be gone before the last answer has come.
        let wake = move || {
            let _ = proxy.send_event(Answered);
        };
        window.request_redraw();
        Ok(Self {
            window,
            surface,
            configuration,
            gpu,
            viewer,
            fetcher: Fetcher::new(threads(), wake),
            panels,
            painter,
            commands: setup.commands.clone(),
            placed: false,
            modifiers: ModifiersState::default(),
            pointer: DVec2::ZERO,
            last: Instant::now(),
            repaint: None,
        })
    }

    /// Takes in what has come and lets time pass. Whether to look again soon.
    fn tick(&mut self) -> bool {
        while let Some(answer) = self.fetcher.answer() {
            give(&mut self.viewer, answer);
        }
        if self.viewer.is_open() {
            if !std::mem::replace(&mut self.placed, true) {
                self.follow_zone();
            }
            for command in std::mem::take(&mut self.commands) {
                self.viewer.apply(command);
            }
        }
        let now = Instant::now();
        let seconds = (now - self.last).as_secs_f64().min(0.1);
        self.last = now;
        let before = self.viewer.session().revision();
        let again = self.viewer.advance(&self.gpu, seconds);
        let (asks, cancels) = self.viewer.take_asks();
        self.fetcher.follow(asks, &cancels);
        let changed = before != self.viewer.session().revision();
        let due = self.repaint.is_some_and(|at| at <= now);
        if changed || due || self.viewer.wants_drawing() {
            self.window.request_redraw();
        }
        again
    }

    /// Sets the city's clock to the computer's zone, if that can be the city's.
    fn follow_zone(&mut self) {
        if let Some(command) = zone::offset(&self.viewer.session().snapshot()) {
            self.viewer.apply(command);
        }
    }

    fn resize(&mut self, size: PhysicalSize<u32>) {
        // A minimised window has no size, and nothing to draw.
        if size.width == 0 || size.height == 0 {
            return;
        }
        (self.configuration.width, self.configuration.height) = size.into();
        self.surface.configure(&self.gpu.device, &self.configuration);
        self.viewer.resize(size.into(), self.window.scale_factor());
        self.window.request_redraw();
    }

    /// One frame: the city, and the panels over it.
    fn redraw(&mut self) {
        use wgpu::CurrentSurfaceTexture::{Lost, Outdated, Suboptimal, Success};
        let texture = match self.surface.get_current_texture() {
            Success(texture) | Suboptimal(texture) => texture,
            Lost | Outdated => {
                self.surface.configure(&self.gpu.device, &self.configuration);
                return self.window.request_redraw();
            }
            _ => return,
        };
        let view = texture.texture.create_view(&wgpu::TextureViewDescriptor {
            format: Some(self.viewer.format()),
            ..Default::default()
        });
        self.viewer.draw(&self.gpu, &view);
        self.paint(&view);
        self.window.pre_present_notify();
        self.gpu.queue.present(texture);
    }

    /// Runs the panels, does what they say, and paints them.
    fn paint(&mut self, view: &wgpu::TextureView) {
        let snapshot = self.viewer.session().snapshot();
        let open = self.viewer.is_open();
        let input = self.panels.take_egui_input(&self.window);
        let context = self.panels.egui_ctx().clone();
        let mut commands = Vec::new();
        let mut output = context.run_ui(input, |ui| commands.extend(panels::show(ui.ctx(), &snapshot, open)));
        for command in commands {
            let again = command == Command::DismissError && !open;
            let dated = matches!(command, Command::SetDate { .. });
            self.viewer.apply(command);
            if dated {
                // From winter to summer the clock changes with the date.
                self.follow_zone();
            }
            if again {
                self.viewer.reopen();
            }
        }
        self.panels
            .handle_platform_output(&self.window, std::mem::take(&mut output.platform_output));
        let delay = output
            .viewport_output
            .get(&egui::ViewportId::ROOT)
            .map(|viewport| viewport.repaint_delay);
        self.repaint = delay.and_then(|delay| Instant::now().checked_add(delay));
        let scale = output.pixels_per_point;
        let shapes = context.tessellate(std::mem::take(&mut output.shapes), scale);
        self.paint_shapes(view, &shapes, scale, &mut output.textures_delta);
    }

    fn paint_shapes(
        &mut self,
        view: &wgpu::TextureView,
        shapes: &[egui::ClippedPrimitive],
        scale: f32,
        textures: &mut egui::TexturesDelta,
    ) {
        let Gpu { device, queue, .. } = &self.gpu;
        for (id, deltas) in textures.set.drain() {
            for delta in &deltas {
                self.painter.update_texture(device, queue, id, delta);
            }
        }
        let screen = egui_wgpu::ScreenDescriptor {
            size_in_pixels: [self.configuration.width, self.configuration.height],
            pixels_per_point: scale,
        };
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("panels") });
        let more = self
            .painter
            .update_buffers(device, queue, &mut encoder, shapes, &screen);
        let pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("panels"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Load,
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        });
        self.painter.render(&mut pass.forget_lifetime(), shapes, &screen);
        queue.submit(more.into_iter().chain([encoder.finish()]));
        for id in textures.free.drain() {
            self.painter.free_texture(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use serde_json::json;
    use session::{City, Session, Viewport};
    use tiles::feature::Feature;
    use tiles::geodesy::{EnuFrame, Geodetic};

    fn session() -> Session {
        let frame = EnuFrame::new(Geodetic::from_degrees(24.95, 60.17, 20.0));
        let child = json!({ "boundingVolume": { "sphere": [0, 0, 0, 100] }, "geometricError": 0 });
        let tileset = json!({
            "asset": { "version": "1.1" }, "geometricError": 100,
            "root": {
                "transform": frame.transform(), "boundingVolume": { "sphere": [0, 0, 0, 500] },
                "geometricError": 100, "refine": "ADD", "children": [child.clone(), child]
            }
        });
        let city = City::from_tileset(&serde_json::from_value(tileset).unwrap()).unwrap();
        Session::new(
            city,
            Viewport {
                width: 800.0,
                height: 600.0,
            },
            session::strings::Language::Sv,
        )
    }

    #[test]
    fn after_a_lost_device_the_session_goes_on_where_it_was() {
        let mut before = session();
        let feature = Feature {
            id: "tower".to_owned(),
            ..Feature::default()
        };
        before.apply(Command::SetCamera {
            lon: 24.951,
            lat: 60.1705,
            height: 90.0,
            heading: 77.0,
            pitch: -21.0,
        });
        before.apply(Command::SetTimeOfDay { hours: 18.5 });
        before.apply(Command::SetLayer {
            layer: "2".to_owned(),
            visible: false,
        });
        before.apply(Command::Select {
            feature: Box::new(feature),
            point: None,
        });
        let mut after = session();
        for command in restoring(&before.snapshot()) {
            after.apply(command);
        }
        assert!(after.camera().eye().distance(before.camera().eye()) < 1e-4);
        assert!((after.camera().pose.heading - before.camera().pose.heading).abs() < 1e-9);
        assert_eq!(after.clock(), before.clock());
        assert_eq!(after.layers(), [true, false]);
        assert_eq!(after.selected(), before.selected());
    }
}
