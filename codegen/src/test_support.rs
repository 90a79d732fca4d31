//! Small documents for tests, and views of the source that they become.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use syn::{Fields, File, ImplItem, Item};

use crate::emit::syntax::name_of;
use crate::model::api::Api;
use crate::module::Module;
use crate::{Options, Source, emit, generate, generator, normalize};

/// A document with the operation `modifyThing` and these schemas.
pub fn document(schemas: Value) -> Value {
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

/// A `POST` operation with a path parameter.
pub fn operation(id: &str, body: &str, response: &str) -> Value {
    json!({
        "operationId": id,
        "description": "Does it.",
        "parameters": [{ "name": "thing_id", "in": "path", "required": true, "description": "Which.", "schema": { "type": "string" } }],
        "requestBody": { "required": true, "content": json_of(body) },
        "responses": responses(response),
    })
}

/// The responses of an operation.
pub fn responses(success: &str) -> Value {
    let response =
        |schema: &str| json!({ "description": "A response.", "content": json_of(schema) });
    json!({ "200": response(success), "4XX": response("ErrorResponse"), "5XX": response("ErrorResponse") })
}

/// JSON content of a schema.
pub fn json_of(schema: &str) -> Value {
    json!({ "application/json": { "schema": refer(schema) } })
}

/// A reference to a schema.
pub fn refer(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// An object schema.
pub fn object(properties: Value, required: &[&str]) -> Value {
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// The schema of a constant.
pub fn constant(value: &str) -> Value {
    json!({ "type": "string", "enum": [value] })
}

/// The client of the root module.
pub fn client(document: &Value) -> File {
    client_of(document, Module::Root)
}

/// The client of a module, with the serde attributes that its source does not have any more.
pub fn client_of(document: &Value, module: Module) -> File {
    let api = Api::read(document, module).expect("the document is valid");
    let file = normalize::for_client(&api).and_then(|document| generator::client(&document));
    let items = file.and_then(|file| emit::items(file, &api));
    let emit::Items { types, operations } = items.expect("the document is valid");
    syn::parse_quote!(pub mod types { #(#types)* } pub mod operations { #(#operations)* })
}

/// All source of a module, with mocks.
pub fn source(document: &Value, module: Module) -> Source {
    let options = Options {
        module,
        mocks: true,
    };
    generate(document, options).expect("the document is valid")
}

/// Parses generated source.
pub fn parse(source: &str) -> File {
    syn::parse_str(source).expect("the source parses")
}

/// The items of a module.
pub fn module<'a>(file: &'a File, name: &str) -> &'a [Item] {
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

/// The fields of the properties of a struct as `name:type`, with their serde attributes.
pub fn fields(file: &File, name: &str) -> Vec<String> {
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
        .filter(|field| !matches!(&*text(&field.ident), "extra" | "malformed"))
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

/// The variants of an enum.
pub fn variants(file: &File, name: &str) -> Vec<String> {
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

/// The inherent methods of a type.
pub fn methods(items: &[Item], of: &str) -> Vec<String> {
    parts(items, of)
        .filter_map(|item| match item {
            ImplItem::Fn(function) => Some(function.sig.ident.to_string()),
            _ => None,
        })
        .collect()
}

/// The macros whose methods a type has.
pub fn macros(items: &[Item], of: &str) -> Vec<String> {
    parts(items, of)
        .filter_map(|item| match item {
            ImplItem::Macro(item) => Some(item.mac.path.segments.last()?.ident.to_string()),
            _ => None,
        })
        .collect()
}

/// The items of the inherent implementations of a type.
fn parts<'a>(items: &'a [Item], of: &str) -> impl Iterator<Item = &'a ImplItem> {
    items
        .iter()
        .filter_map(move |item| match item {
            Item::Impl(item)
                if item.trait_.is_none() && name_of(&item.self_ty).as_deref() == Some(of) =>
            {
                Some(item)
            }
            _ => None,
        })
        .flat_map(|item| &item.items)
}

/// The error of an invalid document.
pub fn error(document: &Value) -> String {
    let options = Options {
        module: Module::Root,
        mocks: true,
    };
    match generate(document, options) {
        Ok(_) => panic!("the document is valid"),
        Err(error) => error.to_string(),
    }
}

/// The small document with `modifyThing` as a streaming operation.
pub fn streaming_document() -> Value {
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

/// The small document with an upload, `addThing`, and a download, `readThing`.
pub fn upload_document() -> Value {
    let mut document = document(json!({
        "AddThingRequest": object(
            json!({ "file": { "type": "string", "format": "binary" }, "purpose": { "type": "string" } }),
            &["file", "purpose"],
        ),
    }));
    let form = json!({ "multipart/form-data": { "schema": refer("AddThingRequest") } });
    document["paths"]["/things"] = json!({ "post": {
        "operationId": "addThing",
        "requestBody": { "required": true, "content": form },
        "responses": responses("ThingObject"),
    } });
    let mut read = operation("readThing", "ModifyThingRequest", "ThingObject");
    read.as_object_mut()
        .expect("an object")
        .remove("requestBody");
    read["responses"]["200"]["content"] = json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } });
    document["paths"]["/things/{thing_id}"]["get"] = read;
    document
}

/// The streaming document with delta events.
pub fn growing_document(object: Value, delta: Value, more: Value) -> Value {
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

/// The implementations of a trait by type: the bodies of their methods, without spaces.
pub fn implementations(document: &Value, of: &str) -> BTreeMap<String, String> {
    let text = |tokens: &dyn quote::ToTokens| {
        let text = tokens.to_token_stream().to_string();
        text.replace(' ', "").replace(",)", ")")
    };
    let implementation = |item: &Item| match item {
        Item::Impl(item) => {
            let last = item.trait_.as_ref()?.0.segments.last()?;
            let body = item.items.iter().find_map(|item| match item {
                ImplItem::Fn(function) => Some(text(&function.block)),
                _ => None,
            });
            let name = format!("{}{}", text(&item.self_ty), text(&last.arguments));
            (last.ident == of).then_some((name, body.unwrap_or_default()))
        }
        _ => None,
    };
    let file = client(document);
    let types = module(&file, "types").iter();
    types.filter_map(implementation).collect()
}
