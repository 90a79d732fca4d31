//! What is sent again, and how long an attempt may take.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use openai_assistants::{Client, Credentials, ErrorKind, Form, HttpRequest, Method, Upload};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::sync::Notify;

use super::{FILE, folder_with, server, upload};
use crate::support::{ManualClock, ScriptedServer, response, until};

/// A file that is read by a reader.
fn reader() -> Upload {
    Upload::reader("a.txt", "twelve bytes".as_bytes()).length(12)
}

const ONLY_ONCE: &str = "a reader can be sent only once: use `Upload::path` or `Upload::bytes`";

#[tokio::test]
async fn a_path_and_bytes_are_sent_again_and_report_their_progress() {
    let (_folder, path) = folder_with("a.txt", &"x".repeat(100_000));
    for file in [
        Upload::path(path),
        Upload::bytes("a.txt", "x".repeat(100_000)),
    ] {
        let responses = [response(503, "", ""), response(200, "", FILE)];
        let server = ScriptedServer::start(responses).await;
        let reports = Arc::new(Mutex::new(Vec::new()));
        let kept = reports.clone();
        let file = file.progress(move |progress| kept.lock().unwrap().push(progress));
        let call = upload(&server.client(), file);
        let response = call.send_response::<Value>().await.unwrap();
        assert_eq!(response.attempts(), 2);
        let requests = server.requests();
        let body = |request: &str| request.split_once("\r\n\r\n").unwrap().1.to_owned();
        assert_eq!(body(&requests[0]), body(&requests[1]));
        let reports = reports.lock().unwrap();
        assert!(reports.iter().all(|report| report.total == Some(100_000)));
        for attempt in [1, 2] {
            let reports = reports.iter().filter(|report| report.attempt == attempt);
            let bytes: Vec<u64> = reports.map(|report| report.bytes).collect();
            assert!(bytes.len() > 1 && bytes.is_sorted(), "{bytes:?}");
            assert_eq!(bytes.last(), Some(&100_000));
        }
    }
}

#[tokio::test]
async fn a_reader_is_not_sent_again_and_the_error_says_why() {
    let server = ScriptedServer::start([response(503, "", ""), response(200, "", FILE)]).await;
    let call = upload(&server.client(), reader());
    let error = call
        .clone()
        .send::<Value>()
        .await
        .expect_err("the status is 503");
    assert_eq!((error.attempts(), server.requests().len()), (1, 1));
    assert!(
        error
            .to_string()
            .contains(&format!("no retry: {ONLY_ONCE}")),
        "{error}"
    );

    let error = call
        .send::<Value>()
        .await
        .expect_err("the clone shares the reader");
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(error.to_string().contains("it was read before"), "{error}");
}

#[tokio::test]
async fn a_reader_that_was_not_read_yet_is_sent_again() {
    // Port 9 of the loopback interface has no server.
    let builder = Client::builder()
        .base_url("http://127.0.0.1:9")
        .api_key("sk-test");
    let client = builder.clock(ManualClock::default()).build().unwrap();
    let error = upload(&client, reader()).send::<Value>().await;
    assert_eq!(error.expect_err("there is no server").attempts(), 3);
}

#[tokio::test]
async fn a_reader_is_not_sent_again_with_a_renewed_token() {
    let responses = [response(401, "", ""), response(200, "", FILE)];
    let server = ScriptedServer::start(responses).await;
    let count = AtomicU32::new(0);
    let credentials = Credentials::from_fn(move || {
        let token = format!("token-{}", count.fetch_add(1, Ordering::Relaxed));
        async { Ok::<_, io::Error>(token) }
    });
    let builder = server
        .builder(&ManualClock::default())
        .credentials(credentials);
    let client = builder.build().unwrap();
    let error = upload(&client, reader()).send::<Value>().await;
    let error = error.expect_err("the status is 401");
    assert!(
        error.is_authentication() && error.to_string().contains(ONLY_ONCE),
        "{error}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_followed_unless_the_body_is_a_reader() {
    let moved = || response(307, "location: /v2/files\r\n", "");
    let server = ScriptedServer::start([moved(), response(200, "", FILE)]).await;
    let file = Upload::bytes("a.txt", "x");
    upload(&server.client(), file)
        .send::<Value>()
        .await
        .unwrap();
    assert_eq!(server.request_lines(), ["POST /v1/files", "POST /v2/files"]);

    let server = ScriptedServer::start([moved(), response(200, "", FILE)]).await;
    let error = upload(&server.client(), reader()).send::<Value>().await;
    let error = error.expect_err("it is not followed");
    assert!(
        error.is_redirect() && error.to_string().contains(ONLY_ONCE),
        "{error}"
    );
}

/// How much of a reader is read at once.
const CHUNK: usize = 64 * 1024;

/// A reader that fails after some bytes.
struct Broken(bool);

impl AsyncRead for Broken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(Err(io::Error::other("the disk is gone")));
        }
        buffer.put_slice(b"first");
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_file_that_fails_or_changes_while_it_is_sent_is_an_error() {
    for (file, reason) in [
        (Upload::reader("a.txt", Broken(false)), "the disk is gone"),
        (
            Upload::reader("a.txt", Broken(false)).length(9),
            "the disk is gone",
        ),
        (reader().length(13), "it does not have 13 bytes"),
    ] {
        let server = server().await;
        let error = upload(&server.client(), file).send::<Value>().await;
        let error = error.expect_err(reason);
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::File, 1),
            "{error}"
        );
        let text = format!("cannot read the file `a.txt`: {reason}");
        assert!(error.to_string().contains(&text), "{error}");
        assert!(!error.may_have_been_processed() && server.requests().is_empty());
    }
}

#[tokio::test]
async fn the_time_out_of_an_upload_grows_with_its_length() {
    let mib = 1024 * 1024;
    let (_folder, path) = folder_with("a.txt", &"x".repeat(2 * mib));
    for (file, seconds) in [
        (Upload::path(path), 602),
        (Upload::bytes("a.txt", "x"), 600),
        (Upload::bytes("a.txt", vec![b'x'; 3 * mib]), 603),
        (Upload::reader("a.txt", "x".as_bytes()), 3600),
    ] {
        let clock = ManualClock::default();
        // Responds to the head: the body would take long in this server.
        let server = ScriptedServer::start([response(413, "", "")]).await;
        let client = server.builder(&clock).build().unwrap();
        let call = tokio::spawn(upload(&client, file).send::<Value>());
        until(|| !clock.timeouts().is_empty()).await;
        call.abort();
        assert_eq!(clock.timeouts()[0], Duration::from_secs(seconds));
    }
}

/// A reader without end that counts what is read.
struct Endless(Arc<AtomicUsize>);

impl AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = buffer.remaining();
        self.0.fetch_add(count, Ordering::Relaxed);
        buffer.initialize_unfilled().fill(b'x');
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_reader_is_not_read_beyond_its_length() {
    for length in [0, 11, CHUNK, CHUNK + 1] {
        let server = server().await;
        let count = Arc::new(AtomicUsize::new(0));
        let file = Upload::reader("a.txt", Endless(count.clone())).length(length as u64);
        let sent = upload(&server.client(), file).send::<Value>().await;
        sent.expect("the reader has its length");
        assert_eq!(count.load(Ordering::Relaxed), length);
    }
}

#[tokio::test]
async fn a_reader_of_known_length_may_stay_open() {
    let server = server().await;
    let (mut connection, file) = tokio::io::duplex(64);
    connection.write_all(b"twelve bytes").await.unwrap();
    let file = Upload::reader("a.txt", file).length(12);
    let call = tokio::spawn(upload(&server.client(), file).send::<Value>());
    until(|| call.is_finished()).await;
    call.await.unwrap().expect("it has 12 bytes");
    // It was open all the time.
    drop(connection);
}

/// A form of `a.txt` and `b.txt`, which is removed while the former is sent.
fn form_whose_second_file_disappears() -> (TempDir, Form) {
    let (folder, second) = folder_with("b.txt", "B");
    let removed = second.clone();
    let first = Upload::bytes("a.txt", "A").progress(move |_| {
        std::fs::remove_file(&removed).expect("it exists");
    });
    (
        folder,
        Form::new().file("a", first).file("b", Upload::path(second)),
    )
}

#[tokio::test]
async fn a_file_is_opened_when_its_part_is_sent() {
    let (_folder, form) = form_whose_second_file_disappears();
    let server = server().await;
    let call = server.client().request(Method::POST, "/files").form(form);
    let error = call.send::<Value>().await.expect_err("the file is gone");
    assert_eq!(error.kind(), ErrorKind::File);
    assert!(
        error.to_string().contains("cannot read the file `b.txt`"),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn files_whose_lengths_overflow_are_an_error() {
    let endless = || Upload::reader("a.txt", tokio::io::empty()).length(u64::MAX);
    let form = Form::new().file("a", endless()).file("b", endless());
    let server = server().await;
    let call = server.client().request(Method::POST, "/files").form(form);
    let error = call.send::<Value>().await.expect_err("it has 2^65 bytes");
    assert!(error.is_invalid_argument(), "{error}");
}

#[tokio::test]
async fn clones_of_a_form_have_failures_of_their_own() {
    let (_folder, form) = form_whose_second_file_disappears();
    let (count, was_read) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
    let counted = count.clone();
    let service = tower::service_fn(move |request: HttpRequest| {
        let (number, was_read) = (counted.fetch_add(1, Ordering::Relaxed), was_read.clone());
        async move {
            if number == 0 {
                was_read.notified().await;
                return Err(io::Error::other("it is down"));
            }
            assert!(request.into_body().collect().await.is_err());
            was_read.notify_one();
            Ok(http::Response::new("{}".to_owned()))
        }
    });
    let builder = Client::builder().api_key("k").http_service(service);
    let client = builder.build().unwrap();
    let call = client.request(Method::POST, "/files").form(form);
    let other = tokio::spawn(call.clone().send::<Value>());
    until(|| count.load(Ordering::Relaxed) == 1).await;
    call.send::<Value>().await.expect("the status is 200");
    let error = other.await.unwrap().expect_err("the service fails");
    assert!(error.to_string().contains("it is down"), "{error}");
}
