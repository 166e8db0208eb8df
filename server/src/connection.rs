//! One connection, whose client must go on sending what it began to send and taking what it asked for.
//!
//! The system's own limit for an open connection is hours. A client that sends half a request, or asks for a tile and
//! never reads it, would hold its connection and the tile's bytes that long; a thousand of them would hold up everybody.

use crate::Limits;
use crate::front::Front;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep, timeout};

/// The most header lines of a request.
const MOST_HEADERS: usize = 64;
/// What an HTTP/2 client begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What is kept of an answer that the client does not take yet.
const SEND_BUFFER: usize = 64 << 10;
/// What an HTTP/2 client may send unasked: request bodies are small.
const WINDOW: u32 = 64 << 10;
/// Streams that an HTTP/2 client may reset before they were looked at (rapid reset, CVE-2023-44487).
const RESETS: usize = 20;

/// Serves a connection until its client is done, too slow, or the server stops.
pub(crate) async fn serve(
    mut stream: TcpStream,
    front: Front,
    limits: Limits,
    watcher: Watcher,
    mut stopping: watch::Receiver<bool>,
) {
    // Answers are written in as few pieces as they are; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let begun = Instant::now();
    let begin = tokio::select! {
        begin = timeout(limits.header_timeout, begin(&mut stream)) => begin,
        _ = stopping.wait_for(|stopping| *stopping) => return,
    };
    let Ok(Ok(begin)) = begin else { return };
    if begin == PREFACE {
        serve_http2(
            Patient::new(stream, begin, None, &front, &limits),
            front,
            &limits,
            watcher,
        )
        .await;
    } else if !begin.is_empty() {
        let stream = Patient::new(stream, begin, Some(begun), &front, &limits);
        // One timer for the time between requests: that of a head that has begun is kept by the stream itself.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle_timeout)
            .max_header_size(limits.header_bytes)
            .max_headers(MOST_HEADERS)
            .max_buf_size(SEND_BUFFER.max(limits.header_bytes))
            .serve_connection(TokioIo::new(stream), front);
        // A client that breaks off or is too slow is its own affair.
        let _ = watcher.watch(connection).await;
    }
}

/// The first bytes, as many as it takes to tell HTTP/2 from the rest; none if the client has gone.
async fn begin(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut begin = Vec::with_capacity(PREFACE.len());
    while begin.len() < PREFACE.len() && PREFACE.starts_with(&begin) {
        let mut rest = (&mut *stream).take((PREFACE.len() - begin.len()) as u64);
        if rest.read_buf(&mut begin).await? == 0 {
            break;
        }
    }
    Ok(begin)
}

async fn serve_http2(stream: Patient<TcpStream>, front: Front, limits: &Limits, watcher: Watcher) {
    let pulse = Arc::clone(&front.pulse);
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(RESETS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .serve_connection(TokioIo::new(stream), front.of_http2());
    // Flow control is the client's: it can hold an answer back while its connection looks well.
    tokio::select! {
        _ = watcher.watch(connection) => {}
        () = pulse.stops(limits) => {}
    }
}

/// What a connection does, as its service and its stream tell each other.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// Requests whose head has been taken.
    taken: AtomicU64,
    /// Requests whose answer is being made.
    making: AtomicUsize,
    /// Answers that are being sent (HTTP/2 alone counts them).
    sending: AtomicUsize,
    began: Instant,
    /// Milliseconds from `began` to the last sign of life (HTTP/2 alone).
    last: AtomicU64,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        Self {
            taken: AtomicU64::new(0),
            making: AtomicUsize::new(0),
            sending: AtomicUsize::new(0),
            began: Instant::now(),
            last: AtomicU64::new(0),
        }
    }

    pub(crate) fn request_taken(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn making(&self, change: isize) {
        self.making.fetch_add(change.cast_unsigned(), Ordering::Relaxed);
        self.beat();
    }

    pub(crate) fn answer_began(&self) {
        self.sending.fetch_add(1, Ordering::Relaxed);
        self.beat();
    }

    pub(crate) fn answer_ended(&self) {
        self.sending.fetch_sub(1, Ordering::Relaxed);
        self.beat();
    }

    pub(crate) fn beat(&self) {
        self.last
            .store(self.began.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    /// Ends when the client has taken nothing of its answers for too long, or has asked for nothing.
    async fn stops(&self, limits: &Limits) {
        loop {
            let patience = if self.sending.load(Ordering::Relaxed) > 0 {
                limits.stall_timeout
            } else {
                limits.idle_timeout
            };
            let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
            let quiet = self.began.elapsed().saturating_sub(last);
            if quiet >= patience && self.making.load(Ordering::Relaxed) == 0 {
                return;
            }
            let shortest = limits.stall_timeout.min(limits.idle_timeout);
            sleep(patience.saturating_sub(quiet).clamp(shortest / 4, shortest)).await;
        }
    }
}

/// A stream whose writes fail when none of them moves for a given time, and whose reads fail when the head of a request
/// has begun and does not come to its end.
pub(crate) struct Patient<S> {
    stream: S,
    /// What was read before.
    begin: Vec<u8>,
    stall: Duration,
    header: Duration,
    /// Runs while a write waits.
    writing: Option<Pin<Box<Sleep>>>,
    /// When the head that is being read began (HTTP/1 alone).
    head: Option<Instant>,
    /// Runs while a read waits for the rest of a head.
    reading: Option<Pin<Box<Sleep>>>,
    watches_heads: bool,
    pulse: Arc<Pulse>,
    /// How many requests had been taken when something was last written.
    answered: u64,
}

impl<S> Patient<S> {
    /// `head` is when the head in `begin` began; none where heads are not watched.
    fn new(stream: S, begin: Vec<u8>, head: Option<Instant>, front: &Front, limits: &Limits) -> Self {
        Self {
            stream,
            begin,
            stall: limits.stall_timeout,
            header: limits.header_timeout,
            writing: None,
            head,
            reading: None,
            watches_heads: head.is_some(),
            pulse: Arc::clone(&front.pulse),
            answered: 0,
        }
    }

    /// Turns a write that waits too long into an error.
    fn written<T>(&mut self, context: &mut Context<'_>, write: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.writing = None;
            return write;
        }
        let writing = self.writing.get_or_insert_with(|| Box::pin(sleep(self.stall)));
        match writing.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Something of an answer was written: what is read from here on is another request.
    fn answering(&mut self) {
        self.answered = self.pulse.taken.load(Ordering::Relaxed);
        self.head = None;
    }

    /// Turns a read that waits too long for the rest of a head into an error. `came` says whether bytes came.
    fn heard(&mut self, context: &mut Context<'_>, came: bool, pending: bool) -> Poll<io::Result<()>> {
        if !self.watches_heads {
            return if pending { Poll::Pending } else { Poll::Ready(Ok(())) };
        }
        if self.pulse.taken.load(Ordering::Relaxed) != self.answered {
            // A request was taken and is not answered: bytes belong to its body, and silence is no fault.
            self.head = None;
        } else if came && self.head.is_none() {
            self.head = Some(Instant::now());
        }
        if !pending {
            return Poll::Ready(Ok(()));
        }
        let Some(head) = self.head else {
            self.reading = None;
            return Poll::Pending;
        };
        let deadline = head + self.header;
        let reading = self
            .reading
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if reading.deadline() != deadline {
            reading.as_mut().reset(deadline);
        }
        match reading.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.begin.is_empty() {
            let count = self.begin.len().min(buffer.remaining());
            buffer.put_slice(&self.begin[..count]);
            self.begin.drain(..count);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled().len() > before;
        match read {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            read => self.heard(context, came, read.is_pending()),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.answering();
        let write = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, write)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flush = Pin::new(&mut self.stream).poll_flush(context);
        self.written(context, flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shutdown = Pin::new(&mut self.stream).poll_shutdown(context);
        self.written(context, shutdown)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.answering();
        let write = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(context, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
