//! Answers against the document, while the server is tested.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::document::{DOCUMENT, Operation};

/// What was sent although the document does not allow it.
#[derive(Default)]
pub(crate) struct Check(Mutex<Vec<String>>);

impl Check {
    /// An answer with this status. Says what is wrong with it.
    pub(crate) fn answer(
        &self,
        operation: Option<&Operation>,
        status: u16,
        body: &Value,
    ) -> Option<String> {
        let schema = match operation {
            Some(operation) if status < 400 => &operation.answer_schema,
            _ => &DOCUMENT.error,
        };
        let name = operation.map_or("an unknown path", |operation| &operation.id);
        let complaint = format!(
            "the answer {status} to {name}, {}: {body}",
            schema.complaint(body)?
        );
        self.note(complaint.clone());
        Some(complaint)
    }

    pub(crate) fn event(&self, event: &str, data: &Value) {
        let whole = json!({ "event": event, "data": data });
        if let Some(complaint) = DOCUMENT.event.complaint(&whole) {
            self.note(format!("the event {event}, {complaint}: {data}"));
        }
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn note(&self, violation: String) {
        let mut violations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        violations.push(violation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_allowed_is_noted() {
        let check = Check::default();
        check.event("done", &json!("[DONE]"));
        let error = json!({ "error": { "message": "", "type": "", "param": null, "code": null } });
        assert_eq!(check.answer(None, 404, &error), None);
        assert_eq!(check.violations(), [""; 0]);

        check.event("thread.created", &json!({ "id": "thread_1" }));
        check.event("thread.brand_new", &json!({}));
        let operation = DOCUMENT.operations.first();
        assert!(check.answer(operation, 200, &error).is_some());
        assert_eq!(check.violations().len(), 3);
    }
}
