//! Classifies upstream schemas by their keywords, before they are lowered.

use serde_json::{Map, Value};

use super::pointer::Pointer;
use super::schema::SIBLING_KEYWORDS;
use openai_assistants_codegen::Error;

/// Keywords that OpenAPI 3.0, or this project, cannot express.
const UNSUPPORTED: [&str; 16] = [
    "$anchor",
    "$defs",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "contains",
    "definitions",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "not",
    "patternProperties",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Rejects a schema with a keyword that cannot be lowered.
pub(super) fn reject_unsupported(schema: &Map<String, Value>, at: &Pointer) -> Result<(), Error> {
    let unsupported = |keyword: &&String| UNSUPPORTED.contains(&keyword.as_str());
    match schema.keys().find(unsupported) {
        Some(keyword) => Err(Error::at(
            at.child(keyword),
            format!("`{keyword}` cannot be lowered to OpenAPI 3.0"),
        )),
        None => Ok(()),
    }
}

/// Rejects a schema that combines two kinds of schemas, such as a `$ref` with `items`.
pub(super) fn reject_combination(
    schema: &Map<String, Value>,
    keywords: &[&str],
    kind: &str,
    at: &Pointer,
) -> Result<(), Error> {
    let found = keywords
        .iter()
        .find(|keyword| schema.contains_key(**keyword));
    match found {
        Some(keyword) => Err(Error::at(
            at,
            format!("{kind} that also has `{keyword}` cannot be lowered"),
        )),
        None => Ok(()),
    }
}

/// Returns the keyword and the branches of a union.
///
/// Branches that only list required properties are conditions on the object, not types.
pub(super) fn union<'a>(
    schema: &'a Value,
    at: &Pointer,
) -> Result<Option<(&'static str, &'a Vec<Value>)>, Error> {
    let mut found = None;
    for keyword in ["oneOf", "anyOf"] {
        let Some(branches) = schema.get(keyword) else {
            continue;
        };
        let branches = branches
            .as_array()
            .ok_or_else(|| Error::at(at, format!("`{keyword}` must be a list")))?;
        if branches.iter().all(only_requires) {
            continue;
        }
        if found.replace((keyword, branches)).is_some() {
            return Err(Error::at(
                at,
                "a schema with `oneOf` and `anyOf` cannot be lowered",
            ));
        }
    }
    Ok(found)
}

/// Whether a schema only lists required properties.
pub(super) fn only_requires(schema: &Value) -> bool {
    schema.as_object().is_some_and(|map| {
        map.contains_key("required")
            && map
                .keys()
                .all(|keyword| keyword == "required" || is_documentation(keyword))
    })
}

/// Whether a schema does not constrain the type, apart from being an object.
pub(super) fn is_unconstrained(schema: &Value) -> bool {
    schema.as_object().is_some_and(|map| {
        map.keys().all(|keyword| {
            is_documentation(keyword)
                || SIBLING_KEYWORDS.contains(&keyword.as_str())
                || keyword == "type" && map["type"] == "object" && map.len() == 1
        })
    })
}

fn is_documentation(keyword: &str) -> bool {
    matches!(
        keyword,
        "title" | "description" | "example" | "examples" | "externalDocs" | "$comment"
    ) || keyword.starts_with("x-")
}

/// Whether a schema has `nullable: true`.
pub(super) fn is_nullable(schema: &Value) -> bool {
    schema.get("nullable") == Some(&Value::Bool(true))
}

/// Whether a schema only allows `null`.
pub(super) fn is_null(schema: &Value) -> bool {
    let only_null = |value: Option<&Value>| {
        value
            .and_then(Value::as_array)
            .is_some_and(|list| matches!(list.as_slice(), [one] if one.is_null() || one == "null"))
    };
    schema.get("type").is_some_and(|name| name == "null")
        || schema.get("const").is_some_and(Value::is_null)
        || only_null(schema.get("type"))
        || only_null(schema.get("enum"))
}
