//! What one row says: a call as a user writes it, what it has to send, and what the
//! server answers.

use std::pin::Pin;

use openai_assistants::{Client, Error, EventStream, Items, List, Page};
use serde::Serialize;
use serde_json::{Value, json};

use crate::version::{Event, Told};

/// What comes of a call: its answer as JSON, unless it is more than one.
pub type Answered<T = Value> = Pin<Box<dyn Future<Output = Result<T, Error>>>>;
type Call<T = Value> = fn(Client) -> Answered<T>;

pub struct Contract {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub query: Vec<(&'static str, &'static str)>,
    pub body: Option<Value>,
    pub answer: Value,
    pub call: Call,
    /// All items of a list, by their ids.
    pub items: Option<Call<Vec<String>>>,
    /// The same call for a stream, and its events.
    pub events: Option<Call<Vec<Told>>>,
}

impl Contract {
    pub fn new(
        id: &'static str,
        method: &'static str,
        path: &'static str,
        answer: Value,
        call: Call,
    ) -> Self {
        Self {
            id,
            method,
            path,
            query: Vec::new(),
            body: None,
            answer,
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

    pub fn items(mut self, items: Call<Vec<String>>) -> Self {
        self.items = Some(items);
        self
    }

    pub fn events(mut self, events: Call<Vec<Told>>) -> Self {
        self.events = Some(events);
        self
    }
}

/// Sends the call and writes the answer down as JSON again.
pub fn answered<T: Serialize>(call: impl Future<Output = Result<T, Error>> + 'static) -> Answered {
    Box::pin(
        async move { Ok(serde_json::to_value(call.await?).expect("an answer can be written")) },
    )
}

/// Walks a list to its end.
pub fn walked<L: List>(mut items: Items<L>) -> Answered<Vec<String>> {
    Box::pin(async move {
        let mut ids = Vec::new();
        while let Some(item) = items.try_next().await? {
            ids.push(L::Page::id(&item).to_owned());
        }
        Ok(ids)
    })
}

/// Opens a stream and reads it to its end.
pub fn streamed<E: Event>(
    stream: impl Future<Output = Result<EventStream<E>, Error>> + 'static,
) -> Answered<Vec<Told>> {
    Box::pin(async move {
        let mut stream = stream.await?;
        let mut events = Vec::new();
        while let Some(event) = stream.try_next().await? {
            events.push(event.told());
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

/// An error as the API describes it.
pub fn error() -> Value {
    json!({ "message": "No such thing.", "type": "invalid_request_error", "param": "thing", "code": "not_there" })
}
