//! A real server on a port of its own, and a client that says exactly what it means.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::sample;
use server::{Config, Limits, Server};
use tokio::sync::oneshot;

/// A running server over a store of its own. Dropping it stops it and fails the test if it logged a warning.
pub struct Running {
    pub address: SocketAddr,
    pub metrics_address: Option<SocketAddr>,
    pub store: tempfile::TempDir,
    pub log: Log,
    /// What the log may hold besides information.
    pub allowed: Vec<&'static str>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// The lines the server logged.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub fn quick() -> Limits {
    Limits {
        header_timeout: Duration::from_millis(500),
        idle_timeout: Duration::from_millis(500),
        body_timeout: Duration::from_millis(500),
        stall_timeout: Duration::from_millis(700),
        drain: Duration::from_secs(5),
        poll: Duration::from_millis(50),
        ..Limits::default()
    }
}

impl Running {
    /// Serves the sample city.
    pub fn start() -> Self {
        Self::with(quick(), |store| drop(sample::publish(store)), None)
    }

    pub fn with(limits: Limits, fill: impl FnOnce(&Path), viewer: Option<PathBuf>) -> Self {
        Self::set(fill, |config| {
            config.viewer = viewer;
            config.limits = limits;
        })
    }

    /// With settings of its own.
    pub fn set(fill: impl FnOnce(&Path), change: impl FnOnce(&mut Config)) -> Self {
        let store = tempfile::tempdir().unwrap();
        fill(store.path());
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            limits: quick(),
            ..Config::new(store.path().to_path_buf())
        };
        change(&mut config);
        let log = Log::default();
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let writer = log.clone();
        let thread = std::thread::spawn(move || {
            let subscriber = tracing_subscriber::fmt()
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .finish();
            let dispatch = tracing::Dispatch::new(subscriber);
            let here = dispatch.clone();
            // Threads that read from disk log too; the guard would undo that at once.
            let everywhere = move || std::mem::forget(tracing::dispatcher::set_default(&dispatch));
            let _guard = tracing::dispatcher::set_default(&here);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .on_thread_start(everywhere)
                .build();
            let runtime = runtime.unwrap();
            runtime.block_on(async {
                let server = Server::bind(&config).await.expect("the server starts");
                tell.send((server.address(), server.metrics_address())).unwrap();
                server.run(async { drop(stopped.await) }).await;
            });
        });
        let (address, metrics_address) = told.recv().expect("the server tells its address");
        Self {
            address,
            metrics_address,
            store,
            log,
            allowed: vec![],
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// Sends a request with these further header lines and reads the answer.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(method, path, headers, b"")
    }

    /// Sends a request with a body.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: city.example\r\nConnection: close\r\n");
        for (name, value) in headers {
            request.extend([*name, ": ", *value, "\r\n"]);
        }
        if !body.is_empty() {
            request.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        // A server that has heard enough may close before it has it all.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    /// What the listener for figures says.
    pub fn figures(&self) -> Answer {
        let mut stream = TcpStream::connect(self.metrics_address.unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        Answer::parse(&bytes)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    /// The collection's own files, by the beginning of their name.
    pub fn file(&self, begin: &str, end: &str) -> String {
        let files = std::fs::read_dir(self.store.path().join("helsinki/files")).unwrap();
        let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut found: Vec<String> = names
            .filter(|name| name.starts_with(begin) && name.ends_with(end))
            .collect();
        assert_eq!(found.len(), 1, "{begin}*{end}: {found:?}");
        found.remove(0)
    }

    /// Tells the server to stop; does not wait.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Waits until the server has ended.
    pub fn join(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server ends in good order");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.join();
        if std::thread::panicking() {
            eprintln!("{}", self.log.text());
            return;
        }
        for line in self
            .log
            .text()
            .lines()
            .filter(|line| line.contains(" WARN ") || line.contains(" ERROR "))
        {
            assert!(
                self.allowed.iter().any(|allowed| line.contains(allowed)),
                "the server logged: {line}"
            );
        }
    }
}

/// An answer as it came.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("the answer has a head");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = BTreeMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            let again = headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
            assert!(again.is_none(), "{name} came twice");
        }
        let mut body = bytes[end + 4..].to_vec();
        if headers
            .get("transfer-encoding")
            .is_some_and(|coding| coding == "chunked")
        {
            body = unchunked(&body);
        }
        Self { status, headers, body }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            return whole;
        }
        whole.extend_from_slice(&bytes[end + 2..end + 2 + length]);
        bytes = &bytes[end + 2 + length + 2..];
    }
}
