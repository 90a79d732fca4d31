//! The bytes of an upload.

use openai_assistants::{ErrorKind, Form, Method, Upload};
use serde_json::Value;

use super::{folder_with, server, upload};
use crate::support::ScriptedServer;

/// The head and the body of the only request, with `B` for the boundary.
fn received(server: &ScriptedServer) -> (String, String) {
    let requests = server.requests();
    let [request] = &requests[..] else {
        panic!("there is one request: {requests:?}");
    };
    let (head, body) = request.split_once("\r\n\r\n").expect("it has a head");
    let (_, boundary) = head
        .split_once("content-type: multipart/form-data; boundary=")
        .expect("it is a form");
    let boundary = boundary.lines().next().expect("it has a value");
    assert!(boundary.len() <= 70, "{boundary}");
    (head.to_owned(), body.replace(boundary, "B"))
}

/// The head of the part of a file.
async fn file_head(file: Upload) -> String {
    let server = server().await;
    upload(&server.client(), file)
        .send::<Value>()
        .await
        .unwrap();
    let (_, body) = received(&server);
    let (_, part) = body.split_once("name=\"file\"; ").expect("it has a file");
    let (head, _) = part.split_once("\r\n\r\n").expect("the part has a head");
    head.to_owned()
}

#[tokio::test]
async fn a_form_is_encoded_as_browsers_do() {
    let server = server().await;
    let form = Form::new()
        .text("purpose", "assistants")
        .text("expires_after[anchor]", "created_at")
        .file("file", Upload::bytes("a.md", "# A"));
    let call = server.client().request(Method::POST, "/files").form(form);
    let file = call.send::<Value>().await.unwrap();
    assert_eq!(file["id"], "file_1");
    let (head, body) = received(&server);
    let lines = [
        "--B",
        "Content-Disposition: form-data; name=\"purpose\"",
        "",
        "assistants",
        "--B",
        "Content-Disposition: form-data; name=\"expires_after[anchor]\"",
        "",
        "created_at",
        "--B",
        "Content-Disposition: form-data; name=\"file\"; filename=\"a.md\"",
        "Content-Type: text/markdown",
        "",
        "# A",
        "--B--",
        "",
    ];
    assert_eq!(body, lines.join("\r\n"));
    let length = server.requests()[0].len() - head.len() - 4;
    assert!(
        head.lines()
            .any(|line| line == format!("content-length: {length}")),
        "{head}"
    );
    assert!(
        head.contains("\r\nauthorization: Bearer sk-secret-key"),
        "{head}"
    );
}

#[tokio::test]
async fn a_file_name_keeps_its_characters_but_those_that_end_it() {
    let head = file_head(Upload::bytes("Größe \"1\"\r\n日本.TXT", "x")).await;
    assert_eq!(
        head,
        "filename=\"Größe %221%22%0D%0A日本.TXT\"\r\nContent-Type: text/plain"
    );
}

#[tokio::test]
async fn the_media_type_is_that_of_the_extension_or_of_the_caller() {
    for (name, media_type) in [
        ("a.pdf", "application/pdf"),
        ("a.json", "application/json"),
        ("a", "application/octet-stream"),
        ("a.unheard-of", "application/octet-stream"),
    ] {
        let head = file_head(Upload::bytes(name, "x")).await;
        assert!(
            head.ends_with(&format!("\r\nContent-Type: {media_type}")),
            "{head}"
        );
    }
    let file = Upload::bytes("a.pdf", "x").content_type("text/plain; charset=latin1");
    assert!(
        file_head(file)
            .await
            .ends_with("Content-Type: text/plain; charset=latin1")
    );

    let server = server().await;
    let file = Upload::bytes("a.pdf", "x").content_type("text/plain\r\nX-A: b");
    let error = upload(&server.client(), file).send::<Value>().await;
    let error = error.expect_err("a line break would add a header");
    assert!(
        error.is_invalid_argument() && error.to_string().contains("`content_type`"),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_file_on_disk_is_sent_under_its_name_or_another() {
    let content = "0123456789".repeat(20_000);
    let (_folder, path) = folder_with("numbers.txt", &content);
    assert!(
        file_head(Upload::path(&path))
            .await
            .starts_with("filename=\"numbers.txt\"")
    );
    let renamed = Upload::path(&path).file_name("other.csv");
    let head = file_head(renamed).await;
    assert_eq!(head, "filename=\"other.csv\"\r\nContent-Type: text/csv");

    let server = server().await;
    upload(&server.client(), Upload::path(&path))
        .send::<Value>()
        .await
        .unwrap();
    let (head, body) = received(&server);
    assert!(body.contains(&format!("\r\n\r\n{content}\r\n--B--\r\n")));
    let length = server.requests()[0].len() - head.len() - 4;
    let expected = format!("content-length: {length}");
    assert!(head.lines().any(|line| line == expected), "{head}");
}

#[tokio::test]
async fn a_reader_of_unknown_length_is_sent_in_chunks() {
    let server = server().await;
    let file = Upload::reader("a.txt", "twelve bytes".as_bytes());
    upload(&server.client(), file)
        .send::<Value>()
        .await
        .unwrap();
    let (head, body) = received(&server);
    assert!(head.contains("\r\ntransfer-encoding: chunked"), "{head}");
    assert!(!head.contains("content-length"), "{head}");
    assert!(body.contains("\r\nC\r\ntwelve bytes\r\n"), "{body}");
}

#[tokio::test]
async fn a_reader_of_known_length_is_sent_with_it() {
    let server = server().await;
    let file = Upload::reader("a.txt", "twelve bytes".as_bytes()).length(12);
    upload(&server.client(), file)
        .send::<Value>()
        .await
        .unwrap();
    let (head, body) = received(&server);
    assert!(head.contains("\r\ncontent-length: "), "{head}");
    assert!(body.contains("\r\n\r\ntwelve bytes\r\n--B--"), "{body}");
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_an_error_with_its_path() {
    let (folder, path) = folder_with("a.txt", "");
    std::fs::remove_file(&path).unwrap();
    let server = server().await;
    for path in [path.as_path(), folder.path()] {
        let error = upload(&server.client(), Upload::path(path))
            .send::<Value>()
            .await;
        let error = error.expect_err("there is no such file");
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::File, 1),
            "{error}"
        );
        assert!(!error.may_have_been_processed() && !error.is_retryable());
        let text = format!("cannot open `{}`: ", path.display());
        assert!(error.to_string().contains(&text), "{error}");
    }
}

#[test]
fn debug_shows_no_content() {
    let file = Upload::bytes("a.txt", "hush");
    let form = Form::new()
        .text("secret", "hush")
        .file("file", file.clone());
    let text = format!("{file:?} {form:?}");
    assert!(text.contains("a.txt") && text.contains("secret"), "{text}");
    assert!(!text.contains("hush"), "{text}");
}
