//! Bodies that do not come, and answers that are not taken.

use crate::connection::Pulse;
use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// A request's body that must have come whole within a time, and be no longer than a limit.
pub(crate) struct Bounded<B> {
    body: B,
    left: usize,
    deadline: Pin<Box<Sleep>>,
}

impl<B> Bounded<B> {
    pub(crate) fn new(body: B, most: usize, time: Duration) -> Self {
        Self {
            body,
            left: most,
            deadline: Box::pin(sleep(time)),
        }
    }
}

impl<B: HttpBody<Data = Bytes, Error: Into<Fault>> + Unpin> HttpBody for Bounded<B> {
    type Data = Bytes;
    type Error = Fault;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::TimedOut).into())));
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        let length = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        match self.left.checked_sub(length) {
            Some(left) => self.left = left,
            None => return Poll::Ready(Some(Err(io::Error::from(io::ErrorKind::FileTooLarge).into()))),
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body that tells its connection each time the client took some of it.
pub(crate) struct Felt {
    body: Body,
    pulse: Arc<Pulse>,
}

impl Felt {
    pub(crate) fn new(body: Body, pulse: Arc<Pulse>) -> Self {
        pulse.answer_began();
        Self { body, pulse }
    }
}

impl Drop for Felt {
    fn drop(&mut self) {
        self.pulse.answer_ended();
    }
}

impl HttpBody for Felt {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        self.pulse.beat();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
