//! A model calls two Rust functions at the same time, and its answer comes word by word.
//!
//! `cargo run --example tools` talks to a model that it starts itself. With
//! `OPENAI_BASE_URL` (and `OPENAI_API_KEY`) set it talks to that server;
//! `OPENAI_MODEL` names the model.

#[path = "local/model.rs"]
mod model;

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, CreateThreadAndRunRequest, CreateThreadRequest,
    MessageRole,
};
use openai_assistants::{Client, ToolSet};
use schemars::JsonSchema;
use serde::Deserialize;

/// Tells the weather in a city, now.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    /// Name of the city.
    city: String,
}

/// Tells what time it is in a city.
#[derive(Deserialize, JsonSchema)]
struct GetTime {
    /// Name of the city.
    city: String,
}

async fn get_weather(arguments: GetWeather) -> Result<String, String> {
    println!("  get_weather begins, for {}", arguments.city);
    work(Duration::from_millis(300)).await;
    println!("  get_weather ends");
    Ok("it is 12 °C".to_owned())
}

async fn get_time(arguments: GetTime) -> Result<String, String> {
    println!("  get_time begins, for {}", arguments.city);
    work(Duration::from_millis(200)).await;
    println!("  get_time ends");
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
    let client = match std::env::var("OPENAI_BASE_URL") {
        Ok(url) if !url.is_empty() => Client::from_env()?,
        _ => {
            println!("OPENAI_BASE_URL is not set: talking to a model in this process.\n");
            model::client().await?
        }
    };
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
                .instructions("Call all the tools you need at once. Answer in one sentence.")
                .tools(tools.definitions()),
        )
        .send()
        .await?;

    let question = "What is the weather in Oslo, and what time is it there?";
    println!("{question}");
    let message = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content(question);
    let mut run = client
        .create_thread_and_run()
        .body(
            CreateThreadAndRunRequest::builder()
                .assistant_id(&assistant.id)
                .thread(CreateThreadRequest::builder().messages([message])),
        )
        .follow()
        .tools(&tools)
        .stream()
        .await?;
    let mut texts = run.text_deltas();
    while let Some(text) = texts.try_next().await? {
        print!("{text}");
        io::stdout().flush()?;
    }
    let outcome = run.finish().await?;
    println!("\n\nthe run ended {}", outcome.run.status);

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
async fn work(time: Duration) {
    tokio::time::sleep(time).await;
}
