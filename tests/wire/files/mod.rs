//! Uploads and downloads: the bytes on the wire, what is sent again, and what is left on disk.

mod download;
mod encoding;
mod indexing;
mod operations;
mod resending;

use std::fs;
use std::path::{Path, PathBuf};

use openai_assistants::{Client, Form, Method, RawRequest, Upload};
use tempfile::TempDir;

use crate::support::{ScriptedServer, response};

/// The response to an upload.
const FILE: &str = r#"{"id":"file_1"}"#;

/// A server that accepts every upload.
async fn server() -> ScriptedServer {
    ScriptedServer::start([response(200, "", FILE)]).await
}

/// The call that uploads a file.
fn upload(client: &Client, file: Upload) -> RawRequest {
    let form = Form::new().text("purpose", "assistants").file("file", file);
    client.request(Method::POST, "/files").form(form)
}

/// The call that downloads a file.
fn download(client: &Client) -> RawRequest {
    client.request(Method::GET, "/files/file_1/content")
}

/// A new folder with a file.
fn folder_with(name: &str, content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, content).expect("the folder is new");
    (folder, path)
}

/// The names of the files in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it exists");
    let names = entries.map(|entry| entry.expect("it is readable").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
