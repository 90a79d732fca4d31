//! Version 1 of the Assistants API: its types, operations and mocks. Feature `v1`.
//!
//! Generated from `openapi-v1.yaml`, the last state of version 1. Self-hosted servers such
//! as open-assistant-api still speak it. Assistants and messages have `file_ids` here, and
//! operations to attach and list files; the tool that searches them is called `retrieval`.
//!
//! Settings, credentials, retries, errors, pages and streams are those of the whole crate.
//! Only following a run is left to the caller here, by [`get_run`](Client::get_run) or along
//! its events.
//!
//! # Examples
//!
//! ```no_run
//! use openai_assistants::Client;
//! use openai_assistants::v1::types::{CreateMessageRequest, CreateRunRequest, MessageRole};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openai_assistants::Result<()> {
//! let client = Client::from_env()?.v1();
//! let thread = client.create_thread().send().await?;
//! let question = CreateMessageRequest::builder()
//!     .role(MessageRole::User)
//!     .content("What does the report say?")
//!     .file_ids(["file_1"]);
//! client.create_message().thread_id(&thread.id).body(question).send().await?;
//! let run = CreateRunRequest::builder().assistant_id("asst_1");
//! let events = client.create_run().thread_id(&thread.id).body(run).stream().await?;
//! let mut texts = events.text_deltas();
//! while let Some(text) = texts.try_next().await? {
//!     print!("{text}");
//! }
//! # Ok(())
//! # }
//! ```

use std::fmt;

#[cfg(feature = "mock")]
pub mod mock;

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/client_v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/constants_v1.rs"));
}

pub use generated::{operations, types};

/// A client of version 1. Each operation of it is a method.
///
/// Made by [`Client::v1`](crate::Client::v1), whose connections and settings it shares. It
/// is cheap to clone.
///
/// # Examples
///
/// ```
/// use openai_assistants::{Client, v1};
///
/// let client = Client::builder().api_key("sk-test").build()?;
/// let client = v1::Client::from(&client);
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone)]
pub struct Client(crate::Client);

impl Client {
    /// A call of any method and path, with the header of version 1. See
    /// [`Client::request`](crate::Client::request).
    pub fn request(&self, method: http::Method, path: impl AsRef<str>) -> crate::RawRequest {
        self.0.request(method, path)
    }
}

impl From<&crate::Client> for Client {
    fn from(client: &crate::Client) -> Self {
        Self(crate::Client::new(
            client.config().for_beta(generated::BETA),
        ))
    }
}

/// The client for what does not depend on the version. It sends the header of version 1.
impl AsRef<crate::Client> for Client {
    fn as_ref(&self) -> &crate::Client {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("v1::Client").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::types::{AssistantStreamEvent, CreateRunRequest, MessageFileObject};
    use super::*;
    use crate::testing::{Server, TestClock, create_run, reply, streamed, turns};
    use crate::{ClientBuilder, Credentials, EventStream, Method};
    use serde_json::{Value, json};
    use std::time::Duration;

    /// The beta header of a request, if it has one.
    fn beta(request: &str) -> Option<&str> {
        let mut lines = request.lines();
        lines.find_map(|line| line.strip_prefix("openai-beta: "))
    }

    fn file() -> String {
        reply(
            200,
            "",
            r#"{"id":"file_1","created_at":1,"message_id":"msg_1"}"#,
        )
    }

    async fn get_file(client: &Client) -> crate::Result<MessageFileObject> {
        let call = client.get_message_file().thread_id("thread_1");
        call.message_id("msg_1").file_id("file_1").send().await
    }

    async fn stream(client: &Client) -> EventStream<AssistantStreamEvent> {
        let body = CreateRunRequest::builder().assistant_id("asst_1");
        let call = client.create_run().thread_id("thread_1").body(body);
        call.stream().await.expect("it opens")
    }

    fn event(name: &str, data: &Value) -> String {
        format!("event: {name}\ndata: {data}\n\n")
    }

    fn run_event(status: &str) -> String {
        event(
            &format!("thread.run.{status}"),
            &crate::testing::run(status),
        )
    }

    #[tokio::test]
    async fn a_call_is_tried_again_as_in_version_2() {
        let server = Server::start([reply(429, "retry-after: 7\r\n", ""), file()]).await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap().v1();
        let file = get_file(&client)
            .await
            .expect("the second attempt succeeds");
        assert_eq!(file.id, "file_1");
        assert_eq!(clock.sleeps(), [Duration::from_secs(7)]);
        let line = "GET /v1/threads/thread_1/messages/msg_1/files/file_1";
        assert_eq!(server.lines(), [line; 2]);
        assert!(
            server
                .requests()
                .iter()
                .all(|request| beta(request) == Some("assistants=v1"))
        );
    }

    #[tokio::test]
    async fn a_missing_file_is_an_error_that_names_the_operation() {
        let server =
            Server::start([reply(404, "", r#"{"error":{"message":"No such file"}}"#)]).await;
        let error = get_file(&server.client().v1())
            .await
            .expect_err("it is missing");
        assert!(error.is_not_found());
        assert_eq!(error.operation(), Some("getMessageFile"));
        assert_eq!(error.message(), "No such file");
    }

    #[tokio::test]
    async fn only_the_header_of_the_document_changes_with_the_version() {
        type SetUp = fn(ClientBuilder, &str) -> ClientBuilder;
        let cases: [(SetUp, Option<&str>, Option<&str>); 5] = [
            (|new, _| new, Some("assistants=v2"), Some("assistants=v1")),
            (
                |new, _| new.beta_header(Some("mine")),
                Some("mine"),
                Some("mine"),
            ),
            (|new, _| new.beta_header(None), None, None),
            (
                |new, origin| new.foundry(format!("{origin}/api/projects/p"), "v1"),
                None,
                None,
            ),
            (
                |new, origin| new.azure_openai(origin, "2024-02-15-preview"),
                Some("assistants=v2"),
                Some("assistants=v1"),
            ),
        ];
        for (set_up, v2, v1) in cases {
            let server = Server::start([reply(200, "", "{}")]).await;
            let builder = crate::Client::builder().credentials(Credentials::bearer("token"));
            let client = set_up(builder.base_url(&server.origin), &server.origin);
            let client = client.build().expect("the settings are good");
            for client in [&client, client.v1().as_ref(), &client] {
                let call = client.request(Method::GET, "/threads");
                call.send::<Value>().await.expect("it is answered");
            }
            let requests = server.requests();
            let betas: Vec<_> = requests.iter().map(|request| beta(request)).collect();
            assert_eq!(betas, [v2, v1, v2]);
        }
    }

    #[tokio::test]
    async fn both_versions_share_their_connections() {
        let run = crate::testing::run("queued").to_string();
        let server = Server::start([file(), reply(200, "", &run), file()]).await;
        let v2 = server.client();
        let v1 = v2.v1();
        get_file(&v1).await.expect("it is answered");
        turns().await;
        create_run(&v2).send().await.expect("it is answered");
        turns().await;
        get_file(&v1).await.expect("it is answered");
        assert_eq!(server.connections(), 1);
        let requests = server.requests();
        let betas: Vec<_> = requests
            .iter()
            .filter_map(|request| beta(request))
            .collect();
        assert_eq!(betas, ["assistants=v1", "assistants=v2", "assistants=v1"]);
    }

    #[tokio::test]
    async fn text_comes_without_the_rest_of_the_events() {
        let delta = |text| {
            let content = json!([{ "index": 0, "type": "text", "text": { "value": text } }]);
            let delta = json!({ "id": "msg_1", "delta": { "content": content, "file_ids": [] } });
            event("thread.message.delta", &delta)
        };
        let events = [
            run_event("queued"),
            delta("2 + 2"),
            delta(" = 4"),
            run_event("completed"),
        ];
        let server = Server::start([streamed(&events.concat())]).await;
        let mut texts = stream(&server.client().v1()).await.text_deltas();
        let mut pieces = Vec::new();
        while let Some(piece) = texts.try_next().await.expect("it is text") {
            pieces.push(piece);
        }
        assert_eq!(pieces, ["2 + 2", " = 4"]);
    }

    #[tokio::test]
    async fn a_stream_without_an_end_is_whole_once_the_run_is_at_rest() {
        for (status, is_whole) in [("expired", true), ("in_progress", false)] {
            let server = Server::start([streamed(&run_event(status))]).await;
            let mut events = stream(&server.client().v1()).await;
            let event = events
                .try_next()
                .await
                .expect("it decodes")
                .expect("it comes");
            assert_eq!(event.run().map(|run| run.status.as_str()), Some(status));
            match events.try_next().await {
                Ok(end) => assert_eq!((end, is_whole), (None, true)),
                Err(error) => {
                    assert!(error.is_interrupted() && !is_whole, "{status}: {error}");
                    assert_eq!(error.run_id(), Some("run_1"));
                }
            }
        }
    }

    #[test]
    fn a_client_goes_where_tasks_go_and_shows_no_secret() {
        fn shared<T: Clone + Send + Sync + 'static>(value: &T) -> T {
            value.clone()
        }
        let client = crate::Client::builder().api_key("sk-secret-key");
        let client = shared(&client.build().expect("the settings are good").v1());
        let shown = format!("{client:?}");
        assert!(
            shown.starts_with("v1::Client") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
