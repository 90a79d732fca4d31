//! Validates the invariants of a canonical document.

use openai_assistants_codegen::Error;
use openai_assistants_codegen::features::{self, FEATURE};
use serde_json::Value;

use super::pointer::{Pointer, lookup};
use super::schema::{self, Kind, kind};

/// Checks that references resolve, that objects, unions and enums are components, that the marks of features
/// are valid, and that no object requires a property of a feature.
pub(super) fn validate(document: &Value) -> Result<(), Error> {
    features::check(document)?;
    check_references(document, document, &Pointer::root())?;
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    for (name, component) in schemas.into_iter().flatten() {
        let at = Pointer::component(name);
        match kind(component) {
            None => {
                return Err(Error::at(
                    &at,
                    "the import produced a schema of unknown kind",
                ));
            }
            Some(Kind::Array) => check_inline(&component["items"], &at.child("items"))?,
            _ => {}
        }
        for (property, schema) in schema::properties(component) {
            check_inline(schema, &at.child("properties").child(property))?;
            if schema.get(FEATURE).is_some() && schema::requires(component, property) {
                return Err(Error::at(
                    at.child("properties").child(property),
                    "a property of a feature cannot be required: without the feature, the object would not have it",
                ));
            }
        }
        for (index, branch) in component
            .get("oneOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            check_inline(branch, &at.child("oneOf").child(index))?;
        }
    }
    let items = document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    for (path, item) in items {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let at = Pointer::root()
                .child("paths")
                .child(path)
                .child(method)
                .child("parameters");
            for (index, parameter) in operation
                .get("parameters")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .enumerate()
            {
                check_inline(&parameter["schema"], &at.child(index).child("schema"))?;
            }
        }
    }
    Ok(())
}

fn check_inline(schema: &Value, at: &Pointer) -> Result<(), Error> {
    match kind(schema) {
        Some(Kind::Reference | Kind::Primitive | Kind::Constant) => Ok(()),
        Some(Kind::Array) => check_inline(&schema["items"], &at.child("items")),
        Some(Kind::Map) => match &schema["additionalProperties"] {
            value @ Value::Object(_) => check_inline(value, &at.child("additionalProperties")),
            _ => Ok(()),
        },
        other => Err(Error::at(
            at,
            format!("the import left an inline schema: {other:?}"),
        )),
    }
}

fn check_references(document: &Value, value: &Value, at: &Pointer) -> Result<(), Error> {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref")
                && lookup(document, reference).is_none()
            {
                return Err(Error::at(
                    at,
                    format!("the import left a `$ref` that does not resolve: `{reference}`"),
                ));
            }
            map.iter()
                .try_for_each(|(key, value)| check_references(document, value, &at.child(key)))
        }
        Value::Array(list) => list
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| check_references(document, value, &at.child(index))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn validated(property: Value) -> Result<(), String> {
        let document = json!({"paths": {}, "components": {"schemas": {"A": {"type": "object", "properties": {"a": property}}}}});
        validate(&document).map_err(|error| error.to_string())
    }

    #[test]
    fn objects_unions_and_enums_are_components() {
        let reference = json!({"$ref": "#/components/schemas/A"});
        for primitive in [
            json!({"type": "string", "enum": ["a"]}),
            json!({"type": "array", "items": reference}),
            json!({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}),
        ] {
            assert_eq!(validated(primitive), Ok(()));
        }
        for inline in [
            json!({"type": "string", "enum": ["a", "b"]}),
            json!({"type": "object", "properties": {}}),
            json!({"type": "array", "items": {"oneOf": []}}),
            json!({}),
        ] {
            assert!(
                validated(inline)
                    .unwrap_err()
                    .starts_with("at #/components/schemas/A/properties/a")
            );
        }
    }

    #[test]
    fn a_property_of_a_feature_is_optional() {
        let property = json!({"type": "string", "x-feature": "files"});
        let of = |required: Value| {
            let document = json!({"components": {"schemas": {"A": {"type": "object", "properties": {"a": property}, "required": required}}}});
            validate(&document).map_err(|error| error.to_string())
        };
        assert_eq!(of(json!([])), Ok(()));
        let error = of(json!(["a"])).unwrap_err();
        assert!(
            error.starts_with("at #/components/schemas/A/properties/a: a property of a feature"),
            "{error}"
        );
    }

    #[test]
    fn marks_name_features_and_values_that_exist() {
        let of = |marks: Value| {
            let state = json!({"type": "string", "enum": ["on", "off"], "x-features": marks});
            validate(&json!({"components": {"schemas": {"State": state}}}))
                .map_err(|error| error.to_string())
        };
        assert_eq!(of(json!({"off": "files"})), Ok(()));
        for (marks, at) in [
            (json!({"of": "files"}), "of"),
            (json!({"off": "file"}), "off"),
        ] {
            let error = of(marks).unwrap_err();
            let at = format!("at #/components/schemas/State/x-features/{at}: ");
            assert!(error.starts_with(&at), "{error}");
        }
    }

    #[test]
    fn references_resolve() {
        let error = validated(json!({"$ref": "#/components/schemas/B"})).unwrap_err();
        assert!(error.contains("`#/components/schemas/B`"), "{error}");
    }
}
