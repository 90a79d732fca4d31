//! Runs many concurrent conversations with faults, and checks in the store of the server that every
//! message and every run exists exactly once.
//!
//! `cargo run --release -p openai-assistants-fake --example soak -- [CONVERSATIONS] [CONCURRENCY]`

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::types::{
    AssistantStreamEvent, CreateAssistantRequest, CreateMessageRequest, CreateRunRequest,
    CreateThreadAndRunRequest, CreateThreadRequest, ListOrder, MessageRole, Metadata, RunObject,
    builder,
};
use openai_assistants::{
    Client, Error, Follow, Operation, RetryPolicy, RunOutcome, StreamingOperation, ToolSet,
};
use openai_assistants_fake::{Conversation, Exchange, Fake, Fault, RetryAfter, Turn};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// The number of runs on each thread.
const ROUNDS: usize = 2;

/// Time-out of each attempt, and of streams that send nothing.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Time limit of a run, and of the soak.
const DEADLINE: Duration = Duration::from_secs(120);
const LIMIT: Duration = Duration::from_secs(900);

/// The key in the metadata that identifies a round of a conversation.
const ROUND: &str = "round";

/// Faults of any request.
fn faults() -> Vec<Fault> {
    vec![
        Fault::lost(),
        Fault::truncated(),
        Fault::cut(),
        Fault::cut().after(0),
        Fault::cut().after(6),
        Fault::stall(),
        Fault::close_idle(Duration::ZERO),
        Fault::close_idle(Duration::from_millis(5)),
        Fault::status(502).executed(),
        Fault::status(500),
        Fault::status(503).retry_after(RetryAfter::Seconds(0.02)),
        Fault::status(429).retry_after(RetryAfter::Millis(20)),
        Fault::latency(Duration::from_millis(50)),
        Fault::no_done(),
        Fault::error_event(),
        Fault::unknown(),
    ]
}

/// Faults of a list that the caller must notice.
const LIST_FAULTS: [&str; 3] = ["cut", "malformed-json", "stall"];

/// The number of submissions whose response is malformed.
const MALFORMED: u32 = 100;

/// In this number of conversations every fault occurs.
const MANY: usize = 500;

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

#[tokio::main]
async fn main() -> ExitCode {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|number| number.parse().ok());
    let count: usize = numbers.next().unwrap_or(2_000);
    let concurrency: usize = numbers.next().unwrap_or(200);
    let result = tokio::time::timeout(LIMIT, soak(count, concurrency)).await;
    match result.unwrap_or_else(|_| Err(format!("not done within {LIMIT:?}").into())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn soak(count: usize, concurrency: usize) -> Result<(), Box<dyn std::error::Error>> {
    let log = Arc::new(Mutex::new(Log::default()));
    let shared = log.clone();
    let server = Fake::builder()
        .model(turn)
        .faults_one_in(5, 42, faults())
        .fault_times(MALFORMED, "submitToolOutputsToRun", Fault::malformed_json())
        .max_objects(usize::MAX)
        .on_request(move |exchange| shared.lock().expect("no panic").add(exchange))
        .start()
        .await?;
    // Faults are independent of each other, so no budget limits the retries.
    let retries = RetryPolicy::default()
        .max_retries(20)
        .initial_delay(Duration::from_millis(20))
        .max_delay(Duration::from_millis(500));
    let client = Client::builder()
        .base_url(server.url())
        .api_key(server.api_key())
        .timeout(TIMEOUT)
        .stream_idle_timeout(TIMEOUT)
        .retry(retries)
        .retry_budget(false)
        .build()?;
    let tools = ToolSet::builder()
        .function(|add: Add| async move { Ok::<_, String>((add.a + add.b).to_string()) })
        .build()?;
    let body = CreateAssistantRequest::builder()
        .model("fake")
        .tools(tools.definitions());
    let assistant = client.create_assistant().body(body).once().send().await?.id;
    let service = Service {
        client,
        tools,
        assistant,
    };

    let permits = Arc::new(Semaphore::new(concurrency));
    let conversations: Vec<_> = (0..count)
        .map(|number| {
            let (service, permits) = (service.clone(), permits.clone());
            tokio::spawn(async move {
                let _permit = permits.acquire().await;
                service.converse(number).await
            })
        })
        .collect();
    let mut wrong = 0;
    for (number, conversation) in conversations.into_iter().enumerate() {
        let problem = match conversation.await? {
            Ok(problem) => problem,
            Err(error) => Some(error.to_string()),
        };
        if let Some(problem) = problem {
            println!("conversation {number}: {problem}");
            wrong += 1;
        }
    }
    let threads = server.threads();
    let (lost, doubled) = census(&threads, count);
    wrong += threads.iter().filter(|thread| !is_right(thread)).count();

    let log = log.lock().expect("no panic");
    println!("{count} conversations, {concurrency} at a time");
    println!("{} requests, {} with faults:", log.requests, log.faulty);
    for (fault, times) in &log.faults {
        println!("  {times:6}  {fault}");
    }
    println!("lost: {lost}, doubled: {doubled}, wrong: {wrong}");
    let all_faults = faults().into_iter().chain([Fault::malformed_json()]);
    let absent = all_faults.map(|fault| fault.to_string());
    let absent: Vec<_> = absent
        .filter(|fault| count >= MANY && !log.faults.contains_key(fault))
        .collect();
    if !absent.is_empty() {
        return Err(format!("these faults did not occur: {}", absent.join(", ")).into());
    }
    match lost + doubled + wrong {
        0 => Ok(()),
        _ => Err("a message or run is lost or doubled, or a conversation is wrong".into()),
    }
}

/// The requests and their faults.
#[derive(Default)]
struct Log {
    requests: usize,
    faulty: usize,
    faults: BTreeMap<String, usize>,
}

impl Log {
    fn add(&mut self, exchange: &Exchange) {
        self.requests += 1;
        let remark = exchange.remark.as_deref().unwrap_or_default();
        let faults: Vec<&str> = remark
            .split(", ")
            .filter(|remark| remark.parse::<Fault>().is_ok())
            .collect();
        self.faulty += usize::from(!faults.is_empty());
        for fault in faults {
            *self.faults.entry(fault.to_owned()).or_default() += 1;
        }
    }
}

/// Counts the messages and runs of each round. Returns how many are lost and doubled.
fn census(threads: &[Value], count: usize) -> (usize, usize) {
    let mut found: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let rounds = (0..count).flat_map(|number| (0..ROUNDS).map(move |round| name(number, round)));
    for round in rounds {
        for kind in ["message", "run", "reply"] {
            found.insert((kind, round.clone()), 0);
        }
    }
    let mut doubled = 0;
    let mut add = |kind, round: &Value| {
        let round = round.as_str().unwrap_or_default().to_owned();
        match found.get_mut(&(kind, round)) {
            Some(times) => *times += 1,
            // It belongs to no conversation.
            None => doubled += 1,
        }
    };
    for thread in threads {
        let mut rounds = BTreeMap::new();
        for run in items(thread, "runs") {
            add("run", &run["metadata"][ROUND]);
            rounds.insert(run["id"].to_string(), &run["metadata"][ROUND]);
        }
        for message in items(thread, "messages") {
            match rounds.get(&message["run_id"].to_string()) {
                Some(round) => add("reply", round),
                None => add("message", &message["metadata"][ROUND]),
            }
        }
    }
    let lost = found.values().filter(|times| **times == 0).count();
    let further = found.values().map(|times| times.saturating_sub(1));
    (lost, doubled + further.sum::<usize>())
}

/// Whether all runs of a thread are completed, and each message has its reply.
fn is_right(thread: &Value) -> bool {
    let mut runs = items(thread, "runs").iter();
    let texts: Vec<&str> = items(thread, "messages").iter().map(text).collect();
    let is_reply = |pair: &[&str]| match pair {
        [message, reply] => message
            .parse()
            .is_ok_and(|number: usize| *reply == reply_to(number)),
        _ => false,
    };
    runs.all(|run| run["status"] == "completed") && texts.chunks(2).all(is_reply)
}

fn items<'a>(thread: &'a Value, name: &str) -> &'a [Value] {
    thread[name].as_array().map_or(&[], Vec::as_slice)
}

fn text(message: &Value) -> &str {
    let text = &message["content"][0]["text"]["value"];
    text.as_str().unwrap_or_default()
}

fn reply_to(number: usize) -> String {
    format!("That makes {}.", number * 2)
}

/// The name of a round of a conversation.
fn name(number: usize, round: usize) -> String {
    format!("{number}.{round}")
}

fn metadata(number: usize, round: usize) -> Metadata {
    let pair = (ROUND.to_owned(), name(number, round).into());
    Metadata([pair].into_iter().collect())
}

/// A server with an assistant and its tools.
#[derive(Clone)]
struct Service {
    client: Client,
    tools: ToolSet,
    assistant: String,
}

impl Service {
    /// Executes the runs of a conversation. Returns a description of anything unexpected.
    ///
    /// One conversation in two creates its thread together with the first run, and one in two streams
    /// its runs.
    async fn converse(&self, number: usize) -> Result<Option<String>, Error> {
        let Self {
            client, assistant, ..
        } = self;
        let streams = (number / 2).is_multiple_of(2);
        let mut thread = None;
        let mut expected = Vec::new();
        for round in 0..ROUNDS {
            let input = number * ROUNDS + round + 1;
            let message = message(number, round, input);
            let outcome = match &thread {
                None if number.is_multiple_of(2) => {
                    let thread = CreateThreadRequest::builder().messages([message]);
                    let body = CreateThreadAndRunRequest::builder()
                        .assistant_id(assistant)
                        .thread(thread)
                        .metadata(metadata(number, round));
                    let run = client.create_thread_and_run().body(body).once();
                    self.outcome(run.follow(), streams).await?
                }
                _ => {
                    let thread = match &thread {
                        Some(thread) => thread,
                        None => &*thread.insert(self.thread().await?),
                    };
                    let create = client.create_message().thread_id(thread).body(message);
                    create.once().send().await?;
                    let body = CreateRunRequest::builder()
                        .assistant_id(assistant)
                        .metadata(metadata(number, round));
                    let run = client.create_run().thread_id(thread).body(body).once();
                    self.outcome(run.follow(), streams).await?
                }
            };
            let (run, steps) = (outcome.run, outcome.steps.len());
            if run.status.as_str() != "completed" || steps != 2 {
                let status = run.status;
                return Ok(Some(format!("the run is {status} after {steps} steps")));
            }
            thread = Some(run.thread_id);
            expected.extend([input.to_string(), reply_to(input)]);
        }
        self.check_lists(&thread.unwrap_or_default(), number, &expected)
            .await
    }

    /// Creates a thread. An empty one whose response was lost does no harm.
    async fn thread(&self) -> Result<String, Error> {
        loop {
            match self.client.create_thread().send().await {
                Ok(thread) => return Ok(thread.id),
                Err(error) if error.may_have_been_processed() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Follows a run until it is terminal. A run whose stream breaks is polled.
    async fn outcome<O>(&self, follow: Follow<O>, streams: bool) -> Result<RunOutcome, Error>
    where
        O: StreamingOperation<Event = AssistantStreamEvent> + Operation<Output = RunObject>,
    {
        let follow = follow.tools(&self.tools).deadline(DEADLINE);
        if !streams {
            return follow.outcome().await;
        }
        let outcome = match follow.stream().await {
            Ok(stream) => stream.finish().await,
            Err(error) => Err(error),
        };
        let error = match outcome {
            Ok(outcome) => return Ok(outcome),
            Err(error) => error,
        };
        let (Some(thread), Some(run)) = (error.thread_id(), error.run_id()) else {
            return Err(error);
        };
        let run = self.client.get_run().thread_id(thread).run_id(run);
        let follow = run.follow().tools(&self.tools).deadline(DEADLINE);
        follow.outcome().await
    }

    /// Checks that a broken list is noticed, and that the list of messages is complete.
    async fn check_lists(
        &self,
        thread: &str,
        number: usize,
        expected: &[String],
    ) -> Result<Option<String>, Error> {
        let fault = LIST_FAULTS[number % LIST_FAULTS.len()];
        let broken = self.client.list_runs().thread_id(thread);
        let broken = broken
            .header("x-fake-fault", fault)
            .timeout(Duration::from_millis(200))
            .retry(RetryPolicy::never());
        if broken.send().await.is_ok() {
            return Ok(Some(format!("the fault '{fault}' was not reported")));
        }
        let messages = self.client.list_messages().thread_id(thread);
        let mut messages = messages.order(ListOrder::Asc).limit(3).items();
        let mut found = Vec::new();
        while let Some(message) = messages.try_next().await? {
            found.push(text(&json!(message)).to_owned());
        }
        Ok((found != expected).then(|| format!("the messages are {found:?}")))
    }
}

/// The message of a round.
fn message(number: usize, round: usize, input: usize) -> builder::CreateMessageRequest {
    CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content(input.to_string())
        .metadata(metadata(number, round))
}
