//! Bytes of a response to events: however they are split, the events and the end are the same.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use openai_assistants::types::{AssistantStreamEvent, CreateRunRequest};
use openai_assistants::{Client, EventStream};
use openai_assistants_fuzz::client::{MAX_EVENT, Reply, block_on, client, limited_client};

/// The events of a stream, and its errors as text.
type Events = Vec<Result<AssistantStreamEvent, String>>;

/// The text of the messages of a stream, and its errors as text.
type Texts = (String, Vec<String>);

fuzz_target!(|data: &[u8]| {
    let Some((&size, bytes)) = data.split_first() else {
        return;
    };
    let chunks = |size: usize| -> Reply {
        Reply {
            chunks: bytes.chunks(size).map(Bytes::copy_from_slice).collect(),
            ..Reply::ok(b"")
        }
    };
    let whole = || chunks(bytes.len().max(1));
    let split = || chunks(usize::from(size) + 1);

    let events = |client: Client| block_on(events(client));
    assert_eq!(events(client(split())), events(client(whole())));
    let limited = events(limited_client(split()));
    assert_eq!(limited, events(limited_client(whole())));
    for event in limited.into_iter().flatten() {
        let data = event.data().expect("it serializes");
        // Escapes and default values may make it longer.
        assert!(data.len() < 20 * MAX_EVENT + 5_000, "{data}");
    }

    let texts = |client: Client| block_on(texts(client));
    assert_eq!(texts(client(split())), texts(client(whole())));
});

async fn open(client: Client) -> Result<EventStream<AssistantStreamEvent>, String> {
    let call = client.create_run().thread_id("thread_1");
    let call = call.body(CreateRunRequest::builder().assistant_id("asst_1"));
    call.stream().await.map_err(|error| error.to_string())
}

async fn events(client: Client) -> Events {
    let mut stream = match open(client).await {
        Ok(stream) => stream,
        Err(error) => return vec![Err(error)],
    };
    let mut events = Vec::new();
    while let Some(event) = stream.try_next().await.transpose() {
        events.push(event.map_err(|error| error.to_string()));
    }
    events
}

async fn texts(client: Client) -> Texts {
    let (mut text, mut errors) = (String::new(), Vec::new());
    match open(client).await {
        Ok(stream) => {
            let mut texts = stream.text_deltas();
            while let Some(delta) = texts.try_next().await.transpose() {
                match delta {
                    Ok(delta) => text.push_str(&delta.text),
                    Err(error) => errors.push(error.to_string()),
                }
            }
        }
        Err(error) => errors.push(error),
    }
    (text, errors)
}
