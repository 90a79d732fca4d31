//! Streaming response bodies: the events of a run, and the faults that break them.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, pending, select};
use futures_util::stream::unfold;
use serde_json::json;
use tokio::sync::mpsc::error::TryRecvError;

use crate::api_error::ApiError;
use crate::engine::machine;
use crate::engine::state::State;
use crate::http::fault::{Fault, Kind, add_unknown_values};
use crate::http::shutdown::Shutdown;
use crate::http::sse::{self, DONE};
use crate::store::event::{Event, EventReceiver};

/// Approximate size of a chunk of the response body.
const CHUNK: usize = 8192;

/// How a response body continues.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Next {
    Events,
    /// The body ends regularly.
    End,
    /// The connection is closed before the body ends.
    Abort,
    /// Nothing more is sent, and the connection stays open.
    Stall,
}

impl Next {
    /// Ends a body, by the fault that this stands for.
    async fn finish(&mut self, shutdown: &Shutdown) -> Option<io::Result<Bytes>> {
        match std::mem::replace(self, Self::End) {
            Self::Events | Self::End => None,
            Self::Abort => {
                // Lets the connection send the preceding chunks first.
                tokio::task::yield_now().await;
                Some(Err(io::ErrorKind::ConnectionAborted.into()))
            }
            Self::Stall => {
                shutdown.requested().await;
                None
            }
        }
    }
}

/// A streaming body of the events of a run.
pub(crate) fn body(events: RunEvents, faults: Vec<Fault>) -> Body {
    let stream = EventStream {
        events,
        faults,
        sent: 0,
        next: Next::Events,
    };
    Body::from_stream(unfold(stream, |mut stream| async {
        let chunk = stream.chunk().await?;
        Some((chunk, stream))
    }))
}

/// A body that breaks after the first half.
pub(crate) fn broken_body(shutdown: Shutdown, body: &Bytes, next: Next) -> Body {
    let half = body.slice(..body.len() / 2);
    let state = (Some(half), next, shutdown);
    Body::from_stream(unfold(state, |(half, mut next, shutdown)| async move {
        let chunk = match half {
            Some(half) => Ok(half),
            None => next.finish(&shutdown).await?,
        };
        Some((chunk, (None, next, shutdown)))
    }))
}

/// The events of a run, in real time.
pub(crate) struct RunEvents {
    pub(crate) state: Arc<State>,
    pub(crate) shutdown: Shutdown,
    pub(crate) thread_id: String,
    pub(crate) receiver: EventReceiver,
}

impl RunEvents {
    /// Waits for the next event. `None` after the last one, or if the server stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let now = self.state.now();
            let due = machine::time_to_next_action(&mut self.state.store(), &self.thread_id, now);
            match self.receiver.try_recv() {
                Ok(event) => return Some(event),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            let due = pin!(async {
                match due {
                    Some(due) => self.state.clock.sleep(due).await,
                    None => pending().await,
                }
            });
            // Other requests may advance or cancel the run in the meantime.
            let received = pin!(self.receiver.recv());
            let stopped = pin!(self.shutdown.requested());
            match select(received, select(due, stopped)).await {
                Either::Left((event, _)) => return event,
                Either::Right((Either::Left(_), _)) => {}
                Either::Right((Either::Right(_), _)) => return None,
            }
        }
    }
}

struct EventStream {
    events: RunEvents,
    faults: Vec<Fault>,
    /// Number of events so far.
    sent: usize,
    next: Next,
}

impl EventStream {
    async fn chunk(&mut self) -> Option<io::Result<Bytes>> {
        if self.next != Next::Events {
            return self.next.finish(&self.events.shutdown).await;
        }
        let mut chunk = BytesMut::new();
        let mut event = self.events.next().await;
        while let Some(next) = event {
            self.write(&mut chunk, next);
            if self.next != Next::Events || chunk.len() >= CHUNK {
                break;
            }
            event = self.events.receiver.try_recv().ok();
        }
        if chunk.is_empty() && matches!(self.next, Next::Events | Next::End) {
            return None;
        }
        Some(Ok(chunk.freeze()))
    }

    /// Writes an event, as changed by the faults that are due.
    fn write(&mut self, chunk: &mut BytesMut, mut event: Event) {
        let is_done = matches!(event, Event::Done);
        let index = self.sent;
        self.sent += 1;
        let is_due = |fault: &&Fault| fault.after == index || is_done && fault.after > index;
        let due = || self.faults.iter().filter(is_due).map(|fault| &fault.kind);
        let has_done = !self.faults.iter().any(|fault| fault.kind == Kind::NoDone);
        let is_unknown = due().any(|kind| *kind == Kind::Unknown);
        let is_malformed = due().any(|kind| *kind == Kind::MalformedJson);
        let end = due().find(|kind| kind.ends_response());

        // Faults that change the event precede the one that ends the stream.
        if is_unknown {
            let data = json!({ "object": "thread.brand_new" });
            chunk.extend_from_slice(&sse::named("thread.brand_new", &data));
            if let Event::Object { data, .. } = &mut event {
                add_unknown_values(data);
            }
        }
        let mut bytes = sse::serialize(&event);
        if is_malformed {
            chunk.extend_from_slice(&bytes[..bytes.len() / 2]);
            chunk.extend_from_slice(b"\n\n");
            bytes.clear();
        }
        match end {
            Some(Kind::ErrorEvent) => {
                if is_unknown {
                    chunk.extend_from_slice(&bytes);
                }
                chunk.extend_from_slice(&sse::named("error", &ApiError::injected(500).object()));
                if has_done {
                    chunk.extend_from_slice(DONE.as_bytes());
                }
                self.next = Next::End;
            }
            Some(kind) => {
                chunk.extend_from_slice(&bytes[..bytes.len() / 2]);
                self.next = match kind {
                    Kind::Stall => Next::Stall,
                    _ => Next::Abort,
                };
            }
            None if is_done && !has_done => self.next = Next::End,
            None => chunk.extend_from_slice(&bytes),
        }
    }
}
