//! The contract of an operation: a call, the request that it sends, and the response.

use std::pin::Pin;

use openai_assistants::{Client, Error, EventStream, Items, List, Page};
use serde::Serialize;
use serde_json::{Value, json};

use crate::version::{Event, ReceivedEvent};

/// The result of a call: the response as JSON, or what a list or a stream returned.
pub type Outcome<T = Value> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;
type Call<T = Value> = fn(Client) -> Outcome<T>;
/// The events of a stream, or their errors.
pub type ReceivedEvents = Vec<Result<ReceivedEvent, Error>>;

pub struct Contract {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub query: Vec<(&'static str, &'static str)>,
    pub body: Option<Value>,
    /// For an upload: the heads of the parts of the form after their name, and their contents.
    pub form: &'static [(&'static str, &'static str)],
    pub response: Value,
    pub call: Call,
    /// For a list: reads all items and returns their IDs.
    pub items: Option<Call<Vec<String>>>,
    /// For an operation with a stream: the same call, which returns all events.
    pub events: Option<Call<ReceivedEvents>>,
}

impl Contract {
    pub fn new(
        id: &'static str,
        method: &'static str,
        path: &'static str,
        response: Value,
        call: Call,
    ) -> Self {
        Self {
            id,
            method,
            path,
            query: Vec::new(),
            body: None,
            form: &[],
            response,
            call,
            items: None,
            events: None,
        }
    }

    pub fn query(mut self, query: &[(&'static str, &'static str)]) -> Self {
        self.query = query.to_vec();
        self
    }

    pub fn body(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    #[cfg(feature = "files")]
    pub fn form(mut self, form: &'static [(&'static str, &'static str)]) -> Self {
        self.form = form;
        self
    }

    pub fn items(mut self, items: Call<Vec<String>>) -> Self {
        self.items = Some(items);
        self
    }

    pub fn events(mut self, events: Call<ReceivedEvents>) -> Self {
        self.events = Some(events);
        self
    }
}

/// Sends the call and serializes the response.
pub fn response_of<T: Serialize>(
    call: impl Future<Output = Result<T, Error>> + 'static,
) -> Outcome {
    Box::pin(
        async move { Ok(serde_json::to_value(call.await?).expect("a response can be serialized")) },
    )
}

/// Reads a list to its end.
pub fn ids_of<L: List>(mut items: Items<L>) -> Outcome<Vec<String>> {
    Box::pin(async move {
        let mut ids = Vec::new();
        while let Some(item) = items.try_next().await? {
            ids.push(L::Page::id(&item).to_owned());
        }
        Ok(ids)
    })
}

/// Opens a stream and reads it to its end.
pub fn events_of<E: Event>(
    stream: impl Future<Output = Result<EventStream<E>, Error>> + 'static,
) -> Outcome<ReceivedEvents> {
    Box::pin(async move {
        let mut stream = stream.await?;
        let mut events = Vec::new();
        while let Some(event) = stream.try_next().await.transpose() {
            events.push(event.map(|event| event.received()));
        }
        Ok(events)
    })
}

/// The last page of a list, with this item.
pub fn page(item: Value) -> Value {
    json!({ "object": "list", "first_id": item["id"], "last_id": item["id"], "data": [item], "has_more": false })
}

pub fn deleted(object: &str) -> Value {
    json!({ "id": "id_1", "object": object, "deleted": true })
}

/// An error object of the API.
pub fn error() -> Value {
    json!({ "message": "No such thing.", "type": "invalid_request_error", "param": "thing", "code": "not_there" })
}
