//! The request bodies that create exported objects again.

use serde_json::{Map, Value, json};

/// The key in `metadata` of restored objects. Its value is the old ID.
pub const MARKER: &str = "restored_from";

/// The maximum number of pairs of `metadata`.
const MAX_METADATA: usize = 16;

/// The kind of an object. It follows from the list that has the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    VectorStore,
    StoreFile,
    Assistant,
    Thread,
    Message,
}

impl Kind {
    /// In the order in which they refer to each other.
    pub const ALL: [Self; 6] = [
        Self::File,
        Self::VectorStore,
        Self::StoreFile,
        Self::Assistant,
        Self::Thread,
        Self::Message,
    ];

    /// Returns `None` for runs and steps: only a model makes them.
    pub fn of(list: &str) -> Option<Self> {
        let segments: Vec<&str> = list.trim_start_matches('/').split('/').collect();
        Some(match segments[..] {
            ["files"] => Self::File,
            ["vector_stores"] => Self::VectorStore,
            ["vector_stores", _, "files"] => Self::StoreFile,
            ["assistants"] => Self::Assistant,
            ["threads"] => Self::Thread,
            ["threads", _, "messages"] => Self::Message,
            _ => return None,
        })
    }

    /// Returns the body of the request that creates an object.
    pub fn body(self, object: &Value) -> Value {
        let names: &[&str] = match self {
            Self::File => &["purpose"],
            Self::VectorStore => &["name", "description", "expires_after", "metadata"],
            Self::StoreFile => &["attributes"],
            Self::Assistant => &[
                "model",
                "name",
                "description",
                "instructions",
                "tools",
                "tool_resources",
                "metadata",
                "temperature",
                "top_p",
                "response_format",
                "reasoning_effort",
            ],
            Self::Thread => &["tool_resources", "metadata"],
            Self::Message => &["role", "attachments", "metadata"],
        };
        let mut body: Map<String, Value> = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), object.get(*name)?.clone())))
            .filter(|(_, value)| !value.is_null())
            .collect();
        match self {
            Self::StoreFile => {
                body.insert("file_id".to_owned(), object["id"].clone());
                let strategy = &object["chunking_strategy"];
                if strategy["type"] == "static" {
                    body.insert("chunking_strategy".to_owned(), strategy.clone());
                }
            }
            Self::Message => {
                let parts = object["content"].as_array().into_iter().flatten();
                body.insert("content".to_owned(), parts.filter_map(part).collect());
            }
            Self::Assistant | Self::VectorStore | Self::Thread => {
                let metadata = body.entry("metadata").or_insert_with(|| json!({}));
                if let Value::Object(pairs) = metadata
                    && pairs.len() < MAX_METADATA
                {
                    pairs.insert(MARKER.to_owned(), object["id"].clone());
                }
            }
            Self::File => {}
        }
        body.into()
    }
}

/// A part of a message as requests have it. Annotations cannot be created.
fn part(part: &Value) -> Option<Value> {
    let text = |text: &Value| json!({ "type": "text", "text": text });
    match part["type"].as_str()? {
        "text" => Some(text(&part["text"]["value"])),
        "refusal" => Some(text(&part["refusal"])),
        _ => Some(part.clone()),
    }
}
