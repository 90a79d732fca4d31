//! Each event from its data, and its round trip. The first line of an input is the name of the event.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use openai_assistants::{StreamEvent, types, v1};
use openai_assistants_fuzz::{json_mutator, round_trip};
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Some((name, data)) = text.split_once('\n') else {
        return;
    };
    check(
        name,
        data,
        types::AssistantStreamEvent::event,
        types::AssistantStreamEvent::data,
    );
    check(
        name,
        data,
        v1::types::AssistantStreamEvent::event,
        v1::types::AssistantStreamEvent::data,
    );
});

fn check<E>(
    name: &str,
    data: &str,
    event: fn(&E) -> &str,
    serialize: fn(&E) -> serde_json::Result<String>,
) where
    E: StreamEvent + PartialEq + std::fmt::Debug,
{
    let decoded = match E::decode(name, data) {
        Ok(decoded) => decoded,
        Err(error) => {
            let _ = format!("{error} {error:?}");
            return;
        }
    };
    let _ = decoded.run_state();
    assert_eq!(event(&decoded), name);
    let serialized = serialize(&decoded).expect("it serializes");
    let again = E::decode(name, &serialized).expect("it deserializes again");
    // The data of `done` are no JSON.
    let Ok(received) = serde_json::from_str::<Value>(data) else {
        assert_eq!(again, decoded);
        return;
    };
    // From here on each key occurs once: of a key that occurs twice, not every value is kept.
    let Ok(decoded) = E::decode(name, &received.to_string()) else {
        return;
    };
    let serialized = serialize(&decoded).expect("it serializes");
    let again = E::decode(name, &serialized).expect("it deserializes again");
    assert_eq!(again, decoded);
    let Ok(json) = serde_json::from_str::<Value>(&serialized) else {
        return;
    };
    round_trip::check_kept(&received, &json);
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json_mutator::mutate(data, size, max_size, seed)
});
