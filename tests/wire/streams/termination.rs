//! The result of a stream, which is the same for events, text deltas and snapshots.

use std::collections::BTreeSet;
use std::time::Duration;

use openai_assistants::operations::CreateThreadAndRun;
use openai_assistants::types::CreateThreadAndRunRequest;
use openai_assistants::{Client, Error, ErrorKind, Result, RunStream};
use serde_json::{Value, json};

use super::support::{Events, open, run, run_object, stream_of};
use crate::support::{
    CLOSE, DONE, ENDLESS, ManualClock, PAUSE, STALL, STREAM_HEAD, ScriptedServer,
    chunked_event_stream, create_run, event, event_stream, read_to_end, response, until,
    yield_often,
};

fn text(text: &str) -> String {
    let part = json!({ "index": 0, "type": "text", "text": { "value": text } });
    event(
        "thread.message.delta",
        &json!({ "id": "msg_1", "delta": { "content": [part] } }),
    )
}

/// An event of a run whose data has another status.
fn run_with(name: &str, status: &str) -> String {
    event(&format!("thread.run.{name}"), &run_object(status))
}

/// What came of a stream: its text, its run, and its error.
#[derive(Debug)]
struct Ending {
    text: String,
    run_id: Option<String>,
    error: Option<Error>,
}

async fn read_events(mut events: Events) -> Ending {
    let mut text = String::new();
    let mut error = None;
    loop {
        match events.try_next().await {
            Ok(Some(event)) => text.extend(event.message_delta().map(|delta| delta.text())),
            Ok(None) => break,
            Err(failure) => error = Some(failure),
        }
    }
    Ending {
        text,
        run_id: events.run_id().map(str::to_owned),
        error,
    }
}

/// Reads the response as events, as text deltas, as snapshots, and as a followed run. All have the
/// same result.
async fn ending_of(response: String) -> Ending {
    let server = ScriptedServer::start([response]).await;
    let client = server.client();
    let ending = ending_of_events(&client).await;
    let deltas = async {
        let mut deltas = open(&client).await?.text_deltas();
        let mut text = String::new();
        while let Some(delta) = deltas.try_next().await? {
            text += &delta;
        }
        Ok(text)
    };
    ending.check("the text deltas", deltas.await);
    ending
}

/// As [`ending_of`], without the text deltas, which do not read the events of steps.
async fn ending_of_events(client: &Client) -> Ending {
    let ending = match open(client).await {
        Ok(events) => read_events(events).await,
        Err(error) => Ending {
            text: String::new(),
            run_id: error.run_id().map(str::to_owned),
            error: Some(error),
        },
    };
    let snapshots = async { finish(open(client).await?.accumulate()).await };
    ending.check("the snapshots", snapshots.await);
    let followed = async { finish(create_run(client).follow().stream().await?).await };
    ending.check("the followed run", followed.await);
    ending
}

/// The text of a run at the end of its stream.
async fn finish(stream: RunStream) -> Result<String> {
    Ok(stream.finish().await?.text())
}

impl Ending {
    /// Checks that another reader has the same result: the text, or an error.
    fn check(&self, reader: &str, result: Result<String>) {
        let result = result.map_err(|error| error.to_string());
        let expected = match &self.error {
            None => Ok(self.text.clone()),
            Some(error) => Err(error.to_string()),
        };
        assert_eq!(result, expected, "{reader}");
    }
}

/// The error with which a stream ends.
async fn error_of(response: String) -> Error {
    ending_of(response).await.error.expect("the stream fails")
}

/// Each way in which the connection ends after these events.
fn closed(events: &str) -> [String; 2] {
    [event_stream(events), chunked_event_stream(events, true)]
}

#[tokio::test]
async fn the_name_of_an_event_decides_that_the_run_is_active() {
    let names = ["created", "queued", "in_progress", "cancelling"];
    for status in ["completed", "requires_action", "failed"] {
        let events: String = names.map(|name| run_with(name, status)).concat();
        for response in closed(&events) {
            let error = error_of(response).await;
            assert!(error.is_ended_early() && error.run_id() == Some("run_1"));
        }
        for done in ["completed", "requires_action"] {
            let events = [&events, &text("a"), &run(done), DONE].concat();
            assert_eq!(ending_of(event_stream(&events)).await.text, "a");
        }
    }
}

#[tokio::test]
async fn an_active_run_keeps_the_limit_of_silence() {
    let clock = ManualClock::default();
    let names = ["created", "queued", "in_progress"];
    let events: String = names.map(|name| run_with(name, "completed")).concat();
    let server = ScriptedServer::start([event_stream(&format!("{events}{STALL}"))]).await;
    let builder = server
        .builder(&clock)
        .stream_idle_timeout(Duration::from_secs(60));
    let mut deltas = open(&builder.build().unwrap()).await.unwrap().text_deltas();
    let started = clock.timeouts().len();
    let work = tokio::spawn(async move { deltas.try_next().await });
    // One for the first chunk, one for the next.
    until(|| clock.timeouts().len() > started).await;
    yield_often().await;
    let limits: BTreeSet<_> = clock.timeouts()[started..].iter().copied().collect();
    assert_eq!(limits, BTreeSet::from([Duration::from_secs(60)]));
    clock.expire_timeouts();
    let error = work.await.unwrap().expect_err("the stream is silent");
    assert!(error.is_timeout() && error.run_id() == Some("run_1"));
}

#[tokio::test]
async fn the_name_of_an_event_decides_that_the_run_has_ended() {
    for (name, in_data, status) in [
        ("completed", "requires_action", "requires_action"),
        ("requires_action", "completed", "completed"),
        ("completed", "in_progress", "completed"),
        ("failed", "queued", "failed"),
        ("requires_action", "in_progress", "requires_action"),
    ] {
        let events = [run("created"), text("a"), run_with(name, in_data)].concat();
        for response in closed(&events) {
            let ending = ending_of(response.clone()).await;
            assert!(ending.error.is_none(), "{ending:?}");
            let (_server, events) = stream_of(response).await;
            let outcome = events.accumulate().finish().await.unwrap();
            assert_eq!(outcome.run.status.as_str(), status);
        }
    }
}

#[tokio::test]
async fn done_during_an_active_run_is_an_interruption() {
    for done in [DONE, "data: [DONE]\n\n", "data: [DONE]"] {
        for active in ["created", "queued", "in_progress", "cancelling"] {
            let events = [&run_with(active, active), &text("a"), done].concat();
            let ending = ending_of(event_stream(&events)).await;
            assert_eq!(ending.text, "a");
            let error = ending.error.expect("the run is active");
            assert!(error.is_ended_early() && error.is_interrupted());
            assert_eq!(error.run_id(), Some("run_1"));
        }
    }
    let blocked_before = [&run("requires_action"), &run("in_progress"), DONE].concat();
    assert!(
        error_of(event_stream(&blocked_before))
            .await
            .is_ended_early()
    );
}

#[tokio::test]
async fn done_is_delivered_before_the_interruption() {
    let events = [&run("in_progress"), DONE].concat();
    let (server, mut stream) = stream_of(event_stream(&format!("{events}{STALL}"))).await;
    for name in ["thread.run.in_progress", "done"] {
        let event = stream.try_next().await.unwrap().expect("an event follows");
        assert_eq!(event.event(), name);
    }
    until(|| server.closed_by_client() == 1).await;
    assert!(stream.try_next().await.unwrap_err().is_ended_early());
    assert!(stream.try_next().await.unwrap().is_none());
}

/// A naive model of the results.
fn expected(events: &[&str]) -> Option<ErrorKind> {
    let mut status = "";
    for event in events {
        match *event {
            "error" => return Some(ErrorKind::StreamError),
            "done" => break,
            "text" => {}
            _ if status == "completed" => {}
            next => status = next,
        }
    }
    let is_complete = matches!(status, "completed" | "requires_action");
    (!is_complete).then_some(ErrorKind::StreamEnded)
}

#[tokio::test]
async fn every_order_of_events_has_the_same_result_for_all_readers() {
    let kinds = [
        "text",
        "in_progress",
        "requires_action",
        "completed",
        "error",
        "done",
    ];
    let mut orders = vec![Vec::new()];
    for length in 0..3 {
        for order in orders.clone() {
            if order.len() == length {
                orders.extend(kinds.map(|kind| [&order[..], &[kind]].concat()));
            }
        }
    }
    assert_eq!(orders.len(), 1 + 6 + 36 + 216);
    for order in orders {
        let events: String = order
            .iter()
            .map(|kind| match *kind {
                "text" => text("a"),
                "error" => event("error", &json!({ "message": "no" })),
                "done" => DONE.to_owned(),
                status => run(status),
            })
            .collect();
        let ending = ending_of(event_stream(&events)).await;
        let kind = ending.error.as_ref().map(Error::kind);
        assert_eq!(kind, expected(&order), "{order:?}");
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_at_any_byte_is_never_taken_for_complete() {
    let pieces = [
        run("created"),
        text("Hel"),
        text("lo"),
        event(
            "thread.message.completed",
            &json!({ "id": "msg_1", "thread_id": "thread_1", "created_at": 1, "role": "assistant", "content": [{ "type": "text", "text": { "value": "Hello" } }] }),
        ),
        run("completed"),
        DONE.to_owned(),
    ];
    // Where the data of each event is complete. Its line end and the empty line may be missing.
    let mut ends = Vec::new();
    let mut length = 0;
    for piece in &pieces {
        ends.push(length + piece.len() - 2);
        length += piece.len();
    }
    let stream = pieces.concat();
    for crlf in [false, true] {
        for cut in 0..=stream.len() {
            let head = &stream[..cut];
            let head = if crlf {
                head.replace('\n', "\r\n")
            } else {
                head.to_owned()
            };
            let ending = ending_of(event_stream(&head)).await;
            let arrived = |index: usize| cut >= ends[index];
            let text = match (arrived(1), arrived(2)) {
                (true, true) => "Hello",
                (true, false) => "Hel",
                _ => "",
            };
            assert_eq!(ending.text, text, "cut at {cut}");
            let run_id = arrived(0).then_some("run_1");
            assert_eq!(ending.run_id.as_deref(), run_id, "cut at {cut}");
            match ending.error {
                None => assert!(arrived(4), "cut at {cut}"),
                Some(error) => {
                    assert!(!arrived(4), "cut at {cut}: {error}");
                    assert!(error.is_interrupted() && error.run_id() == run_id);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_at_any_byte_is_never_taken_for_complete() {
    let wrapped = |status: &str| {
        let name = format!("thread.run.{status}");
        let envelope = json!({ "event": name, "data": run_object(status) });
        format!("data: {envelope}\n\n")
    };
    for [first, last] in [
        [run("queued"), run("requires_action")],
        [wrapped("queued"), wrapped("requires_action")],
    ] {
        let stream = [&*first, &last, DONE].concat();
        // The data is complete before its line end and the empty line.
        let ends = [first.len() - 2, first.len() + last.len() - 2];
        for cut in 0..stream.len() {
            let length = stream.len();
            let head = format!("{STREAM_HEAD}content-length: {length}\r\n\r\n");
            let response = format!("{head}{}{CLOSE}", &stream[..cut]);
            let ending = ending_of(response).await;
            let run_id = (cut >= ends[0]).then_some("run_1");
            assert_eq!(ending.run_id.as_deref(), run_id, "cut at {cut}");
            match ending.error {
                None => assert!(cut >= ends[1], "cut at {cut}"),
                Some(error) => {
                    // After the run, only the `[DONE]` can be cut.
                    assert!(cut < ends[1] || cut > ends[1] + 2, "cut at {cut}: {error}");
                    assert!(error.is_cut() && error.run_id() == run_id, "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_last_event_needs_no_empty_line() {
    let events = [run("in_progress"), text("a")].concat();
    for last in [run("completed"), run_with("failed", "failed")] {
        for end in ["", "\n", "\r", "\r\n", "\n: comment"] {
            let events = format!("{events}{}{end}", last.trim_end());
            for response in closed(&events) {
                let (_server, mut stream) = stream_of(response).await;
                let (names, error) = read_to_end(&mut stream).await;
                assert!(error.is_none() && names.len() == 3, "{end:?} {error:?}");
            }
            assert!(ending_of(event_stream(&events)).await.error.is_none());
        }
    }
    // A number may go on, and so may a name.
    for last in [
        "event: x\ndata: 12",
        "data: {}\nevent: thread.run.comp",
        "data: {\"a\":1",
        "data: [DON",
    ] {
        let error = error_of(event_stream(&[&events, last].concat())).await;
        assert!(error.is_cut() && error.run_id() == Some("run_1"), "{last}");
    }
}

#[tokio::test]
async fn the_last_event_is_delivered_when_the_stream_falls_silent() {
    let clock = ManualClock::default();
    let events = [&run("queued"), run("completed").trim_end()].concat();
    let server = ScriptedServer::start([event_stream(&format!("{events}\n{STALL}"))]).await;
    let client = server.builder(&clock).build().unwrap();
    let mut stream = open(&client).await.unwrap();
    assert!(stream.try_next().await.unwrap().is_some());
    let started = clock.timeouts().len();
    let work = tokio::spawn(async move { read_to_end(&mut stream).await });
    until(|| clock.timeouts().len() > started).await;
    clock.expire_timeouts();
    let (names, error) = work.await.unwrap();
    assert!(error.is_none(), "{error:?}");
    assert_eq!(names, ["thread.run.completed"]);
}

#[tokio::test]
async fn comments_do_not_prolong_the_grace_period() {
    let grace = Duration::from_secs(5);
    for status in ["completed", "requires_action"] {
        for (rest, pauses) in [
            (
                format!("{}{STALL}", format!(": ping\n\n{PAUSE}").repeat(5)),
                6,
            ),
            (format!("{PAUSE}event: x\ndata: 1\n\n{PAUSE}{STALL}"), 3),
            (format!("{PAUSE}: ping\n\n{ENDLESS}"), 1),
        ] {
            let clock = ManualClock::default();
            let events = [run("queued"), text("a"), run(status), rest].concat();
            let server = ScriptedServer::start([event_stream(&events)]).await;
            let client = server.builder(&clock).build().unwrap();
            let mut deltas = open(&client).await.unwrap().text_deltas();
            assert_eq!(deltas.try_next().await.unwrap().as_deref(), Some("a"));
            let work = tokio::spawn(async move { deltas.try_next().await });
            let started = || {
                clock
                    .timeouts()
                    .iter()
                    .filter(|limit| **limit == grace)
                    .count()
            };
            until(|| started() > 0).await;
            for _ in 0..pauses {
                yield_often().await;
            }
            assert_eq!(started(), 1, "the grace period starts once");
            clock.expire_timeouts_of(grace);
            assert_eq!(work.await.unwrap().expect("the run has ended"), None);
            until(|| server.closed_by_client() == 1).await;
        }
    }
}

#[tokio::test]
async fn a_run_that_continues_ends_the_grace_period() {
    let clock = ManualClock::default();
    let events = [
        &run("requires_action"),
        &*PAUSE.to_string(),
        &run("in_progress"),
        &STALL.to_string(),
    ];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let builder = server
        .builder(&clock)
        .stream_idle_timeout(Duration::from_secs(60));
    let mut deltas = open(&builder.build().unwrap()).await.unwrap().text_deltas();
    let work = tokio::spawn(async move { deltas.try_next().await });
    let last = |limit| clock.timeouts().last() == Some(&Duration::from_secs(limit));
    until(|| last(5)).await;
    until(|| last(60)).await;
    clock.expire_timeouts_of(Duration::from_secs(60));
    let error = work.await.unwrap().expect_err("the stream is silent");
    assert!(
        error
            .to_string()
            .contains("nothing within the `stream_idle_timeout` of 60s"),
        "{error}"
    );
}

#[tokio::test]
async fn an_error_without_an_envelope_is_the_error_of_the_server() {
    let wrapped =
        |name: &str, data: Value| format!("data: {}\n\n", json!({ "event": name, "data": data }));
    let started = wrapped("thread.run.created", run_object("queued"));
    for error in [
        json!({ "message": "boom", "type": "server_error" }),
        json!({ "error": { "message": "boom", "type": "server_error" } }),
        json!({ "message": "boom", "type": "server_error", "param": null, "code": null }),
    ] {
        let events = format!("{started}{}data: {error}\n\n{DONE}", text("a"));
        let ending = ending_of(event_stream(&events)).await;
        assert_eq!(ending.text, "a");
        let error = ending.error.expect("the server sent an error");
        assert!(error.is_stream_error());
        assert_eq!(
            (error.message(), error.api_type()),
            ("boom", Some("server_error"))
        );
        assert_eq!(error.run_id(), Some("run_1"));
    }
}

#[tokio::test]
async fn an_error_in_place_of_the_data_of_an_event_is_the_error_of_the_server() {
    let boom = json!({ "message": "boom" });
    let content = json!([{ "index": 0, "type": "text", "text": { "value": "b" } }]);
    for (name, data) in [
        ("thread.message.delta", json!({ "error": boom })),
        (
            "thread.message.delta",
            json!({ "id": "msg_1", "delta": { "content": content }, "error": boom }),
        ),
        (
            "thread.message.delta",
            json!({ "error": boom, "id": "msg_1", "delta": null }),
        ),
        (
            "thread.run.step.delta",
            json!({ "id": "step_1", "error": boom }),
        ),
    ] {
        let events = [
            run("created"),
            text("a"),
            event(name, &data),
            run("completed"),
        ];
        let response = event_stream(&events.concat());
        let ending = if name == "thread.message.delta" {
            ending_of(response).await
        } else {
            let server = ScriptedServer::start([response]).await;
            ending_of_events(&server.client()).await
        };
        let error = ending.error.expect("the server sent an error");
        assert!(
            error.is_stream_error() && error.message() == "boom",
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_text_that_is_a_plain_string_is_read_by_all() {
    let part = json!({ "index": 0, "type": "text", "text": "hi" });
    let delta = json!({ "id": "msg_1", "delta": { "content": [part] } });
    let delta = event("thread.message.delta", &delta);
    let events = [&run("created"), &*delta, &run("completed"), DONE].concat();
    let ending = ending_of(event_stream(&events)).await;
    assert!(ending.error.is_none(), "{ending:?}");
    assert_eq!(ending.text, "hi");
}

#[tokio::test]
async fn an_error_of_a_delta_that_is_null_or_only_text_is_not_an_error_of_the_server() {
    let quoted = json!({ "id": "msg_1", "error": null, "delta": { "content": [
        { "index": 0, "type": "text", "text": { "value": "{\"error\": 1}" }, "error": 2 },
    ] } });
    let events = [
        run("created"),
        event("thread.message.delta", &quoted),
        run("completed"),
    ];
    let ending = ending_of(event_stream(&events.concat())).await;
    assert!(ending.error.is_none(), "{ending:?}");
    assert_eq!(ending.text, "{\"error\": 1}");
}

#[tokio::test]
async fn an_error_event_may_have_no_message() {
    for (data, shown) in [
        ("", ""),
        (" ", ""),
        ("null", ": null"),
        ("{}", ": {}"),
        (
            r#"{"error":{"message":""}}"#,
            r#": {"error":{"message":""}}"#,
        ),
    ] {
        let events = [&run("created"), &*event("error", data)].concat();
        let error = error_of(event_stream(&events)).await;
        assert!(error.is_stream_error());
        let expected = format!(
            "createRun failed: the server sent an error without a message{shown} (request req_1, run run_1)"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn an_error_body_with_a_success_status_is_the_error_of_the_server() {
    let request_id = "x-request-id: req_1\r\n";
    for body in [
        r#"{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}"#,
        r#" {"message":"Rate limit reached","code":"rate_limit_exceeded"}"#,
        r#"{"error":"Rate limit reached","code":"rate_limit_exceeded","object":"error"}"#,
    ] {
        let check = |error: &Error| {
            assert_eq!(error.kind(), ErrorKind::Status);
            assert!(!error.is_retryable() && !error.is_decode() && !error.is_interrupted());
            assert_eq!(error.code(), Some("rate_limit_exceeded"));
            assert_eq!(error.body(), Some(body));
            assert_eq!(
                error.to_string(),
                "createRun failed: the server returned 200 OK, but with an error: Rate limit reached \
                 (code rate_limit_exceeded, request req_1)"
            );
        };
        for content_type in ["application/json", "text/plain", "text/event-stream", ""] {
            let headers = format!("{request_id}content-type: {content_type}\r\n");
            check(&error_of(response(200, &headers, body)).await);
            let server = ScriptedServer::start([response(200, &headers, body)]).await;
            let call = create_run(&server.client()).send();
            check(&call.await.expect_err("the body is an error"));
        }
    }
}

#[tokio::test]
async fn a_run_in_place_of_a_stream_teaches_its_ids() {
    for object in [
        json!("thread.run"),
        json!(""),
        json!("run"),
        json!(7),
        Value::Null,
    ] {
        for content_type in ["application/json", "text/plain", "text/event-stream", ""] {
            let mut body = run_object("queued");
            body["object"] = object.clone();
            let headers = format!("content-type: {content_type}\r\nx-request-id: req_1\r\n");
            let body = body.to_string();
            let error = error_of(response(200, &headers, &body)).await;
            assert!(error.is_decode(), "{error}");
            assert_eq!(
                (error.run_id(), error.body()),
                (Some("run_1"), Some(&*body))
            );
            assert!(
                error
                    .to_string()
                    .contains("the response is not an event stream")
            );
        }
    }
}

#[tokio::test]
async fn json_in_place_of_a_stream_is_read_within_limits() {
    let body = format!("{{\"a\":\"{}\"", "x".repeat(1000));
    let headers = "HTTP/1.1 200 X\r\ncontent-type: text/plain\r\n\r\n";
    let endless = format!("{headers}{body}{PAUSE}{}{ENDLESS}", "x".repeat(64 * 1024));
    let (_server, mut stream) = stream_of(endless).await;
    let error = stream.try_next().await.expect_err("it is no stream");
    assert!(error.is_decode());
    assert_eq!(error.body().map(str::len), Some(64 * 1024));
    assert!(stream.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn every_event_that_names_a_run_or_thread_teaches_it() {
    let message = json!({ "id": "msg_1", "thread_id": "thread_9", "run_id": "run_9", "created_at": 1, "role": "assistant", "content": [] });
    let step = json!({ "id": "step_1", "thread_id": "thread_9", "run_id": "run_9" });
    let thread = json!({ "id": "thread_9", "created_at": 1 });
    for (name, data, run_id) in [
        ("thread.message.created", &message, Some("run_9")),
        ("thread.message.completed", &message, Some("run_9")),
        ("thread.run.step.created", &step, Some("run_9")),
        ("thread.run.step.unknown", &step, Some("run_9")),
        ("thread.unknown", &step, Some("run_9")),
        ("thread.created", &thread, None),
    ] {
        let wrapped = format!("data: {}\n\n", json!({ "event": name, "data": data }));
        for events in [event(name, data), wrapped] {
            let server = ScriptedServer::start([event_stream(&events)]).await;
            let opened = open_thread_and_run(&server.client()).await;
            let mut deltas = opened.text_deltas();
            let error = deltas.try_next().await.expect_err("the stream ends");
            assert_eq!(
                (error.thread_id(), error.run_id()),
                (Some("thread_9"), run_id)
            );
            let followed = create_thread_and_run(&server.client()).follow();
            let finished = [
                open_thread_and_run(&server.client()).await.accumulate(),
                followed.stream().await.unwrap(),
            ];
            for stream in finished {
                let error = stream.finish().await.expect_err("the stream ends");
                assert_eq!(
                    (error.thread_id(), error.run_id()),
                    (Some("thread_9"), run_id)
                );
            }
            let ending = read_events(open_thread_and_run(&server.client()).await).await;
            assert_eq!(ending.run_id.as_deref(), run_id, "{name}");
            let error = ending.error.expect("the stream ends");
            assert!(error.is_interrupted() || error.is_decode());
            assert_eq!(
                (error.thread_id(), error.run_id()),
                (Some("thread_9"), run_id)
            );
        }
    }
}

fn create_thread_and_run(client: &Client) -> CreateThreadAndRun {
    let body = CreateThreadAndRunRequest::builder().assistant_id("asst_1");
    client.create_thread_and_run().body(body)
}

async fn open_thread_and_run(client: &Client) -> Events {
    create_thread_and_run(client).stream().await.unwrap()
}

#[tokio::test]
async fn the_ids_of_a_run_take_precedence_over_those_of_messages() {
    let message = json!({ "id": "msg_1", "thread_id": "", "run_id": "00000000-0000", "created_at": 1, "role": "assistant", "content": [] });
    let message = event("thread.message.created", &message);
    for events in [[&message, &run("queued")], [&run("queued"), &message]] {
        let error = error_of(event_stream(&events.map(String::as_str).concat())).await;
        assert_eq!(
            (error.thread_id(), error.run_id()),
            (Some("thread_1"), Some("run_1"))
        );
    }
}

#[tokio::test]
async fn a_stream_without_events_is_an_error_that_advises_what_to_do() {
    let headers = "content-type: text/event-stream\r\nx-request-id: req_1\r\n";
    for response in [
        response(200, headers, ""),
        event_stream(""),
        event_stream(": comment\n\n"),
        event_stream("id: 1\nretry: 5"),
        event_stream("Internal Server Error"),
        event_stream(DONE),
        chunked_event_stream("", true),
    ] {
        let error = error_of(response).await;
        assert!(error.is_ended_early() && error.run_id().is_none());
        assert_eq!(
            error.to_string(),
            "createRun failed: the stream had no events; the server may not support streaming: call `send`, or \
             follow the run with `wait` (request req_1); a run may have been created: look for it with `list_runs`"
        );
    }
}

#[tokio::test]
async fn other_properties_of_the_last_event_do_not_matter() {
    let completed = run_object("completed").to_string();
    for data in [
        completed.replacen('{', r#"{"object":"thread.run","#, 1),
        completed.replacen('{', r#"{"object":"","metadata":{"a":"\ud800"},"#, 1),
        completed.replacen('{', r#"{"status":7,"#, 1),
        "{}".to_owned(),
        "no JSON".to_owned(),
    ] {
        let events = [
            run("queued"),
            text("a"),
            event("thread.run.completed", &data),
        ]
        .concat();
        let (_server, stream) = stream_of(event_stream(&events)).await;
        let mut deltas = stream.text_deltas();
        assert_eq!(deltas.try_next().await.unwrap().as_deref(), Some("a"));
        assert_eq!(deltas.try_next().await.unwrap(), None, "{data}");
        let (_server, mut stream) = stream_of(event_stream(&events)).await;
        let error = loop {
            match stream.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        assert!(error.is_none_or(|error| error.is_decode()));
        assert!(stream.try_next().await.unwrap().is_none(), "it is complete");
        assert_eq!(stream.run_id(), Some("run_1"));
    }
}
