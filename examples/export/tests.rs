//! Exports from one fake server, and restores on another.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, CreateRunRequest, ListOrder, MessageRole,
};
use openai_assistants::{Client, Upload};
use openai_assistants_fake::{Fake, FakeBuilder, Script, Server};
use serde_json::{Value, json};

use crate::archive;
use crate::bodies::Kind;
use crate::fake_client::FakeClient;
use crate::ids::Ids;
use crate::report::Report;
use crate::restore::restore;

async fn server() -> Server {
    start(Fake::builder()).await
}

async fn start(builder: FakeBuilder) -> Server {
    let script = Script::new().say("2 + 2 is 4.");
    builder.model(script).start().await.expect("it starts")
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

/// Creates a vector store with a file. Returns the ID of the file.
async fn add_file(client: &Client) -> String {
    let store = client.create_vector_store().send().await.unwrap();
    let indexing = client.vector_store(store.id);
    let indexing = indexing.upload_and_wait([Upload::bytes("a.md", "# A")]);
    let indexed = indexing.interval(Duration::from_millis(1)).wait().await;
    let [file] = &indexed.unwrap().uploaded[..] else {
        panic!("a file is uploaded");
    };
    file.id.clone()
}

fn report() -> Report {
    Report::new(ProgressBar::hidden())
}

async fn export(client: &Client, folder: &Path, threads: &[String]) {
    let mut report = report();
    let export = crate::export(client, folder, Some(threads.to_vec()), &mut report);
    export.await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_progress(&report, threads.len());
}

/// The bar is full.
fn assert_progress(report: &Report, count: usize) {
    let (count, bar) = (count as u64, &report.bar);
    assert_eq!((bar.length(), bar.position()), (Some(count), count));
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
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
    let downloads = Arc::new(AtomicUsize::new(0));
    let counted = downloads.clone();
    let server = start(Fake::builder().on_request(move |exchange| {
        let is_download = exchange.operation.as_deref() == Some("downloadFile");
        counted.fetch_add(usize::from(is_download), Ordering::Relaxed);
    }));
    let server = server.await;
    let client = server.client();
    let threads = fill(&client).await;
    let file_id = add_file(&client).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    export(&client, folder, &threads).await;
    let whole = lines(folder);
    let files = folder.join("files");
    let content = files.join(&file_id);
    let continue_after = async |length: usize| {
        fs::write(folder.join("objects.jsonl"), &whole.as_bytes()[..length]).unwrap();
        fs::write(files.join(".tmpA1"), "# ").unwrap();
        if length == 0 {
            fs::remove_file(folder.join("source.json")).unwrap();
            fs::write(folder.join("source.json.part"), "{").unwrap();
        }
        export(&client, folder, &threads).await;
        assert_eq!(lines(folder), whole, "killed after {length} bytes");
        assert_eq!(names(folder), ["files", "objects.jsonl", "source.json"]);
        assert_eq!(names(&files), [file_id.as_str()]);
        assert_eq!(fs::read_to_string(&content).unwrap(), "# A");
    };
    for length in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
        continue_after(length).await;
    }
    // Content that is in the archive is not downloaded again.
    assert_eq!(downloads.load(Ordering::Relaxed), 1);
    fs::remove_file(&content).unwrap();
    continue_after(0).await;
    assert_eq!(downloads.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_export_of_foundry_has_the_listed_threads_and_is_restored_elsewhere() {
    let old = start(Fake::builder().foundry()).await;
    let client = old.client();
    let threads = fill(&client).await;
    let file_id = add_file(&client).await;
    let folder = tempfile::tempdir().unwrap();
    let mut report = report();
    let export = crate::export(&client, folder.path(), None, &mut report);
    let summary = export.await.unwrap();
    let expected = "1 assistants, 1 files, 3 messages, 1 runs, 1 steps, 2 threads, 1 vector_stores";
    assert!(summary.ends_with(expected), "{summary}");
    assert_progress(&report, threads.len());

    let new = server().await;
    let client = new.client();
    let mut target = self::report();
    let count = restore(&client, folder.path(), &mut target).await.unwrap();
    // The run and its step are not created again; the file is also added to the store.
    assert_eq!(count, 9);
    assert_progress(&target, count);
    let problems = [report.problems, target.problems].concat();
    assert!(problems.is_empty(), "{problems:?}");
    let ids = Ids::open(&folder.path().join("ids.jsonl")).unwrap();
    let list = client.list_messages().order(ListOrder::Asc);
    let list = list.thread_id(ids.get(&threads[0]).unwrap());
    let messages = list.send().await.unwrap().data;
    let texts: Vec<String> = messages.iter().map(|message| message.text()).collect();
    assert_eq!(texts, ["What is 2 + 2?", "2 + 2 is 4."]);
    let file = client.download_file().file_id(ids.get(&file_id).unwrap());
    assert_eq!(file.bytes().await.unwrap(), "# A");
    let stores = client.list_vector_stores().send().await.unwrap().data;
    assert_eq!(stores[0].file_counts.total, 1);
}

/// The variables that name a server.
fn variables(server: &Server) -> impl Fn(&str) -> Option<String> {
    let (url, key) = (server.url(), server.api_key().to_owned());
    move |name| match name {
        "OPENAI_BASE_URL" => Some(url.clone()),
        "OPENAI_API_KEY" => Some(key.clone()),
        _ => None,
    }
}

#[tokio::test]
async fn the_arguments_name_a_command() {
    let (old, new) = (server().await, server().await);
    fill(&new.client()).await;
    let threads = fill(&old.client()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (archive, file) = (&*path("archive"), &*path("threads.txt"));
    for arguments in [
        &[][..],
        &["--restore"],
        &[archive, "--threads"],
        &[archive, "--other"],
        &[archive, "--restore", file],
    ] {
        let error = crate::run(arguments, variables(&old)).await.unwrap_err();
        assert_eq!(error.to_string(), crate::USAGE, "{arguments:?}");
    }
    fs::write(file, format!(" {} \n\n{}\r\n", threads[0], threads[1])).unwrap();
    let arguments = [archive, "--threads", file];
    crate::run(&arguments, variables(&old)).await.unwrap();
    let contents = archive::read(archive.as_ref()).unwrap();
    assert_eq!(contents.missing(), [""; 0]);
    let arguments = [archive, "--restore"];
    crate::run(&arguments, variables(&new)).await.unwrap();
    let ids = Ids::open(&Path::new(archive).join("ids.jsonl")).unwrap();
    assert!(threads.iter().all(|thread| ids.get(thread).is_some()));

    // The server does not list its threads.
    let other = path("other");
    let error = crate::run(&[&other], variables(&old)).await.unwrap_err();
    assert_eq!(error.to_string(), "1 problems, see above");
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
    assert_progress(&report, count);
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
