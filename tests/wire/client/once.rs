//! Calls with `once`: what was created is looked up after an unknown failure.

use std::time::Duration;

use openai_assistants::operations::CreateMessage;
use openai_assistants::types::{CreateMessageRequest, CreateRunRequest, MessageRole, Metadata};
use openai_assistants::{Client, Error, ONCE_KEY, RetryPolicy};
use serde_json::{Value, json};

use crate::support::{
    CLOSE, DONE, MARKER, ManualClock, PAUSE, STALL, ScriptedServer, byte_by_byte,
    chunked_event_stream, create_run, event_stream, json_response, read_to_end, response, run,
    run_event, until,
};

const POST: &str = "POST /v1/threads/thread_1/messages";
const LOOK_UP: &str = "GET /v1/threads/thread_1/messages?limit=100&order=desc";

fn create(client: &Client) -> CreateMessage {
    let body = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("Hi");
    client
        .create_message()
        .thread_id("thread_1")
        .body(body)
        .once()
}

/// A page with an object of this marker behind another one.
fn page(marker: &str, mut object: Value) -> String {
    object["metadata"] = json!({ "a": "1", ONCE_KEY: marker });
    let other = json!({ "id": "other", "metadata": {} });
    json_response(&json!({ "data": [other, object], "has_more": false }))
}

fn message() -> Value {
    json!({ "id": "msg_1", "thread_id": "thread_1", "role": "user", "content": [] })
}

fn found() -> String {
    page(MARKER, message())
}

fn nothing() -> String {
    page("another", message())
}

/// Sends a message. Returns the result, and the request lines.
async fn sent(script: Vec<String>) -> (Result<String, Error>, Vec<String>) {
    let server = ScriptedServer::start(script).await;
    let message = create(&server.client()).send().await;
    (message.map(|message| message.id), server.request_lines())
}

#[tokio::test]
async fn an_object_whose_response_was_lost_is_adopted_at_each_look_up() {
    let cut = "HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{";
    for lost in [
        response(502, "", ""),
        CLOSE.to_string(),
        format!("{cut}{CLOSE}"),
    ] {
        for before in 0..4 {
            let mut script = vec![lost.clone()];
            script.extend(vec![nothing(); before]);
            script.push(found());
            let server = ScriptedServer::start(script).await;
            let clock = ManualClock::default();
            let client = server.builder(&clock).build().unwrap();
            let message = create(&client).send().await.unwrap();
            assert_eq!(message.id, "msg_1");
            let mut lines = vec![POST];
            lines.extend(vec![LOOK_UP; before + 1]);
            assert_eq!(server.request_lines(), lines);
            let waits: Vec<f64> = clock.sleeps().iter().map(Duration::as_secs_f64).collect();
            assert_eq!(waits, [0.5, 1.0, 2.0][..before]);
        }
    }
}

#[tokio::test]
async fn an_object_that_is_not_there_is_sent_again_with_the_same_marker() {
    let mut script = vec![response(502, "", "")];
    script.extend(vec![nothing(); 4]);
    script.push(json_response(&message()));
    let server = ScriptedServer::start(script).await;
    create(&server.client()).send().await.unwrap();
    let requests = server.requests();
    let bodies: Vec<&str> = requests
        .iter()
        .filter(|request| request.starts_with("POST"))
        .map(|request| request.split_once("\r\n\r\n").unwrap().1)
        .collect();
    assert_eq!((bodies.len(), requests.len()), (2, 6));
    assert_eq!(bodies[0], bodies[1]);
    let body: Value = serde_json::from_str(bodies[0]).unwrap();
    let marker = body["metadata"][ONCE_KEY].as_str().expect("a marker");
    assert_eq!(marker.len(), 32);
    assert_eq!(body["content"], "Hi");
}

#[tokio::test]
async fn what_was_not_processed_is_not_looked_up() {
    let (error, lines) = sent(vec![response(400, "", "no")]).await;
    assert!(error.unwrap_err().is_bad_request());
    assert_eq!(lines, [POST]);
    let script = vec![response(503, "", ""), json_response(&message())];
    let (id, lines) = sent(script).await;
    assert_eq!(
        (id.unwrap().as_str(), lines),
        ("msg_1", vec![POST.to_owned(); 2])
    );
}

#[tokio::test]
async fn what_the_server_has_answered_is_never_sent_again() {
    let cut = "HTTP/1.1 201 X\r\ncontent-length: 99\r\n\r\n{";
    for answer in [
        format!("{cut}{CLOSE}"),
        response(200, "", "{}"),
        response(200, "", r#"{"error":{"message":"no"}}"#),
        response(303, "location: /v1/other\r\n", ""),
        response(500, "x-should-retry: false\r\n", ""),
    ] {
        let created = json_response(&message());
        let script = [vec![answer.clone()], vec![nothing(); 4], vec![created]].concat();
        let (error, lines) = sent(script).await;
        let error = error.expect_err("there is no object with the marker");
        assert!(error.may_have_been_processed(), "{error}");
        assert_eq!(lines[..], [&[POST][..], &[LOOK_UP; 4]].concat(), "{answer}");
    }

    let empty = chunked_event_stream("", false);
    let script = [vec![empty], vec![nothing(); 4], vec![event_stream(DONE)]].concat();
    let server = ScriptedServer::start(script).await;
    let opened = create_run(&server.client()).once().stream().await;
    assert!(opened.is_err_and(|error| error.may_have_been_processed()));
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn sending_again_waits_as_the_server_requests() {
    for (requested, waits) in [("7", &[0.5, 1.0, 2.0, 7.0][..]), ("121", &[0.5, 1.0, 2.0])] {
        let lost = response(502, &format!("retry-after: {requested}\r\n"), "");
        let created = json_response(&message());
        let script = [vec![lost], vec![nothing(); 4], vec![created]].concat();
        let server = ScriptedServer::start(script).await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let sent = create(&client).send().await;
        assert_eq!(sent.is_ok(), requested == "7");
        let sleeps: Vec<f64> = clock.sleeps().iter().map(Duration::as_secs_f64).collect();
        assert_eq!(sleeps, waits);
    }
}

#[tokio::test]
async fn sending_again_is_paid_from_the_budget() {
    let lost = response(502, "", "gateway");
    let outage = vec![response(503, "", ""); 150];
    let created = json_response(&message());
    let script = [outage, vec![lost], vec![nothing(); 4], vec![created]].concat();
    let server = ScriptedServer::start(script).await;
    let client = server.client();
    for _ in 0..50 {
        let call = client.get_thread().thread_id("thread_1");
        call.send().await.expect_err("there is an outage");
    }
    let error = create(&client).send().await.expect_err("it costs too much");
    let note = "gateway; no retry: the retry budget of the client is used up";
    assert!(error.to_string().contains(note), "{error}");
    assert!(error.may_have_been_processed());
    assert_eq!(server.requests().len(), 155);
}

#[tokio::test]
async fn a_look_up_has_no_idempotency_key() {
    let script = [vec![response(502, "", "")], vec![nothing(); 4]].concat();
    let script = [script, vec![json_response(&message())]].concat();
    let server = ScriptedServer::start(script).await;
    let call = create(&server.client()).header("idempotency-key", "key_1");
    call.send().await.unwrap();
    for request in server.requests() {
        let has_key = request.contains("idempotency-key: key_1\r\n");
        assert_eq!(has_key, request.starts_with("POST"), "{request}");
    }
}

#[tokio::test]
async fn look_ups_have_time_limits_of_their_own() {
    let limit = Duration::from_secs(30);
    let lost = response(502, "", "gateway");
    let server = ScriptedServer::start([lost, nothing(), STALL.to_string()]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let call = tokio::spawn(create(&client).send());
    until(|| server.requests().len() == 3 && clock.timeouts().contains(&limit)).await;
    clock.expire_timeouts_of(limit);
    let error = call.await.unwrap().expect_err("the look-up takes too long");
    let text = "gateway; it could not be looked up within 30s";
    assert!(error.to_string().contains(text), "{error}");
    assert!(error.may_have_been_processed());
    assert_eq!(error.attempts(), 3);
    // Only the first request has the default time-out.
    let long = Duration::from_secs(600);
    let is_long = |limit: &&Duration| **limit == long;
    assert_eq!(clock.timeouts().iter().filter(is_long).count(), 1);
}

#[tokio::test]
async fn an_adopted_object_that_does_not_match_is_an_error_of_the_call() {
    let mut malformed = message();
    malformed.as_object_mut().unwrap().remove("id");
    let (error, _) = sent(vec![response(502, "", ""), page(MARKER, malformed)]).await;
    let error = error.expect_err("it has no ID");
    assert!(error.is_decode() && error.may_have_been_processed());
    assert_eq!(
        (error.operation(), error.attempts()),
        (Some("createMessage"), 2)
    );
}

#[tokio::test]
async fn the_body_keeps_its_text() {
    let server = ScriptedServer::start([json_response(&run("queued"))]).await;
    let schema = r#"{"type":"object","properties":{"z":{},"a":{"maximum":123456789012345678901}}}"#;
    let body = format!(
        r#"{{"assistant_id":"asst_1","tools":[{{"type":"function","function":{{"name":"f","parameters":{schema}}}}}]}}"#
    );
    let body: CreateRunRequest = serde_json::from_str(&body).unwrap();
    let call = server
        .client()
        .create_run()
        .thread_id("thread_1")
        .body(body);
    call.once().send().await.unwrap();
    let request = &server.requests()[0];
    assert!(
        request.contains(ONCE_KEY) && request.contains(schema),
        "{request}"
    );
}

#[tokio::test]
async fn a_failed_look_up_is_part_of_the_first_error() {
    let script = vec![response(502, "", "gateway"), response(403, "", "forbidden")];
    let (error, lines) = sent(script).await;
    let error = error.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(502));
    assert!(error.may_have_been_processed());
    for part in [
        "createMessage",
        "gateway",
        "could not be looked up",
        "forbidden",
    ] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(lines, [POST, LOOK_UP]);
}

#[tokio::test]
async fn a_page_that_cannot_be_read_does_not_mean_that_the_object_is_not_there() {
    let script = vec![response(502, "", "gateway"), response(200, "", "{")];
    let (error, lines) = sent(script).await;
    let error = error.unwrap_err();
    assert!(error.may_have_been_processed());
    assert!(
        error.to_string().contains("could not be looked up"),
        "{error}"
    );
    assert_eq!(lines, [POST, LOOK_UP]);
}

#[tokio::test]
async fn the_number_of_repetitions_is_that_of_the_policy() {
    let mut script = vec![response(502, "", "")];
    script.extend(vec![nothing(); 4]);
    let server = ScriptedServer::start(script).await;
    let call = create(&server.client()).retry(RetryPolicy::never());
    let error = call.send().await.expect_err("it is not there");
    assert!(error.may_have_been_processed());
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn every_request_counts_as_an_attempt() {
    let attempts = async |script: Vec<String>| {
        let server = ScriptedServer::start(script).await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let attempts = match create(&client).send_response().await {
            Ok(response) => response.attempts(),
            Err(error) => error.attempts(),
        };
        assert_eq!(attempts as usize, server.requests().len());
        attempts
    };
    let (lost, busy) = (response(502, "", ""), response(503, "", ""));
    let created = json_response(&message());
    assert_eq!(attempts(vec![created.clone()]).await, 1);
    // A refused request that is sent again, and a look-up.
    let script = vec![busy.clone(), lost.clone(), nothing(), found()];
    assert_eq!(attempts(script).await, 4);
    // A look-up that is sent again, and the last request.
    let look_ups = vec![busy, nothing(), nothing(), nothing(), nothing()];
    let script = [vec![lost.clone()], look_ups, vec![created]].concat();
    assert_eq!(attempts(script).await, 7);
    let refused = response(403, "", "");
    assert_eq!(attempts(vec![lost.clone(), refused]).await, 2);
    let script = [vec![lost.clone()], vec![nothing(); 4]].concat();
    let script = [script.clone(), script.clone(), script].concat();
    assert_eq!(attempts(script).await, 15);
}

#[tokio::test]
async fn the_total_time_out_covers_the_look_ups() {
    let total = Duration::from_secs(30);
    let script = [response(502, "", "gateway"), nothing(), STALL.to_string()];
    let server = ScriptedServer::start(script).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let call = tokio::spawn(create(&client).total_timeout(total).send());
    until(|| server.requests().len() == 3).await;
    // Those of the first attempt, of the first request, and of all requests.
    assert_eq!(clock.timeouts()[1..3], [total; 2]);
    clock.expire_first_timeouts(3);
    let error = call.await.unwrap().expect_err("the time-out passes");
    assert!(error.is_timeout() && error.may_have_been_processed());
    assert_eq!((error.attempts(), error.thread_id()), (3, Some("thread_1")));
    let last = "no success within the `total_timeout` of 30s: the last attempt failed: gateway";
    assert_eq!(error.message(), last);
}

#[tokio::test]
async fn the_total_time_out_may_pass_before_the_look_ups() {
    let total = Duration::from_secs(30);
    let server = ScriptedServer::start([response(503, "", "busy"), STALL.to_string()]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let call = tokio::spawn(create(&client).total_timeout(total).send());
    until(|| server.requests().len() == 2).await;
    // Those of the first attempt, of the first request, and of all requests.
    clock.expire_first_timeouts(3);
    let error = call.await.unwrap().expect_err("the time-out passes");
    assert!(error.is_timeout() && error.may_have_been_processed());
    let text = "no success within the `total_timeout` of 30s: the last attempt failed: busy; it could not be looked up in time";
    assert_eq!(error.message(), text);
}

#[tokio::test]
async fn after_an_unknown_failure_every_failure_is_looked_up() {
    let quota = r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#;
    let lost = [vec![response(502, "", "")], vec![nothing(); 4]].concat();
    let refused = vec![response(429, "", quota)];
    let (id, lines) = sent([lost.clone(), refused.clone(), vec![found()]].concat()).await;
    assert_eq!((id.unwrap().as_str(), lines.len()), ("msg_1", 7));

    let (error, lines) = sent([lost, refused, vec![nothing(); 4]].concat()).await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), Some("insufficient_quota"));
    assert!(error.may_have_been_processed());
    assert_eq!(lines.len(), 10);
}

#[tokio::test]
async fn an_active_run_after_an_unknown_failure_is_looked_up() {
    let active = r#"{"error":{"message":"Thread thread_1 already has an active run run_1."}}"#;
    let run = run("queued");
    let mut script = vec![response(502, "", "")];
    script.extend(vec![page("another", run.clone()); 4]);
    script.push(response(400, "", active));
    script.push(page(MARKER, run));
    let server = ScriptedServer::start(script).await;
    let run = create_run(&server.client()).once().send().await.unwrap();
    assert_eq!(run.id, "run_1");
    assert_eq!(server.requests().len(), 7);

    // Without an unknown failure, it is the run of somebody else.
    let server = ScriptedServer::start([response(400, "", active)]).await;
    let call = create_run(&server.client()).once();
    assert!(call.send().await.is_err_and(|error| error.is_bad_request()));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_stream_that_got_no_response_names_the_run() {
    let script = [response(502, "", "gateway"), page(MARKER, run("queued"))];
    let server = ScriptedServer::start(script).await;
    let opened = create_run(&server.client()).once().stream().await;
    let error = opened.expect_err("a stream cannot be opened again");
    assert_eq!(
        (error.message(), error.run_id()),
        ("gateway", Some("run_1"))
    );
    assert_eq!((error.attempts(), server.requests().len()), (2, 2));
}

#[tokio::test]
async fn a_stream_that_breaks_before_its_first_event_is_looked_up() {
    let cut = run_event(&run("queued")).replace("\n\n", "");
    for cut in [&cut, ": comment\n\n", ""] {
        let lost = chunked_event_stream(cut, false);
        let script = [lost.clone(), page(MARKER, run("queued"))];
        let server = ScriptedServer::start(script).await;
        let opened = create_run(&server.client()).once().stream().await;
        let error = opened.expect_err("a stream cannot be opened again");
        assert!(error.is_interrupted(), "{error}");
        assert_eq!((error.run_id(), error.attempts()), (Some("run_1"), 2));

        let empty = json_response(&json!({ "data": [], "has_more": false }));
        let completed = json_response(&run("completed"));
        let script = [lost, page(MARKER, run("queued")), completed, empty];
        let server = ScriptedServer::start(script).await;
        let follow = create_run(&server.client()).once().follow();
        let outcome = follow.stream().await.unwrap().finish().await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
    }
}

#[tokio::test]
async fn the_first_event_of_a_stream_is_not_lost() {
    let events = run_event(&run("queued")) + &run_event(&run("completed")) + DONE;
    for is_at_once in [true, false] {
        let stream = match is_at_once {
            true => event_stream(&events),
            false => byte_by_byte(&event_stream(&events)),
        };
        let server = ScriptedServer::start([stream]).await;
        let call = create_run(&server.client()).once();
        let mut events = call.stream().await.unwrap();
        let (names, error) = read_to_end(&mut events).await;
        assert!(error.is_none());
        assert_eq!(names, ["thread.run.queued", "thread.run.completed", "done"]);
    }
}

#[tokio::test]
async fn a_followed_run_is_adopted() {
    let completed = json_response(&run("completed"));
    let script = [
        response(502, "", ""),
        page(MARKER, run("queued")),
        completed,
    ];
    let server = ScriptedServer::start(script).await;
    let run = create_run(&server.client())
        .once()
        .follow()
        .wait()
        .await
        .unwrap();
    assert_eq!(run.status.as_str(), "completed");
    assert_eq!(
        server.request_lines()[2],
        "GET /v1/threads/thread_1/runs/run_1"
    );
}

#[tokio::test]
async fn a_streamed_follow_continues_with_the_run() {
    let empty = json_response(&json!({ "data": [], "has_more": false }));
    let completed = json_response(&run("completed"));
    let script = [
        response(502, "", ""),
        page(MARKER, run("queued")),
        completed,
        empty,
    ];
    let server = ScriptedServer::start(script).await;
    let follow = create_run(&server.client()).once().follow();
    let outcome = follow.stream().await.unwrap().finish().await.unwrap();
    assert_eq!(outcome.run.status.as_str(), "completed");
    let lines = server.request_lines();
    assert_eq!(
        lines.iter().filter(|line| line.starts_with("POST")).count(),
        1
    );
}

#[tokio::test]
async fn a_streamed_follow_continues_with_the_run_that_is_active_already() {
    let active = r#"{"error":{"message":"Thread thread_1 already has an active run run_1."}}"#;
    let script = [
        vec![response(502, "", "")],
        vec![page("another", run("queued")); 4],
        vec![response(400, "", active), page(MARKER, run("queued"))],
        vec![json_response(&run("completed"))],
        vec![json_response(&json!({ "data": [], "has_more": false }))],
    ];
    let server = ScriptedServer::start(script.concat()).await;
    let follow = create_run(&server.client()).once().follow();
    let outcome = follow.stream().await.unwrap().finish().await.unwrap();
    assert_eq!(outcome.run.status.as_str(), "completed");
}

#[tokio::test]
async fn a_followed_run_is_looked_up_by_its_marker_only() {
    for streams in [false, true] {
        let script = [response(502, "", "gateway"), response(403, "", "")];
        let server = ScriptedServer::start(script).await;
        let follow = create_run(&server.client()).once().follow();
        let failed = match streams {
            true => follow.stream().await.map(drop),
            false => follow.wait().await.map(drop),
        };
        assert_eq!(failed.unwrap_err().run_id(), None);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_followed_run_that_is_found_after_the_deadline_is_cancelled() {
    let deadline = Duration::from_secs(90);
    for streams in [false, true] {
        let found = format!("{PAUSE}{PAUSE}{}", page(MARKER, run("queued")));
        let script = [
            response(502, "", ""),
            found,
            json_response(&run("in_progress")),
            json_response(&run("cancelling")),
        ];
        let server = ScriptedServer::start(script).await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let follow = create_run(&client).once().follow();
        let follow = follow.deadline(deadline).cancel_run(true);
        let work = tokio::spawn(async move {
            match streams {
                true => follow.stream().await.map(drop),
                false => follow.wait().await.map(drop),
            }
        });
        until(|| server.requests().len() == 2).await;
        clock.expire_timeouts_of(deadline);
        let error = work.await.unwrap().expect_err("the deadline passes");
        assert!(error.is_timeout() && error.is_run_cancelled(), "{error}");
        assert_eq!(error.run_id(), Some("run_1"));
    }
}

#[tokio::test]
async fn the_marker_needs_one_of_the_16_pairs() {
    let server = ScriptedServer::start([json_response(&message())]).await;
    let pairs = |count| {
        let pairs = (0..count).map(|number| (format!("key_{number}"), "1".into()));
        Metadata(pairs.collect())
    };
    let body = |count| {
        CreateMessageRequest::builder()
            .role(MessageRole::User)
            .content("Hi")
            .metadata(pairs(count))
    };
    let call = || {
        server
            .client()
            .create_message()
            .thread_id("thread_1")
            .once()
    };
    let error = call().body(body(16)).send().await.unwrap_err();
    assert!(
        error.is_invalid_argument() && error.to_string().contains("16 pairs"),
        "{error}"
    );
    assert!(server.requests().is_empty());
    call().body(body(15)).send().await.unwrap();
}
