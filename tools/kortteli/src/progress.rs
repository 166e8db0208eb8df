//! How far the work is, with rate and time left.
//!
//! On a terminal a bar; where the output goes to a file or a pipe, one line for each stage.

use crate::words;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use tiler::{Progress, Stage};

/// Shows one stage at a time.
pub(crate) struct Bars {
    terminal: bool,
    current: Mutex<Option<(Stage, ProgressBar)>>,
}

impl Bars {
    pub(crate) fn new() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            current: Mutex::new(None),
        }
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        if let Some((_, bar)) = self.current.lock().unwrap_or_else(PoisonError::into_inner).take() {
            bar.finish_and_clear();
        }
    }

    fn begin(&self, stage: Stage, total: u64) -> ProgressBar {
        if !self.terminal {
            // Only the bytes to read are known beforehand.
            let amount = if stage == Stage::Read {
                format!(" {}", words::bytes(total))
            } else {
                String::new()
            };
            eprintln!("{}{amount}", stage.name());
            return ProgressBar::hidden();
        }
        ProgressBar::new(total)
            .with_style(style(stage))
            .with_message(stage.name())
    }
}

impl Progress for Bars {
    fn at(&self, stage: Stage, done: u64, total: u64) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Stages overlap where threads end one and begin the next; the bar never goes back.
        if current.as_ref().is_some_and(|(shown, _)| *shown > stage) {
            return;
        }
        if current.as_ref().is_none_or(|(shown, _)| *shown != stage) {
            if let Some((_, bar)) = current.take() {
                bar.finish_and_clear();
            }
            *current = Some((stage, self.begin(stage, total)));
        }
        if let Some((_, bar)) = current.as_ref() {
            bar.set_length(total);
            bar.set_position(done);
        }
    }
}

fn style(stage: Stage) -> ProgressStyle {
    let template = match stage {
        Stage::Read => "{msg:18} {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
        _ => "{msg:18} {bar:32} {human_pos}/{human_len}  {per_sec}  {eta} left",
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A bar for chunks of a block world.
pub(crate) fn chunks() -> ProgressBar {
    let style = ProgressStyle::with_template(
        "building the world {bar:32} {human_pos}/{human_len} chunks  {per_sec}  {eta} left",
    );
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A bar for the tiles of an extract.
pub(crate) fn tiles() -> ProgressBar {
    let style = ProgressStyle::with_template("reading {bar:32} {human_pos}/{human_len} tiles  {per_sec}  {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
