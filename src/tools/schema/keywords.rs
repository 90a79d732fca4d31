//! Combines and restricts the keywords of JSON Schemas.

use serde_json::{Map, Value, json};

use crate::error::core::Result;
use crate::tools::schema::unsupported::{not_strict, untyped};

/// A schema as its keywords and their values.
pub(super) type Keywords = Map<String, Value>;

/// The string formats of the strict subset.
const FORMATS: &str = "date date-time duration email hostname ipv4 ipv6 time uuid";

/// Returns the keywords of a schema that the strict subset supports.
///
/// Keywords that only restrict or annotate a value (`minLength`, `default`, `title`) are dropped.
/// Other unsupported keywords are errors, since without them the schema would describe other
/// values.
pub(super) fn supported(schema: Value, path: &str) -> Result<Keywords> {
    let Value::Object(schema) = schema else {
        return Err(untyped(path));
    };
    let mut supported = Keywords::new();
    for (keyword, value) in schema {
        let (problem, solution) = match keyword.as_str() {
            "format" if !FORMATS.split(' ').any(|format| value == format) => continue,
            "$ref" | "anyOf" | "oneOf" | "allOf" | "type" | "enum" | "const" | "description"
            | "properties" | "required" | "items" | "minItems" | "maxItems" | "pattern"
            | "format" | "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum"
            | "multipleOf" => {
                supported.insert(keyword, value);
                continue;
            }
            // Every object of a strict schema is closed.
            "additionalProperties" | "unevaluatedProperties" if value == false => continue,
            "additionalProperties"
            | "unevaluatedProperties"
            | "patternProperties"
            | "propertyNames" => (
                "is a map or accepts arbitrary properties",
                "use a list of structs with a name and a value",
            ),
            "prefixItems" => ("is a tuple", "use a struct with named fields"),
            "not" | "if" | "then" | "else" | "contains" | "dependentRequired"
            | "dependentSchemas" | "$dynamicRef" => {
                (&*format!("has `{keyword}`"), "use another type")
            }
            _ => continue,
        };
        return Err(not_strict(path, problem, solution));
    }
    Ok(supported)
}

/// Merges a schema into another, so that values match both. The first description is kept.
pub(super) fn merge(one: &mut Keywords, other: Keywords, path: &str) -> Result<()> {
    for (keyword, value) in other {
        match (keyword.as_str(), one.get_mut(&keyword), value) {
            (_, None, value) => drop(one.insert(keyword, value)),
            ("description", ..) => {}
            ("properties", Some(Value::Object(all)), Value::Object(more)) => {
                for (name, property) in more {
                    if all.get(&name).is_some_and(|present| *present != property) {
                        let problem = format!("has `{name}` twice with different types");
                        return Err(not_strict(path, &problem, "rename one of them"));
                    }
                    all.insert(name, property);
                }
            }
            ("required" | "allOf", Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
            ("$ref" | "anyOf" | "oneOf", Some(_), value) => {
                if let Value::Array(all) = one.entry("allOf").or_insert_with(|| json!([])) {
                    all.push(json!({ keyword: value }));
                }
            }
            (_, Some(present), value) if *present == value => {}
            _ => {
                let problem = format!("must match two schemas that differ in `{keyword}`");
                return Err(not_strict(path, &problem, "use another type"));
            }
        }
    }
    Ok(())
}

/// Makes a strict schema accept null as well.
pub(super) fn nullable(mut schema: Value) -> Value {
    let null = json!({ "type": "null" });
    if let Some(Value::Array(members)) = schema.get_mut("anyOf") {
        if !members.contains(&null) {
            members.push(null);
        }
        return schema;
    }
    let mut types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::String(only) if only != "object" && schema.get("const").is_none() => {
            vec![only.as_str().into()]
        }
        _ => {
            let description = schema
                .as_object_mut()
                .and_then(|one| one.remove("description"));
            return any_of(vec![schema, null], description);
        }
    };
    if !types.contains(&"null".into()) {
        types.push("null".into());
        schema["type"] = types.into();
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    schema
}

/// Builds an `anyOf` with an optional description.
pub(super) fn any_of(members: Vec<Value>, description: Option<Value>) -> Value {
    let mut schema = json!({ "anyOf": members });
    if let Some(description) = description {
        schema["description"] = description;
    }
    schema
}

/// Whether a schema accepts values of a JSON type.
pub(super) fn has_type(schema: &Keywords, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|one| one == name),
        only => only.is_some_and(|only| only == name),
    }
}
