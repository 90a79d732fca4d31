//! The response bodies of the server, identical for every client.
//!
//! Realistic in size and structure: a page has messages with every type of content and
//! annotation, a run has every type of tool.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// Messages per page.
pub const PAGE_SIZE: usize = 100;

/// Pages of a list.
pub const PAGES: usize = 200;

/// Bytes of an uploaded or downloaded file.
pub const FILE_SIZE: usize = 64 * 1024 * 1024;

/// Deltas per block. A stream is written block by block.
pub const BLOCK_SIZE: usize = 50;

const WORDS: [&str; 8] = [
    " the",
    " assistant",
    " reads",
    " every",
    " message",
    ",",
    " and\\n",
    " answers",
];

/// A page of messages, starting with this message number.
pub fn page(first: usize, has_more: bool) -> Vec<u8> {
    let messages: Vec<Value> = (first..first + PAGE_SIZE).map(message).collect();
    json!({
        "object": "list",
        "data": messages,
        "first_id": message_id(first),
        "last_id": message_id(first + PAGE_SIZE - 1),
        "has_more": has_more,
    })
    .to_string()
    .into_bytes()
}

/// The same page with properties that no document has: one in each message and in each part of its content.
pub fn page_with_unknown() -> Vec<u8> {
    let mut page: Value = serde_json::from_slice(&page(0, true)).expect("the page is JSON");
    let messages = page["data"].as_array_mut();
    for message in messages.into_iter().flatten() {
        message["trace"] = json!({ "id": "0af7651916cd43dd8448eb211c80319c", "sampled": true });
        for part in message["content"].as_array_mut().into_iter().flatten() {
            part["confidence"] = json!(0.25);
        }
    }
    page.to_string().into_bytes()
}

pub fn message_id(number: usize) -> String {
    format!("msg_{number:024}")
}

fn message(number: usize) -> Value {
    let text = "The report names three causes【4:0†report.pdf】, and a chart is at sandbox:/mnt/data/chart.png. ".repeat(3);
    let content = match number % 4 {
        0 => json!([{"type": "text", "text": {"value": text, "annotations": [
            {"type": "file_citation", "text": "【4:0†report.pdf】", "file_citation": {"file_id": "file-abc123abc123abc123"}, "start_index": 29, "end_index": 45},
            {"type": "file_path", "text": "sandbox:/mnt/data/chart.png", "file_path": {"file_id": "file-def456def456def456"}, "start_index": 64, "end_index": 91},
        ]}}]),
        1 => json!([
            {"type": "text", "text": {"value": text, "annotations": []}},
            {"type": "image_file", "image_file": {"file_id": "file-def456def456def456", "detail": "high"}},
        ]),
        2 => json!([
            {"type": "text", "text": {"value": "What is in this image?", "annotations": []}},
            {"type": "image_url", "image_url": {"url": "https://example.com/images/a-rather-long-name-of-an-image.png", "detail": "auto"}},
        ]),
        _ => {
            json!([{"type": "refusal", "refusal": "I cannot help with that, but I can tell you whom to ask."}])
        }
    };
    let is_user = number % 4 == 2;
    json!({
        "id": message_id(number),
        "object": "thread.message",
        "created_at": 1_699_017_614 + number,
        "thread_id": "thread_abc123abc123abc123abc123",
        "status": "completed",
        "incomplete_details": null,
        "completed_at": 1_699_017_620 + number,
        "incomplete_at": null,
        "role": if is_user { "user" } else { "assistant" },
        "content": content,
        "assistant_id": if is_user { Value::Null } else { json!("asst_abc123abc123abc123abc123") },
        "run_id": if is_user { Value::Null } else { json!("run_abc123abc123abc123abc123") },
        "attachments": [{"file_id": "file-abc123abc123abc123", "tools": [{"type": "file_search"}, {"type": "code_interpreter"}]}],
        "metadata": {"topic": "reports", "locale": "en"},
    })
}

/// A run after its creation, and once it is completed.
pub fn followed_run(is_completed: bool) -> Vec<u8> {
    let status = if is_completed { "completed" } else { "queued" };
    run_with_status(status).to_string().into_bytes()
}

/// A file, as the response to an upload.
pub fn file() -> Vec<u8> {
    json!({
        "id": "file-abc123abc123abc123",
        "object": "file",
        "bytes": FILE_SIZE,
        "created_at": 1_699_012_949,
        "filename": "report.pdf",
        "purpose": "assistants",
        "status": "processed",
    })
    .to_string()
    .into_bytes()
}

/// A run that requires two tool outputs, with every type of tool.
pub fn run() -> Vec<u8> {
    run_with_status("requires_action").to_string().into_bytes()
}

fn run_with_status(status: &str) -> Value {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string", "description": "Name of the city"}, "unit": {"type": "string", "enum": ["c", "f"]}}, "required": ["city", "unit"], "additionalProperties": false});
    let call = |id: &str, city: &str| {
        let arguments = json!({"city": city, "unit": "c"}).to_string();
        json!({"id": id, "type": "function", "function": {"name": "get_weather", "arguments": arguments}})
    };
    let action = json!({"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call("call_1", "Oslo"), call("call_2", "Rome")]}});
    json!({
        "id": "run_abc123abc123abc123abc123",
        "object": "thread.run",
        "created_at": 1_699_063_290,
        "assistant_id": "asst_abc123abc123abc123abc123",
        "thread_id": "thread_abc123abc123abc123abc123",
        "status": status,
        "required_action": if status == "requires_action" { action } else { Value::Null },
        "started_at": 1_699_063_290,
        "expires_at": 1_699_063_890,
        "cancelled_at": null,
        "failed_at": null,
        "completed_at": null,
        "last_error": null,
        "incomplete_details": null,
        "model": "gpt-4o",
        "instructions": "You are a helpful assistant. Ask the tools before you answer, and cite your sources.",
        "tools": [
            {"type": "code_interpreter"},
            {"type": "file_search", "file_search": {"max_num_results": 20, "ranking_options": {"ranker": "auto", "score_threshold": 0.5}}},
            {"type": "function", "function": {"name": "get_weather", "description": "The weather in a city.", "parameters": parameters, "strict": true}},
            {"type": "function", "function": {"name": "get_time", "description": "The time in a city.", "parameters": parameters, "strict": false}},
        ],
        "metadata": {"topic": "reports"},
        "usage": {"prompt_tokens": 123, "completion_tokens": 456, "total_tokens": 579},
        "temperature": 1.0,
        "top_p": 1.0,
        "max_prompt_tokens": 1000,
        "max_completion_tokens": 1000,
        "truncation_strategy": {"type": "auto", "last_messages": null},
        "response_format": "auto",
        "tool_choice": "auto",
        "parallel_tool_calls": true,
    })
}

/// A thread, as an example of a small response.
pub fn thread() -> Vec<u8> {
    json!({
        "id": "thread_abc123abc123abc123abc123",
        "object": "thread",
        "created_at": 1_699_012_949,
        "metadata": {"topic": "reports"},
        "tool_resources": {"code_interpreter": {"file_ids": ["file-abc123abc123abc123"]}},
    })
    .to_string()
    .into_bytes()
}

/// One serialized event.
fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// The events of a stream before its deltas.
pub fn stream_start() -> String {
    let mut text = String::new();
    for (name, status) in [
        ("thread.run.created", "queued"),
        ("thread.run.queued", "queued"),
        ("thread.run.in_progress", "in_progress"),
    ] {
        text += &event(name, &run_with_status(status));
    }
    for name in ["thread.message.created", "thread.message.in_progress"] {
        text += &event(name, &streamed_message(None));
    }
    text
}

/// A block of deltas, and its text.
pub fn delta_block() -> (String, String) {
    let (mut block, mut text) = (String::new(), String::new());
    for number in 0..BLOCK_SIZE {
        let word = WORDS[number % WORDS.len()];
        let id = message_id(1);
        write!(
            block,
            "event: thread.message.delta\ndata: {{\"id\":\"{id}\",\"object\":\"thread.message.delta\",\"delta\":{{\"content\":[{{\"index\":0,\"type\":\"text\",\"text\":{{\"value\":\"{word}\"}}}}]}}}}\n\n"
        )
        .expect("writing to a string succeeds");
        text += &word.replace("\\n", "\n");
    }
    (block, text)
}

/// The events of a stream after its deltas.
pub fn stream_end(text: &str) -> String {
    let mut events = event("thread.message.completed", &streamed_message(Some(text)));
    events += &event("thread.run.completed", &run_with_status("completed"));
    events += "event: done\ndata: [DONE]\n\n";
    events
}

/// The message of a stream: empty at the start, with its text at the end.
fn streamed_message(text: Option<&str>) -> Value {
    let content = text.map_or(
        json!([]),
        |text| json!([{"type": "text", "text": {"value": text, "annotations": []}}]),
    );
    let mut message = message(1);
    message["attachments"] = json!([]);
    message["content"] = content;
    message["status"] = if text.is_some() {
        "completed"
    } else {
        "in_progress"
    }
    .into();
    message
}

#[cfg(test)]
mod tests {
    use openai_assistants::types as ours;
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::*;

    /// Decodes and serializes again, without null properties.
    fn round_trip<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Value {
        let value: T = serde_json::from_slice(bytes).expect("the payload decodes");
        without_nulls(serde_json::to_value(value).expect("the value serializes"))
    }

    fn without_nulls(value: Value) -> Value {
        match value {
            Value::Object(map) => map
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
            Value::Array(list) => list.into_iter().map(without_nulls).collect(),
            value => value,
        }
    }

    #[cfg(feature = "generated")]
    #[test]
    fn generated_decodes_the_same_responses() {
        use openai_client_base::models as generated;
        assert_eq!(
            round_trip::<generated::ThreadObject>(&thread()),
            round_trip::<ours::ThreadObject>(&thread())
        );
        let page = page(0, true);
        assert_eq!(
            round_trip::<generated::ListMessagesResponse>(&page),
            round_trip::<ours::ListMessagesResponse>(&page)
        );
        // No usage that a server sends is any of its variants.
        assert!(serde_json::from_slice::<generated::RunObject>(&run()).is_err());
    }

    #[test]
    fn ours_keeps_unknown_properties() {
        let page = page_with_unknown();
        let sent = without_nulls(serde_json::from_slice(&page).expect("the payload is JSON"));
        assert_eq!(round_trip::<ours::ListMessagesResponse>(&page), sent);
        assert!(sent["data"][0]["trace"]["sampled"] == true);
    }

    fn assert_round_trips<Ours, Peer>(bytes: &[u8])
    where
        Ours: DeserializeOwned + Serialize,
        Peer: DeserializeOwned + Serialize,
    {
        let sent = without_nulls(serde_json::from_slice(bytes).expect("the payload is JSON"));
        assert_eq!(round_trip::<Ours>(bytes), sent);
        assert_eq!(round_trip::<Peer>(bytes), sent);
    }

    #[test]
    fn ours_and_peer_decode_the_same_responses() {
        use async_openai::types::assistants as peer;
        assert_round_trips::<ours::ListMessagesResponse, peer::ListMessagesResponse>(&page(
            0, true,
        ));
        assert_round_trips::<ours::RunObject, peer::RunObject>(&run());
        assert_round_trips::<ours::ThreadObject, peer::ThreadObject>(&thread());
    }

    #[test]
    fn ours_and_peer_decode_the_same_events() {
        use async_openai::types::assistants as peer;
        let (block, text) = delta_block();
        let stream = stream_start() + &block + &stream_end(&text);
        let mut texts = String::new();
        for event in stream.split_terminator("\n\n") {
            let (name, data) = event.split_once('\n').expect("an event has two lines");
            let name = name.strip_prefix("event: ").expect("the event has a name");
            let data = data
                .strip_prefix("data: ")
                .expect("the event has data")
                .as_bytes();
            match name {
                "thread.message.delta" => {
                    assert_round_trips::<ours::MessageDeltaObject, peer::MessageDeltaObject>(data);
                    let delta: ours::MessageDeltaObject =
                        serde_json::from_slice(data).expect("the payload decodes");
                    texts += &delta.text();
                }
                name if name.starts_with("thread.message") => {
                    assert_round_trips::<ours::MessageObject, peer::MessageObject>(data);
                }
                name if name.starts_with("thread.run") => {
                    assert_round_trips::<ours::RunObject, peer::RunObject>(data);
                }
                name => assert_eq!(name, "done"),
            }
        }
        assert_eq!(texts, text);
    }
}
