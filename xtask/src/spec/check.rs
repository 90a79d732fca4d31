//! Checks the document that is about to be written: whoever reads it relies on this.

use openai_assistants_codegen::Error;
use serde_json::Value;

use super::closure;
use super::pointer::{Pointer, resolve};
use super::schema::{self, Kind, kind};

/// Every reference resolves, and only named schemas are objects, unions or lists
/// of values.
pub(super) fn check(document: &Value) -> Result<(), Error> {
    references_resolve(document, document, &Pointer::root())?;
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        let at = closure::at(name);
        match kind(schema) {
            None => return Err(Error::at(&at, "the import made a schema of no known kind")),
            Some(Kind::Array) => inline(&schema["items"], &at.child("items"))?,
            _ => {}
        }
        for (property, schema) in schema::properties(schema) {
            inline(schema, &at.child("properties").child(property))?;
        }
        for (index, branch) in schema
            .get("oneOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .enumerate()
        {
            inline(branch, &at.child("oneOf").child(index))?;
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
                inline(&parameter["schema"], &at.child(index).child("schema"))?;
            }
        }
    }
    Ok(())
}

fn inline(schema: &Value, at: &Pointer) -> Result<(), Error> {
    match kind(schema) {
        Some(Kind::Reference | Kind::Primitive | Kind::Constant) => Ok(()),
        Some(Kind::Array) => inline(&schema["items"], &at.child("items")),
        Some(Kind::Map) => match &schema["additionalProperties"] {
            value @ Value::Object(_) => inline(value, &at.child("additionalProperties")),
            _ => Ok(()),
        },
        other => Err(Error::at(
            at,
            format!("the import left a schema without a name: {other:?}"),
        )),
    }
}

fn references_resolve(document: &Value, value: &Value, at: &Pointer) -> Result<(), Error> {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref")
                && resolve(document, reference).is_none()
            {
                return Err(Error::at(
                    at,
                    format!("the import left a `$ref` that leads nowhere: `{reference}`"),
                ));
            }
            map.iter()
                .try_for_each(|(key, value)| references_resolve(document, value, &at.child(key)))
        }
        Value::Array(list) => list
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| references_resolve(document, value, &at.child(index))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(property: Value) -> Result<(), String> {
        let document = json!({"paths": {}, "components": {"schemas": {"A": {"type": "object", "properties": {"a": property}}}}});
        check(&document).map_err(|error| error.to_string())
    }

    #[test]
    fn only_named_schemas_are_more_than_plain() {
        let reference = json!({"$ref": "#/components/schemas/A"});
        for plain in [
            json!({"type": "string", "enum": ["a"]}),
            json!({"type": "array", "items": reference}),
            json!({"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}),
        ] {
            assert_eq!(checked(plain), Ok(()));
        }
        for inline in [
            json!({"type": "string", "enum": ["a", "b"]}),
            json!({"type": "object", "properties": {}}),
            json!({"type": "array", "items": {"oneOf": []}}),
            json!({}),
        ] {
            assert!(
                checked(inline)
                    .unwrap_err()
                    .starts_with("at #/components/schemas/A/properties/a")
            );
        }
    }

    #[test]
    fn references_resolve() {
        let error = checked(json!({"$ref": "#/components/schemas/B"})).unwrap_err();
        assert!(error.contains("`#/components/schemas/B`"), "{error}");
    }
}
