//! Generates the JSON Schema of a Rust type.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::error::core::Result;
use crate::tools::schema::unsupported::error;

/// Generates the schema for deserializing a type.
pub(crate) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12();
    settings.into_generator().into_root_schema_for::<T>().into()
}

/// Removes the description of a schema and returns it.
pub(crate) fn take_description(schema: &mut Value) -> Option<String> {
    match schema.as_object_mut()?.remove("description")? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Checks that a schema of a type has no 128-bit integers.
///
/// serde buffers what is tagged, untagged or flattened, and its buffer has no such integers. The
/// schema does not tell where that is.
pub(crate) fn check_integers(schema: &Value, path: &str) -> Result<()> {
    let Value::Object(keywords) = schema else {
        return Ok(());
    };
    if keywords
        .get("format")
        .is_some_and(|format| format == "int128" || format == "uint128")
    {
        return Err(error(
            path,
            "is a 128-bit integer, which serde cannot deserialize in tagged and flattened types: use a 64-bit integer or a string",
        ));
    }
    for (keyword, value) in keywords {
        match value {
            Value::Object(parts) if keyword == "$defs" => {
                parts
                    .iter()
                    .try_for_each(|(name, part)| check_integers(part, name))?;
            }
            Value::Object(parts) if keyword == "properties" => {
                let mut parts = parts.iter();
                parts
                    .try_for_each(|(name, part)| check_integers(part, &format!("{path}.{name}")))?;
            }
            Value::Array(parts) => parts
                .iter()
                .try_for_each(|part| check_integers(part, path))?,
            part => check_integers(part, path)?,
        }
    }
    Ok(())
}
