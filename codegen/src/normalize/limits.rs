//! Limits and defaults: described in the documentation instead of enforced by types.

use serde_json::Value;

use crate::model::schema::{SECRET_FORMAT, TIMESTAMP_FORMAT};

/// Moves limits to the description: typify would generate types that reject values of servers
/// which have other limits. Defaults of requests are described as well.
pub fn limits_to_description(schema: &mut Value, in_request: bool) {
    for property in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        limits_to_description(property.1, in_request);
    }
    let mut sentences = limit_sentences(schema);
    sentences.extend(values_sentence(schema));
    if in_request {
        sentences.extend(default_sentence(schema));
    }
    remove_limits(schema);
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

/// The enumerated values of numbers and booleans, which have no enum in Rust.
fn values_sentence(schema: &Value) -> Option<String> {
    let values = schema["enum"].as_array().filter(|_| is_plain(schema))?;
    let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    Some(match values.as_slice() {
        [one] => format!("Always {one}."),
        several => format!("One of {}.", several.join(", ")),
    })
}

/// Whether a schema is of numbers or booleans.
fn is_plain(schema: &Value) -> bool {
    matches!(
        schema["type"].as_str(),
        Some("integer" | "number" | "boolean")
    )
}

fn default_sentence(schema: &Value) -> Option<String> {
    match schema.get("default")? {
        Value::Array(items) if items.is_empty() => None,
        Value::String(text) => Some(format!("Default: `{text}`.")),
        value => Some(format!("Default: `{value}`.")),
    }
}

fn remove_limits(schema: &mut Value) {
    let is_plain = is_plain(schema);
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
    if is_plain {
        map.remove("enum");
    }
    // typify maps formats such as `uri` and `uuid` to types of other crates.
    let is = |key: &str, value: &str| map.get(key).is_some_and(|found| found == value);
    let is_known = is("format", SECRET_FORMAT) || is("format", TIMESTAMP_FORMAT);
    if (is("type", "string") || is("type", "integer")) && !is_known {
        map.remove("format");
    }
    for nested in ["items", "additionalProperties"] {
        if let Some(nested) = map.get_mut(nested) {
            remove_limits(nested);
        }
    }
    for nested in ["allOf", "oneOf"] {
        map.get_mut(nested)
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .for_each(remove_limits);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{client, document, fields, object};

    #[test]
    fn enumerated_numbers_and_booleans_are_described() {
        let file = client(&document(json!({
            "Answer": object(json!({
                "deleted": { "type": "boolean", "enum": [true] },
                "dimensions": { "type": "integer", "enum": [256, 512] },
                "version": { "$ref": "#/components/schemas/Version" },
            }), &["deleted", "dimensions", "version"]),
            "Version": { "type": "integer", "enum": [1] },
        })));
        let fields = fields(&file, "Answer");
        assert!(fields[0].ends_with("deleted:bool"), "{fields:?}");
        assert!(fields[1].ends_with("dimensions:i64"), "{fields:?}");
        assert!(fields[2].ends_with("version:i64"), "{fields:?}");
        let source = prettyplease::unparse(&file);
        for sentence in ["Always `true`.", "One of `256`, `512`.", "Always `1`."] {
            assert!(source.contains(sentence), "{sentence} is not in {source}");
        }
    }

    #[test]
    fn limits_are_described_and_not_enforced() {
        let number = json!({ "type": "integer", "description": "How many.", "minimum": 1, "maximum": 50, "default": 20 });
        let file = client(&document(json!({
            "ModifyThingRequest": object(json!({ "n": number }), &["n"]),
            "Answer": object(json!({ "n": number }), &["n"]),
        })));
        assert_eq!(
            fields(&file, "ModifyThingRequest"),
            [r#"#[serde(deserialize_with="crate::json::scalar::integer")]n:i64"#]
        );
        let source = prettyplease::unparse(&file);
        assert!(
            source.contains("How many.\n\nFrom 1 to 50. Default: `20`."),
            "{source}"
        );
        assert!(
            source.contains("How many.\n\nFrom 1 to 50.*/"),
            "responses have no defaults: {source}"
        );
    }
}
