//! Requests to the fake server: none is an error of the server, and every response matches the document.
//!
//! The requests of an input are separated by lines of `=`: method and target, headers, an empty line, the body.

#![no_main]

use std::future::Future;
use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use openai_assistants_fake::{Fake, FakeService, SkippingClock};
use openai_assistants_fuzz::client::block_on;
use openai_assistants_fuzz::json_mutator;
use tower::Service as _;

/// The line between two requests.
const SEPARATOR: &str = "\n=====\n";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let builder = Fake::builder()
        .clock(SkippingClock::default())
        .counted_ids()
        .max_objects(500)
        .max_bytes(1 << 20)
        .max_body(1 << 16);
    let service = builder.checked().service().expect("a service");
    block_on(async {
        for request in text.split(SEPARATOR).take(30) {
            exchange(service.clone(), request).await;
        }
    });
    let _ = service.threads();
    let violations = service.violations();
    assert!(violations.is_empty(), "{violations:?}");
});

async fn exchange(mut service: FakeService, text: &str) {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.split('\n');
    let (method, target) = lines
        .next()
        .and_then(|line| line.split_once(' '))
        .unwrap_or_default();
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header("authorization", "Bearer key")
        .header("openai-beta", "assistants=v2");
    let mut body = body.to_owned();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        if value.starts_with("multipart/") {
            body = body.replace('\n', "\r\n");
        }
        request = request.header(name, value);
    }
    let is_faulty = head.to_ascii_lowercase().contains("x-fake-fault");
    let Ok(request) = request.body(Full::new(Bytes::from(body))) else {
        return;
    };
    let Some(Ok(response)) = promptly(service.call(request)).await else {
        assert!(is_faulty, "{text}");
        return;
    };
    assert!(is_faulty || response.status().as_u16() < 500, "{text}");
    let body = promptly(response.into_body().collect()).await;
    assert!(is_faulty || matches!(body, Some(Ok(_))), "{text}");
}

/// The output of a future, unless it waits for ever: the clock of the server never waits.
async fn promptly<T>(future: impl Future<Output = T>) -> Option<T> {
    let future = pin!(future);
    let turns = pin!(async {
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
    });
    match select(future, turns).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json_mutator::mutate(data, size, max_size, seed)
});
