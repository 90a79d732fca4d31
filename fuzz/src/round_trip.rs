//! Deserializes a value, serializes it, and does both again.

use std::fmt::Debug;

use openai_assistants::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Reply, block_on, client};
use crate::loss::lost;

/// Checks a response body that is deserialized to `T`.
///
/// # Panics
/// A value is lost, or the second round trip differs from the first.
pub fn check<T: DeserializeOwned + Serialize + PartialEq + Debug>(body: &str) {
    let _ = deserialize::<T>(body);
    // Repeated properties have no round trip.
    let Ok(received) = serde_json::from_str::<Value>(body) else {
        return;
    };
    let Some(value) = deserialize::<T>(&received.to_string()) else {
        return;
    };
    let serialized = serde_json::to_value(&value).expect("it serializes");
    check_kept(&received, &serialized);
    let again = deserialize::<T>(&serialized.to_string()).expect("it deserializes again");
    assert_eq!(again, value);
    assert_eq!(
        serde_json::to_value(&again).expect("it serializes"),
        serialized
    );
}

/// Checks that a serialized value has all that was received.
///
/// # Panics
/// A value is lost.
pub fn check_kept(received: &Value, serialized: &Value) {
    // Such times become the nearest in range.
    if has_large_numbers(received) {
        return;
    }
    if let Some(at) = lost(received, Some(serialized)) {
        panic!("{at} is lost: {received} is serialized as {serialized}");
    }
}

/// Whether a number is out of the range of `i64`.
fn has_large_numbers(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            number.as_i64().is_none() && number.as_f64().is_none_or(|number| number.abs() >= 9.2e18)
        }
        Value::Array(items) => items.iter().any(has_large_numbers),
        Value::Object(properties) => properties.values().any(has_large_numbers),
        _ => false,
    }
}

fn deserialize<T: DeserializeOwned>(body: &str) -> Option<T> {
    let client = client(Reply::ok(body.as_bytes()));
    let sent = block_on(client.request(Method::GET, "/things").send::<T>());
    match sent {
        Ok(value) => Some(value),
        Err(error) => {
            let _ = format!("{error} {error:?}");
            assert!(error.is_decode() || error.status().is_some(), "{error:?}");
            None
        }
    }
}
