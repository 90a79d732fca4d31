//! Adding files to a vector store, and waiting until they are indexed.

use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::types::ChunkingStrategy;
use openai_assistants::{Client, Indexed, Upload, VectorStore};
use serde_json::{Value, json};

use crate::support::{ManualClock, STALL, ScriptedServer, json_response, response, until};

fn file(id: &str) -> Value {
    json!({ "id": id, "object": "file", "bytes": 1, "created_at": 1, "filename": "a.md", "purpose": "assistants" })
}

fn batch(status: &str, completed: u32, failed: u32, total: u32) -> Value {
    let in_progress = total - completed - failed;
    json!({
        "id": "vsfb_1", "object": "vector_store.files_batch", "created_at": 1, "vector_store_id": "vs_1", "status": status,
        "file_counts": {
            "in_progress": in_progress, "completed": completed, "failed": failed, "cancelled": 0, "total": total,
        },
    })
}

fn store_file(id: &str, status: &str, last_error: Value) -> Value {
    json!({
        "id": id, "object": "vector_store.file", "created_at": 1, "vector_store_id": "vs_1", "usage_bytes": 1,
        "status": status, "last_error": last_error,
    })
}

fn store(client: &Client) -> VectorStore {
    client.vector_store("vs_1")
}

/// The body of a request.
fn body(request: &str) -> Value {
    let (_, body) = request.split_once("\r\n\r\n").expect("it has a body");
    serde_json::from_str(body).expect("it is JSON")
}

#[tokio::test]
async fn files_are_uploaded_added_as_a_batch_and_polled_until_they_are_indexed() {
    let polled = response(
        200,
        "openai-poll-after-ms: 300\r\n",
        &batch("in_progress", 1, 0, 2).to_string(),
    );
    let server = ScriptedServer::start([
        json_response(&file("file_1")),
        json_response(&file("file_2")),
        json_response(&batch("in_progress", 0, 0, 2)),
        polled,
        json_response(&batch("completed", 2, 0, 2)),
    ])
    .await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let states = Arc::new(Mutex::new(Vec::new()));
    let kept = states.clone();
    let files = [Upload::bytes("a.md", "A"), Upload::bytes("b.md", "B")];
    let indexing = store(&client)
        .upload_and_wait(files)
        .concurrency(1)
        .purpose("assistants")
        .attributes([("team", "docs")])
        .attributes(Some([("year", 2026)]))
        .chunking_strategy(None::<ChunkingStrategy>)
        .on_state(move |batch| kept.lock().unwrap().push(batch.file_counts.completed));
    // The future is `Send`, so it can be spawned.
    let indexed = tokio::spawn(indexing.wait()).await.unwrap().unwrap();
    assert!(indexed.is_complete());
    let ids: Vec<&str> = indexed
        .uploaded
        .iter()
        .map(|file| file.id.as_str())
        .collect();
    assert_eq!(ids, ["file_1", "file_2"]);
    assert_eq!(indexed.batches[0].file_counts.completed, 2);
    assert_eq!(*states.lock().unwrap(), [0, 1, 2]);
    assert_eq!(clock.sleeps(), [Duration::from_millis(300)]);
    let batches = "/v1/vector_stores/vs_1/file_batches";
    assert_eq!(
        server.request_lines(),
        [
            "POST /v1/files".to_owned(),
            "POST /v1/files".to_owned(),
            format!("POST {batches}"),
            format!("GET {batches}/vsfb_1"),
            format!("GET {batches}/vsfb_1"),
        ]
    );
    let requests = server.requests();
    assert!(
        requests[0].contains("name=\"purpose\"\r\n\r\nassistants\r\n"),
        "{}",
        requests[0]
    );
    assert_eq!(
        body(&requests[2]),
        json!({ "file_ids": ["file_1", "file_2"], "attributes": { "team": "docs", "year": 2026 } })
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_uploaded_or_indexed_is_part_of_the_outcome() {
    let reason = json!({ "code": "unsupported_file", "message": "no text" });
    let files = json!({
        "object": "list", "first_id": "file_1", "last_id": "file_3", "has_more": false,
        "data": [store_file("file_1", "completed", Value::Null), store_file("file_3", "failed", reason)],
    });
    let server = ScriptedServer::start([
        json_response(&file("file_1")),
        response(413, "", r#"{"error":{"message":"too large"}}"#),
        json_response(&file("file_3")),
        json_response(&batch("in_progress", 0, 0, 2)),
        json_response(&batch("completed", 1, 1, 2)),
        json_response(&files),
    ])
    .await;
    let uploads = ["a.md", "b.md", "c.md"].map(|name| Upload::bytes(name, "x"));
    let indexing = store(&server.client())
        .upload_and_wait(uploads)
        .concurrency(1);
    let indexed = indexing.wait().await.unwrap();
    assert!(!indexed.is_complete());
    assert_eq!(indexed.uploaded.len(), 2);
    let [file] = &indexed.not_uploaded[..] else {
        panic!("one file is not uploaded: {indexed:?}");
    };
    assert_eq!((file.index, file.name.as_str()), (1, "b.md"));
    assert_eq!(file.error.message(), "too large");
    let [failed] = &indexed.failed[..] else {
        panic!("one file is not indexed: {indexed:?}");
    };
    assert_eq!(failed.id, "file_3");
    assert_eq!(
        failed
            .last_error
            .as_ref()
            .map(|error| error.message.as_str()),
        Some("no text")
    );
    assert_eq!(
        body(&server.requests()[3])["file_ids"],
        json!(["file_1", "file_3"])
    );
}

#[tokio::test]
async fn an_invalid_setting_is_an_error_before_anything_is_sent() {
    let server = ScriptedServer::start([]).await;
    let client = server.client();
    let indexing = store(&client).upload_and_wait([Upload::bytes("a.md", "x")]);
    let error = indexing.purpose("asistants").wait().await.unwrap_err();
    assert!(
        error.to_string().contains("`asistants` is not one of"),
        "{error}"
    );
    let nameless = client
        .vector_store("")
        .upload_and_wait([Upload::bytes("a.md", "x")]);
    let error = nameless.wait().await.unwrap_err();
    assert!(error.is_invalid_argument(), "{error}");
    assert!(server.request_lines().is_empty());
}

#[tokio::test]
async fn no_file_means_no_batch() {
    let server = ScriptedServer::start([response(500, "", "")]).await;
    let client = server.client();
    let indexed = store(&client)
        .upload_and_wait([Upload::bytes("a.md", "x")])
        .wait()
        .await
        .unwrap();
    assert_eq!((indexed.not_uploaded.len(), indexed.batches.len()), (1, 0));
    assert_eq!(server.request_lines(), ["POST /v1/files"]);
    let none: [Upload; 0] = [];
    assert!(
        store(&client)
            .upload_and_wait(none)
            .wait()
            .await
            .unwrap()
            .is_complete()
    );
}

#[tokio::test]
async fn a_batch_has_at_most_five_hundred_files() {
    let server = ScriptedServer::start([json_response(&batch("completed", 1, 0, 1))]).await;
    let ids = (0..501).map(|number| format!("file_{number}"));
    let indexed = store(&server.client())
        .add_and_wait(ids)
        .wait()
        .await
        .unwrap();
    assert_eq!(indexed.batches.len(), 2);
    let requests = server.requests();
    let count = |request: &str| body(request)["file_ids"].as_array().map(Vec::len);
    assert_eq!(
        [count(&requests[0]), count(&requests[1])],
        [Some(500), Some(1)]
    );
}

#[tokio::test]
async fn uploads_are_concurrent_within_their_limit() {
    let server = ScriptedServer::start([STALL.to_string()]).await;
    let uploads = (0..9).map(|number| Upload::bytes(format!("{number}.md"), "x"));
    let indexing = store(&server.client())
        .upload_and_wait(uploads)
        .concurrency(3);
    let waiting = tokio::spawn(indexing.wait());
    until(|| server.requests().len() == 3).await;
    crate::support::yield_often().await;
    assert_eq!(server.requests().len(), 3);
    waiting.abort();
}

#[tokio::test]
async fn a_transient_failure_of_a_poll_is_repeated() {
    let unavailable = response(503, "retry-after: 200\r\n", "");
    let responses = [unavailable, json_response(&batch("cancelled", 0, 0, 0))];
    let server = ScriptedServer::start(responses).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let indexed = store(&client)
        .wait_for_batch("vsfb_1")
        .wait()
        .await
        .unwrap();
    assert_eq!(indexed.batches[0].status.as_str(), "cancelled");
    assert_eq!(clock.sleeps(), [Duration::from_secs(200)]);

    let server = ScriptedServer::start([response(404, "", "")]).await;
    let error = store(&server.client())
        .wait_for_batch("vsfb_1")
        .wait()
        .await;
    assert!(error.expect_err("it does not exist").is_not_found());
}

#[tokio::test]
async fn a_deadline_or_a_cancellation_names_the_batch() {
    let server = ScriptedServer::start([json_response(&batch("in_progress", 1, 0, 3))]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let deadline = Duration::from_secs(77);
    let indexing = store(&client).wait_for_batch("vsfb_1").deadline(deadline);
    let waiting = tokio::spawn(indexing.cancel_on(pending()).wait());
    until(|| clock.sleeps().len() > 2).await;
    clock.expire_timeouts_of(deadline);
    let error = waiting.await.unwrap().expect_err("the deadline passed");
    assert!(error.is_timeout(), "{error}");
    assert!(
        error
            .to_string()
            .contains("the batch vsfb_1 is `in_progress` and has indexed 1 of 3 files after 77s"),
        "{error}"
    );

    let waiting = store(&client)
        .wait_for_batch("vsfb_1")
        .cancel_on(ready(()))
        .wait();
    let error = waiting.await.expect_err("it is cancelled");
    assert!(
        error.is_cancelled() && error.to_string().contains("vsfb_1"),
        "{error}"
    );
}

#[tokio::test]
async fn a_deadline_names_the_files_that_were_uploaded_beside_a_slow_one() {
    let stall = || STALL.to_string();
    let server = ScriptedServer::start([stall(), json_response(&file("file_2")), stall()]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let uploads = ["a.md", "b.md", "c.md"].map(|name| Upload::bytes(name, "x"));
    let deadline = Duration::from_secs(77);
    let indexing = store(&client).upload_and_wait(uploads).concurrency(2);
    let waiting = tokio::spawn(indexing.deadline(deadline).wait());
    until(|| server.requests().len() == 3).await;
    clock.expire_timeouts_of(deadline);
    let error = waiting.await.unwrap().expect_err("the deadline passed");
    let text = "1 of 3 files are uploaded, and not added: file_2";
    assert!(error.to_string().contains(text), "{error}");
}

#[tokio::test]
async fn a_batch_that_cannot_be_created_names_the_files_that_were_uploaded() {
    let script = [
        json_response(&file("file_1")),
        response(404, "", "no store"),
    ];
    let server = ScriptedServer::start(script).await;
    let wait = store(&server.client()).upload_and_wait([Upload::bytes("a.md", "a")]);
    let error = wait.wait().await.expect_err("there is no store");
    assert!(error.is_not_found(), "{error}");
    let note = "uploaded, and not added: file_1";
    assert!(error.to_string().contains(note), "{error}");
}

#[tokio::test]
async fn a_batch_that_was_cancelled_is_not_complete() {
    let cancelled = batch("cancelled", 0, 0, 0);
    let script = [json_response(&cancelled), json_response(&cancelled)];
    let server = ScriptedServer::start(script).await;
    let outcome = store(&server.client()).add_and_wait(["file_1"]).wait();
    assert!(!outcome.await.unwrap().is_complete());
}

#[tokio::test]
async fn an_unknown_status_of_a_batch_is_in_progress() {
    let script = [
        json_response(&batch("queued", 0, 0, 1)),
        json_response(&batch("completed", 1, 0, 1)),
    ];
    let server = ScriptedServer::start(script).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let waiting = store(&client).wait_for_batch("vsfb_1").wait();
    assert!(waiting.await.unwrap().is_complete());
    assert_eq!(clock.sleeps(), [Duration::from_secs(1)]);
}

#[tokio::test]
async fn the_interval_of_the_caller_takes_precedence_over_that_of_the_server() {
    let polled = batch("in_progress", 0, 0, 1).to_string();
    let polled = response(200, "openai-poll-after-ms: 300\r\n", &polled);
    let completed = json_response(&batch("completed", 1, 0, 1));
    let server = ScriptedServer::start([polled.clone(), polled, completed]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let interval = Duration::from_secs(5);
    let waiting = store(&client).wait_for_batch("vsfb_1").interval(interval);
    assert!(waiting.wait().await.unwrap().is_complete());
    assert_eq!(clock.sleeps(), [interval, interval]);
}

/// The outcome of a batch with the files `file_1`, which is indexed, and `file_2`.
async fn outcome_of(batch: Value, status: &str) -> Indexed {
    let files = [
        store_file("file_1", "completed", Value::Null),
        store_file("file_2", status, Value::Null),
    ];
    let files = json!({ "object": "list", "data": files, "has_more": false });
    let server = ScriptedServer::start([json_response(&batch), json_response(&files)]).await;
    let outcome = store(&server.client())
        .wait_for_batch("vsfb_1")
        .wait()
        .await;
    outcome.expect("its status is part of the outcome")
}

#[tokio::test]
async fn a_batch_that_failed_or_was_cancelled_is_an_outcome_with_its_counts_and_files() {
    let mut cancelled = batch("cancelled", 1, 0, 1);
    cancelled["file_counts"]["cancelled"] = json!(1);
    cancelled["file_counts"]["total"] = json!(2);
    for (batch, status, counts) in [
        (batch("failed", 1, 1, 2), "failed", [1, 1, 0]),
        (cancelled, "cancelled", [1, 0, 1]),
    ] {
        let indexed = outcome_of(batch, status).await;
        assert!(!indexed.is_complete(), "{status}");
        let [batch] = &indexed.batches[..] else {
            panic!("there is one batch: {indexed:?}");
        };
        assert_eq!(batch.status.as_str(), status);
        let received = &batch.file_counts;
        let received = [received.completed, received.failed, received.cancelled];
        assert_eq!(received, counts);
        let [file] = &indexed.failed[..] else {
            panic!("one file is not indexed: {indexed:?}");
        };
        assert_eq!((file.id.as_str(), file.status.as_str()), ("file_2", status));
    }
}
