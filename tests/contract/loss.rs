//! Compares JSON as received with JSON as serialized again.

use serde_json::Value;

/// Returns the pointer of the first value that was lost, or `None` if all were kept.
///
/// Null may be missing or the empty value of its type. JSON in place of a text may be its text.
pub fn lost(received: &Value, serialized: Option<&Value>) -> Option<String> {
    let kept = match (received, serialized) {
        (Value::Null, _) => serialized.is_none_or(is_empty),
        (Value::Object(properties), Some(Value::Object(serialized))) => {
            let mut properties = properties.iter();
            return properties.find_map(|(name, value)| {
                lost(value, serialized.get(name)).map(|at| format!("/{name}{at}"))
            });
        }
        (Value::Array(items), Some(Value::Array(serialized)))
            if items.len() == serialized.len() =>
        {
            let mut pairs = items.iter().zip(serialized).enumerate();
            return pairs.find_map(|(index, (item, serialized))| {
                lost(item, Some(serialized)).map(|at| format!("/{index}{at}"))
            });
        }
        (Value::Number(received), Some(Value::Number(serialized))) => {
            received.as_f64() == serialized.as_f64()
        }
        (received, Some(Value::String(text))) if !received.is_string() => {
            serde_json::from_str::<Value>(text).is_ok_and(|json| json == *received)
        }
        (received, serialized) => serialized == Some(received),
    };
    (!kept).then(String::new)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(properties) => properties.values().all(is_empty),
    }
}
