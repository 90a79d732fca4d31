//! Calls operations, records what they create, and reports the result.

use std::time::Duration;

use openai_assistants::{Client, Error};
use serde_json::{Value, json};

use crate::bodies::{self, without};
use crate::document::{self, Answer, CALLS, Call, Outcome, getter, noun};
use crate::objects::{Ids, Object, Objects, Target, id};
use crate::options::Options;
use crate::refusal::{Refused, attempt};
use crate::report::Report;
use crate::routes::UnknownRoutes;

/// Failures to connect or to authenticate before the first success, after which no call can succeed.
const MAX_FAILURES: u32 = 3;

pub struct Checkup {
    pub client: Client,
    pub options: Options,
    pub objects: Objects,
    pub report: Report,
    routes: UnknownRoutes,
    /// Failures to connect or to authenticate.
    failures: u32,
}

impl Checkup {
    pub fn new(client: Client, options: Options) -> Self {
        Self {
            client,
            options,
            objects: Objects::default(),
            report: Report::default(),
            routes: UnknownRoutes::default(),
            failures: 0,
        }
    }

    /// Whether the server cannot be reached, or rejects the credentials.
    pub fn is_hopeless(&self) -> bool {
        self.report.passed() == 0 && self.failures >= MAX_FAILURES
    }

    /// Calls an operation once, and again with less if the server refuses the body.
    pub async fn call(&mut self, call: &'static Call) {
        let target = self.objects.target(call, &self.options);
        if let Some(reason) = self.unsuitable(call, &target) {
            return self.probe(call, &target, &reason).await;
        }
        let body = bodies::body(call, &self.objects, &self.options);
        let optional = self.optional(call, &body);
        let attempted = attempt(&optional, async |omitted| {
            self.send(call, &target.ids, without(&body, omitted)).await
        });
        let attempted = attempted.await;
        match attempted.outcome {
            Ok(answer) => {
                self.report
                    .pass_operation(&call.noun(), call.id, &answer.status.to_string());
                let omitted = attempted
                    .refused
                    .as_ref()
                    .map(|refused| &refused.properties[..]);
                let body = without(&body, omitted.unwrap_or_default());
                self.record(call, &target.ids, answer.value, body.get("metadata"));
            }
            Err(error) => self.fail(call, &target.ids, &*error).await,
        }
        if let Some(refused) = attempted.refused {
            self.report_refused(call.id, &refused);
        }
    }

    /// The properties that can be left out. A mock without state validates bodies against the document:
    /// what it refuses is a fault of the client.
    pub fn optional(&self, call: &Call, body: &Value) -> Vec<String> {
        match self.options.stateless {
            true => Vec::new(),
            false => bodies::optional(call, body),
        }
    }

    pub fn report_refused(&mut self, name: &str, refused: &Refused) {
        let properties = refused.properties.join("`, `");
        let reason = shortened(name, &refused.reason);
        let gap = format!("no `{properties}` in {name}: leave it out ({reason})");
        let name = format!("{name} with `{properties}`");
        self.report.fail(&name, &reason, &gap);
    }

    /// Sends a call.
    pub async fn send(&self, call: &Call, ids: &Ids, body: Value) -> Outcome<Answer> {
        document::call(&self.client, call.id, |name| id(ids, name), body).await
    }

    /// Reports a call that failed, and whether that is for want of a route.
    pub async fn fail(
        &mut self,
        call: &Call,
        ids: &Ids,
        error: &(dyn std::error::Error + 'static),
    ) {
        let known: Option<&Error> = error.downcast_ref();
        let is_connection = |error: &&Error| error.is_connect() || error.is_authentication();
        self.failures += u32::from(known.filter(is_connection).is_some());
        let reason = match known {
            Some(error) if self.is_missing(call, ids, error).await => no_route(error),
            Some(error) if error.is_not_found() && call.subject().is_some() => {
                let text = shortened(call.id, &error.to_string());
                format!("the server does not find its own object: {text}")
            }
            _ => shortened(call.id, &error.to_string()),
        };
        self.report.fail_operation(call, &reason);
    }

    async fn is_missing(&mut self, call: &Call, ids: &Ids, error: &Error) -> bool {
        let path = call.path_of(ids);
        self.routes
            .explain(&self.client, call.method, &path, error)
            .await
    }

    /// Makes a call that cannot succeed, to see whether the server has the route.
    async fn probe(&mut self, call: &'static Call, target: &Target, reason: &str) {
        let body = bodies::body(call, &self.objects, &self.options);
        match self.send(call, &target.ids, body).await {
            Ok(answer) => self.record(call, &target.ids, answer.value, None),
            Err(error) => {
                if let Some(error) = error.downcast_ref::<Error>()
                    && self.is_missing(call, &target.ids, error).await
                {
                    return self.report.fail_operation(call, &no_route(error));
                }
            }
        }
        self.report.skip(call.id, reason);
    }

    /// Why a call cannot succeed: for want of an object, or by the status of the newest run.
    pub fn unsuitable(&self, call: &Call, target: &Target) -> Option<String> {
        if self.options.stateless {
            return None;
        }
        if !target.exists {
            let kind = call.subject().unwrap_or("assistant_id");
            return Some(format!("there is no {}", kind.trim_end_matches("_id")));
        }
        let status = self.run_status();
        let body = call.body.as_ref();
        let submits = body.is_some_and(|body| body.properties.contains(&"tool_outputs"));
        let cancels = call.path.ends_with("/{run_id}/cancel");
        let adds_run = call.creates() == Some("run_id") && call.subject().is_some();
        if submits && status != "requires_action" {
            Some(format!("the run is {status} and does not require action"))
        } else if cancels && !is_active(&status) {
            Some(format!("the run is already {status}"))
        } else if adds_run && is_active(&status) {
            Some(format!("the run of the thread is still {status}"))
        } else {
            None
        }
    }

    pub fn run_status(&self) -> String {
        let run = self.objects.newest("run_id");
        let status = run.and_then(|run| run.value["status"].as_str());
        status.unwrap_or("unknown").to_owned()
    }

    /// Records an object that was created or modified, or else the first item of a list.
    fn record(&mut self, call: &Call, ids: &Ids, value: Value, metadata: Option<&Value>) {
        let Some(kind) = call.names else {
            return;
        };
        if call.creates() == Some(kind) {
            self.record_created(kind, ids.clone(), value, metadata.cloned());
        } else if let Some(first) = value["data"].get(0) {
            if let (Some(id), false) = (first["id"].as_str(), ids.is_empty()) {
                let ids = [ids.clone(), vec![(kind, id.to_owned())]].concat();
                let object = Object {
                    kind,
                    ids,
                    value: first.clone(),
                    metadata: None,
                };
                self.objects.put_contained(object);
            }
        } else if let Some(object) = self
            .objects
            .newest_mut(kind)
            .filter(|object| object.ids == *ids)
        {
            object.value = value;
            object.metadata = metadata.cloned().or(object.metadata.take());
        }
    }

    /// Records a created object, and the thread of a run that was created together with its thread.
    pub fn record_created(
        &mut self,
        kind: &'static str,
        mut ids: Ids,
        value: Value,
        metadata: Option<Value>,
    ) {
        let Some(id) = value["id"].as_str() else {
            return;
        };
        let thread = value["thread_id"]
            .as_str()
            .filter(|thread| !thread.is_empty());
        if let Some(thread) = thread.filter(|_| kind == "run_id" && ids.is_empty()) {
            ids.push(("thread_id", thread.to_owned()));
            let value = json!({ "id": thread });
            self.objects.put(Object {
                kind: "thread_id",
                ids: ids.clone(),
                value,
                metadata: None,
            });
        }
        ids.push((kind, id.to_owned()));
        self.objects.put(Object {
            kind,
            ids,
            value,
            metadata,
        });
    }

    /// Polls the newest run while it is active, or until it requires action.
    pub async fn settle(&mut self) {
        let Some(get_run) = getter("run_id").filter(|_| !self.options.stateless) else {
            return;
        };
        for second in 0..=self.options.wait {
            if second > 0 {
                if !matches!(&*self.run_status(), "queued" | "in_progress" | "cancelling") {
                    return;
                }
                pause().await;
            }
            let target = self.objects.target(get_run, &self.options);
            match self.send(get_run, &target.ids, Value::Null).await {
                Ok(answer) => self.record(get_run, &target.ids, answer.value, None),
                Err(_) => return,
            }
        }
    }

    /// Deletes all created objects of a kind, and checks that they are gone.
    pub async fn delete(&mut self, call: &'static Call) {
        let Some(kind) = call.subject() else {
            return self.call(call).await;
        };
        let created = self.objects.on_path(call);
        let created: Vec<Ids> = created.map(|object| object.ids.clone()).collect();
        let mut getters = CALLS.iter().filter(|get| get.method == "GET");
        let getter = getters.find(|get| get.path == call.path);
        let getter = getter.filter(|get| self.report.has_passed(get.id));
        if created.is_empty() {
            return self.call(call).await;
        }
        let mut kept = None;
        for ids in &created {
            match self.send(call, ids, Value::Null).await {
                Ok(answer) => {
                    self.report
                        .pass_operation(&call.noun(), call.id, &answer.status.to_string())
                }
                Err(error) => return self.fail(call, ids, &*error).await,
            }
            if let Some(get) = getter {
                let error = self.send(get, ids, Value::Null).await.err();
                let error = error.and_then(|error| error.downcast::<Error>().ok());
                if !error.is_some_and(|error| error.is_not_found()) {
                    kept = Some(format!("{} still has it", get.id));
                }
            }
        }
        if getter.is_some() && !self.options.stateless {
            let noun = noun(kind);
            let (name, gap) = (
                format!("deleted {noun} are gone"),
                format!("deleted {noun} are kept"),
            );
            self.report.check(&name, kept.map_or(Ok(()), Err), &gap);
        }
    }
}

/// Whether a run has a status that is neither terminal nor unknown.
pub fn is_active(status: &str) -> bool {
    matches!(
        status,
        "queued" | "in_progress" | "requires_action" | "cancelling"
    )
}

fn no_route(error: &Error) -> String {
    let status = error.status().map_or(0, |status| status.as_u16());
    format!("the server has no such route ({status})")
}

/// An error without the name of its operation, which the line has already.
pub fn shortened(name: &str, error: &str) -> String {
    let operation = name.split(' ').next().unwrap_or_default();
    let error = error
        .strip_prefix(&format!("{operation} "))
        .unwrap_or(error);
    error.trim_start_matches("failed: ").to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program that waits for a server waits in real time"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
