//! Does a server speak this API? Calls every operation of the document once, prints a
//! line for each, and exits with 1 if any failed.
//!
//! `OPENAI_BASE_URL` and `OPENAI_API_KEY` name the server; without them a mock in this
//! process is asked. `OPENAI_MODEL` names the model. Calls that need something go by
//! what was created before. A run is given `DOCTOR_WAIT` seconds (30 by default) to
//! ask for a tool.

#[path = "local/mod.rs"]
mod local;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use openai_assistants::types::{
    AssistantToolsFunction, CreateAssistantRequest, CreateMessageRequest, CreateRunRequest,
    CreateThreadAndRunRequest, CreateThreadRequest, FunctionObject, ListOrder, MessageRole,
    ModifyAssistantRequest, ModifyMessageRequest, ModifyRunRequest, ModifyThreadRequest, RunObject,
    RunRequiredAction, RunStatus, RunStepInclude, RunToolCall, SubmitToolOutputsRunRequest,
    ToolChoiceMode, ToolOutput,
};
use openai_assistants::{Client, Error, Response, operations};
use serde_json::json;

#[tokio::main]
async fn main() -> ExitCode {
    let (client, _mock) = match local::client().await {
        Ok(client) => client,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut report = Report::default();
    examine(&client, &mut report).await;
    report.close()
}

/// What was called, and how it went.
#[derive(Default)]
struct Report {
    called: Vec<&'static str>,
    failed: usize,
    /// Nothing answers, so that there is nothing to examine.
    unreachable: bool,
}

impl Report {
    fn note<T>(
        &mut self,
        operation: &'static str,
        result: Result<Response<T>, Error>,
    ) -> Option<T> {
        self.called.push(operation);
        match result {
            Ok(response) => {
                println!("ok {operation} {}", response.status().as_u16());
                Some(response.into_inner())
            }
            Err(error) => {
                let message = error.to_string();
                let message = message
                    .strip_prefix(&format!("{operation} "))
                    .unwrap_or(&message);
                println!(
                    "failed {operation}: {}",
                    message.trim_start_matches("failed: ")
                );
                self.failed += 1;
                self.unreachable |= error.is_connect();
                None
            }
        }
    }

    fn close(self) -> ExitCode {
        let missing: Vec<&str> = operations::ALL
            .iter()
            .map(|operation| operation.id)
            .filter(|id| !self.called.contains(id))
            .collect();
        if self.unreachable {
            println!("nothing answers: the other calls were not made");
        } else {
            for id in &missing {
                println!("failed {id}: doctor does not know this operation");
            }
        }
        let failed = self.failed + missing.len();
        println!(
            "{} passed, {failed} failed",
            self.called.len() - self.failed
        );
        if failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

async fn examine(client: &Client, report: &mut Report) {
    report.note(
        "listAssistants",
        client
            .list_assistants()
            .limit(5)
            .order(ListOrder::Desc)
            .send_response()
            .await,
    );
    if report.unreachable {
        return;
    }
    let assistant_id = assistants(client, report).await;
    let thread_id = threads(client, report).await;
    messages(client, report, &thread_id).await;
    runs(client, report, &thread_id, &assistant_id).await;
    clean_up(client, report, &thread_id, &assistant_id).await;
}

async fn assistants(client: &Client, report: &mut Report) -> String {
    let model = env::var("OPENAI_MODEL").unwrap_or_else(|_| "gpt-4o".to_owned());
    let function = FunctionObject::builder()
        .name("get_weather")
        .description("The weather in a city.")
        .parameters(json!({ "type": "object", "properties": { "city": { "type": "string" } } }));
    let body = CreateAssistantRequest::builder()
        .model(model)
        .name("Doctor")
        .instructions("Always ask the tool.")
        .tools([AssistantToolsFunction::builder().function(function)])
        .metadata([("made-by", "doctor")]);
    let created = report.note(
        "createAssistant",
        client.create_assistant().body(body).send_response().await,
    );
    let id = created.map_or_else(|| "asst_missing".to_owned(), |assistant| assistant.id);

    report.note(
        "getAssistant",
        client
            .get_assistant()
            .assistant_id(&id)
            .send_response()
            .await,
    );
    let body = ModifyAssistantRequest::builder().description("Examines servers.");
    let modified = client
        .modify_assistant()
        .assistant_id(&id)
        .body(body)
        .send_response()
        .await;
    report.note("modifyAssistant", modified);
    id
}

async fn threads(client: &Client, report: &mut Report) -> String {
    let body = CreateThreadRequest::builder().metadata([("made-by", "doctor")]);
    let created = report.note(
        "createThread",
        client.create_thread().body(body).send_response().await,
    );
    let id = created.map_or_else(|| "thread_missing".to_owned(), |thread| thread.id);

    report.note(
        "getThread",
        client.get_thread().thread_id(&id).send_response().await,
    );
    let body = ModifyThreadRequest::builder().metadata([("examined", "yes")]);
    let modified = client
        .modify_thread()
        .thread_id(&id)
        .body(body)
        .send_response()
        .await;
    report.note("modifyThread", modified);
    id
}

async fn messages(client: &Client, report: &mut Report, thread_id: &str) {
    let body = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("How is the weather in Oslo?");
    let created = client
        .create_message()
        .thread_id(thread_id)
        .body(body)
        .send_response()
        .await;
    let created = report.note("createMessage", created);
    let id = created.map_or_else(|| "msg_missing".to_owned(), |message| message.id);

    let listed = client
        .list_messages()
        .thread_id(thread_id)
        .limit(5)
        .send_response()
        .await;
    report.note("listMessages", listed);
    let found = client
        .get_message()
        .thread_id(thread_id)
        .message_id(&id)
        .send_response()
        .await;
    report.note("getMessage", found);
    let body = ModifyMessageRequest::builder().metadata([("examined", "yes")]);
    let modified = client
        .modify_message()
        .thread_id(thread_id)
        .message_id(&id)
        .body(body)
        .send_response()
        .await;
    report.note("modifyMessage", modified);
}

async fn runs(client: &Client, report: &mut Report, thread_id: &str, assistant_id: &str) {
    let body = CreateRunRequest::builder()
        .assistant_id(assistant_id)
        .tool_choice(ToolChoiceMode::Required);
    let created = client
        .create_run()
        .thread_id(thread_id)
        .body(body)
        .send_response()
        .await;
    let created = report.note("createRun", created);
    let id = created.map_or_else(|| "run_missing".to_owned(), |run| run.id);

    report.note(
        "listRuns",
        client
            .list_runs()
            .thread_id(thread_id)
            .limit(5)
            .send_response()
            .await,
    );
    let found = client
        .get_run()
        .thread_id(thread_id)
        .run_id(&id)
        .send_response()
        .await;
    let found = report.note("getRun", found);
    let body = ModifyRunRequest::builder().metadata([("examined", "yes")]);
    let modified = client
        .modify_run()
        .thread_id(thread_id)
        .run_id(&id)
        .body(body)
        .send_response()
        .await;
    report.note("modifyRun", modified);

    let run = match found {
        Some(run) => wait_for_action(client, thread_id, run).await,
        None => None,
    };
    steps(client, report, thread_id, &id).await;
    let body = SubmitToolOutputsRunRequest::builder().tool_outputs(outputs(run.as_ref()));
    let submitted = client
        .submit_tool_outputs_to_run()
        .thread_id(thread_id)
        .run_id(&id)
        .body(body)
        .send_response()
        .await;
    report.note("submitToolOuputsToRun", submitted);

    let thread = CreateThreadRequest::builder().messages([CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("How is the weather in Bergen?")]);
    let body = CreateThreadAndRunRequest::builder()
        .assistant_id(assistant_id)
        .thread(thread);
    let both = report.note(
        "createThreadAndRun",
        client
            .create_thread_and_run()
            .body(body)
            .send_response()
            .await,
    );
    let (thread_id, run_id) = both.map_or_else(
        || ("thread_missing".to_owned(), "run_missing".to_owned()),
        |run| (run.thread_id, run.id),
    );
    let cancelled = client
        .cancel_run()
        .thread_id(thread_id)
        .run_id(run_id)
        .send_response()
        .await;
    report.note("cancelRun", cancelled);
}

async fn steps(client: &Client, report: &mut Report, thread_id: &str, run_id: &str) {
    let with_results = [RunStepInclude::StepDetailsToolCallsFileSearchResultsContent];
    let listed = client
        .list_run_steps()
        .thread_id(thread_id)
        .run_id(run_id)
        .include(with_results.clone())
        .send_response()
        .await;
    let page = report.note("listRunSteps", listed);
    let id = page
        .and_then(|page| page.data.into_iter().next())
        .map_or_else(|| "step_missing".to_owned(), |step| step.id);
    let found = client
        .get_run_step()
        .thread_id(thread_id)
        .run_id(run_id)
        .step_id(id)
        .include(with_results)
        .send_response()
        .await;
    report.note("getRunStep", found);
}

async fn clean_up(client: &Client, report: &mut Report, thread_id: &str, assistant_id: &str) {
    let page = client
        .list_messages()
        .thread_id(thread_id)
        .limit(1)
        .send()
        .await
        .ok();
    let message_id = page
        .and_then(|page| page.data.into_iter().next())
        .map_or_else(|| "msg_missing".to_owned(), |message| message.id);
    let deleted = client
        .delete_message()
        .thread_id(thread_id)
        .message_id(message_id)
        .send_response()
        .await;
    report.note("deleteMessage", deleted);
    report.note(
        "deleteThread",
        client
            .delete_thread()
            .thread_id(thread_id)
            .send_response()
            .await,
    );
    let deleted = client
        .delete_assistant()
        .assistant_id(assistant_id)
        .send_response()
        .await;
    report.note("deleteAssistant", deleted);
}

/// Asks for the run until it wants a tool's output, has ended, or the time is up.
async fn wait_for_action(
    client: &Client,
    thread_id: &str,
    mut run: RunObject,
) -> Option<RunObject> {
    let seconds = env::var("DOCTOR_WAIT")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(30);
    for _ in 0..seconds {
        if !matches!(run.status, RunStatus::Queued | RunStatus::InProgress) {
            break;
        }
        pause().await;
        run = client
            .get_run()
            .thread_id(thread_id)
            .run_id(&run.id)
            .send()
            .await
            .ok()?;
    }
    Some(run)
}

/// An output for each tool call that the run waits for.
fn outputs(run: Option<&RunObject>) -> Vec<ToolOutput> {
    let Some(RunRequiredAction::SubmitToolOutputs(action)) =
        run.and_then(|run| run.required_action.as_ref())
    else {
        return Vec::new();
    };
    let ids = action
        .submit_tool_outputs
        .tool_calls
        .iter()
        .filter_map(|call| match call {
            RunToolCall::Function(call) => Some(call.id.as_str()),
            _ => None,
        });
    ids.filter_map(|id| {
        ToolOutput::builder()
            .tool_call_id(id)
            .output("12 °C")
            .build()
            .ok()
    })
    .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program that waits for a server waits in real time"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
