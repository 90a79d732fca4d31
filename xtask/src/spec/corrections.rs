//! Corrects schemas where servers are known to deviate from upstream documents.
//!
//! Corrections of schemas that a document does not define are skipped.

use serde_json::{Value, json};

use super::schema::{self, Kind, Schemas};

/// Component and required property that servers, or examples, omit or set to `null`.
const NULL_ON_THE_WIRE: [(&str, &str); 15] = [
    // Foundry omits the indices of annotations.
    (
        "MessageContentTextAnnotationsFileCitationObject",
        "end_index",
    ),
    (
        "MessageContentTextAnnotationsFileCitationObject",
        "start_index",
    ),
    ("MessageContentTextAnnotationsFilePathObject", "end_index"),
    ("MessageContentTextAnnotationsFilePathObject", "start_index"),
    ("MessageObject", "attachments"),
    ("MessageObject", "completed_at"),
    ("MessageObject", "incomplete_at"),
    ("MessageObject", "incomplete_details"),
    ("MessageObject", "status"),
    ("RunObject", "instructions"),
    // Servers that implement the API as of 2024-04 omit it.
    ("RunObject", "parallel_tool_calls"),
    ("RunObject", "required_action"),
    ("RunStepObject", "expired_at"),
    ("RunStepObject", "metadata"),
    ("ThreadObject", "tool_resources"),
];

/// Component and location of tagged objects, innermost first.
///
/// Other servers send objects with other tags there, so each becomes a union of one member.
const UNIONS_OF_ONE: [(&str, &str); 3] = [
    (
        "RunObject",
        "/properties/required_action/properties/submit_tool_outputs/properties/tool_calls/items",
    ),
    ("RunObject", "/properties/required_action"),
    (
        "RunStepDetailsToolCallsFileSearchResultObject",
        "/properties/content/items",
    ),
];

/// Component and property whose upstream default is wrong.
///
/// If omitted, the value of the assistant applies, not the default of a new assistant.
const NO_DEFAULT: [(&str, &str); 6] = [
    ("ModifyAssistantRequest", "temperature"),
    ("ModifyAssistantRequest", "top_p"),
    ("CreateRunRequest", "temperature"),
    ("CreateRunRequest", "top_p"),
    ("CreateThreadAndRunRequest", "temperature"),
    ("CreateThreadAndRunRequest", "top_p"),
];

/// Component and location of a property, and of the one that it is copied to.
///
/// Deltas mirror what they are merged into, and upstream omits a counterpart.
const COUNTERPARTS: [[(&str, &str); 2]; 2] = [
    [
        (
            "MessageDeltaContentTextAnnotationsFileCitationObject",
            "/properties/file_citation/properties/quote",
        ),
        (
            "MessageContentTextAnnotationsFileCitationObject",
            "/properties/file_citation/properties/quote",
        ),
    ],
    [
        (
            "RunStepDetailsToolCallsFileSearchObject",
            "/properties/file_search",
        ),
        (
            "RunStepDeltaStepDetailsToolCallsFileSearchObject",
            "/properties/file_search",
        ),
    ],
];

/// Operation ID, misspelled upstream, and the name of its method in Rust.
const RUST_NAMES: [(&str, &str); 1] = [("submitToolOuputsToRun", "submit_tool_outputs_to_run")];

/// Returns the name of the method of an operation whose ID is misspelled.
pub(super) fn rust_name(id: &str) -> Option<&'static str> {
    let name = RUST_NAMES.iter().find(|(misspelled, _)| *misspelled == id);
    name.map(|(_, name)| *name)
}

/// Applies all corrections.
pub(super) fn apply(schemas: &mut Schemas) {
    for (component, property) in NULL_ON_THE_WIRE {
        if let Some(schema) = schemas.get_mut(component) {
            allow_null(schema, property);
        }
    }
    for schema in schemas.values_mut().filter(|schema| is_list(schema)) {
        // An empty page has neither a first nor a last ID.
        allow_null(schema, "first_id");
        allow_null(schema, "last_id");
        // Upstream declares an arbitrary string, but servers always send `list`.
        if let Some(object) = schema.pointer_mut("/properties/object") {
            *object = json!({ "type": "string", "enum": ["list"] });
        }
    }
    // A canonical document has a type of its own there.
    let is_open = |property: &Value| {
        ["$ref", "allOf", "properties"]
            .iter()
            .all(|keyword| property.get(keyword).is_none())
    };
    for [(source, from), (target, to)] in COUNTERPARTS {
        let property = schemas.get(source).and_then(|schema| schema.pointer(from));
        let property = property.cloned();
        let (parent, name) = to.rsplit_once('/').unwrap_or_default();
        let parent = schemas
            .get_mut(target)
            .and_then(|schema| schema.pointer_mut(parent));
        if let (Some(property), Some(parent)) = (property, parent)
            && parent.get(name).is_none_or(is_open)
        {
            parent[name] = property;
        }
    }
    let known = schemas.clone();
    let is_object =
        |schema: &Value| schema::kind(schema::target(schema, &known).1) == Some(Kind::Object);
    for (component, location) in UNIONS_OF_ONE {
        let found = schemas
            .get_mut(component)
            .and_then(|schema| schema.pointer_mut(location));
        if let Some(object) = found.filter(|object| is_object(object)) {
            let siblings = schema::take_siblings(object);
            require_tag(object);
            *object = json!({ "oneOf": [object.take()] });
            schema::put_siblings(object, siblings);
        }
    }
    for (component, property) in NO_DEFAULT {
        let schema = schemas
            .get_mut(component)
            .and_then(|schema| schema.get_mut("properties")?.get_mut(property));
        if let Some(schema) = schema.and_then(Value::as_object_mut) {
            schema.remove("default");
        }
    }
}

/// Requires the property `type`, which identifies the member of a union.
fn require_tag(object: &mut Value) {
    let Some(map) = object
        .as_object_mut()
        .filter(|map| map.contains_key("properties"))
    else {
        return;
    };
    let required = map.entry("required").or_insert_with(|| json!([]));
    if let Some(names) = required.as_array_mut()
        && !names.contains(&"type".into())
    {
        names.push("type".into());
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
    fn a_tagged_object_becomes_a_union_of_one() {
        let action = json!({"type": "object", "nullable": true, "required": ["type"], "properties": {
            "type": {"type": "string", "enum": ["submit_tool_outputs"]},
        }});
        let run = json!({"type": "object", "properties": {"required_action": action}});
        let mut schemas: Schemas = [("RunObject".to_owned(), run)].into_iter().collect();
        apply(&mut schemas);
        let once = schemas.clone();
        apply(&mut schemas);

        let action = &schemas["RunObject"]["properties"]["required_action"];
        assert_eq!(action["oneOf"].as_array().map(Vec::len), Some(1));
        assert_eq!(action["nullable"], true);
        assert_eq!(schemas, once, "corrections are idempotent");
    }

    #[test]
    fn a_delta_and_its_object_have_the_same_properties() {
        let search =
            |search: Value| json!({"type": "object", "properties": {"file_search": search}});
        let known = json!({"type": "object", "properties": {"results": {"type": "array"}}});
        let mut schemas: Schemas = [
            (
                "RunStepDetailsToolCallsFileSearchObject",
                search(known.clone()),
            ),
            (
                "RunStepDeltaStepDetailsToolCallsFileSearchObject",
                search(json!({"type": "object"})),
            ),
        ]
        .map(|(name, schema)| (name.to_owned(), schema))
        .into_iter()
        .collect();
        apply(&mut schemas);
        assert_eq!(
            schemas["RunStepDeltaStepDetailsToolCallsFileSearchObject"],
            search(known)
        );
    }

    #[test]
    fn the_object_type_of_a_list_is_constant() {
        let list = json!({"type": "object", "properties": {
            "object": {"type": "string"},
            "data": {"type": "array", "items": {"type": "string"}},
            "has_more": {"type": "boolean"},
        }});
        let mut schemas: Schemas = [("ListThings".to_owned(), list)].into_iter().collect();
        apply(&mut schemas);
        assert_eq!(
            schemas["ListThings"]["properties"]["object"]["enum"],
            json!(["list"])
        );
    }

    #[test]
    fn defaults_of_runs_are_removed() {
        let temperature = json!({"type": "number", "default": 1, "maximum": 2});
        let request = json!({"type": "object", "properties": {"temperature": temperature}});
        let mut schemas: Schemas = [("CreateRunRequest".to_owned(), request)]
            .into_iter()
            .collect();
        apply(&mut schemas);
        assert_eq!(
            schemas["CreateRunRequest"]["properties"]["temperature"],
            json!({"type": "number", "maximum": 2})
        );
    }

    #[test]
    fn properties_that_servers_omit_become_nullable() {
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
