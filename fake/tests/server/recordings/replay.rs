//! Replays the exchanges of a recording against a new server.
//!
//! Objects that the recording uses but did not create are created first, by what its
//! responses show of them. IDs of the recording are replaced by those of the server.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openai_assistants_fake::{Conversation, Reply, Server, SkippingClock, Turn};
use serde_json::{Value, json};

use super::comparison::{Difference, compare};
use super::exchange::Exchange;
use super::storage;
use crate::{fake, get, http, post, text};

pub(crate) struct Replay {
    pub(super) server: Server,
    clock: SkippingClock,
    turns: Arc<Mutex<VecDeque<Turn>>>,
    /// All objects and deltas of the recording, in order.
    pub(super) objects: Vec<Value>,
    /// IDs of the recording with those of the server.
    pub(super) ids: HashMap<String, String>,
}

impl Replay {
    pub(crate) async fn start(exchanges: &[&Exchange]) -> Self {
        let clock = SkippingClock::default();
        let turns = Arc::new(Mutex::new(VecDeque::new()));
        let model = {
            let turns: Arc<Mutex<VecDeque<Turn>>> = Arc::clone(&turns);
            move |_: &Conversation| {
                let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
                turns
                    .pop_front()
                    .unwrap_or_else(|| Turn::new().say("Hello"))
            }
        };
        let server = fake(&clock).model(model).pace(Duration::from_secs(1));
        let objects = exchanges.iter().flat_map(|exchange| exchange.objects());
        Self {
            server: server.start().await.expect("a port is free"),
            clock,
            turns,
            objects: objects.collect(),
            ids: HashMap::new(),
        }
    }

    /// Sends the request of an exchange.
    async fn send(&self, exchange: &Exchange) -> http::Response {
        if exchange.path == "/files" && exchange.method == "POST" {
            return storage::upload(self, exchange).await;
        }
        let body = serde_json::from_str(&self.replaced(&exchange.request)).unwrap_or_default();
        let path = self.replaced(&exchange.path);
        http::send(&self.server, &exchange.method, &path, &body).await
    }

    /// Sends the request of an exchange, and compares the response.
    pub(crate) async fn compare(&mut self, exchange: &Exchange) -> Vec<Difference> {
        self.prepare(exchange).await;
        let response = self.send(exchange).await;
        compare(exchange, &response, &mut self.ids)
    }

    fn replaced(&self, text: &str) -> String {
        let replace = |text: String, (from, to): (&String, &String)| text.replace(from, to);
        self.ids.iter().fold(text.to_owned(), replace)
    }

    /// Creates the objects that a request uses and that its response shows.
    async fn prepare(&mut self, exchange: &Exchange) {
        if exchange.is_of_storage() {
            storage::prepare(self, exchange).await;
            return self.advance(exchange);
        }
        let segments = exchange.segments();
        let thread = segments.get(1).copied().unwrap_or_default();
        for id in segments.iter().copied() {
            match id.split_once('_').map(|(kind, _)| kind) {
                Some("asst") => self.assistant(id).await,
                Some("thread") => self.thread(id).await,
                Some("run") => self.run(id, thread).await,
                Some("msg") => self.message(id, thread).await,
                _ => {}
            }
        }
        let body: Value = serde_json::from_str(&exchange.request).unwrap_or_default();
        if let Some(id) = body["assistant_id"].as_str() {
            self.assistant(id).await;
        }
        if exchange.method == "POST" {
            // The turns of the run that this request creates or continues.
            let mut created = exchange.payloads().into_iter();
            let run = created.find(|object| object["object"] == "thread.run");
            if segments.last() == Some(&"runs")
                && let Some(run) = run
            {
                self.plan(&text(&run["id"]));
            }
        } else if segments.len() % 2 == 1 {
            self.list(exchange, thread).await;
        }
        self.advance(exchange);
    }

    /// Lets the active run proceed to the state that the response shows.
    fn advance(&self, exchange: &Exchange) {
        let shows = |status: &str| {
            let objects = exchange.objects();
            objects.iter().any(|object| {
                object["status"] == status
                    || object["object"] == "thread.message" && object["run_id"].is_string()
            })
        };
        let seconds = match exchange.is_stream() {
            // Streams advance the clock themselves.
            true => 0,
            false if shows("completed") => 300,
            false if shows("in_progress") => 2,
            false => 0,
        };
        self.clock.skip(Duration::from_secs(seconds));
    }

    /// Creates what is missing in a list.
    async fn list(&mut self, exchange: &Exchange, thread: &str) {
        let path = self.replaced(exchange.path.split('?').next().unwrap_or_default());
        let items = exchange.items();
        let more = usize::from(exchange.payloads()[0]["has_more"] == true);
        self.advance(exchange);
        for item in &items {
            let existing = get(&self.server, &format!("{path}?limit=100")).await;
            if existing["data"].as_array().map_or(0, Vec::len) >= items.len() + more {
                break;
            }
            let id = text(&item["id"]);
            match item["object"].as_str() {
                Some("assistant") => self.assistant(&id).await,
                Some("thread.message") => match item["run_id"].as_str() {
                    Some(run) => self.run(run, thread).await,
                    None => self.message(&id, thread).await,
                },
                Some("thread.run") => self.run(&id, thread).await,
                // Steps are those of the run.
                _ => {}
            }
            self.advance(exchange);
        }
        if exchange.path.starts_with("/assistants") && more == 1 {
            self.assistant("asst_more").await;
        }
    }

    /// The last recorded state of an object.
    pub(super) fn object(&self, id: &str) -> Value {
        let mut objects = self.objects.iter().rev();
        let is_delta = |object: &Value| object["delta"].is_object();
        let object = objects.find(|object| object["id"] == id && !is_delta(object));
        object.cloned().unwrap_or_default()
    }

    async fn assistant(&mut self, id: &str) {
        if self.ids.contains_key(id) {
            return;
        }
        let of_run = self
            .objects
            .iter()
            .find(|object| object["object"] == "thread.run" && object["assistant_id"] == id);
        let shown = match self.object(id) {
            Value::Null => of_run.cloned().unwrap_or_default(),
            object => object,
        };
        let mut body = json!({ "model": "gpt-4o" });
        for name in ["instructions", "metadata", "tools", "tool_resources"] {
            if !shown[name].is_null() {
                body[name] = shown[name].clone();
            }
        }
        let created = post(&self.server, "/assistants", body).await;
        self.ids.insert(id.to_owned(), text(&created["id"]));
    }

    async fn thread(&mut self, id: &str) {
        if !self.ids.contains_key(id) {
            let created = post(&self.server, "/threads", json!({})).await;
            self.ids.insert(id.to_owned(), text(&created["id"]));
        }
    }

    async fn message(&mut self, id: &str, thread: &str) {
        if self.ids.contains_key(id) {
            return;
        }
        let shown = self.object(id);
        let role = shown["role"].as_str().unwrap_or("user");
        let body = json!({ "role": role, "content": "Hello" });
        let path = format!("/threads/{}/messages", self.ids[thread]);
        let created = post(&self.server, &path, body).await;
        self.ids.insert(id.to_owned(), text(&created["id"]));
    }

    async fn run(&mut self, id: &str, thread: &str) {
        if self.ids.contains_key(id) {
            return;
        }
        let mut shown = self.objects.iter();
        let shown = shown.find(|object| object["id"] == id || object["run_id"] == id);
        let assistant = shown.and_then(|object| object["assistant_id"].as_str());
        let assistant = assistant.unwrap_or("asst_of_run").to_owned();
        self.assistant(&assistant).await;
        self.plan(id);
        let path = format!("/threads/{}/runs", self.ids[thread]);
        let body = json!({ "assistant_id": self.ids[&assistant] });
        let created = post(&self.server, &path, body).await;
        self.ids.insert(id.to_owned(), text(&created["id"]));
    }

    /// Plans the turns that the recording shows of a run.
    fn plan(&self, run: &str) {
        let of_kind = |kind: &str| {
            let mut ids: Vec<(u64, &str)> = Vec::new();
            for object in &self.objects {
                let id = object["id"].as_str().unwrap_or_default();
                let is_new = !ids.iter().any(|(_, known)| *known == id);
                if object["object"] == kind && object["run_id"] == run && is_new {
                    ids.push((object["created_at"].as_u64().unwrap_or_default(), id));
                }
            }
            ids.sort_by_key(|(created_at, _)| *created_at);
            ids.into_iter()
                .map(|(_, id)| self.object(id))
                .collect::<Vec<_>>()
        };
        let mut turns = vec![Turn::new()];
        let steps = of_kind("thread.run.step");
        for step in &steps {
            let last = turns.pop().unwrap_or_default();
            let details = &step["step_details"];
            let message = details["message_creation"]["message_id"].as_str();
            if let Some(message) = message {
                turns.push(last.say(self.reply(&self.object(message))));
                continue;
            }
            let calls = details["tool_calls"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            turns.extend(with_calls(last, &calls));
        }
        if steps.is_empty() {
            for message in of_kind("thread.message") {
                let last = turns.pop().unwrap_or_default();
                turns.push(last.say(self.reply(&message)));
            }
        }
        let mut planned = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        *planned = turns.into();
    }

    /// A message with the pieces in which it was streamed, and its citations.
    fn reply(&self, message: &Value) -> Reply {
        let deltas = self.objects.iter().filter(|object| {
            object["object"] == "thread.message.delta" && object["id"] == message["id"]
        });
        let pieces = deltas.map(|delta| text(&delta["delta"]["content"][0]["text"]["value"]));
        let pieces: Vec<String> = pieces.collect();
        let content = &message["content"][0]["text"];
        let mut reply = match content["value"].as_str() {
            _ if !pieces.is_empty() => Reply::pieces(pieces),
            Some(text) => Reply::text(text),
            None => Reply::text("Hello"),
        };
        for citation in content["annotations"].as_array().into_iter().flatten() {
            let file = text(&citation["file_citation"]["file_id"]);
            reply = reply.cite(text(&citation["text"]), file);
        }
        reply
    }
}

/// A turn with the tool calls of a step. The outputs of functions start another one.
fn with_calls(mut turn: Turn, calls: &[Value]) -> Vec<Turn> {
    let mut functions = Vec::new();
    for call in calls {
        match call["type"].as_str() {
            Some("code_interpreter") => {
                let code = &call["code_interpreter"];
                let outputs = code["outputs"].as_array().into_iter().flatten();
                let logs: String = outputs
                    .filter_map(|output| output["logs"].as_str())
                    .collect();
                turn = turn.run_code(text(&code["input"]), logs);
            }
            Some("file_search") => {
                let results = call["file_search"]["results"].as_array();
                let results = results.into_iter().flatten().map(|result| {
                    let passage = text(&result["content"][0]["text"]);
                    (
                        text(&result["file_id"]),
                        text(&result["file_name"]),
                        passage,
                    )
                });
                turn = turn.search(results);
            }
            _ => {
                let function = &call["function"];
                functions.push((text(&function["name"]), function["arguments"].clone()));
            }
        }
    }
    if functions.is_empty() {
        vec![turn]
    } else {
        vec![turn.calls(functions), Turn::new()]
    }
}
