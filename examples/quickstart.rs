//! A complete conversation: assistant, thread, messages, runs, clean-up.
//!
//! `cargo run --example quickstart` starts a fake server and uses it. Set `OPENAI_BASE_URL` and
//! `OPENAI_API_KEY` to use another server, and `OPENAI_MODEL` to use another model.

#[path = "local/mod.rs"]
mod local;

use std::env;
use std::error::Error;

use openai_assistants::Client;
use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, CreateRunRequest, ListOrder, MessageRole,
    RunStepDetails,
};
use openai_assistants_fake::Script;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let script = Script::new()
        .say("2 + 2 is 4: two apples and two more are four.")
        .say("Twice that is 8, since 4 + 4 = 8.");
    let (client, _server) = local::client(script).await?;

    let model = env::var("OPENAI_MODEL").unwrap_or_else(|_| "gpt-4o".to_owned());
    let assistant = client
        .create_assistant()
        .body(
            CreateAssistantRequest::builder()
                .model(model)
                .name("Tutor")
                .instructions("You are a patient tutor. Answer in one sentence."),
        )
        .send()
        .await?;
    println!("assistant  {} ({})", assistant.id, assistant.model);

    let thread = client.create_thread().send().await?;
    println!("thread     {}", thread.id);

    for question in ["What is 2 + 2?", "And twice that?"] {
        ask(&client, &assistant.id, &thread.id, question).await?;
    }

    println!("\nconversation (in pages of two messages):");
    let mut messages = client
        .list_messages()
        .thread_id(&thread.id)
        .order(ListOrder::Asc)
        .limit(2)
        .items();
    while let Some(message) = messages.try_next().await? {
        println!("  {:>9}: {}", message.role.as_str(), message.text());
    }

    println!();
    let deleted = client.delete_thread().thread_id(&thread.id).send().await;
    report("deleted the thread", deleted.err());
    let deleted = client.delete_assistant().assistant_id(&assistant.id);
    report("deleted the assistant", deleted.send().await.err());
    Ok(())
}

/// Reports a step of the clean-up, which some servers do not support.
fn report(done: &str, error: Option<openai_assistants::Error>) {
    match error {
        None => println!("{done}"),
        Some(error) => println!("not {done}: {error}"),
    }
}

/// Adds a question to the thread and follows a run that replies to it.
async fn ask(
    client: &Client,
    assistant_id: &str,
    thread_id: &str,
    question: &str,
) -> openai_assistants::Result<()> {
    client
        .create_message()
        .thread_id(thread_id)
        .body(
            CreateMessageRequest::builder()
                .role(MessageRole::User)
                .content(question),
        )
        .send()
        .await?;

    let outcome = client
        .create_run()
        .thread_id(thread_id)
        .body(CreateRunRequest::builder().assistant_id(assistant_id))
        .follow()
        .outcome()
        .await?;
    let run = &outcome.run;
    print!("run        {} {}", run.id, run.status);
    match run.usage.as_ref().and_then(|usage| usage.total_tokens) {
        Some(tokens) => println!(", {tokens} tokens"),
        None => println!(),
    }
    for step in &outcome.steps {
        let action = match &step.step_details {
            RunStepDetails::MessageCreation(created) => {
                format!("created {}", created.message_creation.message_id)
            }
            RunStepDetails::ToolCalls(called) => {
                format!("called {} tools", called.tool_calls.len())
            }
            _ => "unknown step".to_owned(),
        };
        println!("step       {} {}: {action}", step.id, step.status);
    }
    if let Some(reason) = &outcome.steps_unavailable {
        println!("no steps   {reason}");
    }
    outcome.into_completed()?;
    Ok(())
}
