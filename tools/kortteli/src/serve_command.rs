//! `kortteli serve`

use crate::arguments::ServeArguments;
use crate::serve_log::{Lines, Sparing};
use anyhow::Context;
use server::{Config, LogFormat, Server};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

/// Serves until the process is told to stop.
pub(crate) fn run(arguments: &ServeArguments) -> anyhow::Result<ExitCode> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
    let config = Config::load(arguments.config.as_deref(), variables, arguments.settings())?;
    if arguments.print_config {
        print(&config.to_toml());
        return Ok(ExitCode::SUCCESS);
    }
    config.validate()?;
    if arguments.check {
        return check(&config);
    }
    let lines = begin_log(&config)?;
    // Threads that read from disk share the processors with those that answer: with hundreds of them, as many slow
    // downloads would ask for, everybody else would wait.
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(16 + 4 * processors)
        .build()
        .context("cannot start the server's threads")?;
    let served = runtime.block_on(serve(&config));
    lines.write_out();
    served?;
    Ok(ExitCode::SUCCESS)
}

/// Whoever reads the output may close the pipe; that is no reason to fail.
fn print(text: &str) {
    let mut out = std::io::stdout();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Says what a start would meet. An empty store is no fault of the settings: the first city may not be tiled yet.
fn check(config: &Config) -> anyhow::Result<ExitCode> {
    server::check(config)?;
    let (collections, errors) = store::collections(&config.store);
    let names: Vec<&str> = collections.iter().map(store::Collection::name).collect();
    print(&format!(
        "The settings are good. {} holds {}.\n",
        config.store.display(),
        if names.is_empty() {
            "no collection yet".to_owned()
        } else {
            names.join(", ")
        }
    ));
    for error in &errors {
        print(&format!("not served: {error}\n"));
    }
    Ok(if errors.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn begin_log(config: &Config) -> anyhow::Result<Lines> {
    let filter = match EnvFilter::try_from_default_env() {
        Ok(filter) => filter,
        // The HTTP/2 library warns of what clients do: a stranger could fill the disk with it.
        Err(_) => EnvFilter::try_new(format!("h2=error,{}", config.log.level))
            .map_err(|error| anyhow::anyhow!("log.level: {error}"))?,
    };
    let lines = Lines::begin().context("cannot start the log's thread")?;
    let log = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(lines.clone());
    let log = match config.log.format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(log.with_filter(Sparing::default()))
        .init();
    Ok(lines)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    let stop = Stop::new().context("cannot listen for the signals that stop the server")?;
    let server = Server::bind(config).await?;
    let (names, address) = (server.collections().join(", "), server.address());
    print(&format!(
        "Serving {names} at http://{address}/\nPress Ctrl-C to stop.\n"
    ));
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
