//! Rounds of tool calls: what a run waits for, and the submission that lets it go on.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::operations::SubmitToolOutputsToRun;
use crate::run::follow::{Course, Follow};
use crate::run::waiting_calls;
use crate::tools::{Call, OnFailure, RunSettings, ToolError, ToolSet};
use crate::types::{RunObject, RunToolCall};
use crate::types::{SubmitToolOutputsRunRequest, ToolOutput};

const MAX_ROUNDS: u32 = 32;
const CONCURRENCY: usize = 8;
const TOOL_TIMEOUT: Duration = Duration::from_secs(60);

/// The tools of a run and how they are called.
pub(crate) struct Rounds {
    tools: Option<ToolSet>,
    settings: RunSettings,
    max: u32,
    done: u32,
}

impl Default for Rounds {
    fn default() -> Self {
        Self {
            tools: None,
            settings: RunSettings {
                concurrency: CONCURRENCY,
                timeout: TOOL_TIMEOUT,
                on_failure: Arc::new(|_| OnFailure::Tell),
            },
            max: MAX_ROUNDS,
            done: 0,
        }
    }
}

/// Tools; with the feature `tools`.
impl<O> Follow<O> {
    /// Runs these tools whenever the run asks for their outputs, submits all outputs of
    /// a round in one request, and goes on until the run has ended.
    ///
    /// The assistant or the run has to know the tools: give it
    /// [`definitions`](ToolSet::definitions). A required action other than function
    /// calls is left to the caller: the run then rests in `requires_action`.
    pub fn tools(mut self, tools: &ToolSet) -> Self {
        self.settings.rounds.tools = Some(tools.clone());
        self
    }

    /// How many rounds of tool calls there may be. By default 32; one more is an error
    /// of the kind [`is_tool`](Error::is_tool).
    pub fn max_rounds(mut self, max: u32) -> Self {
        self.settings.rounds.max = max;
        self
    }

    /// How many calls of a round run at the same time, at least one. By default 8.
    pub fn tool_concurrency(mut self, limit: usize) -> Self {
        self.settings.rounds.settings.concurrency = limit;
        self
    }

    /// How long a call may take, unless its tool has a limit of its own. By default 60
    /// seconds. Work that blocks its thread cannot be timed out.
    pub fn tool_timeout(mut self, limit: Duration) -> Self {
        self.settings.rounds.settings.timeout = limit;
        self
    }

    /// What becomes of a call that fails. By default the model is told, so that it can
    /// do something about it.
    pub fn on_tool_failure<F>(mut self, decide: F) -> Self
    where
        F: Fn(&ToolError) -> OnFailure + Send + Sync + 'static,
    {
        self.settings.rounds.settings.on_failure = Arc::new(decide);
        self
    }
}

impl Course {
    /// Whether the run waits for what the tools can give it.
    pub(crate) fn waits_for_tools(&self, run: &RunObject) -> bool {
        self.rounds.tools.is_some() && !waiting_calls(run).is_empty()
    }

    /// The submission of the outputs that the run waits for, if the tools can give them.
    pub(crate) async fn answer(
        &mut self,
        run: &RunObject,
    ) -> Result<Option<SubmitToolOutputsToRun>> {
        let rounds = &mut self.rounds;
        let calls = waiting_calls(run);
        let Some(tools) = rounds.tools.as_ref().filter(|_| !calls.is_empty()) else {
            return Ok(None);
        };
        if rounds.done == rounds.max {
            return Err(Error::tool(format!(
                "the model called tools for more than {} rounds: raise `max_rounds`, or tell it when to stop",
                rounds.max
            )));
        }
        rounds.done += 1;
        let client = &self.run.client;
        let outputs = tools
            .run(
                calls.iter().map(call).collect(),
                self.run.thread_id(),
                &run.id,
                &rounds.settings,
                &client.config().clock,
            )
            .await?;
        let outputs = outputs
            .into_iter()
            .map(|(id, output)| ToolOutput::builder().tool_call_id(id).output(output));
        Ok(Some(
            client
                .submit_tool_outputs_to_run()
                .thread_id(self.run.thread_id())
                .run_id(&run.id)
                .body(SubmitToolOutputsRunRequest::builder().tool_outputs(outputs)),
        ))
    }
}

fn call(call: &RunToolCall) -> Call {
    match call {
        RunToolCall::Function(call) => Call {
            id: call.id.clone(),
            name: call.function.name.clone(),
            arguments: call.function.arguments.clone(),
        },
        // There is no such tool, which the model is told like of any other.
        RunToolCall::Unknown(call) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            Call {
                id: text(&call["id"]),
                name: text(&call["type"]),
                arguments: call.to_string(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::future::pending;

    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::testing::{Server, TestClock, answer, create_run, reply, run, until, waiting};
    use crate::{Client, ToolErrorKind};

    #[derive(Deserialize, JsonSchema)]
    struct Double {
        number: i64,
    }

    /// Doubles a number; 0 takes for ever.
    fn tools() -> ToolSet {
        let double = async |arguments: Double| match arguments.number {
            0 => pending().await,
            number => Ok::<_, String>(number * 2),
        };
        ToolSet::builder()
            .function(double)
            .build()
            .expect("the tool is good")
    }

    fn follow(client: &Client) -> Follow<crate::operations::CreateRun> {
        create_run(client).follow().tools(&tools())
    }

    fn call(arguments: &str) -> Value {
        waiting(&[("call_1", "double", arguments)])
    }

    /// What was submitted, round by round.
    fn submitted(server: &Server) -> Vec<Value> {
        let submissions = server.requests().into_iter();
        let submissions = submissions.filter(|request| request.contains("/submit_tool_outputs "));
        let body = |request: String| {
            let body = request.split_once("\r\n\r\n").expect("it has a body").1;
            serde_json::from_str::<Value>(body).expect("it is JSON")["tool_outputs"].clone()
        };
        submissions.map(body).collect()
    }

    #[tokio::test]
    async fn a_run_is_brought_through_its_rounds() {
        let server = Server::start([
            answer(&run("queued")),
            answer(&waiting(&[
                ("call_1", "double", r#"{"number": 1}"#),
                ("call_2", "double", r#"{"number": 2}"#),
            ])),
            answer(&run("queued")),
            answer(&waiting(&[("call_3", "double", r#"{"number": 3}"#)])),
            answer(&run("completed")),
        ])
        .await;
        let run = follow(&server.client()).wait().await.unwrap();
        assert_eq!(run.status.as_str(), "completed");
        assert_eq!(
            submitted(&server),
            [
                json!([
                    { "tool_call_id": "call_1", "output": "2" },
                    { "tool_call_id": "call_2", "output": "4" },
                ]),
                json!([{ "tool_call_id": "call_3", "output": "6" }]),
            ]
        );
        assert_eq!(server.requests().len(), 5);
    }

    #[tokio::test]
    async fn the_model_is_told_what_went_wrong() {
        let calls = waiting(&[
            ("call_1", "double", "{}"),
            ("call_2", "triple", "{}"),
            ("call_3", "double", r#"{"number": 4}"#),
        ]);
        let server = Server::start([answer(&calls), answer(&run("completed"))]).await;
        follow(&server.client()).wait().await.unwrap();
        let outputs = submitted(&server).remove(0);
        let error = |position: usize| outputs[position]["output"].as_str().unwrap().to_owned();
        assert!(error(0).contains("missing field `number`"), "{outputs}");
        assert!(error(1).contains("there is no tool `triple`"), "{outputs}");
        assert_eq!(error(2), "8");
    }

    #[tokio::test]
    async fn a_failure_ends_it_where_the_caller_wants_that() {
        for cancel in [true, false] {
            let server = Server::start([answer(&call("{}"))]).await;
            let error = follow(&server.client())
                .on_tool_failure(|_| OnFailure::Stop)
                .cancel_run(cancel)
                .wait()
                .await
                .expect_err("the arguments are bad");
            assert!(error.is_tool());
            assert_eq!(error.run_id(), Some("run_1"));
            let cause = error.source().and_then(|cause| cause.downcast_ref());
            let cause: &ToolError = cause.expect("it is kept");
            assert_eq!(cause.kind(), ToolErrorKind::BadArguments);
            assert!(submitted(&server).is_empty());
            let lines = server.lines();
            let cancels = lines.iter().filter(|line| line.ends_with("/cancel"));
            assert_eq!(cancels.count(), usize::from(cancel), "{lines:?}");
        }
    }

    #[tokio::test]
    async fn there_is_an_end_to_the_rounds() {
        let server = Server::start([answer(&call(r#"{"number": 1}"#))]).await;
        let error = follow(&server.client())
            .max_rounds(3)
            .wait()
            .await
            .expect_err("it never ends");
        assert!(error.is_tool() && error.run_id() == Some("run_1"));
        assert!(error.to_string().contains("more than 3 rounds"), "{error}");
        assert_eq!(submitted(&server).len(), 3);
    }

    #[tokio::test]
    async fn what_no_tool_can_answer_is_left_to_the_caller() {
        let mut approval = run("requires_action");
        approval["required_action"] = json!({ "type": "submit_tool_approval", "calls": [] });
        for waits in [approval, waiting(&[]), run("requires_action")] {
            let server = Server::start([answer(&waits)]).await;
            let run = follow(&server.client()).wait().await.unwrap();
            assert_eq!(run.status.as_str(), "requires_action");
            assert_eq!(server.requests().len(), 1);
        }
    }

    #[tokio::test]
    async fn without_tools_a_run_rests_where_it_waits_for_them() {
        let server = Server::start([answer(&call("{}"))]).await;
        let call = create_run(&server.client());
        let run = call.follow().wait().await.unwrap();
        assert!(run.required_action.is_some());
        assert_eq!(server.requests().len(), 1);
    }

    #[tokio::test]
    async fn a_call_of_another_kind_is_one_of_an_unknown_tool() {
        let mut waits = call("{}");
        waits["required_action"]["submit_tool_outputs"]["tool_calls"][0] =
            json!({ "id": "call_9", "type": "browser", "browser": {} });
        let server = Server::start([answer(&waits), answer(&run("completed"))]).await;
        follow(&server.client()).wait().await.unwrap();
        let outputs = submitted(&server).remove(0);
        assert_eq!(outputs[0]["tool_call_id"], "call_9");
        assert!(
            outputs.to_string().contains("no tool `browser`"),
            "{outputs}"
        );
    }

    #[tokio::test]
    async fn a_tool_that_hangs_is_given_up_in_time() {
        let hangs = answer(&call(r#"{"number": 0}"#));
        let server = Server::start([hangs, answer(&run("completed"))]).await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        let limits = [Duration::from_secs(5), Duration::from_secs(90)];
        let work = follow(&client).tool_timeout(limits[0]).deadline(limits[1]);
        let work = tokio::spawn(work.wait());
        until(|| clock.timeouts().contains(&limits[0])).await;
        clock.pass_only(limits[0]);
        let run = work.await.unwrap().unwrap();
        assert_eq!(run.status.as_str(), "completed");
        let outputs = submitted(&server).remove(0);
        assert!(outputs.to_string().contains("within 5s"), "{outputs}");
    }

    #[tokio::test]
    async fn the_deadline_is_one_for_the_tools_as_well() {
        let server = Server::start([
            answer(&call(r#"{"number": 0}"#)),
            answer(&run("cancelling")),
        ])
        .await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        let limit = Duration::from_secs(90);
        let work = follow(&client).deadline(limit).cancel_run(true).wait();
        let work = tokio::spawn(work);
        until(|| clock.timeouts().contains(&TOOL_TIMEOUT)).await;
        clock.pass_only(limit);
        let error = work.await.unwrap().expect_err("the time is over");
        assert!(error.is_timeout() && error.run_id() == Some("run_1"));
        let last = server.lines().pop().unwrap();
        assert_eq!(last, "POST /v1/threads/thread_1/runs/run_1/cancel");
    }

    #[tokio::test]
    async fn outputs_that_were_taken_although_the_answer_was_lost_are_taken() {
        let refused =
            r#"{"error":{"message":"Runs in status \"in_progress\" do not accept tool outputs."}}"#;
        let server = Server::start([
            answer(&call(r#"{"number": 1}"#)),
            reply(502, "", ""),
            reply(400, "", refused),
            answer(&run("in_progress")),
            answer(&run("completed")),
        ])
        .await;
        let run = follow(&server.client()).wait().await.unwrap();
        assert_eq!(run.status.as_str(), "completed");
        assert_eq!(submitted(&server).len(), 2);

        let server =
            Server::start([answer(&call(r#"{"number": 1}"#)), reply(400, "", refused)]).await;
        let error = follow(&server.client()).wait().await;
        assert!(error.expect_err("it was refused at once").is_bad_request());
    }
}
