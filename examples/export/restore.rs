//! Creates the objects of an archive on another server.

use std::path::Path;

use openai_assistants::types::{CreateFileRequest, FilePurpose};
use openai_assistants::{Client, Json, Method, RawRequest, Upload};
use serde::Deserialize;
use serde_json::Value;

use crate::archive::{self, Line};
use crate::bodies::{Kind, MARKER};
use crate::exporter::optional;
use crate::ids::Ids;
use crate::report::Report;
use crate::source::Source;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How many of the newest objects are searched for one whose creation was interrupted.
const SEARCHED: usize = 100;

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// Creates the objects that are not in the map of IDs yet. Returns how many were created.
///
/// The map is the file `ids.jsonl` of the archive.
pub async fn restore(client: &Client, folder: &Path, report: &mut Report) -> Result<usize> {
    let source = Source::read(folder)?;
    let target = client.base_url();
    if source.is(target) {
        return Err(format!("{target} is the server that was exported: choose another").into());
    }
    report.note(&format!(
        "restoring {} as of {} on {target}",
        source.base_url, source.started
    ));
    let contents = archive::read(folder)?;
    for unit in contents.missing() {
        report.problem(format!("{unit}: the export is not finished"));
    }
    let is_restored = |line: &&Line| Kind::of(&line.list).is_some();
    let objects = contents.lines.iter().filter(is_restored).count();
    report.bar.set_length(objects as u64);
    let mut ids = Ids::open(&folder.join("ids.jsonl"))?;
    let mut count = 0;
    for kind in Kind::ALL {
        for line in &contents.lines {
            if Kind::of(&line.list) != Some(kind) {
                continue;
            }
            let object = line.object.as_ref().map(Json::to_value);
            let object = object.transpose()?.unwrap_or_default();
            let id = object["id"].as_str().unwrap_or_default();
            // A file may be in several stores.
            let key = match kind {
                Kind::StoreFile => format!("{}/{id}", line.list),
                _ => id.to_owned(),
            };
            if ids.get(&key).is_none() {
                let mut restorer = Restorer {
                    client,
                    folder,
                    ids: &mut ids,
                    report,
                };
                if let Some(new) = restorer.create(kind, &line.list, &key, &object).await? {
                    ids.insert(&key, &new)?;
                    count += 1;
                }
            }
            report.bar.inc(1);
        }
    }
    Ok(count)
}

struct Restorer<'a> {
    client: &'a Client,
    folder: &'a Path,
    ids: &'a mut Ids,
    report: &'a mut Report,
}

impl Restorer<'_> {
    /// Creates an object, and returns its ID. Reports why if it cannot be created.
    async fn create(
        &mut self,
        kind: Kind,
        list: &str,
        key: &str,
        object: &Value,
    ) -> Result<Option<String>> {
        let mut body = kind.body(object);
        if kind == Kind::StoreFile {
            // The only reference that the object consists of.
            body["file_id"] = self.ids.get(text(object, "id")).into();
        }
        let removed = self.ids.translate(&mut body);
        let content = archive::content(self.folder, key);
        let parent = list.split('/').nth(2);
        let reason = match kind {
            Kind::File if !content.exists() => Some("the archive does not have its content"),
            Kind::StoreFile if body["file_id"].is_null() => Some("the file is not restored"),
            Kind::Message if body["content"] == Value::Array(Vec::new()) => {
                Some("the message has no content")
            }
            _ if parent.is_some_and(|id| self.ids.get(id).is_none()) => {
                Some("the thread or vector store is not restored")
            }
            _ => None,
        };
        if let Some(reason) = reason {
            self.report.problem(format!("{key}: {reason}"));
            return Ok(None);
        }
        if self.ids.was_interrupted(key)
            && let Some(id) = self.find(kind, list, object).await?
        {
            return Ok(Some(id));
        }
        self.ids.begin(key)?;
        let created = match kind {
            Kind::File => upload(self.client, &content, object).await,
            _ => self.call(Method::POST, list).json(&body).send().await,
        };
        match created {
            Ok(Created { id }) => {
                for reference in removed {
                    let text = format!("{key}: {reference} is not restored and left out");
                    self.report.problem(text);
                }
                Ok(Some(id))
            }
            Err(error) => {
                let status = error.status().map_or(0, |status| status.as_u16());
                let Some(advice) = advice(status) else {
                    return Err(format!("{key}: {error}").into());
                };
                self.ids.reject()?;
                self.report.problem(format!("{key}: {error}{advice}"));
                Ok(None)
            }
        }
    }

    /// Returns a call of a list, with the new ID of the object that it belongs to.
    fn call(&self, method: Method, list: &str) -> RawRequest {
        let segments = list.trim_start_matches('/').split('/');
        let mut segments = segments.map(|segment| self.ids.get(segment).unwrap_or(segment));
        let first = segments.next().unwrap_or_default();
        let call = self.client.request(method, first);
        segments.fold(call, |call, segment| call.segment(segment))
    }

    /// Finds the object that an interrupted call has created, if it has.
    async fn find(&self, kind: Kind, list: &str, object: &Value) -> Result<Option<String>> {
        let call = self.call(Method::GET, list).query("limit", "100");
        let mut items = call.query("order", "desc").items::<Json>();
        for _ in 0..SEARCHED {
            // Most servers do not list threads.
            let Some(Some(item)) = optional(items.try_next().await)? else {
                break;
            };
            let item = item.to_value()?;
            let is_same = match kind {
                Kind::File => {
                    item["filename"] == object["filename"] && item["bytes"] == object["bytes"]
                }
                // Only restored messages are in the new thread.
                Kind::Message => true,
                // A file that is added a second time is in the store once.
                Kind::StoreFile => false,
                _ => item["metadata"][MARKER] == object["id"],
            };
            let id = text(&item, "id");
            if is_same && !self.ids.is_new(id) {
                return Ok(Some(id.to_owned()));
            }
        }
        Ok(None)
    }
}

/// Returns what to do about a rejected object, or `None` if the status is not about this object alone.
fn advice(status: u16) -> Option<&'static str> {
    match status {
        400 | 404 | 422 => Some(""),
        405 | 501 => Some(
            "; the server cannot create it: to use an object that it has, add the line [\"OLD_ID\",\"NEW_ID\"] to \
             ids.jsonl and restore again",
        ),
        413 => Some(
            "; it is too large for the server: raise the limit of the server and restore again",
        ),
        415 => Some(
            "; the server does not accept its type: upload it in another format, add the line [\"OLD_ID\",\"NEW_ID\"] to \
             ids.jsonl, and restore again",
        ),
        _ => None,
    }
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_default()
}

async fn upload(
    client: &Client,
    content: &Path,
    object: &Value,
) -> openai_assistants::Result<Created> {
    // Callers cannot upload with the purpose of a file that a run has written.
    let purpose = object["purpose"].as_str().unwrap_or("assistants");
    let purpose = purpose.trim_end_matches("_output");
    let file = Upload::path(content).file_name(object["filename"].as_str().unwrap_or("file"));
    // The server may know purposes that the document does not.
    let purpose = FilePurpose::Unknown(purpose.to_owned());
    let body = CreateFileRequest::builder().purpose(purpose);
    let created = client.create_file().body(body).file(file).send().await?;
    Ok(Created { id: created.id })
}
