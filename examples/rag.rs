//! Answers a question from uploaded files, and prints the citations.
//!
//! `cargo run --example rag --features files` starts a fake server and uses it. Set `OPENAI_BASE_URL` and
//! `OPENAI_API_KEY` to use another server, and `OPENAI_MODEL` to use another model.

#[path = "local/mod.rs"]
mod local;

use std::io::{self, Write};

use openai_assistants::{Upload, types};
use openai_assistants_fake::{Reply, Script};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let reply = Reply::text("A ticket is 20 euros.").cite_found();
    let (client, _server) = local::client(Script::new().file_search().say(reply)).await?;

    let store = client.create_vector_store().send().await?;
    let indexing = client.vector_store(&store.id).upload_and_wait([
        Upload::bytes("prices.md", "A ticket is 20 euros, and 10 for children."),
        Upload::bytes("hours.md", "The museum is open from 9 to 17 o'clock."),
    ]);
    let indexed = indexing.wait().await?;
    assert!(indexed.is_complete(), "not all are indexed: {indexed:?}");
    println!("{} files are indexed", indexed.uploaded.len());

    let stores = types::CreateFileSearchResources::builder().vector_store_ids([store.id]);
    let assistant = types::CreateAssistantRequest::builder()
        .model(std::env::var("OPENAI_MODEL").unwrap_or_else(|_| "gpt-4o".to_owned()))
        .tools([types::AssistantToolsFileSearch::default()])
        .tool_resources(types::CreateToolResources::builder().file_search(stores));
    let assistant = client.create_assistant().body(assistant).send().await?;
    let question = types::CreateMessageRequest::builder()
        .role(types::MessageRole::User)
        .content("How much is a ticket?");
    let run = types::CreateThreadAndRunRequest::builder()
        .assistant_id(assistant.id)
        .thread(types::CreateThreadRequest::builder().messages([question]));
    let run = client.create_thread_and_run().body(run).follow();

    let mut run = run.stream().await?;
    while let Some(delta) = run.text_deltas().try_next().await? {
        print!("{delta}");
        io::stdout().flush()?;
    }
    println!();
    let outcome = run.finish().await?.into_completed()?;
    for part in outcome.messages.iter().flat_map(|message| &message.content) {
        if let types::MessageContent::Text(part) = part {
            for annotation in &part.text.annotations {
                if let types::TextAnnotation::FileCitation(citation) = annotation {
                    let id = &citation.file_citation.file_id;
                    let file = client.retrieve_file().file_id(id).send().await?;
                    println!("{} cites {}", citation.text, file.filename);
                }
            }
        }
    }
    Ok(())
}
