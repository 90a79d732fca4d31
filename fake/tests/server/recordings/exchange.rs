//! A recorded exchange.

use std::fmt;

use serde_json::Value;

/// A recorded request and its response.
pub(crate) struct Exchange {
    pub(crate) recording: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) request: String,
    pub(crate) status: u64,
    pub(crate) content_type: String,
    pub(crate) response: String,
}

impl Exchange {
    pub(crate) fn parse(line: &str) -> Self {
        let line: Value = serde_json::from_str(line).expect("it is JSON");
        let property = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        Self {
            recording: property("recording"),
            method: property("method"),
            path: property("path"),
            request: property("request"),
            status: line["status"].as_u64().expect("it is a number"),
            content_type: property("content_type"),
            response: property("response"),
        }
    }

    /// Whether it is about files or vector stores.
    pub(crate) fn is_of_storage(&self) -> bool {
        let paths = ["/files", "/vector_stores"];
        paths.iter().any(|path| self.path.starts_with(path))
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.content_type.starts_with("text/event-stream")
    }

    /// The response, or the data of its events.
    pub(crate) fn payloads(&self) -> Vec<Value> {
        if self.is_stream() {
            let events = self.response.split("\n\n");
            let data = events.filter_map(|event| event.split_once("\ndata: ")?.1.into());
            data.filter_map(|data| serde_json::from_str(data).ok())
                .collect()
        } else {
            serde_json::from_str(&self.response).into_iter().collect()
        }
    }

    /// All objects of the response, those in others first.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let mut objects = Vec::new();
        let payloads = self.payloads().into_iter();
        payloads.for_each(|payload| collect(payload, &mut objects));
        objects
    }

    /// The items of a list, the oldest first.
    pub(crate) fn items(&self) -> Vec<Value> {
        let page = self.payloads().pop().unwrap_or_default();
        let mut items = page["data"].as_array().cloned().unwrap_or_default();
        if !self.path.contains("order=asc") {
            items.reverse();
        }
        items
    }

    /// The collection and the IDs in the path.
    pub(crate) fn segments(&self) -> Vec<&str> {
        let path = self.path.split('?').next().unwrap_or_default();
        path.split('/').skip(1).collect()
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// Adds an object, and those in it, to a list.
fn collect(value: Value, objects: &mut Vec<Value>) {
    match &value {
        Value::Array(items) => items
            .iter()
            .cloned()
            .for_each(|item| collect(item, objects)),
        Value::Object(properties) => {
            let values = properties.values().cloned();
            values.for_each(|value| collect(value, objects));
            if value["object"].is_string() {
                objects.push(value);
            }
        }
        _ => {}
    }
}
