//! Does a server speak this API? Calls every operation of the document once, prints a
//! line for each, and exits with 1 if any failed.
//!
//! `OPENAI_BASE_URL` and `OPENAI_API_KEY` name the server; without them a fake one in this
//! process is asked, if the client is built from `openapi.yaml`. `OPENAI_MODEL` names the
//! model, and `OPENAI_FILE_ID` a file, where the document has calls for files. A run is
//! given `DOCTOR_WAIT` seconds (30 by default) to ask for a tool. Calls that need something
//! go by what was created before, and what was created is deleted in the end.
//!
//! `DOCTOR_BODIES=full` sends every property that the document knows, with any value that
//! fits: for servers that check what they get and do not act on it.

#[path = "local/mod.rs"]
mod local;

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::env;
use std::process::ExitCode;
use std::time::Duration;

use openai_assistants::{Client, Error, EventStream, Response, StreamEvent};
use openai_assistants_fake::{IncompleteReason, Reply, Script, Server, Turn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What the build knows of the document: `CALLS`, `call` and `stream`.
#[allow(
    clippy::all,
    clippy::pedantic,
    dead_code,
    unused_imports,
    unused_variables,
    reason = "generated from the document, which may have no streams"
)]
mod document {
    use super::*;
    use openai_assistants::types;

    include!(concat!(env!("OUT_DIR"), "/doctor.rs"));
}

use document::CALLS;

/// An operation, as the document has it.
pub struct Call {
    id: &'static str,
    method: &'static str,
    path: &'static str,
    /// The parameter that takes the id of what it answers with.
    names: Option<&'static str>,
    /// Whether it can answer with a stream of events.
    streams: bool,
    body: Option<Body>,
}

/// The body of an operation.
pub struct Body {
    properties: &'static [&'static str],
    /// What is required, as JSON.
    least: &'static str,
    /// All properties, as JSON.
    full: &'static str,
}

/// What a call was answered with.
pub struct Answer {
    status: u16,
    value: Value,
}

/// What was seen of a stream.
#[derive(Default)]
pub struct Watched {
    events: usize,
    /// Their names.
    kinds: BTreeSet<String>,
    /// The ids of the run and its thread.
    run: Option<Value>,
}

/// Takes the place of an id where nothing was made that has one.
const NONE: &str = "none-was-made";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> ExitCode {
    match Doctor::from_env().await {
        Ok(mut doctor) => {
            println!("server: {}", doctor.client.base_url());
            doctor.examine().await;
            doctor.report.close()
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes a typed body; nothing of it may get lost.
fn typed<T: DeserializeOwned + Serialize>(body: Value) -> Outcome<T> {
    let typed: T = serde_json::from_value(body.clone())?;
    let sent = serde_json::to_value(&typed)?;
    if sent == body {
        Ok(typed)
    } else {
        Err(format!("the body {body} would be sent as {sent}").into())
    }
}

fn answer<T: Serialize>(response: Response<T>) -> Outcome<Answer> {
    Ok(Answer {
        status: response.status().as_u16(),
        value: serde_json::to_value(response.into_inner())?,
    })
}

/// Follows a stream to its end; nothing if the server answers without events.
#[allow(dead_code, reason = "a document may have no streams")]
async fn watch<E: StreamEvent>(
    opened: Result<EventStream<E>, Error>,
    name: fn(&E) -> &str,
) -> Outcome<Option<Watched>> {
    let mut events = match opened {
        Err(error) if error.is_decode() => return Ok(None),
        opened => opened?,
    };
    let mut watched = Watched::default();
    while let Some(event) = events.try_next().await? {
        watched.events += 1;
        watched.kinds.insert(name(&event).to_owned());
        if let Some(run) = event.run_state() {
            watched.run = Some(json!({ "id": run.id, "thread_id": run.thread_id }));
        }
    }
    Ok(Some(watched))
}

/// What the assistant of the fake server does with each thread: it asks the tool, answers,
/// and breaks off.
fn script() -> Script {
    let answer = Reply::text("It is 12 °C【1】, see sandbox:/oslo.png.");
    let answer = answer
        .cite("【1】", "file-1")
        .path("sandbox:/oslo.png", "file-2");
    Script::new()
        .call("get_weather", json!({ "city": "Oslo" }))
        .turn(
            Turn::new()
                .search([("file-1", "oslo.txt", "Oslo has 12 °C.")])
                .run_code("plot(12)", "oslo.png")
                .say(answer),
        )
        .incomplete("It is still", IncompleteReason::MaxCompletionTokens)
}

fn newest<'a>(objects: &'a [(&'static str, Value)], kind: &str) -> Option<&'a Value> {
    let mut newest = objects.iter().rev();
    newest.find_map(|(name, object)| (*name == kind).then_some(object))
}

fn unknown(id: &str) -> Box<dyn std::error::Error> {
    format!("the document has no {id}").into()
}

/// Goes through the operations, and remembers what it was answered.
struct Doctor {
    client: Client,
    /// The server in this process, if it is that which is asked.
    _server: Option<Server>,
    wait: u32,
    full: bool,
    /// What was created: the parameter that names it, and the object.
    objects: Vec<(&'static str, Value)>,
    /// The same of what was only listed. It may belong to somebody else, and is looked at.
    listed: Vec<(&'static str, Value)>,
    report: Report,
}

impl Doctor {
    async fn from_env() -> Outcome<Self> {
        let (client, server) = local::client(script()).await?;
        let wait = set("DOCTOR_WAIT").and_then(|text| text.parse().ok());
        Ok(Self {
            client,
            _server: server,
            wait: wait.unwrap_or(30),
            full: set("DOCTOR_BODIES").is_some_and(|extent| extent == "full"),
            objects: Vec::new(),
            listed: Vec::new(),
            report: Report::default(),
        })
    }

    async fn examine(&mut self) {
        let (mut ends, mut others): (Vec<&Call>, Vec<&Call>) =
            CALLS.iter().partition(|call| call.method == "DELETE");
        // A run is cancelled when everything else has been done with it.
        others.sort_by_key(|call| (call.path.ends_with("/cancel"), place(call)));
        for call in others {
            self.make(call).await;
            if self.report.hopeless.is_some() {
                return;
            }
        }
        self.open_streams().await;
        ends.sort_by_key(|call| Reverse(place(call)));
        for call in ends {
            self.delete(call).await;
        }
    }

    /// Makes a call, and remembers what came of it.
    async fn make(&mut self, call: &'static Call) {
        let outcome = self.call(call, self.subject(call), self.body(call)).await;
        let outcome = outcome.map(|answer| (answer.status.to_string(), answer.value));
        if let Some(answer) = self.report.note(call.id, outcome) {
            self.remember(call, &answer);
            if call.id == "getRun" {
                self.wait_for_action(call, answer).await;
            }
        }
    }

    /// Deletes all that was made of a kind.
    async fn delete(&mut self, call: &'static Call) {
        let kind = last_parameter(call);
        let made = self.objects.iter().filter(|(name, _)| Some(*name) == kind);
        let mut subjects: Vec<Option<&Value>> = made.map(|(_, object)| Some(object)).collect();
        if subjects.is_empty() {
            subjects.push(None);
        }
        for subject in subjects {
            let outcome = self.call(call, subject, Value::Null).await;
            let outcome = outcome.map(|answer| (answer.status.to_string(), ()));
            self.report.note(call.id, outcome);
        }
    }

    async fn call(&self, call: &Call, subject: Option<&Value>, body: Value) -> Outcome<Answer> {
        document::call(&self.client, call.id, self.arguments(call, subject), body).await
    }

    /// What a path names in the end: the newest of its kind.
    fn subject(&self, call: &Call) -> Option<&Value> {
        let kind = last_parameter(call)?;
        let listed = || newest(&self.listed, kind).filter(|_| call.method == "GET");
        self.newest(kind).or_else(listed)
    }

    fn newest(&self, kind: &str) -> Option<&Value> {
        newest(&self.objects, kind)
    }

    /// The ids in a path: that of its subject, and those of what the subject belongs to.
    fn arguments(&self, call: &Call, subject: Option<&Value>) -> impl Fn(&str) -> String {
        let last = last_parameter(call);
        move |name| {
            let id = match subject {
                Some(subject) if last == Some(name) => subject["id"].as_str(),
                Some(subject) => subject[name].as_str(),
                None => None,
            };
            id.map_or_else(|| self.id(name), str::to_owned)
        }
    }

    /// The id of the newest object of a kind.
    fn id(&self, kind: &str) -> String {
        let newest = self.newest(kind).and_then(|object| object["id"].as_str());
        match (newest, kind) {
            (Some(id), _) => id.to_owned(),
            (None, "file_id") => set("OPENAI_FILE_ID").unwrap_or_else(|| NONE.to_owned()),
            (None, _) => NONE.to_owned(),
        }
    }

    /// Remembers an object that was made, or else listed.
    fn remember(&mut self, call: &Call, answer: &Value) {
        let Some(kind) = call.names else {
            return;
        };
        if makes(call, kind) {
            self.objects.push((kind, answer.clone()));
            self.remember_thread(call, answer);
        } else if let Some(first) = answer["data"].get(0) {
            self.listed.push((kind, first.clone()));
        }
    }

    /// A run of no given thread comes with a thread of its own.
    fn remember_thread(&mut self, call: &Call, run: &Value) {
        if call.names == Some("run_id") && !call.path.contains("{thread_id}") {
            self.objects
                .push(("thread_id", json!({ "id": run["thread_id"] })));
        }
    }

    /// The body of a call: what the document requires, with values that make sense.
    fn body(&self, call: &Call) -> Value {
        let Some(body) = &call.body else {
            return Value::Null;
        };
        let json = if self.full { body.full } else { body.least };
        let mut sample: Value = serde_json::from_str(json).unwrap_or_default();
        for name in body.properties.iter().filter(|_| !self.full) {
            if let Some(value) = self.sensible(name) {
                sample[*name] = value;
            }
        }
        sample
    }

    /// A value for a property that a server can do something with.
    fn sensible(&self, property: &str) -> Option<Value> {
        let question = |place| json!(format!("How is the weather in {place}?"));
        Some(match property {
            "model" => json!(set("OPENAI_MODEL").unwrap_or_else(|| "gpt-4o".to_owned())),
            "name" => json!("Doctor"),
            "description" => json!("Examines servers."),
            "instructions" => json!("Always ask the tool."),
            "tools" => json!([{ "type": "function", "function": {
                "name": "get_weather",
                "description": "The weather in a city.",
                "parameters": { "type": "object", "properties": { "city": { "type": "string" } } },
            } }]),
            "tool_choice" => json!({ "type": "function", "function": { "name": "get_weather" } }),
            "metadata" => json!({ "made-by": "doctor" }),
            "role" => json!("user"),
            "content" => question("Oslo"),
            "thread" => json!({ "messages": [{ "role": "user", "content": question("Bergen") }] }),
            "tool_outputs" => self.outputs(),
            "assistant_id" | "file_id" => json!(self.id(property)),
            _ => return None,
        })
    }

    /// An output for each tool call that the newest run waits for.
    fn outputs(&self) -> Value {
        let run = self.newest("run_id").unwrap_or(&Value::Null);
        let calls = &run["required_action"]["submit_tool_outputs"]["tool_calls"];
        let calls = calls.as_array().into_iter().flatten();
        calls
            .map(|call| json!({ "tool_call_id": call["id"], "output": "12 °C" }))
            .collect()
    }

    /// Asks for the run until it wants a tool's output, has ended, or the time is up.
    async fn wait_for_action(&mut self, get_run: &'static Call, mut run: Value) {
        for _ in 0..self.wait {
            if !matches!(run["status"].as_str(), Some("queued" | "in_progress")) {
                break;
            }
            pause().await;
            match self.call(get_run, self.subject(get_run), Value::Null).await {
                Ok(answer) => run = answer.value,
                Err(_) => break,
            }
        }
        self.objects.push(("run_id", run));
    }

    /// Opens the streams of the operations that have one: first that which makes a thread
    /// of its own, then those that go on there.
    async fn open_streams(&mut self) {
        let mut calls: Vec<&Call> = CALLS.iter().filter(|call| call.streams).collect();
        calls.sort_by_key(|call| Reverse(place(call)));
        for call in calls {
            let name = format!("{} as a stream", call.id);
            let arguments = self.arguments(call, self.subject(call));
            let watched = document::stream(&self.client, call.id, arguments, self.body(call)).await;
            let watched = match watched {
                Ok(None) => {
                    // A run has begun, and is in the way of others where runs are real.
                    if self.full {
                        println!("-- {name}: the server answers without events");
                        continue;
                    }
                    println!(
                        "-- {name}: the server answers without events, so no other stream is tried"
                    );
                    return;
                }
                Ok(Some(watched)) => {
                    let (events, kinds) = (watched.events, watched.kinds.len());
                    Ok((format!("{events} events of {kinds} kinds"), watched.run))
                }
                Err(error) => Err(error),
            };
            if let Some(Some(run)) = self.report.note(&name, watched) {
                self.remember_thread(call, &run);
                self.objects.push(("run_id", run));
                self.look_at_run().await;
            }
        }
    }

    /// Asks what the newest run waits for.
    async fn look_at_run(&mut self) {
        if let Some(get_run) = CALLS.iter().find(|call| call.id == "getRun")
            && let Ok(answer) = self.call(get_run, self.subject(get_run), Value::Null).await
        {
            self.objects.push(("run_id", answer.value));
        }
    }
}

/// Whether a call makes an object of this kind, rather than finding or changing one.
fn makes(call: &Call, kind: &str) -> bool {
    let is_named = call.path.contains(&format!("{{{kind}}}"));
    call.method == "POST" && call.names == Some(kind) && !is_named
}

/// The last parameter of a path.
fn last_parameter(call: &Call) -> Option<&'static str> {
    let mut parts = call.path.rsplit('/');
    parts.find_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// Sorts calls: what makes something first, then what uses it, and the paths that name
/// something before those that make something of several kinds (`/threads/runs`).
fn place(call: &Call) -> (Vec<(bool, &'static str)>, Reverse<&'static str>) {
    let parts = call.path.split('/');
    let parts = parts.map(|part| (!part.starts_with('{'), part));
    (parts.collect(), Reverse(call.method))
}

/// What was called, and how it went.
#[derive(Default)]
struct Report {
    passed: usize,
    failed: usize,
    /// Why there is nothing to examine.
    hopeless: Option<&'static str>,
}

impl Report {
    fn note<T>(&mut self, name: &str, outcome: Outcome<(String, T)>) -> Option<T> {
        match outcome {
            Ok((result, value)) => {
                println!("ok {name} {result}");
                self.passed += 1;
                Some(value)
            }
            Err(error) => {
                let message = error.to_string();
                let operation = name.split(' ').next().unwrap_or_default();
                let message = message
                    .strip_prefix(&format!("{operation} "))
                    .unwrap_or(&message);
                println!("failed {name}: {}", message.trim_start_matches("failed: "));
                self.failed += 1;
                let error: Option<&Error> = error.downcast_ref();
                self.hopeless = match error {
                    Some(error) if error.is_connect() => Some("nothing answers"),
                    Some(error) if error.is_authentication() => Some("the key is refused"),
                    _ => None,
                };
                None
            }
        }
    }

    fn close(self) -> ExitCode {
        if let Some(reason) = self.hopeless {
            println!("{reason}: the other calls were not made");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// A variable that is set to something.
fn set(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program that waits for a server waits in real time"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
