//! Middleware: limits concurrent requests, records the exchanges, and replays them without a server.
//!
//! `cargo run --example middleware` uses a fake server in this process, without a socket.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fs::{self, File};

use futures_util::future::try_join_all;
use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, CreateThreadAndRunRequest, CreateThreadRequest,
    MessageRole,
};
use openai_assistants::{Client, Result};
use openai_assistants_fake::{Fake, Recorder, Replay};
use serde::Deserialize;
use tower::limit::ConcurrencyLimitLayer;

/// What the example prints of a recorded exchange. The bodies are in it too.
#[derive(Deserialize)]
struct Exchange {
    method: String,
    path: String,
    request_headers: HashMap<String, String>,
    status: u16,
    content_type: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = env::temp_dir().join(format!("exchanges-{}.jsonl", std::process::id()));

    // A request waits for one of two slots, and is recorded when it has one. The slot is free again
    // at the head of the response: streams that are being read are not limited.
    let server = Fake::builder().service()?;
    let client = Client::builder()
        .base_url(server.url())
        .api_key(server.api_key())
        .http_service(server)
        .layer(ConcurrencyLimitLayer::new(2))
        .layer(Recorder::new(File::create(&path)?))
        .build()?;
    let replies = converse(&client).await?;
    println!("replies: {}\n", replies.join(" "));

    let recording = fs::read_to_string(&path)?;
    fs::remove_file(&path)?;
    for line in recording.lines() {
        let exchange: Exchange = serde_json::from_str(line)?;
        println!("{} {}", exchange.method, exchange.path);
        println!(
            "  authorization: {}",
            exchange.request_headers["authorization"]
        );
        println!("  {} {}", exchange.status, exchange.content_type);
    }

    // The recording in place of the server: base URL and key may be any.
    let client = Client::builder()
        .base_url("http://localhost/v1")
        .api_key("any")
        .http_service(recording.parse::<Replay>()?)
        .build()?;
    assert_eq!(converse(&client).await?, replies);
    println!("\nreplayed, with the same replies");
    Ok(())
}

/// Asks an assistant three questions at once. Returns the replies.
async fn converse(client: &Client) -> Result<Vec<String>> {
    let body = CreateAssistantRequest::builder().model("gpt-4o");
    let assistant = client.create_assistant().body(body).send().await?;
    let questions = ["What is 2 + 2?", "And twice that?", "And half of it?"];
    try_join_all(questions.map(|question| ask(client, &assistant.id, question))).await
}

/// Asks a question in a thread of its own, and streams the reply.
async fn ask(client: &Client, assistant_id: &str, question: &str) -> Result<String> {
    let message = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content(question);
    let body = CreateThreadAndRunRequest::builder()
        .assistant_id(assistant_id)
        .thread(CreateThreadRequest::builder().messages([message]));
    let events = client.create_thread_and_run().body(body).stream().await?;
    let mut texts = events.text_deltas();
    let mut reply = String::new();
    while let Some(delta) = texts.try_next().await? {
        reply += &delta;
    }
    Ok(reply)
}
