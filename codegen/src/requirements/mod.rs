//! What handwritten code requires of a document, and which requirements it does not meet.
//!
//! A document that lacks something gets one message per part of the handwritten layer,
//! instead of compiler errors.

mod consumers;

use std::collections::BTreeSet;

use serde_json::Value;

use consumers::{CONSUMERS, Consumer, TAGGED};

use crate::features::FEATURES;
use crate::model::api::{Api, Presence};
use crate::model::name::snake;
use crate::model::reference::target;
use crate::model::schema::{Kind, TIMESTAMP_FORMAT};

/// How well a document meets the requirements of handwritten code.
#[derive(Default)]
pub struct Compatibility {
    /// The schemas of the document, without those whose consumers are left out.
    pub schemas: Vec<String>,
    /// The requirements that are not met.
    pub unmet: Vec<Unmet>,
}

/// A part of the handwritten layer that cannot be built.
pub struct Unmet {
    /// The Cargo feature that enables the part.
    pub feature: Option<&'static str>,
    /// Whether the build fails. Otherwise the part is left out.
    pub is_fatal: bool,
    /// What is missing.
    pub message: String,
}

impl Compatibility {
    /// Adds what is lacking with these Cargo features of the document.
    pub(crate) fn add(&mut self, other: Self, enabled: &[&str]) {
        let is_built = |feature: Option<&str>| {
            feature.is_none_or(|name| !FEATURES.contains(&name) || enabled.contains(&name))
        };
        for unmet in other.unmet {
            let is_known = self
                .unmet
                .iter()
                .any(|known| known.message == unmet.message);
            if !is_known && is_built(unmet.feature) {
                self.unmet.push(unmet);
            }
        }
        self.schemas = other.schemas;
    }
}

/// Compares a document with the requirements.
pub fn check(api: &Api) -> Compatibility {
    let mut disabled = BTreeSet::new();
    let mut unmet = Vec::new();
    for consumer in CONSUMERS {
        let missing = missing(api, consumer);
        if missing.is_empty() {
            continue;
        }
        disabled.extend(consumer.cfg);
        let name = consumer.name;
        let missing = summary(&missing);
        let message = match consumer.cfg {
            Some(_) => format!("{name}: left out, since the document lacks {missing}"),
            None => format!(
                "{name}: cannot be built, since the document lacks {missing}, which the documents \
                 of OpenAI have had since 2024-04: add it with an overlay"
            ),
        };
        unmet.push(Unmet {
            feature: consumer.feature,
            is_fatal: consumer.cfg.is_none(),
            message,
        });
    }
    let schemas = api.schemas.keys().filter(|name| !disabled.contains(*name));
    Compatibility {
        schemas: schemas.map(ToString::to_string).collect(),
        unmet,
    }
}

/// The first few: an unrelated document lacks everything.
fn summary(missing: &[String]) -> String {
    let shown = missing.len().min(3);
    let list = missing[..shown].join(", ");
    match missing.len() - shown {
        0 => list,
        more => format!("{list} and {more} more"),
    }
}

fn missing(api: &Api, consumer: &Consumer) -> Vec<String> {
    let has = |id: &&str| {
        let function = snake(id);
        let mut operations = api.operations.iter();
        operations.any(|operation| operation.function() == function)
    };
    let operations = consumer.operations.iter().filter(|id| !has(id));
    let mut missing: Vec<String> = operations.map(|id| format!("the operation {id}")).collect();
    for (name, parts) in consumer.schemas {
        missing.extend(missing_parts(api, name, parts));
    }
    missing
}

fn missing_parts(api: &Api, name: &str, parts: &[&str]) -> Vec<String> {
    let Some(schema) = api.schemas.get(name) else {
        return vec![format!("the schema {name}")];
    };
    if parts.contains(&TAGGED) && !matches!(schema.kind, Kind::Tagged { .. }) {
        return vec![format!("the tagged union {name}")];
    }
    let lacks = |what: &str, known: &dyn Fn(&str) -> bool| -> Vec<String> {
        let unknown = parts.iter().filter(|part| !known(part));
        unknown
            .map(|part| format!("the {what} `{part}` of {name}"))
            .collect()
    };
    match &schema.kind {
        Kind::Strings { values } => lacks("value", &|part| {
            values.iter().any(|(value, _)| *value == part)
        }),
        Kind::Tagged { members, .. } => lacks("member", &|part| {
            part == TAGGED || members.iter().any(|member| member.tag == part)
        }),
        Kind::Events { members } => {
            let mut operations = api.operations.iter();
            if !operations.any(|operation| operation.events == Some(name)) {
                return vec![format!("an operation that streams {name}")];
            }
            lacks("event", &|part| {
                members.iter().any(|member| member.tag == part)
            })
        }
        Kind::Object { .. } => parts
            .iter()
            .filter_map(|part| missing_property(api, name, part))
            .collect(),
        // Any requirement implies another type.
        Kind::Untagged | Kind::FreeForm | Kind::Other => lacks("part", &|_| false),
    }
}

fn missing_property(api: &Api, name: &str, part: &str) -> Option<String> {
    if let Some((property, value)) = part.split_once(" = ") {
        let mut constants = api.schemas[name].constants().iter();
        let is_known =
            constants.any(|constant| constant.property == property && constant.value == value);
        return (!is_known).then(|| format!("the constant `{property}: {value}` of {name}"));
    }
    // What has no type is a member of a union, which this schema is not.
    let Some((property, expected)) = part.split_once(": ") else {
        return Some(format!("the member `{part}` of {name}"));
    };
    let has_mark = |mark| property.ends_with(mark);
    let (may_be_optional, is_optional) = (has_mark('~'), has_mark('?'));
    let property = property.trim_end_matches(['?', '~']);
    match (api.presence(name, property), is_optional) {
        (Presence::Never, _) => return Some(format!("the property `{property}` of {name}")),
        _ if may_be_optional => {}
        (Presence::Sometimes, false) => {
            return Some(format!("the required property `{property}` of {name}"));
        }
        (Presence::Always, true) => {
            return Some(format!("the optional property `{property}` of {name}"));
        }
        _ => {}
    }
    let found = type_of(api, &api.schemas[name].value["properties"][property]);
    (expected != "any" && found != expected)
        .then(|| format!("the property `{property}` of {name} with the type {expected}"))
}

/// The type of a property, as [`Consumer::schemas`] spells it.
fn type_of(api: &Api, schema: &Value) -> String {
    if let Some(name) = target(schema) {
        // Primitive components have no type of their own.
        return match &api.schemas[name].kind {
            Kind::Other if api.schemas[name].value["type"] != "object" => {
                type_of(api, &Value::Object(api.schemas[name].value.clone()))
            }
            _ => name.to_owned(),
        };
    }
    match schema["type"].as_str().unwrap_or("value") {
        "array" => format!("[{}]", type_of(api, &schema["items"])),
        "integer" if schema["format"] == TIMESTAMP_FORMAT => "time".to_owned(),
        "string" if schema["enum"].is_array() => "constant".to_owned(),
        primitive => primitive.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::document;
    use crate::module::Module;

    fn newest() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");
        document::read(path.as_ref()).expect("openapi.yaml is readable")
    }

    fn compatibility(document: &Value) -> Compatibility {
        check(&Api::read(document, Module::Root).expect("the document is usable"))
    }

    /// The unmet requirements of `openapi.yaml` after a change.
    fn unmet(change: impl FnOnce(&mut Value)) -> Vec<Unmet> {
        let mut document = newest();
        change(&mut document);
        compatibility(&document).unmet
    }

    fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
        &mut document["components"]["schemas"][name]
    }

    fn remove(schema: &mut Value, key: &str) {
        let removed = schema.as_object_mut().and_then(|map| map.remove(key));
        assert!(removed.is_some(), "there is no {key}");
    }

    /// Renames a schema and all references to it.
    fn rename(document: &mut Value, name: &str) {
        let other = format!("Other{name}");
        let text = document.to_string();
        let text = text.replace(
            &format!("#/components/schemas/{name}\""),
            &format!("#/components/schemas/{other}\""),
        );
        *document = serde_json::from_str(&text).expect("it is JSON");
        let schemas = &mut document["components"]["schemas"];
        let moved = schemas[name].take();
        remove(schemas, name);
        schemas[other] = moved;
    }

    /// The message of the only unmet requirement.
    fn only(unmet: &[Unmet], is_fatal: bool) -> &str {
        let [one] = unmet else {
            let messages: Vec<&str> = unmet.iter().map(|unmet| unmet.message.as_str()).collect();
            panic!("expected one unmet requirement: {messages:?}");
        };
        assert_eq!(one.is_fatal, is_fatal, "{}", one.message);
        &one.message
    }

    #[test]
    fn openapi_yaml_meets_all_requirements() {
        let document = newest();
        let compatibility = compatibility(&document);
        assert!(compatibility.unmet.is_empty());
        let schemas = document["components"]["schemas"].as_object();
        assert_eq!(
            Some(compatibility.schemas.len()),
            schemas.map(|all| all.len())
        );
    }

    #[test]
    fn a_missing_required_operation_is_named() {
        let unmet = unmet(|document| {
            remove(
                &mut document["paths"]["/threads/{thread_id}/runs/{run_id}"],
                "get",
            );
        });
        let message = only(&unmet, true);
        assert!(message.contains("lacks the operation getRun,"), "{message}");
    }

    #[test]
    fn other_operations_are_not_required() {
        let unmet = unmet(|document| remove(&mut document["paths"], "/assistants"));
        assert!(unmet.is_empty());
    }

    #[test]
    fn properties_have_to_exist_and_be_as_optional_as_they_are_used() {
        let gone =
            unmet(|document| remove(&mut schema(document, "RunObject")["properties"], "status"));
        let message = only(&gone, true);
        assert!(
            message.contains("the property `status` of RunObject"),
            "{message}"
        );

        let optional = unmet(|document| schema(document, "RunObject")["required"] = json!([]));
        let message = only(&optional, true);
        assert!(
            message.contains("the required property `id` of RunObject"),
            "{message}"
        );

        let required = unmet(|document| {
            let action = &mut schema(document, "RunObject")["properties"]["required_action"];
            remove(action, "nullable");
        });
        let message = only(&required, true);
        assert!(
            message.contains("the optional property `required_action` of RunObject"),
            "{message}"
        );
    }

    #[test]
    fn properties_and_constants_have_the_types_that_code_uses() {
        for (name, property, changed, expected) in [
            (
                "RunObject",
                "id",
                json!({ "type": "integer" }),
                "the property `id` of RunObject with the type string",
            ),
            (
                "FunctionCall",
                "arguments",
                json!({ "type": "object", "additionalProperties": true }),
                "the property `arguments` of FunctionCall with the type string",
            ),
            (
                "RunObject",
                "object",
                json!({ "type": "string" }),
                "the constant `object: thread.run` of RunObject",
            ),
        ] {
            let unmet = unmet(|document| schema(document, name)["properties"][property] = changed);
            let message = only(&unmet, true);
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn missing_enum_values_and_union_members_are_named() {
        let value =
            unmet(|document| schema(document, "MessageRole")["enum"] = json!(["assistant"]));
        let message = only(&value, true);
        assert!(
            message.contains("the value `user` of MessageRole"),
            "{message}"
        );

        let member = unmet(|document| {
            remove(
                &mut schema(document, "AssistantTool")["discriminator"]["mapping"],
                "function",
            );
        });
        let message = only(&member, true);
        assert!(
            message.contains("the member `function` of AssistantTool"),
            "{message}"
        );
        assert_eq!(member[0].feature, Some("tools"));
    }

    #[test]
    fn answers_of_foundry_are_left_out_without_their_schemas() {
        for name in ["ComputerScreenshot", "RunToolCallMcp", "ToolApproval"] {
            let mut document = newest();
            rename(&mut document, name);
            let Compatibility { schemas, unmet } = compatibility(&document);
            let message = only(&unmet, false);
            assert!(message.contains(&format!("the schema {name}")), "{message}");
            assert_eq!(unmet[0].feature, Some("foundry"));
            assert!(!schemas.contains(&"RunToolCallMcp".to_owned()), "{name}");
        }
    }

    #[test]
    fn answers_of_foundry_require_the_members_of_unions() {
        let unmet = unmet(|document| {
            *schema(document, "RunToolCall") = json!({ "type": "object", "properties": {} });
        });
        let foundry = unmet.iter().find(|unmet| unmet.feature == Some("foundry"));
        let foundry = foundry.expect("the calls are required");
        assert!(!foundry.is_fatal, "{}", foundry.message);
        assert!(
            foundry.message.contains("`mcp` of RunToolCall"),
            "{}",
            foundry.message
        );
    }

    #[test]
    fn a_document_without_streams_is_rejected() {
        let mut document = newest();
        for item in document["paths"]
            .as_object_mut()
            .into_iter()
            .flat_map(|all| all.values_mut())
        {
            for operation in item
                .as_object_mut()
                .into_iter()
                .flat_map(|all| all.values_mut())
            {
                operation
                    .as_object_mut()
                    .map(|operation| operation.remove("x-event-stream"));
            }
        }
        let compatibility = compatibility(&document);
        let message = only(&compatibility.unmet, true);
        assert!(message.contains("streams of runs (src/sse/"), "{message}");
        assert!(
            message.contains("an operation that streams AssistantStreamEvent"),
            "{message}"
        );
    }

    #[test]
    fn response_formats_are_left_out_if_the_document_has_none() {
        let mut document = newest();
        rename(&mut document, "ResponseFormatJsonSchema");
        let compatibility = compatibility(&document);
        let message = only(&compatibility.unmet, false);
        assert!(message.contains("`response_format`"), "{message}");
        let has = |name: &str| compatibility.schemas.iter().any(|schema| schema == name);
        assert!(!has("ResponseFormatJsonSchema") && has("RunObject"));
    }

    #[test]
    fn a_missing_event_is_named() {
        let unmet = unmet(|document| {
            let events = schema(document, "AssistantStreamEvent");
            remove(
                &mut events["discriminator"]["mapping"],
                "thread.message.delta",
            );
        });
        let message = only(&unmet, true);
        assert!(
            message.contains("the event `thread.message.delta`"),
            "{message}"
        );
    }

    #[test]
    fn an_unrelated_document_gets_one_message_per_consumer() {
        let mut document = newest();
        document["paths"] = json!({ "/pets": { "get": {
            "operationId": "listPets",
            "responses": { "200": { "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Pet" },
            } } } },
        } } });
        document["components"]["schemas"] = json!({
            "Pet": { "type": "object", "properties": { "id": { "type": "string" } } },
        });
        let unmet = compatibility(&document).unmet;
        assert_eq!(unmet.len(), CONSUMERS.len());
        assert!(unmet[0].is_fatal);
        let message = &unmet[0].message;
        assert!(
            message.contains("getRun, the operation cancelRun, the operation listRuns and"),
            "{message}"
        );
    }
}
