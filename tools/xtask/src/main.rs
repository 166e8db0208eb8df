//! The maintainers' program: everything that is done to Kortteli and not with it.
//!
//! `cargo xtask check` is what CI runs; the other commands are its parts and the tools beside it.
#![allow(clippy::print_stdout, reason = "a program that tells its user what it found")]
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")
)]

mod bench;
mod check;
mod deps;
mod plain;
mod web;

use clap::{Parser, Subcommand};

/// The maintainers' program of Kortteli.
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every check that CI runs, and say how long each took.
    Check(check::Options),
    /// Fail if a crate depends on one that the design draws no arrow to.
    Deps,
    /// Build the web viewer: two wasm modules and the page around them.
    Web(web::WebOptions),
    /// Write the plain glTF form of every tile of a store, for foreign validators.
    Plain(plain::PlainOptions),
    /// Benchmarks of the whole pipeline, and the synthetic city they run on.
    Bench(bench::Options),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Check(options) => check::run(&options),
        Command::Deps => deps::run(),
        Command::Web(options) => web::run(&options),
        Command::Plain(options) => plain::run(&options),
        Command::Bench(options) => bench::run(&options),
    }
}
