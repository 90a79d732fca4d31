//! Responses and requests of a followed run.

use openai_assistants::operations::{CreateRun, SubmitToolOutputsToRun};
use openai_assistants::types::{
    AssistantStreamEvent, RunObject, SubmitToolOutputsRunRequest, ToolOutput,
};
use openai_assistants::{Client, Follow, Operation, Result, RunOutcome, StreamingOperation};
use serde_json::{Value, json};

use crate::support::{
    DONE, ScriptedServer, create_run, event, event_stream, json_response, run, run_event,
};

/// Follows a new run.
pub fn follow(client: &Client) -> Follow<CreateRun> {
    create_run(client).follow()
}

/// The event of a completed run.
pub fn completed() -> String {
    run_event(&run("completed"))
}

/// The response to the cancellation of a run.
pub fn cancelling() -> String {
    json_response(&run("cancelling"))
}

/// Whether the client has cancelled the run.
pub fn is_cancelled(server: &ScriptedServer) -> bool {
    let lines = server.request_lines();
    lines.iter().any(|line| line.ends_with("/run_1/cancel"))
}

/// Follows the submission of an output. If its response is lost, the run is polled, also in a stream.
pub fn follow_submission(client: &Client) -> Follow<SubmitToolOutputsToRun> {
    let output = ToolOutput::builder().tool_call_id("call_1").output("paid");
    let body = SubmitToolOutputsRunRequest::builder().tool_outputs([output]);
    let submit = client.submit_tool_outputs_to_run().thread_id("thread_1");
    submit.run_id("run_1").body(body).follow()
}

/// The outcome of a run, by polling or by its event stream.
pub async fn outcome<O>(follow: Follow<O>, streams: bool) -> Result<RunOutcome>
where
    O: StreamingOperation<Event = AssistantStreamEvent> + Operation<Output = RunObject>,
{
    if streams {
        follow.stream().await?.finish().await
    } else {
        follow.outcome().await
    }
}

/// The response that has the run: as an object, or as the only event of a stream.
pub fn reply(run: &Value, streams: bool) -> String {
    if streams {
        event_stream(&format!("{}{DONE}", run_event(run)))
    } else {
        json_response(run)
    }
}

/// A list with these items.
pub fn list(items: &[Value]) -> String {
    json_response(&json!({ "object": "list", "data": items, "has_more": false }))
}

/// A message of the assistant in `run_1`, with this text.
pub fn message(id: &str, text: &str) -> Value {
    json!({
        "id": id, "thread_id": "thread_1", "run_id": "run_1", "created_at": 1, "role": "assistant",
        "content": [{ "type": "text", "text": { "value": text, "annotations": [] } }],
    })
}

/// The delta of a message, with this text.
pub fn text_delta(id: &str, text: &str) -> String {
    let content = json!([{ "index": 0, "type": "text", "text": { "value": text } }]);
    let delta = json!({ "id": id, "delta": { "content": content } });
    event("thread.message.delta", &delta)
}
