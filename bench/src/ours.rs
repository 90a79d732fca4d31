//! The client of this project, openai-assistants.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use openai_assistants::types::{
    AssistantStreamEvent, CreateFileRequest, CreateRunRequest, FilePurpose, ListMessagesResponse,
    RunObject, RunStatus,
};
use openai_assistants::{Client, EventStream, Upload};
use serde::de::DeserializeOwned;

use crate::client::{BenchClient, process_page};

#[derive(Clone)]
pub struct Ours(Client);

impl Ours {
    async fn stream(&self, deltas: usize) -> EventStream<AssistantStreamEvent> {
        self.0
            .create_run()
            .thread_id(format!("deltas_{deltas}"))
            .body(CreateRunRequest::builder().assistant_id("asst_1"))
            .stream()
            .await
            .expect("the stream opens")
    }
}

impl BenchClient for Ours {
    fn new(base_url: &str) -> Self {
        let client = Client::builder().base_url(base_url).api_key("any").build();
        Self(client.expect("the settings are valid"))
    }

    fn decode_page(json: &[u8]) {
        black_box(decode::<ListMessagesResponse>(json));
    }

    fn decode_run(json: &[u8]) {
        black_box(decode::<RunObject>(json));
    }

    async fn call(&self) {
        let thread = self.0.get_thread().thread_id("t").send().await;
        black_box(thread.expect("the call succeeds"));
    }

    async fn read_events(&self, deltas: usize) {
        let mut events = self.stream(deltas).await;
        while let Some(event) = events.try_next().await.expect("the stream continues") {
            black_box(event);
        }
    }

    async fn read_text(&self, deltas: usize) {
        let mut texts = self.stream(deltas).await.text_deltas();
        while let Some(text) = texts.try_next().await.expect("the stream continues") {
            black_box(text);
        }
    }

    async fn read_snapshots(&self, deltas: usize) {
        let mut run = self.stream(deltas).await.accumulate();
        while let Some(event) = run.try_next().await.expect("the stream continues") {
            black_box(event);
            black_box(run.messages());
        }
    }

    async fn list_all(&self) {
        let mut pages = self.0.list_messages().thread_id("t").limit(100).pages();
        while let Some(page) = pages.try_next().await.expect("the list continues") {
            black_box(page);
            process_page().await;
        }
    }

    async fn upload(&self, file: &Path) {
        let create = self.0.create_file().file(Upload::path(file));
        let purpose = CreateFileRequest::builder().purpose(FilePurpose::Assistants);
        let file = create.body(purpose).send().await;
        black_box(file.expect("the call succeeds"));
    }

    async fn download(&self) {
        let download = self.0.download_file().file_id("f").send().await;
        let mut download = download.expect("the call succeeds");
        while let Some(chunk) = download.try_next().await.expect("the body is complete") {
            black_box(chunk);
        }
    }

    async fn follow(&self) {
        let create = self.0.create_run().thread_id("t");
        let create = create.body(CreateRunRequest::builder().assistant_id("asst_1"));
        let run = create.follow().interval(Duration::ZERO).wait().await;
        assert_eq!(
            run.expect("the run is followed").status,
            RunStatus::Completed
        );
    }
}

/// Decodes as the client decodes a response.
fn decode<T: DeserializeOwned>(json: &[u8]) -> T {
    let json = simdutf8::basic::from_utf8(black_box(json)).expect("the payload is UTF-8");
    serde_json::from_str(json).expect("the payload decodes")
}
