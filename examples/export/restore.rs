//! Creates the objects of an archive on another server.

use std::path::Path;

use indicatif::ProgressBar;
use openai_assistants::types::CreateFileRequest;
use openai_assistants::{Client, Method, Upload};
use serde::Deserialize;
use serde_json::Value;

use crate::archive::{self, Line};
use crate::bodies::Kind;
use crate::ids::Ids;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// Creates what is not in the map of IDs yet. Returns how many objects were created.
///
/// The map is the file `ids.jsonl` of the archive.
pub async fn restore(client: &Client, folder: &Path, bar: &ProgressBar) -> Result<usize> {
    let lines = archive::read(folder)?;
    let mut ids = Ids::open(&folder.join("ids.jsonl"))?;
    let mut count = 0;
    bar.set_length(lines.len() as u64);
    for kind in Kind::ALL {
        let of_kind = |line: &&Line| Kind::of(&line.list) == Some(kind);
        for line in lines.iter().filter(of_kind) {
            let object = line.object.as_ref().map(|object| object.to_value());
            let object = object.transpose()?.unwrap_or_default();
            let id = object["id"].as_str().unwrap_or_default();
            // A file may be in several stores.
            let key = match kind {
                Kind::StoreFile => format!("{}/{id}", line.list),
                _ => id.to_owned(),
            };
            if ids.get(&key).is_none() {
                match create(client, folder, kind, line, &object, &ids).await? {
                    Some(new) => {
                        ids.insert(&key, &new)?;
                        count += 1;
                    }
                    None => bar.println(format!("not restored: {key}")),
                }
            }
            bar.inc(1);
        }
    }
    Ok(count)
}

/// Creates an object, and returns its ID. Returns `None` if something that it needs was not exported.
async fn create(
    client: &Client,
    folder: &Path,
    kind: Kind,
    line: &Line,
    object: &Value,
    ids: &Ids,
) -> Result<Option<String>> {
    let mut body = kind.body(object);
    if kind == Kind::File {
        return upload(client, folder, object, &body).await;
    }
    let is_lost = match kind {
        Kind::StoreFile => ids.get(object["id"].as_str().unwrap_or_default()).is_none(),
        Kind::Message => body["content"].as_array().is_none_or(Vec::is_empty),
        _ => false,
    };
    ids.replace(&mut body);
    let segments = line.list.trim_start_matches('/').split('/');
    let mut segments = segments.map(|segment| ids.get(segment).unwrap_or(segment));
    let first = segments.next().unwrap_or_default();
    let call = client.request(Method::POST, first);
    let call = segments.fold(call, |call, segment| call.segment(segment));
    if is_lost {
        return Ok(None);
    }
    Ok(Some(call.json(&body).send::<Created>().await?.id))
}

/// Uploads the content of a file, if it was exported.
async fn upload(
    client: &Client,
    folder: &Path,
    object: &Value,
    body: &Value,
) -> Result<Option<String>> {
    let content = archive::content(folder, object["id"].as_str().unwrap_or_default());
    if !content.exists() {
        return Ok(None);
    }
    // What a run has written is uploaded as what a caller has.
    let purpose = body["purpose"].as_str().unwrap_or("assistants");
    let purpose = purpose.trim_end_matches("_output");
    let file = Upload::path(content).file_name(object["filename"].as_str().unwrap_or("file"));
    let body = CreateFileRequest::builder().purpose(purpose);
    let created = client.create_file().body(body).file(file).send().await?;
    Ok(Some(created.id))
}
