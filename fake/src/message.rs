//! Messages as they are kept and sent.

use serde::Serialize;
use serde_json::{Value, json};

use crate::plan::Piece;

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
    /// A message that a caller adds: a `CreateMessageRequest`.
    pub(crate) fn added(id: String, thread_id: &str, request: &Value, now: u64) -> Self {
        Self {
            id,
            object: "thread.message",
            created_at: now,
            assistant_id: None,
            thread_id: thread_id.to_owned(),
            run_id: None,
            status: "completed",
            incomplete_details: None,
            incomplete_at: None,
            completed_at: Some(now),
            role: request["role"].as_str().unwrap_or("user").to_owned(),
            content: content(&request["content"]),
            attachments: or(&request["attachments"], json!([])),
            metadata: or(&request["metadata"], json!({})),
        }
    }

    /// All that is text, one part to a line.
    pub(crate) fn text(&self) -> String {
        let texts = self
            .content
            .iter()
            .filter_map(|part| part["text"]["value"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Grows by a piece. A message of an assistant has one part.
    pub(crate) fn grow(&mut self, piece: &Piece) {
        if self.content.is_empty() {
            self.content.push(match piece {
                Piece::Refusal(_) => json!({ "type": "refusal", "refusal": "" }),
                _ => json!({ "type": "text", "text": { "value": "", "annotations": [] } }),
            });
        }
        let part = &mut self.content[0];
        let (place, text) = match piece {
            Piece::Text(text) => ("/text/value", text),
            Piece::Refusal(text) => ("/refusal", text),
            Piece::Annotation(_, annotation) => {
                if let Some(Value::Array(all)) = part.pointer_mut("/text/annotations") {
                    all.push(annotation.clone());
                }
                return;
            }
        };
        if let Some(Value::String(value)) = part.pointer_mut(place) {
            value.push_str(text);
        }
    }

    pub(crate) fn complete(&mut self, now: u64) {
        self.status = "completed";
        self.completed_at = Some(now);
    }

    pub(crate) fn break_off(&mut self, reason: &str, now: u64) {
        self.status = "incomplete";
        self.incomplete_details = Some(json!({ "reason": reason }));
        self.incomplete_at = Some(now);
    }
}

/// What is there, or else this.
pub(crate) fn or(value: &Value, default: Value) -> Value {
    if value.is_null() {
        default
    } else {
        value.clone()
    }
}

/// The content of a request as that of a message: text has annotations there, and images
/// have a detail.
fn content(request: &Value) -> Vec<Value> {
    let text =
        |text: &Value| json!({ "type": "text", "text": { "value": text, "annotations": [] } });
    let Some(parts) = request.as_array() else {
        return vec![text(request)];
    };
    let parts = parts.iter().map(|part| match part["type"].as_str() {
        Some(image @ ("image_file" | "image_url")) => {
            let mut part = part.clone();
            part[image]["detail"] = or(&part[image]["detail"], "auto".into());
            part
        }
        _ => text(&part["text"]),
    });
    parts.collect()
}
