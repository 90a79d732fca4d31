//! The peer: async-openai, in its last version with Assistants.

#![expect(deprecated, reason = "the peer deprecated its Assistants types")]

use std::hint::black_box;
use std::path::Path;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::traits::RequestOptionsBuilder;
use async_openai::types::assistants::{
    AssistantEventStream, AssistantStreamEvent, CreateRunRequest, ListMessagesResponse,
    MessageDeltaContent, RunObject,
};
use async_openai::types::files::{CreateFileRequest, FilePurpose};
use futures_util::StreamExt;

use crate::client::{BenchClient, process_page};

#[derive(Clone)]
pub struct Peer(Client<OpenAIConfig>);

impl Peer {
    async fn stream(&self, deltas: usize) -> AssistantEventStream {
        let request = CreateRunRequest {
            assistant_id: "asst_1".to_owned(),
            ..CreateRunRequest::default()
        };
        let threads = self.0.threads();
        let runs = threads.runs(&format!("deltas_{deltas}"));
        let stream = runs.create_stream(request).await;
        stream.expect("the stream opens")
    }
}

impl BenchClient for Peer {
    fn new(base_url: &str) -> Self {
        let config = OpenAIConfig::new()
            .with_api_base(base_url)
            .with_api_key("any");
        Self(Client::with_config(config))
    }

    fn decode_page(json: &[u8]) {
        let page: ListMessagesResponse = serde_json::from_slice(json).expect("the page decodes");
        black_box(page);
    }

    fn decode_run(json: &[u8]) {
        let run: RunObject = serde_json::from_slice(json).expect("the run decodes");
        black_box(run);
    }

    async fn call(&self) {
        let thread = self.0.threads().retrieve("t").await;
        black_box(thread.expect("the call succeeds"));
    }

    async fn read_events(&self, deltas: usize) {
        let mut events = self.stream(deltas).await;
        while let Some(event) = events.next().await {
            black_box(event.expect("the stream continues"));
        }
    }

    async fn read_text(&self, deltas: usize) {
        let mut events = self.stream(deltas).await;
        while let Some(event) = events.next().await {
            let AssistantStreamEvent::ThreadMessageDelta(message) =
                event.expect("the stream continues")
            else {
                continue;
            };
            for part in message.delta.content.into_iter().flatten() {
                if let MessageDeltaContent::Text(part) = part {
                    black_box(part.text.and_then(|text| text.value));
                }
            }
        }
    }

    async fn list_all(&self) {
        let mut after: Option<String> = None;
        loop {
            let mut query = vec![("limit", "100")];
            query.extend(after.as_deref().map(|id| ("after", id)));
            let threads = self.0.threads();
            let messages = threads.messages("t").query(&query);
            let page = messages.expect("the query serializes").list().await;
            let page = page.expect("the list continues");
            after = page.last_id.clone().filter(|_| page.has_more);
            black_box(page);
            process_page().await;
            if after.is_none() {
                break;
            }
        }
    }

    async fn upload(&self, file: &Path) {
        let request = CreateFileRequest {
            file: file.into(),
            purpose: FilePurpose::Assistants,
            expires_after: None,
        };
        let file = self.0.files().create(request).await;
        black_box(file.expect("the call succeeds"));
    }

    async fn download(&self) {
        let content = self.0.files().content("f").await;
        black_box(content.expect("the body is complete"));
    }
}
