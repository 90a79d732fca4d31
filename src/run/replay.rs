//! Events of an outcome that was fetched, for the consumers of a stream.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::json;

use crate::error::core::Result;
use crate::run::outcome::RunOutcome;
use crate::sse::stream::StreamEvent;
use crate::types::{AssistantStreamEvent as Event, MessageObject};

/// Returns the events that complete a stream with these messages so far.
pub(crate) fn events(outcome: &RunOutcome, streamed: &[MessageObject]) -> Result<VecDeque<Event>> {
    let mut events = VecDeque::new();
    for message in &outcome.messages {
        let known = streamed.iter().find(|known| known.id == message.id);
        // As deltas have it: without line breaks between parts.
        let text = |message: &MessageObject| message.texts().collect::<String>();
        let known = known.map(text).unwrap_or_default();
        // A text that differs from what was streamed is only in the final event.
        if let Some(rest) = text(message).strip_prefix(&known)
            && !rest.is_empty()
        {
            let content = json!([{ "index": 0, "type": "text", "text": { "value": rest } }]);
            let delta = json!({ "id": message.id, "delta": { "content": content } });
            events.push_back(Event::decode("thread.message.delta", &delta.to_string())?);
        }
        events.push_back(final_event("thread.message", message)?);
    }
    for step in &outcome.steps {
        events.push_back(final_event("thread.run.step", step)?);
    }
    events.push_back(final_event("thread.run", &outcome.run)?);
    events.push_back(Event::Done);
    Ok(events)
}

/// Returns the event of an object, named after its status.
fn final_event(kind: &str, object: &impl Serialize) -> Result<Event> {
    let object = serde_json::to_value(object).unwrap_or_default();
    let decode = |status: &str| Event::decode(&format!("{kind}.{status}"), &object.to_string());
    // Some servers omit the status of messages.
    match decode(object["status"].as_str().unwrap_or("completed"))? {
        // No event is named after an unknown status. The object keeps it.
        Event::Unknown { .. } => decode("completed"),
        event => Ok(event),
    }
}
