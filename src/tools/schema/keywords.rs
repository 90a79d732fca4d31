//! Combines and restricts the keywords of JSON Schemas.

use serde_json::{Map, Value, json};

use crate::error::core::Result;
use crate::tools::schema::unsupported::{not_strict, untyped};

/// A schema as its keywords and their values.
pub(super) type Keywords = Map<String, Value>;

/// The string formats of the strict subset.
const FORMATS: &str = "date date-time duration email hostname ipv4 ipv6 time uuid";

/// Returns the keywords of a schema that matter.
///
/// Keywords that only restrict or annotate a value (`minLength`, `default`, `title`) are dropped.
/// Maps and tuples are kept, but are errors if the schema is to be strict. So are other unsupported
/// keywords, since without them the schema would describe other values.
pub(super) fn supported(schema: Value, path: &str, is_strict: bool) -> Result<Keywords> {
    let schema = match schema {
        Value::Object(schema) => schema,
        _ if is_strict => return Err(untyped(path)),
        _ => Keywords::new(),
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
            "additionalProperties" | "unevaluatedProperties" if !is_strict || value == false => {
                supported.insert("additionalProperties".to_owned(), value);
                continue;
            }
            "patternProperties" | "prefixItems" if !is_strict => {
                supported.insert(keyword, value);
                continue;
            }
            _ if !is_strict => continue,
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

/// Builds an `anyOf` with an optional description.
pub(super) fn any_of(members: Vec<Value>, description: Option<Value>) -> Value {
    let mut schema = json!({ "anyOf": members });
    if let Some(description) = description {
        schema["description"] = description;
    }
    schema
}

/// Whether the keyword `type` of a schema names a JSON type.
pub(super) fn has_type(types: Option<&Value>, name: &str) -> bool {
    match types {
        Some(Value::Array(types)) => types.iter().any(|one| one == name),
        only => only.is_some_and(|only| only == name),
    }
}
