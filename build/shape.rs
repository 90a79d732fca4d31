//! Shapes the document for progenitor: facts that make poor Rust types are taken
//! out, and what is left is OpenAPI that progenitor and typify turn into good ones.
//!
//! Each step is one function over one schema. The document itself is not changed:
//! what is dropped here is still a fact about the wire.

use serde_json::{Map, Value, json};

use super::api::{Api, Kind, Schema, reference};
use super::{Error, events};

/// The format of an integer that is a time; the importer writes it, whatever the document
/// says of such a property.
pub const TIMESTAMP: &str = "unixtime";

/// The document that the client is generated from.
pub fn for_client(api: &Api) -> Result<openapiv3::OpenAPI, Error> {
    openapi(shape(api))
}

/// The document that the typed mocks are generated from.
///
/// progenitor's mock generator writes code for array parameters that does not
/// compile, so they are left out here and added on the syntax tree.
#[cfg(feature = "mock")]
pub fn for_mocks(api: &Api) -> Result<openapiv3::OpenAPI, Error> {
    let mut shaped = shape(api);
    for_each_operation(&mut shaped, |operation| {
        if let Some(parameters) = operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
        {
            parameters.retain(|parameter| parameter["schema"]["type"] != "array");
        }
    });
    openapi(shaped)
}

fn openapi(shaped: Value) -> Result<openapiv3::OpenAPI, Error> {
    serde_json::from_value(shaped)
        .map_err(|error| Error::new("#", format!("this is not OpenAPI 3.0: {error}")))
}

fn shape(api: &Api) -> Value {
    let mut document = api.document.clone();
    let schemas: Map<String, Value> = api
        .schemas
        .iter()
        .filter(|(name, schema)| !events::only_in_events(api, name) && primitive(schema).is_none())
        .map(|(name, schema)| {
            let mut value = Value::Object(schema.value.clone());
            inline_primitives(api, &mut value);
            drop_stream_switch(api, name, &mut value);
            drop_constant(&schema.kind, &mut value);
            free_objects_are_json(&schema.kind, &mut value);
            values_of_maps_are_json(&mut value);
            open_objects(&mut value);
            empty_objects_are_structs(&schema.kind, &mut value);
            optional_is_nullable(&mut value);
            limits_become_prose(&mut value, api.requests.contains(name));
            ((*name).to_owned(), value)
        })
        .collect();
    document["components"]["schemas"] = Value::Object(schemas);
    for_each_operation(&mut document, |operation| {
        for parameter in operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if let Some(schema) = parameter.get_mut("schema") {
                inline_primitives(api, schema);
                limits_become_prose(schema, true);
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

/// A component that is no more than a boolean, a number or text.
fn primitive<'a>(schema: &Schema<'a>) -> Option<&'a Map<String, Value>> {
    let ty = schema.value.get("type")?.as_str()?;
    let is_primitive = matches!(ty, "boolean" | "integer" | "number" | "string");
    (schema.kind == Kind::Other && is_primitive).then_some(schema.value)
}

/// A name for a boolean is no reason for a type: callers read and write `bool`.
fn inline_primitives(api: &Api, schema: &mut Value) {
    let target = reference(schema).or_else(|| reference(&schema["allOf"][0]));
    let target = target.and_then(|name| primitive(api.schemas.get(name)?));
    if let (Some(primitive), Some(map)) = (target, schema.as_object_mut()) {
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

/// Whether to stream is said by the method that is called, so that a plain call
/// cannot be answered with a stream.
fn drop_stream_switch(api: &Api, name: &str, schema: &mut Value) {
    let streams = |operation: &super::api::Operation| {
        operation.events.is_some() && operation.body == Some(name)
    };
    if api.operations.iter().any(streams) {
        remove_property(schema, "stream");
    }
}

/// A property with one possible value is written by the type, not by the caller.
fn drop_constant(kind: &Kind, schema: &mut Value) {
    if let Kind::Object {
        constant: Some(constant),
    } = kind
    {
        remove_property(schema, constant.property);
    }
}

/// typify makes a map of an object that has neither properties nor a ban on others.
fn empty_objects_are_structs(kind: &Kind, schema: &mut Value) {
    let is_empty = schema["properties"].as_object().is_some_and(Map::is_empty);
    if matches!(kind, Kind::Object { .. }) && is_empty {
        remove(schema, "properties");
        schema["additionalProperties"] = Value::Bool(false);
    }
}

/// A document that says text does not keep servers from sending numbers, booleans and null.
fn values_of_maps_are_json(schema: &mut Value) {
    for property in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        values_of_maps_are_json(property.1);
    }
    if schema["additionalProperties"]["type"] == "string" {
        schema["additionalProperties"] = json!({});
    }
}

/// A free-form object becomes a newtype, which keeps its schema's name.
fn free_objects_are_json(kind: &Kind, schema: &mut Value) {
    if *kind == Kind::Any {
        remove(schema, "type");
        remove(schema, "additionalProperties");
    }
}

/// Servers send properties that the document does not know.
fn open_objects(schema: &mut Value) {
    if schema.get("properties").is_some() {
        remove(schema, "additionalProperties");
    }
}

/// `Option` for every property that may be left out, lists included: leaving a
/// list out and sending an empty one are different requests.
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

/// Limits are for the server to check: typify would make types of them that
/// refuse what a server may well send. They go into the documentation instead. A
/// default says what is taken for a value that a request leaves out.
fn limits_become_prose(schema: &mut Value, in_request: bool) {
    for property in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        limits_become_prose(property.1, in_request);
    }
    let mut sentences = limit_sentences(schema);
    if in_request {
        sentences.extend(default_sentence(schema));
    }
    drop_limits(schema);
    if !sentences.is_empty() {
        let description = schema["description"].as_str().unwrap_or_default();
        let separator = if description.is_empty() { "" } else { "\n\n" };
        schema["description"] = format!("{description}{separator}{}", sentences.join(" ")).into();
    }
}

fn limit_sentences(schema: &Value) -> Vec<String> {
    let mut sentences = Vec::new();
    let fact = |name: &str| schema.get(name).filter(|value| !value.is_null());
    match (fact("minimum"), fact("maximum")) {
        (Some(low), Some(high)) => sentences.push(format!("From {low} to {high}.")),
        (Some(low), None) => sentences.push(format!("At least {low}.")),
        (None, Some(high)) => sentences.push(format!("At most {high}.")),
        (None, None) => {}
    }
    for (name, what, unit) in [
        ("minLength", "At least", "characters"),
        ("maxLength", "At most", "characters"),
        ("minItems", "At least", "items"),
        ("maxItems", "At most", "items"),
    ] {
        if let Some(limit) = fact(name) {
            let unit = if limit == 1 {
                unit.trim_end_matches('s')
            } else {
                unit
            };
            sentences.push(format!("{what} {limit} {unit}."));
        }
    }
    sentences
}

fn default_sentence(schema: &Value) -> Option<String> {
    match schema.get("default")? {
        Value::Array(items) if items.is_empty() => None,
        Value::String(text) => Some(format!("Default: `{text}`.")),
        value => Some(format!("Default: `{value}`.")),
    }
}

fn drop_limits(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    for limit in [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "default",
    ] {
        map.remove(limit);
    }
    // Formats such as `uri` and `uuid` would bring types of other crates.
    let is = |key: &str, value: &str| map.get(key).is_some_and(|found| found == value);
    if is("type", "string") || is("type", "integer") && !is("format", TIMESTAMP) {
        map.remove("format");
    }
    for nested in ["items", "additionalProperties"] {
        if let Some(nested) = map.get_mut(nested) {
            drop_limits(nested);
        }
    }
    for nested in ["allOf", "oneOf"] {
        map.get_mut(nested)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .for_each(drop_limits);
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
