//! Exports from one fake server, and restores on another.

use std::fs;
use std::path::Path;

use indicatif::ProgressBar;
use openai_assistants::Client;
use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, CreateRunRequest, ListOrder, MessageRole,
};
use openai_assistants_fake::{Fake, Script, Server};
use serde_json::{Value, json};

use crate::archive;
use crate::bodies::Kind;
use crate::fake_client::FakeClient;
use crate::ids::Ids;
use crate::report::Report;
use crate::restore::restore;

async fn server() -> Server {
    let script = Script::new().say("2 + 2 is 4.");
    let server = Fake::builder().model(script).start().await;
    server.expect("it starts")
}

/// Creates an assistant and two threads, one of which has a run. Returns the IDs of the threads.
async fn fill(client: &Client) -> Vec<String> {
    let body = CreateAssistantRequest::builder()
        .model("gpt-4o")
        .name("Tutor");
    let assistant = client.create_assistant().body(body).send().await.unwrap();
    let mut threads = Vec::new();
    for question in ["What is 2 + 2?", "And\n\"this\"?"] {
        let thread = client.create_thread().send().await.unwrap();
        let body = CreateMessageRequest::builder()
            .role(MessageRole::User)
            .content(question)
            .metadata([("assistant", assistant.id.as_str())]);
        let create = client.create_message().thread_id(&thread.id).body(body);
        create.send().await.unwrap();
        threads.push(thread.id);
    }
    let run = CreateRunRequest::builder().assistant_id(&assistant.id);
    let create = client.create_run().thread_id(&threads[0]).body(run);
    let outcome = create.follow().outcome().await.unwrap();
    outcome.into_completed().unwrap();
    threads
}

fn report() -> Report {
    Report::new(ProgressBar::hidden())
}

async fn export(client: &Client, folder: &Path, threads: &[String]) {
    let mut report = report();
    let export = crate::export(client, folder, Some(threads.to_vec()), &mut report);
    export.await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

fn lines(folder: &Path) -> String {
    fs::read_to_string(folder.join("objects.jsonl")).unwrap()
}

#[tokio::test]
async fn every_object_is_exported_as_received() {
    let server = server().await;
    let client = server.client();
    let threads = fill(&client).await;
    let folder = tempfile::tempdir().unwrap();
    export(&client, folder.path(), &threads).await;
    let lines = archive::read(folder.path()).unwrap().lines;
    let lists: Vec<&str> = lines.iter().map(|line| line.list.as_str()).collect();
    let run_id = lines[4].object.as_ref().unwrap().to_value().unwrap()["id"].clone();
    let first = format!("/threads/{}", threads[0]);
    let second = format!("/threads/{}", threads[1]);
    let expected = [
        "/assistants".to_owned(),
        "/threads".to_owned(),
        format!("{first}/messages"),
        format!("{first}/messages"),
        format!("{first}/runs"),
        format!("{first}/runs/{}/steps", run_id.as_str().unwrap()),
        "/threads".to_owned(),
        format!("{second}/messages"),
    ];
    assert_eq!(lists, expected);
    let list = client
        .list_messages()
        .thread_id(&threads[0])
        .order(ListOrder::Asc);
    let received = list.send_response().await.unwrap();
    let received = std::str::from_utf8(received.body()).unwrap();
    for line in &lines[2..4] {
        let text = line.object.as_ref().unwrap().as_str();
        assert!(received.contains(text), "{text}\n{received}");
    }
}

#[tokio::test]
async fn an_export_continues_wherever_it_was_killed() {
    let server = server().await;
    let client = server.client();
    let threads = fill(&client).await;
    let folder = tempfile::tempdir().unwrap();
    export(&client, folder.path(), &threads).await;
    let whole = lines(folder.path());
    for length in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        fs::write(
            folder.path().join("objects.jsonl"),
            &whole.as_bytes()[..length],
        )
        .unwrap();
        export(&client, folder.path(), &threads).await;
        assert_eq!(lines(folder.path()), whole, "killed after {length} bytes");
    }
}

#[tokio::test]
async fn what_is_restored_refers_to_the_new_objects_and_is_created_once() {
    let (old, new) = (server().await, server().await);
    // The IDs of both servers must differ.
    fill(&new.client()).await;
    let threads = fill(&old.client()).await;
    let folder = tempfile::tempdir().unwrap();
    export(&old.client(), folder.path(), &threads).await;
    let client = new.client();
    let mut report = report();
    let count = restore(&client, folder.path(), &mut report).await.unwrap();
    // An assistant, two threads and three messages.
    assert_eq!(count, 6);
    let again = restore(&client, folder.path(), &mut report).await.unwrap();
    assert_eq!((again, report.problems.len()), (0, 0));

    let ids = Ids::open(&folder.path().join("ids.jsonl")).unwrap();
    let thread = ids.get(&threads[0]).unwrap();
    let list = client
        .list_messages()
        .thread_id(thread)
        .order(ListOrder::Asc);
    let messages = list.send().await.unwrap().data;
    let texts: Vec<String> = messages.iter().map(|message| message.text()).collect();
    assert_eq!(texts, ["What is 2 + 2?", "2 + 2 is 4."]);
    let assistant = client.list_assistants().limit(1).send().await.unwrap();
    let assistant = &assistant.data[0];
    assert_eq!(assistant.name.as_deref(), Some("Tutor"));
    assert_eq!(
        messages[0].metadata.as_ref().unwrap()["assistant"],
        assistant.id.as_str()
    );

    // A killed restore finds each object whose creation it has not recorded.
    let path = folder.path().join("ids.jsonl");
    let map = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = map.lines().collect();
    for line in [lines.len() - 1, 1] {
        let (old, new) = restored(lines[line]);
        let mut others: Vec<&str> = lines.clone();
        others.remove(line);
        others.retain(|other| *other != lines[line - 1]);
        others.push(lines[line - 1]);
        fs::write(&path, others.join("\n") + "\n[\"cut").unwrap();
        let count = restore(&client, folder.path(), &mut report).await.unwrap();
        assert_eq!(count, 1, "{old}");
        let ids = Ids::open(&path).unwrap();
        assert_eq!(ids.get(&old), Some(new.as_str()));
    }
    let list = client.list_messages().thread_id(thread).send().await;
    assert_eq!(list.unwrap().data.len(), 2);
    let list = client.list_assistants().send().await.unwrap();
    let tutors = list.data.iter().filter(|object| {
        object
            .metadata
            .as_ref()
            .is_some_and(|pairs| !pairs["restored_from"].is_null())
    });
    assert_eq!(tutors.count(), 1);
}

fn restored(line: &str) -> (String, String) {
    serde_json::from_str(line).unwrap()
}

#[test]
fn bodies_have_what_callers_may_set() {
    let file = json!({
        "id": "file_1", "usage_bytes": 3, "attributes": { "team": "docs" },
        "chunking_strategy": { "type": "other" },
    });
    let kind = Kind::of("/vector_stores/vs_1/files").unwrap();
    let expected = json!({ "file_id": "file_1", "attributes": { "team": "docs" } });
    assert_eq!(kind.body(&file), expected);
    let message = json!({
        "id": "msg_1", "role": "assistant", "attachments": null, "content": [
            { "type": "text", "text": { "value": "See", "annotations": [{}] } },
            { "type": "image_file", "image_file": { "file_id": "file_1" } },
        ],
    });
    let expected: Value = json!({ "role": "assistant", "content": [
        { "type": "text", "text": "See" },
        { "type": "image_file", "image_file": { "file_id": "file_1" } },
    ] });
    assert_eq!(
        Kind::of("/threads/thread_1/messages")
            .unwrap()
            .body(&message),
        expected
    );
    assert_eq!(Kind::of("/threads/thread_1/runs"), None);
}
