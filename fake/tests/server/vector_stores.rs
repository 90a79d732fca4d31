//! Vector stores, their files and batches, and search.

use std::time::Duration;

use openai_assistants::Upload;
use openai_assistants_fake::{Echo, Server, SkippingClock};
use serde_json::{Value, json};

use crate::fake_client::FakeClient;
use crate::files::{form, upload};
use crate::shared_clock::SharedClock;
use crate::{fake, get, http, ok, post, rejected, serve, text};

/// A server that indexes a file in a second, and its clock.
async fn slow() -> (Server, SkippingClock) {
    let clock = SkippingClock::default();
    let fake = fake(&clock).pace(Duration::from_secs(1));
    (fake.start().await.expect("a port is free"), clock)
}

/// Creates a vector store of files with names and contents.
async fn store_of(server: &Server, files: &[(&str, &str)]) -> Value {
    let mut ids = Vec::new();
    for (name, content) in files {
        ids.push(upload(server, name, content).await);
    }
    post(server, "/vector_stores", json!({ "file_ids": ids })).await
}

/// The texts that a search finds.
async fn search(server: &Server, store: &str, body: Value) -> Vec<String> {
    let page = post(server, &format!("/vector_stores/{store}/search"), body).await;
    let results = page["data"].as_array().expect("it is a list");
    let texts = results
        .iter()
        .map(|result| text(&result["content"][0]["text"]));
    texts.collect()
}

fn counts(in_progress: u32, completed: u32, failed: u32, cancelled: u32) -> Value {
    json!({
        "in_progress": in_progress,
        "completed": completed,
        "failed": failed,
        "cancelled": cancelled,
        "total": in_progress + completed + failed + cancelled,
    })
}

#[tokio::test]
async fn files_are_indexed_on_the_clock() {
    let (server, clock) = slow().await;
    let file = upload(&server, "a.txt", "What a day it is now.").await;
    let image = upload(&server, "a.png", "x").await;
    let body = json!({ "name": "Docs", "file_ids": [file, image], "metadata": { "a": "1" } });
    let created = post(&server, "/vector_stores", body).await;
    let expected = json!({
        "id": "vs_0001",
        "object": "vector_store",
        "created_at": 1_700_000_000,
        "name": "Docs",
        "description": null,
        "usage_bytes": 0,
        "file_counts": counts(2, 0, 0, 0),
        "status": "in_progress",
        "expires_at": null,
        "last_active_at": 1_700_000_000,
        "metadata": { "a": "1" },
    });
    assert_eq!(created, expected);
    let mut expected_file = json!({
        "id": file,
        "object": "vector_store.file",
        "usage_bytes": 0,
        "created_at": 1_700_000_000,
        "vector_store_id": "vs_0001",
        "status": "in_progress",
        "last_error": null,
        "chunking_strategy": {
            "type": "static",
            "static": { "max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400 },
        },
        "attributes": {},
    });
    let path = format!("/vector_stores/vs_0001/files/{file}");
    assert_eq!(get(&server, &path).await, expected_file);

    clock.skip(Duration::from_secs(1));
    expected_file["status"] = json!("completed");
    // As recorded for a text of 21 bytes.
    expected_file["usage_bytes"] = json!(1045);
    assert_eq!(get(&server, &path).await, expected_file);
    let failed = get(&server, &format!("/vector_stores/vs_0001/files/{image}")).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["last_error"]["code"], "unsupported_file");
    let store = get(&server, "/vector_stores/vs_0001").await;
    assert_eq!(store["status"], "completed");
    assert_eq!(store["usage_bytes"], 1045);
    assert_eq!(store["file_counts"], counts(0, 1, 1, 0));
    let list = get(&server, "/vector_stores/vs_0001/files?filter=failed").await;
    assert_eq!(list["data"], json!([failed]));
    let (status, error) = rejected(
        &server,
        "GET",
        "/vector_stores/vs_0001/files?filter=x",
        Value::Null,
    )
    .await;
    assert_eq!((status, &error["param"]), (400, &json!("filter")));
}

#[tokio::test]
async fn a_store_is_modified_listed_and_deleted() {
    let server = serve(Echo).await;
    for name in ["1", "2", "3"] {
        post(&server, "/vector_stores", json!({ "name": name })).await;
    }
    let list = get(&server, "/vector_stores?limit=2").await;
    let names = list["data"].as_array().expect("it is a list");
    let names: String = names.iter().map(|store| text(&store["name"])).collect();
    assert_eq!((names.as_str(), &list["has_more"]), ("32", &json!(true)));
    let body = json!({ "name": "new", "metadata": { "a": "1" } });
    let modified = post(&server, "/vector_stores/vs_0001", body).await;
    assert_eq!(modified["name"], "new");
    let body = json!({ "name": null, "metadata": null });
    let modified = post(&server, "/vector_stores/vs_0001", body).await;
    assert_eq!(
        (&modified["name"], &modified["metadata"]),
        (&json!(""), &json!({}))
    );
    let deleted = ok(&server, "DELETE", "/vector_stores/vs_0001", Value::Null).await;
    assert_eq!(deleted["object"], "vector_store.deleted");
    let (status, error) = rejected(&server, "GET", "/vector_stores/vs_0001", Value::Null).await;
    assert_eq!(status, 404);
    assert_eq!(error["message"], "No vector store found with id 'vs_0001'.");
}

#[tokio::test]
async fn stores_expire_without_activity() {
    let clock = SkippingClock::default();
    let server = fake(&clock).start().await.expect("a port is free");
    let policy = json!({ "anchor": "last_active_at", "days": 1 });
    let store = post(
        &server,
        "/vector_stores",
        json!({ "expires_after": policy }),
    )
    .await;
    assert_eq!(store["expires_after"], policy);
    assert_eq!(store["expires_at"], 1_700_086_400);
    clock.skip(Duration::from_secs(86_399));
    search(&server, "vs_0001", json!({ "query": "a" })).await;
    clock.skip(Duration::from_secs(86_399));
    assert_eq!(
        get(&server, "/vector_stores/vs_0001").await["status"],
        "completed"
    );
    clock.skip(Duration::from_secs(1));
    assert_eq!(
        get(&server, "/vector_stores/vs_0001").await["status"],
        "expired"
    );
    let body = json!({ "query": "a" });
    let (status, _) = rejected(&server, "POST", "/vector_stores/vs_0001/search", body).await;
    assert_eq!(status, 400);
    let kept = post(
        &server,
        "/vector_stores",
        json!({ "expires_after": policy }),
    )
    .await;
    let path = format!("/vector_stores/{}", text(&kept["id"]));
    let kept = post(&server, &path, json!({ "expires_after": null })).await;
    assert_eq!(
        (&kept["expires_at"], kept.get("expires_after")),
        (&Value::Null, None)
    );
}

#[tokio::test]
async fn files_of_a_store_are_added_modified_read_and_removed() {
    let server = serve(Echo).await;
    let file = upload(&server, "a.md", "# Prices\nA ticket is 20 euros.").await;
    post(&server, "/vector_stores", json!({})).await;
    let chunking = json!({
        "type": "static",
        "static": { "max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50 },
    });
    let body =
        json!({ "file_id": file, "attributes": { "year": 2024 }, "chunking_strategy": chunking });
    let added = post(&server, "/vector_stores/vs_0001/files", body).await;
    assert_eq!(added["chunking_strategy"], chunking);
    assert_eq!(added["attributes"], json!({ "year": 2024 }));
    let path = format!("/vector_stores/vs_0001/files/{file}");
    let body = json!({ "attributes": { "year": 2025, "team": "docs" } });
    assert_eq!(
        post(&server, &path, body.clone()).await["attributes"],
        body["attributes"]
    );
    let content = get(&server, &format!("{path}/content")).await;
    assert_eq!(
        content["data"][0]["text"],
        "# Prices\nA ticket is 20 euros."
    );

    let deleted = ok(&server, "DELETE", &path, Value::Null).await;
    assert_eq!(deleted["object"], "vector_store.file.deleted");
    let (status, error) = rejected(&server, "GET", &path, Value::Null).await;
    assert_eq!(status, 404);
    let expected = format!("No file found with id '{file}' in vector store 'vs_0001'.");
    assert_eq!(error["message"], expected);
    // The file itself remains.
    get(&server, &format!("/files/{file}")).await;
}

#[tokio::test]
async fn a_deleted_file_is_removed_from_stores() {
    let server = serve(Echo).await;
    store_of(&server, &[("a.txt", "a")]).await;
    ok(&server, "DELETE", "/files/file-0001", Value::Null).await;
    let store = get(&server, "/vector_stores/vs_0001").await;
    assert_eq!(store["file_counts"], counts(0, 0, 0, 0));
}

#[tokio::test]
async fn invalid_additions_are_rejected() {
    let server = serve(Echo).await;
    let file = upload(&server, "a.txt", "a").await;
    post(&server, "/vector_stores", json!({})).await;
    let overlap = json!({
        "type": "static",
        "static": { "max_chunk_size_tokens": 100, "chunk_overlap_tokens": 51 },
    });
    let unknown = "No file found with id 'file-9'.";
    for (path, body, status, message) in [
        ("", json!({ "file_ids": ["file-9"] }), 404, unknown),
        (
            "/vs_0001/files",
            json!({ "file_id": "file-9" }),
            404,
            unknown,
        ),
        (
            "/vs_0001/files",
            json!({}),
            400,
            "Missing required parameter: 'file_id'.",
        ),
        (
            "/vs_0001/files",
            json!({ "file_id": file, "chunking_strategy": overlap }),
            400,
            "'chunk_overlap_tokens' must not exceed half of 'max_chunk_size_tokens'.",
        ),
        (
            "/vs_0001/file_batches",
            json!({ "file_ids": [file, "file-9"] }),
            404,
            unknown,
        ),
        (
            "/vs_0001/file_batches",
            json!({}),
            400,
            "Missing required parameter: 'file_ids'.",
        ),
        (
            "/vs_0001/file_batches",
            json!({ "files": [{ "file_id": file }, {}] }),
            400,
            "Missing required parameter: 'files[1].file_id'.",
        ),
        (
            "/vs_9/files",
            json!({ "file_id": file }),
            404,
            "No vector store found with id 'vs_9'.",
        ),
    ] {
        let path = format!("/vector_stores{path}");
        let (found, error) = rejected(&server, "POST", &path, body).await;
        assert_eq!((found, &error["message"]), (status, &json!(message)));
    }
    let list = get(&server, "/vector_stores").await;
    assert_eq!(list["data"][0]["file_counts"], counts(0, 0, 0, 0));
}

#[tokio::test]
async fn a_batch_is_followed_and_cancelled() {
    let (server, clock) = slow().await;
    let first = upload(&server, "a.txt", "a").await;
    let second = upload(&server, "b.txt", "b").await;
    let third = upload(&server, "c.txt", "c").await;
    post(&server, "/vector_stores", json!({})).await;
    let batches = "/vector_stores/vs_0001/file_batches";
    let batch = post(&server, batches, json!({ "file_ids": [first, second] })).await;
    let expected = json!({
        "id": "vsfb_0001",
        "object": "vector_store.files_batch",
        "created_at": 1_700_000_000,
        "status": "in_progress",
        "vector_store_id": "vs_0001",
        "file_counts": counts(2, 0, 0, 0),
    });
    assert_eq!(batch, expected);
    clock.skip(Duration::from_secs(1));
    let path = format!("{batches}/vsfb_0001");
    let batch = get(&server, &path).await;
    assert_eq!(batch["status"], "completed");
    assert_eq!(batch["file_counts"], counts(0, 2, 0, 0));
    // A batch that is completed remains so.
    assert_eq!(
        post(&server, &format!("{path}/cancel"), Value::Null).await,
        batch
    );

    let files = json!([{ "file_id": third, "attributes": { "a": true } }]);
    post(&server, batches, json!({ "files": files })).await;
    let cancelled = post(&server, &format!("{batches}/vsfb_0002/cancel"), Value::Null).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["file_counts"], counts(0, 0, 0, 1));
    let list = get(&server, &format!("{path}/files?limit=1")).await;
    assert_eq!(
        (&list["data"][0]["id"], &list["has_more"]),
        (&json!(second), &json!(true))
    );
    let list = get(&server, &format!("{batches}/vsfb_0002/files")).await;
    assert_eq!(list["data"][0]["status"], "cancelled");
    assert_eq!(list["data"][0]["attributes"], json!({ "a": true }));
    let (status, _) = rejected(&server, "GET", &format!("{batches}/vsfb_9"), Value::Null).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_batch_that_has_ended_does_not_change() {
    let (server, clock) = slow().await;
    let first = upload(&server, "a.txt", "a").await;
    let second = upload(&server, "b.txt", "b").await;
    post(&server, "/vector_stores", json!({})).await;
    let batches = "/vector_stores/vs_0001/file_batches";
    post(&server, batches, json!({ "file_ids": [first, second] })).await;
    clock.skip(Duration::from_secs(1));
    // The first batch has ended before a file is removed, and the other is added again.
    ok(&server, "DELETE", &format!("/files/{second}"), Value::Null).await;
    post(&server, batches, json!({ "file_ids": [first] })).await;
    let cancelled = post(&server, &format!("{batches}/vsfb_0002/cancel"), Value::Null).await;
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["file_counts"], counts(0, 0, 0, 1));
    let batch = get(&server, &format!("{batches}/vsfb_0001")).await;
    assert_eq!(batch["status"], "completed");
    assert_eq!(batch["file_counts"], counts(0, 2, 0, 0));
    let again = post(&server, &format!("{batches}/vsfb_0001/cancel"), Value::Null).await;
    assert_eq!(again, batch);
    let list = get(&server, &format!("{batches}/vsfb_0002/files")).await;
    assert_eq!(list["data"][0]["id"], json!(first));
    let list = get(&server, &format!("{batches}/vsfb_0001/files")).await;
    assert_eq!(list["data"], json!([]));
}

#[tokio::test]
async fn the_list_has_no_expired_files() {
    let clock = SkippingClock::default();
    let server = fake(&clock).start().await.expect("a port is free");
    let fields = [
        ("purpose", "assistants"),
        ("expires_after[anchor]", "created_at"),
        ("expires_after[seconds]", "3600"),
    ];
    let file = form(&server, &fields, Some(("a.txt", "a"))).await.json();
    let body = json!({ "file_ids": [file["id"]] });
    post(&server, "/vector_stores", body).await;
    clock.skip(Duration::from_secs(3600));
    let list = get(&server, "/vector_stores").await;
    assert_eq!(list["data"][0]["file_counts"], counts(0, 0, 0, 0));
}

#[tokio::test]
async fn a_fault_fails_indexing() {
    let server = serve(Echo).await;
    let file = upload(&server, "a.txt", "a").await;
    let body = json!({ "file_ids": [file] });
    let fault = [("x-fake-fault", "fail-indexing")];
    http::with(&server, "POST", "/vector_stores", &fault, &body).await;
    let failed = get(&server, &format!("/vector_stores/vs_0001/files/{file}")).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["last_error"]["code"], "server_error");
}

#[tokio::test]
async fn a_search_ranks_filters_and_limits() {
    let server = serve(Echo).await;
    let files = [
        ("a.md", "A ticket is 20 euros."),
        ("b.md", "The price of a ticket is 30 euros."),
        ("c.md", "It rains."),
    ];
    store_of(&server, &files).await;
    for (file, year) in [("file-0001", 2023), ("file-0002", 2024)] {
        let body = json!({ "attributes": { "year": year } });
        post(
            &server,
            &format!("/vector_stores/vs_0001/files/{file}"),
            body,
        )
        .await;
    }
    let body = json!({ "query": "What is the price of a ticket?" });
    let page = post(&server, "/vector_stores/vs_0001/search", body.clone()).await;
    let expected = json!({
        "object": "vector_store.search_results.page",
        "search_query": ["What is the price of a ticket?"],
        "data": [
            {
                "file_id": "file-0002",
                "filename": "b.md",
                "score": 1.0,
                "attributes": { "year": 2024 },
                "content": [{ "type": "text", "text": files[1].1 }],
            },
            {
                "file_id": "file-0001",
                "filename": "a.md",
                "score": 0.5,
                "attributes": { "year": 2023 },
                "content": [{ "type": "text", "text": files[0].1 }],
            },
        ],
        "has_more": false,
        "next_page": null,
    });
    assert_eq!(page, expected);
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        search(&server, "vs_0001", body)
    };
    assert_eq!(with("max_num_results", json!(1)).await, [files[1].1]);
    let threshold = json!({ "score_threshold": 0.6 });
    assert_eq!(with("ranking_options", threshold).await, [files[1].1]);
    let filter = json!({ "type": "lt", "key": "year", "value": 2024 });
    assert_eq!(with("filters", filter.clone()).await, [files[0].1]);
    let later = json!({ "type": "gte", "key": "year", "value": 2024 });
    let both = json!({ "type": "and", "filters": [filter, later] });
    assert_eq!(with("filters", both).await, [""; 0]);
    assert_eq!(with("query", json!(["rains", "ticket"])).await.len(), 3);
}

#[tokio::test]
async fn the_client_uploads_and_waits() {
    let clock = SkippingClock::default();
    let fake = fake(&clock).pace(Duration::from_secs(3));
    let server = fake.start().await.expect("a port is free");
    let client = server
        .client_builder()
        .clock(SharedClock(clock.clone()))
        .build();
    let client = client.expect("the settings are valid");
    let store = client
        .create_vector_store()
        .send()
        .await
        .expect("the store is created");
    let files = [("a.md", "a"), ("b.png", "b")].map(|(name, content)| Upload::bytes(name, content));
    let indexed = client
        .vector_store(&store.id)
        .upload_and_wait(files)
        .wait()
        .await;
    let indexed = indexed.expect("the files are indexed");
    assert_eq!(indexed.uploaded.len(), 2);
    assert_eq!(indexed.batches[0].file_counts.completed, 1);
    assert_eq!(indexed.failed[0].id, "file-0002");
    assert!(!indexed.is_complete());
}
