//! The events of a run, on their way to a stream.

use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::check::Check;
use crate::run::RunStep;

pub(crate) const DONE: &str = "event: done\ndata: [DONE]\n\n";

/// Whom a run tells of what happens to it. How much may wait to be sent is limited by
/// the turn of the model.
pub(crate) struct Listener {
    frames: UnboundedSender<Bytes>,
    /// Whether what file search has found is told as well.
    has_content: bool,
    check: Option<Arc<Check>>,
}

impl Listener {
    pub(crate) fn new(
        has_content: bool,
        check: Option<Arc<Check>>,
    ) -> (Self, UnboundedReceiver<Bytes>) {
        let (frames, receiver) = unbounded_channel();
        let listener = Self {
            frames,
            has_content,
            check,
        };
        (listener, receiver)
    }

    pub(crate) fn tell(&mut self, event: &str, object: &(impl Serialize + ?Sized)) {
        if self.frames.is_closed() {
            return;
        }
        let mut data = json!(object);
        if !self.has_content {
            data = RunStep::without_content(data);
        }
        if let Some(check) = &self.check {
            check.event(event, &data);
        }
        self.send(frame(event, &data));
    }

    pub(crate) fn done(self) {
        self.send(Bytes::from_static(DONE.as_bytes()));
    }

    fn send(&self, frame: Bytes) {
        // Whoever hung up does not want to know.
        let _ = self.frames.send(frame);
    }
}

/// An event as a stream has it.
pub(crate) fn frame(event: &str, data: &Value) -> Bytes {
    format!("event: {event}\ndata: {data}\n\n").into()
}
