//! This crate.

use std::hint::black_box;

use openai_assistants::types::{
    AssistantStreamEvent, CreateRunRequest, ListMessagesResponse, RunObject,
};
use openai_assistants::{Client, EventStream};
use serde::de::DeserializeOwned;

use crate::contender::Contender;
use crate::measure::consume;

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
            .expect("the stream begins")
    }
}

impl Contender for Ours {
    fn new(url: &str) -> Self {
        let client = Client::builder().base_url(url).api_key("any").build();
        Self(client.expect("the settings are right"))
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

    async fn events(&self, deltas: usize) {
        let mut events = self.stream(deltas).await;
        while let Some(event) = events.try_next().await.expect("the stream goes on") {
            black_box(event);
        }
    }

    async fn texts(&self, deltas: usize) {
        let mut texts = self.stream(deltas).await.text_deltas();
        while let Some(text) = texts.try_next().await.expect("the stream goes on") {
            black_box(text);
        }
    }

    async fn snapshots(&self, deltas: usize) {
        let mut run = self.stream(deltas).await.accumulate();
        while let Some(event) = run.try_next().await.expect("the stream goes on") {
            black_box(event);
            black_box(run.messages());
        }
    }

    async fn list(&self) {
        let mut pages = self.0.list_messages().thread_id("t").limit(100).pages();
        while let Some(page) = pages.try_next().await.expect("the list goes on") {
            black_box(page);
            consume().await;
        }
    }
}

/// As the client decodes an answer.
fn decode<T: DeserializeOwned>(json: &[u8]) -> T {
    let json = str::from_utf8(black_box(json)).expect("it is text");
    serde_json::from_str(json).expect("it decodes")
}
