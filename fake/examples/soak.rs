//! Many conversations at once, with faults: does each end in its right state, with
//! nothing lost and nothing doubled?
//!
//! `cargo run --release -p openai-assistants-fake --example soak -- [CONVERSATIONS] [AT A TIME]`

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

/// How often a call is made again that a fault has hit.
const RETRIES: u32 = 10;

/// Adds two numbers.
#[derive(Deserialize, JsonSchema)]
struct Add {
    a: u64,
    b: u64,
}

/// Adds the number that it is told to itself, by calling the tool.
fn turn(conversation: &Conversation) -> Turn {
    match conversation.outputs.last() {
        Some(sum) => Turn::new().say(format!("That makes {}.", sum.output)),
        None => {
            let number: u64 = conversation.last_text().parse().unwrap_or_default();
            Turn::new().calls([("add", json!({ "a": number, "b": number }))])
        }
    }
}

/// What breaks streams.
const BROKEN: [&str; 6] = [
    "cut",
    "cut; after=6",
    "no-done",
    "error-event",
    "malformed-json",
    "unknown",
];

/// What breaks the answer to a call that can be made again without harm.
const BROKEN_OBJECTS: [&str; 3] = ["cut", "malformed-json", "stall"];

/// How many answers to a poll break in the middle.
const BROKEN_POLLS: u32 = 100;

/// How long to wait for an answer that stalls.
const PATIENCE: Duration = Duration::from_millis(200);

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
    let at_a_time: usize = numbers.next().unwrap_or(200);
    match soak(count, at_a_time).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn soak(count: usize, at_a_time: usize) -> Result<(), Box<dyn std::error::Error>> {
    let requests = Arc::new(AtomicUsize::new(0));
    let faulty = Arc::new(AtomicUsize::new(0));
    let (all, hit) = (requests.clone(), faulty.clone());
    let server = Fake::builder()
        .model(turn)
        .faults_one_in(10, 42, faults())
        .fault_times(BROKEN_POLLS, "getRun", Fault::cut())
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

    let places = Arc::new(Semaphore::new(at_a_time));
    let conversations: Vec<_> = (0..count)
        .map(|number| {
            let (client, once, tools) = (client.clone(), once.clone(), tools.clone());
            let (assistant, places) = (assistant.clone(), places.clone());
            tokio::spawn(async move {
                let _place = places.acquire().await;
                converse(&client, &once, &tools, &assistant, number).await
            })
        })
        .collect();
    let mut wrong = 0;
    for (number, conversation) in conversations.into_iter().enumerate() {
        match conversation.await? {
            Ok(None) => {}
            Ok(Some(complaint)) => {
                println!("conversation {number}: {complaint}");
                wrong += 1;
            }
            Err(error) => {
                println!("conversation {number}: {error}");
                wrong += 1;
            }
        }
    }
    println!(
        "{count} conversations, {at_a_time} at a time: {wrong} wrong; {} requests, {} with faults",
        requests.load(Ordering::Relaxed),
        faulty.load(Ordering::Relaxed),
    );
    server.stop().await;
    if wrong == 0 {
        Ok(())
    } else {
        Err("not every conversation is right".into())
    }
}

/// Two runs on a new thread, streamed or polled. Says what is wrong with what is there in
/// the end.
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
        let asked = number * 2 + round;
        let message = CreateMessageRequest::builder()
            .role(MessageRole::User)
            .content(asked.to_string());
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
        expected.extend([asked.to_string(), format!("That makes {}.", asked * 2)]);
    }
    // An answer that breaks is an error, and the call can be made again.
    let list = |client: &Client| client.list_runs().thread_id(&thread);
    let fault = BROKEN_OBJECTS[number % BROKEN_OBJECTS.len()];
    let broken = list(once).header("x-fake-fault", fault).timeout(PATIENCE);
    if broken.send().await.is_ok() {
        return Ok(Some(format!("it does not notice '{fault}'")));
    }
    let runs = list(client).limit(100).send().await?.data.len();
    if runs != 2 {
        return Ok(Some(format!("there are {runs} runs")));
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
    Ok((found != expected).then(|| format!("its messages are {found:?}")))
}

/// Follows a run to its end: even conversations stream it, and one stream in ten is
/// broken. A run of which the stream broke is polled.
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
        let fault = BROKEN[number / 20 % BROKEN.len()];
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
