//! Every check that CI runs, in order, with the minutes each took.
//!
//! A step is a command and a rule for counting what passed in its output. A failed step does not stop the others: one
//! run tells all. A step that cannot run here says so and why, and is counted as skipped; in CI (`CI` is set) only the
//! steps whose missing part CI is not meant to have may be skipped.

mod output;
mod steps;

use anyhow::{Context as _, bail};
use output::Counts;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Which checks to run.
#[derive(clap::Args)]
pub struct Options {
    /// Run only these steps (comma-separated names; `--list` shows them).
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Leave these steps out (comma-separated names).
    #[arg(long, value_delimiter = ',')]
    skip: Vec<String>,
    /// List the steps and stop.
    #[arg(long)]
    list: bool,
}

/// Where things are during a run.
pub(crate) struct Place {
    /// The root of the working tree.
    pub(crate) root: PathBuf,
    /// cargo's target directory.
    pub(crate) target: PathBuf,
    /// The Python environment that `tools/install` makes.
    pub(crate) venv: PathBuf,
}

impl Place {
    fn find() -> anyhow::Result<Self> {
        let metadata = cargo_metadata::MetadataCommand::new()
            .no_deps()
            .exec()
            .context("reading cargo's metadata")?;
        let cache = std::env::var_os("HOME").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
        Ok(Self {
            root: metadata.workspace_root.into(),
            target: metadata.target_directory.into(),
            venv: std::env::var_os("KORTTELI_VENV").map_or_else(|| cache.join(".cache/kortteli/venv"), PathBuf::from),
        })
    }

    /// The folder of what the checks make: the store, the worlds, the pictures.
    pub(crate) fn made(&self) -> PathBuf {
        self.target.join("check")
    }

    /// A program that the default build makes.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// A command run in the root of the working tree.
    pub(crate) fn command(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program.as_ref());
        command.args(arguments).current_dir(&self.root);
        command
    }
}

/// How a step ended.
pub(crate) enum Outcome {
    /// It ran; this many passed and failed.
    Ran(Counts),
    /// It could not run here, for this reason.
    Skipped(String),
}

struct Line {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// Runs the steps and prints the table and the closing line.
///
/// # Errors
/// When any check failed, or none was run.
pub fn run(options: &Options) -> anyhow::Result<()> {
    if options.list {
        for step in steps::ALL {
            println!("{:10} {}", step.name, step.what);
        }
        return Ok(());
    }
    let known = |name: &String| steps::ALL.iter().any(|s| s.name == name);
    if let Some(name) = options.only.iter().chain(&options.skip).find(|n| !known(n)) {
        bail!("no step is called {name}; `cargo xtask check --list` shows them");
    }
    let place = Place::find()?;
    std::fs::create_dir_all(place.made())?;
    let mut lines = Vec::new();
    for step in steps::ALL {
        let wanted = options.only.is_empty() || options.only.iter().any(|n| n == step.name);
        if wanted && !options.skip.iter().any(|n| n == step.name) {
            lines.push(run_step(step, &place));
        }
    }
    close(&lines)
}

fn run_step(step: &steps::Step, place: &Place) -> Line {
    println!("\n==== {}: {}", step.name, step.what);
    let start = Instant::now();
    let outcome = (step.run)(place).unwrap_or_else(|error| {
        println!("{}: {error:#}", step.name);
        Outcome::Ran(Counts::one_failed())
    });
    Line {
        name: step.name,
        outcome,
        took: start.elapsed(),
    }
}

fn close(lines: &[Line]) -> anyhow::Result<()> {
    println!("\n{:10} {:>7}  result", "step", "minutes");
    let mut total = Counts::default();
    let mut skipped = 0;
    for line in lines {
        let minutes = line.took.as_secs_f64() / 60.0;
        match &line.outcome {
            Outcome::Ran(counts) => {
                total += *counts;
                println!(
                    "{:10} {minutes:7.1}  {} passed, {} failed",
                    line.name, counts.passed, counts.failed
                );
            }
            Outcome::Skipped(why) => {
                skipped += 1;
                println!("{:10} {minutes:7.1}  SKIPPED: {why}", line.name);
            }
        }
    }
    let minutes = lines.iter().map(|l| l.took.as_secs_f64()).sum::<f64>() / 60.0;
    println!("{:10} {minutes:7.1}  {skipped} step(s) skipped\n", "all");
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        bail!("{} check(s) failed", total.failed);
    }
    if total.passed == 0 {
        bail!("nothing was checked");
    }
    Ok(())
}
