//! Uploads and downloads.

use std::convert::Infallible;
use std::fs;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use futures_util::{FutureExt, StreamExt, stream};
use openai_assistants::types::CreateFileRequest;
use openai_assistants::{RetryPolicy, Upload};
use openai_assistants_fake::{Echo, Fake, Fault, Server, SkippingClock};
use serde_json::{Value, json};
use tower_service::Service;

use crate::fake_client::FakeClient;
use crate::{fake, get, header, http, ok, post, rejected, serve, text};

/// Sends a form of fields and a file.
pub(crate) async fn form(
    server: &Server,
    fields: &[(&str, &str)],
    file: Option<(&str, &str)>,
) -> http::Response {
    let mut body = String::new();
    for (name, value) in fields {
        body +=
            &format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    if let Some((name, content)) = file {
        let head = format!("Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"");
        body += &format!("--x\r\n{head}\r\nContent-Type: text/plain\r\n\r\n{content}\r\n");
    }
    body += "--x--\r\n";
    let headers = [
        ("authorization", "Bearer sk-test"),
        ("content-type", "multipart/form-data; boundary=x"),
    ];
    http::raw(server, "POST", "/v1/files", &headers, &body).await
}

/// Uploads a text for assistants, and returns the ID of the file.
pub(crate) async fn upload(server: &Server, name: &str, content: &str) -> String {
    let response = form(server, &[("purpose", "assistants")], Some((name, content))).await;
    assert_eq!(response.status, 200, "{}", response.body);
    text(&response.json()["id"])
}

#[tokio::test]
async fn a_file_is_uploaded_fetched_and_deleted() {
    let server = serve(Echo).await;
    let name = "größe %22 \u{65e5}.md";
    let response = form(&server, &[("purpose", "assistants")], Some((name, "# Hä"))).await;
    let expected = json!({
        "id": "file-0001",
        "object": "file",
        "bytes": 5,
        "created_at": 1_700_000_000,
        "filename": "größe \" \u{65e5}.md",
        "purpose": "assistants",
        "status": "processed",
    });
    assert_eq!(response.json(), expected);
    assert_eq!(get(&server, "/files/file-0001").await, expected);
    let content = http::send(&server, "GET", "/files/file-0001/content", &Value::Null).await;
    assert_eq!((content.status, content.body.as_str()), (200, "# Hä"));
    assert_eq!(
        header(&content, "content-type"),
        Some("application/octet-stream")
    );
    let disposition = header(&content, "content-disposition");
    assert_eq!(
        disposition,
        Some("attachment; filename=\"größe _ \u{65e5}.md\"")
    );

    let deleted = ok(&server, "DELETE", "/files/file-0001", Value::Null).await;
    assert_eq!(
        deleted,
        json!({ "id": "file-0001", "object": "file", "deleted": true })
    );
    for (method, path) in [("GET", ""), ("DELETE", ""), ("GET", "/content")] {
        let path = format!("/files/file-0001{path}");
        let (status, error) = rejected(&server, method, &path, Value::Null).await;
        assert_eq!(status, 404);
        assert_eq!(error["message"], "No such File object: file-0001");
        assert_eq!(error["param"], "id");
    }
}

#[tokio::test]
async fn invalid_forms_are_rejected() {
    let server = serve(Echo).await;
    let file = Some(("a.txt", "a"));
    let purpose = [("purpose", "assistants")];
    let (anchor, seconds) = (
        ("expires_after[anchor]", "created_at"),
        "expires_after[seconds]",
    );
    for (fields, file, param, message) in [
        (
            &[][..],
            file,
            "purpose",
            "Missing required parameter: 'purpose'.",
        ),
        (
            &purpose[..],
            None,
            "file",
            "Missing required parameter: 'file'.",
        ),
        (
            &[("purpose", "world_domination")][..],
            file,
            "purpose",
            "'world_domination' is not one of ['assistants', ",
        ),
        (
            &[purpose[0], ("x", "1")][..],
            file,
            "x",
            "Unknown parameter: 'x'.",
        ),
        (
            &[purpose[0], anchor, (seconds, "60")][..],
            file,
            "expires_after.seconds",
            "Invalid 'expires_after.seconds': ",
        ),
    ] {
        let response = form(&server, fields, file).await;
        let error = &response.json()["error"];
        assert_eq!(response.status, 400, "{message}");
        assert!(text(&error["message"]).starts_with(message), "{error}");
        assert_eq!(error["param"], param);
    }
    let (status, error) = rejected(&server, "POST", "/files", json!({ "purpose": "vision" })).await;
    assert_eq!(status, 400);
    assert_eq!(error["message"], "Send the body as `multipart/form-data`.");
}

#[tokio::test]
async fn files_expire() {
    let clock = SkippingClock::default();
    let server = fake(&clock).start().await.expect("a port is free");
    let fields = [
        ("purpose", "user_data"),
        ("expires_after[anchor]", "created_at"),
        ("expires_after[seconds]", "3600"),
    ];
    let file = form(&server, &fields, Some(("a.txt", "a"))).await.json();
    post(
        &server,
        "/vector_stores",
        json!({ "file_ids": [file["id"]] }),
    )
    .await;
    assert_eq!(file["expires_at"], 1_700_003_600);
    clock.skip(Duration::from_secs(3599));
    assert_eq!(get(&server, "/files/file-0001").await, file);
    clock.skip(Duration::from_secs(1));
    let store = get(&server, "/vector_stores/vs_0001").await;
    assert_eq!(store["file_counts"]["total"], 0);
    let (status, _) = rejected(&server, "GET", "/files/file-0001", Value::Null).await;
    assert_eq!(status, 404);
    assert_eq!(get(&server, "/files").await["data"], json!([]));
}

#[tokio::test]
async fn lists_have_cursors_and_a_purpose() {
    let server = serve(Echo).await;
    for (name, purpose) in [("1", "assistants"), ("2", "vision"), ("3", "assistants")] {
        form(&server, &[("purpose", purpose)], Some((name, ""))).await;
    }
    let names = async |query: &str| {
        let list = get(&server, &format!("/files?{query}")).await;
        let files = list["data"].as_array().expect("it is a list");
        let names: String = files.iter().map(|file| text(&file["filename"])).collect();
        (names, list["has_more"] == true)
    };
    assert_eq!(names("").await, ("321".to_owned(), false));
    assert_eq!(names("purpose=assistants").await, ("31".to_owned(), false));
    assert_eq!(names("order=asc&limit=2").await, ("12".to_owned(), true));
    assert_eq!(
        names("after=file-0002&limit=10000").await,
        ("1".to_owned(), false)
    );
    let (status, error) = rejected(&server, "GET", "/files?limit=10001", Value::Null).await;
    assert_eq!((status, &error["param"]), (400, &json!("limit")));
}

#[tokio::test]
async fn the_size_of_files_is_limited() {
    let clock = SkippingClock::default();
    let server = fake(&clock).max_body(10).max_file(1000).max_bytes(1500);
    let server = server.start().await.expect("a port is free");
    let purpose = [("purpose", "vision")];
    let response = form(&server, &purpose, Some(("a", &"a".repeat(1001)))).await;
    assert_eq!(response.status, 413);
    let file = "a".repeat(1000);
    assert_eq!(
        form(&server, &purpose, Some(("a", &file))).await.status,
        200
    );
    let response = form(&server, &purpose, Some(("a", &file))).await;
    assert_eq!(response.json()["error"]["code"], "too_many_objects");
    ok(&server, "DELETE", "/files/file-0001", Value::Null).await;
    assert_eq!(
        form(&server, &purpose, Some(("a", &file))).await.status,
        200
    );
}

#[tokio::test]
async fn content_is_stored_in_a_folder() {
    let folder = std::env::temp_dir().join(format!("fake-files-{}", std::process::id()));
    let fake = fake(&SkippingClock::default()).max_bytes(1000);
    let server = fake.folder(&folder).start().await.expect("a port is free");
    let content = "a".repeat(2000);
    let (first, second) = (
        upload(&server, "a.txt", &content).await,
        upload(&server, "b.txt", "b").await,
    );
    let stored = fs::read_to_string(folder.join(&first)).expect("the content is stored");
    assert_eq!(stored, content);
    let path = format!("/files/{first}/content");
    let downloaded = http::send(&server, "GET", &path, &Value::Null).await;
    assert_eq!(downloaded.body, content);
    ok(&server, "DELETE", &format!("/files/{first}"), Value::Null).await;
    assert!(!folder.join(&first).exists());
    assert!(folder.join(&second).exists());
    server.stop().await;
    assert!(!folder.join(&second).exists());
    fs::remove_dir(&folder).expect("the folder is empty");
}

#[tokio::test]
async fn a_file_in_the_folder_is_not_overwritten() {
    let folder = std::env::temp_dir().join(format!("fake-kept-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder is created");
    fs::write(folder.join("file-0001"), "mine").expect("the file is written");
    let fake = fake(&SkippingClock::default());
    let server = fake.folder(&folder).start().await.expect("a port is free");
    let purpose = [("purpose", "assistants")];
    let response = form(&server, &purpose, Some(("a.txt", "a"))).await;
    assert_eq!(response.status, 500, "{}", response.body);
    assert_eq!(upload(&server, "b.txt", "b").await, "file-0002");
    server.stop().await;
    let kept = fs::read_to_string(folder.join("file-0001"));
    assert_eq!(kept.expect("the file is kept"), "mine");
    fs::remove_dir_all(&folder).expect("the folder is removed");
}

#[tokio::test]
async fn uploads_in_progress_count_against_the_limit() {
    let fake = Fake::builder().max_bytes(1500);
    let service = fake.service().expect("the settings are valid");
    let head = "--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nvision\r\n--x\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
    let upload = |body: Body| {
        let request = Request::post("/v1/files")
            .header("authorization", "Bearer sk-test")
            .header("content-type", "multipart/form-data; boundary=x");
        service
            .clone()
            .call(request.body(body).expect("the request is valid"))
    };
    let whole = || Body::from(format!("{head}{}\r\n--x--\r\n", "a".repeat(1000)));
    let begin = stream::iter([Ok::<_, Infallible>(format!("{head}{}", "a".repeat(1000)))]);
    let mut unfinished = Box::pin(upload(Body::from_stream(begin.chain(stream::pending()))));
    assert!(unfinished.as_mut().now_or_never().is_none());
    let response = upload(whole()).await.expect("there is a response");
    assert_eq!(response.status(), 400);
    let body = to_bytes(response.into_body(), 1000).await;
    let error: Value = serde_json::from_slice(&body.expect("it is read")).expect("it is JSON");
    assert_eq!(error["error"]["code"], "too_many_objects");
    drop(unfinished);
    let response = upload(whole()).await.expect("there is a response");
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_client_uploads_and_downloads() {
    let fake = Fake::builder().checked();
    let server = fake.fault_times(1, "downloadFile", Fault::cut());
    let server = server.start().await.expect("a port is free");
    let client = server.client_builder().retry(RetryPolicy::never());
    let client = client.build().expect("the settings are valid");
    let body = CreateFileRequest::builder().purpose("user_data");
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let upload = Upload::bytes("data.bin", bytes.clone());
    let file = client.create_file().body(body).file(upload).send().await;
    let file = file.expect("the file is uploaded");
    assert_eq!((file.bytes, file.filename.as_str()), (100_000, "data.bin"));
    let download = async || {
        let download = client.download_file().file_id(&file.id).send().await?;
        download.bytes().await
    };
    assert!(download().await.is_err(), "the first download is cut");
    assert_eq!(download().await.expect("the second is whole"), bytes);
}
