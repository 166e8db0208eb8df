//! Benchmarks of the whole pipeline, and the synthetic city they run on.

mod city;
mod client;
mod encoding;
mod flight;
mod items;
mod pipeline;
mod serve;
mod template;
mod texture;
mod view;

use clap::Subcommand;

/// Which benchmark.
#[derive(clap::Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a synthetic city: real buildings of the sample, repeated over a grid with varied heights, with terrain,
    /// water and roads between. The same arguments give the same bytes.
    City(city::Options),
    /// Compare ways to store a tile's geometry, on the tiles of a store.
    Encoding(encoding::Options),
    /// Serve a synthetic collection of very many features and ask it by id, by place and by property.
    Items(items::Options),
    /// Tile a city with the release build and print rates, sizes and peak memory.
    Pipeline(pipeline::Options),
    /// Replay camera flights of more and more viewers over HTTP.
    Flight(flight::Options),
    /// Compare the server with nginx, and see what rude clients and new generations do to it.
    Serve(serve::Options),
    /// Count the tiles and bytes of a picture of a whole city.
    View(view::Options),
}

/// Runs it.
///
/// # Errors
/// When the sample cannot be read, the city not be written, or a program not be run.
pub fn run(options: &Options) -> anyhow::Result<()> {
    match &options.command {
        Command::City(options) => city::run(options),
        Command::Encoding(options) => encoding::run(options),
        Command::Flight(options) => flight::run(options),
        Command::Serve(options) => serve::run(options),
        Command::Items(options) => items::run(options),
        Command::Pipeline(options) => pipeline::run(options),
        Command::View(options) => view::run(options),
    }
}
