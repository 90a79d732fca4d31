//! Merges JSON values: objects property by property.

use serde_json::Value;

/// Merges a value into another. Objects are merged deeply, any other value replaces the one that is
/// there.
pub(crate) fn deep_merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                deep_merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
