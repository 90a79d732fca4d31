//! Tool calls, streamed text and structured output.
//!
//! The model calls two Rust functions concurrently. Its reply is streamed, and then requested again
//! as a value of a Rust type.
//!
//! `cargo run --example tools` starts a fake server and uses it. Set `OPENAI_BASE_URL` and
//! `OPENAI_API_KEY` to use another server, and `OPENAI_MODEL` to use another model.

#[path = "local/mod.rs"]
mod local;

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, CreateRunRequest, CreateThreadAndRunRequest,
    CreateThreadRequest, MessageRole,
};
use openai_assistants::{Parsed, ToolSet, response_format};
use openai_assistants_fake::Script;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// Returns the current weather in a city.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    /// Name of the city.
    city: String,
}

/// Returns the current time in a city.
#[derive(Deserialize, JsonSchema)]
struct GetTime {
    /// Name of the city.
    city: String,
}

/// The weather and the time in a city.
#[derive(Debug, Deserialize, JsonSchema)]
struct Report {
    city: String,
    celsius: i64,
    /// The time of day, as `hh:mm`.
    time: String,
}

async fn get_weather(arguments: GetWeather) -> Result<String, String> {
    println!("  get_weather started for {}", arguments.city);
    work(Duration::from_millis(300)).await;
    println!("  get_weather finished");
    Ok("it is 12 °C".to_owned())
}

async fn get_time(arguments: GetTime) -> Result<String, String> {
    println!("  get_time started for {}", arguments.city);
    work(Duration::from_millis(200)).await;
    println!("  get_time finished");
    Ok("it is a quarter past nine".to_owned())
}

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let script = Script::new()
        .calls([
            ("get_weather", json!({ "city": "Oslo" })),
            ("get_time", json!({ "city": "Oslo" })),
        ])
        .say("In Oslo it is 12 °C, and a quarter past nine.")
        .say(r#"{ "city": "Oslo", "celsius": 12, "time": "09:15" }"#);
    let (client, _server) = local::client(script).await?;
    let tools = ToolSet::builder()
        .function(get_weather)
        .function(get_time)
        .build()?;

    let model = std::env::var("OPENAI_MODEL").unwrap_or_else(|_| "gpt-4o".to_owned());
    let assistant = client
        .create_assistant()
        .body(
            CreateAssistantRequest::builder()
                .model(model)
                .instructions("Call all required tools at once. Answer in one sentence.")
                .tools(tools.definitions()),
        )
        .send()
        .await?;

    let message = |question| {
        println!("{question}");
        CreateMessageRequest::builder()
            .role(MessageRole::User)
            .content(question)
    };
    let question = message("What is the weather in Oslo, and what time is it there?");
    let mut run = client
        .create_thread_and_run()
        .body(
            CreateThreadAndRunRequest::builder()
                .assistant_id(&assistant.id)
                .thread(CreateThreadRequest::builder().messages([question])),
        )
        .follow()
        .tools(&tools)
        .stream()
        .await?;
    let mut texts = run.text_deltas();
    while let Some(delta) = texts.try_next().await? {
        print!("{delta}");
        io::stdout().flush()?;
    }
    let outcome = run.finish().await?.into_completed()?;
    println!("\nstatus of the run: {}\n", outcome.run.status);

    let thread_id = &outcome.run.thread_id;
    let outcome = client
        .create_run()
        .thread_id(thread_id)
        .body(
            CreateRunRequest::builder()
                .assistant_id(&assistant.id)
                .additional_messages([message("And now as data, please.")])
                .response_format(response_format::<Report>()?),
        )
        .follow()
        .tools(&tools)
        .outcome()
        .await?
        .into_completed()?;
    match outcome.parse::<Report>()? {
        Parsed::Value(Report {
            city,
            celsius,
            time,
        }) => {
            println!("{city}: {celsius} degrees Celsius at {time}");
        }
        other => println!("no value: {other:?}"),
    }

    client.delete_thread().thread_id(thread_id).send().await?;
    client
        .delete_assistant()
        .assistant_id(&assistant.id)
        .send()
        .await?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "stands for a call to another service"
)]
async fn work(duration: Duration) {
    tokio::time::sleep(duration).await;
}
