//! Events of messages and steps onto snapshots. Each line of an input is a name and its data.

#![no_main]

use std::fmt::Write as _;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use openai_assistants::types::{CreateRunRequest, MessageObject, RunStepObject};
use openai_assistants::{Client, Method};
use openai_assistants_fuzz::client::{MAX_MISSING, Reply, block_on, client, limited_client};
use openai_assistants_fuzz::json_mutator;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let mut stream = String::new();
    let mut lines = text.split('\n');
    while let (Some(name), Some(data)) = (lines.next(), lines.next()) {
        let _ = write!(stream, "event: {name}\ndata: {data}\n\n");
    }
    let reply = || Reply::ok(stream.as_bytes());
    block_on(accumulate(client(reply())));
    let parts = block_on(accumulate(limited_client(reply())));
    assert!(parts <= MAX_MISSING + data.len());
});

/// Returns the number of parts of all messages.
async fn accumulate(client: Client) -> usize {
    let call = client.create_run().thread_id("thread_1");
    let call = call.body(CreateRunRequest::builder().assistant_id("asst_1"));
    let Ok(events) = call.stream().await else {
        return 0;
    };
    let mut run = events.accumulate();
    while let Some(event) = run.try_next().await.transpose() {
        if let Err(error) = event {
            let _ = format!("{error} {error:?}");
        }
        run.take_tool_calls();
    }
    let parts: usize = run
        .messages()
        .iter()
        .map(|message| message.content.len())
        .sum();
    for message in run.messages() {
        let _ = message.text();
        round_trip::<MessageObject>(message).await;
    }
    for step in run.steps() {
        round_trip::<RunStepObject>(step).await;
    }
    let _ = run.finish().await;
    parts
}

/// What was merged is a value that serializes and deserializes.
async fn round_trip<T>(value: &T)
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let json = serde_json::to_value(value).expect("it serializes");
    let client = client(Reply::ok(json.to_string().as_bytes()));
    let sent = client.request(Method::GET, "/things").send::<T>().await;
    let again = sent.unwrap_or_else(|error| panic!("{error}: {json}"));
    assert_eq!(serde_json::to_value(&again).expect("it serializes"), json);
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json_mutator::mutate(data, size, max_size, seed)
});
