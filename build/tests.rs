//! Small documents and what becomes of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use syn::{Fields, File, ImplItem, Item};

use super::api::Api;
use super::{Module, check, doctor, events, generate, needs, shape};

/// A document with one operation and these schemas.
fn document(schemas: Value) -> Value {
    let mut document = json!({
        "openapi": "3.0.3",
        "info": { "title": "Small", "version": "1" },
        "paths": {
            "/things/{thing_id}": {
                "post": operation("modifyThing", "ModifyThingRequest", "ThingObject"),
            },
        },
        "components": { "schemas": {
            "ThingObject": object(json!({ "id": { "type": "string" } }), &["id"]),
            "ModifyThingRequest": object(json!({ "name": { "type": "string" } }), &[]),
            "ErrorResponse": object(json!({ "error": { "type": "string" } }), &["error"]),
        } },
    });
    for (name, schema) in schemas.as_object().expect("schemas are an object") {
        document["components"]["schemas"][name] = schema.clone();
    }
    document
}

fn operation(id: &str, body: &str, response: &str) -> Value {
    json!({
        "operationId": id,
        "description": "Does it.",
        "parameters": [{ "name": "thing_id", "in": "path", "required": true, "description": "Which.", "schema": { "type": "string" } }],
        "requestBody": { "required": true, "content": json_of(body) },
        "responses": responses(response),
    })
}

fn responses(success: &str) -> Value {
    let answer = |schema: &str| json!({ "description": "An answer.", "content": json_of(schema) });
    json!({ "200": answer(success), "4XX": answer("ErrorResponse"), "5XX": answer("ErrorResponse") })
}

fn json_of(schema: &str) -> Value {
    json!({ "application/json": { "schema": refer(schema) } })
}

fn refer(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn object(properties: Value, required: &[&str]) -> Value {
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

fn constant(value: &str) -> Value {
    json!({ "type": "string", "enum": [value] })
}

fn client(document: &Value) -> File {
    client_of(document, Module::Root)
}

fn client_of(document: &Value, module: Module) -> File {
    let source = generate(document, module)
        .expect("the document is usable")
        .client;
    syn::parse_str(&source).expect("the source parses")
}

fn module<'a>(file: &'a File, name: &str) -> &'a [Item] {
    file.items
        .iter()
        .find_map(|item| match item {
            Item::Mod(module) if module.ident == name => {
                module.content.as_ref().map(|(_, items)| items.as_slice())
            }
            _ => None,
        })
        .expect("the module exists")
}

/// The fields of a struct as `name: type`, with their serde rules.
fn fields(file: &File, name: &str) -> Vec<String> {
    let item = module(file, "types").iter().find_map(|item| match item {
        Item::Struct(item) if item.ident == name => Some(item),
        _ => None,
    });
    let Fields::Named(fields) = &item.expect("the struct exists").fields else {
        return Vec::new();
    };
    let text = |tokens: &dyn quote::ToTokens| tokens.to_token_stream().to_string().replace(' ', "");
    fields
        .named
        .iter()
        .map(|field| {
            let rules: String = field
                .attrs
                .iter()
                .filter(|rule| rule.path().is_ident("serde"))
                .map(|rule| text(rule))
                .collect();
            format!("{rules}{}:{}", text(&field.ident), text(&field.ty))
        })
        .collect()
}

fn variants(file: &File, name: &str) -> Vec<String> {
    let item = module(file, "types").iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == name => Some(item),
        _ => None,
    });
    item.expect("the enum exists")
        .variants
        .iter()
        .map(|variant| variant.ident.to_string())
        .collect()
}

fn methods(items: &[Item], of: &str) -> Vec<String> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Impl(item)
                if item.trait_.is_none()
                    && super::finish::name_of(&item.self_ty).as_deref() == Some(of) =>
            {
                Some(item)
            }
            _ => None,
        })
        .flat_map(|item| &item.items)
        .filter_map(|item| match item {
            ImplItem::Fn(function) => Some(function.sig.ident.to_string()),
            _ => None,
        })
        .collect()
}

fn error(document: &Value) -> String {
    match generate(document, Module::Root) {
        Ok(_) => panic!("the document ought to be refused"),
        Err(error) => error.to_string(),
    }
}

/// In front of a field that servers may leave out.
const MAY_BE_MISSING: &str =
    r#"#[serde(default,deserialize_with="crate::codec::null_as_default")]"#;

#[test]
fn what_an_answer_is_told_by_and_what_callers_send_may_not_be_missing() {
    let properties = json!({
        "count": { "type": "integer" }, "flag": { "type": "boolean" }, "id": { "type": "string" },
        "level": refer("Level"), "status": refer("Level"), "text": { "type": "string" },
    });
    let required = ["count", "flag", "id", "level", "status", "text"];
    let file = client(&document(json!({
        "Level": { "type": "string", "enum": ["a", "b"] },
        "ModifyThingRequest": object(properties.clone(), &required),
        "ThingObject": object(properties, &required),
    })));
    assert_eq!(
        fields(&file, "ThingObject"),
        [
            r#"#[serde(default,deserialize_with="crate::codec::integer_or_zero")]count:i64"#.to_owned(),
            "flag:bool".to_owned(),
            "id:::std::string::String".to_owned(),
            r#"#[serde(default="crate::codec::no_word",deserialize_with="crate::codec::null_as_no_word")]level:Level"#.to_owned(),
            "status:Level".to_owned(),
            format!("{MAY_BE_MISSING}text:::std::string::String"),
        ]
    );
    assert_eq!(
        fields(&file, "ModifyThingRequest")[..3],
        [
            r#"#[serde(deserialize_with="crate::codec::integer")]count:i64"#,
            "flag:bool",
            "id:::std::string::String",
        ]
    );
}

#[test]
fn a_page_has_its_items() {
    let items = json!({ "type": "array", "items": { "type": "string" } });
    let page = json!({ "data": items, "has_more": { "type": "boolean" }, "others": items });
    let file = client(&document(json!({
        "Page": object(page, &["data", "has_more", "others"]),
    })));
    assert_eq!(
        fields(&file, "Page")[..2],
        [
            r#"#[serde(deserialize_with="crate::codec::null_as_default")]data:::std::vec::Vec<::std::string::String>"#.to_owned(),
            format!("{MAY_BE_MISSING}has_more:bool"),
        ]
    );
}

#[test]
fn a_constant_is_written_by_the_type_and_is_no_field() {
    let tool = object(
        json!({ "type": constant("function"), "name": { "type": "string" } }),
        &["type", "name"],
    );
    let file = client(&document(json!({ "Tool": tool })));
    assert_eq!(
        fields(&file, "Tool"),
        [format!("{MAY_BE_MISSING}name:::std::string::String")]
    );
    let source = prettyplease::unparse(&file);
    assert!(
        source.contains(r#"#[serde(tag = "type", rename = "function")]"#),
        "{source}"
    );
}

#[test]
fn an_object_of_nothing_but_a_constant_is_a_struct_without_fields() {
    let file = client(&document(
        json!({ "Code": object(json!({ "type": constant("code") }), &["type"]) }),
    ));
    assert!(fields(&file, "Code").is_empty());
}

#[test]
fn what_may_be_missing_is_an_option_and_what_is_required_is_written() {
    let run = object(
        json!({
            "optional": { "type": "array", "items": { "type": "string" } },
            "nullable": { "type": "boolean", "nullable": true },
            "list": { "type": "array", "items": { "type": "string" } },
            "type": { "type": "string", "maxLength": 3 },
        }),
        &["nullable", "list", "type"],
    );
    let file = client(&document(json!({ "Run": run })));
    assert_eq!(
        fields(&file, "Run"),
        [
            r#"#[serde(default,deserialize_with="crate::codec::null_as_default")]list:::std::vec::Vec<::std::string::String>"#,
            "nullable:::std::option::Option<bool>",
            r#"#[serde(skip_serializing_if="::std::option::Option::is_none")]optional:::std::option::Option<::std::vec::Vec<::std::string::String>>"#,
            r#"#[serde(rename="type")]type_:::std::string::String"#,
        ]
    );
}

#[test]
fn a_time_is_a_timestamp() {
    let time =
        json!({ "type": "integer", "format": "unixtime", "minimum": 0, "description": "When." });
    let mut ended = time.clone();
    ended["nullable"] = true.into();
    let properties = json!({ "at": time, "ended": ended, "later": time, "named": refer("Time") });
    let file = client(&document(json!({
        "ThingObject": object(properties, &["at", "ended", "named"]),
        "Time": time,
    })));
    assert_eq!(
        fields(&file, "ThingObject"),
        [
            format!("{MAY_BE_MISSING}at:crate::Timestamp"),
            "ended:::std::option::Option<crate::Timestamp>".to_owned(),
            r#"#[serde(skip_serializing_if="::std::option::Option::is_none")]later:::std::option::Option<crate::Timestamp>"#.to_owned(),
            format!("{MAY_BE_MISSING}named:crate::Timestamp"),
        ]
    );
}

#[test]
fn an_integer_is_read_from_a_whole_float() {
    let integer = json!({ "type": "integer", "format": "int32" });
    let properties = json!({ "count": integer, "most": integer, "ratio": { "type": "number" } });
    let file = client(&document(json!({
        "ThingObject": object(properties, &["count", "ratio"]),
    })));
    assert_eq!(
        fields(&file, "ThingObject"),
        [
            r#"#[serde(default,deserialize_with="crate::codec::integer_or_zero")]count:i64"#.to_owned(),
            r#"#[serde(default,deserialize_with="crate::codec::integer_or_null",skip_serializing_if="::std::option::Option::is_none")]most:::std::option::Option<i64>"#.to_owned(),
            format!("{MAY_BE_MISSING}ratio:f64"),
        ]
    );
}

#[test]
fn a_map_of_text_holds_any_json() {
    let map =
        json!({ "type": "object", "additionalProperties": { "type": "string", "maxLength": 512 } });
    let file = client(&document(json!({
        "ThingObject": object(json!({ "labels": map, "named": refer("Labels") }), &["labels", "named"]),
        "Labels": map,
    })));
    assert_eq!(
        fields(&file, "ThingObject"),
        [
            format!(
                "{MAY_BE_MISSING}labels:::serde_json::Map<::std::string::String,::serde_json::Value>"
            ),
            "named:Labels".to_owned(),
        ]
    );
}

#[test]
fn a_free_form_object_is_kept_as_it_came() {
    let document = document(json!({
        "Schema": { "type": "object", "additionalProperties": true },
        "Tool": object(json!({ "schema": refer("Schema") }), &["schema"]),
    }));
    assert_eq!(fields(&client(&document), "Tool"), ["schema:Schema"]);
    let from = implementations(&document, "From");
    assert_eq!(from["Schema<::serde_json::Value>"], "{Self(value.into())}");
}

#[test]
fn a_component_that_is_a_primitive_is_no_type() {
    let file = client(&document(json!({
        "ParallelToolCalls": { "type": "boolean", "default": true },
        "Run": object(json!({ "parallel": refer("ParallelToolCalls") }), &["parallel"]),
    })));
    assert_eq!(fields(&file, "Run"), ["parallel:bool"]);
}

#[test]
fn an_enum_keeps_values_that_it_does_not_know() {
    let status = json!({ "type": "string", "enum": ["queued", "in_progress"] });
    let file = client(&document(json!({ "RunStatus": status })));
    assert_eq!(
        variants(&file, "RunStatus"),
        ["Queued", "InProgress", "Unknown"]
    );
}

#[test]
fn an_enum_with_a_value_unknown_keeps_others_elsewhere() {
    let status = json!({ "type": "string", "enum": ["known", "unknown"] });
    let file = client(&document(json!({ "Status": status })));
    assert_eq!(
        variants(&file, "Status"),
        ["Known", "Unknown", "Unrecognized"]
    );
}

#[test]
fn a_tagged_union_has_a_variant_for_each_tag_and_one_for_the_rest() {
    let file = client(&document(json!({
        "Code": object(json!({ "type": constant("code_interpreter") }), &["type"]),
        "Function": object(json!({ "type": constant("function") }), &["type"]),
        "Tool": {
            "oneOf": [refer("Code"), refer("Function")],
            "discriminator": {
                "propertyName": "type",
                "mapping": {
                    "code_interpreter": "#/components/schemas/Code",
                    "function": "#/components/schemas/Function",
                },
            },
        },
    })));
    assert_eq!(
        variants(&file, "Tool"),
        ["CodeInterpreter", "Function", "Unknown"]
    );
}

#[test]
fn a_union_of_one_is_an_enum_all_the_same() {
    let file = client(&document(json!({
        "Outputs": object(json!({ "type": constant("outputs") }), &["type"]),
        "Action": {
            "oneOf": [refer("Outputs")],
            "discriminator": {
                "propertyName": "type",
                "mapping": { "outputs": "#/components/schemas/Outputs" },
            },
        },
    })));
    assert_eq!(variants(&file, "Action"), ["Outputs", "Unknown"]);
}

#[test]
fn an_untagged_union_is_told_apart_by_json_type() {
    let content = json!({ "oneOf": [{ "type": "string" }, { "type": "array", "items": refer("ThingObject") }] });
    let file = client(&document(json!({ "Content": content })));
    assert_eq!(variants(&file, "Content"), ["Text", "List", "Unknown"]);
}

#[test]
fn an_untagged_union_of_objects_is_refused() {
    let both = json!({ "oneOf": [refer("ThingObject"), refer("ErrorResponse")] });
    let reason = error(&document(json!({ "Both": both })));
    assert_eq!(
        reason,
        "at #/components/schemas/Both: the union has no discriminator, and two of its branches are of the JSON type object"
    );
}

#[test]
fn only_what_goes_into_requests_has_a_builder() {
    let file = client(&document(json!({})));
    let builders: Vec<String> = module(&file, "types")
        .iter()
        .find_map(|item| match item {
            Item::Mod(module) if module.ident == "builder" => module.content.as_ref(),
            _ => None,
        })
        .map(|(_, items)| items.as_slice())
        .expect("there is a module of builders")
        .iter()
        .filter_map(|item| match item {
            Item::Struct(item) => Some(item.ident.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(builders, ["ModifyThingRequest"]);
}

#[test]
fn limits_are_documentation_and_not_types() {
    let number = json!({ "type": "integer", "description": "How many.", "minimum": 1, "maximum": 50, "default": 20 });
    let file = client(&document(json!({
        "ModifyThingRequest": object(json!({ "n": number }), &["n"]),
        "Answer": object(json!({ "n": number }), &["n"]),
    })));
    assert_eq!(
        fields(&file, "ModifyThingRequest"),
        [r#"#[serde(deserialize_with="crate::codec::integer")]n:i64"#]
    );
    let source = prettyplease::unparse(&file);
    assert!(
        source.contains("How many.\n\nFrom 1 to 50. Default: `20`."),
        "{source}"
    );
    assert!(
        source.contains("How many.\n\nFrom 1 to 50.*/"),
        "an answer has no default: {source}"
    );
}

#[test]
fn an_operation_becomes_a_builder_and_a_method() {
    let file = client(&document(json!({})));
    let operations = module(&file, "operations");
    let builder = methods(operations, "ModifyThing");
    for expected in [
        "thing_id",
        "body",
        "header",
        "query",
        "timeout",
        "send",
        "send_response",
    ] {
        assert!(
            builder.iter().any(|method| method == expected),
            "{expected} is missing from {builder:?}"
        );
    }
    assert_eq!(methods(&file.items, "Client"), ["modify_thing"]);
}

#[test]
fn a_list_operation_is_recognised_and_gets_its_pagers() {
    let mut document = document(json!({
        "ListThingsResponse": object(
            json!({
                "data": { "type": "array", "items": refer("ThingObject") },
                "last_id": { "type": "string", "nullable": true },
                "has_more": { "type": "boolean" },
            }),
            &["data", "last_id", "has_more"],
        ),
    }));
    document["paths"]["/things"] = json!({ "get": {
        "operationId": "listThings",
        "parameters": [{ "name": "after", "in": "query", "schema": { "type": "string" } }],
        "responses": responses("ListThingsResponse"),
    } });
    let file = client(&document);
    let builder = methods(module(&file, "operations"), "ListThings");
    assert!(
        builder.contains(&"items".to_owned()) && builder.contains(&"pages".to_owned()),
        "{builder:?}"
    );
}

/// The small document with `modifyThing` as a streaming operation.
fn streaming_document() -> Value {
    let event = |name: &str, data: Value| {
        object(
            json!({ "event": constant(name), "data": data }),
            &["event", "data"],
        )
    };
    let mut document = document(json!({
        "ModifyThingRequest": object(json!({ "stream": { "type": "boolean" }, "name": { "type": "string" } }), &[]),
        "ThingChangedEvent": event("thing.changed", refer("ThingObject")),
        "DoneEvent": event("done", constant("[DONE]")),
        "ThingEvent": {
            "oneOf": [refer("ThingChangedEvent"), refer("DoneEvent")],
            "discriminator": {
                "propertyName": "event",
                "mapping": {
                    "thing.changed": "#/components/schemas/ThingChangedEvent",
                    "done": "#/components/schemas/DoneEvent",
                },
            },
        },
    }));
    document["paths"]["/things/{thing_id}"]["post"]["x-event-stream"] = refer("ThingEvent");
    document
}

#[test]
fn a_streaming_operation_asks_for_events_without_a_switch_in_its_body() {
    let file = client(&streaming_document());
    assert_eq!(
        fields(&file, "ModifyThingRequest").len(),
        1,
        "`stream` is no field"
    );
    let streaming = module(&file, "operations").iter().any(|item| match item {
        Item::Impl(item) => item.trait_.as_ref().is_some_and(|(path, _)| {
            path.segments
                .last()
                .is_some_and(|segment| segment.ident == "StreamingOperation")
        }),
        _ => false,
    });
    assert!(streaming);
}

#[test]
fn events_become_one_enum_by_name() {
    let file = client(&streaming_document());
    assert_eq!(
        variants(&file, "ThingEvent"),
        ["Done", "ThingChanged", "Unknown"]
    );
}

#[test]
fn a_module_has_a_client_and_a_header_of_its_own() {
    let mut document = document(json!({}));
    let built = |document: &Value, module| {
        let file = client_of(document, module);
        prettyplease::unparse(&file)
    };
    let root = built(&document, Module::Root);
    assert!(root.contains(r#"BETA: &str = "assistants=v2""#), "{root}");
    assert!(root.contains("impl crate::Client {"), "{root}");

    document["info"]["x-source"]["beta"] = "assistants=v1".into();
    let v1 = built(&document, Module::V1);
    assert!(v1.contains(r#"BETA: &str = "assistants=v1""#), "{v1}");
    assert!(v1.contains("impl crate::v1::Client {"), "{v1}");
    assert!(
        v1.contains("(client: &openai_assistants::v1::Client,"),
        "{v1}"
    );
    assert!(
        v1.contains("body: openai_assistants::v1::types::ModifyThingRequest"),
        "{v1}"
    );
}

#[test]
fn runs_are_followed_at_the_root_alone() {
    let mut document = document(json!({}));
    let thing = document["components"]["schemas"]["ThingObject"].clone();
    document["components"]["schemas"]["RunObject"] = thing;
    let responses = responses("RunObject");
    document["paths"]["/things/{thing_id}"]["post"]["responses"] = responses;
    let follows = |module| {
        let file = client_of(&document, module);
        methods(self::module(&file, "operations"), "ModifyThing").contains(&"follow".to_owned())
    };
    assert!(follows(Module::Root));
    assert!(!follows(Module::V1));
}

#[test]
fn mocks_cover_array_parameters() {
    let mut document = document(json!({}));
    document["paths"]["/things/{thing_id}"]["post"]["parameters"].as_array_mut().expect("parameters").push(json!({
        "name": "include[]", "in": "query", "schema": { "type": "array", "items": { "type": "string" } },
    }));
    let source = generate(&document, Module::Root)
        .expect("the document is usable")
        .mocks;
    let file: File = syn::parse_str(&source).expect("the source parses");
    let mocks = methods(module(&file, "operations"), "ModifyThingWhen");
    assert!(mocks.contains(&"include".to_owned()), "{mocks:?}");
}

#[test]
fn other_versions_of_openapi_are_refused() {
    let mut document = document(json!({}));
    document["openapi"] = "3.1.0".into();
    assert_eq!(
        error(&document),
        "at #/openapi: source is made of OpenAPI 3.0, and this is 3.1.0"
    );
}

#[test]
fn a_reference_to_nothing_is_refused_by_name() {
    let broken = object(json!({ "of": refer("Nothing") }), &[]);
    assert_eq!(
        error(&document(json!({ "Broken": broken }))),
        "at #/components/schemas/Nothing: the schema is referred to and does not exist"
    );
}

#[test]
fn an_answer_without_a_named_schema_is_refused() {
    let mut document = document(json!({}));
    document["paths"]["/things/{thing_id}"]["post"]["responses"] = json!({});
    assert_eq!(
        error(&document),
        "at #/paths/~1things~1{thing_id}/post: the response 200 is not JSON of a named schema"
    );
}

#[test]
fn what_makes_no_good_names_is_refused_by_name() {
    let values =
        |values: Value| document(json!({ "Status": { "type": "string", "enum": values } }));
    assert_eq!(
        error(&values(json!(["a-b", "a_b"]))),
        "at #/components/schemas/Status: the value `a_b` and `a-b` would both be `AB` in Rust"
    );
    assert_eq!(
        error(&values(json!(["<", ">"]))),
        "at #/components/schemas/Status: the value `<` makes no name in Rust"
    );
    let thing = object(json!({ "build": { "type": "string" } }), &[]);
    assert_eq!(
        error(&document(json!({ "ModifyThingRequest": thing }))),
        "at #/components/schemas/ModifyThingRequest: the property `build` would be `build` in Rust, which has another meaning there"
    );
}

#[test]
fn a_path_parameter_that_is_not_declared_is_refused() {
    let mut document = document(json!({}));
    document["paths"]["/things/{thing_id}"]["post"]["parameters"] = json!([]);
    assert_eq!(
        error(&document),
        "at #/paths/~1things~1{thing_id}/post: the path parameter `thing_id` has to be both in the path and among the parameters"
    );
}

#[test]
fn a_parameter_of_a_name_that_is_taken_is_refused() {
    let mut document = document(json!({}));
    let parameter = json!({ "name": "send", "in": "query", "schema": { "type": "string" } });
    document["paths"]["/things/{thing_id}"]["post"]["parameters"]
        .as_array_mut()
        .expect("parameters")
        .push(parameter);
    assert!(error(&document).contains("the parameter `send` would be `send` in Rust"));
}

#[test]
fn a_parameter_named_like_a_keyword_is_usable() {
    let mut document = document(json!({}));
    let parameter = json!({ "name": "type", "in": "query", "schema": { "type": "string" } });
    document["paths"]["/things/{thing_id}"]["post"]["parameters"]
        .as_array_mut()
        .expect("parameters")
        .push(parameter);
    let file = client(&document);
    assert!(methods(module(&file, "operations"), "ModifyThing").contains(&"type_".to_owned()));
}

#[test]
fn a_schema_that_needs_a_name_is_refused() {
    let inline = object(
        json!({ "of": { "oneOf": [{ "type": "string" }, { "type": "integer" }] } }),
        &[],
    );
    assert_eq!(
        error(&document(json!({ "Thing": inline }))),
        "at #/components/schemas/Thing/properties/of: the schema needs a name of its own; import the document first"
    );
}

#[test]
fn a_tag_that_leads_nowhere_is_refused() {
    let union = json!({
        "oneOf": [refer("ThingObject")],
        "discriminator": { "propertyName": "type", "mapping": { "thing": "#/components/schemas/Nowhere" } },
    });
    assert_eq!(
        error(&document(json!({ "Union": union }))),
        "at #/components/schemas/Union/discriminator/mapping/thing: the schema `Nowhere` does not exist"
    );
}

/// The streaming document, with a second event: things grow by these deltas.
fn growing_document(object: Value, delta: Value, more: Value) -> Value {
    let mut document = streaming_document();
    let schemas = &mut document["components"]["schemas"];
    let growing = |object_name: &str, mut properties: Value| {
        properties["object"] = constant(object_name);
        properties["id"] = json!({ "type": "string" });
        self::object(properties, &["id", "object"])
    };
    schemas["ThingObject"] = growing("thing", object);
    schemas["ThingDeltaObject"] = growing("thing.delta", json!({ "delta": refer("ThingDelta") }));
    schemas["ThingDelta"] = self::object(delta, &[]);
    schemas["ThingDeltaEvent"] = self::object(
        json!({ "event": constant("thing.delta"), "data": refer("ThingDeltaObject") }),
        &["event", "data"],
    );
    schemas["ThingEvent"]["oneOf"]
        .as_array_mut()
        .expect("a list")
        .push(refer("ThingDeltaEvent"));
    schemas["ThingEvent"]["discriminator"]["mapping"]["thing.delta"] =
        "#/components/schemas/ThingDeltaEvent".into();
    for (name, schema) in more.as_object().expect("schemas are an object") {
        schemas[name] = schema.clone();
    }
    document
}

/// What is generated of a trait by the type that has it: the body of its method, without
/// spaces.
fn implementations(document: &Value, of: &str) -> BTreeMap<String, String> {
    let text = |tokens: &dyn quote::ToTokens| {
        let text = tokens.to_token_stream().to_string();
        text.replace(' ', "").replace(",)", ")")
    };
    let implementation = |item: &Item| match item {
        Item::Impl(item) => {
            let last = item.trait_.as_ref()?.0.segments.last()?;
            let body = match item.items.first() {
                Some(ImplItem::Fn(function)) => text(&function.block),
                _ => String::new(),
            };
            let name = format!("{}{}", text(&item.self_ty), text(&last.arguments));
            (last.ident == of).then_some((name, body))
        }
        _ => None,
    };
    let file = client(document);
    let types = module(&file, "types").iter();
    types.filter_map(implementation).collect()
}

#[test]
fn what_has_delta_events_grows_property_by_property() {
    let document = growing_document(
        json!({ "text": { "type": "string" }, "count": { "type": "integer" }, "here": { "type": "string" } }),
        json!({ "text": { "type": "string" }, "count": { "type": "integer" }, "there": { "type": "string" } }),
        json!({}),
    );
    let merges = implementations(&document, "Merge");
    assert_eq!(
        merges.keys().collect::<Vec<_>>(),
        ["ThingObject<ThingDelta>", "ThingObject<ThingDeltaObject>"]
    );
    let body = &merges["ThingObject<ThingDelta>"];
    assert!(
        body.contains(r#"crate::delta::text("text",crate::delta::made(&mutself.text),delta);"#),
        "{body}"
    );
    assert!(
        body.contains("Clone::clone_from(crate::delta::made(&mutself.count),delta);"),
        "{body}"
    );
    assert!(!body.contains("here"), "{body}");
    assert_eq!(
        merges["ThingObject<ThingDeltaObject>"],
        "{crate::delta::text(\"id\",&mutself.id,&delta.id);\
         ifletSome(delta)=&delta.delta{crate::delta::Merge::merge(&mut*self,delta,holes)?;}Ok(())}"
    );
}

#[test]
fn what_has_no_delta_events_does_not_grow() {
    for of in ["Merge", "Empty", "Indexed"] {
        assert!(implementations(&streaming_document(), of).is_empty());
    }
}

#[test]
fn a_delta_of_nothing_and_a_payload_without_properties_are_passed_over() {
    let mut document = growing_document(json!({}), json!({}), json!({}));
    let schemas = &mut document["components"]["schemas"];
    schemas["ThingObject"]["properties"]["object"] = constant("other");
    schemas["ThingDelta"] = json!({ "type": "string" });
    schemas["OtherEvent"] = self::object(
        json!({ "event": constant("other"), "data": refer("Status") }),
        &["event", "data"],
    );
    schemas["Status"] = json!({ "type": "string", "enum": ["a", "b"] });
    schemas["ThingEvent"]["oneOf"]
        .as_array_mut()
        .expect("a list")
        .push(refer("OtherEvent"));
    schemas["ThingEvent"]["discriminator"]["mapping"]["other"] =
        "#/components/schemas/OtherEvent".into();
    assert!(implementations(&document, "Merge").is_empty());
}

#[test]
fn a_property_that_is_of_another_type_in_the_delta_is_passed_over() {
    let text = json!({ "type": "string" });
    let object = json!({
        "a": text, "b": { "type": "array", "items": text }, "c": refer("Status"), "d": refer("Part"), "e": { "type": "number" },
    });
    let delta = json!({
        "a": { "type": "integer" }, "b": text, "c": text, "d": { "type": "object" }, "e": { "type": "array", "items": text },
    });
    let document = growing_document(
        object,
        delta,
        json!({
            "Status": { "type": "string", "enum": ["a", "b"] },
            "Part": self::object(json!({ "text": text }), &[]),
        }),
    );
    assert_eq!(
        implementations(&document, "Merge")["ThingObject<ThingDelta>"],
        "{Ok(())}"
    );
}

#[test]
fn either_side_may_lack_a_value() {
    let text = json!({ "type": "string" });
    let mut document = growing_document(
        json!({ "a": text, "b": text, "c": text, "d": text }),
        json!({ "a": text, "b": text, "c": text, "d": text }),
        json!({}),
    );
    let schemas = &mut document["components"]["schemas"];
    schemas["ThingObject"]["required"] = json!(["id", "object", "a", "b"]);
    schemas["ThingDelta"]["required"] = json!(["a", "c"]);
    assert_eq!(
        implementations(&document, "Merge")["ThingObject<ThingDelta>"],
        "{crate::delta::text(\"a\",&mutself.a,&delta.a);\
         ifletSome(delta)=&delta.b{crate::delta::text(\"b\",&mutself.b,delta);}\
         crate::delta::text(\"c\",crate::delta::made(&mutself.c),&delta.c);\
         ifletSome(delta)=&delta.d{crate::delta::text(\"d\",crate::delta::made(&mutself.d),delta);}\
         Ok(())}"
    );
}

#[test]
fn a_list_grows_by_the_index_of_its_deltas_or_at_its_end() {
    let list = |of: Value| json!({ "type": "array", "items": of });
    let text = json!({ "type": "string" });
    let document = growing_document(
        json!({ "indexed": list(refer("Part")), "parts": list(refer("Part")), "texts": list(text.clone()) }),
        json!({ "indexed": list(refer("PartDelta")), "parts": list(refer("Part")), "texts": list(text.clone()) }),
        json!({
            "Part": self::object(json!({ "text": text }), &[]),
            "PartDelta": self::object(json!({ "index": { "type": "integer" }, "text": text }), &["index"]),
        }),
    );
    let merges = implementations(&document, "Merge");
    let body = &merges["ThingObject<ThingDelta>"];
    assert_eq!(body.matches("crate::delta::list(").count(), 1, "{body}");
    assert_eq!(
        body.matches("::std::vec::Vec::extend_from_slice(").count(),
        2,
        "{body}"
    );
    assert!(merges.contains_key("Part<PartDelta>"));
    assert_eq!(
        implementations(&document, "Indexed")["PartDelta"],
        "{Some(self.index.into())}"
    );
    assert!(implementations(&document, "Empty").contains_key("Part"));
}

#[test]
fn a_map_grows_pair_by_pair() {
    let map = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
    let document = growing_document(
        json!({ "labels": refer("Labels"), "map": map }),
        json!({ "labels": refer("Labels"), "map": map }),
        json!({ "Labels": map }),
    );
    let body = &implementations(&document, "Merge")["ThingObject<ThingDelta>"];
    assert_eq!(
        body.matches("::std::iter::Extend::extend(").count(),
        2,
        "{body}"
    );
}

#[test]
fn a_union_grows_member_by_member() {
    let union = |of: &[(&str, &str)]| {
        let mapping: Value = of
            .iter()
            .map(|(tag, schema)| {
                (
                    (*tag).to_owned(),
                    format!("#/components/schemas/{schema}").into(),
                )
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        json!({
            "oneOf": of.iter().map(|(_, schema)| refer(schema)).collect::<Vec<_>>(),
            "discriminator": { "propertyName": "type", "mapping": mapping },
        })
    };
    let member = |tag: &str| {
        self::object(
            json!({ "type": constant(tag), "text": { "type": "string" } }),
            &["type"],
        )
    };
    let document = growing_document(
        json!({ "part": refer("Part") }),
        json!({ "part": refer("PartDelta") }),
        json!({
            "Text": member("text"),
            "Image": member("image"),
            "TextDelta": member("text"),
            "SoundDelta": member("sound"),
            "Part": union(&[("text", "Text"), ("image", "Image")]),
            "PartDelta": union(&[("text", "TextDelta"), ("sound", "SoundDelta")]),
        }),
    );
    let arm = |variant: &str| {
        format!(
            "PartDelta::{variant}(delta)=>{{if!::std::matches!(self,Self::{variant}(_)){{*self=Self::{variant}(crate::delta::Empty::empty());}}\
             ifletSelf::{variant}(target)=self{{crate::delta::Merge::merge(target,delta,holes)?;}}}}"
        )
    };
    assert_eq!(
        implementations(&document, "Merge")["Part<PartDelta>"],
        format!(
            "{{matchdelta{{{}{}_=>{{}}}}Ok(())}}",
            arm("Unknown"),
            arm("Text")
        )
    );
    assert_eq!(
        implementations(&document, "Empty")["Part"],
        "{Self::Unknown(::serde_json::Value::Null)}"
    );
}

#[test]
fn an_object_in_itself_grows_too() {
    let node = |index: Value| {
        let mut node = self::object(
            json!({ "text": { "type": "string" }, "nodes": { "type": "array", "items": refer("Node") } }),
            &[],
        );
        node["properties"]["next"] = index;
        node
    };
    let document = growing_document(
        json!({ "node": refer("Node") }),
        json!({ "node": refer("Node") }),
        json!({ "Node": node(refer("Node")) }),
    );
    let body = &implementations(&document, "Merge")["Node<Node>"];
    assert!(
        body.contains(
            "crate::delta::Merge::merge(&mut**crate::delta::made(&mutself.next),&**delta,holes)?;"
        ),
        "{body}"
    );
}

#[test]
fn a_union_whose_members_all_have_an_id_gives_it_out() {
    let member = |tag: &str, required: &[&str]| {
        self::object(
            json!({ "type": constant(tag), "id": { "type": "string" } }),
            required,
        )
    };
    let methods_of_union = |required: &[&str]| {
        let file = client(&document(json!({
            "Code": member("code", &["type", "id"]),
            "Search": member("search", required),
            "Call": {
                "oneOf": [refer("Code"), refer("Search")],
                "discriminator": {
                    "propertyName": "type",
                    "mapping": {
                        "code": "#/components/schemas/Code",
                        "search": "#/components/schemas/Search",
                    },
                },
            },
        })));
        methods(module(&file, "types"), "Call")
    };
    assert_eq!(methods_of_union(&["type", "id"]), ["id"]);
    assert!(methods_of_union(&["type"]).is_empty());
}

#[test]
fn an_operation_that_streams_or_answers_with_a_run_has_methods_for_that() {
    let mut document = streaming_document();
    let builder =
        |document: &Value| methods(module(&client(document), "operations"), "ModifyThing");
    let has = |document: &Value| {
        ["stream", "follow"].map(|method| builder(document).contains(&method.to_owned()))
    };
    assert_eq!(has(&document), [true, false]);
    let schemas = &mut document["components"]["schemas"];
    schemas["RunObject"] = schemas["ThingObject"].clone();
    let answer = "/paths/~1things~1{thing_id}/post/responses/200/content/application~1json/schema";
    *document.pointer_mut(answer).expect("it has an answer") = refer("RunObject");
    assert_eq!(has(&document), [true, true]);
}

#[test]
fn a_header_that_cannot_be_sent_is_refused() {
    for beta in [json!("assistants=v2ü"), json!("a b"), json!(""), json!(2)] {
        let mut document = document(json!({}));
        document["info"]["x-source"]["beta"] = beta;
        assert_eq!(
            error(&document),
            "at #/info/x-source/beta: the value of the header `OpenAI-Beta` has to be visible ASCII, such as `assistants=v2`"
        );
    }
}

#[test]
fn a_property_that_is_no_schema_is_refused() {
    for property in [json!(true), json!(1), json!(null), json!([])] {
        let thing = object(json!({ "of": property }), &[]);
        assert_eq!(
            error(&document(json!({ "Thing": thing }))),
            "at #/components/schemas/Thing/properties/of: the schema is not an object"
        );
    }
    let open = json!({ "of": { "type": "object", "additionalProperties": true } });
    client(&document(json!({ "Thing": object(open, &[]) })));
}

#[test]
fn an_event_without_data_is_refused() {
    for event in [json!({}), object(json!({}), &[])] {
        let mut document = streaming_document();
        document["components"]["schemas"]["DoneEvent"] = event;
        assert_eq!(
            error(&document),
            "at #/components/schemas/DoneEvent/properties/data: the data of an event is neither a named schema nor a literal"
        );
    }
}

/// Where all values of a document are, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, part)| (key.replace('~', "~0").replace('/', "~1"), part))
            .collect(),
        Value::Array(list) => (0..)
            .map(|index: usize| index.to_string())
            .zip(list)
            .collect(),
        _ => Vec::new(),
    };
    for (key, part) in parts {
        let at = format!("{at}/{key}");
        places(part, &at, found);
        found.push(at);
    }
}

/// What is done here with a document, without progenitor: it is slow, and its panics are
/// caught.
fn read_all(document: &Value) -> Result<(), super::Error> {
    let api = Api::read(document, Module::Root)?;
    check::check(&api)?;
    shape::for_client(&api)?;
    shape::for_mocks(&api)?;
    events::payloads(&api)?;
    events::types(&api)?;
    needs::check(&api);
    doctor::source(&api);
    Ok(())
}

#[test]
fn whatever_a_value_is_replaced_by_there_is_no_panic() {
    let document = streaming_document();
    let mut found = Vec::new();
    places(&document, "", &mut found);
    let mut panics = Vec::new();
    let mut refused = 0;
    for place in found {
        for value in [json!(true), json!(1), json!(null), json!([]), json!({})] {
            let mut edited = document.clone();
            *edited.pointer_mut(&place).expect("it is there") = value.clone();
            match std::panic::catch_unwind(|| read_all(&edited).is_err()) {
                Ok(is_refused) => refused += usize::from(is_refused),
                Err(_) => panics.push(format!("{place} = {value}")),
            }
        }
    }
    assert_eq!(panics, [""; 0]);
    assert!(refused > 100, "{refused}");
}
