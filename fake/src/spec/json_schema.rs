//! Converts OpenAPI 3.0 schemas to JSON Schema.

use serde_json::{Map, Value, json};

/// Converts an OpenAPI 3.0 schema to JSON Schema.
///
/// A `oneOf` becomes conditions on the discriminator or on the type of the value, so that
/// validation errors refer to the intended alternative.
pub(crate) fn convert(components: &Value, schema: &Value) -> Value {
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
                    .map(|(name, property)| (name.clone(), convert(components, property)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            "allOf" | "anyOf" => {
                let schemas = value.as_array().into_iter().flatten();
                schemas.map(|schema| convert(components, schema)).collect()
            }
            "items" | "additionalProperties" | "not" => convert(components, value),
            _ => value.clone(),
        };
        result.insert(keyword.clone(), value);
    }
    if let Some(alternatives) = schema.get("oneOf").and_then(Value::as_array) {
        let conditions = match schema.get("discriminator") {
            Some(discriminator) => by_discriminator(discriminator),
            None => by_type(components, alternatives),
        };
        result.extend(conditions);
    }
    if schema.get("nullable") == Some(&true.into()) {
        return json!({ "if": { "type": "null" }, "else": result });
    }
    result.into()
}

/// Conditions on the discriminator property.
fn by_discriminator(discriminator: &Value) -> Map<String, Value> {
    let tag = discriminator["propertyName"].as_str().unwrap_or_default();
    let mapping = discriminator["mapping"].as_object();
    let mapping: Vec<(&String, &Value)> = mapping.into_iter().flatten().collect();
    let tags: Vec<&String> = mapping.iter().map(|(name, _)| *name).collect();
    let known = json!({
        "type": "object",
        "required": [tag],
        "properties": { tag: { "enum": tags } },
    });
    let conditions = mapping.iter().map(|(name, alternative)| {
        let matches = json!({ "type": "object", "required": [tag], "properties": { tag: { "const": name } } });
        json!({ "if": matches, "then": { "$ref": alternative } })
    });
    Map::from_iter([(
        "allOf".to_owned(),
        [known].into_iter().chain(conditions).collect(),
    )])
}

/// Conditions on the JSON type. Alternatives of the same type become an `anyOf`.
fn by_type(components: &Value, alternatives: &[Value]) -> Map<String, Value> {
    let types: Vec<&str> = alternatives
        .iter()
        .map(|alternative| type_of(components, alternative))
        .collect();
    let are_distinct = types
        .iter()
        .enumerate()
        .all(|(index, ty)| !types[..index].contains(ty));
    let alternatives = alternatives
        .iter()
        .map(|alternative| convert(components, alternative));
    if !are_distinct {
        return Map::from_iter([("anyOf".to_owned(), alternatives.collect())]);
    }
    let conditions = types
        .iter()
        .zip(alternatives)
        .map(|(ty, alternative)| json!({ "if": { "type": ty }, "then": alternative }));
    Map::from_iter([
        ("type".to_owned(), json!(types)),
        ("allOf".to_owned(), conditions.collect()),
    ])
}

fn type_of<'a>(components: &'a Value, schema: &'a Value) -> &'a str {
    resolve(components, schema)["type"]
        .as_str()
        .unwrap_or("object")
}

/// Follows references. An `allOf` of one reference, which adds a description, is one too.
pub(crate) fn resolve<'a>(components: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"]
        .as_str()
        .or_else(|| match schema["allOf"].as_array() {
            Some(all) if all.len() == 1 => all[0]["$ref"].as_str(),
            _ => None,
        });
    let name = target.and_then(|target| target.strip_prefix("#/components/schemas/"));
    match name.and_then(|name| components["schemas"].get(name)) {
        Some(target) => resolve(components, target),
        None => schema,
    }
}

/// Adds limits of the API that the document states only in descriptions.
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
    // Vector stores can be described wherever tool resources are set, but not together with
    // `vector_store_ids`.
    let stores = schemas.pointer("/CreateFileSearchResources/properties/vector_stores");
    let stores = stores.cloned().unwrap_or_default();
    for name in ["/FileSearchResources", "/CreateFileSearchResources"] {
        if let Some(resources) = schemas.pointer_mut(name) {
            resources["properties"]["vector_stores"] = stores.clone();
            resources["if"] = json!({ "required": ["vector_store_ids"] });
            resources["then"] = json!({ "properties": { "vector_stores": false } });
        }
    }
    // A run inherits the tools of its assistant, which may have more than a request for a run
    // may set.
    if let Some(Value::Object(tools)) = schemas.pointer_mut("/RunObject/properties/tools") {
        tools.remove("maxItems");
    }
}
