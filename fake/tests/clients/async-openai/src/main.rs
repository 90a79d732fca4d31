//! The Rust client async-openai in a conversation with the fake server.
//!
//! `OPENAI_BASE_URL` and `OPENAI_API_KEY` select a server with the script
//! `fake/tests/clients/conversation.json`. The client returns an error for every response
//! that does not match its types.

#![allow(
    deprecated,
    reason = "async-openai marks all types of this API as deprecated"
)]

use std::error::Error;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::traits::RequestOptionsBuilder as _;
use async_openai::types::assistants::{
    AssistantEventStream, AssistantStreamEvent, AssistantTools, AssistantToolsFunction,
    CreateAssistantRequest, CreateMessageRequest, CreateMessageRequestContent, CreateRunRequest,
    CreateThreadRequest, FunctionObject, MessageContent, MessageObject, RunObject, RunStatus,
    SubmitToolOutputsRunRequest, ToolsOutputs,
};
use futures_util::StreamExt as _;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::new();
    let tool = FunctionObject {
        name: "get_weather".to_owned(),
        description: Some("The weather in a city.".to_owned()),
        parameters: Some(
            json!({ "type": "object", "properties": { "city": { "type": "string" } } }),
        ),
        strict: None,
    };
    let request = CreateAssistantRequest {
        model: "gpt-4o".to_owned(),
        tools: Some(vec![AssistantTools::Function(AssistantToolsFunction {
            function: tool,
        })]),
        ..Default::default()
    };
    let assistant = client.assistants().create(request).await?;
    assert_eq!(
        client.assistants().retrieve(&assistant.id).await?,
        assistant
    );
    let threads = client.threads();
    let thread = threads.create(CreateThreadRequest::default()).await?.id;
    let (runs, messages) = (threads.runs(&thread), threads.messages(&thread));
    let request = || CreateRunRequest {
        assistant_id: assistant.id.clone(),
        ..Default::default()
    };

    // The first run is polled.
    messages.create(question("Hi")).await?;
    let run = runs.create(request()).await?;
    let run = poll(&client, &run).await?;
    assert_eq!(run.status, RunStatus::Completed);
    assert!(run.usage.is_some_and(|usage| usage.total_tokens > 0));

    // The second run is streamed, with parallel calls.
    messages.create(question("Oslo or Rome?")).await?;
    let run = last_run(runs.create_stream(request()).await?).await?;
    assert_eq!(run.status, RunStatus::RequiresAction);
    let rejected = messages.create(question("Well?")).await;
    assert!(
        matches!(rejected, Err(OpenAIError::ApiError(_))),
        "{rejected:?}"
    );
    let outputs = outputs(&run)?;
    assert_eq!(outputs.tool_outputs.len(), 2);
    let run = last_run(runs.submit_tool_outputs_stream(&run.id, outputs).await?).await?;
    assert_eq!(run.status, RunStatus::Completed);

    // The third run is polled, with one call.
    messages.create(question("And Bern?")).await?;
    let run = runs.create(request()).await?;
    let run = poll(&client, &run).await?;
    let outputs = self::outputs(&run)?;
    let run = runs.submit_tool_outputs(&run.id, outputs).await?;
    let run = poll(&client, &run).await?;
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(runs.steps(&run.id).list().await?.data.len(), 2);

    // Pagination.
    let mut texts = Vec::new();
    let mut after = String::new();
    loop {
        let query = [("limit", "4"), ("order", "asc"), ("after", after.as_str())];
        let page = threads.messages(&thread).query(&query)?.list().await?;
        texts.extend(page.data.iter().map(text));
        match page.last_id {
            Some(last) if page.has_more => after = last,
            _ => break,
        }
    }
    let expected = [
        "Hi",
        "Hello, I tell the weather.",
        "Oslo or Rome?",
        "Rome is warmer [1].",
        "And Bern?",
        "Bern is in between.",
    ];
    assert_eq!(texts, expected);

    let missing = threads.retrieve("thread_missing").await;
    assert!(
        matches!(missing, Err(OpenAIError::ApiError(_))),
        "{missing:?}"
    );
    assert!(threads.delete(&thread).await?.deleted);
    assert!(client.assistants().delete(&assistant.id).await?.deleted);
    println!("async-openai 0.41.3: all checks passed");
    Ok(())
}

fn question(text: &str) -> CreateMessageRequest {
    CreateMessageRequest {
        content: CreateMessageRequestContent::Content(text.to_owned()),
        ..Default::default()
    }
}

fn text(message: &MessageObject) -> String {
    match message.content.first() {
        Some(MessageContent::Text(part)) => part.text.value.clone(),
        other => format!("{other:?}"),
    }
}

/// Polls a run until it is terminal or requires action.
async fn poll(client: &Client<OpenAIConfig>, run: &RunObject) -> Result<RunObject> {
    let mut run = run.clone();
    while matches!(run.status, RunStatus::Queued | RunStatus::InProgress) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        run = client
            .threads()
            .runs(&run.thread_id)
            .retrieve(&run.id)
            .await?;
    }
    Ok(run)
}

/// Reads a stream to its end, and returns the last run. Invalid events are errors.
async fn last_run(mut events: AssistantEventStream) -> Result<RunObject> {
    let mut last = None;
    while let Some(event) = events.next().await {
        match event? {
            AssistantStreamEvent::ThreadRunRequiresAction(run)
            | AssistantStreamEvent::ThreadRunCompleted(run) => last = Some(run),
            _ => {}
        }
    }
    Ok(last.ok_or("the stream has no terminal or blocked run")?)
}

fn outputs(run: &RunObject) -> Result<SubmitToolOutputsRunRequest> {
    let action = run
        .required_action
        .as_ref()
        .ok_or("the run requires no action")?;
    let mut tool_outputs = Vec::new();
    for call in &action.submit_tool_outputs.tool_calls {
        let arguments: Value = serde_json::from_str(&call.function.arguments)?;
        tool_outputs.push(ToolsOutputs {
            tool_call_id: Some(call.id.clone()),
            output: Some(format!("mild in {}", arguments["city"])),
        });
    }
    Ok(SubmitToolOutputsRunRequest {
        tool_outputs,
        stream: None,
    })
}
