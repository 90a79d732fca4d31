//! Streams: the events of a run as the body of an answer, and what goes wrong with them.

use std::io;
use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::future::{Either, pending, select};
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;

use crate::app::App;
use crate::events::{DONE, frame};
use crate::failure::Failure;
use crate::faults::{Fault, Kind, make_strange};

/// What is sent at once, about.
const CHUNK: usize = 8192;

/// The events of a run.
pub(crate) struct Events {
    thread_id: String,
    frames: UnboundedReceiver<Bytes>,
}

impl Events {
    pub(crate) fn new(thread_id: &str, frames: UnboundedReceiver<Bytes>) -> Self {
        Self {
            thread_id: thread_id.to_owned(),
            frames,
        }
    }

    /// The next event, when it is due. None if there are no more, or the server stops.
    async fn next(&mut self, app: &App) -> Option<Bytes> {
        loop {
            let due = app.advance(&self.thread_id);
            match self.frames.try_recv() {
                Ok(frame) => return Some(frame),
                Err(TryRecvError::Disconnected) => return None,
                Err(TryRecvError::Empty) => {}
            }
            let due = pin!(async {
                match due {
                    Some(due) => app.clock.sleep(due).await,
                    None => pending().await,
                }
            });
            // Somebody else may look at the thread, or cancel the run.
            let told = pin!(self.frames.recv());
            let stopped = pin!(app.stopped());
            match select(told, select(due, stopped)).await {
                Either::Left((frame, _)) => return frame,
                Either::Right((Either::Left(_), _)) => {}
                Either::Right((Either::Right(_), _)) => return None,
            }
        }
    }
}

/// The body of an answer.
pub(crate) fn body(app: Arc<App>, events: Events, faults: Vec<Fault>) -> Body {
    let sending = Sending {
        app,
        events,
        faults,
        sent: 0,
        then: Then::GoOn,
    };
    Body::from_stream(unfold(sending, |mut sending| async {
        let chunk = sending.chunk().await?;
        Some((chunk, sending))
    }))
}

/// The body of an answer that is an object, if something goes wrong with it.
pub(crate) fn broken(app: Arc<App>, whole: &Bytes, then: Then) -> Body {
    let half = whole.slice(..whole.len() / 2);
    let (_, frames) = tokio::sync::mpsc::unbounded_channel();
    let sending = Sending {
        app,
        events: Events::new("", frames),
        faults: Vec::new(),
        sent: 0,
        then,
    };
    Body::from_stream(unfold((Some(half), sending), |(half, mut sending)| async {
        let chunk = match half {
            Some(half) => Ok(half),
            None => sending.chunk().await?,
        };
        Some((chunk, (None, sending)))
    }))
}

struct Sending {
    app: Arc<App>,
    events: Events,
    faults: Vec<Fault>,
    /// How many events were.
    sent: usize,
    then: Then,
}

/// What comes behind what was sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Then {
    GoOn,
    /// The proper end.
    End,
    /// The connection closes.
    Break,
    /// Nothing, for ever.
    Stall,
}

impl Sending {
    async fn chunk(&mut self) -> Option<io::Result<Bytes>> {
        match self.then {
            Then::GoOn => {}
            Then::End => return None,
            Then::Break => {
                self.then = Then::End;
                // What came before is sent first.
                tokio::task::yield_now().await;
                return Some(Err(io::ErrorKind::ConnectionAborted.into()));
            }
            Then::Stall => {
                self.app.stopped().await;
                return None;
            }
        }
        let mut chunk = BytesMut::new();
        let mut next = self.events.next(&self.app).await;
        while let Some(frame) = next {
            self.add(&mut chunk, &frame);
            if self.then != Then::GoOn || chunk.len() >= CHUNK {
                break;
            }
            next = self.events.frames.try_recv().ok();
        }
        if chunk.is_empty() && self.then != Then::Stall && self.then != Then::Break {
            return None;
        }
        Some(Ok(chunk.freeze()))
    }

    /// Adds an event, or what becomes of it.
    fn add(&mut self, chunk: &mut BytesMut, event: &Bytes) {
        let is_done = event == DONE.as_bytes();
        let at = self.sent;
        self.sent += 1;
        let is_due = |fault: &&Fault| fault.after == at || is_done && fault.after > at;
        let due = || self.faults.iter().filter(is_due).map(|fault| &fault.kind);
        let has_done = !self.faults.iter().any(|fault| fault.kind == Kind::NoDone);
        let is_strange = due().any(|kind| *kind == Kind::Unknown);
        let is_malformed = due().any(|kind| *kind == Kind::MalformedJson);
        let end = due().find(|kind| kind.ends());

        // First what changes the event, then what ends the stream in it or behind it.
        let mut event = event.clone();
        if is_strange {
            let data = json!({ "object": "thread.brand_new" });
            chunk.extend_from_slice(&frame("thread.brand_new", &data));
            event = strange(&event);
        }
        if is_malformed {
            // Without the line ends behind it.
            chunk.extend_from_slice(&event.split_to(event.len() / 2));
            chunk.extend_from_slice(b"\n\n");
            event.clear();
        }
        match end {
            Some(Kind::ErrorEvent) => {
                if is_strange {
                    chunk.extend_from_slice(&event);
                }
                chunk.extend_from_slice(&frame("error", &Failure::on_demand(500).error()));
                if has_done {
                    chunk.extend_from_slice(DONE.as_bytes());
                }
                self.then = Then::End;
            }
            Some(kind) => {
                chunk.extend_from_slice(&event[..event.len() / 2]);
                self.then = match kind {
                    Kind::Cut => Then::Break,
                    _ => Then::Stall,
                };
            }
            None if is_done && !has_done => self.then = Then::End,
            None => chunk.extend_from_slice(&event),
        }
    }
}

/// An event with a status that nobody knows. What is no JSON stays as it is.
fn strange(event: &Bytes) -> Bytes {
    let parts = std::str::from_utf8(event).ok().and_then(|text| {
        let (head, data) = text.split_once("\ndata: ")?;
        let data: Value = serde_json::from_str(data.trim_end()).ok()?;
        Some((head.trim_start_matches("event: "), data))
    });
    match parts {
        Some((name, mut data)) => {
            make_strange(&mut data);
            frame(name, &data)
        }
        None => event.clone(),
    }
}
