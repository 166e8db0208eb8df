//! The load generator's HTTP client: one connection that is kept, and a server that is started for it.
//!
//! A library's client would measure itself: this one writes a request and reads an answer of known length.

use anyhow::{Context as _, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection that is kept.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) etag: String,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Asks for a path with these header lines, each ended by `\r\n`. A kept connection that was closed meanwhile is
    /// opened again, once.
    pub(crate) fn get(&mut self, path: &str, lines: &str) -> anyhow::Result<Answer> {
        let kept = self.stream.is_some();
        match self.try_get(path, lines) {
            Err(_) if kept => {
                self.stream = None;
                self.try_get(path, lines)
            }
            answer => answer,
        }
    }

    fn try_get(&mut self, path: &str, lines: &str) -> anyhow::Result<Answer> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                none.insert(BufReader::with_capacity(64 << 10, stream))
            }
        };
        let request = format!("GET {path} HTTP/1.1\r\nHost: city.example\r\n{lines}\r\n");
        stream.get_mut().write_all(request.as_bytes())?;
        let (mut status, mut length, mut etag) = (0, None, String::new());
        loop {
            let mut line = String::new();
            ensure!(stream.read_line(&mut line)? > 0, "the connection was closed");
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            match line.split_once(':') {
                None => status = line.split(' ').nth(1).unwrap_or_default().parse()?,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = Some(value.trim().parse::<usize>()?);
                }
                Some((name, value)) if name.eq_ignore_ascii_case("etag") => value.trim().clone_into(&mut etag),
                Some(_) => {}
            }
        }
        let mut body = vec![0; length.filter(|_| status != 304).unwrap_or(0)];
        stream.read_exact(&mut body)?;
        Ok(Answer { status, etag, body })
    }
}

/// A program that serves, ended when this is dropped.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Serving {
    /// Starts `kortteli serve` on a free port, its log in a file.
    pub(crate) fn kortteli(program: &Path, store: &Path, log: &Path, settings: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.arg("serve").arg(store).args(["--listen", "127.0.0.1:0"]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let log = std::fs::File::create(log)?;
        command.env_remove("RUST_LOG").stdout(Stdio::piped()).stderr(log);
        let mut child = command
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let out = child.stdout.take().context("the server has no output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|address| address.trim().trim_end_matches('/').parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            bail!("{} did not begin to serve: {line}", program.display());
        };
        Ok(Self { address, child })
    }

    /// Takes a program that was started to listen at an address, and waits until it does.
    pub(crate) fn at(address: SocketAddr, child: Child) -> anyhow::Result<Self> {
        let serving = Self { address, child };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(begun.elapsed() < PATIENCE, "nothing listens at {address}");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(serving)
    }

    /// Memory in KiB and open file handles of the program, as Linux tells them.
    pub(crate) fn resources(&self) -> anyhow::Result<(u64, usize)> {
        let own = Path::new("/proc").join(self.child.id().to_string());
        let status = std::fs::read_to_string(own.join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
        Ok((memory.context("no VmRSS")?, std::fs::read_dir(own.join("fd"))?.count()))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // A server is asked to end, so that nginx ends its workers too.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Durations, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds that this share of them does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let place = (self.0.len() as f64 * share).ceil() as usize;
        let time = self.0.get(place.saturating_sub(1).min(self.0.len().saturating_sub(1)));
        time.map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

/// Asks for `paths` in turn at a constant rate over this many connections, for this long. The time of a request begins
/// when it is due, not when it is sent: a server that holds one up holds up those that wait behind it too.
///
/// # Errors
/// When a connection fails or an answer is not 200.
pub(crate) fn at_rate(
    address: SocketAddr,
    paths: &[String],
    lines: &str,
    connections: usize,
    rate: f64,
    time: Duration,
) -> anyhow::Result<Times> {
    let begun = Instant::now() + Duration::from_millis(50);
    let between = connections as f64 / rate;
    let work = |number: usize| -> anyhow::Result<Vec<Duration>> {
        let mut connection = Connection::new(address);
        let mut times = Vec::new();
        for turn in 0.. {
            let due = Duration::from_secs_f64((turn as f64 + number as f64 / connections as f64) * between);
            if due > time {
                break;
            }
            std::thread::sleep((begun + due).saturating_duration_since(Instant::now()));
            let path = &paths[(number + turn * connections) % paths.len()];
            let answer = connection.get(path, lines)?;
            ensure!(answer.status == 200, "{path}: {}", answer.status);
            times.push(Instant::now().saturating_duration_since(begun + due));
        }
        Ok(times)
    };
    let all = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|number| scope.spawn(move || work(number)))
            .collect();
        let ended = workers.into_iter().map(|worker| match worker.join() {
            Ok(times) => times,
            Err(_) => bail!("a worker panicked"),
        });
        ended.collect::<anyhow::Result<Vec<_>>>()
    })?;
    Ok(Times::new(all.concat()))
}
