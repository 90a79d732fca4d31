//! Exports the objects of a server to an archive.

use openai_assistants::{Client, Error, Json, Method, RawRequest};
use serde::Deserialize;
use serde_json::json;

use crate::archive::{Archive, UNITS};
use crate::report::Report;
use crate::source::Source;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What `include[]` adds to run steps.
const SEARCH_RESULTS: &str = "step_details.tool_calls[*].file_search.results[*].content";

/// The property by which objects refer to each other.
#[derive(Deserialize)]
struct Identified {
    id: String,
}

/// Exports the objects of a client's server.
pub struct Exporter<'a> {
    client: &'a Client,
    source: &'a Source,
    archive: Archive,
    report: &'a mut Report,
    /// Whether run steps are requested with the passages that file search has found.
    includes_results: bool,
}

impl<'a> Exporter<'a> {
    pub fn new(
        client: &'a Client,
        source: &'a Source,
        archive: Archive,
        report: &'a mut Report,
    ) -> Self {
        Self {
            client,
            source,
            archive,
            report,
            includes_results: true,
        }
    }

    /// Exports all objects. Reports the lists and threads that the server does not have.
    ///
    /// `threads` are the IDs of the threads, if the server does not list them.
    pub async fn run(&mut self, threads: Option<Vec<String>>) -> Result<()> {
        let mut missing = Vec::new();
        for unit in ["assistants", "files", "vector_stores"] {
            if !self.archive.has(unit) && !self.list(unit).await? {
                missing.push(unit);
            }
        }
        let threads = match threads {
            Some(threads) => Some(threads),
            None => self.threads().await?,
        };
        if threads.is_none() {
            missing.push("threads");
        }
        if missing == UNITS {
            let url = self.client.base_url();
            return Err(format!("{url} has no list at all: check the base URL").into());
        }
        for list in missing {
            let mut text = format!("{list}: the server does not have the list");
            if list == "threads" {
                text += "; pass a file with the IDs of the threads: `--threads FILE`";
            }
            self.report.problem(text);
        }
        let Some(threads) = threads else {
            return Ok(());
        };
        self.report.bar.set_length(threads.len() as u64);
        let mut is_complete = true;
        for id in threads {
            if !self.archive.has(&id) {
                is_complete &= self.thread(&id).await?;
            }
            self.report.bar.inc(1);
        }
        if is_complete && !self.archive.has("threads") {
            self.archive.finish("threads", Vec::new())?;
        }
        Ok(())
    }

    /// Exports a list, with what belongs to its objects. Returns false if the server does not have it.
    async fn list(&mut self, unit: &'static str) -> Result<bool> {
        let list = format!("/{unit}");
        let Some(objects) = optional(self.objects(&list).await)? else {
            return Ok(false);
        };
        self.source.save(self.archive.folder())?;
        let mut found = Vec::new();
        for object in objects {
            let id = object.parse::<Identified>()?.id;
            found.push((list.clone(), object));
            match unit {
                "files" => {
                    if let Some(error) = self.content(&id).await? {
                        let reason = json!({ "id": id, "error": error });
                        found.push((format!("{list}/{id}/content"), reason.into()));
                    }
                }
                "vector_stores" => {
                    let files = format!("{list}/{id}/files");
                    let objects = optional(self.objects(&files).await)?;
                    let objects = self.or_missing(&files, objects);
                    found.extend(objects.into_iter().map(|object| (files.clone(), object)));
                }
                _ => {}
            }
        }
        self.archive.finish(unit, found)?;
        Ok(true)
    }

    /// Downloads a file. Returns why if the server does not return its content, as for some purposes.
    async fn content(&self, id: &str) -> Result<Option<String>> {
        let path = self.archive.content(id);
        if path.exists() {
            return Ok(None);
        }
        let call = self.client.request(Method::GET, "/files").segment(id);
        match call.segment("content").download().await {
            Ok(content) => drop(content.to_path(path).await?),
            Err(error) if has_status(&error, &[400, 404, 405]) => {
                self.report.note(&format!("{id}: no content: {error}"));
                return Ok(Some(error.to_string()));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(None)
    }

    /// Returns the IDs of all threads, if the server lists them.
    async fn threads(&self) -> Result<Option<Vec<String>>> {
        let Some(threads) = optional(self.objects("/threads").await)? else {
            return Ok(None);
        };
        self.source.save(self.archive.folder())?;
        let ids = threads.iter().map(|thread| thread.parse::<Identified>());
        let ids: serde_json::Result<Vec<_>> = ids.map(|thread| Ok(thread?.id)).collect();
        Ok(Some(ids?))
    }

    /// Exports a thread with its messages, runs and steps. Returns false if the server does not have it.
    async fn thread(&mut self, id: &str) -> Result<bool> {
        let call = self.client.request(Method::GET, "/threads").segment(id);
        let Some(thread) = optional(call.send::<Json>().await)? else {
            self.report
                .problem(format!("{id}: there is no such thread"));
            return Ok(false);
        };
        self.source.save(self.archive.folder())?;
        let mut found = vec![("/threads".to_owned(), thread)];
        let thread = format!("/threads/{id}");
        for list in ["messages", "runs"].map(|list| format!("{thread}/{list}")) {
            let objects = optional(self.objects(&list).await)?;
            let objects = self.or_missing(&list, objects);
            for object in objects {
                let run_id = object.parse::<Identified>()?.id;
                found.push((list.clone(), object));
                if list.ends_with("/runs") {
                    let steps = format!("{list}/{run_id}/steps");
                    let objects = optional(self.steps(&steps).await)?;
                    let objects = self.or_missing(&steps, objects);
                    found.extend(objects.into_iter().map(|object| (steps.clone(), object)));
                }
            }
        }
        self.archive.finish(id, found)?;
        Ok(true)
    }

    /// Reports a list that the server does not have.
    fn or_missing(&mut self, list: &str, objects: Option<Vec<Json>>) -> Vec<Json> {
        objects.unwrap_or_else(|| {
            let text = format!("{list}: the server does not have the list");
            self.report.problem(text);
            Vec::new()
        })
    }

    /// Returns the steps of a run, with search results if the server can include them.
    async fn steps(&mut self, list: &str) -> openai_assistants::Result<Vec<Json>> {
        if self.includes_results {
            let call = self.client.request(Method::GET, list);
            let steps = self.items(call.query("include[]", SEARCH_RESULTS)).await;
            match steps {
                Err(error) if has_status(&error, &[400]) => {}
                steps => return steps,
            }
            self.includes_results = false;
            let text = "run steps are exported without the results of file search";
            self.report.note(text);
        }
        self.objects(list).await
    }

    /// Returns the objects of a list as received, oldest first.
    async fn objects(&self, list: &str) -> openai_assistants::Result<Vec<Json>> {
        self.items(self.client.request(Method::GET, list)).await
    }

    async fn items(&self, call: RawRequest) -> openai_assistants::Result<Vec<Json>> {
        let call = call.query("limit", "100").query("order", "asc");
        let mut items = call.items::<Json>();
        let mut objects = Vec::new();
        while let Some(object) = items.try_next().await? {
            objects.push(object);
            self.report.bar.tick();
        }
        Ok(objects)
    }
}

/// Returns `None` if the server does not have what was called.
pub fn optional<T>(result: openai_assistants::Result<T>) -> openai_assistants::Result<Option<T>> {
    match result {
        Err(error) if has_status(&error, &[404, 405, 501]) => Ok(None),
        result => result.map(Some),
    }
}

fn has_status(error: &Error, statuses: &[u16]) -> bool {
    let status = error.status();
    status.is_some_and(|status| statuses.contains(&status.as_u16()))
}
