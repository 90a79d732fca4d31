//! What handwritten code needs of a document. A document that lacks some of it gets a
//! sentence for each part that cannot be built, instead of what the compiler would say.

use std::collections::BTreeSet;

use super::api::{Api, Kind, Presence};

/// A part of the handwritten layer, and what it takes from the document.
struct Part {
    /// What callers know it by.
    name: &'static str,
    /// The Cargo feature that brings it.
    feature: Option<&'static str>,
    /// The schema that it is gated by, as in `#[cfg(assistants_schema = "…")]`. Without
    /// one nothing can be built where the part cannot.
    gate: Option<&'static str>,
    operations: &'static [&'static str],
    /// Schemas, each with the properties, tags or values of it that are needed. `?` stands
    /// behind a property that has to be an `Option`; the others must not be one. [`UNION`]
    /// says that it has to be a union by tag, which keeps the members that it does not name.
    schemas: &'static [(&'static str, &'static [&'static str])],
}

/// Stands among the tags of a schema that has to be a union.
const UNION: &str = "|";

const PARTS: &[Part] = &[
    Part {
        name: "the life of a run (src/run/)",
        feature: None,
        gate: None,
        operations: &[
            "getRun",
            "cancelRun",
            "listRuns",
            "listMessages",
            "listRunSteps",
            "submitToolOuputsToRun",
        ],
        schemas: &[
            (
                "RunObject",
                &["id", "thread_id", "status", "required_action?"],
            ),
            ("RunStatus", &[]),
            (
                "MessageObject",
                &["id", "thread_id", "run_id?", "role", "content"],
            ),
            ("MessageRole", &["user", "assistant"]),
            ("MessageContent", &["text"]),
            ("MessageContentTextObject", &["text"]),
            ("MessageText", &["value"]),
            (
                "RunStepObject",
                &["id", "thread_id", "run_id", "step_details"],
            ),
            ("RunStepToolCall", &[]),
            ("ListRunsResponse", &["data"]),
            ("ListMessagesResponse", &["data", "has_more"]),
            ("ListRunStepsResponse", &["data", "has_more"]),
        ],
    },
    Part {
        name: "tools (src/tools/, src/run/rounds.rs)",
        feature: Some("tools"),
        gate: None,
        operations: &[],
        schemas: &[
            ("RunRequiredAction", &["submit_tool_outputs"]),
            ("RunToolCall", &["function"]),
            ("RunToolCallObject", &["id", "function"]),
            ("RunToolCallFunction", &["name", "arguments"]),
            ("SubmitToolOutputsRunRequest", &["tool_outputs"]),
            ("ToolOutput", &["tool_call_id?", "output?"]),
            ("AssistantTool", &["function"]),
        ],
    },
    Part {
        name: "the typed forms of the feature `foundry` (src/foundry/)",
        feature: Some("foundry"),
        gate: None,
        operations: &[],
        schemas: &[
            ("AssistantTool", &[UNION]),
            ("FunctionObject", &[]),
            ("ListOrder", &["asc", "desc"]),
            ("RunRequiredAction", &[UNION]),
            ("TextAnnotation", &[UNION]),
            ("ThreadObject", &["id"]),
        ],
    },
    Part {
        name: "the feature `mock` (src/mock/)",
        feature: Some("mock"),
        gate: None,
        operations: &[],
        schemas: &[
            ("AssistantObject", &[]),
            ("ThreadObject", &[]),
            ("ListAssistantsResponse", &[]),
            ("DeleteAssistantResponse", &[]),
            ("DeleteThreadResponse", &[]),
            ("ErrorResponse", &[]),
            ("RunStatus", &["requires_action"]),
        ],
    },
    Part {
        name: "`accumulate`, `RunStream` and `Follow::stream`",
        feature: None,
        gate: Some("AssistantStreamEvent"),
        operations: &[],
        schemas: &[
            (
                "AssistantStreamEvent",
                &[
                    "thread.created",
                    "thread.run.completed",
                    "thread.run.step.completed",
                    "thread.run.step.delta",
                    "thread.message.completed",
                    "thread.message.delta",
                    "done",
                ],
            ),
            ("ThreadObject", &["id"]),
            ("MessageDeltaObject", &["id", "delta"]),
            ("MessageDelta", &["content?"]),
            ("MessageDeltaContent", &["text"]),
            ("MessageDeltaContentTextObject", &["text?"]),
            ("RunStepDeltaObject", &["id", "delta"]),
            ("RunStepDetails", &["tool_calls"]),
            ("RunStepDetailsToolCallsObject", &["tool_calls"]),
            ("RunStepToolCall", &["function"]),
            ("RunStepDetailsToolCallsFunctionObject", &["id", "function"]),
            ("FunctionCall", &["name", "arguments"]),
            ("RunRequiredAction", &["submit_tool_outputs"]),
            ("RunToolCall", &["function"]),
            ("RunToolCallFunction", &["name", "arguments"]),
        ],
    },
    Part {
        name: "`MessageDeltaObject::text` and `mock::message_delta`",
        feature: None,
        gate: Some("MessageDeltaObject"),
        operations: &[],
        schemas: &[
            ("MessageDeltaObject", &["delta"]),
            ("MessageDelta", &["content?"]),
            ("MessageDeltaContent", &["text"]),
            ("MessageDeltaContentTextObject", &["text?"]),
        ],
    },
    Part {
        name: "`response_format` and strict tools",
        feature: Some("tools"),
        gate: Some("ResponseFormatJsonSchema"),
        operations: &[],
        schemas: &[
            ("ResponseFormatJsonSchema", &[]),
            ("AssistantsApiResponseFormatOption", &[]),
        ],
    },
    Part {
        name: "refusals as a part of messages",
        feature: Some("tools"),
        gate: Some("MessageContentRefusalObject"),
        operations: &[],
        schemas: &[
            ("MessageContent", &["refusal"]),
            ("MessageContentRefusalObject", &["refusal"]),
        ],
    },
    Part {
        name: "the ready-made answers of deleteMessage",
        feature: Some("mock"),
        gate: Some("DeleteMessageResponse"),
        operations: &["deleteMessage"],
        schemas: &[("DeleteMessageResponse", &[])],
    },
];

/// What a document is good for.
pub struct Findings {
    /// The schemas that handwritten code may ask for: those of the document, without the
    /// gates of parts that cannot be built.
    pub schemas: Vec<String>,
    /// What cannot be built, and why.
    pub lacks: Vec<Lack>,
}

/// A part that cannot be built.
pub struct Lack {
    /// The feature that brings it: without that it is not missed.
    pub feature: Option<&'static str>,
    /// Nothing can be built without it.
    pub is_fatal: bool,
    /// One sentence.
    pub sentence: String,
}

/// Compares the document with what is needed of it.
pub fn check(api: &Api) -> Findings {
    let mut closed = BTreeSet::new();
    let mut lacks = Vec::new();
    for part in PARTS {
        let missing = missing(api, part);
        if missing.is_empty() {
            continue;
        }
        closed.extend(part.gate);
        let name = part.name;
        let missing = some_of(&missing);
        let sentence = match part.gate {
            Some(_) => format!("{name} are left out: the document lacks {missing}"),
            None => format!(
                "{name} cannot be built: the document lacks {missing}, which all that OpenAI \
                 published since 2023-11 have"
            ),
        };
        lacks.push(Lack {
            feature: part.feature,
            is_fatal: part.gate.is_none(),
            sentence,
        });
    }
    let schemas = api.schemas.keys().filter(|name| !closed.contains(*name));
    Findings {
        schemas: schemas.map(ToString::to_string).collect(),
        lacks,
    }
}

/// The first few: a document that is about something else lacks everything.
fn some_of(missing: &[String]) -> String {
    let shown = missing.len().min(3);
    let list = missing[..shown].join(", ");
    match missing.len() - shown {
        0 => list,
        more => format!("{list} and {more} more"),
    }
}

fn missing(api: &Api, part: &Part) -> Vec<String> {
    let has = |id: &&str| api.operations.iter().any(|operation| operation.id == *id);
    let operations = part.operations.iter().filter(|id| !has(id));
    let mut missing: Vec<String> = operations.map(|id| format!("the operation {id}")).collect();
    for (name, parts) in part.schemas {
        missing.extend(missing_of(api, name, parts));
    }
    missing
}

fn missing_of(api: &Api, name: &str, parts: &[&str]) -> Vec<String> {
    let Some(schema) = api.schemas.get(name) else {
        return vec![format!("the schema {name}")];
    };
    if parts.contains(&UNION) && !matches!(schema.kind, Kind::Tagged { .. }) {
        return vec![format!("a union {name}")];
    }
    let lacks = |what: &str, known: &dyn Fn(&str) -> bool| -> Vec<String> {
        let unknown = parts.iter().filter(|part| !known(part));
        unknown
            .map(|part| format!("the {what} `{part}` of {name}"))
            .collect()
    };
    match &schema.kind {
        Kind::Strings { values } => lacks("value", &|part| values.contains(&part)),
        Kind::Tagged { members, .. } => lacks("member", &|part| {
            part == UNION || members.iter().any(|member| member.tag == part)
        }),
        Kind::Events { members } => {
            let streams = |events| events == Some(name);
            if !api
                .operations
                .iter()
                .any(|operation| streams(operation.events))
            {
                return vec![format!("an operation with a stream of {name}")];
            }
            lacks("event", &|part| {
                members.iter().any(|member| member.tag == part)
            })
        }
        Kind::Object { .. } => parts
            .iter()
            .filter_map(|part| missing_property(api, name, part))
            .collect(),
        // What is needed of it is another type altogether.
        Kind::Untagged | Kind::Any | Kind::Other => lacks("part", &|_| false),
    }
}

fn missing_property(api: &Api, name: &str, part: &str) -> Option<String> {
    let property = part.trim_end_matches('?');
    match (api.presence(name, property), part.ends_with('?')) {
        (Presence::Never, _) => Some(format!("the property `{property}` of {name}")),
        (Presence::Sometimes, false) => {
            Some(format!("a `{property}` of {name} that is always there"))
        }
        (Presence::Always, true) => Some(format!("a `{property}` of {name} that may be missing")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Module;
    use super::super::document;
    use super::*;

    fn newest() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");
        document::read(path.as_ref()).expect("openapi.yaml is readable")
    }

    fn findings(document: &Value) -> Findings {
        check(&Api::read(document, Module::Root).expect("the document is usable"))
    }

    /// What the document lacks after a change.
    fn lacks(change: impl FnOnce(&mut Value)) -> Vec<Lack> {
        let mut document = newest();
        change(&mut document);
        findings(&document).lacks
    }

    fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
        &mut document["components"]["schemas"][name]
    }

    fn remove(schema: &mut Value, key: &str) {
        let removed = schema.as_object_mut().and_then(|map| map.remove(key));
        assert!(removed.is_some(), "there is no {key}");
    }

    /// Gives a schema another name, for those who refer to it as well.
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

    /// The sentence of the only part that cannot be built, which is fatal or not.
    fn only(lacks: &[Lack], is_fatal: bool) -> &str {
        let [lack] = lacks else {
            let sentences: Vec<&str> = lacks.iter().map(|lack| lack.sentence.as_str()).collect();
            panic!("one part was expected: {sentences:?}");
        };
        assert_eq!(lack.is_fatal, is_fatal, "{}", lack.sentence);
        &lack.sentence
    }

    #[test]
    fn openapi_yaml_lacks_nothing() {
        let document = newest();
        let findings = findings(&document);
        assert!(findings.lacks.is_empty());
        let schemas = document["components"]["schemas"].as_object();
        assert_eq!(Some(findings.schemas.len()), schemas.map(|all| all.len()));
    }

    #[test]
    fn an_operation_that_runs_cannot_do_without_is_named() {
        let lacks = lacks(|document| {
            remove(
                &mut document["paths"]["/threads/{thread_id}/runs/{run_id}"],
                "get",
            );
        });
        let sentence = only(&lacks, true);
        assert!(
            sentence.contains("lacks the operation getRun,"),
            "{sentence}"
        );
    }

    #[test]
    fn an_operation_that_nothing_is_built_on_is_not_missed() {
        let lacks = lacks(|document| remove(&mut document["paths"], "/assistants"));
        assert!(lacks.is_empty());
    }

    #[test]
    fn a_property_has_to_be_there_and_as_optional_as_it_is_used() {
        let gone =
            lacks(|document| remove(&mut schema(document, "RunObject")["properties"], "status"));
        let sentence = only(&gone, true);
        assert!(
            sentence.contains("the property `status` of RunObject"),
            "{sentence}"
        );

        let optional = lacks(|document| schema(document, "RunObject")["required"] = json!([]));
        let sentence = only(&optional, true);
        assert!(
            sentence.contains("a `id` of RunObject that is always there"),
            "{sentence}"
        );

        let required = lacks(|document| {
            let action = &mut schema(document, "RunObject")["properties"]["required_action"];
            remove(action, "nullable");
        });
        let sentence = only(&required, true);
        assert!(
            sentence.contains("a `required_action` of RunObject that may be missing"),
            "{sentence}"
        );
    }

    #[test]
    fn values_of_enums_and_members_of_unions_are_named() {
        let value =
            lacks(|document| schema(document, "MessageRole")["enum"] = json!(["assistant"]));
        let sentence = only(&value, true);
        assert!(
            sentence.contains("the value `user` of MessageRole"),
            "{sentence}"
        );

        let member = lacks(|document| {
            remove(
                &mut schema(document, "AssistantTool")["discriminator"]["mapping"],
                "function",
            );
        });
        let sentence = only(&member, true);
        assert!(
            sentence.contains("the member `function` of AssistantTool"),
            "{sentence}"
        );
        assert_eq!(member[0].feature, Some("tools"));
    }

    #[test]
    fn what_foundry_reads_has_to_be_a_union() {
        for name in ["AssistantTool", "RunRequiredAction", "TextAnnotation"] {
            let lacks = lacks(|document| {
                *schema(document, name) = json!({ "type": "object", "properties": {} });
            });
            let foundry = lacks.iter().find(|lack| lack.feature == Some("foundry"));
            let lack = foundry.expect(name);
            assert!(
                lack.is_fatal && lack.sentence.contains(&format!("lacks a union {name},")),
                "{}",
                lack.sentence
            );
        }
    }

    #[test]
    fn a_schema_that_only_foundry_needs_is_missed_by_that_feature() {
        for name in ["FunctionObject", "ListOrder", "TextAnnotation"] {
            let lacks = lacks(|document| rename(document, name));
            let sentence = only(&lacks, true);
            assert!(
                sentence.contains(&format!("lacks the schema {name},")),
                "{sentence}"
            );
            assert_eq!(lacks[0].feature, Some("foundry"));
        }
    }

    #[test]
    fn without_streams_the_rest_is_built() {
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
        let findings = findings(&document);
        let sentence = only(&findings.lacks, false);
        assert!(sentence.contains("`RunStream`"), "{sentence}");
        assert!(
            sentence.contains("an operation with a stream of AssistantStreamEvent"),
            "{sentence}"
        );
        let has = |name: &str| findings.schemas.iter().any(|schema| schema == name);
        assert!(!has("AssistantStreamEvent") && has("RunObject"));
    }

    #[test]
    fn an_event_that_snapshots_are_made_of_is_named() {
        let lacks = lacks(|document| {
            let events = schema(document, "AssistantStreamEvent");
            remove(
                &mut events["discriminator"]["mapping"],
                "thread.message.delta",
            );
        });
        let sentence = only(&lacks, false);
        assert!(
            sentence.contains("the event `thread.message.delta`"),
            "{sentence}"
        );
    }

    #[test]
    fn a_document_about_something_else_gets_one_sentence_for_each_part() {
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
        let lacks = findings(&document).lacks;
        assert_eq!(lacks.len(), PARTS.len());
        assert!(lacks[0].is_fatal);
        let sentence = &lacks[0].sentence;
        assert!(
            sentence.contains("getRun, the operation cancelRun, the operation listRuns and"),
            "{sentence}"
        );
    }
}
