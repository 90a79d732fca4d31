//! Deserializes JSON that a model wrote according to a schema of this module.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Deserializes JSON that a model wrote.
///
/// Strict schemas make optional properties nullable and unit types empty objects. If the text does
/// not deserialize as it is, null properties count as missing, and `{}` as a unit.
///
/// # Errors
/// The text is not JSON, or does not match the type. The error refers to the original text.
pub(crate) fn deserialize<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        let value = serde_json::from_str(text).map(without_nulls);
        match value {
            Ok(Value::Object(properties)) if properties.is_empty() => {
                T::deserialize(Value::Object(properties)).or_else(|_| T::deserialize(Value::Null))
            }
            Ok(value) => T::deserialize(value),
            Err(error) => Err(error),
        }
        .map_err(|_| error)
    })
}

/// Removes the properties that are null, at every level.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(properties) => properties
            .into_iter()
            .filter(|(_, property)| !property.is_null())
            .map(|(name, property)| (name, without_nulls(property)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
