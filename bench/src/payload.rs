//! What the server answers with: the same bytes for everybody.
//!
//! Realistic in size and shape: a page has messages with every kind of content and
//! annotation, a run has every kind of tool.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// Messages on a page.
pub const PAGE: usize = 100;

/// The deltas of one block, as they are written to a stream.
pub const BLOCK: usize = 50;

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

/// A page of messages that begins with the one of this number.
pub fn page(first: usize, has_more: bool) -> Vec<u8> {
    let messages: Vec<Value> = (first..first + PAGE).map(message).collect();
    json!({
        "object": "list",
        "data": messages,
        "first_id": message_id(first),
        "last_id": message_id(first + PAGE - 1),
        "has_more": has_more,
    })
    .to_string()
    .into_bytes()
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

/// A run that waits for two calls, with tools of every kind.
pub fn run() -> Vec<u8> {
    run_in("requires_action").to_string().into_bytes()
}

fn run_in(status: &str) -> Value {
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

/// A thread: a small answer.
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

/// One event on the wire.
fn event(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// What comes before the deltas of a stream.
pub fn head() -> String {
    let mut text = String::new();
    for (name, status) in [
        ("thread.run.created", "queued"),
        ("thread.run.queued", "queued"),
        ("thread.run.in_progress", "in_progress"),
    ] {
        text += &event(name, &run_in(status));
    }
    for name in ["thread.message.created", "thread.message.in_progress"] {
        text += &event(name, &streamed(None));
    }
    text
}

/// A block of deltas, and their texts.
pub fn block() -> (String, String) {
    let (mut block, mut text) = (String::new(), String::new());
    for number in 0..BLOCK {
        let word = WORDS[number % WORDS.len()];
        let id = message_id(1);
        write!(
            block,
            "event: thread.message.delta\ndata: {{\"id\":\"{id}\",\"object\":\"thread.message.delta\",\"delta\":{{\"content\":[{{\"index\":0,\"type\":\"text\",\"text\":{{\"value\":\"{word}\"}}}}]}}}}\n\n"
        )
        .expect("a string takes everything");
        text += &word.replace("\\n", "\n");
    }
    (block, text)
}

/// What comes behind them.
pub fn tail(text: &str) -> String {
    let mut tail = event("thread.message.completed", &streamed(Some(text)));
    tail += &event("thread.run.completed", &run_in("completed"));
    tail += "event: done\ndata: [DONE]\n\n";
    tail
}

/// The message of a stream, at its beginning or at its end.
fn streamed(text: Option<&str>) -> Value {
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

    /// As JSON, without what is null or left out.
    fn decoded<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Value {
        let value: T = serde_json::from_slice(bytes).expect("it decodes");
        without_nulls(serde_json::to_value(value).expect("it can be written"))
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

    fn is_equal<Ours, Peers>(bytes: &[u8])
    where
        Ours: DeserializeOwned + Serialize,
        Peers: DeserializeOwned + Serialize,
    {
        let sent = without_nulls(serde_json::from_slice(bytes).expect("it is JSON"));
        assert_eq!(decoded::<Ours>(bytes), sent);
        assert_eq!(decoded::<Peers>(bytes), sent);
    }

    #[test]
    fn answers_decode_equally() {
        use async_openai::types::assistants as peers;
        is_equal::<ours::ListMessagesResponse, peers::ListMessagesResponse>(&page(0, true));
        is_equal::<ours::RunObject, peers::RunObject>(&run());
        is_equal::<ours::ThreadObject, peers::ThreadObject>(&thread());
    }

    #[test]
    fn events_decode_equally() {
        use async_openai::types::assistants as peers;
        let (block, text) = block();
        let stream = head() + &block + &tail(&text);
        let mut texts = String::new();
        for event in stream.split_terminator("\n\n") {
            let (name, data) = event.split_once('\n').expect("an event has two lines");
            let name = name.strip_prefix("event: ").expect("it has a name");
            let data = data.strip_prefix("data: ").expect("it has data").as_bytes();
            match name {
                "thread.message.delta" => {
                    is_equal::<ours::MessageDeltaObject, peers::MessageDeltaObject>(data);
                    let delta: ours::MessageDeltaObject =
                        serde_json::from_slice(data).expect("it decodes");
                    texts += &delta.text();
                }
                name if name.starts_with("thread.message") => {
                    is_equal::<ours::MessageObject, peers::MessageObject>(data);
                }
                name if name.starts_with("thread.run") => {
                    is_equal::<ours::RunObject, peers::RunObject>(data);
                }
                name => assert_eq!(name, "done"),
            }
        }
        assert_eq!(texts, text);
    }
}
