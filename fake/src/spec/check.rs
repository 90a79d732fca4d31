//! Checks responses and events against the OpenAPI document.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use crate::spec::document::{Document, Operation};

/// Collects responses and events that violate the OpenAPI document.
pub(crate) struct Check {
    document: &'static Document,
    violations: Mutex<Vec<String>>,
}

impl Check {
    pub(crate) fn new(document: &'static Document) -> Self {
        Self {
            document,
            violations: Mutex::default(),
        }
    }

    /// Checks a response. Returns a description of its violation, if there is one.
    pub(crate) fn response(
        &self,
        operation: Option<&Operation>,
        status: u16,
        body: &Value,
    ) -> Option<String> {
        let schema = match operation {
            Some(operation) if status < 400 => &operation.response,
            _ => &self.document.error,
        };
        let name = operation.map_or("an unknown path", |operation| &operation.id);
        let violation = format!(
            "response {status} of {name}: {}: {body}",
            schema.error_text(body)?
        );
        self.record(violation.clone());
        Some(violation)
    }

    /// Checks an event.
    pub(crate) fn event(&self, event: &str, data: &Value) {
        let object = json!({ "event": event, "data": data });
        if let Some(errors) = self.document.event.error_text(&object) {
            self.record(format!("event {event}: {errors}: {data}"));
        }
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.violations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn record(&self, violation: String) {
        let mut violations = self
            .violations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        violations.push(violation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::document::DOCUMENT;

    #[test]
    fn violations_are_recorded() {
        let check = Check::new(&DOCUMENT);
        check.event("done", &json!("[DONE]"));
        let error = json!({ "error": { "message": "", "type": "", "param": null, "code": null } });
        assert_eq!(check.response(None, 404, &error), None);
        assert_eq!(check.violations(), [""; 0]);

        check.event("thread.created", &json!({ "id": "thread_1" }));
        check.event("thread.brand_new", &json!({}));
        let operation = DOCUMENT.operations.first();
        assert!(check.response(operation, 200, &error).is_some());
        assert_eq!(check.violations().len(), 3);
    }
}
