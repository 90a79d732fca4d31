//! Small documents and what becomes of them.

use serde_json::{Value, json};
use syn::{Fields, File, ImplItem, Item};

use super::generate;

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
    let source = generate(document).expect("the document is usable").client;
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
    match generate(document) {
        Ok(_) => panic!("the document ought to be refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_constant_is_written_by_the_type_and_is_no_field() {
    let tool = object(
        json!({ "type": constant("function"), "name": { "type": "string" } }),
        &["type", "name"],
    );
    let file = client(&document(json!({ "Tool": tool })));
    assert_eq!(fields(&file, "Tool"), ["name:::std::string::String"]);
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
            "nullable": { "type": "integer", "nullable": true, "minimum": 256 },
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
            "nullable:::std::option::Option<i64>",
            r#"#[serde(skip_serializing_if="::std::option::Option::is_none")]optional:::std::option::Option<::std::vec::Vec<::std::string::String>>"#,
            r#"#[serde(rename="type")]type_:::std::string::String"#,
        ]
    );
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
    assert_eq!(fields(&file, "ModifyThingRequest"), ["n:i64"]);
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
        Item::Impl(item) => item.trait_.as_ref().is_some_and(|(_, path, _)| {
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
fn mocks_cover_array_parameters() {
    let mut document = document(json!({}));
    document["paths"]["/things/{thing_id}"]["post"]["parameters"].as_array_mut().expect("parameters").push(json!({
        "name": "include[]", "in": "query", "schema": { "type": "array", "items": { "type": "string" } },
    }));
    let source = generate(&document).expect("the document is usable").mocks;
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
