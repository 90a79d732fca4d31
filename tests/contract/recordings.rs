//! Recorded exchanges with the real service are deserialized and serialized again without loss.

use std::fs;

use openai_assistants::types::{
    AssistantObject, AssistantStreamEvent, CreateRunRequest, DeleteAssistantResponse,
    DeleteMessageResponse, ListAssistantsResponse, ListMessagesResponse, ListRunStepsResponse,
    ListRunsResponse, MessageContent, MessageObject, RunObject, RunStepObject, ThreadObject,
};
use openai_assistants::{RawEvent, RunOutcome, StreamEvent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::loss::lost;
use crate::server::{MockResponse, Server};

/// The recorded exchanges, or `None` where the recordings are not at hand.
pub fn exchanges() -> Option<Vec<Value>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../shared/recordings/exchanges.jsonl"
    );
    let Ok(text) = fs::read_to_string(path) else {
        println!("skipped: there are no recordings");
        return None;
    };
    let exchanges = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("it is JSON"));
    Some(exchanges.collect())
}

pub fn text<'a>(exchange: &'a Value, name: &str) -> &'a str {
    exchange[name].as_str().unwrap_or_default()
}

/// Deserializes and serializes again. Returns what was lost.
fn round_trip<T: DeserializeOwned + Serialize>(response: &str) -> Option<String> {
    let received: Value = serde_json::from_str(response).expect("it is JSON");
    let object: T = match RawEvent::decode("", response).and_then(|event| event.json()) {
        Ok(object) => object,
        Err(error) => return Some(error.to_string()),
    };
    let serialized = serde_json::to_value(&object).expect("it can be serialized");
    lost(&received, Some(&serialized))
}

#[test]
fn responses_are_read_without_loss() {
    let Some(exchanges) = exchanges() else { return };
    let (mut read, mut failures) = (Vec::new(), Vec::new());
    for exchange in &exchanges {
        let path = text(exchange, "path").split('?').next().unwrap_or_default();
        let response = text(exchange, "response");
        let is_file = path.starts_with("/files") || path.starts_with("/vector_stores");
        let is_included = cfg!(feature = "files") && is_file
            || path.starts_with("/assistants")
            || path.starts_with("/threads");
        if !is_included
            || exchange["status"] != 200
            || text(exchange, "content_type").starts_with("text/event-stream")
        {
            continue;
        }
        let object: Value = serde_json::from_str(response).expect("it is JSON");
        let list = path.rsplit('/').next();
        let lost = match object["object"].as_str() {
            Some("assistant") => round_trip::<AssistantObject>(response),
            Some("assistant.deleted") => round_trip::<DeleteAssistantResponse>(response),
            Some("thread") => round_trip::<ThreadObject>(response),
            Some("thread.message") => round_trip::<MessageObject>(response),
            Some("thread.message.deleted") => round_trip::<DeleteMessageResponse>(response),
            Some("thread.run") => round_trip::<RunObject>(response),
            Some("thread.run.step") => round_trip::<RunStepObject>(response),
            Some("list") if list == Some("assistants") => {
                round_trip::<ListAssistantsResponse>(response)
            }
            Some("list") if list == Some("messages") => {
                round_trip::<ListMessagesResponse>(response)
            }
            Some("list") if list == Some("runs") => round_trip::<ListRunsResponse>(response),
            Some("list") if list == Some("steps") => round_trip::<ListRunStepsResponse>(response),
            #[cfg(feature = "files")]
            Some(object) if is_file => file(object, list, response),
            other => panic!("{path}: {other:?}"),
        };
        read.push(path);
        failures.extend(lost.map(|at| format!("{} {path}: {at}", text(exchange, "method"))));
    }
    println!("{} recorded responses", read.len());
    let has = |start| read.iter().any(|path| path.starts_with(start));
    let has_files = has("/files") && has("/vector_stores");
    assert!(has("/threads") && has_files == cfg!(feature = "files"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[cfg(feature = "files")]
fn file(object: &str, list: Option<&str>, response: &str) -> Option<String> {
    use openai_assistants::types::{
        DeleteVectorStoreFileResponse, FileObject, ListVectorStoreFilesResponse,
        ListVectorStoresResponse, VectorStoreFileBatchObject, VectorStoreFileObject,
        VectorStoreObject,
    };

    match object {
        "file" => round_trip::<FileObject>(response),
        "vector_store" => round_trip::<VectorStoreObject>(response),
        "vector_store.file" => round_trip::<VectorStoreFileObject>(response),
        "vector_store.file.deleted" => round_trip::<DeleteVectorStoreFileResponse>(response),
        "vector_store.file_batch" | "vector_store.files_batch" => {
            round_trip::<VectorStoreFileBatchObject>(response)
        }
        "list" if list == Some("files") => round_trip::<ListVectorStoreFilesResponse>(response),
        "list" if list == Some("vector_stores") => round_trip::<ListVectorStoresResponse>(response),
        other => panic!("{list:?}: {other}"),
    }
}

#[tokio::test]
async fn streams_are_read_without_loss_and_accumulate_to_their_text() {
    let Some(exchanges) = exchanges() else { return };
    let mut read = 0;
    for exchange in &exchanges {
        if !text(exchange, "content_type").starts_with("text/event-stream") {
            continue;
        }
        let stream = text(exchange, "response");
        let mut texts = String::new();
        for event in stream
            .split("\n\n")
            .filter(|event| !event.trim().is_empty())
        {
            let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            let (name, data) = (line("event: ").unwrap(), line("data: ").unwrap());
            let decoded = AssistantStreamEvent::decode(name, data).expect("it is valid");
            assert!(
                !matches!(decoded, AssistantStreamEvent::Unknown { .. }),
                "{name}"
            );
            if let Some(delta) = decoded.message_delta() {
                texts += &delta.text();
            }
            if name != "done" {
                let received = serde_json::from_str(data).expect("it is JSON");
                let serialized = decoded.data().expect("it can be serialized");
                let serialized = serde_json::from_str(&serialized).expect("it is JSON");
                assert_eq!(lost(&received, Some(&serialized)), None, "{name}: {data}");
            }
            read += 1;
        }
        // The text of the deltas is that of the final message, with and without its final event.
        let without_final_events: String = stream
            .split_inclusive("\n\n")
            .filter(|event| !event.contains("event: thread.message.completed\n"))
            .collect();
        let complete = accumulated(stream).await;
        assert_eq!(
            complete.messages.is_empty(),
            !stream.contains("thread.message.completed")
        );
        assert_eq!(complete.text(), texts);
        let incomplete = accumulated(&without_final_events).await;
        let contents = |outcome: RunOutcome| -> Vec<Vec<MessageContent>> {
            let messages = outcome.messages.into_iter();
            messages.map(|message| message.content).collect()
        };
        assert_eq!(contents(incomplete), contents(complete));
    }
    println!("{read} recorded events");
}

/// Accumulates the events of a stream.
async fn accumulated(stream: &str) -> RunOutcome {
    let response = MockResponse::text(200, stream).header("content-type", "text/event-stream");
    let server = Server::start(response).await;
    let body = CreateRunRequest::builder().assistant_id("asst_1");
    let call = server
        .client()
        .create_run()
        .thread_id("thread_1")
        .body(body);
    let stream = call.stream().await.expect("it opens");
    stream.accumulate().finish().await.expect("it is complete")
}
