//! Messages, as stored and as serialized.

use serde::Serialize;
use serde_json::{Value, json};

use crate::store::action::ContentDelta;

/// A message of a thread.
#[derive(Serialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) object: &'static str,
    pub(crate) created_at: u64,
    pub(crate) assistant_id: Option<String>,
    pub(crate) thread_id: String,
    pub(crate) run_id: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) incomplete_details: Option<Value>,
    pub(crate) incomplete_at: Option<u64>,
    pub(crate) completed_at: Option<u64>,
    pub(crate) role: String,
    pub(crate) content: Vec<Value>,
    pub(crate) attachments: Value,
    pub(crate) metadata: Value,
}

impl Message {
    /// The text parts, one per line.
    pub(crate) fn text(&self) -> String {
        let texts = self
            .content
            .iter()
            .filter_map(|part| part["text"]["value"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Appends to the content part. Messages of an assistant have exactly one.
    pub(crate) fn append(&mut self, delta: &ContentDelta) {
        if self.content.is_empty() {
            self.content.push(match delta {
                ContentDelta::Refusal(_) => json!({ "type": "refusal", "refusal": "" }),
                _ => json!({ "type": "text", "text": { "value": "", "annotations": [] } }),
            });
        }
        let part = &mut self.content[0];
        let (pointer, text) = match delta {
            ContentDelta::Text(text) => ("/text/value", text),
            ContentDelta::Refusal(text) => ("/refusal", text),
            ContentDelta::Annotation { annotation, .. } => {
                if let Some(Value::Array(annotations)) = part.pointer_mut("/text/annotations") {
                    annotations.push(annotation.clone());
                }
                return;
            }
        };
        if let Some(Value::String(value)) = part.pointer_mut(pointer) {
            value.push_str(text);
        }
    }

    pub(crate) fn complete(&mut self, now: u64) {
        self.status = "completed";
        self.completed_at = Some(now);
    }

    pub(crate) fn mark_incomplete(&mut self, reason: &str, now: u64) {
        self.status = "incomplete";
        self.incomplete_details = Some(json!({ "reason": reason }));
        self.incomplete_at = Some(now);
    }
}
