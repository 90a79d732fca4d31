//! Looks for a run whose creation got no response.

use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::DATE;
use serde_json::{Map, Value};

use crate::client::operation;
use crate::error::core::Error;
use crate::http::request::Request;
use crate::http::request_body::RequestBody;
use crate::run::handle::RunHandle;
use crate::sse::status::is_terminal;

/// Dates in headers are whole seconds, and so are those of runs.
const MARGIN: Duration = Duration::from_secs(2);

/// What the run repeats of the request that creates it.
const REPEATED: [&str; 6] = [
    "assistant_id",
    "model",
    "instructions",
    "metadata",
    "max_prompt_tokens",
    "max_completion_tokens",
];

/// What the run has of the assistant, if the request does not have it.
const INHERITED: [&str; 2] = ["model", "instructions"];

/// The creation of a run.
pub(crate) struct Creation {
    thread_id: String,
    body: RequestBody,
    started: SystemTime,
}

impl Creation {
    /// Returns the creation of a run, if the request is one on an existing thread. With `once`, the
    /// run is looked up by its marker.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let ids = request.run_ids();
        let body = request
            .body
            .clone()
            .filter(|_| ids.run_id.is_none() && !request.options.once)?;
        Some(Self {
            thread_id: ids.thread_id?,
            body,
            started: request.config.clock.now(),
        })
    }

    /// Adds the ID of the run to an error that leaves open whether it exists, if exactly one run of
    /// the thread can be it.
    pub(crate) async fn identify(&self, handle: &RunHandle, error: Error) -> Error {
        if !error.may_have_been_processed() || error.run_id().is_some() {
            return error;
        }
        let found = handle
            .grace()
            .before(pin!(self.find(handle)))
            .await
            .flatten();
        error.in_run(Some(&self.thread_id), found.as_deref())
    }

    async fn find(&self, handle: &RunHandle) -> Option<String> {
        let list = handle.newest_runs(&self.thread_id).ok()?;
        let response = operation::send_request::<Value>(list).await.ok()?;
        let elapsed = handle
            .client
            .config()
            .clock
            .now()
            .duration_since(self.started);
        let date = response.headers().get(DATE)?.to_str().ok()?;
        let date = httpdate::parse_http_date(date).ok()?;
        let since = date.checked_sub(elapsed.ok()? + MARGIN)?;
        let since = since.duration_since(UNIX_EPOCH).ok()?.as_secs_f64();
        let body: Map<String, Value> = serde_json::from_slice(self.body.as_bytes()).ok()?;
        let runs = response.get_ref()["data"].as_array()?;
        let mut candidates = runs.iter().filter(|run| {
            let is_new = run["created_at"].as_f64().is_some_and(|at| at >= since);
            let is_active = run["status"]
                .as_str()
                .is_some_and(|status| !is_terminal(status));
            is_new && is_active && repeats(run, &body)
        });
        let (first, second) = (candidates.next()?, candidates.next());
        let id = first["id"].as_str().filter(|_| second.is_none())?;
        Some(id.to_owned())
    }
}

fn repeats(run: &Value, body: &Map<String, Value>) -> bool {
    REPEATED.iter().all(|name| {
        let has = &run[*name];
        let is_extended = *name == "instructions" && body.contains_key("additional_instructions");
        match body.get(*name).filter(|sent| !is_empty(sent)) {
            _ if is_extended => true,
            Some(sent) => has == sent,
            None => INHERITED.contains(name) || is_empty(has),
        }
    })
}

/// Whether a value is that of a property that was not set.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}
