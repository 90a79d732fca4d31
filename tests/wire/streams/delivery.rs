//! Delivery of events, and use of the connection.

use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;
use openai_assistants::types::AssistantStreamEvent;

use super::support::{KEY, open, run, stream_of};
use crate::support::{
    DONE, ENDLESS, ManualClock, PAUSE, STALL, STREAM_HEAD, ScriptedServer, byte_by_byte,
    chunked_event_stream, event, event_stream, read_to_end, until, yield_often,
};

#[tokio::test]
async fn events_arrive_in_order() {
    let events = [&run("queued"), &run("completed"), DONE].concat();
    for response in [event_stream(&events), chunked_event_stream(&events, true)] {
        let (_server, mut stream) = stream_of(response).await;
        assert_eq!((stream.request_id(), stream.attempts()), (Some("req_1"), 1));
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        let ids = (stream.thread_id(), stream.run_id());
        assert_eq!(ids, (Some("thread_1"), None));
        let (names, error) = read_to_end(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(names, ["thread.run.queued", "thread.run.completed", "done"]);
        assert_eq!(stream.run_id(), Some("run_1"));
    }
}

#[tokio::test]
async fn events_may_arrive_byte_by_byte() {
    let events = [&run("completed"), DONE].concat();
    let (_server, mut stream) = stream_of(event_stream(&byte_by_byte(&events))).await;
    assert_eq!(
        read_to_end(&mut stream).await.0,
        ["thread.run.completed", "done"]
    );
}

#[tokio::test]
async fn it_implements_stream() {
    let (_server, mut stream) = stream_of(event_stream(&[&run("failed"), DONE].concat())).await;
    assert!(stream.try_next().await.unwrap().is_some());
    let next = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await;
    assert_eq!(
        next.expect("an event follows").expect("the event is valid"),
        AssistantStreamEvent::Done
    );
    assert!(
        poll_fn(|context| Pin::new(&mut stream).poll_next(context))
            .await
            .is_none()
    );
}

#[tokio::test]
async fn each_chunk_restarts_the_time_out() {
    let clock = ManualClock::default();
    let events = [run("queued"), run("in_progress"), run("completed")];
    let events = events.join(&PAUSE.to_string());
    let server = ScriptedServer::start([event_stream(&events)]).await;
    let client = server.builder(&clock).build().unwrap();
    let mut stream = open(&client).await.unwrap();
    for _ in 0..3 {
        assert!(stream.try_next().await.unwrap().is_some());
        clock.expire_timeouts();
    }
}

#[tokio::test]
async fn buffered_events_start_no_time_out() {
    let clock = ManualClock::default();
    let server = ScriptedServer::start([event_stream(&run("queued").repeat(10))]).await;
    let client = server.builder(&clock).build().unwrap();
    let mut stream = open(&client).await.unwrap();
    assert!(stream.try_next().await.unwrap().is_some());
    let started = clock.timeouts().len();
    for _ in 1..10 {
        assert!(stream.try_next().await.unwrap().is_some());
    }
    assert_eq!(clock.timeouts().len(), started);
}

#[tokio::test]
async fn dropping_the_stream_closes_its_connection() {
    let (server, mut stream) = stream_of(event_stream(&format!("{}{STALL}", run("queued")))).await;
    assert!(stream.try_next().await.unwrap().is_some());
    yield_often().await;
    assert_eq!(server.closed_by_client(), 0);
    drop(stream);
    until(|| server.closed_by_client() == 1).await;
}

#[tokio::test]
async fn nothing_is_read_ahead() {
    const LIMIT: usize = 64 * 1024 * 1024;
    let events = event("x", &1).repeat(1000);
    let (server, mut stream) =
        stream_of(format!("{STREAM_HEAD}\r\n{PAUSE}{events}{ENDLESS}")).await;
    // A chunk is much larger than an event.
    for _ in 0..20_000 {
        assert!(stream.try_next().await.unwrap().is_some());
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        yield_often().await;
    }
    // No more than the buffers of the connection.
    assert!(server.bytes_sent() < LIMIT, "{}", server.bytes_sent());
    drop(stream);
    until(|| server.closed_by_client() == 1).await;
}

#[tokio::test]
async fn debug_output_shows_the_ids_and_no_content() {
    let response = event_stream(&format!("{}{STALL}", run("queued")));
    let response = response.replacen("\r\n", "\r\nset-cookie: cookie-secret\r\n", 1);
    let (_server, mut stream) = stream_of(response).await;
    assert!(stream.try_next().await.unwrap().is_some());
    let text = format!("{stream:?}");
    assert!(
        text.contains("createRun") && text.contains("run_1"),
        "{text}"
    );
    for secret in [KEY, "cookie-secret", "asst_1"] {
        assert!(!text.contains(secret), "{text}");
    }
}
