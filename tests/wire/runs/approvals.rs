//! Decisions on tool calls of the server, and actions on a computer, in a followed run.
//!
//! Each test runs with polling and with streaming.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::operations::CreateRun;
use openai_assistants::types::{ComputerScreenshot, RunToolCallMcp, ToolApproval, ToolOutput};
use openai_assistants::{Client, Follow};
use serde_json::{Value, json};

use super::support::{cancelling, follow, is_cancelled, list, message, outcome, reply};
use crate::support::{ManualClock, ScriptedServer, json_response, response, run, run_requiring};

fn mcp(id: &str, name: &str) -> Value {
    json!({ "id": id, "type": "mcp", "name": name, "arguments": "{}", "server_label": "docs" })
}

fn computer(id: &str) -> Value {
    json!({ "id": id, "type": "computer_use_preview", "computer_use_preview": {
        "action": { "type": "screenshot" },
        "pending_safety_checks": [{ "id": "sc_1", "code": "page", "message": "Unknown page." }],
    } })
}

/// A run that requires approval of these calls.
fn requiring_approval(calls: Value) -> Value {
    let mut run = run("requires_action");
    run["required_action"] = json!({
        "type": "submit_tool_approval", "submit_tool_approval": { "tool_calls": calls },
    });
    run
}

/// A run that requires the output of a function, and the results of these calls.
fn requiring_outputs_and(calls: &[Value]) -> Value {
    let mut run = run_requiring(&[("call_1", "double", r#"{"number": 2}"#)]);
    let all = &mut run["required_action"]["submit_tool_outputs"]["tool_calls"];
    all.as_array_mut()
        .expect("a list")
        .extend(calls.iter().cloned());
    run
}

/// The bodies of all submissions, without `stream`.
fn submitted(server: &ScriptedServer) -> Vec<Value> {
    let requests = server.requests().into_iter();
    let submissions = requests.filter(|request| request.contains("/submit_tool_outputs "));
    let body = |request: String| {
        let (_, body) = request
            .split_once("\r\n\r\n")
            .expect("the request has a body");
        let mut body: Value = serde_json::from_str(body).expect("the body is JSON");
        body.as_object_mut().map(|body| body.remove("stream"));
        body
    };
    submissions.map(body).collect()
}

/// The responses after the last submission.
fn completed(streams: bool) -> Vec<String> {
    let lists = [list(&[message("msg_1", "It is done.")]), list(&[])];
    let completed = reply(&run("completed"), streams);
    [completed].into_iter().chain(lists).collect()
}

/// A server on which a run is blocked by these states, one after the other.
async fn server(states: &[Value], streams: bool) -> ScriptedServer {
    let states = states.iter().map(|state| reply(state, streams));
    ScriptedServer::start(states.chain(completed(streams))).await
}

/// Approves the tool `search` and no other. Returns the calls that were decided on.
fn approving(client: &Client) -> (Follow<CreateRun>, Arc<Mutex<Vec<RunToolCallMcp>>>) {
    let decided = Arc::new(Mutex::new(Vec::new()));
    let calls = decided.clone();
    let follow = follow(client).approve(move |call| {
        let approves = call.name == "search";
        calls.lock().unwrap().push(call);
        async move { approves }
    });
    (follow, decided)
}

#[tokio::test]
async fn each_call_is_approved_or_refused() {
    for streams in [false, true] {
        let states = [
            requiring_approval(json!([mcp("call_1", "search"), mcp("call_2", "delete")])),
            requiring_approval(json!([mcp("call_3", "search")])),
        ];
        let server = server(&states, streams).await;
        let (follow, decided) = approving(&server.client());
        let outcome = outcome(follow, streams).await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(
            submitted(&server),
            [
                json!({ "tool_approvals": [
                    { "tool_call_id": "call_1", "approve": true },
                    { "tool_call_id": "call_2", "approve": false },
                ] }),
                json!({ "tool_approvals": [{ "tool_call_id": "call_3", "approve": true }] }),
            ]
        );
        let decided = decided.lock().unwrap();
        assert_eq!(json!(decided[1]), mcp("call_2", "delete"));
        assert_eq!(decided.len(), 3);
    }
}

#[tokio::test]
async fn a_decision_can_have_headers_which_errors_do_not_repeat() {
    for streams in [false, true] {
        let states = [requiring_approval(json!([mcp("call_1", "search")]))];
        let refused = json!({ "error": { "message": "Cannot use Bearer hush-hush-1." } });
        let server = ScriptedServer::start([
            reply(&states[0], streams),
            response(400, "", &refused.to_string()),
            json_response(&states[0]),
        ])
        .await;
        let follow = follow(&server.client()).approve(async |call| {
            let approval = ToolApproval::builder().tool_call_id(call.id).approve(true);
            approval.headers([("authorization", "Bearer hush-hush-1")])
        });
        let error = outcome(follow, streams).await.expect_err("it is refused");
        let shown = format!("{error} {error:?} {:?}", error.body());
        assert!(
            shown.contains("Cannot use ***") && !shown.contains("hush"),
            "{shown}"
        );
        assert_eq!(
            submitted(&server),
            [json!({ "tool_approvals": [{
                "tool_call_id": "call_1", "approve": true, "headers": { "authorization": "Bearer hush-hush-1" },
            }] })]
        );
    }
}

#[tokio::test]
async fn an_incomplete_decision_is_an_error() {
    let states = [requiring_approval(json!([mcp("call_1", "search")]))];
    let server = server(&states, false).await;
    let follow = follow(&server.client()).approve(async |_| ToolApproval::builder());
    let error = outcome(follow, false).await.expect_err("it is incomplete");
    assert!(
        error.is_tool() && error.to_string().contains("`approve`"),
        "{error}"
    );
    assert_eq!(error.run_id(), Some("run_1"));
    assert!(submitted(&server).is_empty());
}

/// How a function of the caller fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Error,
    Panic,
    TimeOut,
}

impl Failure {
    const ALL: [(Self, &str); 3] = [
        (Self::Error, "no policy"),
        (Self::Panic, "it panicked"),
        (Self::TimeOut, "it timed out after 5s"),
    ];

    /// The output of a function that fails in this way.
    async fn output<T>(self) -> Result<T, &'static str> {
        match self {
            Self::Error => Err("no policy"),
            Self::Panic => panic!("a bug"),
            Self::TimeOut => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn a_function_that_fails_ends_the_follow() {
    let of_computer = || {
        let mut blocked = run_requiring(&[]);
        blocked["required_action"]["submit_tool_outputs"]["tool_calls"] =
            json!([computer("call_1")]);
        blocked
    };
    for streams in [false, true] {
        for (failure, reason) in Failure::ALL {
            for is_approval in [true, false] {
                let (blocked, call) = match is_approval {
                    true => (
                        requiring_approval(json!([mcp("call_1", "search")])),
                        "`approve` failed on the call call_1 of the tool `search`",
                    ),
                    false => (
                        of_computer(),
                        "`computer` failed on the call call_1 of the tool `computer_use_preview`",
                    ),
                };
                let server = server(&[blocked], streams).await;
                let clock = ManualClock::default();
                let limit = Duration::from_secs(5);
                clock.expire_timeouts_of(limit);
                let client = server.builder(&clock).build().unwrap();
                let follow = follow(&client).tool_timeout(limit);
                let follow = match is_approval {
                    true => follow.approve(move |_| failure.output::<bool>()),
                    false => follow.computer(move |_| failure.output::<ComputerScreenshot>()),
                };
                let error = outcome(follow, streams).await.expect_err("it failed");
                assert!(error.is_tool(), "{error}");
                let expected = format!("{call}: {reason}");
                assert!(error.to_string().contains(&expected), "{error}");
                assert_eq!(error.run_id(), Some("run_1"));
                assert!(submitted(&server).is_empty());
            }
        }
    }
}

#[tokio::test]
async fn functions_that_may_fail_decide_as_others_do() {
    for streams in [false, true] {
        let states = [requiring_approval(json!([mcp("call_1", "search")]))];
        let server = server(&states, streams).await;
        let follow = follow(&server.client()).approve(async |call| {
            let approval = ToolApproval::builder().tool_call_id(call.id).approve(true);
            Ok::<_, std::io::Error>(approval.headers([("x-key", "hush")]))
        });
        outcome(follow, streams).await.expect("it is approved");
        let approval =
            json!({ "tool_call_id": "call_1", "approve": true, "headers": { "x-key": "hush" } });
        assert_eq!(
            submitted(&server),
            [json!({ "tool_approvals": [approval] })]
        );
    }
}

#[tokio::test]
async fn the_cause_of_an_error_is_that_of_the_function() {
    let states = [requiring_approval(json!([mcp("call_1", "search")]))];
    let server = server(&states, false).await;
    let follow = follow(&server.client())
        .approve(async |_| Err::<bool, _>(std::io::Error::other("no policy")));
    let error = outcome(follow, false).await.expect_err("it failed");
    let cause = std::error::Error::source(&error).expect("a cause");
    assert!(cause.is::<std::io::Error>(), "{cause:?}");
}

#[tokio::test]
async fn a_function_that_fails_cancels_the_run_on_request() {
    for streams in [false, true] {
        let blocked = requiring_approval(json!([mcp("call_1", "search")]));
        let server = ScriptedServer::start([reply(&blocked, streams), cancelling()]).await;
        let follow = follow(&server.client())
            .approve(async |_| Err::<bool, _>("no policy"))
            .cancel_run(true);
        let error = outcome(follow, streams).await.expect_err("it failed");
        assert!(error.is_run_cancelled() && is_cancelled(&server), "{error}");
    }
}

#[tokio::test]
async fn errors_after_a_submission_do_not_repeat_its_headers() {
    let failed = json!({ "error": { "message": "Cannot use Bearer hush-hush-1." } });
    let failed = response(400, "", &failed.to_string());
    for streams in [false, true] {
        let blocked = requiring_approval(json!([mcp("call_1", "search")]));
        let next = requiring_approval(json!([mcp("call_2", "search")]));
        // A poll that fails, or the next submission.
        let after = match streams {
            true => vec![reply(&next, true), failed.clone(), json_response(&next)],
            false => vec![json_response(&run("in_progress")), failed.clone()],
        };
        let responses = [reply(&blocked, streams)].into_iter().chain(after);
        let server = ScriptedServer::start(responses).await;
        let follow = follow(&server.client()).approve(async |call| {
            let is_first = call.id == "call_1";
            let approval = ToolApproval::builder().tool_call_id(call.id).approve(true);
            let headers = is_first.then_some([("authorization", "Bearer hush-hush-1")]);
            approval.headers(headers)
        });
        let error = outcome(follow, streams).await.expect_err("a call failed");
        let shown = format!("{error} {error:?} {:?}", error.body());
        assert!(
            shown.contains("Cannot use ***") && !shown.contains("hush"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn calls_that_nothing_handles_are_left_to_the_caller() {
    let approval = requiring_approval(json!([mcp("call_1", "search"), computer("call_2")]));
    let function = requiring_outputs_and(&[mcp("call_2", "search")]);
    for blocked in [approval, function] {
        for streams in [false, true] {
            let responses = [reply(&blocked, streams), list(&[])];
            let server = ScriptedServer::start(responses).await;
            let (follow, decided) = approving(&server.client());
            let outcome = outcome(follow, streams).await.unwrap();
            assert_eq!(outcome.run.status.as_str(), "requires_action");
            assert!(decided.lock().unwrap().is_empty());
            assert!(submitted(&server).is_empty());
        }
    }
}

#[tokio::test]
async fn calls_that_were_decided_on_are_not_decided_on_again() {
    for streams in [false, true] {
        let blocked = requiring_approval(json!([mcp("call_1", "search")]));
        let mut call = mcp("call_1", "search");
        call["risk"] = json!(null);
        let stale = json_response(&requiring_approval(json!([call])));
        let responses = [reply(&blocked, streams), reply(&blocked, streams), stale];
        let responses = responses.into_iter().chain(completed(false));
        let server = ScriptedServer::start(responses).await;
        let (follow, decided) = approving(&server.client());
        let outcome = outcome(follow, streams).await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(decided.lock().unwrap().len(), 1);
        assert_eq!(submitted(&server).len(), 1);
    }
}

#[tokio::test]
async fn the_number_of_rounds_is_limited() {
    let rounds = ["call_1", "call_2", "call_3"];
    let rounds = rounds.map(|id| requiring_approval(json!([mcp(id, "search")])));
    let server = server(&rounds, false).await;
    let (follow, decided) = approving(&server.client());
    let error = follow.max_rounds(2).wait().await;
    let error = error.expect_err("there are too many rounds");
    assert!(error.to_string().contains("more than 2 rounds"), "{error}");
    assert_eq!(decided.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_screenshot_is_the_output_of_an_action_on_a_computer() {
    let check = json!({ "id": "sc_1", "code": "page", "message": "Unknown page." });
    let screenshot = json!({ "type": "computer_screenshot", "image_url": "data:," });
    let output =
        json!({ "tool_call_id": "call_1", "type": "computer_call_output", "output": screenshot });
    let mut acknowledged = output.clone();
    acknowledged["acknowledged_safety_checks"] = json!([check]);
    for (acknowledges, expected) in [(false, output), (true, acknowledged)] {
        for streams in [false, true] {
            let mut blocked = run_requiring(&[]);
            blocked["required_action"]["submit_tool_outputs"]["tool_calls"] =
                json!([computer("call_1")]);
            let server = server(&[blocked], streams).await;
            let follow = follow(&server.client());
            let follow = match acknowledges {
                false => {
                    follow.computer(async |_| ComputerScreenshot::builder().image_url("data:,"))
                }
                true => follow.computer(async |call| {
                    let screenshot = ComputerScreenshot::builder().image_url("data:,");
                    ToolOutput::builder()
                        .output(screenshot)
                        .acknowledged_safety_checks(call.computer_use_preview.pending_safety_checks)
                }),
            };
            let outcome = outcome(follow, streams).await.unwrap();
            assert_eq!(outcome.run.status.as_str(), "completed");
            assert_eq!(submitted(&server), [json!({ "tool_outputs": [expected] })]);
        }
    }
}

#[cfg(feature = "tools")]
#[tokio::test]
async fn outputs_and_decisions_of_one_action_are_one_submission() {
    use openai_assistants::ToolSet;
    use schemars::JsonSchema;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    struct Double {
        number: i64,
    }

    let double = async |arguments: Double| Ok::<_, String>(arguments.number * 2);
    let tools = ToolSet::builder().function(double).build();
    let tools = tools.expect("the tool is valid");
    for streams in [false, true] {
        let blocked = requiring_outputs_and(&[
            mcp("call_2", "search"),
            computer("call_3"),
            mcp("call_4", "delete"),
        ]);
        let server = server(&[blocked], streams).await;
        let (follow, _) = approving(&server.client());
        let follow = follow
            .computer(async |_| ComputerScreenshot::builder().file_id("file_1"))
            .tools(&tools);
        let outcome = outcome(follow, streams).await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(
            submitted(&server),
            [json!({
                "tool_outputs": [
                    { "tool_call_id": "call_1", "output": "4" },
                    {
                        "tool_call_id": "call_3", "type": "computer_call_output",
                        "output": { "type": "computer_screenshot", "file_id": "file_1" },
                    },
                ],
                "tool_approvals": [
                    { "tool_call_id": "call_2", "approve": true },
                    { "tool_call_id": "call_4", "approve": false },
                ],
            })]
        );
    }
}

#[cfg(feature = "tools")]
#[tokio::test]
async fn of_calls_with_the_same_id_only_the_first_is_handled() {
    use std::sync::atomic::{AtomicU32, Ordering};

    use openai_assistants::ToolSet;
    use schemars::JsonSchema;
    use serde::Deserialize;

    #[derive(Deserialize, JsonSchema)]
    struct Double {
        number: i64,
    }

    for streams in [false, true] {
        let executed = Arc::new(AtomicU32::new(0));
        let count = executed.clone();
        let double = move |arguments: Double| {
            count.fetch_add(1, Ordering::Relaxed);
            async move { Ok::<_, String>(arguments.number * 2) }
        };
        let tools = ToolSet::builder().function(double).build();
        let tools = tools.expect("the tool is valid");
        let blocked = requiring_outputs_and(&[mcp("call_1", "search")]);
        let server = server(&[blocked], streams).await;
        let (follow, decided) = approving(&server.client());
        let outcome = outcome(follow.tools(&tools), streams).await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(executed.load(Ordering::Relaxed), 1);
        assert!(decided.lock().unwrap().is_empty());
        let outputs = json!([{ "tool_call_id": "call_1", "output": "4" }]);
        assert_eq!(submitted(&server), [json!({ "tool_outputs": outputs })]);
    }
}
