//! No more than any client has to do.
//!
//! JSON is parsed by serde's `IgnoredAny`, which keeps nothing. A stream is read by
//! reqwest, cut at the empty lines of these very bytes, and the data of each event is
//! parsed. A call is made with reqwest by hand, into the type of this crate.

use std::hint::black_box;

use openai_assistants::types::ThreadObject;
use serde::de::IgnoredAny;

use crate::contender::Contender;

#[derive(Clone)]
pub struct Floor {
    client: reqwest::Client,
    url: String,
}

impl Contender for Floor {
    fn new(url: &str) -> Self {
        Self {
            client: reqwest::Client::new(),
            url: url.to_owned(),
        }
    }

    fn decode_page(json: &[u8]) {
        parse(json);
    }

    fn decode_run(json: &[u8]) {
        parse(json);
    }

    async fn call(&self) {
        let answer = self
            .client
            .get(format!("{}/threads/t", self.url))
            .header("authorization", "Bearer any")
            .header("openai-beta", "assistants=v2")
            .send()
            .await
            .expect("the call succeeds");
        let body = answer.bytes().await.expect("the body is whole");
        let thread: ThreadObject = serde_json::from_slice(&body).expect("it decodes");
        black_box(thread);
    }

    async fn events(&self, deltas: usize) {
        let mut answer = self
            .client
            .post(format!("{}/threads/deltas_{deltas}/runs", self.url))
            .header("authorization", "Bearer any")
            .header("content-type", "application/json")
            .body(r#"{"assistant_id":"asst_1","stream":true}"#)
            .send()
            .await
            .expect("the stream begins");
        let mut buffer: Vec<u8> = Vec::new();
        while let Some(chunk) = answer.chunk().await.expect("the stream goes on") {
            buffer.extend_from_slice(&chunk);
            let mut begin = 0;
            while let Some(end) = memchr::memmem::find(&buffer[begin..], b"\n\n") {
                event(&buffer[begin..begin + end]);
                begin += end + 2;
            }
            buffer.drain(..begin);
        }
    }

    async fn texts(&self, deltas: usize) {
        self.events(deltas).await;
    }

    async fn snapshots(&self, deltas: usize) {
        self.events(deltas).await;
    }

    async fn list(&self) {
        unreachable!("a list by hand would be a client of its own");
    }
}

fn parse(json: &[u8]) {
    serde_json::from_slice::<IgnoredAny>(black_box(json)).expect("it is JSON");
}

fn event(event: &[u8]) {
    let line = memchr::memchr(b'\n', event).expect("an event has two lines");
    let data = &event[line + b"\ndata: ".len()..];
    if data != b"[DONE]" {
        parse(data);
    }
}
