//! The lower bound: the minimum that any client has to do.
//!
//! JSON is parsed into serde's `IgnoredAny`, which discards it. A stream is read with
//! reqwest and split at empty lines, and the data of each event is parsed. A call uses
//! reqwest directly and deserializes into a type of this project. A followed run is two calls.

use std::hint::black_box;
use std::path::Path;

use openai_assistants::types::{RunObject, RunStatus, ThreadObject};
use reqwest::RequestBuilder;
use reqwest::multipart::Form;
use serde::de::IgnoredAny;

use crate::client::BenchClient;

#[derive(Clone)]
pub struct Floor {
    client: reqwest::Client,
    base_url: String,
}

impl BenchClient for Floor {
    fn new(base_url: &str) -> Self {
        Self {
            client: reqwest::Client::new(),
            base_url: base_url.to_owned(),
        }
    }

    fn decode_page(json: &[u8]) {
        parse(json);
    }

    fn decode_run(json: &[u8]) {
        parse(json);
    }

    async fn call(&self) {
        let response = self
            .client
            .get(format!("{}/threads/t", self.base_url))
            .header("authorization", "Bearer any")
            .header("openai-beta", "assistants=v2")
            .send()
            .await
            .expect("the call succeeds");
        let body = response.bytes().await.expect("the body is complete");
        let thread: ThreadObject = serde_json::from_slice(&body).expect("the thread decodes");
        black_box(thread);
    }

    async fn read_events(&self, deltas: usize) {
        let mut response = self
            .client
            .post(format!("{}/threads/deltas_{deltas}/runs", self.base_url))
            .header("authorization", "Bearer any")
            .header("content-type", "application/json")
            .body(r#"{"assistant_id":"asst_1","stream":true}"#)
            .send()
            .await
            .expect("the stream opens");
        let mut buffer: Vec<u8> = Vec::new();
        while let Some(chunk) = response.chunk().await.expect("the stream continues") {
            buffer.extend_from_slice(&chunk);
            let mut begin = 0;
            while let Some(end) = memchr::memmem::find(&buffer[begin..], b"\n\n") {
                parse_event(&buffer[begin..begin + end]);
                begin += end + 2;
            }
            buffer.drain(..begin);
        }
    }

    async fn upload(&self, file: &Path) {
        let form = Form::new().text("purpose", "assistants");
        let form = form.file("file", file).await.expect("the file opens");
        let request = self.client.post(format!("{}/files", self.base_url));
        let response = request.multipart(form).send().await;
        let body = response.expect("the call succeeds").bytes().await;
        parse(&body.expect("the body is complete"));
    }

    async fn download(&self) {
        let request = self
            .client
            .get(format!("{}/files/f/content", self.base_url));
        let mut response = request.send().await.expect("the call succeeds");
        while let Some(chunk) = response.chunk().await.expect("the body is complete") {
            black_box(chunk);
        }
    }

    async fn follow(&self) {
        let runs = format!("{}/threads/t/runs", self.base_url);
        let create = self.client.post(&runs).body(r#"{"assistant_id":"asst_1"}"#);
        let created = self.run(create).await;
        let run = self
            .run(self.client.get(format!("{runs}/{}", created.id)))
            .await;
        assert_eq!(run.status, RunStatus::Completed);
    }
}

impl Floor {
    async fn run(&self, request: RequestBuilder) -> RunObject {
        let request = request.header("authorization", "Bearer any");
        let request = request.header("content-type", "application/json");
        let response = request.send().await.expect("the call succeeds");
        let body = response.bytes().await.expect("the body is complete");
        serde_json::from_slice(&body).expect("the run decodes")
    }
}

fn parse(json: &[u8]) {
    serde_json::from_slice::<IgnoredAny>(black_box(json)).expect("the payload is JSON");
}

fn parse_event(event: &[u8]) {
    let line = memchr::memchr(b'\n', event).expect("an event has two lines");
    let data = &event[line + b"\ndata: ".len()..];
    if data != b"[DONE]" {
        parse(data);
    }
}
