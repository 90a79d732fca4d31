//! Responses, events and lists above the limits of a client.

use openai_assistants::types::AssistantStreamEvent;
use openai_assistants::{Client, ErrorKind, EventStream, Method, SizeLimits};
use serde_json::{Value, json};

use crate::support::{
    CLOSE, DONE, ManualClock, ScriptedServer, create_run, event, event_stream, response, run,
    run_event,
};

fn client(server: &ScriptedServer, limits: SizeLimits) -> Client {
    let builder = server.builder(&ManualClock::default());
    let client = builder.size_limits(limits).build();
    client.expect("the settings are valid")
}

#[tokio::test]
async fn a_body_above_the_limit_is_an_error() {
    let body = r#"{"a":"0123456789"}"#;
    let chunked = format!(
        "HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{}\r\n9\r\n{}\r\n0\r\n\r\n{CLOSE}",
        &body[..9],
        &body[9..]
    );
    let until_closed = format!("HTTP/1.1 200 X\r\n\r\n{body}{CLOSE}");
    for reply in [response(200, "", body), chunked, until_closed] {
        let server = ScriptedServer::start([reply]).await;
        for limit in [0, body.len() - 1, body.len()] {
            let client = client(&server, SizeLimits::default().body(limit));
            let sent = client.request(Method::GET, "/things").send::<Value>().await;
            if limit == body.len() {
                assert_eq!(sent.unwrap(), json!({ "a": "0123456789" }));
                continue;
            }
            let error = sent.expect_err("the body is too large");
            assert_eq!(error.kind(), ErrorKind::Decode);
            let text = format!("the response body is larger than {limit} bytes");
            assert!(error.to_string().contains(&text), "{error}");
            let bytes = client.request(Method::GET, "/things").send_bytes().await;
            assert!(bytes.is_err());
        }
    }
}

/// The number of events before the end, and the error at the end.
async fn read(
    mut stream: EventStream<AssistantStreamEvent>,
) -> (usize, Option<openai_assistants::Error>) {
    let mut count = 0;
    loop {
        match stream.try_next().await {
            Ok(Some(_)) => count += 1,
            Ok(None) => return (count, None),
            Err(error) => return (count, Some(error)),
        }
    }
}

#[tokio::test]
async fn an_event_above_the_limit_is_an_error_and_a_chunk_is_not() {
    let mut completed = run("completed");
    completed["instructions"] = "x".repeat(1000).into();
    let (small, large) = (run_event(&run("in_progress")), run_event(&completed));
    // They arrive in one chunk, which is larger than the limit.
    let events = format!("{}{large}{DONE}", small.repeat(3));
    let server = ScriptedServer::start([event_stream(&events)]).await;
    let stream = async |limit| {
        let client = client(&server, SizeLimits::default().event(limit));
        create_run(&client).stream().await.expect("it opens")
    };
    // Without its name.
    let size = |event: &str| event.split_once('\n').expect("a name").1.len();
    let (small, large) = (size(&small), size(&large));
    for (limit, count) in [(small - 1, 0), (small, 3), (large - 1, 3)] {
        let (found, error) = read(stream(limit).await).await;
        assert_eq!(found, count, "limit {limit}");
        let error = error.expect("an event is too large");
        assert!(error.is_cut() && error.is_interrupted());
        let text = format!("an event of the stream is larger than {limit} bytes");
        assert!(error.to_string().contains(&text), "{error}");
    }
    let (count, error) = read(stream(large).await).await;
    assert!(error.is_none() && count == 5, "{count}: {error:?}");
    let texts = stream(small).await.text_deltas().try_next().await;
    assert!(texts.expect_err("an event is too large").is_cut());

    // `once` waits for the first event, which is too large.
    let client = client(&server, SizeLimits::default().event(small - 1));
    let stream = create_run(&client).once().stream().await;
    let (count, error) = read(stream.expect("it opens")).await;
    let error = error.expect("an event is too large").to_string();
    assert!(count == 0 && error.contains("is larger than"), "{error}");
}

#[tokio::test]
async fn lists_with_more_missing_items_than_the_limit_are_an_error() {
    let delta = |index: usize| {
        let part = json!({ "index": index, "type": "text", "text": { "value": "a" } });
        let delta = json!({
            "id": "msg_1", "object": "thread.message.delta", "delta": { "content": [part] },
        });
        event("thread.message.delta", &delta)
    };
    // Two items are missing, then two more.
    let events = [delta(2), delta(5), run_event(&run("completed"))].concat();
    let server = ScriptedServer::start([event_stream(&format!("{events}{DONE}"))]).await;
    for (limit, parts) in [(1, 0), (3, 3), (4, 6)] {
        let client = client(&server, SizeLimits::default().missing_items(limit));
        let streamed = create_run(&client).stream().await.expect("it opens");
        let followed = create_run(&client).follow().stream().await;
        for mut stream in [streamed.accumulate(), followed.expect("it opens")] {
            let mut errors = Vec::new();
            while let Some(event) = stream.try_next().await.transpose() {
                errors.extend(event.err());
            }
            let message = stream.messages().first();
            let found = message.map_or(0, |message| message.content.len());
            assert_eq!(found, parts, "limit {limit}");
            assert_eq!(errors.is_empty(), limit == 4);
            let text = format!("at most {limit} items of a stream may be missing");
            for error in errors {
                assert!(
                    error.is_decode() && error.to_string().contains(&text),
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_event_with_too_many_values_is_an_error_and_the_stream_continues() {
    let mut crowded = run("in_progress");
    crowded["tools"] = vec![0; 600_000].into();
    let events = format!(
        "{}{}{DONE}",
        run_event(&crowded),
        run_event(&run("completed"))
    );
    let server = ScriptedServer::start([event_stream(&events)]).await;
    let mut stream = create_run(&server.client())
        .stream()
        .await
        .expect("it opens");
    let error = stream.try_next().await.expect_err("there are too many");
    assert!(error.is_decode(), "{error}");
    assert!(
        error.message().contains("more than 500000 values"),
        "{error}"
    );
    let event = stream
        .try_next()
        .await
        .expect("the next one is well-formed");
    assert_eq!(event.expect("there is one").event(), "thread.run.completed");
}
