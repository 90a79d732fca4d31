//! Replays exchanges on files and vector stores.
//!
//! Files, stores and batches that a recording uses but did not create are created first, as its
//! responses show them.

use serde_json::{Value, json};

use super::exchange::Exchange;
use super::replay::Replay;
use crate::{get, http, post, text};

/// The media type of a form with this boundary.
fn form_type(boundary: &str) -> String {
    format!("multipart/form-data; boundary={boundary}")
}

/// Sends an upload. Some were recorded without their body: then the response shows the file.
pub(super) async fn upload(replay: &Replay, exchange: &Exchange) -> http::Response {
    let recorded = exchange.request.lines().next();
    if let Some(boundary) = recorded.and_then(|line| line.strip_prefix("--")) {
        return send_form(replay, boundary, &exchange.request).await;
    }
    let shown = exchange.payloads().pop().unwrap_or_default();
    let message = shown["error"]["message"].as_str();
    let refused = message.and_then(|message| message.split('\'').nth(1));
    let purpose = shown["purpose"].as_str().or(refused);
    let name = shown["filename"].as_str().unwrap_or("a.txt");
    let size = shown["bytes"].as_u64().unwrap_or(1);
    form(replay, purpose.unwrap_or_default(), name, size).await
}

async fn form(replay: &Replay, purpose: &str, name: &str, size: u64) -> http::Response {
    let content = "a".repeat(usize::try_from(size).expect("the file is small"));
    let body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n{purpose}\r\n\
         --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n\
         --x--\r\n"
    );
    send_form(replay, "x", &body).await
}

async fn send_form(replay: &Replay, boundary: &str, body: &str) -> http::Response {
    let headers = [
        ("authorization", "Bearer sk-test"),
        ("content-type", &form_type(boundary)),
    ];
    http::raw(&replay.server, "POST", "/v1/files", &headers, body).await
}

/// Creates what a request uses.
pub(super) async fn prepare(replay: &mut Replay, exchange: &Exchange) {
    let segments = exchange.segments();
    let body: Value = serde_json::from_str(&exchange.request).unwrap_or_default();
    let in_body = body["file_ids"].as_array().into_iter().flatten();
    let in_body = in_body.chain([&body["file_id"]]).filter_map(Value::as_str);
    for id in in_body.chain(segments.iter().copied()) {
        if id.starts_with("file-") {
            file(replay, id).await;
        }
    }
    let store = segments.get(1).copied();
    if let Some(id) = store.filter(|id| id.starts_with("vs_")) {
        vector_store(replay, id).await;
        match segments[2..] {
            ["files", id] => add(replay, segments[1], &[id.to_owned()]).await,
            ["files"] if exchange.method == "GET" => files(replay, exchange).await,
            ["file_batches", batch_id, ..] => batch(replay, exchange, batch_id).await,
            _ => {}
        }
    } else if exchange.path.starts_with("/vector_stores") && exchange.method == "GET" {
        for item in exchange.items() {
            vector_store(replay, &text(&item["id"])).await;
        }
        if exchange.payloads()[0]["has_more"] == true {
            post(&replay.server, "/vector_stores", json!({})).await;
        }
    }
}

async fn file(replay: &mut Replay, id: &str) {
    if replay.ids.contains_key(id) {
        return;
    }
    let shown = replay.object(id);
    let purpose = shown["purpose"].as_str().unwrap_or("assistants");
    let name = shown["filename"].as_str().unwrap_or("a.txt");
    let size = shown["bytes"].as_u64().unwrap_or(21);
    let created = form(replay, purpose, name, size).await.json();
    replay.ids.insert(id.to_owned(), text(&created["id"]));
}

async fn vector_store(replay: &mut Replay, id: &str) {
    if replay.ids.contains_key(id) {
        return;
    }
    let shown = replay.object(id);
    let mut body = json!({});
    for name in ["name", "metadata", "expires_after"] {
        if !shown[name].is_null() {
            body[name] = shown[name].clone();
        }
    }
    let created = post(&replay.server, "/vector_stores", body).await;
    replay.ids.insert(id.to_owned(), text(&created["id"]));
}

/// Adds files to a vector store, unless it has them.
async fn add(replay: &mut Replay, store: &str, files: &[String]) {
    let path = format!("/vector_stores/{}/files", replay.ids[store]);
    for id in files {
        file(replay, id).await;
        let known = get(&replay.server, &format!("{path}?limit=100")).await;
        let mut known = known["data"].as_array().into_iter().flatten();
        if !known.any(|file| file["id"] == *replay.ids[id]) {
            let body = json!({ "file_id": replay.ids[id] });
            post(&replay.server, &path, body).await;
        }
    }
}

/// Adds the files of all pages of a recording to a store, the oldest first.
async fn files(replay: &mut Replay, exchange: &Exchange) {
    let store = exchange.segments()[1].to_owned();
    let files = shown_files(replay, &store);
    add(replay, &store, &files).await;
}

/// The files that a recording shows of a store, the oldest first.
fn shown_files(replay: &Replay, store: &str) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    let of_kind = |id: &str, kind: &str| {
        let mut objects = replay.objects.iter();
        objects.any(|object| object["id"] == id && object["object"] == kind)
    };
    for object in &replay.objects {
        let id = object["id"].as_str().unwrap_or_default();
        let is_file = object["object"] == "vector_store.file";
        if is_file && object["vector_store_id"] == store && !files.iter().any(|known| known == id) {
            files.push(id.to_owned());
        }
    }
    files.retain(|id| !of_kind(id, "vector_store.file.deleted"));
    files.reverse();
    files
}

async fn batch(replay: &mut Replay, exchange: &Exchange, id: &str) {
    if replay.ids.contains_key(id) {
        return;
    }
    let store = exchange.segments()[1];
    let shown = replay.object(id);
    let mut files = shown_files(replay, store);
    let total = shown["file_counts"]["total"].as_u64().unwrap_or_default();
    while (files.len() as u64) < total {
        files.push(format!("file-{id}{}", files.len()));
    }
    for id in &files {
        file(replay, id).await;
    }
    let ids: Vec<&String> = files.iter().map(|id| &replay.ids[id]).collect();
    let path = format!("/vector_stores/{}/file_batches", replay.ids[store]);
    let created = post(&replay.server, &path, json!({ "file_ids": ids })).await;
    replay.ids.insert(id.to_owned(), text(&created["id"]));
}
