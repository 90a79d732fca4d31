//! Walks the objects of a server into an archive.

use indicatif::ProgressBar;
use openai_assistants::{Client, Error, Json, Method};
use serde::Deserialize;

use crate::archive::Archive;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The property by which objects refer to each other.
#[derive(Deserialize)]
struct Identified {
    id: String,
}

/// Walks the objects of a client's server.
pub struct Walk<'a> {
    pub client: &'a Client,
    pub archive: &'a mut Archive,
    pub bar: &'a ProgressBar,
}

impl Walk<'_> {
    /// Exports all objects. Returns the lists that the server does not have.
    ///
    /// `threads` are the IDs of the threads, if the server does not list them.
    pub async fn run(&mut self, threads: Option<Vec<String>>) -> Result<Vec<&'static str>> {
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
        let threads = threads.unwrap_or_default();
        self.bar.set_length(threads.len() as u64);
        for id in threads {
            if !self.archive.has(&id) {
                self.thread(&id).await?;
            }
            self.bar.inc(1);
        }
        Ok(missing)
    }

    /// Exports a list, with what belongs to its objects. Returns false if the server does not have it.
    async fn list(&mut self, unit: &'static str) -> Result<bool> {
        let list = format!("/{unit}");
        let Some(objects) = optional(self.objects(&list).await)? else {
            return Ok(false);
        };
        let mut found = Vec::new();
        for object in objects {
            let id = object.parse::<Identified>()?.id;
            found.push((list.clone(), object));
            match unit {
                "files" => self.content(&id).await?,
                "vector_stores" => {
                    let files = format!("{list}/{id}/files");
                    let objects = self.objects(&files).await?;
                    found.extend(objects.into_iter().map(|object| (files.clone(), object)));
                }
                _ => {}
            }
        }
        self.archive.finish(unit, found)?;
        Ok(true)
    }

    /// Downloads a file. Servers keep the content of some purposes for themselves.
    async fn content(&self, id: &str) -> Result<()> {
        let path = self.archive.content(id);
        if path.exists() {
            return Ok(());
        }
        let call = self.client.request(Method::GET, "/files").segment(id);
        match call.segment("content").download().await {
            Ok(content) => drop(content.to_path(path).await?),
            Err(error)
                if error
                    .status()
                    .is_some_and(|status| status.is_client_error()) =>
            {
                self.bar.println(format!("no content of {id}: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Returns the IDs of all threads, if the server lists them.
    async fn threads(&self) -> Result<Option<Vec<String>>> {
        let Some(threads) = optional(self.objects("/threads").await)? else {
            return Ok(None);
        };
        let ids = threads.iter().map(|thread| thread.parse::<Identified>());
        let ids: serde_json::Result<Vec<_>> = ids.map(|thread| Ok(thread?.id)).collect();
        Ok(Some(ids?))
    }

    /// Exports a thread with its messages, runs and steps.
    async fn thread(&mut self, id: &str) -> Result<()> {
        let call = self.client.request(Method::GET, "/threads").segment(id);
        let Some(thread) = optional(call.send::<Json>().await)? else {
            self.bar.println(format!("there is no thread {id}"));
            return Ok(());
        };
        let mut found = vec![("/threads".to_owned(), thread)];
        let thread = format!("/threads/{id}");
        for list in ["messages", "runs"].map(|list| format!("{thread}/{list}")) {
            for object in self.objects(&list).await? {
                let run_id = object.parse::<Identified>()?.id;
                found.push((list.clone(), object));
                if list.ends_with("/runs") {
                    let steps = format!("{list}/{run_id}/steps");
                    let objects = self.objects(&steps).await?;
                    found.extend(objects.into_iter().map(|object| (steps.clone(), object)));
                }
            }
        }
        self.archive.finish(id, found)?;
        Ok(())
    }

    /// Returns the objects of a list as received, oldest first.
    async fn objects(&self, list: &str) -> openai_assistants::Result<Vec<Json>> {
        let call = self.client.request(Method::GET, list).query("limit", "100");
        let mut items = call.query("order", "asc").items::<Json>();
        let mut objects = Vec::new();
        while let Some(object) = items.try_next().await? {
            objects.push(object);
            self.bar.tick();
        }
        Ok(objects)
    }
}

/// Returns `None` if the server does not have what was called.
fn optional<T>(result: openai_assistants::Result<T>) -> openai_assistants::Result<Option<T>> {
    let is_missing = |error: &Error| {
        let status = error.status().map(|status| status.as_u16());
        matches!(status, Some(404 | 405 | 501))
    };
    match result {
        Err(error) if is_missing(&error) => Ok(None),
        result => result.map(Some),
    }
}
