//! `kortteli serve`

use crate::arguments::ServeArguments;
use anyhow::Context;
use server::{Config, Server};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Serves until the process is told to stop.
pub(crate) fn run(arguments: ServeArguments) -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Runtime::new().context("cannot start the server's threads")?;
    runtime.block_on(serve(arguments))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(arguments: ServeArguments) -> anyhow::Result<()> {
    let ServeArguments { store, listen, viewer } = arguments;
    let stop = Stop::new().context("cannot listen for the signals that stop the server")?;
    let server = Server::bind(&Config {
        listen,
        viewer,
        ..Config::new(store)
    })
    .await?;
    let (names, address) = (server.collections().join(", "), server.address());
    // Whoever reads the address may close the pipe then; that is no reason to stop.
    let mut out = std::io::stdout();
    let _ = writeln!(out, "Serving {names} at http://{address}/\nPress Ctrl-C to stop.");
    let _ = out.flush();
    server.run(stop.wait()).await;
    Ok(())
}

/// The signals that ask the process to end.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    #[cfg(unix)]
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "signals can fail elsewhere")]
    fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait(self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
