//! The spans of a run with a tool call, exported to OpenTelemetry.
//!
//! The exporter keeps the spans in memory, and the example prints them as a tree. A program would
//! replace it by the exporter of `opentelemetry-otlp`, and change nothing else.
//!
//! `cargo run --example tracing` starts a fake server and uses it. Set `OPENAI_BASE_URL` and
//! `OPENAI_API_KEY` to use another server, and `OPENAI_MODEL` to use another model.

#[path = "local/mod.rs"]
mod local;

use std::error::Error;

use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, CreateThreadAndRunRequest, CreateThreadRequest,
    MessageRole,
};
use openai_assistants::{Client, ToolSet};
use openai_assistants_fake::Script;
use opentelemetry::SpanId;
use opentelemetry::trace::{Status, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Returns the current weather in a city.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    /// Name of the city.
    city: String,
}

async fn get_weather(arguments: GetWeather) -> Result<String, String> {
    Ok(format!("it is 12 °C in {}", arguments.city))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter.clone())
        .build();
    tracing_subscriber::registry()
        // The spans of runs and tools are at the level info, those of calls and attempts at debug.
        .with(Targets::new().with_target("openai_assistants", Level::DEBUG))
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("example")))
        .init();

    let script = Script::new()
        .calls([("get_weather", json!({ "city": "Oslo" }))])
        .say("In Oslo it is 12 °C.");
    let (client, _server) = local::client(script).await?;
    let answer = run(&client).await?;
    println!("{answer}\n");

    provider.force_flush()?;
    let spans = exporter.get_finished_spans()?;
    print_children(&spans, SpanId::INVALID, 0);
    Ok(())
}

/// Asks a question that takes a tool call.
async fn run(client: &Client) -> openai_assistants::Result<String> {
    let tools = ToolSet::builder().function(get_weather).build()?;
    let model = std::env::var("OPENAI_MODEL").unwrap_or_else(|_| "gpt-4o".to_owned());
    let body = CreateAssistantRequest::builder()
        .model(model)
        .tools(tools.definitions());
    let assistant = client.create_assistant().body(body).send().await?;

    let question = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("What is the weather in Oslo?");
    let body = CreateThreadAndRunRequest::builder()
        .assistant_id(&assistant.id)
        .thread(CreateThreadRequest::builder().messages([question]));
    let create = client.create_thread_and_run().body(body);
    let run = create.follow().tools(&tools).stream().await?;
    let outcome = run.finish().await?.into_completed()?;

    let delete = client.delete_thread().thread_id(&outcome.run.thread_id);
    delete.send().await?;
    let delete = client.delete_assistant().assistant_id(&assistant.id);
    delete.send().await?;
    Ok(outcome.text())
}

/// Prints the children of a span, in the order in which they started.
fn print_children(spans: &[SpanData], parent: SpanId, depth: usize) {
    let children = spans.iter().filter(|span| span.parent_span_id == parent);
    let mut children: Vec<_> = children.collect();
    children.sort_by_key(|span| span.start_time);
    for span in children {
        let indent = "  ".repeat(depth);
        let time = span.end_time.duration_since(span.start_time);
        let status = match span.status {
            Status::Error { .. } => ", failed",
            _ => "",
        };
        println!(
            "{indent}{} ({:?}{status})",
            span.name,
            time.unwrap_or_default()
        );
        // The layer adds where in the source each span was created.
        let attributes = span.attributes.iter();
        for attribute in attributes.filter(|one| is_convention(one.key.as_str())) {
            println!("{indent}    {} = {}", attribute.key, attribute.value);
        }
        print_children(spans, span.span_context.span_id(), depth + 1);
    }
}

fn is_convention(name: &str) -> bool {
    let namespaces = [
        "gen_ai.",
        "http.",
        "url.",
        "server.",
        "error.",
        "assistants.",
    ];
    namespaces
        .iter()
        .any(|namespace| name.starts_with(namespace))
}
