//! Normalizes the document for progenitor: removes facts that lead to poor Rust types, and
//! rewrites the rest as OpenAPI from which progenitor and typify generate good ones.
//!
//! Each step is one function over one schema. The original document stays as it is; what is
//! removed here still describes the wire.

mod limits;

use std::mem;

use limits::limits_to_description;
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::model::api::Api;
use crate::model::events;
use crate::model::name::snake;
use crate::model::operation::{BINARY, FORM, JSON, Operation, RUST_NAME, success_status};
use crate::model::reference::target;
use crate::model::schema::{Kind, SECRET_FORMAT, Schema};

/// The document that the client is generated from.
pub fn for_client(api: &Api) -> Result<openapiv3::OpenAPI, Error> {
    parse(normalize(api))
}

/// The document that the typed mocks are generated from.
///
/// progenitor's mocks of array parameters do not compile. These parameters are removed here
/// and added to the syntax tree later.
pub fn for_mocks(api: &Api) -> Result<openapiv3::OpenAPI, Error> {
    let mut document = normalize(api);
    for_each_operation(&mut document, |operation| {
        if let Some(parameters) = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
        {
            parameters.retain(|parameter| parameter["schema"]["type"] != "array");
        }
    });
    parse(document)
}

fn parse(document: Value) -> Result<openapiv3::OpenAPI, Error> {
    serde_json::from_value(document)
        .map_err(|error| Error::new(format!("is not OpenAPI 3.0: {error}")))
}

fn normalize(api: &Api) -> Value {
    let mut document = api.document.clone();
    let schemas: Map<String, Value> = api
        .schemas
        .iter()
        .filter(|(name, schema)| !events::is_event(api, name) && primitive(schema).is_none())
        .map(|(name, schema)| {
            let mut value = Value::Object(schema.value.clone());
            inline_primitives(api, &mut value);
            remove_stream_property(api, name, &mut value);
            remove_file_property(api, name, &mut value);
            remove_constants(schema, &mut value);
            rename_fields(schema, &mut value);
            values_are_any(&schema.kind, &mut value);
            free_form_is_any_json(&schema.kind, &mut value);
            map_values_are_any_json(&mut value);
            allow_unknown_properties(&mut value);
            empty_objects_are_closed(&schema.kind, &mut value);
            index_is_optional(&mut value);
            optional_is_nullable(&mut value);
            limits_to_description(&mut value, api.requests.contains(name));
            ((*name).to_owned(), value)
        })
        .collect();
    document["components"]["schemas"] = Value::Object(schemas);
    for_each_operation(&mut document, |operation| {
        // progenitor names types and methods after the ID.
        operation.remove(RUST_NAME);
        let id = operation.get("operationId").and_then(Value::as_str);
        let mut operations = api.operations.iter();
        if let Some(name) = operations
            .find(|operation| Some(operation.id) == id)
            .map(Operation::function)
        {
            operation.insert("operationId".to_owned(), name.into());
        }
        only_json(operation);
        for parameter in operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let is_path = parameter["in"] == "path";
            if let Some(schema) = parameter.get_mut("schema") {
                // A segment of the path is text.
                if is_path {
                    *schema = json!({ "type": "string" });
                }
                inline_primitives(api, schema);
                limits_to_description(schema, true);
            }
        }
    });
    document
}

fn for_each_operation(document: &mut Value, mut visit: impl FnMut(&mut Map<String, Value>)) {
    let items = document["paths"]
        .as_object_mut()
        .into_iter()
        .flat_map(Map::values_mut);
    for item in items.filter_map(Value::as_object_mut) {
        item.values_mut()
            .filter_map(Value::as_object_mut)
            .for_each(&mut visit);
    }
}

/// The schema of a component that is a boolean, a number or a string.
fn primitive<'a>(schema: &Schema<'a>) -> Option<&'a Map<String, Value>> {
    schema.is_primitive().then_some(schema.value)
}

/// Replaces references to primitive components: callers use `bool`, not a newtype of it.
fn inline_primitives(api: &Api, schema: &mut Value) {
    let primitive = target(schema).and_then(|name| primitive(api.schemas.get(name)?));
    if let (Some(primitive), Some(map)) = (primitive, schema.as_object_mut()) {
        map.remove("$ref");
        map.remove("allOf");
        for (key, value) in primitive {
            map.entry(key).or_insert_with(|| value.clone());
        }
    }
    match schema {
        Value::Object(map) => map
            .values_mut()
            .for_each(|nested| inline_primitives(api, nested)),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|nested| inline_primitives(api, nested)),
        _ => {}
    }
}

/// Removes `stream` from the bodies of streaming operations: the method that is called
/// determines whether the response is a stream.
fn remove_stream_property(api: &Api, name: &str, schema: &mut Value) {
    let streams =
        |operation: &Operation| operation.events.is_some() && operation.body == Some(name);
    if api.operations.iter().any(streams) {
        remove_property(schema, "stream");
    }
}

/// Removes the file from the body of an upload: it has a setter of its own.
fn remove_file_property(api: &Api, name: &str, schema: &mut Value) {
    let mut operations = api.operations.iter();
    let upload = operations.find(|operation| operation.body == Some(name));
    if let Some(file) = upload.and_then(|operation| operation.file) {
        remove_property(schema, file);
    }
}

/// Describes forms as JSON, and files as responses without content. progenitor, which does not
/// support them, only generates the arguments.
fn only_json(operation: &mut Map<String, Value>) {
    let content =
        |value: Option<&mut Value>| value?.get_mut("content")?.as_object_mut().map(mem::take);
    if let Some(mut body) = content(operation.get_mut("requestBody")) {
        if let Some(form) = body.remove(FORM) {
            body.insert(JSON.to_owned(), form);
        }
        operation["requestBody"]["content"] = body.into();
    }
    let Some(status) = success_status(&Value::Object(operation.clone())).map(str::to_owned) else {
        return;
    };
    let success = operation
        .get_mut("responses")
        .and_then(|all| all.get_mut(&status));
    if let Some(mut response) = content(success) {
        response.remove(BINARY);
        operation["responses"][&status]["content"] = response.into();
    }
}

/// Removes the properties with a single value: the type serializes them.
fn remove_constants(schema: &Schema, value: &mut Value) {
    for constant in schema.constants() {
        remove_property(value, constant.property);
    }
}

/// Renames the properties whose fields would have the same name. The fields get the names of the
/// properties back.
fn rename_fields(schema: &Schema, value: &mut Value) {
    let Kind::Object { fields, .. } = &schema.kind else {
        return;
    };
    for (property, field) in fields {
        let name = snake(property);
        let is_numbered = *field != name && *field != format!("{name}_");
        if let Some(properties) = value.get_mut("properties").and_then(Value::as_object_mut)
            && is_numbered
            && let Some(definition) = properties.remove(*property)
        {
            properties.insert(field.clone(), definition);
        }
        if let Some(required) = value.get_mut("required").and_then(Value::as_array_mut)
            && is_numbered
        {
            let mut names = required.iter_mut();
            if let Some(name) = names.find(|name| *name == property) {
                *name = field.as_str().into();
            }
        }
    }
}

/// Replaces the values of an enum, which is emitted from the schema: typify rejects values that
/// have no distinct names.
fn values_are_any(kind: &Kind, schema: &mut Value) {
    if matches!(kind, Kind::Strings { .. }) {
        schema["enum"] = json!(["value"]);
    }
}

/// Forbids other properties of an empty object, which typify would otherwise make a map.
fn empty_objects_are_closed(kind: &Kind, schema: &mut Value) {
    let is_empty = schema["properties"].as_object().is_some_and(Map::is_empty);
    if matches!(kind, Kind::Object { .. }) && is_empty {
        remove(schema, "properties");
        schema["additionalProperties"] = Value::Bool(false);
    }
}

/// Allows any JSON in maps of strings: servers also send numbers, booleans and null.
fn map_values_are_any_json(schema: &mut Value) {
    for property in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        map_values_are_any_json(property.1);
    }
    let values = &schema["additionalProperties"];
    if values["type"] == "string" && values["format"] != SECRET_FORMAT {
        schema["additionalProperties"] = json!({});
    }
}

/// Makes a free-form object a newtype with the name of the schema.
fn free_form_is_any_json(kind: &Kind, schema: &mut Value) {
    if *kind == Kind::FreeForm {
        remove(schema, "type");
        remove(schema, "additionalProperties");
    }
}

/// Allows properties that the document does not define: servers send some.
fn allow_unknown_properties(schema: &mut Value) {
    if schema.get("properties").is_some() {
        remove(schema, "additionalProperties");
    }
}

/// Makes the index of a delta optional: without it, the position in the delta counts, and not 0.
fn index_is_optional(schema: &mut Value) {
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name != "index");
    }
}

/// Makes every optional property an `Option`, lists included: omitting a list and sending
/// an empty one are different requests.
fn optional_is_nullable(schema: &mut Value) {
    let required: Vec<String> = schema["required"]
        .as_array()
        .map(|names| {
            names
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties {
        if required.contains(name) {
            continue;
        }
        if let Some(target) = property.get("$ref").cloned() {
            *property = json!({ "allOf": [{ "$ref": target }] });
        }
        property["nullable"] = Value::Bool(true);
    }
}

fn remove_property(schema: &mut Value, property: &str) {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove(property);
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| name != property);
        if required.is_empty() {
            remove(schema, "required");
        }
    }
}

fn remove(schema: &mut Value, key: &str) {
    if let Some(map) = schema.as_object_mut() {
        map.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{client, document, fields, object, refer};

    /// The attribute of a field that servers may omit.
    const OPTIONAL: &str =
        r#"#[serde(default,deserialize_with="crate::json::scalar::null_as_default")]"#;

    #[test]
    fn a_map_of_strings_holds_any_json() {
        let map = json!({ "type": "object", "additionalProperties": { "type": "string", "maxLength": 512 } });
        let file = client(&document(json!({
            "ThingObject": object(json!({ "labels": map, "named": refer("Labels") }), &["labels", "named"]),
            "Labels": map,
        })));
        assert_eq!(
            fields(&file, "ThingObject"),
            [
                format!(
                    "{OPTIONAL}labels:::serde_json::Map<::std::string::String,::serde_json::Value>"
                ),
                "named:Labels".to_owned(),
            ]
        );
    }

    #[test]
    fn a_map_of_secrets_holds_secrets() {
        let secret = json!({ "type": "string", "format": "password" });
        let map = json!({ "type": "object", "additionalProperties": secret });
        let file = client(&document(json!({
            "ThingObject": object(json!({ "headers": map, "key": secret }), &["headers", "key"]),
        })));
        assert_eq!(
            fields(&file, "ThingObject"),
            [
                format!(
                    "{OPTIONAL}headers:::std::collections::BTreeMap<::std::string::String,crate::json::secret::Secret>"
                ),
                format!("{OPTIONAL}key:crate::json::secret::Secret"),
            ]
        );
    }

    #[test]
    fn a_primitive_component_is_inlined() {
        let file = client(&document(json!({
            "ParallelToolCalls": { "type": "boolean", "default": true },
            "Run": object(json!({ "parallel": refer("ParallelToolCalls") }), &["parallel"]),
        })));
        assert_eq!(fields(&file, "Run"), ["parallel:bool"]);
    }
}
