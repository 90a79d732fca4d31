//! Exports files and vector stores from mocked servers, and restores them.

use std::fs;

use httpmock::Method::{GET, POST};
use httpmock::MockServer;
use indicatif::ProgressBar;
use openai_assistants::{Client, RetryPolicy};
use serde_json::{Value, json};

use crate::archive::Archive;
use crate::restore::restore;
use crate::walk::Walk;

fn client(server: &MockServer) -> Client {
    let builder = Client::builder().base_url(server.base_url()).api_key("k");
    let client = builder.retry(RetryPolicy::never()).build();
    client.expect("the settings are valid")
}

/// A list, or the response to a creation.
fn respond(server: &MockServer, method: httpmock::Method, path: &str, body: &Value) {
    server.mock(|when, then| {
        when.method(method).path(path);
        then.status(200).json_body(body.clone());
    });
}

fn list(server: &MockServer, path: &str, objects: Value) {
    let body = json!({ "object": "list", "data": objects, "has_more": false });
    respond(server, GET, path, &body);
}

#[tokio::test]
async fn files_and_vector_stores_are_moved_with_their_content() {
    let old = MockServer::start_async().await;
    list(
        &old,
        "/assistants",
        json!([{
            "id": "asst_1", "model": "m", "vendor": { "only": "exported" },
            "tool_resources": { "file_search": { "vector_store_ids": ["vs_1"] } },
        }]),
    );
    list(
        &old,
        "/files",
        json!([
            { "id": "file_1", "filename": "ä.md", "purpose": "assistants" },
            { "id": "file_2", "filename": "b.md", "purpose": "assistants_output" },
        ]),
    );
    list(
        &old,
        "/vector_stores",
        json!([{ "id": "vs_1", "name": "Docs", "usage_bytes": 3 }]),
    );
    list(
        &old,
        "/vector_stores/vs_1/files",
        json!([
            { "id": "file_1", "attributes": { "team": "docs" }, "status": "completed" },
            { "id": "file_2", "status": "completed" },
        ]),
    );
    list(&old, "/threads", json!([]));
    old.mock(|when, then| {
        when.method(GET).path("/files/file_1/content");
        then.status(200).body("# A");
    });
    old.mock(|when, then| {
        when.method(GET).path("/files/file_2/content");
        then.status(400).body("it cannot be downloaded");
    });
    let folder = tempfile::tempdir().unwrap();
    let bar = ProgressBar::hidden();
    let mut archive = Archive::open(folder.path()).unwrap();
    let mut walk = Walk {
        client: &client(&old),
        archive: &mut archive,
        bar: &bar,
    };
    assert!(walk.run(None).await.unwrap().is_empty());
    let content = fs::read_to_string(folder.path().join("files/file_1")).unwrap();
    assert_eq!(content, "# A");
    let lines = fs::read_to_string(folder.path().join("objects.jsonl")).unwrap();
    assert!(lines.contains(r#""vendor":{"only":"exported"}"#), "{lines}");

    let new = MockServer::start_async().await;
    let upload = new.mock(|when, then| {
        let file = "name=\"file\"; filename=\"ä.md\"\r\nContent-Type: text/markdown\r\n\r\n# A";
        when.method(POST).path("/files").body_includes(file);
        then.status(200)
            .json_body(json!({ "id": "file_9", "object": "file" }));
    });
    let store = new.mock(|when, then| {
        let body = json!({ "name": "Docs" });
        when.method(POST).path("/vector_stores").json_body(body);
        then.status(200).json_body(json!({ "id": "vs_9" }));
    });
    let added = new.mock(|when, then| {
        let body = json!({ "file_id": "file_9", "attributes": { "team": "docs" } });
        when.method(POST)
            .path("/vector_stores/vs_9/files")
            .json_body(body);
        then.status(200).json_body(json!({ "id": "file_9" }));
    });
    let assistant = new.mock(|when, then| {
        let resources = json!({ "file_search": { "vector_store_ids": ["vs_9"] } });
        let body = json!({ "model": "m", "tool_resources": resources });
        when.method(POST).path("/assistants").json_body(body);
        then.status(200).json_body(json!({ "id": "asst_9" }));
    });
    // The file without content is neither uploaded nor added.
    assert_eq!(
        restore(&client(&new), folder.path(), &bar).await.unwrap(),
        4
    );
    for mock in [upload, store, added, assistant] {
        mock.assert_calls(1);
    }
}

#[tokio::test]
async fn lists_that_the_server_lacks_are_named() {
    let server = MockServer::start_async().await;
    list(&server, "/assistants", json!([]));
    let folder = tempfile::tempdir().unwrap();
    let bar = ProgressBar::hidden();
    let mut archive = Archive::open(folder.path()).unwrap();
    let mut walk = Walk {
        client: &client(&server),
        archive: &mut archive,
        bar: &bar,
    };
    let missing = walk.run(None).await.unwrap();
    assert_eq!(missing, ["files", "vector_stores", "threads"]);
}
