//! `cargo xtask fuzz-seeds`: writes fixtures and recordings as inputs of the fuzz targets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::workspace::context;

/// The constant `object` of each response, its type, and the type of a list of them.
const TYPES: [(&str, &str, &str); 13] = [
    ("assistant", "AssistantObject", "ListAssistantsResponse"),
    ("assistant.deleted", "DeleteAssistantResponse", ""),
    ("file", "FileObject", "ListFilesResponse"),
    ("thread", "ThreadObject", "ListThreadsResponse"),
    ("thread.deleted", "DeleteThreadResponse", ""),
    ("thread.message", "MessageObject", "ListMessagesResponse"),
    ("thread.message.deleted", "DeleteMessageResponse", ""),
    ("thread.run", "RunObject", "ListRunsResponse"),
    ("thread.run.step", "RunStepObject", "ListRunStepsResponse"),
    (
        "vector_store",
        "VectorStoreObject",
        "ListVectorStoresResponse",
    ),
    (
        "vector_store.file",
        "VectorStoreFileObject",
        "ListVectorStoreFilesResponse",
    ),
    (
        "vector_store.file.deleted",
        "DeleteVectorStoreFileResponse",
        "",
    ),
    ("vector_store.file_batch", "VectorStoreFileBatchObject", ""),
];

/// Writes the inputs below `fuzz/corpus`, and returns their number by target.
///
/// # Errors
/// A file cannot be read or written.
pub(crate) fn run(root: &Path) -> Result<String, String> {
    let mut corpus = Corpus {
        folder: root.join("fuzz/corpus"),
        counts: BTreeMap::new(),
    };
    let fixtures = root.join("tests/dialects");
    let entries = fs::read_dir(&fixtures).map_err(context("cannot list the fixtures"))?;
    for path in entries.flatten().map(|entry| entry.path()) {
        let read = || fs::read_to_string(&path).map_err(context("cannot read a fixture"));
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("sse") => corpus.add_stream(&read()?)?,
            Some("json") => {
                let objects = serde_json::from_str(&read()?);
                let objects: BTreeMap<String, Value> =
                    objects.map_err(context("a fixture is not JSON"))?;
                for object in objects.values() {
                    corpus.add_object(object)?;
                }
            }
            _ => {}
        }
    }
    let recordings = root.join("../shared/recordings/exchanges.jsonl");
    if let Ok(recordings) = fs::read_to_string(recordings) {
        corpus.add_recordings(&recordings)?;
    }
    let counts = corpus.counts.iter();
    Ok(counts.fold(String::new(), |mut text, (target, count)| {
        let _ = writeln!(text, "{target}: {count}");
        text
    }))
}

/// The inputs of all targets.
struct Corpus {
    folder: PathBuf,
    counts: BTreeMap<&'static str, u32>,
}

impl Corpus {
    fn add(&mut self, target: &'static str, input: &str) -> Result<(), String> {
        let folder = self.folder.join(target);
        fs::create_dir_all(&folder).map_err(context("cannot create a folder"))?;
        let count = self.counts.entry(target).or_default();
        *count += 1;
        let file = folder.join(format!("seed-{count}"));
        fs::write(file, input).map_err(context("cannot write an input"))
    }

    /// Adds a stream, each of its events, and all of them for snapshots.
    fn add_stream(&mut self, stream: &str) -> Result<(), String> {
        // The first byte is the size of the chunks.
        self.add("sse", &format!("?{stream}"))?;
        let stream = stream.replace("\r\n", "\n");
        let mut all = Vec::new();
        for event in stream.split("\n\n") {
            let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            if let (Some(name), Some(data)) = (line("event: "), line("data: ")) {
                let event = format!("{name}\n{data}");
                self.add("events", &event)?;
                all.push(event);
            }
        }
        self.add("deltas", &all.join("\n"))
    }

    /// Adds a response, alone and as a list.
    fn add_object(&mut self, object: &Value) -> Result<(), String> {
        let kind = object["object"].as_str().unwrap_or_default();
        let is_error = object.get("object").is_none();
        if is_error {
            self.add("errors", &format!("404 x-request-id: @KEY\n{object}"))?;
        }
        let (kind, is_list) = match kind {
            "list" => (
                object["data"][0]["object"].as_str().unwrap_or_default(),
                true,
            ),
            kind => (kind, false),
        };
        let Some((_, ty, list)) = TYPES.iter().find(|(name, _, _)| *name == kind) else {
            return Ok(());
        };
        for module in ["types", "v1::types"] {
            if is_list {
                self.add("response", &format!("{module}::{list}\n{object}"))?;
                continue;
            }
            self.add("response", &format!("{module}::{ty}\n{object}"))?;
            if !list.is_empty() {
                let page = json!({ "object": "list", "data": [object], "first_id": "a", "last_id": "b", "has_more": true });
                self.add("response", &format!("{module}::{list}\n{page}"))?;
            }
        }
        Ok(())
    }

    /// Adds the responses of recordings, and the requests of each recording for the fake server.
    fn add_recordings(&mut self, recordings: &str) -> Result<(), String> {
        let mut requests: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in recordings.lines() {
            let exchange: Value =
                serde_json::from_str(line).map_err(context("a recording is not JSON"))?;
            let text = |name: &str| exchange[name].as_str().unwrap_or_default().to_owned();
            let request = format!("{} {}\n\n{}", text("method"), text("path"), text("request"));
            requests.entry(text("recording")).or_default().push(request);
            let response = text("response");
            match serde_json::from_str(&response) {
                Ok(object) => self.add_object(&object)?,
                Err(_) if response.starts_with("event:") => self.add_stream(&response)?,
                Err(_) => {}
            }
        }
        for requests in requests.values() {
            self.add("fake", &requests.join("\n=====\n"))?;
        }
        Ok(())
    }
}
