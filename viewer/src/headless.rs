//! A viewer without a window, for `--screenshot` and for tests: load until the picture is final, then photograph it.

use crate::error::Error;
use crate::gpu::{Gpu, Quality};
use crate::native::{Answer, Fetcher};
use crate::offscreen::{FORMAT, Offscreen};
use crate::viewer::{Beginning, Viewer};
use crate::zone;
use session::Command;
use std::time::{Duration, Instant};

/// How long one round waits for an answer, and how much time passes in the session then.
const ROUND: Duration = Duration::from_millis(16);

/// A viewer that draws on a texture.
#[derive(Debug)]
pub struct Headless {
    gpu: Gpu,
    viewer: Viewer,
    fetcher: Fetcher,
    target: Offscreen,
}

impl Headless {
    /// A viewer of `size` pixels on whatever graphics there are.
    ///
    /// # Errors
    /// [`Error::NoAdapter`], [`Error::NoDevice`].
    pub fn new(size: [u32; 2], quality: Option<Quality>, begin: Beginning) -> Result<Self, Error> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let gpu = pollster::block_on(Gpu::new(&instance, None))?;
        let quality = quality.unwrap_or_else(|| gpu.quality());
        Ok(Self {
            viewer: Viewer::new(&gpu, FORMAT, quality, size, begin),
            fetcher: Fetcher::new(threads(), || {}),
            target: Offscreen::new(&gpu, size, FORMAT),
            gpu,
        })
    }

    /// The viewer.
    pub fn viewer(&mut self) -> &mut Viewer {
        &mut self.viewer
    }

    /// Does what a command says, once the city is there.
    pub fn apply(&mut self, command: Command) {
        self.viewer.apply(command);
    }

    /// Sets the city's clock to the computer's zone, if that can be the city's, as a window does.
    pub fn follow_zone(&mut self) {
        if let Some(command) = zone::offset(&self.viewer.session().snapshot()) {
            self.apply(command);
        }
    }

    /// Loads until the first tileset is there or has failed, at most so long. Whether it is there.
    pub fn open(&mut self, at_most: Duration) -> bool {
        self.run(at_most, |viewer| {
            viewer.is_open() || viewer.session().snapshot().error.is_some()
        });
        self.viewer.is_open()
    }

    /// Loads and draws until nothing of the picture is missing, at most so long. Whether that was reached.
    pub fn settle(&mut self, at_most: Duration) -> bool {
        self.run(at_most, |viewer| {
            let snapshot = viewer.session().snapshot();
            snapshot.settled && viewer.figures().waiting == 0
        })
    }

    /// Lets rounds pass until `done`.
    fn run(&mut self, at_most: Duration, done: impl Fn(&Viewer) -> bool) -> bool {
        let end = Instant::now() + at_most;
        loop {
            self.viewer.advance(&self.gpu, ROUND.as_secs_f64());
            let (asks, cancels) = self.viewer.take_asks();
            self.fetcher.follow(asks, &cancels);
            if done(&self.viewer) {
                return true;
            }
            if Instant::now() > end {
                return false;
            }
            if let Some(answer) = self.fetcher.wait(ROUND) {
                give(&mut self.viewer, answer);
                while let Some(answer) = self.fetcher.answer() {
                    give(&mut self.viewer, answer);
                }
            }
        }
    }

    /// The picture as it is now: four bytes a pixel (sRGB and opacity), row by row from the top.
    ///
    /// # Errors
    /// [`Error::Readback`], [`Error::DeviceLost`].
    pub fn photograph(&mut self) -> Result<Vec<u8>, Error> {
        self.viewer.draw(&self.gpu, &self.target.view());
        match self.gpu.take_fault() {
            Some(fault) => Err(Error::DeviceLost(fault)),
            None => self.target.read(&self.gpu),
        }
    }
}

/// How many threads fetch and decode: waiting for a network takes no processor.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(4, |cores| cores.get() * 2)
        .clamp(4, 12)
}

/// Hands an answer to the viewer.
pub(crate) fn give(viewer: &mut Viewer, answer: Answer) {
    match answer {
        Answer::Json(id, text) => viewer.deliver_json(id, &text),
        Answer::Tile(id, decoded) => viewer.deliver_tile(id, *decoded),
        Answer::Failed(id, message) => viewer.failed(id, &message),
    }
}
