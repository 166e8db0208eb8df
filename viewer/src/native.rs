//! The desktop's way of the bytes: a pool of threads that fetches and decodes.
//!
//! Network and decoding both take longer than a frame, so neither happens on the window's thread. Requests wait in
//! one list, the most urgent are taken first, and one that is broken off before its turn is never sent.

use crate::stream::{Ask, Kind};
use crate::tile::Decoded;
use std::collections::HashSet;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// No file of a city is larger; a server that sends more is broken or means harm.
const LARGEST: u64 = 256 << 20;

/// What came of a request.
#[derive(Debug)]
pub enum Answer {
    /// Text of a JSON file or of an item.
    Json(u32, String),
    /// A tile.
    Tile(u32, Box<Decoded>),
    /// Nothing, and why.
    Failed(u32, String),
}

/// The threads.
#[derive(Debug)]
pub struct Fetcher {
    queue: Arc<Queue>,
    answers: Receiver<Answer>,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Ask>,
    /// Broken off while on its way: its answer is not worth decoding.
    dropped: HashSet<u32>,
    closed: bool,
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the most urgent request; none when the pool is closed.
    fn next(&self) -> Option<Ask> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            // The later of equals came later: take the first.
            let urgent = (0..state.waiting.len())
                .rev()
                .max_by_key(|&at| state.waiting[at].priority);
            if let Some(urgent) = urgent {
                return Some(state.waiting.remove(urgent));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Fetcher {
    /// A pool of `threads`. `wake` is called, on another thread, whenever an answer has come.
    pub fn new(threads: usize, wake: impl Fn() + Send + Sync + 'static) -> Self {
        let queue = Arc::new(Queue::default());
        let (sender, answers) = channel();
        let wake: Arc<dyn Fn() + Send + Sync> = Arc::new(wake);
        let agent = agent();
        for _ in 0..threads.max(1) {
            let (queue, sender) = (Arc::clone(&queue), sender.clone());
            let (wake, agent) = (Arc::clone(&wake), agent.clone());
            std::thread::spawn(move || work(&queue, &agent, &sender, &*wake));
        }
        Self { queue, answers }
    }

    /// Takes on requests and forgets others.
    pub fn follow(&self, asks: Vec<Ask>, cancels: &[u32]) {
        if asks.is_empty() && cancels.is_empty() {
            return;
        }
        let mut state = self.queue.state();
        for &id in cancels {
            let waiting = state.waiting.len();
            state.waiting.retain(|ask| ask.id != id);
            if state.waiting.len() == waiting {
                state.dropped.insert(id);
            }
        }
        state.waiting.extend(asks);
        drop(state);
        self.queue.changed.notify_all();
    }

    /// The next answer, if one has come.
    pub fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }

    /// The next answer, waiting for it at most so long.
    pub fn wait(&self, at_most: Duration) -> Option<Answer> {
        self.answers.recv_timeout(at_most).ok()
    }
}

impl Drop for Fetcher {
    fn drop(&mut self) {
        self.queue.state().closed = true;
        self.queue.changed.notify_all();
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(10)))
        .timeout_recv_response(Some(Duration::from_secs(30)))
        .timeout_recv_body(Some(Duration::from_mins(2)))
        .user_agent(concat!("kortteli-viewer/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

fn work(queue: &Queue, agent: &ureq::Agent, answers: &Sender<Answer>, wake: &(dyn Fn() + Send + Sync)) {
    while let Some(ask) = queue.next() {
        let bytes = fetch(agent, &ask.url);
        if queue.state().dropped.remove(&ask.id) {
            continue;
        }
        let answer = bytes.and_then(|bytes| read(&ask, bytes));
        let answer = answer.unwrap_or_else(|message| Answer::Failed(ask.id, format!("{}: {message}", ask.url)));
        // The window may be closed already.
        if answers.send(answer).is_err() {
            return;
        }
        wake();
    }
}

fn read(ask: &Ask, bytes: Vec<u8>) -> Result<Answer, String> {
    match ask.kind {
        Kind::Json | Kind::Item => match String::from_utf8(bytes) {
            Ok(text) => Ok(Answer::Json(ask.id, text)),
            Err(error) => Err(error.to_string()),
        },
        Kind::Tile => match Decoded::from_glb(&bytes) {
            Ok(tile) => Ok(Answer::Tile(ask.id, Box::new(tile))),
            Err(error) => Err(error.to_string()),
        },
    }
}

/// The bytes at an address: http, https, or a file.
fn fetch(agent: &ureq::Agent, url: &str) -> Result<Vec<u8>, String> {
    if url.starts_with("http://") || url.starts_with("https://") {
        let mut response = agent.get(url).call().map_err(|error| error.to_string())?;
        let body = response.body_mut().with_config().limit(LARGEST);
        return body.read_to_vec().map_err(|error| error.to_string());
    }
    let path = Path::new(url.strip_prefix("file://").unwrap_or(url));
    let length = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > LARGEST {
        return Err(format!("{length} bytes are too many for a file of a city"));
    }
    std::fs::read(path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use tiles::select::Priority;

    fn ask(id: u32, url: &str, kind: Kind, priority: Priority) -> Ask {
        Ask {
            id,
            url: url.to_owned(),
            kind,
            priority,
        }
    }

    fn patience() -> Duration {
        Duration::from_secs(20)
    }

    #[test]
    fn a_file_and_an_answer_over_http_arrive_under_their_numbers() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tileset.json", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).unwrap();
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                .unwrap();
        });
        let fetcher = Fetcher::new(1, || {});
        fetcher.follow(vec![ask(7, &url, Kind::Json, Priority::Normal)], &[]);
        let Some(Answer::Json(7, text)) = fetcher.wait(patience()) else {
            panic!("no text");
        };
        assert_eq!(text, "{}");
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        fetcher.follow(vec![ask(8, here, Kind::Json, Priority::Normal)], &[]);
        let Some(Answer::Json(8, text)) = fetcher.wait(patience()) else {
            panic!("no file");
        };
        assert!(text.contains("kortteli-viewer"));
    }

    #[test]
    fn what_cannot_be_had_or_read_fails_with_its_address() {
        let fetcher = Fetcher::new(2, || {});
        let here = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        fetcher.follow(
            vec![
                ask(1, "http://127.0.0.1:1/x", Kind::Json, Priority::Normal),
                ask(2, "/no/such/file", Kind::Tile, Priority::Normal),
                ask(3, here, Kind::Tile, Priority::Normal),
            ],
            &[],
        );
        for _ in 0..3 {
            let Some(Answer::Failed(id, message)) = fetcher.wait(patience()) else {
                panic!("no failure");
            };
            let address = ["http://127.0.0.1:1/x", "/no/such/file", here][id as usize - 1];
            assert!(message.starts_with(address), "{message}");
        }
    }

    #[test]
    fn the_most_urgent_request_is_taken_first_and_one_broken_off_never() {
        let queue = Queue::default();
        queue.state().waiting = vec![
            ask(1, "", Kind::Tile, Priority::Preload),
            ask(2, "", Kind::Tile, Priority::Normal),
            ask(3, "", Kind::Tile, Priority::Urgent),
            ask(4, "", Kind::Tile, Priority::Normal),
        ];
        let fetcher = Fetcher {
            queue: Arc::new(queue),
            answers: channel().1,
        };
        fetcher.follow(Vec::new(), &[1]);
        let order: Vec<_> = (0..3).map(|_| fetcher.queue.next().unwrap().id).collect();
        assert_eq!(order, [3, 2, 4]);
        fetcher.queue.state().closed = true;
        assert!(fetcher.queue.next().is_none());
    }
}
