//! Kortteli, a 3D city model tile server: the one program.
//!
//! `kortteli tile` makes a tileset of CityGML files, `kortteli verify` checks it, `kortteli info` tells what is in it,
//! `kortteli gc` removes what was before it, `kortteli serve` opens it to everyone, `kortteli extract` takes a piece of it
//! home as a model, `kortteli blocks` as a block world. Each command is a library; this program reads its
//! command line, shows how far the work is, and says at the end what came of it.
#![allow(clippy::print_stderr, reason = "a program that tells its user what is wrong")]

mod arguments;
mod blocks_command;
mod collection;
mod extract_command;
mod gc_command;
mod info_command;
mod progress;
mod report;
mod serve_command;
mod serve_log;
mod tile_command;
mod verify_command;
mod words;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

/// Tiling makes and drops many small things.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the program ends with when the command line cannot be.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Tile(arguments) => tile_command::run(&arguments),
        Command::Verify(arguments) => Ok(verify_command::run(&arguments)),
        Command::Info(arguments) => info_command::run(&arguments),
        Command::Gc(arguments) => gc_command::run(&arguments),
        Command::Serve(arguments) => serve_command::run(&arguments),
        Command::Extract(arguments) => extract_command::run(&arguments),
        Command::Blocks(arguments) => blocks_command::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            let usage = matches!(error.downcast_ref::<tiler::Error>(), Some(tiler::Error::Option { .. }))
                || matches!(error.downcast_ref::<store::Error>(), Some(store::Error::Name { .. }))
                || matches!(error.downcast_ref::<blocks::Error>(), Some(blocks::Error::Box { .. }))
                || error
                    .downcast_ref::<server::Error>()
                    .is_some_and(server::Error::is_setting)
                || matches!(
                    error.downcast_ref::<extract::Error>(),
                    Some(extract::Error::Box { .. } | extract::Error::Origin { .. })
                );
            ExitCode::from(if usage { USAGE } else { 1 })
        }
    }
}
