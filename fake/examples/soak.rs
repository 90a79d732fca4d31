//! Runs many concurrent conversations with faults, and checks that none loses or duplicates
//! runs or messages.
//!
//! `cargo run --release -p openai-assistants-fake --example soak -- [CONVERSATIONS] [CONCURRENCY]`

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, CreateRunRequest, ListOrder, MessageRole,
};
use openai_assistants::{Client, Error, RetryPolicy, RunOutcome, ToolSet};
use openai_assistants_fake::{Conversation, Fake, Fault, RetryAfter, Turn};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

/// Retries of a call that fails because of a fault.
const RETRIES: u32 = 10;

/// Adds two numbers.
#[derive(Deserialize, JsonSchema)]
struct Add {
    a: u64,
    b: u64,
}

/// Doubles the number in the last message by calling the tool.
fn turn(conversation: &Conversation) -> Turn {
    match conversation.outputs.last() {
        Some(sum) => Turn::new().say(format!("That makes {}.", sum.output)),
        None => {
            let number: u64 = conversation.last_text().parse().unwrap_or_default();
            Turn::new().calls([("add", json!({ "a": number, "b": number }))])
        }
    }
}

/// Faults of streams.
const STREAM_FAULTS: [&str; 6] = [
    "cut",
    "cut; after=6",
    "no-done",
    "error-event",
    "malformed-json",
    "unknown",
];

/// Faults of responses to calls that are safe to retry.
const OBJECT_FAULTS: [&str; 3] = ["cut", "malformed-json", "stall"];

/// Number of polls whose response is cut.
const CUT_POLLS: u32 = 100;

/// Time-out of calls whose response can stall.
const TIMEOUT: Duration = Duration::from_millis(200);

fn faults() -> Vec<Fault> {
    vec![
        Fault::status(500),
        Fault::status(503).retry_after(RetryAfter::Seconds(0.02)),
        Fault::status(429).retry_after(RetryAfter::Millis(20)),
        Fault::latency(Duration::from_millis(50)),
    ]
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|number| number.parse().ok());
    let count: usize = numbers.next().unwrap_or(2_000);
    let concurrency: usize = numbers.next().unwrap_or(200);
    match soak(count, concurrency).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn soak(count: usize, concurrency: usize) -> Result<(), Box<dyn std::error::Error>> {
    let requests = Arc::new(AtomicUsize::new(0));
    let faulty = Arc::new(AtomicUsize::new(0));
    let (all, hit) = (requests.clone(), faulty.clone());
    let server = Fake::builder()
        .model(turn)
        .faults_one_in(10, 42, faults())
        .fault_times(CUT_POLLS, "getRun", Fault::cut())
        .on_request(move |exchange| {
            all.fetch_add(1, Ordering::Relaxed);
            let remark = exchange.remark.as_deref().unwrap_or_default();
            let mut faults = remark.split(", ").map(str::parse::<Fault>);
            hit.fetch_add(faults.all(|fault| fault.is_ok()).into(), Ordering::Relaxed);
        })
        .start()
        .await?;
    let client = server
        .client_builder()
        .retry(RetryPolicy::default().max_retries(RETRIES))
        .build()?;
    let once = server
        .client_builder()
        .retry(RetryPolicy::never())
        .build()?;
    let tools = ToolSet::builder()
        .function(|add: Add| async move { Ok::<_, String>((add.a + add.b).to_string()) })
        .build()?;
    let body = CreateAssistantRequest::builder()
        .model("fake")
        .tools(tools.definitions());
    let assistant = client.create_assistant().body(body).send().await?.id;

    let permits = Arc::new(Semaphore::new(concurrency));
    let conversations: Vec<_> = (0..count)
        .map(|number| {
            let (client, once, tools) = (client.clone(), once.clone(), tools.clone());
            let (assistant, permits) = (assistant.clone(), permits.clone());
            tokio::spawn(async move {
                let _permit = permits.acquire().await;
                converse(&client, &once, &tools, &assistant, number).await
            })
        })
        .collect();
    let mut failed = 0;
    for (number, conversation) in conversations.into_iter().enumerate() {
        match conversation.await? {
            Ok(None) => {}
            Ok(Some(problem)) => {
                println!("conversation {number}: {problem}");
                failed += 1;
            }
            Err(error) => {
                println!("conversation {number}: {error}");
                failed += 1;
            }
        }
    }
    println!(
        "{count} conversations, {concurrency} at a time: {failed} failed; {} requests, {} with faults",
        requests.load(Ordering::Relaxed),
        faulty.load(Ordering::Relaxed),
    );
    server.stop().await;
    if failed == 0 {
        Ok(())
    } else {
        Err("at least one conversation failed".into())
    }
}

/// Executes two runs on a new thread, and checks the resulting runs and messages. Returns a
/// description of anything unexpected.
async fn converse(
    client: &Client,
    once: &Client,
    tools: &ToolSet,
    assistant: &str,
    number: usize,
) -> Result<Option<String>, Error> {
    let thread = client.create_thread().send().await?.id;
    let mut expected = Vec::new();
    for round in 1..=2 {
        let input = number * 2 + round;
        let message = CreateMessageRequest::builder()
            .role(MessageRole::User)
            .content(input.to_string());
        client
            .create_message()
            .thread_id(&thread)
            .body(message)
            .send()
            .await?;
        let outcome = follow(client, tools, assistant, &thread, number).await?;
        if outcome.run.status.as_str() != "completed" || outcome.steps.len() != 2 {
            return Ok(Some(format!(
                "the run is {} after {} steps",
                outcome.run.status,
                outcome.steps.len()
            )));
        }
        expected.extend([input.to_string(), format!("That makes {}.", input * 2)]);
    }
    // A broken response is an error, and the call is safe to retry.
    let list = |client: &Client| client.list_runs().thread_id(&thread);
    let fault = OBJECT_FAULTS[number % OBJECT_FAULTS.len()];
    let broken = list(once).header("x-fake-fault", fault).timeout(TIMEOUT);
    if broken.send().await.is_ok() {
        return Ok(Some(format!("the fault '{fault}' was not reported")));
    }
    let runs = list(client).limit(100).send().await?.data.len();
    if runs != 2 {
        return Ok(Some(format!("the thread has {runs} runs")));
    }
    let mut found = Vec::new();
    let mut messages = client
        .list_messages()
        .thread_id(&thread)
        .order(ListOrder::Asc)
        .limit(3)
        .items();
    while let Some(message) = messages.try_next().await? {
        found.push(
            json!(message)["content"][0]["text"]["value"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    Ok((found != expected).then(|| format!("the messages are {found:?}")))
}

/// Follows a run until it is terminal. Conversations with even numbers stream it, and one
/// stream in ten breaks. A run whose stream breaks is polled.
async fn follow(
    client: &Client,
    tools: &ToolSet,
    assistant: &str,
    thread: &str,
    number: usize,
) -> Result<RunOutcome, Error> {
    let body = CreateRunRequest::builder().assistant_id(assistant);
    let mut call = client.create_run().thread_id(thread).body(body);
    if !number.is_multiple_of(2) {
        return call.follow().tools(tools).outcome().await;
    }
    if number.is_multiple_of(20) {
        let fault = STREAM_FAULTS[number / 20 % STREAM_FAULTS.len()];
        call = call.header("x-fake-fault", fault);
    }
    let outcome = match call.follow().tools(tools).stream().await {
        Ok(stream) => stream.finish().await,
        Err(error) => Err(error),
    };
    match outcome {
        Err(error) => match error.run_id() {
            Some(run) => {
                let run = client.get_run().thread_id(thread).run_id(run);
                run.follow().tools(tools).outcome().await
            }
            None => Err(error),
        },
        outcome => outcome,
    }
}
