//! Keywords of OpenAPI 3.1 that say what a value matches besides, rewritten as those of 3.0: siblings
//! of a `$ref`, tuples, and properties that several branches of an `allOf` define.

use openai_assistants_codegen::Error;
use serde_json::{Map, Value, json};

use super::pointer::Pointer;
use super::schema::{self, Kind, kind};

type Object = Map<String, Value>;

/// Rewrites a `$ref` with properties or required names beside it as an `allOf` of both.
pub(super) fn reference_with_siblings(schema: &Object) -> Option<Object> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = schema.get("required").and_then(Value::as_array);
    let has_siblings = properties.is_some_and(|properties| !properties.is_empty())
        || required.is_some_and(|names| !names.is_empty());
    if !has_siblings || schema.contains_key("allOf") {
        return None;
    }
    let mut rewritten = schema.clone();
    let reference = rewritten.remove("$ref")?;
    rewritten.insert("allOf".into(), json!([{ "$ref": reference }]));
    Some(rewritten)
}

/// Rewrites a tuple as a list whose items are of any of its types.
///
/// # Errors
/// `prefixItems` is not a list of schemas.
pub(super) fn tuple_items(schema: &Object, at: &Pointer) -> Result<Option<Object>, Error> {
    let Some(prefix) = schema.get("prefixItems") else {
        return Ok(None);
    };
    let prefix = prefix.as_array().filter(|items| !items.is_empty());
    let prefix = prefix.ok_or_else(|| {
        Error::at(
            at.child("prefixItems"),
            "`prefixItems` must be a list of schemas",
        )
    })?;
    let rest = schema.get("items").filter(|items| items.is_object());
    let mut types: Vec<&Value> = Vec::new();
    for item in prefix.iter().chain(rest) {
        if !types.contains(&item) {
            types.push(item);
        }
    }
    let items = match types.as_slice() {
        [one] => (*one).clone(),
        several => json!({ "oneOf": several }),
    };
    let mut rewritten = schema.clone();
    rewritten.remove("prefixItems");
    rewritten.insert("items".into(), items);
    Ok(Some(rewritten))
}

/// The schema of values that match both of two lowered schemas, if it is one of them.
pub(super) fn intersect(one: &Value, other: &Value) -> Option<Value> {
    let (mut one, mut other) = (one.clone(), other.clone());
    let siblings = (
        schema::take_siblings(&mut one),
        schema::take_siblings(&mut other),
    );
    let is_text = |schema: &Value| *schema == json!({ "type": "string" });
    let is_enum = |schema: &Value| matches!(kind(schema), Some(Kind::Constant | Kind::Enum));
    let mut narrower = match () {
        () if one == other || is_text(&one) && is_enum(&other) => other,
        () if is_text(&other) && is_enum(&one) => one,
        () => return None,
    };
    // Null has to match both.
    let is_nullable = siblings.0.contains_key("nullable") && siblings.1.contains_key("nullable");
    let mut all = siblings.0;
    all.extend(siblings.1);
    if !is_nullable {
        all.remove("nullable");
    }
    schema::put_siblings(&mut narrower, all);
    Some(narrower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Object {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_tuple_becomes_a_list_of_its_types() {
        let items = |schema: Value| {
            let rewritten = tuple_items(&object(schema), &Pointer::root());
            rewritten.map(|rewritten| rewritten.map(|schema| schema["items"].clone()))
        };
        let (text, number) = (json!({"type": "string"}), json!({"type": "number"}));
        assert_eq!(
            items(json!({"prefixItems": [text, number], "items": false})),
            Ok(Some(json!({"oneOf": [text, number]})))
        );
        assert_eq!(
            items(json!({"prefixItems": [text, text]})),
            Ok(Some(text.clone()))
        );
        assert_eq!(items(json!({"items": text})), Ok(None));
        assert!(items(json!({"prefixItems": {}})).is_err());
    }

    #[test]
    fn an_intersection_is_the_narrower_schema() {
        let text = json!({"type": "string"});
        let nullable = json!({"type": "string", "nullable": true});
        let one = json!({"type": "string", "enum": ["a"]});
        assert_eq!(intersect(&text, &one), Some(one.clone()));
        assert_eq!(intersect(&one, &nullable), Some(one.clone()));
        assert_eq!(intersect(&nullable, &text), Some(text.clone()));
        assert_eq!(intersect(&nullable, &nullable), Some(nullable));
        assert_eq!(intersect(&text, &json!({"type": "integer"})), None);
    }
}
