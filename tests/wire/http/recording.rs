//! Recordings of a client, replayed without a server.

use std::io;
use std::sync::{Arc, Mutex};

use openai_assistants::{Client, ErrorKind};
use openai_assistants_fake::{Recorder, Replay};

use super::{THREAD, create_thread};
use crate::support::{
    DONE, ManualClock, ScriptedServer, chunked_event_stream, create_run, read_to_end, response,
    run, run_event,
};

/// A file in memory.
#[derive(Clone, Default)]
struct File(Arc<Mutex<Vec<u8>>>);

impl File {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A call that is retried, and a stream. Returns the ID of the thread, and the names of the events.
async fn conversation(client: &Client) -> (String, Vec<String>) {
    let response = create_thread(client).send_response().await.unwrap();
    assert_eq!(response.attempts(), 2);
    let mut stream = create_run(client).stream().await.unwrap();
    let (names, error) = read_to_end(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    (response.into_inner().id, names)
}

#[tokio::test]
async fn a_recording_has_no_secrets_and_replays_calls_retries_and_streams() {
    let events = run_event(&run("completed")) + DONE;
    let server = ScriptedServer::start([
        response(503, "set-cookie: session=abcdefgh\r\n", ""),
        response(
            200,
            "x-echo: Bearer sk-secret-key\r\nserver: sk-secret-key\r\n",
            THREAD,
        ),
        chunked_event_stream(&events, true),
    ])
    .await;
    let file = File::default();
    let clock = ManualClock::default();
    let builder = server.builder(&clock).header("x-team", "team-secret");
    let builder = builder
        .query("code", "code-secret")
        .query("api-version", "v2");
    let recorded = builder.layer(Recorder::new(file.clone())).build().unwrap();
    let first = conversation(&recorded).await;
    assert_eq!(first.1, ["thread.run.completed", "done"]);

    let lines = file.text();
    assert_eq!(lines.lines().count(), 3, "one for each attempt: {lines}");
    for secret in ["sk-secret-key", "team-secret", "code-secret", "abcdefgh"] {
        assert!(!lines.contains(secret), "{lines}");
    }
    assert!(lines.contains(r#""authorization":"***""#), "{lines}");
    assert!(lines.contains("?code=***&api-version=v2"), "{lines}");
    assert!(lines.contains(r#""server":"***""#), "{lines}");
    assert!(
        lines.contains(r#""openai-beta":"assistants=v2""#),
        "{lines}"
    );

    let replay: Replay = lines.parse().unwrap();
    let replayed = Client::builder()
        .base_url("https://elsewhere.test/v1")
        .api_key("sk-other-key")
        .query("code", "other-code")
        .query("api-version", "v2")
        .clock(clock)
        .http_service(replay)
        .build()
        .unwrap();
    assert_eq!(conversation(&replayed).await, first);

    let error = create_thread(&replayed).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    let text = error.to_string();
    assert!(
        text.contains(
            "the recording has no further POST /v1/threads?code=***&api-version=v2 with this body"
        ),
        "{text}"
    );
}
