//! Downloads: in memory, as a stream, and to a path.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::{ErrorKind, SizeLimits};

use super::{download, folder_with, names};
use crate::support::{CLOSE, ManualClock, PAUSE, STALL, ScriptedServer, response, until};

const TYPE: &str = "content-type: text/markdown\r\nx-request-id: req_1\r\n";

/// A response that breaks off after the first bytes.
fn broken() -> String {
    format!("HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\nfirst{CLOSE}")
}

#[tokio::test]
async fn the_content_is_returned_as_received() {
    let content = "\u{feff}{not JSON\r\n";
    let server = ScriptedServer::start([response(200, TYPE, content)]).await;
    let client = server.client();
    let file = download(&client).download().await.unwrap();
    assert_eq!(file.content_length(), Some(content.len() as u64));
    assert_eq!(
        (file.content_type(), file.request_id()),
        (Some("text/markdown"), Some("req_1"))
    );
    assert_eq!(file.bytes().await.unwrap(), content);
    let response = download(&client).send_bytes().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/markdown");
    assert_eq!(response.into_inner(), content);
    for request in server.requests() {
        assert!(request.contains("\r\naccept: */*\r\n"), "{request}");
    }
}

#[tokio::test]
async fn the_content_is_received_chunk_by_chunk_and_progress_is_reported() {
    let head = "HTTP/1.1 200 X\r\ncontent-length: 11\r\n\r\n";
    let server = ScriptedServer::start([format!("{head}{PAUSE}first{PAUSE}second")]).await;
    let reports = Arc::new(Mutex::new(Vec::new()));
    let kept = reports.clone();
    let file = download(&server.client()).download().await.unwrap();
    let mut file = file.progress(move |progress| {
        kept.lock()
            .unwrap()
            .push((progress.bytes, progress.total, progress.attempt));
    });
    let mut content = Vec::new();
    while let Some(chunk) = file.try_next().await.unwrap() {
        content.extend_from_slice(&chunk);
        let (bytes, ..) = *reports.lock().unwrap().last().expect("it was reported");
        assert_eq!(bytes, content.len() as u64);
    }
    assert_eq!(content, b"firstsecond");
    assert_eq!(reports.lock().unwrap().last(), Some(&(11, Some(11), 1)));
    assert!(file.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn the_caller_limits_the_size() {
    let server = ScriptedServer::start([response(200, "", "twelve bytes")]).await;
    let client = server.client();
    let exact = download(&client).download().await.unwrap().max_bytes(12);
    assert_eq!(exact.bytes().await.unwrap(), "twelve bytes");
    let file = download(&client).download().await.unwrap().max_bytes(11);
    let error = file.bytes().await.expect_err("it has 12 bytes");
    assert!(
        error.to_string().contains("larger than 11 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn bytes_of_a_call_are_limited_as_response_bodies_are_and_a_download_is_not() {
    let server = ScriptedServer::start([response(200, "", "twelve bytes")]).await;
    let limits = SizeLimits::default().body(11);
    let builder = server.builder(&ManualClock::default()).size_limits(limits);
    let client = builder.build().unwrap();
    let call = client.download_file().file_id("file_1");
    let raw = download(&client).send_bytes().await;
    for error in [call.clone().bytes().await.err(), raw.err()] {
        let text = error.expect("it has 12 bytes").to_string();
        assert!(text.contains("larger than 11 bytes"), "{text}");
    }
    let content = call.send().await.unwrap().bytes().await;
    assert_eq!(content.unwrap(), "twelve bytes");
}

#[tokio::test]
async fn an_error_status_is_an_error_with_its_message() {
    let body = r#"{"error":{"message":"No such file."}}"#;
    let server = ScriptedServer::start([response(404, "", body)]).await;
    let error = download(&server.client()).download().await;
    let error = error.expect_err("it does not exist");
    assert!(
        error.is_not_found() && error.message() == "No such file.",
        "{error}"
    );
    assert_eq!(error.operation(), Some("GET /v1/files/file_1/content"));
}

#[tokio::test]
async fn bytes_that_break_off_are_requested_again_but_a_stream_is_not() {
    let whole = response(200, "", "first");
    let server = ScriptedServer::start([broken(), whole.clone()]).await;
    let response = download(&server.client()).send_bytes().await.unwrap();
    assert_eq!((response.attempts(), response.body()), (2, &b"first"[..]));

    let server = ScriptedServer::start([broken(), whole]).await;
    let file = download(&server.client()).download().await.unwrap();
    let error = file.bytes().await.expect_err("it breaks off");
    assert!(error.is_connect(), "{error}");
    assert_eq!(
        (error.operation(), error.attempts()),
        (Some("GET /v1/files/file_1/content"), 1)
    );
}

#[tokio::test]
async fn a_server_that_sends_nothing_ends_the_download() {
    let head = "HTTP/1.1 200 X\r\ncontent-length: 11\r\n\r\n";
    let server = ScriptedServer::start([format!("{head}first{STALL}")]).await;
    let clock = ManualClock::default();
    let builder = server
        .builder(&clock)
        .stream_idle_timeout(Duration::from_secs(7));
    let client = builder.build().unwrap();
    let mut file = download(&client).download().await.unwrap();
    assert_eq!(file.try_next().await.unwrap().unwrap(), "first");
    let next = tokio::spawn(async move { file.try_next().await });
    until(|| clock.timeouts().contains(&Duration::from_secs(7))).await;
    clock.expire_timeouts_of(Duration::from_secs(7));
    let error = next.await.unwrap().expect_err("the server sends nothing");
    assert!(
        error.is_timeout()
            && error
                .to_string()
                .contains("sent nothing within the `stream_idle_timeout` of 7s"),
        "{error}"
    );
}

#[tokio::test]
async fn a_complete_download_replaces_the_file() {
    let server = ScriptedServer::start([response(200, "", "new")]).await;
    let (folder, path) = folder_with("a.txt", "old content");
    let file = download(&server.client()).download().await.unwrap();
    assert_eq!(file.to_path(&path).await.unwrap(), 3);
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    assert_eq!(names(folder.path()), ["a.txt"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_downloaded_file_has_the_permissions_of_a_new_file() {
    use std::os::unix::fs::PermissionsExt;

    let server = ScriptedServer::start([response(200, "", "new")]).await;
    let (folder, path) = folder_with("a.txt", "");
    let other = folder.path().join("b.txt");
    let file = download(&server.client()).download().await.unwrap();
    file.to_path(&other).await.unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&other), mode(&path));
}

#[tokio::test]
async fn a_broken_download_leaves_nothing_behind() {
    let server = ScriptedServer::start([broken()]).await;
    let (folder, path) = folder_with("a.txt", "old");
    let file = download(&server.client()).download().await.unwrap();
    let error = file.to_path(&path).await.expect_err("it breaks off");
    assert!(error.is_connect(), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(folder.path()), ["a.txt"]);
}

#[tokio::test]
async fn a_dropped_download_leaves_nothing_behind() {
    let head = "HTTP/1.1 200 X\r\ncontent-length: 11\r\n\r\n";
    let server = ScriptedServer::start([format!("{head}first{STALL}")]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    let file = download(&server.client()).download().await.unwrap();
    let written = tokio::spawn(async move { file.to_path(path).await });
    let first = || {
        let temporary = names(folder.path()).pop()?;
        fs::read_to_string(folder.path().join(temporary)).ok()
    };
    // Until then, the file may belong to the thread that creates it.
    until(|| first().is_some_and(|content| content == "first")).await;
    written.abort();
    assert!(written.await.is_err());
    assert_eq!(names(folder.path()), [""; 0]);
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_an_error() {
    let server = ScriptedServer::start([response(200, "", "new")]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = download(&server.client()).download().await.unwrap();
    let error = file.to_path(folder.path().join("none/a.txt")).await;
    let error = error.expect_err("there is no such folder");
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("cannot write `"), "{error}");
}

#[tokio::test]
async fn content_that_ends_before_its_length_is_interrupted() {
    let service = tower::service_fn(|_: openai_assistants::HttpRequest| async {
        http::Response::builder()
            .header("content-length", "99")
            .body("first".to_owned())
    });
    let builder = openai_assistants::Client::builder().api_key("k");
    let client = builder.http_service(service).build().unwrap();
    let (folder, path) = folder_with("a.txt", "old");
    let file = download(&client).download().await.unwrap();
    let error = file.to_path(&path).await.expect_err("94 bytes are missing");
    assert!(error.is_connect(), "{error}");
    assert_eq!(names(folder.path()), ["a.txt"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
}

#[tokio::test]
async fn an_encoded_download_does_not_open() {
    let server = ScriptedServer::start([response(200, "content-encoding: gzip\r\n", "zip")]).await;
    let error = download(&server.client()).download().await;
    let error = error.expect_err("the client accepts no encoding");
    assert!(
        error.is_decode() && error.to_string().contains("`gzip`"),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_replaced_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let server = ScriptedServer::start([response(200, "", "new")]).await;
    let (_folder, path) = folder_with("a.sh", "old");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o750)).unwrap();
    let file = download(&server.client()).download().await.unwrap();
    file.to_path(&path).await.unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
}

#[cfg(unix)]
#[tokio::test]
async fn a_symbolic_link_stays_and_its_file_is_replaced() {
    use std::os::unix::fs::symlink;

    let server = ScriptedServer::start([response(200, "", "new")]).await;
    let (folder, path) = folder_with("a.txt", "old");
    let links = tempfile::tempdir().unwrap();
    let link = links.path().join("link");
    symlink(&path, &link).unwrap();
    let file = download(&server.client()).download().await.unwrap();
    file.to_path(&link).await.unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    let names = [names(folder.path()), names(links.path())];
    assert_eq!(names, [["a.txt"], ["link"]]);

    let dangling = links.path().join("dangling");
    symlink(folder.path().join("none"), &dangling).unwrap();
    let file = download(&server.client()).download().await.unwrap();
    let error = file.to_path(&dangling).await;
    assert_eq!(error.expect_err("it leads nowhere").kind(), ErrorKind::File);
    assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink());
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_not_a_regular_file_is_not_replaced() {
    let server = ScriptedServer::start([response(200, "", "new")]).await;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [socket.as_path(), folder.path()] {
        let file = download(&server.client()).download().await.unwrap();
        let error = file.to_path(path).await.expect_err("it is not a file");
        assert_eq!(error.kind(), ErrorKind::File);
        assert!(
            error.to_string().contains("it is not a regular file"),
            "{error}"
        );
    }
    assert_eq!(names(folder.path()), ["socket"]);
}
