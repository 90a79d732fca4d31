//! The schemas of the document as JSON schemas.

use serde_json::{Map, Value, json};

/// Turns a schema of OpenAPI 3.0 into one of JSON Schema.
///
/// A union becomes a choice by its tag or by the type of the value, so that what is wrong
/// with a value is told of the member that it is meant to be.
pub(crate) fn converted(components: &Value, schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else {
        return schema.clone();
    };
    let mut result = Map::new();
    for (keyword, value) in schema {
        let value = match keyword.as_str() {
            "nullable" | "discriminator" | "description" | "oneOf" => continue,
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                properties
                    .map(|(name, property)| (name.clone(), converted(components, property)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            "allOf" | "anyOf" => {
                let schemas = value.as_array().into_iter().flatten();
                schemas
                    .map(|schema| converted(components, schema))
                    .collect()
            }
            "items" | "additionalProperties" | "not" => converted(components, value),
            _ => value.clone(),
        };
        result.insert(keyword.clone(), value);
    }
    if let Some(members) = schema.get("oneOf").and_then(Value::as_array) {
        let choice = match schema.get("discriminator") {
            Some(discriminator) => by_tag(discriminator),
            None => by_type(components, members),
        };
        result.extend(choice);
    }
    if schema.get("nullable") == Some(&true.into()) {
        return json!({ "if": { "type": "null" }, "else": result });
    }
    result.into()
}

/// A union whose members are told apart by one property.
fn by_tag(discriminator: &Value) -> Map<String, Value> {
    let tag = discriminator["propertyName"].as_str().unwrap_or_default();
    let mapping = discriminator["mapping"].as_object();
    let mapping: Vec<(&String, &Value)> = mapping.into_iter().flatten().collect();
    let tags: Vec<&String> = mapping.iter().map(|(name, _)| *name).collect();
    let known = json!({
        "type": "object",
        "required": [tag],
        "properties": { tag: { "enum": tags } },
    });
    let members = mapping.iter().map(|(name, member)| {
        let is_this = json!({ "type": "object", "required": [tag], "properties": { tag: { "const": name } } });
        json!({ "if": is_this, "then": { "$ref": member } })
    });
    Map::from_iter([(
        "allOf".to_owned(),
        [known].into_iter().chain(members).collect(),
    )])
}

/// A union whose members have different types. Where they have not, any of them will do.
fn by_type(components: &Value, members: &[Value]) -> Map<String, Value> {
    let types: Vec<&str> = members
        .iter()
        .map(|member| type_of(components, member))
        .collect();
    let are_different = types
        .iter()
        .enumerate()
        .all(|(at, ty)| !types[..at].contains(ty));
    let members = members.iter().map(|member| converted(components, member));
    if !are_different {
        return Map::from_iter([("anyOf".to_owned(), members.collect())]);
    }
    let choices = types
        .iter()
        .zip(members)
        .map(|(ty, member)| json!({ "if": { "type": ty }, "then": member }));
    Map::from_iter([
        ("type".to_owned(), json!(types)),
        ("allOf".to_owned(), choices.collect()),
    ])
}

fn type_of<'a>(components: &'a Value, schema: &'a Value) -> &'a str {
    resolved(components, schema)["type"]
        .as_str()
        .unwrap_or("object")
}

/// What a reference leads to. A schema of one reference and remarks on it counts as one.
pub(crate) fn resolved<'a>(components: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"]
        .as_str()
        .or_else(|| match schema["allOf"].as_array() {
            Some(all) if all.len() == 1 => all[0]["$ref"].as_str(),
            _ => None,
        });
    let name = target.and_then(|target| target.strip_prefix("#/components/schemas/"));
    match name.and_then(|name| components["schemas"].get(name)) {
        Some(target) => resolved(components, target),
        None => schema,
    }
}

/// Limits that the API has and that the document states in prose.
pub(crate) fn add_limits(schemas: &mut Value) {
    if let Some(metadata) = schemas.pointer_mut("/Metadata") {
        metadata["maxProperties"] = 16.into();
        metadata["propertyNames"] = json!({ "maxLength": 64 });
        metadata["additionalProperties"] = json!({ "type": "string", "maxLength": 512 });
    }
    if let Some(text) = schemas.pointer_mut("/MessageRequestContentTextObject/properties/text") {
        text["maxLength"] = 256_000.into();
    }
    if let Some(text) = schemas.pointer_mut("/CreateMessageContent/allOf/0/then") {
        text["maxLength"] = 256_000.into();
    }
    for name in [
        "/FunctionObject/properties/name",
        "/JsonSchemaFormat/properties/name",
    ] {
        if let Some(name) = schemas.pointer_mut(name) {
            name["minLength"] = 1.into();
            name["maxLength"] = 64.into();
            name["pattern"] = "^[a-zA-Z0-9_-]*$".into();
        }
    }
    if let Some(truncation) = schemas.pointer_mut("/TruncationObject") {
        truncation["if"] = json!({ "properties": { "type": { "const": "last_messages" } } });
        truncation["then"] = json!({
            "required": ["last_messages"],
            "properties": { "last_messages": { "type": "integer" } },
        });
    }
    // What orders vector stores is the same wherever resources are set, and it names none.
    let stores = schemas.pointer("/CreateFileSearchResources/properties/vector_stores");
    let stores = stores.cloned().unwrap_or_default();
    for name in ["/FileSearchResources", "/CreateFileSearchResources"] {
        if let Some(resources) = schemas.pointer_mut(name) {
            resources["properties"]["vector_stores"] = stores.clone();
            resources["if"] = json!({ "required": ["vector_store_ids"] });
            resources["then"] = json!({ "properties": { "vector_stores": false } });
        }
    }
    // A run has the tools of its assistant, and these may be more than a request for a run
    // may name.
    if let Some(Value::Object(tools)) = schemas.pointer_mut("/RunObject/properties/tools") {
        tools.remove("maxItems");
    }
}
