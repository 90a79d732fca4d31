//! Events of a run, queued for its response stream.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// An event of a stream.
pub(crate) enum Event {
    Object { name: String, data: Value },
    Done,
}

pub(crate) type EventReceiver = UnboundedReceiver<Event>;

/// Called with the name and the data of every event that is sent.
pub(crate) type EventObserver = Arc<dyn Fn(&str, &Value) + Send + Sync>;

/// Sends the events of a run to its response stream.
///
/// The queue is unbounded, but a turn of the model limits what a run adds to it.
pub(crate) struct EventSender {
    events: UnboundedSender<Event>,
    includes_search_content: bool,
    observer: Option<EventObserver>,
}

impl EventSender {
    pub(crate) fn new(
        includes_search_content: bool,
        observer: Option<EventObserver>,
    ) -> (Self, EventReceiver) {
        let (events, receiver) = unbounded_channel();
        let sender = Self {
            events,
            includes_search_content,
            observer,
        };
        (sender, receiver)
    }

    pub(crate) fn send(&self, name: &str, object: &(impl Serialize + ?Sized)) {
        if self.events.is_closed() {
            return;
        }
        let mut data = json!(object);
        if !self.includes_search_content {
            remove_search_content(&mut data);
        }
        if let Some(observer) = &self.observer {
            observer(name, &data);
        }
        let name = name.to_owned();
        // The receiver is gone if the client disconnected.
        let _ = self.events.send(Event::Object { name, data });
    }

    /// Ends the stream with `[DONE]`.
    pub(crate) fn finish(self) {
        let _ = self.events.send(Event::Done);
    }
}

/// Removes the content of file search results, which a request has to include explicitly.
pub(crate) fn remove_search_content(step: &mut Value) {
    let calls = step.pointer_mut("/step_details/tool_calls");
    let calls = calls.and_then(Value::as_array_mut).into_iter().flatten();
    let results = calls.filter_map(|call| call.pointer_mut("/file_search/results"));
    let results = results.filter_map(Value::as_array_mut).flatten();
    for result in results.filter_map(Value::as_object_mut) {
        result.remove("content");
    }
}
