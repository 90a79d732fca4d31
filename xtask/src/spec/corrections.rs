//! Where the wire is known to differ from the document.
//!
//! Upstream requires these properties and does not let them be null. Servers,
//! and examples of the document itself, send null or leave them out.

use serde_json::Value;

use super::schema::{self, Schemas};

/// Component and property.
const NULL_ON_THE_WIRE: [(&str, &str); 10] = [
    ("MessageObject", "attachments"),
    ("MessageObject", "completed_at"),
    ("MessageObject", "incomplete_at"),
    ("MessageObject", "incomplete_details"),
    // Servers that do not stream messages know no status of one.
    ("MessageObject", "status"),
    ("RunObject", "instructions"),
    ("RunObject", "required_action"),
    ("RunStepObject", "expired_at"),
    ("RunStepObject", "metadata"),
    ("ThreadObject", "tool_resources"),
];

/// Lets null be where it is seen. What a document does not have is skipped.
pub(super) fn apply(schemas: &mut Schemas) {
    for (component, property) in NULL_ON_THE_WIRE {
        if let Some(schema) = schemas.get_mut(component) {
            allow_null(schema, property);
        }
    }
    // A list with no data has no first and no last id.
    for schema in schemas.values_mut().filter(|schema| is_list(schema)) {
        allow_null(schema, "first_id");
        allow_null(schema, "last_id");
    }
}

fn allow_null(schema: &mut Value, property: &str) {
    if let Some(property) = schema
        .get_mut("properties")
        .and_then(|properties| properties.get_mut(property))
    {
        schema::set(property, "nullable", true.into());
    }
}

fn is_list(schema: &Value) -> bool {
    let property = |name| {
        schema
            .get("properties")
            .and_then(|properties| properties.get(name))
    };
    property("has_more").is_some() && property("data").is_some_and(|data| data["type"] == "array")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_let_in_where_it_is_seen() {
        let list = json!({"type": "object", "properties": {
            "data": {"type": "array", "items": {"type": "string"}},
            "first_id": {"type": "string"},
            "has_more": {"type": "boolean"},
        }, "required": ["first_id"]});
        let run = json!({"type": "object", "properties": {"instructions": {"type": "string"}, "model": {"type": "string"}}});
        let mut schemas: Schemas = [
            ("ListThings".to_owned(), list),
            ("RunObject".to_owned(), run),
        ]
        .into_iter()
        .collect();
        apply(&mut schemas);

        assert_eq!(
            schemas["ListThings"]["properties"]["first_id"]["nullable"],
            true
        );
        assert_eq!(schemas["ListThings"]["required"], json!(["first_id"]));
        assert_eq!(schemas["ListThings"]["properties"].get("last_id"), None);
        assert_eq!(
            schemas["RunObject"]["properties"]["instructions"]["nullable"],
            true
        );
        assert_eq!(
            schemas["RunObject"]["properties"]["model"].get("nullable"),
            None
        );
    }
}
