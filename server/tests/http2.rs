//! HTTP/2, as proxies speak it to servers behind them, and what can be done to a server with it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::mem_forget,
    reason = "tests say what they expect by failing"
)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "harness and sample are shared with other tests"
)]

mod harness;
#[path = "../../tools/store/tests/sample/mod.rs"]
mod sample;

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use h2::client::{Builder, SendRequest};
use harness::Running;
use sample::Sample;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::RealFiles;

fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

/// A connection, and what tells when the server ended it.
async fn connect(
    server: &Running,
    builder: &Builder,
) -> (SendRequest<Bytes>, tokio::task::JoinHandle<Result<(), h2::Error>>) {
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let (send, connection) = builder.handshake(stream).await.unwrap();
    (send, tokio::spawn(connection))
}

fn request(path: &str) -> Request<()> {
    Request::get(format!("http://city.example{path}")).body(()).unwrap()
}

async fn ask(send: &mut SendRequest<Bytes>, path: &str) -> (StatusCode, Vec<u8>) {
    let (answer, _) = send.send_request(request(path), true).unwrap();
    let (head, mut body) = answer.await.unwrap().into_parts();
    let mut bytes = Vec::new();
    while let Some(part) = body.data().await {
        let part = part.unwrap();
        body.flow_control().release_capacity(part.len()).unwrap();
        bytes.extend_from_slice(&part);
    }
    (head.status, bytes)
}

fn large(store: &std::path::Path) {
    let many = Sample {
        houses: 400,
        ..Sample::default()
    };
    many.publish(store, "helsinki", Arc::new(RealFiles)).unwrap();
}

/// The address of a file of a few hundred kilobytes.
fn package(server: &Running) -> String {
    let tileset = server.get("/collections/helsinki/3dtiles/tileset.json").json();
    let name = tileset["asset"]["extras"]["kortteli"]["features"].as_str().unwrap();
    format!("/collections/helsinki/3dtiles/{name}")
}

#[test]
fn many_requests_at_a_time_are_answered_as_they_are_one_by_one() {
    let server = Running::set(large, |_| {});
    let paths = [
        "/collections/helsinki/3dtiles/tileset.json".to_owned(),
        package(&server),
        "/health/live".to_owned(),
        "/nothing".to_owned(),
    ];
    on_a_runtime(async {
        let (send, _connection) = connect(&server, &Builder::new()).await;
        let asked = (0..40).map(|number| {
            let (mut send, path) = (send.clone(), paths[number % paths.len()].clone());
            tokio::spawn(async move {
                let answer = ask(&mut send, &path).await;
                (path, answer)
            })
        });
        for answer in asked.collect::<Vec<_>>() {
            let (path, (status, body)) = answer.await.unwrap();
            let single = server.get(&path);
            assert_eq!((status.as_u16(), &body), (single.status, &single.body), "{path}");
        }
    });
}

#[test]
fn streams_that_are_reset_at_once_end_the_connection_and_nothing_else() {
    let mut server = Running::set(large, |_| {});
    // Of the library, and kept out of the log by the program.
    server.allowed = vec!["remotely-reset pending-accept streams reached limit"];
    let server = server;
    let path = package(&server);
    on_a_runtime(async {
        let (mut send, connection) = connect(&server, &Builder::new()).await;
        let begun = Instant::now();
        let mut resets = 0;
        // More than any browser cancels, as fast as it can be written.
        while begun.elapsed() < Duration::from_secs(5) && resets < 20_000 {
            let Ok((answer, mut stream)) = send.send_request(request(&path), true) else {
                break;
            };
            stream.send_reset(h2::Reason::CANCEL);
            drop(answer);
            resets += 1;
            if resets % 50 == 0 {
                tokio::task::yield_now().await;
            }
            let Ok(ready) = send.ready().await else {
                // The connection is over.
                let ended = connection.await.unwrap().unwrap_err();
                assert!(ended.is_go_away() || ended.is_io(), "{ended:?}");
                assert_eq!(server.get("/health/live").status, 200);
                return;
            };
            send = ready;
        }
        panic!("{resets} resets were taken");
    });
}

#[test]
fn a_client_whose_window_stays_shut_is_cut_off() {
    let server = Running::set(large, |config| {
        config.limits.stall_timeout = Duration::from_millis(700);
        config.limits.idle_timeout = Duration::from_secs(30);
    });
    let path = package(&server);
    on_a_runtime(async {
        let (mut send, connection) = connect(&server, Builder::new().initial_window_size(1000)).await;
        let (answer, _) = send.send_request(request(&path), true).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), 200);
        let begun = Instant::now();
        let _ = tokio::time::timeout(Duration::from_secs(5), connection)
            .await
            .expect("it was ended");
        let took = begun.elapsed();
        assert!(
            took > Duration::from_millis(500) && took < Duration::from_secs(3),
            "{took:?}"
        );
        drop(answer);
    });
}

#[test]
fn a_connection_without_requests_is_closed_and_one_with_them_is_not() {
    let server = Running::set(large, |config| {
        config.limits.stall_timeout = Duration::from_secs(30);
        config.limits.idle_timeout = Duration::from_millis(800);
    });
    on_a_runtime(async {
        let (mut send, connection) = connect(&server, &Builder::new()).await;
        for _ in 0..6 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(ask(&mut send, "/health/live").await.0, 200);
        }
        let begun = Instant::now();
        let _ = tokio::time::timeout(Duration::from_secs(5), connection)
            .await
            .expect("it was ended");
        assert!(begun.elapsed() > Duration::from_millis(500), "{:?}", begun.elapsed());
    });
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let server = Running::start();
    on_a_runtime(async {
        let (mut send, _connection) = connect(&server, &Builder::new()).await;
        let mut large = request("/health/live");
        for number in 0..40 {
            let name: axum::http::HeaderName = format!("x-long-{number}").parse().unwrap();
            large.headers_mut().insert(name, "a".repeat(1000).parse().unwrap());
        }
        let (answer, _) = send.send_request(large, true).unwrap();
        match answer.await {
            Ok(answer) => assert_eq!(answer.status(), 431),
            Err(error) => assert!(error.is_reset() || error.is_go_away(), "{error}"),
        }
    });
    assert_eq!(server.get("/health/live").status, 200);
}

#[test]
fn answers_over_http2_come_to_their_end_when_the_server_stops() {
    let mut server = Running::set(large, |_| {});
    let path = package(&server);
    let whole = server.get(&path).body;
    on_a_runtime(async {
        let (mut send, _connection) = connect(&server, Builder::new().initial_window_size(20_000)).await;
        let (answer, _) = send.send_request(request(&path), true).unwrap();
        let mut body = answer.await.unwrap().into_body();
        server.stop();
        let mut bytes = Vec::new();
        while let Some(part) = body.data().await {
            let part = part.expect("the answer goes on");
            body.flow_control().release_capacity(part.len()).unwrap();
            bytes.extend_from_slice(&part);
        }
        assert_eq!(bytes, whole);
    });
    server.join();
}
